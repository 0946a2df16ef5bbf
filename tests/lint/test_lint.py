"""Each rule on a model that it is about and on one that it is not; hints are exact; what the command prints."""

from __future__ import annotations

import doctest
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings

import isobit as ib
from isobit.commands import cli
from isobit.errors import RegistrationError, UnsupportedError
from isobit.fixed import FixedType
from isobit.frontends.configuration import Remark
from isobit.lint import RULES, find_rule, fragment_of, lint
from isobit.lint.rules import rule
from isobit.model import (
    BatchNorm,
    Dense,
    DistributedDense,
    Embedding,
    Graph,
    Op,
    Softmax,
    TableActivation,
    Tensor,
    Weight,
)
from isobit.model.requested import request
from isobit.model.tables import exponential_table, function_table, inverse_table
from isobit.students import zoo
from isobit.testing import fixed_types, models

KIND = FixedType.parse


ROOMY = "ap_fixed<20,10>"


def constants(name: str, values: Any, kind: str = "ap_fixed<16,6>") -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), KIND(kind))


def a_model(*ops: Op, x: str = "ap_fixed<8,4>", size: int = 2, **options: Any) -> ib.Model:
    facts = options.pop("metadata", {})
    limits = options.pop("limits", None)
    graph = Graph("net", (Tensor("x", (size,), KIND(x), limits=limits),), ops, (ops[-1].output.name,), facts)
    return ib.Model(graph, **options)


def dense(
    accum: str = "ap_fixed<20,10>", result: str = "ap_fixed<20,10>", weights: Any = None, **options: Any
) -> Dense:
    values = np.full((2, 2), 1.5) if weights is None else np.asarray(weights)
    kind = options.pop("kind", "ap_fixed<16,6>")
    bias = constants("bias", np.zeros(values.shape[1]), kind)
    output = Tensor("fc", (values.shape[1],), KIND(result))
    return Dense("fc", ("x",), output, constants("weight", values, kind), bias, KIND(accum), **options)


def norm(scale: list[float], kind: str = "ap_fixed<16,6>") -> BatchNorm:
    bias = constants("bias", np.zeros(2), kind)
    return BatchNorm("bn", ("x",), Tensor("bn", (2,), KIND("ap_fixed<24,8>")), constants("scale", scale, kind), bias)


def softmax(integer: int, entries: int = 64) -> Softmax:
    kind, own = KIND(f"ap_fixed<16,{integer}>"), KIND("ap_fixed<18,8>")
    norm, inverse = replace(kind, signed=False), KIND("ap_fixed<10,4,AP_RND,AP_SAT>")
    return Softmax(
        "soft", ("x",), Tensor("soft", (2,), KIND("ap_fixed<8,2>")), "stable", 2,
        exp_table=exponential_table("exp_table", entries, norm, 1.0, True, own),
        inv_table=inverse_table("inv_table", 64, inverse, own), accum=own, inv_inp=inverse, inp_norm=norm,
    )  # fmt: skip


def table(entries: int) -> TableActivation:
    values = function_table("table", "sigmoid", entries, KIND("ap_fixed<18,8>"))
    return TableActivation("act", ("x",), Tensor("act", (2,), KIND("ap_fixed<18,8>")), "sigmoid", values)


def embedding(x: str, rows: int) -> ib.Model:
    op = Embedding(
        "rows", ("x",), Tensor("rows", (2, 3), KIND("ap_fixed<16,6>")), constants("embeddings", np.ones((rows, 3)))
    )
    return a_model(op, x=x, limits=(0.0, rows - 1.0))


def tree() -> DistributedDense:
    output = Tensor("fc", (2,), KIND("ap_fixed<20,10>"))
    return DistributedDense("fc", ("x",), output, constants("weight", np.ones((2, 2))), constants("bias", np.zeros(2)))


@dataclass(frozen=True, eq=False)
class OwnLayer(Op):
    """Of the user's, of which nothing but its format is known."""

    tag: ClassVar[str] = "lint_own"


OWN = OwnLayer("own", ("x",), Tensor("own", (2,), KIND("ap_fixed<12,4>")))
REMARK = Remark("LayerName.fc.Precision.acum", "fixed<8,4>", "no such slot")
ASKED = request("fc", "resource", 3)

#: Rule, what triggers it, its place and gravest severity there, and what does not.
CASES: dict[str, tuple[ib.Model, str, str, ib.Model]] = {
    "accumulator-overflow": (a_model(dense("ap_fixed<12,4>")), "fc.accum", "note", a_model(dense())),
    "result-overflow": (a_model(dense(result="ap_fixed<12,4>")), "fc.result", "note", a_model(dense())),
    "input-clipped": (
        a_model(dense(), limits=(-20.0, 9.0)), "x.result", "warning", a_model(dense(), limits=(-8.0, 7.9)),
    ),
    "unused-bits": (a_model(dense()), "fc.accum", "note", a_model(dense("ap_fixed<14,6>", "ap_fixed<14,6>"))),
    "sign": (
        a_model(dense(result="ap_ufixed<20,10>"), limits=(-2.0, 2.0)), "fc.result", "warning", a_model(dense()),
    ),
    "bounds-unknown": (a_model(OWN), "own", "note", a_model(dense())),
    "constant-changed": (
        a_model(dense(weights=[[40.0, 1.0], [1.0, 1.0]])), "fc.weight", "warning",
        a_model(dense(weights=[[31.0, 1.0], [1.0, 1.0]])),
    ),
    "scale-not-representable": (
        a_model(norm([0.01, 1.0], "ap_fixed<10,4>")), "bn.scale", "warning", a_model(norm([0.5, 1.0])),
    ),
    "decimal-text": (
        a_model(dense(weights=[[-0.0001, 1.0], [1.0, 1.0]], kind="ap_fixed<8,5>")), "fc.weight", "note",
        a_model(dense(weights=[[-0.125, 1.0], [1.0, 1.0]], kind="ap_fixed<8,5>")),
    ),
    "ignored-key": (a_model(dense(), remarks=(REMARK,)), "fc", "warning", a_model(dense())),
    "reuse-factor-replaced": (
        a_model(dense(strategy="resource", reuse_factor=2), metadata=ASKED), "fc", "warning",
        a_model(dense(strategy="resource", reuse_factor=2), metadata=request("fc", "resource", 2)),
    ),
    "trees-for-these-inputs": (a_model(tree()), "fc", "note", a_model(dense())),
    "index-beyond-vocabulary": (embedding("ap_uint<4>", 5), "rows", "warning", embedding("ap_uint<2>", 4)),
    "table-coarse": (
        a_model(softmax(10), x="ap_fixed<16,10>"), "soft.exp_table", "warning",
        a_model(softmax(1), x="ap_fixed<16,1>"),
    ),
    "table-few-entries": (
        a_model(table(16), x="ap_fixed<12,2>"), "act.table", "warning", a_model(table(1024), x="ap_fixed<12,2>"),
    ),
    "header-quirk": (
        a_model(dense(result="ap_ufixed<20,10,AP_TRN,AP_WRAP,1>")), "fc.result", "warning", a_model(dense()),
    ),
}  # fmt: skip


def test_every_rule_has_a_case() -> None:
    """Those of libraries have theirs in tests/libraries."""
    assert set(CASES) | {"refused"} == {known.name for known in RULES.values() if known.about == "network"}


@pytest.mark.parametrize("name", CASES)
def test_a_model_that_triggers_the_rule_and_one_that_does_not(name: str) -> None:
    bad, place, severity, good = CASES[name]
    found = lint(bad, select=[name])
    assert [one.severity for one in found if one.place == place] == [severity]
    assert all(RULES[one.rule].name == name and one.message for one in found)
    assert json.loads(json.dumps(found.to_dict()))["findings"][0]["name"] == name
    assert not [one for one in lint(good, select=[name]) if one.place == place]
    assert not lint(bad, ignore=[name]).of(name)


@pytest.mark.parametrize(
    ("quirk", "model"),
    [
        ("B1", a_model(dense(result="ap_fixed<20,40,AP_RND>"))),
        ("B2", CASES["header-quirk"][0]),
        ("B3", a_model(dense(result="ap_fixed<8,6,AP_RND,AP_WRAP_SM>"))),
        ("B4", a_model(dense(result="ap_fixed<1,1,AP_TRN,AP_SAT_SYM>"))),
        ("B13", a_model(dense("ap_fixed<8,0>", "ap_int<4>"))),
        ("B15", a_model(dense(), x="ap_int<4>")),
    ],
)
def test_quirks(quirk: str, model: ib.Model) -> None:
    assert [one.evidence["quirk"] for one in lint(model, select=["IB501"])] == [quirk]


def test_infinite_entries_of_a_table_that_wraps() -> None:
    model = a_model(softmax(4), x="ap_fixed<16,4>")
    (op,) = model.graph.ops
    assert isinstance(op, Softmax) and op.inv_table is not None
    assert not np.isfinite(op.inv_table.written).all()
    assert {"B11"} == {one.evidence["quirk"] for one in lint(model, select=["IB501"])}


def test_events_count() -> None:
    model = a_model(dense("ap_fixed<12,4>"))
    small, large = np.full((5, 2), 0.5), np.array([[0.5, 0.5], [7.0, 7.0]])
    (calm,), (grave,) = (lint(model, x, select=["IB101"]) for x in (small, large))
    assert (calm.severity, grave.severity) == ("note", "warning")
    assert (grave.evidence["events"], grave.evidence["of"]) == (1, 2)
    (clipped,) = lint(model, np.array([[0.5, 9.0]]), select=["input-clipped"])
    assert clipped.evidence["outside"] == 1
    assert clipped.types == {"x.result": "ap_fixed<9,5>"}


def test_witnesses_are_evidence() -> None:
    model = a_model(dense("ap_fixed<12,4>"))
    (found,) = lint(model, witnesses=True, select=["IB101"])
    witness = found.evidence["witness"]
    assert model.profile(np.array([witness["inputs"]["x"]]))["fc.accum"].events[witness["neuron"]] == 1


@settings(max_examples=40, deadline=None)
@given(models(types=fixed_types(max_width=10)))
def test_hints_are_exact(model: ib.Model) -> None:
    """Formats said to hold the same numbers give the same bits; those said to be wide enough are proven to be."""
    report = lint(model, select=["IB101", "IB102", "IB104", "IB105"])
    tensor = model.graph.inputs[0]
    raw = np.random.default_rng(1).integers(tensor.type.raw_min, tensor.type.raw_max + 1, (60, tensor.size))
    x = ib.FixedArray.from_raw(raw, tensor.type)
    wanted = model.predict(x)
    for finding in report:
        if not finding.types:
            continue
        mended = model.with_types(finding.types)
        if finding.fix.endswith("holds the same numbers"):
            assert np.array_equal(mended.predict(x), wanted), finding
        elif finding.fix.endswith("cannot overflow"):
            assert mended.plan()[finding.place].safe, finding


def test_fragment() -> None:
    assert fragment_of({"fc.accum": "ap_fixed<20,9>", "soft.exp_table": "ap_fixed<12,4>"}) == {
        "LayerName": {"fc": {"Precision": {"accum": "ap_fixed<20,9>"}}, "soft": {"exp_table_t": "ap_fixed<12,4>"}}
    }
    assert fragment_of({}) == {}


def test_unknown_rules_and_rules_twice() -> None:
    with pytest.raises(UnsupportedError, match="no rule 'acumulator-overflow'; did you mean 'accumulator-overflow'"):
        lint(CASES["sign"][0], select=["acumulator-overflow"])
    with pytest.raises(RegistrationError, match="IB101"):
        rule("IB101", "new", "note")
    with pytest.raises(RegistrationError, match=r"'grave'.*error, warning, note"):
        rule("IB999", "new", "grave")
    assert find_rule("sign").id == "IB105"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["lint", *arguments], standalone_mode=False)


def test_command(tmp_path: Path) -> None:
    path, log = tmp_path / "net.isobit", tmp_path / "lint.sarif"
    CASES["sign"][0].save(path)
    found = run(str(path), "--sarif", str(log))
    assert found.return_value == 1
    assert "warning IB105 fc.result: ap_ufixed<20,10> has no sign" in found.output
    assert run(str(path), "--fail-on", "error").return_value == 0
    assert run(str(path), "--ignore", "sign", "--ignore", "result-overflow").return_value == 0
    document = json.loads(run(str(path), "--json", "--fail-on", "never").output)
    assert {"IB105"} <= {one["rule"] for one in document["findings"]}
    assert isinstance(run(str(path), "--sarif", str(log)).exception, ib.errors.OverwriteError)
    (sarif,) = json.loads(log.read_text())["runs"]
    result = next(one for one in sarif["results"] if one["ruleId"] == "IB105")
    assert sarif["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "IB105"
    assert result["locations"][0]["logicalLocations"][0]["name"] == "fc.result"
    explained = run("--explain", "IB101").output
    assert "accumulator-overflow" in explained and "proven" in explained
    assert all(known.id in run("--explain", "all").output for known in RULES.values())


def test_a_refused_network_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise UnsupportedError("layer 'gar' (GarNet) is not supported")

    monkeypatch.setattr("isobit.commands.keras_options.KerasOptions.load", refuse)
    found = run(str(tmp_path / "net.h5"))
    assert found.return_value == 1
    assert "error IB300 layer 'gar' (GarNet) is not supported" in found.output


@pytest.mark.hls4ml
def test_golden_mugmt_student() -> None:
    from isobit.frontends.keras import convert

    arguments = zoo.golden_config("mugmt_student")
    arguments["clock_ns"] = float(arguments.pop("clock_period"))
    model = ib.load(convert(zoo.network("mugmt_student"), output_dir="unused", **arguments))
    report = lint(model, zoo.inputs("mugmt_student", 2000, seed=1))
    assert not report.at_least("warning"), str(report)


def test_page_runs_and_lists_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).resolve().parents[2]
    monkeypatch.chdir(root)
    page = root / "docs" / "lint.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried >= 4) == (0, True)
    text = page.read_text(encoding="utf-8")
    for known in RULES.values():
        assert f"| {known.id} | `{known.name}` | {known.severity} | {known.summary.rstrip('.')} |" in text
