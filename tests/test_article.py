"""The article's numbers, and those of the audit that checks its claims: each is computed again here.

A row is (claim, what, value, expected, tolerance); the value is computed when its test runs. The tolerance is relative,
and absolute where 0 is expected; a tolerance of 0 means exactly this number. Lines are (w, b) over square feet.
"""

import math
from functools import cache

import numpy as np
import pytest
from table_of_claims import assert_close, each_of

from gdhelpers.datasets import Units, houses, many_houses, units
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent, constant, cosine, exponential_decay, step_decay, warmup
from gdhelpers.problems import Landscape, LeastSquares, numerical_gradient, parabola

size, price = houses()
UNITS = {
    "sq ft": units("sq ft", size),
    "hundreds": Units("hundreds", 0, 100),
    "thousands": units("thousands", size),
    "size/2500": Units("size/2500", 0, 2500),
    "centred": Units("centred", size.mean(), 1),
    "standardised": units("standardised", size),
}
FIVE = {name: LeastSquares.line(unit.convert(size), price) for name, unit in UNITS.items()}
five = FIVE["sq ft"]
ARTICLE, GUESS, NO_BASE = (0.05, 100), (0.08, 110), (0.05, 0)  # the article's start, its "answer", an honest start
valley = Landscape(lambda x: np.sqrt(1 + x**2), lambda x: x / np.sqrt(1 + x**2))  # bends ever less, far from 0
quartic = Landscape(lambda x: x**4 / 4, lambda x: x**3)


@cache
def walk(learning_rate, n_steps, unit="sq ft", line=ARTICLE):
    return descend(FIVE[unit], UNITS[unit].from_sq_ft(line), GradientDescent(learning_rate), n_steps)


def loss_after(learning_rate, n_steps, unit="sq ft", line=ARTICLE):
    return FIVE[unit].loss(FIVE[unit].after(UNITS[unit].from_sq_ft(line), learning_rate, n_steps))


def steps_to(target, learning_rate, unit="sq ft", line=ARTICLE):
    return FIVE[unit].steps_to(target, UNITS[unit].from_sq_ft(line), learning_rate)


def steps_to_overflow(learning_rate):
    params, step = np.array(ARTICLE), 0
    with np.errstate(over="ignore"):
        while np.isfinite(five.loss(params)):
            params, step = params - learning_rate * five.gradient(params), step + 1
    return step


def steps_up(learning_rate, unit, n_steps=100):
    return (np.diff(walk(learning_rate, n_steps, unit).losses) >= 0).sum()


def curvatures(unit):
    return np.linalg.eigvalsh(FIVE[unit].hessian())


def best_rate(unit):
    return 2 / curvatures(unit).sum()


def slowest_shrink(unit):
    least, most = curvatures(unit)
    return (most / least - 1) / (most / least + 1)


def multipliers(learning_rate, unit="sq ft"):
    return 1 - learning_rate * curvatures(unit)


def angle_to_optimum(unit):
    start = UNITS[unit].from_sq_ft(ARTICLE)
    step, way = -FIVE[unit].gradient(start), FIVE[unit].minimum() - start
    return np.degrees(np.arccos(min(1, step @ way / np.linalg.norm(step) / np.linalg.norm(way))))


def r_squared(line):
    return 1 - five.loss(line) / price.var()


def on_parabola(learning_rate, n_steps=20):
    return descend(parabola(), 1.0, GradientDescent(learning_rate), n_steps).params[-1]


def on_quartic(learning_rate):
    return descend(quartic, 7.0, GradientDescent(learning_rate), 1000)


ERRORS = five.predict(ARTICLE) - price
GUESS_ERRORS = five.predict(GUESS) - price
CLAIMS = [
    ("6", "the houses lie on the line", lambda: five.predict((0.1, 100)) - price, 0, 1e-12),
    ("7", "the exact answer", lambda: five.minimum(), (0.1, 100), 1e-12),
    ("7", "its loss", lambda: five.loss(five.minimum()), 0, 1e-20),
    ("10", "steps to 1e-6", lambda: walk(1e-7, 100).steps_to(1e-6), 15, 0),
    ("10", "steps to 1e-6, closed form", lambda: steps_to(1e-6, 1e-7), 15, 0),
    ("10", "loss after 100 steps", lambda: walk(1e-7, 100).losses[-1], 1.3524e-10, 1e-4),
    ("10", "loss after 100,000 steps", lambda: loss_after(1e-7, 100_000), 1.3425e-10, 1e-4),
    ("11", "degrees off, sq ft", lambda: angle_to_optimum("sq ft"), 0.03125, 2e-4),
    ("11", "degrees off, thousands", lambda: angle_to_optimum("thousands"), 28.6105, 2e-6),
    ("11", "degrees off, standardised", lambda: angle_to_optimum("standardised"), 0, 1e-5),
    ("13", "dollars per sq ft", lambda: UNITS["sq ft"].dollars_per_sq_ft(ARTICLE), 50, 1e-12),
    ("14", "predictions", lambda: five.predict(ARTICLE), (125, 150, 175, 200, 225), 1e-12),
    ("14", "errors", lambda: ERRORS, (-25, -50, -75, -100, -125), 1e-12),
    ("15", "loss of the mean price", lambda: five.loss((0, price.mean())), 5000, 1e-12),
    ("15", "R²", lambda: r_squared(ARTICLE), -0.375, 1e-12),
    ("16", "sum of squares", lambda: (ERRORS**2).sum(), 34375, 1e-12),
    ("16", "loss", lambda: five.loss(ARTICLE), 6875, 1e-12),
    ("16", "root of the loss", lambda: np.sqrt(five.loss(ARTICLE)), 82.9156, 1e-6),
    ("17", "loss of the best line", lambda: five.loss((0.1, 100)), 0, 1e-20),
    ("19", "central differences", lambda: numerical_gradient(five.loss, ARTICLE), (-275000, -150), 1e-8),
    ("20", "error times size", lambda: ERRORS * size, (-12500, -50000, -112500, -200000, -312500), 1e-12),
    ("20", "their sum", lambda: (ERRORS * size).sum(), -687500, 1e-12),
    ("20", "gradient in w", lambda: five.gradient(ARTICLE)[0], -275000, 1e-12),
    ("21", "sum of errors", lambda: ERRORS.sum(), -375, 1e-12),
    ("21", "gradient in b", lambda: five.gradient(ARTICLE)[1], -150, 1e-12),
    ("24", "gradient in b at the best b", lambda: five.gradient([(0.05, 100), (0.0775, 100), (0.1, 100)])[:, 1],
     (-150, -67.5, 0), 1e-10),
    ("24", "b beyond 100 after 20 steps", lambda: walk(1e-7, 20).params[-1, 1] - 100, 2.73e-5, 2e-3),
    ("26", "moves of w and b", lambda: np.diff(walk(1e-7, 1).params, axis=0)[0], (0.0275, 0.000015), 1e-8),
    ("26", "their ratio", lambda: np.divide(*np.diff(walk(1e-7, 1).params, axis=0)[0]), 1833, 2e-4),
    ("27", "one step at 1e-5", lambda: walk(1e-5, 1).params[-1], (2.80, 100.0015), 1e-12),
    ("28", "limit", lambda: five.learning_rate_limit(), 3.63636e-7, 2e-6),
    ("28", "steepest curvature", lambda: curvatures("sq ft")[-1], 5500001.636, 1e-10),
    ("28", "times too large", lambda: 1e-5 / five.learning_rate_limit(), 27.5, 1e-6),
    ("28", "error multiplier", lambda: multipliers(1e-5)[-1], -54, 1e-6),
    ("28", "loss multiplier", lambda: multipliers(1e-5)[-1] ** 2, 2916, 1e-6),
    ("28", "losses", lambda: walk(1e-5, 3).losses, (6875, 20_047_512, 5.84586e10, 1.70465e14), 2e-6),
    ("28", "price of 500 sq ft", lambda: five.predict(walk(1e-5, 1).params[-1])[0], 1500, 1e-5),
    ("28", "steps to overflow", lambda: steps_to_overflow(1e-5), 88, 0),
    ("29", "one step at 1e-7", lambda: walk(1e-7, 1).params[-1], (0.0775, 100.000015), 1e-12),
    ("30", "share of the way in w", lambda: (0.0775 - 0.05) / (five.minimum()[0] - 0.05), 0.55, 1e-12),
    ("30", "share of the loss removed", lambda: 1 - walk(1e-7, 1).losses[1] / 6875, 0.7975, 1e-5),
    ("30", "loss", lambda: walk(1e-7, 1).losses[1], 1392.186, 1e-6),
    ("30", "share of the limit", lambda: 1e-7 / five.learning_rate_limit(), 0.275, 1e-6),
    ("30", "rate 1/λmax", lambda: 1 / curvatures("sq ft")[-1], 1.81818e-7, 2e-6),
    ("30", "loss after one step at it", lambda: walk(1 / curvatures("sq ft")[-1], 1).losses[1], 1.352e-10, 3e-4),
    ("31", "steps from b = 0", lambda: steps_to(1e-6, 1e-7, line=NO_BASE), 293_165_231, 1e-6),
    ("32", "steps that move b away", lambda: (np.diff(np.abs(walk(1e-7, 20).params[:, 1] - 100)) > 0).sum(), 20, 0),
    ("32", "steps that raise the loss", lambda: steps_up(1e-7, "sq ft", 20), 0, 0),
    ("33", "loss", lambda: five.loss(GUESS), 600, 1e-12),
    ("33", "root of the loss", lambda: np.sqrt(five.loss(GUESS)), 24.495, 1e-5),
    ("33", "gradient", lambda: five.gradient(GUESS), (-80000, -40), 1e-12),
    ("33", "best w at b = 110", lambda: LeastSquares(size[:, None], price - 110).minimum()[0], 0.0945455, 1e-6),
    ("33", "its loss", lambda: five.loss((52 / 550, 110)), 18.1818, 2e-6),
    ("33", "best b at w = 0.08", lambda: (price - 0.08 * size).mean(), 130, 1e-12),
    ("33", "its loss", lambda: five.loss((0.08, 130)), 200, 1e-12),
    ("33", "one step from it", lambda: walk(1e-7, 1, line=GUESS).params[1], (0.088, 110.000004), 1e-12),
    ("33", "loss one step from it", lambda: walk(1e-7, 1, line=GUESS).losses[1], 136, 2e-6),
    ("33", "w of the article's second step", lambda: walk(1e-7, 2).params[2, 0], 0.0898750, 1e-7),
    ("33", "loss of the article's second step", lambda: walk(1e-7, 2).losses[2], 281.918, 2e-6),
    ("34", "dollars per sq ft", lambda: UNITS["sq ft"].dollars_per_sq_ft([GUESS, (0.1, 100)]), (80, 100), 1e-12),
    ("35", "predictions", lambda: five.predict(GUESS), (150, 190, 230, 270, 310), 1e-12),
    ("35", "errors", lambda: GUESS_ERRORS, (0, -10, -20, -30, -40), 1e-12),
    ("35", "errors in percent", lambda: 100 * GUESS_ERRORS / price, (0, -5, -8, -10, -11.43), 2e-4),
    ("36", "R²", lambda: [r_squared(line) for line in (ARTICLE, GUESS, (0.1, 100))], (-0.375, 0.88, 1), 1e-12),
    ("38", "times over the limit", lambda: 1e-6 / five.learning_rate_limit(), 2.75, 1e-6),
    ("38", "error multiplier", lambda: multipliers(1e-6)[-1], -4.5, 1e-6),
    ("38", "loss multiplier", lambda: multipliers(1e-6)[-1] ** 2, 20.25, 1e-6),
    ("38", "steps to overflow", lambda: steps_to_overflow(1e-6), 233, 0),
    ("38", "1 - multipliers in thousands", lambda: 1 - multipliers(1e-6, "thousands"), (2.77e-7, 7.22e-6), 1e-3),
    ("39", "thousands, to 1", lambda: steps_to(1, 1e-6, "thousands"), 8_040_575, 0),
    ("39", "thousands, to 1e-6", lambda: steps_to(1e-6, 1e-6, "thousands"), 32_988_313, 0),
    ("39", "standardised, to 1", lambda: steps_to(1, 1e-6, "standardised"), 2_208_910, 0),
    ("39", "standardised, to 1e-6", lambda: steps_to(1e-6, 1e-6, "standardised"), 5_662_784, 0),
    ("40", "thousands, to 1", lambda: steps_to(1, 1e-3, "thousands"), 8040, 0),
    ("40", "thousands, to 1e-6", lambda: steps_to(1e-6, 1e-3, "thousands"), 32984, 0),
    ("40", "thousands at 4/15, to 1", lambda: steps_to(1, 4 / 15, "thousands"), 58, 0),
    ("40", "thousands at 4/15, to 1e-6", lambda: steps_to(1e-6, 4 / 15, "thousands"), 148, 0),
    ("40", "thousands at 4/15, by walking",
     lambda: [walk(4 / 15, 200, "thousands").steps_to(target) for target in (1, 1e-6)], (58, 148), 0),
    ("40", "times slower than 4/15",
     lambda: steps_to(1e-6, 1e-3, "thousands") / steps_to(1e-6, 4 / 15, "thousands"), 223, 1e-3),
    ("40", "loss multiplier in sq ft", lambda: multipliers(1e-3)[-1] ** 2, 3.02e7, 2e-3),
    ("40", "standardised, to 1", lambda: steps_to(1, 1e-3, "standardised"), 2207, 0),
    ("40", "standardised, to 1e-6", lambda: steps_to(1e-6, 1e-3, "standardised"), 5658, 0),
    ("40", "standardised at 0.5", lambda: steps_to(1e-6, 0.5, "standardised"), 1, 0),
    ("41", "error multiplier in thousands", lambda: multipliers(0.5, "thousands")[-1], -2.61156, 2e-6),
    ("41", "losses in thousands", lambda: walk(0.5, 3, "thousands").losses, (6875, 46367.2, 315847, 2.15386e6), 3e-6),
    ("41", "loss multiplier in thousands", lambda: multipliers(0.5, "thousands")[-1] ** 2, 6.82, 1e-3),
    ("41", "standardised, one step", lambda: walk(0.5, 1, "standardised").losses[1], 0, 1e-20),
    ("41", "size/2500, to 1e-6", lambda: steps_to(1e-6, 0.5, "size/2500"), 171, 0),
    ("41", "loss multiplier in sq ft", lambda: multipliers(0.5)[-1] ** 2, 7.6e12, 1e-2),
    ("42", "0.75 overshoots and converges", lambda: on_parabola(0.75), 9.5e-7, 5e-3),
    ("42", "1 bounces for ever", lambda: on_parabola(1.0, 21), -1, 0),
    ("42", "1.01 diverges slowly", lambda: on_parabola(1.01), 1.486, 1e-4),
    ("42", "√(1 + x²) at 5 bounces for ever",
     lambda: np.abs(descend(valley, 1.0, GradientDescent(5), 1000).params[-9:]), math.sqrt(21) / 2, 1e-9),
    ("42", "√(α²/4 - 1)", lambda: math.sqrt(5**2 / 4 - 1), 2.291288, 1e-6),
    ("43", "limit in thousands", lambda: FIVE["thousands"].learning_rate_limit(), 0.276889, 2e-6),
    ("43", "losses beyond it", lambda: walk(0.28, 100, "thousands").losses[[0, 1, 10, 100]],
     (6875, 7170.75, 10605.6, 578_125), 5e-6),
    ("43", "steps that raise the loss beyond it", lambda: steps_up(0.28, "thousands"), 100, 0),
    ("43", "steps that raise the loss below it", lambda: steps_up(0.27, "thousands"), 0, 0),
    ("A-1", "w", lambda: walk(1e-7, 100).params[[0, 1, 2, 3, 5, 10, 100], 0],
     (0.05, 0.0775, 0.0898749955, 0.0954437415, 0.0990773465, 0.0999829599, 0.0999999851), 1e-9),
    ("A-1", "b - 100", lambda: walk(1e-7, 100).params[[0, 1, 2, 3, 5, 10, 100], 1] - 100,
     (0, 1.5e-5, 2.175e-5, 2.479e-5, 2.677e-5, 2.726e-5, 2.727e-5), 2e-4),
    ("A-1", "loss", lambda: walk(1e-7, 100).losses[[0, 1, 2, 3, 5, 10, 100]],
     (6875, 1392.18649, 281.917559, 57.0882641, 2.34097223, 7.97113e-4, 1.352356e-10), 1e-6),
    ("A-2", "curvatures, sq ft", lambda: curvatures("sq ft"), (0.363636, 5500001.636), 1e-6),
    ("A-2", "curvatures, hundreds", lambda: curvatures("hundreds"), (0.362557, 551.637), 2e-6),
    ("A-2", "curvatures, thousands", lambda: curvatures("thousands"), (0.276889, 7.22311), 2e-6),
    ("A-2", "curvatures, size/2500", lambda: curvatures("size/2500"), (0.115764, 2.76424), 5e-6),
    ("A-2", "curvatures, centred", lambda: curvatures("centred"), (2, 1_000_000), 1e-9),
    ("A-2", "curvatures, standardised", lambda: curvatures("standardised"), (2, 2), 1e-9),
    ("A-2", "condition", lambda: [np.divide(*curvatures(unit)[::-1]) for unit in UNITS],
     (15_125_009, 1521.52, 26.0867, 23.8781, 500_000, 1), 3e-6),
    ("A-2", "limit", lambda: [problem.learning_rate_limit() for problem in FIVE.values()],
     (3.63636e-7, 0.00362557, 0.276889, 0.723527, 2e-6, 1), 2e-6),
    ("A-2", "best rate", lambda: [best_rate(unit) for unit in UNITS],
     (3.63636e-7, 0.00362319, 4 / 15, 0.694444, 1.999996e-6, 0.5), 2e-6),
    ("A-2", "slowest shrink", lambda: [slowest_shrink(unit) for unit in UNITS],
     (0.99999987, 0.998686, 0.926163, 0.919608, 0.999996, 0), 1e-6),
    ("A-2", "det H in thousands", lambda: np.linalg.det(FIVE["thousands"].hessian()), 2, 1e-9),
    ("A-3", "best rate, sq ft", lambda: steps_to(1e-6, best_rate("sq ft"), line=NO_BASE), 91_449_918, 1e-6),
    ("A-3", "best rate, centred", lambda: steps_to(1e-6, best_rate("centred"), "centred", NO_BASE), 3_023_136, 0),
    ("A-3", "best rate, hundreds", lambda: steps_to(1e-6, best_rate("hundreds"), "hundreds", NO_BASE), 9200, 0),
    ("A-3", "best rate, thousands", lambda: steps_to(1e-6, best_rate("thousands"), "thousands", NO_BASE), 158, 0),
    ("A-3", "best rate, size/2500", lambda: steps_to(1e-6, best_rate("size/2500"), "size/2500", NO_BASE), 145, 0),
    ("A-3", "best rate, standardised", lambda: steps_to(1e-6, 0.5, "standardised", NO_BASE), 1, 0),
    ("A-4", "sweep of rates", lambda: [steps_to(1e-6, rate) for rate in (1e-9, 1e-8, 1e-7, 1.818e-7, 2e-7, 3.6e-7)],
     (2054, 201, 15, 2, 5, 561), 0),
    ("A-4", "1/λmax", lambda: steps_to(1e-6, 1 / curvatures("sq ft")[-1]), 1, 0),
    ("A-4", "close to the limit", lambda: steps_to(1e-6, 3.636e-7), 56_792, 0),
    ("A-4", "steps to overflow at 3.7e-7", lambda: steps_to_overflow(3.7e-7), 10_000, 2e-2),
    ("A-4", "steps to overflow at 4e-7", lambda: steps_to_overflow(4e-7), 1918, 0),
    ("A-5", "loss", lambda: loss_after(1e-7, [0, 1, 5, 10, 100, 10**4, 10**6, 10**7], line=NO_BASE),
     (31875, 7904.68, 1828.41, 1818.18, 1818.17, 1816.86, 1690.64, 878.590), 4e-6),
    ("A-5", "first losses by walking", lambda: walk(1e-7, 100, line=NO_BASE).losses[[0, 1, 5, 10, 100]],
     (31875, 7904.68, 1828.41, 1818.18, 1818.17), 4e-6),
    ("A-5", "b after a million steps", lambda: five.after(NO_BASE, 1e-7, 10**6)[1], 3.57110, 3e-6),
    ("A-5", "line after ten million", lambda: five.after(NO_BASE, 1e-7, 10**7), (0.137917, 30.4856), 5e-6),
    ("A-5", "w where it looks converged", lambda: five.after(NO_BASE, 1e-7, 100)[0], 0.15454, 5e-5),
    ("A-5", "root of the loss there", lambda: np.sqrt(loss_after(1e-7, 100, line=NO_BASE)), 42.640, 2e-5),
    ("A-5", "steps to 1", lambda: steps_to(1, 1e-7, line=NO_BASE), 103_201_907, 1e-6),
    ("A-5", "steps to 1e-6", lambda: steps_to(1e-6, 1e-7, line=NO_BASE), 293_165_231, 1e-6),
    ("A-5", "plateau for each first b", lambda: [loss_after(1e-7, 40, line=(0.05, b)) for b in (110, 150, 0, 100)],
     (18.1819, 454.546, 1818.18, 1.35e-10), 2e-3),
    ("B-1", "x after 20 steps", lambda: [on_parabola(rate) for rate in (0.01, 0.25, 0.5, 0.75, 0.99, 1, 1.01)],
     (0.667608, 9.53674e-7, 0, 9.53674e-7, 0.667608, 1, 1.48595), 2e-6),
    ("B-2", "1e-6", lambda: loss_after(1e-6, 100_000, "thousands"), 1682.34, 3e-6),
    ("B-2", "1e-3", lambda: loss_after(1e-3, [10_000, 50_000], "thousands"), (0.337614, 8.07e-11), 1e-3),
    ("B-2", "4/15", lambda: loss_after(4 / 15, [50, 100, 150], "thousands"), (3.20636, 1.49538e-3, 6.97e-7), 1e-3),
    ("B-2", "4/15, by walking", lambda: walk(4 / 15, 200, "thousands").losses[[50, 100, 150]],
     (3.20636, 1.49538e-3, 6.97e-7), 1e-3),
    ("B-2", "0.27", lambda: walk(0.27, 100, "thousands").losses[-1], 0.250323, 4e-6),
    ("B-2", "0.5", lambda: walk(0.5, 10, "thousands").losses[-1], 1.47843e12, 4e-6),
    ("B-4", "constant 0.1 diverges at", lambda: on_quartic(0.1).diverged, 6, 0),
    ("B-4", "cosine from 0.1 diverges at", lambda: on_quartic(cosine(0.1, 1000)).diverged, 6, 0),
    ("B-4", "warm-up", lambda: [on_quartic(warmup(0.1, n_steps)).losses[-1] for n_steps in (20, 50, 100)],
     (6.31e-6, 6.51e-6, 6.86e-6), 1e-3),
    ("B-4", "constant 0.01", lambda: on_quartic(0.01).losses[-1], 6.16e-4, 1e-3),
]  # fmt: skip


@each_of(CLAIMS)
def test_claim_is_computed_again(value, expected, tolerance):
    assert_close(value(), expected, tolerance)


def test_too_large_rates_never_reach_the_target():
    assert [steps_to(1e-6, rate) for rate in (3.7e-7, 4e-7, 1e-6, 1e-5)] == [None] * 4
    assert steps_to(1e-6, 0.28, "thousands") is None


# B-3: 5000 steps on one house each, drawn with replacement, by 200 walkers at once who share one generator.
N_STEPS = 5000
SCHEDULES = {
    "constant 0.0005": constant(0.0005),
    "constant 0.0025": constant(0.0025),
    "constant 0.01": constant(0.01),
    "constant 0.02": constant(0.02),
    "step": step_decay(0.02, (N_STEPS // 2, 3 * N_STEPS // 4)),
    "exponential": exponential_decay(0.02, N_STEPS),
    "cosine": cosine(0.02, N_STEPS),
    "warm-up and cosine": warmup(cosine(0.02, N_STEPS - N_STEPS // 20), N_STEPS // 20),
}


@cache
def race(name, n_walkers=200, seed=0):
    """The excess loss of each walker after 1000 and after 5000 steps, and that of its mean over the second half."""
    many = many_houses(1000, np.random.default_rng(0))
    x, y = many.size / 1000, many.price
    problem = LeastSquares.line(x, y)
    least = problem.loss(problem.minimum())
    params, total, rng = np.zeros((n_walkers, 2)), np.zeros((n_walkers, 2)), np.random.default_rng(seed)
    for step in range(N_STEPS):
        rows = rng.integers(0, 1000, size=n_walkers)
        error = params[:, 0] * x[rows] + params[:, 1] - y[rows]
        params = params - SCHEDULES[name](step) * 2 * np.column_stack([error * x[rows], error])
        if step + 1 == 1000:
            early = problem.loss(params) - least
        if step >= N_STEPS // 2:
            total = total + params
    return early, problem.loss(params) - least, problem.loss(total / (N_STEPS // 2)) - least


def test_many_houses_in_thousands_have_the_curvature_of_the_race():
    many = many_houses(1000, np.random.default_rng(0))
    problem = LeastSquares.line(many.size / 1000, many.price)
    least, most = np.linalg.eigvalsh(problem.hessian())
    assert most / least == pytest.approx(46.29, rel=1e-4)
    assert problem.learning_rate_limit() == pytest.approx(0.172151, rel=3e-6)


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("constant 0.0005", 274.63, 101.01),
        ("constant 0.0025", 106.75, 7.096),
        ("constant 0.01", 22.596, 30.223),
        ("constant 0.02", 46.62, 70.886),
        ("step", 46.62, 0.743),
        ("exponential", 16.66, 0.621),
        ("cosine", 40.90, 0.875),
        ("warm-up and cosine", 43.04, 0.888),
    ],
)
def test_mean_excess_of_200_walks_is_as_printed(name, early, late):
    assert race(name)[0].mean() == pytest.approx(early, rel=1e-3)
    assert race(name)[1].mean() == pytest.approx(late, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "share"), [("step", 0.93), ("exponential", 0.945), ("cosine", 0.89), ("warm-up and cosine", 0.89)]
)
def test_schedule_beats_the_best_constant_rate(name, share):
    assert np.mean(race(name)[1] < race("constant 0.0025")[1]) == pytest.approx(share, abs=0.005)


def test_mean_of_the_second_half_beats_every_schedule():
    assert race("constant 0.01")[2].mean() == pytest.approx(0.278, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "excess"),
    [
        ("constant 0.02", (8.47, 80.7, 15.7, 7.46, 2.33)),
        ("step", (0.216, 1.06, 0.796, 0.550, 0.0352)),
        ("cosine", (0.0632, 0.125, 0.293, 0.0232, 0.712)),
    ],
)
def test_single_walks_end_as_printed(name, excess):
    assert [race(name, 1, seed)[1][0] for seed in range(5)] == pytest.approx(excess, rel=5e-3)
