"""hls4ml's layers on sets and images: pointwise convolutions, pooling, transposition, another packing of streams."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml import _edges, _weight, precision_to_type
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed
from isobit.model.set_ops import PointwiseConv, Pooling, Reshape, Transpose

__all__: list[str] = []


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
    if strategy == "resource" and reuse_factor > n_in and not is_streamed(node.model):
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
    streams = is_streamed(node.model)
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
        sizes, strides = ([windows[f"{what}_{side}"] for side in ("height", "width")] for what in ("pool", "stride"))
        if streams and node.class_name == "Pooling2D" and sizes != strides:
            raise FirmwareError(
                f"pooling {node.name!r} has windows of {sizes} at strides of {strides}: with io_stream hls4ml's kernel "
                "for images stops unless they are the same"
            )
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
    perm = tuple(int(axis) for axis in node.get_attr("perm"))
    if is_streamed(node.model) and perm == (0, 1):
        raise FirmwareError(
            f"layer {node.name!r} keeps the axes in their order, but with io_stream hls4ml's kernel transposes every "
            "matrix, and reads outside of it; remove the layer"
        )
    return Transpose(**_edges(node), shape=shape, perm=perm)


@register_handler("Repack")
def _repack(node: Any) -> Reshape:
    return Reshape(**_edges(node))
