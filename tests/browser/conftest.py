"""Gives the tests of this folder their browser and their server."""

from lab_in_chromium import chromium, lab  # noqa: F401
