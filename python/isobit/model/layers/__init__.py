"""Layers by family: hls4ml's facts about each, as frozen data. Importing this makes them known to model files."""

from isobit.model.layers.elementwise import PReLU, ThresholdedReLU
from isobit.model.layers.merge import Merge
from isobit.model.layers.shape import Broadcast, Concatenate, Copy, Cropping, Movement, UpSampling, ZeroPadding

__all__ = [
    "Broadcast",
    "Concatenate",
    "Copy",
    "Cropping",
    "Merge",
    "Movement",
    "PReLU",
    "ThresholdedReLU",
    "UpSampling",
    "ZeroPadding",
]
