"""The explorers of lesson 08: what their pictures show and their words say, against formulas of our own."""

import re

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from gdhelpers import plots, widgets

MODELS = {"the houses": 2, "the digits": 17_226, "the article's net": 1_290_510}
MODELS |= {"ResNet-50": 25_557_032, "BERT": 109_482_240, "GPT-3": 174_604_259_328}
KEPT = {
    "Adam, float32": {"weight": 4, "slope": 4, "m": 4, "v": 4},
    "Adam, mixed": {"weight": 2, "slope": 2, "m": 4, "v": 4, "exact weight": 4},
    "no training": {"weight": 2},
}
MACHINES = {"a laptop core": 5e10, "a gaming GPU": 2e13, "1,000 accelerators": 1e17}
UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
TIMES = {"µs": 1e-6, "ms": 1e-3, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "years": 31_557_600}
MOST = 2**21.6  # examples


@pytest.fixture(scope="module")
def built():
    return widgets.scale_explorer(MODELS, KEPT, MACHINES)


@pytest.fixture
def scale(built):
    """One picture for all tests, as it starts."""
    choose(built, n_params=1_290_510, examples=64, kept_as="Adam, float32", machine="a laptop core")
    return built


def choose(picture, **values):
    for key, value in values.items():
        picture.controls[key].value = value
    return picture.sentence


def said(sentence):
    """(parameters, bytes for each, bytes in all, examples, seconds for one update, seconds for 100,000)."""
    pattern = (
        r".*\. ([\d,]+) parameters.*: (\d+) bytes for each, ([\d.,]+) (\w+), fits .+\. "
        r"One update on a batch of ([\d,]+), .*: ([\d.,]+) (\w+); a hundred thousand of them: ([\d.,]+) (\w+)\."
    )
    n, each, size, unit, examples, one, one_unit, many, many_unit = re.fullmatch(pattern, sentence).groups()

    def number(text):
        return float(text.replace(",", ""))

    return (
        *(number(n), number(each), number(size) * UNITS[unit], number(examples)),
        *(number(one) * TIMES[one_unit], number(many) * TIMES[many_unit]),
    )


@pytest.mark.parametrize("n_params", [2, 17_226, 3e5, 1_290_510, 109_482_240, 174_604_259_328])
@pytest.mark.parametrize(("examples", "rounded"), [(1, 1), (64, 64), (MOST, 3_200_000)])
@pytest.mark.parametrize("machine", MACHINES)
def test_scale_explorer_multiplies_right(scale, n_params, examples, rounded, machine):
    sentence = choose(scale, n_params=n_params, examples=examples, machine=machine)
    seconds = max(1e-6, 6 * n_params * rounded / MACHINES[machine])
    expected = [n_params, 16, 16 * n_params, rounded, seconds, 1e5 * seconds]
    assert said(sentence) == pytest.approx(expected, rel=6e-3)
    pointers = [line.get_xdata()[0] for line in scale.actors if isinstance(line, Line2D)]
    assert pointers == pytest.approx([n_params, 16 * n_params, seconds], rel=1e-6)
    for line in (actor for actor in scale.actors if isinstance(actor, Line2D)):
        low, high = line.axes.get_xlim()
        assert low <= line.get_xdata()[0] <= high, "the pointer is off its ruler"


@pytest.mark.parametrize(
    ("n_params", "kept_as", "words"),
    [
        (109_482_240, "Adam, float32", "1.75 GB, fits a laptop"),
        (2e9, "Adam, float32", "32 GB, fits one accelerator"),
        (174_604_259_328, "Adam, mixed", "2.79 TB, fits no one device"),
        (174_604_259_328, "no training", "349 GB, fits no one device"),
    ],
)
def test_scale_explorer_says_what_it_fits(scale, n_params, kept_as, words):
    assert words in choose(scale, n_params=n_params, kept_as=kept_as)


@pytest.mark.parametrize(
    ("machine", "one", "many"),
    [
        ("a laptop core", "2.12 years", "212,000 years"),
        ("a gaming GPU", "1.94 days", "531 years"),
        ("1,000 accelerators", "33.5 seconds", "38.8 days"),
    ],
)
def test_update_of_gpt_3_takes_what_the_lesson_says(scale, machine, one, many):
    sentence = choose(scale, n_params=MODELS["GPT-3"], examples=MOST, machine=machine)
    assert sentence.endswith(f"a batch of 3,200,000, {machine}: {one}; a hundred thousand of them: {many}.")


def test_without_slopes_there_is_no_update_only_the_way_forward(scale):
    trained = choose(scale, n_params=17_226, examples=64)
    used = choose(scale, kept_as="no training")
    assert "One update on a batch of 64, a laptop core: 132 µs" in trained
    assert "One answer to a batch of 64, a laptop core: 44.1 µs" in used


@pytest.mark.parametrize("kept_as", KEPT)
def test_bar_is_made_of_the_parts_side_by_side(scale, kept_as):
    choose(scale, kept_as=kept_as)
    parts = KEPT[kept_as]
    bars = [actor.get_xy() for actor in scale.actors if isinstance(actor, Polygon)]
    widths = [np.ptp(bar[:, 0]) for bar in bars]
    assert widths == [*parts.values(), *[0] * (5 - len(parts))]
    ends = [bar[:, 0].max() for bar in bars[: len(parts)]]
    assert ends == list(np.cumsum(list(parts.values())))
    labels = [a for a in scale.actors if isinstance(a, Text) and a.axes is scale.figure.axes[1]]
    assert [label.get_text() for label in labels if label.get_text()] == list(parts)
    for label, bar in zip(labels, bars, strict=True):
        assert bar[:, 0].min() <= label.get_position()[0] <= bar[:, 0].max()


def test_mixed_numbers_save_no_memory(scale):
    pointers = {}
    for kept_as in ("Adam, float32", "Adam, mixed"):
        choose(scale, kept_as=kept_as)
        pointers[kept_as] = [line.get_xdata()[0] for line in scale.actors if isinstance(line, Line2D)]
    assert pointers["Adam, float32"] == pointers["Adam, mixed"]


def test_every_model_has_its_mark_and_a_step_of_the_slider_that_lands_on_it(scale):
    ax = scale.figure.axes[0]
    marks = {text.get_text(): text.get_position()[0] for text in ax.texts if text not in scale.actors}
    assert marks == MODELS
    slider = scale.controls["n_params"]
    landed = []
    for power in np.arange(slider.min, slider.max + 1e-9, slider.step):
        slider.value = min(10**power, 10**slider.max)
        landed += re.findall(r"parameters \((.+?)\):", scale.sentence)
    slider.value = 10**slider.max
    landed += re.findall(r"parameters \((.+?)\):", scale.sentence)
    assert list(dict.fromkeys(landed)) == list(MODELS)


@pytest.mark.parametrize("key", ["n_params", "examples"])
def test_every_step_of_the_sliders_changes_the_words(scale, key):
    slider = scale.controls[key]
    sentences = []
    for power in np.arange(slider.min, slider.max + 1e-9, slider.step):
        slider.value = min(slider.base**power, slider.base**slider.max)
        sentences.append(scale.sentence)
    assert len(set(sentences)) == len(sentences) > 15


def test_sliders_start_where_a_browser_leaves_them(scale):
    """A browser moves a slider to the nearest step; the words at rest must not change by that."""
    sentence = scale.sentence
    for key in ("n_params", "examples"):
        slider = scale.controls[key]
        steps = round((np.log(slider.value) / np.log(slider.base) - slider.min) / slider.step)
        slider.value = slider.base ** (slider.min + steps * slider.step)
        assert scale.sentence == sentence


def test_words_beside_the_pointers_stay_on_the_rulers(scale):
    for n_params in MODELS.values():
        for examples in (1, MOST):
            for machine in MACHINES:
                choose(scale, n_params=n_params, examples=examples, machine=machine)
                for text in (a for a in scale.actors if isinstance(a, Text) and a.axes is not scale.figure.axes[1]):
                    box, ruler = text.get_window_extent(), text.axes.get_window_extent()
                    assert ruler.x0 - 1 <= box.x0
                    assert box.x1 <= ruler.x1 + 1


# The bandit

CHANCES = (0.2, 0.5, 0.8)


def recorded():
    """A player that notes how it is called; its probabilities are easy to tell apart."""
    calls = []

    def play(learning_rate, rng, direction):
        calls.append((learning_rate, rng.random(), direction))
        time = np.linspace(0, 1, 400)
        good = (1 + 2 * time) / 3 if direction > 0 else (1 - time) / 3
        bad = (1 - time) / 3 if direction > 0 else (1 + 2 * time) / 3
        return np.column_stack([bad, 1 - good - bad, good])

    return play, calls


def test_bandit_explorer_calls_the_players_own_function_with_the_settings_shown():
    play, calls = recorded()
    picture = widgets.bandit_explorer(play, CHANCES)
    choose(picture, direction="descent", learning_rate=2.0, seed=7)
    assert calls[-1] == (2.0, np.random.default_rng(7).random(), -1)
    choose(picture, direction="ascent")
    assert calls[-1][2] == 1


@pytest.mark.parametrize(("direction", "column"), [("ascent", 2), ("descent", 0)])
def test_bandit_explorer_draws_what_the_player_does_and_what_it_earns(direction, column):
    play, _ = recorded()
    picture = widgets.bandit_explorer(play, CHANCES)
    choose(picture, direction=direction)
    p = play(0.1, np.random.default_rng(0), 1 if direction == "ascent" else -1)
    *curves, earned = picture.actors
    for curve, arm in zip(curves, p.T, strict=True):
        pulls = curve.get_xdata()
        assert (pulls[0], pulls[-1]) == (1, 400)
        assert np.allclose(curve.get_ydata(), arm[pulls - 1])
    assert np.allclose(earned.get_ydata(), (p @ CHANCES)[pulls - 1])
    assert "has settled on the " + ("best" if column == 2 else "worst") in picture.sentence
    assert f"earns {CHANCES[column]:.2f} a pull." in picture.sentence


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0, 0.97, 0.03), "with 0 %, 97 %, 3 %, has settled on the wrong one, and earns 0.51 a pull."),
        ((0.3, 0.3, 0.4), "with 30 %, 30 %, 40 %, has settled on none yet, and earns 0.53 a pull."),
    ],
)
def test_bandit_explorer_says_when_it_is_stuck_or_undecided(shares, words):
    picture = widgets.bandit_explorer(lambda *settings: np.tile(shares, (100, 1)), CHANCES)
    assert picture.sentence.startswith("ascent, α = 0.1, seed 0: after 100 pulls it chooses the arms ")
    assert picture.sentence.endswith(words)


def test_arms_are_told_apart_by_colour_dash_and_name():
    picture = widgets.bandit_explorer(recorded()[0], CHANCES)
    curves = picture.actors[:3]
    assert [(curve.get_color(), curve.get_linestyle()) for curve in curves] == list(plots.RACERS[:3])
    legend = picture.figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["pays 20 %", "pays 50 %", "pays 80 %"]
