"""The reference around the limits of int64, against the 128-bit kernels; blocks of events; the order of sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit import FixedArray, FixedType
from isobit.engines import reference
from isobit.model import Dense, Graph, Pooling, Softmax, TableActivation, Tensor, Weight
from isobit.model.tables import exponential_table, function_table, inverse_table

t = FixedType.parse


def number(name: str, raw: Any, type: FixedType) -> Weight:
    raw = np.array(raw)
    return Weight(name, raw, type, raw.astype(np.float64), raw.astype(np.float64))


def a_dense(tensor: Tensor) -> Dense:
    rng = np.random.default_rng(1)
    weight, bias = rng.integers(-128, 128, (tensor.size, 4)), rng.integers(-128, 128, 4)
    kinds = t("ap_fixed<8,2>"), t(f"ap_fixed<{tensor.type.width + 3},8,AP_RND_CONV,AP_SAT>")
    output = Tensor("y", (4,), t("ap_ufixed<64,9,AP_RND,AP_WRAP,2>"))
    return Dense("op", ("x",), output, number("w", weight, kinds[0]), number("b", bias, kinds[0]), kinds[1])


def a_softmax(tensor: Tensor) -> Softmax:
    tables = [t("ap_fixed<18,8>"), t("ap_fixed<20,4>")]
    wide = t("ap_fixed<63,12,AP_RND,AP_SAT>")
    return Softmax(
        "op", ("x",), Tensor("y", tensor.shape, t("ap_ufixed<20,1,AP_RND,AP_SAT>")), "latency", tensor.size,
        exp_table=exponential_table("exp_table", 64, tensor.type, 0.3, False, tables[0]),
        inv_table=inverse_table("inv_table", 32, wide, tables[1]),
        accum=wide, inv_inp=wide, address=tensor.type, exp_scale=0.3,
    )  # fmt: skip


def a_table(tensor: Tensor) -> TableActivation:
    table = function_table("table", "sigmoid", 200, t("ap_fixed<18,8>"))
    return TableActivation("op", ("x",), Tensor("y", tensor.shape, t("ap_fixed<62,5>")), "sigmoid", table)


def an_average(tensor: Tensor) -> Pooling:
    output = Tensor("y", (1,), t("ap_fixed<64,20,AP_RND_INF,AP_SAT_SYM>"))
    accum = t(f"ap_fixed<{tensor.type.width},8,AP_TRN,AP_SAT>")
    return Pooling("op", ("x",), output, "average", "stream", accum, 1, tensor.size, 1, tensor.size)


@pytest.mark.parametrize("width", [59, 60, 61, 62, 63, 64])
@pytest.mark.parametrize("make", [a_dense, a_softmax, a_table, an_average], ids=lambda make: make.__name__)
def test_numbers_around_int64(make: Any, width: int) -> None:
    tensor = Tensor("x", (6,), FixedType(width, 7))
    model = ib.Model(Graph("one", (tensor,), (make(tensor),), ("y",)))
    low, high = tensor.type.raw_min, tensor.type.raw_max
    rng = np.random.default_rng(width)
    raw = rng.integers(low, high, (1100, 6), endpoint=True)  # more than one block
    raw[rng.random(raw.shape) < 0.2] = low
    raw[rng.random(raw.shape) < 0.2] = high
    inputs = {"x": FixedArray.from_raw(raw, tensor.type)}
    expected = model.run(inputs, "cpp-strict", 1)["y"]
    assert len(np.unique(expected.raw)) > 5
    assert np.array_equal(model.run(inputs, "reference", 1)["y"].raw, expected.raw)


def test_no_events() -> None:
    tensor = Tensor("x", (6,), t("ap_fixed<8,3>"))
    found = reference.ENGINE.run(
        Graph("one", (tensor,), (a_dense(tensor),), ("y",)),
        {"x": FixedArray.from_raw(np.zeros((0, 6), dtype=np.int64), tensor.type)},
        1,
    )
    assert found["y"].shape == (0, 4)


def test_sums_keep_the_kernels_order() -> None:
    """5 + 5 - 7 saturates at 7 on its way: 0; in another order 3 or, if each comes last, other results."""
    kind, x = t("ap_fixed<4,4,AP_TRN,AP_SAT>"), Tensor("x", (3,), t("ap_fixed<4,4>"))
    ones, none = number("w", np.ones((3, 1), dtype=np.int64), t("ap_fixed<4,4>")), number("b", [0], kind)
    op = Dense("op", ("x",), Tensor("y", (1,), kind), ones, none, kind)
    raw = np.array([[5, 5, -7], [5, -7, 5], [-7, 5, 5], [-7, -7, 5]])
    inputs = {"x": FixedArray.from_raw(raw, x.type)}
    found = reference.ENGINE.run(Graph("one", (x,), (op,), ("y",)), inputs, 1)
    assert found["y"].raw.ravel().tolist() == [0, 3, 3, -3]
