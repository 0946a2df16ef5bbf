"""hls4ml's convolutions: so far those whose kernel has one element."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, require_channels_last, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed
from isobit.model.set_ops import PointwiseConv

__all__: list[str] = []


@register_handler(
    "PointwiseConv1D",
    "PointwiseConv2D",
    keras=tuple(f"{layer} (kernel size 1)" for layer in ("Conv1D", "Conv2D", "QConv1D", "QConv2D")),
)
def _pointwise_conv(node: Any) -> PointwiseConv:
    require_channels_last(node)
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
        **edges_of(node),
        weight=weight_of(node, "weight", transposed=bool(node.get_attr("_weights_transposed", False))),
        bias=weight_of(node, "bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        strategy=strategy,
        reuse_factor=reuse_factor,
    )
