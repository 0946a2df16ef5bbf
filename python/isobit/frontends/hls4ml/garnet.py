"""hls4ml's GarNet: the table of its edges' weights, and what its kernel leaves unwritten."""

from __future__ import annotations

from typing import Any, NoReturn

from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.hls4ml.reading import edges_of, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.written import written_config
from isobit.model.layers.garnet import GarNet, edge_weights

__all__: list[str] = []


@register_handler("GarNet", keras=("GarNet",))
def _garnet(node: Any) -> GarNet:
    written = written_config(node)
    if written["output_collapse"].rpartition("::")[2] != "collapse_mean":
        raise FirmwareError(
            f"layer {node.name!r} gives a result for each vertex; hls4ml's firmware leaves those of vertices "
            "beyond the second input's number uninitialised; supported: collapse='mean'"
        )
    if written["mean_by_nvert"] == "true":
        raise FirmwareError(
            f"layer {node.name!r} has mean_by_nvert, for which hls4ml divides whole numbers: every factor below one is "
            "zero, and a set without a vertex stops the C-simulation"
        )
    if (reuse := int(written["reuse_factor"])) != 1 << int(written["log2_reuse_factor"]):
        raise FirmwareError(f"layer {node.name!r} has the reuse factor {reuse}; its kernel expects a power of two")
    if node.ref_impl:
        raise UnsupportedError(f"layer {node.name!r} is hls4ml's reference implementation, which is not supported")
    distance = FixedType.parse(written["distance_t"])
    return GarNet(
        **edges_of(node),
        distance_weight=weight_of(node, "aggregator_distance_weights"),
        distance_bias=weight_of(node, "aggregator_distance_biases"),
        transform_weight=weight_of(node, "input_transform_weights"),
        transform_bias=weight_of(node, "input_transform_biases"),
        output_bias=weight_of(node, "output_transform_biases"),
        edge_weight=edge_weights(distance, FixedType.parse(written["edge_weight_t"])),
        distance=distance,
        edge_weight_aggr=FixedType.parse(written["edge_weight_aggr_t"]),
        aggr=FixedType.parse(written["aggr_t"]),
        vertices=int(written["n_vertices"]),
        log2_reuse=int(written["log2_reuse_factor"]),
    )


@register_handler("GarNetStack")
def _stack(node: Any) -> NoReturn:
    raise UnsupportedError(
        f"layer {node.name!r} is a GarNetStack of {node.attributes['n_sublayers']} sublayers; isobit computes "
        "GarNet alone (nnet::garnet_stack hands the sums of one sublayer to the next within one kernel)"
    )
