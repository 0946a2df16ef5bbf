"""check: equal is said only of equal bits, a difference is named, a csim that dies says how."""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import Network, convert, events, hls_config, small_keras
from graphs import every_op, tiny

import isobit as ib
from isobit.engines.reference import law
from isobit.errors import (
    CompilerError,
    CSimError,
    OverwriteError,
    RangeError,
    ShapeError,
    TypeMismatchError,
    UnsupportedError,
)

hls4ml = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("api-check")]


def marked(function: Any) -> Any:
    for mark in hls4ml:
        function = mark(function)
    return function


@pytest.fixture
def subject() -> ib.Model:
    return ib.Model(every_op())


# -- verdicts ---------------------------------------------------------------------------------------------------------


@marked
def test_equal_on_every_road(mixed: Network, mixed_csim: ib.CSim) -> None:
    calls: list[tuple[str, int, int]] = []
    report = ib.check(
        mixed.model,
        mixed.x,
        [mixed_csim, "cpp", "reference"],
        mixed.keras,
        reference_events=20,
        progress=lambda *call: calls.append(call),
    )
    assert report.ok, str(report)
    assert report.mismatches == []
    assert [(road.name, road.events) for road in report.roads] == [
        ("csim", 120),
        ("cpp", 120),
        ("reference", 20),
    ]
    layers = [layer.layer for layer in report.roads[0].layers]
    assert layers == ["features", *mixed.model.layers]
    assert sum(layer.values for layer in report.roads[0].layers) == 120 * sum(
        tensor.size for tensor in mixed.model.graph.tensors.values()
    )
    assert re.match(r"EQUAL: model(_\d+)? \(myproject\)", report.headline())  # Keras numbers its models
    assert ("csim", 120, 120) in calls
    assert ("reference", 20, 20) in calls
    # The float network is far away, in bits; that is a difference and no failure.
    truth = mixed.keras.predict(mixed.x, verbose=0)
    gap = np.abs(truth.astype(np.float64) - mixed.model.predict(mixed.x))
    assert report.keras[0].largest == gap.max() > 0
    assert report.keras[0].rms == pytest.approx(np.sqrt((gap**2).mean()))
    assert report.keras[0].lsb == float(mixed.model.output_types[0].lsb)
    assert "against the Keras model's float output" in str(report)


@marked
def test_a_wrong_model_is_found_in_its_first_wrong_layer(small: Network, small_csim: ib.CSim) -> None:
    # One rounding mode in the middle, no format's LSB: the input and fc1 stay the same.
    wrong = small.model.with_types({"relu1.result": replace(small.model.types["relu1.result"], rounding="RND")})
    report = ib.check(wrong, small.x, [small_csim, "reference"])
    mine, firmware = wrong.trace(small.x)["relu1"].raw, small_csim.trace(small.x)["relu1"].raw
    event, index = (int(i) for i in np.argwhere(mine != firmware)[0])
    assert not report.ok
    assert {road for road, _ in report.mismatches} == {"csim"}  # the reference computes the wrong model, too
    road, layer = report.mismatches[0]
    assert (road, layer.layer) == ("csim", "relu1")
    assert layer.differ == np.count_nonzero(mine != firmware)
    assert layer.largest == np.abs(mine - firmware).max() == 1
    assert layer.first is not None
    assert (layer.first.event, layer.first.index) == (event, index)
    assert (layer.first.expected, layer.first.found) == (mine[event, index], firmware[event, index])
    assert report.roads[0].events_differ >= np.count_nonzero((mine != firmware).any(axis=1))
    lsb = float(wrong.types["relu1.result"].lsb)
    assert report.headline() == (
        f"DIFFERENT: myproject: numba and csim differ first in layer relu1 ({layer.type}), event {event}, "
        f"index {index}: {mine[event, index]} against {firmware[event, index]} LSB "
        f"({mine[event, index] * lsb:.9g} against {firmware[event, index] * lsb:.9g})"
    )
    (cause,) = report.causes
    kinds = [str(model.types["relu1.result"]) for model in (wrong, small.model)]
    assert cause.formats == (("result", *kinds),)
    assert f"relu1.result is {kinds[0]} on numba, {kinds[1]} on csim" in str(report)
    assert report.to_dict()["ok"] is False


@marked
def test_other_lsb_is_compared_by_value(small: Network, small_csim: ib.CSim) -> None:
    """The same integers in units of another LSB are other numbers."""
    kind = small.model.types["head0.result"]
    wider = replace(kind, width=kind.width + 4)  # four more fraction bits are lost in the next cast or not
    halved = replace(kind, integer=kind.integer - 1)
    equal_raw = ib.check(small.model.with_types({"head0.result": halved}), small.x[:1] * 0, [small_csim])
    assert equal_raw.roads[0].layers[-1].events == 1
    report = ib.check(small.model.with_types({"head0.result": wider}), small.x, [small_csim])
    layer = next(layer for layer in report.roads[0].layers if layer.layer == "head0")
    assert layer.type == f"{wider} against {kind}"
    mine = small.model.with_types({"head0.result": wider}).trace(small.x)["head0"].to_float()
    theirs = small_csim.trace(small.x)["head0"].to_float()
    assert layer.differ == np.count_nonzero(mine != theirs)
    assert layer.largest == int(np.abs(mine - theirs).max() / float(wider.lsb))


def _dense_overflows(model: ib.Model, x: Any, name: str) -> tuple[list[int], list[int]]:
    """Overflows of one Dense layer's accumulator on events, by definition: (events, total) by neuron."""
    op = model.graph.by_name[name]
    accum, kind = op.accum, model.graph.tensors[op.inputs[0]].type  # type: ignore[attr-defined]
    weights, biases = op.weight, op.bias  # type: ignore[attr-defined]
    data = ib.FixedArray.from_float(x, kind).raw
    by_event, totals = [], []
    for j in range(weights.shape[1]):
        hits = []
        for event in data:
            count = 0

            def assign(value: Fraction) -> Fraction:
                nonlocal count
                count += law.overflows(law.rounded(value / accum.lsb, accum.rounding), accum)
                return law.quantise(value, accum) * accum.lsb

            total = assign(int(biases.raw[j]) * biases.type.lsb)
            for i, raw in enumerate(event):
                exact = int(raw) * kind.lsb * int(weights.raw[i, j]) * weights.type.lsb
                total = assign(total + assign(exact))
            hits.append(count)
        by_event.append(sum(count > 0 for count in hits))
        totals.append(sum(hits))
    return by_event, totals


@marked
def test_an_accumulator_made_too_narrow_is_equal_and_reported(tmp_path: Path) -> None:
    keras = small_keras()
    config = hls_config(keras, features={"Precision": {"result": "ap_fixed<12,5>"}})
    config["LayerName"]["fc1"]["Precision"]["accum"] = "ap_fixed<12,3>"
    graph = convert(keras, config, tmp_path / "p")
    x = events(13, 150)
    report = ib.check(graph, x, ["csim", "cpp-strict", "reference"], reference_events=30, optimisation="0")
    assert report.ok, str(report)
    by_event, totals = _dense_overflows(ib.load(graph), x, "fc1")
    count = report.profile["fc1.accum"]
    assert count.events.tolist() == by_event
    assert count.total.tolist() == totals
    assert sum(totals) > 50
    worst = int(np.argmax(by_event))
    line = f"fc1.accum ap_fixed<12,3> overflows: {np.count_nonzero(by_event)} of 4 neurons, worst neuron {worst} in "
    assert line + f"{by_event[worst]} events" in str(report)
    entry = next(e for e in report.to_dict()["overflows"] if (e["layer"], e["slot"]) == ("fc1", "accum"))
    assert entry["events_by_neuron"] == by_event
    assert entry["total_by_neuron"] == totals
    assert entry["saturates"] is False
    # Inputs beyond their own format are named, too.
    inputs = next(e for e in report.to_dict()["overflows"] if e["layer"] == "features")
    assert inputs["events_by_neuron"] == np.count_nonzero((x < -16) | (x >= 16), axis=0).tolist()


def test_more_events_than_a_block(subject: ib.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["isobit.check.blocks"]
    x = events(2, 70, 2)
    whole = ib.check(subject, x, ["cpp-strict", "reference"], reference_events=25)
    monkeypatch.setattr(module, "BLOCK", 16)
    blocks = ib.check(subject, x, ["cpp-strict", "reference"], reference_events=25)
    assert whole.ok
    for a, b in zip(whole.roads, blocks.roads, strict=True):
        assert (a.events, a.layers) == (b.events, b.layers)


def test_an_engine_that_is_wrong_late_is_caught(subject: ib.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of one value in the third block."""
    from isobit.engines import strict

    module = sys.modules["isobit.check.blocks"]

    monkeypatch.setattr(module, "BLOCK", 16)
    original, seen = strict.StrictEngine.run, [0]

    def run(self: Any, graph: Any, inputs: Any, threads: int) -> Any:
        values = original(self, graph, inputs, threads)
        events_now = len(inputs["x"])
        if events_now > 1 and 37 in range(seen[0], seen[0] + events_now):
            raw = values["norm"].raw.copy()
            raw[37 - seen[0], 2] ^= 1
            values["norm"] = ib.FixedArray.from_raw(raw, values["norm"].type)
        seen[0] += events_now if events_now > 1 else 0
        return values

    monkeypatch.setattr(strict.StrictEngine, "run", run)
    report = ib.check(subject, events(2, 70, 2), ["cpp-strict", "reference"], reference_events=20)
    assert [(road, layer.layer, layer.differ) for road, layer in report.mismatches] == [("cpp-strict", "norm", 1)]
    first = report.mismatches[0][1].first
    assert first is not None
    assert (first.event, first.index, abs(first.expected - first.found)) == (37, 2, 1)
    assert report.roads[0].events_differ == 1


# -- what is written --------------------------------------------------------------------------------------------------


def test_json_and_html(subject: ib.Model, tmp_path: Path) -> None:
    x = events(3, 20, 2)
    report = ib.check(subject, x, ["cpp-strict"]).with_notes(["a <note>"])
    report.to_json(tmp_path / "r.json")
    report.to_html(tmp_path / "new" / "r.html")
    document = json.loads((tmp_path / "r.json").read_text())
    assert document == json.loads(json.dumps(report.to_dict()))
    assert (document["ok"], document["events"], document["model"]) == (True, 20, "by_hand")
    assert [layer["layer"] for layer in document["roads"][0]["layers"]][:2] == ["x", "wide"]
    page = (tmp_path / "new" / "r.html").read_text()
    assert "EQUAL: by_hand" in page
    assert "a &lt;note&gt;" in page
    for layer in report.roads[0].layers:  # a cell of the picture, drawn for wide screens and for phones
        assert page.count(f"<title>{layer.layer} on cpp-strict: equal</title>") == 2
    for write, name in ((report.to_json, "r.json"), (report.to_html, "new/r.html")):
        before = (tmp_path / name).read_text()
        with pytest.raises(OverwriteError, match="exists"):
            write(tmp_path / name)
        assert (tmp_path / name).read_text() == before
        write(tmp_path / name, overwrite=True)


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "against, options, error, told",
    [
        ("csim", {}, TypeMismatchError, r"list of roads.*got 'csim'"),
        (["gpu"], {}, UnsupportedError, "unknown engine 'gpu'"),
        ([], {}, UnsupportedError, "nothing to compare 'numba' with"),
        (["numba"], {}, UnsupportedError, "nothing to compare"),
        (["csim"], {}, UnsupportedError, "no hls4ml project to simulate"),
        (
            ["reference"],
            {"reference_events": 0},
            RangeError,
            "reference_events must be a whole number of at least 1, got 0",
        ),
        (["reference"], {"reference_events": 2.5}, RangeError, "a whole number of at least 1, got 2.5"),
        (["reference"], {"reference_events": True}, RangeError, "a whole number of at least 1, got True"),
        (["reference"], {"engine": "gpu"}, UnsupportedError, "unknown engine 'gpu'"),
        (["reference"], {"threads": 0}, TypeMismatchError, "threads"),
    ],
)
def test_refuses(against: Any, options: Any, error: type, told: str, subject: ib.Model) -> None:
    with pytest.raises(error, match=told):
        ib.check(subject, events(1, 4, 2), against, **options)


def test_no_events_and_bad_events(subject: ib.Model) -> None:
    with pytest.raises(ShapeError, match="no event"):
        ib.check(subject, np.zeros((0, 2)), ["reference"])
    with pytest.raises(ShapeError, match=r"\(4, 3\)"):
        ib.check(subject, np.zeros((4, 3)), ["reference"])
    with pytest.raises(RangeError, match="nan"):
        ib.check(subject, np.full((4, 2), np.nan), ["reference"])


@marked
def test_csims_that_do_not_belong(small: Network, small_csim: ib.CSim) -> None:
    with pytest.raises(ShapeError, match="other layers"):
        ib.check(ib.Model(tiny()), np.zeros((2, 3)), [small_csim])
    with pytest.raises(UnsupportedError, match="more than one csim"):
        ib.check(small.model, small.x, [small_csim, small_csim])
    with pytest.raises(UnsupportedError, match=r"headers='mine'.*supported: vendor, isobit"):
        ib.csim(small.model, headers="mine")


@marked
def test_keras_model_with_single_events_and_fixed_point_data(small: Network, small_csim: ib.CSim) -> None:
    single = ib.check(small.model, small.x[0], [small_csim], small.keras)
    fixed = ib.FixedArray.from_float(small.x, "ap_fixed<40,20>")
    whole = ib.check(small.model, fixed, [small_csim], small.keras)
    assert single.ok
    assert whole.ok
    assert single.events == 1
    truth = small.keras.predict(small.x[:1], verbose=0)
    assert single.keras[0].largest == np.abs(truth.astype(np.float64) - small.model.predict(small.x[:1])).max()


# -- a csim that dies -------------------------------------------------------------------------------------------------


@pytest.fixture
def tampered(small_csim: ib.CSim, tmp_path: Path) -> ib.CSim:
    """A copy of the compiled simulation that a test may damage."""
    simulated = copy.copy(small_csim)
    simulated.program = copy.copy(small_csim.program)
    simulated.program.folder = tmp_path / "copy"
    shutil.copytree(small_csim.program.folder, simulated.program.folder)
    return simulated


def _script(folder: Path, text: str) -> None:
    (folder / "program").unlink()
    (folder / "program").write_text("#!/bin/sh\n" + text)
    (folder / "program").chmod(0o755)


@marked
def test_copied_simulation_works(tampered: ib.CSim, small: Network) -> None:
    assert np.array_equal(tampered.predict(small.x), small.model.predict(small.x))


@marked
@pytest.mark.parametrize(
    "damage, told",
    [
        (
            lambda f: (f / "firmware/weights/w2.txt").unlink(),
            r"exited with status 1 in event 0: ERROR: file .*w2\.txt does not exist",
        ),
        (lambda f: _script(f, "echo it hurts >&2; kill -ABRT $$"), "killed by SIGABRT: it hurts"),
        (lambda f: _script(f, "kill -SEGV $$"), "killed by SIGSEGV and said nothing"),
        (lambda f: _script(f, "exit 7"), "exited with status 7 and said nothing"),
        (lambda f: _script(f, r"printf '\377\376 bad' >&2; exit 3"), "exited with status 3: .* bad"),
        (lambda f: _script(f, "read -r request; printf 'ok 0\\n\\n'"), "gave 0 words for 60 events|for 1 events"),
        (lambda f: _script(f, "read -r request; printf 'fine\\n\\n'"), "breaks its protocol: it answers 'fine'"),
        (lambda f: _script(f, "read -r request; printf 'ok 0\\ntap nix 1 x\\n\\n'"), "describes itself wrongly"),
        (lambda f: (f / "program").unlink(), "cannot be started.*compile it again"),
        (lambda f: (f / "program").chmod(0o644), "cannot be started|exited with status"),
        (lambda f: (f / "program").write_bytes(b"no program"), "cannot be started|exited with status"),
    ],
    ids=[
        "no-weights",
        "abort",
        "segfault",
        "silent",
        "bytes",
        "words",
        "protocol",
        "layout",
        "missing",
        "not-executable",
        "no-program",
    ],
)
def test_a_csim_that_dies_says_how(damage: Any, told: str, tampered: ib.CSim, small: Network) -> None:
    damage(tampered.program.folder)
    for call in (lambda: tampered.predict(small.x), lambda: ib.check(small.model, small.x, [tampered])):
        with pytest.raises(CSimError, match=told) as caught:
            call()
    assert isinstance(caught.value, RuntimeError)


@marked
def test_truncated_output_is_noticed(tampered: ib.CSim, small: Network) -> None:
    _script(tampered.program.folder, "read -r request; printf 'ok 180\\n\\n'")
    with pytest.raises(CSimError, match="fewer than the 180 words that it announced"):
        tampered.predict(small.x, threads=1)


@marked
def test_missing_compiler(small: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(CompilerError, match="'no-such-compiler' is not on PATH"):
        ib.csim(small.model)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompilerError, match=r"'g\+\+' is not on PATH; install g\+\+") as caught:
        ib.check(small.model, small.x, ["csim"])
    assert isinstance(caught.value, RuntimeError)
    assert not (tmp_path / "cache").exists()


@marked
def test_compiler_that_fails(small: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CompilerError, match=r"could not compile.*exit status 1(?s:.*)should be a non-negative integer"):
        ib.csim(small.model, optimisation="nonsense")
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\necho 'main.cpp:1: error: no such luck' >&2\nexit 4\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(CompilerError, match=r"exit status 4(?s:.*)no such luck"):
        ib.csim(small.model)
    assert not list(tmp_path.glob("cache/csim/*"))


# -- what is the user's stays the user's ------------------------------------------------------------------------------


def _state(graph: Any) -> Any:
    config = graph.config
    return copy.deepcopy(
        {
            "config": {key: value for key, value in config.config.items() if key != "KerasModel"},
            "keys": list(config.config),
            "writer": config.get_writer_config(),
            "trace_output": config.trace_output,
            "layers": {node.name: (node.get_attr("trace"), sorted(node.attributes)) for node in graph.get_layers()},
            "folder": config.get_output_dir(),
        }
    )


@marked
def test_graph_and_folder_of_the_user_are_untouched(tmp_path: Path) -> None:
    keras = small_keras(width=2)
    graph = convert(keras, hls_config(keras), tmp_path / "mine")
    graph.graph["fc1"].set_attr("trace", True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    before = _state(graph)
    simulated = ib.csim(graph, optimisation="0")
    assert np.array_equal(simulated.predict(events(1)), ib.load(graph).predict(events(1)))
    assert _state(graph) == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "notes.txt"]
    assert not (simulated.program.folder / "main.cpp").exists()


@marked
def test_state_is_put_back_when_hls4mls_writer_fails(
    small: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _state(small.graph)

    def fail() -> None:
        assert small.graph.config.get_output_dir() != before["folder"]
        raise OSError("disk full")

    monkeypatch.setattr(small.graph, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        ib.csim(small.graph, optimisation="0")
    assert _state(small.graph) == before


@marked
def test_compiled_once_for_each_content(small: Network, small_csim: ib.CSim, monkeypatch: pytest.MonkeyPatch) -> None:
    build = sys.modules["isobit.csim.build"]

    def no_compiler(*args: Any, **options: Any) -> Any:
        raise AssertionError(f"compiled again: {args}")

    build.compiler()
    monkeypatch.setattr(build.subprocess, "run", no_compiler)
    assert ib.csim(small.graph, optimisation="0").program.folder == small_csim.program.folder
    monkeypatch.undo()
    keras = small_keras()
    kernel, bias = keras.get_layer("fc1").get_weights()
    keras.get_layer("fc1").set_weights([kernel + 0.25, bias])  # other weights: another program
    other = ib.csim(keras, hls_config=small.config, optimisation="0")
    assert other.program.folder != small_csim.program.folder
    assert np.array_equal(other.predict(small.x), other.model.predict(small.x))
