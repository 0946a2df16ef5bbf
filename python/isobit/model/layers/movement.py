"""What layers that move numbers and compute nothing have in common: they are selections (:class:`Select`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Select

__all__ = ["Movement", "Shape"]

#: Extents of a tensor.
Shape = tuple[int, ...]


def _numbered(tensors: Tensors) -> list[Any]:
    """Every number's position among those of all inputs, one after the other, in the shapes of the inputs."""
    starts = np.cumsum([0, *(tensor.size for tensor in tensors)])
    return [start + np.arange(t.size).reshape(t.shape) for start, t in zip(starts[:-1], tensors, strict=True)]


@dataclass(frozen=True, eq=False)
class Movement(Op):
    """A layer whose numbers are numbers of its inputs, each cast once into the result's format, or zero."""

    #: Numbers of axes that hls4ml has kernels for; empty: any.
    ranks: ClassVar[tuple[int, ...]] = ()

    def moved(self, *places: Any) -> Any:
        """What the layer makes of arrays in the shapes of its inputs; -1 for its zeros."""
        raise NotImplementedError

    def index(self, *tensors: Tensor) -> Any:
        """Where every number of the result comes from.

        Parameters
        ----------
        tensors
            The input tensors, in order.

        Returns
        -------
        int64, shape (numbers of the result,): positions among the numbers of all inputs, one input after the other,
        each flat in C order; -1 for zero.
        """
        return self.moved(*_numbered(tensors)).ravel()

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every number from where it was; see :meth:`Op.lower`."""
        return (Select(self.name, self.inputs, self.output, self.index(*tensors)),)

    def result_shape(self, *shapes: Shape) -> Shape:
        """The result's shape for inputs of these shapes, found without an array; ValueError if they do not fit."""
        raise NotImplementedError

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes; see :meth:`Op.check_inputs`."""
        self._counted(tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.tag} of one-bit (xnor) numbers is not supported (layer {self.name!r})")
        shapes = [tensor.shape for tensor in tensors]
        if self.ranks and len(self.output.shape) not in self.ranks:
            raise ShapeError(
                f"layer {self.name!r} ({self.tag}) has {len(self.output.shape)} axes; hls4ml's kernels have "
                f"{' or '.join(map(str, self.ranks))}"
            )
        try:
            expected: Shape | None = self.result_shape(*shapes)
        except ValueError:
            expected = None
        if expected != self.output.shape:
            raise ShapeError(
                f"layer {self.name!r} ({self.tag}) gives the shape {self.output.shape} for inputs of the shapes "
                f"{shapes}{'' if expected is None else f', expected {expected}'}"
            )
