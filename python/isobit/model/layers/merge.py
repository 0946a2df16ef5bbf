"""Layers that merge two tensors: nnet_merge.h and nnet_merge_stream.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import ClassVar

import numpy as np

from isobit.errors import UnsupportedError
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.comparison import check_comparison
from isobit.model.expressions import Choice, Constant, Halved, Input, Minus, Outcome, Plus, Result, Times
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, broadcast_view, identity_view
from isobit.model.products import Product
from isobit.model.reduce import Reduce
from isobit.model.weights import Weight

__all__ = ["DotProduct", "Merge"]

#: Format of the factor of an average, ``ap_ufixed<1,0>(0.5)``; with it a sum gets one fraction bit more.
HALF = FixedType(1, 0, False)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the leading axes of one element."""
    return tuple(dropwhile(lambda extent: extent == 1, shape))


@register_op
@dataclass(frozen=True, eq=False)
class Merge(Op):
    """Sum, difference, product, mean, maximum or minimum of two numbers, exact, and one cast.

    The maximum and minimum compare the exact numbers and cast the one that they take. The smaller input counts again
    and again, which is broadcasting along leading axes: element i meets element ``i % size``.

    Attributes
    ----------
    function
        One of :attr:`FUNCTIONS`.
    """

    function: str

    tag: ClassVar[str] = "merge"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)
    FUNCTIONS: ClassVar[tuple[str, ...]] = ("add", "subtract", "multiply", "average", "maximum", "minimum")

    def __post_init__(self) -> None:
        if self.function not in self.FUNCTIONS:
            raise UnsupportedError(
                f"merge {self.function!r} of layer {self.name!r} is not supported; supported: "
                f"{', '.join(self.FUNCTIONS)}"
            )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """One expression of both numbers; see :meth:`Op.lower`."""
        views = (broadcast_view(_without_ones(tensor.shape), self.output.shape) for tensor in tensors)
        outcome = self._outcome(*(tensor.type for tensor in tensors))
        return (Formula(self.name, self.inputs, self.output, outcome, tuple(views)),)

    def _outcome(self, one: FixedType, two: FixedType) -> Outcome:
        x, y = Input(0), Input(1)
        match self.function:
            case "add":
                return Result(Plus(x, y), growth.sum_of(one, two))
            case "subtract":
                return Result(Minus(x, y), growth.difference(one, two))
            case "multiply":
                return Result(Times(x, y), growth.product(one, two))
            case "average":
                return Result(Halved(Plus(x, y)), growth.product(growth.sum_of(one, two), HALF))
        left, right = (x, y) if self.function == "maximum" else (y, x)
        return Choice(left, right, Result(x, one), Result(y, two))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes; see :meth:`Op.check_inputs`."""
        self._counted(tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.function} of one-bit (xnor) numbers is not supported (layer {self.name!r})")
        if self.function in ("maximum", "minimum"):
            check_comparison(self.name, *(tensor.type for tensor in tensors))
        shape = self.output.shape
        for tensor in tensors:
            kept = _without_ones(tensor.shape)
            if kept != shape[len(shape) - len(kept) :] or self.output.size != max(t.size for t in tensors):
                shapes = " and ".join(str(t.shape) for t in tensors)
                raise UnsupportedError(
                    f"layer {self.name!r} merges the shapes {shapes} into {shape}; hls4ml's kernels repeat the smaller "
                    "input along leading axes only, and never both"
                )


#: Second inputs of this format are taken for ternary weights (``weight_ternary`` in nnet_mult.h).
TERNARY = FixedType.int_type(2)


@register_op
@dataclass(frozen=True, eq=False)
class DotProduct(Op):
    """Scalar product of two vectors: hls4ml's ``Dot``, ``nnet::dot1d`` in nnet_merge.h.

    Every exact product is cast to the accumulator's format, added to the sum before it, and that sum cast again; the
    last one is cast to the result. hls4ml takes a second input of the format ``ap_int<2>`` for ternary weights, of
    which -2 counts as 1.

    Attributes
    ----------
    accum
        Format of the accumulator.
    """

    accum: FixedType

    tag: ClassVar[str] = "dot_product"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Products, and their sum; see :meth:`Op.lower`."""
        one, two = tensors
        size = one.size
        parts: list[Op] = []

        def part(sources: tuple[Tensor, ...], kind: FixedType, outcome: Outcome) -> Tensor:
            name = f"{self.name}/{len(parts) + 2}"
            output = Tensor(name, (size,), kind)
            views = (identity_view(size),) * len(sources)
            parts.append(Formula(name, tuple(source.name for source in sources), output, outcome, views))
            return output

        if two.type == TERNARY:
            two = part((two,), TERNARY, _with_one_for_minus_two())
            exact = Product.WEIGHT_TERNARY.exact_type(one.type, two.type)
        else:
            exact = growth.product(one.type, two.type)
        products = part((one, two), self.accum, Result(Times(Input(0), Input(1)), exact))
        every = identity_view(size)[None]
        return (*parts, Reduce(self.name, (products.name,), self.output, "sum", every, self.accum, cast_first=True))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        one, two = self._counted(tensors)
        self._same(two.size, (one.size,), "numbers in its second input", one)
        self._same(self.output.size, (1,), "outputs", one)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"a scalar product of one-bit (xnor) numbers is not supported (layer {self.name!r})")
        if one.type == FixedType.int_type(1, signed=False):
            raise UnsupportedError(
                f"the first input of layer {self.name!r} is {one.type}, for which hls4ml's dot1d does not compile"
            )


def _with_one_for_minus_two() -> Choice:
    """A ternary weight as its kernel takes it."""
    numbers = {"least": np.array([-2.0]), "one": np.array([1.0])}
    least, one = (Constant(Weight.from_written(name, value, TERNARY)) for name, value in numbers.items())
    return Choice(Input(0), least, Result(Input(0), TERNARY), Result(one, TERNARY))
