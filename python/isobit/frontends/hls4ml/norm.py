"""Batch normalisation, and the thresholds that hls4ml makes of one before a binary or ternary tanh."""

from __future__ import annotations

from typing import Any

from isobit.frontends.hls4ml.reading import edges_of, weight_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.norm import BatchNorm, Threshold

__all__: list[str] = []


@register_handler("BatchNormalization", "ApplyAlpha", keras=("BatchNormalization", "QBatchNormalization"))
def _batchnorm(node: Any) -> BatchNorm:
    return BatchNorm(**edges_of(node), scale=weight_of(node, "scale"), bias=weight_of(node, "bias"))


@register_handler("BatchNormalizationQuantizedTanh")
def _threshold(node: Any) -> Threshold:
    if node.get_attr("quantize") == 2:
        return Threshold(**edges_of(node), high=weight_of(node, "threshold"))
    return Threshold(**edges_of(node), high=weight_of(node, "threshold_hi"), low=weight_of(node, "threshold_lo"))
