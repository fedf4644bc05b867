"""The notebooks' own rules; and what is stored in them is what they write when they are run again, from any folder."""

import ast
import base64
import copy
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest
from refresh import NOTEBOOKS, WIDGET_VIEW, executed

COURSE = NOTEBOOKS.parent
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
EVERY_NOTEBOOK = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
STUB = re.compile(r"(=|return) \.\.\.$|^# your loop here$", re.MULTILINE)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
MOST_LINES = 20  # of a code cell
MEASURED = "nbval-ignore-output"  # tag of a cell that prints measured times: there only the numbers may differ
# Start-up code of the kernel that hides an installed gdhelpers, whether installed by a path, a finder or a folder: the
# package is looked for only in places that were added to sys.path later, which is what a notebook's first line does.
HIDE = """
import sys
from importlib.machinery import PathFinder

class OnlyBesideTheNotebook:
    given = set(sys.path)

    def find_spec(self, name, path=None, target=None):
        if name != "gdhelpers":
            return None
        spec = PathFinder.find_spec(name, [place for place in sys.path if place not in self.given])
        if spec is None:
            raise ModuleNotFoundError("No module named 'gdhelpers'", name="gdhelpers")
        return spec

sys.meta_path.insert(0, OnlyBesideTheNotebook())
"""


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def pixels(data):
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(data)))


def in_one_piece(outputs):
    """The outputs with neighbouring pieces of one stream joined: where a stream is cut is a matter of timing."""
    joined = []
    for output in copy.deepcopy(outputs):
        if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def drawn_by(data):
    """Matplotlib's minor version, [b"3.10"], as the picture itself notes it."""
    return re.findall(rb"Matplotlib version(\d+\.\d+)", base64.b64decode(data))


def picture_faults(stored, fresh):
    """How two pictures (base64 PNG) differ, as far as one can see it."""
    try:
        enough = 0.02 if drawn_by(stored) == drawn_by(fresh) else 0.06  # each version has its own way with letters
        stored, fresh = pixels(stored), pixels(fresh)
    except Exception as error:
        return [f"a stored picture cannot be read ({error})"]
    if np.ptp(stored[..., :3]) < 0.1:
        return ["a stored picture is blank"]
    if stored.shape != fresh.shape:
        return [f"a picture of {stored.shape} is now {fresh.shape}"]
    difference = np.abs(stored - fresh).mean()
    return [f"a picture differs by {difference:.3f} on average"] if difference >= enough else []


def output_faults(stored, fresh):
    """How two outputs of a cell differ."""
    if set(stored.get("data", {})) != set(fresh.get("data", {})):
        return [f"holds {sorted(stored.get('data', {}))} and gives {sorted(fresh.get('data', {}))}"]
    stored, fresh, found = copy.deepcopy(stored), copy.deepcopy(fresh), []
    if "image/png" in stored.get("data", {}):
        found += picture_faults(stored.data.pop("image/png"), fresh.data.pop("image/png"))
    return found + ([] if stored == fresh else [f"says {stored} and gives {fresh}"])


def without_numbers(outputs):
    """The printed text with every number, and the spaces that align it, made the same."""
    outputs = copy.deepcopy(outputs)
    for output in outputs:
        if "text" in output:
            output.text = re.sub(r" *\d[\d,.]*(e[-+]?\d+)?", " N", output.text)
    return outputs


def faults(stored, fresh):
    """How a stored notebook differs from a run of it: one line for each difference, text exactly, pictures by sight."""
    if [cell.source for cell in stored.cells] != [cell.source for cell in fresh.cells]:
        return ["the cells themselves differ"]
    found = [] if stored.metadata == fresh.metadata else ["the metadata differ"]
    for number, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True)):
        differences = [] if old.metadata == new.metadata else ["metadata differ"]
        if old.cell_type == "code":
            olds, news = in_one_piece(old.outputs), in_one_piece(new.outputs)
            if MEASURED in old.metadata.get("tags", []):
                olds, news = without_numbers(olds), without_numbers(news)
            if old.execution_count != new.execution_count:
                differences.append(f"is counted {old.execution_count}, not {new.execution_count}")
            if len(olds) != len(news):
                differences.append(f"has {len(olds)} outputs, not {len(news)}")
            else:
                differences += [fault for pair in zip(olds, news, strict=True) for fault in output_faults(*pair)]
        found += [f"cell {number} {difference}" for difference in differences]
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course, in an environment whose kernels see no installed gdhelpers."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("notebooks", "gdhelpers"):
        shutil.copytree(
            COURSE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        )
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(hidden), os.environ.get("PYTHONPATH")])))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        yield folder


@pytest.fixture(scope="module")
def runs(course):
    """`runs(path)`: two runs of this notebook in one kernel, made once."""
    made = {}

    def runs(path):
        if path not in made:
            made[path] = executed(course / "notebooks" / path.name, course / "notebooks", rounds=2)
        return made[path]

    return runs


# Run again


def test_there_are_notebooks():
    assert PATHS
    assert PATHS[0].stem == "00_start_here"


def test_copy_of_the_course_sees_no_gdhelpers_but_its_own(course):
    code = "import gdhelpers; print(gdhelpers.__file__)"
    hidden = subprocess.run([sys.executable, "-c", code], cwd=course / "hidden", capture_output=True, text=True)
    assert "ModuleNotFoundError" in hidden.stderr
    code = "import sys; sys.path.insert(0, '..'); " + code
    found = subprocess.run([sys.executable, "-c", code], cwd=course / "notebooks", capture_output=True, text=True)
    assert Path(course / "notebooks", found.stdout.strip()).resolve() == (course / "gdhelpers/__init__.py").resolve()


@EVERY_NOTEBOOK
def test_stored_outputs_are_what_the_notebook_gives(path, runs):
    assert faults(read(path), runs(path)[0]) == []


@EVERY_NOTEBOOK
def test_second_run_in_the_same_kernel_gives_the_same(path, runs):
    assert faults(*runs(path)) == []


@EVERY_NOTEBOOK
def test_every_solution_passes_its_check(path):
    names, checked = {}, 0
    for number, cell in enumerate(read(path).cells):
        if cell.cell_type != "code":
            continue
        if not STUB.search(cell.source):
            exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), names)
            continue
        *before, check = ast.parse(cell.source).body
        exec(compile(ast.Module(before, []), path.name, "exec"), names)
        assert eval(ast.unparse(check), names).passed is None, "an untouched stub is not attempted"
        exec(solution(path, number), names)
        verdict = eval(ast.unparse(check), names)
        assert verdict.passed, f"cell {number}: {verdict}"
        checked += 1
    assert checked == sum(bool(STUB.search(cell.source)) for cell in code_cells(read(path)))


def solution(path, number):
    """The code of the solution that belongs to the stub in this cell: in the next cell that is no other stub."""
    after = (cell for cell in read(path).cells[number + 1 :] if not STUB.search(cell.source))
    found = re.search(r"<b>Solution</b>.*?```python\n(.*?)```", next(after).source, re.DOTALL)
    assert found, f"no solution after cell {number}"
    return found[1]


# What is stored


@EVERY_NOTEBOOK
def test_cells_are_counted_in_order_and_their_ids_differ(path):
    notebook = read(path)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@EVERY_NOTEBOOK
def test_every_cell_that_shows_something_has_its_output_stored(path):
    for cell in code_cells(read(path)):
        last = ast.parse(cell.source).body[-1]
        if isinstance(last, ast.Expr) and "append(" not in ast.unparse(last):
            assert cell.outputs, f"nothing is stored for {cell.source!r}"


@EVERY_NOTEBOOK
def test_stored_outputs_hold_no_error_no_warning_and_no_widget(path):
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type in ("stream", "execute_result", "display_data")
            assert output.get("name") != "stderr"
            assert WIDGET_VIEW not in output.get("data", {})


@EVERY_NOTEBOOK
def test_printed_text_is_stored_in_one_piece(path):
    for cell in code_cells(read(path)):
        assert cell.outputs == in_one_piece(cell.outputs), "cut by chance, so the next refresh would differ"


@EVERY_NOTEBOOK
def test_every_stored_picture_has_words_and_is_not_blank(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            data = output.get("data", {})
            for kind in data:
                if kind.startswith("image/"):
                    assert kind == "image/png"
                    assert len(data["text/plain"]) >= 20
                    assert not data["text/plain"].startswith("<")
                    assert output.metadata["image/png"]["alt"] == data["text/plain"]
                    assert picture_faults(data[kind], data[kind]) == []


# Would a change be seen?


@pytest.fixture
def example():
    """A notebook with text and a picture in its outputs, to be spoiled."""
    return read(PATHS[0])


def first_output(notebook, kind):
    return next(o for cell in code_cells(notebook) for o in cell.outputs if kind in o or kind in o.get("data", {}))


def white(width, height):
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.ones((height, width, 4)), format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def test_in_a_cell_of_measured_times_only_the_numbers_may_differ():
    def notebook(text, tags):
        cell = nbformat.v4.new_code_cell("show()", metadata={"tags": tags})
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
        return nbformat.v4.new_notebook(cells=[cell])

    stored, fresh = "batch is  7,600 times dearer", "batch is 12,345 times dearer"
    assert faults(notebook(stored, [MEASURED]), notebook(fresh, [MEASURED])) == []
    assert faults(notebook(stored, []), notebook(fresh, []))
    assert faults(notebook(stored, [MEASURED]), notebook(fresh.replace("dearer", "cheaper"), [MEASURED]))


@EVERY_NOTEBOOK
def test_a_cell_that_prints_measured_times_asserts_what_the_lesson_says_of_them(path):
    for cell in code_cells(read(path)):
        if MEASURED in cell.metadata.get("tags", []):
            assert "assert " in cell.source, cell.source


def test_unchanged_notebook_has_no_faults(example):
    assert faults(example, copy.deepcopy(example)) == []


@EVERY_NOTEBOOK
def test_digit_changed_by_hand_is_found_in_every_text(path):
    tried = 0
    for cell in code_cells(read(path)):
        if MEASURED in cell.metadata.get("tags", []):
            continue
        fresh = nbformat.v4.new_notebook(cells=[cell])
        for number, output in enumerate(cell.outputs):
            for key in ("text", "text/plain"):
                text = output.get(key) or output.get("data", {}).get(key, "")
                if digit := re.search(r"\d", text):
                    stored = copy.deepcopy(fresh)
                    spoiled = stored.cells[0].outputs[number]
                    other = str((int(digit[0]) + 1) % 10)
                    (spoiled if key in spoiled else spoiled.data)[key] = text.replace(digit[0], other, 1)
                    assert len(faults(stored, fresh)) == 1
                    tried += 1
    assert tried


@pytest.mark.parametrize("which", ["all", "one"])
def test_stripped_outputs_are_found(example, which):
    stored = copy.deepcopy(example)
    for cell in code_cells(stored)[: None if which == "all" else 1]:
        cell.outputs = []
    assert faults(stored, example)


def test_blanked_picture_is_found(example):
    stored = copy.deepcopy(example)
    picture = first_output(stored, "image/png")
    height, width = pixels(picture.data["image/png"]).shape[:2]
    picture.data["image/png"] = white(width, height)
    assert [fault.partition(" a ")[2] for fault in faults(stored, example)] == ["stored picture is blank"]


def test_missing_unreadable_resized_and_other_pictures_are_found(example):
    def spoil(data, value):
        if value is None:
            del data["image/png"]
        else:
            data["image/png"] = value

    height, width = pixels(first_output(example, "image/png").data["image/png"]).shape[:2]
    others = [first_output(read(path), "image/png").data["image/png"] for path in PATHS[1:2]]
    for value in [None, "", "bm8=", white(width // 2, height), *others]:
        stored = copy.deepcopy(example)
        spoil(first_output(stored, "image/png").data, value)
        assert len(faults(stored, example)) == 1


def test_picture_with_other_things_in_it_is_found(example):
    stored = copy.deepcopy(example)
    data = first_output(stored, "image/png").data
    image, (version,) = pixels(data["image/png"]), drawn_by(data["image/png"])
    note = {"Software": f"Matplotlib version{version.decode()}"}
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.ascontiguousarray(image[::-1]), format="png", metadata=note)
    data["image/png"] = base64.b64encode(buffer.getvalue()).decode()
    assert len(faults(stored, example)) == 1


@pytest.mark.parametrize("key", ["alt", "width"])
def test_changed_alternative_or_size_is_found(example, key):
    stored = copy.deepcopy(example)
    first_output(stored, "image/png").metadata["image/png"][key] = 1
    assert len(faults(stored, example)) == 1


def test_wrong_count_is_found(example):
    stored = copy.deepcopy(example)
    code_cells(stored)[1].execution_count = 7
    assert len(faults(stored, example)) == 1


def test_pieces_of_one_stream_are_no_fault(example):
    stored = copy.deepcopy(example)
    cell = next(cell for cell in code_cells(stored) if cell.outputs and "text" in cell.outputs[0])
    (whole,) = cell.outputs
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=part) for part in (whole.text[:3], whole.text[3:])
    ]
    assert faults(stored, example) == []


# Form


@EVERY_NOTEBOOK
def test_code_cells_are_short(path):
    for cell in code_cells(read(path)):
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source


@EVERY_NOTEBOOK
def test_code_names_no_place_on_this_machine_and_none_on_the_web(path):
    for cell in code_cells(read(path)):
        assert not re.search(r"""https?:|["'](/\w|~|[A-Za-z]:\\)""", cell.source), cell.source


@EVERY_NOTEBOOK
def test_code_finds_gdhelpers_beside_the_notebook_first(path):
    first = code_cells(read(path))[0].source
    assert first.startswith('import sys\n\nsys.path.insert(0, "..")')


@EVERY_NOTEBOOK
def test_notebook_opens_with_its_one_title_what_you_need_and_the_minutes(path):
    notebook = read(path)
    opening = notebook.cells[0].source
    assert re.match(r"# \S", opening)
    for row in ("You will", "You need", "Minutes"):
        assert re.search(rf"^\| \*\*{row}\*\* \| \S", opening, re.MULTILINE)
    assert re.search(r"\*\*Minutes\*\* \| \d+ \|", opening)
    without_code = re.sub(r"```.*?```", "", prose(notebook), flags=re.DOTALL)
    assert len(re.findall(r"^# ", without_code, re.MULTILINE)) == 1


@EVERY_NOTEBOOK
def test_links_and_images_lead_somewhere(path):
    for image, target in LINK.findall(prose(read(path))):
        if re.match(r"https?://", target):
            assert not image, f"{target} is not shown without a network"
            continue
        file, _, heading = target.partition("#")
        assert (path.parent / file).exists(), target
        if heading.startswith("cell-id="):  # for headings with quotation marks, which JupyterLab doesn't find
            assert heading.removeprefix("cell-id=") in [cell.id for cell in read(path.parent / file).cells], target
        elif heading and file.endswith(".ipynb"):
            titles = re.findall(r"^#+ (.*)$", prose(read(path.parent / file)), re.MULTILINE)
            assert heading in [title.replace(" ", "-") for title in titles]


@pytest.mark.parametrize(("path", "following"), list(itertools.pairwise(PATHS)), ids=lambda path: path.stem)
def test_notebook_ends_with_a_link_to_the_next_and_that_one_leads_back(path, following):
    assert f"**Next:** [{following.stem[:2]} " in read(path).cells[-1].source
    assert f"]({following.name})" in read(path).cells[-1].source
    assert f"]({path.name})" in read(following).cells[-1].source


def test_first_notebook_lists_every_lesson_with_its_minutes():
    table = prose(read(PATHS[0]))
    for path in PATHS[1:]:
        minutes = re.search(r"\*\*Minutes\*\* \| (\d+) \|", read(path).cells[0].source)[1]
        assert re.search(rf"^\| \[{path.stem[:2]} [^\]]+\]\({path.name}\) \| .+ \| {minutes} \|$", table, re.MULTILINE)


@EVERY_NOTEBOOK
def test_teachers_notes_are_tagged_and_folded(path):
    notes = [cell for cell in read(path).cells if "teacher" in cell.metadata.get("tags", [])]
    assert notes
    for cell in notes:
        assert cell.cell_type == "markdown"
        assert cell.source.startswith("<details><summary>")
        assert cell.source.rstrip().endswith("</details>")
    minutes = re.search(r"\*\*Minutes\*\* \| (\d+) \|", read(path).cells[0].source)[1]
    assert f"**{minutes} minutes" in notes[0].source


@EVERY_NOTEBOOK
def test_folded_parts_are_closed(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert cell.source.count("<details>") == cell.source.count("</details>") == cell.source.count("<summary>")


@EVERY_NOTEBOOK
def test_every_stub_has_a_check_a_hint_and_a_solution(path):
    cells = read(path).cells
    for number, cell in enumerate(cells):
        if cell.cell_type == "code" and STUB.search(cell.source):
            assert re.search(r"check_\w+\(", cell.source[STUB.search(cell.source).end() :]), cell.source
            assert "Not attempted yet." in str(cell.outputs), "the stub is stored untouched"
            after = next(c for c in cells[number + 1 :] if c.cell_type == "markdown")
            assert re.search(r"<b>Hint</b>.*<b>Solution</b>", after.source, re.DOTALL)
            assert solution(path, number).strip()


@EVERY_NOTEBOOK
def test_lesson_asks_for_predictions_and_questions_a_claim(path):
    notebook = read(path)
    assert any(re.search(r"\bpredict\(", cell.source) for cell in code_cells(notebook))
    if path != PATHS[0]:
        assert "Is it true?" in prose(notebook)
