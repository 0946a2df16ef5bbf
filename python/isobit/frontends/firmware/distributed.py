"""Layers whose arithmetic is code that hls4ml generated: adder trees of da4ml, and quantisers of single elements."""

from __future__ import annotations

import itertools
import re
from math import prod
from typing import Any

import numpy as np

from isobit.fixed.types import FixedType
from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.generated import filled, tree_of, window_view

__all__ = ["generated_layer"]

_QUANTISER = (
    r"template<typename input_t, typename output_t>\s*void %s\(input_t \*inp, output_t \*out\) \{"
    r"\s*(?:#pragma HLS INLINE\s*)?((?:out\[\d+\] = [^;{}]+;\s*)+)\}"
)
_ELEMENT = re.compile(r"out\[(\d+)\] = (?:(ap_u?fixed<-?\d+,-?\d+,AP_\w+,AP_\w+>)\(inp\[(\d+)\]\)|0);\s*")


def _extents(b: Builder, call: Call, name: str) -> tuple[int, int]:
    found = re.search(rf"void {re.escape(name)}\(inp_t model_inp\[(\d+)\], out_t model_out\[(\d+)\]\)", b.generated)
    if found is None:
        b.fail(call, f"{name} is no function as da4ml writes it")
    return int(found[1]), int(found[2])


def generated_layer(b: Builder, call: Call) -> bool:
    """Add the layer of a call whose function hls4ml generated for it alone; False for other functions."""
    if re.fullmatch(r"dense_da_\d+", call.kernel):
        b.arguments(call, 2, 2)
        n_in, n_out = _extents(b, call, call.kernel)
        data = b.input(call, 0, (n_in,))
        b.add(call, "Dense", [data], (n_out,), used=("bit_shift",), **tree_of(b, call, call.kernel))
        return True
    if len(call.templates) == 2 and re.search(rf"void {re.escape(call.kernel)}\(input_t \*inp", b.generated):
        _quantiser(b, call)
        return True
    return False


def _quantiser(b: Builder, call: Call) -> None:
    """``FixedPointQuantizer``: a format of its own for each element."""
    b.arguments(call, 2, 2)
    found = re.findall(_QUANTISER % re.escape(call.kernel), b.generated)
    data = b.input(call, 0, b.extents(call, 1))
    elements = _ELEMENT.findall(found[0]) if len(found) == 1 else []
    places = [int(place) for place, kind, source in elements if not kind or source == place]
    if places != list(range(data.size())) or "".join(m[0] for m in _ELEMENT.finditer(found[0])) != found[0]:
        b.fail(call, "its code is no quantiser as hls4ml generates it")
    kinds = [FixedType.parse(kind) if kind else None for _, kind, _ in elements]
    modes = {(kind.rounding.name, kind.overflow.name) for kind in kinds if kind is not None}
    if len(modes) > 1:
        b.fail(call, "its elements have several modes")
    rounding, overflow = modes.pop() if modes else ("TRN", "WRAP")
    facts = [(kind.signed, kind.width, kind.integer) if kind else (False, 0, 0) for kind in kinds]
    b.vouch(call.kernel)
    node = b.add(call, "FixedPointQuantizer", [data], data.shape)
    node.mask_kbi = tuple(np.array(part).reshape(1, *data.shape) for part in zip(*facts, strict=True))
    node.RND, node.SAT = rounding, overflow


@reads("conv1d_cl", "conv2d_cl")
def _convolution(b: Builder, call: Call) -> None:
    """A convolution of arrays: one tree for every window."""
    b.arguments(call, 3, 2)
    config, rank = b.config(call, 0), int(call.kernel[-5])
    taken, kernel, strides, given = (
        tuple(config.extent(f"{what}_{side}") for side in ("height", "width")[2 - rank :])
        for what in ("in", "filt", "stride", "out")
    )
    if rank == 1:
        config.read |= {f"{what}_height" for what in ("in", "filt", "stride", "out")}
    n_chan, n_filt = config.extent("n_chan"), config.extent("n_filt")
    tree = _function(config)
    before = _padding(b, call, config, taken, n_chan, kernel, strides, given)
    data = b.input(call, 0, (*taken, n_chan), template=1)
    if _extents(b, call, tree) != (prod(kernel) * n_chan, n_filt):
        b.fail(call, f"{tree} has other inputs and outputs than {config.name}")
    pads: dict[str, Any] = {}
    for axis, size, extent, out, stride, first in zip(
        (("top", "bottom"), ("left", "right"))[2 - rank :], kernel, taken, given, strides, before, strict=True
    ):
        pads |= {f"pad_{axis[0]}": first, f"pad_{axis[1]}": max(0, (out - 1) * stride + size - extent - first)}
    attributes = {**tree_of(b, call, tree), **pads}
    name = f"Conv{rank}D"
    used = ("bit_shift",)
    b.add(call, name, [data], (*given, n_filt), [config], template=2, used=used, **attributes)


def _function(config: Config) -> str:
    """The name of a struct's tree."""
    return re.split(r"[<:]+", config.function("dense_da").partition("<")[0])[-1]


def _padding(
    b: Builder, call: Call, config: Config, taken: Any, n_chan: int, kernel: Any, strides: Any, given: Any
) -> Any:
    """Padding before the first position, which these structs do not hold, from the generated windows."""
    name = config.template("fill_buffer").rpartition("::")[2]
    found = filled(b, call, config, prod(given), prod(kernel) * n_chan)
    for before in itertools.product(*(range(size) for size in kernel)):
        if np.array_equal(found, window_view(taken, n_chan, kernel, strides, before, given)):
            return before
    return b.fail(call, f"{name} does not fill the windows that {config.name} describes")
