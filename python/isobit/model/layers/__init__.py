"""Layers by family: hls4ml's facts about each, as frozen data. Importing this makes them known to model files."""

from isobit.model.layers.activation import PReLU, ThresholdedReLU
from isobit.model.layers.convolution import Convolution, DepthwiseConvolution, PointwiseConv
from isobit.model.layers.dense import Dense
from isobit.model.layers.distributed import DistributedConvolution, DistributedDense
from isobit.model.layers.einsum import Einsum, EinsumDense
from isobit.model.layers.embedding import Embedding
from isobit.model.layers.foreign import ForeignLayer
from isobit.model.layers.garnet import GarNet
from isobit.model.layers.layernorm import LayerNorm
from isobit.model.layers.merge import DotProduct, Merge
from isobit.model.layers.pooling import Pooling, Sum
from isobit.model.layers.quantizer import Quantizer
from isobit.model.layers.recurrent import Bidirectional, Recurrent
from isobit.model.layers.shape import (
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Reshape,
    Take,
    Transpose,
    UpSampling,
    ZeroPadding,
)
from isobit.model.layers.softmax import ArgMax, Softmax
from isobit.model.layers.table import TableActivation
from isobit.model.layers.time_distributed import EveryStep
from isobit.model.layers.unary_lut import UnaryLUT

__all__ = [
    "ArgMax",
    "Bidirectional",
    "Broadcast",
    "Concatenate",
    "Convolution",
    "Copy",
    "Cropping",
    "Dense",
    "DepthwiseConvolution",
    "DistributedConvolution",
    "DistributedDense",
    "DotProduct",
    "Einsum",
    "EinsumDense",
    "Embedding",
    "EveryStep",
    "ForeignLayer",
    "GarNet",
    "LayerNorm",
    "Merge",
    "PReLU",
    "PointwiseConv",
    "Pooling",
    "Quantizer",
    "Recurrent",
    "Reshape",
    "Softmax",
    "Sum",
    "TableActivation",
    "Take",
    "ThresholdedReLU",
    "Transpose",
    "UnaryLUT",
    "UpSampling",
    "ZeroPadding",
]
