"""A ``ModelGraph`` node by node: what it is, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isobit.errors import FirmwareError, RegistrationError, UnsupportedError
from isobit.frontends.configuration.wide import overridden
from isobit.frontends.hls4ml import (  # noqa: F401, they register their handlers
    activation,
    convolution,
    dense,
    einsum,
    embedding,
    foreign,
    garnet,
    layernorm,
    merge,
    norm,
    pooling,
    quantizer,
    recurrent,
    shape,
    softmax,
    unary_lut,
)
from isobit.frontends.hls4ml.distributed import tree_facts
from isobit.frontends.hls4ml.norm import check_normalised_axes
from isobit.frontends.hls4ml.reading import tensor_of
from isobit.frontends.hls4ml.releases import check_release
from isobit.frontends.hls4ml.time_distributed import in_steps, with_steps
from isobit.frontends.identifiers import check_identifiers
from isobit.frontends.project import BACKENDS
from isobit.frontends.registry import HANDLERS, KERAS_LAYERS
from isobit.frontends.shared import check_shared_layers
from isobit.frontends.streams import check_io_type, keeps_format, origin
from isobit.frontends.torch_modules import check_torch_modules
from isobit.model.casts import casts_of, undefined
from isobit.model.graph import Graph
from isobit.model.hardware import IO_TYPE, spread_facts
from isobit.model.ops import OPS, Op
from isobit.model.requested import OVERRIDDEN, linear_fact, request
from isobit.model.tensor import layer_of, with_limits

__all__ = ["graph_from_hls4ml", "is_model_graph", "op_of", "read_graph"]


def is_model_graph(source: Any) -> bool:
    """Tell an hls4ml ``ModelGraph`` without importing hls4ml."""
    return any(cls.__module__.startswith("hls4ml.") and cls.__name__ == "ModelGraph" for cls in type(source).__mro__)


def graph_from_hls4ml(source: Any, ranges: Mapping[str, tuple[float, float]] | None = None) -> Graph:
    """Read a ``ModelGraph``.

    Parameters
    ----------
    source
        The graph.
    ranges
        Smallest and largest number of inputs, by name.

    Raises
    ------
    FirmwareError
        For firmware that does not compile or whose results are undefined, and for another back end or I/O type.
    UnsupportedError
        For an unknown layer, strategy, activation or number type: hls4ml's own firmware can still be simulated.
    """
    try:
        return _graph(source, ranges or {})
    except FirmwareError:
        raise
    except UnsupportedError as error:
        raise UnsupportedError(
            f"{error}. isobit.csim simulates the firmware of this network bit for bit (command: isobit csim)"
        ) from None


def _graph(source: Any, ranges: Mapping[str, tuple[float, float]]) -> Graph:
    import hls4ml

    backend = getattr(source.config.backend, "name", None)
    if backend not in BACKENDS:
        raise FirmwareError(f"hls4ml back end {backend!r} is not supported; supported: {', '.join(BACKENDS)}")
    check_release(source, hls4ml.__version__)
    check_identifiers(source)
    check_shared_layers(source)
    check_normalised_axes(source)
    check_torch_modules(source)
    return read_graph(source, ranges, _metadata(source, backend))


def read_graph(source: Any, ranges: Mapping[str, tuple[float, float]], metadata: dict[str, str]) -> Graph:
    """Read layers that are given as a ``ModelGraph`` gives them, by its handlers.

    Parameters
    ----------
    source, ranges
        As for :func:`graph_from_hls4ml`.
    metadata
        Where it came from.

    Raises
    ------
    FirmwareError, UnsupportedError
        As there.
    """
    io_type = source.config.get_config_value("IOType")
    check_io_type(source, io_type)

    inputs = with_limits(tuple(tensor_of(source.graph[name]) for name in source.inputs), ranges)
    ops = []
    for node, steps in in_steps(source.get_layers()):
        if node.class_name == "Input" or (node.class_name == "Clone" and keeps_format(node)):
            continue
        ops.append(with_steps(op_of(node), steps))
    if bram := [w.name for w in source.get_weight_variables() if getattr(w, "storage", "register").lower() == "bram"]:
        raise UnsupportedError(
            f"weights in block RAM interfaces are not supported: {', '.join(bram)} (raise BramFactor)"
        )
    outputs = tuple(origin(source, name) for name in source.outputs)
    graph = Graph(source.config.get_project_name(), inputs, tuple(ops), outputs, metadata)
    _check_casts(graph)
    return graph


def _check_casts(graph: Graph) -> None:
    """Refuse casts whose results AMD's headers do not define, so that no two C-simulations need give the same bits."""
    for op in graph.lowered.ops:
        for cast in casts_of(op, graph.lowered.inputs_of(op)):
            if undefined(cast):
                raise FirmwareError(
                    f"layer {layer_of(op.name)!r} writes numbers of {cast.source}, which has {cast.source.integer} "
                    f"integer bits, into its {cast.slot}, {cast.target}: AMD's headers then take the integer from "
                    f"memory that was never written; use an ap_fixed of {cast.target.width} bits"
                )


def op_of(node: Any) -> Op:
    """What the handler of its class makes of a node."""
    handler = HANDLERS.get(node.class_name)
    if handler is None:
        raise UnsupportedError(
            f"layer {node.name!r} is of class {_named(node)}, which is not supported; supported: "
            f"{', '.join(sorted(KERAS_LAYERS))}, and layers of your own by isobit.layers.register_handler"
        )
    if node.class_name != "Reshape" and not node.get_attr("function_cpp"):
        raise FirmwareError(
            f"hls4ml writes no code for layer {node.name!r} ({node.class_name}): its firmware would leave the output "
            "uninitialised"
        )
    op = handler(node)
    if not isinstance(op, Op) or (op.name, op.output.name) != (node.name, node.outputs[0]):
        what = f"op {op.name!r} with the output {op.output.name!r}" if isinstance(op, Op) else f"a {type(op).__name__}"
        raise RegistrationError(
            f"the handler of layer {node.name!r} ({node.class_name}) gives {what}; expected an op with the layer's "
            "edges, which isobit.layers.edges_of(node) reads"
        )
    if OPS.get(op.tag) is not type(op):
        raise RegistrationError(
            f"the handler of layer {node.name!r} ({node.class_name}) gives a {type(op).__name__}, which is not known; "
            "decorate that class with @isobit.layers.register_op"
        )
    return op


def _named(node: Any) -> str:
    """The class of a node in hls4ml's words and, where they differ, in those of the model that it came from."""
    own = node.get_attr("class_name")
    same = own is None or str(own).lower() == node.class_name.lower()
    return repr(node.class_name) if same else f"{node.class_name!r} (from {own!r})"


#: Classes whose activation is a part of them.
_OWN_ACTIVATION = ("Activation", "LSTM", "GRU", "SimpleRNN", "Bidirectional")


def _metadata(source: Any, backend: str) -> dict[str, str]:
    import hls4ml

    config = source.config.config
    facts = {"backend": backend, "hls4ml": hls4ml.__version__}
    facts |= {
        key: str(config[name]) for key, name in (("part", "Part"), ("clock_period_ns", "ClockPeriod")) if name in config
    }
    if isinstance(name := getattr(config.get("KerasModel"), "name", None), str):
        facts["keras_model"] = name
    facts[IO_TYPE] = str(source.config.get_config_value("IOType"))
    for node in source.get_layers():
        if (reuse := node.get_attr("reuse_factor")) is not None and node.class_name != "Input":
            parallel = node.get_attr("parallelization_factor") if facts[IO_TYPE] == "io_parallel" else 1
            facts |= spread_facts(node.name, int(reuse), int(parallel or 1))
        facts |= tree_facts(node)
        if node.get_attr("activation") == "linear" and node.class_name not in _OWN_ACTIVATION:
            facts |= linear_fact(node.name)
        if node.class_name == "Dense":
            asked = "compressed" if source.config.get_compression(node) else source.config.get_strategy(node).lower()
            facts |= request(node.name, asked, source.config.get_reuse_factor(node))
    hls_config = config.get("HLSConfig") or {}
    model = hls_config.get("Model") or {}
    if overridden("ReuseFactor", model.get("ReuseFactor"), list(source.get_layers()), hls_config):
        facts[OVERRIDDEN] = str(model["ReuseFactor"])
    return facts
