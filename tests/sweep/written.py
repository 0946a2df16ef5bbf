"""hls4ml's own firmware of a configuration, compiled: what the test and tools/sweep_run.py compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import isobit as ib
from isobit.model.graph import Graph
from isobit.sweep.configuration import ENTRIES, REUSE, configuration_of, is_reconverted, reconverted, retyped


def network_of(model: ib.Model, changes: Mapping[str, str]) -> Graph:
    """The network that a sweep computes."""
    return reconverted(model, changes)[0] if is_reconverted(changes) else retyped(model.graph, changes)


def firmware_of(model: ib.Model, graph: Graph, changes: Mapping[str, str]) -> ib.Model:
    """The network that hls4ml makes: of the changes, or with every format of a retyped one written out.

    Raises
    ------
    AssertionError
        If hls4ml makes another network of it.
    """
    asked = dict(changes)
    if not is_reconverted(changes):
        asked = {key: str(kind) for key, kind in graph.types().items()}
        asked |= {key: value for key, value in changes.items() if key.endswith((ENTRIES, REUSE))}
    made = model.reconvert(configuration_of(model, asked))
    for key, kind in graph.types().items():
        if made.types[key] != kind and key.endswith((".weight", ".bias")):
            _set(made.source, key, kind)  # QKeras gives the format, whatever the configuration says
    made = ib.load(made.source)
    different = {
        key: (str(kind), str(made.types[key])) for key, kind in graph.types().items() if made.types[key] != kind
    }
    assert not different, f"hls4ml makes other formats than were written: {different}"
    return made


def _set(source: Any, key: str, kind: ib.FixedType) -> None:
    """Give constants of an hls4ml ``ModelGraph`` another format."""
    from hls4ml.backends.fpga.fpga_types import APTypeConverter
    from hls4ml.model.types import FixedPrecisionType

    layer, _, slot = key.rpartition(".")
    modes = {"rounding_mode": kind.rounding.name, "saturation_mode": kind.overflow.name}
    precision = FixedPrecisionType(kind.width, kind.integer, kind.signed, **modes)
    source.graph[layer].weights[slot].update_precision(APTypeConverter().convert(precision))


def differing(made: ib.Model, graph: Graph, x: Any, optimisation: str = "0") -> tuple[int, list[str], list[Any]]:
    """Numbers compared in all layers, layers that differ from the C-simulation, and the C-simulation's outputs."""
    simulation = made.csim(optimisation=optimisation)
    wanted, found = simulation.trace(x), ib.Model(graph).trace(x)
    assert found.keys() <= wanted.keys(), (
        f"layers {sorted(found)} against {sorted(wanted)}"
    )  # it has linear ones as well
    wrong = [name for name in found if not np.array_equal(found[name].raw, wanted[name].raw)]
    outputs = simulation.predict(x)
    return sum(array.size for array in found.values()), wrong, outputs if isinstance(outputs, list) else [outputs]
