"""Constants that their own format changes are named; mere rounding is not."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.bounds.constants import constant_changes, firmware_values, weight_changes
from isobit.engines.reference import law
from isobit.errors import PrecisionWarning
from isobit.fixed import FixedType, Overflow, Rounding
from isobit.model import Activation, BatchNorm, Dense, Encoding, Graph, TableActivation, Tensor, Weight
from isobit.model.tables import function_table

t = ib.FixedType.parse
WIDE = t("ap_fixed<24,12>")


def weight(name: str, values: Any, kind: str, **options: Any) -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), t(kind), **options)


def dense(name: str, source: str, size: int, weights: Weight, bias: Weight) -> Dense:
    return Dense(name, (source,), Tensor(f"{name}_out", (size,), WIDE), weights, bias, WIDE)


def silent() -> Graph:
    """A weight that wraps, a bias that wraps to 0, a layer of zeros."""
    rng = np.random.default_rng(0)
    first = rng.normal(0, 0.4, (8, 4))
    first[0, 0] = 2.5
    fc1 = dense(
        "fc1", "x", 4, weight("weight", first, "ap_fixed<8,2>"), weight("bias", [0.1, 40, -0.2, 0.3], "ap_fixed<8,3>")
    )
    zeros = weight("weight", np.full((4, 2), 0.03), "ap_fixed<6,2>")
    fc2 = dense("fc2", "fc1_out", 2, zeros, weight("bias", [0.5, -0.5], "ap_fixed<8,3>"))
    return Graph("silent", (Tensor("x", (8,), t("ap_fixed<16,6>")),), (fc1, fc2), ("fc2_out",))


LINES = [
    "fc1.weight ap_fixed<8,2>: 1 of 32 wrapped; worst [0, 0]: 2.5 (160 LSB) became -1.5 (-96 LSB) "
    "(3 integer bits hold it)",
    "fc1.bias ap_fixed<8,3>: 1 of 4 wrapped; worst [1]: 40 (1280 LSB) became 0 (0 LSB) (7 integer bits hold it)",
    "fc2.weight ap_fixed<6,2>: all 8 nonzero constants became 0; worst [0, 0]: 0.03 (0.48 LSB) became 0 (0 LSB) "
    "(it needs 6 fraction bits or more)",
]


def test_plan_profile_and_check_name_layer_slot_count_and_worst() -> None:
    model = ib.Model(silent())
    x = np.random.default_rng(1).normal(0, 2, (200, 8))
    report = ib.check(model, x, ["reference"], reference_events=20)
    assert [str(change) for change in constant_changes(model.graph)] == LINES
    for said in (str(model.plan()), str(model.profile(x)), str(report)):
        for line in LINES:
            assert line in said
    found = report.to_dict()["constants"]
    assert [(c["layer"], c["slot"], c["wrapped"], c["zeroed"]) for c in found] == [
        ("fc1", "weight", 1, 0),
        ("fc1", "bias", 1, 0),
        ("fc2", "weight", 0, 8),
    ]
    assert found[0]["worst"] == {"index": [0, 0], "asked": 2.5, "got": -1.5, "lsb": 2.0**-6}


def test_with_types_warns_of_what_is_new_and_of_nothing_else() -> None:
    model = ib.Model(silent())
    with pytest.warns(PrecisionWarning) as caught:
        mended = model.with_types({"fc1.weight": "ap_fixed<9,3>", "fc1.bias": "ap_fixed<8,5>"})
    assert [str(w.message).split(";")[0] for w in caught] == ["fc1.bias ap_fixed<8,5>: 1 of 4 wrapped"]
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mended = mended.with_types({"fc1.bias": "ap_fixed<12,7>"})
        mended = mended.with_types({"fc2.weight": "ap_fixed<10,2>", "fc1.result": "ap_fixed<20,10>"})
    assert constant_changes(mended.graph) == ()
    assert "became" not in str(mended.plan())


@pytest.mark.parametrize(
    "values, kind, told",
    [
        ([2.5], "ap_fixed<8,2,AP_RND,AP_SAT>", "1 of 1 saturated; worst [0]: 2.5 (160 LSB) became 1.98438 (127 LSB)"),
        ([1.999], "ap_fixed<8,2,AP_RND>", "1 of 1 wrapped; worst [0]: 1.999 (127.936 LSB) became -2 (-128 LSB)"),
        ([5.0, 1.0], "ap_fixed<8,3,AP_TRN,AP_SAT_ZERO>", "1 of 2 saturated; worst [0]: 5 (160 LSB) became 0 (0 LSB)"),
        ([3.0], "ap_int<2>", "1 of 1 wrapped; worst [0]: 3 (3 LSB) became -1 (-1 LSB)"),
        ([-1.0, 0.5], "ap_ufixed<8,0>", "1 of 2 wrapped; worst [0]: -1 (-256 LSB) became 0 (0 LSB)"),
        ([1e30], "ap_fixed<3000,50>", "1 of 1 wrapped"),
        ([[0.3, 0.01], [0.4, 0.02]], "ap_fixed<6,2>", "2 of 4 nonzero ones became 0 (all of 1 outputs)"),
        # Rounding, in any mode, of any size, at any end of the range:
        (np.linspace(-2, 1.99, 400), "ap_fixed<6,2>", None),
        (np.linspace(-2, 1.99, 400), "ap_fixed<6,2,AP_RND_INF,AP_SAT_SYM>", None),
        ([0.46, 1.0], "ap_fixed<6,5>", None),
        ([1e-9, 1e-8, 0.5, -0.25], "ap_fixed<8,2>", None),
        ([0.5, -0.25, 0.0], "ap_fixed<8,2>", None),
        ([7.4, 1024.0], "ap_fixed<8,12>", None),
    ],
)
def test_kinds(values: Any, kind: str, told: str | None) -> None:
    change = weight_changes("fc", weight("weight", values, kind))
    if told is None:
        assert change is None or not change.harmful, str(change)
    else:
        assert change is not None
        assert change.harmful
        assert told in str(change)


@pytest.mark.parametrize("overflow", [Overflow.WRAP, Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO])
@pytest.mark.parametrize("rounding", list(Rounding))
def test_counts_are_those_of_the_definition(overflow: Overflow, rounding: Rounding) -> None:
    """Outside by the reference's law, and by more than rounding could move it: counted; within the range: never."""
    rng = np.random.default_rng(int(rounding) * 8 + int(overflow))
    for _ in range(20):
        kind = ib.FixedType(int(rng.integers(3, 12)), int(rng.integers(-2, 8)), True, rounding, overflow)
        values = rng.normal(0, float(kind.max) * rng.choice([0.3, 1, 4]), 40)
        made = weight("weight", values, str(kind))
        change = weight_changes("fc", made)
        read = [Fraction(float(f"{v:.{max(0, kind.fraction)}f}")) for v in values]  # as hls4ml writes it
        outside = np.array([law.overflows(law.rounded(v / kind.lsb, rounding), kind) for v in read])
        margin = Fraction(3, 2) * kind.lsb
        far = (values > float(kind.max + margin)) | (values < float(kind.min - margin))
        counted = 0 if change is None else change.wrapped + change.saturated
        assert np.count_nonzero(far & outside) <= counted <= np.count_nonzero(outside)


def test_every_kind_of_constant_is_looked_at() -> None:
    """Scales and offsets, slopes, alphas, tables, thresholds that saturate."""
    kind = t("ap_fixed<16,6>")

    def tensor(name: str) -> Tensor:
        return Tensor(name, (3,), kind)

    scale = weight("scale", [0.001, 0.002, 0.003], "ap_fixed<6,1>")
    offset = weight("bias", [5.0, 1.0, 0.0], "ap_fixed<6,2,AP_TRN,AP_SAT>")
    slope = np.array([0.01])
    sigmoid = function_table("table", "sigmoid", 64, t("ap_fixed<8,-2>"))
    graph = Graph(
        "all",
        (tensor("x"),),
        (
            BatchNorm("norm", ("x",), tensor("a"), scale, offset),
            Activation("leaky", ("a",), tensor("b"), "leaky_relu", weight("param", slope, "ap_fixed<8,4>")),
            TableActivation(
                "elu",
                ("b",),
                tensor("c"),
                "elu",
                function_table("table", "elu", 64, t("ap_fixed<16,2>")),
                weight("param", [1.25], "ap_ufixed<1,1>"),
            ),
            TableActivation("sig", ("c",), tensor("d"), "sigmoid", sigmoid),
        ),
        ("d",),
    )
    found = {f"{change.layer}.{change.slot}": change for change in constant_changes(graph)}
    assert list(found) == ["norm.scale", "norm.bias", "leaky.param", "sig.table"]
    assert found["norm.scale"].kinds == {"zeroed": 3}
    assert found["norm.bias"].kinds == {"saturated": 1}
    assert found["leaky.param"].kinds == {"zeroed": 1}
    assert found["sig.table"].kinds["wrapped"] > 20
    assert "elu.param" not in found  # 1.25 in ap_ufixed<1,1> is 1: rounded, not changed


def test_a_scale_that_a_quantiser_clipped() -> None:
    """hls4ml gives the quantiser of an alpha too few exponent bits: 2 becomes 1."""
    kind = t("ap_fixed<16,6>")
    scale = weight("scale", [1.0, 1.0, 0.5], "ap_int<2>", unquantised=[2.0, 1.0, 0.5], encoding=Encoding.EXPONENT)
    graph = Graph(
        "alpha",
        (Tensor("x", (3,), kind),),
        (BatchNorm("fc_alpha", ("x",), Tensor("y", (3,), kind), scale, weight("bias", [0.0] * 3, "ap_fixed<8,3>")),),
        ("y",),
    )
    (change,) = constant_changes(graph)
    assert str(change) == (
        "fc_alpha.scale power of two, exponent ap_int<2>: 1 of 3 clipped by its quantiser; worst [0]: 2 became 1"
    )
    assert firmware_values(scale).tolist() == [1.0, 1.0, 0.5]


def test_weights_that_keras_clips_as_well_and_weights_divided_by_an_alpha() -> None:
    trained = np.array([[0.3, 1.7], [-2.0, 0.1]])
    clipped = weight("weight", np.clip(trained, -1, 0.9921875), "ap_fixed<8,1>", unquantised=trained)
    change = weight_changes("fc", clipped)
    assert change is not None
    assert change.kinds == {"clipped": 2}
    assert "2 of 4 clipped by its quantiser, as in Keras" in str(change)
    divided = weight("weight", trained / 2, "ap_fixed<8,2>", unquantised=trained)  # alpha = 2 is applied elsewhere
    change = weight_changes("fc", divided)
    assert change is None or not change.harmful


def test_weights_far_below_one_lsb_that_truncation_moves() -> None:
    """Each moves by less than one LSB and none becomes zero, and yet nothing is left of them."""
    values = -np.abs(np.random.default_rng(0).normal(0, 1e-4, (8, 3)))
    found = weight_changes("fc", Weight.from_written("weight", values, FixedType.parse("ap_fixed<8,2>")))
    assert found is not None and found.kinds == {"swamped": 24}
    assert "24 of 24 moved by rounding, together by" in str(found)
    fine = weight_changes("fc", Weight.from_written("weight", values * 2000, FixedType.parse("ap_fixed<8,2>")))
    assert fine is not None and not fine.harmful
    bias = weight_changes("fc", Weight.from_written("bias", values[:, 0], FixedType.parse("ap_fixed<8,2>")))
    assert bias is not None and not bias.harmful
