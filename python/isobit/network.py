"""A network at its firmware's precision: what it is, what it computes, and the file that holds it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isobit._version import __version__
from isobit.data import Data, in_order, map_data, quantised, shaped, within_limits
from isobit.engines.registry import BatchEngine, Values, get_engine, thread_count
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.quantise import owned
from isobit.fixed.types import FixedType
from isobit.frontends.beside import NO_PROJECT, Beside, save_with_project
from isobit.frontends.configuration import Remark
from isobit.frontends.wrapper import Wrapper
from isobit.model.file import graph_digest, save_graph
from isobit.model.graph import Graph
from isobit.model.ops import Tensor
from isobit.model.requested import ReuseFactor, reuse_factors
from isobit.profile.counts import Profile

if TYPE_CHECKING:
    from isobit.plan.plan import Plan

__all__ = ["Network"]


@dataclass(frozen=True)
class Network:
    """A network at its firmware's precision; users hold it as a :class:`isobit.Model`.

    Attributes
    ----------
    graph
        The network as data.
    source
        The hls4ml ``ModelGraph`` that it was read from; None if the model was changed since, or has none.
    project
        For a model that was read from a file: the hls4ml project that belongs to it.
    remarks
        Entries of the hls4ml configuration that have no effect.
    wrapper
        Description of the class around the network, whose steps are layers of the graph; None if there is none.
    """

    graph: Graph
    source: Any = None
    project: Beside | None = field(default=None, compare=False)
    remarks: tuple[Remark, ...] = field(default=(), compare=False)
    wrapper: Wrapper | None = field(default=None, compare=False)

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def origin(self) -> tuple[tuple[str, str], ...]:
        """For pages: the version of isobit, the network with its model file's sha256, and what it says of itself."""
        known = {name: text for name, text in self.graph.metadata.items() if "." not in name}
        return (
            ("isobit", __version__),
            ("network", f"{self.graph.name}, sha256 {graph_digest(self.graph)}"),
            *known.items(),
        )

    @property
    def firmware_graph(self) -> Graph:
        """What the hls4ml project computes: the graph without the steps of :attr:`wrapper`."""
        return self.graph if self.wrapper is None else self.wrapper.network

    @property
    def layers(self) -> list[str]:
        """Layer names, in the order of computation."""
        return [op.name for op in self.graph.ops]

    @property
    def reuse_factors(self) -> tuple[ReuseFactor, ...]:
        """For every Dense layer, the reuse factor and strategy that were requested, and those that hls4ml chose."""
        return reuse_factors(self.graph)

    @property
    def types(self) -> dict[str, FixedType]:
        """Every format by ``layer.slot``; the keys of :meth:`with_types`."""
        return self.graph.types()

    @property
    def input_types(self) -> list[FixedType]:
        """Formats of the inputs."""
        return [tensor.type for tensor in self.graph.inputs]

    @property
    def output_types(self) -> list[FixedType]:
        """Formats of the outputs."""
        return [tensor.type for tensor in self.graph.output_tensors]

    def __repr__(self) -> str:
        lines = [f"Model {self.graph.name!r}: {len(self.graph.ops)} layers"]
        lines += [
            f"  {tensor.name}: input {tensor.shape} {tensor.type}{_range(tensor)}" for tensor in self.graph.inputs
        ]
        dense = {factor.layer: f" ({factor})" for factor in self.reuse_factors}
        for op in self.graph.ops:
            about = dense.get(op.name, "").replace(f"{op.name}: ", "", 1)
            lines.append(f"  {op.name}: {op.tag}{about} -> {op.output.shape} {op.output.type}")
        return "\n".join(lines)

    # -- what it computes ------------------------------------------------------------------------------------------

    def predict(self, x: Data, engine: str = "auto", threads: int | None = None) -> Any:
        """Predict what ``hls_model.predict(x)`` gives after ``compile()``, without compiling.

        Parameters
        ----------
        x
            Real numbers or :class:`FixedArray`, shape (events, ...) as the input, or one event without the first axis;
            for several inputs a list of them or a dict by input name.
        engine
            ``auto``, ``numba``, ``cpp``, ``cpp-strict``, ``reference`` or ``hls`` (the exported core, compiled).
        threads
            Threads to use; None takes every core.

        Returns
        -------
        float64, shape (events, ...) as the output; a list for several outputs. The events axis stays even for a single
        event (hls4ml drops it there) unless the input came without it.

        Raises
        ------
        ShapeError, TypeMismatchError, RangeError
            For data of the wrong shape or kind, and for NaN and infinity.
        """
        fast = self._straight(x, engine, threads, raw=False)
        return map_data(self.predict_raw(x, engine, threads), FixedArray.to_float) if fast is None else fast

    def predict_raw(self, x: Data, engine: str = "auto", threads: int | None = None) -> Any:
        """As :meth:`predict`, but raw integers with their format, as :class:`FixedArray`."""
        fast = self._straight(x, engine, threads, raw=True)
        if fast is not None:
            return fast
        inputs, single = self.quantise(x)
        road = get_engine(engine)
        compute = road.run_outputs if isinstance(road, BatchEngine) else road.run
        values = compute(self.graph, inputs, thread_count(threads))
        outputs = [shaped(values[t.name], t, single) for t in self.graph.output_tensors]
        return outputs[0] if len(outputs) == 1 else outputs

    def _straight(self, x: Data, engine: str, threads: int | None, raw: bool) -> Any:
        """Outputs computed directly from floats; None if engine, data or formats need quantised inputs."""
        road = get_engine(engine)
        count = thread_count(threads)
        columns = self._float_columns(x) if isinstance(road, BatchEngine) else None
        if not isinstance(road, BatchEngine) or columns is None:
            return None
        results = road.predict_floats(self.graph, columns, count, raw=raw)
        if results is None:
            return None
        pairs = list(zip(self.graph.output_tensors, results, strict=True))
        outputs = [shaped(FixedArray(owned(array), t.type) if raw else array, t, False) for t, array in pairs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _float_columns(self, x: Data) -> list[Any] | None:
        """Inputs of shape (events, size), if they are plain arrays of float32 or float64."""
        tensors = self.graph.inputs
        given = in_order(tensors, x) if isinstance(x, Mapping) else [x] if isinstance(x, np.ndarray) else x
        if not isinstance(given, (list, tuple)) or len(given) != len(tensors):
            return None
        columns = []
        for tensor, array in zip(tensors, given, strict=True):
            plain = isinstance(array, np.ndarray) and array.dtype in (np.float32, np.float64)
            plain = plain and not isinstance(array, np.ma.MaskedArray)
            # An array of the shape of one event is one event, even where its first extent could be one of events.
            events = plain and array.shape != tensor.shape and array.shape[1:] in (tensor.shape, (tensor.size,))
            if not events or len(array) != len(given[0]):
                return None
            if not within_limits(tensor, array):
                return None
            columns.append(np.ascontiguousarray(array.reshape(len(array), tensor.size)))
        return columns

    def plan(self, x: Data = None, *, witnesses: bool = False) -> Plan:
        """Plan the computation and prove what cannot overflow. Print the result to read it.

        Parameters
        ----------
        x
            Events whose smallest and largest values bound the inputs; the plan holds for data within these bounds.
            None: the plan holds for every input that the formats allow.
        witnesses
            Also tighten the verdicts, and search for a concrete input for each cast that may overflow. This takes
            seconds, for wide networks minutes.
        """
        from isobit.bounds.intervals import measured
        from isobit.plan.plan import make_plan
        from isobit.witness.search import find_witnesses

        search = find_witnesses if witnesses else None
        if x is None:
            return make_plan(self.graph, search=search)
        inputs, _ = self.quantise(x)
        return make_plan(self.graph, inputs=measured(self.graph, inputs), search=search)

    def trace(self, x: Data, engine: str = "auto", threads: int | None = None) -> dict[str, FixedArray]:
        """Every layer's output as :class:`FixedArray`, by the names that hls4ml's trace uses."""
        inputs, single = self.quantise(x)
        values = self.run(inputs, engine, threads)
        return {op.name: shaped(values[op.output.name], op.output, single) for op in self.graph.ops if not op.renames}

    def profile(self, x: Data, threads: int | None = None, *, distributions: bool = False) -> Profile:
        """Count overflows, saturations and rounding losses by layer and neuron on some events, and bits in use.

        Parameters
        ----------
        x
            As for :meth:`predict`.
        threads
            Threads to use; None takes every core.
        distributions
            Also count, on the first events, how large inputs, results and constants are, which pages show against the
            range of each format.
        """
        from isobit.profile.profiling import profile_graph

        count = thread_count(threads)
        columns = self._float_columns(x)
        given: dict[str, Any] = {}
        found: Profile | None = None
        if columns is not None:
            given = {tensor.name: column for tensor, column in zip(self.graph.inputs, columns, strict=True)}
            found = profile_graph(self.graph, given, count)
        if found is None:
            inputs, _ = self.quantise(x)
            given = dict(inputs) if columns is None else given
            found = profile_graph(self.graph, {name: np.ascontiguousarray(a.raw) for name, a in inputs.items()}, count)
            assert found is not None  # raw integers are always taken
        found = replace(found, network=self.graph.name, origin=self.origin)
        return self._with_distributions(found, given, count) if distributions and found.events else found

    def _with_distributions(self, found: Profile, given: Mapping[str, Any], threads: int) -> Profile:
        from isobit.profile.distributions import distributions, sampled_events

        count = sampled_events(self.graph, found.events)
        part = {name: column[:count] for name, column in given.items()}
        inputs = {
            tensor.name: column if isinstance(column, FixedArray) else FixedArray.from_float(column, tensor.type)
            for tensor in self.graph.inputs
            for column in [part[tensor.name]]
        }
        values = self.run(inputs, threads=threads)
        return replace(found, distributions=distributions(self.graph, part, values))

    def quantise(self, x: Data) -> tuple[dict[str, FixedArray], bool]:
        """Bring data into the input formats: (tensors of shape (events, size), whether it was a single event)."""
        return quantised(self.graph.inputs, x)

    def run(self, inputs: Mapping[str, FixedArray], engine: str = "auto", threads: int | None = None) -> Values:
        """Compute every tensor from quantised inputs, which :meth:`predict` does after quantising."""
        values = get_engine(engine).run(self.graph, inputs, thread_count(threads))
        return {**inputs, **values}

    # -- where it goes -------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False, project: bool = False) -> None:
        """Write the model to a file, whole or not at all; refuses to overwrite unless asked.

        The steps of a :attr:`wrapper` are layers of the file as any other: what is read from it gives the same bits,
        and has no wrapper.

        Parameters
        ----------
        path, overwrite
            The model file; whether to replace an existing one (and project).
        project
            Also write the hls4ml project that C-simulation compiles, to ``student.hls4ml`` beside ``student.isobit``.

        Raises
        ------
        OverwriteError
            If the file or the folder exists and ``overwrite`` is false.
        UnsupportedError
            If a project is wanted and the model has no hls4ml ``ModelGraph``, or a wrapper.
        """
        if project and self.wrapper is not None:
            raise UnsupportedError(
                f"the hls4ml project computes the network without the wrapper of {self.wrapper.path.name}: save the "
                "model without a project, or the network that was loaded with wrapper=False"
            )
        if project:
            save_with_project(self.graph, self.source, Path(path), overwrite=overwrite)
        else:
            save_graph(self.graph, path, overwrite=overwrite)

    def csim_refusal(self) -> str | None:
        """Why :meth:`csim` has no project to compile; None if it has one."""
        if self.source is not None:
            return None
        return NO_PROJECT if self.project is None else self.project.refusal()


def _range(tensor: Tensor) -> str:
    return "" if tensor.limits is None else f" from {tensor.limits[0]:g} to {tensor.limits[1]:g}"
