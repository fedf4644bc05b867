"""The explorers of lessons 00 to 04: curves, lines through houses, the learning rate. No mathematics here."""

import ipywidgets as widgets
import numpy as np

from gdhelpers import plots
from gdhelpers.arguments import (
    CURVE,
    LINE,
    POWERS,
    RANGE,
    RATE,
    VALLEY,
    WALK,
    above,
    heights,
    number_from,
    numbers,
    pair,
    takes,
    whole,
)
from gdhelpers.datasets import units
from gdhelpers.descent import descend
from gdhelpers.live import LivePicture
from gdhelpers.optimizers import GradientDescent, constant, cosine, exponential_decay, step_decay, warmup
from gdhelpers.plots import number
from gdhelpers.problems import LeastSquares
from gdhelpers.widgets.controls import alpha, choice, counted, margins, mark_escape, outcome, rate_slider, slider


@takes(landscape=CURVE, low=number_from(), high=above("low"), start=number_from())
def slope_explorer(landscape, low=-3.0, high=3.0, start=2.0):
    """One slider: where you stand on a curve. The picture shows the height and the slope there."""
    fig, ax = plots.figure(width=7, height=3.4)
    x = np.linspace(low, high, 301)
    ground = heights(landscape, x)
    ax.plot(x, ground, color=plots.DATA, linewidth=2)
    plots.plain(ax, "position", "height")
    ax.set(xlim=(low, high), ylim=margins(ground))
    tangent, dot = plots.slope_line(ax), plots.here(ax)

    def update(position):
        height, slope = landscape.loss(position), landscape.gradient(position)
        plots.set_slope_line(tangent, position, height, slope, length=(high - low) / 4)
        dot.set_data([position], [height])
        way = "level ground" if abs(slope) < 1e-9 else f"downhill is to the {'left' if slope > 0 else 'right'}"
        return f"Position {number(position)}: height {number(height)}, slope {number(slope)}, so {way}."

    controls = {"position": slider("position", low, high, start, 0.05)}
    return LivePicture(fig, [tangent, dot], controls, update, alt="A curve, a dot on it, and the slope at the dot.")


HOUSES = {"size": numbers(1e-3), "price": numbers(1e-3, as_many_as="size")}


@takes(**HOUSES, w=number_from(), b=number_from())
def line_explorer(size, price, w=0.05, b=100.0):
    """Sliders for w and b. Left the houses, the line and the squared errors; right the loss, as the average square."""
    problem = LeastSquares.line(size, price)
    fig, (left, right) = plots.figure(1, 2, width=9, height=4.4, width_ratios=[3, 2])
    left.set(xlim=(0, 1.2 * np.max(size)), ylim=(0, 1.2 * np.max(price)))
    plots.thousands_ticks(left.xaxis)
    plots.plain(right, "side ($1000)", title="loss: the average square")
    corners = np.stack(np.meshgrid([0.0, 0.2], [0.0, 200.0]), axis=-1)  # the worst lines that the sliders allow
    most = 1.05 * np.sqrt(problem.loss(corners).max())
    right.set(xlim=(0, most), ylim=(0, most), aspect="equal")
    line, squares = plots.model_line(left), plots.error_squares(left, len(size))
    dots = plots.houses(left, size, price)  # an actor, too: it stands before the squares
    average = plots.error_squares(right, 1)[0]
    label = right.text(0.97, 0.95, "", transform=right.transAxes, ha="right", va="top", fontsize=plots.MEDIUM)

    def update(w, b):
        predicted, loss = problem.predict((w, b)), problem.loss((w, b))
        plots.set_model_line(line, w, b)
        plots.set_error_squares(squares, size, price, predicted)
        side = np.sqrt(loss)
        average.set_xy([(0, 0), (side, 0), (side, side), (0, side)])
        label.set_text(f"loss {number(loss)}")
        off = "every house is exact" if loss < 1e-9 else f"a typical error is ${1000 * side:,.0f}"
        return f"Price = {number(w)} × size + {number(b)}: loss {number(loss)}, {off}."

    controls = {"w": slider("w ($1000 per sq ft)", 0.0, 0.2, w, 0.005), "b": slider("b ($1000)", 0.0, 200.0, b, 5.0)}
    alt = "Left: the houses, a line, and a square on each error. Right: the average square, its area is the loss."
    return LivePicture(fig, [*squares, line, dots, average, label], controls, update, alt=alt)


@takes(landscape=VALLEY, low=number_from(), high=above("low"), start=number_from())
def blindfold(landscape, start=1.0, low=0.0, high=10.0):
    """A walk in the fog: you feel height and slope where you stand, and choose steps; then the fog can lift."""
    fig, ax = plots.figure(width=8, height=3.8)
    x = np.linspace(low, high, 401)
    plots.plain(ax, "position", "height (m)")
    ground = heights(landscape, x)
    ax.set(xlim=(low, high), ylim=margins(ground))
    (curve,) = ax.plot([], [], color=plots.DATA, linewidth=2)
    fog_bank = ax.axvspan(low, high, color=plots.FAINT, linewidth=0)
    trail = plots.path(ax, linestyle=":", alpha=0.7)
    tangent, dot = plots.slope_line(ax), plots.here(ax)
    (reach,) = ax.plot([], [], "|-", color=plots.MODEL, markersize=12, linewidth=1)
    places = [start]
    buttons = {
        "left": widgets.Button(description="step left", icon="arrow-left"),
        "right": widgets.Button(description="step right", icon="arrow-right"),
        "again": widgets.Button(description="start again", icon="undo"),
    }
    fog = widgets.ToggleButton(description="lift the fog", icon="eye", value=False)
    controls = {"stride": slider("length of a step", 0.1, 3.0, 1.0, 0.1), **buttons, "lifted": fog}

    def update(stride, lifted):
        position = places[-1]
        height, slope = landscape.loss(position), landscape.gradient(position)
        dot.set_data([position], [height])
        plots.set_slope_line(tangent, position, height, slope, length=0.6)
        landings = np.clip([position - stride, position + stride], low, high)
        reach.set_data(landings, [ground.min() - 0.04 * np.ptp(ground)] * 2)
        fog_bank.set_alpha(0 if lifted else 0.25)
        curve.set_data((x, ground) if lifted else ([], []))
        trail.set_data((places, landscape.loss(np.array(places))) if lifted else ([], []))
        here = f"{counted(len(places) - 1, 'step')}. Where you stand: height {height:.1f} m, slope {slope:+.1f} m"
        here += f" for each unit. A step leads to {landings[0]:.1f} or {landings[1]:.1f}."
        if not lifted:
            return f"{here} Everything else is fog."
        best = landscape.loss(landscape.minima[0])
        return f"{here} The lowest point of all lies at {landscape.minima[0]:.1f}, {best:.1f} m high."

    actors = [fog_bank, curve, trail, tangent, reach, dot]
    alt = "A dot, the slope under it, and below it how far a step leads."
    picture = LivePicture(fig, actors, controls, update, alt=alt)

    def move(direction):
        landing = float(np.clip(places[-1] + direction * controls["stride"].value, low, high))
        if not direction:
            del places[1:]
        elif landing != places[-1]:  # at the edge of the map a step leads nowhere and is none
            places.append(landing)
        picture.refresh()

    for name, direction in (("left", -1), ("right", 1), ("again", 0)):
        buttons[name].on_click(lambda button, direction=direction: move(direction))
    return picture


@takes(
    landscape=CURVE,
    low=number_from(),
    high=above("low"),
    start=number_from(),
    rates=POWERS,
    rate=RATE,
    n_steps=whole(1, 10_000),
)
def curve_explorer(landscape, low, high, start, rates=(-2, 0), rate=0.1, n_steps=20):
    """Gradient descent on a curve: sliders for the learning rate and the start. rates: powers of ten."""
    fig, (left, right) = plots.figure(1, 2, width=9, height=3.9, width_ratios=[3, 2])
    x = np.linspace(low, high, 401)
    ground = heights(landscape, x)
    left.plot(x, ground, color=plots.DATA, linewidth=2)
    plots.plain(left, "position", "height")
    left.set(xlim=(low, high), ylim=margins(ground))
    trail, dot, remark = plots.path(left), plots.here(left), plots.remark(left)
    curve = plots.path(right)
    plots.plain(right, "step", "position")
    right.set(xlim=(0, n_steps), ylim=(low, high))

    def update(learning_rate, start):
        walk = descend(landscape, start, GradientDescent(learning_rate), n_steps)
        trail.set_data(walk.params, walk.losses)
        dot.set_data(walk.params[-1:], walk.losses[-1:])
        curve.set_data(walk.steps, walk.params)
        end = walk.params[-1]
        escape, slope = mark_escape(remark, end, walk.losses[-1]), landscape.gradient(end)
        return f"{outcome(walk)} It ends at {number(end)}, where the slope is {number(slope)}.{escape}"

    controls = {"learning_rate": rate_slider(*rates, rate), "start": slider("start", low, high, start, 0.1)}
    alt = "Left: a curve and a walk down it. Right: the position after each step."
    return LivePicture(fig, [trail, dot, remark, curve], controls, update, alt=alt)


def _walk_panels(problem, x, y, labels, n_steps, low=1e-8, high=1e6, **options):
    """A loss map with a path and a loss curve; returns the figure, its panels and the three artists that move."""
    fig, axes = plots.figure(1, 2, **options)
    plots.loss_map(axes[0], problem, x, y, labels=labels)
    plots.minimum(axes[0], *problem.minimum())
    trail, dot = plots.path(axes[0]), plots.here(axes[0])
    curve = plots.loss_curve(axes[1])
    axes[0].set_aspect("equal")
    axes[1].set(xlim=(0, n_steps), ylim=(low, high))
    return fig, axes, (trail, dot, curve, plots.remark(axes[0]))


def _draw_walk(artists, walk):
    trail, dot, curve, remark = artists
    trail.set_data(*walk.params.T)
    dot.set_data(*walk.params[-1:].T)
    curve.set_data(walk.steps, walk.losses)
    return mark_escape(remark, *walk.params[-1])


@takes(problem=LINE, w=RANGE, b=RANGE, start=pair(), rate=RATE, n_steps=whole(1, 10_000))
def map_explorer(problem, w=(0.0, 200.0), b=(0.0, 200.0), start=(50.0, 20.0), rate=0.1, n_steps=60):
    """Gradient descent of a line on its loss map: sliders for the learning rate and for where it starts."""
    labels = ("w ($1000 per thousand sq ft)", "b ($1000)")
    ticks = np.linspace(*w, 81), np.linspace(*b, 81)
    fig, _, artists = _walk_panels(problem, *ticks, labels, n_steps)

    def update(learning_rate, w, b):
        walk = descend(problem, (w, b), GradientDescent(learning_rate), n_steps)
        escape, (end_w, end_b) = _draw_walk(artists, walk), walk.params[-1]
        return f"{outcome(walk)} It ends at w = {number(end_w)}, b = {number(end_b)}.{escape}"

    controls = {
        "learning_rate": rate_slider(-3, 0, rate),
        "w": slider("start w", *w, start[0], 1.0),
        "b": slider("start b", *b, start[1], 1.0),
    }
    alt = "Left: the loss map with the path of the walk and a star at the minimum. Right: the loss at each step."
    return LivePicture(fig, artists, controls, update, alt=alt)


@takes(**HOUSES, walk=WALK)
def step_explorer(size, price, walk):
    """One slider: the step of a recorded walk. Table, line and path move together. walk: a Trajectory of (w, b)."""
    problem = LeastSquares.line(size, price)
    fig, (table, left, right) = plots.figure(1, 3, width=10, height=3.8, width_ratios=[1.55, 1.5, 1.4])
    left.set(xlim=(0, 2700), ylim=(0, 400))
    plots.houses(left, size, price)
    plots.loss_map(right, problem, np.linspace(0.04, 0.16, 81), np.linspace(40, 160, 81))
    plots.minimum(right, *problem.minimum())
    plots.thousands_ticks(left.xaxis)
    table.axis("off")
    table.set(xlim=(0, 4.2), ylim=(-0.6, len(size) + 0.6))
    columns = (0.6, 1.5, 2.85, 3.95)
    style = {"ha": "right", "va": "center", "fontsize": plots.SMALL}
    for x, heading in zip(columns, ("size", "actual", "predicted", "error"), strict=True):
        table.text(x, len(size), heading, color=plots.FAINT, **style)
    cells = []
    for row, (x, y) in enumerate(zip(size, price, strict=True)):
        height = len(size) - 1 - row
        table.text(columns[0], height, f"{x:,.0f}", **style)
        table.text(columns[1], height, f"{y:.0f}", **style)
        cells.append([table.text(x, height, "", color=plots.MODEL, **style) for x in columns[2:]])
    line = plots.model_line(left)
    trail, dot = plots.path(right), plots.here(right)

    def update(step):
        part = walk.until(step)
        (w, b), loss = part.params[-1], part.losses[-1]
        predicted = problem.predict((w, b))
        for (guess, error), y_hat, y in zip(cells, predicted, price, strict=True):
            guess.set_text(f"{y_hat:.2f}")
            error.set_text(f"{y_hat - y:+.2f}")
        plots.set_model_line(line, w, b)
        trail.set_data(*part.params.T)
        dot.set_data([w], [b])
        return f"Step {part.steps[-1]}: price = {w:.7f} × size + {b:.7f}, loss {number(loss)}."

    controls = {"step": slider("step", 0, int(walk.steps[-1]), 0, 1)}
    actors = [*(text for row in cells for text in row), line, trail, dot]
    alt = "Left: a table of predictions and errors. Middle: houses and line. Right: the path on the loss map."
    return LivePicture(fig, actors, controls, update, alt=alt)


@takes(**HOUSES, w=number_from(), learning_rate=RATE)
def start_explorer(size, price, w=0.05, learning_rate=1e-7):
    """One slider: the b that the walk starts with. What looks finished after 100 steps may need a hundred million."""
    problem = LeastSquares.line(size, price)
    fig, (left, right) = plots.figure(1, 2, width=9, height=3.9)
    left.set(xlim=(0, 2700), ylim=(0, 420))
    plots.houses(left, size, price)
    plots.thousands_ticks(left.xaxis)
    left.set_title("after 100 steps", fontsize=plots.MEDIUM, loc="left")
    steps = np.unique(np.round(np.logspace(0, 9, 160)))
    curve = plots.loss_curve(right)
    plots.plain(right, "step, log scale", "loss, log scale")
    right.set(xscale="log", xlim=(1, 1e9), ylim=(1e-8, 1e5))
    right.axvline(100, color=plots.FAINT, linestyle=":")
    line = plots.model_line(left)

    def update(b):
        curve.set_data(steps, problem.loss(problem.after((w, b), learning_rate, steps)))
        after = problem.after((w, b), learning_rate, 100)
        if not (np.abs(after) < 1e9).all():  # NaN is not
            line.set_data([], [])
            return f"From b = {number(b)} the walk diverges. Loss below 1e-6: never."
        plots.set_model_line(line, *after)
        needed = problem.steps_to(1e-6, (w, b), learning_rate)
        count = "never" if needed is None else f"step {needed:,}"
        where = f"From b = {number(b)}, after 100 steps: w = {after[0]:.4f}, b = {after[1]:.4f}"
        return f"{where}, loss {number(problem.loss(after))}. Loss below 1e-6: {count}."

    alt = "Left: the houses and the line after 100 steps. Right: the loss over a thousand million steps."
    return LivePicture(fig, [line, curve], {"b": slider("start b", 0.0, 200.0, 100.0, 5.0)}, update, alt=alt)


def _regime(shrink):
    """What a step does to the distance along the steepest direction, which it multiplies by `shrink` = 1 - αλ."""
    if abs(shrink) < 0.01:
        return "one step: the steep direction is solved at once"
    if abs(shrink + 1) < 0.01:
        return "bouncing: each step lands as far away on the other side"
    if shrink > 0:
        return "monotone: every step goes down on the same side"
    return "oscillating: every step crosses the valley, and ends lower" if shrink > -1 else "diverging"


@takes(**HOUSES, start=pair(), n_steps=whole(1, 10_000))
def learning_rate_explorer(size, price, start=(0.05, 0.0), n_steps=60):
    """Learning rate and units of size. The bar below has the slider's scale and the live mark of 2/λmax.

    start: (w, b) in sq ft units; the same line is the start in all units.
    """
    fig = plots.Figure(figsize=(9, 5.4), layout="constrained")
    grid = fig.add_gridspec(2, 2, height_ratios=[5, 1])
    left, right, below = fig.add_subplot(grid[0, 0]), fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, :])
    plots.plain(left)
    curve = plots.loss_curve(right)
    right.set(xlim=(0, n_steps), ylim=(1e-8, 1e12))
    low, high = -9, 1
    below.text(1.3e-9, 0.25, "straight down", fontsize=plots.SMALL, va="center")
    below.text(0.8e1, 0.25, "diverges", fontsize=plots.SMALL, va="center", ha="right")
    bar = plots.stability_bar(below, 1.0, 10.0**low, 10.0**high)
    mark_label = below.text(1, 0.97, "", color=plots.LIMIT, fontsize=plots.SMALL, va="top")
    (you,) = below.plot([], [], "v", color=plots.MODEL, markersize=13, zorder=6)
    trail, dot, remark = plots.path(left), plots.here(left), plots.remark(left)
    scenes = {}

    def scene(name):
        """The problem in these units; the map is repainted only when the units change."""
        if name not in scenes:
            unit = units(name, size)
            scenes[name] = unit, LeastSquares.line(unit.convert(size), price)
        unit, problem = scenes[name]
        if scenes.get("shown") != name:
            scenes["shown"] = name
            for artist in [*left.collections, *(a for a in left.lines if a not in (trail, dot))]:
                artist.remove()
            (w, b), (w0, b0) = problem.minimum(), unit.from_sq_ft(start)
            reach = 1.6 * np.array([max(abs(w - w0), abs(w) / 2), max(abs(b - b0), abs(b) / 2)])
            round_map = name != "sq ft"  # there w and b differ by four powers of ten
            reach_w, reach_b = np.maximum(reach, reach.max() if round_map else 0)
            ticks = np.linspace(w - reach_w, w + reach_w, 81), np.linspace(b - reach_b, b + reach_b, 81)
            plots.loss_map(left, problem, *ticks, labels=(f"w, size in {name}", "b ($1000)"))
            plots.minimum(left, w, b)
            left.set_aspect("equal" if round_map else "auto")
        return unit, problem

    def update(units, learning_rate):
        unit, problem = scene(units)
        first = unit.from_sq_ft(start)
        walk = descend(problem, first, GradientDescent(learning_rate), n_steps)
        escape = _draw_walk((trail, dot, curve, remark), walk)
        limit = problem.learning_rate_limit()
        plots.set_stability_bar(bar, limit)
        side, place = ("left", limit * 1.15) if limit < 0.01 else ("right", limit / 1.15)
        mark_label.set(position=(place, 0.97), text=f"2/λmax = {number(limit)}", ha=side)
        you.set_data([learning_rate], [0.62])
        needed = problem.steps_to(1e-6, first, learning_rate)
        count = "never" if needed is None else f"after {counted(needed, 'step')}"
        regime = _regime(1 - 2 * learning_rate / limit)
        return f"Size in {units}, {alpha(learning_rate)}, {regime}. {outcome(walk)}{escape} Loss below 1e-6: {count}."

    controls = {
        "units": choice("size in", ["sq ft", "thousands", "standardised"], "110px"),
        "learning_rate": rate_slider(low, high, 1e-7),
    }
    actors = [trail, dot, remark, curve, *bar, mark_label, you]
    alt = "Left: the loss map with the path. Right: the loss at each step. Below: where the learning rate stands."
    return LivePicture(fig, actors, controls, update, alt=alt)


@takes(problem=LINE, start=pair(), n_steps=whole(20, 100_000))
def schedule_explorer(problem, start=(0.0, 0.0), n_steps=1000):
    """Schedules under noise: a few random rows for each step, the same rows for every schedule.

    Left the learning rate over time, right how far the loss still is above the least possible.
    """
    fig, (left, right) = plots.figure(1, 2, width=9, height=3.9)
    rate_line = plots.loss_curve(left)
    plots.plain(left, "step", "learning rate, log scale")
    left.set(xlim=(0, n_steps), ylim=(1e-5, 1))
    curve = plots.loss_curve(right)
    plots.plain(right, "step", "loss above minimum, log scale")
    right.set(xlim=(0, n_steps), ylim=(1e-2, 1e5))
    floor = problem.loss(problem.minimum())
    schedules = {
        "constant": constant,
        "step": lambda rate: step_decay(rate, [n_steps // 2, 3 * n_steps // 4]),
        "exponential": lambda rate: exponential_decay(rate, n_steps),
        "cosine": lambda rate: cosine(rate, n_steps),
        "warm-up, then cosine": lambda rate: warmup(cosine(rate, n_steps - n_steps // 20), n_steps // 20),
    }
    steps = np.arange(n_steps)

    def update(schedule, learning_rate, batch_size, seed):
        rate = schedules[schedule](learning_rate)
        rng = np.random.default_rng(seed)
        walk = descend(problem, start, GradientDescent(rate), n_steps, batch_size=batch_size, rng=rng, record_every=5)
        rate_line.set_data(steps, np.maximum([rate(step) for step in steps], 1e-12))
        excess = walk.losses - floor
        curve.set_data(walk.steps, excess)
        setting = f"{schedule}, {alpha(learning_rate)}, batch size {batch_size}, seed {seed}"
        if walk.diverged:
            return f"{setting}: the walk diverges at step {walk.diverged}."
        tail = excess[-len(excess) // 10 :].mean()
        return f"{setting}: over its last tenth the walk is {number(tail)} above the minimum."

    controls = {
        "schedule": choice("schedule", schedules, "auto"),
        "learning_rate": rate_slider(-4, -0.5, 0.02),
        "batch_size": slider("batch size", 1, min(100, problem.n_rows), 1, 1),
        "seed": slider("seed", 0, 20, 0, 1),
    }
    alt = "Left: the learning rate over time. Right: the loss above the minimum over time."
    return LivePicture(fig, [rate_line, curve], controls, update, alt=alt)
