import math
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from gdhelpers.datasets import houses
from gdhelpers.problems import BLOCK, Landscape, LeastSquares, numerical_gradient, parabola, two_valleys

SEEDS = range(5)
ARTICLE = (0.05, 100)


def some_problem(seed):
    """A problem of 1 to 30 rows and 1 to 4 parameters, and a place in it."""
    rng = np.random.default_rng(seed)
    n_rows, n_params = rng.integers(1, 31), rng.integers(1, 5)
    problem = LeastSquares(rng.normal(size=(n_rows, n_params)), rng.normal(size=n_rows))
    return problem, rng.normal(size=n_params)


def some_line(seed, n_rows=20):
    """The problem of a line, and its x and y."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 3, n_rows)
    y = 1.5 * x - 1 + rng.normal(size=n_rows)
    return LeastSquares.line(x, y), x, y


def walk_by_hand(problem, start, learning_rate, n_steps):
    params = np.array(start, dtype=float)
    for _ in range(n_steps):
        params = params - learning_rate * problem.gradient(params)
    return params


# Loss and gradient


@pytest.mark.parametrize("seed", range(30))
def test_gradient_matches_central_differences(seed):
    problem, params = some_problem(seed)
    assert problem.gradient(params) == pytest.approx(numerical_gradient(problem.loss, params), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_is_the_mean_of_squares(seed):
    problem, params = some_problem(seed)
    total = 0.0
    for row, answer in zip(problem.X, problem.y, strict=True):
        total += (sum(a * b for a, b in zip(row, params, strict=True)) - answer) ** 2
    assert problem.loss(params) == pytest.approx(total / problem.n_rows)


def test_loss_and_gradient_of_the_article(five):
    assert five.loss(ARTICLE) == pytest.approx(6875)
    assert five.gradient(ARTICLE) == pytest.approx([-275_000, -150])


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 1, 3)])
def test_leading_axes_are_the_same_as_a_loop(shape):
    problem, _ = some_problem(1)
    n_params = problem.X.shape[1]
    many = np.random.default_rng(0).normal(size=(*shape, n_params))
    loss, gradient, predicted = problem.loss(many), problem.gradient(many), problem.predict(many)
    assert np.shape(loss) == shape
    assert gradient.shape == many.shape
    assert predicted.shape == (*shape, problem.n_rows)
    for place in np.ndindex(shape):
        assert loss[place] == pytest.approx(problem.loss(many[place]))
        assert gradient[place] == pytest.approx(problem.gradient(many[place]))
        assert predicted[place] == pytest.approx(problem.X @ many[place])


def test_line_has_the_slope_first_and_the_bias_second(five):
    assert five.predict((2, 30)) == pytest.approx(2 * houses().size + 30)
    assert five.X.shape == (5, 2)
    assert five.n_rows == 5


def test_params_may_be_a_plain_list(five):
    assert five.loss([0.1, 100]) == pytest.approx(0, abs=1e-20)


# The minimum and the curvature


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_is_that_of_scikit_learn(seed):
    problem, x, y = some_line(seed)
    judge = LinearRegression().fit(x[:, None], y)
    assert problem.minimum() == pytest.approx([judge.coef_[0], judge.intercept_])


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_is_that_of_polyfit(seed):
    problem, x, y = some_line(seed)
    assert problem.minimum() == pytest.approx(np.polyfit(x, y, 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_is_that_of_scikit_learn_for_several_columns(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    assert LeastSquares(X, y).minimum() == pytest.approx(LinearRegression(fit_intercept=False).fit(X, y).coef_)


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_has_no_slope_and_no_lower_neighbour(seed):
    problem, _, _ = some_line(seed)
    minimum = problem.minimum()
    assert problem.gradient(minimum) == pytest.approx([0, 0], abs=1e-12)
    around = minimum + 1e-3 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1]])
    assert (problem.loss(around) > problem.loss(minimum)).all()


def test_minimum_is_the_shortest_of_several():
    assert LeastSquares([[1.0, 1.0]], [2.0]).minimum() == pytest.approx([1, 1])


def test_minimum_of_the_five_houses(five):
    assert five.minimum() == pytest.approx([0.1, 100])
    assert five.loss(five.minimum()) < 1e-20


@pytest.mark.parametrize("seed", SEEDS)
def test_hessian_is_the_slope_of_the_gradient(seed):
    problem, params = some_problem(seed)
    rows = [numerical_gradient(lambda p, i=i: problem.gradient(p)[i], params) for i in range(len(params))]
    assert problem.hessian() == pytest.approx(np.array(rows), rel=1e-6, abs=1e-7)


def test_limit_is_two_over_the_largest_curvature(five):
    x = houses().size
    (a, b), (_, d) = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1]])
    largest = (a + d) / 2 + math.sqrt(((a - d) / 2) ** 2 + b**2)
    assert five.learning_rate_limit() == pytest.approx(2 / largest)
    assert five.learning_rate_limit() == pytest.approx(3.63636e-7, rel=2e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_descent_converges_below_the_limit_and_diverges_above_it(seed):
    problem, _, _ = some_line(seed)
    start, limit = problem.minimum() + np.array([1, 2]), problem.learning_rate_limit()
    excess = problem.loss(start) - problem.loss(problem.minimum())
    below = problem.loss(walk_by_hand(problem, start, 0.95 * limit, 400)) - problem.loss(problem.minimum())
    above = problem.loss(walk_by_hand(problem, start, 1.05 * limit, 400)) - problem.loss(problem.minimum())
    assert below < 1e-6 * excess
    assert above > 1e6 * excess


def test_a_nearly_flat_problem_has_a_limit_far_out():
    assert LeastSquares([[0.1]], [1.0]).learning_rate_limit() == pytest.approx(100)


def test_a_flat_problem_has_no_limit():
    assert LeastSquares([[0.0], [0.0]], [1.0, 2.0]).learning_rate_limit() == np.inf


# Many steps at once


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_steps", [0, 1, 2, 7, 100])
def test_after_equals_a_loop(seed, n_steps):
    problem, params = some_problem(seed)
    learning_rate = 0.7 * problem.learning_rate_limit()
    expected = walk_by_hand(problem, params, learning_rate, n_steps)
    assert problem.after(params, learning_rate, n_steps) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_after_equals_a_loop_beyond_the_limit(five):
    expected = walk_by_hand(five, ARTICLE, 1e-6, 31)
    assert five.after(ARTICLE, 1e-6, 31) == pytest.approx(expected, rel=1e-9)


def test_after_takes_several_numbers_of_steps(five):
    n_steps = np.array([[0, 1, 2], [10, 100, 1000]])
    many = five.after(ARTICLE, 1e-7, n_steps)
    assert many.shape == (2, 3, 2)
    for place in np.ndindex(n_steps.shape):
        assert many[place] == pytest.approx(walk_by_hand(five, ARTICLE, 1e-7, n_steps[place]), rel=1e-12)


def test_after_stays_at_the_minimum_whatever_the_rate(five):
    assert five.after(five.minimum(), 1e-5, 10**6) == pytest.approx(five.minimum())


def test_after_goes_to_the_minimum_in_the_end():
    problem, _, _ = some_line(0)
    assert problem.after([5, 5], 0.5 * problem.learning_rate_limit(), 10**9) == pytest.approx(problem.minimum())


@pytest.mark.parametrize(("share", "target"), [(0.1, 1.0), (0.4, 1e-3), (0.5, 1e-6), (0.9, 1e-6), (0.99, 1e-3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_steps_to_equals_a_counted_loop(seed, share, target):
    problem, _, _ = some_line(seed)
    learning_rate, params = share * problem.learning_rate_limit(), np.array([4.0, -9.0])
    target, counted = problem.loss(problem.minimum()) + target, 0
    while problem.loss(params) > target and counted < 10_000:
        params, counted = params - learning_rate * problem.gradient(params), counted + 1
    assert 1 < counted < 10_000
    assert problem.steps_to(target, [4, -9], learning_rate) == counted


def test_steps_to_counts_the_article_s_steps(five):
    assert five.steps_to(1e-6, ARTICLE, 1e-7) == 15
    assert five.steps_to(1e-6, (0.05, 0), 1e-7) == pytest.approx(293_165_231, rel=1e-6)


def test_steps_to_is_0_when_the_start_is_good_enough(five):
    assert five.steps_to(1.0, (0.1, 100), 1e-7) == 0
    assert five.steps_to(6875.0, ARTICLE, 1e-7) == 0
    assert five.steps_to(7000.0, ARTICLE, 1e-5) == 0  # also at a rate that diverges


def test_steps_to_is_none_at_the_article_s_too_large_rate(five):
    assert five.steps_to(1e-6, ARTICLE, 1e-5) is None


@pytest.mark.parametrize("times_limit", [1.001, 1.05, 30])
@pytest.mark.parametrize("seed", SEEDS)
def test_steps_to_is_none_when_the_walk_only_climbs(seed, times_limit):
    problem, _, _ = some_line(seed)
    start = problem.minimum() + np.linalg.eigh(problem.hessian())[1][:, -1]  # up the steepest side
    target = 0.999 * problem.loss(start)
    assert problem.steps_to(target, start, times_limit * problem.learning_rate_limit()) is None


def test_steps_to_is_none_below_the_least_loss():
    problem, _, _ = some_line(0)
    assert problem.steps_to(0.9 * problem.loss(problem.minimum()), [0, 0], 0.1) is None


@pytest.mark.parametrize("times_limit", [1.0, 1.05])
def test_steps_to_is_none_from_the_limit_up_even_when_the_walk_passes_the_target(times_limit):
    problem = LeastSquares(np.diag([1.0, 4.0]), [0.0, 0.0])  # two curvatures, 1 and 16
    start, learning_rate = (10.0, 1e-3), times_limit * problem.learning_rate_limit()
    assert problem.loss(walk_by_hand(problem, start, learning_rate, 15)) <= 1  # it passes, and climbs out again
    assert problem.steps_to(1.0, start, learning_rate) is None


# A mini-batch is a smaller problem


def test_batch_is_the_smaller_problem(five):
    size, price = houses()
    smaller = LeastSquares.line(size[[3, 0]], price[[3, 0]])
    batch = five.batch([3, 0])
    assert batch.n_rows == 2
    assert batch.loss(ARTICLE) == smaller.loss(ARTICLE)
    assert batch.gradient(ARTICLE) == pytest.approx(smaller.gradient(ARTICLE))
    assert batch.gradient(ARTICLE) == pytest.approx([-212_500, -125])  # houses 4 and 1, by hand


def test_batch_may_repeat_rows(five):
    assert five.batch(np.array([1, 1])).loss(ARTICLE) == pytest.approx(five.batch([1]).loss(ARTICLE))


def test_gradients_of_single_rows_average_to_the_full_gradient(five):
    single = [five.batch([row]).gradient(ARTICLE) for row in range(5)]
    assert [gradient[0] for gradient in single] == pytest.approx([-25e3, -100e3, -225e3, -400e3, -625e3])
    assert np.mean(single, axis=0) == pytest.approx(five.gradient(ARTICLE))


# Landscapes

LANDSCAPES = pytest.mark.parametrize("landscape", [parabola(), two_valleys()], ids=["parabola", "two_valleys"])


@LANDSCAPES
def test_landscape_gradient_matches_central_differences(landscape):
    for place in np.linspace(-1, 11, 49):
        assert landscape.gradient(place) == pytest.approx(numerical_gradient(landscape.loss, place), abs=1e-6)


@LANDSCAPES
def test_landscape_takes_many_places_at_once(landscape):
    places = np.linspace(-1, 11, 12).reshape(3, 4)
    for index in np.ndindex(places.shape):
        assert landscape.loss(places)[index] == pytest.approx(landscape.loss(places[index]))
        assert landscape.gradient(places)[index] == pytest.approx(landscape.gradient(places[index]))


@LANDSCAPES
def test_minima_have_no_slope_and_no_lower_neighbour(landscape):
    assert landscape.minima
    for minimum in landscape.minima:
        assert landscape.gradient(minimum) == pytest.approx(0, abs=1e-10)
        assert landscape.loss(minimum - 1e-3) > landscape.loss(minimum) < landscape.loss(minimum + 1e-3)


def test_best_valley_comes_first():
    landscape = two_valleys()
    deep, shallow = landscape.minima
    hills = np.linspace(0, 10, 10_001)
    assert landscape.loss(deep) == pytest.approx(landscape.loss(hills).min(), abs=1e-4)
    assert landscape.loss(deep) < landscape.loss(shallow)
    assert (round(deep, 1), round(shallow, 1)) == (7.1, 3.1)
    slope = landscape.gradient(hills)
    assert hills[:-1][(slope[:-1] > 0) & (slope[1:] <= 0)] == pytest.approx([4.6], abs=0.05)  # the one pass


def test_parabola_is_x_squared():
    assert parabola().loss(3.0) == 9
    assert parabola().gradient(3.0) == 6
    assert parabola().minima == (0.0,)


def test_a_landscape_of_your_own_needs_two_formulas_only():
    bowl = Landscape(lambda p: (p**2).sum(axis=-1), lambda p: 2 * p)
    assert bowl.minima == ()
    assert numerical_gradient(bowl.loss, [1.0, -2.0]) == pytest.approx(bowl.gradient(np.array([1.0, -2.0])))


# numerical_gradient


def test_numerical_gradient_of_one_number():
    slope = numerical_gradient(math.sin, 0.7)
    assert slope.shape == ()
    assert slope == pytest.approx(math.cos(0.7), abs=1e-9)


def test_numerical_gradient_of_several_numbers():
    slopes = numerical_gradient(lambda p: p[0] ** 2 + 3 * p[0] * p[1] - p[2] ** 3, [1, 2, 3])
    assert slopes.shape == (3,)
    assert slopes == pytest.approx([8, 3, -27], abs=1e-7)


def test_numerical_gradient_is_central():
    assert numerical_gradient(lambda x: x**2, 1.0, h=0.5) == pytest.approx(2)  # a one-sided difference gives 2.5
    assert numerical_gradient(lambda x: x**3, 1.0, h=0.1) == pytest.approx(3.01)  # 3 + h²


def test_numerical_gradient_leaves_params_alone():
    params = np.array([1.0, 2.0])
    numerical_gradient(np.sum, params)
    assert (params == [1, 2]).all()


# What cannot be used is refused in one sentence


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([1.0, 2.0], [1.0, 2.0], "X must have shape (n_rows, n_params) with at least one of each; got shape (2,)"),
        (3.0, [1.0], "X must have shape (n_rows, n_params) with at least one of each; got shape ()"),
        (np.ones((0, 2)), [], "X must have shape (n_rows, n_params) with at least one of each; got shape (0, 2)"),
        (np.ones((2, 0)), [1, 2], "X must have shape (n_rows, n_params) with at least one of each; got shape (2, 0)"),
        (np.ones((2, 2, 2)), [1, 2], "X must have shape"),
        (np.ones((3, 2)), [1, 2], "y must have shape (3,), one number for each row of X; got shape (2,)"),
        (np.ones((3, 2)), np.ones((3, 1)), "y must have shape (3,), one number for each row of X; got shape (3, 1)"),
        (np.ones((1, 2)), 1.0, "y must have shape (1,)"),
        ([[1.0, np.nan]], [1.0], "X must hold finite numbers only, no NaN and no infinity"),
        ([[1.0, np.inf]], [1.0], "X must hold finite numbers only"),
        ([[1.0, 2.0]], [np.nan], "y must hold finite numbers only"),
        ([[1.0, 2.0]], [-np.inf], "y must hold finite numbers only"),
        ([[1.0, 2.0]], None, "y must hold numbers only; got None"),
        ([["big", "small"]], [1.0], "X must hold numbers only; got [['big', 'small']]"),
        ([[1.0, 2.0]], ["cheap"], "y must hold numbers only; got ['cheap']"),
        ([[1.0, 2.0], [3.0]], [1.0, 2.0], "X must hold numbers only"),
        ("houses", [1.0], "X must hold numbers only; got 'houses'"),
        ({"size": 1}, [1.0], "X must hold numbers only"),
    ],
)
def test_data_that_do_not_fit_are_refused(complains, X, y, words):
    with complains(words):
        LeastSquares(X, y)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([], [], "x must be a list of at least one number; got shape (0,)"),
        (5.0, [1.0], "x must be a list of at least one number; got shape ()"),
        ([[1.0], [2.0]], [1.0, 2.0], "x must be a list of at least one number; got shape (2, 1)"),
        ([1.0, np.nan], [1.0, 2.0], "x must hold finite numbers only"),
        (["1 m", "2 m"], [1.0, 2.0], "x must hold numbers only; got ['1 m', '2 m']"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "y must have shape (2,)"),
        ([1.0, 2.0], [], "y must have shape (2,)"),
        ([1.0, 2.0], [1.0, np.inf], "y must hold finite numbers only"),
        ([1.0, 2.0], "ab", "y must hold numbers only; got 'ab'"),
    ],
)
def test_a_line_through_data_that_do_not_fit_is_refused(complains, x, y, words):
    with complains(words):
        LeastSquares.line(x, y)


def test_long_data_are_shortened_in_the_message(complains):
    with complains("X must hold numbers only; got ['a', 'a'"):
        LeastSquares(["a"] * 1000, [1.0])


@pytest.mark.parametrize("method", ["loss", "gradient", "predict"])
@pytest.mark.parametrize("params", [0.1, [0.1], [0.1, 100, 1], np.ones((2, 3)), []])
def test_params_of_the_wrong_length_are_refused(complains, five, method, params):
    with complains(f"params must have 2 numbers along its last axis; got shape {np.shape(params)}"):
        getattr(five, method)(params)


def test_a_start_of_the_wrong_length_is_refused(complains, five):
    with complains("must have 2 numbers along its last axis"):
        five.after([1, 2, 3], 1e-7, 10)
    with complains("must have 2 numbers along its last axis"):
        five.steps_to(1.0, [1, 2, 3], 1e-7)


@pytest.mark.parametrize("n_steps", [-1, 1.5, [3, -1], [0.5, 2]])
def test_steps_that_cannot_be_counted_are_refused(complains, five, n_steps):
    with complains("n_steps must hold whole numbers from 0 up"):
        five.after(ARTICLE, 1e-7, n_steps)


def test_a_batch_of_no_rows_is_refused(complains, five):
    with complains("rows must be row numbers from 0 to 4, in a list or an array; got array([]"):
        five.batch(np.array([], dtype=int))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("here", "params must hold numbers only; got 'here'"),
        ([1.0, np.nan], "params must hold finite numbers only"),
        (np.inf, "params must hold finite numbers only"),
    ],
)
def test_numerical_gradient_refuses_what_is_no_place(complains, params, words):
    with complains(words):
        numerical_gradient(np.sum, params)


@pytest.mark.parametrize("params", ["here", ["a", "b"], [[1, 2], [3]]])
def test_params_that_are_no_numbers_are_refused(complains, five, params):
    with complains("params must hold numbers only"):
        five.loss(params)


def test_an_array_of_text_is_refused_in_one_line(complains):
    with complains("X must hold numbers only"):
        LeastSquares(np.array([["a", "b"], ["c", "d"]]), [1.0, 2.0])


@pytest.mark.parametrize("n_rows", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
def test_gradient_over_many_rows_is_the_mean_over_all_of_them(n_rows):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n_rows, 3)), rng.standard_normal(n_rows)
    problem, places = LeastSquares(X, y), rng.standard_normal((2, 4, 3))
    expected = np.array([2 * X.T @ (X @ place - y) / n_rows for place in places.reshape(-1, 3)]).reshape(places.shape)
    np.testing.assert_allclose(problem.gradient(places), expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(problem.gradient(places[0, 0]), expected[0, 0], rtol=1e-10, atol=1e-13)


def test_loss_far_out_is_not_finite_and_warns_of_nothing(five):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert five.loss((1e200, 0)) == np.inf
        assert not np.isfinite(five.loss(five.after(ARTICLE, 1e-5, 10**6)))
