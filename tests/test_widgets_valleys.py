"""The explorers of lesson 07: their numbers, marks and words against walks made here in plain Python."""

import math
import re

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text
from test_widgets import actors, after, assert_sound, dot_of

from gdhelpers import plots, widgets
from gdhelpers.descent import descend
from gdhelpers.optimizers import Momentum
from gdhelpers.problems import camel, ravine, rippled_bowl, saddle
from gdhelpers.widgets.valleys import RACING, _spread

TILTS = 4 * np.random.default_rng(0).choice([-1.0, 1.0], 50)
TILTS = TILTS - TILTS.mean()


def slope(x):
    return 0.2 * x + 0.9 * math.sin(3 * x)


def own_walk(method, x, rate, beta, n_steps):
    """The rules once more, for one number, as the lesson prints them."""
    walk, m, v = [x], 0.0, 0.0
    for t in range(1, n_steps + 1):
        g = slope(x)
        if method == "gradient descent":
            x -= rate * g
        elif method in ("momentum", "Nesterov"):
            v = beta * v + g
            x -= rate * (v if method == "momentum" else g + beta * v)
        elif method == "RMSProp":
            v = beta * v + (1 - beta) * g**2
            x -= rate * g / (math.sqrt(v) + 1e-8)
        else:
            m, v = beta * m + (1 - beta) * g, 0.999 * v + 0.001 * g**2
            x -= rate * m / (1 - beta**t) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        walk.append(x)
    return np.array(walk)


def choose(picture, **values):
    for name, value in values.items():
        picture.controls[name].value = value
    return picture.sentence


# One method


@pytest.fixture
def valleys():
    return widgets.valley_explorer(rippled_bowl(), -6.0, 6.0, 5.0)


@pytest.mark.parametrize("method", ["gradient descent", "momentum", "Nesterov", "RMSProp", "Adam"])
@pytest.mark.parametrize(("rate", "beta", "start"), [(0.05, 0.9, 5.0), (0.02, 0.5, -3.0)])
def test_walk_is_that_of_plain_python(valleys, method, rate, beta, start):
    choose(valleys, method=method, learning_rate=rate, beta=beta, start=start)
    walk = own_walk(method, start, rate, beta, 300)
    (curve,) = actors(valleys, Line2D, panel=1)
    assert np.allclose(curve.get_xydata()[:60], np.column_stack([np.arange(301), walk])[:60])
    assert dot_of(valleys).get_xdata()[0] == curve.get_ydata()[-1]
    assert valleys.sentence.startswith(f"{method}, α = {rate}")
    assert ("β" in valleys.sentence) == (method != "gradient descent")


@pytest.mark.parametrize(
    ("method", "rate", "words"),
    [
        ("gradient descent", 0.05, "in a local minimum, at 3.847"),
        ("momentum", 0.05, "in the deepest valley, at 0.000"),
        ("momentum", 0.015, "in a local minimum, at 1.945"),
        ("momentum", 0.18, "in a local minimum, at -1.945"),
        ("Adam", 0.05, "in a local minimum, at 3.847"),
    ],
)
def test_words_say_in_which_valley_it_ended(valleys, method, rate, words):
    assert words in choose(valleys, method=method, learning_rate=rate)


def test_walk_that_has_not_arrived_is_not_said_to_be_in_a_valley(valleys):
    assert "is on its way" in choose(valleys, method="gradient descent", learning_rate=0.001)


@pytest.mark.parametrize(("method", "share"), [("gradient descent", 0.19), ("momentum", 0.58), ("Adam", 0.19)])
def test_green_marks_the_starts_that_reach_the_deepest_valley(valleys, method, share):
    choose(valleys, method=method)
    green = valleys.actors[0]
    assert green.get_color() == plots.MINIMUM
    starts = np.array(green.get_xdata())
    assert after("Of all starts,", valleys.sentence) == round(100 * len(starts) / 241)
    assert len(starts) / 241 == pytest.approx(share, abs=0.02)
    if method == "gradient descent":  # its stripe is the deepest valley itself, which ends at its two rims
        assert starts.min() >= -1.132
        assert starts.max() <= 1.132
    for start in starts[:: len(starts) // 5]:
        assert abs(own_walk(method, start, 0.05, 0.9, 300)[-1]) < 0.05


def test_camel_is_marked_at_both_deepest_valleys_and_shares_agree():
    picture = widgets.valley_explorer(camel(), (-2.0, -1.0), (2.0, 1.0), (1.9, 0.9), rates=(-3, -1), rate=0.01)
    stars = [line.get_xydata()[0] for line in picture.figure.axes[0].lines if line.get_marker() == "*"]
    assert np.allclose(sorted(map(tuple, stars)), [(-0.089842, 0.7126564), (0.089842, -0.7126564)])
    assert "in the deepest valley, at (-0.090, 0.713)" in picture.sentence
    assert "in a local minimum, at (1.607, 0.569)" in choose(picture, method="gradient descent")
    assert after("Of all starts,", picture.sentence) == pytest.approx(60, abs=3)
    assert "in a local minimum, at (1.704, -0.796)" in choose(picture, start_x=1.8, start_y=-0.3)


def test_starts_that_explode_do_not_end_the_walks_of_the_others():
    picture = widgets.valley_explorer(camel(), (-2.0, -1.0), (2.0, 1.0), (1.9, 0.9), rates=(-3, -1), rate=0.01)
    words = choose(picture, learning_rate=0.1)
    assert descend(camel(), np.array([1.9, 0.9]), Momentum(0.1), 300).diverged
    assert "from 1.90, 0.90: it diverges at step" in words
    x, y = np.meshgrid(np.linspace(-2, 2, 42)[1:-1], np.linspace(-1, 1, 22)[1:-1])
    starts = np.column_stack([x.ravel(), y.ravel()])
    places, velocities = starts, 0.0
    with np.errstate(all="ignore"):
        for _ in range(300):
            velocities = 0.9 * velocities + camel().gradient(places)
            places = places - 0.1 * velocities
        arrived = camel().loss(places) < -0.62  # half way from the deepest valleys to the next
    assert np.isnan(places).any(), "none of them explodes"
    assert np.array_equal(picture.actors[0].get_xydata(), starts[arrived])
    assert after("Of all starts,", words) == round(100 * arrived.mean()) > 50


def test_beta_is_switched_off_where_it_has_no_meaning(valleys):
    for method in ("momentum", "gradient descent", "Adam"):
        choose(valleys, method=method)
        assert valleys.controls["beta"].disabled == (method == "gradient descent")


# Four methods


@pytest.fixture
def race():
    return widgets.race_explorer(rippled_bowl(), -6.0, 6.0, 5.0)


def curves_and_labels(picture):
    right = picture.figure.axes[1]
    curves = [actor for actor in picture.actors if isinstance(actor, Line2D) and actor.axes is right]
    return dict(zip(RACING, curves, strict=True)), {text.get_text(): text for text in actors(picture, Text, panel=1)}


def test_each_racer_walks_its_own_rule_in_its_own_colour_and_dash_and_has_its_name_beside_it(race):
    curves, labels = curves_and_labels(race)
    assert {(curve.get_color(), curve.get_linestyle()) for curve in curves.values()} == set(plots.RACERS)
    for name, curve in curves.items():
        assert np.allclose(curve.get_ydata()[:100], own_walk(name, 5.0, 0.05, 0.9, 200)[:100])
        assert labels[name].get_color() == curve.get_color()
        assert labels[name].get_position()[0] > curve.get_xdata()[-1]


@pytest.mark.parametrize("step", [0, 1, 10, 200])
def test_step_slider_lets_them_run(race, step):
    sentence = choose(race, step=step)
    assert sentence.startswith(f"Step {step}, ")
    curves, labels = curves_and_labels(race)
    assert all(len(curve.get_xdata()) == step + 1 for curve in curves.values())
    heights = sorted(label.get_position()[1] for label in labels.values())
    assert min(np.diff(heights)) > 0.6, "labels on top of each other"


def test_ball_that_rushes_through_a_valley_is_not_said_to_be_in_it(race):
    path = own_walk("momentum", 5.0, 0.05, 0.9, 200)
    step = int(np.argmax(np.abs(path - 1.9454) < 0.15))
    assert abs(path[step] - path[step - 1]) > 0.2
    assert "momentum is on its way" in choose(race, step=step)


def test_plain_descent_is_compared_at_both_rates(race):
    before = curves_and_labels(race)[0]["momentum"].get_ydata().copy()
    choose(race, fair=True, beta=0.8, learning_rate=0.04)
    curves, _ = curves_and_labels(race)
    assert np.allclose(curves["gradient descent"].get_ydata(), own_walk("gradient descent", 5.0, 0.2, 0, 200))
    assert np.allclose(curves["momentum"].get_ydata()[:60], own_walk("momentum", 5.0, 0.04, 0.8, 60)[:60])
    assert not np.allclose(before, curves["momentum"].get_ydata())
    assert "gradient descent is in a local minimum, at 3.8" in race.sentence


def test_race_says_who_has_left_the_picture(race):
    sentence = choose(race, learning_rate=1.0, beta=0.97, start=6.0)
    (remark,) = (text for text in race.actors if isinstance(text, Text) and text.axes is race.figure.axes[0])
    assert_sound(race)
    assert ("off the picture" in remark.get_text()) == any(
        abs(curve.get_ydata()[-1]) > 6 for curve in curves_and_labels(race)[0].values()
    )
    assert "momentum" in sentence


def test_nobody_leaves_the_saddle_from_its_ridge():
    picture = widgets.race_explorer(saddle(), (-1.5, -1.5), (1.5, 1.5), (1.0, 0.01), rate=0.1)
    assert picture.sentence.count("in the deepest valley") == 4
    sentence = choose(picture, start_y=0.0)
    assert "deepest" not in sentence
    assert "stands still at (0.0, 0.0), no valley" in sentence


@pytest.mark.parametrize("values", [(0, 0, 0, 0), (3.8, 0, 3.8, 3.8), (9, -9, 9, -9), (1, 1.01, 1.02, 5)])
def test_labels_are_moved_apart_and_stay_inside(values):
    spread = _spread(values, 0.5, -6, 6)
    assert np.diff(np.sort(spread)).min() > 0.49
    assert (np.abs(spread) <= 6).all()
    assert _spread((0, 3), 0.5, -6, 6).tolist() == [0, 3]


# Shaken balls


@pytest.fixture
def shaken():
    return widgets.shaken_explorer(TILTS)


def test_small_batches_leave_the_sharp_valley_and_large_ones_stay(shaken):
    small = choose(shaken, step=1000, batch_size=1)
    assert after("steps", small) > 95
    assert after("After 1000 steps", choose(shaken, batch_size=32)) == 0


def test_balls_and_curve_say_the_same_share(shaken):
    for step in (0, 100, 1000):
        sentence = choose(shaken, step=step)
        balls = next(actor for actor in actors(shaken, Line2D, panel=0) if actor.get_marker() == "o")
        (curve, now) = actors(shaken, Line2D, panel=1)
        share = 100 * np.mean(np.array(balls.get_xdata()) < 2)
        assert len(balls.get_xdata()) == 200
        assert curve.get_ydata()[-1] == now.get_ydata()[0] == pytest.approx(share)
        assert after(f"After {step} steps", sentence) == round(share)
        assert curve.get_xdata()[-1] == step
    assert np.std(balls.get_xdata()) > 0.1, "all balls are shaken alike"


def test_mirror_case_begins_in_its_sharp_valley_which_is_the_deepest(shaken):
    words = choose(shaken, deepest="the sharp one", step=0)
    assert after("mean height is", words) == pytest.approx(-0.15)
    later = choose(shaken, step=1000, learning_rate=0.03)
    assert after("After 1000 steps", later) > 50
    assert after("mean height is", later) > 0


# The ravine


@pytest.fixture
def in_ravine():
    return widgets.ravine_explorer()


@pytest.mark.parametrize(
    ("method", "kappa", "angle", "steps"),
    [
        ("gradient descent", 100, 0, 691),
        ("gradient descent", 100, 45, 691),
        ("gradient descent", 10, 0, 69),
        ("momentum", 100, 0, 93),
        ("momentum", 100, 90, 93),
        ("momentum", 1000, 0, 315),
        ("Adam", 100, 0, 189),
        ("Adam", 1000, 0, 189),
        ("Adam", 100, 45, 749),
    ],
)
def test_steps_in_the_ravine(in_ravine, method, kappa, angle, steps):
    sentence = choose(in_ravine, method=method, kappa=kappa, angle=angle)
    assert after("distance after", sentence) == pytest.approx(steps, rel=0 if method != "Adam" else 0.01)


def test_ravine_says_that_a_walk_leaves_the_picture_on_its_way(in_ravine):
    assert "leaves the picture" not in in_ravine.sentence
    assert "leaves the picture" in choose(in_ravine, method="momentum", kappa=1000)


def test_ravine_says_when_the_steps_do_not_suffice(in_ravine):
    assert choose(in_ravine, kappa=1000).endswith("not within 1,000 steps.")


@pytest.mark.parametrize(("kappa", "angle"), [(100, 0), (10, 30), (1, 90), (1000, 65)])
def test_rings_are_level_and_the_walk_starts_at_the_same_place_of_the_ravine(in_ravine, kappa, angle):
    choose(in_ravine, kappa=kappa, angle=angle)
    rings, land = in_ravine.actors[:5], ravine(kappa, angle)
    for ring in rings:
        assert np.ptp(land.loss(ring.get_xydata())) < 1e-9 * kappa
    walk = in_ravine.actors[5].get_xydata()
    assert land.loss(walk[0]) == pytest.approx((1 + kappa) / 2)
    assert in_ravine.figure.axes[0].get_aspect() == 1


def test_alternatives_and_words_hold_no_formula_signs():
    for picture in (widgets.shaken_explorer(TILTS), widgets.ravine_explorer()):
        assert not re.search(r"[{}_]", picture.alt + picture.sentence)
