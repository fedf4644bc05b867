"""Checks of lesson 06: how many parameters a network has, and one layer of backpropagation."""

import itertools

import numpy as np

from gdhelpers.lessons.checking import check, diagnose, returned


@check
def check_parameter_count(count):
    """count(sizes) should return how many weights and biases a network with layers of these sizes has."""
    for sizes in ((5, 7, 6, 3), (3, 4), (2, 3, 2), (784, 1000, 500, 10)):  # at the first, no two mistakes agree
        pairs = list(itertools.pairwise(sizes))
        weights = sum(n_in * n_out for n_in, n_out in pairs)
        right, what = weights + sum(sizes[1:]), "count(sizes) returns one whole number"
        mine = returned(count, (sizes,), (), what)
        suspects = {
            "These are the weights alone: every neuron has a bias, too.": weights,
            "You gave the inputs a bias. They are only numbers that come in: biases begin with the layer after them.": (
                weights + sum(sizes)
            ),
            "One bias for each layer is too few: every neuron of it has its own.": weights + len(pairs),
            "The biases are there, but the last layer has none: its neurons have one each, too.": (
                weights + sum(sizes[1:-1])
            ),
            "These are the biases alone.": sum(sizes[1:]),
            "You lost the last layer: n sizes make n - 1 layers of weights.": sum((i + 1) * o for i, o in pairs[:-1]),
            "You lost the first layer: its weights lead from the inputs to the second size.": sum(
                (i + 1) * o for i, o in pairs[1:]
            ),
            "The bias belongs to each neuron of the layer it leads to: (inputs + 1) · neurons, not the reverse.": sum(
                i * (o + 1) for i, o in pairs
            ),
        }
        otherwise = f"For sizes {sizes} it gives {mine:,} and there are {right:,}."
        diagnose(mine, right, suspects, otherwise)
    return "Every weight and every bias is counted, for every network tried."


@check
def check_backpropagation(slope_of_signal):
    """slope_of_signal(probabilities, right, W2, hidden) should return the loss's slopes in a tanh layer's signals."""
    rng = np.random.default_rng(0)
    for n_rows, n_hidden, n_labels in ((4, 3, 3), (5, 4, 2)):  # first square weights: there a transposition fits
        hidden, W2 = np.tanh(rng.normal(size=(n_rows, n_hidden))), rng.normal(size=(n_labels, n_hidden))
        probabilities = rng.dirichlet(np.ones(n_labels), n_rows)
        right = np.eye(n_labels)[rng.integers(n_labels, size=n_rows)]
        what = "slope_of_signal(...) returns an array of the shape of hidden"
        mine = returned(slope_of_signal, (probabilities, right, W2, hidden), (n_rows, n_hidden), what)
        error, bend = (probabilities - right) / n_rows, 1 - hidden**2
        signal = error @ W2 * bend
        suspects = {
            "The sizes are right, the signs are not: is it probabilities - right?": -signal,
            "You did not go through the tanh: multiply by its slope, 1 - hidden**2.": error @ W2,
            "You went through the tanh as if its slope were hidden; it is 1 - hidden**2.": error @ W2 * hidden,
            "The slope of the tanh is 1 minus the square: 1 - hidden**2.": error @ W2 * (1 - hidden),
            "The loss is a mean over the rows: divide by their number, len(hidden).": signal * n_rows,
            "No division by the rows and no slope of the tanh, 1 - hidden**2.": error @ W2 * n_rows,
            "Start from probabilities - right: what was wanted must be taken off.": probabilities / n_rows @ W2 * bend,
        }
        if n_hidden == n_labels:
            suspects["The weights are transposed: backwards, the error goes through W2, not W2.T."] = (
                error @ W2.T * bend
            )
        otherwise = "It differs from the slope measured by nudging. Follow one row through by hand."
        diagnose(mine, signal, suspects, otherwise)
    return "That is backpropagation: through the weights, then through the bend."
