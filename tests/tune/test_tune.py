"""Tuned networks keep the limit, overflow nowhere, and are cheaper than what random draws find."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import isobit as ib
from isobit.commands import cli
from isobit.errors import FormatError, RangeError, UnsupportedError
from isobit.sweep import sweep
from isobit.sweep.evaluation import COSTS
from isobit.tune import tune

ROOT = Path(__file__).resolve().parents[2]
MODEL = ib.load(ROOT / "tests" / "other_frontends" / "corpus" / "torch_mlp.isobit")
X = np.random.default_rng(2).normal(0.0, 1.0, (800, *MODEL.graph.inputs[0].shape))
LIMIT = 0.02
#: Tuned networks that were compared with the C-simulation.
COMPILED = 5


def rms(model: Any, x: Any = X) -> float:
    return float(np.sqrt(np.mean((model.predict(x) - MODEL.predict(x)) ** 2)))


def test_the_limit_holds_and_nothing_overflows() -> None:
    found = tune(MODEL, X, tolerance=LIMIT)
    tuned = MODEL.with_types(found.types)
    assert rms(tuned) == found.value <= LIMIT
    assert found.bits == COSTS["bits"](tuned.graph) < 0.6 * found.bits_before
    assert found.unproven == ()
    assert all(v.safe or v.clips for v in tuned.plan(X).verdicts)
    assert not tuned.profile(X).overflows
    assert found.evaluations == len({(step.bits, step.value) for step in found.curve}) or found.evaluations >= len(
        found.curve
    )
    assert [step.bits for step in found.curve] == sorted((step.bits for step in found.curve), reverse=True)
    assert any(not step.within for step in found.curve)


@pytest.mark.turn(3)
def test_it_beats_random_draws_with_a_tenth_of_the_evaluations() -> None:
    found = tune(MODEL, X, tolerance=LIMIT)
    vary = [
        {"slots": "*.weight", "bits": list(range(6, 25, 2)), "tied": False},
        {"slots": ["*.result", "*.accum"], "bits": list(range(20, 37, 2)), "tied": False},
    ]
    drawn = sweep(MODEL, vary, X, metrics=("rms", "bits"), method="random", trials=300, seed=1, workers=1)
    good = [one.metrics["bits"] for one in drawn if one.metrics and one.metrics["rms"] <= LIMIT]
    assert len(good) > 5
    assert found.bits <= min(good)
    assert found.evaluations <= 30


def test_every_input_is_proven_where_asked_for() -> None:
    found = tune(MODEL, X, tolerance=LIMIT, every_input=True)
    tuned = MODEL.with_types(found.types)
    assert all(v.safe or v.clips for v in tuned.plan().verdicts)
    assert not found.measured


def test_chosen_slots_alone_change() -> None:
    found = tune(MODEL, X, tolerance=LIMIT, slots=["*.weight"])
    assert found.types and all(key.endswith(".weight") for key in found.types)


def test_a_slot_that_may_overflow_keeps_its_integer_bits() -> None:
    narrow = MODEL.with_types({"_0.accum": "ap_fixed<22,2>"})
    found = tune(narrow, X, tolerance=LIMIT, reference=narrow.predict(X), may_overflow=["_0.accum"])
    kind = ib.FixedType.parse(found.types.get("_0.accum", "ap_fixed<22,2>"))
    assert kind.integer == 2
    assert set(found.unproven) <= {"_0.accum"}


def test_other_metrics() -> None:
    flips = tune(MODEL, X, tolerance=0.01, metric="flips")
    assert flips.value <= 0.01
    tuned = MODEL.with_types(flips.types)
    assert np.mean(tuned.predict(X).argmax(axis=1) != MODEL.predict(X).argmax(axis=1)) == flips.value


def test_the_certificate_and_the_model() -> None:
    found = tune(MODEL, X, tolerance=LIMIT)
    assert isinstance(found.model, ib.Model) and rms(found.model) == found.value
    certificate = found.certificate
    assert certificate.holds and found.config == found.fragment
    proofs = {proof.slot: proof for proof in certificate.proofs}
    for verdict in found.model.plan(X).verdicts:
        proof = proofs[f"{verdict.layer}.{verdict.slot}"]
        assert (proof.type, proof.needed, proof.safe) == (str(verdict.type), max(verdict.bits), verdict.safe)
    ((low, high),) = certificate.ranges.values()
    quantised = X if MODEL.input_types[0].is_int else ib.FixedArray.from_float(X, MODEL.input_types[0]).to_float()
    assert (low, high) == (quantised.min(), quantised.max())
    narrow = MODEL.with_types({"_0.accum": "ap_fixed<22,2>"})
    bad = tune(narrow, X, tolerance=LIMIT, reference=narrow.predict(X), may_overflow=["_0.accum"])
    assert bad.certificate.holds == (not bad.unproven)


@pytest.mark.turn(3)
def test_other_costs() -> None:
    by_bits, by_dsp = tune(MODEL, X, tolerance=LIMIT), tune(MODEL, X, tolerance=LIMIT, cost="dsp")
    assert (by_dsp.cost, by_dsp.cost_before) == ("dsp", COSTS["dsp"](MODEL.graph))
    assert by_dsp.cost_after == COSTS["dsp"](by_dsp.model.graph) <= COSTS["dsp"](by_bits.model.graph)
    assert by_dsp.cost_after < by_dsp.cost_before and by_dsp.value <= LIMIT and by_dsp.unproven == ()

    def widest(network: Any) -> float:
        return float(max(kind.width for key, kind in network.types.items() if key.endswith(".result")))

    own = tune(MODEL, X, tolerance=LIMIT, cost=widest)
    assert (own.cost, own.cost_after) == ("widest", widest(own.model))
    assert own.value <= LIMIT


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"tolerance": 0.1, "cost": "dps"}, UnsupportedError, "no cost 'dps'; did you mean 'dsp'"),
        ({"tolerance": -1.0}, RangeError, "must be at least 0, got -1"),
        ({"tolerance": 0.1, "reference": MODEL.predict(X) + 1}, RangeError, "cannot be kept by precision"),
        ({"tolerance": 0.1, "slots": ["*.wait"]}, FormatError, r"no format that can be tuned matches '\*.wait'"),
    ],
)
def test_bad_input(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        tune(MODEL, X, **options)


def test_command(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "net.isobit")
    np.save(tmp_path / "x.npy", X)
    arguments = ["tune", str(tmp_path / "net.isobit"), "--data", str(tmp_path / "x.npy"), "--limit", str(LIMIT)]
    out = tmp_path / "tuned.isobit"
    result = CliRunner().invoke(cli, [*arguments, "--out", str(out), "--json"], standalone_mode=False)
    document = json.loads(result.output)
    assert document["value"] <= LIMIT
    assert document["hls_config"]["LayerName"]
    assert rms(ib.load(out)) == document["value"]
    assert isinstance(
        CliRunner().invoke(cli, [*arguments, "--out", str(out)], standalone_mode=False).exception,
        ib.errors.OverwriteError,
    )


def test_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs" / "tune.md"), module_relative=False)
    assert (failed, tried >= 4) == (0, True)


def test_committed_runs() -> None:
    """tools/tune_run.py: at most the bits of the best of 600 draws, in a tenth of the evaluations, no overflow."""
    report = json.loads((Path(__file__).parent / "tuned.json").read_text(encoding="utf-8"))
    assert len(report["networks"]) == 5
    for one in report["networks"]:
        assert one["value"] <= one["limit"] and one["unproven"] == [] and one["evaluations"] <= 30
        best = [one[method]["best_bits"] for method in ("random", "tpe") if one[method]["best_bits"] is not None]
        assert one["bits"] <= min(best, default=one["before_bits"])
    compiled = [one["csim"] for one in report["networks"] if "csim" in one]  # every format written out
    assert len(compiled) >= COMPILED
    for csim in compiled:
        assert csim["differing"] == [] and csim["values"] > 0 and csim["events"] >= 200
