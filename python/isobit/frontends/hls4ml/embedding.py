"""Embeddings."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, packet_width
from isobit.model.layers.embedding import Embedding

__all__: list[str] = []


@register_handler("Embedding", keras=("Embedding",))
def _embedding(node: Any) -> Embedding:
    indices = node.get_input_variable()
    if len(indices.shape) != 1:
        raise UnsupportedError(
            f"layer {node.name!r} reads indices of shape {tuple(indices.shape)}; hls4ml's kernel computes those of the "
            "first axis alone, so give it one axis"
        )
    if is_streamed(node.model) and (width := packet_width(node.model, indices)) != indices.size():
        raise FirmwareError(
            f"layer {node.name!r} reads one packet of {width} indices of {indices.size()}: hls4ml's kernel on streams "
            "then leaves the others out"
        )
    shape = (int(node.get_attr("vocab_size")), int(node.get_attr("n_out")))
    return Embedding(**edges_of(node), embeddings=weight_of(node, "embeddings", shape=shape))
