"""The README's plan for 45 minutes, followed as a teacher does: to each heading, all above run, then its cells."""

import os
import re
from pathlib import Path

import pytest
from lab_in_chromium import COURSE, PATIENCE
from test_notebooks_in_jupyterlab import WRONG

PLAN = re.search(
    r"^### 45 minutes\n(.*?)^##", (COURSE / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
ROWS = re.findall(r"\(notebooks/([^#)]+)\.ipynb#([^)]+)\)", PLAN[1])
IN_VIEW = """heading => [...document.querySelectorAll('h2')].some(it => {
    const { top, height } = it.getBoundingClientRect();
    return height && 0 <= top && top < innerHeight && it.dataset.jupyterId === heading;
})"""
FOLLOW = """async heading => {
    const { content } = jupyterapp.shell.currentWidget, run = name => jupyterapp.commands.execute(`notebook:${name}`);
    const title = cell => /^## (.*)$/m.exec(cell.model.sharedModel.source)?.[1].replaceAll(' ', '-');
    const first = content.widgets.findIndex(cell => title(cell) === heading);
    const after = content.widgets.findIndex((cell, index) => index > first && title(cell));
    content.activeCellIndex = first;
    await run('run-all-above');
    for (let index = first; index < after; index++) await run('run-cell-and-select-next');
    const outputs = content.widgets.slice(first, after).flatMap(cell => cell.model.outputs?.toJSON() ?? []);
    return { outputs: outputs.length, arrived: content.activeCellIndex === after };
}"""


@pytest.mark.parametrize(("name", "heading"), ROWS, ids=[heading for _, heading in ROWS])
def test_part_of_the_plan_can_be_shown(lab, name, heading):
    with lab.notebook(name) as opened:
        opened.page.evaluate("heading => jupyterapp.shell.currentWidget.setFragment(`#${heading}`)", heading)
        opened.page.wait_for_function(IN_VIEW, arg=heading)
        opened.page.set_default_timeout(PATIENCE)
        happened = opened.page.evaluate(FOLLOW, heading)
        opened.wait_until_idle()
        opened.page.wait_for_function("() => !document.body.innerText.includes('Loading widget')")
        if folder := os.environ.get("GDHELPERS_SCREENSHOTS"):
            opened.page.screenshot(path=Path(folder) / f"plan_{name}_{heading}.png")
        assert happened["outputs"] > 0, "there is nothing to see"
        assert happened["arrived"]
        assert not opened.errors_in_outputs()
        assert [words for words in WRONG if words in opened.page.inner_text(".jp-Notebook")] == []
