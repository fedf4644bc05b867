"""What is drawn is what was given: the artists' own data, the squares on the screen, the map and its minimum."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import gdhelpers
from gdhelpers import plots
from gdhelpers.datasets import houses
from gdhelpers.problems import LeastSquares

SIZE, PRICE = houses()
COLORS = {name: value for name, value in vars(plots).items() if isinstance(value, str) and value.startswith("#")}
FILLS = {"ERROR"}  # seen as an area with an edge in another colour, never as a line or as text
LIMITS = [((0, 3000), (0, 420)), ((0, 1), (0, 1000)), ((-5, 5), (-0.001, 0.002)), ((100, 4000), (90, 91))]


@pytest.fixture
def ax():
    return plots.figure(width=6, height=4)[1]


def contrast_with_white(color):
    """The contrast ratio of WCAG 2, from 1 to 21."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear) + 0.05)


# Colours


def test_there_is_one_colour_for_each_idea():
    assert {"DATA", "MODEL", "ERROR", "MINIMUM", "LIMIT", "SLOPE", "FAINT"} <= set(COLORS)


@pytest.mark.parametrize("name", sorted(set(COLORS) - FILLS))
def test_colour_of_lines_and_text_is_readable_on_white(name):
    assert contrast_with_white(COLORS[name]) >= 3


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(sorted(COLORS), 2)))
def test_no_two_colours_look_alike(one, other):
    assert np.linalg.norm(np.subtract(to_rgb(COLORS[one]), to_rgb(COLORS[other]))) > 0.25


# Figures and axes


def test_figure_gives_one_axes_or_an_array_of_them():
    fig, ax = plots.figure()
    assert ax.figure is fig
    fig, axes = plots.figure(2, 3, width=10, height=5)
    assert axes.shape == (2, 3)
    assert tuple(fig.get_size_inches()) == (10, 5)


def test_axes_are_labelled_in_readable_sizes(ax):
    assert plots.plain(ax, "step", "loss", "the title") is ax
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("step", "loss", "the title")
    texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    assert min(text.get_fontsize() for text in texts) >= 11
    assert not ax.spines["top"].get_visible()
    assert not ax.spines["right"].get_visible()


def test_thousands_get_a_comma(ax):
    plots.thousands_ticks(ax.xaxis)
    assert ax.xaxis.get_major_formatter()(2000, 0) == "2,000"


def test_package_never_imports_pyplot():
    code = "import sys, gdhelpers.widgets, gdhelpers.lessons; print('matplotlib.pyplot' in sys.modules)"
    folder = Path(gdhelpers.__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# Numbers as a person would write them


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6875, "6,875"),
        (6875.0, "6,875"),
        (0.0775, "0.0775"),
        (1.352e-10, "1.35e-10"),
        (0, "0"),
        (0.0, "0"),
        (1, "1"),
        (10, "10"),
        (100.0, "100"),
        (250, "250"),
        (0.1, "0.1"),
        (0.276889, "0.2769"),
        (3.63636e-7, "3.64e-7"),
        (1e-7, "1e-7"),
        (-1e-4, "-1e-4"),
        (-275000, "-275,000"),
        (-150.0, "-150"),
        (0.001, "0.001"),
        (0.99996, "1"),
        (99999.96, "100,000"),
        (1e7, "1e7"),
        (2e10, "2e10"),
        (1e100, "1e100"),
        (293165231.0, "2.93e8"),
        (np.float64(5000), "5,000"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (-np.inf, "-inf"),
    ],
)
def test_number_is_written_as_a_person_would(value, text):
    assert plots.number(value) == text


@pytest.mark.parametrize("sign", [1, -1])
def test_number_keeps_three_digits_and_never_pads_with_zeros(sign):
    for value in sign * np.random.default_rng(0).choice([-1, 1], 2000) * np.logspace(-12, 12, 2000):
        text = plots.number(value)
        assert float(text.replace(",", "")) == pytest.approx(value, rel=6e-3)
        mantissa = text.partition("e")[0]
        assert "." not in mantissa or mantissa[-1] not in "0."


# Data, lines, paths


def test_houses_are_dots_at_the_data_with_units_on_the_axes(ax):
    dots = plots.houses(ax, SIZE, PRICE)
    assert np.array_equal(dots.get_xydata(), np.column_stack([SIZE, PRICE]))
    assert (dots.get_linestyle(), dots.get_marker(), dots.get_color()) == ("None", "o", plots.DATA)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("size (sq ft)", "price ($1000)")


def test_houses_are_labelled_in_the_unit_given(ax):
    plots.houses(ax, SIZE / 1000, PRICE, unit="thousands of sq ft")
    assert ax.get_xlabel() == "size (thousands of sq ft)"


def test_many_houses_are_smaller_dots(ax):
    few, many = plots.houses(ax, SIZE, PRICE), plots.houses(ax, np.arange(100), np.arange(100))
    assert many.get_markersize() < few.get_markersize()


@pytest.mark.parametrize(("xlim", "ylim"), LIMITS)
def test_model_line_spans_the_axes_and_follows(ax, xlim, ylim):
    ax.set(xlim=xlim, ylim=ylim)
    line = plots.model_line(ax, w=0.5, b=-2)
    for w, b in [(0.5, -2), (0.1, 100), (0, 3)]:
        plots.set_model_line(line, w, b)
        x, y = line.get_data()
        assert tuple(x) == xlim
        assert np.allclose(y, w * np.array(xlim) + b)
    assert (ax.get_xlim(), ax.get_ylim()) == (xlim, ylim)


def test_model_line_begins_where_it_is_told(ax):
    ax.set(xlim=(0, 2), ylim=(0, 9))
    line = plots.model_line(ax, w=3, b=1, color=plots.FAINT, linestyle=":")
    assert np.array_equal(line.get_ydata(), [1, 7])
    assert (line.get_color(), line.get_linestyle()) == (plots.FAINT, ":")


@pytest.mark.parametrize(("xlim", "ylim"), LIMITS)
def test_error_squares_are_square_on_the_screen_and_as_high_as_the_error(ax, xlim, ylim):
    ax.set(xlim=xlim, ylim=ylim)
    ax.figure.draw_without_rendering()
    x, y = np.linspace(*xlim, 5), np.linspace(*ylim, 5)
    predicted = y[::-1] + 0.1 * np.ptp(ylim)
    squares = plots.error_squares(ax, 5)
    plots.set_error_squares(squares, x, y, predicted)
    for square, left, actual, guess in zip(squares, x, y, predicted, strict=True):
        corners = square.get_xy()[:4]
        assert np.array_equal(corners[0], [left, actual])
        assert np.array_equal(corners[1], [left, guess])
        assert np.ptp(corners[:, 1]) == pytest.approx(abs(guess - actual), rel=1e-9)
        sides = np.diff(ax.transData.transform(square.get_xy()[:5]), axis=0)
        assert np.allclose(np.hypot(*sides.T), np.hypot(*sides[0]), rtol=0.005)
        assert np.allclose(np.abs(sides).min(axis=1), 0, atol=1e-6), "a tilted square"
        assert (corners[2, 0] < left) == (guess < actual), "the square must open away from the line"


def test_there_are_as_many_error_squares_as_houses(ax):
    squares = plots.error_squares(ax, 3)
    assert len(squares) == len(ax.patches) == 3
    assert not any(square.get_xy().any() for square in squares)
    with pytest.raises(ValueError, match="shorter"):
        plots.set_error_squares(squares, SIZE[:2], PRICE[:2], PRICE[:2])


def test_path_holds_the_walk(ax):
    walk = np.array([[0.05, 100], [0.0775, 100.1], [0.09, 99]])
    path = plots.path(ax, walk, color=plots.LIMIT)
    assert np.array_equal(path.get_xydata(), walk)
    assert path.get_marker() == "o"
    assert path.get_color() == plots.LIMIT
    assert len(plots.path(ax).get_xdata()) == 0
    assert plots.path(ax, walk, marker="s", alpha=0.5).get_marker() == "s"


def test_minimum_is_a_star_and_here_a_dot(ax):
    star, dot = plots.minimum(ax, 3, 4), plots.here(ax, 1, 2, color=plots.LIMIT)
    assert star.get_xydata().tolist() == [[3, 4]]
    assert (star.get_marker(), star.get_color()) == ("*", plots.MINIMUM)
    assert dot.get_xydata().tolist() == [[1, 2]]
    assert (dot.get_marker(), dot.get_color()) == ("o", plots.LIMIT)
    assert np.isnan(plots.here(ax).get_xydata()).all()


@pytest.mark.parametrize(("log", "label"), [(True, "loss, log scale"), (False, "loss")])
def test_loss_curve_holds_the_losses_and_announces_its_scale(ax, log, label):
    curve = plots.loss_curve(ax, [0, 1, 2], [6875, 1392, 282], log=log, linestyle="--")
    assert curve.get_xydata().tolist() == [[0, 6875], [1, 1392], [2, 282]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", label, "log" if log else "linear")
    assert curve.get_linestyle() == "--"


@pytest.mark.parametrize(("x", "y", "slope", "length"), [(1, 2, 3, 0.5), (0, 0, 0, 1), (-2, 9, -4, 2)])
def test_slope_line_has_the_slope_and_its_middle_at_the_point(ax, x, y, slope, length):
    for line in (plots.slope_line(ax, x, y, slope, length), plots.slope_line(ax)):
        plots.set_slope_line(line, x, y, slope, length)
        (left, right), (low, high) = line.get_data()
        assert right - left == pytest.approx(length)
        assert (high - low) / (right - left) == pytest.approx(slope)
        assert ((left + right) / 2, (low + high) / 2) == pytest.approx((x, y))
    assert plots.slope_line(ax, x, y, slope, length).get_xdata()[0] == x - length / 2


# The loss map


@pytest.mark.parametrize(
    ("scale", "x", "y"),
    [(1, (0.04, 0.16), (40, 160)), (1000, (0, 200), (0, 200)), (500, (-50, 250), (0, 170))],
)
def test_lowest_place_of_the_loss_map_is_the_least_squares_minimum(ax, scale, x, y):
    problem = LeastSquares.line(SIZE / scale, PRICE + np.array([3, -5, 0, 8, -2]))
    x, y = np.linspace(*x, 121), np.linspace(*y, 121)
    drawn = []
    ax.contour = ax.contourf = lambda X, Y, Z, **options: drawn.append((X, Y, Z))
    plots.loss_map(ax, problem, x, y)
    assert len(drawn) == 2, "areas and lines"
    for X, Y, loss in drawn:
        row, column = np.unravel_index(loss.argmin(), loss.shape)
        lowest, best = np.array([X[column], Y[row]]), problem.minimum()
        # The valley is narrow and aslant, so the lowest place of the grid need not be the nearest to the minimum.
        assert np.all(np.abs(lowest - best) < [0.1 * np.ptp(x), 0.1 * np.ptp(y)])
        nearest = problem.loss((x[abs(x - best[0]).argmin()], y[abs(y - best[1]).argmin()]))
        assert problem.loss(best) <= loss.min() <= nearest
        assert loss[row, column] == pytest.approx(problem.loss(lowest))
        assert loss[2, 5] == pytest.approx(problem.loss((x[5], y[2]))), "w must run to the right and b upwards"


def test_levels_of_the_loss_map_increase_and_are_even_in_the_square_root(ax, five):
    contours = plots.loss_map(ax, five, np.linspace(0.04, 0.16, 41), np.linspace(40, 160, 31))
    assert len(contours.levels) >= 8
    assert np.all(np.diff(contours.levels) > 0)
    assert np.allclose(np.diff(np.sqrt(contours.levels)), np.diff(np.sqrt(contours.levels))[0])
    assert contours.levels[-1] == pytest.approx(five.loss((0.16, 160)), rel=0.5)


def test_loss_map_fills_the_axes_takes_other_levels_and_labels_both_parameters(ax, five):
    contours = plots.loss_map(ax, five, np.linspace(0, 1, 20), np.linspace(-3, 3, 20), [1, 10, 100], ("first", "other"))
    assert contours.levels.tolist() == [1, 10, 100]
    assert (*ax.get_xlim(), *ax.get_ylim()) == (0, 1, -3, 3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("first", "other")


# The stability bar


@pytest.mark.parametrize("limit", [1.0, 3.6e-7, 1e-9, 1.5e-9, 10, 15, 1e5, 1e-20])
def test_bands_of_the_stability_bar_meet_at_half_the_limit_and_at_the_limit_inside_the_axes(ax, limit):
    low, high = 1e-9, 10
    artists = plots.stability_bar(ax, 1.0, low, high)
    plots.set_stability_bar(artists, limit)
    *bands, mark = artists
    edges = [(band.get_xy()[:, 0].min(), band.get_xy()[:, 0].max()) for band in bands]
    half, whole = np.clip([limit / 2, limit], low, high)
    assert edges == [(low, half), (half, whole), (whole, high)]
    assert all(np.ptp(band.get_xy()[:, 1]) == 0.5 for band in bands)
    assert list(mark.get_xdata()) == [limit, limit]
    assert np.ptp(mark.get_ydata()) == 1
    assert (*ax.get_xlim(), *ax.get_ylim()) == (low, high, 0, 1)


def test_stability_bar_goes_from_safe_to_danger_on_an_announced_log_scale(ax):
    safe, swinging, diverging, mark = plots.stability_bar(ax, 0.5, 1e-3, 1e3)
    assert [to_rgb(band.get_facecolor()[:3]) for band in (safe, swinging, diverging)] == [
        to_rgb(color) for color in (plots.MINIMUM, plots.ERROR, plots.LIMIT)
    ]
    assert (mark.get_color(), mark.get_linestyle()) == (plots.LIMIT, "--")
    assert list(mark.get_xdata()) == [0.5, 0.5]
    assert ax.get_xscale() == "log"
    assert "log scale" in ax.get_xlabel()


# Small pictures


def test_pictures_stand_side_by_side_with_their_captions_below(ax):
    images = np.random.default_rng(0).uniform(size=(5, 8, 8))
    ax.plot([0, 9], [0, 9])
    captions = plots.pictures(ax, images, [4, "a", "b", "c", 7], columns=3, rows=2)
    assert not ax.lines, "what was there before is still there"
    assert [text.get_text() for text in captions] == ["4", "a", "b", "c", "7"]
    assert np.allclose([image.get_array() for image in ax.images], images)
    corners = [image.get_extent() for image in ax.images]  # left, right, bottom, top, y downward
    assert [round(left) for left, *_ in corners] == [0, 1, 2, 0, 1]
    for image, (left, right, bottom, top), text in zip(ax.images, corners, captions, strict=True):
        assert image.get_clim() == (0, 1)
        assert image.get_cmap()(1.0)[:3] == (0, 0, 0), "1 is ink"
        assert right - left == pytest.approx(bottom - top)
        x, y = text.get_position()
        assert left < x < right
        assert bottom < y < ax.get_ylim()[0]
    assert ax.get_xlim() == (0, 3)
    assert ax.get_aspect() == 1
    assert min(text.get_fontsize() for text in captions) >= 11


def test_no_pictures_leave_an_empty_place_of_the_same_size(ax):
    plots.pictures(ax, np.zeros((6, 8, 8)), range(6), columns=3, rows=2)
    full = ax.get_xlim(), ax.get_ylim()
    assert plots.pictures(ax, np.zeros((0, 8, 8)), [], columns=3, rows=2) == []
    assert (ax.get_xlim(), ax.get_ylim()) == full
    assert not ax.images
