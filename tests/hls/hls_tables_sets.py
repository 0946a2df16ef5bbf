"""More networks by hand for the tests of the export: sparse layers and layers on sets; tables and softmax."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hls_networks import dense, raw, tensor

from isobit import FixedType
from isobit.model import (
    Dense,
    Encoding,
    Graph,
    Op,
    PointwiseConv,
    Pooling,
    Softmax,
    TableActivation,
    Tensor,
    Transpose,
    Weight,
)
from isobit.model.layers.softmax import LEGACY_TABLE
from isobit.model.tables import exponential_table, function_table, inverse_table

_KIND = FixedType.parse
_SATURATING = _KIND("ap_fixed<12,6,AP_RND_CONV,AP_SAT_SYM>")


def _sparse(layer: Dense, seed: int) -> Dense:
    """The same layer with two thirds of its weights zero, and a neuron without any other."""
    keep = np.random.default_rng(seed).random(layer.weight.shape) < 0.34
    keep[:, 0], keep[0, 1] = False, True
    written = np.where(keep, layer.weight.written, 0.0)
    weight = Weight("weight", layer.weight.raw * keep, layer.weight.type, written, written)
    return replace(layer, weight=weight)


def sets() -> Graph:
    """Sets of 3 x 4 positions with 2 channels: every kernel of theirs and, behind them, the sparse strategies."""
    rng = np.random.default_rng(11)
    x = Tensor("x", (3, 4, 2), _KIND("ap_fixed<9,4>"))
    ops: list[Op] = []

    def conv(name: str, source: Tensor, size: int, strategy: str, reuse: int) -> Tensor:
        kinds = {"accum": _KIND("ap_fixed<13,6,AP_RND,AP_SAT>"), "strategy": strategy, "reuse_factor": reuse}
        weight = raw("weight", rng, (source.shape[-1], size), "ap_fixed<6,2>")
        output = Tensor(f"{name}_out", (*source.shape[:-1], size), _SATURATING)
        bias = raw("bias", rng, (size,), "ap_fixed<8,3>")
        ops.append(PointwiseConv(name, (source.name,), output, weight, bias, **kinds))  # type: ignore[arg-type]
        return output

    def pool(name: str, source: Tensor, shape: tuple[int, ...], function: str, order: str, **sizes: Any) -> None:
        accum = source.type if function == "max" and order == "parallel" else _KIND("ap_fixed<11,6,AP_TRN,AP_SAT>")
        output = Tensor(f"{name}_out", (*shape, source.shape[-1]), _KIND("ap_fixed<9,5,AP_RND,AP_SAT>"))
        given = {"height": 3, "width": 4, "pool_height": 2, "pool_width": 2, **sizes}
        ops.append(Pooling(name, (source.name,), output, function, order, accum, **given))

    phi = conv("phi", x, 3, "latency", 2)
    leq = conv("leq", phi, 4, "resource", 3)
    conv("over", leq, 4, "resource", 8)
    turned = Tensor("turned_out", (3, 3, 4), _KIND("ap_fixed<8,4,AP_RND,AP_SAT>"))
    ops.append(Transpose("turned", ("phi_out",), turned, (3, 4, 3), (2, 0, 1)))
    whole = {"pool_height": 3, "pool_width": 4}
    for function in ("max", "average"):
        pool(f"{function}_all", leq, (), function, "parallel", **whole)
        pool(f"{function}_cast", leq, (), function, "stream", **whole)
        pool(f"{function}_tree", phi, (2, 3), function, "tree")
        same = {"stride_height": 2, "stride_width": 2, "pad_top": 1, "pad_left": 1}
        pool(f"{function}_padded", phi, (2, 3), function, "parallel", **same)
    pool("counted", phi, (2, 3), "average", "parallel", count_pad=True, **same)
    # Numbers below one half: minus one is none of them.
    small = Tensor("small_out", (3, 3, 4), _KIND("ap_fixed<8,0>"))
    ops.append(Transpose("small", ("turned_out",), small, (3, 3, 4), (0, 1, 2)))
    least = Tensor("least_out", (4,), small.type)
    ops.append(Pooling("least", ("small_out",), least, "max", "parallel", small.type, 3, 3, 3, 3))
    pooled = next(op.output for op in ops if op.name == "average_all")
    short = {"weight": "ap_fixed<6,3>", "accum": "ap_fixed<12,6,AP_RND,AP_SAT_SYM>"}
    ops += [
        _sparse(dense("unrolled", pooled, 6, rng, strategy="resource_unrolled", reuse=2, **short), 1),
        _sparse(dense("blocks", pooled, 6, rng, strategy="resource_unrolled", reuse=12, **short), 2),
        _sparse(dense("packed", pooled, 6, rng, strategy="compressed", reuse=4, **short), 3),
        _sparse(dense("all_at_once", pooled, 6, rng, strategy="compressed", reuse=1, **short), 4),
    ]
    read = {name for op in ops for name in op.inputs}
    return Graph("sets", (x,), tuple(ops), tuple(op.output.name for op in ops if op.output.name not in read))


def tables() -> Graph:
    """Every function by table, every softmax: of an input, and of slices of a larger one."""
    x, grid = tensor("x", 5, "ap_fixed<11,5>"), Tensor("grid", (2, 3, 2), _KIND("ap_ufixed<9,4>"))
    own = _KIND("ap_fixed<18,8,AP_RND,AP_SAT>")
    ops: list[Op] = []
    for function in TableActivation.FUNCTIONS:
        table = function_table("table", function, 100 if function == "tanh" else 64, own)
        alpha = Weight.from_written("param", np.array([0.7]), _KIND("ap_ufixed<6,1>"), encoding=Encoding.LITERAL)
        output = tensor(f"{function}_out", 5, "ap_fixed<10,3,AP_RND_CONV,AP_SAT>")
        ops.append(TableActivation(function, ("x",), output, function, table, alpha if function == "elu" else None))
    narrow, distance = _KIND("ap_fixed<14,3,AP_TRN,AP_SAT>"), _KIND("ap_ufixed<10,4>")
    for source, size, outer, inner in ((x, 5, 1, 1), (grid, 3, 2, 2)):
        for kind in Softmax.IMPLEMENTATIONS:
            name = f"{source.name}_{kind}"
            parts: dict[str, Any] = {}
            if kind == "legacy":
                parts["exp_table"] = function_table("exp_table", "legacy_exponential", 80, LEGACY_TABLE)
                parts["inv_table"] = function_table("inv_table", "legacy_inverse", 64, LEGACY_TABLE)
            elif kind != "argmax":
                address = source.type if kind == "latency" else distance
                parts["address" if kind == "latency" else "inp_norm"] = address
                parts["exp_table"] = exponential_table("exp_table", 64, address, 0.5, kind == "stable", own)
                parts["inv_table"] = inverse_table("inv_table", 128, own, narrow)
                parts |= {"accum": narrow, "inv_inp": own}
            output = Tensor(f"{name}_out", source.shape, _KIND("ap_fixed<9,2,AP_RND,AP_SAT>"))
            ops.append(Softmax(name, (source.name,), output, kind, size, outer, inner, **parts))
    return Graph("tables", (x, grid), tuple(ops), tuple(op.output.name for op in ops))
