"""hls4ml's layers on sets and images, and its streams: pointwise convolutions, pooling, transposition, copies."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml import _edges, _weight, precision_to_type
from isobit.frontends.registry import register_handler
from isobit.model.ops import Reshape
from isobit.model.set_ops import PointwiseConv, Pooling, Transpose

__all__ = ["IO_TYPES", "STREAMED", "check_io_type", "origin"]

IO_TYPES = ("io_parallel", "io_stream")
#: Layers whose kernels on streams have been compared with their C-simulation, and give the bits of those on arrays.
STREAMED = (
    "Activation",
    "ApplyAlpha",
    "BatchNormalization",
    "Clone",
    "Dense",
    "GlobalPooling1D",
    "GlobalPooling2D",
    "Input",
    "PointwiseConv1D",
    "PointwiseConv2D",
    "Pooling1D",
    "Pooling2D",
    "Repack",
    "Reshape",
    "Transpose",
)


def _streams(node: Any) -> bool:
    return bool(node.model.config.get_config_value("IOType") == "io_stream")


def check_io_type(source: Any, io_type: str) -> None:
    """Refuse a way of handing data on, or layers that have not been compared with their C-simulation in it.

    Raises
    ------
    UnsupportedError
        With the layer's name.
    """
    if io_type not in IO_TYPES:
        raise FirmwareError(f"IOType {io_type!r} is not supported; supported: {', '.join(IO_TYPES)}")
    if io_type == "io_parallel":
        return
    for node in source.get_layers():
        if node.class_name not in STREAMED:
            raise UnsupportedError(
                f"layer {node.name!r} of class {node.class_name!r} is not supported with io_stream; supported: "
                f"{', '.join(STREAMED)}"
            )
        if node.class_name == "Clone" and set(node.outputs) & set(source.outputs):
            raise UnsupportedError(
                f"with io_stream, {node.inputs[0]!r} is an output and read by other layers, too; not supported"
            )


def origin(model: Any, name: str) -> str:
    """The tensor that a stream holds: copies of it (``Clone``) are the same numbers."""
    for node in model.get_layers():
        if node.class_name == "Clone" and name in node.outputs:
            return origin(model, node.inputs[0])
    return name


def _channels_last(node: Any) -> None:
    if node.get_attr("data_format", "channels_last") != "channels_last":
        raise UnsupportedError(
            f"layer {node.name!r} has the data format {node.get_attr('data_format')!r}; supported: channels_last"
        )


@register_handler(
    "PointwiseConv1D",
    "PointwiseConv2D",
    keras=tuple(f"{layer} (kernel size 1)" for layer in ("Conv1D", "Conv2D", "QConv1D", "QConv2D")),
)
def _pointwise_conv(node: Any) -> PointwiseConv:
    _channels_last(node)
    sides = ("pad_left", "pad_right", "pad_top", "pad_bottom")
    strides = (node.get_attr("stride_width", 1), node.get_attr("stride_height", 1))
    if any(node.get_attr(side, 0) for side in sides) or any(int(stride) != 1 for stride in strides):
        raise UnsupportedError(f"pointwise convolution {node.name!r} has padding or strides {strides}; supported: none")
    n_in, reuse_factor = int(node.get_attr("n_chan")), int(node.get_attr("reuse_factor"))
    strategy = str(node.get_attr("strategy")).lower()
    if strategy == "resource" and reuse_factor > n_in and not _streams(node):
        raise FirmwareError(
            f"reuse factor {reuse_factor} of layer {node.name!r} exceeds its {n_in} channels: with io_parallel and the "
            "resource strategy hls4ml's kernel then reads past its buffer; choose one that divides them"
        )
    return PointwiseConv(
        **_edges(node),
        weight=_weight(node, "weight", transposed=bool(node.get_attr("_weights_transposed", False))),
        bias=_weight(node, "bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        strategy=strategy,
        reuse_factor=reuse_factor,
    )


@register_handler(
    "Pooling1D",
    "Pooling2D",
    "GlobalPooling1D",
    "GlobalPooling2D",
    keras=tuple(
        f"{reach}{function}Pooling{axes}D"
        for reach in ("", "Global")
        for function in ("Average", "Max")
        for axes in (1, 2)
    ),
)
def _pooling(node: Any) -> Pooling:
    _channels_last(node)
    edges, is_global = _edges(node), node.class_name.startswith("Global")
    width = int(node.get_attr("n_in" if node.class_name.endswith("1D") else "in_width"))
    height = 1 if node.class_name.endswith("1D") else int(node.get_attr("in_height"))
    streams = _streams(node)
    accum = precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum")
    function = str(node.get_attr("pool_op")).lower()
    if is_global:
        windows: dict[str, Any] = {"pool_height": height, "pool_width": width}
        order = "stream" if streams else "parallel"
        if streams and function == "max" and accum.saturation_bits:
            raise UnsupportedError(
                f"{node.name}.accum is {accum}: hls::numeric_limits knows no least number of formats with saturation "
                "bits, so that the maximum begins with zero"
            )
    else:
        names = ("pool_width", "stride_width", "pad_left", "pool_height", "stride_height", "pad_top")
        windows = {name: int(node.get_attr(name, 0 if name.startswith("pad") else 1)) for name in names}
        order = "tree" if streams else "parallel"
        if str(node.get_attr("implementation", "linebuffer")) != "linebuffer" and streams:
            raise UnsupportedError(f"pooling {node.name!r} has the 'encoded' implementation; supported: linebuffer")
    return Pooling(
        **edges,
        function=function,
        order=order,
        accum=accum,
        height=height,
        width=width,
        **windows,
        count_pad=not is_global and bool(node.get_attr("count_pad", False)),
    )


@register_handler("Transpose", keras=("Permute",))
def _transpose(node: Any) -> Transpose:
    shape = tuple(int(n) for n in node.get_input_variable().shape)
    return Transpose(**_edges(node), shape=shape, perm=tuple(int(axis) for axis in node.get_attr("perm")))


@register_handler("Repack")
def _repack(node: Any) -> Reshape:
    return Reshape(**_edges(node))
