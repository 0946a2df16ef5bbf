"""docs/firmware.md: its Python is run on a project that hls4ml writes, and its error is the one that users get."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.errors import UnsupportedError

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "firmware.md").read_text()


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "zoo"))
    from zoo_networks import arguments_of, loaded

    from isobit.frontends.project import write_project

    hls_model = loaded("jet_mlp", arguments_of("jet_mlp", "golden", "io_parallel")).source
    write_project(hls_model, tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    names = {"x": np.linspace(-2, 2, 64).reshape(4, 16), "hls_model": hls_model}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, names)
    assert names["same"] is True
    assert np.asarray(names["y"]).shape == (4, 5)
    assert "Model 'myproject': 8 layers" in capsys.readouterr().out

    kernel = tmp_path / "project" / "firmware" / "nnet_utils" / "nnet_dense_latency.h"
    kernel.write_text(kernel.read_text().replace("+= ", "-= ", 1))
    (said,) = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    with pytest.raises(UnsupportedError) as error:
        ib.load("project")
    assert " ".join(said.split()) in str(error.value)
