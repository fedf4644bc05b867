"""Predictions that are locked before the answer is seen, and exercise checks that say what is wrong."""

import html
import itertools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import ipywidgets as widgets
import numpy as np

from gdhelpers import progress
from gdhelpers.live import aloud

GREEN, RED, GREY = "#008560", "#C04000", "#6B6B6B"  # the course's colours for right, wrong and not yet
NOT_KEPT = "Nothing is kept here: progress is kept when a lesson is opened in JupyterLab, Jupyter Notebook or VS Code."

kept = progress.of_this_notebook()  # what the learner did, in this run and in earlier ones

NEEDED = {"numpy": ((2, 2), (3,)), "matplotlib": ((3, 10), (4,)), "ipywidgets": ((8, 1, 7), (9,))}  # from, below


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


def _box(color, text):
    style = f"border-left:4px solid {color};padding:4px 12px;margin:4px 0;line-height:1.5"
    return f'<div role="status" style="{style}">{html.escape(text)}</div>'


def _trouble():
    """A box that says why progress cannot be kept, once; nothing when all is well."""
    said = kept.trouble()
    return _box(GREY, said) if said else ""


class Question(widgets.VBox):
    """A question with its options, a button and a reply. `Prediction` and `QuizQuestion` say when it is settled."""

    kind, action, icon = "", "", ""  # how its answer is kept, and what stands on the button

    def __init__(self, question, options, answer, lead):
        said = "options must be a dictionary of at least two {option: reply}"
        if not isinstance(options, Mapping) or len(options) < 2:
            raise ValueError(f"{said}; got {options!r:.80}")
        for option, reply in options.items():
            if not isinstance(option, str) or not isinstance(reply, str) or not option.strip() or not reply.strip():
                raise ValueError(f"{said}, both of them text; got {option!r:.40}: {reply!r:.40}")
        if answer not in options:
            raise ValueError(f"answer must be one of the options {list(options)}; got {answer!r}")
        self.question, self.options, self.answer = question, dict(options), answer
        self.first, self.locked = None, None  # the first answer, and the one that can no longer be changed
        self.choice = widgets.RadioButtons(options=list(options), index=None, layout={"width": "auto"})
        self.button = widgets.Button(description=self.action, icon=self.icon, layout={"width": "200px"})
        self.reply = widgets.HTML()
        self.button.on_click(lambda button: self.lock())
        self.choice.observe(self._hold, "value")
        heading = widgets.HTML(f"<b>{lead}</b> {html.escape(question)}")
        super().__init__([heading, self.choice, self.button, self.reply, aloud()], layout={"margin": "4px 0 12px 0"})
        self._restore()

    def lock(self):
        """Answer with what is chosen, and keep that."""
        if self.locked is not None:
            return
        if self.choice.value is None:
            self.reply.value = _box(GREY, "Choose one first. A wrong guess teaches more than none.")
            return
        self._show(self.choice.value)
        latest = {} if self.choice.value == self.first else {"latest": self.choice.value}
        kept.keep(self.kind, self.question, answer=self.first, right=self.first == self.answer, **latest)
        self.reply.value += _trouble()

    def _restore(self):
        """Show the answer of an earlier run, if one was kept that can still be given."""
        entry = kept.recall(self.kind, self.question) or {}
        answers = [entry[key] for key in ("answer", "latest") if key in entry]
        if all(answer in self.options for answer in answers):
            for answer in answers:
                self.choice.value = answer
                if self.locked is None:
                    self._show(answer)
        self.reply.value += _trouble()

    def _show(self, choice):
        """Reply to this choice, and hold it if it settles the question."""
        self.first = choice if self.first is None else self.first
        right = choice == self.answer
        if self._settles(right):
            self.locked = choice
            self.choice.disabled = self.button.disabled = True
        self.reply.value = _box(GREEN if right else RED, f"{self._verdict(right)} {self.options[choice]}")

    def _hold(self, change):
        if self.locked is not None and change["new"] != self.locked:
            self.choice.value = self.locked

    def _words(self, lead):
        return "\n".join([f"{lead} {self.question}", *(f"  ( ) {option}" for option in self.options)])


class Prediction(Question):
    """A question to answer before the cell below is run. See `predict`."""

    kind, action, icon = "predictions", "Lock my prediction", "lock"

    def __init__(self, question, options, answer):
        super().__init__(question, options, answer, "Predict.")

    def _settles(self, right):
        return True

    def _verdict(self, right):
        return "Yes." if right else f"No: {self.answer}."

    def _repr_mimebundle_(self, **kwargs):
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": self._words("Predict.")}


def predict(question, options, answer):
    """Ask for a prediction: choose, lock, then see. What is locked cannot be changed.

    It is still locked when the cell is run again or the kernel was restarted; `forget()` starts the lesson over.

    options: {option: reply}, the reply tells why this choice is right or what it overlooks. answer: the right option.
    """
    return Prediction(question, options, answer)


class QuizQuestion(Question):
    """One question of a quiz: it may be tried until the answer is right, and the first answer counts."""

    kind, action, icon = "quiz", "Check my answer", "check"

    def _settles(self, right):
        return right

    def _verdict(self, right):
        return "Yes." if right else "No, try another."


class Quiz(widgets.VBox):
    """Several questions with a score. See `quiz`."""

    def __init__(self, questions):
        if not isinstance(questions, list | tuple) or not questions:
            raise ValueError(
                f"questions must be a list of (question, {{option: reply}}, answer); got {questions!r:.80}"
            )
        self.questions = []
        for number, parts in enumerate(questions, 1):
            if not isinstance(parts, list | tuple) or len(parts) != 3 or not isinstance(parts[0], str):
                raise ValueError(f"question {number} must be (question, {{option: reply}}, answer); got {parts!r:.80}")
            if parts[0] in [earlier.question for earlier in self.questions]:
                raise ValueError(f"question {number} was asked before: {parts[0]!r:.80}")
            try:
                question = QuizQuestion(*parts, f"Question {number} of {len(questions)}.")
            except ValueError as error:
                raise ValueError(f"question {number}: {error}") from None
            question.reply.observe(self._count, "value")
            self.questions.append(question)
        self.score = widgets.HTML()
        super().__init__([*self.questions, self.score])
        self.add_class("gd-quiz")
        self._count()

    def _count(self, change=None):
        """Say how far the learner is, in one or two sentences."""
        n_answered = sum(question.first is not None for question in self.questions)
        n_right = sum(question.first == question.answer for question in self.questions)
        still = [str(number) for number, question in enumerate(self.questions, 1) if question.locked is None]
        if n_answered == 0:
            text = "The first answer to each question counts. After that, try until you know why."
        elif n_answered < len(self.questions):
            text = f"{n_answered} of {len(self.questions)} answered, {n_right} right at the first try."
        else:
            text = f"All answered: {n_right} of {len(self.questions)} right at the first try."
            text += f" Not solved yet: {', '.join(still)}." if still else " Every question is solved."
        self.score.value = _box(GREY if still else GREEN, text)

    def _repr_mimebundle_(self, **kwargs):
        lines = [question._words(f"{number}.") for number, question in enumerate(self.questions, 1)]
        text = "\n".join([f"A quiz of {len(lines)}.", *lines])
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": text}


def quiz(questions):
    """Ask several questions. Each answer is explained at once and may be tried again; the first one counts.

    questions: [(question, {option: reply}, answer), ...], each like the arguments of `predict`. The reply to a wrong
    option says why it is wrong. Answers are kept as predictions are, and `forget()` starts over.
    """
    return Quiz(questions)


def progress_report():
    """What is done so far, lesson by lesson: a table."""
    return Report(kept.lessons(), kept.trouble() or ("" if kept.path else NOT_KEPT))


def export_progress(student):
    """Write a table of all that is done so far, with the student's name, for a teacher. It is sent nowhere."""
    if not isinstance(student, str) or not student.strip() or not student.isprintable():
        raise ValueError(f"student must be a name, as text on one line; got {student!r:.80}")
    path = kept.export(student.strip())
    done = "" if path is None else f"Written: {path.name}, beside the notebooks. Give that file to your teacher."
    return Notice(" ".join(filter(None, [done, kept.trouble() or ("" if kept.path else NOT_KEPT)])))


def forget():
    """Start this lesson over: forget its predictions, checks and quiz. Delete progress.json to forget every lesson."""
    n_entries = kept.forget()
    done = f"Forgotten in this lesson: {n_entries}. Run its cells again to start over." if n_entries is not None else ""
    return Notice(" ".join(filter(None, [done, kept.trouble() or ("" if kept.path else NOT_KEPT)])))


@dataclass(frozen=True)
class Notice:
    """A sentence below a cell."""

    text: str

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return _box(GREY, self.text)


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
        return table + _box(GREY, self._end())


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
        verdict = _box({True: GREEN, False: RED, None: GREY}[self.passed], self._said())
        return verdict + (_box(GREY, self.trouble) if self.trouble else "")


class _Stop(Exception):  # noqa: N818 (a message, not an error)
    """Carries the verdict out of the check that cannot go on."""


def _check(examine):
    """Turn a function that raises _Stop(passed, message) at the first fault into one that returns a Verdict.

    That it was passed once is kept; the verdict is always on what is there now.
    """

    def check(*args, **kwargs):
        try:
            message = examine(*args, **kwargs)
        except _Stop as stop:
            return Verdict(*stop.args)
        what = progress.as_called(examine.__name__, sys._getframe(1))
        if not kept.recall("checks", what):
            kept.keep("checks", what, right=True)
        return Verdict(True, message, kept.trouble())

    check.__name__, check.__doc__ = examine.__name__, examine.__doc__
    return check


def _short(value):
    """How a value looks, on one short line, as the learner typed it."""
    return f"{' '.join(repr(value).split()):.60}".replace("Ellipsis", "...")


def _numbers(value, shape, what):
    """The learner's value as an array of this shape (None in it allows any length)."""
    _attempted(value, what)
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise ValueError
    except (TypeError, ValueError):
        raise _Stop(False, f"Wanted: {what}. Got {_short(value)}.") from None
    if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        raise _Stop(False, f"Wanted: {what}. Got something of shape {array.shape}.")
    if np.isnan(array).any():
        raise _Stop(False, f"Wanted: {what}. Yours holds a NaN (not a number).")
    return array


def _attempted(value, what):
    """Stop, without a verdict, at a stub."""
    if value is None or value is ...:
        raise _Stop(None, f"Put your own line where the ... is: {what}.")


def _attempted_function(function, what):
    """Stop at a stub, or at what is no function."""
    _attempted(function, what)
    if not callable(function):
        raise _Stop(False, f"Hand over the function itself, without brackets after its name; got {_short(function)}.")


def _returned(function, arguments, shape, what):
    _attempted_function(function, what)
    try:
        with np.errstate(all="ignore"):
            value = function(*arguments)
    except Exception as error:
        raise _Stop(False, f"Your function stopped with {type(error).__name__}: {error}") from None
    return _numbers(value, shape, what)


def _same(mine, right, rtol=1e-9):
    """Equal but for rounding. The default tells b = 100.000015 from 100.00000675."""
    return np.shape(mine) == np.shape(right) and bool(np.allclose(mine, right, rtol=rtol, atol=1e-12))


def _diagnose(mine, right, suspects, otherwise, rtol=1e-9):
    """Stop with the sentence of the first suspect {sentence: wrong value} that the learner's value equals."""
    if _same(mine, right, rtol):
        return
    for sentence, wrong in suspects.items():
        if _same(mine, wrong, rtol):
            raise _Stop(False, sentence)
    raise _Stop(False, otherwise)


def _errors(w, b, size, price):
    return w * size + b - price


def _gradient(w, b, size, price):
    errors = _errors(w, b, size, price)
    return np.array([2 * (errors * size).mean(), 2 * errors.mean()])


PLACES = ((0.05, 100.0), (0.2, 30.0), (-0.1, 7.0))  # where functions of (w, b) are tried


@_check
def check_number(value, right, hints=None, praise="That is the number."):
    """One number. hints: {wrong number: what it says about the learner's way}."""
    mine = _numbers(value, (), "one number")
    suspects = {"The size is right, the sign is not.": -right}
    suspects |= {sentence: wrong for wrong, sentence in (hints or {}).items()}
    otherwise = f"{mine:g} is not it. Go back to the formula and follow it once by hand."
    _diagnose(mine, right, suspects, otherwise, rtol=1e-6)
    return praise


@_check
def check_loss(loss, size, price):
    """loss(w, b) should be the mean squared error of the line over these houses."""
    for w, b in PLACES:
        errors, what = _errors(w, b, size, price), "loss(w, b) returns one number"
        mine, right = _returned(loss, (w, b), (), what), (errors**2).mean()
        suspects = {
            "You added the squares up; the mean divides that by the number of houses.": (errors**2).sum(),
            "You averaged the errors without squaring them, so too high and too low cancel.": errors.mean(),
            "You averaged the distances |error|; square them instead.": abs(errors).mean(),
            "You took the square root at the end (that is the RMSE); leave it out here.": np.sqrt(right),
            "You halved it. Some books do; here the loss is the plain mean of the squares.": right / 2,
            "You squared the mean; take the mean of the squares: square first.": errors.mean() ** 2,
            "The size is right, the sign is not: squares are never negative.": -right,
        }
        _diagnose(mine, right, suspects, f"At w = {w}, b = {b} it gives {mine:g} and the loss is {right:g}.")
    return "Your loss is the mean squared error, at every place tried."


@_check
def check_gradient(gradient, size, price):
    """gradient(w, b) should return the pair (slope in w, slope in b) of the mean squared error."""
    for w, b in PLACES:
        what = "gradient(w, b) returns a pair, the slope in w and the slope in b"
        mine, right = _returned(gradient, (w, b), (2,), what), _gradient(w, b, size, price)
        suspects = {
            "The sizes are right, the signs are not: is it predicted - actual?": -right,
            "It is half of what it should be: the 2 from differentiating the square is missing.": right / 2,
            "You added the houses up; the mean divides by their number.": right * len(size),
            "You added up and left out the 2: divide by the number of houses, times 2.": right / 2 * len(size),
            "The two are swapped: first the slope in w, then the slope in b.": right[::-1],
            "Slope in w: each error must be multiplied by its own house's size before the mean.": [right[1], right[1]],
            "Slope in b: its errors are not multiplied by the size.": [right[0], right[0]],
        }
        otherwise = "it differs from the slope measured by differences; compare the two one by one."
        wrong = [name for name, ok in zip("wb", np.isclose(mine, right, rtol=1e-6), strict=True) if not ok]
        if len(wrong) == 1:
            otherwise = f"only the slope in {wrong[0]} is wrong, the other one is right."
        _diagnose(mine, right, suspects, f"At w = {w}, b = {b}: {otherwise}")
    return "Both slopes are right, at every place tried."


def _one_step(w, b, learning_rate, size, price):
    """Where one step leads: {what there is to say about this way of stepping: (w, b)}; nothing about the right one."""

    def slopes(w, b):
        return learning_rate * _gradient(w, b, size, price)

    start, change = np.array([w, b]), slopes(w, b)
    new_w, new_b = right = start - change
    return {
        "": right,
        "You walk uphill: subtract learning_rate times the gradient.": start + change,
        "b was updated with the slope at the new w. Compute both slopes first, then move both.": np.array(
            [new_w, b - slopes(new_w, b)[1]]
        ),
        "w was updated with the slope at the new b. Compute both slopes first, then move both.": np.array(
            [w - slopes(w, new_b)[0], new_b]
        ),
        "Your steps are half as long as they should be: is the 2 missing in the gradient?": start - change / 2,
    }


@_check
def check_step(step, size, price):
    """step(w, b, learning_rate) should return the pair (w, b) after one step of gradient descent."""
    for w, b in PLACES:
        rate, what = 1e-7, "step(w, b, learning_rate) returns the new pair w, b"
        mine, slope = _returned(step, (w, b, rate), (2,), what), _gradient(w, b, size, price)
        suspects = _one_step(w, b, rate, size, price)
        right = suspects.pop("")
        suspects |= {
            "The learning rate is missing: multiply the gradient by it.": [w, b] - slope,
            "That is the change alone; add it to the old w and b.": -rate * slope,
            "Nothing moved: return the new values.": [w, b],
            "The two slopes are swapped: the first one belongs to w.": [w, b] - rate * slope[::-1],
            "The two are swapped: return w first, then b.": right[::-1],
        }
        _diagnose(mine, right, suspects, f"From w = {w}, b = {b} it should lead to {right[0]:.10g}, {right[1]:.10g}.")
    return "One step, both parameters at once, downhill."


@_check
def check_walk(history, size, price, start, learning_rate, n_steps):
    """history should list the pairs (w, b) of the walk: the start and the place after each of the n_steps steps."""
    what = f"a list of the pairs (w, b), the start and then {n_steps} steps"
    if history is not None and history is not ... and np.size(np.asarray(history, dtype=object)) == 0:
        raise _Stop(None, f"The list is empty: fill it with {what[10:]}.")
    mine = _numbers(history, (None, 2), what)
    walks = {said: [np.array(start, dtype=float)] for said in _one_step(*start, learning_rate, size, price)}
    with np.errstate(all="ignore"):
        for said, walk in walks.items():
            for _ in range(n_steps):
                walk.append(_one_step(*walk[-1], learning_rate, size, price)[said])
    right = np.array(walks.pop(""))
    moved = np.ptp(mine[1:], axis=0).max() > 0 if len(mine) > 2 else True
    if not moved and _same(mine[-1], right[0]):
        raise _Stop(False, "Nothing moved: every entry is the start.")
    if not moved:
        said = "Every entry equals the last one: the same array was changed in place. Append a new one each time."
        raise _Stop(False, said)
    if _same(mine, right[1:]):
        raise _Stop(False, "All steps are right, but the start itself is missing from the list.")
    if not np.isfinite(mine).all() or np.abs(mine).max() > 1e6:
        raise _Stop(False, "It diverges: the numbers explode. The learning rate is too large or the sign is wrong.")
    if len(mine) != len(right):
        raise _Stop(False, f"There should be {n_steps + 1} pairs, the start and {n_steps} steps; got {len(mine)}.")
    place = int(np.argmin(np.isclose(mine, right, rtol=1e-9).all(axis=1)))
    suspects = {said: np.array(walk) for said, walk in walks.items()}
    _diagnose(mine, right, suspects, f"The first wrong pair is number {place}, counting the start as 0.")
    return f"All {n_steps} steps are right: your loop is gradient descent."


@_check
def check_learning_rate(learning_rate, problem, start, n_steps, target):
    """A learning rate with which plain gradient descent brings the loss below `target` within `n_steps` steps."""
    mine = float(_numbers(learning_rate, (), "one number, the learning rate"))
    limit = problem.learning_rate_limit()
    if mine <= 0:
        raise _Stop(False, f"A learning rate is positive; with {mine:g} you would walk uphill or stand still.")
    if mine >= limit:
        raise _Stop(False, f"It diverges: {mine:g} is not below the limit 2/λmax = {limit:.4g}.")
    needed = problem.steps_to(target, start, mine)
    if needed is None or needed > n_steps:
        much = "more than anyone can wait" if needed is None else f"{needed:,}"
        raise _Stop(False, f"It gets there, but it needs {much} steps and you have {n_steps:,}.")
    return f"{needed:,} of {n_steps:,} steps."


@_check
def check_batch_step(step, size, price):
    """step(w, b, rows, learning_rate) should return the pair (w, b) after one step on these rows of the houses."""
    batches = ([4, 1, 2], [3], [2, 0])
    for (w, b), rows in zip(PLACES, batches, strict=True):
        rate, what = 1e-7, "step(w, b, rows, learning_rate) returns the new pair w, b"
        mine = _returned(step, (w, b, np.array(rows), rate), (2,), what)
        suspects = _one_step(w, b, rate, size[rows], price[rows])
        right, start = suspects.pop(""), np.array([w, b])
        change, n, n_all = right - start, len(rows), len(size)
        suspects |= {
            "You divided by the number of all houses. Divide by the batch's own size: take the mean over `rows`.": start
            + change * n / n_all,
            "You added the rows up. Divide by the batch's own size: take the mean over `rows`.": start + change * n,
            "You used all houses: take only size[rows] and price[rows].": _one_step(w, b, rate, size, price)[""],
            "You always use the first houses: take those whose numbers are in `rows`.": _one_step(
                w, b, rate, size[:n], price[:n]
            )[""],
            "The learning rate is missing: multiply the slopes by it.": start + change / rate,
            "That is the change alone; add it to the old w and b.": change,
            "Nothing moved: return the new values.": start,
            "The two are swapped: return w first, then b.": right[::-1],
        }
        otherwise = f"On the rows {rows}, w = {w}, b = {b} should become {right[0]:.10g}, {right[1]:.10g}."
        _diagnose(mine, right, suspects, otherwise)
    return "One step that looks at its own rows only, whatever their number."


@_check
def check_epoch(epoch):
    """epoch(n_rows, batch_size, rng) should return the batches of one epoch: arrays that hold every row number once."""
    for n_rows, batch_size in ((10, 4), (12, 3), (7, 1)):
        rng, seen = np.random.default_rng(n_rows), []
        for _ in range(4):
            batches = _batches_of(epoch, n_rows, batch_size, rng)
            _examine_batches(batches, n_rows, batch_size)
            seen.append(np.concatenate(batches).tolist())
        if seen[0] == list(range(n_rows)):
            raise _Stop(False, "The rows come in the order of the list. Shuffle them first: rng.permutation(n_rows).")
        if seen[0] == seen[1] == seen[2] == seen[3]:
            said = "Every epoch has the same order. Use the `rng` that is handed over; a new one starts over each time."
            raise _Stop(False, said)
    return "Every row once, in a new order each time, and the short last batch is kept."


def _batches_of(epoch, n_rows, batch_size, rng):
    what = "epoch(n_rows, batch_size, rng) returns a list of arrays of row numbers"
    _attempted_function(epoch, what)
    try:
        value = epoch(n_rows, batch_size, rng)
        value = value if value is None or value is ... else list(value)
    except TypeError as error:
        if "iterable" not in str(error):
            raise _Stop(False, f"Your function stopped with {type(error).__name__}: {error}") from None
        raise _Stop(False, f"Wanted: {what}. Yours returns something that holds no batches.") from None
    except Exception as error:
        raise _Stop(False, f"Your function stopped with {type(error).__name__}: {error}") from None
    _attempted(value, what)
    try:
        batches = [np.asarray(batch) for batch in value]
    except ValueError:
        batches = [np.array("ragged")]
    batches = [batch for batch in batches if batch.size]
    if not batches or any(batch.ndim != 1 or batch.dtype.kind not in "iu" for batch in batches):
        raise _Stop(False, f"Wanted: {what}. Got {_short(value)}.")
    return batches


def _examine_batches(batches, n_rows, batch_size):
    """Stop at the first fault of one epoch: which rows it holds, then how they are cut."""
    rows, case = np.concatenate(batches), f"With {n_rows} rows and batches of {batch_size}"
    if rows.min() < 0 or rows.max() >= n_rows:
        raise _Stop(False, f"{case}: row numbers go from 0 to {n_rows - 1}; yours from {rows.min()} to {rows.max()}.")
    n_different, n_whole = len(np.unique(rows)), n_rows // batch_size * batch_size
    if n_different < rows.size:
        raise _Stop(False, f"{case}: some rows come twice. Shuffle once for the whole epoch, then cut the order up.")
    if n_different == n_whole < n_rows:
        said = f"the last batch is missing. Its {n_rows - n_whole} rows are fewer than {batch_size}, but they count."
        raise _Stop(False, f"{case}: {said}")
    if n_different < n_rows:
        raise _Stop(False, f"{case}: an epoch holds every row once; yours holds {n_different} of {n_rows}.")
    sizes = [len(batch) for batch in batches]
    if any(length != batch_size for length in sizes[:-1]) or sizes[-1] > batch_size:
        raise _Stop(False, f"{case}: every batch but the last holds {batch_size} rows; yours hold {sizes}.")


@_check
def check_policy_gradient(uphill):
    """uphill(pulled, p, reward) should return the way to change the preferences: reward · (pulled - p)."""
    places = (  # pulled, p, reward
        ((0.0, 1.0, 0.0), (0.2, 0.5, 0.3), 0.6),
        ((1.0, 0.0, 0.0), (0.6, 0.3, 0.1), 1.0),
        ((0.0, 0.0, 1.0), (0.1, 0.2, 0.7), 0.0),
    )
    for pulled, p, reward in places:
        pulled, p = np.array(pulled), np.array(p)
        what = "uphill(pulled, p, reward) returns one number for each arm"
        mine, right = _returned(uphill, (pulled, p, reward), (len(p),), what), reward * (pulled - p)
        suspects = {
            "It is turned round: what was done minus what was to be expected, pulled - p.": -right,
            "The reward is missing: a pull that earned nothing should change nothing.": pulled - p,
            "The reward is missing, and it is turned round: start from pulled - p.": p - pulled,
            "The probabilities are missing: an arm that is pulled anyway should rise only a little.": reward * pulled,
            "What was pulled is missing: reward the arm that earned it.": -reward * p,
            "That rewards every arm for what one of them did: start from pulled - p.": reward * p,
            "That is the slope in the probability itself; here it is the slope in the preference.": reward * pulled / p,
            "The pulled arm is right; the others must sink, each by its own p.": reward * pulled * (1 - p),
            "The reward is added, and it should multiply.": pulled - p + reward,
            "The learning rate belongs into the loop, not in here.": 0.1 * right,
        }
        _diagnose(mine, right, suspects, f"For reward {reward:g} it differs from reward · (pulled - p).")
    return "Every arm moves the right way, by the right amount."


ADAM_PLACES = ((1.0, 0.2, 0.3, 0.5, 3), (-2.0, 1e-5, 1e-8, -2e-4, 5), (0.7, 0.0, 0.0, 0.4, 1))  # w, m, v, g, t


@_check
def check_adam(adam_step):
    """adam_step(w, m, v, g, t) should return w, m, v after Adam's step number t (from 1), with the usual constants."""
    alpha, beta1, beta2, epsilon = 0.1, 0.9, 0.999, 1e-8
    for w, m, v, g, t in ADAM_PLACES:
        what = "adam_step(w, m, v, g, t) returns the new w, m and v"
        mine = _returned(adam_step, (w, m, v, g, t), (3,), what)
        new_m, new_v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = new_m / (1 - beta1**t), new_v / (1 - beta2**t)
        before = f"At w = {w}, m = {m}, v = {v}, g = {g}, t = {t}: "
        suspects = {
            "In m the new gradient counts (1 - beta1) times, not once.": beta1 * m + g,
            "In m the two shares are swapped: beta1 belongs to the old m.": (1 - beta1) * m + beta1 * g,
            "m keeps the plain average: put the corrected one into a variable of its own.": m_hat,
            "m used beta2; it has beta1.": beta2 * m + (1 - beta2) * g,
            "m did not change: return the new one.": m,
        }
        _diagnose(mine[1], new_m, suspects, f"{before}m should be {new_m:.6g}; yours is {mine[1]:.6g}.")
        suspects = {
            "v averages the squares: g**2, not g.": beta2 * v + (1 - beta2) * g,
            "In v the new square counts (1 - beta2) times, not once.": beta2 * v + g**2,
            "In v the two shares are swapped: beta2 belongs to the old v.": (1 - beta2) * v + beta2 * g**2,
            "v keeps the plain average: put the corrected one into a variable of its own.": v_hat,
            "v used beta1; it has beta2.": beta1 * v + (1 - beta1) * g**2,
            "v did not change: return the new one.": v,
        }
        _diagnose(mine[2], new_v, suspects, f"{before}v should be {new_v:.6g}; yours is {mine[2]:.6g}.", rtol=1e-7)
        right = w - alpha * m_hat / (np.sqrt(v_hat) + epsilon)
        suspects = {
            "That is the article's formula: the bias correction of m and v is missing.": w
            - alpha * new_m / (np.sqrt(new_v) + epsilon),
            "m is not corrected, only v is.": w - alpha * new_m / (np.sqrt(v_hat) + epsilon),
            "v is not corrected, only m is.": w - alpha * m_hat / (np.sqrt(new_v) + epsilon),
            "The square root of v is missing.": w - alpha * m_hat / (v_hat + epsilon),
            "Epsilon stands inside the root; add it after the root.": w - alpha * m_hat / np.sqrt(v_hat + epsilon),
            "Epsilon is missing: add it after the root.": w - alpha * m_hat / np.sqrt(v_hat),
            "You divided by the corrected v with g in the place of m.": w - alpha * g / (np.sqrt(v_hat) + epsilon),
            "You walk uphill: subtract.": 2 * w - right,
            "The learning rate alpha is missing.": w - m_hat / (np.sqrt(v_hat) + epsilon),
            "w did not change: return the new one.": w,
        }
        for shift, said in ((-1, "t - 1"), (1, "t + 1")):
            if t + shift > 0:
                early_m, early_v = new_m / (1 - beta1 ** (t + shift)), new_v / (1 - beta2 ** (t + shift))
                sentence = f"You correct as if this were step {said}: t counts from 1, use it as it is."
                suspects[sentence] = w - alpha * early_m / (np.sqrt(early_v) + epsilon)
        _diagnose(mine[0], right, suspects, f"{before}w should be {right:.6g}; yours is {mine[0]:.6g}.")
    return "This is Adam, at every place tried."


@_check
def check_parameter_count(count):
    """count(sizes) should return how many weights and biases a network with layers of these sizes has."""
    for sizes in ((5, 7, 6, 3), (3, 4), (2, 3, 2), (784, 1000, 500, 10)):  # at the first, no two mistakes agree
        pairs = list(itertools.pairwise(sizes))
        weights = sum(n_in * n_out for n_in, n_out in pairs)
        right, what = weights + sum(sizes[1:]), "count(sizes) returns one whole number"
        mine = _returned(count, (sizes,), (), what)
        suspects = {
            "These are the weights alone: every neuron has a bias, too.": weights,
            "You gave the inputs a bias. They are only numbers that come in: biases begin with the layer after them.": (
                weights + sum(sizes)
            ),
            "One bias for each layer is too few: every neuron of it has its own.": weights + len(pairs),
            "The biases are there, but the last layer has none: its neurons have one each, too.": (
                weights + sum(sizes[1:-1])
            ),
            "These are the biases alone.": sum(sizes[1:]),
            "You lost the last layer: n sizes make n - 1 layers of weights.": sum((i + 1) * o for i, o in pairs[:-1]),
            "You lost the first layer: its weights lead from the inputs to the second size.": sum(
                (i + 1) * o for i, o in pairs[1:]
            ),
            "The bias belongs to each neuron of the layer it leads to: (inputs + 1) · neurons, not the reverse.": sum(
                i * (o + 1) for i, o in pairs
            ),
        }
        otherwise = f"For sizes {sizes} it gives {mine:,} and there are {right:,}."
        _diagnose(mine, right, suspects, otherwise)
    return "Every weight and every bias is counted, for every network tried."


@_check
def check_backpropagation(slope_of_signal):
    """slope_of_signal(probabilities, right, W2, hidden) should return the loss's slopes in a tanh layer's signals."""
    rng = np.random.default_rng(0)
    for n_rows, n_hidden, n_labels in ((4, 3, 3), (5, 4, 2)):  # first square weights: there a transposition fits
        hidden, W2 = np.tanh(rng.normal(size=(n_rows, n_hidden))), rng.normal(size=(n_labels, n_hidden))
        probabilities = rng.dirichlet(np.ones(n_labels), n_rows)
        right = np.eye(n_labels)[rng.integers(n_labels, size=n_rows)]
        what = "slope_of_signal(...) returns an array of the shape of hidden"
        mine = _returned(slope_of_signal, (probabilities, right, W2, hidden), (n_rows, n_hidden), what)
        error, bend = (probabilities - right) / n_rows, 1 - hidden**2
        signal = error @ W2 * bend
        suspects = {
            "The sizes are right, the signs are not: is it probabilities - right?": -signal,
            "You did not go through the tanh: multiply by its slope, 1 - hidden**2.": error @ W2,
            "You went through the tanh as if its slope were hidden; it is 1 - hidden**2.": error @ W2 * hidden,
            "The slope of the tanh is 1 minus the square: 1 - hidden**2.": error @ W2 * (1 - hidden),
            "The loss is a mean over the rows: divide by their number, len(hidden).": signal * n_rows,
            "No division by the rows and no slope of the tanh, 1 - hidden**2.": error @ W2 * n_rows,
            "Start from probabilities - right: what was wanted must be taken off.": probabilities / n_rows @ W2 * bend,
        }
        if n_hidden == n_labels:
            suspects["The weights are transposed: backwards, the error goes through W2, not W2.T."] = (
                error @ W2.T * bend
            )
        otherwise = "It differs from the slope measured by nudging. Follow one row through by hand."
        _diagnose(mine, signal, suspects, otherwise)
    return "That is backpropagation: through the weights, then through the bend."


@_check
def check_fit(params, size, price, within=0.01):
    """params should be the pair (w, b), in sq ft and thousands of dollars, whose loss is within 1 % of the least."""
    mine = _pair(params)
    right, least = _least(size, price)
    if _above(mine, size, price) <= within:
        return _how_close(_above(mine, size, price))
    if not np.isfinite(mine).all():
        said = "Your walk has diverged: the numbers are beyond all bounds. Take a smaller rate, or scale the sizes."
        raise _Stop(False, said)
    for said, other in _mistaken(mine, size).items():
        if _above(other, size, price) <= 2 * within:
            raise _Stop(False, said)
    if np.allclose(mine, (0.1, 100), rtol=0.002):
        raise _Stop(False, "That is the line of the five old houses. These are new ones: fit their `size` and `price`.")
    if _above(mine, size, price) > _above(np.zeros(2), size, price):
        said = "Worse than w = 0, b = 0: the walk goes uphill, or diverges. Look at the minus sign, then at the rate."
        raise _Stop(False, said)
    if np.allclose(mine, (0, price.mean()), rtol=0.01, atol=1e-3):
        raise _Stop(False, "That is the flat line at the mean price: w has not moved. It must look at the size.")
    raise _Stop(False, _not_there(mine, right, least, size, price))


def _pair(params):
    """The learner's (w, b) as an array; a walk is taken to be handed over by mistake."""
    what = "the pair (w, b), such as (0.05, 100)"
    if hasattr(params, "params") and hasattr(params, "losses"):
        raise _Stop(False, "That is the whole walk. Hand over its last pair, walk.params[-1], in sq ft.")
    try:
        mine = np.asarray(params, dtype=float)
    except (TypeError, ValueError, OverflowError):
        mine = None
    return _numbers(params, (2,), what) if mine is None or mine.shape != (2,) or params is ... else mine


def _least(size, price):
    """The least-squares line, and its loss."""
    right = np.linalg.lstsq(np.column_stack([size, np.ones_like(size)]), price)[0]
    return right, (_errors(*right, size, price) ** 2).mean()


def _above(params, size, price):
    """How far the loss is above the least, as a share of it."""
    with np.errstate(all="ignore"):
        loss = (_errors(*params, size, price) ** 2).mean()
    return loss / _least(size, price)[1] - 1


def _mistaken(mine, size):
    """{what to say: the pair that was meant}, if the numbers were right but for their units, order or sign."""
    mean, spread, (w, b) = size.mean(), size.std(), mine
    back = "w is w / size.std(), and b is b - w · size.mean() with that w."
    return {
        "These are in thousands of sq ft: divide w by 1000.": (w / 1000, b),
        f"These are in standardised units. Back to sq ft: {back}": (w / spread, b - w / spread * mean),
        "w is right; b belongs to centred sizes: take off w · size.mean().": (w, b - w * mean),
        "w still belongs to standardised sizes: divide it by size.std().": (w / spread, b),
        "The sizes were divided by the largest: divide w by it, too.": (w / size.max(), b),
        "These are in dollars; prices here are in thousands: divide both by 1000.": (w / 1000, b / 1000),
        "The two are swapped: first w, then b.": (b, w),
        "Both signs are turned round: is it predicted - actual, and minus the gradient?": (-w, -b),
        "The sign of b is turned round.": (w, -b),
        "The sign of w is turned round.": (-w, b),
    }


def _not_there(mine, right, least, size, price):
    """Why a walk on its way down has not arrived."""
    b = mine[1]
    above = _above(mine, size, price)
    best_w = ((price - b) * size).sum() / (size**2).sum()  # the valley floor at this b
    on_the_floor = above - _above((best_w, b), size, price) < 0.1 * above
    share = f"{100 * above:.2g}" if above < 0.995 else f"{100 * above:,.0f}"
    far = f"Your loss is {share} % above the least, {least:.1f}."
    if on_the_floor and abs(b - right[1]) > 1:
        way = "too low" if b < right[1] else "too high"
        return f"{far} b is still {way}, and w makes up for it: the slow direction. Scale the sizes, or walk on."
    if above < 0.2:
        return f"{far} It jitters near the minimum: the noise floor. Let the rate fall, or take larger batches."
    return f"{far} Both w and b are on their way: more steps, or a better rate."


def _how_close(above):
    """Praise for a fit that is this far above the least loss."""
    if above < 1e-9:
        return "The best line there is. If it took you more than one step: the formula takes none."
    share = f"{100 * above:.1g} % above the least loss."
    if above < 1e-4:
        return f"{share} No one could tell the difference in dollars. On scaled sizes one full step goes all the way."
    return f"{share} Close enough. The rest is noise of the batches, or steps not taken; the formula has neither."
