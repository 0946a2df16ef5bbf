"""What users hold: a model that predicts bits, and the simulation of its firmware."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isobit.bounds.constants import warn_of_changes
from isobit.csim.alone import runner_of
from isobit.csim.program import CSimProgram
from isobit.csim.simulation import Simulation, find_firmware, firmware_of
from isobit.engines.registry import Values, get_engine
from isobit.errors import TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.beside import beside, without_project
from isobit.frontends.configuration import converted, remarks_on, warned
from isobit.frontends.firmware import load_folder
from isobit.frontends.hls4ml import graph_from_hls4ml, is_model_graph
from isobit.frontends.identify import is_project, refuse_foreign
from isobit.frontends.keras import KERAS_SUFFIXES, conversion_of, is_keras_model, load_keras_file
from isobit.frontends.wrapper import Wrapper, find_wrapper, input_names, part_of, wrapped
from isobit.model.file import load_graph
from isobit.model.layers.foreign import RUNNERS
from isobit.model.tensor import with_limits
from isobit.network import Network
from isobit.streaming.predict import FilePrediction, predict_file

__all__ = ["CSim", "Model", "csim", "load"]


class Model(Network):
    """A network at its firmware's precision. Make one with :func:`load`.

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

    def predict_file(self, data: Any, out: str | os.PathLike[str], **options: Any) -> FilePrediction:
        """Predict files of any size into a file, resumable after a kill; see :func:`isobit.streaming.predict_file`."""
        return predict_file(self, data, out, **options)

    def with_types(self, types: Mapping[str, str | FixedType]) -> Model:
        """Copy with exactly these formats changed: ``{"fc1.weight": "ap_fixed<8,2>", "fc1.accum": ...}``.

        Weights are quantised again from the values that hls4ml wrote. Nothing is inferred; for that see
        :meth:`reconvert`. The copy has no hls4ml project, so it has no csim; it keeps its wrapper.

        Raises
        ------
        FormatError
            For a name that does not exist or a type that cannot be read.

        Warns
        -----
        PrecisionWarning
            For constants that a new format wraps, saturates or makes zero.
        """
        graph = self.graph.with_types(types)
        warn_of_changes(self.graph, graph)
        if graph.types() == self.graph.types():
            return self
        return Model(without_project(graph), wrapper=None if self.wrapper is None else self.wrapper.within(graph))

    def reconvert(self, hls_config: Mapping[str, Any]) -> Model:
        """Convert with hls4ml again, under another configuration; 'auto' types are inferred again.

        Raises
        ------
        UnsupportedError
            If the Keras model that this one came from is not known.
        """
        if self.source is None:
            raise UnsupportedError("reconvert needs a model that was loaded from Keras or from an hls4ml ModelGraph")
        inputs = {t.name: t for t in (*self.firmware_graph.inputs, *self.graph.inputs)}.values()
        ranges = {tensor.name: tensor.limits for tensor in inputs if tensor.limits is not None}
        path = False if self.wrapper is None else self.wrapper.path
        return load(hls_config=hls_config, input_ranges=ranges, wrapper=path, **conversion_of(self.source))

    def csim(self, **options: Any) -> CSim:
        """Compile this model's hls4ml project; see :func:`isobit.csim`."""
        return csim(self, **options)


def _quantised(column: Any, kind: FixedType) -> FixedArray:
    return column if isinstance(column, FixedArray) else FixedArray.from_float(column, kind)


class CSim(Simulation):
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
        super().__init__(program, shapes=shapes, timeout=timeout)
        self._model = model
        self._source = source

    @property
    def model(self) -> Model:
        """The network as an isobit model, which isobit's own engines can compute; read when first asked for.

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
        if self.model.wrapper is None:
            return self.run_graph(self.model.graph, inputs, raw=raw, trace=trace, threads=threads)
        return self._run_wrapped(self.model.wrapper, inputs, trace, threads)

    def _run_wrapped(
        self, wrapper: Wrapper, inputs: Mapping[str, Any], trace: bool, threads: int | None
    ) -> tuple[Values, Values]:
        """The same with the wrapper: its steps, which are not compiled, by the reference."""
        graph, reference = self.model.graph, get_engine("reference")
        values: Values = {tensor.name: _quantised(inputs[tensor.name], tensor.type) for tensor in graph.inputs}
        values |= reference.run(part_of(wrapper, graph), values, 1)
        found = self.run_graph(wrapper.network, values, raw=True, trace=trace, threads=threads)
        values |= found[0] | found[1]
        if wrapper.after:
            values |= reference.run(part_of(wrapper, graph, after=True), values, 1)
        return values if trace else {}, {name: values[name] for name in graph.outputs}


def load(source: Any, **options: Any) -> Model:
    """Load a network.

    Parameters
    ----------
    source
        An hls4ml ``ModelGraph``; a (Q)Keras model, or the path of a ``.keras``/``.h5`` file, which hls4ml converts;
        the path of a folder that hls4ml wrote, whose C++ is read and not run; or the path of a model file that
        :meth:`Model.save` wrote.
    options
        ``input_ranges``, ``{name: (smallest, largest)}``: numbers that inputs never leave. Data outside are refused,
        and plan and lint count on it; an embedding needs it where its index type exceeds the vocabulary.
        ``wrapper``, a YAML file that describes the class around the network (docs/firmware.md), whose steps become
        layers of the same graph; by default, for a folder, ``wrapper.yml`` in it, or beside it if that names the
        folder; False: the network alone.
        For Keras: ``hls_config`` (hls4ml's, or a whole ``hls4ml_config.yml``; a dict or a path; a ConfigurationWarning
        says what has no effect), or ``granularity`` and ``default_precision``; ``backend``, ``part``, ``clock_ns``,
        ``io_type``, ``project_name``, ``allow_lambda`` (files only). For a folder: ``run_code``, which lets isobit
        compile and run the folder's own code for layers whose functions are not hls4ml's. For a model file:
        ``project``, the hls4ml project that :func:`csim` compiles; by default the one beside it, if isobit wrote it for
        you and nobody changed it.

    Raises
    ------
    TypeMismatchError, UnsupportedError
        For options that do not exist; for a layer, strategy or number type that isobit does not vouch for.
    ModelFileError
        For a file that is damaged, newer, or not a model; for a wrapper's description that is wrong.
    """
    if (description := find_wrapper(source, options.pop("wrapper", None))) is not None:
        return _wrapped(source, description, options)
    if isinstance(source, Model):
        _no_options(options, "a loaded model")
        return source
    if is_model_graph(source):
        ranges = options.pop("input_ranges", None)
        _no_options(options, "an hls4ml ModelGraph")
        return Model(graph_from_hls4ml(source, ranges), source, remarks=warned(remarks_on(source)))
    if is_keras_model(source):
        ranges = options.pop("input_ranges", None)
        graph, remarks = converted(source, options)
        return Model(graph_from_hls4ml(graph, ranges), graph, remarks=remarks)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if is_project(path):
            ranges = options.pop("input_ranges", None)
            if options.pop("project", None) is not None:
                raise TypeMismatchError(f"{path} is an hls4ml project itself and takes no project")
            run_code = bool(options.pop("run_code", False))
            _no_options(options, "the folder of an hls4ml project")
            graph, read = load_folder(path, ranges)
            if run_code:
                RUNNERS.update({part.key: runner_of(part.project) for part in read.alone})
            return Model(graph, None, read)
        refuse_foreign(path)
        if path.suffix in KERAS_SUFFIXES:
            return load(load_keras_file(path, allow_lambda=bool(options.pop("allow_lambda", False))), **options)
        folder, ranges = options.pop("project", None), options.pop("input_ranges", None)
        _no_options(options, "an isobit model file")
        project = beside(graph := load_graph(path), path, folder)
        return Model(graph if not ranges else replace(graph, inputs=with_limits(graph.inputs, ranges)), None, project)
    raise TypeMismatchError(
        f"cannot load a {type(source).__module__}.{type(source).__qualname__}; supported: an hls4ml ModelGraph, a "
        "Keras model, the path of a .keras, .h5 or isobit model file, or of a folder that hls4ml wrote"
    )


def _wrapped(source: Any, description: Path, options: dict[str, Any]) -> Model:
    """A network with its wrapper."""
    ranges = dict(options.pop("input_ranges", None) or {})
    names = input_names(description)
    inner = {name: ends for name, ends in ranges.items() if name not in names}
    network = load(source, wrapper=False, **(options | ({"input_ranges": inner} if inner else {})))
    if network.wrapper is not None:
        raise TypeMismatchError(f"the model has the wrapper {network.wrapper.path}; expected none")
    graph, around = wrapped(network.graph, description, {name: ranges[name] for name in names & ranges.keys()})
    return replace(network, graph=graph, wrapper=around)


def _no_options(options: Mapping[str, Any], what: str) -> None:
    if options:
        raise TypeMismatchError(f"{what} takes no options, got {', '.join(options)}")


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
        folder is not changed: a copy is compiled, once for each content (weights included).
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
    :attr:`CSim.state`) runs in a single process instead, in the order of the events, with a new process for each call,
    so that the bits are those of one hls4ml ``predict`` call after ``compile()``.

    Input types of float, double, std::float16_t and std::bfloat16_t give float64 instead of raw integers; ap_float is
    refused.

    Raises
    ------
    UnsupportedError
        If the source has no hls4ml project, or for another back end than Vitis and Vivado.
    ModelFileError
        If the folder is not one that hls4ml wrote.
    CompilerError
        If g++ is missing or fails.
    """
    model, firmware = None, find_firmware(source, options)
    if firmware is None:
        model = load(source, **options)
        firmware = firmware_of(model)
    program = CSimProgram(firmware.project, headers=headers, optimisation=optimisation)
    return CSim(program, model=model, source=firmware.source, shapes=firmware.shapes, timeout=timeout)
