"""Exact bounds of every number in a network, per neuron: products, partial sums in the kernel's order, casts, results.

Plain interval arithmetic on the real weights, in integers: the bounds hold for *all* inputs within the given bounds.
They are exact for a single layer, where every input is free (except for what :class:`CastRange` says about numbers that
leave a format). In deeper layers the inputs depend on each other, which the bounds ignore, so they may be wider than
what inputs can reach.

Semantics: as in ``engines/exact``, which the tests compare with; docs/semantics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isobit.bounds import dot, formula, reduce, tables
from isobit.bounds.ranges import Range
from isobit.bounds.rules import DotBounds, OpBounds, op_bounds, register_bounds
from isobit.errors import RangeError, ShapeError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Tensor

__all__ = ["Bounds", "DotBounds", "OpBounds", "Range", "graph_bounds", "measured", "op_bounds", "register_bounds"]

#: The rules of isobit's own ops; importing them registers them.
RULES = (dot, formula, reduce, tables)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds of a graph.

    Attributes
    ----------
    inputs
        The bounds that were taken for the inputs, by name, shape (size,).
    tensors
        Bounds of every tensor by name, inputs included, shape (size,), at the tensor's fraction.
    ops
        Bounds of every op of the lowered graph by its name, in the order of computation.
    """

    inputs: dict[str, Range]
    tensors: dict[str, Range]
    ops: dict[str, OpBounds]


def graph_bounds(graph: Graph, inputs: Mapping[str, Range] | None = None) -> Bounds:
    """Bounds of every number in a network.

    Parameters
    ----------
    graph
        The network.
    inputs
        Bounds of some or all inputs by name, shape (size,), at the input's fraction, such as :func:`measured` gives.
        Inputs that are not named may take every value of their format, or of their limits.

    Raises
    ------
    RangeError, ShapeError
        For bounds of an input that does not exist, or that its format or size does not have.
    UnsupportedError
        For an op without bounds.
    """
    graph = graph.lowered
    starts = input_bounds(graph, inputs)
    tensors, ops = dict(starts), {}
    for op in graph.ops:
        ops[op.name] = op_bounds(op, graph.inputs_of(op), tuple(tensors[name] for name in op.inputs))
        tensors[op.output.name] = ops[op.name].result
    return Bounds(starts, tensors, ops)


def input_bounds(graph: Graph, inputs: Mapping[str, Range] | None = None) -> dict[str, Range]:
    """Bounds of every input: those given, checked, or those of its format; see :func:`graph_bounds`."""
    given = dict(inputs or {})
    tensors: dict[str, Range] = {}
    for tensor in graph.inputs:
        taken = given.pop(tensor.name, None)
        tensors[tensor.name] = _allowed(tensor) if taken is None else _checked(tensor, taken)
    if given:
        names = ", ".join(tensor.name for tensor in graph.inputs)
        raise RangeError(f"bounds were given for {next(iter(given))!r}, which is no input; inputs: {names}")
    return tensors


def _allowed(tensor: Tensor) -> Range:
    if tensor.limits is None:
        return Range.of_type(tensor.type, tensor.size)
    low, high = (np.full(tensor.size, end, dtype=object) for end in tensor.raw_range)
    return Range(low, high, tensor.type.fraction)


def _checked(tensor: Tensor, given: Range) -> Range:
    if given.shape != (tensor.size,):
        raise ShapeError(f"bounds of input {tensor.name!r} have shape {given.shape}, expected {(tensor.size,)}")
    kind = tensor.type
    if given.fraction != kind.fraction:
        raise RangeError(
            f"bounds of input {tensor.name!r} are at {given.fraction} fraction bits, expected {kind.fraction} ({kind})"
        )
    low, high = min(given.low.tolist()), max(given.high.tolist())
    if low < kind.raw_min or high > kind.raw_max:
        raise RangeError(
            f"bounds {low}..{high} of input {tensor.name!r} exceed {kind}, which holds {kind.raw_min}..{kind.raw_max}"
        )
    return given


def measured(graph: Graph, inputs: Mapping[str, FixedArray]) -> dict[str, Range]:
    """Bounds of data: the smallest and largest value of every input element.

    Parameters
    ----------
    graph
        The network.
    inputs
        Every input by name, in its format, shape (events, size), as :meth:`isobit.Model.quantise` gives them.

    Raises
    ------
    RangeError
        If there are no events.
    """
    found = {}
    for tensor in graph.inputs:
        raw = inputs[tensor.name].raw.reshape(len(inputs[tensor.name]), tensor.size)
        if not len(raw):
            raise RangeError(f"no events were given for input {tensor.name!r}; bounds need at least one")
        found[tensor.name] = Range(raw.min(axis=0), raw.max(axis=0), tensor.type.fraction)
    return found
