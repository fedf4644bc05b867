"""Every explorer, every control: to both ends, through the middle, at random; and the numbers that its words say."""

import inspect
import math
import re
import xml.etree.ElementTree as ET

import ipywidgets
import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from gdhelpers import plots, widgets
from gdhelpers.datasets import digits, houses, many_houses
from gdhelpers.descent import descend
from gdhelpers.live import LivePicture
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares, Network, camel, parabola, rippled_bowl, two_valleys

SIZE, PRICE = houses()
MANY = many_houses(300, np.random.default_rng(0))


def article_walk(n_steps=20):
    return descend(LeastSquares.line(SIZE, PRICE), (0.05, 100), GradientDescent(1e-7), n_steps)


def small_training():
    data, sizes = digits(), (64, 10, 10)
    test = Network(data.test_X[:50], data.test_labels[:50], sizes)
    return widgets.training_explorer(Network(data.train_X[:60], data.train_labels[:60], sizes), test, n_epochs=2)


def play(learning_rate, rng, direction, n_pulls=300):
    """Three arms, a softmax policy, REINFORCE."""
    theta, history = np.zeros(3), []
    for _ in range(n_pulls):
        p = np.exp(theta - theta.max())
        p /= p.sum()
        arm = rng.choice(3, p=p)
        reward = rng.random() < (0.2, 0.5, 0.8)[arm]
        theta = theta + direction * learning_rate * reward * (np.eye(3)[arm] - p)
        history.append(p)
    return np.array(history)


SIZES = {"the houses": 2, "the article's net": 1_290_510, "ResNet-50": 25_557_032, "GPT-3": 174_604_259_328}
KEPT = {"Adam": {"weight": 4, "slope": 4, "m": 4, "v": 4}, "no training": {"weight": 2}}
MACHINES = {"a laptop core": 5e10, "1,000 accelerators": 1e17}

EXPLORERS = {  # as the lessons build them, only smaller
    "slope_explorer": lambda: widgets.slope_explorer(parabola()),
    "line_explorer": lambda: widgets.line_explorer(SIZE, PRICE),
    "blindfold": lambda: widgets.blindfold(two_valleys()),
    "curve_explorer": lambda: widgets.curve_explorer(parabola(), -1.5, 1.5, start=1, rates=(-2, 0.1)),
    "map_explorer": lambda: widgets.map_explorer(LeastSquares.line(SIZE / 1000, PRICE)),
    "step_explorer": lambda: widgets.step_explorer(SIZE, PRICE, article_walk()),
    "start_explorer": lambda: widgets.start_explorer(SIZE, PRICE),
    "learning_rate_explorer": lambda: widgets.learning_rate_explorer(SIZE, PRICE),
    "schedule_explorer": lambda: widgets.schedule_explorer(
        LeastSquares.line(MANY.size / 1000, MANY.price), n_steps=200
    ),
    "training_explorer": small_training,
    "three_types_explorer": lambda: widgets.three_types_explorer(
        LeastSquares.line(MANY.size / 1000, MANY.price), n_updates=300
    ),
    "gradient_cloud": lambda: widgets.gradient_cloud(
        LeastSquares.line(MANY.size / 1000, MANY.price), (50, 100), n_batches=50
    ),
    "scale_explorer": lambda: widgets.scale_explorer(SIZES, KEPT, MACHINES),
    "bandit_explorer": lambda: widgets.bandit_explorer(play, (0.2, 0.5, 0.8)),
    "valley_explorer": lambda: widgets.valley_explorer(
        camel(), (-2.0, -1.0), (2.0, 1.0), (1.9, 0.9), rates=(-3, -1), rate=0.01
    ),
    "race_explorer": lambda: widgets.race_explorer(rippled_bowl(), -6.0, 6.0, start=5.0),
    "shaken_explorer": lambda: widgets.shaken_explorer(np.array([4.0, -4.0])),
    "ravine_explorer": widgets.ravine_explorer,
    "formula_explorer": lambda: widgets.formula_explorer(parabola()),
}
EVERY_EXPLORER = pytest.mark.parametrize("name", sorted(EXPLORERS))
NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"


def places(control):
    """Both ends and the middle of a slider, every option of a menu, both states of a switch."""
    if isinstance(control, ipywidgets.FloatLogSlider):
        return [float(control.base) ** power for power in np.linspace(control.min, control.max, 3)]
    if isinstance(control, ipywidgets.FloatSlider | ipywidgets.IntSlider):
        return [type(control.value)(value) for value in np.linspace(control.min, control.max, 3)]
    if isinstance(control, ipywidgets.ToggleButton):
        return [True, False]
    return list(control.options)


def seen(picture):
    """What the two layers draw, without the words that come with it."""
    drawing = ET.fromstring(picture._moving.value).find("svg")
    return picture._scenery.value, [ET.tostring(child) for child in drawing]


def numbers(text):
    """All numbers in a text, in order; "6,875" is one."""
    return [float(found.rstrip(",").replace(",", "")) for found in re.findall(NUMBER, text)]


def after(words, text):
    """The number that stands behind these words."""
    return numbers(text.partition(words)[2])[0]


def actors(picture, kind, panel=None):
    """The actors of this kind, in all panels or in the one of this number."""
    axes = picture.figure.axes if panel is None else [picture.figure.axes[panel]]
    return [actor for actor in picture.actors if isinstance(actor, kind) and actor.axes in axes]


def dot_of(picture):
    """The large dot that says where the walker stands."""
    return next(line for line in actors(picture, Line2D) if line.get_markersize() == 11)


def model_line_of(picture):
    return next(line for line in actors(picture, Line2D) if line.get_marker() == "None")


def assert_sound(picture):
    """No complaint, words without "nan" and "None", an SVG that parses and holds finite coordinates only."""
    assert "does not work" not in picture.sentence
    assert picture.sentence.endswith(".")
    assert not re.search(r"\b(nan|inf|None|array|np)\b", picture.sentence)
    for element in ET.fromstring(picture._moving.value).iter():
        for key in ("d", "x", "y", "width", "height", "textLength", "transform"):
            assert not re.search("nan|inf", element.get(key, ""))


def own_walk(w, b, learning_rate, n_steps, size, price):
    """Gradient descent in plain Python; [(w, b, loss), ...]."""
    walk = []
    for _ in range(n_steps + 1):
        errors = [w * x + b - y for x, y in zip(size, price, strict=True)]
        walk.append((w, b, math.fsum(error**2 for error in errors) / len(errors)))
        slope_w = 2 * math.fsum(error * x for error, x in zip(errors, size, strict=True)) / len(errors)
        w, b = w - learning_rate * slope_w, b - learning_rate * 2 * math.fsum(errors) / len(errors)
    return walk


# All of them


def test_every_public_explorer_is_in_the_table():
    public = {name for name, function in inspect.getmembers(widgets, inspect.isfunction) if not name.startswith("_")}
    assert public - {"progress", "projector"} == set(EXPLORERS)
    assert public | {"Progress", "Training"} == set(widgets.__all__)


@EVERY_EXPLORER
def test_explorer_begins_with_a_sound_picture_and_labelled_controls(name):
    picture = EXPLORERS[name]()
    assert isinstance(picture, LivePicture)
    assert_sound(picture)
    assert picture.alt.endswith(".")
    assert len(picture.alt) > 20
    assert picture.actors, "nothing moves"
    assert all(control.description for control in picture.controls.values())
    data, _ = picture._repr_mimebundle_()
    assert data["text/plain"] == f"{picture.alt} {picture.sentence}"


@EVERY_EXPLORER
def test_every_control_moves_the_picture_and_the_words_from_end_to_end(name):
    picture = EXPLORERS[name]()
    for key, control in picture.controls.items():
        if not control.has_trait("value"):
            continue
        for value in [*places(control), control.value]:
            before = seen(picture), picture.sentence
            moves = control.value != value
            control.value = value
            assert picture.values[key] == value, f"{key} cannot be set to {value}"
            assert_sound(picture)
            assert (seen(picture) != before[0]) == moves, f"{key} = {value} and the picture"
            assert (picture.sentence != before[1]) == moves, f"{key} = {value} and the words"


@EVERY_EXPLORER
def test_no_setting_at_random_fails(name):
    picture, rng = EXPLORERS[name](), np.random.default_rng(0)
    for _ in range(30):
        for control in picture.controls.values():
            if isinstance(control, ipywidgets.Button):
                control.click()
            elif hasattr(control, "options") or isinstance(control, ipywidgets.ToggleButton):
                control.value = places(control)[rng.integers(len(places(control)))]
            elif isinstance(control, ipywidgets.IntSlider):
                control.value = int(rng.integers(control.min, control.max + 1))
            else:
                share = rng.uniform(control.min, control.max)
                control.value = control.base**share if isinstance(control, ipywidgets.FloatLogSlider) else share
        assert_sound(picture)


@EVERY_EXPLORER
def test_same_settings_give_the_same_picture_and_words(name):
    one, other = EXPLORERS[name](), EXPLORERS[name]()
    for picture in (one, other):
        for control in picture.controls.values():
            if control.has_trait("value"):
                control.value = places(control)[1]
    assert one.sentence == other.sentence
    assert one._moving.value.replace(one.model_id, "") == other._moving.value.replace(other.model_id, "")


@EVERY_EXPLORER
def test_scenery_stands_still_while_sliders_move(name):
    picture = EXPLORERS[name]()
    scenery = picture._scenery.value
    for control in picture.controls.values():
        if control.has_trait("value") and not hasattr(control, "options"):
            for value in places(control):
                control.value = value
    assert picture._scenery.value == scenery


# One by one


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.0, 1.5, 3.0])
def test_slope_explorer_says_height_slope_and_the_way_down(x):
    picture = widgets.slope_explorer(parabola())
    picture.controls["position"].value = x
    words = picture.sentence
    assert (after("Position", words), after("height", words), after("slope", words)) == (x, x**2, 2 * x)
    way = "level ground" if x == 0 else "downhill is to the left" if x > 0 else "downhill is to the right"
    assert words.endswith(f"so {way}.")
    tangent = actors(picture, Line2D)[0]
    assert dot_of(picture).get_xydata().tolist() == [[x, x**2]]
    (left, right), (low, high) = tangent.get_data()
    assert (high - low) / (right - left) == pytest.approx(2 * x)
    assert (low + high) / 2 == pytest.approx(x**2)


@pytest.mark.parametrize(("w", "b", "loss"), [(0.05, 100, 6875), (0.1, 100, 0), (0.08, 110, 600), (0.0, 200, 7500)])
def test_line_explorer_says_the_loss(w, b, loss):
    picture = widgets.line_explorer(SIZE, PRICE, w=w, b=b)
    words, label = picture.sentence, actors(picture, Text, panel=1)[0].get_text()
    assert (after("Price =", words), after("size +", words), after("loss", words)) == (w, b, loss)
    assert label == f"loss {plots.number(loss)}"
    if loss == 0:
        assert "every house is exact" in words
    else:
        assert after("$", words) == round(1000 * math.sqrt(loss))


@pytest.mark.parametrize(("w", "b"), [(0.05, 100), (0.2, 0), (0.0, 200), (0.15, 60)])
def test_line_explorer_draws_the_line_and_squares_whose_mean_area_is_the_loss(w, b):
    picture = widgets.line_explorer(SIZE, PRICE)
    picture.controls["w"].value, picture.controls["b"].value = w, b
    squares, (average,) = actors(picture, Polygon, panel=0), actors(picture, Polygon, panel=1)
    line = model_line_of(picture)
    loss = own_walk(w, b, 0, 0, SIZE, PRICE)[0][2]
    heights = [np.ptp(square.get_xy()[:, 1]) for square in squares]
    assert len(heights) == 5
    assert np.mean(np.square(heights)) == pytest.approx(loss)
    assert np.ptp(average.get_xy(), axis=0) == pytest.approx(np.sqrt([loss, loss]))
    assert np.allclose(line.get_ydata(), w * np.array(line.get_xdata()) + b)
    assert tuple(line.get_xdata()) == line.axes.get_xlim()
    for square in [*squares, average]:
        width, height = np.ptp(square.axes.transData.transform(square.get_xy()), axis=0)
        assert width == pytest.approx(height, rel=0.005), "not a square on the screen"


def test_average_square_stays_inside_its_axes_even_for_the_worst_line():
    for price in (PRICE, np.append(PRICE[:4], 900.0)):  # lesson 01 suggests a house that is much too dear
        picture = widgets.line_explorer(SIZE, price)
        (average,) = actors(picture, Polygon, panel=1)
        for w in (0.0, 0.2):
            for b in (0.0, 200.0):
                picture.controls["w"].value, picture.controls["b"].value = w, b
                assert average.get_xy().max() <= average.axes.get_xlim()[1]


class TestBlindfold:
    @pytest.fixture
    def picture(self):
        return widgets.blindfold(two_valleys(), start=1.0)

    @staticmethod
    def place(picture):
        return float(dot_of(picture).get_xdata()[0])

    @staticmethod
    def drawn(picture):
        """What is shown besides the dot: (ground, trail, tangent)."""
        return [line for line in actors(picture, Line2D) if line is not dot_of(picture)]

    def test_steps_move_by_the_stride_and_start_again_returns(self, picture):
        assert self.place(picture) == 1
        picture.controls["right"].click()
        assert self.place(picture) == 2
        picture.controls["stride"].value = 0.3
        assert self.place(picture) == 2
        picture.controls["right"].click()
        picture.controls["right"].click()
        assert self.place(picture) == pytest.approx(2.6)
        picture.controls["left"].click()
        assert self.place(picture) == pytest.approx(2.3)
        assert picture.sentence.startswith("4 steps. ")
        picture.controls["again"].click()
        assert self.place(picture) == 1
        assert picture.sentence.startswith("0 steps. ")

    def test_picture_and_words_say_where_a_step_leads(self, picture):
        reach = next(line for line in actors(picture, Line2D) if line.get_marker() == "|")
        for stride, landings in ((0.5, (0.5, 1.5)), (3.0, (0.0, 4.0))):
            picture.controls["stride"].value = stride
            assert tuple(reach.get_xdata()) == landings
            assert f"A step leads to {landings[0]} or {landings[1]}." in picture.sentence

    def test_nobody_walks_off_the_edge(self, picture):
        picture.controls["stride"].value = 3
        for _ in range(5):
            picture.controls["right"].click()
        assert self.place(picture) == 10
        for _ in range(5):
            picture.controls["left"].click()
        assert self.place(picture) == 0
        assert_sound(picture)

    def test_a_step_against_the_edge_is_no_step(self, picture):
        picture.controls["left"].click()
        assert picture.sentence.startswith("1 step. ")
        picture.controls["left"].click()
        assert self.place(picture) == 0
        assert picture.sentence.startswith("1 step. ")

    def test_words_say_height_and_slope_where_you_stand(self, picture):
        valley = two_valleys()
        picture.controls["right"].click()
        assert after("height", picture.sentence) == pytest.approx(valley.loss(2.0), abs=0.05)
        assert after("slope", picture.sentence) == pytest.approx(valley.gradient(2.0), abs=0.05)
        tangent = self.drawn(picture)[2]
        assert np.mean(tangent.get_ydata()) == pytest.approx(valley.loss(2.0))
        assert np.diff(tangent.get_ydata()) / np.diff(tangent.get_xdata()) == pytest.approx(valley.gradient(2.0))

    def test_ground_and_lowest_point_are_hidden_until_the_fog_is_lifted(self, picture):
        ground, trail, *_ = self.drawn(picture)
        picture.controls["right"].click()
        assert len(ground.get_xdata()) == len(trail.get_xdata()) == 0
        assert not picture.figure.axes[0].collections
        assert [line for line in picture.figure.axes[0].lines if line not in picture.actors] == []
        assert "fog" in picture.sentence
        assert "7.1" not in picture.sentence
        picture.controls["lifted"].value = True
        x, y = ground.get_data()
        assert (x[0], x[-1]) == (0, 10)
        assert np.allclose(y, two_valleys().loss(x))
        assert list(trail.get_xdata()) == [1, 2]
        assert np.allclose(trail.get_ydata(), two_valleys().loss(np.array([1.0, 2.0])))
        best = x[y.argmin()]
        assert after("lowest point of all lies at", picture.sentence) == pytest.approx(best, abs=0.05)
        assert f"{y.min():.1f} m high" in picture.sentence
        picture.controls["lifted"].value = False
        assert len(ground.get_xdata()) == len(trail.get_xdata()) == 0


@pytest.mark.parametrize(("rate", "start"), [(0.1, 1.0), (0.75, -1.5), (0.5, 1.0), (0.013, 0.7)])
def test_curve_explorer_walks_twenty_steps_of_the_closed_form(rate, start):
    picture = widgets.curve_explorer(parabola(), -1.5, 1.5, start=1, rates=(-2, 0.1))
    picture.controls["learning_rate"].value, picture.controls["start"].value = rate, start
    (trail, dot), (curve,) = (actors(picture, Line2D, panel) for panel in (0, 1))
    x = start * (1 - 2 * rate) ** np.arange(21)
    assert np.allclose(trail.get_xydata(), np.column_stack([x, x**2]))
    assert np.allclose(curve.get_xydata(), np.column_stack([np.arange(21), x]))
    assert np.allclose(dot.get_xydata(), [[x[-1], x[-1] ** 2]])
    assert numbers(picture.sentence)[0] == 20
    assert after("ends at", picture.sentence) == pytest.approx(x[-1], rel=6e-3)
    assert after("the slope is", picture.sentence) == pytest.approx(2 * x[-1], rel=6e-3)
    assert after("loss", picture.sentence) == pytest.approx(x[0] ** 2, rel=6e-3)
    assert after("→", picture.sentence) == pytest.approx(x[-1] ** 2, rel=6e-3)


@pytest.mark.parametrize("name", ["curve_explorer", "map_explorer", "learning_rate_explorer"])
def test_walk_that_has_left_the_picture_is_announced_on_it_and_in_words(name):
    picture = EXPLORERS[name]()
    (remark,) = actors(picture, Text, panel=0)
    for rate in (0.1, 1.2, 0.1):
        if name == "learning_rate_explorer":
            picture.controls["units"].value = "standardised"
        picture.controls["learning_rate"].value = rate
        ax, (x, y) = picture.figure.axes[0], dot_of(picture).get_xydata()[0]
        outside = not (ax.get_xlim()[0] <= x <= ax.get_xlim()[1] and ax.get_ylim()[0] <= y <= ax.get_ylim()[1])
        assert outside == (rate == 1.2)
        assert remark.get_text() == ("off the picture" if outside else "")
        assert ("off the picture" in picture.sentence) == outside


@pytest.mark.parametrize(("rate", "w", "b"), [(0.1, 50, 20), (0.25, 0, 200), (0.003, 200, 0)])
def test_map_explorer_walks_as_plain_python_does(rate, w, b):
    picture = EXPLORERS["map_explorer"]()
    for key, value in {"learning_rate": rate, "w": w, "b": b}.items():
        picture.controls[key].value = value
    walk = np.array(own_walk(w, b, rate, 60, SIZE / 1000, PRICE))
    (trail, dot), (curve,) = (actors(picture, Line2D, panel) for panel in (0, 1))
    assert np.allclose(trail.get_xydata(), walk[:, :2])
    assert np.allclose(dot.get_xydata(), walk[-1:, :2])
    assert np.allclose(curve.get_xydata(), np.column_stack([np.arange(61), walk[:, 2]]))
    words = picture.sentence
    assert numbers(words)[0] == 60
    said = [after("loss", words), after("→", words), after("w =", words), after("b =", words)]
    assert said == pytest.approx([walk[0, 2], walk[-1, 2], walk[-1, 0], walk[-1, 1]], rel=6e-3)


def test_map_explorer_says_that_a_walk_diverges():
    problem = LeastSquares.line(SIZE / 1000, PRICE)
    picture = widgets.map_explorer(problem, n_steps=2000)
    picture.controls["learning_rate"].value = 0.5
    walk = descend(problem, (50, 20), GradientDescent(0.5), 2000)
    assert "The walk diverges" in picture.sentence
    assert f"beyond all bounds at step {walk.diverged}." in picture.sentence


def test_map_shows_its_star_at_the_least_squares_line():
    picture = EXPLORERS["map_explorer"]()
    stars = [line for line in picture.figure.axes[0].lines if line.get_marker() == "*"]
    assert [star.get_xydata().tolist() for star in stars] == [[pytest.approx([100, 100])]]


@pytest.mark.parametrize("step", [0, 1, 2, 20])
def test_step_explorer_shows_the_numbers_of_the_article(step):
    picture = widgets.step_explorer(SIZE, PRICE, article_walk())
    picture.controls["step"].value = step
    walk = np.array(own_walk(0.05, 100, 1e-7, step, SIZE, PRICE))
    w, b, loss = walk[-1]
    texts = [float(text.get_text()) for text in actors(picture, Text)]
    assert texts[0::2] == pytest.approx(w * SIZE + b, abs=0.00501)
    assert texts[1::2] == pytest.approx(w * SIZE + b - PRICE, abs=0.00501)
    assert picture.sentence.startswith(f"Step {step}: ")
    assert after("price =", picture.sentence) == pytest.approx(w, abs=1e-7)
    assert after("size +", picture.sentence) == pytest.approx(b, abs=1e-7)
    assert after("loss", picture.sentence) == pytest.approx(loss, rel=6e-3)
    (line,), (trail, dot) = (actors(picture, Line2D, panel) for panel in (1, 2))
    assert np.allclose(line.get_ydata(), w * np.array(line.get_xdata()) + b)
    assert np.allclose(trail.get_xydata(), walk[:, :2])
    assert np.allclose(dot.get_xydata(), [[w, b]])


def test_step_explorer_starts_with_the_table_of_the_article_and_goes_to_0_0775():
    picture = widgets.step_explorer(SIZE, PRICE, article_walk())
    texts = [text.get_text() for text in actors(picture, Text)]
    assert texts[0::2] == ["125.00", "150.00", "175.00", "200.00", "225.00"]
    assert texts[1::2] == ["-25.00", "-50.00", "-75.00", "-100.00", "-125.00"]
    assert "loss 6,875." in picture.sentence
    fixed = [text.get_text() for text in picture.figure.axes[0].texts if text not in picture.actors]
    assert fixed[:4] == ["size", "actual", "predicted", "error"]
    assert fixed[4::2] == ["500", "1,000", "1,500", "2,000", "2,500"]
    assert fixed[5::2] == ["150", "200", "250", "300", "350"]
    picture.controls["step"].value = 1
    assert "0.0775000 × size" in picture.sentence
    assert picture.controls["step"].max == 20


def test_step_explorer_names_the_step_it_shows_when_only_every_tenth_was_recorded():
    walk = descend(LeastSquares.line(SIZE, PRICE), (0.05, 100), GradientDescent(1e-7), 20, record_every=10)
    picture = widgets.step_explorer(SIZE, PRICE, walk)
    picture.controls["step"].value = 17
    assert picture.sentence.startswith("Step 10: ")


@pytest.mark.parametrize(("b", "steps"), [(100, "15"), (0, "293,165,231")])
def test_start_explorer_says_how_many_steps_it_needs(b, steps):
    picture = widgets.start_explorer(SIZE, PRICE)
    picture.controls["b"].value = b
    assert picture.sentence.endswith(f"Loss below 1e-6: step {steps}.")
    w_after, b_after, loss = own_walk(0.05, b, 1e-7, 100, SIZE, PRICE)[-1]
    assert after("w =", picture.sentence) == pytest.approx(w_after, abs=5.1e-5)
    assert after(", b =", picture.sentence) == pytest.approx(b_after, abs=5.1e-5)
    assert after(", loss", picture.sentence) == pytest.approx(loss, rel=6e-3)
    (line,), (curve,) = (actors(picture, Line2D, panel) for panel in (0, 1))
    assert np.allclose(line.get_ydata(), w_after * np.array(line.get_xdata()) + b_after)
    walk = own_walk(0.05, b, 1e-7, 50, SIZE, PRICE)
    drawn = curve.get_xydata()[curve.get_xdata() <= 12]
    assert len(drawn) > 5
    assert np.allclose(drawn[:, 1], [walk[int(step)][2] for step in drawn[:, 0]])


class TestLearningRateExplorer:
    @pytest.fixture
    def picture(self):
        return widgets.learning_rate_explorer(SIZE, PRICE)

    @staticmethod
    def choose(picture, units, rate):
        picture.controls["units"].value = units
        picture.controls["learning_rate"].value = rate
        return picture.sentence

    @pytest.mark.parametrize(
        ("units", "limit"), [("sq ft", 3.63636e-7), ("thousands", 0.276889), ("standardised", 1.0)]
    )
    def test_mark_of_the_bar_is_at_two_over_the_largest_curvature(self, picture, units, limit):
        self.choose(picture, units, 0.01)
        x = {"sq ft": SIZE, "thousands": SIZE / 1000, "standardised": (SIZE - SIZE.mean()) / SIZE.std()}[units]
        curvature = np.linalg.eigvalsh(2 / 5 * np.array([[x @ x, x.sum()], [x.sum(), 5]])).max()
        mark = next(line for line in actors(picture, Line2D) if line.get_linestyle() == "--")
        assert mark.get_xdata()[0] == pytest.approx(2 / curvature) == pytest.approx(limit, rel=1e-5)
        bands = actors(picture, Polygon)
        assert [band.get_xy()[:, 0].max() for band in bands] == pytest.approx([1 / curvature, 2 / curvature, 10])
        (label,) = actors(picture, Text, panel=2)
        assert after("2/λmax =", label.get_text()) == pytest.approx(limit, rel=6e-3)
        assert label.get_position()[0] == pytest.approx(limit, rel=0.2), "beside its mark"

    def test_you_stand_on_the_bar_where_the_slider_is(self, picture):
        self.choose(picture, "thousands", 0.02)
        you = next(line for line in actors(picture, Line2D) if line.get_marker() == "v")
        assert list(you.get_xdata()) == [0.02]
        assert 0 < you.get_ydata()[0] < 1

    @pytest.mark.parametrize(
        ("rate", "word"),
        [
            (0.001, "monotone"),
            (0.1, "monotone"),
            (0.1384447, "one step"),
            (0.2, "oscillating"),
            (0.27, "oscillating"),
            (0.276889, "bouncing"),
            (0.3, "diverging"),
            (10, "diverging"),
        ],
    )
    def test_words_name_the_regime(self, picture, rate, word):
        sentence = self.choose(picture, "thousands", rate)
        named = [w for w in ("monotone", "one step", "oscillating", "bouncing", "diverging") if w in sentence]
        assert named == [word]
        assert ("never" in sentence) == (word == "diverging")

    @pytest.mark.parametrize(
        ("units", "rate", "count"),
        [
            ("sq ft", 1e-7, "after 293,165,231 steps"),
            ("sq ft", 4 / 11000004, "after 91,449,918 steps"),
            ("sq ft", 1e-5, "never"),
            ("thousands", 4 / 15, "after 158 steps"),
            ("standardised", 0.5, "after 1 step"),
        ],
    )
    def test_words_count_the_steps(self, picture, units, rate, count):
        if count.startswith("after 91"):
            x = np.array([[SIZE @ SIZE, SIZE.sum()], [SIZE.sum(), 5]]) * 2 / 5
            rate = 2 / np.linalg.eigvalsh(x).sum()
        sentence = self.choose(picture, units, rate)
        assert sentence.endswith(f"Loss below 1e-6: {count}.")

    def test_walk_in_thousands_is_that_of_plain_python(self, picture):
        sentence = self.choose(picture, "thousands", 0.2)
        walk = np.array(own_walk(50, 0, 0.2, 60, SIZE / 1000, PRICE))
        (trail, dot), (curve,) = (actors(picture, Line2D, panel) for panel in (0, 1))
        assert np.allclose(trail.get_xydata(), walk[:, :2])
        assert np.allclose(dot.get_xydata(), walk[-1:, :2])
        assert np.allclose(curve.get_ydata(), walk[:, 2])
        assert (after("60 steps: loss", sentence), after("→", sentence)) == pytest.approx(walk[[0, -1], 2], rel=6e-3)

    def test_map_is_repainted_for_other_units_only_and_has_one_star(self, picture):
        scenery = picture._scenery.value
        self.choose(picture, "sq ft", 3e-7)
        assert picture._scenery.value == scenery
        for units, best in (("thousands", [100, 100]), ("standardised", [70.7107, 250]), ("sq ft", [0.1, 100])):
            self.choose(picture, units, 1e-3)
            assert picture._scenery.value != scenery
            scenery = picture._scenery.value
            left = picture.figure.axes[0]
            stars = [line.get_xydata()[0] for line in left.lines if line.get_marker() == "*"]
            assert stars == [pytest.approx(best, rel=1e-5)]
            assert len(left.collections) == 2, "contours of other units are still there"
            assert units in left.get_xlabel()

    def test_same_line_is_the_start_in_all_units(self, picture):
        losses = {after("loss", self.choose(picture, units, 1e-8)) for units in picture.controls["units"].options}
        assert losses == {31875}


@pytest.mark.parametrize(("seed", "batch_size"), [(0, 1), (7, 1), (3, 20)])
def test_schedule_explorer_walks_a_few_random_houses_for_each_step(seed, batch_size):
    drawn = []

    class Recorded(LeastSquares):
        def batch(self, rows):
            drawn.append(rows)
            return super().batch(rows)

    x, y = MANY.size / 1000, MANY.price
    problem = Recorded.line(x, y)
    picture = widgets.schedule_explorer(problem, n_steps=200)
    for key, value in {"seed": seed, "batch_size": batch_size, "learning_rate": 0.01}.items():
        picture.controls[key].value = value
    floor = problem.loss(np.linalg.pinv(problem.X) @ y)
    params, excess = np.zeros(2), [(y**2).mean() - floor]
    for rows in drawn[-200:]:
        error = params[0] * x[rows] + params[1] - y[rows]
        params = params - 0.01 * 2 * np.array([(error * x[rows]).mean(), error.mean()])
        excess.append(((params[0] * x + params[1] - y) ** 2).mean() - floor)
    assert {len(rows) for rows in drawn[-200:]} == {batch_size}
    assert np.unique(np.concatenate(drawn[-200:])).size > 150, "the same rows again and again"
    (curve,) = actors(picture, Line2D, panel=1)
    assert np.allclose(curve.get_xydata(), np.column_stack([np.arange(201), excess])[::5])
    tail = excess[::5][-5:]  # a tenth of the 41 points
    assert after("the walk is", picture.sentence) == pytest.approx(np.mean(tail), rel=6e-3)
    assert after("seed", picture.sentence) == seed


@pytest.mark.parametrize(
    ("schedule", "first", "halfway", "last"),
    [
        ("constant", 0.02, 0.02, 0.02),
        ("step", 0.02, 0.002, 0.0002),
        ("exponential", 0.02, 0.002, 0.0002),
        ("cosine", 0.02, 0.01, 0.0),
        ("warm-up, then cosine", 0.002, 0.01, 0.0),
    ],
)
def test_schedule_explorer_draws_the_rate_that_it_uses(schedule, first, halfway, last):
    picture = EXPLORERS["schedule_explorer"]()
    picture.controls["schedule"].value = schedule
    rates = picture.actors[0].get_ydata()
    assert len(rates) == 200
    assert rates[[0, 100, -1]] == pytest.approx([first, halfway, last], rel=0.1, abs=1e-5)
    assert picture.sentence.startswith(f"{schedule}, α = 0.02, ")


def test_schedule_explorer_says_that_a_walk_diverges():
    picture = widgets.schedule_explorer(LeastSquares.line(MANY.size, MANY.price), n_steps=200)
    assert re.fullmatch(r"constant, α = 0.02, .*seed 0: the walk diverges at step \d+\.", picture.sentence)


@EVERY_EXPLORER
def test_text_in_the_picture_is_large_and_in_the_colours_of_the_course(name):
    texts = [text for ax in EXPLORERS[name]().figure.axes for text in ax.texts]
    assert all(text.get_fontsize() >= 11 for text in texts)
    racers = {color for color, _ in plots.RACERS}
    assert {text.get_color() for text in texts} <= racers | {plots.DATA, plots.FAINT, plots.LIMIT, "black"}


# The progress bar


def test_progress_follows_the_walk_and_can_stop_it():
    bar, seen = widgets.Progress("training", 40), []
    problem = LeastSquares.line(SIZE, PRICE)

    def watch(step, params):
        answer = bar(step, params)
        seen.append((bar.bar.value, answer))
        if step == 20:
            bar.button.click()
        return answer

    walk = descend(problem, (0.05, 100), GradientDescent(1e-7), 40, record_every=10, watch=watch)
    assert seen[0] == (0, False)
    assert walk.stopped == 30
    assert bar.button.disabled


def test_progress_ends_full_and_shows_the_same_text_always(capsys):
    bar = widgets.progress("training", 40)
    descend(LeastSquares.line(SIZE, PRICE), (0.05, 100), GradientDescent(1e-7), 40, watch=bar)
    assert bar.bar.value == bar.bar.max == 40
    assert bar.button.disabled
    assert bar.words.value == "step 40 of 40"
    assert bar._repr_mimebundle_()["text/plain"] == "training: 40 steps"
