"""Layers with the strategy ``distributed_arithmetic``, whose weights are in the adder tree alone."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.adder_trees import AdderTree, adder_bits, read_adder_tree
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type
from isobit.model.hardware import adder_facts
from isobit.model.layers.distributed import DistributedConvolution, DistributedDense

__all__ = ["distributed_convolution", "distributed_dense", "is_distributed", "tree_facts"]


def is_distributed(node: Any) -> bool:
    """Whether a node has the strategy."""
    return str(node.get_attr("strategy")).lower() == "distributed_arithmetic"


def _adder_tree(node: Any) -> AdderTree:
    """What the function computes that da4ml wrote for a node: for a convolution at each window.

    Raises
    ------
    FirmwareError
        If hls4ml has written none.
    UnsupportedError
        If it is none that isobit knows.
    """
    source = node.get_attr("da_codegen")
    if source is None:
        raise FirmwareError(f"hls4ml has solved no adder tree for layer {node.name!r}; convert the network again")
    return read_adder_tree(str(source.code), _data(node), node.name)


def _data(node: Any) -> FixedType:
    return precision_to_type(node.get_input_variable().type.precision, f"the input of {node.name}")


def tree_facts(node: Any) -> dict[str, str]:
    """What the network's metadata say of a node's adder tree; nothing if it has none."""
    source = node.get_attr("da_codegen")
    return {} if source is None else adder_facts(node.name, adder_bits(str(source.code), _data(node)))


def distributed_dense(node: Any) -> DistributedDense:
    """A Dense layer."""
    tree = _adder_tree(node)
    return DistributedDense(**edges_of(node), weight=tree.weight, bias=tree.bias, elements=tree.elements)


def distributed_convolution(
    node: Any, kernel: tuple[int, ...], strides: tuple[int, ...], before: tuple[int, ...]
) -> DistributedConvolution:
    """A convolution."""
    tree = _adder_tree(node)
    if tree.elements:
        raise UnsupportedError(
            f"hls4ml fuses a quantiser into the adder tree of the convolution {node.name!r}; supported: of Dense layers"
        )
    return DistributedConvolution(
        **edges_of(node), weight=tree.weight, bias=tree.bias, kernel=kernel, strides=strides, before=before
    )
