"""Merges of two tensors."""

from __future__ import annotations

from math import prod
from typing import Any

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type
from isobit.frontends.registry import register_handler
from isobit.frontends.written import written_config
from isobit.model.layers.merge import DotProduct, Merge

__all__: list[str] = []


@register_handler("Merge", keras=("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"))
def _merge(node: Any) -> Merge:
    op = Merge(**edges_of(node), function=str(node.get_attr("op")).lower())
    written = written_config(node)["n_elem"]
    if prod(map(int, written.split("*"))) != op.output.size:
        raise FirmwareError(
            f"hls4ml's firmware for layer {op.name!r} computes {written} of {op.output.size} numbers: it takes the "
            "inputs' sizes for text to find the larger one; give both inputs as many axes (Reshape)"
        )
    return op


@register_handler("Dot", keras=("Dot",))
def _dot(node: Any) -> DotProduct:
    accum = precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum")
    return DotProduct(**edges_of(node), accum=accum)
