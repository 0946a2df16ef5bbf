"""Events a second of each road, for the page: nothing of it is in the certificate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from isobit.certify import events as kinds
from isobit.certify.network import Folder
from isobit.certify.report import NetworkResult
from isobit.errors import IsobitError

__all__ = ["with_speeds"]

#: Events of the engines and of the compiled projects, and seconds that a road is repeated.
_MANY, _FEW, _SECONDS = 20_000, 500, 0.3


def with_speeds(result: NetworkResult, folder: Folder) -> NetworkResult:
    """A result with events a second on one thread: outputs alone, no layer traced, compilation not counted.

    Parameters
    ----------
    result
        What was found.
    folder
        The model and its compiled projects.
    """
    model = folder.model
    if model is None:
        return result
    block = kinds.random_events(model.graph, _MANY, 0).block
    data = [block.columns[t.name].reshape(-1, *t.shape) for t in model.graph.inputs]
    few = [array[:_FEW] for array in data]
    roads: dict[str, tuple[Callable[[], Any], int]] = {
        engine: (lambda engine=engine: model.predict(_plain(data), engine=engine, threads=1), _MANY)  # type: ignore[misc]
        for engine in ("numba", "cpp")
    }
    for name, simulation in folder.built.items():
        roads[name] = (lambda s=simulation: s.predict(_plain(few), threads=1), _FEW)  # type: ignore[misc]
    speeds = {}
    for name, (run, events) in roads.items():
        try:
            run()
            start, times = time.perf_counter(), 0
            while times == 0 or (time.perf_counter() - start < _SECONDS and times < 100):
                run()
                times += 1
            speeds[name] = events * times / (time.perf_counter() - start)
        except IsobitError:  # it is among the faults
            continue
    return replace(result, speeds=speeds)


def _plain(arrays: list[Any]) -> Any:
    return arrays if len(arrays) > 1 else arrays[0]
