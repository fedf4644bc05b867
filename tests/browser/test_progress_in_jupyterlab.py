"""What a learner locks and passes is there again after the kernel was stopped and the notebook opened anew."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from lab_in_chromium import TALL, WIDE, Lab, copy_of_course, running_server
from test_notebooks_in_jupyterlab import PREDICTIONS, QUIZZES, what_is_wrong_with_prediction, what_is_wrong_with_quiz

LESSON = """import sys

sys.path.insert(0, "..")
from gdhelpers.lessons import check_number, predict, quiz
---
predict("Which way is down?", {"Left": "It falls to the left.", "Right": "It rises to the right."}, "Left")
---
height = 9
check_number(height, 9)
---
quiz(
    [
        ("What is a step?", {"One update": "So it is.", "One pass over the data": "That is an epoch."}, "One update"),
        ("What is α?", {"The loss": "Look at the formula again.", "The learning rate": "It is."}, "The learning rate"),
    ]
)"""


@pytest.fixture
def learners_lab(chromium, tmp_path, monkeypatch):
    """JupyterLab as a learner has it: progress is kept."""
    monkeypatch.delenv("GDHELPERS_PROGRESS")
    course = copy_of_course(tmp_path / "course")
    cells = [nbformat.v4.new_code_cell(source) for source in LESSON.split("\n---\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "notebooks" / "my_lesson.ipynb")
    with running_server(tmp_path, course) as url:
        yield Lab(url, course, chromium.new_context(viewport={"width": WIDE, "height": TALL}))


def replies(page):
    return [
        box.inner_text() for box in page.query_selector_all(".jp-OutputArea :is(.gdhelpers-said, div[role=status])")
    ]


def test_progress_survives_the_kernel(learners_lab):
    with learners_lab.notebook("my_lesson") as opened:
        opened.run_all()
        assert not opened.errors_in_outputs()
        for prediction in opened.page.query_selector_all(PREDICTIONS):
            assert what_is_wrong_with_prediction(opened.page, prediction) == []
        for quiz in opened.page.query_selector_all(QUIZZES):
            assert what_is_wrong_with_quiz(opened.page, quiz) == []
        opened.wait_until_idle()
        before = replies(opened.page)
        assert before == [
            "Yes. It falls to the left.",
            "Right. That is the number.",
            "Yes. So it is.",
            "Yes. It is.",
            "All answered: 1 of 2 right at the first try. Every question is solved.",
        ]
        assert opened.kernel_errors == opened.page_errors == []
    kept = json.loads((learners_lab.course / "notebooks/progress.json").read_text(encoding="utf-8"))
    assert {kind: list(entries) for kind, entries in kept["lessons"]["my_lesson"].items()} == {
        "checks": ["check_number(height)"],
        "predictions": ["Which way is down?"],
        "quiz": ["What is a step?", "What is α?"],
    }
    with learners_lab.notebook("my_lesson") as opened:
        opened.run_all()
        opened.page.wait_for_selector(QUIZZES)
        assert replies(opened.page) == before
        assert opened.page.query_selector_all(".jp-OutputArea input:enabled, .jp-OutputArea button:enabled") == []
        if folder := os.environ.get("GDHELPERS_SCREENSHOTS"):
            opened.screenshot(Path(folder) / "progress.png")
