"""The explorers: a few controls, one call to compute, one call to draw, one sentence in words. No mathematics here."""

from gdhelpers.widgets.controls import Progress, progress, projector
from gdhelpers.widgets.lines import (
    blindfold,
    curve_explorer,
    learning_rate_explorer,
    line_explorer,
    map_explorer,
    schedule_explorer,
    slope_explorer,
    start_explorer,
    step_explorer,
)

__all__ = [
    "Progress",
    "blindfold",
    "curve_explorer",
    "learning_rate_explorer",
    "line_explorer",
    "map_explorer",
    "progress",
    "projector",
    "schedule_explorer",
    "slope_explorer",
    "start_explorer",
    "step_explorer",
]
