"""isobit export, and isobit csim of what it wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hls_networks import saturating, wide

import isobit as ib
from isobit.commands import run
from isobit.model.file import save_graph

Exported = Callable[[str], ib.HlsProject]


@pytest.fixture
def model(tmp_path: Path) -> str:
    save_graph(wide(), tmp_path / "wide.isobit")
    return str(tmp_path / "wide.isobit")


def test_export_and_simulate(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    arguments = ["export", model, "--out", str(folder), "--oracle", "reference", "--random", "8", "--clock-ns", "2.5"]
    assert run(arguments) == 0
    said = capsys.readouterr().out
    assert f"wide written to {folder}" in said
    assert "isobit's reference: by definition" in said
    assert run(arguments) == 2
    assert "is not empty; choose another name, or replace it" in capsys.readouterr().err
    assert run([*arguments, "--overwrite", "--name", "other", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["top"], document["clock_ns"], document["folder"]) == ("other", 2.5, str(folder))

    assert run(["csim", str(folder), "--headers", "isobit"]) == 0
    assert capsys.readouterr().out.endswith("EQUAL: test bench of other on isobit headers\n")
    weights = folder / "firmware/weights.hpp"
    text = weights.read_text()
    weights.write_text(text.replace("norm_bias[3] = {\n    ", "norm_bias[3] = {\n    (1LL << 50) + "))
    assert run(["csim", str(folder), "--headers", "isobit"]) == 1
    said = capsys.readouterr().out
    assert "changed since the export: firmware/weights.hpp" in said
    assert "DIFFERENT: test bench of other on isobit headers" in said
    assert run(["csim", str(folder), "--headers", "isobit", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["changed"]) == (False, ["firmware/weights.hpp"])


@pytest.mark.turn(3)
def test_events_through_an_exported_folder(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(exported("saturating").folder)
    x = np.random.default_rng(5).normal(0, 3, (50, 4))
    np.save(tmp_path / "x.npy", x)
    data, out = str(tmp_path / "x.npy"), tmp_path / "y.npz"
    want = ib.Model(saturating()).predict(x)
    for headers in ("isobit", "vendor"):
        assert (
            run(["csim", folder, "--data", data, "--out", str(out), "--headers", headers, "--overwrite", "--json"]) == 0
        )
        document = json.loads(capsys.readouterr().out)
        assert (document["events"], document["headers"], document["changed"]) == (50, headers, [])
        assert list(document["outputs"]) == [t.name for t in saturating().output_tensors]
        with np.load(out) as arrays:
            for name, array in zip(saturating().outputs, want, strict=True):
                np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "y.npz"], "--out needs --data"),
        (["--data", "x.npy", "--out", "y.npy"], "has 5 outputs; --out must end in .npz"),
        (["--data", "x.npy", "--trace", "t.npz"], "takes no --trace"),
        (["--optimisation", "1"], "takes no --optimisation"),
        (["--allow-lambda"], "takes no --allow-lambda"),
        (["--data", "nothing.npy"], "does not exist"),
    ],
)
def test_refused(
    exported: Exported,
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.zeros((2, 4)))
    assert run(["csim", str(exported("saturating").folder), "--headers", "isobit", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err.replace("\n", " ")


def test_other_sources_need_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["csim", str(tmp_path)]) == 2
    assert "--data is needed" in capsys.readouterr().err
