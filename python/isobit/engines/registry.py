"""Engines: each computes every tensor of a graph from input integers, and is imported at its first use."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

from isobit.errors import TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["ENGINES", "BatchEngine", "Engine", "Values", "get_engine", "resolve", "thread_count"]

#: Tensors by name; arrays of shape (events, size).
Values = dict[str, FixedArray]


class Engine(Protocol):
    """Computes one road: every tensor of a graph, on raw integers."""

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute the output of every op, exactly as the firmware does.

        Parameters
        ----------
        graph
            The network.
        inputs
            Every input tensor by name, shape (events, size).
        threads
            Threads to use at most.

        Returns
        -------
        Every op's output tensor by name, shape (events, size).
        """
        ...


@runtime_checkable
class BatchEngine(Engine, Protocol):
    """An engine that can leave out tensors that are not needed."""

    def run_outputs(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute the graph's outputs alone; as :meth:`Engine.run`."""
        ...

    def predict_floats(
        self, graph: Graph, inputs: Sequence[Any], threads: int, *, raw: bool = False
    ) -> list[Any] | None:
        """Compute the graph's outputs straight from floats.

        Parameters
        ----------
        graph
            The network.
        inputs
            C-contiguous float32 or float64 arrays of shape (events, size), in the order of the graph's inputs.
        threads
            Threads to use at most.
        raw
            Whether raw integers are wanted.

        Returns
        -------
        Arrays of shape (events, size), float64 or, raw, int64. None where :meth:`run_outputs` must do it from raw
        integers: formats or numbers (NaN, infinity, very large ones) that are not taken here.
        """
        ...


#: Module of each engine; the module holds an ``ENGINE``.
ENGINES: dict[str, str] = {
    "cpp": "isobit.engines.cpp",
    "numba": "isobit.engines.numba",
    "cpp-strict": "isobit.engines.strict",
    "reference": "isobit.engines.reference",
    "hls": "isobit.hls.engine",
}

#: Other names of engines. ``auto`` is the one that was faster on the networks of benchmarks/bench_emulator.py.
ALIASES = {"auto": "cpp"}


def resolve(name: str) -> str:
    """Return the engine that a name stands for.

    Raises
    ------
    UnsupportedError
        If there is none; the message lists those that are.
    """
    engine = ALIASES.get(name, name)
    if engine not in ENGINES:
        raise UnsupportedError(f"unknown engine {name!r}; known: {', '.join([*ALIASES, *ENGINES])}")
    return engine


def get_engine(name: str) -> Engine:
    """Import and return an engine; see :func:`resolve`."""
    return cast(Engine, importlib.import_module(ENGINES[resolve(name)]).ENGINE)


def thread_count(threads: int | None) -> int:
    """Threads to use: as given, or every core this process may run on."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise TypeMismatchError(f"threads must be a positive integer or None, got {threads!r}")
    return threads
