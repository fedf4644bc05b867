"""The teacher's layer: the README's plans and the lessons' notes agree with the lessons and with the clock."""

import re
from pathlib import Path

import nbformat
import pytest

COURSE = Path(__file__).parent.parent
README = (COURSE / "README.md").read_text(encoding="utf-8")
LESSONS = sorted((COURSE / "notebooks").glob("*.ipynb"))
PLANS = re.findall(r"^### (\d+) minutes\n(.*?)(?=^##)", README, re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (\d+) \| \[(\d\d) ([^\]]+)\]\(notebooks/([^#)]+)#([^)]+)\) \| \S.* \|$", re.MULTILINE)


def headings(path):
    """The lesson's headings in their order, as JupyterLab's links spell them."""
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return [title.replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]


def note(path):
    cells = nbformat.read(path, as_version=4).cells
    return next(cell.source for cell in cells if "teacher" in cell.metadata.get("tags", []))


def test_there_is_a_plan_for_each_of_the_three_lengths():
    assert [minutes for minutes, _ in PLANS] == ["45", "90", "180"]


@pytest.mark.parametrize(("minutes", "plan"), PLANS, ids=[minutes for minutes, _ in PLANS])
class TestPlan:
    def test_its_parts_take_as_long_as_it_says(self, minutes, plan):
        rows = ROW.findall(plan)
        assert len(rows) == sum(line.startswith("| ") for line in plan.splitlines()) - 1, "a row that cannot be read"
        assert sum(int(row[0]) for row in rows) == int(minutes)

    def test_its_cells_exist_and_come_in_the_order_of_the_course(self, minutes, plan):
        places = []
        for _, number, title, file, anchor in ROW.findall(plan):
            assert file.startswith(f"{number}_")
            assert anchor == title.replace(" ", "-")
            places.append((file, headings(COURSE / "notebooks" / file).index(anchor)))
        assert places == sorted(places)

    def test_it_says_what_to_skip(self, minutes, plan):
        assert re.search(r"^Skip \S", plan, re.MULTILINE)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
class TestNote:
    def test_the_minutes_of_its_parts_add_up_to_the_lesson_s(self, path):
        total, parts = re.search(r"\*\*(\d+) minutes\*\*: (.*?)\.(?: |$)", note(path), re.MULTILINE).groups()
        minutes = re.search(r"\*\*Minutes\*\* \| (\d+) \|", nbformat.read(path, as_version=4).cells[0].source)[1]
        assert total == minutes
        assert sum(int(part.rpartition(", ")[2]) for part in parts.split("; ")) == int(minutes)

    @pytest.mark.parametrize(
        "words", ["Ask", "Wrong answers to expect:", "Say:", "should see:", "If the network fails:"]
    )
    def test_it_has_the_question_the_wrong_answers_the_numbers_and_the_fallback(self, path, words):
        assert f"*{words}" in note(path) or (words == "should see:" and words in note(path))
