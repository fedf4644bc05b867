"""Names, keys and words that are read aloud, in a small notebook; and proof that the measures find faults.

Every lesson is measured, too, while test_notebooks_in_jupyterlab.py has it open.
"""

import nbformat
import pytest
from accessibility import what_axe_finds, what_axe_finds_in_the_dark, what_moves_by_itself, what_tab_misses

CELLS = (
    """import sys
sys.path.insert(0, "..")
from gdhelpers import plots, widgets
from gdhelpers.datasets import houses
from gdhelpers.lessons import check_number, predict
from gdhelpers.live import StillPicture
from gdhelpers.problems import parabola
""",
    "widgets.slope_explorer(parabola())",
    "widgets.learning_rate_explorer(*houses())",
    "predict('Which way?', {'Left': 'It falls there.', 'Right': 'It rises there.'}, 'Left')",
    "StillPicture(plots.figure()[0], 'Empty axes.')",
    "check_number(3, 9)",
    "bar = widgets.progress('training', 100)\nfor step in range(51):\n    bar(step, None)\nbar.bar.value = 50",
)
IDLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
SPOKEN = ".widget-vbox p[role=status]"


@pytest.fixture(scope="module")
def page(lab):
    """The small notebook, run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbformat.write(notebook, lab.course / "notebooks" / "small.ipynb")
    with lab.notebook("small") as opened:
        opened.run_all()
        assert opened.errors_in_outputs() == []
        opened.page.evaluate(
            """selector => { for (const it of document.querySelectorAll(selector)) {
                it.heard = [];
                new MutationObserver(() => it.heard.push(it.textContent)).observe(it, {childList: true, subtree: true});
            } }""",
            SPOKEN,
        )
        yield opened.page
        assert opened.page_errors == []


def heard(page, number):
    """What the box of this number has read aloud so far."""
    return page.locator(SPOKEN).nth(number).evaluate("it => it.heard")


def test_everything_has_a_name_that_a_screen_reader_finds(page):
    assert page.get_by_role("slider", name="position", exact=True).count() == 1
    assert page.get_by_role("textbox", name="position, typed").inner_text() == "2.00"
    assert page.get_by_role("slider", name="learning rate α (log)").get_attribute("aria-valuetext") == "1.00e-7"
    units = page.get_by_role("group", name="size in").get_by_role("button")
    assert [it.get_attribute("aria-pressed") for it in units.all()] == ["true", "false", "false"]
    assert page.get_by_role("radiogroup", name="Predict. Which way?").get_by_role("radio").count() == 2
    assert page.get_by_role("img", name="Empty axes.").count() == 1
    assert page.get_by_role("img", name="A curve, a dot on it").count() == 1
    assert page.get_by_role("progressbar", name="training").get_attribute("aria-valuenow") == "50"
    assert page.locator(".jp-OutputArea [title=null]").count() == 0


def test_nothing_is_read_before_the_reader_does_something_and_then_only_when_it_rests(page):
    assert [heard(page, number) for number in range(3)] == [[], [], []]
    handle = page.get_by_role("slider", name="position")
    for _ in range(12):
        handle.press("ArrowLeft")
    page.wait_for_function("it => it.heard.length", arg=page.locator(SPOKEN).first.element_handle())
    page.wait_for_timeout(1000)
    said = page.locator(".gdhelpers-said").first.inner_text()
    assert heard(page, 0)[-1] == said
    assert said.startswith("Position 1.4:")
    assert len(heard(page, 0)) < 4, "it is read at each step of a drag"
    assert handle.get_attribute("aria-valuetext") == "1.40"


def test_pressed_button_says_that_it_is(page):
    page.get_by_role("button", name="thousands").press("Enter")
    page.wait_for_selector(".jp-OutputArea [aria-pressed=true]:text-is('thousands')")
    assert page.locator(".jp-OutputArea [aria-pressed=true]").count() == 1


def test_prediction_is_made_with_arrow_keys_and_its_reply_read_once(page):
    first = page.get_by_role("radio", name="Left")
    first.press("Space")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="Right").is_checked(), "the arrow key went to JupyterLab"
    page.wait_for_timeout(500)  # what is typed faster than the kernel follows, ipywidgets sends after the button
    page.wait_for_function(IDLE)
    page.get_by_role("button", name="Lock my prediction").press("Enter")
    page.wait_for_function("it => it.textContent", arg=page.locator(SPOKEN).nth(2).element_handle())
    assert heard(page, 2) == ["No: Left. It rises there."]
    assert page.locator(".widget-vbox div[role=status]").count() == 0


def test_black_words_are_read_in_the_light_and_not_in_the_dark(page):
    assert what_axe_finds(page) == what_axe_finds_in_the_dark(page) == []
    page.evaluate("() => document.querySelector('div[role=status]').style.color = 'black'")  # what a check replies
    assert what_axe_finds(page) == []
    assert ["color-contrast" in fault for fault in what_axe_finds_in_the_dark(page)] == [True]


# Would a fault be seen?


@pytest.fixture
def blank(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def box(page, inside):
    page.set_content(
        f'<html lang="en"><main id="box" class="jp-Notebook"><div class="jp-OutputArea">{inside}</div></main>'
    )
    return page.query_selector("#box")


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt"),
        ('<div role="slider" tabindex="0" aria-valuenow="1"></div>', "aria-input-field-name"),
        ('<p style="color:#999;background:white">pale words</p>', "color-contrast"),
        ("<button></button>", "button-name"),
    ],
)
def test_axe_finds_what_is_wrong(blank, html, rule):
    box(blank, html)
    assert any(line.startswith(f"axe: {rule} ") for line in what_axe_finds(blank, "#box"))


def test_control_that_tab_passes_by_is_found(blank):
    found = what_tab_misses(blank, box(blank, '<button>go</button><button tabindex="-1">lost</button>'))
    assert found == ['Tab does not reach button "lost"']


def test_control_without_words_is_found(blank):
    hidden = (
        '<div class="widget-inline-hbox"><label class="widget-label" style="display:none">w</label><select></select>'
    )
    assert what_tab_misses(blank, box(blank, hidden)) == ['a control without a visible name: select ""']


def test_what_moves_is_found(blank):
    style = "<style>@keyframes k { to { opacity: 0 } } b { animation: k 1s infinite }</style>"
    assert what_moves_by_itself(blank) == []
    box(blank, f"{style}<b>moves</b><i>rests</i>")
    assert what_moves_by_itself(blank) == ["moves by itself: <b>moves</b>"]
