"""A notebook on a projector of 1280 by 720 pixels: large letters, nothing cut off, nothing to scroll sideways."""

import os
from pathlib import Path

import nbformat
import pytest
from lab_in_chromium import COURSE

WIDTH, HEIGHT = 1280, 720
LESSON = "04_learning_rate"  # the widest controls and the highest figure
CALL = """import sys
sys.path[:0] = ["..", TESTS]
from gdhelpers import widgets
widgets.projector()""".replace("TESTS", repr(str(COURSE / "tests")))
SIZES = """() => {
    const sizes = selector => [...document.querySelectorAll(`.jp-Notebook ${selector}`)]
        .filter(it => it.textContent.trim() && it.checkVisibility())
        .map(it => parseFloat(getComputedStyle(it).fontSize) * (it.currentCSSZoom ?? 1));
    return Object.fromEntries(['.jp-MarkdownOutput p', '.jp-MarkdownOutput td', '.jp-RenderedText pre', '.cm-line',
        '.gdhelpers-said', '.widget-label', '.widget-readout', '.widget-button', '.widget-toggle-button',
        '.widget-radio-box label',
    ].map(selector => [selector, Math.min(...sizes(selector))]).filter(([, size]) => isFinite(size)));
}"""
PICTURES = """() => [...document.querySelectorAll('.jp-OutputArea-output')].flatMap(output => {
    const {right, width} = output.getBoundingClientRect();
    const faults = [];
    for (const it of output.querySelectorAll('svg[role=img], img, button, .widget-slider, .widget-toggle-buttons')) {
        const box = it.getBoundingClientRect();
        if (box.right > right + 1) faults.push(`${it.outerHTML.slice(0, 80)} ends at ${box.right} of ${right}`);
    }
    for (const stage of output.querySelectorAll('.widget-box:has(> * svg[role=img])')) {
        const [low, high] = ['img', 'svg[role=img]'].map(kind => stage.querySelector(kind)?.getBoundingClientRect());
        if (!low || ['x', 'y', 'width', 'height'].some(side => Math.abs(low[side] - high[side]) > 1))
            faults.push('the two layers do not lie on each other');
    }
    return faults;
})"""
LETTERS = """() => [...document.querySelectorAll('svg[role=img]')].flatMap(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll('text')].map(it => parseFloat(it.getAttribute('font-size')) * scale);
})"""


@pytest.fixture
def small_screen(lab):
    def opened(name, cells):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), lab.course / "notebooks" / f"{name}.ipynb")
        return lab.notebook(name)

    return opened


def explorers():
    """One cell for each explorer that exists, as test_widgets.py makes it."""
    from test_widgets import EXPLORERS

    return [f"import test_widgets\ntest_widgets.EXPLORERS[{name!r}]()" for name in sorted(EXPLORERS)]


def faults(page):
    found = page.evaluate(PICTURES)
    found += [f"{what} has letters of {size:.1f} px" for what, size in page.evaluate(SIZES).items() if size < 18]
    found += [f"letters of {size:.1f} px in a picture" for size in page.evaluate(LETTERS) if size < 17]
    page_width = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollWidth")
    if page_width > page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').clientWidth"):
        found.append("the notebook must be scrolled sideways")
    return found


def photograph(notebook, name):
    if folder := os.environ.get("GDHELPERS_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        notebook.screenshot(Path(folder) / f"{name}.png")


def code(source):
    return nbformat.v4.new_code_cell(source)


@pytest.mark.parametrize("name", ["lesson", "explorers"])
def test_everything_is_large_and_fits(name, small_screen):
    lesson = nbformat.read(COURSE / "notebooks" / f"{LESSON}.ipynb", as_version=4).cells
    cells = [code(CALL), *(lesson if name == "lesson" else map(code, explorers()))]
    with small_screen(f"projector_{name}", cells) as notebook:
        page = notebook.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        notebook.run_all()
        assert notebook.errors_in_outputs() == []
        photograph(notebook, f"projector_{name}")
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert faults(page) == []
        drawn = page.evaluate("() => [...document.querySelectorAll('svg[role=img]')].map(it => it.clientWidth)")
        assert min(drawn) > 800


def test_a_large_slider_follows_the_mouse_and_the_call_can_be_taken_back(small_screen):
    cells = ["import test_widgets\nmade = test_widgets.EXPLORERS['slope_explorer']\nmade()", "widgets.projector(False)"]
    with small_screen("projector_ended", [code(CALL), *map(code, cells[:1])]) as notebook:
        page = notebook.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        notebook.run_all()
        handle, track = page.get_by_role("slider"), page.locator(".noUi-base")
        start, box = handle.bounding_box(), track.bounding_box()
        page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 4, box["y"], steps=5)
        page.mouse.up()
        page.wait_for_function("() => document.querySelector('.gdhelpers-said').innerText.includes('Position -1.5')")
        large = page.evaluate(SIZES)
        page.evaluate("""() => {
            const panel = jupyterapp.shell.currentWidget;
            panel.content.widgets[0].model.sharedModel.source += '\\nwidgets.projector(False)';
        }""")
        notebook.run_all()
        usual = page.evaluate(SIZES)
        assert usual[".widget-label"] == 13
        assert large[".widget-label"] > 1.3 * usual[".widget-label"]
        assert large[".gdhelpers-said"] > 1.3 * usual[".gdhelpers-said"]
        assert page.evaluate("() => document.querySelector('svg[role=img]').clientWidth") == 672
