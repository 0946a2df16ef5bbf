"""The engine `hls`: the exported core as a road, from Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hls_networks import binary, saturating, wide
from hls_tables_sets import sets, tables

import isobit as ib
from isobit.errors import CSimError, UnsupportedError
from isobit.hls.engine import ENGINE
from isobit.hls.host import HostProgram
from isobit.model import Graph

Exported = Callable[[str], ib.HlsProject]


def _events(graph: Graph, count: int, seed: int = 3) -> list[ib.FixedArray]:
    rng = np.random.default_rng(seed)
    arrays = []
    for t in graph.inputs:
        bits = rng.integers(0, 2, (count, t.size, t.type.width)).astype(object)
        raw = (bits * [1 << k for k in range(t.type.width)]).sum(axis=-1)
        raw = raw - ((raw >> (t.type.width - 1)) << t.type.width) if t.type.signed else raw
        arrays.append(ib.FixedArray.from_raw(raw, t.type))
    return arrays


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("make", [saturating, binary, wide, sets, tables])
def test_every_tensor_is_the_references(make: Callable[[], Graph]) -> None:
    model = ib.Model(make())
    x = _events(model.graph, 150)
    given = x if len(x) > 1 else x[0]
    report = ib.check(model, given, against=("hls", "reference"))
    assert report.ok, report
    names = {layer.layer for road in report.roads if road.name == "hls" for layer in road.layers}
    assert names == {t.name for t in model.graph.inputs} | {op.name for op in model.graph.ops if op.tag != "reshape"}
    outputs = model.predict_raw(given, engine="hls", threads=2)
    for got, want in zip(outputs, model.predict_raw(given), strict=True):
        np.testing.assert_array_equal(got.raw, want.raw)
        assert got.raw.dtype == want.raw.dtype
        assert got.shape == want.shape


def test_real_numbers_single_events_and_none() -> None:
    model = ib.Model(saturating())
    x = np.random.default_rng(1).normal(0, 3, (40, 4))
    for given in (x, x[0], x[:0], x.astype(np.float32)):
        for got, want in zip(model.predict(given, engine="hls"), model.predict(given), strict=True):
            np.testing.assert_array_equal(got, want)
            assert (got.shape, got.dtype) == (want.shape, want.dtype)


def test_a_wrong_core_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    original = HostProgram.run

    def wrong(self: HostProgram, *arguments: object, **options: object) -> dict[str, ib.FixedArray]:
        found = original(self, *arguments, **options)  # type: ignore[arg-type]
        array = found["fc2_out"]
        return {**found, "fc2_out": ib.FixedArray.from_raw(array.raw ^ 1, array.type)}

    monkeypatch.setattr(HostProgram, "run", wrong)
    model = ib.Model(saturating())
    report = ib.check(model, _events(model.graph, 20)[0], against=("hls",))
    assert not report.ok
    assert "differ first in layer fc2" in str(report)


def test_programs_go_with_their_graphs() -> None:
    graph = replace(saturating(), name="once")
    key = (id(graph), False)
    ib.Model(graph).predict(np.zeros((2, 4)), engine="hls")
    assert key in ENGINE._programs
    del graph
    assert key not in ENGINE._programs


@pytest.mark.turn(2)
def test_an_exported_folder_predicts_on_both_header_sets(exported: Exported) -> None:
    for make in (saturating, binary, wide):
        graph = make()
        project = exported(graph.name)
        raw = _events(graph, 60, seed=4)
        real = [a.to_float() for a in raw]
        for x in (raw, real) if graph.name != "wide" else (raw,):
            given = x if len(x) > 1 else x[0]
            want = ib.Model(graph).predict_raw(given)
            for headers in ("isobit", "vendor") if graph.name == "saturating" else ("isobit",):
                for got, right in zip(project.predict_raw(given, headers), want, strict=True):
                    np.testing.assert_array_equal(got.raw, right.raw)
    with pytest.raises(UnsupportedError, match="headers='other' is not supported"):
        project.predict(given, headers="other")


def test_a_dead_program_is_an_error_that_says_how(exported: Exported, tmp_path: object) -> None:
    project = exported("saturating")
    program = replace(project.compiled(), program="/bin/false")  # type: ignore[arg-type]
    with pytest.raises(CSimError, match="exited with status 1 and said nothing"):
        program.run({"x": _events(saturating(), 3)[0]}, raw=True)
