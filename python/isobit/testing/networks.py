"""Hypothesis strategies of small networks and of precisions to give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from isobit.api import Model
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.layers.activation import Activation
from isobit.model.layers.dense import Dense
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.layers.shape import Reshape
from isobit.model.ops import Op, Tensor
from isobit.model.reuse import legal_reuse_factors
from isobit.model.weights import Encoding, Weight
from isobit.testing.numbers import fixed_types, raw_integers

__all__ = ["dense_strategies", "models", "precisions"]

Types = st.SearchStrategy[FixedType]

#: Formats whose values float64 holds, so that weights can be written down.
_SMALL = fixed_types(max_width=12, min_fraction=-4, max_fraction=16)
_FUNCTIONS = ("relu", "linear", "leaky_relu", "hard_sigmoid", "hard_tanh")


@st.composite
def models(
    draw: st.DrawFn,
    *,
    max_layers: int = 4,
    max_size: int = 5,
    types: Types | None = None,
    layers: Sequence[str] = ("dense", "activation", "batchnorm", "reshape"),
) -> Model:
    """Small chains of layers with weights, without hls4ml or TensorFlow.

    Layers are named by kind and place: ``dense1``, ``activation2``, ... All formats are drawn, so accumulators and
    results often overflow. They shrink to few layers of one value each, weights of 0, and formats ``ap_fixed<1,1>``.

    Parameters
    ----------
    max_layers
        Most layers.
    max_size
        Most values between two layers.
    types
        Formats of inputs, weights, accumulators and results; by default up to 12 bits, every mode.
    layers
        Kinds to draw from: ``dense`` (every strategy, legal reuse factors), ``activation`` (those
        without a table and of more than one bit), ``batchnorm``, ``reshape``.
    """
    kinds = _SMALL if types is None else types
    size = draw(st.integers(1, max_size))
    current = Tensor("x", (size,), draw(kinds))
    inputs = (current,)
    ops: list[Op] = []
    for number in range(1, draw(st.integers(1, max_layers)) + 1):
        # A reshape alone computes nothing.
        allowed = [kind for kind in layers if number > 1 or kind != "reshape"] or list(layers)
        kind = draw(st.sampled_from(allowed))
        ops.append(draw(_LAYERS[kind](f"{kind}{number}", current, kinds, max_size)))
        current = ops[-1].output
    return Model(Graph("drawn", inputs, tuple(ops), (current.name,)))


@st.composite
def _weights(draw: st.DrawFn, name: str, shape: tuple[int, ...], kinds: Types) -> Weight:
    type = draw(kinds)
    count = int(np.prod(shape))
    raw = draw(st.lists(raw_integers(type), min_size=count, max_size=count))
    return Weight.from_written(name, FixedArray.from_raw(raw, type).to_float().reshape(shape), type)


@st.composite
def _dense(draw: st.DrawFn, name: str, tensor: Tensor, kinds: Types, max_size: int) -> Dense:
    outputs = draw(st.integers(1, max_size))
    weight = draw(_weights("weight", (tensor.size, outputs), kinds))
    return Dense(
        name,
        (tensor.name,),
        Tensor(f"{name}_out", (outputs,), draw(kinds)),
        weight,
        draw(_weights("bias", (outputs,), kinds)),
        draw(kinds),
        *draw(dense_strategies(weight)),
    )


@st.composite
def dense_strategies(draw: st.DrawFn, weight: Weight) -> tuple[str, int]:
    """Strategy and legal reuse factor for a Dense layer with these weights."""
    n_in, n_out = weight.shape
    factors = {"latency": [1], "resource": legal_reuse_factors(n_in, n_out)}
    zeros = weight.written == 0
    if weight.encoding is Encoding.PLAIN and not zeros.all():
        factors["compressed"] = factors["resource"]
    if weight.encoding is Encoding.PLAIN or (weight.encoding is Encoding.EXPONENT and not zeros.any()):
        factors["resource_unrolled"] = legal_reuse_factors(n_in, n_out, "resource_unrolled")
    strategy = draw(st.sampled_from([name for name, legal in factors.items() if legal]))
    return strategy, draw(st.sampled_from(factors[strategy]))


@st.composite
def _batchnorm(draw: st.DrawFn, name: str, tensor: Tensor, kinds: Types, max_size: int) -> BatchNorm:
    return BatchNorm(
        name,
        (tensor.name,),
        Tensor(f"{name}_out", tensor.shape, draw(kinds)),
        draw(_weights("scale", (tensor.size,), kinds)),
        draw(_weights("bias", (tensor.size,), kinds)),
    )


@st.composite
def _activation(draw: st.DrawFn, name: str, tensor: Tensor, kinds: Types, max_size: int) -> Activation:
    function = draw(st.sampled_from(_FUNCTIONS))
    wanted = {"leaky_relu": ("param",), "hard_sigmoid": ("slope", "shift"), "hard_tanh": ("slope", "shift")}
    constants: dict[str, Any] = {slot: draw(_weights(slot, (1,), kinds)) for slot in wanted.get(function, ())}
    return Activation(name, (tensor.name,), Tensor(f"{name}_out", tensor.shape, draw(kinds)), function, **constants)


@st.composite
def _reshape(draw: st.DrawFn, name: str, tensor: Tensor, kinds: Types, max_size: int) -> Reshape:
    shape = draw(st.sampled_from([(tensor.size,), (tensor.size, 1), (1, tensor.size)]))
    return Reshape(name, (tensor.name,), Tensor(f"{name}_out", shape, tensor.type))


_LAYERS: dict[str, Any] = {"dense": _dense, "activation": _activation, "batchnorm": _batchnorm, "reshape": _reshape}


def free_slots(graph: Graph) -> list[str]:
    """Every ``layer.slot`` whose format may change by itself: no one-bit, power-of-two, threshold, reshape formats."""
    tied: set[str] = set()
    for op in reversed(graph.ops):
        if isinstance(op, Threshold) or (isinstance(op, Reshape) and op.output.name in tied):
            tied.update(op.inputs)
    slots = [f"{t.name}.result" for t in graph.inputs if not t.xnor and t.name not in tied]
    for op in graph.ops:
        if isinstance(op, (Threshold, Reshape)):
            continue
        weights = {w.name: w for w in vars(op).values() if isinstance(w, Weight)}
        for slot in op.types():
            fixed_by_encoding = slot in weights and weights[slot].encoding not in (Encoding.PLAIN, Encoding.LITERAL)
            result_is_tied = slot == "result" and (op.output.xnor or op.output.name in tied)
            if not fixed_by_encoding and not result_is_tied:
                slots.append(f"{op.name}.{slot}")
    return slots


@st.composite
def precisions(
    draw: st.DrawFn, model: Model, *, slots: Sequence[str] | None = None, types: Types | None = None
) -> dict[str, FixedType]:
    """Formats to put in place of some of a model's, for :meth:`isobit.Model.with_types`.

    Parameters
    ----------
    model
        Any model.
    slots
        The ``layer.slot`` names to draw from; by default all that may change. A name that ends in one of ``weight``,
        ``bias``, ``accum``, ``result``, ... and has no dot stands for that slot of every layer.
    types
        Formats to draw from; by default up to 24 bits, every mode.

    Returns
    -------
    ``{"layer.slot": FixedType}``, shrinking to the empty one (nothing changes).
    """
    allowed = free_slots(model.graph)
    if slots is not None:
        allowed = [name for name in allowed if name in slots or name.rpartition(".")[2] in slots]
    if not allowed:
        return {}
    kinds = fixed_types(max_width=24, min_fraction=-8, max_fraction=24) if types is None else types
    chosen = draw(st.lists(st.sampled_from(allowed), unique=True, max_size=len(allowed)))
    return {name: draw(kinds) for name in chosen}
