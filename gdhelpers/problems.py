"""What is minimised. A problem has a `loss` and a `gradient`; nothing here knows how it will be minimised.

A problem made of rows of data also has `n_rows` and `batch(rows)`: a mini-batch is the same problem, only smaller.
"""

import itertools
import operator
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

BLOCK = 8_192  # rows at a time, so that what is computed from them is still in the processor's cache when needed


MOST = 200_000_000  # parameters of a network, and its biases: more than a gigabyte


def _short(value):
    """How a value looks, on one short line."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def _array(name, values):
    if type(values) is np.ndarray and values.dtype.type is np.float64:  # nearly always: the quick way
        return values
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO" or (array.dtype.kind == "O" and None in array.ravel().tolist()):
            raise TypeError
        return array.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers only; got {_short(values)}") from None


def _one_number(name, value):
    number = _finite_array(name, value)
    if number.ndim:
        raise ValueError(f"{name} must be one number; got {_short(value)}")
    return float(number)


def _no_rows(rows, n_rows):
    return ValueError(f"rows must be row numbers from 0 to {n_rows - 1}, in a list or an array; got {_short(rows)}")


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
        object.__setattr__(self, "X", np.asfortranarray(X))  # column after column: a million rows are read in one go
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

    def _checked(self, params, name="params"):
        params = _array(name, params)
        if params.shape[-1:] != self.X.shape[1:]:
            n_params = self.X.shape[1]
            raise ValueError(f"{name} must have {n_params} numbers along its last axis; got shape {params.shape}")
        return params

    def predict(self, params):
        """(..., n_params) -> (..., n_rows), in the units of y."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._checked(params) @ self.X.T

    def loss(self, params):
        """(..., n_params) -> (...), in the units of y, squared; not finite where it is too large for a number."""
        with np.errstate(over="ignore", invalid="ignore"):
            return ((self.predict(params) - self.y) ** 2).mean(axis=-1)

    def gradient(self, params):
        """(..., n_params) -> (..., n_params): `2/n_rows · Xᵀ(X @ params - y)`, the rows taken block by block."""
        params, n_rows, total = self._checked(params), len(self.y), 0.0
        for first in range(0, n_rows, BLOCK):
            X, y = self.X[first : first + BLOCK], self.y[first : first + BLOCK]
            errors = params @ X.T
            errors -= y
            total = total + errors @ X
        return 2 / n_rows * total

    def batch(self, rows):
        """The same problem on these rows only (indices, repeats allowed)."""
        try:
            return LeastSquares(self.X[rows], self.y[rows])
        except (IndexError, TypeError, ValueError):
            raise _no_rows(rows, self.n_rows) from None

    def hessian(self):
        """The curvature, (n_params, n_params): `2/n_rows · XᵀX`. It is the same everywhere: the loss is a bowl."""
        with np.errstate(over="ignore", invalid="ignore"):
            hessian = 2 / self.n_rows * self.X.T @ self.X
        if not np.isfinite(hessian).all():
            raise ValueError(f"X holds numbers whose squares are too large, up to {np.abs(self.X).max():.3g}")
        return hessian

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
        Not finite where a diverging walk has left all numbers.
        """
        start, n_steps = _finite_array("start", self._checked(start, "start")), _finite_array("n_steps", n_steps)
        if start.ndim != 1:
            raise ValueError(f"start must be one place, {self.X.shape[1]} numbers; got shape {start.shape}")
        if (n_steps < 0).any() or (n_steps % 1).any():
            raise ValueError("n_steps must hold whole numbers from 0 up")
        curvatures, directions = np.linalg.eigh(self.hessian())
        learning_rate = _one_number("learning_rate", learning_rate)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            distance = directions.T @ (start - self.minimum())
            shrink = 1 - learning_rate * curvatures
            left = np.where(distance == 0, 0, distance * shrink ** n_steps[..., None])
            return self.minimum() + left @ directions.T

    def steps_to(self, target, start, learning_rate):
        """The first step at which full-batch descent has `loss <= target`, by the closed form.

        None for never, and for every rate from the limit up: such a walk may pass the target, but it does not stay.
        """
        start, target = _finite_array("start", self._checked(start, "start")), _one_number("target", target)
        learning_rate = _one_number("learning_rate", learning_rate)
        if start.ndim != 1:
            raise ValueError(f"start must be one place, {self.X.shape[1]} numbers; got shape {start.shape}")
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

    def __post_init__(self):
        for name in ("loss", "gradient"):
            if not callable(getattr(self, name)):
                raise ValueError(f"{name} must be a function of the params; got {_short(getattr(self, name))}")


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


def rippled_bowl():
    """`0.1x² + 0.3(1 - cos 3x)`: five valleys, the deepest at 0."""
    return Landscape(
        lambda x: 0.1 * x**2 + 0.3 * (1 - np.cos(3 * x)),
        lambda x: 0.2 * x + 0.9 * np.sin(3 * x),
        minima=(0.0, 1.9453787798266386, -1.9453787798266386, 3.847009910782129, -3.847009910782129),
    )


def camel():
    """The six-hump camel: two global minima, four local ones, and saddles between (Dixon and Szegö 1978)."""

    def loss(p):
        x, y = p[..., 0], p[..., 1]
        xx, yy = x**2, y**2  # squares are quick, higher powers are not
        return (4 - 2.1 * xx + xx**2 / 3) * xx + x * y + (-4 + 4 * yy) * yy

    def gradient(p):
        x, y = p[..., 0], p[..., 1]
        xx, yy = x**2, y**2
        return np.stack([(8 - 8.4 * xx + 2 * xx**2) * x + y, x + (-8 + 16 * yy) * y], axis=-1)

    best, side, far = (0.0898420, -0.7126564), (1.7036067, -0.7960836), (1.6071048, 0.5686515)
    return Landscape(
        loss, gradient, minima=tuple((sign * x, sign * y) for x, y in (best, side, far) for sign in (1, -1))
    )


def ravine(kappa, angle=0.0):
    """`½(u² + kappa·v²)`, a valley with curvatures 1 and kappa, turned by `angle` degrees; the minimum is (0, 0).

    kappa: at least 1, the ratio of the two curvatures.
    """
    turn = np.radians(_one_number("angle", angle))
    if not (isinstance(kappa, (int, float, np.integer, np.floating)) and 1 <= kappa < 1e300):
        raise ValueError(f"kappa must be a number, at least 1; got {_short(kappa)}")
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hessian = axes @ np.diag([1.0, kappa]) @ axes.T
    return Landscape(lambda p: 0.5 * (p @ hessian * p).sum(axis=-1), lambda p: p @ hessian, minima=((0.0, 0.0),))


def saddle():
    """`x²/2 + y⁴/4 - y²/2`: flat at (0, 0), which is no minimum; the minima are (0, 1) and (0, -1)."""

    def loss(p):
        x, y = p[..., 0], p[..., 1]
        return x**2 / 2 + y**4 / 4 - y**2 / 2

    def gradient(p):
        x, y = p[..., 0], p[..., 1]
        return np.stack([x, y**3 - y], axis=-1)

    return Landscape(loss, gradient, minima=((0.0, 1.0), (0.0, -1.0)))


def sharp_and_wide(sharp_is_deepest=False):
    """A wide valley at 0 and a sharp one near 3; which of the two is deeper is up to you."""
    if not isinstance(sharp_is_deepest, (bool, np.bool_)):
        raise ValueError(f"sharp_is_deepest must be True or False; got {_short(sharp_is_deepest)}")
    width, bowl, depth = (0.15, 0.05, 0.6) if sharp_is_deepest else (0.15, 0.25, 0.8)

    def notch(x):
        return depth * np.exp(-((x - 3) ** 2) / (2 * width**2))

    def gradient(x):
        return 2 * bowl * x + notch(x) * (x - 3) / width**2

    sharp = 2.988760640912572 if sharp_is_deepest else 2.9566489595847174
    minima = (sharp, 0.0) if sharp_is_deepest else (0.0, sharp)
    return Landscape(lambda x: bowl * x**2 - notch(x), gradient, minima=minima)


@dataclass(frozen=True, eq=False)
class NoisyLandscape:
    """A curve that is the mean of many: row i has the loss `landscape.loss(x) + tilts[i]·x`. tilts: (n_rows,).

    Tilts whose mean is 0 leave the curve itself unchanged; a mini-batch feels only its own.
    """

    landscape: Landscape
    tilts: np.ndarray

    def __post_init__(self):
        if not isinstance(self.landscape, Landscape):
            raise ValueError(f"landscape must be one such as two_valleys(); got {_short(self.landscape)}")
        tilts = _array("tilts", self.tilts)
        if tilts.ndim != 1 or tilts.size == 0:
            raise ValueError(f"tilts must be a list of at least one number; got shape {tilts.shape}")
        object.__setattr__(self, "tilts", tilts)

    @property
    def n_rows(self):
        return len(self.tilts)

    def loss(self, x):
        x = _array("x", x)
        return self.landscape.loss(x) + self.tilts.mean() * x

    def gradient(self, x):
        return self.landscape.gradient(_array("x", x)) + self.tilts.mean()

    def batch(self, rows):
        try:
            return NoisyLandscape(self.landscape, self.tilts[rows])
        except (IndexError, TypeError, ValueError):
            raise _no_rows(rows, self.n_rows) from None


@dataclass(frozen=True, eq=False)
class Network:
    """A fully connected network that classifies: softmax on the last layer, mean cross-entropy as the loss.

    X: (n_rows, sizes[0]), float64, or float32 to compute in that. labels: (n_rows,) whole numbers from 0.
    sizes: neurons of each layer, input and output included: (784, 1000, 500, 10). activation: "relu" or "tanh".
    All weights and biases live in one flat vector, `params`; `layers` shows it as matrices, without copying.
    """

    X: np.ndarray
    labels: np.ndarray
    sizes: tuple
    activation: str = "relu"
    fresh_gradients: ClassVar = True  # each gradient is a new array: `descend` may write over it

    def __post_init__(self):
        X, sizes = self.X, _sizes(self.sizes)
        if not (isinstance(X, np.ndarray) and X.dtype == np.float32 and np.isfinite(X).all()):
            X = _finite_array("X", X)
        if X.ndim != 2 or X.size == 0 or X.shape[1] != sizes[0]:
            raise ValueError(f"X must have shape (n_rows, {sizes[0]}) to fit sizes {_short(sizes)}; got {X.shape}")
        labels = _labels(self.labels, len(X))
        if labels.min() < 0 or labels.max() >= sizes[-1]:
            raise ValueError(f"labels must be between 0 and {sizes[-1] - 1}; got up to {labels.max()}")
        if not (isinstance(self.activation, str) and self.activation in ("relu", "tanh")):
            raise ValueError(f'activation must be "relu" or "tanh"; got {_short(self.activation)}')
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "labels", labels)

    @property
    def n_rows(self):
        return len(self.labels)

    @property
    def n_params(self):
        return sum((n_in + 1) * n_out for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True))

    def _checked(self, params, several=False):
        if not (isinstance(params, np.ndarray) and params.dtype.kind == "f"):
            params = _array("params", params)
        if params.shape[-1:] != (self.n_params,) or (params.ndim > 1 and not several):
            sizes = _short(self.sizes)
            raise ValueError(f"params must have shape ({self.n_params},) for sizes {sizes}; got {params.shape}")
        return params

    def layers(self, params):
        """The views [(weights (n_out, n_in), biases (n_out,)), ...] of a flat vector: writing there writes in it."""
        params = self._checked(params)
        views, place = [], 0
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            weights = params[place : place + n_out * n_in].reshape(n_out, n_in)
            place += n_out * n_in
            views.append((weights, params[place : place + n_out]))
            place += n_out
        return views

    def start(self, rng):
        """A random start, (n_params,): weights normal with variance 2/n_in (He et al. 2015), biases 0."""
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"rng must be a random generator such as np.random.default_rng(0); got {_short(rng)}")
        params = np.zeros(self.n_params, dtype=self.X.dtype)
        for weights, _ in self.layers(params):
            weights[:] = rng.standard_normal(weights.shape) * np.sqrt(2 / weights.shape[1])
        return params

    def _forward(self, layers, X):
        """The activity of every layer, input first; the last one holds scores, not yet probabilities."""
        activity = [X]
        for number, (weights, biases) in enumerate(layers):
            signal = activity[-1] @ weights.T
            signal += biases
            if number < len(layers) - 1:
                np.tanh(signal, out=signal) if self.activation == "tanh" else np.maximum(signal, 0, out=signal)
            activity.append(signal)
        return activity

    def loss(self, params):
        """(..., n_params) -> (...), the mean of -log(probability of the right label)."""
        params = self._checked(params, several=True)
        if params.ndim > 1:
            return np.array([self.loss(one) for one in params.reshape(-1, params.shape[-1])]).reshape(params.shape[:-1])
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self._forward(self.layers(params), self.X)[-1]
            scores = scores - scores.max(axis=1, keepdims=True)
            chosen = scores[np.arange(self.n_rows), self.labels]
            return (np.log(np.exp(scores).sum(axis=1)) - chosen).mean()

    def gradient(self, params):
        """(n_params,) -> (n_params,), by backpropagation: the chain rule from the last layer to the first."""
        layers, gradient = self.layers(params), np.empty_like(params)
        activity = self._forward(layers, self.X)
        error = activity.pop()  # slope of the loss in the scores: probability - 1 for the right label, mean over rows
        error -= error.max(axis=1, keepdims=True)
        np.exp(error, out=error)
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(self.n_rows), self.labels] -= 1
        error /= self.n_rows
        views = zip(reversed(self.layers(gradient)), reversed(layers), strict=True)
        for (slope_weights, slope_biases), (weights, _) in views:
            below = activity.pop()
            np.matmul(error.T, below, out=slope_weights)
            error.sum(axis=0, out=slope_biases)
            if activity:  # through the weights, then through the activation of the layer below
                error = error @ weights
                error *= 1 - below**2 if self.activation == "tanh" else below > 0
        return gradient

    def batch(self, rows):
        """The same network on these rows only."""
        part = copy(self)  # what was looked at once is not looked at again at every step
        try:
            object.__setattr__(part, "X", self.X[rows])
            object.__setattr__(part, "labels", self.labels[rows])
        except (IndexError, TypeError, ValueError):
            raise _no_rows(rows, self.n_rows) from None
        if part.labels.ndim != 1 or len(part.labels) == 0:
            raise _no_rows(rows, self.n_rows)
        return part

    def predict(self, params, X=None):
        """The label with the highest score for each row: (n_rows,)."""
        X = self.X if X is None else _array("X", X)
        if X.ndim != 2 or X.shape[1] != self.sizes[0]:
            raise ValueError(
                f"X must have shape (n_rows, {self.sizes[0]}) to fit sizes {_short(self.sizes)}; got {X.shape}"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            return self._forward(self.layers(params), X)[-1].argmax(axis=1)

    def accuracy(self, params):
        """The share of rows whose label is predicted right."""
        return float((self.predict(params) == self.labels).mean())


def _sizes(sizes):
    """The neurons of each layer, as a tuple."""
    try:
        sizes = tuple(0 if isinstance(size, np.bool) else operator.index(size) for size in sizes)
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be the neurons of each layer, at least two whole numbers; got {_short(sizes)}")
    if sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes)) > MOST:
        raise ValueError(f"sizes must ask for no more than {MOST:,} parameters, for memory's sake; got {_short(sizes)}")
    return sizes


def _labels(labels, n_rows):
    try:
        array = np.asarray(labels)
    except (ValueError, OverflowError):
        array = np.array("no numbers")
    if array.shape != (n_rows,) or array.dtype.kind not in "iu":
        raise ValueError(f"labels must hold {n_rows} whole numbers, one for each row of X; got {_short(labels)}")
    return array


def numerical_gradient(loss, params, h=1e-6):
    """The gradient by central differences, `(loss(params + h) - loss(params - h)) / 2h` for each parameter in turn.

    loss: params -> number. params: () or (n_params,). Good to about h² and to rounding error / h, whichever is larger.
    """
    params, h = _finite_array("params", params), _one_number("h", h)
    if h <= 0:
        raise ValueError(f"h must be a positive number; got {_short(h)}")
    if not callable(loss):
        raise ValueError(f"loss must be a function of the params; got {_short(loss)}")
    slopes = np.empty(params.shape)
    for i in np.ndindex(params.shape):
        nudge = np.zeros(params.shape)
        nudge[i] = h
        with np.errstate(all="ignore"):
            high, low = _one_loss(loss(params + nudge)), _one_loss(loss(params - nudge))
            slopes[i] = (high - low) / (2 * h)
    return slopes


def _one_loss(value):
    if not isinstance(value, (int, float, np.integer, np.floating)) and np.shape(_array("loss's result", value)):
        raise ValueError(f"loss must return one number; it returned {_short(value)}")
    return value
