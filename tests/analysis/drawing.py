"""Layers of every kind for the analysis' tests: all product kinds, activations and thresholds, any format and mode."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from isobit.fixed import FixedType
from isobit.model import Activation, BatchNorm, Dense, Graph, Reshape, Tensor, Threshold, Weight
from isobit.model.ops import Op
from isobit.model.weights import Encoding
from isobit.testing import fixed_types
from isobit.testing.networks import dense_strategies

BIT = FixedType.int_type(1, signed=False)
#: Fixed and integer formats: an ap_int takes numbers by rules of its own (B13).
SMALL = fixed_types(max_width=7, min_fraction=-3, max_fraction=9) | st.builds(
    lambda width, signed: FixedType.int_type(width, signed=signed), st.integers(1, 6), st.booleans()
)
WIDE = fixed_types(max_width=100, min_fraction=-8, max_fraction=80)
ELEMENTWISE = ("batchnorm", "threshold", *Activation.FUNCTIONS)
LAYERS = ("dense", "dense", "dense", "reshape", *ELEMENTWISE)


def number(name: str, raw: Any, type: FixedType, encoding: Encoding = Encoding.PLAIN, signs: Any = None) -> Weight:
    """A weight of raw integers; of its floats only where they are zero matters."""
    array = np.array(raw, dtype=np.int64 if type.fits_int64 else object)
    floats = (array != 0).astype(np.float64)
    signed = None if signs is None else np.array(signs, dtype=np.int64)
    return Weight(name, array, type, floats, floats, encoding, signed)


@st.composite
def weights(draw: st.DrawFn, name: str, shape: tuple[int, ...], kinds: Any, encoded: bool) -> Weight:
    """Any encoding where allowed: plain, one bit, ternary, powers of two."""
    count = int(np.prod(shape))
    encoding = draw(st.sampled_from([*Encoding, "ternary"])) if encoded else Encoding.PLAIN
    kind = BIT if encoding is Encoding.XNOR else FixedType.int_type(2) if encoding == "ternary" else draw(kinds)
    signs = None
    if encoding is Encoding.EXPONENT:
        kind = FixedType.int_type(draw(st.integers(1, 4)))
        signs = np.reshape(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), shape)
    raw = draw(st.lists(st.integers(kind.raw_min, kind.raw_max), min_size=count, max_size=count))
    plain = encoding if isinstance(encoding, Encoding) else Encoding.PLAIN
    return number(name, np.array(raw, dtype=object).reshape(shape), kind, plain, signs)


@st.composite
def layer(draw: st.DrawFn, name: str, tensor: Tensor, kind: str, kinds: Any, max_size: int) -> Op:
    """One op that reads the tensor."""
    size, out = tensor.size, f"{name}_out"
    inputs = (tensor.name,)
    if kind == "dense":
        n_out = draw(st.integers(1, max_size))
        weight = draw(weights("weight", (size, n_out), kinds, True))
        strategy, reuse = draw(dense_strategies(weight))
        accum = draw(kinds)
        bias = draw(weights("bias", (n_out,), st.just(accum) | kinds, False))
        result = draw(st.just(accum) | kinds)
        return Dense(name, inputs, Tensor(out, (n_out,), result), weight, bias, accum, strategy, reuse)
    if kind == "batchnorm":
        scale, bias = draw(weights("scale", (size,), kinds, True)), draw(weights("bias", (size,), kinds, False))
        return BatchNorm(name, inputs, Tensor(out, tensor.shape, draw(kinds)), scale, bias)
    if kind == "reshape":
        return Reshape(name, inputs, Tensor(out, (1, size), tensor.type))
    if kind == "threshold":
        high = draw(weights("threshold_hi", (size,), st.just(tensor.type), False))
        if draw(st.booleans()):
            return Threshold(name, inputs, Tensor(out, tensor.shape, BIT, xnor=draw(st.booleans())), high)
        low = draw(weights("threshold_lo", (size,), st.just(tensor.type), False))
        return Threshold(name, inputs, Tensor(out, tensor.shape, FixedType.int_type(2)), high, low)
    wanted = {"leaky_relu": ("param",), "hard_sigmoid": ("slope", "shift"), "hard_tanh": ("slope", "shift")}
    constants = {slot: draw(weights(slot, (1,), kinds, False)) for slot in wanted.get(kind, ())}
    xnor = kind == "binary_tanh" and draw(st.booleans())
    result = BIT if xnor else draw(st.just(tensor.type) | kinds)
    return Activation(name, inputs, Tensor(out, tensor.shape, result, xnor), kind, **constants)


@st.composite
def graphs(
    draw: st.DrawFn,
    max_layers: int = 1,
    kinds: Any = SMALL,
    max_size: int = 3,
    layers: Any = LAYERS,
    inputs: Any = None,
) -> Graph:
    """Chains of such layers."""
    xnor = draw(st.integers(0, 4)) == 4
    size = draw(st.integers(1, max_size))
    current = Tensor("x", (size,), BIT if xnor else draw(kinds if inputs is None else inputs), xnor)
    source, ops = current, []
    for place in range(draw(st.integers(1, max_layers))):
        kind = draw(st.sampled_from(layers))
        ops.append(draw(layer(f"{kind}{place}", current, kind, kinds, max_size)))
        current = ops[-1].output
    return Graph("drawn", (source,), tuple(ops), (current.name,))
