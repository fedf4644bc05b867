"""For all tests: how nbval compares a run with what is stored, and how many threads the mathematics may take."""

import os
import sys

# Tests run side by side; a BLAS that starts threads of its own for each of them waits for itself. Benchmarks run alone.
if "--benchmark-only" not in sys.argv:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_collectstart(collector):
    """HTML says the words of text/plain, which are compared, or holds a picture, whose pixels differ among machines."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html",)
