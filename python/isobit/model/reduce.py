"""The primitive of maxima and sums: windows of numbers, each reduced to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import View

__all__ = ["Reduce"]


@dataclass(frozen=True, eq=False)
class Reduce(Op):
    """The maximum or the sum of the numbers of a window, for every output; a division; one cast.

    Attributes
    ----------
    function
        ``max`` or ``sum``.
    view
        The windows: flat indices into the input, -1 for padding. int64, shape (outputs, numbers of a window). Padding
        counts 0 in a sum and :attr:`padding` in a maximum.
    accum
        Format of the accumulator. A maximum is that of numbers cast to it. A sum begins with 0, and each partial sum is
        cast to it.
    order
        In which order numbers are added, one of :attr:`ORDERS`: one after the other (``sequence``), or in a balanced
        tree whose left half is the largest power of two below the whole (``tree``).
    cast_first
        Whether each number is cast to the accumulator's format before it is added; in a tree it is.
    divisors
        What each sum is divided by, truncated toward zero at the accumulator's LSB: positive int64, shape (outputs,).
        None: nothing.
    """

    function: str
    view: View
    accum: FixedType
    order: str = "sequence"
    cast_first: bool = False
    divisors: Any = None

    tag: ClassVar[str] = "reduce"
    primitive: ClassVar[bool] = True
    FUNCTIONS: ClassVar[tuple[str, ...]] = ("max", "sum")
    ORDERS: ClassVar[tuple[str, ...]] = ("sequence", "tree")

    def __post_init__(self) -> None:
        for what, value, allowed in (("reduction", self.function, self.FUNCTIONS), ("order", self.order, self.ORDERS)):
            if value not in allowed:
                raise UnsupportedError(
                    f"{what} {value!r} of layer {self.name!r} is not supported; supported: {', '.join(allowed)}"
                )
        if not isinstance(self.view, np.ndarray):
            raise TypeMismatchError(
                f"layer {self.name!r} reads windows by a {type(self.view).__name__}; expected an array of int64"
            )
        outputs, numbers = self.view.shape if self.view.ndim == 2 else (0, 0)
        if self.view.dtype != np.int64 or outputs != self.output.size or numbers < 1 or (self.view < -1).any():
            raise ShapeError(
                f"layer {self.name!r} reads windows by an array of shape {self.view.shape} and type {self.view.dtype}; "
                f"expected int64 of shape ({self.output.size}, numbers of a window), at least -1"
            )
        if (self.view < 0).all(axis=1).any():
            raise ShapeError(f"a window of layer {self.name!r} holds nothing but padding")
        if self.order == "tree" and (not self.cast_first or self.padded):
            raise UnsupportedError(f"layer {self.name!r} adds in a tree numbers that are not cast first, or padding")
        divisors = self.divisors
        if divisors is not None and self.function == "max":
            raise UnsupportedError(f"layer {self.name!r} divides a maximum; not supported")
        if divisors is not None and (divisors.shape != (outputs,) or divisors.dtype != np.int64 or divisors.min() < 1):
            raise ShapeError(f"layer {self.name!r} needs {outputs} positive divisors of int64, got {divisors!r:.80}")

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every number exists; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        if (largest := int(self.view.max())) >= tensor.size:
            raise ShapeError(f"layer {self.name!r} reads the number {largest} of {tensor.size}")
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"layer {self.name!r} reduces one-bit (xnor) numbers; not supported")
        if self.function == "max" and self.padded and self.accum != tensor.type:
            raise UnsupportedError(
                f"layer {self.name!r} takes maxima of padding and of {tensor.type}, cast to {self.accum}; with padding "
                "both must be the same"
            )

    @property
    def padded(self) -> bool:
        """Whether some window holds padding."""
        return bool((self.view < 0).any())

    @property
    def padding(self) -> int:
        """Raw integer of padding, in the accumulator's format: of a maximum, only the top bit is set."""
        if self.function == "sum":
            return 0
        return self.accum.raw_min if self.accum.signed else 1 << (self.accum.width - 1)

    def added(self, tensor: Tensor) -> FixedType:
        """Format in which numbers meet the accumulator."""
        return self.accum if self.cast_first else tensor.type
