"""The oracle: hls4ml's own firmware, compiled and run in worker processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isobit.api import Data, Model, columns_of, load, map_data, shaped
from isobit.csim import CSimProgram, Tensors
from isobit.engines.registry import Values, thread_count
from isobit.errors import TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.configuration import converted, remarks_on, warned
from isobit.frontends.hls4ml import is_model_graph
from isobit.frontends.keras import KERAS_SUFFIXES, is_keras_model, load_keras_file
from isobit.frontends.project import layer_shapes, project_from_hls4ml, read_project
from isobit.frontends.sources import Project
from isobit.model.requested import ReuseFactor

__all__ = ["CSim", "csim"]

#: Fewer events than this are not worth a worker process of their own, unless threads are asked for.
_EVENTS_PER_WORKER = 64


class CSim:
    """hls4ml's own project, compiled and run in worker processes. Make one with :func:`csim`.

    Attributes
    ----------
    program
        The compiled project.
    """

    def __init__(
        self,
        program: CSimProgram,
        *,
        model: Model | None = None,
        source: Any = None,
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        timeout: float | None = None,
    ) -> None:
        self.program = program
        self._model = model
        self._source = source if model is None else model.source
        self._shapes = dict(shapes or {})
        self._timeout = timeout

    @property
    def reuse_factors(self) -> tuple[ReuseFactor, ...]:
        """Of every Dense layer, the reuse factor and strategy that were requested, and those that the firmware has.

        Layers of a folder that an hls4ml before 1.0 wrote are left out.
        """
        return self.program.reuse

    @property
    def model(self) -> Model:
        """The same network as isobit's own engines compute it, read when first asked for.

        Raises
        ------
        UnsupportedError
            For a folder, and for a network with layers that isobit does not know; the simulation does without.
        """
        if self._model is None:
            if self._source is None:
                raise UnsupportedError("a C-simulation of a folder has no isobit model; make it from the ModelGraph")
            self._model = load(self._source)
        return self._model

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
        As :meth:`predict_raw` and :meth:`trace` give them, but with an axis of events for a single event, too.

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
                traced[name] = array.reshape(*(() if single else (len(array),)), *shape)
        return traced

    def run(
        self, inputs: Mapping[str, Any], *, raw: bool, trace: bool, threads: int | None = None
    ) -> tuple[Values, Values]:
        """Tapped tensors and outputs by the tensor names of :attr:`model`, from prepared inputs.

        Parameters
        ----------
        inputs
            Every input by tensor name, shape (events, size); see :meth:`CSimProgram.run`.
        raw, trace, threads
            As there.

        Returns
        -------
        Inputs and layers (what a reshape gives included), and outputs.
        """
        graph = self.model.graph
        ports = {port.name: tensor.name for port, tensor in zip(self.program.inputs, graph.inputs, strict=True)}
        given = {name: inputs[tensor] for name, tensor in ports.items()}
        found, results = self.program.run(
            given, raw=raw, trace=trace, threads=thread_count(threads), timeout=self._timeout
        )
        outputs = {tensor: results[port.name] for port, tensor in zip(self.program.outputs, graph.outputs, strict=True)}
        taps: Values = {tensor: found[name] for name, tensor in ports.items()} if trace else {}
        for op in graph.ops if trace else ():
            if op.tag == "reshape":
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


def csim(
    source: Any, headers: str = "vendor", *, optimisation: str = "3", timeout: float | None = None, **options: Any
) -> CSim:
    """Compile the C-simulation of an hls4ml project.

    Parameters
    ----------
    source
        An hls4ml ``ModelGraph``; the path of a folder that hls4ml wrote; a (Q)Keras model or the path of a
        ``.keras``/``.h5`` file, which hls4ml converts; a model file with its project; or a :class:`Model` that came
        from one of them. Any layer that hls4ml writes is simulated, whether isobit's own engines know it or not. A
        folder is only read: what is compiled is a copy, once for each content (weights included).
    headers
        ``vendor``: AMD's open simulation headers, the project's own copy (``firmware/ap_types``). ``isobit``: isobit's
        headers in their place; the same bits, faster.
    optimisation
        The compiler's -O level; ``0`` compiles fastest and runs slowest, with the same bits.
    timeout
        Seconds without an event's end after which a worker process is ended; None for no limit.
    options
        For Keras and for a model file: those of :func:`load`.

    Notes
    -----
    Events are spread over worker processes. Firmware with variables that keep their value from event to event
    (function-local statics: the state of recurrent layers, the line buffers of io_stream convolutions; see
    :attr:`CSim.state`) runs in a single process instead, in the order of the events, started anew for each call, so
    that the bits are those of one hls4ml ``predict`` call after ``compile()``.

    Input types of float, double, std::float16_t and std::bfloat16_t give float64 instead of raw integers; ap_float is
    refused.

    Raises
    ------
    UnsupportedError
        If there is no hls4ml project behind the source, or for another back end than Vitis and Vivado.
    ModelFileError
        If the folder is not one that hls4ml wrote.
    CompilerError
        If g++ is missing or fails.
    """
    model, graph, project = None, None, None
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            if options:
                raise TypeMismatchError(f"a folder takes no options, got {', '.join(options)}")
            project = read_project(path)
        elif path.suffix in KERAS_SUFFIXES:
            source = load_keras_file(path, allow_lambda=bool(options.pop("allow_lambda", False)))
    if project is None:
        if is_keras_model(source):
            graph, _ = converted(source, options)
        elif is_model_graph(source) and not options:
            graph = source
            warned(remarks_on(graph))
        else:
            model = load(source, **options)
            graph = model.source
        if graph is not None:
            project = project_from_hls4ml(graph)
        elif model is not None and model.project is not None:
            project = _shaped(model.project.read(), model)
        else:
            raise UnsupportedError(str(model and model.csim_refusal()))
    program = CSimProgram(project, headers=headers, optimisation=optimisation)
    shapes = layer_shapes(graph) if graph is not None else None
    if graph is None and model is not None:
        shapes = {op.name: op.output.shape for op in model.graph.ops}
    return CSim(program, model=model, source=graph, shapes=shapes, timeout=timeout)


def _shaped(project: Project, model: Model) -> Project:
    """The project of a model file, its parameters in the shapes that the model knows; a folder may know only sizes."""
    shapes: dict[str, tuple[int, ...]] = {}
    for direction, tensors in (("in", model.graph.inputs), ("out", model.graph.output_tensors)):
        for parameter, tensor in zip(project.directed(direction), tensors, strict=False):
            if parameter.size == tensor.size:
                shapes[parameter.name] = tensor.shape
    return replace(project, parameters=tuple(replace(p, shape=shapes.get(p.name, p.shape)) for p in project.parameters))


def _floats(value: Any) -> Any:
    return value.to_float() if isinstance(value, FixedArray) else value
