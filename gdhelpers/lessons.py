"""Predictions that are locked before the answer is seen, and exercise checks that say what is wrong."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import ipywidgets as widgets
import numpy as np

from gdhelpers.live import aloud

GREEN, RED, GREY = "#008560", "#C04000", "#6B6B6B"  # the course's colours for right, wrong and not yet


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


class Prediction(widgets.VBox):
    """A question to answer before the cell below is run. See `predict`."""

    def __init__(self, question, options, answer):
        if not isinstance(options, Mapping) or len(options) < 2:
            raise ValueError(f"options must be a dictionary of at least two {{option: reply}}; got {options!r:.80}")
        if answer not in options:
            raise ValueError(f"answer must be one of the options {list(options)}; got {answer!r}")
        self.question, self.options, self.answer, self.locked = question, dict(options), answer, None
        self.choice = widgets.RadioButtons(options=list(options), index=None, layout={"width": "auto"})
        self.button = widgets.Button(description="Lock my prediction", icon="lock", layout={"width": "200px"})
        self.reply = widgets.HTML()
        self.button.on_click(lambda button: self.lock())
        self.choice.observe(self._hold, "value")
        heading = widgets.HTML(f"<b>Predict.</b> {html.escape(question)}")
        super().__init__([heading, self.choice, self.button, self.reply, aloud()], layout={"margin": "4px 0 12px 0"})

    def lock(self):
        """Fix the choice, then show the reply to it."""
        if self.locked is not None:
            return
        if self.choice.value is None:
            self.reply.value = _box(GREY, "Choose one first. A wrong guess teaches more than none.")
            return
        self.locked = self.choice.value
        self.choice.disabled = self.button.disabled = True
        right = self.locked == self.answer
        verdict = "Yes." if right else f"No: {self.answer}."
        self.reply.value = _box(GREEN if right else RED, f"{verdict} {self.options[self.locked]}")

    def _hold(self, change):
        if self.locked is not None and change["new"] != self.locked:
            self.choice.value = self.locked

    def _repr_mimebundle_(self, **kwargs):
        lines = [f"Predict. {self.question}", *(f"  ( ) {option}" for option in self.options)]
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": "\n".join(lines)}


def predict(question, options, answer):
    """Ask for a prediction: choose, lock, then see. What is locked cannot be changed; run the cell again to start over.

    options: {option: reply}, the reply tells why this choice is right or what it overlooks. answer: the right option.
    """
    return Prediction(question, options, answer)


@dataclass(frozen=True)
class Verdict:
    """What a check found. passed: True, False, or None for not attempted yet."""

    passed: bool | None
    message: str

    def __repr__(self):
        return f"{ {True: 'Right.', False: 'Not yet.', None: 'Not attempted yet.'}[self.passed] } {self.message}"

    def _repr_html_(self):
        return _box({True: GREEN, False: RED, None: GREY}[self.passed], repr(self))


class _Stop(Exception):  # noqa: N818 (a message, not an error)
    """Carries the verdict out of the check that cannot go on."""


def _check(examine):
    """Turn a function that raises _Stop(passed, message) at the first fault into one that returns a Verdict."""

    def check(*args, **kwargs):
        try:
            return Verdict(True, examine(*args, **kwargs))
        except _Stop as stop:
            return Verdict(*stop.args)

    check.__name__, check.__doc__ = examine.__name__, examine.__doc__
    return check


def _short(value):
    """How a value looks, on one short line, as the learner typed it."""
    return f"{' '.join(repr(value).split()):.60}".replace("Ellipsis", "...")


def _numbers(value, shape, what):
    """The learner's value as an array of this shape (None in it allows any length)."""
    if value is None or value is ...:
        raise _Stop(None, f"Put your own line where the ... is: {what}.")
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


def _returned(function, arguments, shape, what):
    if function is None or function is ...:
        raise _Stop(None, f"Put your own line where the ... is: {what}.")
    if not callable(function):
        raise _Stop(False, f"Hand over the function itself, without brackets after its name; got {_short(function)}.")
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
