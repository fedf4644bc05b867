import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from gdhelpers.descent import AT_ONCE, MANY, Trajectory, descend, minibatches
from gdhelpers.optimizers import PIECE, GradientDescent, Momentum, step_decay
from gdhelpers.problems import Landscape, LeastSquares, Network, parabola, two_valleys

ARTICLE = (0.05, 100)
NOT_A_COUNT = [0, -1, 2.5, 10.0, math.nan, "10", None, [3]]


@pytest.fixture
def noisy():
    """A line through 10 noisy points: its mini-batches do not agree with each other."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 10)
    return LeastSquares.line(x, 2 * x + rng.normal(size=10))


def in_place(params, gradient, state):
    """An optimizer of a learner who does not know that arrays are shared."""
    params -= 0.1 * gradient
    return params, state


def rng(seed=0):
    return np.random.default_rng(seed)


# minibatches


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "sizes"),
    [
        (10, 1, [1] * 10),
        (10, 5, [5, 5]),
        (10, 4, [4, 4, 2]),
        (10, 9, [9, 1]),
        (10, 10, [10]),
        (1, 1, [1]),
    ],
)
def test_an_epoch_covers_every_row_once(n_rows, batch_size, sizes):
    batches = list(minibatches(n_rows, batch_size, rng()))
    assert [len(batch) for batch in batches] == sizes
    assert sorted(np.concatenate(batches)) == list(range(n_rows))


def test_rows_come_in_a_random_order_that_changes_with_the_epoch_and_the_seed():
    generator = rng()
    first, second = (np.concatenate(list(minibatches(50, 8, generator))) for _ in range(2))
    other = np.concatenate(list(minibatches(50, 8, rng(1))))
    assert (first != np.arange(50)).any()
    assert (first != second).any()
    assert (first != other).any()


def test_the_same_seed_gives_the_same_order():
    generators = rng(), rng()
    for _ in range(3):
        first, second = (np.concatenate(list(minibatches(50, 8, generator))) for generator in generators)
        assert (first == second).all()


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_equal_batches_average_to_the_full_gradient(noisy, batch_size):
    gradients = [noisy.batch(rows).gradient([1.0, 3.0]) for rows in minibatches(10, batch_size, rng())]
    assert len(gradients) == 10 // batch_size
    assert np.mean(gradients, axis=0) == pytest.approx(noisy.gradient([1.0, 3.0]))


# The loop


@pytest.mark.parametrize("n_steps", [1, 2, 30])
def test_descend_equals_a_loop_by_hand(five, n_steps):
    params, places = np.array(ARTICLE), [np.array(ARTICLE)]
    for _ in range(n_steps):
        params = params - 1e-7 * five.gradient(params)
        places.append(params)
    path = descend(five, ARTICLE, GradientDescent(1e-7), n_steps)
    assert path.params == pytest.approx(np.array(places), rel=1e-14)
    assert path.losses == pytest.approx([five.loss(place) for place in places])
    assert path.steps.tolist() == list(range(n_steps + 1))
    assert path.diverged is None


def test_the_state_is_none_at_first_and_then_what_the_optimizer_gave(five):
    seen = []

    def optimizer(params, gradient, state):
        seen.append((params.copy(), gradient.copy(), state))
        return params - 1e-7 * gradient, len(seen)

    path = descend(five, ARTICLE, optimizer, 4)
    assert [state for _, _, state in seen] == [None, 1, 2, 3]
    assert np.array([params for params, _, _ in seen]) == pytest.approx(path.params[:-1])
    assert np.array([gradient for _, gradient, _ in seen]) == pytest.approx(five.gradient(path.params[:-1]))


def test_momentum_keeps_its_velocity_along_the_walk():
    x, velocity, expected = 1.0, 0.0, [1.0]
    for _ in range(20):
        velocity = 0.9 * velocity + 2 * x
        x -= 0.05 * velocity
        expected.append(x)
    assert descend(parabola(), 1.0, Momentum(0.05, 0.9), 20).params == pytest.approx(expected)


def test_a_schedule_counts_the_steps_of_the_walk():
    path = descend(Landscape(lambda x: x, lambda x: x**0), 0.0, GradientDescent(step_decay(0.1, [2])), 4)
    assert -np.diff(path.params) == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_a_curve_starts_from_one_number():
    path = descend(parabola(), 3, GradientDescent(0.25), 3)
    assert path.params == pytest.approx([3, 1.5, 0.75, 0.375])
    assert path.losses == pytest.approx(path.params**2)
    assert path.params.shape == path.losses.shape == path.steps.shape == (4,)


def test_a_hilly_curve_leads_to_the_nearest_valley():
    landscape = two_valleys()
    deep, shallow = landscape.minima
    assert descend(landscape, 2.0, GradientDescent(0.01), 500).params[-1] == pytest.approx(shallow)
    assert descend(landscape, 6.0, GradientDescent(0.01), 500).params[-1] == pytest.approx(deep)


def test_several_walkers_may_start_at_once(five):
    starts = np.array([[0.05, 100], [0.0, 0.0], [0.2, 50]])
    path = descend(five, starts, GradientDescent(1e-7), 10)
    assert path.params.shape == (11, 3, 2)
    assert path.losses.shape == (11, 3)
    for i, start in enumerate(starts):
        assert path.params[:, i] == pytest.approx(descend(five, start, GradientDescent(1e-7), 10).params)


@pytest.mark.parametrize("start", [[3, -2], (3, -2), np.array([3, -2]), np.array([3.0, -2.0])])
def test_an_optimizer_that_works_in_place_spoils_neither_history_nor_start(start):
    bowl = Landscape(lambda p: (p**2).sum(axis=-1), lambda p: 2 * p)
    path = descend(bowl, start, in_place, 5)
    assert path.params == pytest.approx(0.8 ** np.arange(6)[:, None] * [3, -2])
    assert path.losses == pytest.approx(13 * 0.64 ** np.arange(6))
    assert list(start) == [3, -2]


def test_the_record_of_an_optimizer_that_keeps_one_array_is_right():
    kept = np.zeros(2)

    def optimizer(params, gradient, state):
        np.subtract(params, 0.1 * gradient, out=kept)
        return kept, state

    path = descend(Landscape(lambda p: (p**2).sum(axis=-1), lambda p: 2 * p), [3.0, -2.0], optimizer, 5)
    assert path.params == pytest.approx(0.8 ** np.arange(6)[:, None] * [3, -2])


def test_single_precision_stays_single_precision():
    path = descend(parabola(), np.float32(3), GradientDescent(0.25), 3)
    assert path.params.dtype == np.float32


def test_a_list_of_params_is_taken_from_an_optimizer(five):
    path = descend(five, ARTICLE, lambda params, gradient, state: ([0.1, 100], state), 2)
    assert path.params.tolist() == [[0.05, 100], [0.1, 100], [0.1, 100]]


# Mini-batches on the way


def test_the_same_seed_walks_the_same_way_and_another_seed_another(noisy):
    walks = [
        descend(noisy, [0.0, 0.0], GradientDescent(0.1), 25, batch_size=3, rng=rng(seed)).params for seed in (4, 4, 5)
    ]
    assert (walks[0] == walks[1]).all()
    assert (walks[0] != walks[2]).any()


def test_each_step_sees_its_own_batch_and_an_epoch_sees_all(noisy):
    seen = []

    def batch(rows):
        seen.append(np.array(rows))
        return noisy.batch(rows)

    watched = SimpleNamespace(loss=noisy.loss, gradient=noisy.gradient, batch=batch, n_rows=10)
    path = descend(watched, [0.0, 0.0], GradientDescent(0.1), 9, batch_size=4, rng=rng())
    assert [len(rows) for rows in seen] == [4, 4, 2] * 3
    epochs = [np.concatenate(seen[first : first + 3]) for first in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert (epochs[0] != epochs[1]).any()
    assert (epochs[1] != epochs[2]).any()
    params = np.zeros(2)
    for rows, place in zip(seen, path.params[1:], strict=True):
        params = params - 0.1 * noisy.batch(rows).gradient(params)
        assert place == pytest.approx(params)
    assert path.losses == pytest.approx(noisy.loss(path.params))  # on all rows, not on the batch


def test_a_batch_of_all_rows_is_the_full_batch(noisy):
    full = descend(noisy, [0.0, 0.0], GradientDescent(0.1), 10)
    drawn = descend(noisy, [0.0, 0.0], GradientDescent(0.1), 10, batch_size=10, rng=rng())
    assert drawn.params == pytest.approx(full.params)
    assert drawn.examples_seen.tolist() == full.examples_seen.tolist() == list(range(0, 101, 10))


def test_single_rows_settle_on_houses_without_noise(five):
    z = (five.X[:, 0] - 1500) / five.X[:, 0].std()
    path = descend(LeastSquares.line(z, five.y), [0, 0], GradientDescent(0.2), 300, batch_size=1, rng=rng())
    assert path.losses[-1] < 1e-15


def test_descend_equals_a_loop_by_hand_over_minibatches(noisy):
    generator, params, places = rng(), np.zeros(2), [np.zeros(2)]
    for _ in range(3):
        for rows in minibatches(10, 4, generator):
            params = params - 0.1 * noisy.batch(rows).gradient(params)
            places.append(params)
    path = descend(noisy, [0.0, 0.0], GradientDescent(0.1), 9, batch_size=4, rng=rng())
    assert path.params == pytest.approx(np.array(places))


# The record


def test_examples_seen_count_short_batches_right(noisy):
    path = descend(noisy, [0, 0], GradientDescent(0.1), 7, batch_size=4, rng=rng())
    assert path.examples_seen.tolist() == [0, 4, 8, 10, 14, 18, 20, 24]


def test_examples_seen_of_full_batches_count_all_rows(five):
    assert descend(five, ARTICLE, GradientDescent(1e-7), 3).examples_seen.tolist() == [0, 5, 10, 15]


def test_examples_seen_of_a_problem_without_rows_count_its_steps():
    assert descend(parabola(), 1.0, GradientDescent(0.1), 3).examples_seen.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("n_steps", "every", "kept"),
    [
        (7, 1, [0, 1, 2, 3, 4, 5, 6, 7]),
        (7, 3, [0, 3, 6, 7]),
        (6, 3, [0, 3, 6]),
        (7, 7, [0, 7]),
        (7, 100, [0, 7]),
    ],
)
def test_the_start_the_multiples_and_the_last_step_are_kept(noisy, n_steps, every, kept):
    batches = {"batch_size": 4, "rng": rng()}
    path = descend(noisy, [0, 0], GradientDescent(0.1), n_steps, record_every=every, **batches)
    whole = descend(noisy, [0, 0], GradientDescent(0.1), n_steps, batch_size=4, rng=rng())
    assert path.steps.tolist() == kept
    assert (path.params == whole.params[kept]).all()
    assert (path.losses == whole.losses[kept]).all()
    assert (path.examples_seen == whole.examples_seen[kept]).all()


def test_seconds_grow_from_0_and_leave_the_recording_out(five):
    path = descend(five, ARTICLE, GradientDescent(1e-7), 20)
    assert path.seconds[0] == 0
    assert (np.diff(path.seconds) > 0).all()


def test_seconds_count_the_steps(monkeypatch, five):
    clock = iter(range(100))
    monkeypatch.setattr("gdhelpers.descent.perf_counter", lambda: float(next(clock)))
    path = descend(five, ARTICLE, GradientDescent(1e-7), 4, record_every=2)
    assert path.seconds.tolist() == [0, 2, 4]


def some_trajectory(**changes):
    arrays = {
        "params": np.array([4.0, 2, 1, 3, 0.5]),
        "steps": np.array([0, 10, 20, 30, 33]),
        "losses": np.array([16.0, 4, 1, 9, 0.25]),
        "examples_seen": np.array([0, 50, 100, 150, 165]),
        "seconds": np.array([0, 0.1, 0.2, 0.3, 0.4]),
    }
    return Trajectory(**arrays | changes)


@pytest.mark.parametrize(("step", "n_kept"), [(0, 1), (9, 1), (10, 2), (11, 2), (29.5, 3), (30, 4), (33, 5), (1000, 5)])
def test_until_keeps_what_happened_by_then(step, n_kept):
    whole, part = some_trajectory(), some_trajectory().until(step)
    for name in ("params", "steps", "losses", "examples_seen", "seconds"):
        assert getattr(part, name).tolist() == getattr(whole, name)[:n_kept].tolist()
    assert part.diverged is None
    assert len(whole.steps) == 5


@pytest.mark.parametrize(("step", "diverged"), [(33, None), (34, None), (35, 35), (100, 35)])
def test_until_tells_of_a_divergence_only_when_it_has_come(step, diverged):
    assert some_trajectory(diverged=35).until(step).diverged == diverged


@pytest.mark.parametrize(
    ("target", "step"), [(16, 0), (100, 0), (4, 10), (3.9, 20), (1, 20), (0.5, 33), (0.25, 33), (0.2, None)]
)
def test_steps_to_is_the_first_recorded_step_at_or_below_the_target(target, step):
    assert some_trajectory().steps_to(target) == step


def test_a_trajectory_says_what_it_is():
    assert "33 steps, loss 16 -> 0.25" in repr(some_trajectory())
    assert "diverged" not in repr(some_trajectory())
    assert "diverged at step 35: try a smaller learning rate" in repr(some_trajectory(diverged=35))


# Divergence


@pytest.fixture
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.usefixtures("no_warnings")
def test_the_article_s_rate_diverges_at_step_88(five):
    path = descend(five, ARTICLE, GradientDescent(1e-5), 1000)
    assert path.diverged == 88
    assert path.steps.tolist() == list(range(88))
    assert path.params.shape == (88, 2)
    assert path.losses.shape == path.examples_seen.shape == path.seconds.shape == (88,)
    assert np.isfinite(path.params).all()
    assert np.isfinite(path.losses).all()
    assert path.examples_seen[-1] == 5 * 87


@pytest.mark.usefixtures("no_warnings")
@pytest.mark.parametrize(
    ("every", "kept"), [(10, [*range(0, 81, 10), 87]), (29, [0, 29, 58, 87]), (87, [0, 87]), (1000, [0, 87])]
)
def test_the_last_finite_step_is_kept(five, every, kept):
    path = descend(five, ARTICLE, GradientDescent(1e-5), 1000, record_every=every)
    whole = descend(five, ARTICLE, GradientDescent(1e-5), 1000)
    assert path.diverged == 88
    assert path.steps.tolist() == kept
    assert (path.params == whole.params[kept]).all()
    assert path.examples_seen.tolist() == [5 * step for step in kept]


@pytest.mark.usefixtures("no_warnings")
def test_a_walk_may_diverge_at_its_first_and_at_its_last_step(five):
    first = descend(parabola(), 1.0, GradientDescent(1e200), 10)
    assert (first.diverged, first.params.tolist(), first.losses.tolist()) == (1, [1.0], [1.0])
    assert descend(five, ARTICLE, GradientDescent(1e-5), 88).diverged == 88
    assert descend(five, ARTICLE, GradientDescent(1e-5), 87).diverged is None


@pytest.mark.usefixtures("no_warnings")
def test_mini_batches_diverge_too(five):
    path = descend(five, ARTICLE, GradientDescent(1e-5), 1000, batch_size=2, rng=rng())
    assert 0 < path.diverged < 1000
    assert path.steps[-1] == path.diverged - 1
    assert np.isfinite(path.params).all()


@pytest.mark.usefixtures("no_warnings")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_no_number_ends_the_walk(value):
    broken = Landscape(lambda x: x**2, lambda x: value if x < 0.3 else 2 * x)
    path = descend(broken, 1.0, GradientDescent(0.25), 10)
    assert path.diverged == 3
    assert path.params.tolist() == [1, 0.5, 0.25]


@pytest.mark.usefixtures("no_warnings")
def test_one_bad_parameter_of_many_ends_the_walk():
    broken = Landscape(lambda p: (p**2).sum(axis=-1), lambda p: np.array([0.0, math.nan, 0.0]))
    assert descend(broken, [1.0, 2.0, 3.0], GradientDescent(0.1), 5).diverged == 1


@pytest.mark.usefixtures("no_warnings")
def test_overflow_inside_the_problem_warns_nobody():
    steep = Landscape(lambda x: np.exp(x * x), lambda x: 2 * x * np.exp(x * x))
    assert descend(steep, 5.0, GradientDescent(1.0), 10).diverged is not None


@pytest.mark.usefixtures("no_warnings")
def test_a_large_number_alone_is_no_divergence():
    assert descend(parabola(), 1e100, GradientDescent(0.1), 5).diverged is None


def test_a_gradient_is_written_over_only_where_the_problem_says_that_it_is_new():
    n = 3 * PIECE
    slope = np.full(n, 0.5)

    class Slope:
        def loss(self, params):
            return params.sum(axis=-1)

        def gradient(self, params):
            return slope

    path = descend(Slope(), np.zeros(n), GradientDescent(1.0), 3)
    assert (slope == 0.5).all()
    assert (path.params[:, 0] == [0, -0.5, -1, -1.5]).all()


def test_a_network_s_walk_is_the_same_where_its_gradients_are_written_over():
    rng = np.random.default_rng(0)
    network = Network(rng.standard_normal((20, 300)), rng.integers(10, size=20), (300, 200, 10))
    start, optimizer = network.start(rng), GradientDescent(0.1)
    assert start.size > PIECE
    seen = []
    path = descend(network, start, optimizer, 4, watch=lambda step, params: seen.append(params))
    for params in path.params:  # by hand, each gradient left as it was
        assert (params == start).all()
        start = start - 0.1 * network.gradient(start)
    assert all((one == other).all() for one, other in zip(seen, path.params, strict=True))


def test_the_last_finite_step_of_an_optimizer_that_works_in_place_is_kept():
    def optimizer(params, gradient, state):
        params -= 1e60 * gradient
        return params, state

    path = descend(Landscape(lambda p: (p**2).sum(axis=-1), lambda p: p), [1.0, 1.0], optimizer, 10, record_every=5)
    assert path.diverged == 3
    assert path.steps.tolist() == [0, 2]
    assert path.params[-1] == pytest.approx([1e120, 1e120])


# What cannot be used is refused in one sentence


@pytest.mark.parametrize("name", ["n_steps", "record_every"])
@pytest.mark.parametrize("value", NOT_A_COUNT)
def test_bad_counts_are_refused(complains, five, name, value):
    arguments = {"n_steps": 10} | {name: value}
    with complains(f"{name} must be a whole number, at least 1; got {value!r}"):
        descend(five, ARTICLE, GradientDescent(1e-7), **arguments)


@pytest.mark.parametrize("batch_size", [0, 6, -1, 2.0, "2", math.nan])
def test_bad_batch_sizes_are_refused(complains, five, batch_size):
    message = f"batch_size must be a whole number between 1 and 5 (this data set has 5 rows); got {batch_size!r}"
    with complains(message):
        descend(five, ARTICLE, GradientDescent(1e-7), 10, batch_size=batch_size, rng=rng())
    with complains(message):
        minibatches(5, batch_size, rng())


@pytest.mark.parametrize("n_rows", NOT_A_COUNT)
def test_bad_numbers_of_rows_are_refused(complains, n_rows):
    with complains(f"n_rows must be a whole number, at least 1; got {n_rows!r}"):
        minibatches(n_rows, 1, rng())


@pytest.mark.parametrize("generator", [None, 0, np.random])
def test_mini_batches_without_a_generator_are_refused(complains, five, generator):
    with complains("mini-batches are random: give rng, such as np.random.default_rng(0); got"):
        descend(five, ARTICLE, GradientDescent(1e-7), 10, batch_size=2, rng=generator)
    with complains("mini-batches are random: give rng"):
        minibatches(5, 2, generator)


def test_mini_batches_of_a_landscape_are_refused(complains):
    with complains("batch_size must be None for a problem that has no rows of data; got 1"):
        descend(parabola(), 1.0, GradientDescent(0.1), 10, batch_size=1, rng=rng())


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ([0.05, math.nan], "start must hold finite numbers, at least one; got [0.05, nan]"),
        ([math.inf, 1], "start must hold finite numbers, at least one; got [inf, 1]"),
        (None, "start must hold finite numbers, at least one; got None"),
        ([], "start must hold finite numbers, at least one; got []"),
        ("here", "start must hold numbers only; got 'here'"),
        (["a", "b"], "start must hold numbers only; got ['a', 'b']"),
        ([[1, 2], [3]], "start must hold numbers only; got [[1, 2], [3]]"),
        ({"w": 1}, "start must hold numbers only; got {'w': 1}"),
    ],
)
def test_starts_that_are_no_place_are_refused(complains, five, start, words):
    with complains(words):
        descend(five, start, GradientDescent(1e-7), 10)


@pytest.mark.parametrize("start", [0.1, [0.1], [0.1, 100, 1]])
def test_a_start_that_does_not_fit_the_problem_is_refused(complains, five, start):
    with complains("must have 2 numbers along its last axis; got shape"):
        descend(five, start, GradientDescent(1e-7), 10)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (np.zeros(3), "the optimizer must return a pair (params, state); it returned ndarray"),
        (None, "the optimizer must return a pair (params, state); it returned NoneType"),
        ([np.zeros(2), None], "the optimizer must return a pair (params, state); it returned list"),
        ((np.zeros(2),), "the optimizer must return a pair (params, state); it returned tuple"),
        ((np.zeros(2), 1, 2), "the optimizer must return a pair (params, state); it returned tuple"),
        ((np.zeros(3), None), "the optimizer must return params of the start's shape (2,); it returned (3,)"),
        ((0.5, None), "the optimizer must return params of the start's shape (2,); it returned ()"),
        ((None, None), "the optimizer must return params made of numbers; it returned None"),
        ((np.zeros((1, 2)), None), "the optimizer must return params of the start's shape (2,); it returned (1, 2)"),
    ],
)
def test_optimizers_that_break_their_contract_are_refused(complains, five, result, words):
    with complains(words):
        descend(five, ARTICLE, lambda params, gradient, state: result, 10)


def test_an_optimizer_that_returns_no_number_for_a_curve_is_refused(complains):
    with complains("the optimizer must return"):
        descend(parabola(), 1.0, lambda params, gradient, state: (None, state), 10)


@pytest.mark.parametrize("step", [-1, -0.5])
def test_until_before_the_start_is_refused(complains, step):
    with complains(f"step must be 0 or more; got {step!r}"):
        some_trajectory().until(step)


def test_a_start_of_several_bad_rows_is_refused_in_one_line(complains, five):
    with complains("start must hold finite numbers"):
        descend(five, np.full((3, 2), np.nan), GradientDescent(1e-7), 10)


# Watched, stopped, interrupted


def test_watch_sees_every_record_and_changes_nothing(five):
    seen = []
    watched = descend(five, (0.05, 100), GradientDescent(1e-7), 25, record_every=10, watch=lambda *it: seen.append(it))
    walk = descend(five, (0.05, 100), GradientDescent(1e-7), 25, record_every=10)
    assert [step for step, _ in seen] == [0, 10, 20, 25] == watched.steps.tolist()
    assert (np.array([params for _, params in seen]) == walk.params).all()
    assert (watched.params == walk.params).all()
    assert watched.stopped is None


@pytest.mark.parametrize("last", [0, 10, 20])
def test_watch_can_stop_the_walk_and_what_was_walked_stays(five, last):
    walk = descend(
        five, (0.05, 100), GradientDescent(1e-7), 25, record_every=10, watch=lambda step, params: step >= last
    )
    whole = descend(five, (0.05, 100), GradientDescent(1e-7), 25, record_every=10)
    assert walk.stopped == last == walk.steps[-1]
    assert (walk.params == whole.until(last).params).all()
    assert "stopped before its end" in repr(walk)
    assert whole.until(last).stopped is None


def test_stopping_at_the_last_step_is_no_stop(five):
    walk = descend(five, (0.05, 100), GradientDescent(1e-7), 25, watch=lambda step, params: step == 25)
    assert walk.stopped is None
    assert "stopped" not in repr(walk)


def test_interrupted_walk_keeps_every_step_that_was_finished(five):
    def tired(params, gradient, state):
        if (state or 0) == 13:
            raise KeyboardInterrupt
        return GradientDescent(1e-7)(params, gradient, state)

    walk = descend(five, (0.05, 100), tired, 25, record_every=10)
    whole = descend(five, (0.05, 100), GradientDescent(1e-7), 25)
    assert walk.steps.tolist() == [0, 10, 13]
    assert walk.stopped == 13
    assert (walk.params == whole.params[[0, 10, 13]]).all()


def test_time_of_the_watcher_is_not_counted(five, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("gdhelpers.descent.perf_counter", lambda: clock[0])

    def wait(seconds):
        clock[0] += seconds

    def slow(params, gradient, state):
        wait(1)
        return GradientDescent(1e-7)(params, gradient, state)

    walk = descend(five, (0.05, 100), slow, 2, watch=lambda step, params: wait(10))
    assert walk.seconds.tolist() == [0, 1, 2]


def test_watch_may_look_more_often_than_is_recorded(five):
    seen = []
    options = {"record_every": 25, "watch_every": 4, "watch": lambda step, params: seen.append((step, params.copy()))}
    walk = descend(five, (0.05, 100), GradientDescent(1e-7), 25, **options)
    whole = descend(five, (0.05, 100), GradientDescent(1e-7), 25)
    steps, places = zip(*seen, strict=True)
    assert steps == (0, 4, 8, 12, 16, 20, 24, 25)
    assert (np.array(places) == whole.params[list(steps)]).all()
    assert walk.steps.tolist() == [0, 25]


def test_stop_between_two_records_keeps_the_place_of_the_stop(five):
    options = {"record_every": 10, "watch_every": 1, "watch": lambda step, params: step == 13}
    walk = descend(five, (0.05, 100), GradientDescent(1e-7), 25, **options)
    assert walk.steps.tolist() == [0, 10, 13]
    assert walk.stopped == 13
    assert (walk.params[-1] == descend(five, (0.05, 100), GradientDescent(1e-7), 13).params[-1]).all()


@pytest.mark.parametrize("every", [0, -1, 2.5, "4"])
def test_watch_every_that_is_no_count_is_refused(five, complains, every):
    with complains("watch_every must be a whole number, at least 1"):
        descend(five, (0.05, 100), GradientDescent(1e-7), 2, watch=lambda step, params: None, watch_every=every)


def test_watch_that_is_no_function_is_refused(five, complains):
    with complains("watch must be None or a function"):
        descend(five, (0.05, 100), GradientDescent(1e-7), 2, watch=3)


class Wide:
    """A sum of squares in very many parameters, whose slope is not a number from one step on."""

    n_params = MANY + 1

    def __init__(self, breaks_at):
        self.breaks_at, self.calls = breaks_at, 0

    def loss(self, params):
        return (params**2).sum(axis=-1)

    def gradient(self, params):
        self.calls += 1
        slope = 2 * params
        if self.calls >= self.breaks_at:
            slope[-1] = np.nan
        return slope


@pytest.mark.parametrize(("breaks_at", "seen_at"), [(3, 10), (10, 10), (11, 20), (24, 25)])
def test_wide_walk_is_looked_at_every_tenth_step_and_records_nothing_broken(breaks_at, seen_at):
    walk = descend(Wide(breaks_at), np.ones(Wide.n_params), GradientDescent(0.1), 25, record_every=100)
    assert walk.diverged == seen_at
    assert np.isfinite(walk.params).all()
    assert np.isfinite(walk.losses).all()
    assert walk.steps[0] == 0


def test_wide_walk_is_looked_at_before_each_record():
    walk = descend(Wide(3), np.ones(Wide.n_params), GradientDescent(0.1), 25, record_every=3)
    assert walk.diverged == 3
    assert walk.steps.tolist() == [0, 2]


def test_losses_of_many_records_on_many_rows_are_computed_in_parts():
    asked = []

    class Many:
        n_rows = AT_ONCE // 4

        def loss(self, params):
            asked.append(len(params))
            return (params**2).sum(axis=-1)

        def gradient(self, params):
            return 2 * params

    walk = descend(Many(), np.ones(2), GradientDescent(0.1), 10)
    assert asked == [4, 4, 3]
    np.testing.assert_allclose(walk.losses, 2 * 0.8 ** (2 * np.arange(11)))


def test_several_walks_at_once_are_cut_where_the_first_loss_overflows():
    steep = Landscape(lambda x: np.exp(x), lambda x: -np.ones_like(x))  # the loss overflows beyond 709
    walk = descend(steep, np.array([0.0, 600.0, 100.0]), GradientDescent(50.0), 10)
    assert walk.diverged == 3
    assert walk.params.shape == walk.losses.shape == (3, 3)
    assert np.isfinite(walk.losses).all()
