"""hls4ml's convolutions of sequences and images: full, pointwise and depthwise (it splits separable ones into both)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.distributed import distributed_convolution, is_distributed
from isobit.frontends.hls4ml.encoded import check_encoded
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, require_channels_last, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, packet_width
from isobit.model.layers.convolution import Convolution, DepthwiseConvolution, PointwiseConv
from isobit.model.layers.distributed import DistributedConvolution

__all__: list[str] = []


def _axes(node: Any) -> list[tuple[str, str, str]]:
    """hls4ml's names of the axes of positions, and of the padding at both ends of each."""
    axes = [("height", "top", "bottom"), ("width", "left", "right")]
    return axes[node.class_name.endswith("1D") :]


def _arguments(node: Any, n_in: int, n_out: int) -> dict[str, Any]:
    """What full, pointwise and depthwise convolutions have in common; weights of the shape (n_in, n_out)."""
    if node.weights["weight"].data.size != n_in * n_out or node.weights["bias"].data.size != node.get_attr("n_filt"):
        raise FirmwareError(
            f"layer {node.name!r} has weights of the shape {node.weights['weight'].data.shape}; hls4ml's kernel reads "
            f"{n_in} x {n_out} of them (hls4ml merges batch normalisations wrongly into depthwise convolutions: give "
            "the convolution's result a precision of its own)"
        )
    shape = None if node.class_name.startswith("Pointwise") else (n_in, n_out)
    return {
        **edges_of(node),
        "weight": weight_of(node, "weight", transposed=bool(node.get_attr("_weights_transposed", False)), shape=shape),
        "bias": weight_of(node, "bias"),
        "accum": precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        "strategy": str(node.get_attr("strategy")).lower(),
        "reuse_factor": int(node.get_attr("reuse_factor")),
    }


def _dilation(node: Any) -> int:
    """The largest dilation of any axis that hls4ml's node has, or the Keras layer that it was made of."""
    rates = [int(node.get_attr(name)) for name in node.attributes if name.startswith("dilation")]
    made_of = node.name.removesuffix("_depthwise")  # of a separable convolution
    for layer in getattr(node.model.config.config.get("KerasModel"), "layers", ()):
        if layer.name in (node.name, made_of):
            rates += np.ravel(getattr(layer, "dilation_rate", 1)).tolist()
    return max(rates, default=1)


def _windows(node: Any) -> dict[str, Any]:
    """Kernel, strides and padding, if hls4ml's kernels make of them as many windows as the result has positions."""
    require_channels_last(node)
    axes = _axes(node)
    kernel, strides = (tuple(int(node.get_attr(f"{what}_{axis}")) for axis, *_ in axes) for what in ("filt", "stride"))
    before, after = (tuple(int(node.get_attr(f"pad_{ends[end]}")) for ends in axes) for end in (1, 2))
    if (dilated := _dilation(node)) != 1:
        raise FirmwareError(f"layer {node.name!r} has a dilation of {dilated}, which hls4ml ignores; supported: 1")
    given = tuple(int(n) for n in node.get_output_variable().shape[:-1])
    *extents, _ = (int(n) for n in node.get_input_variable().shape)
    ends = zip(extents, kernel, strides, before, after, strict=True)
    made = tuple((extent + first + last - size) // stride + 1 for extent, size, stride, first, last in ends)
    if made != given:
        raise FirmwareError(
            f"layer {node.name!r} gives {given} positions, but hls4ml's kernel makes {made} of {tuple(extents)} with "
            f"windows of {kernel}, strides {strides} and padding {before} and {after}"
        )
    return {"kernel": kernel, "strides": strides, "before": before}


def _check_stream(node: Any, kernel: tuple[int, ...], strides: tuple[int, ...]) -> None:
    """Refuse what hls4ml's kernels for io_stream compute wrongly."""
    n_chan = int(node.get_attr("n_chan"))
    if (taken := packet_width(node.model, node.get_input_variable())) != n_chan:
        raise FirmwareError(
            f"layer {node.name!r} reads packets of {taken} numbers, but has {n_chan} channels: hls4ml's kernel on "
            "streams then loses numbers; put a Reshape before it"
        )
    if node.class_name.startswith("Pointwise"):
        return
    if len(kernel) == 2 and kernel[0] == 1 and strides[0] != 1 and node.get_attr("implementation") != "encoded":
        raise FirmwareError(
            f"layer {node.name!r} has windows of {kernel} and strides {strides}: with io_stream, hls4ml's kernel for "
            "windows of one row leaves out no row of an image, and gives too many numbers; use windows of more rows, "
            "or strides (1, ...)"
        )
    if node.get_attr("implementation") == "encoded":
        check_encoded(node)


def _check_resource(node: Any, n_in: int, what: str) -> None:
    reuse_factor = int(node.get_attr("reuse_factor"))
    if str(node.get_attr("strategy")).lower() == "resource" and reuse_factor > n_in and not is_streamed(node.model):
        raise FirmwareError(
            f"reuse factor {reuse_factor} of layer {node.name!r} exceeds its {n_in} {what}: with io_parallel and the "
            "resource strategy hls4ml's kernel then reads past its buffer; choose one that divides them"
        )


@register_handler(
    "Conv1D",
    "Conv2D",
    "Conv2DBatchnorm",
    "PointwiseConv1D",
    "PointwiseConv2D",
    keras=("Conv1D", "Conv2D", "QConv1D", "QConv2D", "QConv2DBatchnorm"),
)
def _convolution(node: Any) -> Convolution | PointwiseConv | DistributedConvolution:
    if (
        node.class_name == "Conv2DBatchnorm"
        and node.get_attr("_weights_transposed", False)
        and node.model.config.backend.name == "Vivado"
    ):
        raise FirmwareError(
            f"layer {node.name!r} has the resource strategy: hls4ml's Vivado back end then transposes the weights of "
            "QConv2DBatchnorm twice; use 'latency', or Vitis"
        )
    windows = _windows(node)
    n_chan, taps = int(node.get_attr("n_chan")), prod(windows["kernel"])
    if is_streamed(node.model):
        _check_stream(node, windows["kernel"], windows["strides"])
    _check_resource(node, taps * n_chan, "channels" if taps == 1 else "inputs of a window")
    if is_distributed(node):
        return distributed_convolution(node, **windows)
    arguments = _arguments(node, taps * n_chan, int(node.get_attr("n_filt")))
    same = arguments["output"].shape[:-1] == tuple(node.get_input_variable().shape[:-1])
    if taps == 1 and same and not any(windows["before"]):
        return PointwiseConv(**arguments)
    return Convolution(**arguments, **windows)


@register_handler(
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    keras=(
        *(f"{kind}{axes}D" for kind in ("DepthwiseConv", "SeparableConv", "QSeparableConv") for axes in (1, 2)),
        "QDepthwiseConv2D",
    ),
)
def _depthwise(node: Any) -> DepthwiseConvolution:
    windows = _windows(node)
    n_chan, n_filt, taps = int(node.get_attr("n_chan")), int(node.get_attr("n_filt")), prod(windows["kernel"])
    if n_filt != n_chan:
        raise FirmwareError(
            f"layer {node.name!r} makes {n_filt} channels of {n_chan}; hls4ml's kernels for depthwise and separable "
            "convolutions have a depth multiplier of 1 alone"
        )
    if is_streamed(node.model):
        _check_stream(node, windows["kernel"], windows["strides"])
    elif str(node.get_attr("strategy")).lower() != "latency":
        raise FirmwareError(
            f"layer {node.name!r} has the strategy {node.get_attr('strategy')!r}: with io_parallel hls4ml has no such "
            "kernel for depthwise and separable convolutions, and its firmware aborts; use 'latency'"
        )
    return DepthwiseConvolution(**_arguments(node, taps, n_chan), **windows)
