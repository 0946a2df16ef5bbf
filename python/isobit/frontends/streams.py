"""hls4ml's io_stream: which layers have been compared on streams, and what their kernels do not read or write.

A tensor passes as packets of its last axis. A flattened tensor keeps the packets of what was flattened
(``InplaceStreamFlatten``), which only some kernels take apart.
"""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.registry import keras_layers

__all__ = ["IO_TYPES", "STREAMED", "check_io_type", "is_streamed", "keeps_format", "origin", "packet_width"]

IO_TYPES = ("io_parallel", "io_stream")
#: Layers whose kernels on streams have been compared with their C-simulation (tests/streams).
STREAMED = (
    "Activation",
    "ApplyAlpha",
    "BatchNormalization",
    "BatchNormalizationQuantizedTanh",
    "Broadcast",
    "Clone",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DBatchnorm",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Embedding",
    "Foreign",
    "GRU",
    "GlobalPooling1D",
    "GlobalPooling2D",
    "HardActivation",
    "Input",
    "LSTM",
    "Merge",
    "PReLU",
    "ParametrizedActivation",
    "PointwiseConv1D",
    "PointwiseConv2D",
    "Pooling1D",
    "Pooling2D",
    "Repack",
    "Reshape",
    "Resize",
    "Softmax",
    "TernaryTanh",
    "Transpose",
    "UnaryLUT",
    "ZeroPadding1D",
    "ZeroPadding2D",
)
#: Those that read packets of one width and write packets of another.
_GATHERING = (
    *("Broadcast", "Concatenate", "Conv1D", "Conv2D", "Conv2DBatchnorm", "Dense", "DepthwiseConv1D"),
    *("DepthwiseConv2D", "Embedding", "Foreign", "GRU", "Input", "LSTM"),
    *("PointwiseConv1D", "PointwiseConv2D", "Reshape", "Transpose"),
)


def is_streamed(model: Any) -> bool:
    """Whether the graph has io_stream."""
    return bool(model.config.get_config_value("IOType") == "io_stream")


def packet_width(model: Any, variable: Any) -> int:
    """Numbers in a packet of a streamed tensor; of types by one name, the writer defines the first."""
    for node in model.get_layers():
        if (found := node.get_layer_precision().get(variable.type.name)) is not None:
            return int(found.n_elem) * int(found.n_pack)
    raise FirmwareError(f"hls4ml's firmware does not define {variable.type.name}, the type of {variable.name!r}")


def check_io_type(source: Any, io_type: str) -> None:
    """Refuse an unknown I/O type, and layers that have not been compared with their C-simulation in it.

    Raises
    ------
    FirmwareError
        For another I/O type, and for layers whose firmware loses numbers on streams.
    UnsupportedError
        For layers that have not been compared; each with the layer's name.
    """
    if io_type not in IO_TYPES:
        raise FirmwareError(f"IOType {io_type!r} is not supported; supported: {', '.join(IO_TYPES)}")
    if io_type == "io_parallel":
        return
    for node in source.get_layers():
        if node.class_name not in STREAMED:
            raise UnsupportedError(
                f"layer {node.name!r} of class {node.class_name!r} is not supported with io_stream; supported: "
                f"{', '.join(keras_layers(STREAMED))}"
            )
        _check_packets(node)


def _check_packets(node: Any) -> None:
    """Refuse kernels that lose numbers, or read beyond a packet, because packets of input and output differ."""
    if node.class_name in _GATHERING or node.class_name.startswith("Global"):
        return
    if node.get_attr("data_format") == "channels_first":
        return  # refused by its handler
    taken, *others = (packet_width(node.model, node.get_input_variable(name)) for name in node.inputs)
    if [other for other in others if other != taken]:
        raise FirmwareError(
            f"layer {node.name!r} of class {node.class_name!r} reads packets of {taken} and of {others[0]} numbers; "
            "hls4ml's kernel on streams then reads beyond a packet: give both inputs the same shape"
        )
    thresholds = {int(weight.data_length) for weight in node.get_weights()}
    if node.class_name == "BatchNormalizationQuantizedTanh" and thresholds != {taken}:
        raise FirmwareError(
            f"layer {node.name!r} has {max(thresholds)} thresholds for packets of {taken} numbers: with io_stream "
            "hls4ml's firmware then does not compile; they must be the same at every position (set threshold=0.5 of a "
            "QKeras ternary)"
        )
    for name in node.outputs:
        given = packet_width(node.model, node.get_output_variable(name))
        fits = not max(taken, given) % min(taken, given) if node.class_name == "Repack" else taken == given
        if not fits:
            raise FirmwareError(
                f"layer {node.name!r} of class {node.class_name!r} reads packets of {taken} and writes packets of "
                f"{given} numbers: hls4ml's kernel on streams then loses numbers or reads beyond a packet; put it "
                "before the flattening or reshaping"
            )


def keeps_format(node: Any) -> bool:
    """Whether a layer's result has the format of its input."""
    given, taken = node.get_output_variable(node.outputs[0]), node.get_input_variable()
    return str(given.type.precision) == str(taken.type.precision)


def origin(model: Any, name: str) -> str:
    """The tensor that a stream holds: copies of it (``Clone``) are the same numbers, or all of them cast alike."""
    for node in model.get_layers():
        if node.class_name == "Clone" and name in node.outputs:
            return origin(model, node.inputs[0]) if keeps_format(node) else str(node.outputs[0])
    return name
