"""Networks by hand for the tests of the export: small, every op, formats in which order and every bit count."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit import FixedType
from isobit.model import Activation, BatchNorm, Dense, Encoding, Graph, Op, Reshape, Tensor, Threshold, Weight


def tensor(name: str, size: int, kind: str, xnor: bool = False) -> Tensor:
    return Tensor(name, (size,), FixedType.parse(kind), xnor)


def raw(name: str, rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> Weight:
    """A weight whose raw integers spread over the whole format, none of them 0."""
    type = FixedType.parse(kind)
    values = rng.integers(type.raw_min, type.raw_max, shape)
    values[values == 0] = 1
    written = values * float(type.lsb)
    return Weight(name, values.astype(np.int64), type, written, written)


def dense(
    name: str,
    source: Tensor,
    size: int,
    rng: np.random.Generator,
    *,
    weight: str = "ap_fixed<7,2>",
    accum: str = "ap_fixed<14,6,AP_RND,AP_SAT>",
    result: str = "ap_fixed<12,6,AP_RND_CONV,AP_SAT>",
    strategy: str = "latency",
    reuse: int = 1,
) -> Dense:
    return Dense(
        name,
        (source.name,),
        tensor(f"{name}_out", size, result),
        raw("weight", rng, (source.size, size), weight),
        raw("bias", rng, (size,), "ap_fixed<8,3>"),
        FixedType.parse(accum),
        strategy,
        reuse,
    )


def saturating(seed: int = 5) -> Graph:
    """Every strategy with a saturating, rounding accumulator, and functions without a table; a net with branches."""
    rng = np.random.default_rng(seed)
    x = tensor("x", 4, "ap_fixed<10,4>")
    fc1 = dense("fc1", x, 5, rng)
    norm = BatchNorm(
        "norm",
        ("fc1_out",),
        tensor("norm_out", 5, "ap_fixed<12,6,AP_RND,AP_SAT_SYM>"),
        raw("scale", rng, (5,), "ap_fixed<6,2>"),
        raw("bias", rng, (5,), "ap_fixed<8,4>"),
    )
    leaky = Activation(
        "leaky",
        ("norm_out",),
        tensor("leaky_out", 5, "ap_fixed<11,5,AP_RND,AP_SAT>"),
        "leaky_relu",
        param=raw("param", rng, (1,), "ap_ufixed<6,0>"),
    )
    fc2 = dense("fc2", leaky.output, 4, rng, strategy="resource", reuse=5, weight="ap_fixed<6,2>")
    fc3 = dense("fc3", fc2.output, 4, rng, strategy="resource", reuse=2, weight="ap_fixed<6,2>")
    fc4 = dense("fc4", fc3.output, 4, rng, strategy="resource", reuse=8, weight="ap_fixed<6,2>")
    relu = Activation("relu", ("fc1_out",), tensor("relu_out", 5, "ap_ufixed<9,5,AP_RND,AP_SAT>"), "relu")
    hard = Activation(
        "hard",
        ("norm_out",),
        tensor("hard_out", 5, "ap_fixed<8,2,AP_RND>"),
        "hard_tanh",
        slope=Weight.from_written("slope", np.array([0.25]), FixedType.parse("ap_ufixed<4,0>")),
        shift=Weight.from_written("shift", np.array([0.5]), FixedType.parse("ap_ufixed<4,0>")),
    )
    tern = Activation("tern", ("hard_out",), tensor("tern_out", 5, "ap_fixed<3,2>"), "ternary_tanh")
    flat = Reshape("flat", ("fc4_out",), Tensor("flat_out", (2, 2), fc4.output.type))
    ops: tuple[Op, ...] = (fc1, norm, leaky, fc2, fc3, fc4, relu, hard, tern, flat)
    return Graph("saturating", (x,), ops, ("flat_out", "relu_out", "hard_out", "tern_out", "fc2_out"))


def binary() -> Graph:
    """Weights of one bit, two bits and powers of two; thresholds; two inputs."""
    rng = np.random.default_rng(8)
    bit, exponent = FixedType.int_type(1, signed=False), FixedType.int_type(4)
    a, b = tensor("a", 4, "ap_fixed<10,5>"), tensor("b", 3, "ap_ufixed<7,3>")
    powers = rng.choice([-1.0, 1.0], (4, 3)) * 2.0 ** rng.integers(-3, 2, (4, 3))
    po2 = Dense(
        "po2",
        ("a",),
        tensor("po2_out", 3, "ap_fixed<12,6>"),
        Weight.from_written("weight", powers, exponent, encoding=Encoding.EXPONENT),
        raw("bias", rng, (3,), "ap_fixed<8,3>"),
        FixedType.parse("ap_fixed<18,8>"),
    )
    bounds = Weight.from_written("threshold", np.array([0.5, -1.0, 2.25]), po2.output.type)
    sign = Threshold("sign", ("po2_out",), tensor("sign_out", 3, "ap_uint<1>", True), bounds)
    xnor = Dense(
        "xnor",
        ("sign_out",),
        tensor("xnor_out", 4, "ap_fixed<8,4>"),
        Weight.from_written("weight", rng.integers(0, 2, (3, 4)), bit, encoding=Encoding.XNOR),
        raw("bias", rng, (4,), "ap_fixed<6,3>"),
        FixedType.parse("ap_fixed<10,5>"),
    )
    trits = Weight.from_written("weight", rng.integers(-1, 2, (3, 4)).astype(float), FixedType.int_type(2))
    ternary = Dense(
        "ternary",
        ("b",),
        tensor("ternary_out", 4, "ap_fixed<9,5>"),
        trits,
        raw("bias", rng, (4,), "ap_fixed<6,3>"),
        FixedType.parse("ap_fixed<11,6>"),
    )
    high = Weight.from_written("threshold_hi", np.array([1.0, 2.0, -0.5, 0.0]), ternary.output.type)
    low = Weight.from_written("threshold_lo", np.array([-1.0, 0.5, -2.0, 1.0]), ternary.output.type)
    step = Threshold("step", ("ternary_out",), tensor("step_out", 4, "ap_int<2>"), high, low)
    tanh = Activation("tanh", ("xnor_out",), tensor("tanh_out", 4, "ap_uint<1>", True), "binary_tanh")
    linear = Activation("linear", ("ternary_out",), tensor("linear_out", 4, "ap_fixed<5,5,AP_RND>"), "linear")
    ops = (po2, sign, xnor, ternary, step, tanh, linear)
    return Graph("binary", (a, b), ops, ("xnor_out", "step_out", "tanh_out", "linear_out"))


def wide() -> Graph:
    """Numbers beyond 64 bits everywhere, and an unsigned one of exactly 64."""
    rng = np.random.default_rng(9)
    x = tensor("x", 2, "ap_fixed<70,20>")

    def weight(name: str, values: Any, kind: str) -> Weight:
        return Weight.from_written(name, values, FixedType.parse(kind))

    layer = Dense(
        "wide",
        ("x",),
        tensor("wide_out", 3, "ap_fixed<90,30,AP_RND,AP_SAT>"),
        weight("weight", rng.normal(size=(2, 3)), "ap_fixed<80,10,AP_RND>"),
        weight("bias", rng.normal(size=3), "ap_fixed<70,8>"),
        FixedType.parse("ap_fixed<120,40>"),
    )
    norm = BatchNorm(
        "norm",
        ("wide_out",),
        tensor("norm_out", 3, "ap_ufixed<64,24>"),
        weight("scale", np.array([1.5, 0.7, 2.0**63]), "ap_ufixed<64,64>"),
        weight("bias", rng.normal(size=3), "ap_fixed<64,20>"),
    )
    return Graph("wide", (x,), (layer, norm), ("wide_out", "norm_out"))
