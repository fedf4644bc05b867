import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import gdhelpers
from gdhelpers.datasets import digits


def undone(data, split):
    """All pictures and labels in the order before the split."""
    order = np.random.default_rng(split).permutation(1797)
    X, labels = np.empty((1797, data.train_X.shape[1])), np.empty(1797, dtype=int)
    X[order] = np.concatenate([data.test_X, data.train_X])
    labels[order] = np.concatenate([data.test_labels, data.train_labels])
    return X, labels


@pytest.mark.parametrize("split", [0, 1, 7])
def test_the_digits_are_those_of_scikit_learn_row_by_row(split):
    X, labels = undone(digits(split), split)
    judge = load_digits()
    assert (judge.data == X * 16).all()
    assert (labels == judge.target).all()


@pytest.mark.parametrize("side", [8, 28])
def test_shapes_and_kinds(side):
    data = digits(side=side)
    assert data.train_X.shape == (1437, side**2)
    assert data.test_X.shape == (360, side**2)
    assert data.train_labels.shape == (1437,)
    assert data.test_labels.shape == (360,)
    assert data.train_X.dtype == data.test_X.dtype == float
    assert data.train_labels.dtype.kind == data.test_labels.dtype.kind == "i"
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))


@pytest.mark.parametrize("side", [8, 28])
def test_grey_goes_from_0_to_1(side):
    X = np.concatenate([digits(side=side).train_X, digits(side=side).test_X])
    assert X.min() == 0
    assert X.max() == pytest.approx(1, abs=1e-12)
    assert X.max() <= 1 + 1e-12


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    first, again, other = digits(3), digits(3), digits(4)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first.test_X != other.test_X).any()


def test_split_0_is_the_one_unless_told():
    assert (digits().test_X == digits(0).test_X).all()


def test_no_picture_is_in_both_parts():
    data = digits()
    train, test = ({row.tobytes() for row in X} for X in (data.train_X, data.test_X))
    assert len(train) + len(test) == 1797, "all pictures differ"
    assert not train & test


def test_each_call_gives_new_arrays():
    digits().train_X[:] = -1
    assert digits().train_X.min() == 0


# Enlarged


def test_enlarged_pictures_keep_their_place_and_their_label():
    small, large = digits(2), digits(2, side=28)
    assert (small.train_labels == large.train_labels).all()
    assert (small.test_labels == large.test_labels).all()
    nearest = [1, 5, 8, 12, 15, 19, 22, 26]  # the pixels of 28 nearest to the centres of the 8
    shrunk = large.test_X.reshape(-1, 28, 28)[:, nearest][:, :, nearest]
    assert np.corrcoef(shrunk.ravel(), small.test_X.ravel())[0, 1] > 0.98


def test_enlarged_pictures_are_as_grey_as_before():
    small, large = digits().train_X, digits(side=28).train_X
    assert large.mean() == pytest.approx(small.mean(), rel=0.01)
    assert large.mean(axis=1) == pytest.approx(small.mean(axis=1), rel=0.1)


def test_enlarging_is_linear_between_the_centres_of_the_pixels():
    small, large = digits().test_X[0].reshape(8, 8), digits(side=28).test_X[0].reshape(28, 28)
    for i, j in [(0, 0), (3, 11), (14, 14), (20, 7), (27, 27)]:
        places = [min(max((k + 0.5) * 8 / 28 - 0.5, 0), 7) for k in (i, j)]
        (row, down), (column, right) = [(min(int(place), 6), place - min(int(place), 6)) for place in places]
        upper, lower = small[row], small[row + 1]
        expected = (1 - down) * ((1 - right) * upper[column] + right * upper[column + 1]) + down * (
            (1 - right) * lower[column] + right * lower[column + 1]
        )
        assert large[i, j] == pytest.approx(expected, abs=1e-12)


# Where they come from


def test_the_file_beside_the_data_names_source_and_licence():
    text = (Path(gdhelpers.__file__).parent / "digits.txt").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "UCI Machine Learning Repository", "10.24432/C50P49", "CC BY 4.0"):
        assert words in text
        assert words in digits.__doc__


def test_neither_scikit_learn_nor_the_network_is_needed():
    code = (
        "import socket, sys\n"
        "def refuse(*args, **kwargs): raise AssertionError('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from gdhelpers.datasets import digits\n"
        "assert len(digits(side=28).train_X) == 1437\n"
        "assert 'sklearn' not in sys.modules\n"
        "assert 'urllib.request' not in sys.modules\n"
    )
    root = Path(gdhelpers.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# What cannot be used is refused in one sentence


@pytest.mark.parametrize("side", [0, 7, 16, 28.5, "28", None])
def test_other_sides_are_refused(complains, side):
    with complains(f"side must be 8 or 28 pixels; got {side!r}"):
        digits(side=side)


@pytest.mark.parametrize("split", [-1, 1.5, "first", None])
def test_splits_that_are_no_seeds_are_refused(complains, split):
    with complains("split must be"):
        digits(split)
