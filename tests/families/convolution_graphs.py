"""Random graphs of convolutions, made without hls4ml: every strategy, windows that reach beyond both ends."""

from __future__ import annotations

import numpy as np
from family_networks import a_format

from isobit.fixed import FixedArray, FixedType
from isobit.model import Convolution, DepthwiseConvolution, Graph, Op, Tensor, Weight
from isobit.model.reuse import legal_reuse_factors

__all__ = ["draw", "weights"]


def weights(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> Weight:
    return Weight.from_written(name, rng.normal(0.0, 0.7, shape), a_format(rng))


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """A convolution and a depthwise one of the same windows, on a sequence or an image, and raw inputs."""
    rng = np.random.default_rng([seed, 29])
    axes = int(rng.integers(1, 3))
    extents = tuple(int(n) for n in rng.integers(2, 9 if axes == 1 else 6, axes))
    kernel, strides, before = (tuple(int(n) for n in rng.integers(low, 4, axes)) for low in (1, 1, 0))
    places = tuple(
        max(1, (extent + first + int(rng.integers(0, 2)) - size) // stride + 1)
        for extent, size, stride, first in zip(extents, kernel, strides, before, strict=True)
    )
    channels, filters = (int(n) for n in rng.integers(1, 4, 2))
    source = Tensor("x", (*extents, channels), a_format(rng))
    while source.type == FixedType.int_type(1, signed=False):
        source = Tensor("x", source.shape, a_format(rng))
    windows = {"kernel": kernel, "strides": strides, "before": before}
    size = int(np.prod(kernel)) * channels
    strategy = str(rng.choice(["latency", "resource", "resource_unrolled", "resource"]))
    legal = legal_reuse_factors(size, filters, strategy) or [1]
    if strategy == "resource_unrolled" and legal == [1]:
        strategy = "resource"
    ops: list[Op] = [
        Convolution(
            "conv", ("x",), Tensor("conv", (*places, filters), a_format(rng)), weights(rng, "weight", (size, filters)),
            weights(rng, "bias", (filters,)), a_format(rng), **windows, strategy=strategy,
            reuse_factor=int(rng.choice(legal)),
        )
    ]  # fmt: skip
    strategy = str(rng.choice(["latency", "resource"]))
    ops.append(
        DepthwiseConvolution(
            "depth", ("x",), Tensor("depth", (*places, channels), a_format(rng)),
            weights(rng, "weight", (int(np.prod(kernel)), channels)), weights(rng, "bias", (channels,)),
            a_format(rng), **windows, strategy=strategy,
            reuse_factor=int(rng.choice(legal_reuse_factors(size, channels, strategy))),
        )
    )  # fmt: skip
    kind = source.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (60, source.size))
    raw = np.where(rng.random(raw.shape) < 0.2, kind.raw_max, raw)
    return Graph("g", (source,), tuple(ops), ("conv", "depth")), {"x": FixedArray.from_raw(raw, kind)}
