"""Networks with the raw numbers that hls4ml's C-simulation gave for every layer: an oracle without a compiler.

``recorded/FAMILY.npz`` holds, for each network, ``NAME/graph`` (a model file's bytes), ``NAME/x/TENSOR`` (raw inputs)
and ``NAME/y/TENSOR`` (raw numbers of every layer), shape (events, size). tools/record_networks.py writes them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from isobit.fixed import FixedArray
from isobit.model import Graph
from isobit.model.file import load_graph, save_graph

__all__ = ["FOLDER", "Recorded", "difference", "families", "model_bytes", "networks", "write"]

FOLDER = Path(__file__).resolve().with_name("recorded")


@dataclass(frozen=True)
class Recorded:
    """One network.

    Attributes
    ----------
    family, name
        The file, and the network in it.
    data
        Bytes of its model file.
    inputs, outputs
        Raw integers of inputs and layers, shape (events, size).
    """

    family: str
    name: str
    data: bytes
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def graph(self) -> Graph:
        """The network, read anew: nothing of it is lowered yet."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "network.isobit"
            path.write_bytes(self.data)
            return load_graph(path)


def families() -> list[str]:
    """Names of the files."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


@cache
def networks(family: str) -> tuple[Recorded, ...]:
    """What a file holds."""
    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    with np.load(FOLDER / f"{family}.npz") as file:
        for key in file.files:
            name, _, rest = key.partition("/")
            parts[name][rest] = file[key]
    return tuple(
        Recorded(
            family,
            name,
            found["graph"].tobytes(),
            *({key[2:]: _wide(raw) for key, raw in found.items() if key[:2] == kind} for kind in ("x/", "y/")),
        )
        for name, found in parts.items()
    )


def model_bytes(graph: Graph) -> bytes:
    """A model file of a graph."""
    with TemporaryDirectory() as folder:
        save_graph(graph, path := Path(folder) / "network.isobit")
        return path.read_bytes()


def write(family: str, found: dict[str, tuple[Graph, dict[str, Any], dict[str, Any]]]) -> None:
    """Write a file: by name a network's graph, its raw inputs, and the raw numbers of its layers."""
    arrays: dict[str, Any] = {}
    for name, (graph, inputs, outputs) in found.items():
        arrays[f"{name}/graph"] = np.frombuffer(model_bytes(graph), dtype=np.uint8)
        for kind, values in (("x", inputs), ("y", outputs)):
            arrays |= {f"{name}/{kind}/{tensor}": _narrow(raw) for tensor, raw in values.items()}
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / f"{family}.npz", **arrays)


def _narrow(raw: Any) -> Any:
    """The same integers in as few bytes as hold them."""
    if np.asarray(raw).dtype == object:
        return np.asarray(raw).astype(str)
    fitting = (np.int8, np.int16, np.int32, np.int64)
    return raw.astype(next(kind for kind in fitting if (raw == raw.astype(kind)).all()))


def _wide(raw: Any) -> Any:
    return raw.astype(np.int64) if raw.dtype.kind == "i" else np.vectorize(int, otypes=[object])(raw)


def difference(network: Recorded, run: Any) -> str | None:
    """Where numbers are not the recorded ones: the first layer that differs, or None.

    Parameters
    ----------
    network
        The network.
    run
        Gives some or all layers' numbers: called with the graph and its inputs.
    """
    graph = network.graph()
    types = {tensor.name: tensor.type for tensor in graph.inputs}
    found = run(graph, {name: FixedArray.from_raw(raw, types[name]) for name, raw in network.inputs.items()})
    for name, array in found.items():
        wanted = network.outputs[name]
        if array.raw.shape != wanted.shape:
            return f"{name} has the shape {array.raw.shape}, expected {wanted.shape}"
        if (count := int(np.count_nonzero(array.raw != wanted))) > 0:
            return f"{count} of {wanted.size} numbers of {name} differ"
    return None
