"""What a network is: ops, tensors, weights, and the file that holds them."""

from isobit.model.graph import Graph
from isobit.model.layers import (
    Bidirectional,
    Broadcast,
    Concatenate,
    Convolution,
    Copy,
    Cropping,
    DepthwiseConvolution,
    DotProduct,
    Embedding,
    Merge,
    Pooling,
    PReLU,
    Quantizer,
    Recurrent,
    Reshape,
    Softmax,
    TableActivation,
    ThresholdedReLU,
    Transpose,
    UpSampling,
    ZeroPadding,
)
from isobit.model.layers.elementwise import Threshold
from isobit.model.layers.norm import BatchNorm
from isobit.model.ops import Activation, Dense, Op, Tensor
from isobit.model.set_ops import PointwiseConv
from isobit.model.weights import Encoding, Weight

__all__ = [
    "Activation",
    "BatchNorm",
    "Bidirectional",
    "Broadcast",
    "Concatenate",
    "Convolution",
    "Copy",
    "Cropping",
    "Dense",
    "DepthwiseConvolution",
    "DotProduct",
    "Embedding",
    "Encoding",
    "Graph",
    "Merge",
    "Op",
    "PReLU",
    "PointwiseConv",
    "Pooling",
    "Quantizer",
    "Recurrent",
    "Reshape",
    "Softmax",
    "TableActivation",
    "Tensor",
    "Threshold",
    "ThresholdedReLU",
    "Transpose",
    "UpSampling",
    "Weight",
    "ZeroPadding",
]
