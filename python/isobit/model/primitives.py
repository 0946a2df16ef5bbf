"""Primitives: the few computations into which layers are lowered, and all that engines, bounds and plans know.

A primitive is an :class:`~isobit.model.ops.Op` of a lowered graph (:attr:`isobit.model.Graph.lowered`). It is made
again from the layer after every change of formats, and never saved. The reference engine computes layers, not
primitives, so that the lowering can be checked against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.model.expressions import (
    Choice,
    Constant,
    Expression,
    Multiplied,
    Outcome,
    Result,
    fraction_of,
    inputs_of,
    nodes_of,
    results_of,
)
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.weights import Encoding

__all__ = ["Formula", "Opaque", "Select", "View", "broadcast_view", "identity_view", "is_alias", "whole_layer"]

IntArray = Any
#: Which number each output takes: flat indices into the inputs, one input after the other; -1 is zero. int64.
View = Any


def identity_view(size: int) -> View:
    """Every number in its place."""
    return np.arange(size, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Select(Op):
    """Numbers of the inputs in another order, some left out, repeated or zero; each is cast into the result.

    Attributes
    ----------
    view
        Shape (size,) of the output, indices into all inputs; see :data:`View`.
    """

    view: View

    tag: ClassVar[str] = "select"
    primitive: ClassVar[bool] = True
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    def __post_init__(self) -> None:
        if not isinstance(self.view, np.ndarray):
            raise TypeMismatchError(
                f"layer {self.name!r} selects with a {type(self.view).__name__}; expected an array of int64"
            )
        if self.view.dtype != np.int64 or self.view.shape != (self.output.size,) or (self.view < -1).any():
            raise ShapeError(
                f"layer {self.name!r} selects with an array of shape {self.view.shape} and type {self.view.dtype}; "
                f"expected int64 of shape ({self.output.size},), at least -1"
            )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every index exists; one-bit signs stay where they are. See :meth:`Op.check_inputs`."""
        size = sum(tensor.size for tensor in self._counted(tensors))
        if (largest := int(self.view.max(initial=-1))) >= size:
            raise ShapeError(f"layer {self.name!r} selects the number {largest} of {size}")
        if (self.output.xnor or any(tensor.xnor for tensor in tensors)) and not self.is_identity(tensors):
            raise UnsupportedError(f"layer {self.name!r} moves one-bit (xnor) numbers; not supported")

    def is_identity(self, tensors: Tensors) -> bool:
        """Whether the output is the only input under another name."""
        only = tensors[0]
        same = (only.type, only.size) == (self.output.type, self.output.size)
        return len(tensors) == 1 and same and np.array_equal(self.view, identity_view(only.size))

    def origins(self, tensors: Tensors) -> IntArray:
        """Which input each output is taken from, -1 for zeros; int64, shape (size,)."""
        ends = np.cumsum([tensor.size for tensor in tensors])
        return np.where(self.view < 0, -1, np.searchsorted(ends, self.view, side="right"))


@dataclass(frozen=True, eq=False)
class Formula(Op):
    """One exact expression for every output, and the cast of its value.

    Attributes
    ----------
    outcome
        The expression; see :mod:`isobit.model.expressions`.
    views
        For every input the index of the number that each output takes, shape (size,): broadcasting.
    layer
        The layer of which it is the last formula, if cpp-strict has a kernel for all of them; else None.
    """

    outcome: Outcome
    views: tuple[View, ...]
    layer: Op | None = None

    tag: ClassVar[str] = "formula"
    primitive: ClassVar[bool] = True
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    @classmethod
    def of(cls, layer: Op, tensors: Tensors, outcome: Outcome | Expression, inner: int | None = None) -> Formula:
        """The formula of a layer's inputs, in its lowering; smaller inputs are repeated, as NumPy broadcasts.

        Parameters
        ----------
        layer
            The layer that is lowered.
        tensors
            What is read, in the order of the expression's inputs: the layer's inputs, or outputs of inner formulas.
        outcome
            The expression, which is cast into the result; or a choice of two casts.
        inner
            None for the last primitive, which gives the layer's output. 2 or more for one before it, which gives its
            exact value, in the format that AMD's arithmetic has for it, to the primitives after it.
        """
        if layer.output.xnor or any(tensor.xnor for tensor in tensors):
            raise UnsupportedError(f"layer {layer.name!r} computes with one-bit (xnor) numbers; not supported")
        result = outcome if isinstance(outcome, (Result, Choice)) else Result.of(outcome, *tensors)
        name, output = layer.name, layer.output
        if inner is not None:
            if not isinstance(result, Result):
                raise UnsupportedError(f"an inner formula of layer {layer.name!r} is a choice; expected an expression")
            name = f"{layer.name}/{inner}"
            output = Tensor(name, output.shape, result.form)
        views = (identity_view(t.size) if t.size == output.size else _repeated(layer, t) for t in tensors)
        return cls(name, tuple(tensor.name for tensor in tensors), output, result, tuple(views))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every index and every constant exists; see :meth:`Op.check_inputs`."""
        if len(self._counted(tensors)) != len(self.views) or inputs_of(self.outcome) != set(range(len(tensors))):
            raise ShapeError(
                f"layer {self.name!r} has {len(tensors)} inputs, {len(self.views)} views, and an expression of the "
                f"inputs {sorted(inputs_of(self.outcome))}; expected as many of each"
            )
        for tensor, view in zip(tensors, self.views, strict=True):
            if view.shape != (self.output.size,) or view.min(initial=0) < 0 or view.max(initial=0) >= tensor.size:
                raise ShapeError(
                    f"layer {self.name!r} reads {tensor.name!r} ({tensor.size} values) by indices of shape "
                    f"{view.shape}; expected ({self.output.size},), from 0 to {tensor.size - 1}"
                )
        nodes = list(nodes_of(self.outcome))
        coded = {id(node.b) for node in nodes if isinstance(node, Multiplied)}
        for constant in (node for node in nodes if isinstance(node, Constant)):
            weight = constant.weight
            self._same(weight.raw.size, (1, self.output.size), f"values of {weight.name}", tensors[0])
            if weight.encoding in (Encoding.EXPONENT, Encoding.XNOR) and id(constant) not in coded:
                raise UnsupportedError(
                    f"layer {self.name!r} computes with {weight.name}, which is of {weight.encoding.value} encoding; "
                    "expected plain numbers"
                )
        for result in results_of(self.outcome):
            if result.form.fraction != (places := fraction_of(result.value, [tensor.type for tensor in tensors])):
                raise FormatError(
                    f"layer {self.name!r} computes numbers of {places} fraction bits and calls them {result.form}; "
                    "Result.of finds the format"
                )


@dataclass(frozen=True, eq=False)
class Opaque(Op):
    """A layer of which only the reference is known: a user's own, without a lowering.

    Attributes
    ----------
    layer
        The layer.
    """

    layer: Op

    tag: ClassVar[str] = "opaque"
    primitive: ClassVar[bool] = True
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    @classmethod
    def of(cls, layer: Op) -> Opaque:
        """The primitive of a layer."""
        return cls(layer.name, layer.inputs, layer.output, layer)

    def check_inputs(self, *tensors: Tensor) -> None:
        """As the layer does."""
        self.layer.check_inputs(*tensors)


def _repeated(layer: Op, tensor: Tensor) -> View:
    """An input that is smaller than the layer's output."""
    try:
        return broadcast_view(tensor.shape, layer.output.shape)
    except ValueError:
        raise ShapeError(
            f"layer {layer.name!r} reads {tensor.name!r} of shape {tensor.shape}, which cannot be repeated to "
            f"{layer.output.shape}"
        ) from None


def is_alias(op: Op, tensors: Tensors) -> bool:
    """Whether an op's output is its input under another name, so that nothing is computed."""
    return isinstance(op, Select) and op.is_identity(tensors)


def whole_layer(ops: Sequence[Op]) -> Op | None:
    """The layer that some formulas in a row are, with their output; None if they are none, or a part of one."""
    first, last = ops[0], ops[-1]
    layer = last.layer if isinstance(last, Formula) else None
    return None if layer is None or layer.inputs != first.inputs else replace(layer, output=last.output)


def broadcast_view(shape: tuple[int, ...], into: tuple[int, ...]) -> View:
    """The view of an input that is repeated to a larger shape, as NumPy broadcasts."""
    return np.broadcast_to(np.arange(prod(shape), dtype=np.int64).reshape(shape), into).ravel()
