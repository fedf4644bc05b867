"""The explorers of lesson 07: valleys, races, ravines, and balls that are shaken. No mathematics here."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from gdhelpers import plots
from gdhelpers.arguments import HILLS, POWERS, RATE, heights, number_from, numbers, on_it, takes, whole
from gdhelpers.descent import descend
from gdhelpers.live import LivePicture
from gdhelpers.optimizers import Adam, GradientDescent, Momentum, Nesterov, RMSProp
from gdhelpers.plots import number
from gdhelpers.problems import Landscape, ravine, sharp_and_wide
from gdhelpers.widgets.controls import WIDE, alpha, log_slider, margins, mark_escape, rate_slider, slider

METHODS = {  # name: (learning rate, β) -> optimizer
    "gradient descent": lambda rate, beta: GradientDescent(rate),
    "momentum": Momentum,
    "Nesterov": Nesterov,
    "RMSProp": RMSProp,
    "Adam": Adam,
}
RACING = ("gradient descent", "momentum", "RMSProp", "Adam")

ON_HILLS = {  # what every explorer of hilly ground takes
    "landscape": HILLS,
    "low": on_it(),
    "high": on_it(above="low"),
    "start": on_it(),
    "rates": POWERS,
    "rate": RATE,
    "beta": number_from(0, 0.99),
    "n_steps": whole(1, 10_000),
}


def _menu(label, options, value):
    style = {"description": label, "style": WIDE, "layout": {"width": "260px"}}
    return widgets.Dropdown(options=list(options), value=value, **style)


def _start_sliders(low, high, start):
    """One slider for each coordinate of the start: {name: slider}."""
    names = ["start"] if np.ndim(start) == 0 else ["start x", "start y"]
    ranges = zip(names, np.ravel(low).tolist(), np.ravel(high).tolist(), np.ravel(start).tolist(), strict=True)
    step = 0.05 if len(names) == 1 else 0.01
    return {name.replace(" ", "_"): slider(name, *ends, step) for name, *ends in ranges}


class _Scene:
    """A curve, or a map of a surface, drawn once; and where on it a place is drawn."""

    def __init__(self, ax, landscape, low, high):
        self.landscape, self.ax, self.flat = landscape, ax, np.ndim(low) == 0
        self.minima = np.array(landscape.minima)
        depths = heights(landscape, self.minima)
        self.least = depths.min()
        others = depths[depths > self.least + 1e-6]
        self.border = self.least + (others.min() - self.least) / 2 if len(others) else np.inf
        if self.flat:
            x = np.linspace(low, high, 401)
            ground = heights(landscape, x)
            ax.plot(x, ground, color=plots.DATA, linewidth=2)
            plots.plain(ax, "position", "height")
            bottom, top = margins(ground)
            ax.set(xlim=(low, high), ylim=(bottom - 0.12 * (top - bottom), top))
        else:
            x, y = (np.linspace(*ends, 121) for ends in zip(low, high, strict=True))
            height = heights(landscape, np.stack(np.meshgrid(x, y), axis=-1))
            steps = np.linspace(0, 1, 15) ** 2.2
            plots.loss_map(ax, landscape, x, y, self.least + (height.max() - self.least) * steps, labels=("x", "y"))
            ax.set_aspect("equal")
        for place in self.minima:
            if self.is_least(place):
                plots.minimum(ax, *self.at(place))

    def at(self, places):
        """Where places are drawn: x and y."""
        return (places, self.landscape.loss(places)) if self.flat else np.asarray(places).T

    def where(self, walk, digits=3):
        """Where a walk is, in words: a method that never comes quite to rest counts as settled while it stays close."""
        end = walk.params[-1]
        place = ", ".join(f"{round(x, digits) + 0.0:.{digits}f}" for x in np.ravel(end).tolist())
        place = place if self.flat else f"({place})"
        if walk.diverged:
            return f"diverges at step {walk.diverged}"
        nearest = self.minima[np.square(self.minima - end).reshape(len(self.minima), -1).sum(axis=1).argmin()]
        moved = np.abs(end - walk.params[-2]).max() if len(walk.params) > 1 else np.inf
        if moved > 0.12 or np.abs(nearest - end).max() > 0.15:
            stands = moved < 1e-4
            return f"stands still at {place}, no valley" if stands else f"is on its way, at {place}"
        return f"is in {'the deepest valley' if self.is_least(nearest) else 'a local minimum'}, at {place}"

    def is_least(self, place):
        """Whether this minimum is a deepest one."""
        return self.landscape.loss(place) < self.least + 1e-6


def _history(ax, scene, n_steps, low, high, room=1.0):
    """The panel of what happens over the steps: the position on a curve, the height on a surface."""
    ylabel = "position" if scene.flat else "height"
    plots.plain(ax, "step", ylabel)
    levels = scene.minima if scene.flat else np.unique(scene.landscape.loss(scene.minima).round(6))
    for level in levels:
        ax.plot([0, n_steps], [level, level], color=plots.FAINT, linestyle=":", linewidth=1)
    limits = low, high
    if not scene.flat:
        limits = margins(np.array([scene.least, max(levels[-1] + 0.45 * np.ptp(levels), scene.least + 0.8)]))
    ax.set(xlim=(0, room * n_steps), ylim=limits)
    if room > 1:
        ax.set_xticks(np.linspace(0, n_steps, 5))
    return lambda walk: (walk.steps, walk.params if scene.flat else walk.losses)


@takes(**ON_HILLS)
def valley_explorer(landscape, low, high, start, rates=(-3, 0), rate=0.05, beta=0.9, n_steps=300):
    """One method on hilly ground: sliders for learning rate, β and start; and all starts at once, in green.

    low, high, start: numbers for a curve, pairs for a surface. rates: powers of ten.
    Green marks the starts from which this method, so set, reaches the deepest valley.
    """
    height = 4.4 if np.ndim(low) == 0 else 3.8
    fig, (left, right) = plots.figure(1, 2, width=10, height=height, width_ratios=[3, 2])
    scene = _Scene(left, landscape, low, high)
    recorded = _history(right, scene, n_steps, low, high)
    if scene.flat:
        starts = np.linspace(low, high, 241)
        (green,) = left.plot([], [], "|", color=plots.MINIMUM, markersize=13, markeredgewidth=2, zorder=3)
        floor = left.get_ylim()[0] + 0.05 * np.ptp(left.get_ylim())
    else:
        ticks = (np.linspace(*ends, n + 2)[1:-1] for ends, n in zip(zip(low, high, strict=True), (40, 20), strict=True))
        starts = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2)
        (green,) = left.plot([], [], "s", color=plots.MINIMUM, markersize=2.5, zorder=3)
    left.set_title("green: starts that reach the deepest valley", fontsize=plots.MEDIUM, loc="left")
    trail, dot, remark = plots.path(left, markersize=3), plots.here(left), plots.remark(left)
    curve = plots.path(right, linewidth=2, marker="")
    # far outside there is no slope: a start that would explode must not end the walk of all the others
    fenced = Landscape(landscape.loss, lambda p: np.where(np.abs(p) < 100, landscape.gradient(p), 0))

    def update(method, learning_rate, beta, **place):
        controls["beta"].disabled = method == "gradient descent"
        optimizer = METHODS[method](learning_rate, beta)
        first = np.array(list(place.values()))
        walk = descend(landscape, first[0] if scene.flat else first, optimizer, n_steps)
        trail.set_data(*scene.at(walk.params))
        dot.set_data(*scene.at(walk.params[-1:]))
        curve.set_data(*recorded(walk))
        lucky = descend(fenced, starts, optimizer, n_steps, record_every=n_steps).losses[-1] < scene.border
        green.set_data((starts[lucky], np.full(lucky.sum(), floor)) if scene.flat else starts[lucky].T)
        escape = mark_escape(remark, *(float(number) for number in dot.get_xydata()[0]))
        setting = alpha(learning_rate) + ("" if method == "gradient descent" else f", β = {beta:.2f}")
        place = ", ".join(f"{value:.2f}" for value in first)
        when = "it" if walk.diverged else f"after {n_steps} steps it"
        said = f"{method}, {setting}, from {place}: {when} {scene.where(walk)}.{escape}"
        return f"{said} Of all starts, {lucky.mean():.0%} reach the deepest valley."

    controls = {
        "method": _menu("method", METHODS, "momentum"),
        "learning_rate": rate_slider(*rates, rate),
        "beta": slider("β", 0.0, 0.99, beta, 0.01),
        **_start_sliders(low, high, start),
    }
    alt = (
        "Left: hilly ground with one walk; green marks the starts from which this method reaches the deepest valley. "
        f"Right: the {'position' if scene.flat else 'height'} after each step."
    )
    return LivePicture(fig, [green, trail, dot, remark, curve], controls, update, alt=alt)


def _spread(values, gap, low, high):
    """The values moved apart until neighbours differ by `gap`, inside low and high: so that labels don't overlap."""
    order = np.argsort(np.round(np.divide(values, gap)), kind="stable")  # those that lie together keep their order
    spread = np.clip(np.asarray(values, dtype=float), low, high)[order]
    for _ in range(100):
        push = np.maximum(0, gap - np.diff(spread)) / 2
        spread = np.clip(spread - np.r_[push, 0] + np.r_[0, push], low, high)
    return spread[np.argsort(order)]


@takes(**ON_HILLS)
def race_explorer(landscape, low, high, start, rates=(-3, 0), rate=0.05, beta=0.9, n_steps=200):
    """Four methods from one start, on one picture. Pull the step slider to let them run.

    low, high, start: numbers for a curve, pairs for a surface. rates: powers of ten.
    """
    height = 4.4 if np.ndim(low) == 0 else 3.8
    fig, (left, right) = plots.figure(1, 2, width=10, height=height)
    scene = _Scene(left, landscape, low, high)
    recorded = _history(right, scene, n_steps, low, high, room=1.75)
    remark = plots.remark(left)
    trails, dots, curves, labels = [], [], [], []
    for place, (name, (color, dash)) in enumerate(zip(RACING, plots.RACERS, strict=True)):
        style = {"color": color, "linestyle": dash, "marker": ""}
        seen = {"marker": ".", "linestyle": "none"} if scene.flat else {"linewidth": 2}
        trails.append(plots.path(left, **{**style, **seen}))
        dots.append(plots.here(left, color=color))
        dots[-1].set(markersize=19 - 4 * place, zorder=7 + place)  # one in the other, where they stand together
        curves.append(plots.path(right, **{**style, "linewidth": 2.2}))
        labels.append(right.text(0, 0, name, color=color, fontsize=plots.SMALL, va="center", zorder=8))

    @lru_cache(maxsize=4)
    def walks(learning_rate, beta, fair, *first):
        rates = {"gradient descent": learning_rate / (1 - beta) if fair else learning_rate}
        first = first[0] if scene.flat else np.array(first)
        return [
            descend(landscape, first, METHODS[name](rates.get(name, learning_rate), beta), n_steps) for name in RACING
        ]

    def update(step, learning_rate, beta, fair, **place):
        parts = [walk.until(step) for walk in walks(learning_rate, beta, fair, *place.values())]
        escaped = []
        bottom, top = right.get_ylim()
        for name, part, trail, dot, curve in zip(RACING, parts, trails, dots, curves, strict=True):
            trail.set_data(*scene.at(part.params))
            dot.set_data(*scene.at(part.params[-1:]))
            curve.set_data(*recorded(part))
            if mark_escape(remark, *(float(number) for number in dot.get_xydata()[0])) or part.diverged:
                escaped.append(name)
        remark.set_text(f"off the picture: {', '.join(escaped)}" if escaped else "")
        air = (top - bottom) / 12
        heights = _spread([curve.get_ydata()[-1] for curve in curves], air, bottom + air, top)
        for label, height, part in zip(labels, heights, parts, strict=True):
            label.set_position((part.steps[-1] + 0.02 * n_steps, height))
        first = ", ".join(f"{value:.2f}" for value in place.values())
        settings = f"Step {step}, {alpha(learning_rate)}, β = {beta:.2f}, from {first}"
        if fair:
            settings += f", plain descent at {alpha(learning_rate / (1 - beta))}"
        ends = "; ".join(f"{name} {scene.where(part, 1)}" for name, part in zip(RACING, parts, strict=True))
        return f"{settings}. {ends}."

    fair = widgets.ToggleButton(description="plain descent at α/(1 − β)", value=False, layout={"width": "240px"})
    controls = {
        "step": slider("step", 0, n_steps, n_steps, 1),
        "learning_rate": rate_slider(*rates, rate),
        "beta": slider("β", 0.0, 0.99, beta, 0.01),
        "fair": fair,
        **_start_sliders(low, high, start),
    }
    alt = (
        "Left: hilly ground with four walkers: gradient descent, momentum, RMSProp and Adam. "
        f"Right: the {'position' if scene.flat else 'height'} of each after each step."
    )
    return LivePicture(fig, [*trails, *dots, *curves, *labels, remark], controls, update, alt=alt)


@takes(tilts=numbers(-1e3, 1e3, at_least=1), n_balls=whole(1, 10_000), n_steps=whole(10, 10_000), rate=RATE)
def shaken_explorer(tilts, n_balls=200, n_steps=1000, rate=0.02):
    """Balls in a sharp valley, each shaken by its own mini-batches. Sliders: step, learning rate, batch size.

    tilts: what each row of data adds to the slope, of mean 0. See `NoisyLandscape`.
    """
    fig, (left, right) = plots.figure(1, 2, width=10, height=4.2)
    x, every = np.linspace(-3.5, 4, 601), 10
    tilts = np.asarray(tilts)
    grounds = {"the wide one": sharp_and_wide(), "the sharp one": sharp_and_wide(sharp_is_deepest=True)}
    plots.plain(left, "position", "height")
    left.set(xlim=(-3.5, 4), ylim=(-0.5, 3.2))
    (ground,) = left.plot([], [], color=plots.DATA, linewidth=2)
    (balls,) = left.plot([], [], "o", color=plots.MODEL, markersize=9, alpha=0.3, zorder=5)
    plots.plain(right, "step", "share of the balls that have left, %")
    right.set(xlim=(0, 1.03 * n_steps), ylim=(-4, 104))
    curve = plots.path(right, linewidth=2.5, marker="")
    (now,) = right.plot([], [], "o", color=plots.MODEL, markersize=11, markeredgecolor="white", zorder=7)

    @lru_cache(maxsize=8)
    def walk(deepest, learning_rate, batch_size):
        rng, land = np.random.default_rng(0), grounds[deepest]

        def slope(x):
            return land.gradient(x) + tilts[rng.integers(0, len(tilts), (batch_size, n_balls))].mean(axis=0)

        first = np.full(n_balls, land.minima[1] if deepest == "the wide one" else land.minima[0])
        rule = GradientDescent(learning_rate)
        return descend(Landscape(land.loss, slope), first, rule, n_steps, record_every=every)

    def update(deepest, step, learning_rate, batch_size):
        places = walk(deepest, learning_rate, batch_size).params
        outside = 100 * (places < 2).mean(axis=1)
        ground.set_data(x, grounds[deepest].loss(x))
        here = places[step // every]
        balls.set_data(here, grounds[deepest].loss(here))
        curve.set_data(every * np.arange(step // every + 1), outside[: step // every + 1])
        now.set_data([step], outside[[step // every]])
        setting = f"{alpha(learning_rate)}, batch size {batch_size}, deepest is {deepest}"
        mean = grounds[deepest].loss(here).mean()
        share = f"{outside[step // every]:.0f} % of the balls are outside of the sharp valley"
        return f"{setting}. After {step} steps {share}; their mean height is {mean:.2f}."

    controls = {
        "deepest": _menu("deepest valley", grounds, "the wide one"),
        "step": slider("step", 0, n_steps, 100, every),
        "learning_rate": rate_slider(-3, -1.3, rate),
        "batch_size": slider("batch size", 1, 32, 1, 1),
    }
    alt = "Left: a wide and a sharp valley, and balls that began in the sharp one. Right: how many have left it."
    return LivePicture(fig, [ground, balls, curve, now], controls, update, alt=alt)


@takes(n_steps=whole(1, 10_000))
def ravine_explorer(n_steps=1000):
    """A ravine and one method at its best settings: sliders for κ and for how far the ravine is turned."""
    fig, (left, right) = plots.figure(1, 2, width=10, height=4.6)
    plots.plain(left, "x", "y")
    left.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
    rings = [left.plot([], [], color=plots.FAINT, linewidth=1, zorder=2)[0] for _ in range(5)]
    plots.minimum(left, 0, 0)
    plots.loss_curve(right)
    plots.plain(right, "step", "distance to the minimum, log scale")
    right.axhline(np.sqrt(2) * 1e-6, color=plots.FAINT, linestyle=":")
    right.set_title("dotted: a millionth of the first distance", fontsize=plots.MEDIUM, loc="left")
    right.set(xlim=(0, n_steps), ylim=(1e-9, 1e3))
    trail, dot = plots.path(left, markersize=2.5, linewidth=0.8), plots.here(left)
    curve = plots.path(right, linewidth=2, marker="")
    circle = np.linspace(0, 2 * np.pi, 181)

    def best(method, kappa):
        root = np.sqrt(kappa)
        return {
            "gradient descent": lambda: GradientDescent(2 / (1 + kappa)),
            "momentum": lambda: Momentum(4 / (1 + root) ** 2, ((root - 1) / (root + 1)) ** 2),
            "Adam": lambda: Adam(0.1),
        }[method]()

    def update(method, kappa, angle):
        turn = np.radians(angle)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])  # rows: along and across
        for size, ring in zip((0.2, 0.5, 0.8, 1.1, 1.4), rings, strict=True):
            ring.set_data(*(np.column_stack([np.sqrt(kappa) * size * np.cos(circle), size * np.sin(circle)]) @ axes).T)
        walk = descend(ravine(kappa, angle), np.ones(2) @ axes, best(method, kappa), n_steps)
        distance = np.sqrt(np.square(walk.params).sum(axis=-1))
        trail.set_data(*walk.params.T)
        dot.set_data(*walk.params[-1:].T)
        curve.set_data(walk.steps, distance)
        close = distance < 1e-6 * distance[0]
        count = f"after {close.argmax():,} steps" if close.any() else f"not within {n_steps:,} steps"
        outside = " On its way it leaves the picture." if np.abs(walk.params).max() > 1.7 else ""
        return f"{method}, κ = {number(kappa)}, turned by {angle}°: a millionth of the first distance {count}.{outside}"

    controls = {
        "method": _menu("method", ("gradient descent", "momentum", "Adam"), "gradient descent"),
        "kappa": log_slider("κ", 0.0, 3.0, 100.0, 0.05),
        "angle": slider("turned by (degrees)", 0, 90, 0, 5),
    }
    alt = (
        "Left: a ravine as rings of equal height, and the walk in it. Right: the distance to the minimum at each step."
    )
    return LivePicture(fig, [*rings, trail, dot, curve], controls, update, alt=alt)
