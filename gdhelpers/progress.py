"""What a learner has done so far, in one small file beside the notebooks. It is sent nowhere.

The file is JSON that a person can read: {"version": 1, "lessons": {lesson: {kind: {what: entry}}}}.

lesson  the notebook's name, "04_learning_rate": a copy of a notebook under another name starts afresh
kind    "predictions", "checks" or "quiz"
what    the question, word for word, or the check as it was called, "check_number(limit)": a question that is worded
        anew is asked anew, and a cell that is moved or changed around its check is still the same exercise
entry   {"right": true or false, "when": "2026-01-31"}, for questions also {"answer": the first answer}, for the quiz
        also {"latest": the last answer} once that is another one

Several notebooks may be open at once: each change reads the file, adds to it and puts a whole new file in its place.
No failure here is raised. Each is put into one sentence, which `trouble()` hands out once, and the lesson goes on; what
could not be saved is held until the kernel stops.
"""

import ast
import csv
import errno
import inspect
import json
import linecache
import os
import re
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

FILE, VERSION = "progress.json", 1
KINDS = ("predictions", "checks", "quiz")
COLUMNS = ("student", "lesson", "kind", "what", "answer", "right", "when")  # of the table for a teacher
GOES_ON = "The lesson works all the same; what you do is forgotten when the kernel stops."
PATIENCE, STALE = 2, 5  # seconds to wait for another notebook's change; age at which its lock was left by a crash


class _Trouble(Exception):  # noqa: N818 (a message, not an error)
    """Carries the sentence that says why the file cannot be used."""


class Progress:
    """What is done in one lesson, and what the file in `folder` knows of the others. folder None: nothing is kept."""

    def __init__(self, folder, lesson=""):
        self.path = None if folder is None else Path(folder) / FILE
        self.lesson = lesson
        self._thread, self._unsaved, self._told, self._untold = threading.Lock(), {}, set(), []

    def recall(self, kind, what):
        """The entry of this lesson that was kept under this kind and name, or None."""
        return self.lessons().get(self.lesson, {}).get(kind, {}).get(what)

    def keep(self, kind, what, **entry):
        """Keep this entry, with today's date, in place of an older one of the same name."""

        def add(data):
            _merge(data["lessons"], self._unsaved)
            self._write(data)
            self._unsaved = {}

        entry = {**entry, "when": date.today().isoformat()}
        self._with_file(add, unsaved={self.lesson: {kind: {what: entry}}})

    def forget(self):
        """Drop all of this lesson; how many entries that were, or None when it could not be done."""

        def drop(data):
            _merge(data["lessons"], self._unsaved)
            entries = data["lessons"].pop(self.lesson, {})
            if entries:
                self._write(data)
            self._unsaved = {}
            return sum(map(len, entries.values()))

        return self._with_file(drop)

    def lessons(self):
        """{lesson: {kind: {what: entry}}} of all that is known, saved or not."""
        known = self._with_file(lambda data: data["lessons"]) or {}
        with self._thread:
            _merge(known, self._unsaved)
        return known

    def export(self, student):
        """Write all that is known as a CSV table beside the notebooks; its path, or None when that failed."""
        rows = [
            (student, lesson, kind, what, entry.get("answer", ""), "yes" if entry["right"] else "no", entry["when"])
            for lesson, kinds in sorted(self.lessons().items())
            for kind, entries in kinds.items()
            for what, entry in entries.items()
        ]
        if self.path is None:
            return None
        name = re.sub(r"\W+", "_", student).strip("_")[:60]
        path = self.path.with_name(f"progress_{name or 'student'}.csv")
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:  # -sig: then Excel reads an α as an α
                csv.writer(file).writerows([COLUMNS, *([_harmless(cell) for cell in row] for row in rows)])
        except (OSError, ValueError) as error:
            self._tell(f"The table is not written: {path.name} beside the notebooks cannot be saved ({_why(error)}).")
            return None
        return path

    def trouble(self):
        """What went wrong since this was last asked, each sentence once while the kernel lives; "" if nothing did."""
        with self._thread:
            untold, self._untold = self._untold, []
        return " ".join(untold)

    def _tell(self, sentence):
        if sentence not in self._told:
            self._told.add(sentence)
            self._untold.append(sentence)

    def _with_file(self, work, unsaved=None):
        """What work(content of the file) returns, while nobody else changes it; None when the file cannot be used."""
        if self.path is None:
            return None
        with self._thread, _alone(self.path.with_name(f".{FILE}.lock")):
            _merge(self._unsaved, unsaved or {})
            try:
                return work(self._read())
            except _Trouble as trouble:
                self._tell(str(trouble))
                return None

    def _read(self):
        """The file's content. A file that is not understood is put aside first, and what is sound in it goes on."""
        try:
            data, sound = _understood(self.path.read_bytes())
        except FileNotFoundError:
            return _nothing()
        except OSError as error:
            raise _Trouble(_not_saved("read", error)) from None
        if sound:
            return data
        aside = self._put_aside()
        if data is None:
            self._tell(f"{FILE} could not be understood. It is kept as {aside}, and a new one is begun.")
            return _nothing()
        self._tell(
            f"Entries of {FILE} that could not be understood are left out. The file as it was is kept as {aside}."
        )
        self._write(data)
        return data

    def _put_aside(self):
        """Rename the file, over no other; the new name."""
        names = (self.path.with_suffix(f".broken{number}.json") for number in ("", *range(2, 1000)))
        try:
            aside = next(name for name in names if not name.exists())
            os.replace(self.path, aside)
        except (OSError, StopIteration) as error:
            said = f"{FILE} cannot be understood and cannot be put aside ({_why(error)}), so it is left as it is"
            raise _Trouble(f"Your progress is not saved: {said}. {GOES_ON}") from None
        return aside.name

    def _write(self, data):
        """Put a whole new file in the place of the old: whoever reads sees the one or the other, never half."""
        text = json.dumps({**data, "lessons": dict(sorted(data["lessons"].items()))}, ensure_ascii=False, indent=1)
        new = None
        try:
            if self.path.exists() and not (os.access(self.path, os.W_OK) and self.path.stat().st_mode & 0o222):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))  # replacing would not mind that
            descriptor, new = tempfile.mkstemp(".tmp", f".{FILE}.", self.path.parent)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text + "\n")
            os.replace(new, self.path)
        except (OSError, ValueError) as error:
            with suppress(OSError, TypeError):
                os.unlink(new)
            raise _Trouble(_not_saved("written", error)) from None


def path_of_this_notebook():
    """The notebook that runs here, as its front end names it; None where none does."""
    named = os.environ.get("JPY_SESSION_NAME") or vars(sys.modules["__main__"]).get("__vsc_ipynb_file__") or ""
    path = Path(str(named))
    return path if path.suffix == ".ipynb" else None


def of_this_notebook():
    """The progress of the notebook that runs here, in JupyterLab, Jupyter Notebook or VS Code. Elsewhere none is kept.

    Tests, nbval, nbconvert and the refreshing of the notebooks run them without a learner, and there no front end names
    a notebook: they neither see a file nor write one. GDHELPERS_PROGRESS=off in the environment switches it off.
    """
    notebook = path_of_this_notebook()
    if notebook is None or os.environ.get("GDHELPERS_PROGRESS") == "off":
        return Progress(None)
    folder = notebook.parent if notebook.parent.is_dir() else Path()
    return Progress(os.path.abspath(folder), notebook.stem)


def as_called(name, frame):
    """How the code in this frame calls the function of this name, with its first argument as typed: "check(limit)"."""
    place = inspect.getframeinfo(frame, context=0).positions._asdict()
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    with suppress(SyntaxError, ValueError, RecursionError):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and node.args and all(getattr(node, key) == place[key] for key in place):
                return f"{name}({ast.unparse(node.args[0]):.60})"
    return name


def _nothing():
    return {"version": VERSION, "lessons": {}}


def _merge(lessons, more):
    """Add the entries of `more` to `lessons`, over those of the same name."""
    for lesson, kinds in more.items():
        for kind, entries in kinds.items():
            lessons.setdefault(lesson, {}).setdefault(kind, {}).update(entries)


def _understood(content):
    """What a file with these bytes says, as far as it is sound, or None; and whether all of it is."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None, False
    if not isinstance(data, dict) or type(data.get("version")) is not int or not isinstance(data.get("lessons"), dict):
        return None, False
    if data["version"] > VERSION:
        newer = f"{FILE} is of a newer version of the course (version {data['version']}), so it is left as it is"
        raise _Trouble(f"Your progress is not saved: {newer}. {GOES_ON}")
    sound = {
        lesson: {
            kind: {what: entry for what, entry in entries.items() if _is_entry(kind, entry)}
            for kind, entries in kinds.items()
            if kind in KINDS and isinstance(entries, dict)
        }
        for lesson, kinds in data["lessons"].items()
        if isinstance(kinds, dict)
    }
    return {**data, "lessons": sound}, sound == data["lessons"]


def _is_entry(kind, entry):
    if not isinstance(entry, dict) or type(entry.get("right")) is not bool or not isinstance(entry.get("when"), str):
        return False
    return kind == "checks" or (isinstance(entry.get("answer"), str) and isinstance(entry.get("latest", ""), str))


def _why(error):
    return getattr(error, "strerror", None) or type(error).__name__


def _not_saved(what, error):
    return f"Your progress is not saved: {FILE} beside the notebooks cannot be {what} ({_why(error)}). {GOES_ON}"


def _harmless(cell):
    """The text of a cell of a table, such that no spreadsheet takes it for a formula."""
    return f"'{cell}" if re.match(r"[=+\-@\t\r](?![\d.,]+$)", cell) else cell


@contextmanager
def _alone(lock):
    """Wait until no other notebook changes the file. The lock is a file, which works on every system.

    Where none can be made, or one stays, go on without: a lesson never waits for it longer than PATIENCE.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with suppress(OSError):
                if time.time() - lock.stat().st_mtime > STALE:
                    lock.unlink()
            time.sleep(0.01)
        except OSError:
            break
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()
