"""A student without a mouse goes through a lesson from top to bottom: runs, answers, types and moves, by keys alone."""

import ast
import re

import nbformat

STUB = re.compile(r"(=|return) \.\.\.$|^# your loop here$", re.MULTILINE)
PATIENCE = 20_000  # milliseconds for an answer
FAR = 80  # more presses of Tab than any output needs
WHERE = """() => {
    const { content } = jupyterapp.shell.currentWidget, { activeElement } = document;
    const cell = content.widgets.findIndex(cell => cell.node.contains(activeElement));
    const output = activeElement.closest('.jp-OutputArea');
    return { active: content.activeCellIndex, cell, output: Boolean(output), button: activeElement.matches('button'),
             radio: activeElement.matches('input[type=radio]'), slider: activeElement.matches('[role=slider]') };
}"""
IN_OUTPUT = "index => { const cell = jupyterapp.shell.currentWidget.content.widgets[index], { node } = cell.outputArea;"
COUNTED = f"{IN_OUTPUT} return cell.model.executionCount }}"
DRAWN = f"""{IN_OUTPUT} return node.innerText.indexOf('Loading widget') < 0 && cell.model.outputs.toJSON()
    .filter(output => output.data?.['application/vnd.jupyter.widget-view+json'])
    .length <= node.querySelectorAll('.jp-OutputArea-output > .jupyter-widgets').length }}"""
ASKS = f"{IN_OUTPUT} return node.querySelectorAll('input[type=radio]:enabled').length }}"
SLIDES = f"{IN_OUTPUT} return node.querySelectorAll('[role=slider]:not([aria-disabled=true])').length }}"
PICTURE = f"{IN_OUTPUT} return [...node.querySelectorAll('svg[role=img]')].map(it => it.innerHTML).join() }}"
SAID = "box => box.querySelector('.gdhelpers-said, div[role=status]')?.textContent ?? ''"

GONE_ON = "box => ![document.body, null].includes(document.activeElement) && !box.contains(document.activeElement)"


class Student:
    """One lesson, opened, its first cell chosen. `complaints()` are the places where the keyboard led nowhere."""

    def __init__(self, opened, course):
        self.opened, self.page = opened, opened.page
        self.cells = nbformat.read(course / f"notebooks/{opened.name}.ipynb", as_version=4).cells
        self.answered = self.exercises = self.moved = 0

    def complaints(self):
        complaints = []
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        self.page.keyboard.press("Escape")
        for index, cell in enumerate(self.cells):
            if self.where()["active"] != index:
                complaints.append(f"cell {index} is not reached: cell {self.where()['active']} is")
                self.page.evaluate("index => { jupyterapp.shell.currentWidget.content.activeCellIndex = index }", index)
            if complaint := self.do(index, cell):
                complaints.append(f"cell {index}: {complaint}")
        return complaints

    def where(self):
        return self.page.evaluate(WHERE)

    def do(self, index, cell):
        """Run the cell with its exercise done, answer its question, move its slider; what went wrong, or None."""
        if cell.cell_type == "code" and STUB.search(cell.source):
            self.type(self.solved(index, cell.source))
        self.page.keyboard.press("Shift+Enter")
        if cell.cell_type != "code":
            return None
        self.page.wait_for_function(COUNTED, arg=index, timeout=PATIENCE)
        self.opened.wait_until_idle()
        self.page.wait_for_function(DRAWN, arg=index, timeout=PATIENCE)
        if self.page.evaluate(ASKS, index):
            return self.answer_all(index)
        if not self.moved and self.page.evaluate(SLIDES, index):
            return self.move_a_slider(index)
        return None

    def solved(self, index, source):
        """The cell with the solution given below it in the place of the stub."""
        places = (
            re.search(r"<b>Solution</b>.*?```python\n(.*?)```", cell.source, re.DOTALL) for cell in self.cells[index:]
        )
        solution = next(found[1] for found in places if found)
        *others, check = map(ast.unparse, ast.parse(source).body)
        self.exercises += 1
        return "\n".join([*(other for other in others if not STUB.search(other)), solution, check])

    def type(self, text):
        for key in ("Enter", "ControlOrMeta+a", "Delete"):
            self.page.keyboard.press(key)
        self.page.keyboard.insert_text(text)

    def go_back_to(self, index, what):
        """Shift+Tab from the cell below until what stands in this cell's output has the focus; whether it came."""
        for _ in range(FAR):
            self.page.keyboard.press("Shift+Tab")
            where = self.where()
            if where["cell"] == index and where[what]:
                return True
        return False

    def answer_all(self, index):
        """Each question, from its first option on; one of a quiz until it is solved."""
        while n_options := self.page.evaluate(ASKS, index):
            if not self.where()["radio"]:
                for _ in range(n_options):  # up to the very first
                    if not self.go_back_to(index, "radio"):
                        return "its options are not reached"
            box = self.page.evaluate_handle("() => document.activeElement.closest('.widget-vbox')")
            if not self.answer(box):
                return f"no answer is taken: {box.inner_text()[-200:]!r}"
            self.answered += 1
        if self.where()["cell"] != index:
            return f"after the last answer the focus is lost: {self.where()}"
        # the arrow passes over a cell whose source is hidden, as that of a question is
        self.page.keyboard.press("Shift+Enter" if "hide-input" in self.tags(index + 1) else "ArrowDown")
        return None

    def tags(self, index):
        return self.cells[index].metadata.get("tags", [])

    def answer(self, box):
        """Choose and send, option after option, until the question is settled; whether it is."""
        n_options = len(box.query_selector_all("input"))
        for number in range(n_options):
            before = box.evaluate(SAID)
            self.page.keyboard.press("Space")
            for _ in range(n_options - number):
                self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
            try:
                said_anew = f"([box, before]) => ![before, ''].includes(({SAID})(box))"
                self.page.wait_for_function(said_anew, arg=[box, before], timeout=PATIENCE)
                if not box.evaluate(SAID).startswith("No, try another."):
                    self.page.wait_for_function(GONE_ON, arg=box, timeout=PATIENCE)
                    return True
            except Exception:
                return False
            for _ in range(n_options - number - 1):
                self.page.keyboard.press("Shift+Tab")
        return False

    def move_a_slider(self, index):
        if not self.go_back_to(index, "slider"):
            return "its sliders are not reached"
        before = self.page.evaluate(PICTURE, index)
        places = "() => document.activeElement.closest('.noUi-origin').style.transform"
        at_first = self.page.evaluate(places)
        self.page.keyboard.press("ArrowLeft")
        if self.page.evaluate(places) == at_first:  # it stood at that end
            self.page.keyboard.press("ArrowRight")
        try:
            drawn = f"([index, before]) => ({PICTURE})(index) !== before"
            self.page.wait_for_function(drawn, arg=[index, before], timeout=PATIENCE)
        except Exception:
            return "the picture does not follow its slider"
        self.moved += 1
        self.page.keyboard.press("Shift+Enter")  # runs the cell again, and goes on
        self.opened.wait_until_idle()
        return None
