"""Small graphs made by hand, without hls4ml: every op, every encoding of weights, numbers beyond 63 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit import FixedType
from isobit.model import Activation, BatchNorm, Dense, Encoding, Graph, Reshape, Softmax, Tensor, Threshold, Weight
from isobit.model.tables import exponential_table, inverse_table


def tensor(name: str, size: int, kind: str, xnor: bool = False) -> Tensor:
    return Tensor(name, (size,), FixedType.parse(kind), xnor)


def weight(name: str, values: Any, kind: str, encoding: Encoding = Encoding.PLAIN) -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), FixedType.parse(kind), encoding=encoding)


def every_op() -> Graph:
    """Dense in three encodings, wide numbers, BatchNorm, activations with constants, a threshold, a reshape."""
    rng = np.random.default_rng(11)
    bit, exponent = FixedType.int_type(1, signed=False), FixedType.int_type(4)
    powers = rng.choice([-1.0, 1.0], (4, 3)) * 2.0 ** rng.integers(-3, 2, (4, 3))
    signs = rng.integers(0, 2, (3, 3))
    ops = (
        Dense(
            "wide",
            ("x",),
            tensor("wide", 4, "ap_fixed<90,30,AP_RND,AP_SAT>"),
            weight("weight", rng.normal(size=(2, 4)), "ap_fixed<80,10,AP_RND>"),
            weight("bias", rng.normal(size=4), "ap_fixed<70,8>"),
            FixedType.parse("ap_fixed<120,40>"),
            "resource",
            2,
        ),
        BatchNorm(
            "norm",
            ("wide",),
            tensor("norm", 4, "ap_fixed<16,6>"),
            weight("scale", rng.normal(size=4), "ap_fixed<12,4>"),
            weight("bias", rng.normal(size=4), "ap_fixed<12,4>"),
        ),
        Dense(
            "powers",
            ("norm",),
            tensor("powers", 3, "ap_fixed<20,8>"),
            Weight.from_written("weight", powers, exponent, encoding=Encoding.EXPONENT),
            weight("bias", rng.normal(size=3), "ap_fixed<8,3>"),
            FixedType.parse("ap_fixed<24,10>"),
        ),
        Threshold(
            "sign", ("powers",), tensor("sign", 3, "uint<1>", True), weight("threshold", [0.5] * 3, "fixed<20,8>")
        ),
        Dense(
            "binary",
            ("sign",),
            tensor("binary", 3, "ap_fixed<10,5>"),
            Weight.from_written("weight", signs, bit, encoding=Encoding.XNOR),
            weight("bias", [0.25, -1.0, 0.0], "ap_fixed<8,3>"),
            FixedType.parse("ap_fixed<12,6>"),
        ),
        Activation(
            "leaky",
            ("binary",),
            tensor("leaky", 3, "ap_fixed<12,4,AP_RND_CONV,AP_SAT_SYM>"),
            "leaky_relu",
            param=weight("param", [0.3], "ap_ufixed<8,-1>"),
        ),
        Reshape("flat", ("leaky",), Tensor("flat", (3, 1), FixedType.parse("ap_fixed<12,4,AP_RND_CONV,AP_SAT_SYM>"))),
    )
    return Graph("by_hand", (tensor("x", 2, "ap_fixed<16,6>"),), ops, ("flat", "norm"), {"backend": "none", "Ω": "µ"})


def tiny() -> Graph:
    """One Dense layer: a short file."""
    layer = Dense(
        "fc",
        ("x",),
        tensor("y", 2, "ap_fixed<16,6>"),
        weight("weight", [[0.5, -0.25], [1.0, 2.0], [-1.5, 0.125]], "ap_fixed<8,3>"),
        weight("bias", [0.5, -0.5], "ap_fixed<8,3>"),
        FixedType.parse("ap_fixed<20,8>"),
    )
    return Graph("tiny", (tensor("x", 3, "ap_fixed<16,6>"),), (layer,), ("y",))


def dense_graph() -> Graph:
    """Dense, relu, Dense, with accumulators and results that overflow on inputs of some size."""
    rng = np.random.default_rng(3)
    first = Dense(
        "fc1",
        ("x",),
        tensor("fc1", 4, "ap_fixed<10,4>"),
        weight("weight", rng.normal(size=(3, 4)), "ap_fixed<10,3>"),
        weight("bias", rng.normal(size=4), "ap_fixed<8,3>"),
        FixedType.parse("ap_fixed<14,5>"),
    )
    relu = Activation("relu", ("fc1",), tensor("relu", 4, "ap_ufixed<7,2,AP_RND,AP_SAT>"), "relu")
    second = Dense(
        "fc2",
        ("relu",),
        tensor("fc2", 2, "ap_fixed<9,3>"),
        weight("weight", rng.normal(size=(4, 2)), "ap_fixed<10,3>"),
        weight("bias", rng.normal(size=2), "ap_fixed<8,3>"),
        FixedType.parse("ap_fixed<16,6>"),
    )
    return Graph("dense", (tensor("x", 3, "ap_fixed<12,4>"),), (first, relu, second), ("fc2",))


def with_softmax() -> Graph:
    """A stable softmax whose distances, sums and results leave their formats for some inputs."""
    norm, own = FixedType.parse("ap_ufixed<9,3>"), FixedType.parse("ap_fixed<14,3,AP_RND,AP_SAT>")
    op = Softmax(
        "soft",
        ("x",),
        tensor("soft", 4, "ap_fixed<8,0>"),
        "stable",
        4,
        exp_table=exponential_table("exp_table", 64, norm, 1.0, True, own),
        inv_table=inverse_table("inv_table", 64, FixedType.parse("ap_fixed<10,2,AP_RND,AP_SAT>"), own),
        accum=FixedType.parse("ap_fixed<12,2>"),
        inv_inp=FixedType.parse("ap_fixed<10,2,AP_RND,AP_SAT>"),
        inp_norm=norm,
    )
    return Graph("soft", (tensor("x", 4, "ap_fixed<12,5>"),), (op,), ("soft",))
