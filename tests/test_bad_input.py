"""Anything at all, handed to any function or control: a result or one plain sentence, and no third thing.

The inputs are generated (hypothesis), the same ones at every run. What a function is good for is tested elsewhere.
"""

import contextlib
import inspect
import itertools
import math
import re
import subprocess
import sys
import textwrap
import traceback
import types
import warnings
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import traitlets
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_widgets import EXPLORERS, assert_sound

import gdhelpers
from gdhelpers import datasets, descent, lessons, live, optimizers, plots, problems, widgets
from gdhelpers.datasets import houses
from gdhelpers.descent import descend
from gdhelpers.lessons import replies
from gdhelpers.optimizers import Adam, GradientDescent, Momentum
from gdhelpers.problems import (
    Landscape,
    LeastSquares,
    Network,
    NoisyLandscape,
    camel,
    parabola,
    rippled_bowl,
    two_valleys,
)

PACKAGE = str(Path(gdhelpers.__file__).parent)
settings.register_profile(
    "the same at every run",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=8,
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
    if "\n" in message or len(message) > 200 or message.removesuffix("...").endswith(".") or not message:
        return f"not one plain sentence: {message!r}"
    if error.__context__ is not None and not error.__suppress_context__:
        return f"a second traceback: {message}"
    return None


OLD_ON_NEW = r"'\w+' (argument is )?deprecated"  # the oldest Matplotlib, on a newer pyparsing: no learner sees it


def attempt(function, *arguments, strict=True, **named):
    """(what it returns, None), or (None, its refusal); anything else fails the test. Every warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", OLD_ON_NEW, DeprecationWarning)
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
            {
                name: {"params": numbers.map(np.array), "gradient": numbers.map(np.array), "state": st.none()}
                for name in ("__call__", "over_gradient")
                if hasattr(kind, name)
            },
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
FORMULAS = {  # each step pays for what they look at: beyond 1e100 they leave the word to NumPy, unless `descend` calls
    *(f"{kind.__name__}.__call__" for kind in FEEL_LIKE if "__call__" in FEEL_LIKE[kind][1]),
    "NoisyLandscape.loss",
    "NoisyLandscape.gradient",
    "LeastSquares.gradient",
    "Network.gradient",
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


# What would take all time or all memory

TOO_MUCH = """
    many_houses(10**15, rng)
    many_houses(10**30, rng)
    minibatches(10**15, 32, rng)
    minibatches(10**9 + 1, 1, rng)
    descend(parabola(), 1.0, GradientDescent(0.1), 10**12)
    descend(parabola(), 1.0, GradientDescent(0.1), 10**9)
    descend(parabola(), np.zeros(10**6), GradientDescent(0.1), 10**5)
    descend(line, (0.0, 0.0), GradientDescent(0.1), 10, batch_size=10**12, rng=rng)
    Network(np.ones((2, 3)), [0, 1], (3, 10**9, 2))
    Network(np.ones((2, 3)), [0, 1], (3, 10**5, 10**5, 2))
    cosine(0.1, 10**400)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the memory of a process")
def test_what_would_take_all_time_or_memory_is_refused_before_it_begins():
    program = f"""
        import resource
        from gdhelpers.datasets import *
        from gdhelpers.descent import *
        from gdhelpers.optimizers import *
        from gdhelpers.problems import *
        resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
        rng, line = np.random.default_rng(0), LeastSquares.line(*houses())
        for call in {TOO_MUCH.split(chr(10))!r}:
            if call.strip():
                try:
                    eval(call.strip())
                except ValueError as refusal:
                    print(call.strip(), "->", refusal)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.stderr == ""
    assert len(run.stdout.splitlines()) == len(TOO_MUCH.split("\n")) - 2, run.stdout
    for refusal in run.stdout.splitlines():
        assert re.search("-> (n|n_rows|n_steps|record_every|batch_size|sizes) must", refusal)


# Nothing recorded is lost


@contextmanager
def at_step(step, act):
    """An optimizer that behaves like plain descent until this step."""
    calls = itertools.count(1)

    def rule(params, gradient, state):
        if next(calls) == step:
            return act(params)
        return params - 0.1 * gradient, None

    yield rule


def raises(error):
    def act(*arguments):
        raise error

    return act


@given(st.integers(1, 30), st.integers(1, 7), st.sampled_from(["NaN", "infinity", "Kernel > Interrupt", "stop"]))
def test_walk_that_ends_before_its_end_keeps_every_step_so_far(step, record_every, how):
    end = {
        "NaN": lambda params: (params * math.nan, None),
        "infinity": lambda params: (params + math.inf, None),
        "Kernel > Interrupt": raises(KeyboardInterrupt),
        "stop": lambda params: (params * 0.8, None),
    }[how]
    with at_step(step, end) as rule:
        stop = (lambda at, params: at >= step - 1) if how == "stop" else None
        walk = descend(parabola(), 1.0, rule, 40, record_every=record_every, watch=stop, watch_every=1)
    kept = sorted({*range(0, step, record_every), step - 1})
    assert walk.steps.tolist() == kept
    assert np.allclose(walk.params, 0.8 ** np.array(kept))
    assert np.isfinite(walk.losses).all()
    assert walk.diverged == (step if how in ("NaN", "infinity") else None)
    assert walk.stopped == (step - 1 if how in ("Kernel > Interrupt", "stop") else None)
    assert "loss 1 ->" in repr(walk)


@given(st.integers(1, 20), st.sampled_from(RUBBISH))
def test_optimizer_that_returns_rubbish_half_way_is_named(step, make):
    with at_step(step, lambda params: make()) as rule:
        result, refusal = attempt(descend, parabola(), 1.0, rule, 20)
    assert result is not None or "the optimizer must return" in str(refusal)


@given(st.sampled_from(RUBBISH), st.sampled_from(["loss", "gradient"]))
def test_problem_that_returns_rubbish_is_named(make, part):
    functions = {"loss": lambda x: x**2, "gradient": lambda x: 2 * x, part: lambda x: make()}
    result, refusal = attempt(descend, Landscape(**functions), (1.0, 2.0), GradientDescent(0.1), 3)
    assert result is not None or part in str(refusal)


@pytest.mark.parametrize("part", ["optimizer", "gradient", "loss", "watch", "schedule"])
def test_error_of_a_learner_s_own_function_comes_through_as_it_is(part):
    own = raises(ZeroDivisionError("mine"))
    parts = {"loss": np.square, "gradient": lambda x: 2 * x, "watch": None, "optimizer": GradientDescent(0.1)}
    parts["optimizer" if part == "schedule" else part] = GradientDescent(own) if part == "schedule" else own
    with pytest.raises(ZeroDivisionError, match="mine"):
        descend(Landscape(parts["loss"], parts["gradient"]), 1.0, parts["optimizer"], 5, watch=parts["watch"])


# The checks of the exercises

SIZE, PRICE = houses()
CHECKS = {  # check: how it is called with what the learner made, a value or a function
    "check_number": lambda mine: lessons.check_number(mine, 3.0, {2.0: "You forgot the 1."}),
    "check_walk": lambda mine: lessons.check_walk(mine, SIZE, PRICE, (0.05, 100), 1e-7, 10),
    "check_learning_rate": lambda mine: lessons.check_learning_rate(mine, line(), (0.05, 100), 1000, 1.0),
    "check_fit": lambda mine: lessons.check_fit(mine, SIZE, PRICE + np.array([1, -1, 0, -1, 1])),
    "check_loss": lambda mine: lessons.check_loss(mine, SIZE, PRICE),
    "check_gradient": lambda mine: lessons.check_gradient(mine, SIZE, PRICE),
    "check_step": lambda mine: lessons.check_step(mine, SIZE, PRICE),
    "check_batch_step": lambda mine: lessons.check_batch_step(mine, SIZE, PRICE),
    "check_epoch": lambda mine: lessons.check_epoch(mine),
    "check_parameter_count": lambda mine: lessons.check_parameter_count(mine),
    "check_backpropagation": lambda mine: lessons.check_backpropagation(mine),
    "check_policy_gradient": lambda mine: lessons.check_policy_gradient(mine),
    "check_adam": lambda mine: lessons.check_adam(mine),
}


def recurses(*arguments):
    return recurses(*arguments)


def mutates(*arguments):
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument[...] = -7
    return arguments


FUNCTIONS = [
    recurses,
    mutates,
    raises(ZeroDivisionError("division by zero")),
    raises(KeyError("w")),
    raises(StopIteration()),
    raises(MemoryError()),
    raises(ValueError("line one\nline two. " * 99)),
    lambda: 1.0,
    lambda *arguments: (number for number in (1.0, 2.0)),
    lambda *arguments: itertools.count(),
    lambda *arguments: range(10**15),
    lambda *arguments: [[], [1]],
    lambda *arguments: [np.arange(3), np.arange(10**6)],
    lambda *arguments: list(arguments),
    lambda *arguments: [math.inf, -math.inf],
    lambda *arguments: (10**400, 1),
    lambda *arguments: [1e308, 1e308, 1e308],
    print,
    float,
    np.exp,
    max,
]


def test_every_check_is_in_the_table():
    assert {name for name in lessons.__all__ if name.startswith("check_")} - {"check_installation"} == set(CHECKS)


def assert_verdict(check, mine):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = CHECKS[check](mine)
    assert isinstance(verdict, replies.Verdict)
    assert verdict.passed in (True, False, None)
    assert verdict.message.endswith((".", "?")) or "Your function stopped with" in verdict.message
    assert "\n" not in verdict.message
    assert len(verdict.message) < 300
    assert not re.search(r"\bnan\b", re.split("[Gg]ot ", verdict.message)[0]), verdict.message


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_whatever_a_learner_hands_over_the_check_answers(check):
    for make in RUBBISH:
        assert_verdict(check, make())
        assert_verdict(check, lambda *arguments, make=make: make())
    for function in FUNCTIONS:
        assert_verdict(check, function)
        assert_verdict(check, function if check in ("check_epoch",) else lambda *a, f=function: f(*a))

    @given(anything | st.lists(st.lists(st.floats(), min_size=2, max_size=2)) | st.tuples(st.floats(), st.floats()))
    def try_it(value):
        assert_verdict(check, value)
        assert_verdict(check, lambda *arguments: value)

    try_it()
    assert (SIZE.tolist(), PRICE.tolist()) == tuple(array.tolist() for array in houses()), "the data were changed"


def test_batches_without_end_are_taken_only_so_far():
    endless = itertools.count()
    assert_verdict("check_epoch", lambda *arguments: endless)
    assert next(endless) < 10**6


QUESTION = {"question": "Next?", "options": {"more": "Yes, it grows.", "less": "No, it grows."}, "answer": "more"}


def test_questions_that_cannot_be_asked_and_names_that_are_none_are_refused_in_a_sentence():
    for bad, make in itertools.product(QUESTION, RUBBISH):
        arguments = {**QUESTION, bad: make()}
        for ask in (lambda parts: lessons.predict(**parts), lambda parts: lessons.quiz([tuple(parts.values())])):
            result, refusal = attempt(ask, arguments)
            assert result is not None or re.search("question|options|answer", str(refusal))
    for function, make in itertools.product((lessons.quiz, lessons.export_progress), RUBBISH):
        result, refusal = attempt(function, make())
        assert result is not None or re.search("question|student", str(refusal))


# The pictures: explorers and plots, from the arguments of which a figure is made

TABLES = made(lambda: {"a": 1e3, "b": 1e6})
STARTS = {"low": made(lambda: -6.0), "high": made(lambda: 6.0), "start": numbers}
EACH_STEP = {"rates": made(lambda: (-3, 0)), "rate": positive, "n_steps": counts}
BETAS = st.floats(0, 0.99)
HOUSES = {"size": made(lambda: houses().size), "price": made(lambda: houses().price)}
LINES = made(line, lambda: LeastSquares.line(houses().size / 1000, houses().price))


def walked():
    return descend(line(), (0.05, 100.0), GradientDescent(1e-7), 20)


def reader():
    rng = np.random.default_rng(0)
    return Network(rng.uniform(size=(12, 9)), rng.integers(2, size=12), (9, 4, 2))


def an_ax():
    return plots.figure()[1]


def one_actor():
    fig, ax = plots.figure()
    return {"figure": fig, "actors": [plots.here(ax)]}


def play(learning_rate, rng, direction):
    return np.full((20, 3), 1 / 3)


PICTURES = {
    widgets.slope_explorer: {"landscape": made(parabola), **STARTS},
    widgets.line_explorer: {**HOUSES, "w": numbers, "b": numbers},
    widgets.blindfold: {
        "landscape": made(two_valleys),
        "start": numbers,
        "low": made(lambda: 0.0),
        "high": made(lambda: 10),
    },
    widgets.curve_explorer: {
        "landscape": made(parabola),
        **STARTS,
        **{k: v for k, v in EACH_STEP.items() if k != "beta"},
    },
    widgets.map_explorer: {
        "problem": LINES,
        "w": made(lambda: (0.0, 200.0)),
        "b": made(lambda: [-1, 5]),
        "start": pairs,
        "rate": positive,
        "n_steps": counts,
    },
    widgets.step_explorer: {**HOUSES, "walk": made(walked)},
    widgets.start_explorer: {**HOUSES, "w": numbers, "learning_rate": positive},
    widgets.learning_rate_explorer: {**HOUSES, "start": pairs, "n_steps": counts},
    widgets.schedule_explorer: {"problem": LINES, "start": pairs, "n_steps": st.integers(20, 50)},
    widgets.training_explorer: {"network": made(reader), "test": made(reader), "n_epochs": st.integers(1, 3)},
    widgets.three_types_explorer: {
        "problem": LINES,
        "start": pairs,
        "batch_size": counts,
        "rate": positive,
        "fixed": made(lambda: (0.1, 0.01)),
        "n_updates": counts,
        "near": st.floats(0.01, 1e5),
    },
    widgets.gradient_cloud: {"problem": LINES, "params": pairs, "n_batches": st.integers(2, 50)},
    widgets.scale_explorer: {
        "models": TABLES,
        "kept": made(lambda: {"whole": {"number": 4, "slope": 4}}),
        "machines": TABLES,
        "n_params": st.floats(1, 1e15),
        "examples": st.floats(1, 1e9),
    },
    widgets.bandit_explorer: {
        "play": made(lambda: play),
        "chances": made(lambda: (0.2, 0.5, 0.8)),
        "learning_rate": positive,
    },
    widgets.valley_explorer: {"landscape": made(rippled_bowl), **STARTS, **EACH_STEP, "beta": BETAS},
    widgets.race_explorer: {"landscape": made(rippled_bowl), **STARTS, **EACH_STEP, "beta": BETAS},
    widgets.shaken_explorer: {
        "tilts": made(lambda: [4.0, -4.0]),
        "n_balls": counts,
        "n_steps": st.integers(10, 50),
        "rate": positive,
    },
    widgets.ravine_explorer: {"n_steps": counts},
    widgets.formula_explorer: {
        "landscape": made(parabola),
        "low": made(lambda: -3.0),
        "high": made(lambda: 3),
        "w": numbers,
        "learning_rate": st.floats(0, 1.2),
    },
    widgets.Progress: {"label": st.text(), "n_steps": counts},
    widgets.projector: {"on": st.booleans()},
    plots.figure: {
        "n_rows": st.integers(1, 3),
        "n_columns": st.integers(1, 3),
        "width": st.floats(1, 9),
        "height": st.floats(1, 9),
    },
    plots.plain: {"ax": made(an_ax), "xlabel": st.text(), "ylabel": st.text(), "title": st.text()},
    plots.houses: {"ax": made(an_ax), **HOUSES, "unit": st.text()},
    plots.minimum: {"ax": made(an_ax), "x": numbers, "y": numbers, "label": st.text()},
    plots.path: {"ax": made(an_ax), "params": st.none() | made(lambda: walked().params)},
    plots.loss_curve: {"ax": made(an_ax), "steps": made(lambda: [0, 1, 2]), "losses": made(lambda: [3.0, 2, 1])},
    plots.loss_map: {
        "ax": made(an_ax),
        "problem": LINES | made(camel),
        "x": made(lambda: np.linspace(0, 1, 9)),
        "y": made(lambda: [1, 2, 3]),
        "levels": st.none() | made(lambda: [1, 2.5]),
        "labels": made(lambda: ("w", "b")),
    },
    plots.pictures: {
        "ax": made(an_ax),
        "images": made(lambda: np.zeros((2, 8, 8))),
        "captions": made(lambda: ["a", "b"]),
        "columns": counts,
        "rows": counts,
    },
    live.StillPicture: {"figure": made(lambda: plots.figure()[0]), "alt": st.text()},
    live.heard_while_busy: {"controls": made(ipywidgets.Button)},
}
EXPLORERS_OWN = {"enlarge", "number", "here", "remark", "error_squares", "thousands_ticks"}
EXPLORERS_OWN |= {f"{each}{kind}" for kind in ("model_line", "slope_line", "stability_bar") for each in ("", "set_")}
EXPLORERS_OWN |= {"set_error_squares"}
EXEMPT = {  # the same by another name; what an explorer is; called by explorers, with what they have made
    widgets.progress,
    widgets.Training,
    live.aloud,
    live.LivePicture,
    *(getattr(plots, name) for name in EXPLORERS_OWN),
}


def test_every_picture_is_in_the_table():
    listed = {getattr(widgets, name) for name in widgets.__all__} | public(plots) | public(live)
    assert listed - EXEMPT == set(PICTURES)
    for function, parameters in PICTURES.items():
        named = [
            name for name in inspect.signature(function).parameters if name not in ("options", "color", "style", "log")
        ]
        assert sorted(named) == sorted(parameters)


@pytest.fixture(autouse=True)
def let_go():
    """ipywidgets keeps every widget, and with it its figure, until it is closed."""
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def unprojected():
    """`projector` speaks for all pictures after it."""
    yield
    plots.enlarge(False)


@pytest.fixture
def unpainted(monkeypatch, unprojected):
    """Live pictures compute and set their artists; the painting itself is left out, for speed."""
    monkeypatch.setattr(live.LivePicture, "_draw", lambda self: None)


def call(function, arguments):
    if function is live.heard_while_busy:
        return function(arguments["controls"])
    return function(**arguments)


@pytest.mark.parametrize("function", PICTURES, ids=lambda function: function.__name__)
def test_anything_for_one_argument_gives_a_picture_or_a_sentence_that_names_it(function, unpainted):
    good = PICTURES[function]

    def assert_picture_or_sentence(arguments):
        result, refusal = attempt(call, function, arguments)
        if refusal is None:
            assert "does not work" not in getattr(result, "sentence", "")
            assert not re.search(r"\bnan\b", getattr(result, "sentence", ""))
        else:
            names = "|".join([*good, "landscape"])
            assert re.search(rf"\b({names})\b", str(refusal)), f"what is wrong? {refusal}"
        ipywidgets.Widget.close_all()

    @settings(max_examples=1)
    @given(st.fixed_dictionaries(good))
    def each_kind_of_rubbish(arguments):
        for bad, make in itertools.product(good, RUBBISH):
            assert_picture_or_sentence({**arguments, bad: make()})

    @settings(max_examples=6)
    @given(st.data())
    def numbers_and_texts(data):
        arguments = {key: data.draw(values, key) for key, values in good.items()}
        bad = data.draw(st.sampled_from(sorted(good)), "the bad one")
        assert_picture_or_sentence({**arguments, bad: data.draw(anything, bad)})

    each_kind_of_rubbish()
    numbers_and_texts()


@pytest.mark.parametrize("function", PICTURES, ids=lambda function: function.__name__)
def test_good_arguments_give_a_picture(function, unprojected):
    @settings(max_examples=2)
    @given(st.fixed_dictionaries(PICTURES[function]))
    def try_it(arguments):
        result, refusal = attempt(call, function, arguments)
        assert refusal is None, refusal
        if isinstance(result, live.LivePicture):
            assert_sound(result)

    try_it()


def test_live_picture_of_anything_is_one_or_a_sentence_that_names_what_is_wrong():
    good = {
        **one_actor(),
        "controls": {"w": ipywidgets.IntSlider()},
        "update": lambda **values: "Words.",
        "alt": "A dot.",
    }
    for bad, make in itertools.product(good, RUBBISH):
        arguments = {**good, **one_actor(), bad: make()}
        if bad == "figure":
            arguments["actors"] = []
        if bad == "update":  # what it raises is the learner's own; what it returns is looked at
            arguments["update"] = lambda w, make=make: make()
        result, refusal = attempt(live.LivePicture, **arguments)
        assert result is not None or re.search(rf"\b({'|'.join(good)})\b", str(refusal)), refusal


# The explorers

DEAR = {
    "learning_rate_explorer",
    "training_explorer",
    "three_types_explorer",
    "shaken_explorer",
    "schedule_explorer",
    "valley_explorer",
}


def settings_of(control):
    """A strategy for everything that this control can be set to; None for a button, which is clicked."""
    if not control.has_trait("value"):
        return st.none()
    if isinstance(control, ipywidgets.ToggleButton):
        return st.booleans()
    if hasattr(control, "options"):
        return st.sampled_from(list(control.options))
    if isinstance(control, ipywidgets.IntSlider):
        return st.integers(control.min, control.max)
    powers = st.sampled_from([control.min, control.max]) | st.floats(control.min, control.max)
    if isinstance(control, ipywidgets.FloatLogSlider):
        return powers.map(
            lambda power: min(max(control.base**power, control.base**control.min), control.base**control.max)
        )
    return powers


@pytest.mark.parametrize("name", sorted(EXPLORERS))
def test_no_walk_through_the_settings_of_an_explorer_fails(name):
    picture = EXPLORERS[name]()
    first = picture.values
    changes = st.sampled_from(sorted(picture.controls)).flatmap(
        lambda key: settings_of(picture.controls[key]).map(lambda value: (key, value))
    )

    @settings(max_examples=2 if name in DEAR else 5)
    @given(st.lists(changes, min_size=3, max_size=6))
    def walk_through(sequence):
        for key, value in first.items():
            picture.controls[key].value = value
        for key, value in sequence:
            control = picture.controls[key]
            if value is None:
                with at_rest(picture):
                    control.click()
            else:
                control.value = value
            assert_sound(picture)
            assert len(picture.sentence) < 700

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", OLD_ON_NEW, DeprecationWarning)
        walk_through()


@contextmanager
def at_rest(picture):
    """A training that a click began ends before the next setting."""
    yield
    if isinstance(picture, widgets.Training):
        picture.stop()
        assert picture.wait(60)


@pytest.mark.parametrize("name", sorted(EXPLORERS))
def test_values_that_a_control_does_not_have_are_clamped_or_refused_by_it(name):
    picture = EXPLORERS[name]()
    first = picture.values
    for key, control in picture.controls.items():
        if control.has_trait("value"):
            for make in [*RUBBISH[::6], lambda: math.nan, lambda: math.inf]:
                refused = contextlib.suppress(traitlets.TraitError, TypeError, ValueError, OverflowError)
                with refused, warnings.catch_warnings(action="ignore"):  # traitlets casts a complex number
                    control.value = make()
                if "has no value" not in picture.sentence:
                    assert_sound(picture)
            control.value = first[key]
            assert_sound(picture)
