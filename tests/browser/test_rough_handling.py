"""What happens in a class: keys held down, sliders moved while a cell runs, kernels restarted, pages closed."""

import nbformat
import pytest
from test_notebooks_in_jupyterlab import EXPLORERS, IN_PAGE, PATIENCE, QUESTIONS, WRONG, Explorer

IMPORTS = """import sys

sys.path.insert(0, "..")
import time
from gdhelpers import widgets
from gdhelpers.datasets import houses
from gdhelpers.descent import descend
from gdhelpers.lessons import predict
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares

size, price = houses()"""
EXPLORER = "widgets.line_explorer(size, price)"
PREDICTION = 'predict("Which way is down?", {"Left": "It falls to the left.", "Right": "It rises."}, "Left")'
BUSY = """for wait in range(100):
    time.sleep(0.1)
print("done")"""
LONG_WALK = """n_steps = 100_000_000
bar = widgets.progress("A long walk", n_steps)
problem, rule = LeastSquares.line(size, price), GradientDescent(1e-9)
walk = descend(problem, (0.05, 100), rule, n_steps, record_every=1000, watch=bar)
print("stopped:", 0 < walk.stopped < n_steps)"""


@pytest.fixture
def notebook(lab):
    """`with notebook(cell, ...) as opened:` these cells, after the imports, in JupyterLab."""

    def opened(*cells):
        cells = [nbformat.v4.new_code_cell(source) for source in (IMPORTS, *cells)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), lab.course / "notebooks/rough.ipynb")
        return lab.notebook("rough")

    return opened


def prepared(opened):
    """Its first explorer, after all cells have run."""
    opened.page.evaluate(IN_PAGE)
    opened.run_all()
    assert not opened.errors_in_outputs()
    return opened.page.query_selector(EXPLORERS)


def start(opened, index, source):
    """Put this source into the cell, run it, and go on as soon as the kernel is at it."""
    opened.page.evaluate(
        """([index, source]) => {
            const { content } = jupyterapp.shell.currentWidget;
            content.activeCellIndex = index;
            content.activeCell.model.sharedModel.setSource(source);
            jupyterapp.commands.execute('notebook:run-cell');
        }""",
        [index, source],
    )
    busy = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    opened.page.wait_for_function(busy)


def printed(opened, index):
    return opened.page.evaluate(
        """index => jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()
            .map(output => output.text ?? '').join('')""",
        index,
    )


def everything(explorer):
    return explorer.evaluate("box => course.drawing(box) + course.sentence(box)")


def saved(opened):
    opened.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")


def reopened(lab, opened):
    """The page of this notebook closed and opened again, its kernel left as it is."""
    opened.page.goto("about:blank")
    opened.open(lab.url)
    opened.page.evaluate(IN_PAGE)
    opened.page.wait_for_function("() => !document.body.innerText.includes('Loading widget')")
    return opened.page.inner_text(".jp-Notebook")


def test_forty_keys_in_half_a_second_settle_on_the_last_value(notebook):
    with notebook(EXPLORER) as opened:
        explorer = prepared(opened)
        handle = explorer.query_selector("[role=slider]")
        readout = explorer.query_selector(".widget-readout")
        assert Explorer(opened.page, explorer).press(handle, "Home") is None
        at_the_end = handle.evaluate("course.place")
        seconds = handle.evaluate("""async handle => {
            const begin = performance.now(), options = {key: 'ArrowRight', bubbles: true, cancelable: true};
            for (let press = 0; press < 40; press++) {
                handle.dispatchEvent(new KeyboardEvent('keydown', options));
                await new Promise(done => setTimeout(done, begin + 12 * press - performance.now()));
            }
            return (performance.now() - begin) / 1000;
        }""")
        assert 0.4 < seconds < 5
        assert handle.evaluate("course.place") != at_the_end
        said = "([box, number]) => course.sentence(box).startsWith(`Price = ${Number(number)} × size`)"
        opened.page.wait_for_function(said, arg=[explorer, readout.inner_text()], timeout=PATIENCE)
        fast = everything(explorer)
        for key in ("ArrowLeft", "ArrowRight"):  # away and back, slowly
            assert Explorer(opened.page, explorer).press(handle, key) is None
        assert everything(explorer) == fast


def test_slider_is_followed_while_a_cell_is_busy(notebook):
    with notebook(EXPLORER, "0") as opened:
        explorer = prepared(opened)
        start(opened, 2, BUSY)
        handle = explorer.query_selector("[role=slider]")
        for _ in range(3):
            assert Explorer(opened.page, explorer).press(handle, "ArrowRight") is None
        assert printed(opened, 2) == "", "the cell was done before the slider was moved"


def test_stop_ends_the_walk_that_a_cell_is_busy_with(notebook):
    with notebook("0") as opened:
        prepared(opened)
        start(opened, 1, LONG_WALK)
        opened.page.wait_for_selector(".jp-OutputArea button").press("Enter")
        opened.wait_until_idle()
        assert printed(opened, 1) == "stopped: True\n"


def test_restarted_kernel_starts_afresh(notebook):
    with notebook(EXPLORER) as opened:
        before = everything(prepared(opened))
        opened.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        opened.wait_until_idle()
        explorer = prepared(opened)
        assert explorer.evaluate("box => course.sentence(box)") in before
        assert Explorer(opened.page, explorer).drive_slider(explorer.query_selector("[role=slider]")) is None
        assert opened.kernel_errors == opened.page_errors == []


def test_cell_run_too_early_says_what_to_run_first(notebook):
    with notebook("error = size * 0.1 + 100 - price", "error**2") as opened:
        for index, words in ((2, "error is not there yet. It is made by the cell"), (1, "size is not there yet.")):
            opened.page.evaluate(
                """async index => {
                    jupyterapp.shell.currentWidget.content.activeCellIndex = index;
                    await jupyterapp.commands.execute('notebook:run-cell');
                }""",
                index,
            )
            shown = opened.page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea").inner_text()
            assert shown.startswith(words)
            assert "Run that cell first" in shown
            assert "Traceback" not in shown
        opened.run_all()
        assert not opened.errors_in_outputs()


def test_closed_and_opened_again_with_its_kernel_the_lesson_is_live(lab, notebook):
    with notebook(EXPLORER, PREDICTION) as opened:
        prepared(opened)
        saved(opened)
        text = reopened(lab, opened)
        assert [words for words in WRONG if words in text] == []
        explorer = opened.page.wait_for_selector(EXPLORERS)
        opened.page.wait_for_function("box => course.aligned(box)", arg=explorer)
        assert Explorer(opened.page, explorer).drive_slider(explorer.query_selector("[role=slider]")) is None
        assert opened.page.query_selector(QUESTIONS)


def test_opened_again_after_a_restart_before_anything_is_run_there_is_a_picture(lab, notebook):
    with notebook(EXPLORER, PREDICTION) as opened:
        prepared(opened)
        saved(opened)
        opened.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        opened.wait_until_idle()
        text = reopened(lab, opened)
        assert [words for words in WRONG if words in text] == []
        assert opened.page.wait_for_selector(".jp-RenderedImage img").bounding_box()["height"] > 100
        assert prepared(opened), "run again, it is live again"


def test_closed_and_opened_again_without_its_kernel_there_is_a_picture(lab, notebook):
    with notebook(EXPLORER, PREDICTION) as opened:
        prepared(opened)
        saved(opened)
        opened.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        text = reopened(lab, opened)
        assert [words for words in WRONG if words in text] == []
        assert opened.page.wait_for_selector(".jp-RenderedImage img").bounding_box()["height"] > 100
        assert "Which way is down?" in text
        assert not opened.page.query_selector(f"{EXPLORERS}, {QUESTIONS}")
        assert prepared(opened), "run again, it is live again"


def test_network_is_cut_and_what_is_missed_is_told(lab, notebook):
    """Else the lessons' test, which finds that nothing is asked of the network, could not fail."""
    kernel = """import socket

try:
    socket.create_connection(("example.org", 80))
except OSError as why:
    print(why)"""
    page = 'from IPython.display import HTML\nHTML("<img src=https://example.net/picture.png>")'
    with notebook(kernel, page) as opened:
        prepared(opened)
        assert printed(opened, 1) == "there is no network here\n"
        assert set(lab.asked_of_the_network()) == {"example.org", "https://example.net/picture.png"}
