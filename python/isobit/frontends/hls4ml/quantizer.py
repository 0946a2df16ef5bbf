"""hls4ml's ``FixedPointQuantizer``, which its front ends for HGQ and HGQ2 put around layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.reading import edges_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.quantizer import Quantizer

__all__: list[str] = []


@register_handler("FixedPointQuantizer", keras=("HGQ2's quantizers",))
def _quantizer(node: Any) -> Quantizer:
    edges = edges_of(node)
    # As generate_mask_fn in backends/fpga/passes/hgq_proxy_model.py reads them.
    shape = tuple(int(n) for n in node.get_input_variable().shape)
    signed, width, integer = (np.broadcast_to(np.asarray(part)[0], shape).ravel() for part in node.mask_kbi)
    if (least := int(width.min())) < 0:
        raise FirmwareError(
            f"layer {node.name!r} has an element of {least} bits, for which hls4ml's firmware does not compile; "
            "its pass 'bit_exact' makes 0 of them"
        )
    return Quantizer(
        **edges,
        signed=tuple(bool(sign) for sign in signed),
        width=tuple(int(bits) for bits in width),
        integer=tuple(int(bits) for bits in integer),
        rounding=str(node.RND),
        overflow=str(node.SAT),
    )
