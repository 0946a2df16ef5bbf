"""The edges of a network, and the names of what lies inside a layer."""

from __future__ import annotations

from dataclasses import dataclass

from isobit.errors import FormatError, ShapeError
from isobit.fixed.types import FixedType

__all__ = ["Tensor", "Tensors", "layer_of", "reported"]

#: Most numbers of an event in one tensor.
MAX_SIZE = 1 << 28


@dataclass(frozen=True)
class Tensor:
    """An edge of the graph.

    Attributes
    ----------
    name
        Unique name (hls4ml's output name of the layer).
    shape
        Shape of one event.
    type
        Format of every element.
    xnor
        True for the one-bit activations of binary networks, where 0 stands for minus one.
    """

    name: str
    shape: tuple[int, ...]
    type: FixedType
    xnor: bool = False

    def __post_init__(self) -> None:
        if any(extent < 1 for extent in self.shape) or self.size > MAX_SIZE:
            raise ShapeError(
                f"tensor {self.name!r} has the shape {self.shape}; its extents must be at least 1, its size {MAX_SIZE} "
                "at most"
            )
        if self.xnor and self.type != FixedType.int_type(1, signed=False):
            raise FormatError(
                f"tensor {self.name!r} is binary (xnor) but has the format {self.type}; expected ap_uint<1>"
            )

    @property
    def size(self) -> int:
        """Number of elements in one event."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size


#: All input tensors of an op, in its order.
Tensors = tuple[Tensor, ...]


def layer_of(name: str) -> str:
    """The layer that a primitive belongs to, by its name; see :meth:`Op.lower`."""
    layer, slash, number = name.rpartition("/")
    return layer_of(layer) if slash and number.isdecimal() else name


def reported(name: str, slot: str) -> tuple[str, str]:
    """Layer and slot by which reports call a slot of a primitive: ``accum/2`` is that of the primitive ``layer/2``."""
    layer = layer_of(name)
    return layer, slot + name[len(layer) :]
