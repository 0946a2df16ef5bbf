"""From a trained Keras model to the bits of its firmware, with hls4ml's own C-simulation as a witness on a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model, csim, load
from isobit.students.zoo.entry import ZooEntry
from isobit.studies.frame import Results

__all__ = ["agreement", "firmware"]


def firmware(model: Any, entry: ZooEntry) -> Model:
    """The network as firmware, with the golden configuration of its entry."""
    arguments = dict(entry.sheet().arguments())
    clock = float(arguments.pop("clock_period"))
    return load(model, clock_ns=clock, project_name=entry.name, **arguments)


def agreement(network: Model, x: NDArray[np.float64]) -> Results:
    """Events of `x` whose outputs differ between isobit and hls4ml's C-simulation with AMD's headers, bit by bit."""
    mine, theirs = network.predict_raw(x), csim(network, headers="vendor", optimisation="0").predict_raw(x)
    differ = np.zeros(len(x), bool)
    for a, b in zip(_listed(mine), _listed(theirs), strict=True):
        differ |= (a.raw != b.raw).reshape(len(x), -1).any(axis=1)
    return {"events": len(x), "differ": int(differ.sum())}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
