"""The checks of lesson 05 accept every right way, and say of each known mistake what it is."""

import numpy as np
import pytest
from judging import judge

from gdhelpers.datasets import houses
from gdhelpers.lessons import check_batch_step, check_epoch

pytestmark = pytest.mark.usefixtures("no_warning_reaches_the_learner")

SIZE, PRICE = houses()


# check_batch_step


def mean_step(w, b, rows, rate, mean=np.mean, size=SIZE, price=PRICE):
    """Gradient descent on some rows; what `mean` is, and of which houses, may be wrong."""
    errors = w * size[rows] + b - price[rows]
    return w - rate * 2 * mean(errors * size[rows]), b - rate * 2 * mean(errors)


def total(values):
    return np.sum(values)


RIGHT_STEPS = {
    "arrays": mean_step,
    "an array": lambda *arguments: np.array(mean_step(*arguments)),
    "sum and number of rows": lambda w, b, rows, rate: mean_step(w, b, rows, rate, lambda v: v.sum() / len(rows)),
    "list of rows": lambda w, b, rows, rate: mean_step(w, b, list(rows), rate),
}
WRONG_STEPS = {
    "all rows' number": (lambda *a: mean_step(*a, mean=lambda v: v.sum() / 5), "You divided by the number of all"),
    "sum": (lambda *a: mean_step(*a, mean=total), "You added the rows up."),
    "all houses": (lambda w, b, rows, rate: mean_step(w, b, slice(None), rate), "You used all houses"),
    "always the same": (lambda w, b, rows, rate: mean_step(w, b, slice(len(rows)), rate), "You always use the first"),
    "uphill": (lambda w, b, rows, rate: mean_step(w, b, rows, -rate), "You walk uphill"),
    "no 2": (lambda w, b, rows, rate: mean_step(w, b, rows, rate / 2), "Your steps are half as long"),
    "no rate": (lambda w, b, rows, rate: mean_step(w, b, rows, 1), "The learning rate is missing"),
    "change alone": (lambda w, b, rows, rate: np.subtract(mean_step(w, b, rows, rate), (w, b)), "That is the change"),
    "nothing": (lambda w, b, rows, rate: (w, b), "Nothing moved"),
    "swapped": (lambda *arguments: mean_step(*arguments)[::-1], "The two are swapped"),
    "w first": (
        lambda w, b, rows, rate: (
            mean_step(w, b, rows, rate)[0],
            mean_step(mean_step(w, b, rows, rate)[0], b, rows, rate)[1],
        ),
        "b was updated with the slope at the new w.",
    ),
    "something else": (lambda w, b, rows, rate: (w + 1, b), "On the rows [4, 1, 2], w = 0.05, b = 100.0 should become"),
    "one number": (lambda w, b, rows, rate: w, "Wanted: step(w, b, rows, learning_rate) returns the new pair"),
    "stops": (lambda w, b, rows, rate: 1 / 0, "Your function stopped with ZeroDivisionError"),
}


@pytest.mark.parametrize("mine", RIGHT_STEPS.values(), ids=RIGHT_STEPS)
def test_right_step_on_some_rows_is_accepted(mine):
    assert judge(check_batch_step, mine, SIZE, PRICE).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_wrong_step_on_some_rows_is_diagnosed(mine, words):
    verdict = judge(check_batch_step, mine, SIZE, PRICE)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


# check_epoch


def right_epoch(n_rows, batch_size, rng):
    order = rng.permutation(n_rows)
    return [order[first : first + batch_size] for first in range(0, n_rows, batch_size)]


def shuffled_list(n_rows, batch_size, rng):
    order = list(range(n_rows))
    rng.shuffle(order)
    return [order[first : first + batch_size] for first in range(0, n_rows, batch_size)]


def sorted_away(n_rows, batch_size, rng):
    """Right, though a batch of no rows comes last."""
    return [*right_epoch(n_rows, batch_size, rng), np.array([], dtype=int)]


def split_evenly(n_rows, batch_size, rng):
    return np.array_split(rng.permutation(n_rows), int(np.ceil(n_rows / batch_size)))


def with_repeats(n_rows, batch_size, rng):
    return [rng.integers(0, n_rows, batch_size) for _ in range(int(np.ceil(n_rows / batch_size)))]


def new_order_for_each_batch(n_rows, batch_size, rng):
    return [rng.permutation(n_rows)[first : first + batch_size] for first in range(0, n_rows, batch_size)]


def same_batch_again(n_rows, batch_size, rng):
    order = rng.permutation(n_rows)
    return [order[:batch_size] for _ in range(0, n_rows, batch_size)]


RIGHT_EPOCHS = {
    "arrays": right_epoch,
    "lists": shuffled_list,
    "generator": lambda *arguments: (batch for batch in right_epoch(*arguments)),
    "tuple": lambda *arguments: tuple(right_epoch(*arguments)),
    "empty end": sorted_away,
}
WRONG_EPOCHS = {
    "short last batch dropped": (
        lambda n_rows, batch_size, rng: [b for b in right_epoch(n_rows, batch_size, rng) if len(b) == batch_size],
        "With 10 rows and batches of 4: the last batch is missing. Its 2 rows are fewer than 4, but they count.",
    ),
    "with repeats": (with_repeats, "With 10 rows and batches of 4: some rows come twice."),
    "always the same rows": (same_batch_again, "With 10 rows and batches of 4: some rows come twice."),
    "new order each time": (new_order_for_each_batch, "With 10 rows and batches of 4: some rows come twice."),
    "one batch only": (
        lambda *arguments: right_epoch(*arguments)[:1],
        "With 10 rows and batches of 4: an epoch holds every row once; yours holds 4 of 10.",
    ),
    "not shuffled": (
        lambda n_rows, batch_size, rng: [range(n_rows)[f : f + batch_size] for f in range(0, n_rows, batch_size)],
        "The rows come in the order of the list.",
    ),
    "the same order each time": (
        lambda n_rows, batch_size, rng: right_epoch(n_rows, batch_size, np.random.default_rng(0)),
        "Every epoch has the same order.",
    ),
    "counted from 1": (
        lambda *arguments: [batch + 1 for batch in right_epoch(*arguments)],
        "With 10 rows and batches of 4: row numbers go from 0 to 9; yours from 1 to 10.",
    ),
    "cut evenly": (
        split_evenly,
        "With 10 rows and batches of 4: every batch but the last holds 4 rows; yours hold [4, 3, 3].",
    ),
    "short batch first": (lambda *a: right_epoch(*a)[::-1], "With 10 rows and batches of 4: every batch but the last"),
    "one long batch": (lambda n, size, rng: [rng.permutation(n)], "With 10 rows and batches of 4: every batch"),
    "not cut": (lambda n_rows, batch_size, rng: rng.permutation(n_rows), "Wanted: epoch(n_rows, batch_size, rng)"),
    "empty": (lambda *arguments: [], "Wanted: epoch(n_rows, batch_size, rng)"),
    "a number": (lambda *arguments: 3, "Wanted: epoch(n_rows, batch_size, rng)"),
    "words": (lambda *arguments: ["one", "two"], "Wanted: epoch(n_rows, batch_size, rng)"),
    "fractions": (lambda *arguments: [[0.5, 1.5]], "Wanted: epoch(n_rows, batch_size, rng)"),
    "ragged": (lambda *arguments: [[[1, 2], [3]]], "Wanted: epoch(n_rows, batch_size, rng)"),
    "dots inside": (lambda *arguments: [...], "Wanted: epoch(n_rows, batch_size, rng)"),
    "stops": (lambda *arguments: 1 / 0, "Your function stopped with ZeroDivisionError"),
    "stops with a type": (lambda *arguments: 1 + "1", "Your function stopped with TypeError"),
    "brackets after its name": ([np.arange(4)], "Hand over the function itself"),
}


@pytest.mark.parametrize("mine", RIGHT_EPOCHS.values(), ids=RIGHT_EPOCHS)
def test_right_epoch_is_accepted(mine):
    assert judge(check_epoch, mine).passed


@pytest.mark.parametrize(("mine", "words"), WRONG_EPOCHS.values(), ids=WRONG_EPOCHS)
def test_wrong_epoch_is_diagnosed(mine, words):
    verdict = judge(check_epoch, mine)
    assert verdict.passed is False
    assert verdict.message.startswith(words)


@pytest.mark.parametrize("value", [..., None], ids=["dots", "None"])
def test_untouched_stub_is_not_attempted(value):
    for verdict in (
        judge(check_epoch, value),
        judge(check_epoch, lambda *arguments: value),
        judge(check_batch_step, value, SIZE, PRICE),
        judge(check_batch_step, lambda *arguments: value, SIZE, PRICE),
    ):
        assert verdict.passed is None
        assert verdict.message.startswith("Put your own line where the ... is")
