import math

import numpy as np
import pytest

from gdhelpers.descent import descend
from gdhelpers.optimizers import Adam, GradientDescent, Momentum, Nesterov, RMSProp
from gdhelpers.problems import (
    NoisyLandscape,
    camel,
    numerical_gradient,
    parabola,
    ravine,
    rippled_bowl,
    saddle,
    sharp_and_wide,
)

CURVES = {
    "rippled_bowl": rippled_bowl(),
    "wide is deepest": sharp_and_wide(),
    "sharp is deepest": sharp_and_wide(sharp_is_deepest=True),
}
RAVINES = {f"ravine {kappa} {angle}": ravine(kappa, angle) for kappa in (1, 10, 1000.0) for angle in (0, 30, 45, -100)}
SURFACES = {"camel": camel(), "saddle": saddle(), **RAVINES}


def every(landscapes):
    return pytest.mark.parametrize("landscape", landscapes.values(), ids=list(landscapes))


def end(landscape, start, optimizer, n_steps):
    """Where the walk ends, and the loss there."""
    walk = descend(landscape, start, optimizer, n_steps, record_every=n_steps)
    assert walk.diverged is None
    return walk.params[-1], walk.losses[-1]


def curvatures(landscape, place):
    """The eigenvalues of the matrix of second derivatives, by differences of the gradient."""
    place, rows = np.asarray(place, dtype=float), []
    for nudge in 1e-5 * np.eye(place.size).reshape(place.size, *place.shape):
        rows.append((landscape.gradient(place + nudge) - landscape.gradient(place - nudge)) / 2e-5)
    return np.linalg.eigvalsh(np.array(rows).reshape(place.size, place.size))


# Gradients and minima


@every(CURVES)
def test_the_slope_of_a_curve_matches_central_differences(landscape):
    for place in np.random.default_rng(0).uniform(-6, 6, 60):
        assert landscape.gradient(place) == pytest.approx(numerical_gradient(landscape.loss, place), rel=1e-6, abs=1e-7)


@every(SURFACES)
def test_the_gradient_of_a_surface_matches_central_differences(landscape):
    for place in np.random.default_rng(0).uniform(-2, 2, (40, 2)):
        expected = numerical_gradient(landscape.loss, place)
        assert landscape.gradient(place) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@every(CURVES | SURFACES)
def test_many_places_at_once_are_the_same_as_a_loop(landscape):
    last = np.shape(landscape.minima[0])
    places = np.random.default_rng(1).uniform(-2, 2, (3, 4, *last))
    losses, gradients = landscape.loss(places), landscape.gradient(places)
    assert losses.shape == (3, 4)
    assert gradients.shape == places.shape
    for index in np.ndindex(3, 4):
        assert losses[index] == pytest.approx(landscape.loss(places[index]))
        assert gradients[index] == pytest.approx(landscape.gradient(places[index]))


@every(CURVES | SURFACES)
def test_minima_are_flat_and_curve_upwards(landscape):
    assert len(set(landscape.minima)) == len(landscape.minima) > 0
    for minimum in landscape.minima:
        assert np.abs(landscape.gradient(np.array(minimum))).max() < 1e-5
        assert curvatures(landscape, minimum).min() > 0.09


@every(CURVES | SURFACES)
def test_the_best_minimum_comes_first_and_no_place_is_lower(landscape):
    losses = [landscape.loss(np.array(minimum)) for minimum in landscape.minima]
    assert (np.diff(losses) > -1e-9).all(), "not in order"
    places = np.random.default_rng(2).uniform(-6, 6, (20_000, *np.shape(landscape.minima[0])))
    assert landscape.loss(places).min() >= losses[0] - 1e-9


# The rippled bowl


def test_the_valleys_of_the_rippled_bowl():
    bowl = rippled_bowl()
    assert [abs(x) for x in bowl.minima] == pytest.approx([0, 1.94538, 1.94538, 3.84701, 3.84701], abs=1e-5)
    assert bowl.loss(np.array(bowl.minima)) == pytest.approx([0, 0.407932, 0.407932, 1.624306, 1.624306], abs=1e-6)
    x = np.linspace(-6, 6, 120_001)
    slope = bowl.gradient(x)
    assert ((slope[:-1] < 0) & (slope[1:] >= 0)).sum() == 5
    assert x[:-1][(slope[:-1] > 0) & (slope[1:] <= 0)] == pytest.approx(
        [-3.43058, -1.13196, 1.13196, 3.43058], abs=1e-3
    )
    assert 2 / curvatures(bowl, 0.0)[0] == pytest.approx(0.689655, abs=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "x", "loss"),
    [
        (GradientDescent(0.05), 3.847010, 1.624306),
        (GradientDescent(0.5), 3.847010, 1.624306),
        (Momentum(0.005, 0.9), 3.847010, 1.624306),
        (Momentum(0.015, 0.9), 1.945379, 0.407932),
        (Momentum(0.05, 0.9), 0, 0),
        (Momentum(0.18, 0.9), -1.945379, 0.407932),
        (Momentum(0.05, 0.7), 3.847010, 1.624306),
        (Momentum(0.05, 0.82), 1.945379, 0.407932),
        (Momentum(0.05, 0.95), -1.945379, 0.407932),
        (Adam(0.01), 3.847010, 1.624306),
        (Adam(0.05), 3.847010, 1.624306),
        (Adam(0.15), 1.945379, 0.407932),
        (Adam(0.5), 0, 0),
        (Adam(0.05, bias_correction=False), 0, 0),
        (Adam(0.1, bias_correction=False), 0, 0),
        (Adam(0.2, bias_correction=False), -1.945379, 0.407932),
    ],
    ids=str,
)
def test_where_each_method_ends_from_5(optimizer, x, loss):
    assert end(rippled_bowl(), 5.0, optimizer, 2000) == pytest.approx((x, loss), abs=2e-6)


# The camel


def test_the_valleys_of_the_camel():
    landscape = camel()
    minima = np.array(landscape.minima)
    assert landscape.loss(minima) == pytest.approx(
        [-1.031628, -1.031628, -0.215464, -0.215464, 2.104250, 2.104250], abs=1e-6
    )
    expected = np.array([(0.089842, -0.712656), (1.703607, -0.796084), (1.607105, 0.568651)])
    assert minima[::2] == pytest.approx(expected, abs=1e-6)
    assert minima[1::2] == pytest.approx(-expected, abs=1e-6)
    low, high = curvatures(landscape, (0.0, 0.0))
    assert low < 0 < high, "(0, 0) is a saddle"


@pytest.mark.parametrize(
    ("start", "plain", "rolling"),
    [((1.9, 0.9), 2.104250, -1.031628), ((1.95, 0.2), -0.215464, -1.031628), ((1.8, -0.3), -0.215464, -0.215464)],
)
@pytest.mark.parametrize("learning_rate", [0.005, 0.01])
def test_the_heavy_ball_leaves_valleys_of_the_camel_where_the_others_stay(start, plain, rolling, learning_rate):
    for optimizer in (GradientDescent(learning_rate), Adam(learning_rate)):
        assert end(camel(), start, optimizer, 3000)[1] == pytest.approx(plain, abs=1e-6)
    assert end(camel(), start, Momentum(learning_rate, 0.9), 3000)[1] == pytest.approx(rolling, abs=1e-6)


# The ravine


@pytest.mark.parametrize("kappa", [1, 7, 1000])
@pytest.mark.parametrize("angle", [0, 30, 90])
def test_the_curvatures_of_a_ravine_are_1_and_kappa(kappa, angle):
    landscape, turn = ravine(kappa, angle), math.radians(angle)
    along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    assert landscape.gradient(along) == pytest.approx(along)
    assert landscape.gradient(across) == pytest.approx(kappa * across)
    assert landscape.loss(2 * along) == pytest.approx(2)
    assert landscape.loss(2 * across) == pytest.approx(2 * kappa)
    assert curvatures(landscape, (0.3, -0.2)) == pytest.approx([1, kappa])


def steps_until_close(landscape, optimizer, n_steps):
    """The first step whose distance to (0, 0) is below 1e-6 of the one at the start, (1, 1)."""
    distances = np.linalg.norm(descend(landscape, np.ones(2), optimizer, n_steps).params, axis=1)
    assert distances[-1] < 1e-6 * distances[0]
    return int((distances < 1e-6 * distances[0]).argmax())


@pytest.mark.parametrize(("kappa", "plain", "rolling"), [(10, 69, 27), (100, 691, 93), (1000, 6908, 315)])
def test_the_heavy_ball_is_faster_along_a_ravine(kappa, plain, rolling):
    root = math.sqrt(kappa)
    tuned = Momentum(4 / (1 + root) ** 2, ((root - 1) / (root + 1)) ** 2)
    assert steps_until_close(ravine(kappa), GradientDescent(2 / (1 + kappa)), 7000) == plain
    assert steps_until_close(ravine(kappa), tuned, 400) == rolling


def test_gradient_descent_does_not_feel_how_the_ravine_is_turned():
    turn = math.radians(30)
    straight = descend(ravine(50), np.array([1.0, 0.5]), GradientDescent(0.03), 100)
    turned_start = [math.cos(turn) - 0.5 * math.sin(turn), math.sin(turn) + 0.5 * math.cos(turn)]
    turned = descend(ravine(50, 30), np.array(turned_start), GradientDescent(0.03), 100)
    assert turned.losses == pytest.approx(straight.losses, rel=1e-9)


def test_adam_does_not_feel_the_scale_of_an_axis():
    paths = [descend(ravine(kappa), np.ones(2), Adam(0.1), 150).params for kappa in (100, 10_000)]
    assert paths[0] == pytest.approx(paths[1], abs=1e-5)


# The saddle


@pytest.mark.parametrize(
    ("y", "steps"), [(1e-16, (393, 136, 596, 13)), (1e-8, (200, 69, 302, 11)), (0.01, (55, 25, 81, 10))]
)
def test_how_soon_each_method_leaves_the_saddle(y, steps):
    averaging = Momentum(0.1 * (1 - 0.9), 0.9)
    optimizers = GradientDescent(0.1), Momentum(0.1, 0.9), averaging, Adam(0.1)
    walks = [descend(saddle(), np.array([1, y]), optimizer, 700) for optimizer in optimizers]
    assert tuple(walk.steps_to(-0.24) for walk in walks) == steps


@pytest.mark.parametrize("kind", [GradientDescent, Momentum, Nesterov, RMSProp, Adam])
def test_nobody_leaves_the_saddle_from_exactly_above_it(kind):
    walk = descend(saddle(), np.array([1.0, 0.0]), kind(0.1), 700)
    assert (walk.params[:, 1] == 0).all()
    assert walk.losses.min() >= 0


def test_the_saddle_is_flat_and_no_minimum():
    assert saddle().gradient(np.zeros(2)) == pytest.approx(0)
    assert curvatures(saddle(), (0.0, 0.0)) == pytest.approx([-1, 1])
    assert saddle().loss(np.array(saddle().minima)) == pytest.approx(-0.25)


# Adam's first steps


@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
def test_without_the_correction_adam_s_first_steps_are_too_long(scale):
    def steps(bias_correction):
        optimizer, place, state, places = Adam(1.0, epsilon=1e-30, bias_correction=bias_correction), 0.0, None, [0.0]
        for _ in range(2000):
            place, state = optimizer(place, scale, state)
            places.append(place)
        return -np.diff(places)

    right, inflated = steps(True), steps(False)
    assert right == pytest.approx(1)
    t = np.arange(1, 2001)
    assert inflated == pytest.approx((1 - 0.9**t) / np.sqrt(1 - 0.999**t))
    assert inflated[0] == pytest.approx(3.162278, abs=1e-6)
    assert inflated.argmax() == 12 - 1
    assert inflated.max() == pytest.approx(6.56852, abs=1e-5)
    assert inflated[99] == pytest.approx(3.24, abs=0.005)
    assert (inflated < 1.1).argmax() == 1751 - 1


# Sharp and wide, and noise


def test_the_two_valleys_of_sharp_and_wide():
    landscape = sharp_and_wide()
    wide, sharp = landscape.minima
    assert (wide, sharp) == pytest.approx((0, 2.95665), abs=1e-5)
    assert landscape.loss(sharp) == pytest.approx(1.41817, abs=1e-5)
    assert curvatures(landscape, sharp) == pytest.approx([31.753], abs=1e-3)
    assert landscape.loss(2.69318) == pytest.approx(1.71455, abs=1e-5)
    assert landscape.gradient(2.69318) == pytest.approx(0, abs=1e-3)
    assert curvatures(landscape, wide)[0] < 1


def test_the_mirror_case_has_its_best_valley_where_it_is_sharp():
    landscape = sharp_and_wide(sharp_is_deepest=True)
    sharp, wide = landscape.minima
    assert landscape.loss(sharp) == pytest.approx(-0.1517, abs=1e-4)
    assert curvatures(landscape, sharp)[0] > 20 * curvatures(landscape, wide)[0]


@pytest.mark.parametrize(("learning_rate", "leaves"), [(0.06, False), (0.064, False), (0.1, False), (0.11, True)])
def test_descent_without_noise_leaves_the_sharp_valley_at_large_rates_only(learning_rate, leaves):
    walk = descend(sharp_and_wide(), 2.96, GradientDescent(learning_rate), 3000)
    assert (walk.params.min() < 2.69318) == leaves


def noisy():
    tilts = np.random.default_rng(0).standard_normal(100)
    return NoisyLandscape(sharp_and_wide(), 4 * (tilts - tilts.mean()) / tilts.std())


@pytest.mark.parametrize(("batch_size", "leaves"), [(1, True), (16, False), (None, False)])
def test_small_batches_leave_the_sharp_valley(batch_size, leaves):
    for seed in range(4):
        rng, start = np.random.default_rng(seed), sharp_and_wide().minima[1]
        walk = descend(noisy(), start, GradientDescent(0.02), 3000, batch_size=batch_size, rng=rng)
        assert (walk.params.min() < 2) == leaves


def test_noise_of_mean_0_leaves_the_curve_as_it_is():
    x = np.linspace(-4, 4, 9)
    assert noisy().n_rows == 100
    assert noisy().loss(x) == pytest.approx(sharp_and_wide().loss(x))
    assert noisy().gradient(x) == pytest.approx(sharp_and_wide().gradient(x))


def test_noisy_batches_of_equal_size_average_to_the_whole():
    whole = NoisyLandscape(parabola(), np.random.default_rng(3).normal(1, 4, 12))
    rows = np.random.default_rng(4).permutation(12).reshape(4, 3)
    parts = [whole.batch(some) for some in rows]
    assert [part.n_rows for part in parts] == [3, 3, 3, 3]
    for x in (-1.0, 0.0, 2.5):
        assert np.mean([part.loss(x) for part in parts]) == pytest.approx(whole.loss(x))
        assert np.mean([part.gradient(x) for part in parts]) == pytest.approx(whole.gradient(x))
    assert np.std([part.gradient(0.0) for part in parts]) > 0.5


@pytest.mark.parametrize("row", [0, 5])
def test_one_row_is_the_curve_and_its_own_tilt(row):
    whole = noisy()
    one = whole.batch([row])
    assert one.loss(1.5) == pytest.approx(sharp_and_wide().loss(1.5) + whole.tilts[row] * 1.5)
    assert one.gradient(1.5) == pytest.approx(numerical_gradient(one.loss, 1.5))


# What cannot be used is refused in one sentence


@pytest.mark.parametrize("kappa", [0.5, 0, -1, math.nan, math.inf, "10", None, [10]])
def test_bad_kappas_are_refused(complains, kappa):
    with complains(f"kappa must be a number, at least 1; got {kappa!r}"):
        ravine(kappa)


@pytest.mark.parametrize("angle", [math.nan, math.inf, "steep", None, [30, 60]])
def test_bad_angles_are_refused(complains, angle):
    with complains("angle must"):
        ravine(10, angle)
