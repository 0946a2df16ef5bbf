"""Costs: published designs, rules of multipliers, and what the command prints."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import isobit as ib
from isobit.bounds.rules import KERNELS
from isobit.commands import cli
from isobit.cost import fabric
from isobit.cost.multipliers import dsp_slices, multipliers
from isobit.cost.rules import RULES
from isobit.fixed import FixedType
from isobit.model import Activation, BatchNorm, Dense, DistributedDense, Graph, Op, Tensor, Weight
from isobit.model.hardware import spread_facts
from isobit.model.primitives import Opaque
from isobit.students import zoo

GOLDEN = FixedType.parse("ap_fixed<18,6>")
RELU = FixedType.parse("ap_ufixed<18,6,AP_RND_CONV,AP_SAT>")


def muons(sizes: list[int], reuse: int, result: str = "ap_fixed<18,6>", hidden: int = 4) -> ib.Model:
    """Dense, BatchNorm and ReLU for each hidden layer, with weights of which none is zero."""
    rng = np.random.default_rng(1)
    ops: list[Op] = []
    facts: dict[str, str] = {}
    given = last = Tensor("x", (sizes[0],), GOLDEN)

    def constants(name: str, *shape: int) -> Weight:
        return Weight.from_written(name, rng.uniform(0.1, 1.0, shape), GOLDEN)

    for k, (n_in, n_out) in enumerate(pairwise(sizes)):
        kind = FixedType.parse(result) if k < hidden else GOLDEN
        out = Tensor(f"fc{k}", (n_out,), kind)
        weight, bias = constants("weight", n_in, n_out), constants("bias", n_out)
        ops.append(Dense(f"fc{k}", (last.name,), out, weight, bias, GOLDEN, "latency", reuse))
        facts |= spread_facts(f"fc{k}", reuse, 1)
        if k < hidden:
            normal = Tensor(f"bn{k}", (n_out,), GOLDEN)
            ops.append(BatchNorm(f"bn{k}", (out.name,), normal, constants("scale", n_out), constants("bias", n_out)))
            facts |= spread_facts(f"bn{k}", reuse, 1)
            last = Tensor(f"relu{k}", (n_out,), RELU)
            ops.append(Activation(f"relu{k}", (normal.name,), last, "relu"))
    return ib.Model(Graph("muons", (given,), tuple(ops), (ops[-1].output.name,), {"clock_period_ns": "5.0", **facts}))


@pytest.mark.parametrize(
    ("sizes", "published"), [([5, 8, 8, 8, 8, 3], 72), ([10, 8, 8, 8, 8, 1], 78), ([5, 16, 16, 16, 16, 3], 238)]
)
def test_published_dsps(sizes: list[int], published: int) -> None:
    """The muon students at reuse factor 4, 18 bits: exact, and within 1% where zeros of the weights are not known."""
    found = ib.cost(muons(sizes, 4))
    assert found.dsp == published if published != 238 else abs(found.dsp - 238) <= 2.38
    assert found.interval == 4
    assert found.bram == 0


def test_wide_numbers_take_two_slices() -> None:
    """hls4ml's inferred types: BatchNorm multiplies 40 x 18 bits."""
    assert ib.cost(muons([5, 8, 8, 8, 8, 3], 4, "ap_fixed<40,16>")).dsp == 80


@pytest.mark.hls4ml
@pytest.mark.xdist_group("api-frontend")
@pytest.mark.parametrize(
    ("name", "auto", "dsp"),
    [("mugmt_student", False, 72), ("mugmt_student", True, 80), ("dimuon_student", False, 78)],
)
def test_published_dsps_of_converted_networks(name: str, auto: bool, dsp: int, tmp_path: Path) -> None:
    """The zoo's networks as hls4ml converts them."""
    from hls4ml.converters import convert_from_keras_model

    config = zoo.auto_config(name) if auto else zoo.golden_config(name)
    with contextlib.redirect_stdout(io.StringIO()):
        source = convert_from_keras_model(zoo.network(name), output_dir=str(tmp_path / "p"), **config)
    found = ib.cost(source)
    assert found.dsp == dsp
    assert found.interval == 4
    assert found.notes == ()


@pytest.mark.parametrize(
    ("data", "weight", "slices"),
    [
        ("ap_fixed<18,6>", "ap_fixed<18,6>", 1),
        ("ap_fixed<27,6>", "ap_fixed<18,6>", 1),
        ("ap_fixed<18,6>", "ap_fixed<27,6>", 1),
        ("ap_ufixed<18,6>", "ap_fixed<18,6>", 1),
        ("ap_ufixed<18,6>", "ap_ufixed<18,6>", 2),
        ("ap_fixed<28,6>", "ap_fixed<18,6>", 2),
        ("ap_fixed<40,16>", "ap_fixed<18,6>", 2),
        ("ap_fixed<35,16>", "ap_fixed<27,6>", 2),
        ("ap_fixed<54,16>", "ap_fixed<18,6>", 3),
        ("ap_fixed<9,6>", "ap_fixed<18,6>", 0),
        ("ap_fixed<18,6>", "ap_uint<8>", 0),
    ],
)
def test_slices_of_a_product(data: str, weight: str, slices: int) -> None:
    assert dsp_slices(FixedType.parse(data), FixedType.parse(weight)) == slices


def test_zeros_and_powers_of_two_are_free() -> None:
    """Powers of two only where each weight has a multiplier of its own."""
    raw = [0, 1, -2, 3, 0, 64, -7, 5]
    assert multipliers(raw, 1) == 3
    assert multipliers(raw, 2) == 4 - 1
    assert multipliers(raw, 4) == 2
    assert multipliers([0, 0, 0, 0], 4) == 0


def test_fitted_factors_say_where_they_are_from() -> None:
    """Designs that were fitted to are not those that give the range."""
    for kind in ("lut", "ff"):
        facts = fabric.factors()[kind]
        assert set(facts["fitted_to"]).isdisjoint(facts["checked_on"])
        assert facts["fitted_to"]
        assert facts["error"] == max(abs(error) for error in facts["checked_on"].values())
        assert 0 < facts["error"] < 0.5
    page = (Path(__file__).resolve().parents[2] / "docs" / "cost.md").read_text(encoding="utf-8")
    lut, ff = fabric.factors()["lut"], fabric.factors()["ff"]
    said = [lut["checked_on"]["mugmt_baseline"], ff["checked_on"]["mugmt_baseline"], ff["checked_on"]["dimuon_student"]]
    assert all(f"{error:+.1%}" in page for error in said)
    assert f"estimate is {lut['others']['jet_deepsets']:.0%} higher" in page


def test_trees_of_adders_have_no_multipliers() -> None:
    """Distributed arithmetic: LUTs by bits of adders, from the network's facts or from the digits of the weights."""
    weight = Weight.from_written("weight", [[0.75, 0.0], [1.0, -0.625]], FixedType.parse("ap_fixed<5,2>"))
    bias = Weight.from_written("bias", [0.0, 0.5], FixedType.parse("ap_fixed<3,2>"))
    given, out = Tensor("x", (2,), GOLDEN), Tensor("y", (2,), GOLDEN)
    graph = Graph("net", (given,), (DistributedDense("y", ("x",), out, weight, bias),), ("y",))
    unknown = ib.cost(ib.Model(graph))
    assert (unknown.dsp, unknown.multipliers) == (0, 0)
    assert unknown.layers[0].adder_bits == (2 + 1 + 2) * (18 + 0.5)  # 1 - 1/4, 1, 1/2 + 1/8
    known = ib.cost(ib.Model(replace(graph, metadata={"y.adder_bits": "57"})))
    assert known.layers[0].adder_bits == 57
    assert (known.lut.low, known.lut.value, known.lut.high) == (round(57 / 1.03), 57, round(57 / 0.88))


def test_every_primitive_has_a_rule() -> None:
    assert set(RULES) == {op for op in KERNELS if op.primitive} | {Opaque}


def test_text_and_json(tmp_path: Path) -> None:
    model = muons([5, 8, 8, 8, 8, 3], 4)
    text = str(ib.cost(model))
    assert "DSP 72" in text
    assert "interval 4" in text
    model.save(tmp_path / "m.isobit")
    done = CliRunner().invoke(cli, ["cost", str(tmp_path / "m.isobit"), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert document["dsp"] == 72
    assert document["lut"]["low"] < document["lut"]["value"] < document["lut"]["high"]
    assert [layer["layer"] for layer in document["layers"]] == [op.name for op in model.graph.ops]


def test_bit_operations_are_the_published_formula() -> None:
    """m n (b_a b_w + b_a + b_w + log2 n)."""
    assert ib.cost(muons([5, 3], 1, hidden=0)).bops == pytest.approx(5 * 3 * (18 * 18 + 18 + 18 + np.log2(5)))
