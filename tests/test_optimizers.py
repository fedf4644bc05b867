import math

import numpy as np
import pytest

from gdhelpers.optimizers import (
    PIECE,
    Adam,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSProp,
    constant,
    cosine,
    exponential_decay,
    step_decay,
    warmup,
)

NOT_A_RATE = [0, -1, 0.0, math.nan, math.inf, -math.inf, "fast", None, [0.1]]
NOT_A_COUNT = [0, -1, 2.5, 10.0, math.nan, "10", None, [3]]


def uphill(x):
    """The gradient of x²."""
    return 2 * x


def walk(optimizer, start, n_steps, gradient=uphill):
    """All places on the way, the start first."""
    places, state = [start], None
    for _ in range(n_steps):
        place, state = optimizer(places[-1], gradient(places[-1]), state)
        places.append(place)
    return np.array(places)


# The rules


@pytest.mark.parametrize("learning_rate", [0.01, 0.25, 0.5, 0.75, 0.99, 1, 1.01])
def test_gradient_descent_follows_its_closed_form(learning_rate):
    expected = 3 * (1 - 2 * learning_rate) ** np.arange(31)
    assert walk(GradientDescent(learning_rate), 3.0, 30) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_gradient_descent_takes_one_step_by_hand():
    params, _ = GradientDescent(1e-7)(np.array([0.05, 100]), np.array([-275_000, -150]), None)
    assert params == pytest.approx([0.0775, 100.000015], rel=1e-14)


@pytest.mark.parametrize(("learning_rate", "beta"), [(0.1, 0.9), (0.02, 0.5), (1.2, 0.3), (0.3, 0.0)])
def test_momentum_follows_a_recursion_by_hand(learning_rate, beta):
    x, velocity, expected = 3.0, 0.0, [3.0]
    for _ in range(40):
        velocity = beta * velocity + 2 * x
        x = x - learning_rate * velocity
        expected.append(x)
    assert walk(Momentum(learning_rate, beta), 3.0, 40) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("learning_rate", "beta"), [(0.1, 0.9), (0.02, 0.5), (1.2, 0.3)])
def test_momentum_follows_the_powers_of_its_matrix(learning_rate, beta):
    # x[t+1] = (1 + beta - 2·rate)·x[t] - beta·x[t-1], and before the first step the ball lies still
    matrix = np.array([[1 + beta - 2 * learning_rate, -beta], [1, 0]])
    expected = [(np.linalg.matrix_power(matrix, n) @ [3, 3])[0] for n in range(41)]
    assert walk(Momentum(learning_rate, beta), 3.0, 40) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_momentum_without_memory_is_gradient_descent():
    assert (walk(Momentum(0.3, beta=0), 3.0, 20) == walk(GradientDescent(0.3), 3.0, 20)).all()


def test_momentum_remembers_nine_tenths_unless_told():
    assert Momentum(0.1) == Momentum(0.1, beta=0.9)
    assert Nesterov(0.1) == Nesterov(0.1, beta=0.9)


@pytest.mark.parametrize("beta", [0, 0.5, 0.9])
def test_under_a_steady_gradient_the_step_grows_to_the_rate_over_one_minus_beta(beta):
    steps = -np.diff(walk(Momentum(0.1, beta), 0.0, 300, gradient=lambda place: 1.0))
    assert steps[0] == pytest.approx(0.1)
    assert steps[-1] == pytest.approx(0.1 / (1 - beta))


@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), Momentum(0.1, 0.9)])
def test_each_parameter_walks_for_itself(optimizer):
    curvatures, start = np.array([0.5, 1, 3]), np.array([1.0, -2, 4])
    together = walk(optimizer, start, 20, lambda place: curvatures * place)
    for i, curvature in enumerate(curvatures):
        alone = walk(optimizer, start[i], 20, lambda place, curvature=curvature: curvature * place)
        assert together[:, i] == pytest.approx(alone)


@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), Momentum(0.1, 0.9)])
def test_what_is_handed_in_is_never_changed(optimizer):
    params, gradient, state = np.array([1.0, 2.0]), np.array([3.0, -4.0]), None
    history = []
    for _ in range(3):
        new, state = optimizer(params, gradient, state)
        history.append(new)
        assert (params == [1, 2]).all()
        assert (gradient == [3, -4]).all()
        assert not np.shares_memory(new, params)
    before = [place.copy() for place in history]
    optimizer(history[-1], gradient, state)
    assert all((a == b).all() for a, b in zip(before, history, strict=True))


def test_a_state_can_be_used_again():
    first, state = Momentum(0.1)(np.array([1.0]), np.array([2.0]), None)
    once, _ = Momentum(0.1)(first, np.array([2.0]), state)
    twice, _ = Momentum(0.1)(first, np.array([2.0]), state)
    assert once == twice == pytest.approx(1 - 0.2 - 0.38)


# The schedules


def rates(schedule, *steps):
    return [schedule(step) for step in steps]


def test_constant_stays():
    assert rates(constant(0.3), 0, 1, 10**6) == [0.3, 0.3, 0.3]


def test_step_decay_drops_at_its_steps():
    schedule = step_decay(0.2, (10, 20))
    assert rates(schedule, 0, 9, 10, 19, 20, 1000) == pytest.approx([0.2, 0.2, 0.02, 0.02, 0.002, 0.002])


def test_step_decay_by_another_factor():
    assert rates(step_decay(1.0, [1, 2, 3], factor=0.5), 0, 1, 2, 3) == [1, 0.5, 0.25, 0.125]
    assert rates(step_decay(1.0, []), 0, 100) == [1, 1]


def test_exponential_decay_at_its_ends_and_its_middle():
    schedule = exponential_decay(0.2, 100)
    assert rates(schedule, 0, 50, 100) == pytest.approx([0.2, 0.02, 0.002])
    assert exponential_decay(0.2, 100, final=0.25)(50) == pytest.approx(0.1)


def test_exponential_decay_falls_by_the_same_share_at_each_step():
    falling = np.array(rates(exponential_decay(0.2, 100), *range(151)))
    assert falling[1:] / falling[:-1] == pytest.approx(0.01 ** (1 / 100))


def test_cosine_at_its_ends_and_its_middle():
    schedule = cosine(0.2, 100)
    assert rates(schedule, 0, 50, 100) == pytest.approx([0.2, 0.1, 0])
    assert rates(schedule, 25, 75) == pytest.approx([0.1 * (1 + math.sqrt(0.5)), 0.1 * (1 - math.sqrt(0.5))])


def test_cosine_stays_at_0_after_its_end():
    assert rates(cosine(0.2, 100), 101, 150, 200, 1000) == pytest.approx([0, 0, 0, 0], abs=1e-17)


def test_cosine_only_falls():
    assert (np.diff(rates(cosine(0.2, 100), *range(101))) < 0).all()


def test_warmup_climbs_in_a_straight_line():
    assert rates(warmup(0.2, 4), 0, 1, 2, 3, 4, 100) == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.2, 0.2])


def test_warmup_leads_into_a_schedule_that_then_starts_at_its_own_step_0():
    schedule, later = warmup(cosine(0.2, 100), 20), cosine(0.2, 100)
    assert rates(schedule, 0, 9, 19) == pytest.approx([0.01, 0.1, 0.2])
    assert rates(schedule, 20, 45, 70, 120, 500) == rates(later, 0, 25, 50, 100, 500)


def test_warmup_of_one_step_changes_nothing_before_the_second():
    assert rates(warmup(step_decay(1.0, [1]), 1), 0, 1, 2) == pytest.approx([1, 1, 0.1])


@pytest.mark.parametrize(
    "optimizer",
    [
        GradientDescent,
        lambda rate: Momentum(rate, beta=0),
        lambda rate: Nesterov(rate, beta=0),
        lambda rate: RMSProp(rate, beta=0),
        Adam,
    ],
    ids=["GradientDescent", "Momentum", "Nesterov", "RMSProp", "Adam"],
)
def test_a_schedule_is_asked_at_each_step_from_0(optimizer):
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.1 * (step + 1)

    places = walk(optimizer(schedule), 1.0, 4, gradient=lambda place: 1.0)
    assert asked == [0, 1, 2, 3]
    assert -np.diff(places) == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_momentum_uses_the_rate_of_the_step_for_its_whole_velocity():
    places = walk(Momentum(step_decay(0.1, [2]), beta=0.5), 0.0, 3, gradient=lambda place: 1.0)
    assert -np.diff(places) == pytest.approx([0.1, 0.15, 0.0175])


def test_a_constant_schedule_is_the_same_as_its_number():
    assert (walk(GradientDescent(constant(0.3)), 3.0, 20) == walk(GradientDescent(0.3), 3.0, 20)).all()


def test_a_schedule_may_reach_0():
    assert walk(GradientDescent(lambda step: 0), 3.0, 5) == pytest.approx(3)


def test_numbers_of_numpy_will_do():
    assert GradientDescent(np.float32(0.5))(1.0, 1.0)[0] == 0.5
    assert GradientDescent(lambda step: np.float64(0.5))(1.0, 1.0)[0] == 0.5
    assert cosine(0.2, np.int64(4))(2) == pytest.approx(0.1)


# What cannot be used is refused in one sentence


@pytest.mark.parametrize("learning_rate", NOT_A_RATE)
@pytest.mark.parametrize(
    "maker",
    [
        GradientDescent,
        Momentum,
        constant,
        lambda rate: step_decay(rate, [5]),
        lambda rate: exponential_decay(rate, 5),
        lambda rate: cosine(rate, 5),
        lambda rate: warmup(rate, 5),
    ],
    ids=["GradientDescent", "Momentum", "constant", "step_decay", "exponential_decay", "cosine", "warmup"],
)
def test_bad_learning_rates_are_refused(complains, maker, learning_rate):
    with complains(f"learning_rate must be a positive, finite number; got {learning_rate!r}"):
        maker(learning_rate)


@pytest.mark.parametrize("factor", NOT_A_RATE)
def test_bad_factors_are_refused(complains, factor):
    with complains(f"factor must be a positive, finite number; got {factor!r}"):
        step_decay(0.1, [5], factor)


@pytest.mark.parametrize("final", NOT_A_RATE)
def test_bad_final_shares_are_refused(complains, final):
    with complains(f"final must be a positive, finite number; got {final!r}"):
        exponential_decay(0.1, 5, final)


@pytest.mark.parametrize("beta", [1, -0.1, 1.5, math.nan, math.inf])
def test_bad_betas_are_refused(complains, beta):
    with complains(f"beta must be at least 0 and below 1; got {beta!r}"):
        Momentum(0.1, beta)


@pytest.mark.parametrize("beta", ["heavy", None])
def test_betas_that_are_no_numbers_are_refused(complains, beta):
    with complains("beta must be"):
        Momentum(0.1, beta)


@pytest.mark.parametrize("n_steps", NOT_A_COUNT)
@pytest.mark.parametrize("maker", [exponential_decay, cosine, warmup])
def test_bad_numbers_of_steps_are_refused(complains, maker, n_steps):
    with complains(f"n_steps must be a whole number, at least 1; got {n_steps!r}"):
        maker(0.1, n_steps)


@pytest.mark.parametrize("drop", [0, -5, 2.5, "5", None])
def test_bad_drops_are_refused(complains, drop):
    with complains(f"drop_at must be a whole number, at least 1; got {drop!r}"):
        step_decay(0.1, [3, drop])


def test_one_drop_needs_no_list():
    once = step_decay(0.1, 5)
    assert [once(step) for step in (0, 4, 5, 9)] == pytest.approx([0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize("optimizer", [GradientDescent, Momentum])
@pytest.mark.parametrize("rate", [math.nan, math.inf, -0.1, None, "slow", np.float64("nan")])
def test_a_schedule_that_gives_no_rate_is_refused(complains, optimizer, rate):
    broken = optimizer(lambda step: 0.1 if step < 2 else rate)
    with complains(f"the learning-rate schedule must give a number from 0 up; at step 2 it gave {rate!r}"):
        walk(broken, 1.0, 3)


# Many parameters at once


@pytest.mark.parametrize("n", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_descent_on_many_parameters_is_the_plain_formula(n, dtype):
    rng = np.random.default_rng(0)
    params, gradient = (rng.standard_normal(n).astype(dtype) for _ in range(2))
    before = params.copy(), gradient.copy()
    new, _ = GradientDescent(0.1)(params, gradient)
    assert new.dtype == dtype
    assert (new == params - dtype(0.1) * gradient).all()
    assert (params == before[0]).all()
    assert (gradient == before[1]).all()


def test_a_step_that_may_spend_the_gradient_is_the_same_step_in_the_gradient_s_memory():
    rng = np.random.default_rng(0)
    params, gradient = (rng.standard_normal(3 * PIECE + 7).astype(np.float32) for _ in range(2))
    before, (same, _) = params.copy(), GradientDescent(0.1)(params, gradient)
    new, state = GradientDescent(lambda step: 0.1 if step == 3 else 9.0).over_gradient(params, gradient, 3)
    assert (new == same).all()
    assert np.shares_memory(new, gradient)
    assert (params == before).all()
    assert state == 4
