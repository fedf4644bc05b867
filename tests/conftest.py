"""What several test files share."""

import os
import re
import sys
import warnings
from contextlib import contextmanager

import pytest

from gdhelpers.datasets import houses
from gdhelpers.problems import LeastSquares

os.environ["GDHELPERS_PROGRESS"] = "off"  # here and in every kernel: no test sees a learner's progress or writes any


@pytest.fixture
def five():
    """The article's problem: a line through five houses, in square feet."""
    return LeastSquares.line(*houses())


@pytest.fixture
def complains():
    """`with complains("start must"):` expects a ValueError of one plain sentence that holds these words."""

    @contextmanager
    def complains(words):
        with pytest.raises(ValueError, match=re.escape(words)) as caught:
            yield
        message = str(caught.value)
        assert "\n" not in message
        assert len(message) < 200
        assert not message.endswith(".")
        assert not re.search(r"[.!?] [A-Z]", message), "more than one sentence"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None, "a second traceback"

    return complains


@pytest.fixture
def no_warning_reaches_the_learner():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module", autouse=True)
def closed_at_the_end():
    """ipywidgets keeps every widget, and with it its figure, until it is closed: gigabytes in a whole run."""
    yield
    if "ipywidgets" in sys.modules:
        sys.modules["ipywidgets"].Widget.close_all()
