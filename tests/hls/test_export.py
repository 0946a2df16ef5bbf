"""What an export holds, that it is the same every time, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hls_networks import binary, saturating, tensor, wide
from hls_tables_sets import sets, tables

import isobit as ib
from isobit.errors import (
    CSimError,
    FormatError,
    ModelFileError,
    OverwriteError,
    RangeError,
    ShapeError,
    UnsupportedError,
)
from isobit.hls import export as export_module
from isobit.hls.core import make_core
from isobit.hls.emitters import EMITTERS
from isobit.hls.folder import read_folder
from isobit.hls.names import Names
from isobit.model import Graph
from isobit.model.file import graph_digest
from isobit.model.layers.activation import Activation
from isobit.model.layers.softmax import Softmax
from isobit.model.ops import OPS
from tiers import drawn

Exported = Callable[[str], ib.HlsProject]


def test_emitters_are_for_layers() -> None:
    """Which layers have one, tests/test_house.py says; that others are refused by name, tests/families."""
    assert set(EMITTERS) <= set(OPS.values())


def test_every_activation_can_be_written() -> None:
    graph = saturating()
    functions = {op.function for g in (graph, binary()) for op in g.ops if isinstance(op, Activation)}
    assert functions == set(Activation.FUNCTIONS) - {"hard_sigmoid"}
    hard = next(op for op in graph.ops if op.name == "hard")
    other = replace(hard, function="hard_sigmoid")
    text = make_core(replace(graph, ops=tuple(other if op is hard else op for op in graph.ops))).files
    assert "kernels::hard_sigmoid(kernels::hard_arith<hard_result_t>()" in text["firmware/saturating.cpp"]


def test_manifest_says_what_is_there(exported: Exported) -> None:
    project = exported("saturating")
    manifest = json.loads((project.folder / "manifest.json").read_text())
    on_disk = {p.relative_to(project.folder).as_posix() for p in project.folder.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == on_disk - {"manifest.json"}
    for path, digest in manifest["files"].items():
        assert hashlib.sha256((project.folder / path).read_bytes()).hexdigest() == digest
    assert manifest["model"] == {"name": "saturating", "sha256": graph_digest(saturating())}
    assert (manifest["isobit"], manifest["top"], manifest["clock_ns"]) == (ib.__version__, "saturating", 5.0)
    assert manifest["schedule"] == {"style": "dataflow", "interval": 8}
    assert [p["type"] for p in manifest["inputs"]] == ["ap_fixed<10,4>"]
    assert manifest["vectors"]["results"][0].startswith("this core compiled with AMD's open headers")
    assert project.changed() == []


@pytest.mark.turn(3)
def test_no_constant_is_a_decimal_fraction(exported: Exported) -> None:
    for name in ("saturating", *drawn(["binary", "wide", "sets", "tables"], 2)):
        for path in ("firmware/weights.hpp", "tb/golden.hpp"):
            code = re.sub(r"//.*", "", (exported(name).folder / path).read_text())
            assert not re.search(r"\d\.\d|\de[+-]?\d", re.sub(r"0x[0-9a-f]+", "", code)), (name, path)


def test_weights_are_the_models_raw_integers(exported: Exported) -> None:
    text = (exported("saturating").folder / "firmware/weights.hpp").read_text()
    for op in saturating().ops:
        weight = getattr(op, "weight", None)
        if weight is not None:
            found = re.search(rf"constexpr signed char {op.name}_weight\[\d+\] = \{{([^}}]*)\}}", text)
            assert found is not None
            raw = weight.raw if op.strategy == "latency" else weight.raw.T  # type: ignore[attr-defined]
            assert [int(v) for v in found[1].split(",")] == raw.ravel().tolist()


def test_sparse_weights_are_those_that_are_kept(exported: Exported) -> None:
    """Stored ones with their places; of unrolled ones which are multiplied."""
    text = (exported("sets").folder / "firmware/weights.hpp").read_text()
    ops = sets().by_name
    packed = ops["packed"]
    found = re.search(r"constexpr isobit::kernels::compressed_weight<[\w, ]+> packed_weight\[(\d+)\] = ([^;]*);", text)
    assert found is not None
    assert int(found[1]) % packed.reuse_factor == 0
    rows, columns, raw = np.array([part.split(",") for part in re.findall(r"\{(\d[^{}]*)\}", found[2])], dtype=int).T
    dense = np.zeros(packed.weight.shape, dtype=int)
    dense[rows, columns] = raw
    np.testing.assert_array_equal(dense, packed.weight.raw)
    kept = re.search(r"unrolled_kept\[\d+\] = \{([^}]*)\}", text)
    assert kept is not None
    flags = np.array([int(v) for v in kept[1].split(",")], dtype=bool)
    np.testing.assert_array_equal(flags.reshape(6, 4), ops["unrolled"].weight.written.T != 0)


def test_golden_results_are_the_cores_on_amds_headers(exported: Exported) -> None:
    """Golden results are this core's on AMD's headers; isobit's engines have agreed with them."""
    by_amd = 0
    for make in (sets, tables):
        project = exported(make.__name__)
        by_amd += project.manifest["vectors"]["results"][0].startswith("this core compiled with AMD's open headers")
        assert project.run_test_bench().ok
    assert by_amd  # of the other they are the definition's, but where everything is taken


def test_the_same_export_every_time(tmp_path: Path) -> None:
    made = [
        ib.export_hls(ib.Model(saturating()), tmp_path / k, oracle="reference", random_events=20).files() for k in "ab"
    ]
    assert made[0] == made[1]
    assert "by definition" in json.loads((tmp_path / "a" / "manifest.json").read_text())["vectors"]["results"][0]


def test_given_events_are_in_the_bench(tmp_path: Path) -> None:
    x = np.array([[0.5, -1.25, 3.0, 7.875]])
    project = ib.export_hls(
        ib.Model(saturating()), tmp_path / "s", test_vectors=x, oracle="reference", random_events=0, name="named"
    )
    golden = (tmp_path / "s/tb/golden.hpp").read_text()
    assert "{32, -80, 192, 504}" in golden
    assert project.manifest["vectors"]["inputs"][0] == "1 given events"
    assert project.top == "named"
    assert (tmp_path / "s/firmware/named.cpp").exists()


# -- folders ----------------------------------------------------------------------------------------------------------


def _export(folder: Path, **options: object) -> ib.HlsProject:
    return ib.export_hls(ib.Model(wide()), folder, oracle="reference", random_events=4, **options)  # type: ignore[arg-type]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OverwriteError, match="is not empty; choose another name"):
        _export(tmp_path)
    with pytest.raises(OverwriteError, match="was not exported by isobit"):
        _export(tmp_path, overwrite=True)
    with pytest.raises(OverwriteError, match="is not a folder"):
        _export(tmp_path / "notes.txt", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_overwriting_replaces_what_the_manifest_names_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    first = _export(folder, name="before")
    (folder / "notes.txt").write_text("mine")
    (folder / "firmware" / "weights.hpp").unlink()
    assert first.changed() == ["firmware/weights.hpp"]
    with pytest.raises(OverwriteError, match="is not empty"):
        _export(folder)
    second = _export(folder, name="after", overwrite=True)
    assert (second.top, second.changed()) == ("after", [])
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "firmware" / "before.cpp").exists()
    assert not [p for p in tmp_path.iterdir() if p != folder]  # no temporary folder is left


def test_a_file_of_the_users_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    _export(folder, name="before")
    (folder / "firmware" / "after.cpp").write_text("mine")
    with pytest.raises(OverwriteError, match=r"after\.cpp exists and was not exported"):
        _export(folder, name="after", overwrite=True)
    assert (folder / "firmware" / "after.cpp").read_text() == "mine"
    assert read_folder(folder).changed() == []


def test_a_changed_file_is_never_replaced(tmp_path: Path) -> None:
    project = _export(tmp_path / "w")
    script = project.folder / "run_hls.tcl"
    edited = script.read_text().replace("set clock_ns 5.000", "set clock_ns 3.000")
    script.write_text(edited)
    with pytest.raises(OverwriteError, match=r"run_hls\.tcl was changed since it was exported; move it away first"):
        _export(project.folder, overwrite=True)
    assert script.read_text() == edited


def test_nothing_is_written_or_removed_through_a_link(tmp_path: Path) -> None:
    project = _export(tmp_path / "w", name="before")
    include, elsewhere = project.folder / "firmware/include", tmp_path / "elsewhere"
    include.rename(elsewhere)
    include.symlink_to(elsewhere)
    there = sorted(p for p in elsewhere.rglob("*"))
    with pytest.raises(OverwriteError, match=r"firmware/include is a symbolic link"):
        _export(project.folder, name="after", overwrite=True)
    assert sorted(p for p in elsewhere.rglob("*")) == there
    include.unlink()
    elsewhere.rename(include)
    (project.folder / "tb/golden.hpp").unlink()
    (project.folder / "tb/golden.hpp").mkdir()
    with pytest.raises(OverwriteError, match=r"golden\.hpp is a folder, where tb/golden\.hpp belongs"):
        _export(project.folder, name="after", overwrite=True)
    assert (project.folder / "firmware/before.cpp").exists()
    (project.folder / "tb/golden.hpp").rmdir()
    shutil.rmtree(project.folder / "emulator")
    (project.folder / "emulator").write_text("mine")
    with pytest.raises(OverwriteError, match=r"emulator is not a folder, where emulator/\S+ belongs; move it away"):
        _export(project.folder, name="after", overwrite=True)
    assert (project.folder / "emulator").read_text() == "mine"


def test_empty_folders_however_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert _export(Path()).changed() == []
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert _export(tmp_path / "link").folder == tmp_path / "real"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["here", "link", "real"]
    assert not [p for p in (tmp_path / "here").iterdir() if p.name.startswith(".")]


@pytest.mark.turn(3)
def test_folders_that_are_none(tmp_path: Path, copied: Exported) -> None:
    with pytest.raises(ModelFileError, match="not a folder that isobit exported"):
        read_folder(tmp_path)
    project = copied("wide")
    manifest = json.loads((project.folder / "manifest.json").read_text())
    for change, told in (
        ({"format": "other"}, "is not isobit's"),
        ({"version": 99}, "has version 99 of the layout"),
        ({"incomplete": True}, "was not written completely"),
        ({"files": {"../x": ""}}, "not inside the folder"),
        ({"inputs": [{"name": "x", "shape": [2], "type": "ap_fixed<0,1>"}]}, "is damaged"),
    ):
        (project.folder / "manifest.json").write_text(json.dumps({**manifest, **change}))
        with pytest.raises(ModelFileError, match=told):
            read_folder(project.folder)
    (project.folder / "manifest.json").write_text("{")
    with pytest.raises(ModelFileError, match="is damaged"):
        read_folder(project.folder)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"part": "a part"}, FormatError, "part 'a part' is not the name of a device"),
        ({"clock_ns": 0.0}, RangeError, "clock_ns is 0.0"),
        ({"oracle": "guess"}, UnsupportedError, "oracle='guess' is not supported; supported: vendor, reference"),
        ({"name": "int"}, FormatError, "'int' cannot name a top function"),
        ({"name": "a__b"}, FormatError, "cannot name a top function"),
        ({"random_events": -1}, RangeError, "random_events must be 0 or more"),
        ({"csim": True}, UnsupportedError, "no hls4ml project to simulate"),
        ({"test_vectors": np.zeros((3, 5))}, ShapeError, "expected"),
        ({"random_events": 10**6}, RangeError, "too many for a test bench's header"),
    ],
)
def test_refused(tmp_path: Path, options: dict[str, object], error: type[Exception], told: str) -> None:
    given = {"oracle": "reference", "random_events": 2, **options}
    with pytest.raises(error, match=re.escape(told)):
        ib.export_hls(ib.Model(wide()), tmp_path / "x", **given)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_roads_that_disagree_are_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = export_module._engine

    def wrong(graph: Graph, engine: str, vectors: object) -> dict[str, ib.FixedArray]:
        values = original(graph, engine, vectors)  # type: ignore[arg-type]
        if engine == "auto":
            array = values["norm_out"]
            raw = array.raw.copy()
            raw[2, 1] ^= 1
            values["norm_out"] = ib.FixedArray.from_raw(raw, array.type)
        return values

    monkeypatch.setattr(export_module, "_engine", wrong)
    with pytest.raises(CSimError, match=r"isobit's emulator gives raw \d+ for event 2, norm_out\[1\]"):
        _export(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_without_an_emitter_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EMITTERS, Softmax)
    with pytest.raises(UnsupportedError, match=r"layer '\w+' cannot be exported: no emitter for op 'softmax'"):
        make_core(tables())


@pytest.mark.parametrize("strategy", ["resource_unrolled", "compressed"])
def test_a_sparse_strategy_at_every_position_is_refused(strategy: str) -> None:
    graph = sets()
    phi = graph.by_name["leq"]
    other = replace(phi, strategy=strategy, reuse_factor=3)
    changed = replace(graph, ops=tuple(other if op is phi else op for op in graph.ops))
    with pytest.raises(UnsupportedError, match=f"'leq' has the strategy '{strategy}', which cannot be exported"):
        make_core(changed)


# -- names ------------------------------------------------------------------------------------------------------------


def test_names_are_identifiers_and_differ() -> None:
    names = Names()
    found = [names.take(name) for name in ("fc/1", "fc-1", "fc 1", "1st", "while", "", "__x__", "ß")]
    assert found == ["fc_1", "fc_1_2", "fc_1_3", "n1st", "while_2", "x", "x_2", "x_3"]


def test_layers_of_any_name_compile(tmp_path: Path) -> None:
    graph = wide()
    layer, norm = graph.ops
    odd = replace(layer, name="class", output=replace(layer.output, name="*/ #include <x>"))
    other = replace(norm, name="wide_core", inputs=("*/ #include <x>",), output=replace(norm.output, name="kernels"))
    strange = Graph("odd", (tensor("x", 2, "ap_fixed<70,20>"),), (odd, other), ("*/ #include <x>", "kernels"))
    project = ib.export_hls(ib.Model(strange), tmp_path / "odd", oracle="reference", random_events=2, name="wide")
    assert project.run_test_bench().ok
    x = np.array([[1.5, -2.0], [3.25, 100.0]])
    for got, want in zip(project.predict_raw(x), ib.Model(strange).predict_raw(x), strict=True):
        np.testing.assert_array_equal(got.raw, want.raw)
