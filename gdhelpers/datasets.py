"""The data: five houses, as many invented ones as you like with the units of their size, and handwritten digits."""

import math
import operator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

MOST = 10_000_000  # houses: a few hundred megabytes


def _short(value):
    """How a value looks, on one short line."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def _is_number(value):
    """Whether it is one real, finite number that a float can hold."""
    if isinstance(value, int):
        return abs(value) < 2**1023
    return isinstance(value, (float, np.integer, np.floating)) and math.isfinite(value)


def _numbers(name, values):
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO" or (array.dtype.kind == "O" and None in array.ravel().tolist()):
            raise TypeError
        return array.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers only; got {_short(values)}") from None


class Houses(NamedTuple):
    """size: (n,) in square feet. price: (n,) in thousands of dollars."""

    size: np.ndarray
    price: np.ndarray


def houses():
    """The five houses of the article. They lie exactly on `price = 0.1 · size + 100`."""
    return Houses(np.array([500.0, 1000, 1500, 2000, 2500]), np.array([150.0, 200, 250, 300, 350]))


def many_houses(n, rng, noise=20.0):
    """n invented houses of 500 to 3500 sq ft on the line of the five, plus normal noise.

    noise: its standard deviation in thousands of dollars.
    rng: a `numpy.random.Generator`; the same seed gives the same houses.
    """
    try:
        n_houses = 0 if isinstance(n, np.bool) else operator.index(n)
    except TypeError:
        n_houses = 0
    if n_houses < 1:
        raise ValueError(f"n must be a whole number of houses, at least 1; got {_short(n)}")
    if n_houses > MOST:
        raise ValueError(f"n must be at most {MOST:,} houses, for more there may be no memory; got {_short(n)}")
    if not (_is_number(noise) and noise >= 0):
        raise ValueError(f"noise must be zero or more, in thousands of dollars; got {_short(noise)}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a random generator such as np.random.default_rng(0); got {_short(rng)}")
    size = rng.uniform(500, 3500, n_houses)
    return Houses(size, 0.1 * size + 100 + rng.normal(0, abs(noise), n_houses))


@dataclass(frozen=True)
class Units:
    """A way to measure size: `x = (size - shift) / scale`, size in sq ft. Prices stay in thousands of dollars."""

    name: str
    shift: float
    scale: float

    def __post_init__(self):
        if not _is_number(self.shift):
            raise ValueError(f"shift must be a finite number, in sq ft; got {_short(self.shift)}")
        if not (_is_number(self.scale) and self.scale > 0):
            raise ValueError(f"scale must be a positive, finite number, in sq ft; got {_short(self.scale)}")

    def convert(self, size):
        """Square feet to these units."""
        with np.errstate(over="ignore"):
            return (_numbers("size", size) - self.shift) / self.scale

    def _w_and_b(self, params):
        params = _numbers("params", params)
        if params.shape[-1:] != (2,):
            raise ValueError(f"params must have 2 numbers along its last axis, w and b; got shape {params.shape}")
        return params[..., 0], params[..., 1]

    def from_sq_ft(self, params):
        """(..., 2) params (w, b) of a line over sq ft -> the params of the same line in these units."""
        w, b = self._w_and_b(params)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.stack([w * self.scale, b + w * self.shift], axis=-1)

    def to_sq_ft(self, params):
        """(..., 2) params (w, b) in these units -> the params of the same line over sq ft."""
        w, b = self._w_and_b(params)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.stack([w / self.scale, b - w * self.shift / self.scale], axis=-1)

    def dollars_per_sq_ft(self, params):
        """(..., 2) params (w, b) in these units -> (...) dollars for one more square foot."""
        with np.errstate(over="ignore"):
            return 1000 * self.to_sq_ft(params)[..., 0]


def units(name, size):
    """The units called "sq ft", "thousands" (of sq ft) or "standardised" (mean 0, standard deviation 1 over `size`)."""
    size = _numbers("size", size)
    if not (isinstance(name, str) and name in ("sq ft", "thousands", "standardised")):
        raise ValueError(f'units must be "sq ft", "thousands" or "standardised"; got {_short(name)}')
    if name != "standardised":
        return Units(name, 0.0, 1.0 if name == "sq ft" else 1000.0)
    with np.errstate(all="ignore"):
        if size.ndim != 1 or size.size == 0 or not (np.isfinite(size).all() and 0 < size.std() < np.inf):
            raise ValueError("standardised units need at least two different, finite sizes")
        return Units(name, float(size.mean()), float(size.std()))


class Digits(NamedTuple):
    """Handwritten digits. Pictures as rows of grey values from 0 (paper) to 1 (ink), labels 0 to 9."""

    train_X: np.ndarray
    train_labels: np.ndarray
    test_X: np.ndarray
    test_labels: np.ndarray


def digits(split=0, side=8):
    """1,797 handwritten digits, 1,437 to train on and 360 to test, divided by the seed `split`.

    side: 8 for the pictures as they are (64 numbers), 28 for the same enlarged to 784 numbers, between pixels linearly.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository 1998,
    doi.org/10.24432/C50P49, CC BY 4.0; the part known as its test set.
    """
    if not isinstance(split, (int, np.integer)) or split < 0:
        raise ValueError(f"split must be a seed, a whole number from 0 up; got {_short(split)}")
    with np.load(Path(__file__).parent / "digits.npz") as stored:
        X, labels = stored["images"] / 16.0, stored["labels"].astype(int)
    if not (_is_number(side) and side in (8, 28)):
        raise ValueError(f"side must be 8 or 28 pixels; got {_short(side)}")
    if side == 28:
        X = _enlarged(X.reshape(-1, 8, 8), side).reshape(len(X), -1)
    order = np.random.default_rng(split).permutation(len(X))
    test, train = order[:360], order[360:]
    return Digits(X[train], labels[train], X[test], labels[test])


def _enlarged(images, side):
    """Linear between the centres of the pixels, along both axes: one small matrix, used twice."""
    n = images.shape[-1]
    centres = (np.arange(side) + 0.5) * n / side - 0.5
    weights = np.array([np.interp(centres, np.arange(n), row) for row in np.eye(n)])  # (n, side)
    return weights.T @ images @ weights
