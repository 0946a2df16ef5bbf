"""Layers that move numbers and compute nothing: padding, cropping, upsampling, concatenation, broadcasting, copies.

Each number of the result is a number of an input, cast once, or zero. Semantics: nnet_padding.h, nnet_cropping.h,
nnet_image.h, nnet_merge.h (``concatenate1d`` to ``concatenate3d``), nnet_stream.h and, with io_stream, the files of the
same names with ``_stream``, in hls4ml 1.3.0. Axes are those of one event, counted from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.model.layers.movement import Movement, Shape
from isobit.model.ops import Op, Tensor, register_op

__all__ = [
    "Broadcast",
    "Concatenate",
    "Copy",
    "Cropping",
    "Reshape",
    "Take",
    "Transpose",
    "UpSampling",
    "ZeroPadding",
]


def _equal(extents: Shape) -> int:
    if len(set(extents)) != 1:
        raise ValueError(f"extents differ: {extents}")
    return extents[0]


def _check_sides(op: Op, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    if len(before) != len(after) or len(before) != len(op.output.shape) or min((*before, *after), default=0) < 0:
        raise ShapeError(
            f"layer {op.name!r} needs a number of at least 0 for both ends of each of its {len(op.output.shape)} axes, "
            f"got {before} and {after}"
        )
    if all(before[axis] or after[axis] for axis in (0, -1)):
        raise UnsupportedError(
            f"layer {op.name!r} ({op.tag}) changes its first and its last axis, {before} and {after}; one of them is "
            "that of the channels, which hls4ml's kernels leave alone"
        )


@register_op
@dataclass(frozen=True, eq=False)
class ZeroPadding(Movement):
    """Zeros around the positions: ``zeropad1d_*`` and ``zeropad2d_*``.

    Attributes
    ----------
    before, after
        Zeros at both ends of every axis. The channels have none: the last axis or, with ``channels_first``, the first.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]

    tag: ClassVar[str] = "zero_padding"
    ranks: ClassVar[tuple[int, ...]] = (2, 3)

    def __post_init__(self) -> None:
        _check_sides(self, self.before, self.after)

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        return np.pad(place, list(zip(self.before, self.after, strict=True)), constant_values=-1)

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        return tuple(sum(parts) for parts in zip(self.before, *shapes, self.after, strict=True))


@register_op
@dataclass(frozen=True, eq=False)
class Cropping(Movement):
    """Fewer positions: ``cropping1d_cl``, ``cropping2d_cl`` and ``cropping2d_cf``.

    Attributes
    ----------
    before, after
        Numbers that are cut off at both ends of every axis; as for :class:`ZeroPadding`, none of the channels'.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]

    tag: ClassVar[str] = "cropping"
    ranks: ClassVar[tuple[int, ...]] = (2, 3)

    def __post_init__(self) -> None:
        _check_sides(self, self.before, self.after)

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        ends = zip(self.before, place.shape, self.after, strict=True)
        return place[tuple(slice(first, extent - last) for first, extent, last in ends)]

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        ends = zip(self.before, *shapes, self.after, strict=True)
        return tuple(extent - first - last for first, extent, last in ends)


@register_op
@dataclass(frozen=True, eq=False)
class UpSampling(Movement):
    """Every position several times: ``resize_nearest``, which moves whole elements, so the format is the input's.

    Attributes
    ----------
    factors
        How often a position is repeated in the result, for every axis.
    """

    factors: tuple[int, ...]

    tag: ClassVar[str] = "upsampling"
    ranks: ClassVar[tuple[int, ...]] = (2, 3)
    follows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if len(self.factors) != len(self.output.shape) or min(self.factors) < 1 or self.factors[-1] != 1:
            raise ShapeError(
                f"layer {self.name!r} needs factors of at least 1 for its {len(self.output.shape)} axes, and 1 for the "
                f"last, which holds the channels; got {self.factors}"
            )

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        for axis, factor in enumerate(self.factors):
            place = place.repeat(factor, axis)
        return place

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        return tuple(extent * factor for extent, factor in zip(*shapes, self.factors, strict=True))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check shape and format; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        if self.output.type != tensors[0].type:
            raise FormatError(
                f"upsampling {self.name!r} gives {self.output.type} from {tensors[0].type}; hls4ml's kernel compiles "
                "only where both are the same"
            )


@register_op
@dataclass(frozen=True, eq=False)
class Concatenate(Movement):
    """One input after the other along an axis: ``concatenate1d``, ``concatenate2d`` and ``concatenate3d``.

    Attributes
    ----------
    axis
        Which one, counted from zero.
    """

    axis: int

    tag: ClassVar[str] = "concatenate"
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def __post_init__(self) -> None:
        if not 0 <= self.axis < len(self.output.shape):
            raise ShapeError(f"layer {self.name!r} joins along axis {self.axis} of {len(self.output.shape)}")

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        return np.concatenate(places, axis=self.axis)

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        return tuple(
            sum(extents) if axis == self.axis else _equal(extents)
            for axis, extents in enumerate(zip(*shapes, strict=True))
        )


@register_op
@dataclass(frozen=True, eq=False)
class Broadcast(Movement):
    """One position everywhere, or one channel in all of them: ``broadcast_stream``.

    hls4ml's Vivado back end inserts it before merges with io_stream, for the shapes (1, 1, channels) and
    (height, width, 1).
    """

    tag: ClassVar[str] = "broadcast"
    ranks: ClassVar[tuple[int, ...]] = (3,)

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        return np.broadcast_to(place, self.output.shape)

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        (shape,), (height, width, channels) = shapes, self.output.shape
        if shape[:2] == (1, 1):
            return (height, width, shape[2])
        if shape[2] != 1:
            raise ValueError(f"{shape} is neither one position nor one channel")
        return (*shape[:2], channels)


@register_op
@dataclass(frozen=True, eq=False)
class Copy(Movement):
    """The same numbers in the same order, perhaps in another shape, cast: ``repack_stream``."""

    tag: ClassVar[str] = "copy"

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        return place.reshape(self.output.shape)

    def result_shape(self, *shapes: Shape) -> Shape:
        """See :meth:`Movement.result_shape`."""
        return self.output.shape if prod(self.output.shape) == prod(*shapes) else shapes[0]


@register_op
@dataclass(frozen=True, eq=False)
class Take(Movement):
    """Some numbers of the inputs in any order, cast: how the wrapper packs and unpacks arrays.

    Attributes
    ----------
    indices
        Which number each number of the result is, counted through all inputs, one after the other.
    """

    indices: tuple[int, ...]

    tag: ClassVar[str] = "take"
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        return np.concatenate([place.ravel() for place in places])[np.array(self.indices)].reshape(self.output.shape)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every index exists; see :meth:`Op.check_inputs`."""
        size = sum(tensor.size for tensor in self._counted(tensors))
        if wrong := [index for index in self.indices if not 0 <= index < size]:
            raise ShapeError(f"layer {self.name!r} takes the number {wrong[0]}; expected 0 to {size - 1}")
        self._same(len(self.indices), (self.output.size,), "indices", tensors[0])
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.tag} of one-bit (xnor) numbers is not supported (layer {self.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class Transpose(Movement):
    """Another order of the axes: nnet_transpose.h; numbers are cast to the result's format.

    Attributes
    ----------
    shape
        Of the input.
    perm
        Axis of the input that each axis of the output is.
    """

    shape: tuple[int, ...]
    perm: tuple[int, ...]

    tag: ClassVar[str] = "transpose"

    def __post_init__(self) -> None:
        if sorted(self.perm) != list(range(len(self.shape))):
            raise ShapeError(f"axes {self.perm} of layer {self.name!r} are not a permutation of those of {self.shape}")

    def moved(self, *places: Any) -> Any:
        """See :meth:`Movement.moved`."""
        (place,) = places
        return place.reshape(self.shape).transpose(self.perm)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        Op.check_inputs(self, *tensors)
        (tensor,) = tensors
        self._same(prod(self.shape), (tensor.size,), "inputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"a transposition of one-bit (xnor) numbers is not supported (layer {self.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class Reshape(Copy):
    """Another shape for the same numbers; nothing is computed."""

    tag: ClassVar[str] = "reshape"
    follows: ClassVar[bool] = True
    renames: ClassVar[bool] = True

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and format; see :meth:`Op.check_inputs`."""
        Op.check_inputs(self, *tensors)
        (tensor,) = tensors
        if self.output.type != tensor.type:
            raise FormatError(f"reshape {self.name!r} gives {self.output.type} from {tensor.type}; it changes none")
