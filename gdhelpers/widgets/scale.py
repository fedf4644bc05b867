"""The explorers of lesson 08: what a model needs as it grows, and learning from reward. No mathematics here."""

import numpy as np
from matplotlib.patches import Polygon
from matplotlib.ticker import NullLocator

from gdhelpers import plots
from gdhelpers.arguments import RATE, array_of, named_numbers, number_from, numbers, short, takes
from gdhelpers.live import LivePicture
from gdhelpers.widgets.controls import WIDE, _FloatLogSlider, alpha, choice, rate_slider, slider

NEAR = 0.0999  # powers of ten; just below half a step of the slider, so that exactly one step lands on each model
LEAST = 1e-6  # seconds: however little there is to compute, starting it takes about that long
MEMORY = {"a photo, 3 MB": 3e6, "a laptop, 16 GB": 16e9, "one accelerator, 80 GB": 80e9}
TIMES = {
    "1 µs": 1e-6,
    "1 ms": 1e-3,
    "1 second": 1.0,
    "1 hour": 3600.0,
    "1 day": 86_400.0,
    "80 years": 80 * 365.25 * 86_400,
}
FILLS = (plots.MODEL, plots.SLOPE, plots.ERROR, plots.MINIMUM, plots.FAINT)


def _in_units(value, units):
    """The value in the largest unit that fits; units: [(name, size), ...] from the smallest."""
    name, size = [unit for unit in units if value >= unit[1]][-1] if value >= units[0][1] else units[0]
    return f"{float(f'{value / size:.3g}'):,.10g} {name}"


def _bytes(value):
    return _in_units(value, [("bytes", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)])


def _duration(seconds):
    units = [("µs", 1e-6), ("ms", 1e-3), ("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400)]
    return _in_units(seconds, [*units, ("years", 365.25 * 86_400)])


def _ruler(ax, low, high, label, marks):
    """A logarithmic axis with marks {words: value}, and (pointer, words) that will move along it."""
    plots.plain(ax, label)
    ax.set(xscale="log", xlim=(low, high), ylim=(0, 1))
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)
    last = len(marks) - 1
    for number, (words, value) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        height = (0.46, 0.86)[(last - number) % 2]
        ax.plot([value, value], [0, 0.05], color=plots.FAINT, linewidth=1.5)  # above it the pointer has its words
        ax.plot([value, value], [0.27, height - 0.08], color=plots.FAINT, linestyle=":", linewidth=1.5)
        side = "right" if value > high / 100 else "left" if number in (0, last) else "center"
        ax.text(value, height, words, ha=side, va="center", fontsize=plots.SMALL, color=plots.FAINT)
    (pointer,) = ax.plot([], [], "^", color=plots.MODEL, markersize=13, zorder=6, clip_on=False)
    style = {"fontsize": plots.MEDIUM, "color": plots.MODEL, "va": "center", "zorder": 7}
    return pointer, ax.text(low, 0.13, "", **style)


def _point(ruler, value, words):
    """Move the pointer of a ruler there, with the words beside it, on the side where there is room."""
    pointer, label = ruler
    low, high = pointer.axes.get_xlim()
    pointer.set_data([value], [0.1])
    air = (high / low) ** 0.015
    late = value > high / (high / low) ** 0.3
    label.set(position=(value / air if late else value * air, 0.13), text=words, ha="right" if late else "left")


_BYTES = named_numbers(1e-3, 1e3)
_KEPT = (
    f"a dictionary {{text: {{what: bytes for each parameter}}}}, each of 1 to {len(FILLS)} parts",
    lambda value, given: (
        isinstance(value, dict)
        and len(value) > 0
        and all(
            isinstance(name, str) and _BYTES[1](parts) and len(parts) <= len(FILLS) for name, parts in value.items()
        )
    ),
)


@takes(
    models=(
        "a dictionary {name: parameters} of at least two different sizes, from 1 to 1e15",
        lambda value, given: named_numbers(1, 1e15)[1](value) and max(value.values()) >= 2 * min(value.values()),
    ),
    kept=_KEPT,
    machines=named_numbers(1, 1e30),
    n_params=number_from(1, 1e15),
    examples=number_from(1, 1e9),
)
def scale_explorer(models, kept, machines, n_params=1_290_510, examples=64):
    """From parameters to memory and time for one update, on three rulers, each with marks to compare with.

    models: {name: parameters}, the marks. kept: {name: {what: bytes for each parameter}}, the ways of keeping numbers.
    machines: {name: operations in a second}. One update takes 6 operations for each parameter and example, forward and
    backward; where no "slope" is kept there is only the way forward, with 2.
    """
    fig, axes = plots.figure(4, 1, width=9.5, height=6.4, height_ratios=[1.1, 0.8, 1, 1])
    low, high = min(models.values()), max(models.values())
    rulers = [
        _ruler(axes[0], low / 2, high * 3, "parameters (log scale)", models),
        _ruler(axes[2], 1, 1e14, "bytes of memory (log scale)", MEMORY),
        _ruler(axes[3], LEAST / 3, 1e10, "seconds for one batch, estimated (log scale)", TIMES),
    ]
    most = max(sum(parts.values()) for parts in kept.values())
    plots.plain(axes[1], "bytes for each parameter")
    axes[1].set(xlim=(0, most), ylim=(0, 1))
    axes[1].yaxis.set_major_locator(NullLocator())
    axes[1].spines["left"].set_visible(False)
    n_parts = max(len(parts) for parts in kept.values())
    bars = [axes[1].add_patch(Polygon(np.zeros((4, 2)), facecolor=fill, alpha=0.35)) for fill in FILLS[:n_parts]]
    style = {"ha": "center", "va": "center", "fontsize": plots.SMALL}
    labels = [axes[1].text(0, 0.5, "", **style) for _ in range(n_parts)]

    def update(n_params, examples, kept_as, machine):
        name, n_params = _nearest(models, n_params)
        examples, parts = round(float(f"{examples:.2g}")), kept[kept_as]
        right = np.cumsum(list(parts.values()))
        drawn = [*zip(parts, right - list(parts.values()), right, strict=True)]
        drawn += [("", 0, 0)] * (n_parts - len(parts))
        for bar, label, (part, start, end) in zip(bars, labels, drawn, strict=True):
            bar.set_xy([(start, 0.1), (end, 0.1), (end, 0.9), (start, 0.9)])
            label.set(position=((start + end) / 2, 0.5), text=part)
        memory = n_params * float(right[-1])
        trains = "slope" in parts
        seconds = max(LEAST, (6 if trains else 2) * n_params * examples / machines[machine])
        values = (n_params, f"{n_params:,}"), (memory, _bytes(memory)), (seconds, _duration(seconds))
        for ruler, (value, words) in zip(rulers, values, strict=True):
            _point(ruler, value, words)
        size = f"{n_params:,} parameters{name}: {right[-1]} bytes for each, {_bytes(memory)}"
        fits = "fits a laptop" if memory <= 16e9 else "fits one accelerator" if memory <= 80e9 else "fits no one device"
        work = (
            f"{'One update on' if trains else 'One answer to'} a batch of {examples:,}, {machine}: {_duration(seconds)}"
        )
        return f"{kept_as}. {size}, {fits}. {work}; a hundred thousand of them: {_duration(1e5 * seconds)}."

    look = {"style": WIDE, "layout": {"width": "420px", "margin": "2px 20px 2px 2px"}}
    powers = {"min": np.log10(low), "max": np.log10(high), "step": 0.2, **look}
    doublings = {"base": 2, "min": 0, "max": 21.6, "step": 1.2, "readout_format": ",.2r", **look}  # 1 to 3.2 million
    controls = {
        "n_params": _FloatLogSlider(description="parameters (log)", value=n_params, readout=False, **powers),
        "examples": _FloatLogSlider(description="examples in a batch (log)", value=examples, **doublings),
        "kept_as": choice("kept", kept, "auto"),
        "machine": choice("machine", machines, "auto"),
    }
    actors = [*bars, *labels, *(actor for ruler in rulers for actor in ruler)]
    alt = "Four rulers: the parameters of known models, the bytes for each, the whole memory, the time for one batch."
    return LivePicture(fig, actors, controls, update, alt=alt)


def _nearest(models, n_params):
    """The model whose size this is, in words, and its number of parameters; or just the number, rounded."""
    for name, value in models.items():
        if abs(np.log10(n_params / value)) < NEAR:
            return f" ({name})", round(value)
    return "", round(float(f"{n_params:.3g}"))


_PLAY = "a function (learning_rate, rng, direction) -> probabilities of the arms, (n_pulls, n_arms)"


@takes(
    learning_rate=RATE,
    chances=numbers(0, 1, at_least=2, at_most=len(plots.RACERS)),
    play=(_PLAY, lambda value, given: callable(value)),
)
def bandit_explorer(play, chances, learning_rate=0.1):
    """Learning from reward alone, uphill or downhill: how often each arm is pulled, and what that earns.

    play: called as `play(learning_rate, rng, direction)`, direction +1 or -1; returns the probabilities with which
    the arms are pulled, (n_pulls, n_arms). chances: how often each arm pays, (n_arms,).
    """
    pulls = array_of(play(learning_rate, np.random.default_rng(0), 1))
    if pulls is None or pulls.ndim != 2 or len(pulls) < 2 or pulls.shape[1] != len(chances):
        raise ValueError(f"play must be {_PLAY}; got {short(play)}")
    n_pulls = len(pulls)
    fig, (left, right) = plots.figure(1, 2, width=9.5, height=4.2, width_ratios=[3, 2])
    plots.plain(left, "pull", "probability of each arm")
    plots.plain(right, "pull", "reward to expect")
    for ax in (left, right):
        ax.set(xlim=(0, n_pulls), ylim=(-0.02, 1.02))
        plots.thousands_ticks(ax.xaxis)
        ax.locator_params(axis="x", nbins=5)
    names = [f"pays {100 * chance:g} %" for chance in chances]
    looks = plots.RACERS[: len(names)]
    curves = [
        left.plot([], [], color=color, linestyle=dash, linewidth=2.5, label=name)[0]
        for (color, dash), name in zip(looks, names, strict=True)
    ]
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=3, fontsize=plots.SMALL, frameon=False)
    for chance, words, side in ((max(chances), "the best arm", "bottom"), (min(chances), "the worst arm", "top")):
        right.axhline(chance, color=plots.FAINT, linestyle=":", linewidth=1.5)
        height = chance + (0.03 if side == "bottom" else -0.03)
        right.text(n_pulls, height, words, ha="right", va=side, fontsize=plots.SMALL, color=plots.FAINT)
    (earned,) = right.plot([], [], color=plots.DATA, linewidth=2)
    shown = np.unique(np.linspace(0, n_pulls - 1, 250).astype(int))

    def update(direction, learning_rate, seed):
        sign = 1 if direction == "ascent" else -1
        p = play(learning_rate, np.random.default_rng(seed), sign)[shown]
        for curve, column in zip(curves, p.T, strict=True):
            curve.set_data(shown + 1, column)
        earned.set_data(shown + 1, p @ np.asarray(chances))
        shares = ", ".join(f"{100 * share:.0f} %" for share in p[-1])
        favourite = int(p[-1].argmax())
        verdict = "has settled on none yet"
        if p[-1].max() > 0.9:
            rank = sorted(chances, reverse=True).index(chances[favourite])
            kind = "best" if rank == 0 else "worst" if rank == len(chances) - 1 else "wrong"
            verdict = f"has settled on the {kind} one"
        setting = f"{direction}, {alpha(learning_rate)}, seed {seed}"
        ends = f"after {n_pulls:,} pulls it chooses the arms with {shares}, {verdict}"
        return f"{setting}: {ends}, and earns {p[-1] @ chances:.2f} a pull."

    controls = {
        "direction": choice("step", ["ascent", "descent"], "110px"),
        "learning_rate": rate_slider(-2.5, 1, learning_rate),
        "seed": slider("seed", 0, 20, 0, 1),
    }
    alt = "Left: the probability of each arm after each pull. Right: the reward that this lets expect."
    return LivePicture(fig, [*curves, earned], controls, update, alt=alt)
