"""Networks for the tests of the export: recurrent layers, adder trees, embeddings, products of two tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls_networks import raw, tensor

from isobit import FixedType
from isobit.model import (
    Bidirectional,
    DistributedConvolution,
    DistributedDense,
    DotProduct,
    Einsum,
    EinsumDense,
    Embedding,
    Graph,
    LayerNorm,
    Op,
    Recurrent,
    Tensor,
    UnaryLUT,
    Weight,
)
from isobit.model.tables import function_table, inverse_root_table

_KIND = FixedType.parse
#: Input, accumulator and result of an LSTM have one format (hls4ml's firmware compiles with no other).
_STATE = _KIND("ap_fixed<9,3,AP_RND,AP_SAT_SYM>")


def _cell(rng: np.random.Generator, kind: str, n_in: int, n_state: int, prefix: str = "", relu: bool = False) -> Any:
    """Weights, functions and tables of a cell."""
    wide = {"lstm": 4, "gru": 3}[kind] * n_state
    table = function_table("table", "sigmoid", 32, _KIND("ap_fixed<8,2,AP_RND>"))
    parts = {
        "cell": kind,
        "weight": raw(f"{prefix}weight", rng, (n_in, wide), "ap_fixed<5,2>"),
        "recurrent_weight": raw(f"{prefix}recurrent_weight", rng, (n_state, wide), "ap_fixed<6,2>"),
        "bias": raw(f"{prefix}bias", rng, (wide,), "ap_fixed<5,2>"),
        "recurrent_bias": raw(f"{prefix}recurrent_bias", rng, (wide,), "ap_fixed<5,1>"),
        "activation": "relu" if relu else "tanh",
        "table": None if relu else function_table("table", "tanh", 20, _KIND("ap_fixed<7,1>")),
        "recurrent_activation": "sigmoid",
        "recurrent_table": table,
    }
    return {f"{prefix}{slot}": part for slot, part in parts.items()}


def recurrent() -> Graph:
    """Every cell, strategy and form: sequences and last states, given states, both directions."""
    rng = np.random.default_rng(31)
    x = Tensor("x", (4, 2), _STATE)
    h, s = (tensor(name, 2, str(_STATE)) for name in "hs")
    accum = _KIND("ap_fixed<10,4,AP_TRN,AP_SAT>")
    mixed = _KIND("ap_fixed<8,3,AP_RND_CONV,AP_SAT>")
    given = _cell(rng, "lstm", 2, 2)
    ops: list[Op] = [
        Recurrent(
            "lstm",
            ("x",),
            Tensor("lstm_out", (4, 2), _STATE),
            **_cell(rng, "lstm", 2, 2),
            accum=_STATE,
            strategy="resource",
            reuse_factor=2,
            recurrent_reuse_factor=4,
            sequences=True,
        ),
        Recurrent(
            "gru",
            ("lstm_out",),
            tensor("gru_out", 3, str(mixed)),
            **_cell(rng, "gru", 2, 3),
            accum=accum,
            reuse_factor=2,
            recurrent_reuse_factor=3,
        ),
        Recurrent(
            "torch",
            ("x",),
            Tensor("torch_out", (4, 2), mixed),
            **_cell(rng, "gru", 2, 2, relu=True),
            accum=accum,
            sequences=True,
            pytorch=True,
        ),
        Recurrent("given", ("x", "h", "s"), tensor("given_out", 2, str(_STATE)), **given, accum=_STATE),
        Bidirectional(
            "pair",
            ("lstm_out",),
            Tensor("pair_out", (4, 3), mixed),
            **_cell(rng, "gru", 2, 2, "forward_"),
            **_cell(rng, "lstm", 2, 1, "backward_"),
            accum=accum,
            sequences=True,
        ),
        Bidirectional(
            "last",
            ("x",),
            tensor("last_out", 2, str(mixed)),
            **_cell(rng, "lstm", 2, 1, "forward_"),
            **_cell(rng, "lstm", 2, 1, "backward_", relu=True),
            accum=accum,
        ),
    ]
    outputs = ("gru_out", "torch_out", "given_out", "pair_out", "last_out")
    return Graph("recurrent", (x, h, s), tuple(ops), outputs)


def lowered() -> Graph:
    """What is lowered to sums, products, tables and layers with a kernel."""
    rng = np.random.default_rng(37)
    kind = _KIND("ap_fixed<8,3>")
    x, y, v = Tensor("x", (3, 2), kind), Tensor("y", (2, 3), _KIND("ap_ufixed<6,3>")), tensor("v", 3, "ap_int<2>")
    whole, part = tensor("whole", 2, "ap_uint<2>"), tensor("part", 2, "ap_ufixed<4,2>")
    # Numbers are indices up to 3.5, of which two entries may be read.
    table = raw("embeddings", rng, (5, 2), "ap_fixed<7,2>")
    saturating = "ap_fixed<9,4,AP_RND,AP_SAT_SYM>"

    def summed(rows: int, columns: int) -> tuple[Weight, Weight]:
        return raw("weight", rng, (rows, columns), "ap_fixed<5,2>"), raw("bias", rng, (columns,), "ap_fixed<6,3>")

    ops: list[Op] = [
        DistributedDense("fc", ("v",), tensor("fc_out", 2, saturating), *summed(3, 2)),
        DistributedDense(
            "phi",
            ("x",),
            Tensor("phi_out", (3, 3), _KIND("ap_fixed<7,4,AP_RND,AP_SAT>")),
            *summed(2, 3),
            elements=("ap_fixed<5,2,AP_RND,AP_SAT>", "ap_fixed<6,3,AP_RND,AP_SAT>"),
        ),
        DistributedConvolution(
            "conv", ("x",), Tensor("conv_out", (3, 2), _KIND(saturating)), *summed(4, 2), (2,), (1,), (1,)
        ),
        DotProduct("dot", ("fc_out", "fc_out"), tensor("dot_out", 1, "ap_fixed<10,6>"), _KIND("ap_fixed<9,5,AP_RND>")),
        Einsum(
            "pairs",
            ("x", "y"),
            Tensor("pairs_out", (3, 3), _KIND(saturating)),
            _KIND("ap_fixed<11,5,AP_TRN,AP_SAT>"),
            1,
            (3, 3),
            2,
            (0, 1, 1, 0),
            (3, 3),
            (1, 0),
        ),
        EinsumDense(
            "places",
            ("x",),
            Tensor("places_out", (3, 2), _KIND(saturating)),
            raw("weight", rng, (3, 2, 2), "ap_fixed<5,2>"),
            raw("bias", rng, (6,), "ap_fixed<5,2>"),
            _KIND("ap_fixed<10,4,AP_RND,AP_SAT>"),
            (0, 1),
            (3, 2),
            (0, 1),
        ),
        LayerNorm(
            "norm",
            ("x",),
            Tensor("norm_out", (3, 2), _KIND("ap_fixed<5,2,AP_RND,AP_SAT>")),
            raw("scale", rng, (2,), "ap_fixed<5,2>"),
            raw("bias", rng, (2,), "ap_fixed<5,2>"),
            inverse_root_table("table", 64, 2, 1, _KIND("ap_ufixed<9,4,AP_RND,AP_SAT>")),
            _KIND("ap_fixed<12,6,AP_RND,AP_SAT>"),
            1,
        ),
        UnaryLUT("lut", ("norm_out",), Tensor("lut_out", (3, 2), kind), raw("table", rng, (32,), "ap_fixed<6,2>")),
        Embedding("rows", ("whole",), Tensor("rows_out", (2, 2), kind), table),
        Embedding("between", ("part",), Tensor("between_out", (2, 2), kind), table),
    ]
    outputs = tuple(op.output.name for op in ops if op.name not in ("fc", "norm"))
    return Graph("lowered", (x, y, v, whole, part), tuple(ops), outputs)
