"""What every check of an exercise is built from: it stops at the first fault, with a sentence that says what it is."""

import sys

import numpy as np

from gdhelpers import progress
from gdhelpers.arguments import short
from gdhelpers.lessons import replies
from gdhelpers.lessons.replies import Verdict

PLACES = ((0.05, 100.0), (0.2, 30.0), (-0.1, 7.0))  # where functions of (w, b) are tried
LONGEST = 100_000  # more numbers, or batches, no exercise asks for


class Stop(Exception):  # noqa: N818 (a message, not an error)
    """Carries the verdict out of the check that cannot go on."""


def check(examine):
    """Turn a function that raises Stop(passed, message) at the first fault into one that returns a Verdict.

    That it was passed once is kept; the verdict is always on what is there now.
    """

    def check(*args, **kwargs):
        try:
            with np.errstate(all="ignore"):
                message = examine(*args, **kwargs)
        except Stop as stop:
            return Verdict(*stop.args)
        what = progress.as_called(examine.__name__, sys._getframe(1))
        if not replies.kept.recall("checks", what):
            replies.kept.keep("checks", what, right=True)
        return Verdict(True, message, replies.kept.trouble())

    check.__name__, check.__doc__ = examine.__name__, examine.__doc__
    return check


def numbers(value, shape, what):
    """The learner's value as an array of this shape (None in it allows any length)."""
    attempted(value, what)
    try:
        if isinstance(value, range) and len(value) > LONGEST:
            raise ValueError
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise Stop(False, f"Wanted: {what}. Got {short(value)}.") from None
    if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        raise Stop(False, f"Wanted: {what}. Got something of shape {array.shape}.")
    if np.isnan(array).any():
        raise Stop(False, f"Wanted: {what}. Yours holds a NaN (not a number).")
    return array


def attempted(value, what):
    """Stop, without a verdict, at a stub."""
    if value is None or value is ...:
        raise Stop(None, f"Put your own line where the ... is: {what}.")


def attempted_function(function, what):
    """Stop at a stub, or at what is no function."""
    attempted(function, what)
    if not callable(function):
        raise Stop(False, f"Hand over the function itself, without brackets after its name; got {short(function)}.")


def stopped(error):
    """The verdict on a function that raised this."""
    said = " ".join(str(error).split())
    said = said if len(said) <= 150 else f"{said[:149]}…"
    return Stop(False, f"Your function stopped with {type(error).__name__}{f': {said}' if said else ''}")


def returned(function, arguments, shape, what):
    """What the learner's function returns for these arguments, as `numbers` takes it."""
    attempted_function(function, what)
    try:
        value = function(*arguments)
    except Exception as error:
        raise stopped(error) from None
    return numbers(value, shape, what)


def same(mine, right, rtol=1e-9):
    """Equal but for rounding. The default tells b = 100.000015 from 100.00000675."""
    return np.shape(mine) == np.shape(right) and bool(np.allclose(mine, right, rtol=rtol, atol=1e-12))


def diagnose(mine, right, suspects, otherwise, rtol=1e-9):
    """Stop with the sentence of the first suspect {sentence: wrong value} that the learner's value equals."""
    if same(mine, right, rtol):
        return
    for sentence, wrong in suspects.items():
        if same(mine, wrong, rtol):
            raise Stop(False, sentence)
    raise Stop(False, otherwise)


def errors_of(w, b, size, price):
    return w * size + b - price


def slopes_of(w, b, size, price):
    errors = errors_of(w, b, size, price)
    return np.array([2 * (errors * size).mean(), 2 * errors.mean()])


def one_step(w, b, learning_rate, size, price):
    """Where one step leads: {what there is to say about this way of stepping: (w, b)}; nothing about the right one."""

    def slopes(w, b):
        return learning_rate * slopes_of(w, b, size, price)

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
