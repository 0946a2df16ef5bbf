"""Sweeps: the figures are those of each configuration, whoever computes them, killed and resumed or not."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import isobit as ib
from isobit.commands import cli
from isobit.cost import cost
from isobit.errors import DataFileError, FormatError, RangeError, ResumeError, UnsupportedError
from isobit.sweep import Axis, sweep

ROOT = Path(__file__).resolve().parents[2]
MODEL = ib.load(ROOT / "tests" / "other_frontends" / "corpus" / "torch_mlp.isobit")
X = np.random.default_rng(2).normal(0.0, 1.0, (300, *MODEL.graph.inputs[0].shape))
VARY = [
    {"slots": ["*.accum", "*.result"], "bits": [20, 26, 36], "name": "sums"},
    {"slots": "*.weight", "fraction": {"from": 3, "to": 9, "step": 3}, "tied": False},
]
ALL = ("rms", "max", "flips", "overflows", "unsafe", "bits", "dsp", "weight_bits")


def test_figures_are_those_of_the_configuration(tmp_path: Path) -> None:
    found = sweep(MODEL, X, VARY, metrics=ALL, workers=1, store=tmp_path / "s.sqlite")
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
    again = sweep(MODEL, X, VARY, metrics=ALL, workers=1, store=tmp_path / "s.sqlite")
    assert (again.computed, again.known, again.records) == (0, 27, found.records)


def test_other_processes_and_executors_find_the_same(tmp_path: Path) -> None:
    here = sweep(MODEL, X, VARY, workers=1)
    processes = sweep(MODEL, X, VARY, workers=2, store=tmp_path / "p.sqlite")
    with ThreadPoolExecutor(2) as pool:
        threads = sweep(MODEL, X, VARY, executor=pool)
    assert here.records == processes.records == threads.records


def test_a_dask_cluster_finds_the_same() -> None:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)
    with cluster, Client(cluster) as client:
        found = sweep(MODEL, X, VARY, executor=client.get_executor())
    assert found.records == sweep(MODEL, X, VARY, workers=1).records


def test_killed_and_resumed(tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, 'tests/sweep');"
        "from test_sweep import MODEL, VARY, X; from isobit.sweep import sweep;"
        "stop = lambda done, wanted: os.kill(os.getpid(), 9) if done >= 8 else None;"
        f"sweep(MODEL, X, VARY, workers=1, store={str(tmp_path / 's.sqlite')!r}, progress=stop)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -9
    resumed = sweep(MODEL, X, VARY, workers=1, store=tmp_path / "s.sqlite")
    assert resumed.known >= 8
    assert resumed.computed == 27 - resumed.known
    assert resumed.records == sweep(MODEL, X, VARY, workers=1).records


@pytest.mark.parametrize("method", ["random", "tpe", "nsga2"])
def test_draws_are_repeated_by_their_seed(method: str) -> None:
    first, again = (sweep(MODEL, X[:50], VARY, method=method, trials=12, seed=4, workers=1) for _ in range(2))
    assert first.records == again.records
    assert 3 < len(first) <= 12
    assert {tuple(r.types) for r in first.records} <= {tuple(r.types) for r in sweep(MODEL, X[:50], VARY, workers=1)}


def test_a_larger_sweep_extends_the_store(tmp_path: Path) -> None:
    sweep(MODEL, X, VARY[:1], workers=1, store=tmp_path / "s.sqlite")
    more = sweep(MODEL, X, [{**VARY[0], "bits": [20, 26, 30, 36]}], workers=1, store=tmp_path / "s.sqlite")
    assert (more.known, more.computed) == (3, 1)


def test_pareto_and_columns() -> None:
    found = sweep(MODEL, X, VARY, metrics=("rms", "bits"), workers=1)
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
        MODEL, X, VARY[:1], metrics=("rms", "mean"), functions={"mean": first_output}, reference=MODEL.predict(X) + 1,
        workers=1,
    )  # fmt: skip
    for record in found:
        got = MODEL.with_types(record.types).predict(X)
        assert record.metrics["mean"] == first_output([got])
        assert record.metrics["rms"] == np.sqrt(np.mean((got - (MODEL.predict(X) + 1)) ** 2))


def test_formats_that_do_not_exist_are_no_points() -> None:
    found = sweep(MODEL, X, [{"slots": "*.accum", "bits": [0, 20]}], workers=1)
    assert [record.types["_0.accum"] for record in found] == ["ap_fixed<20,16>"]


@pytest.mark.parametrize(
    ("vary", "options", "error", "words"),
    [
        ([{"slots": "*.acum", "bits": [8]}], {}, FormatError, r"no format of the network matches '\*.acum'"),
        ([{"slots": "*.accum", "bit": [8]}], {}, UnsupportedError, "unknown key 'bit'; did you mean 'bits'"),
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
        sweep(MODEL, X, vary, workers=1, **options)


def test_a_store_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    sweep(MODEL, X, VARY[:1], workers=1, store=path)
    for other in ({"data": X + 1}, {"metrics": ("max",)}, {"model": MODEL.with_types({"_0.accum": "ap_fixed<30,16>"})}):
        with pytest.raises(ResumeError, match="another network, other events, another reference or other metrics"):
            sweep(**{"model": MODEL, "data": X, "vary": VARY[:1], "workers": 1, "store": path, **other})
    path.write_text("no database, but a text that is long enough" * 9)
    with pytest.raises(DataFileError, match="no store of a sweep"):
        sweep(MODEL, X, VARY[:1], workers=1, store=path)


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
