"""Would the tests see it? The package is broken on purpose, one mistake at a time, and a test must fail each time.

All of it happens in a copy. `caught` says what counts: a test that ran and found something wrong. In the end a stored
notebook is spoiled, too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from threading import Timer
from typing import NamedTuple

import nbformat
import pytest

COURSE = Path(__file__).parent.parent
PATIENCE = 60  # seconds for the tests of one mutant
# without the options of the tests that run here; and compiled tests take half the time
OWN = ("PYTEST_", "PYTHONDONTWRITEBYTECODE")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}

# file: {what goes wrong: (the text as it is, the text with the mistake, the test that must fail)}
WRONG = {
    "problems.py": {
        "the loss is a sum, no mean": (
            "((self.predict(params) - self.y) ** 2).mean(axis=-1)",
            "((self.predict(params) - self.y) ** 2).sum(axis=-1)",
            "test_problems.py::test_loss_is_the_mean_of_squares",
        ),
        "the loss is halved": (
            "((self.predict(params) - self.y) ** 2).mean(axis=-1)",
            "((self.predict(params) - self.y) ** 2).mean(axis=-1) / 2",
            "test_problems.py::test_loss_and_gradient_of_the_article",
        ),
        "the 2 is missing in the gradient": (
            "return 2 / n_rows * total",
            "return 1 / n_rows * total",
            "test_problems.py::test_gradient_matches_central_differences",
        ),
        "the gradient is a sum, no mean": (
            "return 2 / n_rows * total",
            "return 2 * total",
            "test_problems.py::test_gradient_matches_central_differences",
        ),
        "the gradient has the wrong sign": (
            "return 2 / n_rows * total",
            "return -2 / n_rows * total",
            "test_problems.py::test_loss_and_gradient_of_the_article",
        ),
        "the gradient forgets all blocks of rows but the last": (
            "total = total + errors @ X",
            "total = errors @ X",
            "test_problems.py::test_gradient_over_many_rows_is_the_mean_over_all_of_them",
        ),
        "the bias comes before the slope": (
            "np.column_stack([x, np.ones_like(x)])",
            "np.column_stack([np.ones_like(x), x])",
            "test_problems.py::test_line_has_the_slope_first_and_the_bias_second",
        ),
        "a batch takes the prices of other houses": (
            "LeastSquares(self.X[rows], self.y[rows])",
            "LeastSquares(self.X[rows], self.y[: len(rows)])",
            "test_problems.py::test_batch_is_the_smaller_problem",
        ),
        "the 2 is missing in the Hessian": (
            "hessian = 2 / self.n_rows * self.X.T @ self.X",
            "hessian = 1 / self.n_rows * self.X.T @ self.X",
            "test_problems.py::test_hessian_is_the_slope_of_the_gradient",
        ),
        "the limit of the learning rate is 1/λmax": (
            "float(2 / steepest)",
            "float(1 / steepest)",
            "test_problems.py::test_limit_is_two_over_the_largest_curvature",
        ),
        "the limit looks at the smallest curvature": (
            "np.linalg.eigvalsh(self.hessian())[-1]",
            "np.linalg.eigvalsh(self.hessian())[0]",
            "test_problems.py::test_limit_is_two_over_the_largest_curvature",
        ),
        "a gentle slope has no limit": (
            "if steepest > 0 else np.inf",
            "if steepest > 1 else np.inf",
            "test_problems.py::test_a_nearly_flat_problem_has_a_limit_far_out",
        ),
        "the closed form loses the minimum at a rate that diverges": (
            "np.where(distance == 0, 0, distance * shrink ** n_steps[..., None])",
            "distance * shrink ** n_steps[..., None]",
            "test_problems.py::test_after_stays_at_the_minimum_whatever_the_rate",
        ),
        "half a step is taken": (
            "if (n_steps < 0).any() or (n_steps % 1).any():",
            "if (n_steps < 0).any():",
            "test_problems.py::test_steps_that_cannot_be_counted_are_refused",
        ),
        "the closed form walks one step too many": (
            "shrink ** n_steps[..., None]",
            "shrink ** (n_steps[..., None] + 1)",
            "test_problems.py::test_after_equals_a_loop",
        ),
        "the closed form stops one step before the target": (
            "        return enough\n",
            "        return too_few\n",
            "test_problems.py::test_steps_to_counts_the_article_s_steps",
        ),
        "at the limit itself a walk is said to arrive": (
            "0 < learning_rate < self.learning_rate_limit()",
            "0 < learning_rate <= self.learning_rate_limit()",
            "test_problems.py::test_steps_to_is_none_from_the_limit_up_even_when_the_walk_passes_the_target",
        ),
        "the slope of the two valleys has a sine of the wrong sign": (
            "4.4 * (x - 6.2) - 18.2 * np.sin(1.3 * (x - 0.05))",
            "4.4 * (x - 6.2) + 18.2 * np.sin(1.3 * (x - 0.05))",
            "test_problems.py::test_landscape_gradient_matches_central_differences",
        ),
        "the inner derivative is missing in the rippled bowl": (
            "0.2 * x + 0.9 * np.sin(3 * x)",
            "0.2 * x + 0.3 * np.sin(3 * x)",
            "test_landscapes.py::test_the_slope_of_a_curve_matches_central_differences",
        ),
        "the camel's mixed term is missing in one slope": (
            "x + (-8 + 16 * yy) * y]",
            "(-8 + 16 * yy) * y]",
            "test_landscapes.py::test_the_gradient_of_a_surface_matches_central_differences",
        ),
        "the ravine is turned the other way": (
            "hessian = axes @ np.diag([1.0, kappa]) @ axes.T",
            "hessian = axes.T @ np.diag([1.0, kappa]) @ axes",
            "test_landscapes.py::test_the_curvatures_of_a_ravine_are_1_and_kappa",
        ),
        "the saddle's two valleys are one": (
            "minima=((0.0, 1.0), (0.0, -1.0))",
            "minima=((0.0, 1.0), (0.0, 1.0))",
            "test_landscapes.py::test_minima_are_flat_and_curve_upwards",
        ),
        "the noisy rows' tilts are added up": (
            'self.landscape.gradient(_array("x", x)) + self.tilts.mean()',
            'self.landscape.gradient(_array("x", x)) + self.tilts.sum()',
            "test_landscapes.py::test_noisy_batches_of_equal_size_average_to_the_whole",
        ),
        "the network's loss is a sum, no mean": (
            "(np.log(np.exp(scores).sum(axis=1)) - chosen).mean()",
            "(np.log(np.exp(scores).sum(axis=1)) - chosen).sum()",
            "test_network.py::test_loss_is_the_mean_cross_entropy_of_a_softmax",
        ),
        "large scores overflow": (
            "scores = scores - scores.max(axis=1, keepdims=True)",
            "scores = scores - 0",
            "test_network.py::test_huge_scores_do_not_overflow",
        ),
        "backpropagation goes straight through the bend of tanh": (
            'error *= 1 - below**2 if self.activation == "tanh" else below > 0',
            'error *= 1 if self.activation == "tanh" else below > 0',
            "test_network.py::test_gradient_matches_central_differences",
        ),
        "backpropagation goes straight through the bend of ReLU": (
            'error *= 1 - below**2 if self.activation == "tanh" else below > 0',
            'error *= 1 - below**2 if self.activation == "tanh" else 1',
            "test_network.py::test_gradient_matches_central_differences",
        ),
        "the 1/n is missing in backpropagation": (
            "        error /= self.n_rows\n",
            "",
            "test_network.py::test_gradient_matches_central_differences",
        ),
        "backpropagation uses the weights transposed": (
            "error = error @ weights\n",
            "error = error @ (weights.T if weights.shape[0] == weights.shape[1] else weights)\n",
            "test_network.py::test_gradient_matches_central_differences",
        ),
        "the right label is not taken off": (
            "error[np.arange(self.n_rows), self.labels] -= 1",
            "error[np.arange(self.n_rows), self.labels] -= 0",
            "test_network.py::test_gradient_matches_central_differences",
        ),
        "the network starts twice as wide as He": (
            "np.sqrt(2 / weights.shape[1])",
            "np.sqrt(4 / weights.shape[1])",
            "test_network.py::test_the_start_is_he_s",
        ),
        "the numerical gradient looks to one side only": (
            "_one_loss(loss(params - nudge))",
            "_one_loss(loss(params))",
            "test_problems.py::test_numerical_gradient_is_central",
        ),
    },
    "optimizers.py": {
        "gradient descent walks uphill": (
            "return params - rate * direction",
            "return params + rate * direction",
            "test_optimizers.py::test_gradient_descent_takes_one_step_by_hand",
        ),
        "a long step forgets what lies beyond its first piece": (
            "for first in range(0, params.size, PIECE):",
            "new[:] = params\n    for first in range(0, PIECE, PIECE):",
            "test_optimizers.py::test_gradient_descent_on_many_parameters_is_the_plain_formula",
        ),
        "gradient descent asks its schedule for the next step": (
            "_rate(self.learning_rate, step), gradient)",
            "_rate(self.learning_rate, step + 1), gradient)",
            "test_optimizers.py::test_a_schedule_is_asked_at_each_step_from_0",
        ),
        "momentum is the averaging one": (
            "+ gradient\n        return params - _rate(self.learning_rate, step) * velocity,",
            "+ (1 - self.beta) * gradient\n        return params - _rate(self.learning_rate, step) * velocity,",
            "test_optimizers.py::test_under_a_steady_gradient_the_step_grows_to_the_rate_over_one_minus_beta",
        ),
        "momentum walks uphill": (
            "return params - _rate(self.learning_rate, step) * velocity,",
            "return params + _rate(self.learning_rate, step) * velocity,",
            "test_optimizers.py::test_momentum_follows_a_recursion_by_hand",
        ),
        "Nesterov does not look ahead": (
            "(gradient + self.beta * velocity)",
            "velocity",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Nesterov's momentum does not count its steps for the schedule": (
            "(gradient + self.beta * velocity), (step + 1, velocity)",
            "(gradient + self.beta * velocity), (step, velocity)",
            "test_optimizers.py::test_a_schedule_is_asked_at_each_step_from_0",
        ),
        "RMSProp asks its schedule from step 1": (
            "step, square = state or (0, 0.0)",
            "step, square = state or (1, 0.0)",
            "test_optimizers.py::test_a_schedule_is_asked_at_each_step_from_0",
        ),
        "RMSProp forgets the square": (
            "square = self.beta * square + (1 - self.beta) * gradient**2",
            "square = self.beta * square + (1 - self.beta) * np.abs(gradient)",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "RMSProp forgets the root": (
            "gradient / (np.sqrt(square) + self.epsilon)",
            "gradient / (square + self.epsilon)",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "RMSProp has its epsilon inside the root": (
            "gradient / (np.sqrt(square) + self.epsilon)",
            "gradient / np.sqrt(square + self.epsilon)",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Adam's bias correction is missing": (
            "if self.bias_correction:",
            "if False:",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Adam cannot do without the bias correction": (
            "if self.bias_correction:",
            "if True:",
            "test_landscapes.py::test_without_the_correction_adam_s_first_steps_are_too_long",
        ),
        "Adam corrects m alone": (
            "np.sqrt(v / correct_v)",
            "np.sqrt(v)",
            "test_landscapes.py::test_without_the_correction_adam_s_first_steps_are_too_long",
        ),
        "Adam counts its steps from 2": (
            "1 - self.beta1 ** (step + 1), 1 - self.beta2 ** (step + 1)",
            "1 - self.beta1 ** (step + 2), 1 - self.beta2 ** (step + 2)",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Adam's m and v have each other's beta": (
            "beta1: float = 0.9\n    beta2: float = 0.999",
            "beta1: float = 0.999\n    beta2: float = 0.9",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Adam's v uses beta1": (
            "v = self.beta2 * v + (1 - self.beta2) * gradient**2",
            "v = self.beta1 * v + (1 - self.beta1) * gradient**2",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "Adam has its epsilon inside the root": (
            "(np.sqrt(v / correct_v) + self.epsilon)",
            "np.sqrt(v / correct_v + self.epsilon)",
            "test_parity.py::test_every_optimizer_walks_as_in_pytorch",
        ),
        "the rate drops one step late": (
            "sum(step >= drop for drop in drops)",
            "sum(step > drop for drop in drops)",
            "test_optimizers.py::test_step_decay_drops_at_its_steps",
        ),
        "exponential decay arrives one step early": (
            "_power(final, step / n_steps)",
            "_power(final, (step + 1) / n_steps)",
            "test_optimizers.py::test_exponential_decay_at_its_ends_and_its_middle",
        ),
        "the cosine comes up again after its end": (
            "min(step / n_steps, 1)",
            "step / n_steps",
            "test_optimizers.py::test_cosine_stays_at_0_after_its_end",
        ),
        "warm-up begins with a step of 0": (
            "float(_rate(schedule, 0)) * (step + 1) / n_steps",
            "float(_rate(schedule, 0)) * step / n_steps",
            "test_optimizers.py::test_warmup_climbs_in_a_straight_line",
        ),
        "the schedule has gone on during the warm-up": (
            "else _rate(schedule, step - n_steps)",
            "else _rate(schedule, step)",
            "test_optimizers.py::test_warmup_leads_into_a_schedule_that_then_starts_at_its_own_step_0",
        ),
    },
    "descent.py": {
        "rows are not shuffled": (
            "order = rng.permutation(n_rows)",
            "order = np.arange(n_rows)",
            "test_descent.py::test_rows_come_in_a_random_order_that_changes_with_the_epoch_and_the_seed",
        ),
        "every epoch has the same order": (
            "for rows in minibatches(problem.n_rows, batch_size, rng):",
            "for rows in minibatches(problem.n_rows, batch_size, np.random.default_rng(0)):",
            "test_descent.py::test_each_step_sees_its_own_batch_and_an_epoch_sees_all",
        ),
        "the seed is ignored": (
            "order = rng.permutation(n_rows)",
            "order = np.random.default_rng(0).permutation(n_rows)",
            "test_descent.py::test_rows_come_in_a_random_order_that_changes_with_the_epoch_and_the_seed",
        ),
        "the short last batch is dropped": (
            "for first in range(0, n_rows, batch_size))",
            "for first in range(0, n_rows - batch_size + 1, batch_size))",
            "test_descent.py::test_an_epoch_covers_every_row_once",
        ),
        "an epoch begins at its second row": (
            "for first in range(0, n_rows, batch_size))",
            "for first in range(1, n_rows, batch_size))",
            "test_descent.py::test_an_epoch_covers_every_row_once",
        ),
        "one record, changed in place": (
            "records.append((step, params.copy(), seen, seconds))",
            "records.append((step, params, seen, seconds))",
            "test_descent.py::test_the_record_of_an_optimizer_that_keeps_one_array_is_right",
        ),
        "the start is changed in place": (
            "params = np.array(start)",
            "params = np.asarray(start)",
            "test_descent.py::test_an_optimizer_that_works_in_place_spoils_neither_history_nor_start",
        ),
        "an optimizer may change the last finite place": (
            "given = params.copy() if in_place else params",
            "given = params",
            "test_descent.py::test_the_last_finite_step_of_an_optimizer_that_works_in_place_is_kept",
        ),
        "the state is lost at each step": (
            "update(given, gradient, state)",
            "update(given, gradient, None)",
            "test_descent.py::test_momentum_keeps_its_velocity_along_the_walk",
        ),
        "a batch's step uses the gradient of all rows": (
            "part.gradient(params)",
            "problem.gradient(params)",
            "test_descent.py::test_descend_equals_a_loop_by_hand_over_minibatches",
        ),
        "records are off by one": (
            "if step % record_every == 0 or step == n_steps:\n                    records",
            "if step % record_every == 1 or step == n_steps:\n                    records",
            "test_descent.py::test_the_start_the_multiples_and_the_last_step_are_kept",
        ),
        "the last finite step is not recorded": (
            "records.append(done)",
            "pass",
            "test_descent.py::test_the_last_finite_step_is_kept",
        ),
        "a walk has one step too many": (
            "if step == n_steps or stopped is not None:",
            "if step == n_steps + 1 or stopped is not None:",
            "test_descent.py::test_descend_equals_a_loop_by_hand",
        ),
        "each step counts all rows as seen": (
            "seen += part_rows",
            "seen += n_rows",
            "test_descent.py::test_examples_seen_count_short_batches_right",
        ),
        "a short batch counts as a whole one": (
            "yield problem.batch(rows), len(rows)",
            "yield problem.batch(rows), batch_size",
            "test_descent.py::test_examples_seen_count_short_batches_right",
        ),
        "a landscape has no examples to see": (
            'n_rows = getattr(problem, "n_rows", 1)\n    while True:',
            'n_rows = getattr(problem, "n_rows", 0)\n    while True:',
            "test_descent.py::test_examples_seen_of_a_problem_without_rows_count_its_steps",
        ),
        "divergence is not noticed": (
            "if look and not np.vdot(params, params) < ABSURD**2:",
            "if False:",
            "test_descent.py::test_the_last_finite_step_is_kept",
        ),
        "a NaN is no divergence": (
            "if look and not np.vdot(params, params) < ABSURD**2:",
            "if look and np.vdot(params, params) >= ABSURD**2:",
            "test_descent.py::test_wide_walk_is_looked_at_every_tenth_step_and_records_nothing_broken",
        ),
        "divergence is said one step too early": (
            "diverged = step\n",
            "diverged = step - 1\n",
            "test_descent.py::test_the_article_s_rate_diverges_at_step_88",
        ),
        "a loss that overflows stays in the record": (
            "return walk if np.isfinite(losses).all() else _cut_where_the_loss_overflows(walk)",
            "return walk",
            "test_descent.py::test_several_walks_at_once_are_cut_where_the_first_loss_overflows",
        ),
        "the part of a walk has one record too many": (
            "getattr(self, name)[:n]",
            "getattr(self, name)[: n + 1]",
            "test_descent.py::test_until_keeps_what_happened_by_then",
        ),
        "a target that is just met is not reached": (
            "reached = self.losses <= target",
            "reached = self.losses < target",
            "test_descent.py::test_steps_to_is_the_first_recorded_step_at_or_below_the_target",
        ),
        "the clock starts again at each step": (
            "seconds += perf_counter() - begin",
            "seconds = perf_counter() - begin",
            "test_descent.py::test_seconds_count_the_steps",
        ),
    },
    "datasets.py": {
        "w is divided where it must be multiplied": (
            "np.stack([w * self.scale, b + w * self.shift], axis=-1)",
            "np.stack([w / self.scale, b + w * self.shift], axis=-1)",
            "test_datasets.py::test_the_same_line_predicts_the_same_prices_in_every_unit",
        ),
        "the shift is lost on the way back to square feet": (
            "b - w * self.shift / self.scale",
            "b",
            "test_datasets.py::test_params_come_back_from_every_unit",
        ),
        "sizes are shifted after they are scaled": (
            '(_numbers("size", size) - self.shift) / self.scale',
            '_numbers("size", size) / self.scale - self.shift',
            "test_datasets.py::test_standardised_sizes_have_mean_0_and_standard_deviation_1",
        ),
        "a square foot costs a thousandth": (
            "1000 * self.to_sq_ft(params)[..., 0]",
            "self.to_sq_ft(params)[..., 0]",
            "test_datasets.py::test_the_true_line_costs_100_dollars_per_sq_ft_in_every_unit",
        ),
        "the houses ignore their seed": (
            "size = rng.uniform(500, 3500, n_houses)",
            "size = np.random.default_rng(0).uniform(500, 3500, n_houses)",
            "test_datasets.py::test_the_same_seed_gives_the_same_houses",
        ),
        "the noise is given as a variance": (
            "rng.normal(0, abs(noise), n_houses)",
            "rng.normal(0, np.sqrt(noise), n_houses)",
            "test_datasets.py::test_noise_is_a_standard_deviation_and_may_be_0",
        ),
        "the split of the digits ignores its seed": (
            "np.random.default_rng(split).permutation(len(X))",
            "np.random.default_rng(0).permutation(len(X))",
            "test_digits.py::test_the_same_seed_gives_the_same_split_and_another_seed_another",
        ),
        "the test digits are trained on, too": (
            "test, train = order[:360], order[360:]",
            "test, train = order[:360], order[:1437]",
            "test_digits.py::test_no_picture_is_in_both_parts",
        ),
    },
    "lessons/checking.py": {
        "every check accepts everything": (
            "    if same(mine, right, rtol):\n        return\n",
            "    return\n",
            "test_lessons.py::test_wrong_gradient_is_diagnosed",
        ),
        "a check looks at its first number only": (
            "return np.shape(mine) == np.shape(right) and bool(np.allclose(mine, right, rtol=rtol, atol=1e-12))",
            "return bool(np.allclose(np.ravel(mine)[0], np.ravel(right)[0], rtol=rtol, atol=1e-12))",
            "test_lessons.py::test_wrong_step_is_diagnosed",
        ),
        "every check is content with one per cent": (
            "suspects, otherwise, rtol=1e-9):",
            "suspects, otherwise, rtol=1e-2):",
            "test_lessons.py::test_wrong_step_is_diagnosed",
        ),
        "a walk that is nearly right but for its missing start is called right": (
            "def same(mine, right, rtol=1e-9):",
            "def same(mine, right, rtol=1e-2):",
            "test_lessons.py::test_wrong_walk_is_diagnosed",
        ),
        "a failed check is kept as passed": (
            "            return Verdict(*stop.args)\n        what",
            "            message = str(stop)\n        what",
            "test_lessons.py::test_failed_check_is_not_kept",
        ),
        "a stub counts as a wrong answer": (
            'raise Stop(None, f"Put your own line',
            'raise Stop(False, f"Put your own line',
            "test_lessons.py::test_untouched_stub_is_not_attempted",
        ),
        "the two orders of updating are taken for each other": (
            "[new_w, b - slopes(new_w, b)[1]]",
            "[w - slopes(w, new_b)[0], new_b]",
            "test_lessons.py::test_wrong_step_is_diagnosed",
        ),
    },
    "lessons/lines.py": {
        "the check of the loss wants the sum": (
            "(errors**2).mean()\n        suspects",
            "(errors**2).sum()\n        suspects",
            "test_lessons.py::test_right_loss_is_accepted_in_every_style",
        ),
        "the missing 2 has lost its diagnosis": (
            'the 2 from differentiating the square is missing.": right / 2,',
            'the 2 from differentiating the square is missing.": right,',
            "test_lessons.py::test_wrong_gradient_is_diagnosed",
        ),
        "the words for swapped and for wrong sign are swapped": (
            '"The sizes are right, the signs are not: is it predicted - actual?": -right,',
            '"The sizes are right, the signs are not: is it predicted - actual?": right[::-1],',
            "test_lessons.py::test_wrong_gradient_is_diagnosed",
        ),
        "a gradient is tried at one place only": (
            '    for w, b in PLACES:\n        what = "gradient(w, b)',
            '    for w, b in PLACES[:1]:\n        what = "gradient(w, b)',
            "test_lessons.py::test_wrong_gradient_is_diagnosed",
        ),
        "a number of the wrong sign is accepted": (
            'mine = numbers(value, (), "one number")',
            'mine = abs(numbers(value, (), "one number"))',
            "test_lessons.py::test_number_says_what_is_wrong",
        ),
        "the history changed in place is taken for a standstill": (
            "if not moved and same(mine[-1], right[0]):",
            "if not moved:",
            "test_lessons.py::test_wrong_walk_is_diagnosed",
        ),
        "a learning rate at the limit is accepted": (
            "if mine >= limit:",
            "if mine > limit:",
            "test_lessons.py::test_bad_learning_rate_is_diagnosed",
        ),
    },
    "lessons/batches.py": {
        "an epoch without its last batch is called something else": (
            "if n_different == n_whole < n_rows:",
            "if n_different < n_whole < n_rows:",
            "test_lessons_batches.py::test_wrong_epoch_is_diagnosed",
        ),
        "the same order in every epoch is accepted": (
            "if seen[0] == seen[1] == seen[2] == seen[3]:",
            "if False:",
            "test_lessons_batches.py::test_wrong_epoch_is_diagnosed",
        ),
    },
    "lessons/networks.py": {
        "backpropagation without the mean is accepted": (
            "error, bend = (probabilities - right) / n_rows, 1 - hidden**2",
            "error, bend = probabilities - right, 1 - hidden**2",
            "test_lessons.py::test_right_backpropagation_is_accepted_in_every_style",
        ),
        "the transposed weights have lost their diagnosis": (
            "if n_hidden == n_labels:",
            "if False:",
            "test_lessons.py::test_wrong_backpropagation_is_diagnosed",
        ),
    },
    "lessons/valleys.py": {
        "Adam's check forgets the correction": (
            "m_hat, v_hat = new_m / (1 - beta1**t), new_v / (1 - beta2**t)",
            "m_hat, v_hat = new_m, new_v",
            "test_lessons.py::test_right_adam_is_accepted_in_every_style",
        ),
    },
    "lessons/scale.py": {
        "the check of the reward wants the opposite": (
            "reward * (pulled - p)\n        suspects",
            "reward * (p - pulled)\n        suspects",
            "test_lessons_why_it_matters.py::test_right_way_is_accepted_in_every_style",
        ),
    },
    "lessons/summary.py": {
        "the last check accepts a loss that is half too large": (
            "within=0.01):",
            "within=0.5):",
            "test_summary.py::test_border_is_one_per_cent_above_the_least_loss",
        ),
    },
    "lessons/questions.py": {
        "a prediction can be changed after the lock": (
            "            self.choice.value = self.locked\n",
            "            self.locked = self.choice.value\n",
            "test_lessons.py::test_what_is_locked_stays_locked",
        ),
        "the answer shows before the lock": (
            "self.reply = widgets.HTML()",
            "self.reply = widgets.HTML(f'Yes: {answer}')",
            "test_lessons.py::test_nothing_is_revealed_before_the_lock",
        ),
        "right and wrong have each other's words": (
            'return "Yes." if right else f"No: {self.answer}."',
            'return "Yes." if not right else f"No: {self.answer}."',
            "test_lessons.py::test_lock_tells_right_from_wrong_and_why",
        ),
        "the last answer of a quiz counts, not the first": (
            "self.first = choice if self.first is None else self.first",
            "self.first = choice",
            "test_lessons.py::test_wrong_answer_is_explained_and_may_be_tried_again_but_the_first_counts",
        ),
        "a quiz shows its words and no buttons": (
            'return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": text}',
            'return {"text/plain": text}',
            "test_lessons.py::test_stored_words_of_a_quiz_are_its_questions_whatever_was_answered",
        ),
        "the last answer overwrites the first in what is kept": (
            "answer=self.first, right=self.first == self.answer, **latest)",
            "answer=self.choice.value, right=self.choice.value == self.answer)",
            "test_lessons.py::test_quiz_survives_a_restart",
        ),
    },
    "progress.py": {
        "the file is not kept": (
            "            os.replace(new, self.path)\n        except (OSError, ValueError) as error:",
            "            os.unlink(new)\n        except (OSError, ValueError) as error:",
            "test_progress.py::test_what_is_kept_is_found_after_a_restart",
        ),
        "one lesson overwrites the others": (
            '_merge(data["lessons"], self._unsaved)\n            self._write(data)',
            'data["lessons"] = self._unsaved\n            self._write(data)',
            "test_progress.py::test_two_kernels_add_to_one_file",
        ),
        "to forget one lesson forgets them all": (
            'entries = data["lessons"].pop(self.lesson, {})',
            'entries = data["lessons"].pop(self.lesson, {})\n            data["lessons"].clear()',
            "test_progress.py::test_forget_drops_this_lesson_and_no_other",
        ),
        "a second broken file is put over the first": (
            "for name in names if not name.exists()",
            "for name in names",
            "test_progress.py::test_second_broken_file_does_not_take_the_place_of_the_first",
        ),
        "one odd entry spoils the whole file": (
            'return {**data, "lessons": sound}, sound == data["lessons"]',
            'return {**data, "lessons": {}}, sound == data["lessons"]',
            "test_progress.py::test_odd_entry_is_left_out_and_the_rest_goes_on",
        ),
    },
    "widgets/valleys.py": {
        "one start that explodes ends the walks of all the others": (
            "np.where(np.abs(p) < 100, landscape.gradient(p), 0)",
            "landscape.gradient(p)",
            "test_widgets_valleys.py::test_starts_that_explode_do_not_end_the_walks_of_the_others",
        ),
    },
}


class Mutant(NamedTuple):
    words: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = [Mutant(words, file, *rest) for file, wrong in WRONG.items() for words, rest in wrong.items()]


class Copy:
    """A copy of the package and its tests, to be broken and mended, and a process that runs the tests in it."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        ignore = shutil.ignore_patterns("__pycache__", "browser", "benchmarks")
        for name in ("gdhelpers", "tests"):
            shutil.copytree(COURSE / name, folder / name, ignore=ignore)
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(COURSE / name, folder)

    def run(self, *tests):
        """What became of these tests, as `tests_again` says it."""
        if self.process is None or self.process.poll() is not None:
            self.process = self._start()
        clock = Timer(PATIENCE, self.process.kill)
        clock.start()
        self.process.stdin.write(json.dumps([f"tests/{test}" for test in tests]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        clock.cancel()
        assert answer, f"no answer, within {PATIENCE} seconds or for ever"
        return json.loads(answer)

    def _start(self):
        return subprocess.Popen(
            [sys.executable, "tests/tests_again.py"],
            cwd=self.folder,
            env={**ENVIRONMENT, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def broken(self, file, old, new):
        """The package with this mistake in it, for a while."""
        path = self.folder / "gdhelpers" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} holds {text.count(old)} times, not once: {old}"
        self._write(path, text.replace(old, new))
        try:
            yield
        finally:
            self._write(path, text)

    def _write(self, path, text):
        path.write_text(text, encoding="utf-8")
        compiled = Path(cache_from_source(path))  # of two texts written in the same second it may be the other's
        compiled.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("mutants"))
    yield copy
    if copy.process is not None:
        copy.process.stdin.close()
        copy.process.wait(PATIENCE)


def caught(result):
    """Whether a test ran and found something wrong: by assert, by an error that did not come, or by an overflow that it
    forbids. That the package cannot be imported, that it crashes or that no test is found is no catch."""
    found = ("AssertionError", "Failed", "FloatingPointError")
    return result["code"] == 1 and result["failures"] in [[["call", error]] for error in found]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}, {mutant.words}")
def test_mutant_is_caught(copy, mutant):
    with copy.broken(mutant.file, mutant.old, mutant.new):
        result = copy.run(mutant.test)
    assert Path(result["package"]).is_relative_to(copy.folder)
    assert caught(result), result["said"] + str(result["failures"])


LOSS = ("problems.py", "((self.predict(params) - self.y) ** 2).mean(axis=-1)")
LOSS_TEST = "test_problems.py::test_loss_is_the_mean_of_squares"


@pytest.mark.parametrize(
    ("mistake", "test"),
    [
        ("((self.predict(params) - self.y) * (self.predict(params) - self.y)).mean(axis=-1)", LOSS_TEST),
        ("missing", LOSS_TEST),
        ("(", LOSS_TEST),
        ("0\n\n1 / 0", LOSS_TEST),
        ("0", "test_problems.py::test_that_is_not_there"),
        ("0", "test_that_is_not_there.py"),
    ],
    ids=["no mistake", "crash", "no Python", "no import", "no test", "no file"],
)
def test_what_is_no_catch_does_not_count_as_one(copy, mistake, test):
    with copy.broken(*LOSS, mistake):
        assert not caught(copy.run(test))


@pytest.mark.parametrize(
    ("old", "times"), [("a text that is not there", 0), ("return", "[0-9]+")], ids=["none", "many"]
)
def test_mistake_without_a_place_of_its_own_is_refused(copy, old, times):
    refused = pytest.raises(AssertionError, match=f"problems.py holds {times} times, not once: ")
    with refused, copy.broken("problems.py", old, ""):
        pass


def test_package_as_it_is_passes_the_very_same_tests(copy):
    """Comes after all mutants, so that it would also see what one of them had left behind."""
    result = copy.run(*dict.fromkeys(mutant.test for mutant in MUTANTS))
    assert Path(result["package"]).is_relative_to(copy.folder)
    assert (result["code"], result["failures"]) == (0, []), result["said"]
    assert result["passed"] > len(MUTANTS)


# A notebook whose stored outputs are not what it gives


@pytest.fixture(scope="module")
def spoiled(copy):
    """The first half of lesson 03, three times: as it is, with a stored number edited by hand, and without its outputs.

    {name: the cells that nbval must find}, as nbval counts: code cells, from 0.
    """
    (copy.folder / "notebooks").mkdir()
    notebook = nbformat.read(COURSE / "notebooks/03_step_by_step.ipynb", as_version=4)
    notebook.cells = notebook.cells[:18]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    nbformat.write(notebook, copy.folder / "notebooks/as_it_is.ipynb")
    edited = next(number for number, cell in enumerate(cells) if "-275,000" in str(cell.outputs))
    (output,) = cells[edited].outputs
    output.text = output.text.replace("-275,000", "-274,000")
    nbformat.write(notebook, copy.folder / "notebooks/edited.ipynb")
    stripped = [number for number, cell in enumerate(cells) if cell.outputs]
    for cell in cells:
        cell.outputs = []
    nbformat.write(notebook, copy.folder / "notebooks/stripped.ipynb")
    return {"as_it_is": [], "edited": [edited], "stripped": stripped}


def test_nbval_finds_the_number_edited_by_hand_and_every_stripped_cell_and_nothing_else(copy, spoiled):
    """Run as the course runs it, with the options of pyproject.toml and with conftest.py."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-rA", "notebooks"]
    run = subprocess.run(command, cwd=copy.folder, env=ENVIRONMENT, capture_output=True, text=True)
    found = re.findall(r"^(PASSED|FAILED) notebooks/(\w+)\.ipynb::Cell (\d+)", run.stdout, re.MULTILINE)
    assert {name for result, name, _ in found if result == "PASSED"} == set(spoiled), run.stdout + run.stderr
    failed = [(name, int(cell)) for result, name, cell in found if result == "FAILED"]
    assert sorted(failed) == [(name, cell) for name, cells in spoiled.items() for cell in cells]


@pytest.mark.usefixtures("spoiled")
def test_stripped_notebook_breaks_the_rule_that_what_a_cell_shows_is_stored(copy):
    rule = "test_notebooks.py::test_every_cell_that_shows_something_has_its_output_stored"
    assert caught(copy.run(f"{rule}[stripped]"))
    as_it_is = copy.run(f"{rule}[as_it_is]")
    assert (as_it_is["code"], as_it_is["passed"]) == (0, 1), as_it_is["said"]
