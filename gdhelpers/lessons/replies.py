"""What a lesson says back to the learner, what it keeps of their work, and the boxes that this is shown in."""

import html
from dataclasses import dataclass
from importlib.metadata import version

from gdhelpers import progress
from gdhelpers.arguments import short

GREEN, RED, GREY = "#008560", "#C04000", "#6B6B6B"  # the course's colours for right, wrong and not yet
NOT_KEPT = "Nothing is kept here: progress is kept when a lesson is opened in JupyterLab, Jupyter Notebook or VS Code."

kept = progress.of_this_notebook()  # what the learner did, in this run and in earlier ones

NEEDED = {"numpy": ((2, 2), (3,)), "matplotlib": ((3, 10), (4,)), "ipywidgets": ((8, 1, 7), (9,))}  # from, below


def box(color, text):
    style = f"border-left:4px solid {color};padding:4px 12px;margin:4px 0;line-height:1.5"
    return f'<div role="status" style="{style}">{html.escape(text)}</div>'


def trouble_box():
    """A box that says why progress cannot be kept, once; nothing when all is well."""
    said = kept.trouble()
    return box(GREY, said) if said else ""


def check_installation(needed=NEEDED):
    """Say that everything works, or what to do."""
    for package, (least, below) in needed.items():
        found = tuple(int(part) for part in version(package).split(".")[:3] if part.isdigit())
        if not least <= found < below:
            wanted = f"{'.'.join(map(str, least))} or newer, below {below[0]}"
            remedy = (
                "In a terminal, in the folder of the course: pip install -r requirements.txt. Then Kernel > Restart."
            )
            return Verdict(False, f"{package} {wanted}, is needed; this is {version(package)}. {remedy}")
    return Verdict(True, "All packages are in place. Go on to the slider below.")


@dataclass(frozen=True)
class Verdict:
    """What a check found. passed: True, False, or None for not attempted yet."""

    passed: bool | None
    message: str
    trouble: str = ""  # why the progress could not be kept

    def __repr__(self):
        return f"{self._said()}\n{self.trouble}".strip()

    def _said(self):
        return f"{ {True: 'Right.', False: 'Not yet.', None: 'Not attempted yet.'}[self.passed] } {self.message}"

    def _repr_html_(self):
        verdict = box({True: GREEN, False: RED, None: GREY}[self.passed], self._said())
        return verdict + (box(GREY, self.trouble) if self.trouble else "")


@dataclass(frozen=True)
class Notice:
    """A sentence below a cell."""

    text: str

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return box(GREY, self.text)


@dataclass(frozen=True)
class Report:
    """A table of what is done; lessons as `Progress.lessons` gives them."""

    lessons: dict
    trouble: str = ""

    def rows(self):
        """(lesson, predictions locked, of them right, checks passed, quiz answered, of them right at the first try)."""
        for lesson, kinds in sorted(self.lessons.items()):
            right = {kind: [entry["right"] for entry in kinds.get(kind, {}).values()] for kind in progress.KINDS}
            guesses, answers = right["predictions"], right["quiz"]
            yield lesson, len(guesses), sum(guesses), sum(right["checks"]), len(answers), sum(answers)

    def _end(self):
        done = "" if self.lessons else "Nothing is done yet: lock a prediction or pass a check."
        return self.trouble or done or f"Kept in {progress.FILE} beside the notebooks, and sent nowhere."

    def __repr__(self):
        lines = [
            f"{lesson}: predictions locked {locked} (right {right}), checks passed {passed}"
            + (f", quiz questions answered {answered} (right {first})" if answered else "")
            for lesson, locked, right, passed, answered, first in self.rows()
        ]
        return "\n".join([*lines, self._end()])

    def _repr_html_(self):
        names = ("Lesson", "Predictions locked", "right", "Checks passed", "Quiz answered", "right")
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        rows = [
            f'<tr><th scope="row">{html.escape(lesson)}</th>' + "".join(f"<td>{n}</td>" for n in numbers) + "</tr>"
            for lesson, *numbers in self.rows()
        ]
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
        return table + box(GREY, self._end())


def progress_report():
    """What is done so far, lesson by lesson: a table."""
    return Report(kept.lessons(), kept.trouble() or ("" if kept.path else NOT_KEPT))


def export_progress(student):
    """Write a table of all that is done so far, with the student's name, for a teacher. It is sent nowhere."""
    if not isinstance(student, str) or not student.strip() or not student.isprintable():
        raise ValueError(f"student must be a name, as text on one line; got {short(student)}")
    path = kept.export(student.strip())
    done = "" if path is None else f"Written: {path.name}, beside the notebooks. Give that file to your teacher."
    return Notice(" ".join(filter(None, [done, kept.trouble() or ("" if kept.path else NOT_KEPT)])))


def forget():
    """Start this lesson over: forget its predictions, checks and quiz. Delete progress.json to forget every lesson."""
    n_entries = kept.forget()
    done = f"Forgotten in this lesson: {n_entries}. Run its cells again to start over." if n_entries is not None else ""
    return Notice(" ".join(filter(None, [done, kept.trouble() or ("" if kept.path else NOT_KEPT)])))
