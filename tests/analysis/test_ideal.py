"""The functions without formats are those of the firmware: with fine formats the two agree, op by op."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.bounds import ideal as module
from isobit.bounds.ideal import Interval, ideal
from isobit.engines.exact.vector import KERNELS
from isobit.errors import UnsupportedError
from isobit.model import (
    Activation,
    BatchNorm,
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Dense,
    Encoding,
    Graph,
    Merge,
    Op,
    PointwiseConv,
    Pooling,
    PReLU,
    Reshape,
    Softmax,
    TableActivation,
    Tensor,
    Threshold,
    ThresholdedReLU,
    Transpose,
    UpSampling,
    Weight,
    ZeroPadding,
)
from isobit.model.primitives import Opaque
from isobit.model.tables import exponential_table, function_table, inverse_table

FINE = ib.FixedType.parse("ap_fixed<48,16>")
BIT = ib.FixedType.int_type(1, signed=False)
RNG = np.random.default_rng(21)


def weight(name: str, values: Any, kind: ib.FixedType = FINE, **options: Any) -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), kind, **options)


def fine(name: str, *shape: int) -> Tensor:
    return Tensor(name, shape, FINE)


def dense(weights: Weight) -> Dense:
    return Dense("fc", ("x",), fine("y", 3), weights, weight("bias", RNG.normal(size=3)), FINE)


def activation(function: str, **constants: Weight) -> Activation:
    whole = ib.FixedType.int_type(2) if function.endswith("ary_tanh") else FINE
    return Activation("act", ("x",), Tensor("y", (6,), whole), function, **constants)


def table(function: str, **constants: Weight) -> TableActivation:
    return TableActivation(
        "t", ("x",), fine("y", 6), function, function_table("table", function, 1 << 16, FINE), **constants
    )


def pooling(function: str, **options: Any) -> Pooling:
    return Pooling("p", ("x",), fine("y", 2, 2), function, "parallel", FINE, 1, 3, 1, 2, 1, 2, **options)


def softmax() -> Softmax:
    address = ib.FixedType.parse("ap_fixed<20,4>")
    tables, sums = (ib.FixedType.parse(f"ap_fixed<{kind},AP_RND,AP_SAT>") for kind in ("48,16", "22,8"))
    return Softmax(
        "soft",
        ("x",),
        fine("y", 2, 3),
        "latency",
        3,
        2,
        1,
        exp_table=exponential_table("exp_table", 1 << 16, address, 1.0, False, tables),
        inv_table=inverse_table("inv_table", 1 << 16, sums, tables),
        accum=tables,
        inv_inp=sums,
        address=address,
    )


POWERS = RNG.choice([-1.0, 1.0], (6, 3)) * 2.0 ** RNG.integers(-3, 2, (6, 3))
BINARY = weight("weight", RNG.integers(0, 2, (6, 3)), BIT, encoding=Encoding.XNOR)
#: Every kind of op, with the shape of its input and how far tables may be from their functions.
CASES: dict[str, tuple[Op, tuple[int, ...], float]] = {
    "dense": (dense(weight("weight", RNG.normal(size=(6, 3)))), (6,), 0),
    "powers": (dense(weight("weight", POWERS, ib.FixedType.int_type(4), encoding=Encoding.EXPONENT)), (6,), 0),
    "binary": (dense(BINARY), (6,), 0),
    "batchnorm": (
        BatchNorm("n", ("x",), fine("y", 6), weight("scale", RNG.normal(size=3)), weight("bias", RNG.normal(size=3))),
        (2, 3),
        0,
    ),
    "pointwise": (
        PointwiseConv(
            "c",
            ("x",),
            fine("y", 2, 4),
            weight("weight", RNG.normal(size=(3, 4))),
            weight("bias", RNG.normal(size=4)),
            FINE,
        ),
        (2, 3),
        0,
    ),
    "linear": (activation("linear"), (6,), 0),
    "relu": (activation("relu"), (6,), 0),
    "leaky": (activation("leaky_relu", param=weight("param", [0.3])), (6,), 0),
    "binary_tanh": (activation("binary_tanh"), (6,), 0),
    "ternary_tanh": (activation("ternary_tanh"), (6,), 0),
    "hard_sigmoid": (activation("hard_sigmoid", slope=weight("slope", [0.2]), shift=weight("shift", [0.5])), (6,), 0),
    "hard_tanh": (activation("hard_tanh", slope=weight("slope", [0.5]), shift=weight("shift", [0.5])), (6,), 0),
    "threshold": (
        Threshold(
            "s",
            ("x",),
            Tensor("y", (6,), ib.FixedType.int_type(2)),
            weight("threshold_hi", [0.5] * 6),
            weight("threshold_lo", [-0.25] * 6),
        ),
        (6,),
        0,
    ),
    "xnor": (Threshold("s", ("x",), Tensor("y", (6,), BIT, True), weight("threshold", [0.5] * 6)), (6,), 0),
    "reshape": (Reshape("r", ("x",), fine("y", 6)), (2, 3), 0),
    "transpose": (Transpose("t", ("x",), fine("y", 3, 2), (2, 3), (1, 0)), (2, 3), 0),
    "zero_padding": (ZeroPadding("z", ("x",), fine("y", 4, 2), (0, 0), (2, 0)), (2, 2), 0),
    "cropping": (Cropping("c", ("x",), fine("y", 1, 3), (1, 0), (0, 0)), (2, 3), 0),
    "upsampling": (UpSampling("u", ("x",), fine("y", 4, 3), (2, 1)), (2, 3), 0),
    "concatenate": (Concatenate("c", ("x", "z"), fine("y", 2, 6), 1), (2, 3), 0),
    "broadcast": (Broadcast("b", ("x",), fine("y", 2, 2, 3)), (1, 1, 3), 0),
    "copy": (Copy("r", ("x",), fine("y", 6)), (2, 3), 0),
    **{f: (Merge("m", ("x", "z"), fine("y", 6), f), (6,), 0) for f in Merge.FUNCTIONS},
    "prelu": (PReLU("p", ("x",), fine("y", 6), weight("param", RNG.normal(size=6))), (6,), 0),
    "thresholded": (ThresholdedReLU("t", ("x",), fine("y", 6), weight("param", [0.75])), (6,), 0),
    "max": (pooling("max"), (3, 2), 0),
    "average": (pooling("average"), (3, 2), 0),
    "average_counted": (pooling("average", count_pad=True), (3, 2), 0),
    "softmax": (softmax(), (2, 3), 1e-2),
    **{f: (table(f), (6,), 1e-3) for f in ("sigmoid", "tanh", "softplus", "softsign", "selu")},
    "elu": (table("elu", param=weight("param", [0.7])), (6,), 1e-3),
}


def reals(array: ib.FixedArray, tensor: Tensor) -> Any:
    return array.raw * 2.0 - 1.0 if tensor.xnor else array.to_float()


@pytest.mark.parametrize("name", list(CASES))
def test_the_firmware_in_fine_formats_gives_the_real_function(name: str) -> None:
    op, shape, coarse = CASES[name]
    kind = op.address if isinstance(op, Softmax) and op.address is not None else FINE
    tensors = tuple(Tensor(source, shape, kind) for source in op.inputs)
    graph = Graph("one", tensors, (op,), ("y",))
    rng = np.random.default_rng(22)
    x = {t.name: ib.FixedArray.from_float(rng.normal(0, 1.2, (200, t.size)), kind) for t in tensors}
    firmware = reals(ib.Model(graph).run(x, "reference")["y"], op.output)
    given = [array.to_float() for array in x.values()]
    exact = ideal(op, tensors, tuple(Interval(values, values) for values in given))
    lsb = coarse + 8 * 2.0**-32
    assert (firmware >= exact.low - lsb).all(), np.abs(firmware - exact.low).max()
    assert (firmware <= exact.high + lsb).all(), np.abs(firmware - exact.high).max()
    # The bounds are those of float32, no wider, and contain what any point between the inputs' bounds gives.
    assert (exact.high - exact.low <= 1e-4 * (1 + np.abs(exact.high))).all()
    around = ideal(op, tensors, tuple(Interval.around(values, 0.05) for values in given))
    for share in (-0.05, 0.02, 0.05):
        inside = ideal(op, tensors, tuple(Interval(values + share, values + share) for values in given))
        assert (inside.centre >= around.low - 1e-9).all()
        assert (inside.centre <= around.high + 1e-9).all()


def test_every_primitive_has_one_and_others_are_refused_by_name() -> None:
    lowered = [op.lower(*(Tensor(name, shape, FINE) for name in op.inputs)) for op, shape, _ in CASES.values()]
    assert set(module._RULES) == {type(part) for parts in lowered for part in parts} == set(KERNELS) - {Opaque}

    class Unknown(Op):
        tag = "unknown"

    with pytest.raises(UnsupportedError, match="real function of op 'unknown' \\(layer 'u'\\)"):
        ideal(Unknown("u", ("x",), fine("y", 1)), (fine("x", 1),), (Interval(np.zeros((1, 1)), np.zeros((1, 1))),))
