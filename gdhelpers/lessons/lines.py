"""Checks of lessons 01 to 04: a number, the loss, its gradient, one step, the loop, a learning rate."""

import numpy as np

from gdhelpers.lessons.checking import (
    PLACES,
    Stop,
    check,
    diagnose,
    errors_of,
    numbers,
    one_step,
    returned,
    same,
    slopes_of,
)


@check
def check_number(value, right, hints=None, praise="That is the number."):
    """One number. hints: {wrong number: what it says about the learner's way}."""
    mine = numbers(value, (), "one number")
    suspects = {"The size is right, the sign is not.": -right}
    suspects |= {sentence: wrong for wrong, sentence in (hints or {}).items()}
    otherwise = f"{mine:g} is not it. Go back to the formula and follow it once by hand."
    diagnose(mine, right, suspects, otherwise, rtol=1e-6)
    return praise


@check
def check_loss(loss, size, price):
    """loss(w, b) should be the mean squared error of the line over these houses."""
    for w, b in PLACES:
        errors, what = errors_of(w, b, size, price), "loss(w, b) returns one number"
        mine, right = returned(loss, (w, b), (), what), (errors**2).mean()
        suspects = {
            "You added the squares up; the mean divides that by the number of houses.": (errors**2).sum(),
            "You averaged the errors without squaring them, so too high and too low cancel.": errors.mean(),
            "You averaged the distances |error|; square them instead.": abs(errors).mean(),
            "You took the square root at the end (that is the RMSE); leave it out here.": np.sqrt(right),
            "You halved it. Some books do; here the loss is the plain mean of the squares.": right / 2,
            "You squared the mean; take the mean of the squares: square first.": errors.mean() ** 2,
            "The size is right, the sign is not: squares are never negative.": -right,
        }
        diagnose(mine, right, suspects, f"At w = {w}, b = {b} it gives {mine:g} and the loss is {right:g}.")
    return "Your loss is the mean squared error, at every place tried."


@check
def check_gradient(gradient, size, price):
    """gradient(w, b) should return the pair (slope in w, slope in b) of the mean squared error."""
    for w, b in PLACES:
        what = "gradient(w, b) returns a pair, the slope in w and the slope in b"
        mine, right = returned(gradient, (w, b), (2,), what), slopes_of(w, b, size, price)
        suspects = {
            "The sizes are right, the signs are not: is it predicted - actual?": -right,
            "It is half of what it should be: the 2 from differentiating the square is missing.": right / 2,
            "You added the houses up; the mean divides by their number.": right * len(size),
            "You added up and left out the 2: divide by the number of houses, times 2.": right / 2 * len(size),
            "The two are swapped: first the slope in w, then the slope in b.": right[::-1],
            "Slope in w: each error must be multiplied by its own house's size before the mean.": [right[1], right[1]],
            "Slope in b: its errors are not multiplied by the size.": [right[0], right[0]],
        }
        otherwise = "it differs from the slope measured by differences; compare the two one by one."
        wrong = [name for name, ok in zip("wb", np.isclose(mine, right, rtol=1e-6), strict=True) if not ok]
        if len(wrong) == 1:
            otherwise = f"only the slope in {wrong[0]} is wrong, the other one is right."
        diagnose(mine, right, suspects, f"At w = {w}, b = {b}: {otherwise}")
    return "Both slopes are right, at every place tried."


@check
def check_step(step, size, price):
    """step(w, b, learning_rate) should return the pair (w, b) after one step of gradient descent."""
    for w, b in PLACES:
        rate, what = 1e-7, "step(w, b, learning_rate) returns the new pair w, b"
        mine, slope = returned(step, (w, b, rate), (2,), what), slopes_of(w, b, size, price)
        suspects = one_step(w, b, rate, size, price)
        right = suspects.pop("")
        suspects |= {
            "The learning rate is missing: multiply the gradient by it.": [w, b] - slope,
            "That is the change alone; add it to the old w and b.": -rate * slope,
            "Nothing moved: return the new values.": [w, b],
            "The two slopes are swapped: the first one belongs to w.": [w, b] - rate * slope[::-1],
            "The two are swapped: return w first, then b.": right[::-1],
        }
        diagnose(mine, right, suspects, f"From w = {w}, b = {b} it should lead to {right[0]:.10g}, {right[1]:.10g}.")
    return "One step, both parameters at once, downhill."


@check
def check_walk(history, size, price, start, learning_rate, n_steps):
    """history should list the pairs (w, b) of the walk: the start and the place after each of the n_steps steps."""
    what = f"a list of the pairs (w, b), the start and then {n_steps} steps"
    if history is not None and history is not ... and np.size(np.asarray(history, dtype=object)) == 0:
        raise Stop(None, f"The list is empty: fill it with {what[10:]}.")
    mine = numbers(history, (None, 2), what)
    walks = {said: [np.array(start, dtype=float)] for said in one_step(*start, learning_rate, size, price)}
    with np.errstate(all="ignore"):
        for said, walk in walks.items():
            for _ in range(n_steps):
                walk.append(one_step(*walk[-1], learning_rate, size, price)[said])
    right = np.array(walks.pop(""))
    moved = np.ptp(mine[1:], axis=0).max() > 0 if len(mine) > 2 else True
    if not moved and same(mine[-1], right[0]):
        raise Stop(False, "Nothing moved: every entry is the start.")
    if not moved:
        said = "Every entry equals the last one: the same array was changed in place. Append a new one each time."
        raise Stop(False, said)
    if same(mine, right[1:]):
        raise Stop(False, "All steps are right, but the start itself is missing from the list.")
    if not np.isfinite(mine).all() or np.abs(mine).max() > 1e6:
        raise Stop(False, "It diverges: the numbers explode. The learning rate is too large or the sign is wrong.")
    if len(mine) != len(right):
        raise Stop(False, f"There should be {n_steps + 1} pairs, the start and {n_steps} steps; got {len(mine)}.")
    place = int(np.argmin(np.isclose(mine, right, rtol=1e-9).all(axis=1)))
    suspects = {said: np.array(walk) for said, walk in walks.items()}
    diagnose(mine, right, suspects, f"The first wrong pair is number {place}, counting the start as 0.")
    return f"All {n_steps} steps are right: your loop is gradient descent."


@check
def check_learning_rate(learning_rate, problem, start, n_steps, target):
    """A learning rate with which plain gradient descent brings the loss below `target` within `n_steps` steps."""
    mine = float(numbers(learning_rate, (), "one number, the learning rate"))
    limit = problem.learning_rate_limit()
    if mine <= 0:
        raise Stop(False, f"A learning rate is positive; with {mine:g} you would walk uphill or stand still.")
    if mine >= limit:
        raise Stop(False, f"It diverges: {mine:g} is not below the limit 2/λmax = {limit:.4g}.")
    needed = problem.steps_to(target, start, mine)
    if needed is None or needed > n_steps:
        much = "more than anyone can wait" if needed is None else f"{needed:,}"
        raise Stop(False, f"It gets there, but it needs {much} steps and you have {n_steps:,}.")
    return f"{needed:,} of {n_steps:,} steps."
