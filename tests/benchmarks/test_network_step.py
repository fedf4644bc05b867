"""How much a step costs beyond what it cannot do without: arithmetic for the network, memory for the million houses.

The candidates take turns, so that whatever else the computer does hits all. Compared are medians of a turn; the ratio
told is the median over the turns.

Not part of the plain run: `python -m pytest tests/benchmarks/test_network_step.py -n 0 --benchmark-only -s`.
"""

import itertools
import statistics
import time
from itertools import pairwise

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from gdhelpers.datasets import digits, many_houses
from gdhelpers.descent import ABSURD, OFTEN, minibatches
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares, Network

SIZES, BATCH_SIZE, LEARNING_RATE = (784, 1000, 500, 10), 64, 0.05
TURNS, STEPS, WARM_UP = 15, 40, 8  # the first steps of a turn wake the threads and are not counted
MOST_PRODUCTS, MOST_TORCH, MOST_READ = 1.5, 1.3, 1.5


def measure(candidates):
    """{name: [milliseconds of a step, the median of each turn]}, the candidates taking turns."""
    found = {name: [] for name in candidates}
    for _ in range(TURNS):
        for name, step in candidates.items():
            time.sleep(0.1)  # the threads of the one before still spin, and would be in the way
            times = []
            for _ in range(WARM_UP + STEPS):
                begin = time.perf_counter()
                step()
                times.append(1000 * (time.perf_counter() - begin))
            found[name].append(statistics.median(times[WARM_UP:]))
    return found


def show(found):
    print()
    for name, turns in found.items():
        print(f"{name:28}{statistics.median(turns):8.2f} ms   ({min(turns):.2f} to {max(turns):.2f})")


def ratio(found, ours, other):
    turns = zip(found[ours], found[other], strict=True)
    value = statistics.median(mine / theirs for mine, theirs in turns)
    print(f"{ours} / {other}: {value:.2f} (quietest turns {min(found[ours]) / min(found[other]):.2f})")
    return value


@pytest.fixture(scope="module")
def data():
    pictures = digits(side=28)
    return pictures.train_X.astype(np.float32), pictures.train_labels


@pytest.fixture
def our_step(data):
    """What `descend` does at each step, its look for divergence included."""
    network, rng = Network(*data, SIZES), np.random.default_rng(0)
    optimizer, place = GradientDescent(LEARNING_RATE), [network.start(rng), None]
    rows = itertools.chain.from_iterable(minibatches(network.n_rows, BATCH_SIZE, rng) for _ in itertools.count())

    def step():
        part = network.batch(next(rows))
        params, state = optimizer.over_gradient(place[0], part.gradient(place[0]), place[1])
        assert state % OFTEN or float(np.vdot(params, params)) < ABSURD**2
        place[:] = params, state

    step()
    assert place[0].dtype == np.float32
    return step


@pytest.fixture
def products(data):
    """The eight matrix products of a step and nothing else, into memory that is already there."""
    rng = np.random.default_rng(0)

    def matrix(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    weights = [matrix(n_out, n_in) for n_in, n_out in pairwise(SIZES)]
    slopes = [np.empty_like(one) for one in weights]
    activity, errors, results, back = ([matrix(BATCH_SIZE, n) for n in SIZES] for _ in range(4))

    def step():
        for i, one in enumerate(weights):
            np.matmul(activity[i], one.T, out=results[i + 1])
        for i in reversed(range(len(weights))):
            np.matmul(errors[i + 1].T, activity[i], out=slopes[i])
            if i:
                np.matmul(errors[i + 1], weights[i], out=back[i])

    return step


@pytest.fixture
def torch_step(data):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    X, labels = torch.tensor(data[0]), torch.tensor(data[1])
    torch.manual_seed(0)
    layers = []
    for n_in, n_out in pairwise(SIZES):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

    def step():
        rows = torch.randint(len(X), (BATCH_SIZE,))
        optimizer.zero_grad()
        loss(network(X[rows]), labels[rows]).backward()
        optimizer.step()

    return step


@pytest.fixture
def sklearn_step(data):
    X, labels = data
    network = MLPClassifier(SIZES[1:-1], solver="sgd", momentum=0, alpha=0, learning_rate_init=LEARNING_RATE)
    network.partial_fit(X[:BATCH_SIZE], labels[:BATCH_SIZE], classes=range(SIZES[-1]))
    rng = np.random.default_rng(0)

    def step():
        rows = rng.integers(len(X), size=BATCH_SIZE)
        network.partial_fit(X[rows], labels[rows])

    return step


@pytest.mark.parametrize("n_threads", [1, 2])  # a second thread halves the products and nothing else
def test_a_network_step_costs_little_more_than_its_matrix_products(benchmark, our_step, products, n_threads):
    candidates = {"our step": our_step, "matrix products": products}
    with threadpool_limits(n_threads):
        found = benchmark.pedantic(measure, args=(candidates,), rounds=1)
    show(found)
    assert ratio(found, "our step", "matrix products") <= MOST_PRODUCTS


def test_a_network_step_costs_little_more_than_pytorch_s(benchmark, our_step, torch_step):
    found = benchmark.pedantic(measure, args=({"our step": our_step, "PyTorch's step": torch_step},), rounds=1)
    show(found)
    assert ratio(found, "our step", "PyTorch's step") <= MOST_TORCH


def test_a_network_step_costs_no_more_than_scikit_learn_s(benchmark, our_step, sklearn_step):
    found = benchmark.pedantic(measure, args=({"our step": our_step, "scikit-learn's step": sklearn_step},), rounds=1)
    show(found)
    assert ratio(found, "our step", "scikit-learn's step") <= 1


def test_a_gradient_of_a_million_houses_costs_little_more_than_reading_them(benchmark):
    size, price = many_houses(1_000_000, np.random.default_rng(0))
    problem, params = LeastSquares.line(size / 1000, price), np.array([50.0, 100.0])
    elsewhere = np.zeros(100_000_000)  # 800 MB: writing them puts the houses out of every cache

    def from_memory(work):
        elsewhere.fill(1)
        begin = time.perf_counter()
        work()
        return 1000 * (time.perf_counter() - begin)

    def measure():
        found = {"our gradient": [], "one read of X and y": []}
        for _ in range(TURNS):
            found["our gradient"].append(from_memory(lambda: problem.gradient(params)))
            found["one read of X and y"].append(from_memory(lambda: (problem.X.sum(), problem.y.sum())))
        return found

    found = benchmark.pedantic(measure, rounds=1)
    show(found)
    assert ratio(found, "our gradient", "one read of X and y") <= MOST_READ
