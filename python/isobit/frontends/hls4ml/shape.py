"""Layers that move numbers and compute nothing: padding, cropping, upsampling, transposition, concatenation, copies."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, keeps_format
from isobit.model.layers.shape import (
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Reshape,
    Transpose,
    UpSampling,
    ZeroPadding,
)

__all__: list[str] = []


def _channels_first(node: Any) -> bool:
    return bool(node.get_attr("data_format", "channels_last") == "channels_first")


def _sides(node: Any, what: str) -> dict[str, Any]:
    """How much is added or taken at both ends of every axis, channels included."""
    axes = [("top", "bottom"), ("left", "right")][node.class_name.endswith("1D") :]
    ends = [(int(node.get_attr(f"{what}_{first}")), int(node.get_attr(f"{what}_{last}"))) for first, last in axes]
    before, after = zip(*([(0, 0), *ends] if _channels_first(node) else [*ends, (0, 0)]), strict=True)
    return {"before": before, "after": after}


def _check_channels_first(node: Any) -> None:
    """Refuse kernels for ``channels_first`` that do not exist, or do not compile."""
    if is_streamed(node.model) or node.class_name == "Cropping1D" or not keeps_format(node):
        raise FirmwareError(
            f"layer {node.name!r} of class {node.class_name!r} is 'channels_first', with which hls4ml's firmware "
            "compiles only for io_parallel and one format, and never for Cropping1D; use 'channels_last'"
        )


@register_handler("Reshape", keras=("Flatten", "Reshape"))
def _reshape(node: Any) -> Reshape:
    return Reshape(**edges_of(node))


@register_handler("ZeroPadding1D", "ZeroPadding2D", keras=("ZeroPadding1D", "ZeroPadding2D"))
def _zero_padding(node: Any) -> ZeroPadding:
    if _channels_first(node):
        _check_channels_first(node)
    return ZeroPadding(**edges_of(node), **_sides(node, "pad"))


@register_handler("Cropping1D", "Cropping2D", keras=("Cropping1D", "Cropping2D"))
def _cropping(node: Any) -> Cropping:
    if _channels_first(node):
        _check_channels_first(node)
    return Cropping(**edges_of(node), **_sides(node, "crop"))


@register_handler("Resize", keras=("UpSampling1D", "UpSampling2D"))
def _upsampling(node: Any) -> UpSampling:
    if (algorithm := str(node.get_attr("algorithm"))) != "nearest":
        raise FirmwareError(
            f"layer {node.name!r} has the interpolation {algorithm!r}, for which hls4ml's firmware does not compile; "
            "supported: nearest"
        )
    if not keeps_format(node):
        raise FirmwareError(
            f"layer {node.name!r} gives {node.get_output_variable().type.precision} from "
            f"{node.get_input_variable().type.precision}; hls4ml's kernel compiles only where both are the same (with "
            "io_parallel a Reshape before it hands its input's format on: give it that one, or 'auto')"
        )
    if _channels_first(node):
        raise FirmwareError(
            f"layer {node.name!r} has the data format 'channels_first', which hls4ml's kernel ignores; use "
            "'channels_last'"
        )
    shape = tuple(int(n) for n in node.get_input_variable().shape)
    sides = [[int(node.get_attr(f"{end}_{side}")) for end in ("in", "out")] for side in ("height", "width")]
    for small, large in sides:
        ratio = (small << 16) // large + 1
        if large % small or any((place * ratio) >> 16 != place // (large // small) for place in range(large)):
            raise FirmwareError(
                f"layer {node.name!r} makes {large} positions of {small}; hls4ml's kernel repeats them evenly only by "
                "whole factors, and up to some 65536 / (factor * factor) positions"
            )
    factors = [large // small for small, large in sides]
    return UpSampling(**edges_of(node), factors=(*factors[3 - len(shape) :], 1))


@register_handler("Transpose", keras=("Permute",))
def _transpose(node: Any) -> Transpose:
    shape = tuple(int(n) for n in node.get_input_variable().shape)
    perm = tuple(int(axis) for axis in node.get_attr("perm"))
    if is_streamed(node.model) and perm == (0, 1):
        raise FirmwareError(
            f"layer {node.name!r} keeps the axes in their order, but with io_stream hls4ml's kernel transposes every "
            "matrix, and reads outside of it; remove the layer"
        )
    return Transpose(**edges_of(node), shape=shape, perm=perm)


@register_handler("Concatenate", keras=("Concatenate",))
def _concatenate(node: Any) -> Concatenate:
    edges, axis = edges_of(node), int(node.get_attr("axis"))
    if axis == 0:
        raise UnsupportedError(f"layer {node.name!r} joins along the axis of events; supported: axes of one event")
    return Concatenate(**edges, axis=axis - 1 if axis > 0 else axis + len(edges["output"].shape))


@register_handler("Broadcast")
def _broadcast(node: Any) -> Broadcast:
    return Broadcast(**edges_of(node))


@register_handler("Repack")
def _repack(node: Any) -> Reshape | Copy:
    return (Reshape if keeps_format(node) else Copy)(**edges_of(node))


@register_handler("Clone")
def _clone(node: Any) -> Copy:
    """A clone that casts: hls4ml gives those of a ``Repack`` the model's default format."""
    return Copy(**edges_of(node))
