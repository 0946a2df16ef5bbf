"""One form of a network for every way in: what its bits depend on, and nothing else.

A graph from Keras and one from the firmware that hls4ml wrote of it differ in what the firmware does not say: the names
of reshapes, the shapes of tensors in between, unquantised weights, where it came from. Everything that a bit depends on
is compared: formats, raw weights and tables, strategies, orders, and the connections.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import Any

import numpy as np

from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.model.weights import Weight

__all__ = ["canonical", "canonical_digest"]


def canonical(graph: Graph) -> dict[str, Any]:
    """The network as plain data.

    Returns
    -------
    Inputs and outputs, and by layer name what it is; weights as the digest of their raw integers.
    """
    of = {tensor.name: tensor.name for tensor in graph.inputs}
    layers = {}
    for op in graph.ops:
        sources = [of[name] for name in op.inputs]
        of[op.output.name] = sources[0] if op.renames else op.name
        if not op.renames:
            layers[op.name] = {"op": op.tag, **_op(op), "inputs": sources}
    return {
        "inputs": [_tensor(tensor) | {"name": tensor.name} for tensor in graph.inputs],
        "outputs": [of[name] for name in graph.outputs],
        "layers": layers,
    }


def canonical_digest(graph: Graph) -> str:
    """The sha256 of :func:`canonical`, in hexadecimal."""
    text = json.dumps(canonical(graph), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _op(op: Op) -> dict[str, Any]:
    names = [field.name for field in fields(op) if field.name not in ("name", "inputs")]
    return {name: _value(getattr(op, name)) for name in names}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {"size": tensor.size, "type": str(tensor.type), "xnor": tensor.xnor}


def _value(value: Any) -> Any:
    if isinstance(value, Weight):
        integers = ",".join(str(int(number)) for number in value.raw.ravel().tolist())
        signs = "" if value.signs is None else ",".join(map(str, np.asarray(value.signs).ravel().tolist()))
        digest = hashlib.sha256(f"{integers};{signs}".encode()).hexdigest()[:16]
        return [value.name, str(value.type), value.encoding.value, list(value.shape), digest]
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, FixedType):
        return str(value)
    if isinstance(value, Op):
        return {"op": value.tag, **_op(value)}
    if isinstance(value, tuple):
        return [_value(entry) for entry in value]
    return value
