"""docs/zoo.md: its table is the zoo's, its examples are run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.students import zoo

DOC = Path(__file__).resolve().parents[1] / "docs" / "zoo.md"


def test_the_table_is_the_zoo() -> None:
    rows = [line for line in DOC.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {entry.shape} | {entry.outputs} | {entry.task} | {entry.summary} |"
        for name, entry in zoo.ZOO.items()
    ]


def test_examples_without_a_framework_run() -> None:
    failed, tried = doctest.testfile(str(DOC), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert failed == 0
    assert tried >= 6


@pytest.mark.hls4ml
def test_the_network_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(from hls4ml.*?)```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert block
    names: dict[str, Any] = {}
    exec(compile(block[1], str(DOC), "exec"), names)
    assert names["y"].shape == (1000, 3)
    assert len(np.unique(names["y"], axis=0)) > 900
