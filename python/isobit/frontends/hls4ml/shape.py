"""Layers that move numbers and compute nothing: reshape, transposition, another packing of streams."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.reading import edges_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed
from isobit.model.set_ops import Reshape, Transpose

__all__: list[str] = []


@register_handler("Reshape", keras=("Flatten", "Reshape"))
def _reshape(node: Any) -> Reshape:
    return Reshape(**edges_of(node))


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


@register_handler("Repack")
def _repack(node: Any) -> Reshape:
    return Reshape(**edges_of(node))
