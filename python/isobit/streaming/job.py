"""What a run depends on, so that another can resume it: model, data and options."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isobit._version import __version__
from isobit.engines.registry import BatchEngine, get_engine
from isobit.model.file import graph_digest
from isobit.model.ops import Tensor
from isobit.network import Network
from isobit.streaming.inputs import Inputs
from isobit.streaming.writers import Layout, Writer

__all__ = ["block_size", "make_layout", "make_pins"]

#: A block is chosen so that the tensors of its events that the engine keeps, as int64, take at most so many bytes. One
#: is read, one predicted and one written at a time.
BLOCK_BYTES = 1 << 26
_BLOCK_MIN, _BLOCK_MAX = 256, 1 << 18


def make_layout(model: Network, inputs: Inputs, raw: bool, block: int) -> Layout:
    """What will be written."""
    kept = () if inputs.kept is None else inputs.kept.fields
    metadata: dict[str, Any] = {
        "content": "raw integers, in units of the LSB" if raw else "values",
        "isobit_version": __version__,
        "model_sha256": graph_digest(model.graph),
        "outputs": {tensor.name: str(tensor.type) for tensor in model.graph.output_tensors},
    }
    if kept:
        metadata["kept"] = {field.name: str(field.dtype) for field in kept}
    return Layout(model.graph.output_tensors, inputs.events, raw, block, metadata, kept)


def make_pins(layout: Layout, writer: Writer, inputs: Inputs) -> dict[str, Any]:
    """What must be the same for a run to go on where another stopped."""
    return {
        "isobit": layout.metadata["isobit_version"],
        "libraries": dict(writer.libraries),
        "model sha256": layout.metadata["model_sha256"],
        "raw": layout.raw,
        "keep": [field.name for field in layout.kept],
        "chunk": layout.block,
        "events": layout.events,
        **inputs.pins(),
    }


def block_size(model: Network, engine: str, raw: bool) -> int:
    """Events at a time: a power of two."""
    graph, road = model.graph, get_engine(engine)
    inputs = [np.zeros((1, tensor.size)) for tensor in graph.inputs]
    tensors: Iterable[Tensor] = graph.tensors.values()
    if isinstance(road, BatchEngine) and road.predict_floats(graph, inputs, 1, raw=raw) is not None:
        tensors = [*graph.inputs, *graph.output_tensors]  # nothing else is ever in memory as a whole
    events = BLOCK_BYTES // (8 * sum(tensor.size for tensor in tensors))
    return max(_BLOCK_MIN, min(_BLOCK_MAX, 1 << max(0, events.bit_length() - 1)))
