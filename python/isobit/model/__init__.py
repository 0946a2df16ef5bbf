"""What a network is: ops, tensors, weights, and the file that holds them."""

from isobit.model.graph import Graph
from isobit.model.ops import Activation, BatchNorm, Dense, Op, Tensor, Threshold
from isobit.model.set_ops import PointwiseConv, Pooling, Reshape, Transpose
from isobit.model.table_ops import Softmax, TableActivation
from isobit.model.weights import Encoding, Weight

__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Encoding",
    "Graph",
    "Op",
    "PointwiseConv",
    "Pooling",
    "Reshape",
    "Softmax",
    "TableActivation",
    "Tensor",
    "Threshold",
    "Transpose",
    "Weight",
]
