"""Batch normalisation, and the thresholds that hls4ml makes of one before a binary or ternary tanh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.reading import edges_of, weight_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.norm import BatchNorm, Threshold

__all__ = ["check_normalised_axes"]


@register_handler("BatchNormalization", "ApplyAlpha", keras=("BatchNormalization", "QBatchNormalization"))
def _batchnorm(node: Any) -> BatchNorm:
    return BatchNorm(**edges_of(node), scale=weight_of(node, "scale"), bias=weight_of(node, "bias"))


@register_handler("BatchNormalizationQuantizedTanh")
def _threshold(node: Any) -> Threshold:
    if node.get_attr("quantize") == 2:
        return Threshold(**edges_of(node), high=weight_of(node, "threshold"))
    return Threshold(**edges_of(node), high=weight_of(node, "threshold_hi"), low=weight_of(node, "threshold_lo"))


def check_normalised_axes(source: Any) -> None:
    """Refuse a ``ModelGraph`` of a Keras model that normalises batches along another axis than the last.

    ``parse_batchnorm_layer`` (converters/keras/core.py) reads no axis, and ``nnet::normalize`` takes the scale of an
    element's last axis. Whatever their number, scales of another axis are given to other elements, or to the outputs
    of the dense layer or convolution before. hls4ml refuses HGQ2's and QONNX's itself, and PyTorch has channels alone.

    Raises
    ------
    FirmwareError
        With the layer's name and axes.
    """
    for layer in _layers(source.config.config.get("KerasModel")):
        rank = getattr(getattr(layer, "input_spec", None), "ndim", None)
        if "BatchNormalization" not in type(layer).__name__ or rank is None:
            continue
        axes = [int(axis) % rank for axis in np.ravel(layer.axis)]
        if axes != [rank - 1]:
            found = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
            raise FirmwareError(
                f"layer {layer.name!r} normalises {found} of {rank} (axis 0 is the batch); hls4ml's firmware gives its "
                f"scales and biases to the last axis, {rank - 1}, which is another network: put a Permute layer before "
                "and after it"
            )


def _layers(model: Any) -> Iterator[Any]:
    """The layers of a model, and those of models within it and of wrappers."""
    for layer in [*(getattr(model, "layers", None) or ()), getattr(model, "layer", None)]:
        if layer is not None:
            yield layer
            yield from _layers(layer)
