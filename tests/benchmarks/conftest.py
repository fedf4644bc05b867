"""Gives the benchmarks the browser and the server of the browser tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "browser"))

from lab_in_chromium import chromium, lab  # noqa: F401
