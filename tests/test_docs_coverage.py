"""docs/coverage.md is what the registered layers and the committed runs say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.hls4ml
def test_the_page_is_current() -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_coverage.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "families" / "runs").glob("*.json")), ids=lambda p: p.stem)
def test_no_committed_run_has_differences(path: Path) -> None:
    assert json.loads(path.read_text())["networks_with_differences"] == []
