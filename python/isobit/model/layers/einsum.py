"""Einstein sums: of data and weights, and of two tensors (nnet_einsum_dense.h, nnet_einsum.h in hls4ml 1.3.0).

Both transpose what they read, so that axes lie in the order *in place*, *free*, *contracted*, take sums of products,
and transpose the result. Axes in place are those that both operands and the result have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.expressions import Input, Result, Times
from isobit.model.layers.dense import Dense
from isobit.model.ops import Op, Tensor, Tensors, register_op
from isobit.model.primitives import Formula, Select
from isobit.model.products import Product
from isobit.model.reduce import Reduce
from isobit.model.weights import Weight

__all__ = ["Einsum", "EinsumDense"]

Axes = tuple[int, ...]


def _places(op: Op, shape: Axes, perm: Axes, what: str) -> Any:
    """Flat index of every number that ``nnet::transpose`` reads for its result, in the result's order."""
    if sorted(perm) != list(range(len(shape))):
        raise ShapeError(f"layer {op.name!r} transposes {what} of the shape {shape} by {perm}; expected its axes")
    return np.arange(prod(shape)).reshape(shape).transpose(perm).ravel()


def _check_free(op: Op, tensors: Tensors) -> None:
    if any(tensor.xnor for tensor in (*tensors, op.output)):
        raise UnsupportedError(f"{op.tag} of one-bit (xnor) numbers is not supported (layer {op.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class EinsumDense(Op):
    """A Dense layer at every free position of the data, with other weights for every index in place.

    Attributes
    ----------
    weight
        Shape (indices in place, contracted, free of the weights).
    bias
        One for every number of the result before it is transposed.
    accum
        As for :class:`~isobit.model.layers.dense.Dense`, whose kernel ``dense_latency`` computes the sums.
    perm
        How the input is transposed: axes in place, free ones, contracted ones.
    before, after
        Shape of the result before it is transposed, and how it then is.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    perm: Axes
    before: Axes
    after: Axes

    tag: ClassVar[str] = "einsum_dense"

    def __post_init__(self) -> None:
        if len(self.weight.shape) != 3 or self.output.size % (self.weight.shape[0] * self.weight.shape[2]):
            raise ShapeError(
                f"layer {self.name!r} has weights of the shape {self.weight.shape} and gives {self.output.shape}; "
                "expected (in place, contracted, free), and as many numbers as positions have them"
            )

    @property
    def positions(self) -> int:
        """Free positions of the data."""
        return self.output.size // (self.weight.shape[0] * self.weight.shape[2])

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        place, contracted, _ = self.weight.shape
        self._same(tensor.size, (place * self.positions * contracted,), "inputs", tensor)
        self._same(self.bias.raw.size, (self.output.size,), "biases", tensor)
        self._same(prod(self.before), (self.output.size,), "numbers before the transposition", tensor)
        _places(self, tensor.shape, self.perm, "data")
        _places(self, self.before, self.after, "the result")
        _check_free(self, tensors)
        if tensor.type == FixedType.int_type(1, signed=False):
            raise UnsupportedError(f"{self.tag} of {tensor.type} has not been compared with hls4ml's ({self.name!r})")

    @cached_property
    def _parts(self) -> list[tuple[int, Any]]:
        """Index in place and positions that have the same weights and biases."""
        place, _, free = self.weight.shape
        biases = self.bias.raw.reshape(place, self.positions, free)
        found: dict[tuple[int, Any], list[int]] = {}
        for i in range(place):
            for position, row in enumerate(biases[i].tolist()):
                found.setdefault((i, tuple(row)), []).append(position)
        return [(i, np.array(positions)) for (i, _), positions in found.items()]

    def dense(self, name: str, inputs: tuple[str, ...], place: int, position: int) -> Dense:
        """The layer at one position: ``dense_latency`` with the weights and biases of hls4ml's pointers there."""
        weight, bias = self.weight_of(place), self.bias_of(place, position)
        return Dense(name, inputs, Tensor(name, bias.shape, self.output.type), weight, bias, self.accum)

    def weight_of(self, place: int) -> Weight:
        """Weights of one index in place, shape (contracted, free)."""
        return _part(self.weight, lambda values: values[place])

    def bias_of(self, place: int, position: int) -> Weight:
        """Biases at one position, shape (free,)."""
        at = place * self.positions + position
        return _part(self.bias, lambda values: values.reshape(-1, self.weight.shape[2])[at])

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The data in the order of sums, a Dense layer at all positions that share one; see :meth:`Op.lower`."""
        (tensor,) = tensors
        place, contracted, free = self.weight.shape
        data = _places(self, tensor.shape, self.perm, "data").reshape(place, self.positions, contracted)
        moved = _places(self, self.before, self.after, "the result")
        parts: list[Op] = []
        order = np.zeros((place, self.positions, free), dtype=np.int64)
        count = 0
        for i, positions in self._parts:
            name = f"{self.name}/{len(parts) + 2}"
            output = Tensor(name, (len(positions), free), self.output.type)
            weight, bias = self.weight_of(i), self.bias_of(i, int(positions[0]))
            product = Product.of(tensor, weight)
            parts.append(Dot(name, self.inputs, output, weight, bias, self.accum, data[i, positions], product))
            order[i, positions] = count + np.arange(output.size).reshape(output.shape)
            count += output.size
        view = order.ravel()[moved]
        if len(parts) == 1 and np.array_equal(view, np.arange(count)):
            return (replace(parts[0], name=self.name, output=self.output),)
        return (*parts, Select(self.name, tuple(part.output.name for part in parts), self.output, view))


def _part(weight: Weight, choose: Any) -> Weight:
    """Some of a layer's weights, raw and as hls4ml wrote them."""
    signs = None if weight.signs is None else choose(weight.signs)
    return Weight(
        weight.name,
        choose(weight.raw),
        weight.type,
        choose(weight.written),
        choose(weight.unquantised),
        weight.encoding,
        signs,
    )


@register_op
@dataclass(frozen=True, eq=False)
class Einsum(Op):
    """Sums of products of two tensors: ``nnet::einsum``.

    Every exact product is added to the accumulator, which begins with 0, and the sum cast to its format.

    Attributes
    ----------
    accum
        Format of the accumulator.
    place, free, contracted
        Numbers of indices in place, free ones of both tensors, and contracted ones.
    perms
        How the tensors are transposed: axes in place, free ones, contracted ones; those of the first, then of the
        second tensor.
    before, after
        Shape of the result before it is transposed, and how it then is.
    """

    accum: FixedType
    place: int
    free: Axes
    contracted: int
    perms: Axes
    before: Axes
    after: Axes

    tag: ClassVar[str] = "einsum"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def perms_of(self, tensors: Tensors) -> tuple[Axes, Axes]:
        """How the first and the second tensor are transposed."""
        axes = len(tensors[0].shape)
        return self.perms[:axes], self.perms[axes:]

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        self._counted(tensors)
        for tensor, free, perm in zip(tensors, self.free, self.perms_of(tensors), strict=True):
            self._same(tensor.size, (self.place * free * self.contracted,), "numbers in an input", tensor)
            _places(self, tensor.shape, perm, "an input")
        self._same(self.output.size, (self.place * prod(self.free),), "outputs", tensors[0])
        self._same(prod(self.before), (self.output.size,), "numbers before the transposition", tensors[0])
        _places(self, self.before, self.after, "the result")
        _check_free(self, tensors)
        if (two := tensors[1].type) == FixedType.int_type(2):
            raise UnsupportedError(
                f"the second input of layer {self.name!r} is {two}, which hls4ml takes for ternary weights; not "
                "supported"
            )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """All products, in the order of the sums, and their sums; see :meth:`Op.lower`."""
        one, two = tensors
        shapes = ((self.place, self.free[0], 1, self.contracted), (self.place, 1, self.free[1], self.contracted))
        moved = _places(self, self.before, self.after, "the result")
        sums = (self.place, *self.free, self.contracted)
        views = []
        for tensor, perm, shape in zip(tensors, self.perms_of(tensors), shapes, strict=True):
            data = _places(self, tensor.shape, perm, "an input").reshape(shape)
            views.append(np.broadcast_to(data, sums).reshape(-1, self.contracted)[moved].ravel())
        name = f"{self.name}/2"
        products = Tensor(name, (self.output.size, self.contracted), growth.product(one.type, two.type))
        outcome = Result(Times(Input(0), Input(1)), products.type)
        windows = np.arange(products.size, dtype=np.int64).reshape(products.shape)
        return (
            Formula(name, self.inputs, products, outcome, tuple(views)),
            Reduce(self.name, (name,), self.output, "sum", windows, self.accum),
        )
