"""The explorers: a few controls, one call to compute, one call to draw, one sentence in words. No mathematics here."""

from gdhelpers.widgets.batches import gradient_cloud, three_types_explorer
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
from gdhelpers.widgets.networks import Training, training_explorer
from gdhelpers.widgets.scale import bandit_explorer, scale_explorer
from gdhelpers.widgets.summary import formula_explorer
from gdhelpers.widgets.valleys import race_explorer, ravine_explorer, shaken_explorer, valley_explorer

__all__ = [
    "Progress",
    "Training",
    "bandit_explorer",
    "blindfold",
    "curve_explorer",
    "formula_explorer",
    "gradient_cloud",
    "learning_rate_explorer",
    "line_explorer",
    "map_explorer",
    "progress",
    "projector",
    "race_explorer",
    "ravine_explorer",
    "scale_explorer",
    "schedule_explorer",
    "shaken_explorer",
    "slope_explorer",
    "start_explorer",
    "step_explorer",
    "three_types_explorer",
    "training_explorer",
    "valley_explorer",
]
