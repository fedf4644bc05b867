"""The data: five houses, as many invented ones as you like, and the three units their size is measured in."""

import operator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


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
        n = operator.index(n)
    except TypeError:
        raise ValueError(f"n must be a whole number of houses, at least 1; got {n!r}") from None
    if n < 1:
        raise ValueError(f"n must be a whole number of houses, at least 1; got {n}")
    if not (isinstance(noise, (int, float, np.number)) and 0 <= noise < np.inf):
        raise ValueError(f"noise must be zero or more, in thousands of dollars; got {noise!r}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a random generator such as np.random.default_rng(0); got {rng!r}")
    size = rng.uniform(500, 3500, n)
    return Houses(size, 0.1 * size + 100 + rng.normal(0, noise, n))


@dataclass(frozen=True)
class Units:
    """A way to measure size: `x = (size - shift) / scale`, size in sq ft. Prices stay in thousands of dollars."""

    name: str
    shift: float
    scale: float

    def convert(self, size):
        """Square feet to these units."""
        return (np.asarray(size, dtype=float) - self.shift) / self.scale

    def _w_and_b(self, params):
        params = np.asarray(params, dtype=float)
        if params.shape[-1:] != (2,):
            raise ValueError(f"params must have 2 numbers along its last axis, w and b; got shape {params.shape}")
        return params[..., 0], params[..., 1]

    def from_sq_ft(self, params):
        """(..., 2) params (w, b) of a line over sq ft -> the params of the same line in these units."""
        w, b = self._w_and_b(params)
        return np.stack([w * self.scale, b + w * self.shift], axis=-1)

    def to_sq_ft(self, params):
        """(..., 2) params (w, b) in these units -> the params of the same line over sq ft."""
        w, b = self._w_and_b(params)
        return np.stack([w / self.scale, b - w * self.shift / self.scale], axis=-1)

    def dollars_per_sq_ft(self, params):
        """(..., 2) params (w, b) in these units -> (...) dollars for one more square foot."""
        return 1000 * self.to_sq_ft(params)[..., 0]


def units(name, size):
    """The units called "sq ft", "thousands" (of sq ft) or "standardised" (mean 0, standard deviation 1 over `size`)."""
    try:
        size = np.asarray(size, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("size must hold numbers only, in sq ft") from None
    if name == "sq ft":
        return Units(name, 0.0, 1.0)
    if name == "thousands":
        return Units(name, 0.0, 1000.0)
    if name != "standardised":
        raise ValueError(f'units must be "sq ft", "thousands" or "standardised"; got {name!r}')
    if size.ndim != 1 or size.size == 0 or not np.isfinite(size).all() or np.ptp(size) == 0:
        raise ValueError("standardised units need at least two different, finite sizes")
    return Units(name, float(size.mean()), float(size.std()))
