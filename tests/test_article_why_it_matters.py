"""The numbers of claims 1 to 3, 46, 68, 87 to 93, 99 and 100: computed again, by the lesson's own functions where it
has them, and by scikit-learn for the models that the lesson only quotes.

A row is (claim, what, value, expected, tolerance), as in test_article.py. What only a source can say (batches, steps,
tokens) stands in SOURCES, and the lesson must quote it so.
"""

import ast
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from gdhelpers.datasets import digits, houses
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares, Network

NOTEBOOK = nbformat.read(Path(__file__).parent.parent / "notebooks/08_why_it_matters.ipynb", as_version=4)
PROSE = " ".join(cell.source for cell in NOTEBOOK.cells)
SOURCES = {
    "GPT-3's parameters (arXiv 2005.14165, table 2.1)": (175e9, "175.0 billion"),
    "GPT-3's tokens": (300e9, "300 billion tokens"),
    "GPT-3's batch, in tokens": (3.2e6, "3.2 million tokens"),
    "GPT-3's training, in petaflop/s-days": (3640, "3,640 days of a machine"),
    "GPT-3's rates, smallest and largest model": ((6e-4, 0.6e-4), "6e-4 for the smallest model, 0.6e-4"),
    "BERT's steps (arXiv 1810.04805, appendix A.2)": (1e6, "1,000,000 steps of 256 sequences"),
    "BERT-base's parameters": (110e6, "110 million"),
    "ResNet's batch (arXiv 1512.03385)": (256, "batches of 256"),
    "Tesla's networks (talk of 2019)": (48, "48 networks"),
    "operations for each parameter and token (arXiv 2001.08361)": (6, "6 operations for each parameter"),
}
source = {name.split(" (")[0]: value for name, (value, _) in SOURCES.items()}


@cache
def lesson():
    """The functions and the data of the lesson, by name: all its assignments and definitions, nothing drawn."""
    names = {}
    for cell in NOTEBOOK.cells:
        if cell.cell_type == "code" and "lessons.predict" not in cell.source:
            kept = [part for part in ast.parse(cell.source).body if not isinstance(part, ast.Expr | ast.For)]
            kept = [
                part for part in kept if "StillPicture" not in ast.unparse(part) or isinstance(part, ast.ImportFrom)
            ]
            exec(compile(ast.Module(kept, []), "08_why_it_matters", "exec"), names)
    return names


def resnet(depth):
    return lesson()["resnet"](lesson()["family"][depth], deep=depth >= 50)


@cache
def data():
    return digits()


def accuracy(predicted):
    return (predicted == data().test_labels).mean()


def sklearn(model):
    return model.fit(data().train_X, data().train_labels).score(data().test_X, data().test_labels)


@cache
def networks():
    """The test accuracy of the digits network for the seeds 0 to 9, as in experiment D-1."""
    X, labels, new, truth = data()
    net = Network(X, labels, (64, 128, 64, 10))
    scores = []
    for seed in range(10):
        start, rng = net.start(np.random.default_rng(seed)), np.random.default_rng(seed)
        walk = descend(net, start, GradientDescent(0.3), 900, batch_size=32, rng=rng, record_every=900)
        scores.append((net.predict(walk.params[-1], new) == truth).mean())
    return np.array(scores)


@cache
def earned(direction, learning_rate=0.1, n_players=10):
    """What each player expects a pull at the end."""
    play, chances = lesson()["play"], lesson()["chances"]
    return np.array([play(learning_rate, np.random.default_rng(s), direction)[-1] @ chances for s in range(n_players)])


def bert_passes(tokens_of_a_sequence):
    return source["BERT's steps"] * 256 * tokens_of_a_sequence / 3.3e9


def update_of_gpt_3(speed):
    return 6 * lesson()["gpt_3"] * source["GPT-3's batch, in tokens"] / speed


def line_by_hand():
    size, price = houses()
    w = ((size - size.mean()) * (price - price.mean())).sum() / ((size - size.mean()) ** 2).sum()
    return w, price.mean() - w * size.mean()


def line_by_sklearn():
    size, price = houses()
    fit = LinearRegression().fit(size[:, None], price)
    return fit.coef_[0], fit.intercept_


IMAGE = 1 / 360  # of the test digits; a tie may fall otherwise in another version of scikit-learn
CLAIMS = [
    ("1", "nearest neighbour", lambda: accuracy(lesson()["nearest"][:, 0]), 0.9917, 1e-4),
    ("1", "the same, scikit-learn", lambda: sklearn(KNeighborsClassifier(1)), 0.9917, 1e-4),
    ("1", "3 neighbours", lambda: accuracy(lesson()["votes"].argmax(axis=1)), 0.9889, 1e-4),
    ("1", "the same, scikit-learn", lambda: sklearn(KNeighborsClassifier(3)), 0.9889, IMAGE),
    ("1", "least squares", lambda: accuracy(lesson()["scores"].argmax(axis=1)), 0.9389, 1e-4),
    ("1", "naive Bayes", lambda: accuracy(lesson()["answers"]["naive Bayes"]), 0.8722, 1e-4),
    ("1", "the same, scikit-learn", lambda: sklearn(GaussianNB()), 0.8722, 1e-4),
    ("1", "naive Bayes, smoother", lambda: accuracy(lesson()["naive_bayes"](0.001)), 0.9556, 1e-4),
    ("1", "random forest", lambda: sklearn(RandomForestClassifier(200, random_state=0)), 0.9833, 2 * IMAGE),
    ("1", "decision tree", lambda: sklearn(DecisionTreeClassifier(random_state=0)), 0.8583, 6 * IMAGE),
    ("1", "network, mean of 10 seeds", lambda: networks().mean(), 0.9828, IMAGE),
    ("2", "w and b by hand", line_by_hand, (0.1, 100), 1e-12),
    ("2", "w and b by scikit-learn", line_by_sklearn, (0.1, 100), 1e-9),
    ("46", "GPT-3's smallest model's rate over its largest's",
     lambda: np.divide(*source["GPT-3's rates, smallest and largest model"]), 10, 1e-9),
    ("68", "BERT's tokens in a batch", lambda: 256 * 512, 131_072, 0),
    ("68", "full-length batches in a pass", lambda: 3.3e9 // (256 * 512), 25_177, 0),
    ("68", "passes, all sequences full", lambda: bert_passes(512), 39.72, 1e-4),
    ("68", "passes, 90 % of the steps with 128", lambda: bert_passes(0.9 * 128 + 0.1 * 512), 12.9, 2e-3),
    ("88", "the five sizes of ResNet", lambda: [resnet(depth) for depth in (18, 34, 50, 101, 152)],
     (11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808), 0),
    ("88", "its first layer", lambda: lesson()["convolution"](3, 64, 7), 9_536, 0),
    ("89", "8 times 220 billion", lambda: 8 * 220e9, 1.76e12, 0),
    ("87", "BERT-base", lambda: lesson()["bert"], 109_482_240, 0),
    ("87", "BERT-base, as its paper rounds", lambda: lesson()["bert"], source["BERT-base's parameters"], 5e-3),
    ("87", "GPT-3", lambda: lesson()["gpt_3"], 174_604_259_328, 0),
    ("87", "GPT-3, as its paper rounds", lambda: lesson()["gpt_3"], source["GPT-3's parameters"], 3e-3),
    ("87", "GPT-3's operations, estimated and published",
     lambda: 6 * lesson()["gpt_3"] * source["GPT-3's tokens"],
     source["GPT-3's training, in petaflop/s-days"] * 1e15 * 86_400, 2e-3),
    ("87", "laptops of 16 GB to train it", lambda: 16 * lesson()["gpt_3"] / 16e9, 175, 3e-3),
    ("87", "years of a laptop core for an update", lambda: update_of_gpt_3(5e10) / 31_557_600, 2.12, 3e-3),
    ("87", "seconds of 1,000 accelerators", lambda: update_of_gpt_3(1e17), 33.5, 1e-3),
    ("90", "gradient descent's error", lambda: lesson()["by_sgd"](20)[-1], 0.1077, 2e-3),
    ("90", "alternating least squares'", lambda: lesson()["by_least_squares"](15)[-1], 0.1072, 1e-3),
    ("90", "error of guessing the average", lambda: lesson()["ratings"][~lesson()["known"]].std(), 0.855, 5e-3),
    ("93", "ascent", lambda: earned(+1).mean(), 0.7986, 1e-3),
    ("93", "descent", lambda: earned(-1).mean(), 0.2013, 3e-3),
    ("99", "steps of the houses", lambda: LeastSquares.line(*houses()).steps_to(1e-6, (0.05, 100), 1e-7), 15, 0),
    ("99", "steps of the digits", lambda: 20 * np.ceil(len(data().train_labels) / 32), 900, 0),
    ("99", "steps of GPT-3", lambda: source["GPT-3's tokens"] / source["GPT-3's batch, in tokens"], 93_750, 0),
    ("100", "parameter changes of GPT-3", lambda: source["GPT-3's parameters"] * 93_750, 1.6e16, 3e-2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected", "tolerance"), [row[2:] for row in CLAIMS], ids=[f"{row[0]} {row[1]}" for row in CLAIMS]
)
def test_number_is_as_claimed(value, expected, tolerance):
    assert np.asarray(value()) == pytest.approx(np.asarray(expected), rel=tolerance, abs=0)


@pytest.mark.parametrize(("value", "words"), SOURCES.values(), ids=SOURCES)
def test_lesson_quotes_its_sources_so(value, words):
    assert words in PROSE.replace("**", "")


def test_settings_of_the_lesson_are_those_of_the_sources():
    runs = lesson()["runs"]
    assert runs["GPT-3"] == (lesson()["gpt_3"], 93_750)
    assert runs["BERT-base"] == (lesson()["bert"], source["BERT's steps"])
    assert runs["the digits, lesson 06"] == (Network(*data()[:2], (64, 128, 64, 10)).n_params, 900)


def test_network_of_the_lesson_has_at_least_97_percent_with_every_seed_and_less_than_one_neighbour():
    assert networks().min() >= 0.97
    assert networks().max() < 0.9917
    assert accuracy(lesson()["network"].predict(lesson()["walk"].params[-1], data().test_X)) >= 0.97


def test_every_player_that_climbs_finds_the_best_arm_and_every_one_that_descends_the_worst():
    assert earned(+1).min() > 0.79
    assert earned(-1).max() < 0.21


def test_large_rate_leaves_some_players_on_a_wrong_arm_and_the_smallest_is_not_done():
    stuck = earned(+1, learning_rate=3.0, n_players=21)
    assert 3 <= (stuck < 0.55).sum() <= 15
    assert earned(+1, learning_rate=10**-2.5, n_players=3).max() < 0.75


def test_player_of_the_small_game_is_right_to_leave_a_multiple_of_four():
    wins = lesson()["wins"]
    for n in range(22):
        assert wins(n) == any(not wins(n - k) for k in (1, 2, 3) if k <= n) == (n % 4 != 0)


def test_both_recommenders_end_near_the_noise_and_least_squares_is_there_first():
    gradient, closed = (np.array(lesson()[name](n)) for name, n in (("by_sgd", 20), ("by_least_squares", 15)))
    assert abs(gradient[-1] - closed[-1]) < 0.002
    assert 0.1 < closed[-1] < 0.11
    assert (closed < 0.2).argmax() < (gradient < 0.2).argmax()
