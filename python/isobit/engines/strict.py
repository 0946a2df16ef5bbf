"""The engine ``cpp-strict``: the kernels of ``isobit/kernels/`` at run-time formats, in the hardware's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.engines.exact import vector
from isobit.engines.exact.int64 import in_lane
from isobit.engines.registry import Values
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.accumulation import kept_weights
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.layers.activation import Activation
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Formula, Opaque, Select, whole_layer
from isobit.model.products import Product
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax
from isobit.model.table_index import AroundZero, BelowZero, Index
from isobit.model.weights import Encoding, Weight

__all__ = ["ENGINE", "KERNELS", "StrictEngine", "core_format", "from_words", "to_words"]

#: Words of every input of an op, in order.
Words = tuple[Any, ...]
#: Numbers that windows hold at a time.
_NUMBERS = 1 << 24
#: (op, input tensors, words of each, threads) -> words of the output.
Kernel = Callable[[Any, Tensors, Words, int], Any]


def core_format(type: FixedType) -> _core.Format:
    """The C++ description of a format."""
    return _core.Format(
        type.width, type.integer, type.signed, int(type.rounding), int(type.overflow), type.saturation_bits, type.is_int
    )


def to_words(raw: Any, type: FixedType) -> Any:
    """Raw integers as ``_core`` takes them: int64, or two limbs (low first) in a last axis beyond 63 bits."""
    if type.width <= 63:
        return np.ascontiguousarray(raw, dtype=np.int64)
    if type.width > 127:
        raise UnsupportedError(
            f"cpp-strict computes with numbers of up to 127 bits; {type} is wider (engine 'numba' has no bound)"
        )
    wide = np.asarray(raw).astype(object)
    mask = (1 << 64) - 1
    low = (wide & mask).astype(np.uint64).view(np.int64)
    return np.ascontiguousarray(np.stack([low, (wide >> 64).astype(np.int64)], axis=-1))


def from_words(words: Any, type: FixedType) -> Any:
    """The opposite of :func:`to_words`, in the storage of :class:`FixedArray`."""
    if type.width <= 63:
        return words
    wide = (words[..., 1].astype(object) << 64) + words[..., 0].view(np.uint64).astype(object)
    return wide.astype(np.int64) if type.fits_int64 else wide


def _weights(weight: Weight, *, transposed: bool = False) -> Any:
    """Weights flat, in the layout that hls4ml's kernel reads; exponents with their sign in the lowest bit."""
    raw, signs = weight.raw, weight.signs
    if weight.encoding is Encoding.EXPONENT and signs is not None:
        raw = 2 * raw + signs
        return np.ascontiguousarray((raw.T if transposed else raw).ravel())
    return to_words((raw.T if transposed else raw).ravel(), weight.type)


def _dot(op: Dot, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    n_out = op.weight.shape[1] // op.groups
    if op.plain(tensor):
        return _core.dense(words, **_dot_arguments(op, tensor, slice(None)), threads=threads)
    given = [_dot_arguments(op, tensor, slice(g * n_out, (g + 1) * n_out)) for g in range(op.groups)]
    # Every window is an event of a dense layer; some events at a time, for their windows take much memory.
    events, parts = max(1, _NUMBERS // op.view.size), []
    for first in range(0, max(1, len(words)), events):
        part = words[first : first + events]
        windows = np.moveaxis(op.windows(part.swapaxes(0, 1)), 2, 0)
        groups = []
        for group, arguments in enumerate(given):
            own = np.ascontiguousarray(windows[:, group :: op.groups])
            sums = _core.dense(own.reshape(-1, *own.shape[2:]), **arguments, threads=threads)
            groups.append(sums.reshape(len(part), op.positions, *sums.shape[1:]))
        parts.append(np.stack(groups, axis=2).reshape(len(part), op.output.size, *groups[0].shape[3:]))
    return np.concatenate(parts)


def _dot_arguments(op: Dot, tensor: Tensor, outputs: slice) -> dict[str, Any]:
    """Weights and formats of the sums of some outputs of a position, which are those of a dense layer."""
    weight, bias = _of_outputs(op.weight, outputs), _of_outputs(op.bias, outputs)
    n_in, n_out = weight.shape
    weights = _weights(weight, transposed=op.strategy != "latency")
    pattern: dict[str, Any] = {}
    if op.strategy == "resource_unrolled":
        pattern["kept"] = kept_weights(op)[:, outputs].T.ravel()
    elif op.strategy == "compressed":
        kept = kept_weights(op).T
        weights = np.ascontiguousarray(weights[kept.ravel()])
        pattern["columns"], pattern["rows"] = np.nonzero(kept)
    return {
        "weights": weights,
        "biases": _weights(bias),
        "data": core_format(tensor.type),
        "weight": core_format(op.weight.type),
        "bias": core_format(op.bias.type),
        "accum": core_format(op.accum),
        "result": core_format(op.output.type),
        "n_in": n_in,
        "n_out": n_out,
        "product": op.product.value,
        "kernel": op.kernel,
        "reuse_factor": op.reuse_factor,
        **pattern,
    }


def _of_outputs(weight: Weight, outputs: slice) -> Weight:
    """The weights of some outputs."""
    signs = None if weight.signs is None else weight.signs[..., outputs]
    numbers = (part[..., outputs] for part in (weight.raw, weight.written, weight.unquantised))
    raw, written, unquantised = numbers
    return replace(weight, raw=raw, written=written, unquantised=unquantised, signs=signs)


def _batchnorm(op: BatchNorm, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    return _core.normalize(
        words,
        _weights(op.scale),
        _weights(op.bias),
        data=core_format(tensor.type),
        scale_format=core_format(op.scale.type),
        bias_format=core_format(op.bias.type),
        result=core_format(op.output.type),
        product=Product.of(tensor, op.scale).value,
        threads=threads,
    )


def _activation(op: Activation, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    slope = op.param or op.slope
    return _core.activation(
        words,
        op.function,
        data=core_format(tensor.type),
        result=core_format(op.output.type),
        param=None if slope is None else _weights(slope),
        param_format=None if slope is None else core_format(slope.type),
        shift=None if op.shift is None else _weights(op.shift),
        shift_format=None if op.shift is None else core_format(op.shift.type),
        threads=threads,
    )


def _lookup(op: Lookup, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    function, factor = _function(op), op.entry_factor or op.other_factor
    if function is None:
        return _on_integers(op, tensors, inputs, threads)
    return _core.table_activation(
        words,
        _weights(op.table),
        function,
        data=core_format(tensor.type),
        table_format=core_format(op.table.type),
        result=core_format(op.output.type),
        factor=None if factor is None else _weights(factor),
        factor_format=None if factor is None else core_format(factor.type),
        threads=threads,
    )


def _function(op: Lookup) -> str | None:
    """The kernel in table.hpp that looks up as the op does: one function for each index and place of a factor."""
    factors = op.entry_factor is not None, op.other_factor is not None
    kernels: dict[tuple[Index, tuple[bool, bool]], str] = {
        (AroundZero(16), (False, False)): "sigmoid",
        (AroundZero(8), (False, False)): "tanh",
        (BelowZero(8), (True, False)): "elu",
        (BelowZero(8), (False, True)): "selu",
    }
    return kernels.get((op.index, factors)) if op.row == 1 else None


def _softmax(op: Softmax, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    places = None if op.in_order else op.groups.ravel()
    # Formats that an implementation does not have are not looked at: any will do.
    exponential, inverse = (tensor.type if t is None else t.type for t in (op.exp_table, op.inv_table))
    found = _core.softmax(
        words if places is None else np.ascontiguousarray(words[:, places]),
        None if op.exp_table is None else _weights(op.exp_table),
        None if op.inv_table is None else _weights(op.inv_table),
        op.implementation,
        data=core_format(tensor.type),
        distance=core_format(op.inp_norm or tensor.type),
        exponential=core_format(exponential),
        accum=core_format(op.accum or tensor.type),
        inverse_input=core_format(op.inv_inp or tensor.type),
        inverse=core_format(inverse),
        result=core_format(op.output.type),
        size=op.size,
        outer=len(op.groups),
        inner=1,
        threads=threads,
    )
    return found if places is None else np.ascontiguousarray(found[:, np.argsort(places)])


def _threshold(op: Threshold, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    low = None if op.low is None else _weights(op.low)
    return _core.threshold(words, _weights(op.high), low, data=core_format(tensor.type), threads=threads)


def _reduce(op: Reduce, tensors: Tensors, inputs: Words, threads: int) -> Any:
    (tensor,), (words,) = tensors, inputs
    return _core.pooling(
        words,
        op.view,
        np.ones(len(op.view), dtype=np.int64) if op.divisors is None else op.divisors,
        function="average" if op.function == "sum" else "max",
        order="tree" if op.order == "tree" else "stream" if op.cast_first else "parallel",
        data=core_format(tensor.type),
        accum=core_format(op.accum),
        result=core_format(op.output.type),
        channels=1,
        threads=threads,
    )


def _select(op: Select, tensors: Tensors, inputs: Words, threads: int) -> Any:
    if op.is_identity(tensors):
        return inputs[0]
    origins, result, first = op.origins(tensors), core_format(op.output.type), 0
    found = to_words(np.zeros((len(inputs[0]), op.output.size), dtype=np.int64), op.output.type)
    for place, (tensor, words) in enumerate(zip(tensors, inputs, strict=True)):
        if (here := np.flatnonzero(origins == place)).size:
            moved = np.ascontiguousarray(words[:, op.view[here] - first])
            found[:, here] = _core.activation(
                moved, "linear", data=core_format(tensor.type), result=result, threads=threads
            )
        first += tensor.size
    return found


def _on_integers(op: Formula | Lookup | Opaque, tensors: Tensors, inputs: Words, threads: int) -> Any:
    raws = [from_words(words, tensor.type) for words, tensor in zip(inputs, tensors, strict=True)]
    given = raws if isinstance(op, Opaque) else in_lane(op, tensors, raws)
    return to_words(vector.compute(op, tensors, given), op.output.type)


def _formula(op: Formula, tensors: Tensors, inputs: Words, threads: int) -> Any:
    """By the kernel of its layer, if it is all of it."""
    layer = whole_layer((op,))
    if layer is None:
        return _on_integers(op, tensors, inputs, threads)
    return LAYERS[type(layer)](layer, tensors, inputs, threads)


#: Kernels of layers that are lowered to formulas: each computes all of them.
LAYERS: dict[type[Op], Kernel] = {Activation: _activation, BatchNorm: _batchnorm, Threshold: _threshold}
KERNELS: dict[type[Op], Kernel] = {
    Dot: _dot,
    Select: _select,
    Formula: _formula,
    Opaque: _on_integers,
    Reduce: _reduce,
    Lookup: _lookup,
    Softmax: _softmax,
}


def _whole_layers(lowered: Graph, wanted: set[str]) -> list[Op]:
    """The ops that give the tensors wanted; layers with a kernel of their own in place of their formulas."""
    found: list[Op] = []
    for op in reversed(lowered.ops):
        if op.output.name in wanted:
            layer = op.layer if isinstance(op, Formula) else None
            found.append(op if layer is None else replace(layer, output=op.output))
            wanted = wanted.union(found[-1].inputs)
    return found[::-1]


class StrictEngine:
    """The hardware's order, with up to 127 bits in every intermediate; beyond that an error names the layer."""

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`."""
        words = {name: to_words(array.raw, array.type) for name, array in inputs.items()}
        lowered = graph.lowered
        for op in _whole_layers(lowered, {op.output.name for op in graph.ops}):
            kernel = KERNELS.get(type(op), LAYERS.get(type(op)))
            if kernel is None:
                raise UnsupportedError(f"cpp-strict has no kernel for op {op.tag!r} (layer {op.name!r})")
            try:
                result = kernel(op, lowered.inputs_of(op), tuple(words[name] for name in op.inputs), threads)
            except (ValueError, OverflowError) as error:
                if isinstance(op, Opaque):  # an error of the layer's own reference
                    raise
                raise UnsupportedError(f"cpp-strict cannot compute layer {op.name!r}: {error}") from None
            words[op.output.name] = result
        outputs = [op.output for op in graph.ops]
        return {t.name: FixedArray(from_words(words[t.name], t.type), t.type) for t in outputs}


ENGINE = StrictEngine()
