"""Random graphs of moved, merged and rectified numbers, made without hls4ml: every layer, odd sizes, rare formats."""

from __future__ import annotations

from typing import Any

import numpy as np
from family_networks import a_format

from isobit.fixed import FixedArray
from isobit.model import (
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Graph,
    Merge,
    Op,
    PReLU,
    Tensor,
    ThresholdedReLU,
    Transpose,
    UpSampling,
    Weight,
    ZeroPadding,
)


def _constants(rng: np.random.Generator, size: int) -> Weight:
    return Weight.from_written("param", rng.normal(0.0, 1.5, size), a_format(rng))


def _sides(rng: np.random.Generator, shape: tuple[int, ...], most: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers at both ends of every axis but that of the channels, the last or the first."""
    ends = rng.integers(0, most + 1, (2, len(shape)))
    ends[:, -1 if rng.random() < 0.6 else 0] = 0
    return tuple(ends[0].tolist()), tuple(ends[1].tolist())


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Every layer on inputs of two or three axes, merges of what they give, and raw inputs with their formats' ends."""
    rng = np.random.default_rng([seed, 23])
    inputs: list[Tensor] = []
    ops: list[Op] = []

    def source(shape: tuple[int, ...]) -> Tensor:
        """An input, or a result of this shape."""
        fitting = [op.output for op in ops if op.output.shape == shape]
        if fitting and rng.random() < 0.5:
            return fitting[int(rng.integers(len(fitting)))]
        inputs.append(Tensor(f"in{len(inputs)}", shape, a_format(rng)))
        return inputs[-1]

    def put(op: type[Op], given: list[Tensor], extents: tuple[int, ...], kind: Any = None, **options: Any) -> None:
        name = f"{op.tag}{len(ops)}"
        output = Tensor(name, extents, kind or a_format(rng))
        ops.append(op(name, tuple(tensor.name for tensor in given), output, **options))

    shape = tuple(int(n) for n in rng.integers(3, 6, int(rng.integers(2, 4))))
    tensor = source(shape)
    before, after = _sides(rng, shape, 2)
    padded = tuple(sum(parts) for parts in zip(before, shape, after, strict=True))
    put(ZeroPadding, [tensor], padded, before=before, after=after)
    before, after = _sides(rng, shape, 1)
    cropped = tuple(extent - first - last for extent, first, last in zip(shape, before, after, strict=True))
    put(Cropping, [source(shape)], cropped, before=before, after=after)
    factors = (*(int(n) for n in rng.integers(1, 4, len(shape) - 1)), 1)
    tensor = source(shape)
    larger = tuple(extent * factor for extent, factor in zip(shape, factors, strict=True))
    put(UpSampling, [tensor], larger, tensor.type, factors=factors)
    perm = tuple(int(axis) for axis in rng.permutation(len(shape)))
    put(Transpose, [source(shape)], tuple(shape[axis] for axis in perm), shape=shape, perm=perm)
    put(Copy, [source(shape)], (int(np.prod(shape)),))
    axis = int(rng.integers(len(shape)))
    other = (*shape[:axis], int(rng.integers(1, 4)), *shape[axis + 1 :])
    joined = (*shape[:axis], shape[axis] + other[axis], *shape[axis + 1 :])
    put(Concatenate, [source(shape), source(other)], joined, axis=axis)
    put(Broadcast, [source((1, 1, 4) if rng.random() < 0.5 else (2, 3, 1))], (2, 3, 4))
    for function in Merge.FUNCTIONS:
        smaller = (1, *shape[1:]) if rng.random() < 0.3 else shape
        pair = [source(shape), source(smaller)]
        put(Merge, pair if rng.random() < 0.5 else pair[::-1], shape, function=function)
    put(PReLU, [source(shape)], shape, param=_constants(rng, int(np.prod(shape))))
    put(ThresholdedReLU, [source(shape)], shape, param=_constants(rng, 1))
    outputs = tuple(op.output.name for op in ops)
    return Graph("families", tuple(inputs), tuple(ops), outputs), {t.name: _raw(rng, t) for t in inputs}


def _raw(rng: np.random.Generator, tensor: Tensor) -> FixedArray:
    kind = tensor.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (80, tensor.size))
    near = rng.random(raw.shape)
    raw = np.where(near < 0.1, kind.raw_min, np.where(near > 0.9, kind.raw_max, raw))
    return FixedArray.from_raw(np.where((near > 0.4) & (near < 0.6), raw // 8, raw), kind)
