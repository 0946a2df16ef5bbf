"""Shared by all tests: one fresh seed a run and one csim cache, the same in every xdist worker."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

import adder_trees
import compiling
import sharing
import tiers

os.environ.setdefault("ISOBIT_FRESH_SEED", str(int(time.time())))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("ISOBIT_PRECOMPILE", "1")  # hundreds of small designs


def _keras() -> str:
    """Version of the installed Keras; its import takes seconds."""
    try:
        return importlib.metadata.version("keras")
    except importlib.metadata.PackageNotFoundError:
        return "none"


#: Networks of HGQ2 need Keras 3, those of all other tests Keras 2: .ci/run has an environment for each.
collect_ignore = [] if _keras().startswith("3.") else ["hgq2"]


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled simulations out of the user's cache; workers inherit the controller's folders."""
    adder_trees.solve_in_python()
    tiers.choose_tier(config)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        kept = os.environ.get("ISOBIT_CACHE")
        folder = tempfile.mkdtemp(prefix="isobit-test-cache-")
        os.environ["ISOBIT_CACHE"] = folder
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        os.environ[sharing.FOLDER] = f"{folder}/shared"
        os.environ[compiling.PROGRAMS] = f"{Path(kept).resolve()}/tests" if kept else f"{folder}/programs"
        compiling.clean(Path(os.environ[compiling.PROGRAMS]))
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run does not take; see tests/tiers.py."""
    tiers.select(config, items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much tests/proof has proven in this run."""
    sums: dict[str, list[int]] = {}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "proven":
                what, statements, queries = value
                total = sums.setdefault(what, [0, 0])
                total[0] += statements
                total[1] += queries
    for what, (statements, queries) in sorted(sums.items()):
        terminalreporter.write_line(f"proven for all values: {what}: {statements:,} statements by {queries:,} queries")


def pytest_report_header() -> list[str]:
    """Say which seed repeats this run, and what it takes."""
    tier = "everything" if tiers.is_full() else "core and sampled oracles (everything: pytest -m full)"
    lines = [f"isobit: ISOBIT_FRESH_SEED={os.environ['ISOBIT_FRESH_SEED']}; {tier}"]
    if collect_ignore:
        lines.append(f"isobit: tests/hgq2 needs Keras 3, this is Keras {_keras()}; bash .ci/run hgq2 runs it")
    return lines
