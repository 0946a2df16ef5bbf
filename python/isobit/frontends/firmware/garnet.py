"""hls4ml's GarNet, whose weights are members of its struct."""

from __future__ import annotations

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import MOST_ENTRIES, Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.nodes import WeightVariable

__all__: list[str] = []


def _weights(b: Builder, call: Call, config: Config, name: str, count: int) -> WeightVariable:
    """An array of weights to which a member refers."""
    kind, length, array = config.reference(name)
    found = b.weights.variable(array)
    if (kind, length, found.data_length) != (f"{name}_t", count, count):
        b.fail(call, f"{config.name} has {name} of {length} {kind} in {array}, which has {found.data_length}")
    if b.declared.format_of(config.text(kind), config.place).type != found.type.precision.type:
        b.fail(call, f"{config.name} has {name} of {config.text(kind)!r} in {array}, which has {found.type.name!r}")
    return found


@reads("garnet")
def _garnet(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    config = b.config(call)
    vertices, features, aggregators, given = (
        config.extent(f"n_{name}") for name in ("vertices", "in_features", "aggregators", "out_features")
    )
    reuse = config.extent("reuse_factor")
    for name, count in (("n_vertices_width", vertices), ("log2_reuse_factor", reuse)):
        if (power := config.number(name)) != count.bit_length() - 1 or count != 1 << power:
            b.fail(call, f"{config.name} has the {name} {power} for {count}")
    width = b.declared.format_of(config.text("distance_t"), config.place).type.width
    if config.number("distance_width") != width or 1 << width > MOST_ENTRIES:
        b.fail(call, f"{config.name} has distances of {width} bits, distance_width {config.number('distance_width')}")
    for slot in ("edge_weight_t", "edge_weight_aggr_t", "aggr_t"):
        config.text(slot)
    config.word("output_collapse")
    config.truth("mean_by_nvert")
    counts = {
        "input_transform_weights": given * aggregators * features,
        "input_transform_biases": given * aggregators,
        "aggregator_distance_weights": aggregators * features,
        "aggregator_distance_biases": aggregators,
        "output_transform_biases": given,
    }
    weights = {name: _weights(b, call, config, name, count) for name, count in counts.items()}
    config.read |= {
        "n_propagate",
        "norm_t",
        "output_t",
        "base_t",
        "output_transform_weights",
        "output_transform_weights_t",
    }
    inputs = [b.input(call, 0, (vertices, features)), b.input(call, 1, (1,), template=1)]
    b.add(call, "GarNet", inputs, (given,), [config], template=2, weights=weights)
