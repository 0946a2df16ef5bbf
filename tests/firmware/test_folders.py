"""A model from a project's folder is the model from the ModelGraph that wrote it, with the bits of its C-simulation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from firmware_projects import CASES, without_traces

import isobit as ib
from isobit.errors import TypeMismatchError
from isobit.model.canonical import canonical, canonical_digest
from isobit.model.file import load_graph


@pytest.mark.parametrize("case", [".".join(case) for case in CASES])
def test_the_graph_is_that_of_the_model_graph(projects: Path, case: str) -> None:
    folder = projects / case
    model, written = ib.load(folder), load_graph(folder / "graph.isobit")
    assert canonical(model.graph) == canonical(written)
    assert canonical_digest(model.graph) == canonical_digest(written)
    assert model.graph.metadata["io_type"] == case.rpartition(".")[2]


def test_the_digest_sees_every_bit(projects: Path) -> None:
    model = ib.load(projects / "jet_mlp.golden.io_parallel")
    found = {canonical_digest(model.graph)}
    for changes in (
        {"fc1.weight": "ap_fixed<6,2>"},
        {"fc2.accum": "ap_fixed<17,6>"},
        {"relu1.result": "ap_ufixed<6,3>"},
    ):
        found.add(canonical_digest(model.with_types(changes).graph))
    assert len(found) == 4


def test_layers_are_compared_with_the_folders_own_simulation_without_its_traces(
    changed: object, projects: Path
) -> None:
    folder = changed("btag_conv1d.golden.io_stream", {})  # type: ignore[operator]
    without_traces(folder)
    model = ib.load(folder)
    x = np.random.default_rng(4).normal(0, 2, (40, 10, 13))
    report = ib.check(model, x, against=("csim", "reference"), reference_events=10, optimisation="0")
    assert report.ok
    (csim,) = (road for road in report.roads if road.name == "csim")
    assert {layer.layer for layer in csim.layers} >= {op.name for op in model.graph.ops if not op.renames}


def test_loading_imports_neither_hls4ml_nor_tensorflow_and_compiles_nothing(projects: Path, tmp_path: Path) -> None:
    code = (
        "import sys, isobit as ib\n"
        "m = ib.load(sys.argv[1])\n"
        "m.predict([[0.5] * 16] * 2)\n"
        "assert not {'hls4ml', 'tensorflow', 'keras', 'qkeras'} & set(sys.modules), 'imported'\n"
    )
    command = [sys.executable, "-c", code, str(projects / "jet_mlp.golden.io_parallel")]
    subprocess.run(command, check=True, env={"PATH": "", "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)})


def test_a_folder_takes_no_options_of_others(projects: Path) -> None:
    folder = projects / "jet_mlp.golden.io_parallel"
    with pytest.raises(TypeMismatchError, match="takes no project"):
        ib.load(folder, project=folder)
    with pytest.raises(TypeMismatchError, match=r"takes no options, got io_type"):
        ib.load(folder, io_type="io_stream")
    assert ib.load(folder, input_ranges={"inputs": (-1, 1)}).graph.inputs[0].limits == (-1, 1)


def test_check_takes_a_folder(projects: Path) -> None:
    folder = projects / "jet_mlp.golden.io_parallel"
    command = [sys.executable, "-m", "isobit", "check", str(folder), "--events", "50", "--against", "cpp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("EQUAL: jet_mlp.golden.io_parallel (myproject)")
