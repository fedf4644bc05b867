"""Text is readable on white, and no two ideas look alike to anyone: measured, not promised."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gdhelpers import plots
from gdhelpers.lessons import replies

IDEAS = {name: getattr(plots, name) for name in ("DATA", "MODEL", "ERROR", "MINIMUM", "LIMIT", "SLOPE")}
RACERS = {f"racer {number}": colour for number, (colour, _) in enumerate(plots.RACERS)}
# What a person without one kind of cones sees, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
APART = 14  # distance in CIELAB; about 2 is the least that can be told side by side


def linear(colour):
    """#RRGGBB as linear RGB from 0 to 1 (IEC 61966-2-1)."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    """WCAG 2.2's relative luminance of RGB from 0 to 1, (..., 3) -> (...)."""
    rgb = np.asarray(rgb)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """WCAG 2.2's ratio of two colours, RGB from 0 to 1: 1 for white on white, 21 for black on white."""
    lights = np.stack(np.broadcast_arrays(luminance(one), luminance(other))) + 0.05
    return lights.max(axis=0) / lights.min(axis=0)


def contrast_on_white(colour):
    return contrast(to_rgb(colour), (1, 1, 1))


def lab(rgb):
    """Linear RGB as CIELAB, white D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = to_xyz @ rgb / np.array([0.95047, 1, 1.08883])
    x, y, z = (np.cbrt(value) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one, other, eyes):
    seen = (lab(np.clip(np.array(eyes) @ linear(colour), 0, 1)) for colour in (one, other))
    return np.linalg.norm(next(seen) - next(seen))


@pytest.mark.parametrize(
    "colour",
    sorted({*IDEAS.values(), *RACERS.values(), plots.FAINT, replies.GREEN, replies.RED, replies.GREY} - {plots.ERROR}),
)
def test_text_in_every_colour_but_the_fill_can_be_read_on_white(colour):
    assert contrast_on_white(colour) >= 4.5


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", [IDEAS, RACERS], ids=["ideas", "racers"])
def test_colours_stay_apart_for_every_kind_of_colour_blindness(palette, eyes):
    for (one, colour), (other, second) in itertools.combinations(palette.items(), 2):
        assert distance(colour, second, EYES[eyes]) >= APART, f"{one} and {other} look alike"


def test_walks_that_are_compared_differ_in_dash_as_well():
    assert len({dash for _, dash in plots.RACERS}) == len(plots.RACERS)


def test_measure_finds_what_is_known_to_be_alike_and_unreadable():
    red, green = "#C04000", "#5E6A00"  # clear to most people, one brown to a protanope
    assert distance(red, green, EYES["all cones"]) > 3 * distance(red, green, EYES["protanopia"])
    assert contrast_on_white("#767676") == pytest.approx(4.54, abs=0.01)  # the known grey at the border
    assert contrast_on_white("#FFFFFF") == 1
    assert contrast_on_white("#000000") == 21
