"""The static site of the course, opened from a plain web server, with every request to elsewhere refused and noted.

Refused is Python itself, so no cell is run; with GDHELPERS_PYODIDE=folder, a Pyodide that goes into the site, one is.
"""

import os

import lite
import nbformat
import pytest
from lab_in_chromium import COURSE

pytest.importorskip("jupyterlite_core", reason="jupyterlite-core is not installed, so there is no site to open")
PYODIDE = os.environ.get("GDHELPERS_PYODIDE")
PYODIDES_SERVER = "https://cdn.jsdelivr.net/pyodide/"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the site, built and served."""
    with lite.served(lite.build(tmp_path_factory.mktemp("site"), PYODIDE)) as address:
        yield address


def test_a_lesson_opens_with_its_text_its_pictures_and_the_list_of_lessons(chromium, site):
    stored = nbformat.read(COURSE / "notebooks" / "01_the_problem.ipynb", as_version=4).cells
    n_pictures = sum("image/png" in output.get("data", {}) for cell in stored for output in cell.get("outputs", []))
    with lite.visit(chromium, site) as (page, given, elsewhere):
        seen = (
            "n => [...document.querySelectorAll('.jp-OutputArea img')].filter(it => it.naturalWidth > 50).length === n"
        )
        page.wait_for_function(seen, arg=n_pictures)
        assert page.locator(".jp-Notebook h1").first.inner_text().startswith("01 The problem")
        listed = page.locator(".jp-DirListing-itemName").all_inner_texts()
        assert {path.name for path in (COURSE / "notebooks").glob("*.ipynb")} <= set(listed)
        assert any(file.startswith("extensions/@jupyter-widgets/") for file in given), "no sliders could be shown"
        for _ in range(300):  # the kernel asks for Python late
            if elsewhere or any(file.endswith("/pyodide.mjs") for file in given):
                break
            page.wait_for_timeout(100)
        assert bool(elsewhere) == (not PYODIDE), "Python comes from elsewhere, or from the site if it is there"
        assert [address for address in elsewhere if not address.startswith(PYODIDES_SERVER)] == []
        page.locator(".jp-DirListing-itemName", has_text="02_walk_downhill.ipynb").dblclick()  # it still answers
        page.locator(".jp-Notebook h1", has_text="02 Walk downhill").wait_for()


@pytest.mark.skipif(not PYODIDE, reason="GDHELPERS_PYODIDE names no folder with a Pyodide, so Python cannot start")
def test_python_starts_from_the_site_alone_and_shows_a_slider_that_it_knows(chromium, site):
    with lite.visit(chromium, site, "repl/index.html?kernel=python") as (page, _, elsewhere):
        page.locator(".jp-CodeConsole-input .cm-content").click()
        page.keyboard.insert_text("import gdhelpers, ipywidgets; ipywidgets.IntSlider(1 + 1, description='steps')")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(".jp-OutputArea .widget-slider [role=slider]", timeout=120_000)
        assert page.locator(".jp-OutputArea .widget-readout").inner_text() == "2"
        assert elsewhere == []
