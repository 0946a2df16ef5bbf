"""Sweeps: the figures are those of each configuration, whoever computes them, killed and resumed or not."""

from __future__ import annotations

import doctest
import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import isobit as ib
from isobit.commands import cli
from isobit.cost import cost
from isobit.errors import DataFileError, FormatError, RangeError, ResumeError, UnsupportedError
from isobit.model import Dense, Graph, TableActivation, Tensor, Weight
from isobit.model.tables import function_table
from isobit.sweep import Axis, sweep

ROOT = Path(__file__).resolve().parents[2]
MODEL = ib.load(ROOT / "tests" / "other_frontends" / "corpus" / "torch_mlp.isobit")
X = np.random.default_rng(2).normal(0.0, 1.0, (300, *MODEL.graph.inputs[0].shape))
KIND = ib.FixedType.parse
NUMBER = KIND("ap_fixed<16,6>")
WEIGHT = Weight.from_written("weight", np.random.default_rng(5).normal(0, 0.6, (4, 4)), NUMBER)
BIAS = Weight.from_written("bias", [0.5, -0.25, 0.125, 1.0], NUMBER)
TABLE = function_table("table", "sigmoid", 1024, KIND("ap_fixed<18,8>"))
DENSE = Dense("fc", ("x",), Tensor("fc", (4,), NUMBER), WEIGHT, BIAS, KIND("ap_fixed<24,10>"), "resource")
SIGMOID = TableActivation("sig", ("fc",), Tensor("sig", (4,), NUMBER), "sigmoid", TABLE)
FAMILY = ib.Model(Graph("family", (Tensor("x", (4,), NUMBER),), (DENSE, SIGMOID), ("sig",)))
VARY = [
    {"slots": ["*.accum", "*.result"], "bits": [20, 26, 36], "name": "sums"},
    {"slots": "*.weight", "fraction": {"from": 3, "to": 9, "step": 3}, "tied": False},
]
ALL = ("rms", "max", "flips", "overflows", "unsafe", "bits", "dsp", "weight_bits")


def test_figures_are_those_of_the_configuration(tmp_path: Path) -> None:
    found = sweep(MODEL, VARY, X, metrics=ALL, workers=1, store=tmp_path / "s.sqlite")
    assert len(found) == found.computed == 27
    wanted = MODEL.predict(X)
    for record in found.records[::9]:
        network = MODEL.with_types(record.types)
        got = network.predict(X)
        assert record.metrics["rms"] == np.sqrt(np.mean((got - wanted) ** 2))
        assert record.metrics["max"] == np.abs(got - wanted).max()
        assert record.metrics["flips"] == np.mean(got.argmax(axis=1) != wanted.argmax(axis=1))
        assert record.metrics["dsp"] == cost(network).dsp
        worst = max((int(count.events.max()) for count in network.profile(X).overflows), default=0)
        assert record.metrics["overflows"] == worst
    assert len({record.metrics["rms"] for record in found}) > 5
    again = sweep(MODEL, VARY, X, metrics=ALL, workers=1, store=tmp_path / "s.sqlite")
    assert (again.computed, again.known, again.records) == (0, 27, found.records)


def test_other_processes_and_executors_find_the_same(tmp_path: Path) -> None:
    here = sweep(MODEL, VARY, X, workers=1)
    processes = sweep(MODEL, VARY, X, workers=2, store=tmp_path / "p.sqlite")
    with ThreadPoolExecutor(2) as pool:
        threads = sweep(MODEL, VARY, X, cluster=pool)
    assert here.records == processes.records == threads.records


def test_a_dask_cluster_of_two_workers_finds_the_same_store(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    here, there = tmp_path / "here.sqlite", tmp_path / "there.sqlite"
    wanted = sweep(MODEL, VARY, X, workers=1, store=here)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        found = sweep(MODEL, VARY, X, cluster=cluster, store=there)
        with Client(cluster) as client:
            again = sweep(MODEL, VARY, X, cluster=client, store=there)
            by_address = sweep(MODEL, VARY[:1], X, cluster=client.scheduler.address)
    assert found.records == again.records == wanted.records and again.computed == 0
    assert contents(here) == contents(there)
    assert by_address.records == sweep(MODEL, VARY[:1], X, workers=1).records


def contents(path: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as store:
        return [*store.execute("SELECT * FROM points ORDER BY changes"), *store.execute("SELECT * FROM about")]


def test_killed_and_resumed(tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, 'tests/sweep');"
        "from test_sweep import MODEL, VARY, X; from isobit.sweep import sweep;"
        "stop = lambda done, wanted: os.kill(os.getpid(), 9) if done >= 8 else None;"
        f"sweep(MODEL, VARY, X, workers=1, store={str(tmp_path / 's.sqlite')!r}, progress=stop)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -9
    resumed = sweep(MODEL, VARY, X, workers=1, store=tmp_path / "s.sqlite")
    assert resumed.known >= 8
    assert resumed.computed == 27 - resumed.known
    assert resumed.records == sweep(MODEL, VARY, X, workers=1, store=tmp_path / "whole.sqlite").records
    assert contents(tmp_path / "s.sqlite") == contents(tmp_path / "whole.sqlite")


@pytest.mark.parametrize("method", ["random", "tpe", "nsga2"])
def test_draws_are_repeated_by_their_seed(method: str) -> None:
    first, again = (sweep(MODEL, VARY, X[:50], method=method, trials=12, seed=4, workers=1) for _ in range(2))
    assert first.records == again.records
    assert 3 < len(first) <= 12
    assert {tuple(r.types) for r in first.records} <= {tuple(r.types) for r in sweep(MODEL, VARY, X[:50], workers=1)}


def test_a_larger_sweep_extends_the_store(tmp_path: Path) -> None:
    sweep(MODEL, VARY[:1], X, workers=1, store=tmp_path / "s.sqlite")
    more = sweep(MODEL, [{**VARY[0], "bits": [20, 26, 30, 36]}], X, workers=1, store=tmp_path / "s.sqlite")
    assert (more.known, more.computed) == (3, 1)


def test_pareto_and_columns() -> None:
    found = sweep(MODEL, VARY, X, metrics=("rms", "bits"), workers=1)
    front = found.pareto("rms", "bits")
    values = np.array([[one.metrics["rms"], one.metrics["bits"]] for one in found])
    for one in front:
        mine = np.array([one.metrics["rms"], one.metrics["bits"]])
        assert not ((values <= mine).all(axis=1) & (values < mine).any(axis=1)).any()
    assert 1 < len(front) < len(found)
    assert max(found.pareto("-bits"), key=lambda one: one.metrics["bits"]).metrics["bits"] == values[:, 1].max()
    columns = found.columns()
    assert {len(values) for values in columns.values()} == {27}
    assert set(columns) == {"sums", "_0.weight fraction", "_3.weight fraction", "rms", "bits"}
    with pytest.raises(UnsupportedError, match="no metric 'bit'; did you mean 'bits'"):
        found.pareto("bit")


def first_output(outputs: list[Any]) -> float:
    return float(outputs[0][:, 0].mean())


def test_functions_and_references() -> None:
    found = sweep(
        MODEL, VARY[:1], X, metrics=("rms", "mean"), functions={"mean": first_output}, reference=MODEL.predict(X) + 1,
        workers=1,
    )  # fmt: skip
    for record in found:
        got = MODEL.with_types(record.types).predict(X)
        assert record.metrics["mean"] == first_output([got])
        assert record.metrics["rms"] == np.sqrt(np.mean((got - (MODEL.predict(X) + 1)) ** 2))


def test_entries_of_tables_and_reuse_factors() -> None:
    network = FAMILY.with_types({"fc.weight": "ap_fixed<16,2>"})
    x = np.random.default_rng(3).normal(0.0, 2.0, (200, 4))
    vary = [
        {"slots": "sig.table", "entries": [64, 1024]},
        {"slots": "fc", "reuse_factor": [1, 2, 3, 4]},
        {"slots": "fc.weight", "fraction": [4, 14]},
    ]
    found = sweep(network, vary, x, metrics=("rms", "dsp"), workers=1)
    refused = [one for one in found if one.refused]
    assert {one.settings["fc reuse_factor"] for one in refused} == {"3"}  # of 4 inputs and 4 outputs not legal
    names = ("sig.table entries", "fc reuse_factor", "fc.weight fraction")
    by_point = {tuple(one.point[name] for name in names): one for one in found if not one.refused}
    assert by_point[1024, 1, 14].settings == {} and by_point[1024, 1, 14].metrics["rms"] == 0
    assert by_point[64, 4, 14].settings == {"sig.table entries": "64", "fc reuse_factor": "4"}
    assert by_point[64, 1, 14].metrics["rms"] > 0
    assert by_point[1024, 4, 14].metrics["dsp"] < by_point[1024, 1, 14].metrics["dsp"]
    coarse = SIGMOID.with_entries({"table": 64})
    got = ib.Model(replace(network.graph, ops=(network.graph.ops[0], coarse))).predict(x)
    assert by_point[64, 2, 14].metrics["rms"] == np.sqrt(np.mean((got - network.predict(x)) ** 2))


def test_layers_before_the_first_change_are_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from isobit.sweep import rerun

    starts: list[int] = []
    partly = rerun._from
    monkeypatch.setattr(rerun, "_from", lambda graph, start, *rest: starts.append(start) or partly(graph, start, *rest))
    found = sweep(MODEL, [{"slots": "_3.weight", "fraction": [2, 4, 6, 8]}], X, workers=1)
    assert len(starts) >= 2 and min(starts) >= MODEL.layers.index("_3")
    for record in found:
        got = MODEL.with_types(record.types).predict(X)
        assert record.metrics["rms"] == np.sqrt(np.mean((got - MODEL.predict(X)) ** 2))


def test_formats_that_do_not_exist_are_no_points() -> None:
    found = sweep(MODEL, [{"slots": "*.accum", "bits": [0, 20]}], X, workers=1)
    assert [record.types["_0.accum"] for record in found] == ["ap_fixed<20,16>"]


@pytest.mark.parametrize(
    ("vary", "options", "error", "words"),
    [
        ([{"slots": "*.acum", "bits": [8]}], {}, FormatError, r"no format of the network matches '\*.acum'"),
        ([{"slots": "*.accum", "bit": [8]}], {}, UnsupportedError, "unknown key 'bit'; did you mean 'bits'"),
        ([{"conversion": ["retype"]}], {}, UnsupportedError, "'retype'; did you mean 'retyped'.*retyped, reconverted"),
        ([{"slots": "fc9", "reuse_factor": [1]}], {}, FormatError, "no layer with a reuse factor .* matches 'fc9'"),
        ([{"slots": "*", "entries": [9]}], {}, FormatError, "no table of the network matches"),
        ([{"slots": "*.accum"}], {}, RangeError, "sets nothing; it may set bits"),
        ([{"slots": "*.accum", "bits": []}], {}, RangeError, "has no values"),
        ([{"slots": "*.accum", "bits": {"from": 3}}], {}, UnsupportedError, "a range has from, to and step"),
        ([Axis(("*.accum",), "bits", (8,)), Axis(("*.accum",), "bits", (9,))], {}, RangeError, "two dimensions"),
        (VARY, {"metrics": ["rmss"]}, UnsupportedError, "no metric 'rmss'; did you mean 'rms'"),
        (VARY, {"method": "anneal"}, UnsupportedError, "no method 'anneal'.*grid, random, tpe, nsga2"),
        (VARY, {"method": "random"}, RangeError, "needs trials of at least 1, got None"),
    ],
)
def test_bad_input(vary: Any, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sweep(MODEL, vary, X, workers=1, **options)


def test_a_store_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    sweep(MODEL, VARY[:1], X, workers=1, store=path)
    for other in ({"x": X + 1}, {"metrics": ("max",)}, {"model": MODEL.with_types({"_0.accum": "ap_fixed<30,16>"})}):
        with pytest.raises(ResumeError, match="another network, other events, another reference or other metrics"):
            sweep(**{"model": MODEL, "x": X, "space": VARY[:1], "workers": 1, "store": path, **other})
    path.write_text("no database, but a text that is long enough" * 9)
    with pytest.raises(DataFileError, match="no store of a sweep"):
        sweep(MODEL, VARY[:1], X, workers=1, store=path)


SPEC = """
model: net.isobit
data: x.npy
metrics: [rms, bits]
vary:
  - slots: ["*.accum", "*.result"]
    name: sums
    bits: {from: 20, to: 36, step: 8}
  - slots: ["*.weight"]
    fraction: [3, 9]
"""


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["sweep", *arguments], standalone_mode=False)


def test_command(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "net.isobit")
    np.save(tmp_path / "x.npy", X)
    spec = tmp_path / "spec.yml"
    spec.write_text(SPEC)
    text = run(str(spec), "--workers", "1").output
    assert "6 configurations in" in text and "6 computed, 0 known" in text
    document = json.loads(run(str(spec), "--workers", "1", "--json").output)
    assert (document["computed"], document["known"], len(document["points"])) == (0, 6, 6)
    assert document["pareto"]
    spec.write_text(SPEC + "input_ranges: {nothing: [0, 1]}\n")
    assert "input_ranges has 'nothing', which is no input" in str(run(str(spec)).exception)
    spec.write_text(SPEC + "input_ranges: [0, 1]\n")
    assert "input_ranges must be a mapping such as {x: [0, 8]}" in str(run(str(spec)).exception)
    spec.write_text(SPEC + "metric: rms\n")
    assert "unknown key 'metric'; did you mean 'metrics'" in str(run(str(spec)).exception)
    spec.write_text(SPEC.replace("model: net.isobit", ""))
    assert "has no key 'model'" in str(run(str(spec)).exception)


def test_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs" / "sweep.md"), module_relative=False)
    assert (failed, tried >= 4) == (0, True)
