"""Anything at all, handed to any function or control: a result or one plain sentence, and no third thing.

The inputs are generated (hypothesis), the same ones at every run. What a function is good for is tested elsewhere.
"""

import inspect
import itertools
import math
import re
import traceback
import types
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import gdhelpers
from gdhelpers import datasets, descent, optimizers, problems
from gdhelpers.datasets import houses
from gdhelpers.descent import descend
from gdhelpers.optimizers import Adam, GradientDescent, Momentum
from gdhelpers.problems import LeastSquares, Network, NoisyLandscape, camel, parabola

PACKAGE = str(Path(gdhelpers.__file__).parent)
settings.register_profile(
    "the same at every run",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
settings.load_profile("the same at every run")


# What is handed over


class Unruly:
    """Its looks take many long lines."""

    def __repr__(self):
        return "unruly\n" * 100


def not_a_number(*arguments):
    """A learner's function that has gone wrong."""
    return math.nan


RUBBISH = [
    lambda: None,
    lambda: ...,
    lambda: True,
    lambda: "",
    lambda: "0.1",
    lambda: "a word. Another sentence\nand a line" * 20,
    lambda: b"0.1",
    lambda: math.nan,
    lambda: math.inf,
    lambda: -math.inf,
    lambda: np.float64("nan"),
    lambda: np.float32(0.5),
    lambda: np.int8(3),
    lambda: 0,
    lambda: -0.0,
    lambda: -1,
    lambda: 0.5,
    lambda: 5e-324,
    lambda: 1e308,
    lambda: -1e308,
    lambda: 10**18,
    lambda: 10**30,
    lambda: -(10**30),
    lambda: 10**400,
    lambda: 1j,
    lambda: np.complex128(1 + 2j),
    lambda: Decimal("0.1"),
    lambda: Fraction(1, 3),
    lambda: [],
    lambda: [[]],
    lambda: (1, 2),
    lambda: [1, [2, 3]],
    lambda: [[1, 2], [3]],
    lambda: [[[1.0, 2.0]]],
    lambda: [math.nan, 1],
    lambda: [1e308, -1e308],
    lambda: [10**400],
    lambda: ["a", "b"],
    lambda: [None, 1],
    lambda: {},
    lambda: {1, 2},
    lambda: range(3),
    lambda: slice(None),
    lambda: (n for n in range(3)),
    lambda: np.array([]),
    lambda: np.zeros((0, 2)),
    lambda: np.zeros((2, 0)),
    lambda: np.zeros((3, 3)),
    lambda: np.zeros((2, 2, 2, 2)),
    lambda: np.array(1.0),
    lambda: np.array([1, None], dtype=object),
    lambda: np.array([1.0, 2.0], dtype=object),
    lambda: np.array([1 + 1j, 2]),
    lambda: np.array(["1", "2"]),
    lambda: np.array(["2026-01-01"], dtype="datetime64[D]"),
    lambda: np.array([True, False]),
    lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    lambda: np.random.default_rng(0),
    lambda: np.random,
    lambda: lambda *arguments: None,
    lambda: lambda *arguments: "rubbish",
    lambda: not_a_number,
    lambda: lambda *arguments: arguments,
    lambda: Unruly(),
    lambda: parabola(),
    lambda: math,
]
anything = st.one_of(
    st.floats(), st.integers(-(10**20), 10**20), st.text(max_size=5), st.lists(st.floats(), max_size=4)
)


def made(*makers):
    """One of these values, new each time."""
    return st.sampled_from(makers).map(lambda make: make())


def line():
    return LeastSquares.line(*houses())


def small_network(dtype=float):
    rng = np.random.default_rng(0)
    return Network(rng.normal(size=(6, 3)).astype(dtype), np.array([0, 1, 1, 0, 1, 0]), (3, 4, 2), "tanh")


numbers = st.floats(-1e6, 1e6)
pairs = st.tuples(numbers, numbers) | st.lists(numbers, min_size=2, max_size=2).map(np.array)
positive = st.floats(1e-12, 1e3)
shares = st.floats(0, 0.999)
counts = st.integers(1, 50)
rngs = made(lambda: np.random.default_rng(0))
schedules = positive | positive.map(lambda rate: lambda step: rate / (1 + step))
rules = made(lambda: GradientDescent(1e-8), lambda: Momentum(0.01), lambda: Adam(0.1), lambda: lambda p, g, s: (p, s))
lands = made(parabola, line, camel, small_network, lambda: NoisyLandscape(parabola(), np.array([1.0, -1.0])))
tables = st.integers(1, 4).map(lambda n: np.arange(2.0 * n).reshape(n, 2))


# What may come of it


def broken(error):
    """What is wrong with a refusal; None when it is one plain sentence, said by the package."""
    message, last = str(error), traceback.extract_tb(error.__traceback__)[-1]
    if not isinstance(error, ValueError):
        return f"{type(error).__name__}: {message}"
    if not last.filename.startswith(PACKAGE) or not last.line.startswith("raise"):
        return f"not said by the package but by {last.filename}, {last.line}: {message}"
    if "\n" in message or len(message) > 200 or message.endswith(".") or not message:
        return f"not one plain sentence: {message!r}"
    if error.__context__ is not None and not error.__suppress_context__:
        return f"a second traceback: {message}"
    return None


def attempt(function, *arguments, strict=True, **named):
    """(what it returns, None), or (None, its refusal); anything else fails the test. Every warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if not strict:
            warnings.filterwarnings("ignore", "(overflow|invalid value) encountered", RuntimeWarning)
        try:
            return function(*arguments, **named), None
        except RecursionError:
            raise
        except Exception as error:
            wrong = broken(error)
            assert wrong is None, wrong
            return None, error


def flat(value):
    """All numbers in a result, however it is packed."""
    if isinstance(value, np.ndarray | np.number | float | int):
        array = np.asarray(value)
        return array.ravel().tolist() if array.dtype.kind in "iuf" else []
    if isinstance(value, tuple | list):
        return [number for part in value for number in flat(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [number for name in value.__dataclass_fields__ for number in flat(getattr(value, name))]
    return []


def tame(value):
    """Whether every number in an argument is finite, and its square still a number."""
    finite = all(math.isfinite(number) and abs(number) < 1e100 for number in flat(value))
    return finite and value is not not_a_number


# Every public function of the four lowest modules, with what is good for each of its parameters

PARAMETERS = {
    datasets.houses: {},
    datasets.many_houses: {"n": counts, "rng": rngs, "noise": positive},
    datasets.Units: {"name": st.text(), "shift": numbers, "scale": positive},
    datasets.units: {
        "name": st.sampled_from(["sq ft", "thousands", "standardised"]),
        "size": st.lists(numbers, min_size=1, max_size=5),
    },
    datasets.digits: {"split": st.integers(0, 10**9), "side": st.sampled_from([8, 28])},
    descent.minibatches: {"n_rows": counts, "batch_size": counts, "rng": rngs},
    descent.descend: {
        "problem": lands,
        "start": pairs | numbers | made(lambda: np.zeros(26)),
        "optimizer": rules,
        "n_steps": counts,
        "batch_size": st.none() | st.integers(1, 6),
        "rng": rngs,
        "record_every": counts,
        "watch": st.none() | made(lambda: lambda step, params: step == 3),
        "watch_every": st.none() | counts,
    },
    optimizers.GradientDescent: {"learning_rate": schedules},
    optimizers.Momentum: {"learning_rate": schedules, "beta": shares},
    optimizers.Nesterov: {"learning_rate": schedules, "beta": shares},
    optimizers.RMSProp: {"learning_rate": schedules, "beta": shares, "epsilon": positive},
    optimizers.Adam: {
        "learning_rate": schedules,
        "beta1": shares,
        "beta2": shares,
        "epsilon": positive,
        "bias_correction": st.booleans(),
    },
    optimizers.constant: {"learning_rate": positive},
    optimizers.step_decay: {
        "learning_rate": positive,
        "drop_at": counts | st.lists(counts, max_size=5),
        "factor": positive,
    },
    optimizers.exponential_decay: {"learning_rate": positive, "n_steps": counts, "final": positive},
    optimizers.cosine: {"learning_rate": positive, "n_steps": counts},
    optimizers.warmup: {"schedule": schedules, "n_steps": counts},
    problems.LeastSquares: {"X": tables, "y": st.lists(numbers, min_size=1, max_size=4)},
    problems.LeastSquares.line: {
        "x": st.lists(numbers, min_size=3, max_size=3),
        "y": st.lists(numbers, min_size=3, max_size=3),
    },
    problems.Landscape: {
        "loss": made(lambda: np.square),
        "gradient": made(lambda: lambda x: 2 * x),
        "minima": st.just(()),
    },
    problems.parabola: {},
    problems.two_valleys: {},
    problems.rippled_bowl: {},
    problems.camel: {},
    problems.saddle: {},
    problems.ravine: {"kappa": st.floats(1, 1e6), "angle": numbers},
    problems.sharp_and_wide: {"sharp_is_deepest": st.booleans()},
    problems.NoisyLandscape: {"landscape": made(parabola), "tilts": made(lambda: np.array([1.0, -1.0]))},
    problems.Network: {
        "X": made(lambda: np.ones((4, 3)), lambda: np.ones((4, 3), dtype=np.float32)),
        "labels": made(lambda: [0, 1, 0, 1], lambda: np.array([1, 1, 0, 0])),
        "sizes": made(lambda: (3, 2), lambda: [3, 5, 2], lambda: np.array([3, 2, 2])),
        "activation": st.sampled_from(["relu", "tanh"]),
    },
    problems.numerical_gradient: {
        "loss": made(lambda: lambda p: (p**2).sum(), lambda: line().loss),
        "params": pairs,
        "h": positive,
    },
}
FEEL_LIKE = {  # objects to call methods of, and what is good for their parameters
    datasets.Units: (
        lambda: datasets.units("thousands", [1.0]),
        {
            "convert": {"size": numbers},
            **{name: {"params": pairs} for name in ("from_sq_ft", "to_sq_ft", "dollars_per_sq_ft")},
        },
    ),
    descent.Trajectory: (
        lambda: descend(parabola(), 1.0, GradientDescent(0.1), 5),
        {"until": {"step": st.integers(0, 9)}, "steps_to": {"target": numbers}},
    ),
    problems.LeastSquares: (
        line,
        {
            **{name: {"params": pairs} for name in ("predict", "loss", "gradient")},
            "batch": {"rows": st.lists(st.integers(0, 4), min_size=1, max_size=5)},
            "after": {"start": pairs, "learning_rate": positive, "n_steps": counts | st.lists(counts, min_size=1)},
            "steps_to": {"target": numbers, "start": pairs, "learning_rate": positive},
            **{name: {} for name in ("hessian", "minimum", "learning_rate_limit")},
        },
    ),
    problems.NoisyLandscape: (
        lambda: NoisyLandscape(parabola(), np.array([1.0, -1.0])),
        {
            "batch": {"rows": st.lists(st.integers(0, 1), min_size=1)},
            **{name: {"x": numbers} for name in ("loss", "gradient")},
        },
    ),
    problems.Network: (
        small_network,
        {
            **{name: {"params": made(lambda: np.ones(26))} for name in ("layers", "loss", "gradient", "accuracy")},
            "batch": {"rows": st.lists(st.integers(0, 5), min_size=1)},
            "start": {"rng": rngs},
            "predict": {"params": made(lambda: np.ones(26)), "X": st.none() | made(lambda: np.ones((2, 3)))},
        },
    ),
    **{
        kind: (
            lambda kind=kind: kind(0.01),
            {"__call__": {"params": numbers.map(np.array), "gradient": numbers.map(np.array), "state": st.none()}},
        )
        for kind in (
            optimizers.GradientDescent,
            optimizers.Momentum,
            optimizers.Nesterov,
            optimizers.RMSProp,
            optimizers.Adam,
        )
    },
}


def public(module):
    """The functions and classes that a module defines itself and shows."""
    return {
        thing
        for name, thing in vars(module).items()
        if not name.startswith("_") and callable(thing) and getattr(thing, "__module__", "") == module.__name__
    }


def methods(kind):
    return {
        name
        for name, thing in vars(kind).items()
        if inspect.isfunction(thing) and (name[0] != "_" or name == "__call__")
    }


RESULTS = {datasets.Houses, datasets.Digits, descent.Trajectory}  # made by the package, not by a learner


def test_every_public_function_class_and_method_is_in_the_table():
    for module in (datasets, descent, optimizers, problems):
        assert public(module) - RESULTS <= set(PARAMETERS)
        for kind in filter(inspect.isclass, public(module) - {datasets.Houses, datasets.Digits}):
            assert methods(kind) == set(FEEL_LIKE.get(kind, (None, {}))[1])
    for function, parameters in PARAMETERS.items():
        assert list(inspect.signature(function).parameters) == list(parameters)
    for kind, (_, each) in FEEL_LIKE.items():
        for name, parameters in each.items():
            assert list(inspect.signature(getattr(kind, name)).parameters)[1:] == list(parameters)


DIVERGE = {"LeastSquares.after"}  # "not finite where a diverging walk has left all numbers"
FORMULAS = {  # called by hand they are a formula and nothing else, and beyond 1e100 NumPy may have its say
    *(f"{kind.__name__}.__call__" for kind in FEEL_LIKE if "__call__" in FEEL_LIKE[kind][1]),
    "NoisyLandscape.loss",
    "NoisyLandscape.gradient",
}
ALSO_CALLED = {
    "name": "units",
    "schedule": "learning.rate",
    "learning_rate": "learning-rate",
    "problem": "loss|gradient|params",
}
CALLS = {
    **{function.__qualname__: (lambda function=function: function, good) for function, good in PARAMETERS.items()},
    **{
        f"{kind.__name__}.{name}": (lambda make=make, name=name: getattr(make(), name), good)
        for kind, (make, each) in FEEL_LIKE.items()
        for name, good in each.items()
    },
}


def used(result):
    """Make lazy results do their work: a schedule is asked for rates, batches are taken, a rule makes a step."""
    if isinstance(result, types.GeneratorType):
        return list(itertools.islice(result, 100))
    if inspect.isfunction(result):
        return [result(step) for step in (0, 1, 49, 50, 51, 10**9)]
    return result


def assert_result_or_sentence(name, arguments):
    """Call it, and hold the contract against what comes."""
    make, good = CALLS[name]
    function, strict = make(), name not in FORMULAS or all(map(tame, arguments.values()))
    result, refusal = attempt(lambda: used(function(**arguments)), strict=strict)
    if refusal is not None:
        names = "|".join([*good, *(ALSO_CALLED.get(key, key) for key in good)])
        assert re.search(rf"\b({names})\b", str(refusal)), f"what is wrong? {refusal}"
    elif name not in DIVERGE and all(map(tame, arguments.values())):
        assert not any(map(math.isnan, flat(result))), "not a number, from numbers"


@pytest.mark.parametrize("name", sorted(name for name, (_, good) in CALLS.items() if good))
def test_anything_for_one_argument_gives_a_result_or_a_sentence_that_names_it(name):
    _, good = CALLS[name]

    @settings(max_examples=2)
    @given(st.fixed_dictionaries(good))
    def each_kind_of_rubbish(arguments):
        for bad, make in itertools.product(good, RUBBISH):
            assert_result_or_sentence(name, {**arguments, bad: make()})

    @given(st.data())
    def numbers_and_texts(data):
        arguments = {key: data.draw(values, key) for key, values in good.items()}
        bad = data.draw(st.sampled_from(sorted(good)), "the bad one")
        assert_result_or_sentence(name, {**arguments, bad: data.draw(anything, bad)})

    each_kind_of_rubbish()
    numbers_and_texts()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_good_arguments_are_taken_and_give_numbers(name):
    make, good = CALLS[name]

    @settings(max_examples=10)
    @given(st.fixed_dictionaries(good))
    def try_it(arguments):
        result, _ = attempt(lambda: used(make()(**arguments)))
        assert name in DIVERGE or not any(map(math.isnan, flat(result)))

    try_it()
