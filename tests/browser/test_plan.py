"""The README's plan for 45 minutes, followed as a teacher does: to each heading, all above run, then its cells."""

import os
import re
from pathlib import Path

import pytest
from lab_in_chromium import COURSE, PATIENCE, WHOLE
from test_notebooks_in_jupyterlab import WRONG

PLAN = re.search(
    r"^### 45 minutes\n(.*?)^##", (COURSE / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
PARTS = {}  # {lesson: its headings}
for name, heading in re.findall(r"\(notebooks/([^#)]+)\.ipynb#([^)]+)\)", PLAN[1]):
    PARTS.setdefault(name, []).append(heading)
IN_VIEW = """heading => [...document.querySelectorAll('h2')].some(it => {
    const { top, height } = it.getBoundingClientRect();
    return height && 0 <= top && top < innerHeight && it.dataset.jupyterId === heading;
})"""
FOLLOW = """async ([heading, from]) => {
    const { content } = jupyterapp.shell.currentWidget;
    const title = cell => /^## (.*)$/m.exec(cell.model.sharedModel.source)?.[1].replaceAll(' ', '-');
    const first = content.widgets.findIndex(cell => title(cell) === heading);
    const after = content.widgets.findIndex((cell, index) => index > first && title(cell));
    content.activeCellIndex = from;
    while (content.activeCellIndex < after) await jupyterapp.commands.execute('notebook:run-cell-and-select-next');
    const outputs = content.widgets.slice(first, after).flatMap(cell => cell.model.outputs?.toJSON() ?? []);
    return [after, outputs.length];
}"""


@WHOLE
@pytest.mark.parametrize(("name", "headings"), PARTS.items(), ids=PARTS)
def test_parts_of_the_plan_can_be_shown(lab, name, headings):
    with lab.notebook(name) as opened:
        opened.page.set_default_timeout(PATIENCE)
        done = 0
        for heading in headings:
            opened.page.evaluate("heading => jupyterapp.shell.currentWidget.setFragment(`#${heading}`)", heading)
            opened.page.wait_for_function(IN_VIEW, arg=heading)
            done, n_outputs = opened.page.evaluate(FOLLOW, [heading, done])
            assert n_outputs > 0, f"there is nothing to see in {heading}"
            opened.wait_until_idle()
            opened.page.wait_for_function("() => !document.body.innerText.includes('Loading widget')")
            if folder := os.environ.get("GDHELPERS_SCREENSHOTS"):
                opened.page.screenshot(path=Path(folder) / f"plan_{name}_{heading}.png")
        assert not opened.errors_in_outputs()
        assert [words for words in WRONG if words in opened.page.inner_text(".jp-Notebook")] == []
