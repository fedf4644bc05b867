import math

import numpy as np
import pytest

from gdhelpers.datasets import Units, houses, many_houses, units
from gdhelpers.problems import LeastSquares

NAMES = ["sq ft", "thousands", "standardised"]
LINES = np.random.default_rng(1).normal(size=(3, 4, 2)) * [0.1, 100]


def test_the_five_houses_are_those_of_the_article():
    size, price = houses()
    assert size.tolist() == [500, 1000, 1500, 2000, 2500]
    assert price.tolist() == [150, 200, 250, 300, 350]
    assert size.dtype == price.dtype == float


def test_the_five_houses_are_new_each_time():
    houses().size[0] = -1
    assert houses().size[0] == 500


# Many houses


def test_many_houses_are_those_of_the_audit():
    size, price = many_houses(1000, np.random.default_rng(0))
    problem = LeastSquares.line(size, price)
    assert size.mean() == pytest.approx(2050.719015, abs=1e-6)
    assert size.std() == pytest.approx(853.757395, abs=1e-6)
    assert problem.minimum() == pytest.approx([0.099861734, 100.04353], rel=1e-7)
    assert problem.loss(problem.minimum()) == pytest.approx(420.6443, abs=1e-4)


def test_many_houses_in_standardised_units_are_those_of_the_audit():
    size, price = many_houses(1000, np.random.default_rng(0))
    problem = LeastSquares.line(units("standardised", size).convert(size), price)
    assert problem.minimum() == pytest.approx([85.257694, 304.83189], rel=1e-7)


def test_many_houses_are_as_many_as_asked_and_in_their_range():
    size, price = many_houses(5000, np.random.default_rng(3))
    assert size.shape == price.shape == (5000,)
    assert many_houses(1, np.random.default_rng(3)).price.shape == (1,)
    assert size.min() >= 500
    assert size.max() <= 3500
    assert (price - 0.1 * size - 100).std() == pytest.approx(20, rel=0.05)


def test_the_same_seed_gives_the_same_houses():
    first, again, other = (many_houses(10, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert (first.size == again.size).all()
    assert (first.price == again.price).all()
    assert (first.size != other.size).all()


def test_noise_is_a_standard_deviation_and_may_be_0():
    size, price = many_houses(50, np.random.default_rng(0), noise=0)
    assert price == pytest.approx(0.1 * size + 100)
    noisy = many_houses(50, np.random.default_rng(0), noise=2.0)
    noisier = many_houses(50, np.random.default_rng(0), noise=6.0)
    assert noisier.price - price == pytest.approx(3 * (noisy.price - price))


# Units


def test_sizes_in_each_unit():
    size = houses().size
    assert units("sq ft", size).convert(size) == pytest.approx(size)
    assert units("thousands", size).convert(size) == pytest.approx([0.5, 1, 1.5, 2, 2.5])
    assert units("standardised", size).convert(size) == pytest.approx(np.array([-2, -1, 0, 1, 2]) / math.sqrt(2))
    assert units("thousands", size).convert(750) == 0.75


def test_standardised_sizes_have_mean_0_and_standard_deviation_1():
    size = many_houses(100, np.random.default_rng(0)).size
    z = units("standardised", size).convert(size)
    assert (z.mean(), z.std()) == pytest.approx((0, 1), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_units_know_their_name(name):
    assert units(name, houses().size).name == name


@pytest.mark.parametrize("name", NAMES)
def test_params_come_back_from_every_unit(name):
    unit = units(name, houses().size)
    assert unit.to_sq_ft(unit.from_sq_ft(LINES)) == pytest.approx(LINES)
    assert unit.from_sq_ft(unit.to_sq_ft(LINES)) == pytest.approx(LINES)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_line_predicts_the_same_prices_in_every_unit(name):
    size, price = houses()
    unit = units(name, size)
    raw, converted = LeastSquares.line(size, price), LeastSquares.line(unit.convert(size), price)
    assert converted.predict(unit.from_sq_ft(LINES)) == pytest.approx(raw.predict(LINES))
    assert raw.predict(unit.to_sq_ft(LINES)) == pytest.approx(converted.predict(LINES))
    assert converted.minimum() == pytest.approx(unit.from_sq_ft((0.1, 100)))


def test_the_true_line_in_each_unit():
    lines = [units(name, houses().size).from_sq_ft((0.1, 100)) for name in NAMES]
    assert np.array(lines) == pytest.approx(np.array([[0.1, 100], [100, 100], [50 * math.sqrt(2), 250]]))


@pytest.mark.parametrize("name", NAMES)
def test_the_true_line_costs_100_dollars_per_sq_ft_in_every_unit(name):
    size, price = houses()
    unit = units(name, size)
    fitted = LeastSquares.line(unit.convert(size), price).minimum()
    assert unit.dollars_per_sq_ft(fitted) == pytest.approx(100)
    assert unit.dollars_per_sq_ft([fitted, 2 * fitted, 0 * fitted]) == pytest.approx([100, 200, 0])


@pytest.mark.parametrize("method", ["from_sq_ft", "to_sq_ft", "dollars_per_sq_ft"])
def test_conversions_take_leading_axes(method):
    convert = getattr(Units("shifted", 300.0, 50.0), method)
    many = convert(LINES)
    assert many.shape == (LINES.shape if method != "dollars_per_sq_ft" else LINES.shape[:-1])
    for place in np.ndindex(LINES.shape[:-1]):
        assert many[place] == pytest.approx(convert(LINES[place]))


def test_conversions_do_not_change_what_they_are_given():
    unit, line = units("standardised", houses().size), np.array([0.1, 100])
    unit.from_sq_ft(line)
    unit.to_sq_ft(line)
    assert line.tolist() == [0.1, 100]


# What cannot be used is refused in one sentence


@pytest.mark.parametrize("n", [0, -1, 2.5, 10.0, math.nan, "10", None])
def test_bad_numbers_of_houses_are_refused(complains, n):
    with complains(f"n must be a whole number of houses, at least 1; got {n!r}"):
        many_houses(n, np.random.default_rng(0))


@pytest.mark.parametrize("noise", [-1, math.nan, math.inf])
def test_bad_noise_is_refused(complains, noise):
    with complains(f"noise must be zero or more, in thousands of dollars; got {noise!r}"):
        many_houses(5, np.random.default_rng(0), noise=noise)


@pytest.mark.parametrize("noise", ["loud", None])
def test_noise_that_is_no_number_is_refused(complains, noise):
    with complains("noise must be"):
        many_houses(5, np.random.default_rng(0), noise=noise)


@pytest.mark.parametrize("rng", [None, 0, np.random])
def test_a_generator_is_asked_for(complains, rng):
    with complains("rng must be a random generator such as np.random.default_rng(0); got"):
        many_houses(5, rng)


@pytest.mark.parametrize("name", ["metres", "", None, "standardized", 3])
def test_unknown_units_are_refused(complains, name):
    with complains(f'units must be "sq ft", "thousands" or "standardised"; got {name!r}'):
        units(name, houses().size)


@pytest.mark.parametrize("size", [[], [5.0], [5.0, 5.0], [1.0, math.nan], [1.0, math.inf], [[1.0, 2.0]], 7.0])
def test_sizes_that_have_no_standard_deviation_are_refused(complains, size):
    with complains("standardised units need at least two different, finite sizes"):
        units("standardised", size)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_that_are_no_numbers_are_refused(complains, name):
    with complains("size"):
        units(name, ["big", "small"])


@pytest.mark.parametrize("method", ["from_sq_ft", "to_sq_ft", "dollars_per_sq_ft"])
@pytest.mark.parametrize("params", [0.1, [0.1], [0.1, 100, 1]])
def test_conversions_refuse_params_of_the_wrong_length(complains, method, params):
    with complains("params must have 2 numbers along"):
        getattr(Units("shifted", 300.0, 50.0), method)(params)
