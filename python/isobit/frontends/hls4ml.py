"""From an hls4ml ``ModelGraph`` (Vitis or Vivado back end) to a :class:`~isobit.model.Graph`.

The graph is read after hls4ml's passes, where every format, strategy and reuse factor is what the writer prints into
the firmware. Each node class has one handler; anything else is refused by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import FirmwareError, FormatError, RangeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.types import FixedType
from isobit.frontends.identifiers import check_identifiers
from isobit.frontends.registry import HANDLERS, KERAS_LAYERS, register_handler
from isobit.frontends.streams import check_io_type, is_streamed, origin
from isobit.frontends.written import written_config
from isobit.model.accumulation import kept_weights
from isobit.model.graph import Graph
from isobit.model.ops import Activation, BatchNorm, Dense, Tensor, Threshold, supported_activations
from isobit.model.requested import OVERRIDDEN, request
from isobit.model.set_ops import Reshape
from isobit.model.table_ops import TableActivation, selu_slope
from isobit.model.tables import function_table
from isobit.model.weights import Encoding, Weight

__all__ = ["BACKENDS", "graph_from_hls4ml", "is_model_graph", "precision_to_type"]

BACKENDS = ("Vitis", "Vivado")


def is_model_graph(source: Any) -> bool:
    """Tell an hls4ml ``ModelGraph`` without importing hls4ml."""
    return any(cls.__module__.startswith("hls4ml.") and cls.__name__ == "ModelGraph" for cls in type(source).__mro__)


def graph_from_hls4ml(source: Any) -> Graph:
    """Read a ``ModelGraph``.

    Raises
    ------
    FirmwareError
        For firmware that does not compile or whose results are undefined, and for another back end or I/O type.
    UnsupportedError
        For an unknown layer, strategy, activation or number type: hls4ml's own firmware can still be simulated.
    """
    try:
        return _graph(source)
    except FirmwareError:
        raise
    except UnsupportedError as error:
        raise UnsupportedError(
            f"{error}. isobit.csim simulates the firmware of this network bit for bit (command: isobit csim)"
        ) from None


def _graph(source: Any) -> Graph:
    backend = getattr(source.config.backend, "name", None)
    if backend not in BACKENDS:
        raise FirmwareError(f"hls4ml back end {backend!r} is not supported; supported: {', '.join(BACKENDS)}")
    check_identifiers(source)
    from isobit.frontends import set_layers, softmax  # noqa: F401, register handlers, which are made of this module's

    io_type = source.config.get_config_value("IOType")
    check_io_type(source, io_type)

    inputs = tuple(_tensor(source.graph[name]) for name in source.inputs)
    ops = []
    for node in source.get_layers():
        if node.class_name in ("Input", "Clone"):
            continue
        handler = HANDLERS.get(node.class_name)
        if handler is None:
            raise UnsupportedError(
                f"layer {node.name!r} is of class {_named(node)}, which is not supported; supported: "
                f"{', '.join(sorted(KERAS_LAYERS))}"
            )
        if node.class_name != "Reshape" and not node.get_attr("function_cpp"):
            raise FirmwareError(
                f"hls4ml writes no code for layer {node.name!r} ({node.class_name}): its firmware would leave the "
                "output uninitialised"
            )
        ops.append(handler(node))
    if bram := [w.name for w in source.get_weight_variables() if getattr(w, "storage", "register").lower() == "bram"]:
        raise UnsupportedError(
            f"weights in block RAM interfaces are not supported: {', '.join(bram)} (raise BramFactor)"
        )
    return Graph(
        source.config.get_project_name(), inputs, tuple(ops), tuple(source.outputs), _metadata(source, backend)
    )


def _named(node: Any) -> str:
    """The class of a node in hls4ml's words and, where they differ, in those of the model that it came from."""
    own = node.get_attr("op") if node.class_name == "Merge" else node.get_attr("class_name")
    same = own is None or str(own).lower() == node.class_name.lower()
    return repr(node.class_name) if same else f"{node.class_name!r} (from {own!r})"


def _metadata(source: Any, backend: str) -> dict[str, str]:
    import hls4ml

    from isobit.frontends.configuration.wide import overridden  # which needs this module's registry

    config = source.config.config
    facts = {"backend": backend, "hls4ml": hls4ml.__version__}
    facts |= {
        key: str(config[name]) for key, name in (("part", "Part"), ("clock_period_ns", "ClockPeriod")) if name in config
    }
    if isinstance(name := getattr(config.get("KerasModel"), "name", None), str):
        facts["keras_model"] = name
    for node in source.get_layers():
        if node.class_name == "Dense":
            asked = "compressed" if source.config.get_compression(node) else source.config.get_strategy(node).lower()
            facts |= request(node.name, asked, source.config.get_reuse_factor(node))
    hls_config = config.get("HLSConfig") or {}
    model = hls_config.get("Model") or {}
    if overridden("ReuseFactor", model.get("ReuseFactor"), list(source.get_layers()), hls_config):
        facts[OVERRIDDEN] = str(model["ReuseFactor"])
    return facts


# -- formats ----------------------------------------------------------------------------------------------------------


def precision_to_type(precision: Any, where: str) -> FixedType:
    """Turn an hls4ml precision into a format.

    Raises
    ------
    UnsupportedError
        For floating point, unspecified and other kinds, with the place that uses it.
    """
    kinds = {cls.__name__ for cls in type(precision).__mro__}
    if kinds & {"IntegerPrecisionType", "XnorPrecisionType", "ExponentPrecisionType"}:
        return FixedType.int_type(precision.width, signed=bool(precision.signed))
    if "FixedPrecisionType" in kinds:
        try:
            return FixedType(
                int(precision.width),
                int(precision.integer),
                bool(precision.signed),
                precision.rounding_mode.name,
                precision.saturation_mode.name,
                int(precision.saturation_bits or 0),
            )
        except FormatError as error:
            raise UnsupportedError(f"{where}: {precision}: {error}") from None
    raise UnsupportedError(
        f"{where} has the number type {precision} ({type(precision).__name__}); supported: fixed and integer"
    )


def _is_a(precision: Any, name: str) -> bool:
    return any(cls.__name__ == name for cls in type(precision).__mro__)


def _tensor(node: Any) -> Tensor:
    variable = node.get_output_variable()
    precision = variable.type.precision
    return Tensor(
        node.outputs[0],
        tuple(int(n) for n in variable.shape),
        precision_to_type(precision, f"{node.name}.result"),
        _is_a(precision, "XnorPrecisionType"),
    )


def _weight(node: Any, slot: str, *, transposed: bool = False) -> Weight:
    """Read one weight variable of a node; ``transposed`` undoes ``ApplyResourceStrategy``."""
    variable = node.weights[slot]
    where = f"{node.name}.{slot}"
    precision = variable.type.precision
    data = np.asarray(variable.data)
    strategy, stored = str(node.get_attr("strategy")).lower(), variable.weight_class == "CompressedWeightVariable"
    if slot == "weight" and stored != (strategy == "compressed"):
        raise FirmwareError(
            f"{where} is {'compressed' if stored else 'not compressed'}, but the strategy is {strategy!r}: hls4ml's "
            "firmware would not compile"
        )
    if stored:
        data = _expanded(variable)
    source = np.asarray(getattr(variable, "data_unquantized", data))
    if transposed:
        data = np.moveaxis(data, 0, -1)
    data, source = _without_kernel(data), _without_kernel(source)
    if slot == "weight" and data.ndim == 1:  # of a graph made by hand; hls4ml writes all weights flat
        data = data.reshape(int(node.get_attr("n_in")), -1)
    # From PyTorch, hls4ml's ChannelsLastConverter turns the weights, but not the unquantised ones beside them.
    turned = source.shape != data.shape or getattr(node, "channels_last_converted", False)
    if data.ndim == 2 and source.T.shape == data.shape and turned:
        source = source.T
    if source.size != data.size:  # folded later on; what was written is all that is left
        source = data
    encoding = Encoding.PLAIN
    if variable.weight_class == "ExponentWeightVariable":
        encoding = Encoding.EXPONENT
    elif _is_a(precision, "XnorPrecisionType"):
        encoding = Encoding.XNOR
    if slot == "bias" and encoding is Encoding.EXPONENT:
        raise FirmwareError(
            f"{where} is a power of two, for which hls4ml's firmware does not compile; use quantized_bits"
        )
    if slot != "weight":
        data, source = data.ravel(), source.ravel()
    kind = precision_to_type(precision, where)
    try:
        return Weight.from_written(slot, data, kind, source.reshape(data.shape), encoding)
    except RangeError as error:
        raise RangeError(f"layer {node.name}: {error}") from None


def _without_kernel(data: Any) -> Any:
    """Weights of a convolution whose kernel has one element, shape (1, ..., n_in, n_out), as (n_in, n_out)."""
    return data.reshape(data.shape[-2:]) if data.ndim > 2 and set(data.shape[:-2]) == {1} else data


def _expanded(variable: Any) -> Any:
    """All weights, shape (n_in, n_out), of a ``CompressedWeightVariable``, which lists (neuron, input, value)."""
    data = np.zeros(variable.shape)
    for neuron, source, value in variable.data:
        data[source, neuron] = value
    return data


def _constant(node: Any, slot: str, value: Any, named_type: Any) -> Weight:
    """A number that the writer prints as a literal into the source; the compiler reads it as a double."""
    return _literal(slot, value, precision_to_type(named_type.precision, f"{node.name}.{slot}"))


def _literal(slot: str, value: Any, kind: FixedType) -> Weight:
    written = np.array([float(f"{value}")])
    return Weight(slot, quantise_floats(written, kind), kind, written, written, Encoding.LITERAL)


def _edges(node: Any) -> dict[str, Any]:
    return {
        "name": node.name,
        "inputs": tuple(origin(node.model, name) for name in node.inputs),
        "output": _tensor(node),
    }


# -- handlers ---------------------------------------------------------------------------------------------------------


@register_handler("Dense", keras=("Dense", "QDense"))
def _dense(node: Any) -> Dense:
    if len(shape := node.get_input_variable().shape) != 1:
        raise UnsupportedError(
            f"Dense layer {node.name!r} on an input of shape {tuple(shape)} is not supported; flatten it first"
        )
    op = Dense(
        **_edges(node),
        weight=_weight(node, "weight", transposed=bool(node.get_attr("_weights_transposed", False))),
        bias=_weight(node, "bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        strategy=str(node.get_attr("strategy")).lower(),
        reuse_factor=int(node.get_attr("reuse_factor")),
    )
    if op.strategy == "compressed":
        _check_stored(op, node.weights["weight"])
    return op


def _check_stored(op: Dense, variable: Any) -> None:
    """Check that hls4ml stored the weights that its kernel reads.

    It pads them before it replaces an illegal reuse factor (``CompressedWeightVariable``, ``init_dense``); then its
    kernel reads past them, or takes them in an order that :func:`turns_of` does not know.
    """
    stored = [(int(neuron), int(source)) for neuron, source, _ in variable.data]
    wanted = [(int(neuron), int(source)) for neuron, source in np.argwhere(kept_weights(op).T)]
    if stored != wanted:
        raise FirmwareError(
            f"layer {op.name!r} stores {len(stored)} compressed weights, expected {len(wanted)} for the reuse factor "
            f"{op.reuse_factor}: hls4ml padded them for another one; ask for a legal reuse factor"
        )


@register_handler("BatchNormalization", "ApplyAlpha", keras=("BatchNormalization", "QBatchNormalization"))
def _batchnorm(node: Any) -> BatchNorm:
    return BatchNorm(**_edges(node), scale=_weight(node, "scale"), bias=_weight(node, "bias"))


@register_handler("Activation", "TernaryTanh", keras=("Activation", "QActivation", "ReLU"))
def _activation(node: Any) -> Activation | TableActivation:
    function = str(node.get_attr("activation")).lower()
    if function == "ternary_tanh" and is_streamed(node.model):
        raise UnsupportedError(
            f"ternary_tanh of layer {node.name!r} is not supported with io_stream: hls4ml's kernel there compares with "
            "other thresholds than with io_parallel; put a batch normalisation before it, with which it is merged"
        )
    if function == "selu" and is_streamed(node.model):
        data = precision_to_type(node.get_input_variable().type.precision, f"the input of {node.name}")
        return _table_activation(node, function, selu_slope(data))
    if function in TableActivation.FUNCTIONS:
        # Without an alpha of the layer's, elu takes ap_uint<1>(1).
        one = FixedType.int_type(1, signed=False)
        return _table_activation(node, function, _literal("param", 1.0, one) if function == "elu" else None)
    return Activation(**_edges(node), function=function)


def _table_activation(node: Any, function: str, param: Weight | None) -> TableActivation:
    type = precision_to_type(node.get_attr("table_t").precision, f"{node.name}.table")
    table = function_table("table", function, int(written_config(node)["table_size"]), type)
    return TableActivation(**_edges(node), function=function, table=table, param=param)


@register_handler("ParametrizedActivation", keras=("ELU", "LeakyReLU"))
def _parametrised(node: Any) -> Activation | TableActivation:
    function = node._get_act_function_name()
    if function == "elu":
        alpha = _constant(node, "param", node.get_attr("activ_param", 1.0), node.get_attr("param_t"))
        return _table_activation(node, function, alpha)
    if function != "leaky_relu":
        raise UnsupportedError(
            f"activation {function!r} of layer {node.name!r} is not supported; supported: "
            f"{', '.join(supported_activations())}"
        )
    value = node.get_attr("activ_param", 1.0)
    return Activation(
        **_edges(node), function=function, param=_constant(node, "param", value, node.get_attr("param_t"))
    )


@register_handler("HardActivation")
def _hard(node: Any) -> Activation:
    return Activation(
        **_edges(node),
        function=str(node.get_attr("activation")).lower(),
        slope=_constant(node, "slope", node.get_attr("slope"), node.get_attr("slope_t")),
        shift=_constant(node, "shift", node.get_attr("shift"), node.get_attr("shift_t")),
    )


@register_handler("BatchNormalizationQuantizedTanh")
def _threshold(node: Any) -> Threshold:
    if node.get_attr("quantize") == 2:
        return Threshold(**_edges(node), high=_weight(node, "threshold"))
    return Threshold(**_edges(node), high=_weight(node, "threshold_hi"), low=_weight(node, "threshold_lo"))


@register_handler("Reshape", keras=("Flatten", "Reshape"))
def _reshape(node: Any) -> Reshape:
    return Reshape(**_edges(node))
