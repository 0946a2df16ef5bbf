"""Sabotaged networks are explained and mended; what is asked for wrongly is refused; what the command prints."""

from __future__ import annotations

import doctest
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import isobit as ib
from isobit.commands import cli
from isobit.errors import RangeError, ShapeError, UnsupportedError
from isobit.explain import Quantiser, explain
from isobit.fixed import FixedType
from isobit.model import Activation, BatchNorm, Dense, Graph, Op, Softmax, Tensor, Weight
from isobit.model.tables import exponential_table, inverse_table

ROOT = Path(__file__).resolve().parents[2]
KIND = FixedType.parse
NUMBER, RELU = KIND("ap_fixed<18,8>"), KIND("ap_ufixed<18,8,AP_RND_CONV,AP_SAT>")


def a_network() -> ib.Model:
    """Dense, BatchNorm and ReLU, twice, then a softmax."""
    rng = np.random.default_rng(3)
    ops: list[Op] = []
    given = last = Tensor("x", (6,), NUMBER)

    def constants(name: str, *shape: int) -> Weight:
        return Weight.from_written(name, np.round(rng.normal(0.0, 0.6, shape) * 1024) / 1024, NUMBER)

    for k, (n_in, n_out) in enumerate(pairwise([6, 8, 8, 4])):
        out = Tensor(f"fc{k}", (n_out,), NUMBER)
        weight, bias = constants("weight", n_in, n_out), constants("bias", n_out)
        ops.append(Dense(f"fc{k}", (last.name,), out, weight, bias, NUMBER))
        if k == 2:
            last = out
            break
        normal, last = Tensor(f"bn{k}", (n_out,), NUMBER), Tensor(f"relu{k}", (n_out,), RELU)
        ops.append(BatchNorm(f"bn{k}", (out.name,), normal, constants("scale", n_out), constants("bias", n_out)))
        ops.append(Activation(f"relu{k}", (normal.name,), last, "relu"))
    address, own, inverse = KIND("ap_ufixed<17,7>"), KIND("ap_fixed<18,2>"), KIND("ap_fixed<18,8,AP_RND,AP_SAT>")
    ops.append(
        Softmax(
            "soft", (last.name,), Tensor("soft", (4,), KIND("ap_fixed<18,2>")), "stable", 4,
            exp_table=exponential_table("exp_table", 1024, address, 1.0, True, own),
            inv_table=inverse_table("inv_table", 1024, inverse, own), accum=inverse, inv_inp=inverse, inp_norm=address,
        )
    )  # fmt: skip
    return ib.Model(Graph("net", (given,), tuple(ops), ("soft",)))


MODEL = a_network()
X = np.random.default_rng(4).normal(0.0, 2.0, (400, 6))


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize(
    ("key", "kind", "cause", "bits"),
    [
        ("fc1.accum", "ap_fixed<13,3>", "range", 5),
        ("fc0.accum", "ap_fixed<14,4,AP_TRN,AP_SAT>", "range", 4),
        ("bn1.result", "ap_fixed<12,2>", "range", 6),
        ("x.result", "ap_fixed<12,2>", "range", 6),
        ("bn0.scale", "ap_fixed<12,8>", "rounding", 6),
        ("fc2.weight", "ap_fixed<11,8>", "rounding", 7),
    ],
)
def test_a_sabotaged_format_is_named_and_mended(key: str, kind: str, cause: str, bits: int) -> None:
    bad = MODEL.with_types({key: kind})
    found = explain(bad, X, MODEL)
    layer, _, slot = key.rpartition(".")
    assert found.causes[0].quantiser == Quantiser(layer, slot, cause)
    assert found.causes[0].share > 0.9
    assert set(found.types) == {key}
    wide = KIND(found.types[key])
    assert 0 < wide.width - KIND(kind).width <= bits
    mended = bad.with_types(found.types)
    wanted = MODEL.predict(X)
    assert np.mean((mended.predict(X) - wanted) ** 2) == pytest.approx(found.fixed_error**2, abs=1e-15)
    assert found.fixed_error**2 <= 0.02 * found.error**2
    # One bit less leaves more than that.
    less = {"width": wide.width - 1} | ({"integer": wide.integer - 1} if cause == "range" else {})
    one_less = bad.with_types({key: FixedType(**{**vars(wide), **less})})
    assert np.mean((one_less.predict(X) - wanted) ** 2) > found.fixed_error**2
    assert found.first is not None


def test_a_coarse_table_is_named() -> None:
    (*_, soft) = MODEL.graph.ops
    assert isinstance(soft, Softmax) and soft.inp_norm is not None
    coarse = exponential_table("exp_table", 32, soft.inp_norm, 1.0, True, KIND("ap_fixed<18,2>"))
    bad = ib.Model(replace(MODEL.graph, ops=(*MODEL.graph.ops[:-1], replace(soft, exp_table=coarse))))
    found = explain(bad, X, MODEL)
    assert found.causes[0].quantiser == Quantiser("soft", "exp_table", "resolution")
    assert found.entries["soft.exp_table"] > 32
    assert found.fragment["LayerName"]["soft"]["exp_table_size"] == found.entries["soft.exp_table"]


def test_two_faults_are_both_mended() -> None:
    changes = {"fc0.accum": "ap_fixed<13,3>", "bn1.scale": "ap_fixed<11,8>"}
    found = explain(MODEL.with_types(changes), X, MODEL)
    assert found.causes[0].quantiser.key == "fc0.accum"
    assert set(changes) == set(found.types)


def test_the_exact_network_is_the_reference_where_none_is_given() -> None:
    found = explain(MODEL, X)
    assert found.exact_error == 0 < found.error
    assert sum(one.share for one in found.causes) == pytest.approx(1, abs=0.02)
    assert "shares of the error" in str(found)


@pytest.mark.turn(3)
def test_references_and_metrics() -> None:
    bad = MODEL.with_types({"fc1.accum": "ap_fixed<13,3>"})

    def first_output(outputs: list[Any]) -> float:
        return float(np.mean(outputs[0][:, 0]))

    by_array, by_flips = explain(bad, X, MODEL.predict(X)), explain(bad, X, MODEL, metric="flips")
    own = explain(bad, X, MODEL, metric=first_output)
    for found in (by_array, by_flips, own):
        assert found.causes[0].quantiser.key == "fc1.accum"
    assert (own.metric, by_flips.metric) == ("first_output", "flips")
    assert 0 < by_flips.error <= 1
    nothing = explain(MODEL, X, MODEL)
    assert (nothing.error, nothing.causes, nothing.types, nothing.first) == (0, (), {}, None)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"metric": "rmss"}, UnsupportedError, "no metric 'rmss'; did you mean 'rms'"),
        ({"against": np.zeros((3, 4))}, ShapeError, r"\(3, 4\).*expected \[\(400, 4\)\]"),
        ({"against": np.full((400, 4), np.nan)}, RangeError, "not finite"),
        ({"against": MODEL, "metric": lambda outputs: float("nan")}, RangeError, "gives nan for the reference"),
        ({"data": np.zeros((0, 6))}, ShapeError, "no event"),
        ({"data": [X, X]}, ShapeError, r"shape \(2, 400, 6\)"),
    ],
)
def test_bad_input(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        explain(MODEL, **{"data": X, **options})


@pytest.mark.turn(2)
def test_command(tmp_path: Path) -> None:
    right, wrong, events = tmp_path / "right.isobit", tmp_path / "wrong.isobit", tmp_path / "x.npy"
    MODEL.save(right)
    MODEL.with_types({"fc1.accum": "ap_fixed<13,3>"}).save(wrong)
    np.save(events, X)
    arguments = ["explain", str(wrong), "--data", str(events), "--reference", str(right)]
    document = json.loads(CliRunner().invoke(cli, [*arguments, "--json"], standalone_mode=False).output)
    assert document["causes"][0]["slot"] == "accum"
    assert document["hls_config"]["LayerName"]["fc1"]["Precision"]["accum"] == document["types"]["fc1.accum"]
    drawn = CliRunner().invoke(cli, ["explain", str(wrong), "--events", "8", "--exact"], standalone_mode=False)
    assert "on 8 events" in drawn.output


@pytest.mark.parametrize(("name", "least"), [("sabotage", 150), ("sabotage_recurrent", 10)])
def test_committed_sabotage(name: str, least: int) -> None:
    """tools/explain_run.py: 95 % are named; what is not is listed with its seed."""
    report = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    assert report["count"] == len(report["cases"]) >= least
    assert report["named"] >= 0.95 * report["count"]
    assert report["named"] == sum(case["right"] for case in report["cases"])
    assert report["mended"] == sum(case["mended"] for case in report["cases"])
    if name == "sabotage":
        assert report["mended"] >= 0.95 * report["count"]
    if "recurrent" in name:
        assert any("state" in done for case in report["cases"] for done in case["done"])


def test_formats_that_a_kernel_takes_together_are_mended_together() -> None:
    """Input, accumulator and state of an LSTM have one format; so has the fix."""
    graph = ib.load(ROOT / "tests" / "explain" / "lstm.isobit").graph
    group = graph.tied["lstm.result"]
    assert set(group) == {"lstm.result", "lstm.accum", "inputs.result"}
    right = ib.Model(graph)
    x = np.random.default_rng(5).normal(0.0, 1.5, (300, 8, 3))
    bad = right.with_types(dict.fromkeys(group, "ap_fixed<12,2>"))
    found = explain(bad, x, right)
    assert found.causes[0].quantiser == Quantiser("lstm", "result", "range")
    assert set(found.types) == set(group) and len(set(found.types.values())) == 1
    assert found.fixed_error < 0.1 * found.error


def test_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs" / "explain.md"), module_relative=False)
    assert (failed, tried >= 3) == (0, True)
