"""How a table of the article's numbers is read: rows of (claim, what, function, expected, relative tolerance)."""

import numpy as np
import pytest


def each_of(rows):
    """Run a test of (value, expected, tolerance) once for each row."""
    names = [f"{row[0]} {row[1]}" for row in rows]
    return pytest.mark.parametrize(("value", "expected", "tolerance"), [row[2:] for row in rows], ids=names)


def assert_close(value, expected, tolerance):
    """Relative to what is expected, or absolute where that is 0."""
    value, expected = np.asarray(value, dtype=float), np.asarray(expected, dtype=float)
    allowed = tolerance * np.where(expected == 0, 1, np.abs(expected))
    assert np.all(np.abs(value - expected) <= allowed), f"computed {value}, expected {expected}"
