"""What is done is kept beside the notebooks, by many kernels at once, and no trouble with the file stops a lesson."""

import ast
import csv
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import nbformat
import pytest
from refresh import NOTEBOOKS, executed

from gdhelpers import progress
from gdhelpers.progress import Progress, as_called, of_this_notebook

LESSON = "03_step_by_step"
TODAY = date.today().isoformat()
ENTRY = {"answer": "Left", "right": True, "when": TODAY}
AS_ROOT = pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="no folder is read-only for this user")


@pytest.fixture
def kept(tmp_path):
    return Progress(tmp_path, LESSON)


def again(kept):
    """The same lesson after a restart of its kernel."""
    return Progress(kept.path.parent, kept.lesson)


def content(kept):
    return json.loads(kept.path.read_text(encoding="utf-8"))


def fill(kept, lessons, version=1):
    kept.path.write_text(json.dumps({"version": version, "lessons": lessons}), encoding="utf-8")


def is_plain(sentence):
    assert sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not re.search(r"Traceback|Errno|Error\b|/tmp|\\\\", sentence)
    return True


def others(kept):
    """The files in the folder but for the one of progress: a lock or a half-written file must not stay."""
    return sorted(path.name for path in kept.path.parent.iterdir() if path != kept.path)


# Kept and found again


def test_what_is_kept_is_found_after_a_restart(kept):
    kept.keep("predictions", "Which way is <down>, α?", answer="Left", right=True)
    assert again(kept).recall("predictions", "Which way is <down>, α?") == ENTRY
    assert again(kept).trouble() == ""
    assert others(kept) == []


def test_nothing_is_known_of_another_question_kind_or_lesson(kept):
    kept.keep("predictions", "Which way?", answer="Left", right=True)
    assert kept.recall("predictions", "Which way") is None
    assert kept.recall("quiz", "Which way?") is None
    assert Progress(kept.path.parent, LESSON + "-Copy1").recall("predictions", "Which way?") is None


def test_file_can_be_read_by_a_person_and_says_its_version(kept):
    kept.keep("predictions", "Wohin fällt α?", answer="Left", right=True)
    kept.keep("checks", "check_loss(loss)", right=True)
    assert content(kept) == {
        "version": 1,
        "lessons": {
            LESSON: {
                "predictions": {"Wohin fällt α?": ENTRY},
                "checks": {"check_loss(loss)": {"right": True, "when": TODAY}},
            }
        },
    }
    text = kept.path.read_text(encoding="utf-8")
    assert "Wohin fällt α?" in text
    assert len(text.splitlines()) > 10


def test_asking_writes_no_file(kept):
    assert kept.recall("checks", "check_loss(loss)") is None
    assert kept.lessons() == {}
    assert kept.forget() == 0
    assert not kept.path.exists()
    assert others(kept) == []


def test_without_a_folder_nothing_is_kept_and_nothing_complains(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    none = Progress(None, LESSON)
    none.keep("checks", "check_loss(loss)", right=True)
    assert none.recall("checks", "check_loss(loss)") is None
    assert (none.lessons(), none.forget(), none.export("Ada"), none.trouble()) == ({}, None, None, "")
    assert list(tmp_path.iterdir()) == []


def test_forget_drops_this_lesson_and_no_other(kept):
    other = Progress(kept.path.parent, "04_learning_rate")
    for each in (kept, other):
        each.keep("predictions", "Which way?", answer="Left", right=True)
    kept.keep("checks", "check_loss(loss)", right=True)
    assert kept.forget() == 2
    assert again(kept).recall("predictions", "Which way?") is None
    assert again(other).recall("predictions", "Which way?") == ENTRY


def test_what_a_person_added_to_the_file_stays(kept):
    kept.path.write_text(json.dumps({"version": 1, "note": "mine", "lessons": {"my own": {}}}))
    kept.keep("checks", "check_loss(loss)", right=True)
    assert content(kept)["note"] == "mine"
    assert set(content(kept)["lessons"]) == {"my own", LESSON}
    assert kept.trouble() == ""


def test_file_saved_by_an_editor_with_a_mark_at_its_start_is_read(kept):
    fill(kept, {LESSON: {"predictions": {"Which way?": ENTRY}}})
    kept.path.write_bytes(b"\xef\xbb\xbf" + kept.path.read_bytes())
    assert kept.recall("predictions", "Which way?") == ENTRY
    assert kept.trouble() == ""


# Several at once


def test_two_kernels_add_to_one_file(kept):
    other = Progress(kept.path.parent, "04_learning_rate")
    kept.recall("checks", "a")
    other.keep("checks", "b", right=True)
    kept.keep("checks", "a", right=True)
    assert set(content(kept)["lessons"]) == {LESSON, "04_learning_rate"}


@pytest.mark.parametrize("locked", [True, False], ids=["lock", "no lock can be made"])
def test_many_threads_lose_nothing(kept, monkeypatch, locked):
    if not locked:
        monkeypatch.setattr(progress, "_alone", lambda lock: nullcontext())

    def work(number):
        for n in range(5):
            kept.keep("checks", f"{number}.{n}", right=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(content(kept)["lessons"][LESSON]["checks"]) == 40
    assert kept.trouble() == ""


def test_many_processes_lose_nothing(kept):
    code = """
        import sys
        from gdhelpers.progress import Progress
        own = Progress(sys.argv[1], "lesson " + sys.argv[2])
        for n in range(25):
            own.keep("checks", str(n), right=True)
        sys.exit(own.trouble() or None)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(kept.path.parent)]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert {name: len(kinds["checks"]) for name, kinds in content(kept)["lessons"].items()} == {
        f"lesson {number}": 25 for number in range(4)
    }
    assert others(kept) == []


def test_lock_left_by_a_crash_is_removed(kept, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 60)
    lock = kept.path.with_name(".progress.json.lock")
    lock.touch()
    os.utime(lock, (time.time() - 100,) * 2)
    started = time.monotonic()
    kept.keep("checks", "a", right=True)
    assert time.monotonic() - started < 30
    assert again(kept).recall("checks", "a")
    assert others(kept) == []


def test_lock_that_stays_does_not_hold_up_a_lesson(kept, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "STALE", 1e9)
    kept.path.with_name(".progress.json.lock").touch()
    kept.keep("checks", "a", right=True)
    assert again(kept).recall("checks", "a")


# Trouble

BROKEN = {
    "empty": b"",
    "cut": b'{"version": 1, "lessons": {"03',
    "not JSON": b"my notes",
    "not UTF-8": b'{"version": 1, "lessons": {"\xff\xfe": {}}}',
    "too deep": b"[" * 100_000,
    "a list": b"[1, 2]",
    "a number": b"7",
    "no version": b'{"lessons": {}}',
    "version in words": b'{"version": "one", "lessons": {}}',
    "version true": b'{"version": true, "lessons": {}}',
    "no lessons": b'{"version": 1}',
    "lessons a list": b'{"version": 1, "lessons": []}',
}


@pytest.mark.parametrize("bytes_", BROKEN.values(), ids=BROKEN)
def test_broken_file_is_put_aside_and_said_once(kept, bytes_):
    kept.path.write_bytes(bytes_)
    assert kept.recall("checks", "a") is None
    said = kept.trouble()
    assert is_plain(said)
    assert said == "progress.json could not be understood. It is kept as progress.broken.json, and a new one is begun."
    kept.keep("checks", "a", right=True)
    assert again(kept).recall("checks", "a")
    assert kept.trouble() == ""
    assert kept.path.with_name("progress.broken.json").read_bytes() == bytes_


def test_second_broken_file_does_not_take_the_place_of_the_first(kept):
    for text in ("first", "second", "third"):
        kept.path.write_text(text)
        again(kept).lessons()
    assert others(kept) == ["progress.broken.json", "progress.broken2.json", "progress.broken3.json"]
    assert kept.path.with_name("progress.broken.json").read_text() == "first"
    assert kept.path.with_name("progress.broken3.json").read_text() == "third"


ODD = {
    "lesson a number": {"x": 5},
    "kind unknown": {"x": {"dreams": {}}},
    "kind a list": {"x": {"checks": []}},
    "entry a word": {LESSON: {"predictions": {"q": "Left"}}},
    "right a word": {LESSON: {"predictions": {"q": {**ENTRY, "right": "yes"}}}},
    "right a number": {LESSON: {"predictions": {"q": {**ENTRY, "right": 1}}}},
    "no answer": {LESSON: {"predictions": {"q": {"right": True, "when": TODAY}}}},
    "answer a list": {LESSON: {"quiz": {"q": {**ENTRY, "answer": ["Left"]}}}},
    "latest a number": {LESSON: {"quiz": {"q": {**ENTRY, "latest": 3}}}},
    "when missing": {LESSON: {"checks": {"q": {"right": True}}}},
    "when a number": {LESSON: {"checks": {"q": {"right": True, "when": 2026}}}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_entry_is_left_out_and_the_rest_goes_on(kept, odd):
    sound = {"04_learning_rate": {"predictions": {"Which way?": ENTRY}}}
    fill(kept, sound | odd)
    before = kept.path.read_bytes()
    assert kept.recall("predictions", "q") is None
    assert kept.recall("quiz", "q") is None
    assert is_plain(kept.trouble())
    assert Progress(kept.path.parent, "04_learning_rate").recall("predictions", "Which way?") == ENTRY
    assert kept.path.with_name("progress.broken.json").read_bytes() == before
    after = again(kept)
    after.keep("checks", "a", right=True)
    assert after.trouble() == "", "it is mended"


def test_file_of_a_newer_version_is_left_as_it_is(kept):
    kept.path.write_text('{"version": 2, "lessons": {"new": "form"}}')
    before = kept.path.read_bytes()
    kept.keep("checks", "a", right=True)
    said = kept.trouble()
    assert is_plain(said)
    assert "newer version of the course (version 2)" in said
    assert kept.recall("checks", "a"), "held until the kernel stops"
    assert kept.forget() is None
    assert kept.trouble() == ""
    assert kept.path.read_bytes() == before
    assert others(kept) == []


def fails(number):
    def call(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC], ids=errno.errorcode.get)
@pytest.mark.parametrize("place", ["tempfile.mkstemp", "os.replace", "builtins.open"])
def test_failed_write_is_said_once_and_made_good_later(kept, monkeypatch, place, number):
    kept.keep("checks", "before", right=True)
    before = kept.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(place, fails(number))
        kept.keep("checks", "a", right=True)
        said = kept.trouble()
        kept.keep("predictions", "b", answer="Left", right=True)
        assert kept.trouble() == ""
    assert is_plain(said)
    assert said.startswith("Your progress is not saved: progress.json beside the notebooks cannot be written (")
    assert os.strerror(number) in said
    assert "The lesson works all the same" in said
    assert kept.path.read_bytes() == before
    assert kept.recall("checks", "a"), "held until the kernel stops"
    assert kept.lessons()[LESSON].keys() == {"checks", "predictions"}
    assert others(kept) == []
    kept.keep("checks", "c", right=True)
    assert set(content(kept)["lessons"][LESSON]["checks"]) == {"before", "a", "c"}
    assert again(kept).recall("predictions", "b")


def test_read_only_file_is_not_replaced(kept):
    kept.keep("checks", "before", right=True)
    before = kept.path.read_bytes()
    kept.path.chmod(0o444)
    kept.keep("checks", "a", right=True)
    assert "cannot be written (Permission denied)" in kept.trouble()
    assert kept.path.read_bytes() == before
    assert kept.recall("checks", "before")
    assert kept.forget() is None
    assert others(kept) == []


@AS_ROOT
def test_read_only_folder_is_said(kept):
    kept.path.parent.chmod(0o555)
    kept.keep("checks", "a", right=True)
    kept.path.parent.chmod(0o755)
    assert "cannot be written (Permission denied)" in kept.trouble()


def test_broken_file_that_cannot_be_put_aside_is_left_as_it_is(kept, monkeypatch):
    kept.path.write_text("my notes")
    monkeypatch.setattr("os.replace", fails(errno.EACCES))
    kept.keep("checks", "a", right=True)
    said = kept.trouble()
    assert is_plain(said)
    assert "cannot be put aside (Permission denied), so it is left as it is" in said
    assert kept.path.read_text() == "my notes"
    assert kept.recall("checks", "a")


def test_file_that_cannot_be_read_is_said(kept):
    kept.path.mkdir()
    kept.keep("checks", "a", right=True)
    said = kept.trouble()
    assert is_plain(said)
    assert "cannot be read" in said
    assert kept.path.is_dir()


def test_file_deleted_in_between_starts_over(kept):
    kept.keep("checks", "a", right=True)
    kept.path.unlink()
    assert kept.recall("checks", "a") is None
    kept.keep("checks", "b", right=True)
    assert list(content(kept)["lessons"][LESSON]["checks"]) == ["b"]
    assert kept.trouble() == ""


def test_folder_deleted_in_between_is_said(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    kept = Progress(folder, LESSON)
    shutil.rmtree(folder)
    kept.keep("checks", "a", right=True)
    assert is_plain(kept.trouble())
    assert kept.export("Ada") is None
    assert is_plain(kept.trouble())


def test_half_a_character_is_kept_all_the_same(kept):
    kept.keep("checks", "check_number('\ud800')", right=True)
    assert kept.trouble() == ""
    assert again(kept).recall("checks", "check_number('\ud800')")


# For a teacher


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_table_for_a_teacher_holds_every_entry(kept):
    kept.keep("predictions", 'Is "α", or 2/λ, larger?', answer="Left", right=False)
    kept.keep("checks", "check_loss(loss)", right=True)
    Progress(kept.path.parent, "01_the_problem").keep("quiz", "Why?", answer="-150", right=True, latest="x")
    path = kept.export("Ada Lovelace")
    assert path == kept.path.with_name("progress_Ada_Lovelace.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "or Excel shows α as two other letters"
    assert table(path) == [
        ["student", "lesson", "kind", "what", "answer", "right", "when"],
        ["Ada Lovelace", "01_the_problem", "quiz", "Why?", "-150", "yes", TODAY],
        ["Ada Lovelace", LESSON, "predictions", 'Is "α", or 2/λ, larger?', "Left", "no", TODAY],
        ["Ada Lovelace", LESSON, "checks", "check_loss(loss)", "", "yes", TODAY],
    ]


@pytest.mark.parametrize(
    ("student", "name"),
    [("Мария Ü.", "progress_Мария_Ü.csv"), ("../../x", "progress_x.csv"), ("?!", "progress_student.csv")],
)
def test_table_is_named_after_the_student_and_lies_beside_the_notebooks(kept, student, name):
    assert kept.export(student) == kept.path.with_name(name)


def test_no_cell_of_the_table_is_a_formula(kept):
    for answer in ("=1+1", "+x", "@SUM(A1)", "-x", "-150", "+1.5", "Left"):
        kept.keep("quiz", answer, answer=answer, right=True)
    answers = [row[4] for row in table(kept.export("=cmd"))[1:]]
    assert answers == ["'=1+1", "'+x", "'@SUM(A1)", "'-x", "-150", "+1.5", "Left"]
    assert table(kept.export("=cmd"))[1][0] == "'=cmd"


def test_table_that_cannot_be_written_is_said(kept):
    kept.path.with_name("progress_Ada.csv").mkdir()
    assert kept.export("Ada") is None
    assert is_plain(kept.trouble())


def test_module_cannot_reach_the_network():
    names = {
        name.name.partition(".")[0] if isinstance(node, ast.Import) else node.module.partition(".")[0]
        for node in ast.walk(ast.parse(Path(progress.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    allowed = "ast contextlib csv datetime errno inspect json linecache os pathlib re sys tempfile threading time"
    assert names <= set(allowed.split())


# Where it is kept, and where not


@pytest.fixture
def learner(monkeypatch):
    """As outside the tests: nothing is switched off, and no notebook is named."""
    monkeypatch.delenv("GDHELPERS_PROGRESS")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return monkeypatch


def test_in_jupyterlab_it_lies_beside_the_notebook(learner, tmp_path):
    learner.setenv("JPY_SESSION_NAME", str(tmp_path / f"{LESSON}.ipynb"))
    kept = of_this_notebook()
    assert kept.path == tmp_path / "progress.json"
    assert kept.lesson == LESSON


def test_in_vs_code_it_lies_beside_the_notebook(learner, tmp_path):
    learner.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", str(tmp_path / f"{LESSON}.ipynb"), raising=False)
    assert of_this_notebook().path == tmp_path / "progress.json"


def test_where_the_server_names_a_folder_that_is_not_here_it_lies_where_the_kernel_runs(learner, tmp_path):
    learner.chdir(tmp_path)
    learner.setenv("JPY_SESSION_NAME", f"elsewhere/{LESSON}.ipynb")
    kept = of_this_notebook()
    learner.chdir("/")
    assert kept.path == tmp_path / "progress.json"
    assert kept.lesson == LESSON


@pytest.mark.parametrize("session", [None, "", "Console 1", "script.py"])
def test_without_a_notebook_in_a_front_end_nothing_is_kept(learner, tmp_path, session):
    learner.chdir(tmp_path)
    if session is not None:
        learner.setenv("JPY_SESSION_NAME", session)
    assert of_this_notebook().path is None


def test_it_can_be_switched_off_and_is_so_in_the_tests(monkeypatch, tmp_path):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / f"{LESSON}.ipynb"))
    assert of_this_notebook().path is None
    monkeypatch.delenv("GDHELPERS_PROGRESS")
    assert of_this_notebook().path


@pytest.mark.parametrize("module", ["refresh", "conftest"])
def test_refreshing_and_testing_switch_it_off(module):
    code = f"import os, {module}; print(os.environ['GDHELPERS_PROGRESS'])"
    environ = {name: value for name, value in os.environ.items() if name != "GDHELPERS_PROGRESS"}
    command = [sys.executable, "-c", code]
    folder = Path(__file__).parent
    said = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True)
    assert said.stdout == "off\n"


# How a check is named


def check(*args, **kwargs):
    return as_called("check", sys._getframe(1))


def test_check_is_named_after_what_it_was_given():
    limit = α = 1
    assert check(limit, 2, hints={}) == "check(limit)"
    assert (check(1), check(α, "α"), check(limit)) == ("check(1)", "check(α)", "check(limit)")
    named = check(
        2 / limit,
        check,
    )
    assert named == "check(2 / limit)"
    assert check(lambda: check(3)) == "check(lambda: check(3))"
    assert len(check([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22])) < 80


def test_check_whose_source_is_not_known_goes_by_its_own_name():
    assert eval("check(1)", {"check": check}) == "check"
    assert check(*[1]) == "check(*[1])"
    assert check() == "check"


# The notebooks

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


def calls(path, *names):
    """The calls of these functions in a stored notebook."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and re.fullmatch("|".join(names), ast.unparse(node.func).split(".")[-1]):
                    yield node


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_two_predictions_or_checks_of_a_lesson_are_taken_for_one(path):
    questions = [ast.unparse(call.args[0]) for call in calls(path, "predict")]
    exercises = [ast.unparse(call.func) + ast.unparse(call.args[0]) for call in calls(path, r"check_(?!inst)\w+")]
    assert len(set(questions)) == len(questions)
    assert len(set(exercises)) == len(exercises)


@pytest.fixture
def first_lesson(learner, tmp_path):
    """A copy of the first notebook, run by a learner in JupyterLab."""
    for name in ("notebooks", "gdhelpers"):
        shutil.copytree(NOTEBOOKS.parent / name, tmp_path / name, ignore=shutil.ignore_patterns("progress*.json"))
    path = tmp_path / "notebooks" / PATHS[0].name
    learner.setenv("JPY_SESSION_NAME", str(path))
    return path


def texts(notebook):
    return [cell.get("outputs") for cell in notebook.cells]


def test_stored_notebook_is_the_same_with_and_without_progress(first_lesson):
    (before,) = executed(first_lesson)
    file = first_lesson.parent / "progress.json"
    assert not file.exists(), "a lesson that is only run keeps nothing"
    (prediction,) = calls(first_lesson, "predict")
    question, options = map(ast.literal_eval, prediction.args)
    kept = Progress(file.parent, first_lesson.stem)
    kept.keep("predictions", question, answer=list(options)[1], right=False)
    kept.keep("checks", "check_number(height)", right=True)
    written = file.read_bytes()
    (after,) = executed(first_lesson)
    assert texts(after) == texts(before)
    assert "Not attempted yet" in str(texts(after)), "what is shown is what is there now"
    assert file.read_bytes() == written


def test_passed_check_and_locked_prediction_survive_the_kernel(first_lesson):
    notebook = nbformat.read(first_lesson, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("height = ...", "height = 9")
        if cell.source.endswith('answer="To the left",\n)'):
            cell.source = cell.source.replace("\npredict(", "\nguess = predict(")
            cell.source += "\nprint(guess.locked)\nguess.choice.index = 2\nguess.lock()"
    nbformat.write(notebook, first_lesson)
    first, second = (str(texts(executed(first_lesson)[0])) for _ in range(2))
    assert "None\\n" in first
    assert "It is flat there\\n" in second
    kept = Progress(first_lesson.parent, first_lesson.stem)
    assert kept.recall("checks", "check_number(height)")["right"] is True
    assert kept.trouble() == ""


def test_broken_file_does_not_stop_the_lesson(first_lesson):
    first_lesson.with_name("progress.json").write_text("broken")
    (notebook,) = executed(first_lesson)
    assert [out.output_type for cell in notebook.cells for out in cell.get("outputs", [])].count("error") == 0
    assert first_lesson.with_name("progress.broken.json").read_text() == "broken"
