"""The roads of a comparison: which there are, and what each gives for a block of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from isobit.api import CSim, Model, csim
from isobit.check.blocks import Block
from isobit.engines.registry import BatchEngine, Values, get_engine, resolve
from isobit.errors import ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["Progress", "Roads", "road_names"]

#: Called with (road, events done, events in all).
Progress = Callable[[str, int, int], None]


class Roads:
    """The base road and those that are compared with it.

    Parameters
    ----------
    model
        The network.
    against
        Roads by name, or a compiled csim; see :func:`isobit.check`.
    workers
        Threads and worker processes.
    optimisation
        Of a csim that is still to be compiled.
    progress
        Told of the compilation.

    Raises
    ------
    ShapeError
        For a csim of a network with other layers.
    """

    def __init__(
        self, model: Model, against: Sequence[str | CSim], workers: int, optimisation: str, progress: Progress
    ) -> None:
        self.model = model
        self.workers = workers
        self._csim: CSim | None = None
        for road in against:
            if isinstance(road, CSim):
                _same_layers(model, road.model)
                self._csim = road
            elif road == "csim" and self._csim is None:
                progress("csim: compiling", 0, 1)
                self._csim = csim(model, optimisation=optimisation)

    def run(self, road: str, block: Block) -> Values:
        """Every tensor of some events on one road, by name, shape (events, size).

        A trace computes every layer by itself, ``predict`` layers together. Where an engine's two answers for an output
        differ, the one that the reference does not give counts, so that the comparison finds it.
        """
        if road != "csim":
            values = self.model.run(block.inputs, road, self.workers)
            engine = get_engine(resolve(road))
            if isinstance(engine, BatchEngine):
                together = engine.run_outputs(self.model.graph, block.inputs, self.workers)
                values |= {name: self._doubtful(block, name, values[name], other) for name, other in together.items()}
            return values
        assert self._csim is not None
        raw = block.floats is None
        taps, outputs = self._csim.run(block.columns, raw=raw, trace=True, threads=self.workers)
        return _with_outputs(taps, outputs)

    def _doubtful(self, block: Block, name: str, alone: FixedArray, together: FixedArray) -> FixedArray:
        """One of an engine's two answers for an output, where they differ the wrong one."""
        rows = np.flatnonzero((alone.raw != together.raw).any(axis=1))
        if not len(rows):
            return alone
        right = self.model.run({key: array[rows] for key, array in block.inputs.items()}, "reference", 1)[name]
        raw = alone.raw.copy()
        raw[rows] = np.where(raw[rows] == right.raw, together.raw[rows], raw[rows])
        return FixedArray.from_raw(raw, alone.type)

    @property
    def others(self) -> dict[str, Graph]:
        """Networks of roads that may compute another one than the base, by road: a csim that was given."""
        return {} if self._csim is None else {"csim": self._csim.model.graph}

    def threads(self, road: str) -> int:
        """Threads or processes that a road uses."""
        return 1 if road == "reference" else self.workers


def road_names(against: Sequence[str | CSim], base: str) -> list[str]:
    """The names of the roads to compare with the base.

    Raises
    ------
    UnsupportedError
        For an unknown road, more than one csim, or no road but the base itself: nothing would be compared.
    """
    if isinstance(against, str):
        raise TypeMismatchError(f"against must be a list of roads such as ['csim', 'reference'], got {against!r}")
    names: list[str] = []
    for road in against:
        name = "csim" if isinstance(road, CSim) or road == "csim" else resolve(road)
        if name == "csim" and name in names:
            raise UnsupportedError("against names more than one csim; compare one at a time")
        if name not in (base, *names):
            names.append(name)
    if not names:
        raise UnsupportedError(f"nothing to compare {base!r} with: against is {list(against)!r}; name another road")
    return names


def _same_layers(model: Model, other: Model) -> None:
    """Check that a csim of another model has the same layers to compare (their formats may differ)."""

    def shapes(graph: Graph) -> list[tuple[str, tuple[int, ...]]]:
        return [(tensor.name, tensor.shape) for tensor in graph.tensors.values()]

    if shapes(model.graph) != shapes(other.graph):
        raise ShapeError(
            f"the csim is of a network with other layers: {shapes(other.graph)}, expected {shapes(model.graph)}"
        )


def _with_outputs(taps: dict[str, FixedArray], outputs: dict[str, FixedArray]) -> dict[str, FixedArray]:
    """The tapped tensors; an output that was also tapped as a layer must have the same bits."""
    for name, array in outputs.items():
        if name in taps and not np.array_equal(taps[name].raw, array.raw):
            return {**taps, name: array}
    return {**outputs, **taps}
