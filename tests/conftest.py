"""Shared by all tests: one fresh seed a run (the same in every xdist worker) and a private csim cache."""

from __future__ import annotations

import os
import time

os.environ.setdefault("ISOBIT_FRESH_SEED", str(int(time.time())))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_report_header() -> str:
    """Say which seed repeats this run."""
    return f"isobit: ISOBIT_FRESH_SEED={os.environ['ISOBIT_FRESH_SEED']}"
