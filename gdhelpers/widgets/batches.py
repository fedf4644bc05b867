"""The explorers of lesson 05: all rows, one row or a few for each step. No mathematics here."""

import ipywidgets as widgets
import numpy as np
from matplotlib.ticker import FuncFormatter

from gdhelpers import plots
from gdhelpers.arguments import LINE, RATE, number_from, pair, takes, whole
from gdhelpers.descent import descend
from gdhelpers.live import LivePicture
from gdhelpers.optimizers import GradientDescent
from gdhelpers.plots import number
from gdhelpers.problems import LeastSquares
from gdhelpers.widgets.controls import alpha, batch_slider, choice, margins, mark_escape, rate_slider, slider

UPDATES, EXAMPLES, SECONDS = AXES = ("updates", "examples seen", "seconds")


class _Summed:
    """The same problem, whose loss costs three rows instead of all: the R of X = QR has the loss of X everywhere."""

    def __init__(self, problem):
        self.problem, self.n_rows, self.gradient, self.batch = problem, problem.n_rows, problem.gradient, problem.batch
        R = np.linalg.qr(np.column_stack([problem.X, problem.y]), mode="r")
        R *= np.sqrt(len(R) / self.n_rows)  # the loss is a mean: over the rows of R instead of all
        self.loss = LeastSquares(R[:, :-1], R[:, -1]).loss


def _duration(seconds):
    """A measured time as one says it: three digits would claim too much."""
    return f"{float(f'{1000 * seconds:.2g}'):g} ms"


@takes(
    problem=LINE,
    start=pair(),
    batch_size=whole(1, 10**9),
    rate=RATE,
    fixed=pair(1e-12, 1e3),
    n_updates=whole(1, 100_000),
    near=number_from(1e-2, 1e5),
)
def three_types_explorer(
    problem, start=(0.0, 0.0), batch_size=32, rate=0.05, fixed=(0.1, 0.01), n_updates=1500, near=100
):
    """Three walks: all rows for each step, B rows (yours), one row; and three ways to say which is first.

    fixed: the learning rates of the walks on all rows and on one row. near: a walk is there when its loss is no more
    than this above the least, for 20 updates in a row.
    """
    fig, (left, right) = plots.figure(1, 2, width=10, height=4.7, width_ratios=[1, 1.15])
    fast, least, n_rows = _Summed(problem), problem.loss(problem.minimum()), problem.n_rows
    w, b = problem.minimum()
    far_w, far_b = (one if abs(one) > 0.1 else 100.0 for one in (w, b))
    ticks = np.linspace(-0.1 * far_w, 1.6 * far_w, 81), np.linspace(-0.1 * far_b, 1.4 * far_b, 81)
    plots.loss_map(left, fast, *ticks, labels=("w ($1000 per thousand sq ft)", "b ($1000)"))
    plots.minimum(left, w, b)
    left.set_aspect("equal")
    remark = plots.remark(left)
    names = {"all": f"all rows, α = {fixed[0]:g}", "mine": "yours", "one": f"one row, α = {fixed[1]:g}"}
    trails, curves, dots = {}, {}, {}
    for order, (name, (color, dash)) in enumerate(zip(names, plots.RACERS, strict=False)):
        thin = {"marker": "", "linewidth": 1 if name == "one" else 2, "zorder": 7 - order, "linestyle": dash}
        trails[name] = plots.path(left, color=color, **thin)
        curves[name] = plots.loss_curve(right, color=color, **thin, label=names[name])
        (dots[name],) = right.plot([], [], "o", color=color, markersize=9, markeredgecolor="white", zorder=9)
    plots.plain(right, "", "loss above the least, log scale")
    right.set(xscale="log", ylim=(1e-2, 3e5))
    right.axhline(near, color=plots.FAINT, linestyle=":")
    style = {"transform": right.get_yaxis_transform(), "va": "top", "color": plots.FAINT, "fontsize": plots.SMALL}
    right.text(0.02, near * 0.75, f"there: {near:g} above", **style)
    right.legend(loc="lower left", fontsize=plots.SMALL, frameon=False, handlelength=2.6)
    limits = {UPDATES: (0.8, 2 * n_updates), EXAMPLES: (0.8, 300 * n_rows), SECONDS: (5e-6, 0.5)}
    walks = {}

    def walk(name, size, learning_rate, seed):
        """A walk is walked, and its seconds measured, once; another seed measures all of them anew."""
        key = size, learning_rate, seed
        if walks.get(name, (None,))[0] != key:
            n_steps = min(n_updates, 80 * n_rows // (size or n_rows))
            rng = np.random.default_rng(seed)
            walked = descend(fast, start, GradientDescent(learning_rate), n_steps, batch_size=size, rng=rng)
            walks[name] = key, walked
        return walks[name][1]

    def update(batch_size, learning_rate, seed, axis):
        batch_size = round(batch_size)
        racers = {
            "all": walk("all", None, fixed[0], seed),
            "mine": walk("mine", batch_size, learning_rate, seed),
            "one": walk("one", 1, fixed[1], seed),
        }
        if right.get_xlabel() != f"{axis}, log scale":
            right.set(xlabel=f"{axis}, log scale", xlim=limits[axis])
        arrivals = {}
        for name, walked in racers.items():
            x = {UPDATES: walked.steps, EXAMPLES: walked.examples_seen, SECONDS: walked.seconds}[axis]
            excess = np.maximum(walked.losses - least, 1e-9)
            trails[name].set_data(*walked.params.T)
            shown = np.unique(np.geomspace(1, max(1, len(x) - 1), 150).astype(int))  # evenly on a log axis
            curves[name].set_data(x[shown[shown < len(x)]], excess[shown[shown < len(x)]])
            first = _arrival(excess <= near)
            arrivals[name] = None if first is None else x[first]
            dots[name].set_data(([], []) if first is None else ([x[first]], [excess[first]]))
        mine = racers["mine"]
        diverged = f" Yours diverges at update {mine.diverged}." if mine.diverged else ""
        escape = mark_escape(remark, *mine.params[-1])
        words = _standings(arrivals, axis, f"yours (B = {batch_size:,}, {alpha(learning_rate)})")
        return f"{words}{diverged}{escape}"

    controls = {
        "batch_size": batch_slider(n_rows, batch_size),
        "learning_rate": rate_slider(np.log10(rate) - 1.7, np.log10(rate) + 0.54, rate),  # so that it stands on a step
        "seed": slider("seed", 0, 20, 0, 1),
        "axis": choice("count", AXES, "120px"),
    }
    alt = "Left: three walks on the loss map. Right: their loss, with a dot where each comes near the least."
    return LivePicture(fig, [*trails.values(), *curves.values(), *dots.values(), remark], controls, update, alt=alt)


def _arrival(near, in_a_row=20):
    """The first record from which on `in_a_row` of them are near, or None."""
    runs = np.convolve(near, np.ones(in_a_row, dtype=int), mode="valid") == in_a_row
    return int(runs.argmax()) if runs.any() else None


def _standings(arrivals, axis, mine):
    """Who is there first on this axis, and when each of the three is."""
    names = {"all": "all rows", "mine": mine, "one": "one row"}

    def say(value):
        if value is None:
            return "not in this walk"
        return _duration(value) if axis == SECONDS else f"{value:,}"

    times = ", ".join(f"{names[name]} {say(value)}" for name, value in arrivals.items())
    there = {name: value for name, value in arrivals.items() if value is not None}
    best = min(there.values(), default=None)
    winners = [names[name].partition(" (")[0] for name, value in there.items() if value == best]
    verdict = f"First: {' and '.join(winners)}." if winners else "Nobody is there."
    return f"Counted in {axis}, until the walk is there: {times}. {verdict}"


@takes(problem=LINE, params=pair(), n_batches=whole(2, 100_000))
def gradient_cloud(problem, params, n_batches=400):
    """Many mini-batches at one place: a dot for the gradient of each, a star for the gradient of all rows."""
    n_rows, full = problem.n_rows, problem.gradient(params)
    rows = np.array([problem.batch([row]).gradient(params) for row in range(n_rows)])  # of each row alone
    variance = rows.var(axis=0).sum()
    fig, (left, right) = plots.figure(1, 2, width=9.5, height=4.4)
    plots.plain(left, "slope in w", "slope in b", "one dot for each batch")
    left.set(xlim=margins(rows[:, 0]), ylim=margins(rows[:, 1]), aspect="equal")
    (dots,) = left.plot([], [], "o", color=plots.SLOPE, markersize=3.5, alpha=0.6)
    star = plots.minimum(left, *full, label="all rows")
    star.set_markersize(13)
    left.plot([], [], "o", color=plots.SLOPE, markersize=5, label="a batch")
    left.legend(loc="upper left", fontsize=plots.SMALL, frameon=False)
    plots.plain(right, "batch size B, log scale", "variance, log scale", "how far they spread")
    sizes = np.geomspace(1, n_rows, 200)
    repeats_law = right.plot(sizes, variance / sizes, color=plots.FAINT, linestyle="--", label="variance of one / B")[0]
    once_law = variance / sizes * np.maximum(n_rows - sizes, 0) / (n_rows - 1)
    right.plot(sizes, once_law, color=plots.FAINT, linestyle=":", label="… · (N - B) / (N - 1)")
    right.set(xscale="log", yscale="log", xlim=(0.7, 1.5 * n_rows), ylim=(variance / n_rows / 8, 3 * variance))
    right.legend(loc="lower left", fontsize=plots.SMALL, frameon=False)
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:,g}"))
    dot = plots.here(right, color=plots.SLOPE)
    repeats_law.set_zorder(1)

    def update(batch_size, seed, repeats):
        batch_size = round(batch_size)
        rng = np.random.default_rng(seed)
        if repeats:
            drawn = rng.integers(0, n_rows, (n_batches, batch_size))
        else:
            drawn = rng.permuted(np.tile(np.arange(n_rows), (n_batches, 1)), axis=1)[:, :batch_size]
        cloud = rows[drawn].mean(axis=1)  # the gradient of a batch is the mean of its rows' gradients
        spread, centre = cloud.var(axis=0).sum(), cloud.mean(axis=0)
        law = variance / batch_size * (1 if repeats else (n_rows - batch_size) / (n_rows - 1))
        dots.set_data(*cloud.T)
        dot.set_data([batch_size], [max(spread, 1e-12)])
        middle = f"on average slopes {centre[0]:.1f}, {centre[1]:.1f}; of all rows {full[0]:.1f}, {full[1]:.1f}"
        kind = "rows may repeat" if repeats else "no row twice"
        spreads = f"Variance {number(round(spread, 6))}, the law says {number(round(law, 6))}."
        return f"{n_batches} batches, B = {batch_size:,}, {kind}: {middle}. {spreads}"

    controls = {
        "batch_size": batch_slider(n_rows, 1),
        "seed": slider("seed", 0, 20, 0, 1),
        "repeats": widgets.ToggleButton(value=True, description="rows may repeat", icon="repeat"),
    }
    alt = "Left: the gradients of many mini-batches around that of all rows. Right: their variance against batch size."
    return LivePicture(fig, [dots, star, dot], controls, update, alt=alt)
