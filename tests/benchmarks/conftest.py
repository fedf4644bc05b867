"""Gives the benchmarks the browser and the server of the browser tests, and the command that runs notebooks."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "browser")]

from lab_in_chromium import chromium, lab  # noqa: F401
