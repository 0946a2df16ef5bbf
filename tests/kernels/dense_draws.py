"""Random Dense layers of every strategy: narrow formats of every mode, many zero weights, biases at the bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model import Dense, Graph, Tensor, Weight
from isobit.model.reuse import STRATEGIES, legal_reuse_factors


def draw_format(rng: np.random.Generator, low: int, high: int) -> FixedType:
    """A signed format of every mode, around one."""
    width = int(rng.integers(low, high))
    mode = list(Overflow)[int(rng.integers(len(Overflow)))]
    saturation_bits = int(rng.integers(0, 3)) if mode is Overflow.WRAP else 0
    rounding = list(Rounding)[int(rng.integers(len(Rounding)))]
    return FixedType(width, int(rng.integers(2, width + 2)), True, rounding, mode, saturation_bits)


def draw_weight(rng: np.random.Generator, name: str, shape: tuple[int, ...], kind: FixedType, zeros: float) -> Weight:
    """Weights of a format, ``zeros`` of them zero and some at its bounds."""
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, shape)
    raw[rng.random(shape) < 0.1] = kind.raw_min
    raw[rng.random(shape) < zeros] = 0
    made = Weight.from_written(name, FixedArray.from_raw(raw, kind).to_float(), kind)
    return replace(made, raw=raw)  # where SAT_SYM's minimum cannot be written


def draw_layer(seed: int, strategy: str | None = None, n_in: int = 0, n_out: int = 0) -> tuple[Graph, Any]:
    """A network of one Dense layer, and events for it (raw, shape (events, n_in))."""
    rng = np.random.default_rng([seed, 505])
    strategy = str(rng.choice(STRATEGIES)) if strategy is None else strategy
    n_in, n_out = n_in or int(rng.integers(2, 13)), n_out or int(rng.integers(1, 9))
    factors = legal_reuse_factors(n_in, n_out, strategy)
    if not factors:
        n_in, factors = 6, legal_reuse_factors(6, n_out, strategy)
    data, accum, kind = draw_format(rng, 4, 9), draw_format(rng, 5, 12), draw_format(rng, 3, 7)
    bias_kind = accum if rng.random() < 0.6 else draw_format(rng, 4, 9)
    weight = draw_weight(rng, "weight", (n_in, n_out), kind, float(rng.choice([0.0, 0.4, 0.8])))
    weight.raw[:, rng.random(n_out) < 0.2] = 0  # neurons with nothing but their bias
    weight.raw[0, 0] = 1
    weight = replace(weight, written=FixedArray.from_raw(weight.raw, kind).to_float())
    bias = draw_weight(rng, "bias", (n_out,), bias_kind, 0.2)
    if rng.random() < 0.5:
        bias.raw[rng.random(n_out) < 0.5] = bias_kind.raw_min
    result = accum if rng.random() < 0.4 else draw_format(rng, 4, 12)
    x = Tensor("x", (n_in,), data)
    op = Dense("fc", ("x",), Tensor("y", (n_out,), result), weight, bias, accum, strategy, int(rng.choice(factors)))
    raw = rng.integers(data.raw_min, data.raw_max + 1, (24, n_in))
    raw[rng.random(raw.shape) < 0.1] = data.raw_max
    return Graph("drawn", (x,), (op,), ("y",)), raw
