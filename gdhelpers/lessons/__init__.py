"""Predictions that are locked before the answer is seen, and exercise checks that say what is wrong."""

from gdhelpers.lessons.batches import check_batch_step, check_epoch
from gdhelpers.lessons.lines import (
    check_gradient,
    check_learning_rate,
    check_loss,
    check_number,
    check_step,
    check_walk,
)
from gdhelpers.lessons.networks import check_backpropagation, check_parameter_count
from gdhelpers.lessons.questions import predict, quiz
from gdhelpers.lessons.replies import check_installation, export_progress, forget, progress_report
from gdhelpers.lessons.scale import check_policy_gradient
from gdhelpers.lessons.summary import check_fit
from gdhelpers.lessons.valleys import check_adam

__all__ = [
    "check_adam",
    "check_backpropagation",
    "check_batch_step",
    "check_epoch",
    "check_fit",
    "check_gradient",
    "check_installation",
    "check_learning_rate",
    "check_loss",
    "check_number",
    "check_parameter_count",
    "check_policy_gradient",
    "check_step",
    "check_walk",
    "export_progress",
    "forget",
    "predict",
    "progress_report",
    "quiz",
]
