"""Random graphs of layers on sets, made without hls4ml: odd sizes, every order of pooling, padding, rare modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed import FixedArray, FixedType
from isobit.model import Activation, BatchNorm, Dense, Graph, PointwiseConv, Pooling, Reshape, Tensor, Transpose, Weight
from isobit.model.reuse import legal_reuse_factors

_ROUNDING = ("TRN", "TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_INF", "RND_MIN_INF")
_OVERFLOW = ("WRAP", "WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")


def a_type(rng: np.random.Generator, integer: int, signed: bool | None = None, widest: int = 18) -> FixedType:
    """Some format; now and then with saturation bits."""
    width = int(rng.integers(4, widest))
    overflow = str(rng.choice(_OVERFLOW))
    bits = int(rng.integers(1, 3)) if overflow == "WRAP" and rng.random() < 0.1 else 0
    sign = bool(rng.random() < 0.8) if signed is None else signed
    whole = max(0, integer + int(rng.choice([-1, 0, 0, 1])))
    return FixedType.parse(
        f"ap_{'' if sign else 'u'}fixed<{width},{whole},AP_{rng.choice(_ROUNDING)},AP_{overflow},{bits}>"
    )


def weight(rng: np.random.Generator, name: str, shape: tuple[int, ...], kind: FixedType) -> Weight:
    """Normal weights."""
    return Weight.from_written(name, rng.normal(0.0, 0.7, shape), kind)


def pointwise(rng: np.random.Generator, name: str, tensor: Tensor, n_out: int) -> PointwiseConv:
    """A pointwise convolution."""
    n_in = tensor.shape[-1]
    strategy = str(rng.choice(["latency", "resource"]))
    kinds = a_type(rng, 3), a_type(rng, 2, True, 12), a_type(rng, 4, None, 24)
    if rng.random() < 0.25:  # formats as they are written most of the time
        kinds = tuple(FixedType.parse(kind) for kind in ("ap_fixed<12,5>", "ap_fixed<10,2>", "ap_fixed<14,6>"))
    return PointwiseConv(
        name=name,
        inputs=(tensor.name,),
        output=Tensor(name, (*tensor.shape[:-1], n_out), kinds[0]),
        weight=weight(rng, "weight", (n_in, n_out), kinds[1]),
        bias=weight(rng, "bias", (n_out,), kinds[1]),
        accum=kinds[2],
        strategy=strategy,
        reuse_factor=int(rng.choice(legal_reuse_factors(n_in, n_out))) if strategy == "resource" else 1,
    )


def pooling(rng: np.random.Generator, name: str, tensor: Tensor) -> Pooling:
    """Pooling over all positions or over windows."""
    *_, width, channels = (1, *tensor.shape)
    height = tensor.size // width // channels
    function, order = str(rng.choice(["max", "average", "average"])), str(rng.choice(["parallel", "stream", "tree"]))
    accum = a_type(rng, 5, None, 24)
    if function == "max" and order == "parallel":
        accum = tensor.type
    kind = a_type(rng, 3)
    if order == "stream" or rng.random() < 0.4:
        sizes: dict[str, Any] = {"pool_height": height, "pool_width": width}
        output = Tensor(name, (channels,), kind)
    else:
        pool = [min(extent, int(rng.integers(1, 4))) for extent in (height, width)]
        stride = [int(rng.integers(1, size + 1)) for size in pool]
        pad = [int(rng.integers(0, size)) if order == "parallel" else 0 for size in pool]
        windows = [
            (extent + both - size) // step + 1
            for extent, both, size, step in zip((height, width), pad, pool, stride, strict=True)
        ]
        names = ("pool_height", "pool_width", "stride_height", "stride_width", "pad_top", "pad_left")
        sizes = dict(zip(names, (*pool, *stride, *pad), strict=True))
        output = Tensor(name, (*windows[2 - len(tensor.shape[:-1]) :], channels), kind)
    return Pooling(
        name=name,
        inputs=(tensor.name,),
        output=output,
        function=function,
        order=order,
        accum=accum,
        height=height,
        width=width,
        count_pad=bool(rng.random() < 0.3),
        **sizes,
    )


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """A graph, and raw inputs for it: its format's ends more often than chance."""
    rng = np.random.default_rng([seed, 77])
    shape = tuple(int(n) for n in (*rng.integers(1, 5, int(rng.integers(1, 3))), rng.integers(1, 6)))
    source = tensor = Tensor("x", shape, a_type(rng, 3, True))
    ops: list[Any] = []

    def put(op: Any) -> None:
        nonlocal tensor
        ops.append(op)
        tensor = op.output

    for number in range(int(rng.integers(1, 4))):
        if len(tensor.shape) > 1 and rng.random() < 0.3:
            perm = tuple(int(axis) for axis in rng.permutation(len(tensor.shape)))
            moved = Tensor(f"t{number}", tuple(tensor.shape[axis] for axis in perm), a_type(rng, 3))
            put(Transpose(f"t{number}", (tensor.name,), moved, shape=tensor.shape, perm=perm))
        put(pointwise(rng, f"p{number}", tensor, int(rng.integers(1, 7))))
        if rng.random() < 0.5:
            scales = int(rng.choice([tensor.shape[-1], tensor.size]))
            scale, bias = (weight(rng, slot, (scales,), a_type(rng, 2, True, 12)) for slot in ("scale", "bias"))
            put(
                BatchNorm(f"b{number}", (tensor.name,), Tensor(f"b{number}", tensor.shape, a_type(rng, 3)), scale, bias)
            )
        if rng.random() < 0.6:
            name = f"r{number}"
            put(Activation(name, (tensor.name,), Tensor(name, tensor.shape, a_type(rng, 3)), function="relu"))
    if rng.random() < 0.8:
        put(pooling(rng, "pool", tensor))
    if rng.random() < 0.7:
        flat = Tensor("flat", (tensor.size,), tensor.type)
        put(Reshape("flat", (tensor.name,), flat))
        shapes = ("weight", (tensor.size, 3)), ("bias", (3,))
        kernel, bias = (weight(rng, slot, size, a_type(rng, 2, True, 12)) for slot, size in shapes)
        output = Tensor("dense", (3,), a_type(rng, 3))
        put(Dense("dense", (tensor.name,), output, kernel, bias, accum=a_type(rng, 4, None, 24)))
    kind = source.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (130, source.size))
    near = rng.random(raw.shape)
    raw = np.where(near < 0.1, kind.raw_min, np.where(near > 0.9, kind.raw_max, raw))
    raw = np.where((near > 0.4) & (near < 0.7), raw // 8, raw)
    return Graph("sets", (source,), tuple(ops), (tensor.name,)), {"x": FixedArray.from_raw(raw, kind)}
