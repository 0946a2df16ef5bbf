"""What check says besides the bits: dead outputs, tables that are no functions, causes, one table, its origin."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import every_op, tensor, weight

import isobit as ib
from isobit.check.comparison import Difference, LayerComparison, Road
from isobit.check.differences import Differences
from isobit.check.tables import TableWatch
from isobit.commands import run
from isobit.engines import strict
from isobit.model import Activation, Dense, Graph, Softmax, TableActivation, Tensor
from isobit.model.layers.softmax import LEGACY_TABLE
from isobit.model.tables import exponential_table, function_table, inverse_table

t = ib.FixedType.parse


def softmax(kind: str, size: int, entries: int = 1024) -> Graph:
    """hls4ml's default 'latency' softmax: the top bits of the input address the exponentials."""
    address, sums, table = t(kind), t("ap_fixed<18,8,AP_RND,AP_SAT>"), t("ap_fixed<18,8,AP_RND,AP_SAT>")
    op = Softmax(
        "soft",
        ("x",),
        Tensor("y", (size,), t("ap_fixed<16,6>")),
        "latency",
        size,
        exp_table=exponential_table("exp_table", entries, address, 1.0, False, table),
        inv_table=inverse_table("inv_table", entries, sums, table),
        accum=sums,
        inv_inp=sums,
        address=address,
    )
    return Graph("shares", (Tensor("x", (size,), address),), (op,), ("y",))


def normal(seed: int, *shape: int, scale: float = 2.0) -> Any:
    return np.random.default_rng(seed).normal(0, scale, shape)


# -- networks that say nothing ----------------------------------------------------------------------------------------


def test_a_softmax_whose_table_is_one_entry_gives_1_over_n_and_is_named() -> None:
    """A float Dense in hls4ml gives a result of many integer bits: 1,024 entries span 64 units each."""
    report = ib.check(ib.Model(softmax("ap_fixed<38,16>", 5)), 3 + np.abs(normal(1, 400, 5)), ["cpp-strict"])
    assert report.ok
    assert report.headline().startswith("EQUAL: shares")
    assert [warning.kind for warning in report.warnings] == ["constant-output", "table"]
    assert (
        "every one of 400 events gives the same output y = [0.200195, 0.200195, 0.200195, 0.200195, 0.200195] "
        "(1/5 each)" in str(report)
    )
    assert "constant from layer soft on" in report.verdict()
    assert "soft.exp_table: 1 of 1,024 entries used, one spans 64" in report.verdict()
    said = report.to_dict()
    assert said["outputs"][0]["constant"] == 5
    assert {(u["slot"], u["used"], u["step"]) for u in said["tables"]} == {
        ("exp_table", 1, 64.0),
        ("inv_table", 1, 0.25),
    }
    # As it should be: nothing to say.
    fine = ib.check(ib.Model(softmax("ap_fixed<16,4>", 5)), normal(2, 400, 5, scale=1), ["cpp-strict"])
    assert fine.warnings == ()
    assert "WARNING" not in str(fine) + fine.verdict()
    assert "soft.exp_table: " in str(fine)


def test_a_softmax_that_is_none_and_saturated_entries() -> None:
    op = Softmax(
        "soft",
        ("x",),
        Tensor("y", (4,), t("ap_fixed<16,8>")),
        "legacy",
        4,
        exp_table=function_table("exp_table", "legacy_exponential", 1024, LEGACY_TABLE),
        inv_table=function_table("inv_table", "legacy_inverse", 1024, LEGACY_TABLE),
    )
    graph = Graph("legacy", (Tensor("x", (4,), t("ap_fixed<16,6>")),), (op,), ("y",))
    x = normal(3, 200, 4, scale=9)
    report = ib.check(ib.Model(graph), x, ["reference"], reference_events=20)
    (facts,) = report.facts.softmaxes
    y = ib.Model(graph).predict(x)
    assert facts.largest == y.max()
    assert (facts.low_sum, facts.high_sum) == (y.sum(axis=1).min(), y.sum(axis=1).max())
    assert any(
        w.kind == "softmax" and f"sums of {facts.low_sum:g} to {facts.high_sum:g}" in w.text for w in report.warnings
    )
    high = ib.check(ib.Model(softmax("ap_fixed<16,6>", 3)), normal(4, 200, 3, scale=9), ["cpp-strict"])
    saturated = next(use for use in high.facts.tables if use.slot == "exp_table").saturated
    assert saturated > 0
    assert any(w.kind == "table" and f"{saturated} of them saturated" in w.text for w in high.warnings)


def test_dead_layers_and_dead_outputs() -> None:
    wide = "ap_fixed<20,8>"
    first = Dense(
        "first",
        ("x",),
        tensor("a", 2, wide),
        weight("weight", [[0.5, 0.0], [0.25, 0.0]], "ap_fixed<8,2>"),
        weight("bias", [0.0, 0.5], "ap_fixed<8,2>"),
        t(wide),
    )
    graph = Graph("half", (tensor("x", 2, "ap_fixed<12,4>"),), (first,), ("a",))
    x = normal(5, 50, 2)
    (half,) = ib.check(ib.Model(graph), x, ["cpp-strict"]).warnings
    assert str(half) == "1 of 2 values of output a are the same in all 50 events: 1"
    # Events that are all the same, and a single one, say nothing about the network.
    assert ib.check(ib.Model(graph), np.ones((50, 2)), ["cpp-strict"]).warnings == ()
    assert ib.check(ib.Model(graph), x[:1], ["cpp-strict"]).warnings == ()


@pytest.mark.parametrize("function", [*TableActivation.FUNCTIONS, "legacy", "latency", "stable"])
def test_entries_used_are_those_that_change_the_result(function: str) -> None:
    """An entry is used if and only if changing it changes an output of one of the events."""
    rng = np.random.default_rng(6)
    kind, wide = t("ap_fixed<10,5>"), t("ap_fixed<40,20>")
    x_type = Tensor("x", (3,), kind)
    if function in TableActivation.FUNCTIONS:
        table = function_table("table", function, 32, t("ap_fixed<18,8>"))
        param = weight("param", [1.5], "ap_fixed<8,3>") if function == "elu" else None
        op: Any = TableActivation("act", ("x",), Tensor("y", (3,), wide), function, table, param)
    elif function == "legacy":
        parts = {
            n: function_table(n, f"legacy_{f}", 32, LEGACY_TABLE)
            for n, f in (("exp_table", "exponential"), ("inv_table", "inverse"))
        }
        op = Softmax("act", ("x",), Tensor("y", (3,), wide), function, 3, **parts)
    else:
        stable, sums, entry = function == "stable", t("ap_fixed<18,8>"), t("ap_fixed<18,8,AP_RND,AP_SAT>")
        op = Softmax(
            "act",
            ("x",),
            Tensor("y", (3,), wide),
            function,
            3,
            exp_table=exponential_table("exp_table", 16, kind, 1.0, stable, entry),
            inv_table=inverse_table("inv_table", 64, sums, entry),
            accum=sums,
            inv_inp=sums,
            **{"inp_norm" if stable else "address": kind},
        )
    graph = Graph("one", (x_type,), (op,), ("y",))
    raw = rng.integers(-40, 40, (12, 3))  # sums stay within the legacy inverse's table
    data = ib.FixedArray.from_raw(raw, kind)
    watch = TableWatch(graph)
    values = ib.Model(graph).run({"x": data}, "reference")
    for part in (slice(0, 5), slice(5, 12)):  # in blocks
        watch.update({name: array[part] for name, array in values.items()})
    before = values["y"].raw
    for use in watch.result():
        original = getattr(op, use.slot)
        used = 0
        for entry_number in range(original.raw.size):
            changed = original.raw.copy()
            changed[entry_number] += 1 << 11 if changed[entry_number] < original.type.raw_max // 2 else -(1 << 11)
            other = replace(graph, ops=(replace(op, **{use.slot: replace(original, raw=changed)}),))
            used += not np.array_equal(ib.Model(other).run({"x": data}, "reference")["y"].raw, before)
        assert use.used == used, use
        assert use.step == graph.lowered.ops[0].spans[use.slot]
        assert use.events == 12


# -- clips ------------------------------------------------------------------------------------------------------------


def test_overflow_is_not_said_of_a_quantised_relu_that_clips() -> None:
    def network(result: str) -> ib.Model:
        relu = Activation("qrelu", ("x",), tensor("y", 2, result), "relu")
        return ib.Model(Graph("relu", (tensor("x", 2, "ap_fixed<12,6>"),), (relu,), ("y",)))

    x = normal(7, 100, 2, scale=9)
    quantised = network("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
    said, plan = str(quantised.profile(x)), str(quantised.plan())
    assert said.startswith("no overflow in 100 events\nactivations that clip:\n")
    assert "qrelu.result ap_ufixed<6,2,AP_RND_CONV,AP_SAT> clips, as it is made to: 2 of 2 neurons" in said
    assert "6 of 6 bits, 0 to 3.9375; what was cast into it needs 9 bits" in said
    assert "may clip, as it is made to: 2 of 2 neurons, neuron 0 needs 10 bits, not 6" in plan
    report = ib.check(quantised, x, ["cpp-strict"])
    assert "no overflow in 100 events" in str(report)
    assert report.to_dict()["overflows"] == []
    assert [entry["layer"] for entry in report.to_dict()["clips"]] == ["qrelu"]
    assert report.profile.overflows == ()
    assert report.profile["qrelu.result"].events.tolist() == quantised.profile(x).clips[0].events.tolist()
    for result, verb in (("ap_ufixed<6,2>", "overflows"), ("ap_ufixed<6,2,AP_TRN,AP_SAT>", "saturates")):
        said = str(network(result).profile(x))
        assert said.startswith("overflows in 100 events:")
        assert f"qrelu.result {result} {verb}: 2 of 2 neurons" in said
        assert "of 6 bits" in said
        assert "9 of 6" not in said


@pytest.mark.parametrize(
    "function, bits, clipped",
    [
        ("sigmoid", "ufixed<6,0", True),
        ("sigmoid", "ufixed<6,-1", False),
        ("tanh", "fixed<6,1", True),
        ("tanh", "ufixed<6,0", False),
        ("softplus", "ufixed<6,0", False),
    ],
)
def test_overflow_is_not_said_of_a_quantised_sigmoid_from_a_table(function: str, bits: str, clipped: bool) -> None:
    held = ib.FixedType.parse("ap_fixed<18,8>")
    kind = f"ap_{bits},AP_RND_CONV,AP_SAT>"
    table = function_table("table", function, 1024, held)
    op = TableActivation("act", ("x",), tensor("y", 2, kind), function, table)
    model = ib.Model(Graph("table", (tensor("x", 2, "ap_fixed<12,6>"),), (op,), ("y",)))
    found = model.profile(normal(7, 100, 2, scale=9))
    assert [count.slot for count in (found.clips if clipped else found.overflows)] == ["result"]
    assert not (found.overflows if clipped else found.clips)


# -- why roads differ -------------------------------------------------------------------------------------------------


def test_a_difference_names_formats_values_and_what_the_accumulator_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    accum = "ap_fixed<10,4>"
    weights = np.array([[0.71, -0.33], [0.11, 0.57], [-0.9, 0.2]])
    dense = Dense(
        "fc",
        ("x",),
        tensor("y", 2, "ap_fixed<9,4>"),
        weight("weight", weights, "ap_fixed<12,1>"),
        weight("bias", [0.3, -0.2], "ap_fixed<12,1>"),
        t(accum),
    )
    graph = Graph("narrow", (tensor("x", 3, "ap_fixed<14,4>"),), (dense,), ("y",))
    original = strict.StrictEngine.run

    def run(self: Any, *arguments: Any) -> Any:
        values = original(self, *arguments)
        raw = values["y"].raw.copy()
        if len(raw) > 1:
            raw[17, 1] += 1
        return {**values, "y": ib.FixedArray.from_raw(raw, values["y"].type)}

    monkeypatch.setattr(strict.StrictEngine, "run", run)
    x = normal(8, 60, 3, scale=3)
    report = ib.check(ib.Model(graph), x, ["cpp-strict"])
    (cause,) = report.causes
    assert (cause.road, cause.layer, cause.event, cause.index) == ("cpp-strict", "fc", 17, 1)
    data = ib.FixedArray.from_float(x, graph.inputs[0].type)
    exact = int(dense.bias.raw[1]) * dense.bias.type.lsb + sum(
        (int(data.raw[17, i]) * data.type.lsb * int(dense.weight.raw[i, 1]) * dense.weight.type.lsb for i in range(3)),
        Fraction(0),
    )
    assert cause.exact == float(exact)
    held = ib.Model(graph).with_types({"fc.result": "ap_fixed<40,20>"}).predict(x, "numba")[17, 1]
    assert cause.accumulated == held
    assert abs(cause.exact - held) < 4 * 2.0**-6 or cause.overflows
    said = str(report)
    first = report.roads[0].layers[1].first
    assert first is not None
    lsb = float(dense.output.type.lsb)
    assert (
        f"event 17, index 1: {first.expected} against {first.found} LSB ({first.expected * lsb:.9g} against "
        f"{first.found * lsb:.9g})" in said.splitlines()[0]
    )
    assert f"the accumulator held {held:.9g} and dropped {float(exact) - held:.6g}" in said
    assert "rounding into fc.result ap_fixed<9,4> drops set bits of this neuron in" in said
    assert report.to_dict()["causes"][0]["exact"] == float(exact)
    assert "Why fc differs on cpp-strict" in _page(report)


@pytest.fixture
def subject() -> ib.Report:
    """Equal bits, and warnings."""
    return ib.check(ib.Model(softmax("ap_fixed<38,16>", 4)), np.abs(normal(11, 30, 4)), ["cpp-strict"])


def test_an_input_that_another_road_has_in_another_format() -> None:
    graph = every_op()
    other = graph.with_types({"x.result": "ap_fixed<14,6>"})
    layer = LayerComparison("x", "ap_fixed<16,6> against ap_fixed<14,6>", 5, 10, 1, 3, Difference(2, 1, 7, 4), 2.0**-10)
    profile = ib.Model(graph).profile(normal(12, 5, 2))
    (cause,) = Differences(graph, {"csim": other}).causes([Road("csim", 5, 0.1, 1, (layer,))], profile)
    assert cause.lines("cpp")[0] == "x.result is ap_fixed<16,6> on cpp, ap_fixed<14,6> on csim"


# -- text, page, JSON -------------------------------------------------------------------------------------------------


def _page(report: ib.Report) -> str:
    from isobit.pages.render import html

    return html(report.page())


def test_one_table_with_a_column_for_each_road_and_equal_layers_in_one_line() -> None:
    report = ib.check(ib.Model(every_op()), normal(9, 40, 2), ["cpp-strict", "cpp", "reference"], reference_events=10)
    lines = str(report).splitlines()
    assert lines[0].startswith("EQUAL: by_hand gives the same bits in every layer: numba against")
    head = next(i for i, line in enumerate(lines) if line.split() == ["numba", "cpp-strict", "cpp", "reference"])
    assert lines[head + 2].split() == ["events", "40", "40", "40", "10"]
    assert lines[head + 3].split() == ["x", "...", "leaky", "(7", "layers)", "base", "equal", "equal", "equal"]
    assert lines[head + 4].split()[0] == "events/s"
    assert len(lines) < 24
    assert sum("equal" in line for line in lines) == 1


def test_layers_that_differ_have_their_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    original = strict.StrictEngine.run

    def run(self: Any, *arguments: Any) -> Any:
        values = original(self, *arguments)
        for name in ("norm", "binary"):
            values = {**values, name: ib.FixedArray.from_raw(values[name].raw ^ 1, values[name].type)}
        return values

    monkeypatch.setattr(strict.StrictEngine, "run", run)
    report = ib.check(ib.Model(every_op()), normal(9, 40, 2), ["cpp-strict", "cpp"])
    lines = [" ".join(line.split()) for line in str(report).splitlines()]
    rows = [line for line in lines if line.endswith(("equal", "LSB equal"))]
    assert rows == [
        "x, wide base equal equal",
        "norm base 160 of 160 differ, up to 1 LSB equal",
        "powers, sign base equal equal",
        "binary base 120 of 120 differ, up to 1 LSB equal",
        "leaky base equal equal",
    ]


def test_a_terminal_shows_verdict_and_warnings_in_colour_and_a_pipe_the_same_text(subject: ib.Report) -> None:
    from rich.console import Console

    from isobit.commands.reports import print_report

    assert subject.warnings
    for terminal in (False, True):
        out = io.StringIO()
        print_report(subject, Console(file=out, force_terminal=terminal, width=40, soft_wrap=True, highlight=False))
        text = out.getvalue()
        assert re.sub(r"\x1b\[[0-9;]*m", "", text) == f"{subject}\n"
        assert ("\x1b[1;32mEQUAL" in text) is terminal
        assert ("\x1b[33mWARNING" in text) is terminal


class _Pictures(HTMLParser):
    """Checks that tags are closed, and counts pictures and references to other files."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.outside += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br", "wbr", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "wbr", "input"):
            assert self.open.pop() == tag


def test_page_has_its_pictures_twice_and_needs_no_other_file() -> None:
    report = ib.check(ib.Model(every_op()), normal(9, 40, 2), ["cpp-strict"])
    parser = _Pictures()
    parser.feed(_page(report))
    assert parser.open == []
    assert parser.counts["svg"] == 2 * len(list(report.page().figures())) >= 8
    assert all(link.startswith("#section-") for link in parser.outside)
    text = _page(report)
    bits = {layer.layer: layer.bits for layer in report.profile.layers}
    assert "neuron 2: " in text
    assert f"{int(bits['wide'][1])} of 90 bits" in text


def test_json_and_page_say_where_they_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = tmp_path / "student.isobit", tmp_path / "events.npy"
    ib.Model(softmax("ap_fixed<38,16>", 4)).save(model)
    np.save(data, np.abs(normal(10, 30, 4)))

    def isobit(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["isobit", *arguments])
        return run(), capsys.readouterr().out

    command = ["check", str(model), "--against", "cpp-strict", "--data", str(data)]
    status, out = isobit(*command, "--json", "--html", str(tmp_path / "r.html"))
    assert status == 0  # warnings do not change it: the bits are equal
    said = json.loads(out)
    assert said["name"] == "student.isobit (shares)"
    assert said["verdict"].startswith("EQUAL: student.isobit (shares) gives the same bits in every layer")
    assert "WARNING: every one of 30 events gives the same output" in said["verdict"]
    known = said["provenance"]
    assert {name: known["versions"][name] for name in ("isobit", "numpy")} == {
        "isobit": ib.__version__,
        "numpy": np.__version__,
    }
    hashes = {file["role"]: file["sha256"] for file in known["files"]}
    assert hashes["model"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert known["seed"] is None
    assert known["time"].endswith("+00:00")
    page = (tmp_path / "r.html").read_text()
    for text in (hashes["model"], ib.__version__, known["time"], "student.isobit"):
        assert text in page
    _, text = isobit(*command[:-2], "--events", "20", "--seed", "7")
    assert text.splitlines()[0].startswith("EQUAL: student.isobit (shares)")
    assert "seed 7" in text
    report = ib.check(model, data, ["cpp-strict"])
    assert [(file.role, file.name, file.sha256) for file in report.provenance.files] == [
        ("model", model.name, hashes["model"]),
        ("data", data.name, hashlib.sha256(data.read_bytes()).hexdigest()),
    ]
