"""HGQ's tables of every number of a format."""

from __future__ import annotations

from typing import Any

from isobit.frontends.hls4ml.reading import edges_of, weight_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.unary_lut import UnaryLUT

__all__: list[str] = []


@register_handler("UnaryLUT", keras=("UnaryLUT", "QUnaryFunctionLUT"))
def _unary_lut(node: Any) -> UnaryLUT:
    return UnaryLUT(**edges_of(node), table=weight_of(node, "table"))
