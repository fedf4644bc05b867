"""Every notebook in JupyterLab: run it, move all that can be moved, by keyboard, and see the pictures follow.

With GDHELPERS_SCREENSHOTS=folder each notebook is also photographed there, for a person to look at.
"""

import os
from pathlib import Path

import pytest
from accessibility import what_axe_finds, what_axe_finds_in_the_dark, what_moves_by_itself, what_tab_misses
from lab_in_chromium import COURSE

NOTEBOOKS = sorted(path.stem for path in (COURSE / "notebooks").glob("*.ipynb"))
PATIENCE = 20_000  # milliseconds for a picture to answer; it takes about 40, if the machine does nothing else
WRONG = ("Error displaying widget", "Error creating widget", "model not found", "Loading widget", "Traceback (most")
EXPLORERS = ".widget-vbox:has(svg[role=img]):not(:has(.widget-vbox svg[role=img]))"
QUESTIONS = ".widget-vbox:has(> .widget-radio):has(> button)"
PREDICTIONS, QUIZZES = f"{QUESTIONS}:not(.gd-quiz *)", ".gd-quiz"
SAID = "box => box.querySelector('.gdhelpers-said, div[role=status]')?.textContent ?? ''"  # the words of a question
REFUSAL = "This setting does not work"

IN_PAGE = """
window.course = {
    // what is seen, without its description in words
    drawing: box => [...box.querySelectorAll('svg[role=img], img')].map(it => it.src ?? it.innerHTML).join(),
    sentence: box => box.querySelector('.gdhelpers-said')?.textContent ?? '',
    remember(box) { box.before = course.drawing(box) + course.sentence(box) },
    answered: box => course.drawing(box) + course.sentence(box) !== box.before,
    label: it => (it.closest('.widget-inline-hbox')?.querySelector('.widget-label') ?? it).textContent.trim()
        || it.title || it.ariaLabel || it.tagName,
    place: handle => handle.closest('.noUi-origin').style.transform,
    // the two layers must lie on each other, filled
    aligned(box) {
        const [low, high] = ['img', 'svg[role=img]'].map(kind => box.querySelector(kind)?.getBoundingClientRect());
        return low && low.height > 50 && box.querySelector('img').naturalWidth > 0
            && ['x', 'y', 'width', 'height'].every(side => Math.abs(low[side] - high[side]) < 1);
    },
}
"""


@pytest.fixture(params=NOTEBOOKS)
def notebook(request, lab):
    """A notebook in JupyterLab, all its cells run."""
    with lab.notebook(request.param) as opened:
        opened.page.evaluate(IN_PAGE)
        opened.stored_text = opened.page.inner_text(".jp-Notebook")
        opened.run_all()
        yield opened


def test_runs_and_follows_its_controls(notebook, lab):
    complaints = what_is_wrong_at_rest(notebook)
    if folder := os.environ.get("GDHELPERS_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        notebook.screenshot(Path(folder) / f"{notebook.name}.png")
    for box in notebook.page.query_selector_all(f"{EXPLORERS}, {PREDICTIONS}"):
        complaints += what_tab_misses(notebook.page, box)
    complaints += what_axe_finds(notebook.page)
    for explorer in notebook.page.query_selector_all(EXPLORERS):
        complaints += Explorer(notebook.page, explorer).complaints()
    for prediction in notebook.page.query_selector_all(PREDICTIONS):
        complaints += what_is_wrong_with_prediction(notebook.page, prediction)
    for quiz in notebook.page.query_selector_all(QUIZZES):
        complaints += what_is_wrong_with_quiz(notebook.page, quiz)
    complaints += what_axe_finds(notebook.page)  # again, with all that the locked predictions say
    complaints += what_axe_finds_in_the_dark(notebook.page)
    notebook.wait_until_idle()
    complaints += [f"the kernel reports an error: {error}" for error in notebook.kernel_errors]
    complaints += [f"the page reports an error: {error}" for error in notebook.page_errors]
    complaints += [f"something is wanted from the network: {address}" for address in lab.asked_of_the_network()]
    assert not complaints, f"{notebook.name}:\n" + "\n".join(complaints)


def what_is_wrong_at_rest(notebook):
    """Before anything is touched: errors, widgets that did not come, sliders without a picture, layers shifted."""
    page = notebook.page
    complaints = [f"a cell stopped with {error}" for error in notebook.errors_in_outputs()]
    run_text = page.inner_text(".jp-Notebook")
    complaints += [f'as stored, the page says "{words}"' for words in WRONG if words in notebook.stored_text]
    complaints += [f'after the run, the page says "{words}"' for words in WRONG if words in run_text]
    for slider in page.query_selector_all(".jp-OutputArea [role=slider]"):
        if not slider.evaluate(f"it => it.closest('{EXPLORERS}')"):
            complaints.append(f'slider "{slider.evaluate("course.label")}" belongs to no picture')
    for option in page.query_selector_all(".jp-OutputArea input[type=radio]"):
        if not option.evaluate(f"it => it.closest('{QUESTIONS}')"):
            complaints.append("an option belongs to no question")
    n_asked = page.evaluate(r"""() => jupyterapp.shell.currentWidget.content.widgets
        .filter(cell => /^(lessons\.)?predict\(/m.test(cell.model.sharedModel.source)).length""")
    if (n_shown := len(page.query_selector_all(PREDICTIONS))) != n_asked or not n_asked:
        complaints.append(f"{n_asked} cells ask for a prediction, and {n_shown} predictions are shown")
    if page.query_selector(".jp-RenderedMarkdown mjx-merror"):
        complaints.append("a formula cannot be read")
    complaints += what_moves_by_itself(page)
    complaints += page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output .widget-box')]
        .filter(it => it.scrollHeight > it.clientHeight || it.scrollWidth > it.clientWidth)
        .map(it => `a box of widgets must be scrolled: ${it.innerText.slice(0, 60)}`)""")
    complaints += page.evaluate("""() => [...document.querySelectorAll('.widget-toggle-buttons')].filter(it => {
        const [label, button] = ['label', 'button'].map(kind => it.querySelector(kind).getBoundingClientRect());
        return label.bottom < button.bottom - 2 || label.right > button.left;
    }).map(it => `its label does not stand beside: ${it.innerText.slice(0, 60)}`)""")
    for number, explorer in enumerate(page.query_selector_all(EXPLORERS), 1):
        if not explorer.evaluate("course.aligned"):
            complaints.append(f"explorer {number}: its two layers do not lie on each other")
    return complaints


class Explorer:
    """The controls of one live picture, driven by keyboard as by someone who has no mouse."""

    def __init__(self, page, box):
        self.page, self.box = page, box

    def complaints(self):
        """One sentence for each control that its picture does not follow."""
        complaints = []
        for drive, selector in (
            (self.drive_slider, "[role=slider]:not([aria-disabled=true])"),
            (self.drive_menu, "select:enabled"),
            (self.drive_button, "button:enabled"),
            (self.drive_box, "input[type=checkbox]:enabled"),
        ):
            for control in self.box.query_selector_all(selector):
                if complaint := drive(control):
                    complaints.append(f'"{control.evaluate("course.label")}": {complaint}')
        return complaints

    def press(self, control, key):
        """Press the key on the control; None when the picture or its sentence answers, else a complaint."""
        self.box.evaluate("course.remember")
        control.press(key)
        return self.answer(key)

    def answer(self, what):
        try:
            self.page.wait_for_function("box => course.answered(box)", arg=self.box, timeout=PATIENCE)
        except Exception:
            sentence = self.box.evaluate("course.sentence")
            return f"the picture did not change after {what} in {PATIENCE / 1000:g} s; it says: {sentence}"
        sentence = self.box.evaluate("course.sentence")
        return f"after {what} it says: {sentence}" if REFUSAL in sentence else None

    def drive_slider(self, handle):
        """One step to each side, to both ends, and back to where it was."""
        at_start, ends = handle.evaluate("course.place"), set()
        readout = handle.evaluate("it => it.closest('.widget-inline-hbox').querySelector('.widget-readout')?.innerText")
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowRight", "Home", "End"):
            place = handle.evaluate("course.place")
            self.box.evaluate("course.remember")
            handle.press(key)
            if handle.evaluate("course.place") != place and (complaint := self.answer(key)):
                return complaint
            if key in ("Home", "End"):
                ends |= {(handle.evaluate("course.place"), self.box.evaluate("course.drawing"))}
        if len({place for place, _ in ends}) < 2:
            return "the slider cannot be moved by keyboard"
        if len({drawing for _, drawing in ends}) < 2:
            return "both ends show the same drawing"
        return self.put_back(handle, readout, at_start)

    def put_back(self, handle, readout, place):
        """Type the number of the start into the slider's readout, so that the next slider starts from there."""
        field = (handle.evaluate_handle("it => it.closest('.widget-inline-hbox')")).query_selector("[contenteditable]")
        if field is None or not field.is_visible() or handle.evaluate("course.place") == place:
            return None
        self.box.evaluate("course.remember")
        field.focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(readout)
        self.page.keyboard.press("Enter")
        return self.answer(f"typing {readout} into its readout")

    def drive_menu(self, menu):
        """Down through all options, then back to the first choice.

        Alt+ArrowDown opens the list first: plain arrow keys on a menu JupyterLab takes for itself, to change cells.
        """
        first, count = menu.evaluate("it => [it.selectedIndex, it.options.length]")
        keys = ["ArrowDown"] * (count - 1 - first) + ["ArrowUp"] * (count - 1) + ["ArrowDown"] * first
        for key in keys:
            self.box.evaluate("course.remember")
            for each in ("Alt+ArrowDown", key, "Enter"):
                menu.press(each)
            if complaint := self.answer(f"{key} in its list"):
                return complaint
        return None

    def drive_button(self, button):
        """Each button of a group in turn; one that is chosen already has nothing to change."""
        chosen = "it => it.closest('.widget-toggle-buttons') && it.classList.contains('mod-active')"
        return None if button.evaluate(chosen) else self.press(button, "Enter")

    def drive_box(self, box):
        return self.press(box, "Space") or self.press(box, "Space")


def what_is_wrong_with_prediction(page, prediction):
    """Choose and lock by keyboard: a reply must come, and the choice must be held."""
    question = prediction.inner_text().splitlines()[0]
    prediction.query_selector("input[type=radio]").press("Space")
    prediction.query_selector("button").press("Enter")
    try:
        page.wait_for_function(
            """box => box.querySelector('[role=status]')?.textContent.length > 20
                && [...box.querySelectorAll('input, button')].every(it => it.disabled)""",
            arg=prediction,
            timeout=PATIENCE,
        )
    except Exception:
        return [f'the prediction "{question}" cannot be chosen and locked: {prediction.inner_text()[-200:]!r}']
    reply = prediction.query_selector("[role=status]").inner_text()
    return [] if reply.startswith(("Yes.", "No:")) else [f'the prediction "{question}" replies: {reply}']


def what_is_wrong_with_quiz(page, quiz):
    """Answer each question by keyboard, from its last option up, until one is right: each answer must be explained."""
    for question in quiz.query_selector_all(QUESTIONS):
        asked = question.inner_text().splitlines()[0]
        for option in reversed(question.query_selector_all("input[type=radio]")):
            if not (answers(page, question, option) or answers(page, question, option)):
                return [f'"{asked}" does not reply to an answer: {question.inner_text()[-200:]!r}']
            if question.query_selector("button:disabled"):
                break
        else:
            return [f'"{asked}" has no right answer']
    solved = "quiz => quiz.lastElementChild.textContent.includes('Every question is solved.')"
    try:
        page.wait_for_function(solved, arg=quiz, timeout=PATIENCE)
    except Exception:
        return [f"the quiz is solved and says: {quiz.inner_text()[-200:]!r}"]
    return []


def answers(page, question, option):
    """Whether the question has new words after this option was chosen and sent.

    A kernel may hand the choice and the press of the button to two threads (ipykernel 7.4 does); the faster one wins.
    A person leaves more time between the two, and would press again.
    """
    before = question.evaluate(SAID)
    option.press("Space")
    page.wait_for_timeout(100)
    question.query_selector("button").press("Enter")
    try:
        said_anew = f"([box, before]) => ![before, ''].includes(({SAID})(box))"
        page.wait_for_function(said_anew, arg=[question, before], timeout=PATIENCE)
    except Exception:
        return False
    return True
