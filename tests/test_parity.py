"""The optimizers against PyTorch's recorded walks (record_torch.py), the network against scikit-learn's."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from gdhelpers.descent import descend
from gdhelpers.optimizers import Adam, GradientDescent, Momentum, Nesterov, RMSProp
from gdhelpers.problems import Landscape, Network

RECORDED = json.loads(Path(__file__).with_name("torch_values.json").read_text(encoding="utf-8"))
HESSIAN, MINIMUM = np.array(RECORDED["hessian"]), np.array(RECORDED["minimum"])
VERSION = f"torch {RECORDED['torch']}"


def rosenbrock_slope(p):
    x, y = p[..., 0], p[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)


PROBLEMS = {
    "quadratic": Landscape(
        lambda p: 0.5 * ((p - MINIMUM) @ HESSIAN * (p - MINIMUM)).sum(axis=-1), lambda p: (p - MINIMUM) @ HESSIAN
    ),
    "rosenbrock": Landscape(lambda p: (1 - p[..., 0]) ** 2 + 100 * (p[..., 1] - p[..., 0] ** 2) ** 2, rosenbrock_slope),
}


def ours(optimizer, options):
    """Our optimizer for PyTorch's name and options; what PyTorch was not told, ours is not told either."""
    options = dict(options)
    rate, nesterov = options.pop("lr"), options.pop("nesterov", False)
    if optimizer == "SGD":
        kind = Nesterov if nesterov else Momentum if "momentum" in options else GradientDescent
        words = {"momentum": "beta"}
    else:
        kind, words = {"RMSprop": RMSProp, "Adam": Adam}[optimizer], {"alpha": "beta", "eps": "epsilon"}
        if "betas" in options:
            options["beta1"], options["beta2"] = options.pop("betas")
    return kind(rate, **{words.get(name, name): value for name, value in options.items()})


def name(run):
    options = " ".join(f"{key}={value}" for key, value in run["options"].items())
    return f"{VERSION} {run['optimizer']} {options} {run['problem']}"


def walk_again(run, start):
    optimizer, every = ours(run["optimizer"], run["options"]), RECORDED["record_every"]
    return descend(PROBLEMS[run["problem"]], start, optimizer, RECORDED["n_steps"], record_every=every).params


@pytest.mark.parametrize("run", RECORDED["runs"], ids=name)
def test_every_optimizer_walks_as_in_pytorch(run):
    expected = np.array(run["params"])
    places = walk_again(run, expected[0])
    assert places.shape == expected.shape
    difference = np.abs(places / expected - 1).max()
    assert difference <= 1e-10, f"{difference:.1e} away from {VERSION}"


def test_the_record_holds_every_optimizer_on_both_problems():
    kinds = {(type(ours(run["optimizer"], run["options"])), run["problem"]) for run in RECORDED["runs"]}
    assert kinds == {
        (kind, problem) for kind in (GradientDescent, Momentum, Nesterov, RMSProp, Adam) for problem in PROBLEMS
    }


@pytest.mark.parametrize("run", RECORDED["runs"], ids=name)
def test_the_recorded_walks_lead_somewhere(run):
    places, loss = np.array(run["params"]), PROBLEMS[run["problem"]].loss
    assert len(places) == RECORDED["n_steps"] // RECORDED["record_every"] + 1
    assert loss(places[-1]) < 0.25 * loss(places[0])
    assert (np.abs(np.diff(places, axis=0)).max(axis=1) > 1e-7).all(), "standing still proves nothing"


@pytest.mark.parametrize("run", RECORDED["runs"], ids=name)
def test_the_recorded_walks_do_not_magnify_rounding(run):
    start = np.array(run["params"][0])
    assert walk_again(run, np.nextafter(start, 9)) == pytest.approx(walk_again(run, start), rel=1e-12)


# The network at the weights of scikit-learn's


@pytest.fixture(params=["relu", "tanh"])
def pair(request):
    """Our network with its params, and scikit-learn's with the same weights."""
    rng = np.random.default_rng(4)
    X, labels, sizes = rng.normal(size=(30, 6)), np.arange(30) % 4, (6, 9, 5, 4)
    network = Network(X, labels, sizes, request.param)
    params = network.start(rng) + 0.1 * rng.normal(size=network.n_params)  # biases that are not 0
    judge = MLPClassifier(
        sizes[1:-1], activation=request.param, solver="sgd", momentum=0, nesterovs_momentum=False, alpha=0,
        learning_rate_init=1, batch_size=len(X), shuffle=False,
    )  # fmt: skip
    judge.partial_fit(X, labels, classes=range(4))  # it makes its matrices, to be overwritten
    for i, (weights, biases) in enumerate(network.layers(params)):
        judge.coefs_[i][:], judge.intercepts_[i][:] = weights.T, biases
    return network, params, judge


def in_our_order(judge):
    parts = zip(judge.coefs_, judge.intercepts_, strict=True)
    return np.concatenate([part.ravel() for weights, biases in parts for part in (weights.T, biases)])


def test_the_loss_is_that_of_scikit_learn(pair):
    network, params, judge = pair
    expected = log_loss(network.labels, judge.predict_proba(network.X))
    assert network.loss(params) == pytest.approx(expected, rel=1e-12)


def test_the_predictions_are_those_of_scikit_learn(pair):
    network, params, judge = pair
    assert (network.predict(params) == judge.predict(network.X)).all()
    assert network.accuracy(params) == judge.score(network.X, network.labels)


def test_the_gradient_is_one_plain_step_of_scikit_learn_at_rate_1(pair):
    network, params, judge = pair
    assert (in_our_order(judge) == params).all()
    judge.partial_fit(network.X, network.labels)
    assert params - in_our_order(judge) == pytest.approx(network.gradient(params), rel=1e-10, abs=1e-14)
    assert judge.loss_ == pytest.approx(network.loss(params), rel=1e-12)
