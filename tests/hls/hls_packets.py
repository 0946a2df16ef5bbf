"""A network for the tests of exports with streams: what packets may meet, and who may read them."""

from __future__ import annotations

import numpy as np
from hls_networks import dense, raw

from isobit import FixedType
from isobit.model import (
    Activation,
    BatchNorm,
    Graph,
    Op,
    PointwiseConv,
    Reshape,
    Softmax,
    TableActivation,
    Tensor,
    Threshold,
    Weight,
)
from isobit.model.tables import exponential_table, function_table, inverse_table

_KIND = FixedType.parse
#: Layers of `packets` that work position by position, and those that need the whole tensor or change its packets.
STREAMED = ("norm", "step", "conv", "soft", "sigmoid", "blocks")
GATHERED = ("own_scales", "rows", "rectified", "fc")


def packets() -> Graph:
    """3 x 4 positions of 2 channels. Outputs that are inputs or each other's by another name; readers: none to five."""
    rng = np.random.default_rng(21)
    shape, saturating = (3, 4), _KIND("ap_fixed<11,5,AP_RND,AP_SAT>")
    x, spare = Tensor("x", (*shape, 2), _KIND("ap_fixed<9,4>")), Tensor("spare", (2, 2), _KIND("ap_uint<3>"))
    passed = Tensor("passed", (3, 2), _KIND("ap_fixed<70,9>"))
    ops: list[Op] = []

    def add(op: Op) -> Tensor:
        ops.append(op)
        return op.output

    def scaled(name: str, source: Tensor, scales: int) -> Tensor:
        scale, bias = raw("scale", rng, (scales,), "ap_fixed<6,2>"), raw("bias", rng, (scales,), "ap_fixed<8,4>")
        return add(BatchNorm(name, (source.name,), Tensor(f"{name}_out", source.shape, saturating), scale, bias))

    norm = scaled("norm", x, 2)
    scaled("own_scales", norm, 24)
    high = Weight.from_written("threshold_hi", np.array([1.0, -0.5]), norm.type)
    low = Weight.from_written("threshold_lo", np.array([-1.0, -2.0]), norm.type)
    add(Threshold("step", ("norm_out",), Tensor("step_out", norm.shape, _KIND("ap_int<2>")), high, low))
    accum = _KIND("ap_fixed<14,6,AP_RND,AP_SAT>")
    weight, bias = raw("weight", rng, (2, 3), "ap_fixed<6,2>"), raw("bias", rng, (3,), "ap_fixed<8,3>")
    output = Tensor("conv_out", (*shape, 3), saturating)
    conv = add(PointwiseConv("conv", ("norm_out",), output, weight, bias, accum, "latency", 2))
    # Per position there are kernels of every strategy.
    kept = Weight.from_written("weight", np.array([[0.5, 0, 0.75], [0, 0, -1.25]]), _KIND("ap_fixed<6,2>"))
    output = Tensor("blocks_out", (*shape, 3), saturating)
    add(PointwiseConv("blocks", ("norm_out",), output, kept, bias, accum, "resource_unrolled", 2))
    own, narrow, distance = (
        _KIND(k) for k in ("ap_fixed<18,8,AP_RND,AP_SAT>", "ap_fixed<14,3,AP_TRN,AP_SAT>", "ap_ufixed<10,4>")
    )
    parts = {
        "exp_table": exponential_table("exp_table", 64, distance, 1.0, True, own),
        "inv_table": inverse_table("inv_table", 64, own, narrow),
    }
    kinds = {"accum": narrow, "inv_inp": own, "inp_norm": distance}
    short = _KIND("ap_fixed<9,2,AP_RND,AP_SAT>")
    output = Tensor("soft_out", conv.shape, short)
    add(Softmax("soft", ("conv_out",), output, "stable", 3, 12, 1, **parts, **kinds))
    table = function_table("table", "sigmoid", 64, own)
    add(TableActivation("sigmoid", ("conv_out",), Tensor("sigmoid_out", conv.shape, short), "sigmoid", table))
    flat = add(Reshape("flat", ("conv_out",), Tensor("flat_out", (36,), conv.type)))
    rows = add(Activation("rows", ("flat_out",), Tensor("rows_out", (9, 4), _KIND("ap_fixed<6,4>")), "linear"))
    add(Activation("rectified", ("rows_out",), Tensor("rectified_out", (36,), _KIND("ap_ufixed<6,3>")), "relu"))
    add(dense("fc", flat, 2, rng))
    add(Activation("unread", (rows.name,), Tensor("unread_out", (9, 4), _KIND("ap_ufixed<6,3>")), "relu"))
    add(Reshape("again", ("x",), Tensor("again_out", (24,), x.type)))
    add(Reshape("through", ("passed",), Tensor("through_out", (6,), passed.type)))
    names = "own_scales step conv blocks soft sigmoid flat rectified fc again through"
    return Graph("packets", (x, spare, passed), tuple(ops), tuple(f"{name}_out" for name in names.split()))
