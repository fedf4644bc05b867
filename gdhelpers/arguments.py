"""What a picture can be made from: kinds of arguments, and a sentence for an argument that is of another kind.

A kind is a pair: what it is in words, or a function that says it, and a function `(value, all arguments) -> bool`.
"""

from functools import wraps
from inspect import signature

import numpy as np

from gdhelpers.descent import Trajectory
from gdhelpers.problems import LeastSquares, Network

LARGEST = 1e9  # what a picture is made from: beyond it, ticks and squares of numbers are of no use


def short(value):
    """How a value looks, on one short line, as the learner typed it."""
    words = " ".join(repr(value).split()).replace("Ellipsis", "...")
    return words if len(words) <= 60 else f"{words[:59]}…"


def takes(**kinds):
    """Decorate a function: ValueError, in one sentence, for the first argument that is not of its kind."""

    def decorated(function):
        parameters = signature(function)

        @wraps(function)
        def asked(*arguments, **named):
            given = parameters.bind(*arguments, **named)
            given.apply_defaults()
            for name, (words, fits) in kinds.items():
                value = given.arguments[name]
                if not fits(value, given.arguments):
                    words = words(given.arguments) if callable(words) else words
                    raise ValueError(f"{name} must be {words}; got {short(value)}")
            return function(*arguments, **named)

        return asked

    return decorated


def is_number(value, least=-LARGEST, most=LARGEST):
    """Whether it is one real number in these limits, which NaN is not."""
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(least <= value <= most)


def array_of(value, largest=LARGEST):
    """These numbers as an array; None when they are not numbers, or too large."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if array.dtype.kind not in "iuf" or (largest < np.inf and not (np.abs(array.astype(float)) <= largest).all()):
        return None
    return array


def number_from(least=-LARGEST, most=LARGEST):
    return f"a number from {least:,g} to {most:,g}", lambda value, given: is_number(value, least, most)


def whole(least, most):
    def fits(value, given):
        is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        return is_whole and bool(least <= value <= most)

    return f"a whole number from {least:,} to {most:,}", fits


def above(name, gap=0.1):
    return (
        lambda given: f"a number above {name}, at least {given[name] + gap:g}",
        lambda value, given: is_number(value) and value >= given[name] + gap,
    )


def one_of(*choices):
    allowed = " or ".join(map(repr, choices))
    return allowed, lambda value, given: any(value is choice for choice in choices)


def numbers(least=-LARGEST, most=LARGEST, at_least=2, as_many_as=None, at_most=np.inf):
    """A list of numbers, (n,)."""

    def fits(value, given):
        array = array_of(value)
        if array is None or array.ndim != 1 or not at_least <= array.size <= at_most:
            return False
        inside = ((array >= least) & (array <= most)).all()
        return bool(inside) and (as_many_as is None or len(array) == len(given[as_many_as]))

    count = f"at least {at_least}" + (f" and at most {at_most}" if at_most < np.inf else "") + ", each"
    count = count if as_many_as is None else f"as many as {as_many_as}, each"
    return f"a list of numbers, {count} from {least:,g} to {most:,g}", fits


def pair(least=-LARGEST, most=LARGEST, rising=False):
    """Two numbers; `rising`: the second is the larger."""

    def fits(value, given):
        array = array_of(value)
        if array is None or array.shape != (2,) or (array < least).any() or (array > most).any():
            return False
        return not rising or array[1] - array[0] >= 0.1

    return f"two numbers from {least:,g} to {most:,g}" + (", the second the larger" if rising else ""), fits


RATE = "a positive number, such as 0.1", lambda value, given: is_number(value, 1e-12)


def named_numbers(least, most):
    """A dictionary {text: number}."""

    def fits(value, given=None):
        if not isinstance(value, dict) or not value:
            return False
        return all(isinstance(name, str) and is_number(each, least, most) for name, each in value.items())

    return f"a dictionary {{text: number}}, the numbers from {least:,g} to {most:,g}, at least 1", fits


RANGE = pair(rising=True)
POWERS = pair(-12, 3, rising=True)  # of ten: the ends of a slider for the learning rate
TEXT = "a text", lambda value, given: isinstance(value, str)
FUNCTION = "a function", lambda value, given: callable(value)


def is_flat(landscape):
    """Whether places on it are single numbers: a curve, not a surface."""
    minima = getattr(landscape, "minima", ())
    return len(minima) == 0 or np.ndim(minima[0]) == 0


def _is_landscape(value):
    parts = (getattr(value, name, None) for name in ("loss", "gradient"))
    return all(map(callable, parts)) and isinstance(getattr(value, "minima", ()), (tuple, list, np.ndarray))


def _is_curve(value, given):
    return _is_landscape(value) and is_flat(value)


CURVE = "a curve, such as parabola()", _is_curve
VALLEY = (
    "a curve with its minima, such as two_valleys()",
    lambda value, given: _is_curve(value, given) and len(getattr(value, "minima", ())) > 0,
)
HILLS = (
    "a curve or a surface with its minima, such as camel()",
    lambda value, given: _is_landscape(value) and len(getattr(value, "minima", ())) > 0,
)


def on_it(above=None):
    """A number on a curve, two numbers on a surface; larger than another argument, if that is named."""

    def words(given):
        what = "a number" if is_flat(given["landscape"]) else "two numbers"
        return what if above is None else f"{what} above {above}"

    def fits(value, given):
        array = array_of(value)
        if array is None or array.shape != (() if is_flat(given["landscape"]) else (2,)):
            return False
        return above is None or (array - given[above] >= 0.1).all()

    return words, fits


def heights(landscape, places):
    """The loss at these places, (...); ValueError unless there is a finite one at each."""
    found = np.asarray(landscape.loss(places))
    expected = places.shape if is_flat(landscape) else places.shape[:-1]
    if found.dtype.kind not in "iuf" or found.shape != expected or not np.isfinite(found).all():
        raise ValueError("landscape must have a loss that is one finite number at every place in the picture")
    return found


def _is_line(value, given):
    if not isinstance(value, LeastSquares) or value.X.shape[1] != 2:
        return False
    return array_of(value.X) is not None and array_of(value.y) is not None and np.linalg.matrix_rank(value.X) == 2


LINE = "a line through rows that differ, such as LeastSquares.line(size, price)", _is_line
WALK = (
    "a recorded walk of two parameters, such as descend(...) returns",
    lambda value, given: isinstance(value, Trajectory) and np.shape(value.params)[1:] == (2,),
)


def _reads_pictures(value):
    return isinstance(value, Network) and int(np.sqrt(value.sizes[0])) ** 2 == value.sizes[0]


NETWORK = "a Network that reads square pictures", lambda value, given: _reads_pictures(value)
TEST = (
    "the same Network on other rows",
    lambda value, given: _reads_pictures(value) and value.sizes == given["network"].sizes,
)
