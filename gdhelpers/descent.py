"""The walk: one loop for every problem and every optimizer, and the record of where it went."""

import operator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

ABSURD = 1e150  # the square of a larger number overflows: the walk has left the map
AT_ONCE = 2_000_000  # numbers that the losses of several records may take in memory
MOST_STEPS, MOST_ROWS = 10**9, 10**9  # more would take hours, or more memory than there is
MOST_KEPT = 500_000_000  # numbers that a record may take in memory: four gigabytes
MANY, OFTEN = 100_000, 10  # with more parameters than MANY, every OFTEN-th step is looked at


def _whole(name, value, most=None, why=""):
    try:
        number = 0 if isinstance(value, np.bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or (most is not None and number > most):
        allowed = "a whole number, at least 1" if most is None else f"a whole number between 1 and {most}"
        raise ValueError(f"{name} must be {allowed}{why}; got {_short(value)}")
    return number


def _at_most(name, number, most):
    if number > most:
        raise ValueError(f"{name} must be at most {most:,}, more take too long; got {_short(number)}")
    return number


def _is_number(value):
    """Whether it is one real number, infinity included."""
    if isinstance(value, int):
        return abs(value) < 2**1023
    return isinstance(value, (float, np.integer, np.floating)) and value == value


def _short(value):
    """How a value looks, on one short line."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def minibatches(n_rows, batch_size, rng):
    """One epoch: yields arrays of row numbers, in a new random order, that cover every row once.

    All batches hold `batch_size` rows but the last, which holds what is left. rng: a `numpy.random.Generator`.
    """
    _check_batches(n_rows, batch_size, rng)
    order = rng.permutation(n_rows)
    return (order[first : first + batch_size] for first in range(0, n_rows, batch_size))


def _check_batches(n_rows, batch_size, rng):
    n_rows = _at_most("n_rows", _whole("n_rows", n_rows), MOST_ROWS)
    _whole("batch_size", batch_size, n_rows, f" (this data set has {n_rows} rows)")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"mini-batches are random: give rng, such as np.random.default_rng(0); got {_short(rng)}")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Where a walk went. Record 0 is the start; all arrays have one entry for each record.

    params: (n_records,) + shape of the start. steps: updates made. losses: the loss on all rows.
    examples_seen: rows looked at so far. seconds: spent on the steps, not on the recording.
    diverged: the step at which a parameter was no longer a number below 1e150, or None. That step is not recorded.
        With more than 100,000 parameters, where each look costs, the step at which it was seen, up to 9 later.
    stopped: the last step of a walk that was told to stop before its end, or None.
    """

    params: np.ndarray
    steps: np.ndarray
    losses: np.ndarray
    examples_seen: np.ndarray
    seconds: np.ndarray
    diverged: int | None = None
    stopped: int | None = None

    def until(self, step):
        """The part of the walk up to and with this step."""
        if not (_is_number(step) and step >= 0):
            raise ValueError(f"step must be 0 or more; got {_short(step)}")
        n = int((self.steps <= step).sum())
        ended = {
            name: end if (end := getattr(self, name)) is not None and end <= step else None
            for name in ("diverged", "stopped")
        }
        arrays = {name: getattr(self, name)[:n] for name in ("params", "steps", "losses", "examples_seen", "seconds")}
        return replace(self, **arrays, **ended)

    def steps_to(self, target):
        """The first recorded step with `loss <= target`, or None."""
        if not _is_number(target):
            raise ValueError(f"target must be a number, a loss; got {_short(target)}")
        reached = self.losses <= target
        return int(self.steps[reached.argmax()]) if reached.any() else None

    def __repr__(self):
        walked = f"{self.steps[-1]} steps, loss {self.losses[0]:.6g} -> {self.losses[-1]:.6g}"
        if self.diverged:
            return f"{walked}, diverged at step {self.diverged}: try a smaller learning rate"
        return walked if self.stopped is None else f"{walked}, stopped before its end"


def descend(
    problem, start, optimizer, n_steps, *, batch_size=None, rng=None, record_every=1, watch=None, watch_every=None
):
    """Walk `n_steps` steps downhill from `start` and return the Trajectory.

    problem: has `loss(params)` and `gradient(params)`; for mini-batches also `n_rows` and `batch(rows)`.
    start: () or (n_params,), not changed. optimizer: any `(params, gradient, state) -> (params, state)`.
    batch_size: rows for each step, drawn by `minibatches` with `rng`; None for all of them.
    record_every: keep every so many steps (the start and the last step are always kept).
    watch: called as `watch(step, params)` at each record, the start included; when it returns True the walk stops
        there. Its time is not counted. watch_every: call it every so many steps instead, so that the walk of a big
        network can be watched closely without keeping every place.

    A walk that diverges, is stopped by `watch` or is interrupted (Kernel > Interrupt) ends, says at which step, and
    keeps what it had. Raises ValueError, in one sentence that names the argument, when an argument cannot be used or
    when the optimizer breaks its contract.
    """
    params, n_steps = _start(start), _at_most("n_steps", _whole("n_steps", n_steps), MOST_STEPS)
    record_every = _whole("record_every", record_every)
    kept = (n_steps // record_every + 2) * (params.size + 30)  # numbers; a record has a size of its own
    if kept > MOST_KEPT:
        least = -(-kept // MOST_KEPT) * record_every
        raise ValueError(
            f"record_every must be at least {least} for so long a walk to fit in memory; got {record_every}"
        )
    _check_parts(problem, optimizer, watch)
    _check_fit(problem, params.shape)
    watch_every = record_every if watch_every is None else _whole("watch_every", watch_every)
    n_rows = _whole("n_rows of the problem", getattr(problem, "n_rows", 1))
    if batch_size is None:
        batches = _full_batches(problem)
    elif hasattr(problem, "batch"):
        _check_batches(n_rows, batch_size, rng)
        batches = _drawn_batches(problem, batch_size, rng)
    else:
        raise ValueError(f"batch_size must be None for a problem that has no rows of data; got {_short(batch_size)}")

    records, state, diverged, stopped = [], None, None, None
    done = (0, params, 0, 0.0)  # what `records` keeps: step, params, examples seen, seconds
    spendable = getattr(problem, "fresh_gradients", False)  # then the new params may take the gradient's memory
    update = getattr(optimizer, "over_gradient", optimizer) if spendable else optimizer
    in_place = False  # an optimizer that changes its params gets a copy from its second step on
    with np.errstate(all="ignore"):
        try:
            while True:
                step, params, seen, seconds = done
                if step % record_every == 0 or step == n_steps:
                    records.append((step, params.copy(), seen, seconds))
                if watch is not None and (step % watch_every == 0 or step == n_steps):
                    stopped = step if _stops(watch(step, params)) and step < n_steps else None
                if step == n_steps or stopped is not None:
                    break
                part, part_rows = next(batches)
                given = params.copy() if in_place else params
                begin = perf_counter()
                gradient = part.gradient(params)
                try:
                    moved = update(given, gradient, state)
                except Exception:
                    _check_gradient(gradient, params.shape)  # looked at only when the step fails
                    raise
                params, state = _checked(moved, params.shape)
                seconds += perf_counter() - begin
                in_place = in_place or params is given
                step += 1
                seen += part_rows
                look = params.size <= MANY or step % OFTEN == 0 or step % record_every == 0 or step == n_steps
                if look and not np.vdot(params, params) < ABSURD**2:  # no copy; NaN is not below anything
                    diverged = step
                    break
                done = (step, params, seen, seconds)
        except KeyboardInterrupt:
            stopped = done[0]
        if not records or (records[-1][0] < done[0] and np.vdot(done[1], done[1]) < ABSURD**2):
            records.append(done)
        steps, recorded, examples, times = (np.array(column) for column in zip(*records, strict=True))
        size = max(1, AT_ONCE // n_rows)
        parts = [recorded[first : first + size] for first in range(0, len(recorded), size)]
        losses = np.concatenate([_losses(problem.loss(part), len(part)) for part in parts])
    walk = Trajectory(recorded, steps, losses, examples, times, diverged, stopped)
    return walk if np.isfinite(losses).all() else _cut_where_the_loss_overflows(walk)


def _cut_where_the_loss_overflows(walk):
    finite = np.isfinite(walk.losses).reshape(len(walk.losses), -1).all(axis=1)  # of every walk, if there are several
    first = int(finite.argmin())
    if first == 0:
        raise ValueError("the loss at the start is not a finite number")
    return replace(walk.until(walk.steps[first - 1]), diverged=int(walk.steps[first]))


def _start(start):
    try:
        params = np.array(start)
        if params.dtype.kind not in "biufO":
            raise TypeError
        params = params if params.dtype.kind == "f" else params.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"start must hold numbers only; got {_short(start)}") from None
    if params.size == 0 or not np.isfinite(params).all():
        raise ValueError(f"start must hold finite numbers, at least one; got {_short(start)}")
    return params


def _check_parts(problem, optimizer, watch):
    if not (callable(getattr(problem, "loss", None)) and callable(getattr(problem, "gradient", None))):
        raise ValueError(f"problem must have a loss and a gradient; got {_short(problem)}")
    if not callable(optimizer) or isinstance(optimizer, type):
        raise ValueError(f"optimizer must be one such as GradientDescent(0.1), or a function; got {_short(optimizer)}")
    if not (watch is None or callable(watch)):
        raise ValueError(f"watch must be None or a function of step and params; got {_short(watch)}")


def _check_fit(problem, shape):
    """A surface says by its minima how many numbers a place on it has; other problems complain themselves."""
    places = np.shape(next(iter(getattr(problem, "minima", ())), 0))
    if shape[-1:] != places and places:
        raise ValueError(f"start must be {places[0]} numbers, a place on this surface; got shape {shape}")


def _check_gradient(gradient, shape):
    given = gradient if isinstance(gradient, (int, float)) else getattr(gradient, "dtype", np.dtype(object))
    if not isinstance(given, (int, float)) and given.kind not in "biuf":
        raise ValueError(f"the gradient must be an array of numbers; the problem gave {_short(gradient)}") from None
    if np.shape(gradient) != shape:
        raise ValueError(
            f"the gradient must have the start's shape {shape}; the problem gave {np.shape(gradient)}"
        ) from None


def _stops(answer):
    try:
        return bool(answer)
    except ValueError:
        raise ValueError(f"watch must return True or False; it returned {_short(answer)}") from None


def _losses(losses, n):
    """The losses of n places."""
    try:
        losses = np.asarray(losses)
        if losses.dtype.kind not in "iuf" or losses.shape[:1] != (n,):
            raise ValueError
    except ValueError:
        raise ValueError(f"the loss must give one number for each of {n} places; it gave {_short(losses)}") from None
    return losses


def _full_batches(problem):
    n_rows = getattr(problem, "n_rows", 1)
    while True:
        yield problem, n_rows


def _drawn_batches(problem, batch_size, rng):
    while True:
        for rows in minibatches(problem.n_rows, batch_size, rng):
            yield problem.batch(rows), len(rows)


def _checked(result, shape):
    if not (isinstance(result, tuple) and len(result) == 2):
        raise ValueError(f"the optimizer must return a pair (params, state); it returned {type(result).__name__}")
    params = np.asarray(result[0])
    if params.dtype.kind not in "iuf":
        raise ValueError(f"the optimizer must return params made of numbers; it returned {_short(result[0])}")
    if params.shape != shape:
        raise ValueError(f"the optimizer must return params of the start's shape {shape}; it returned {params.shape}")
    return params, result[1]
