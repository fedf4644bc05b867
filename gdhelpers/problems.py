"""What is minimised. A problem has a `loss` and a `gradient`; nothing here knows how it will be minimised.

A problem made of rows of data also has `n_rows` and `batch(rows)`: a mini-batch is the same problem, only smaller.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def _array(name, values):
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers only; got {' '.join(repr(values).split()):.60}") from None


def _finite_array(name, values):
    array = _array(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only, no NaN and no infinity")
    return array


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The mean squared error of a linear model: `loss = mean((X @ params - y)²)`, with no factor ½.

    X: (n_rows, n_params), a column of ones is the bias. y: (n_rows,).
    Raises ValueError when the shapes do not fit, when there is no data, or when a number is not finite.
    """

    X: np.ndarray
    y: np.ndarray

    def __post_init__(self):
        X, y = _finite_array("X", self.X), _finite_array("y", self.y)
        if X.ndim != 2 or X.size == 0:
            raise ValueError(f"X must have shape (n_rows, n_params) with at least one of each; got shape {X.shape}")
        if y.shape != (len(X),):
            raise ValueError(f"y must have shape ({len(X)},), one number for each row of X; got shape {y.shape}")
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)

    @classmethod
    def line(cls, x, y):
        """The problem of fitting `y = w·x + b`: params are (w, b). x and y: (n_rows,)."""
        x = _finite_array("x", x)
        if x.ndim != 1 or x.size == 0:
            raise ValueError(f"x must be a list of at least one number; got shape {x.shape}")
        return cls(np.column_stack([x, np.ones_like(x)]), y)

    @property
    def n_rows(self):
        return len(self.y)

    def _checked(self, params):
        params = _array("params", params)
        if params.shape[-1:] != self.X.shape[1:]:
            n_params = self.X.shape[1]
            raise ValueError(f"params must have {n_params} numbers along its last axis; got shape {params.shape}")
        return params

    def predict(self, params):
        """(..., n_params) -> (..., n_rows), in the units of y."""
        return self._checked(params) @ self.X.T

    def loss(self, params):
        """(..., n_params) -> (...), in the units of y, squared."""
        return ((self.predict(params) - self.y) ** 2).mean(axis=-1)

    def gradient(self, params):
        """(..., n_params) -> (..., n_params): `2/n_rows · Xᵀ(X @ params - y)`."""
        return 2 / self.n_rows * (self.predict(params) - self.y) @ self.X

    def batch(self, rows):
        """The same problem on these rows only (indices, repeats allowed)."""
        return LeastSquares(self.X[rows], self.y[rows])

    def hessian(self):
        """The curvature, (n_params, n_params): `2/n_rows · XᵀX`. It is the same everywhere: the loss is a bowl."""
        return 2 / self.n_rows * self.X.T @ self.X

    def minimum(self):
        """The params of the least loss, (n_params,), by `lstsq`; the shortest such vector when there are several."""
        return np.linalg.lstsq(self.X, self.y)[0]

    def learning_rate_limit(self):
        """2/λmax, λmax the largest eigenvalue of the Hessian. Full-batch gradient descent converges below it and
        diverges above it (Goh 2017, "Why Momentum Really Works", distill.pub/2017/momentum)."""
        steepest = np.linalg.eigvalsh(self.hessian())[-1]
        return float(2 / steepest) if steepest > 0 else np.inf

    def after(self, start, learning_rate, n_steps):
        """Where `n_steps` full-batch steps lead, without walking them: params, n_steps.shape + (n_params,).

        Closed form: along each eigenvector of the Hessian a step multiplies the distance to the minimum by 1 - αλ.
        """
        start, n_steps = _finite_array("start", self._checked(start)), _finite_array("n_steps", n_steps)
        if (n_steps < 0).any() or (n_steps % 1).any():
            raise ValueError("n_steps must hold whole numbers from 0 up")
        curvatures, directions = np.linalg.eigh(self.hessian())
        distance = directions.T @ (start - self.minimum())
        shrink = 1 - _finite_array("learning_rate", learning_rate) * curvatures
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            left = np.where(distance == 0, 0, distance * shrink ** n_steps[..., None])
            return self.minimum() + left @ directions.T

    def steps_to(self, target, start, learning_rate):
        """The first step at which full-batch descent has `loss <= target`, by the closed form.

        None for never, and for every rate from the limit up: such a walk may pass the target, but it does not stay.
        """
        start, target = _finite_array("start", self._checked(start)), float(_finite_array("target", target))
        if self.loss(start) <= target:
            return 0
        if not 0 < learning_rate < self.learning_rate_limit():
            return None
        if self.loss(self.after(start, learning_rate, 1e15)) > target:
            return None
        too_few, enough = 0, 1
        while self.loss(self.after(start, learning_rate, enough)) > target:
            too_few, enough = enough, 2 * enough
        while enough - too_few > 1:  # the loss falls at every step, so halving finds the place
            middle = (too_few + enough) // 2
            if self.loss(self.after(start, learning_rate, middle)) > target:
                too_few = middle
            else:
                enough = middle
        return enough


@dataclass(frozen=True, eq=False)
class Landscape:
    """A loss given by its formula and the formula of its gradient; both broadcast over leading axes.

    For a curve of one number, `Landscape(lambda x: x**2, lambda x: 2 * x)`, params have shape (); for a surface they
    have shape (2,) and the loss reduces the last axis. `minima` lists the params of the known minima, best first.
    """

    loss: Callable
    gradient: Callable
    minima: tuple = ()


def parabola():
    """x², curvature 2 everywhere: the smallest problem that shows every regime of the learning rate."""
    return Landscape(lambda x: x**2, lambda x: 2 * x, minima=(0.0,))


def two_valleys():
    """A hilly curve on [0, 10], in metres: a shallow valley near 3.1, a pass near 4.6, a deep valley near 7.1."""

    def loss(x):
        return 60 + 2.2 * (x - 6.2) ** 2 + 14 * np.cos(1.3 * (x - 0.05))

    def gradient(x):
        return 4.4 * (x - 6.2) - 18.2 * np.sin(1.3 * (x - 0.05))

    return Landscape(loss, gradient, minima=(7.1261268840497625, 3.1143168109520896))


def numerical_gradient(loss, params, h=1e-6):
    """The gradient by central differences, `(loss(params + h) - loss(params - h)) / 2h` for each parameter in turn.

    loss: params -> number. params: () or (n_params,). Good to about h² and to rounding error / h, whichever is larger.
    """
    params = _finite_array("params", params)
    slopes = np.empty(params.shape)
    for i in np.ndindex(params.shape):
        nudge = np.zeros(params.shape)
        nudge[i] = h
        slopes[i] = (loss(params + nudge) - loss(params - nudge)) / (2 * h)
    return slopes
