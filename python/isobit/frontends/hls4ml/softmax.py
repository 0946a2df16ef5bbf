"""hls4ml's softmax: the four implementations with the tables that its template sizes, on arrays and on streams."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError
from isobit.fixed.types import FixedType
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, packet_width
from isobit.frontends.written import written_config
from isobit.model.layers.softmax import LEGACY_STREAM_ENTRIES, LEGACY_TABLE, Softmax, signed_differences
from isobit.model.tables import exponential_table, function_table, inverse_table

__all__: list[str] = []


@register_handler("Softmax")
def _softmax(node: Any) -> Softmax:
    written = written_config(node)

    def kind(slot: str) -> FixedType:
        """A type of the layer's by its name, or one that is written out."""
        name = written[f"{slot}_t"]
        for attribute in node.attributes.values():
            if getattr(attribute, "name", None) == name and hasattr(attribute, "precision"):
                return precision_to_type(attribute.precision, f"{node.name}.{slot}")
        return FixedType.parse(name)

    implementation = written["implementation"].rpartition("::")[2]
    older = "exp_table_size" not in written
    if older:  # before hls4ml 1.2.0: one size for both tables, and sums in the format of the exponentials
        entries_of_both, exponentials = written["table_size"], written.get("exp_table_t", "")
        written |= {"exp_table_size": entries_of_both, "inv_table_size": entries_of_both, "exp_scale": "1"}
        written |= {"accum_t": exponentials, "inv_inp_t": exponentials, "n_slice": written["n_in"]}
        written |= {"n_outer": "1", "n_inner": "1"}
    size, outer, inner = _slices(node, written)
    parts: dict[str, Any] = {}
    if implementation == "legacy":
        for slot, function in (("exp_table", "legacy_exponential"), ("inv_table", "legacy_inverse")):
            # On streams both have activ_config's default size since hls4ml 1.2.0.
            own = older or not is_streamed(node.model)
            entries = int(written[f"{slot}_size"]) if own else LEGACY_STREAM_ENTRIES
            parts[slot] = function_table(slot, function, entries, LEGACY_TABLE)
    elif implementation in ("latency", "stable"):
        stable = implementation == "stable"
        address = precision_to_type(node.get_input_variable().type.precision, node.name)
        if stable and older:
            implementation, stable, address = "stable_signed", False, signed_differences(address)
        elif stable:
            address = kind("inp_norm")
        scale = float(written["exp_scale"])
        entries = int(written["exp_table_size"])
        parts = {"accum": kind("accum"), "inv_inp": kind("inv_inp"), "exp_scale": scale}
        parts["inp_norm" if stable else "address"] = address
        parts["exp_table"] = exponential_table("exp_table", entries, address, scale, stable, kind("exp_table"))
        parts["inv_table"] = inverse_table(
            "inv_table", int(written["inv_table_size"]), parts["inv_inp"], kind("inv_table")
        )
    return Softmax(**edges_of(node), implementation=implementation, size=size, outer=outer, inner=inner, **parts)


def _slices(node: Any, written: dict[str, str]) -> tuple[int, int, int]:
    """Values that are normalised together, and slices outside and inside of them."""
    if not is_streamed(node.model):
        return int(written["n_slice"]), int(written["n_outer"]), int(written["n_inner"])
    if int(written["axis"]) != -1:
        raise FirmwareError(
            f"softmax {node.name!r} has the axis {written['axis']}; supported with io_stream: -1, the last (hls4ml's "
            "kernel aborts for others)"
        )
    size = packet_width(node.model, node.get_input_variable())
    return size, int(written["n_in"]) // size, 1
