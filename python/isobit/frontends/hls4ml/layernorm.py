"""hls4ml's layer normalisation: its table, and the products that its template takes from the scale's format."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.written import written_config
from isobit.model.layers.layernorm import LayerNorm
from isobit.model.tables import inverse_root_table

__all__: list[str] = []


@register_handler("LayerNormalization", keras=("LayerNormalization",))
def _layernorm(node: Any) -> LayerNorm:
    written, scale, bias = written_config(node), weight_of(node, "scale"), weight_of(node, "bias")
    if "nnet::product::mult<" not in str(node.get_attr("config_cpp")):
        raise FirmwareError(
            f"layer {node.name!r} has a scale of {node.weights['scale'].type.precision}, for which hls4ml's firmware "
            "does not multiply sums with one over their length; use an ap_fixed format, or one of more bits"
        )
    shape, positions = tuple(int(n) for n in node.get_input_variable().shape), int(written["seq_len"])
    if not len(shape) == 2 or shape != (positions, scale.raw.size) or bias.raw.size != scale.raw.size:
        raise FirmwareError(
            f"layer {node.name!r} normalises {positions} positions of an input of shape {shape} with {scale.raw.size} "
            f"scales and {bias.raw.size} biases; supported: the last of two axes, as many of each as it has numbers"
        )
    entries, power = int(written["table_size"]), int(written["table_range_power2"])
    kinds = {slot: precision_to_type(node.get_attr(f"{slot}_t").precision, f"{node.name}.{slot}") for slot in _INNER}
    epsilon = int(written["epsilon_power_of_10"])
    table = inverse_root_table("table", entries, epsilon, power, kinds["table"])
    parts: dict[str, Any] = {"scale": scale, "bias": bias, "table": table, "accum": kinds["accum"]}
    return LayerNorm(**edges_of(node), **parts, range_power=power)


_INNER = ("accum", "table")
