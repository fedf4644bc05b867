"""What the explorers of lesson 05 draw and say is what was walked and drawn."""

import re

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text
from test_widgets import actors, after, assert_sound, numbers

from gdhelpers import plots, widgets
from gdhelpers.datasets import many_houses
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares
from gdhelpers.widgets import batches

N_ROWS, N_UPDATES = 512, 400
DATA = many_houses(N_ROWS, np.random.default_rng(3))
PROBLEM = LeastSquares.line(DATA.size / 1000, DATA.price)
LEAST = PROBLEM.loss(PROBLEM.minimum())
PLACE = (50.0, 100.0)


# The race


@pytest.fixture
def race():
    return widgets.three_types_explorer(PROBLEM, n_updates=N_UPDATES)


def walked(size, rate, seed):
    n_steps = min(N_UPDATES, 80 * N_ROWS // (size or N_ROWS))
    rng = np.random.default_rng(seed)
    return descend(PROBLEM, (0, 0), GradientDescent(rate), n_steps, batch_size=size, rng=rng)


def arrival(walk):
    """By a plain loop: the first record of twenty in a row that are all within 100 of the least loss."""
    near = [loss - LEAST <= 100 for loss in walk.losses]
    return next((k for k in range(len(near) - 19) if all(near[k : k + 20])), None)


def lines(picture):
    """(trails, curves, dots), each of all rows, yours, one row."""
    drawn = actors(picture, Line2D)
    return drawn[:3], drawn[3:6], drawn[6:]


def test_batch_size_goes_in_powers_of_two_to_all_rows_and_others_can_be_typed():
    picture = widgets.gradient_cloud(LeastSquares.line(*many_houses(1000, np.random.default_rng(0))), (0.1, 100))
    control = picture.controls["batch_size"]
    assert (control.base, control.min, control.step) == (2, 0, 1)
    for value, size in ((1, 1), (2**9, 512), (20, 20), (control.base**control.max, 1000)):
        control.value = value
        assert f"B = {size:,}, rows may repeat" in picture.sentence


@pytest.mark.parametrize(("size", "rate", "seed"), [(32, 0.05, 0), (1, 0.02, 3), (512, 0.17, 1), (4, 0.001, 20)])
def test_race_draws_three_walks_of_descend_and_where_they_arrive(race, size, rate, seed):
    for name, value in (("batch_size", size), ("learning_rate", rate), ("seed", seed)):
        race.controls[name].value = value
    walks = [walked(None, 0.1, seed), walked(size, rate, seed), walked(1, 0.01, seed)]
    for walk, trail, curve, dot in zip(walks, *lines(race), strict=True):
        assert np.allclose(trail.get_xydata(), walk.params)
        steps, excess = curve.get_data()
        assert (steps[0], steps[-1]) == (1, walk.steps[-1])
        assert np.allclose(excess, walk.losses[steps] - LEAST, rtol=1e-6)
        first = arrival(walk)
        if first is None:
            assert len(dot.get_xdata()) == 0
        else:
            assert np.allclose(dot.get_xydata(), [[first, walk.losses[first] - LEAST]])


@pytest.mark.parametrize(("axis", "name"), [("updates", "steps"), ("examples seen", "examples_seen")])
@pytest.mark.parametrize(("size", "rate"), [(32, 0.05), (1, 0.1), (512, 0.1), (64, 0.15)])
def test_race_says_when_each_is_there_and_who_is_first(race, axis, name, size, rate):
    for key, value in (("batch_size", size), ("learning_rate", rate), ("axis", axis)):
        race.controls[key].value = value
    assert race.figure.axes[1].get_xlabel() == f"{axis}, log scale"
    walks = {
        "all rows": walked(None, 0.1, 0),
        f"yours (B = {size}, α = {rate:g})": walked(size, rate, 0),
        "one row": walked(1, 0.01, 0),
    }
    counts = {who: None if (k := arrival(walk)) is None else getattr(walk, name)[k] for who, walk in walks.items()}
    said = [f"{who} {'not in this walk' if count is None else f'{count:,}'}" for who, count in counts.items()]
    best = min(count for count in counts.values() if count is not None)
    first = " and ".join(who.partition(" (")[0] for who, count in counts.items() if count == best)
    assert race.sentence.startswith(f"Counted in {axis}, until the walk is there: {', '.join(said)}. First: {first}.")


def test_three_clocks_have_three_winners_on_many_rows():
    data = many_houses(32_768, np.random.default_rng(0))
    race = widgets.three_types_explorer(LeastSquares.line(data.size / 1000, data.price))
    assert "seconds" not in race.sentence
    assert " ms" not in race.sentence
    assert race.sentence.endswith("First: all rows.")
    race.controls["axis"].value = "examples seen"
    assert race.sentence.endswith("First: one row.")
    race.controls["batch_size"].value, race.controls["learning_rate"].value = 256, 0.1
    race.controls["axis"].value = "seconds"
    assert re.fullmatch(
        r"Counted in seconds, until the walk is there: all rows [\d.]+ ms, yours \(B = 256, α = 0.1\) [\d.]+ ms, "
        r"one row [\d.]+ ms\. First: (all rows|yours|one row)\.",
        race.sentence,
    )


def test_seconds_are_those_that_were_measured_and_are_measured_once(monkeypatch):
    walks = []
    monkeypatch.setattr(batches, "descend", lambda *given, **named: walks.append(descend(*given, **named)) or walks[-1])
    race = widgets.three_types_explorer(PROBLEM, n_updates=N_UPDATES)
    race.controls["axis"].value = "seconds"
    said = numbers(race.sentence.replace("yours (B = 32, α = 0.05)", "yours"))
    for walk, curve, dot, milliseconds in zip(walks, *lines(race)[1:], said, strict=True):
        assert set(curve.get_xdata()) <= set(walk.seconds)
        assert dot.get_xdata()[0] == walk.seconds[arrival(walk)]
        assert milliseconds == pytest.approx(1000 * dot.get_xdata()[0], rel=0.06)
    words = race.sentence
    race.controls["axis"].value = "updates"
    race.controls["axis"].value = "seconds"
    assert race.sentence == words
    assert len(walks) == 3
    race.controls["batch_size"].value = 31.6  # a number that was typed
    assert "yours (B = 32, " in race.sentence


def test_race_says_that_a_walk_diverges_or_never_settles(race):
    race.controls["batch_size"].value, race.controls["learning_rate"].value = 1, 0.17
    assert "yours (B = 1, α = 0.17) not in this walk" in race.sentence
    wild = widgets.three_types_explorer(LeastSquares.line(DATA.size / 500, DATA.price), n_updates=N_UPDATES, rate=0.1)
    assert re.search(
        r"all rows not in this walk.*Yours diverges at update \d+\. That is off the picture\.$", wild.sentence
    )
    assert [text.get_text() for text in actors(wild, Text)] == ["off the picture"]
    assert [text.get_text() for text in actors(race, Text)] == [""]
    assert_sound(wild)


def test_loss_map_and_star_are_those_of_all_rows(race):
    (star,) = [line for line in race.figure.axes[0].lines if line.get_marker() == "*"]
    assert np.allclose(star.get_xydata(), [PROBLEM.minimum()])
    assert race.figure.axes[0].get_aspect() == 1


# The cloud of gradients


@pytest.fixture
def cloud():
    return widgets.gradient_cloud(PROBLEM, PLACE, n_batches=300)


def drawn_dots(picture):
    return actors(picture, Line2D, panel=0)[0].get_xydata()


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("size", [1, 8, 64, 256])
def test_cloud_is_right_on_average_and_its_variance_follows_the_law(cloud, size, repeats):
    cloud.controls["batch_size"].value, cloud.controls["repeats"].value = size, repeats
    dots = drawn_dots(cloud)
    assert dots.shape == (300, 2)
    rows = np.array([PROBLEM.batch([row]).gradient(PLACE) for row in range(N_ROWS)])
    law = rows.var(axis=0).sum() / size * (1 if repeats else (N_ROWS - size) / (N_ROWS - 1))
    spread = dots.var(axis=0).sum()
    assert spread == pytest.approx(law, rel=0.25)
    assert np.linalg.norm(dots.mean(axis=0) - PROBLEM.gradient(PLACE)) < 4 * np.sqrt(law / 300)
    (mark,) = actors(cloud, Line2D, panel=1)
    assert np.allclose(mark.get_xydata(), [[size, spread]])
    words = cloud.sentence
    assert f"B = {size}, {'rows may repeat' if repeats else 'no row twice'}: " in words
    assert after("on average slopes", words) == pytest.approx(dots.mean(axis=0)[0], abs=0.051)
    assert after("of all rows", words) == pytest.approx(PROBLEM.gradient(PLACE)[0], abs=0.051)
    assert after("Variance", words) == pytest.approx(spread, rel=1e-3)
    assert after("the law says", words) == pytest.approx(law, rel=1e-3)


def test_dots_are_gradients_of_batches(cloud):
    single = {tuple(np.round(PROBLEM.batch([row]).gradient(PLACE), 6)) for row in range(N_ROWS)}
    assert {tuple(dot) for dot in np.round(drawn_dots(cloud), 6)} <= single
    star = actors(cloud, Line2D, panel=0)[1]
    assert np.allclose(star.get_xydata(), [PROBLEM.gradient(PLACE)])


def test_all_rows_without_repeats_leave_no_variance(cloud):
    cloud.controls["batch_size"].value, cloud.controls["repeats"].value = N_ROWS, False
    assert np.allclose(drawn_dots(cloud), PROBLEM.gradient(PLACE))
    assert cloud.sentence.endswith("Variance 0, the law says 0.")
    cloud.controls["repeats"].value = True
    assert after("Variance", cloud.sentence) > 1


def test_lines_of_the_law_are_one_over_b_with_and_without_repeats(cloud):
    laws = {line.get_label(): line.get_xydata() for line in cloud.figure.axes[1].lines if line not in cloud.actors}
    one = np.array([PROBLEM.batch([row]).gradient(PLACE) for row in range(N_ROWS)]).var(axis=0).sum()
    with_repeats, without = laws["variance of one / B"], laws["… · (N - B) / (N - 1)"]
    assert np.allclose(with_repeats[:, 1] * with_repeats[:, 0], one)
    assert np.allclose(without[:, 1], one / without[:, 0] * (N_ROWS - without[:, 0]) / (N_ROWS - 1))
    assert actors(cloud, Line2D, panel=0)[0].get_color() == plots.SLOPE
