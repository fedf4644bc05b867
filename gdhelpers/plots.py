"""Drawing, and nothing else: each function draws on the `ax` it is given and returns the artists.

One colour for one idea in the whole course, always with a second cue (marker, dash or label). The colours are those of
Okabe and Ito, darkened until text in them can be read on white, and kept apart for every kind of colour blindness.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import FuncFormatter, NullLocator

from gdhelpers.arguments import TEXT, array_of, number_from, numbers, takes, whole

DATA = "#000000"  # what was measured: dots
MODEL = "#0066B2"  # the line, and the place on the map that stands for it: solid
ERROR = "#56B4E9"  # distance between the two: filled, never text
MINIMUM = "#008560"  # the best there is: star
LIMIT = "#C04000"  # danger: dashed, crosses
SLOPE = "#B0508C"  # the gradient: arrows, short thick lines
FAINT = "#6B6B6B"  # remarks and guides: dotted
RACERS = ((MODEL, "-"), ("#9A6A00", "--"), (SLOPE, "-."), ("#303030", ":"))  # walks that are compared: colour, dash
VERDICTS = {  # on a claim; drawn with its word beside it
    "exact": MINIMUM,
    "condition": MODEL,
    "imprecise": "#9A6A00",
    "wrong": LIMIT,
    "unverifiable": FAINT,
    "opinion": SLOPE,
}

RISING = (
    "at least two numbers, each larger than the one before",
    lambda value, given: numbers()[1](value, given) and bool((np.diff(array_of(value)) > 0).all()),
)
AXES = "the ax of a figure", lambda value, given: isinstance(value, Axes)


def _points(value, given):
    array = array_of(value, np.inf) if value is not None else np.zeros((0, 2))
    return array is not None and array.ndim == 2 and array.shape[1] == 2


def _as_many_losses(value, given):
    steps, losses = (array_of(one, np.inf) for one in (given["steps"], value))
    return steps is not None and losses is not None and steps.shape == losses.shape and losses.ndim == 1


def _pictures(value, given):
    array = array_of(value)
    return array is not None and (array.ndim == 3 or array.shape == (0,))


SMALL, MEDIUM = 11, 12.5  # points, at the size shown
ZOOM = 1.0  # how much larger than drawn a figure is shown


def enlarge(on=True):
    """Figures made from now on are drawn with larger letters and shown larger, for a projector; or as usual again."""
    global SMALL, MEDIUM, ZOOM
    SMALL, MEDIUM, ZOOM = (13, 14.5, 1.25) if on else (11, 12.5, 1.0)


@takes(n_rows=whole(1, 20), n_columns=whole(1, 20), width=number_from(1, 50), height=number_from(1, 50))
def figure(n_rows=1, n_columns=1, width=9.0, height=4.2, **options):
    """A Figure that pyplot does not know of, and its Axes (one, or an array), ready to be read from the last row."""
    fig = Figure(figsize=(width, height), layout="constrained")
    axes = fig.subplots(n_rows, n_columns, **options)
    for ax in np.ravel(axes):
        plain(ax)
    return fig, axes


@takes(ax=AXES, xlabel=TEXT, ylabel=TEXT, title=TEXT)
def plain(ax, xlabel="", ylabel="", title=""):
    """Quiet axes with readable text. Returns the ax."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL)
    ax.set_xlabel(xlabel, fontsize=MEDIUM)
    ax.set_ylabel(ylabel, fontsize=MEDIUM)
    ax.set_title(title, fontsize=MEDIUM, loc="left")
    return ax


def number(value):
    """A number as a person would write it: 6,875, 0.0775, 1.35e-10."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    if 1e-3 <= abs(value) < 1e7:
        digits = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


@takes(ax=AXES, size=numbers(at_least=1), price=numbers(at_least=1, as_many_as="size"), unit=TEXT)
def houses(ax, size, price, unit="sq ft"):
    """The data as dots, axes labelled. Returns the dots (Line2D)."""
    plain(ax, f"size ({unit})", "price ($1000)")
    (dots,) = ax.plot(size, price, "o", color=DATA, markersize=7 if len(size) < 50 else 2, zorder=4, label="houses")
    return dots


def model_line(ax, w=0.0, b=0.0, color=MODEL, **style):
    """The line price = w·size + b across the whole axes. Returns it (Line2D); move it with `set_model_line`."""
    (line,) = ax.plot([], [], color=color, **{"linewidth": 2.5, "zorder": 3, **style})
    set_model_line(line, w, b)
    return line


def set_model_line(line, w, b):
    """Move a line drawn by `model_line`."""
    x = np.array(line.axes.get_xlim())
    line.set_data(x, w * x + b)


def error_squares(ax, n):
    """n squares whose sides will be errors: their mean area is the loss. Returns the Polygons, all empty."""
    style = {"facecolor": ERROR, "edgecolor": MODEL, "alpha": 0.35, "linewidth": 1, "zorder": 2}
    return [ax.add_patch(Polygon(np.zeros((4, 2)), **style)) for _ in range(n)]


def set_error_squares(squares, size, price, predicted):
    """Stretch the squares from each price to its prediction; on the screen they are square, whatever the scales."""
    ax = squares[0].axes
    box, (left, right), (bottom, top) = ax.get_window_extent(), ax.get_xlim(), ax.get_ylim()
    width_for_height = ((right - left) / box.width) / ((top - bottom) / box.height)
    for square, x, y, y_hat in zip(squares, size, price, predicted, strict=True):
        side = (
            y_hat - y
        ) * width_for_height  # a line too low opens to the left, away from itself; too high, to the right
        square.set_xy([(x, y), (x, y_hat), (x + side, y_hat), (x + side, y)])


@takes(
    ax=AXES,
    problem=("a problem with a loss", lambda value, given: callable(getattr(value, "loss", None))),
    x=RISING,
    y=RISING,
    levels=("None or rising numbers", lambda value, given: value is None or RISING[1](value, given)),
    labels=(
        "two texts",
        lambda value, given: isinstance(value, tuple) and [type(each) for each in value] == [str, str],
    ),
)
def loss_map(ax, problem, x, y, levels=None, labels=("w", "b")):
    """The loss over two parameters as contours, darker is lower. x, y: the grid's ticks. Returns the contour set.

    The levels are spaced evenly in the square root of the loss, the error's own unit, so that a bowl looks like a bowl.
    """
    plain(ax, *labels)
    loss = np.asarray(problem.loss(np.stack(np.meshgrid(x, y), axis=-1)))
    if loss.shape != (len(y), len(x)) or not np.isfinite(loss).all():
        raise ValueError("problem must have a loss that is one finite number for each pair of x and y")
    if levels is None and loss.min() >= 0:
        low, high = np.sqrt(loss.min()), np.sqrt(loss.max())
        levels = (low + max(high - low, 1e-6) * np.linspace(0, 1, 13)) ** 2
    elif levels is None:
        levels = np.linspace(loss.min(), loss.max() + 1e-6, 13)
    ax.contourf(x, y, loss, levels=levels, cmap="viridis", alpha=0.35, extend="both")
    lines = ax.contour(x, y, loss, levels=levels, cmap="viridis", linewidths=0.8)
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    return lines


@takes(ax=AXES, x=number_from(), y=number_from(), label=TEXT)
def minimum(ax, x, y, label="minimum"):
    """A star where the loss is least. Returns it (Line2D)."""
    (star,) = ax.plot([x], [y], "*", color=MINIMUM, markersize=15, markeredgecolor="white", zorder=6, label=label)
    return star


@takes(ax=AXES, params=("None or the places of a walk, (n, 2)", _points))
def path(ax, params=None, color=MODEL, **style):
    """A walk over a loss map, dots joined by lines. params: (n, 2) or None. Returns it (Line2D)."""
    x, y = ([], []) if params is None else np.asarray(params).T
    defaults = {"marker": "o", "markersize": 4, "linewidth": 1.5, "zorder": 5}
    return ax.plot(x, y, color=color, **(defaults | style))[0]


def here(ax, x=np.nan, y=np.nan, color=MODEL):
    """Where the walker stands: a large dot. Returns it (Line2D)."""
    return ax.plot([x], [y], "o", color=color, markersize=11, markeredgecolor="white", markeredgewidth=1.5, zorder=7)[0]


def remark(ax):
    """A word in the corner of the axes, empty at first. Returns it (Text)."""
    paper = {"facecolor": "white", "linewidth": 0, "alpha": 0.9, "pad": 2}  # a map is too dark behind this colour
    style = {"ha": "right", "va": "top", "fontsize": SMALL, "color": LIMIT, "zorder": 8, "bbox": paper}
    return ax.text(0.97, 0.97, "", transform=ax.transAxes, **style)


@takes(ax=AXES, losses=("a list of numbers, one for each of the steps", _as_many_losses))
def loss_curve(ax, steps=(), losses=(), color=MODEL, log=True, **style):
    """Loss against steps. Returns the line."""
    plain(ax, "step", "loss" + (", log scale" if log else ""))
    if log:
        ax.set_yscale("log")
    return ax.plot(steps, losses, color=color, **{"linewidth": 2, **style})[0]


def slope_line(ax, x=0.0, y=0.0, slope=0.0, length=1.0):
    """The tangent: a short line through (x, y) with this slope. Returns it (Line2D); move it with `set_slope_line`."""
    (line,) = ax.plot([], [], color=SLOPE, linewidth=3.5, zorder=5)
    set_slope_line(line, x, y, slope, length)
    return line


def set_slope_line(line, x, y, slope, length=1.0):
    """Move a tangent drawn by `slope_line`."""
    line.set_data([x - length / 2, x + length / 2], [y - slope * length / 2, y + slope * length / 2])


def stability_bar(ax, limit, low, high):
    """The learning-rate axis from `low` to `high` (log scale), coloured by what happens there.

    Below limit/2 the walk goes straight down, between limit/2 and the limit it swings, above it diverges.
    Returns (safe, swinging, diverging, limit mark): three bands and a line; move them with `set_stability_bar`.
    """
    plain(ax, "learning rate, log scale")
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)
    bands = [
        ax.add_patch(Polygon(np.zeros((4, 2)), facecolor=color, alpha=alpha, linewidth=0))
        for color, alpha in ((MINIMUM, 0.35), (ERROR, 0.45), (LIMIT, 0.35))
    ]
    (mark,) = ax.plot([], [], "--", color=LIMIT, linewidth=2.5, zorder=5)
    set_stability_bar((*bands, mark), limit)
    return (*bands, mark)


def set_stability_bar(artists, limit):
    """Move the bands and the mark of a stability bar to another limit."""
    *bands, mark = artists
    low, high = mark.axes.get_xlim()
    edges = np.clip([low, limit / 2, limit, high], low, high)
    for band, left, right in zip(bands, edges[:-1], edges[1:], strict=True):
        band.set_xy([(left, 0), (right, 0), (right, 0.5), (left, 0.5)])
    mark.set_data([limit, limit], [0, 1])


@takes(
    ax=AXES,
    images=("pictures of numbers, (n, height, width)", _pictures),
    captions=(
        "as many as the pictures",
        lambda value, given: (
            isinstance(value, list | tuple | range | np.ndarray)
            and getattr(value, "ndim", 1) == 1
            and len(value) == len(given["images"])
        ),
    ),
    columns=whole(1, 50),
    rows=whole(1, 50),
)
def pictures(ax, images, captions, columns, rows):
    """Small grey pictures side by side, 0 is white and 1 is black, a caption below each. images: (n, height, width).

    Whatever was drawn on the ax before is wiped off. Returns the captions (Texts).
    """
    ax.clear()
    texts = []
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        top, left = 1.4 * (place // columns), place % columns
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=1, extent=(left + 0.06, left + 0.94, top + 0.94, top + 0.06))
        texts.append(ax.text(left + 0.5, top + 1, caption, ha="center", va="top", fontsize=SMALL, color=DATA))
    ax.set(xlim=(0, columns), ylim=(1.4 * rows, 0), aspect="equal")
    ax.axis("off")
    return texts


def thousands_ticks(axis):
    """Tick labels with commas: 2,000."""
    axis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:,.0f}"))
