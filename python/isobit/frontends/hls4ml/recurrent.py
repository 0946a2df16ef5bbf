"""hls4ml's LSTM and GRU: what its templates write for them, and where that does not compile or reads other numbers."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, packet_width
from isobit.model.layers.recurrent import Bidirectional, Recurrent
from isobit.model.layers.recurrent_cell import Cell
from isobit.model.tables import function_table
from isobit.model.weights import Encoding, Weight

__all__: list[str] = []

#: Kernels of a product of the strategy ``resource``, for reuse factors up to its inputs and beyond.
_KERNEL = re.compile(r"nnet::DenseResource_rf_(\w+)<")
_FACTOR = re.compile(r"reuse_factor = (\d+);")


@register_handler("LSTM", "GRU", keras=("GRU", "LSTM", "QGRU", "QLSTM"))
def _recurrent(node: Any) -> Recurrent:
    n_in = int(node.get_input_variable().shape[-1])
    if len(node.inputs) > 1 and not node.get_attr("pass_initial_states", False):
        raise FirmwareError(f"layer {node.name!r} is given initial states, which hls4ml's firmware ignores")
    if len(node.inputs) > 1:
        _check_states(node)
    if is_streamed(node.model) and (packets := packet_width(node.model, node.get_input_variable())) != n_in:
        raise FirmwareError(
            f"layer {node.name!r} reads packets of {packets} numbers for steps of {n_in}; hls4ml's kernel on streams "
            "then mixes steps up: put it before the reshaping"
        )
    return Recurrent(
        **edges_of(node),
        cell=node.class_name.lower(),
        **_parts(node, n_in, "", ""),
        **_common(node),
        pytorch=bool(node.get_attr("pytorch", False)),
    )


@register_handler("Bidirectional", keras=("Bidirectional",))
def _bidirectional(node: Any) -> Bidirectional:
    n_in = int(node.get_input_variable().shape[-1])
    found: dict[str, Any] = {}
    for direction in ("forward", "backward"):
        found[f"{direction}_cell"] = cell = str(node.get_attr(f"{direction}_class_name")).lower()
        if cell not in Cell.GATES:
            raise FirmwareError(
                f"layer {node.name!r} has the {direction} layer {cell!r}, for which hls4ml's firmware does not "
                f"compile; supported: {', '.join(Cell.GATES)}"
            )
        found |= _parts(node, n_in, f"{direction}_", f"_{direction[0]}")
    states = sum(int(node.get_attr(f"{direction}_n_states")) for direction in ("forward", "backward"))
    if (n_out := int(node.get_attr("n_out"))) != states:
        raise FirmwareError(
            f"layer {node.name!r} merges both directions into {n_out} numbers; hls4ml's firmware always writes all "
            f"{states}, beyond the end of the result (supported: merge_mode 'concat')"
        )
    return Bidirectional(**edges_of(node), **found, **_common(node), static=bool(node.get_attr("static")))


@register_handler("SimpleRNN")
def _simple(node: Any) -> NoReturn:
    raise FirmwareError(f"hls4ml writes no code for layer {node.name!r} (SimpleRNN)")


def _common(node: Any) -> dict[str, Any]:
    return {
        "accum": precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        "strategy": str(node.get_attr("strategy")).lower(),
        "sequences": bool(node.get_attr("return_sequences")),
    }


def _parts(node: Any, n_in: int, prefix: str, suffix: str) -> dict[str, Any]:
    """Weights, activations with their tables, and reuse factors of a layer, or of one direction."""
    cell = node.get_attr(f"{prefix}class_name") if prefix else node.class_name
    if cell == "GRU" and node.get_attr(f"{prefix}apply_reset_gate") != "after":
        raise FirmwareError(
            f"layer {node.name!r} applies its reset gate before the product (reset_after=False); hls4ml's firmware "
            "always applies it after, and reads one number for all biases"
        )
    bias, recurrent_bias = (weight_of(node, f"{prefix}{slot}") for slot in ("bias", "recurrent_bias"))
    n_state = bias.raw.size // (4 if cell == "LSTM" else 3)
    functions = {slot: _function(node, f"{prefix}{slot}") for slot in ("activation", "recurrent_activation")}
    found = {
        "weight": _matrix(node, f"{prefix}weight", n_in),
        "recurrent_weight": _matrix(node, f"{prefix}recurrent_weight", n_state),
        "bias": bias,
        "recurrent_bias": recurrent_bias,
        **functions,
        "table": _table(node, functions["activation"]),
        "recurrent_table": _table(node, functions["recurrent_activation"]),
        "reuse_factor": _reuse(node, f"{node.index}_1{suffix}", n_in),
        "recurrent_reuse_factor": _reuse(node, f"{node.index}_2{suffix}", n_state),
    }
    return {f"{prefix}{slot}": part for slot, part in found.items()}


def _matrix(node: Any, slot: str, n_in: int) -> Weight:
    """A matrix of weights, shape (n_in, n_out)."""
    transposed = bool(node.get_attr("_weights_transposed", False))
    n_out = node.weights[slot].data.size // n_in
    weight = weight_of(node, slot, transposed=transposed, shape=(n_in, n_out))
    if weight.encoding is not Encoding.PLAIN:
        raise UnsupportedError(
            f"{node.name}.{slot} is of {weight.encoding.value} encoding, which is not supported in recurrent layers"
        )
    return weight


def _function(node: Any, slot: str) -> str:
    """An activation, if nnet_recr_activations.h has it."""
    function = str(node.get_attr(slot)).lower()
    if function not in Cell.FUNCTIONS:
        raise FirmwareError(
            f"layer {node.name!r} has the {slot} {function!r}, with which hls4ml's firmware does not compile; "
            f"supported: {', '.join(Cell.FUNCTIONS)}"
        )
    return function


def _table(node: Any, function: str) -> Weight | None:
    """The table of an activation; all of a layer's have one size and one format."""
    if function == "relu":
        return None
    kind = precision_to_type(node.get_attr("table_t").precision, f"{node.name}.table")
    return function_table("table", function, int(node.get_attr("table_size")), kind)


def _reuse(node: Any, index: str, n_in: int) -> int:
    """The reuse factor that hls4ml writes for a product, if its kernel is one for it.

    ``RecurrentConfigTemplate`` chooses the kernel by the factor of the layer, which need not be that of the product.
    """
    text = str(node.get_attr("config_cpp")).partition(f"struct config{index} ")[2].partition("};")[0]
    factor = _FACTOR.search(text)
    if factor is None:
        raise FirmwareError(f"hls4ml writes no configuration of product {index} of layer {node.name!r}")
    reuse, kernel = int(factor[1]), _KERNEL.search(text)
    if kernel is not None and (kernel[1] == "leq_nin") != (reuse <= n_in):
        raise FirmwareError(
            f"layer {node.name!r} multiplies {n_in} numbers at the reuse factor {reuse}, but in hls4ml's kernel "
            f"rf_{kernel[1]}, which aborts; choose another reuse factor"
        )
    if str(node.get_attr("strategy")).lower() == "resource_unrolled" and node.class_name == "Bidirectional":
        raise FirmwareError(
            f"layer {node.name!r} has the strategy 'resource_unrolled', for which hls4ml writes no code in both "
            "directions; supported: latency, resource"
        )
    return reuse


def _check_states(node: Any) -> None:
    """Initial states are overwritten by the firmware, which has one format for all matrices and one for all biases."""
    for name in node.inputs[1:]:
        if len([reader for reader in node.model.get_layers() if name in reader.inputs]) > 1:
            raise FirmwareError(
                f"layer {node.name!r} begins with the state {name!r}, which another layer reads as well: hls4ml's "
                "firmware overwrites it"
            )
    for one, two in (("weight", "recurrent_weight"), ("bias", "recurrent_bias")):
        kinds = [str(node.weights[slot].type.precision) for slot in (one, two)]
        if kinds[0] != kinds[1]:
            raise FirmwareError(
                f"layer {node.name!r} has a {one} of {kinds[0]} and a {two} of {kinds[1]}; with initial states "
                "hls4ml's firmware compiles only where both are the same"
            )
