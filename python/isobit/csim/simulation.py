"""hls4ml's own firmware, compiled and run in worker processes: what there is to simulate, and its bits."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from isobit.csim.program import CSimProgram, Tensors
from isobit.data import Data, columns_of, map_data, shaped
from isobit.engines.registry import Values, thread_count
from isobit.errors import TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.configuration import converted, remarks_on, warned
from isobit.frontends.hls4ml import is_model_graph
from isobit.frontends.keras import KERAS_SUFFIXES, is_keras_model, load_keras_file
from isobit.frontends.project import layer_shapes, project_from_hls4ml, read_project
from isobit.frontends.sources import Project
from isobit.model.graph import Graph
from isobit.model.requested import ReuseFactor
from isobit.network import Network

__all__ = ["Firmware", "Simulation", "find_firmware", "firmware_of"]

#: Fewer events than this are not worth a worker process of their own, unless threads are asked for.
_EVENTS_PER_WORKER = 64


@dataclass(frozen=True)
class Firmware:
    """What there is to simulate.

    Attributes
    ----------
    project
        The sources.
    source
        The hls4ml ``ModelGraph`` that wrote them, if there is one.
    shapes
        Shape of one event of each layer, as far as it is known.
    """

    project: Project
    source: Any = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def find_firmware(source: Any, options: dict[str, Any]) -> Firmware | None:
    """The firmware of a folder, a Keras model or its file, or a ``ModelGraph``, whatever layers it has.

    Parameters
    ----------
    source, options
        As for :func:`isobit.csim`.

    Returns
    -------
    None for what must be loaded as a model first; see :func:`firmware_of`.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            if options:
                raise TypeMismatchError(f"a folder takes no options, got {', '.join(options)}")
            return Firmware(read_project(path))
        if path.suffix in KERAS_SUFFIXES:
            source = load_keras_file(path, allow_lambda=bool(options.pop("allow_lambda", False)))
    if is_keras_model(source):
        return _firmware_of_graph(converted(source, options)[0])
    if is_model_graph(source) and not options:
        warned(remarks_on(source))
        return _firmware_of_graph(source)
    return None


def firmware_of(network: Network) -> Firmware:
    """The firmware behind a loaded model.

    Raises
    ------
    UnsupportedError
        If there is none.
    """
    if network.source is not None:
        return _firmware_of_graph(network.source)
    if network.project is None:
        raise UnsupportedError(str(network.csim_refusal()))
    graph = network.firmware_graph
    shapes = {op.name: op.output.shape for op in graph.ops}
    return Firmware(_shaped(network.project.read(), graph), None, shapes)


def _firmware_of_graph(graph: Any) -> Firmware:
    return Firmware(project_from_hls4ml(graph), graph, layer_shapes(graph))


def _shaped(project: Project, graph: Graph) -> Project:
    """The project of a model file, its parameters in the shapes that the model knows; a folder may know only sizes."""
    shapes: dict[str, tuple[int, ...]] = {}
    for direction, tensors in (("in", graph.inputs), ("out", graph.output_tensors)):
        for parameter, tensor in zip(project.directed(direction), tensors, strict=False):
            if parameter.size == tensor.size:
                shapes[parameter.name] = tensor.shape
    return replace(project, parameters=tuple(replace(p, shape=shapes.get(p.name, p.shape)) for p in project.parameters))


class Simulation:
    """hls4ml's own project, compiled and run in worker processes; users hold it as a :class:`isobit.CSim`.

    Attributes
    ----------
    program
        The compiled project.
    """

    def __init__(
        self,
        program: CSimProgram,
        *,
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        timeout: float | None = None,
    ) -> None:
        self.program = program
        self._shapes = dict(shapes or {})
        self._timeout = timeout

    @property
    def reuse_factors(self) -> tuple[ReuseFactor, ...]:
        """Of every Dense layer, the reuse factor and strategy that were requested, and those that the firmware has.

        Layers of a folder that an hls4ml before 1.0 wrote are left out.
        """
        return self.program.reuse

    @property
    def input_types(self) -> list[FixedType | None]:
        """Formats of the inputs; None for the floating-point types of C++."""
        return [port.type for port in self.program.inputs]

    @property
    def output_types(self) -> list[FixedType | None]:
        """Formats of the outputs; None for the floating-point types of C++."""
        return [port.type for port in self.program.outputs]

    @property
    def state(self) -> tuple[str, ...]:
        """Variables of the firmware that keep their value from event to event; see :func:`csim`."""
        return self.program.state

    def __repr__(self) -> str:
        lines = [f"CSim in {self.program.folder}"]
        for direction, ports in (("input", self.program.inputs), ("output", self.program.outputs)):
            lines += [f"  {p.name}: {direction} {p.shape} {p.type or 'floating point'}" for p in ports]
        return "\n".join(lines)

    def predict(self, x: Data, threads: int | None = None) -> Any:
        """What the firmware gives, as float64; see :meth:`isobit.Model.predict`."""
        return map_data(self.predict_raw(x, threads), _floats)

    def predict_raw(self, x: Data, threads: int | None = None) -> Any:
        """What the firmware gives, as :class:`FixedArray`; float64 where its type is C++ floating point."""
        _, values, single = self._run(x, False, threads)
        outputs = [shaped(values[port.name], port, single) for port in self.program.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def trace(self, x: Data, threads: int | None = None) -> dict[str, Any]:
        """Every traced layer's raw integers by layer name, in the order of computation.

        Returns
        -------
        :class:`FixedArray` of shape (events, ...) as the layer; flat, (events, size), for the layers of a folder;
        float64 where the firmware's type is C++ floating point.

        Raises
        ------
        UnsupportedError
            If the source is a folder whose code traces no layer.
        """
        taps, _, single = self._run(x, True, threads)
        return self._layers(taps, single)

    def simulate(
        self, x: Data, *, trace: bool = False, threads: int | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Outputs by name, and the layers of :meth:`trace` if asked for, from one run.

        Returns
        -------
        As :meth:`predict_raw` and :meth:`trace` give them, but always with an axis of events, even for a single event.

        Raises
        ------
        UnsupportedError
            For a trace of a folder whose code traces no layer.
        """
        taps, values, _ = self._run(x, trace, threads)
        outputs = {port.name: shaped(values[port.name], port, False) for port in self.program.outputs}
        return outputs, self._layers(taps, False)

    def _layers(self, taps: Tensors, single: bool) -> dict[str, Any]:
        inputs = {port.name for port in self.program.inputs}
        traced = {}
        for name, array in taps.items():
            if name not in inputs:
                shape = self._shapes.get(name, (array.shape[1],))
                if array.shape[1] != (size := math.prod(shape)):  # of a layer in a loop, every step
                    shape = (array.shape[1] // size, *shape)
                traced[name] = array.reshape(*(() if single else (len(array),)), *shape)
        return traced

    def run_graph(
        self, graph: Graph, inputs: Mapping[str, Any], *, raw: bool, trace: bool, threads: int | None = None
    ) -> tuple[Values, Values]:
        """Tapped tensors and outputs by the tensor names of the same network's graph, from prepared inputs.

        Parameters
        ----------
        graph
            The network as isobit's own engines compute it.
        inputs
            Every input by tensor name, shape (events, size); see :meth:`CSimProgram.run`.
        raw, trace, threads
            As there.

        Returns
        -------
        Inputs and layers (what a reshape gives included), and outputs.
        """
        ports = {port.name: tensor.name for port, tensor in zip(self.program.inputs, graph.inputs, strict=True)}
        given = {name: inputs[tensor] for name, tensor in ports.items()}
        found, results = self.program.run(
            given, raw=raw, trace=trace, threads=thread_count(threads), timeout=self._timeout
        )
        outputs = {tensor: results[port.name] for port, tensor in zip(self.program.outputs, graph.outputs, strict=True)}
        taps: Values = {tensor: found[name] for name, tensor in ports.items()} if trace else {}
        for op in graph.ops if trace else ():
            if op.renames:
                (source,) = op.inputs
                taps[op.output.name] = taps[source]
            else:
                taps[op.output.name] = found[op.name]
        return taps, outputs

    def _run(self, x: Data, trace: bool, threads: int | None) -> tuple[Tensors, Tensors, bool]:
        columns, single, raw = columns_of(self.program.inputs, x)
        workers = thread_count(threads)
        if threads is None:
            workers = min(workers, 1 + len(next(iter(columns.values()))) // _EVENTS_PER_WORKER)
        taps, values = self.program.run(columns, raw=raw, trace=trace, threads=workers, timeout=self._timeout)
        return taps, values, single


def _floats(value: Any) -> Any:
    return value.to_float() if isinstance(value, FixedArray) else value
