import math

import numpy as np
import pytest

from gdhelpers.datasets import digits
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import Network, numerical_gradient

ACTIVATIONS = pytest.mark.parametrize("activation", ["relu", "tanh"])
SHAPES = pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 4, 2), (5, 7, 3), (2, 3, 3, 3, 4)], ids=str)


def some_network(sizes=(3, 4, 4, 2), activation="tanh", n_rows=12, seed=0):
    """A network on random data, and params whose biases are not 0."""
    rng = np.random.default_rng(seed)
    network = Network(rng.normal(size=(n_rows, sizes[0])), rng.integers(sizes[-1], size=n_rows), sizes, activation)
    return network, network.start(rng) + 0.3 * rng.normal(size=network.n_params)


def forward_by_hand(network, params):
    """The scores of every row, neuron by neuron."""
    all_scores = []
    for row in network.X:
        activity = list(row)
        layers = network.layers(params)
        for number, (weights, biases) in enumerate(layers):
            signal = [
                sum(w * a for w, a in zip(one, activity, strict=True)) + b
                for one, b in zip(weights, biases, strict=True)
            ]
            hidden = number < len(layers) - 1
            bend = math.tanh if network.activation == "tanh" else lambda s: max(s, 0.0)
            activity = [bend(s) for s in signal] if hidden else signal
        all_scores.append(activity)
    return np.array(all_scores)


# One flat vector


@pytest.mark.parametrize(
    ("sizes", "n_params"), [((784, 1000, 500, 10), 1_290_510), ((3, 4, 4, 2), 46), ((64, 128, 64, 10), 17_226)]
)
def test_the_number_of_parameters(sizes, n_params):
    network = Network(np.zeros((1, sizes[0])), [0], sizes)
    assert network.n_params == n_params
    assert network.start(np.random.default_rng(0)).shape == (n_params,)


def test_layers_have_the_shapes_of_the_sizes():
    network, params = some_network((3, 5, 2))
    assert [(w.shape, b.shape) for w, b in network.layers(params)] == [((5, 3), (5,)), ((2, 5), (2,))]


def test_layers_are_views_that_cover_every_parameter_once():
    network, params = some_network()
    for number, part in enumerate(part for layer in network.layers(params) for part in layer):
        assert np.shares_memory(part, params)
        part[...] = number
    counts = np.unique(params, return_counts=True)[1]
    assert counts.tolist() == [12, 4, 16, 4, 8, 2]


# Loss


@ACTIVATIONS
@SHAPES
def test_loss_is_the_mean_cross_entropy_of_a_softmax(activation, sizes):
    network, params = some_network(sizes, activation)
    total = 0.0
    for scores, label in zip(forward_by_hand(network, params), network.labels, strict=True):
        total -= math.log(math.exp(scores[label]) / sum(math.exp(score) for score in scores))
    assert network.loss(params) == pytest.approx(total / network.n_rows, rel=1e-12)


def test_a_network_that_knows_nothing_pays_the_logarithm_of_the_number_of_labels():
    network, params = some_network((5, 7, 10))
    assert network.loss(0 * params) == pytest.approx(math.log(10))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_do_not_overflow(dtype):
    network = Network(np.ones((2, 1), dtype=dtype), [0, 1], (1, 2))
    params = np.array([1e6, -1e6, 0, 0], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert network.loss(params) == pytest.approx(1e6)  # 0 for the first row, 2e6 for the second
        assert network.gradient(params) == pytest.approx(np.array([0.5, -0.5, 0.5, -0.5]))


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3)])
def test_loss_takes_many_places_at_once(shape):
    network, _ = some_network()
    many = np.random.default_rng(1).normal(size=(*shape, network.n_params))
    losses = network.loss(many)
    assert np.shape(losses) == shape
    for place in np.ndindex(shape):
        assert losses[place] == network.loss(many[place])


# Gradient


@ACTIVATIONS
@SHAPES
@pytest.mark.parametrize("seed", range(3))
def test_gradient_matches_central_differences(activation, sizes, seed):
    network, params = some_network(sizes, activation, seed=seed)
    away = network.gradient(params) - numerical_gradient(network.loss, params, h=1e-5)
    assert np.abs(away).max() < 1e-8


@ACTIVATIONS
def test_gradients_of_equal_batches_average_to_the_full_gradient(activation):
    network, params = some_network(activation=activation)
    order = np.random.default_rng(2).permutation(network.n_rows)
    parts = [network.batch(rows) for rows in order.reshape(4, 3)]
    assert [part.activation for part in parts] == 4 * [activation]
    assert [part.n_rows for part in parts] == [3, 3, 3, 3]
    assert np.mean([part.gradient(params) for part in parts], axis=0) == pytest.approx(network.gradient(params))
    assert np.mean([part.loss(params) for part in parts]) == pytest.approx(network.loss(params))


@ACTIVATIONS
def test_nothing_handed_in_is_changed(activation):
    network, params = some_network(activation=activation)
    before = network.X.copy(), network.labels.copy(), params.copy()
    gradient = network.gradient(params)
    again = gradient.copy()
    network.loss(params)
    network.predict(params)
    network.gradient(2 * params)
    assert (before[0] == network.X).all()
    assert (network.labels == before[1]).all()
    assert (params == before[2]).all()
    assert (gradient == again).all(), "the second gradient was written over the first"


@ACTIVATIONS
def test_single_precision_stays_single_and_agrees_with_double(activation):
    network, params = some_network((20, 30, 10), activation, n_rows=40)
    single = Network(network.X.astype(np.float32), network.labels, network.sizes, activation)
    assert single.X.dtype == single.start(np.random.default_rng(0)).dtype == np.float32
    gradient = single.gradient(params.astype(np.float32))
    assert gradient.dtype == single.batch([3, 1]).gradient(params.astype(np.float32)).dtype == np.float32
    assert gradient == pytest.approx(network.gradient(params), rel=1e-4, abs=1e-6)
    assert single.loss(params.astype(np.float32)) == pytest.approx(network.loss(params), rel=1e-4)


def test_descend_keeps_single_precision():
    network, params = some_network()
    single = Network(network.X.astype(np.float32), network.labels, network.sizes)
    assert descend(single, params.astype(np.float32), GradientDescent(0.1), 3).params.dtype == np.float32


# Predictions


def test_predict_takes_the_highest_score():
    network, params = some_network((4, 6, 3))
    assert (network.predict(params) == forward_by_hand(network, params).argmax(axis=1)).all()
    assert (network.predict(params, network.X[[5, 2]]) == network.predict(params)[[5, 2]]).all()


def test_accuracy_is_the_share_of_right_labels():
    X, weights = np.eye(4, 2), np.array([0.0, 0, 0, 0, 1, 0])  # whatever it sees, it says 0
    for labels, share in ([0, 0, 0, 0], 1), ([0, 1, 1, 0], 0.5), ([1, 1, 1, 0], 0.25):
        assert Network(X, labels, (2, 2)).accuracy(weights) == share


# The start


def test_the_start_is_he_s():
    network = Network(np.zeros((1, 784)), [0], (784, 1000, 500, 10))
    for weights, biases in network.layers(network.start(np.random.default_rng(0))):
        sd, n = math.sqrt(2 / weights.shape[1]), weights.size
        assert (biases == 0).all()
        assert abs(weights.mean()) < 4 * sd / math.sqrt(n)
        assert weights.std() == pytest.approx(sd, rel=4 / math.sqrt(2 * n))
        assert (np.abs(weights) < sd).mean() == pytest.approx(0.6827, abs=0.03)  # the share of a normal distribution


def test_the_same_seed_gives_the_same_start():
    network, _ = some_network()
    first, again, other = (network.start(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


# Digits


@pytest.fixture(scope="module")
def data():
    return digits(split=0)


def train(data, start=None):
    """20 epochs of 45 steps; a record after each epoch."""
    network = Network(data.train_X, data.train_labels, (64, 128, 64, 10))
    start = network.start(np.random.default_rng(0)) if start is None else np.full(network.n_params, start)
    rng = np.random.default_rng(0)
    return descend(network, start, GradientDescent(0.3), 900, batch_size=32, rng=rng, record_every=45)


def test_digits_are_learnt_in_20_epochs(data):
    walk = train(data)
    test = Network(data.test_X, data.test_labels, (64, 128, 64, 10))
    assert walk.losses[[0, 1, 2, 20]] == pytest.approx([2.53433, 0.383338, 0.223564, 0.00535212], rel=0.02)
    assert test.accuracy(walk.params[-1]) == pytest.approx(0.9806, abs=0.006)


def test_a_start_of_zeros_never_leaves_its_saddle(data):
    walk = train(data, start=0.0)
    network = Network(data.test_X, data.test_labels, (64, 128, 64, 10))
    assert walk.losses[-1] == pytest.approx(2.30208, abs=1e-4)
    assert network.accuracy(walk.params[-1]) == pytest.approx(0.0917, abs=0.006)
    *hidden, (last_weights, _) = network.layers(walk.params[-1])
    assert not last_weights.any()
    assert not any(part.any() for layer in hidden for part in layer), "only the last biases ever move"


# What cannot be used is refused in one sentence

X, LABELS = np.ones((3, 2)), [0, 1, 1]


@pytest.mark.parametrize(
    ("X", "labels", "sizes", "words"),
    [
        (np.ones((3, 4)), LABELS, (2, 2), "X must have shape (n_rows, 2) to fit sizes (2, 2); got (3, 4)"),
        (np.ones(3), LABELS, (2, 2), "X must have shape (n_rows, 2)"),
        (np.ones((0, 2)), [], (2, 2), "X must have shape (n_rows, 2)"),
        ([[1.0, np.nan]], [0], (2, 2), "X must hold finite numbers only, no NaN and no infinity"),
        ([[1.0, np.inf]], [0], (2, 2), "X must hold finite numbers only"),
        (np.array([[1, np.nan]], np.float32), [0], (2, 2), "X must hold finite numbers only"),
        ([["ink", "paper"]], [0], (2, 2), "X must hold numbers only; got"),
        (X, [0, 1], (2, 2), "labels must hold 3 whole numbers, one for each row of X; got [0, 1]"),
        (X, [[0], [1], [1]], (2, 2), "labels must hold 3 whole numbers"),
        (X, [0.0, 1.0, 1.0], (2, 2), "labels must hold 3 whole numbers"),
        (X, ["a", "b", "b"], (2, 2), "labels must hold 3 whole numbers"),
        (X, [0, 1, 2], (2, 2), "labels must be between 0 and 1; got"),
        (X, [0, -1, 1], (2, 2), "labels must be between 0 and 1; got"),
        (X, LABELS, (2,), "sizes"),
    ],
)
def test_data_that_do_not_fit_are_refused(complains, X, labels, sizes, words):
    with complains(words):
        Network(X, labels, sizes)


@pytest.mark.parametrize("activation", ["sigmoid", "ReLU", "", None])
def test_unknown_activations_are_refused(complains, activation):
    with complains(f'activation must be "relu" or "tanh"; got {activation!r}'):
        Network(X, LABELS, (2, 2), activation)


@pytest.mark.parametrize("method", ["loss", "gradient", "predict", "accuracy", "layers"])
@pytest.mark.parametrize("n_params", [0, 5, 7])
def test_params_of_the_wrong_length_are_refused(complains, method, n_params):
    with complains(f"params must have shape (6,) for sizes (2, 2); got ({n_params},)"):
        getattr(Network(X, LABELS, (2, 2)), method)(np.ones(n_params))
