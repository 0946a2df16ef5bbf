"""docs/firmware.md: its Python is run on a project that hls4ml writes, and its error is the one that users get."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "firmware.md").read_text()


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "zoo"))
    from zoo_networks import arguments_of, loaded

    from isobit.frontends.project import write_project
    from isobit.model.layers.foreign import RUNNERS

    RUNNERS.clear()  # nobody has asked for this code to be run yet, whatever tests came before

    hls_model = loaded("jet_mlp", arguments_of("jet_mlp", "golden", "io_parallel")).source
    write_project(hls_model, tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    names = {"x": np.linspace(-2, 2, 64).reshape(4, 16), "hls_model": hls_model}
    names["features"] = 10 * names["x"]
    shutil.copytree("project", "patched")
    kernel = tmp_path / "patched" / "firmware" / "nnet_utils" / "nnet_activation.h"
    before, stable, rest = kernel.read_text().partition("void softmax_stable")
    product = "res[i] = exp_res[i] * inv_exp_sum;"
    kernel.write_text(before + stable + rest.replace(product, f"{product[:-1]} + res_T(0.25);", 1))
    for language, block in re.findall(r"```(python|yaml)\n(.*?)```", TEXT, re.DOTALL):
        if language == "python":
            exec(block, names)
        elif block.startswith("# wrapper.yml"):
            Path("wrapper.yml").write_text(block)
    assert names["same"] is True
    assert np.array_equal(names["y"], names["model"].predict(names["x"]) + 0.25)
    said = capsys.readouterr().out
    assert "Model 'myproject': 8 layers" in said
    assert "['centred', 'scaled', 'inputs', 'fc1'," in said
    assert np.array_equal(names["scores"], names["tagger"].predict(names["features"])[0])
    assert np.array_equal(names["best"][:, 0], names["scores"].argmax(axis=1))
    shown, _ = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    assert " ".join(shown.split()) in " ".join(said.split())
