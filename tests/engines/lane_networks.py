"""Networks by hand, each made so that one lane of the batch kernels is the cheapest that is exact."""

from __future__ import annotations

from typing import Any

import numpy as np

import isobit as ib
from isobit import FixedType
from isobit.model import Activation, BatchNorm, Dense, Tensor
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.weights import Weight

__all__ = ["NETWORKS", "adversarial", "dense_chain"]


def _weight(name: str, raw: Any, kind: str) -> Weight:
    type = FixedType.parse(kind)
    numbers = np.asarray(raw)
    floats = numbers.astype(np.float64) * 2.0**-type.fraction
    return Weight(name, numbers.astype(np.int64 if type.fits_int64 else object), type, floats, floats)


def dense_chain(
    data: str,
    weight: str,
    accum: str,
    result: str,
    relu: str | None = None,
    *,
    sizes: tuple[int, ...] = (7, 9, 6),
    magnitude: int | None = None,
    norm: str | None = None,
    seed: int = 1,
) -> ib.Model:
    """Dense layers with (BatchNorm and) ReLU behind each but the last.

    ``magnitude`` bounds the raw weights; None: everything that their format holds.
    """
    rng = np.random.default_rng(seed)
    kind = FixedType.parse(weight)
    low, high = (kind.raw_min, kind.raw_max) if magnitude is None else (-magnitude, magnitude)
    current = Tensor("x", (sizes[0],), FixedType.parse(data))
    inputs, ops = (current,), []
    for number, size in enumerate(sizes[1:], 1):
        shape = (current.size, size)
        ops.append(
            Dense(
                f"fc{number}",
                (current.name,),
                Tensor(f"fc{number}_out", (size,), FixedType.parse(result)),
                _weight("weight", rng.integers(low, high + 1, shape), weight),
                _weight("bias", rng.integers(low, high + 1, size), weight),
                FixedType.parse(accum),
            )
        )
        current = ops[-1].output
        if number == len(sizes) - 1:
            break
        if norm is not None:
            scale = _weight("scale", rng.integers(low, high + 1, size), weight)
            bias = _weight("bias", rng.integers(low, high + 1, size), weight)
            ops.append(
                BatchNorm(
                    f"bn{number}",
                    (current.name,),
                    Tensor(f"bn{number}_out", (size,), FixedType.parse(norm)),
                    scale,
                    bias,
                )
            )
            current = ops[-1].output
        if relu is not None:
            output = Tensor(f"relu{number}_out", (size,), FixedType.parse(relu))
            ops.append(Activation(f"relu{number}", (current.name,), output, "relu"))
            current = output
    return ib.Model(Graph("lanes", inputs, tuple(ops), (current.name,)))


def _elementwise(function: str, data: str, result: str, **constants: Weight) -> ib.Model:
    source = Tensor("x", (11,), FixedType.parse(data))
    op: Op = Activation("f", ("x",), Tensor("f_out", (11,), FixedType.parse(result)), function, **constants)
    return ib.Model(Graph("f", (source,), (op,), ("f_out",)))


#: Lane of ``fc1`` (or of the only op): networks that take it.
NETWORKS: dict[str, list[ib.Model]] = {
    "float32": [
        dense_chain(
            "ap_fixed<17,6>",
            "ap_fixed<2,1>",
            "ap_fixed<22,10>",
            "ap_fixed<22,10>",
            "ap_ufixed<17,6,AP_RND,AP_SAT>",
            magnitude=1,
        )
    ],
    "float64": [
        dense_chain(
            "ap_fixed<29,9>",
            "ap_fixed<14,4>",
            "ap_fixed<50,18>",
            "ap_fixed<40,16>",
            "ap_fixed<30,10,AP_RND_INF,AP_SAT_SYM>",
        ),
        dense_chain(
            "ap_fixed<24,8>",
            "ap_fixed<10,2>",
            "ap_fixed<44,16>",
            "ap_fixed<44,16>",
            "ap_fixed<24,8,AP_TRN_ZERO>",
            norm="ap_fixed<44,16>",
            sizes=(3, 3, 2),
        ),
        # By their formats products have 56 bits and sums more; with these weights 40 are enough.
        dense_chain(
            "ap_fixed<28,8>", "ap_fixed<28,8>", "ap_fixed<60,20>", "ap_fixed<60,20>", "ap_fixed<28,8>", magnitude=400
        ),
    ],
    "int32": [
        dense_chain(
            "ap_fixed<18,6>",
            "ap_fixed<9,1>",
            "ap_fixed<32,12>",
            "ap_fixed<32,12>",
            "ap_fixed<18,6,AP_RND_ZERO>",
            sizes=(5, 4, 3),
        ),
    ],
    "int64": [
        dense_chain(
            "ap_fixed<34,10>",
            "ap_fixed<22,4>",
            "ap_fixed<60,16>",
            "ap_fixed<60,16>",
            "ap_fixed<34,10,AP_RND_MIN_INF>",
            magnitude=1 << 20,
        ),
    ],
    "dot16": [
        dense_chain(
            "ap_fixed<16,6>",
            "ap_fixed<8,2>",
            "ap_fixed<30,12>",
            "ap_fixed<30,12>",
            "ap_ufixed<15,6,AP_RND_CONV,AP_SAT>",
        ),
        dense_chain(
            "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<29,9>", "ap_fixed<20,6>", "ap_fixed<16,6>"
        ),  # modulo 2^29
        dense_chain(
            "ap_fixed<16,6>",
            "ap_fixed<12,2>",
            "ap_fixed<36,16>",
            "ap_fixed<36,16>",
            "ap_fixed<16,6>",
            norm="ap_fixed<48,20>",
        ),
    ],
    "dot16-split": [
        dense_chain(
            "ap_fixed<20,8>",
            "ap_fixed<12,2>",
            "ap_fixed<40,16>",
            "ap_fixed<22,10,AP_TRN,AP_SAT>",
            "ap_fixed<20,8>",
            sizes=(33, 32, 5),
        ),
        dense_chain(
            "ap_ufixed<18,6>",
            "ap_fixed<15,3>",
            "ap_fixed<44,20>",
            "ap_fixed<44,20>",
            "ap_ufixed<18,6,AP_RND,AP_SAT>",
            sizes=(40, 24, 3),
        ),
    ],
    "floor32": [
        dense_chain(
            "ap_fixed<18,6>",
            "ap_fixed<18,6>",
            "ap_fixed<18,6>",
            "ap_fixed<18,6>",
            "ap_ufixed<18,6,AP_RND_CONV,AP_SAT>",
            norm="ap_fixed<18,6>",
            magnitude=6000,
        ),
        dense_chain("ap_fixed<18,6>", "ap_fixed<14,2>", "ap_ufixed<20,8>", "ap_fixed<20,8>", "ap_fixed<18,6>"),
        dense_chain(
            "ap_fixed<22,10>", "ap_fixed<16,3>", "ap_fixed<32,20>", "ap_fixed<32,20>", "ap_fixed<22,10>", magnitude=4000
        ),
    ],
    "mulhi16": [
        dense_chain(
            "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<16,6>", magnitude=600
        ),
        dense_chain(
            "ap_fixed<16,6>", "ap_fixed<6,1>", "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>"
        ),
        dense_chain(
            "ap_fixed<12,4>", "ap_fixed<12,4>", "ap_ufixed<13,5>", "ap_ufixed<13,5>", "ap_ufixed<12,4>", magnitude=150
        ),
    ],
    "sequential float32": [
        dense_chain(
            "ap_fixed<12,4>", "ap_fixed<6,1>", "ap_fixed<14,4,AP_RND,AP_SAT>", "ap_fixed<14,4>", "ap_fixed<12,4>"
        ),
        dense_chain(
            "ap_fixed<10,4>", "ap_fixed<6,1>", "ap_fixed<9,3,AP_TRN,AP_SAT_ZERO>", "ap_fixed<14,4>", None, sizes=(6, 3)
        ),
        dense_chain(
            "ap_fixed<10,4>", "ap_fixed<6,1>", "ap_fixed<12,5,AP_RND_INF>", "ap_fixed<14,4>", None, sizes=(6, 3)
        ),
    ],
    "sequential float64": [
        dense_chain(
            "ap_fixed<24,8>",
            "ap_fixed<16,4>",
            "ap_fixed<26,8,AP_RND_CONV,AP_SAT_SYM>",
            "ap_fixed<26,8>",
            "ap_fixed<24,8>",
        ),
        dense_chain(
            "ap_fixed<24,8>", "ap_fixed<16,4>", "ap_fixed<22,6,AP_TRN,AP_WRAP,3>", "ap_fixed<26,8>", None, sizes=(6, 3)
        ),
    ],
    "sequential int64": [
        dense_chain(
            "ap_fixed<34,10>", "ap_fixed<24,4>", "ap_fixed<40,12,AP_RND,AP_SAT>", "ap_fixed<40,12>", "ap_fixed<34,10>"
        ),
        dense_chain(
            "ap_fixed<40,10>",
            "ap_fixed<16,4>",
            "ap_fixed<52,12,AP_TRN,AP_WRAP_SM>",
            "ap_fixed<58,18>",
            None,
            sizes=(4, 3),
        ),
    ],
    "wide": [
        dense_chain("ap_fixed<50,10>", "ap_fixed<50,10>", "ap_fixed<90,20>", "ap_fixed<50,10>", "ap_fixed<50,10>"),
        dense_chain(
            "ap_fixed<70,30>",
            "ap_fixed<70,30>",
            "ap_fixed<200,80>",
            "ap_fixed<120,40>",
            "ap_fixed<70,30>",
            magnitude=1 << 40,
            sizes=(3, 2, 2),
        ),
    ],
}


def adversarial(model: ib.Model, events: int, seed: int) -> dict[str, ib.FixedArray]:
    """Inputs at the bounds of their format: all extremes, one off, corners that push each neuron, and random ones."""
    rng = np.random.default_rng(seed)
    found = {}
    for tensor in model.graph.inputs:
        kind, shape = tensor.type, (events, tensor.size)
        ends = [kind.raw_min, kind.raw_min + 1, -1 if kind.signed else 0, 0, 1, kind.raw_max - 1, kind.raw_max]
        corners = np.array(ends, dtype=object)[rng.integers(0, len(ends), shape)]
        span = kind.raw_max - kind.raw_min
        draws = rng.integers(0, 1 << 62, shape).astype(object) * (1 << 20) + rng.integers(0, 1 << 20, shape)
        raw = np.where(rng.random((events, 1)) < 0.5, corners, draws % (span + 1) + kind.raw_min)
        for op in model.graph.ops:
            if not isinstance(op, Dense) or op.inputs[0] != tensor.name:
                continue
            for j in range(min(op.weight.shape[1], max(0, events - 2) // 2)):
                signs = op.weight.raw[:, j] >= 0
                raw[2 * j] = np.where(signs, kind.raw_max, kind.raw_min)
                raw[2 * j + 1] = np.where(signs, kind.raw_min, kind.raw_max)
        found[tensor.name] = ib.FixedArray.from_raw(raw, kind)
    return found
