"""The check of lesson 09: a line fitted by a road of the learner's own."""

import numpy as np

from gdhelpers.lessons.checking import Stop, check, errors_of, numbers


@check
def check_fit(params, size, price, within=0.01):
    """params should be the pair (w, b), in sq ft and thousands of dollars, whose loss is within 1 % of the least."""
    mine = _pair(params)
    right, least = _least(size, price)
    if _above(mine, size, price) <= within:
        return _how_close(_above(mine, size, price))
    if not np.isfinite(mine).all():
        said = "Your walk has diverged: the numbers are beyond all bounds. Take a smaller rate, or scale the sizes."
        raise Stop(False, said)
    for said, other in _mistaken(mine, size).items():
        if _above(other, size, price) <= 2 * within:
            raise Stop(False, said)
    if np.allclose(mine, (0.1, 100), rtol=0.002):
        raise Stop(False, "That is the line of the five old houses. These are new ones: fit their `size` and `price`.")
    if _above(mine, size, price) > _above(np.zeros(2), size, price):
        said = "Worse than w = 0, b = 0: the walk goes uphill, or diverges. Look at the minus sign, then at the rate."
        raise Stop(False, said)
    if np.allclose(mine, (0, price.mean()), rtol=0.01, atol=1e-3):
        raise Stop(False, "That is the flat line at the mean price: w has not moved. It must look at the size.")
    raise Stop(False, _not_there(mine, right, least, size, price))


def _pair(params):
    """The learner's (w, b) as an array; a walk is taken to be handed over by mistake."""
    what = "the pair (w, b), such as (0.05, 100)"
    if hasattr(params, "params") and hasattr(params, "losses"):
        raise Stop(False, "That is the whole walk. Hand over its last pair, walk.params[-1], in sq ft.")
    try:
        mine = np.asarray(params)
        mine = None if mine.dtype.kind == "c" else mine.astype(float)
    except (TypeError, ValueError, OverflowError):
        mine = None
    return numbers(params, (2,), what) if mine is None or mine.shape != (2,) or params is ... else mine


def _least(size, price):
    """The least-squares line, and its loss."""
    right = np.linalg.lstsq(np.column_stack([size, np.ones_like(size)]), price)[0]
    return right, (errors_of(*right, size, price) ** 2).mean()


def _above(params, size, price):
    """How far the loss is above the least, as a share of it."""
    with np.errstate(all="ignore"):
        loss = (errors_of(*params, size, price) ** 2).mean()
    return loss / _least(size, price)[1] - 1


def _mistaken(mine, size):
    """{what to say: the pair that was meant}, if the numbers were right but for their units, order or sign."""
    mean, spread, (w, b) = size.mean(), size.std(), mine
    back = "w is w / size.std(), and b is b - w · size.mean() with that w."
    return {
        "These are in thousands of sq ft: divide w by 1000.": (w / 1000, b),
        f"These are in standardised units. Back to sq ft: {back}": (w / spread, b - w / spread * mean),
        "w is right; b belongs to centred sizes: take off w · size.mean().": (w, b - w * mean),
        "w still belongs to standardised sizes: divide it by size.std().": (w / spread, b),
        "The sizes were divided by the largest: divide w by it, too.": (w / size.max(), b),
        "These are in dollars; prices here are in thousands: divide both by 1000.": (w / 1000, b / 1000),
        "The two are swapped: first w, then b.": (b, w),
        "Both signs are turned round: is it predicted - actual, and minus the gradient?": (-w, -b),
        "The sign of b is turned round.": (w, -b),
        "The sign of w is turned round.": (-w, b),
    }


def _not_there(mine, right, least, size, price):
    """Why a walk on its way down has not arrived."""
    b = mine[1]
    above = _above(mine, size, price)
    best_w = ((price - b) * size).sum() / (size**2).sum()  # the valley floor at this b
    on_the_floor = above - _above((best_w, b), size, price) < 0.1 * above
    share = f"{100 * above:.2g}" if above < 0.995 else f"{100 * above:,.0f}"
    far = f"Your loss is {share} % above the least, {least:.1f}."
    if on_the_floor and abs(b - right[1]) > 1:
        way = "too low" if b < right[1] else "too high"
        return f"{far} b is still {way}, and w makes up for it: the slow direction. Scale the sizes, or walk on."
    if above < 0.2:
        return f"{far} It jitters near the minimum: the noise floor. Let the rate fall, or take larger batches."
    return f"{far} Both w and b are on their way: more steps, or a better rate."


def _how_close(above):
    """Praise for a fit that is this far above the least loss."""
    if above < 1e-9:
        return "The best line there is. If it took you more than one step: the formula takes none."
    share = f"{100 * above:.1g} % above the least loss."
    if above < 1e-4:
        return f"{share} No one could tell the difference in dollars. On scaled sizes one full step goes all the way."
    return f"{share} Close enough. The rest is noise of the batches, or steps not taken; the formula has neither."
