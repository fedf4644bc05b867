"""The numbers of the article's section on deep learning, and those of the audit that checks it: each computed again.

A row is (claim, what, value, expected, tolerance); the value is computed when its test runs. The tolerance is relative;
0 means exactly this number. Accuracies may differ by two of the 360
test digits from one machine to another.
"""

from functools import cache
from time import perf_counter

import numpy as np
import pytest

from gdhelpers.datasets import digits, houses
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent, cosine
from gdhelpers.problems import LeastSquares, Network, numerical_gradient

ARTICLE, MAIN, SMALL = (784, 1000, 500, 10), (64, 128, 64, 10), (64, 32, 10)
TWO_DIGITS = 0.006  # of 360
data = digits()


@cache
def network(sizes, side=8):
    """(network on the training digits, the same on the test digits); single precision for the enlarged ones."""
    given = digits(side=side)
    kind = np.float32 if side == 28 else float
    parts = ((given.train_X, given.train_labels), (given.test_X, given.test_labels))
    return tuple(Network(X.astype(kind), labels, sizes) for X, labels in parts)


@cache
def train(sizes, rate, n_steps, batch_size=32, seed=0, record_every=None, start=None):
    """start: None for He's, or the standard deviation of normal weights."""
    learner, first = network(sizes)[0], None
    if start is None:
        first = learner.start(np.random.default_rng(seed))
    else:
        first, rng = np.zeros(learner.n_params), np.random.default_rng(seed)
        for weights, _ in learner.layers(first):
            weights[:] = start * rng.standard_normal(weights.shape)
    options = {"batch_size": batch_size, "rng": np.random.default_rng(seed), "record_every": record_every or n_steps}
    rate = cosine(*rate) if isinstance(rate, tuple) else rate
    return descend(learner, first, GradientDescent(rate), n_steps, **options)


def accuracy(sizes, walk, record=-1):
    return network(sizes)[1].accuracy(walk.params[record])


def main_run(seed=0):
    return train(MAIN, 0.3, 900, seed=seed, record_every=45)


def from_normal(deviation):
    return train(MAIN, 0.3, 900, record_every=45, start=deviation)


@cache
def errors_of_differences(activation):
    """{nudge: largest difference from backpropagation}, for a network of 46 parameters."""
    rng = np.random.default_rng(0)
    tiny = Network(rng.normal(size=(20, 3)), rng.integers(2, size=20), (3, 4, 4, 2), activation)
    params = tiny.start(rng) + 0.1 * rng.normal(size=tiny.n_params)
    return {
        power: np.abs(numerical_gradient(tiny.loss, params, h=10.0**power) - tiny.gradient(params)).max()
        for power in range(-10, 0)
    }


def simultaneous_and_one_after_the_other():
    five, (w, b) = LeastSquares.line(*houses()), (0.05, 100)
    slope_w, slope_b = five.gradient((w, b))
    late = five.gradient((w - 1e-7 * slope_w, b))[1]
    return b - 1e-7 * slope_b, b - 1e-7 * late


CLAIMS = [
    ("69", "accuracy of 2,410 parameters",
     lambda: [accuracy(SMALL, train(SMALL, 0.5, 900, seed=seed)) for seed in range(5)],
     (0.9778, 0.9806, 0.9778, 0.9722, 0.9806), TWO_DIGITS),
    ("69", "parameters that are enough", lambda: [network(sizes)[0].n_params for sizes in (MAIN, SMALL)],
     (17_226, 2_410), 0),
    ("70", "weights", lambda: np.multiply(ARTICLE[:-1], ARTICLE[1:]),
     (784_000, 500_000, 5_000), 0),
    ("71", "weights together", lambda: sum(np.multiply(ARTICLE[:-1], ARTICLE[1:])), 1_289_000, 0),
    ("71", "with biases", lambda: network(ARTICLE, 28)[0].n_params, 1_290_510, 0),
    ("71", "missing", lambda: sum(ARTICLE[1:]), 1_510, 0),
    ("72", "MB, and with Adam's averages",
     lambda: np.array([1, 3]) * network(ARTICLE, 28)[0].start(np.random.default_rng(0)).nbytes / 1e6,
     (5.162, 15.5), 2e-3),
    ("73", "forward passes by differences", lambda: 2 * network(ARTICLE, 28)[0].n_params, 2_581_020, 0),
    ("73", "parameters of the tiny network", lambda: Network(np.zeros((1, 3)), [0], (3, 4, 4, 2)).n_params, 46, 0),
    ("74", "b, at once and after w", lambda: simultaneous_and_one_after_the_other(), (100.000015, 100.00000675), 1e-12),
    ("76", "plateau of a start at 0.01", lambda: from_normal(0.01).losses[[1, 2, 3, 4, 5, 6, 20]],
     (2.3022, 2.3018, 2.3008, 2.2969, 2.2507, 1.3737, 0.049), 0.02),
    ("101", "epochs in which the loss rises", lambda: (np.diff(main_run().losses) > 0)[1:].sum(), 5, 0),
    ("101", "loss at the end", lambda: main_run().losses[-1], 0.00535, 0.05),
    ("1", "nearest neighbour", lambda: (
        data.train_labels[((data.train_X**2).sum(axis=1) - 2 * data.test_X @ data.train_X.T).argmin(axis=1)]
        == data.test_labels).mean(), 0.9917, 1e-4),
    ("D-1", "accuracy of seeds", lambda: [accuracy(MAIN, main_run(seed)) for seed in range(4)],
     (0.9806, 0.9806, 0.9861, 0.9778), TWO_DIGITS),
    ("D-1", "accuracy by epoch", lambda: [accuracy(MAIN, main_run(), epoch) for epoch in (1, 2, 3, 5, 10, 20)],
     (0.9056, 0.8944, 0.9444, 0.9694, 0.9722, 0.9806), 0.012),
    ("D-1", "loss by epoch", lambda: main_run().losses[[0, 1, 2, 3, 5, 10, 20]],
     (2.53433, 0.383338, 0.223564, 0.185514, 0.0740956, 0.0342625, 0.00535212), 0.05),
    ("D-1", "accuracy before", lambda: accuracy(MAIN, main_run(), 0), 0.0611, 0.01),
    ("D-3", "batch, 20 epochs, mean", lambda: accuracy(MAIN, train(MAIN, 0.5, 20, batch_size=1437)), 0.8583, 0.03),
    ("D-3", "B = 256, 20 epochs", lambda: accuracy(MAIN, train(MAIN, 0.5, 120, batch_size=256)), 0.9750, TWO_DIGITS),
    ("D-3", "B = 32, 20 epochs", lambda: accuracy(MAIN, train(MAIN, 0.5, 900)), 0.9852, TWO_DIGITS),
    ("D-3", "B = 1, 900 steps", lambda: accuracy(MAIN, train(MAIN, 0.03, 900, batch_size=1)), 0.9139, 0.01),
    ("52", "batch for 225 epochs is as good as a mini-batch for 20",
     lambda: accuracy(MAIN, train(MAIN, 0.5, 225, batch_size=1437)), 0.9806, TWO_DIGITS),
    ("D-6", "loss and accuracy from zeros",
     lambda: [from_normal(0.0).losses[-1], accuracy(MAIN, from_normal(0.0))],
     (2.30208, 0.0917), 1e-3),
    ("D-6", "first epoch with a loss below 1",
     lambda: [(from_normal(sd).losses < 1).argmax() for sd in (0.1, 0.03, 0.01, 0.005)],
     (1, 3, 8, 14), 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected", "tolerance"), [row[2:] for row in CLAIMS], ids=[f"{row[0]}: {row[1]}" for row in CLAIMS]
)
def test_number(value, expected, tolerance):
    np.testing.assert_allclose(value(), expected, rtol=tolerance)


def test_the_main_run_reads_at_least_97_percent():
    assert min(accuracy(MAIN, main_run(seed)) for seed in range(4)) >= 0.97


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_error_of_differences_is_u_shaped_with_its_best_nudge_near_1e_5(activation):
    errors = errors_of_differences(activation)
    assert errors[-5] == min(errors.values()) < 1e-10
    assert errors[-6] < 1e-8
    assert errors[-10] > 1e4 * errors[-5]
    assert errors[-1] > 1e4 * errors[-5]


def shortest_time(work, *arguments):
    times = []
    for _ in range(5):
        begin = perf_counter()
        work(*arguments)
        times.append(perf_counter() - begin)
    return min(times)


def test_a_digit_is_cheaper_in_a_batch_and_a_gradient_costs_a_few_forward_passes():
    learner, _ = network(ARTICLE, 28)
    params = learner.start(np.random.default_rng(0))
    alone, together = (learner.batch(np.arange(size)) for size in (1, 256))
    assert shortest_time(alone.gradient, params) > 3 * shortest_time(together.gradient, params) / 256  # 50, measured
    assert shortest_time(together.gradient, params) < 20 * shortest_time(together.loss, params)  # 2.5, measured


def test_cosine_calms_the_articles_network():
    """Five epochs at a constant rate and with cosine decay: single precision is chaotic, so coarse facts only."""
    learner, test = network(ARTICLE, 28)
    falls, ends = {}, {}
    for name, rate in (("constant", 0.1), ("cosine", cosine(0.1, 225))):
        shares = []
        descend(
            learner, learner.start(np.random.default_rng(2)), GradientDescent(rate), 225, batch_size=32,
            rng=np.random.default_rng(2), record_every=225, watch_every=15,
            watch=lambda step, params, shares=shares: shares.append(test.accuracy(params)),
        )  # fmt: skip
        falls[name], ends[name] = -np.minimum(np.diff(shares[5:]), 0).sum(), shares[-1]
    assert ends["cosine"] == pytest.approx(0.98, abs=0.015)
    assert ends["constant"] > 0.9
    assert falls["cosine"] < falls["constant"]
