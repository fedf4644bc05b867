"""How to take one step. An optimizer is any callable `(params, gradient, state) -> (params, state)`.

`state` is None at the start and whatever the optimizer needs to remember afterwards. A function of yours with this
contract is an optimizer too. The learning rate is a number or a schedule, a callable `step -> number`, steps from 0.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import numpy as np

PIECE = 32_768  # numbers
FAR = 10**15  # steps: no walk comes there


def _short(value):
    """How a value looks, on one short line."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def _is_number(value):
    """Whether it is one real, finite number that a float can hold."""
    if isinstance(value, int):
        return abs(value) < 2**1023
    return isinstance(value, (float, np.integer, np.floating)) and math.isfinite(value)


def _positive(name, value):
    if not (_is_number(value) and value > 0):
        raise ValueError(f"{name} must be a positive, finite number; got {_short(value)}")


def _count(name, value):
    try:
        count = 0 if isinstance(value, np.bool) else operator.index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"{name} must be a whole number, at least 1; got {_short(value)}")
    if count > FAR:
        raise ValueError(f"{name} must be at most {FAR:,}; got {_short(value)}")
    return count


def _rate(learning_rate, step):
    """The learning rate of this step. A schedule may reach 0, for a number that would be a standstill."""
    if not callable(learning_rate):
        return learning_rate
    try:
        rate = learning_rate(step)
    except OverflowError:
        rate = math.inf
    if not (_is_number(rate) and rate >= 0):
        gave = f"at step {step} it gave {_short(rate)}"
        raise ValueError(f"the learning-rate schedule must give a number from 0 up; {gave}")
    return rate


def _check_learning_rate(learning_rate):
    if not callable(learning_rate):
        _positive("learning_rate", learning_rate)


def _check_beta(name, value):
    if not (_is_number(value) and 0 <= value < 1):
        raise ValueError(f"{name} must be at least 0 and below 1; got {_short(value)}")


def _step(params, rate, direction, new=None):
    """`params - rate · direction`, in the memory of `new` if that is given and the array is large. Large arrays piece
    by piece, so that each piece is still in the processor's cache for the second operation: a third less time."""
    if np.size(params) <= PIECE or params.ndim > 1 or params.dtype != direction.dtype:
        return params - rate * direction
    new = np.empty_like(params) if new is None else new
    for first in range(0, params.size, PIECE):
        last = first + PIECE
        change = np.multiply(direction[first:last], rate, out=new[first:last])
        np.subtract(params[first:last], change, out=change)
    return new


def _said(rule):
    """A rule that says in a sentence when it was called with what it cannot use; nothing is looked at before."""

    @wraps(rule)
    def said(self, params, gradient, state=None):
        try:
            return rule(self, params, gradient, state)
        except Exception as error:
            for name, value in (("params", params), ("gradient", gradient)):
                if not (_is_number(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")):
                    raise ValueError(f"{name} must be an array of numbers; got {_short(value)}") from None
            if np.shape(params) != np.shape(gradient):
                shapes = f"{np.shape(params)}; got {np.shape(gradient)}"
                raise ValueError(f"gradient must have the shape of params, {shapes}") from None
            if isinstance(error, OverflowError):
                raise ValueError(f"gradient must be a number whose square is one; got {_short(gradient)}") from None
            if state is not None and error.__traceback__.tb_next.tb_next is None:  # no schedule raised it
                raise ValueError(f"state must be None or what the step before returned; got {_short(state)}") from None
            raise

    return said


def _power(factor, exponent):
    """Infinity where Python gives up."""
    try:
        return float(factor) ** exponent
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class GradientDescent:
    """`params - learning_rate · gradient`. On a mini-batch the same rule is stochastic gradient descent."""

    learning_rate: float | Callable

    def __post_init__(self):
        _check_learning_rate(self.learning_rate)

    @_said
    def __call__(self, params, gradient, state=None):
        step = state or 0
        return _step(params, _rate(self.learning_rate, step), gradient), step + 1

    @_said
    def over_gradient(self, params, gradient, state=None):
        """The same step, for who needs the gradient no more: a large one holds the new params afterwards."""
        step = state or 0
        return _step(params, _rate(self.learning_rate, step), gradient, new=gradient), step + 1


@dataclass(frozen=True)
class Momentum:
    """Polyak's heavy ball (1964): `velocity = beta · velocity + gradient`, `params - learning_rate · velocity`.

    This is PyTorch's convention, not the averaging one with `(1 - beta) · gradient`: under a steady gradient its step
    grows to `learning_rate / (1 - beta)`, so compare it with plain descent at both rates. 0 <= beta < 1.
    """

    learning_rate: float | Callable
    beta: float = 0.9

    def __post_init__(self):
        _check_learning_rate(self.learning_rate)
        _check_beta("beta", self.beta)

    @_said
    def __call__(self, params, gradient, state=None):
        step, velocity = state or (0, 0.0)
        velocity = self.beta * velocity + gradient
        return params - _rate(self.learning_rate, step) * velocity, (step + 1, velocity)


@dataclass(frozen=True)
class Nesterov:
    """Nesterov's momentum (1983) in PyTorch's form: the step looks one velocity ahead.

    `velocity = beta · velocity + gradient`, `params - learning_rate · (gradient + beta · velocity)`
    (Sutskever et al. 2013; `torch.optim.SGD(nesterov=True)`). 0 <= beta < 1.
    """

    learning_rate: float | Callable
    beta: float = 0.9

    def __post_init__(self):
        _check_learning_rate(self.learning_rate)
        _check_beta("beta", self.beta)

    @_said
    def __call__(self, params, gradient, state=None):
        step, velocity = state or (0, 0.0)
        velocity = self.beta * velocity + gradient
        return params - _rate(self.learning_rate, step) * (gradient + self.beta * velocity), (step + 1, velocity)


@dataclass(frozen=True)
class RMSProp:
    """Each parameter's step is divided by the running size of its gradient (Tieleman and Hinton 2012).

    `square = beta · square + (1 - beta) · gradient²`, `params - learning_rate · gradient / (√square + epsilon)`:
    PyTorch's form, epsilon outside the root, `square` starts at 0. 0 <= beta < 1, epsilon > 0.
    """

    learning_rate: float | Callable
    beta: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self):
        _check_learning_rate(self.learning_rate)
        _check_beta("beta", self.beta)
        _positive("epsilon", self.epsilon)

    @_said
    def __call__(self, params, gradient, state=None):
        step, square = state or (0, 0.0)
        square = self.beta * square + (1 - self.beta) * gradient**2
        scaled = gradient / (np.sqrt(square) + self.epsilon)
        return params - _rate(self.learning_rate, step) * scaled, (step + 1, square)


@dataclass(frozen=True)
class Adam:
    """Momentum and RMSProp in one, each an average (Kingma and Ba 2015, algorithm 1).

    `m = beta1 · m + (1 - beta1) · gradient`, `v = beta2 · v + (1 - beta2) · gradient²`, both from 0; then with the
    correction `m / (1 - beta1^t)`, `v / (1 - beta2^t)`, t from 1: `params - learning_rate · m / (√v + epsilon)`.
    `bias_correction=False` leaves the correction out, which is the formula of the article and of BERT's first code.
    """

    learning_rate: float | Callable
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    bias_correction: bool = True

    def __post_init__(self):
        _check_learning_rate(self.learning_rate)
        _check_beta("beta1", self.beta1)
        _check_beta("beta2", self.beta2)
        _positive("epsilon", self.epsilon)

    @_said
    def __call__(self, params, gradient, state=None):
        step, m, v = state or (0, 0.0, 0.0)
        m = self.beta1 * m + (1 - self.beta1) * gradient
        v = self.beta2 * v + (1 - self.beta2) * gradient**2
        correct_m, correct_v = 1.0, 1.0
        if self.bias_correction:
            correct_m, correct_v = 1 - self.beta1 ** (step + 1), 1 - self.beta2 ** (step + 1)
        scaled = (m / correct_m) / (np.sqrt(v / correct_v) + self.epsilon)
        return params - _rate(self.learning_rate, step) * scaled, (step + 1, m, v)


def constant(learning_rate):
    """The same rate at every step."""
    _positive("learning_rate", learning_rate)
    return lambda step: learning_rate


def step_decay(learning_rate, drop_at, factor=0.1):
    """The rate is multiplied by `factor` at each of the steps in `drop_at`, one step or a list."""
    _positive("learning_rate", learning_rate)
    _positive("factor", factor)
    drops = [_count("drop_at", drop) for drop in (drop_at if np.iterable(drop_at) else [drop_at])]
    return lambda step: learning_rate * _power(factor, sum(step >= drop for drop in drops))


def exponential_decay(learning_rate, n_steps, final=0.01):
    """The rate falls by the same share at each step, to `final · learning_rate` at step `n_steps`."""
    _positive("learning_rate", learning_rate)
    _positive("final", final)
    n_steps = _count("n_steps", n_steps)
    return lambda step: learning_rate * _power(final, step / n_steps)


def cosine(learning_rate, n_steps):
    """The rate follows half a cosine wave from `learning_rate` to 0 at step `n_steps` (Loshchilov and Hutter 2017,
    without restarts), and stays there."""
    _positive("learning_rate", learning_rate)
    n_steps = _count("n_steps", n_steps)
    return lambda step: learning_rate * (1 + math.cos(math.pi * min(step / n_steps, 1))) / 2


def warmup(schedule, n_steps):
    """The rate climbs in a straight line for `n_steps` steps to where `schedule` begins; then `schedule` runs from its
    own step 0. `schedule`: a number or a schedule."""
    _check_learning_rate(schedule)
    n_steps = _count("n_steps", n_steps)

    def rate(step):
        return float(_rate(schedule, 0)) * (step + 1) / n_steps if step < n_steps else _rate(schedule, step - n_steps)

    return rate
