"""hls4ml's ``encoded`` convolutions on streams: which numbers their masks put into each window.

For every position of the input a mask says which places of a window it is written to; of large inputs only the masks
of a smaller one are stored, and positions are folded into it (``compute_conv2d_instructions`` of fpga_backend.py,
``scale_index_regular`` of nnet_conv_stream.h). That goes wrong for some sizes.
"""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError

__all__ = ["check_encoded", "folded"]


def folded(index: int, kernel: int, stride: int, extent: int) -> int:
    """Which position of the smaller input stands for one of the larger: ``scale_index_K_gte_S`` and ``_K_lt_S``."""
    edge = abs(kernel - stride)
    if index < edge:
        return index
    used = (extent - kernel) // stride * stride + kernel
    large, small = max(kernel, stride), min(kernel, stride)
    scaled = (-(-large // small) - 1) * stride + kernel
    if index >= used:
        return scaled
    if used - index <= edge:
        return scaled - (used - index)
    return edge + (index - edge) % stride


def _places(node: Any, axis: str, extent: int) -> list[int]:
    """The stored position for every position along an axis."""
    if extent == int(node.get_attr(f"min_{axis}")):
        return list(range(extent))
    kernel, stride = int(node.get_attr(f"filt_{axis}")), int(node.get_attr(f"stride_{axis}"))
    return [folded(index, kernel, stride, extent) for index in range(extent)]


def check_encoded(node: Any) -> None:
    """Check that every window gets the numbers that belong to it, in their order.

    Raises
    ------
    FirmwareError
        If one gets others, or if the kernel would abort.
    """
    *extents, _ = (int(n) for n in node.get_input_variable().shape)
    axes = ("height", "width")[2 - len(extents) :]
    kernel, strides = ([int(node.get_attr(f"{what}_{axis}")) for axis in axes] for what in ("filt", "stride"))
    height, width = extents if len(extents) == 2 else (1, *extents)
    rows = _places(node, "height", height) if len(extents) == 2 else [0]
    columns, stored = _places(node, "width", width), int(node.get_attr("min_width"))
    masks = [int(mask) for mask in str(node.get_attr("instructions")).split(",")]
    taps, queues, windows = kernel[-1] * (kernel[0] if len(kernel) == 2 else 1), dict[int, list[int]](), []
    right = len(set(kernel)) == 1
    for place in range(height * width):
        masked = rows[place // width] * stored + columns[place % width]
        mask = masks[masked] if masked < len(masks) else 0
        right = right and masked < len(masks)
        for tap in range(taps):
            if mask >> tap & 1:
                queues.setdefault(tap, []).append(place)
        if mask >> (taps - 1) & 1:
            windows.append([queues[tap].pop(0) if queues.get(tap) else -1 for tap in range(taps)])
    if not right or windows != _windows([height, width][-len(kernel) :], kernel, strides) or any(queues.values()):
        raise FirmwareError(
            f"layer {node.name!r} has the 'encoded' implementation, with which hls4ml's kernel puts wrong numbers into "
            f"the windows of {tuple(kernel)} with strides {tuple(strides)} on {tuple(extents)}; use 'linebuffer'"
        )


def _windows(extents: list[int], kernel: list[int], strides: list[int]) -> list[list[int]]:
    """The positions that belong into each window."""
    found = [[0]]
    starts: list[list[int]] = [[]]
    for extent, size, stride in zip(extents, kernel, strides, strict=True):
        starts = [[*start, first] for start in starts for first in range(0, extent - size + 1, stride)]
    found = []
    for start in starts:
        places = [0]
        for first, extent, size in zip(start, extents, kernel, strict=True):
            places = [place * extent + first + offset for place in places for offset in range(size)]
        found.append(places)
    return found
