"""Checks of lesson 05: a step on a few rows, and the batches of an epoch."""

import itertools

import numpy as np

from gdhelpers.arguments import short
from gdhelpers.lessons.checking import (
    LONGEST,
    PLACES,
    Stop,
    attempted,
    attempted_function,
    check,
    diagnose,
    one_step,
    returned,
    stopped,
)


@check
def check_batch_step(step, size, price):
    """step(w, b, rows, learning_rate) should return the pair (w, b) after one step on these rows of the houses."""
    batches = ([4, 1, 2], [3], [2, 0])
    for (w, b), rows in zip(PLACES, batches, strict=True):
        rate, what = 1e-7, "step(w, b, rows, learning_rate) returns the new pair w, b"
        mine = returned(step, (w, b, np.array(rows), rate), (2,), what)
        suspects = one_step(w, b, rate, size[rows], price[rows])
        right, start = suspects.pop(""), np.array([w, b])
        change, n, n_all = right - start, len(rows), len(size)
        suspects |= {
            "You divided by the number of all houses. Divide by the batch's own size: take the mean over `rows`.": start
            + change * n / n_all,
            "You added the rows up. Divide by the batch's own size: take the mean over `rows`.": start + change * n,
            "You used all houses: take only size[rows] and price[rows].": one_step(w, b, rate, size, price)[""],
            "You always use the first houses: take those whose numbers are in `rows`.": one_step(
                w, b, rate, size[:n], price[:n]
            )[""],
            "The learning rate is missing: multiply the slopes by it.": start + change / rate,
            "That is the change alone; add it to the old w and b.": change,
            "Nothing moved: return the new values.": start,
            "The two are swapped: return w first, then b.": right[::-1],
        }
        otherwise = f"On the rows {rows}, w = {w}, b = {b} should become {right[0]:.10g}, {right[1]:.10g}."
        diagnose(mine, right, suspects, otherwise)
    return "One step that looks at its own rows only, whatever their number."


@check
def check_epoch(epoch):
    """epoch(n_rows, batch_size, rng) should return the batches of one epoch: arrays that hold every row number once."""
    for n_rows, batch_size in ((10, 4), (12, 3), (7, 1)):
        rng, seen = np.random.default_rng(n_rows), []
        for _ in range(4):
            batches = _batches_of(epoch, n_rows, batch_size, rng)
            _examine_batches(batches, n_rows, batch_size)
            seen.append(np.concatenate(batches).tolist())
        if seen[0] == list(range(n_rows)):
            raise Stop(False, "The rows come in the order of the list. Shuffle them first: rng.permutation(n_rows).")
        if seen[0] == seen[1] == seen[2] == seen[3]:
            said = "Every epoch has the same order. Use the `rng` that is handed over; a new one starts over each time."
            raise Stop(False, said)
    return "Every row once, in a new order each time, and the short last batch is kept."


def _batches_of(epoch, n_rows, batch_size, rng):
    what = "epoch(n_rows, batch_size, rng) returns a list of arrays of row numbers"
    attempted_function(epoch, what)
    try:
        value = epoch(n_rows, batch_size, rng)
        value = value if value is None or value is ... else list(itertools.islice(value, LONGEST))
    except TypeError as error:
        if "iterable" not in str(error):
            raise stopped(error) from None
        raise Stop(False, f"Wanted: {what}. Yours returns something that holds no batches.") from None
    except Exception as error:
        raise stopped(error) from None
    attempted(value, what)
    try:
        batches = [np.asarray(batch) for batch in value]
    except (ValueError, OverflowError):
        batches = [np.array("ragged")]
    batches = [batch for batch in batches if batch.size]
    if not batches or any(batch.ndim != 1 or batch.dtype.kind not in "iu" for batch in batches):
        raise Stop(False, f"Wanted: {what}. Got {short(value)}.")
    return batches


def _examine_batches(batches, n_rows, batch_size):
    """Stop at the first fault of one epoch: which rows it holds, then how they are cut."""
    rows, case = np.concatenate(batches), f"With {n_rows} rows and batches of {batch_size}"
    if rows.min() < 0 or rows.max() >= n_rows:
        raise Stop(False, f"{case}: row numbers go from 0 to {n_rows - 1}; yours from {rows.min()} to {rows.max()}.")
    n_different, n_whole = len(np.unique(rows)), n_rows // batch_size * batch_size
    if n_different < rows.size:
        raise Stop(False, f"{case}: some rows come twice. Shuffle once for the whole epoch, then cut the order up.")
    if n_different == n_whole < n_rows:
        said = f"the last batch is missing. Its {n_rows - n_whole} rows are fewer than {batch_size}, but they count."
        raise Stop(False, f"{case}: {said}")
    if n_different < n_rows:
        raise Stop(False, f"{case}: an epoch holds every row once; yours holds {n_different} of {n_rows}.")
    sizes = [len(batch) for batch in batches]
    if any(length != batch_size for length in sizes[:-1]) or sizes[-1] > batch_size:
        raise Stop(False, f"{case}: every batch but the last holds {batch_size} rows; yours hold {sizes}.")
