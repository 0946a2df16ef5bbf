"""docs/testing.md: its Python is run, block after block, and each of its tests; its kernel is compiled."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tiers import examples

ROOT = Path(__file__).resolve().parents[1]
DOC = ROOT / "docs" / "testing.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(), flags=re.DOTALL)


@pytest.mark.turn(2)
@pytest.mark.csim
def test_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, kernel in zip(("k.cpp", "regions.cpp"), blocks("cpp"), strict=True):
        Path(name).write_text(kernel)
    shutil.copy(ROOT / "tests" / "other_frontends" / "corpus" / "torch_mlp.isobit", "student.isobit")
    np.save("events.npy", np.random.default_rng(1).normal(0.0, 1.0, (2000, 5)))
    quiet = settings(
        max_examples=examples(15, 40),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    settings.register_profile("before", settings())
    settings.register_profile("docs", quiet)
    settings.load_profile("docs")
    try:
        names: dict[str, Any] = {}
        for block in blocks("python"):
            exec(compile(block, str(DOC), "exec"), names)
        tests = {name: function for name, function in names.items() if name.startswith("test_")}
        assert len(tests) == 5
        for function in tests.values():
            function()
    finally:
        settings.load_profile("before")


def test_the_symmetry_fails_for_rnd_as_the_text_says() -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0].replace("AP_RND_CONV", "AP_RND"), names)
    with pytest.raises(AssertionError, match=r"\d of \d numbers differ"):
        names["test_rounding_is_symmetric"]()
