"""hls4ml's pooling layers, of windows and of whole images."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, require_channels_last
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed
from isobit.model.layers.pooling import Pooling

__all__: list[str] = []


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
    require_channels_last(node)
    edges, is_global = edges_of(node), node.class_name.startswith("Global")
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
                f"{node.name}.accum is {accum}: hls::numeric_limits has no smallest number for formats with saturation "
                "bits, so the maximum would begin with zero"
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
                f"pooling {node.name!r} has windows of {sizes} and strides of {strides}: with io_stream hls4ml's "
                "kernel for images aborts unless both are the same"
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
