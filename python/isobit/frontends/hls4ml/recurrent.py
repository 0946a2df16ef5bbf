"""hls4ml's LSTM and GRU: what its templates write for them, and where that does not compile or reads other numbers."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed, packet_width
from isobit.model.layers.recurrent import Recurrent
from isobit.model.layers.recurrent_cell import Cell
from isobit.model.tables import function_table
from isobit.model.weights import Encoding, Weight

__all__: list[str] = []


def table_of(node: Any, function: str) -> Weight | None:
    """The table of an activation; all of a layer's have one size and one format."""
    if function == "relu":
        return None
    kind = precision_to_type(node.get_attr("table_t").precision, f"{node.name}.table")
    return function_table("table", function, int(node.get_attr("table_size")), kind)


def function_of(node: Any, slot: str) -> str:
    """An activation, if nnet_recr_activations.h has it."""
    function = str(node.get_attr(slot)).lower()
    if function not in Cell.FUNCTIONS:
        raise FirmwareError(
            f"layer {node.name!r} has the {slot} {function!r}, with which hls4ml's firmware does not compile; "
            f"supported: {', '.join(Cell.FUNCTIONS)}"
        )
    return function


def matrix_of(node: Any, slot: str, n_in: int) -> Weight:
    """A matrix of weights, shape (n_in, n_out)."""
    transposed = bool(node.get_attr("_weights_transposed", False))
    n_out = node.weights[slot].data.size // n_in
    weight = weight_of(node, slot, transposed=transposed, shape=(n_in, n_out))
    if weight.encoding not in (Encoding.PLAIN,):
        raise UnsupportedError(
            f"{node.name}.{slot} is of {weight.encoding.value} encoding, which is not supported in recurrent layers"
        )
    return weight


def check_kernels(node: Any, strategy: str, n_in: int, n_state: int, reuse: int, recurrent_reuse: int) -> None:
    """Both products have the kernel that suits the input's reuse factor (``RecurrentConfigTemplate``)."""
    if strategy == "resource" and (reuse <= n_state) != (recurrent_reuse <= n_state):
        raise FirmwareError(
            f"layer {node.name!r} multiplies its state in the kernel for its input's reuse factor, {reuse}, which "
            f"aborts for that of the state, {recurrent_reuse}; both must be at most {n_state}, or both larger"
        )


@register_handler("LSTM", "GRU", keras=("GRU", "LSTM", "QGRU", "QLSTM"))
def _recurrent(node: Any) -> Recurrent:
    n_in = int(node.get_input_variable().shape[-1])
    sequences = bool(node.get_attr("return_sequences"))
    edges = edges_of(node)
    n_state = edges["output"].shape[-1]
    if node.class_name == "GRU" and node.get_attr("apply_reset_gate") != "after":
        raise FirmwareError(
            f"layer {node.name!r} applies its reset gate before the product (reset_after=False); hls4ml's firmware "
            "always applies it after, and takes one bias for all"
        )
    given = bool(node.get_attr("pass_initial_states", False))
    if len(node.inputs) > 1 and not given:
        raise FirmwareError(f"layer {node.name!r} is given initial states, which hls4ml's firmware ignores")
    if is_streamed(node.model):
        packets = packet_width(node.model, node.get_input_variable())
        if packets != n_in:
            raise FirmwareError(
                f"layer {node.name!r} reads packets of {packets} numbers for steps of {n_in}; hls4ml's kernel on "
                "streams then mixes steps up: put it before the reshaping"
            )
    strategy = str(node.get_attr("strategy")).lower()
    factors = int(node.get_attr("reuse_factor")), int(node.get_attr("recurrent_reuse_factor"))
    check_kernels(node, strategy, n_in, n_state, *factors)
    functions = function_of(node, "activation"), function_of(node, "recurrent_activation")
    return Recurrent(
        **edges,
        cell=node.class_name.lower(),
        weight=matrix_of(node, "weight", n_in),
        recurrent_weight=matrix_of(node, "recurrent_weight", n_state),
        bias=weight_of(node, "bias"),
        recurrent_bias=weight_of(node, "recurrent_bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        activation=functions[0],
        recurrent_activation=functions[1],
        table=table_of(node, functions[0]),
        recurrent_table=table_of(node, functions[1]),
        strategy=strategy,
        reuse_factor=factors[0],
        recurrent_reuse_factor=factors[1],
        sequences=sequences,
        pytorch=bool(node.get_attr("pytorch", False)),
    )
