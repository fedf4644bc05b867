"""Every lesson can be done without a mouse."""

import pytest
from keyboard import STUB, Student
from lab_in_chromium import COURSE, WHOLE

NOTEBOOKS = sorted(path.stem for path in (COURSE / "notebooks").glob("*.ipynb"))
LONG = NOTEBOOKS[2:]


@pytest.mark.parametrize("name", [pytest.param(name, marks=WHOLE) if name in LONG else name for name in NOTEBOOKS])
def test_lesson_is_done_with_keys_alone(lab, name):
    with lab.notebook(name) as opened:
        student = Student(opened, lab.course)
        assert student.complaints() == []
        assert not opened.errors_in_outputs()
        sources = [cell.source for cell in student.cells if cell.cell_type == "code"]
        assert student.answered >= sum(source.startswith("lessons.predict(") for source in sources)
        assert student.exercises == sum(map(bool, map(STUB.search, sources)))
        assert student.moved == 1
        said = opened.page.inner_text(".jp-Notebook")
        assert said.count("\nRight.") >= student.exercises
        assert not [words for words in ("Not yet.", "Not attempted yet.") if f"\n{words}" in said]
