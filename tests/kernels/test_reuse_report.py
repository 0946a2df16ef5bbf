"""What was asked for beside what the firmware has: reuse factors and strategies that hls4ml replaced."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from strategy_networks import strategy_graph, strategy_keras

import isobit as ib
from isobit.commands import run
from isobit.frontends.folder_reuse import folder_reuse_factors
from isobit.frontends.project import read_project
from isobit.model.requested import ReuseFactor, summary

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("kernels-reuse")]

#: 12 x 6, 6 x 8, 8 x 4, 4 x 9, 9 x 2: 7 becomes 6, 30 becomes 24, 3 becomes 2.
ASKED, TAKEN = (7, 30, 3, 4, 18), (6, 24, 2, 4, 18)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return strategy_graph(strategy_keras(), tmp_path_factory.mktemp("reuse"), "Vitis", "resource", ASKED)


@pytest.fixture(scope="module")
def folder(graph: Any) -> Path:
    with contextlib.redirect_stdout(io.StringIO()):
        graph.write()
    return Path(graph.config.get_output_dir())


def test_model_knows_both(graph: Any, tmp_path: Path) -> None:
    model = ib.load(graph)
    found = [(f.layer, f.requested, f.reuse_factor, f.replaced) for f in model.reuse_factors]
    assert found == [(f"fc{i}", a, t, a != t) for i, (a, t) in enumerate(zip(ASKED, TAKEN, strict=True))]
    assert {(f.strategy, f.requested_strategy) for f in model.reuse_factors} == {("resource", "resource")}
    assert "fc0: dense (resource, reuse factor 6 (requested: reuse factor 7)) -> (6,)" in repr(model)
    assert "fc3: dense (resource, reuse factor 4) -> (9,)" in repr(model)
    model.save(tmp_path / "model.isobit")
    assert ib.load(tmp_path / "model.isobit").reuse_factors == model.reuse_factors
    assert model.with_types({"fc0.accum": "ap_fixed<20,9>"}).reuse_factors == model.reuse_factors


def test_check_reports_what_was_replaced(graph: Any, tmp_path: Path) -> None:
    report = ib.check(ib.load(graph), np.zeros((3, 12)), ["reference"])
    text = str(report)
    assert "replaced by hls4ml:\n  fc0: resource, reuse factor 6 (requested: reuse factor 7)\n  fc1" in text
    assert "fc3: resource" not in text
    entries = report.to_dict()["reuse_factors"]
    assert [(e["layer"], e["requested"], e["reuse_factor"], e["replaced"]) for e in entries][:2] == [
        ("fc0", 7, 6, True),
        ("fc1", 30, 24, True),
    ]
    report.to_html(tmp_path / "report.html")
    assert "fc0: resource, reuse factor 6 (requested: reuse factor 7)" in (tmp_path / "report.html").read_text()


def test_unrolled_with_reuse_factor_one_becomes_resource(tmp_path: Path) -> None:
    graph = strategy_graph(strategy_keras(), tmp_path, "Vitis", "resource_unrolled", (1, 48, 2, 4, 3))
    found = ib.load(graph).reuse_factors
    assert str(found[0]) == "fc0: resource, reuse factor 1 (requested: resource_unrolled)"
    assert str(found[1]) == "fc1: resource_unrolled, reuse factor 24 (requested: reuse factor 48)"


def test_folder_says_the_same(graph: Any, folder: Path) -> None:
    assert read_project(folder).reuse == ib.load(graph).reuse_factors


@pytest.mark.csim
def test_csim_command_reports_a_folders(folder: Path, tmp_path: Path, capsys: Any) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    command = ["csim", str(folder), "--data", str(tmp_path / "x.npy"), "--optimisation", "0"]
    assert run([*command, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["reuse_factors"]
    assert [(e["requested"], e["reuse_factor"]) for e in entries] == list(zip(ASKED, TAKEN, strict=True))
    assert run(command) == 0
    assert "replaced by hls4ml:\n  fc0: resource, reuse factor 6 (requested: reuse factor 7)" in capsys.readouterr().out


_PARAMETERS = """
// fc1
struct config2 : nnet::dense_config {
    static const unsigned strategy = nnet::resource;
    static const unsigned reuse_factor = 5;
};
// conv
struct config4_mult : nnet::dense_config {
    static const unsigned strategy = nnet::latency;
    static const unsigned reuse_factor = 1;
};
"""


@pytest.mark.parametrize(
    ("config", "strategy", "requested"),
    [
        (
            {"LayerName": {"FC1": {"ReuseFactor": 7, "Strategy": "Resource"}}, "Model": {"ReuseFactor": 1}},
            "resource",
            7,
        ),
        ({"LayerType": {"QDense": {"ReuseFactor": 3}}, "Model": {"Strategy": "Latency"}}, "latency", 3),
        ({"Model": {"ReuseFactor": 2, "Strategy": "ResourceUnrolled"}}, "resource_unrolled", 2),
        ({"Model": {"ReuseFactor": 2, "Strategy": "resource", "Compression": True}}, "compressed", 2),
        ({}, None, None),
    ],
)
def test_configuration_by_name_class_and_model(config: Any, strategy: str | None, requested: int | None) -> None:
    found = folder_reuse_factors({"HLSConfig": config}, _PARAMETERS)
    assert found == (ReuseFactor("fc1", "resource", 5, strategy, requested),)


def test_summary_is_one_line_where_nothing_was_replaced() -> None:
    same = ReuseFactor("fc1", "latency", 4, "latency", 4)
    assert summary([same, ReuseFactor("fc2", "latency", 2, "latency", 2)]) == [
        "reuse factors as requested: fc1 4, fc2 2"
    ]
    assert summary([ReuseFactor("fc1", "latency", 4)]) == ["reuse factors: fc1 4"]
    assert summary([]) == []
