"""hls4ml's recurrent layers."""

from __future__ import annotations

from typing import Any

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.layers import strategy_of
from isobit.frontends.firmware.nodes import named_type

__all__: list[str] = []

_GATES = {"lstm": 4, "gru": 3}


@reads("lstm_stack", "gru_stack")
def _recurrent(b: Builder, call: Call) -> None:
    cell = call.kernel.removesuffix("_stack")
    b.arguments(call, 3, 6)
    config = b.config(call)
    n_in, n_state, steps = (config.number(name) for name in ("n_in", "n_state", "n_sequence"))
    sequences = config.number("n_sequence_out")
    if sequences not in (1, steps) or config.number("n_out") != n_state:
        b.fail(call, f"{config.name} gives {sequences} of {steps} steps of {config.number('n_out')} numbers")
    data = b.input(call, 0, (steps, n_in))
    declared = b.extents(call, 1)
    every = sequences == steps and (steps > 1 or (declared is not None and len(declared) == 2))
    parts = [b.named(call, config.text(f"mult_config{place}")) for place in (1, 2)]
    sizes, gates = (n_in, n_state), _GATES[cell]
    weights: dict[str, Any] = {}
    strategies = set()
    for place, (mult, size, slot) in enumerate(zip(parts, sizes, ("", "recurrent_"), strict=True)):
        if (mult.number("n_in"), mult.number("n_out")) != (size, n_state * gates):
            b.fail(call, f"{mult.name} has n_in {mult.number('n_in')}, n_out {mult.number('n_out')}")
        strategy = strategy_of(call, b, mult, size)
        strategies.add(strategy)
        shape = (size, n_state * gates)
        transposed = strategy == "resource"
        weight = b.weight(call, 2 + place, shape[::-1] if transposed else shape)
        b.check_product(call, mult, data, weight.type)
        if mult.text("accum_t") != config.text("accum_t"):
            b.fail(call, f"{mult.name} has another accumulator than {config.name}")
        weights |= {f"{slot}weight": weight, f"{slot}bias": b.weight(call, 4 + place, (n_state * gates,))}
        mult.read |= {"bias_t", "weight_t"}
    if len(strategies) != 1:
        b.fail(call, f"products of the strategies {', '.join(sorted(strategies))}")
    (strategy,) = strategies
    activations = _activations(b, call, config, cell)
    config.read |= {"recurrent_weight_t", "recurrent_bias_t"}
    extra = {**activations, "strategy": strategy, "_weights_transposed": strategy == "resource"}
    extra |= {"return_sequences": every, "static": config.truth("use_static")}
    extra |= {"pytorch": config.truth("pytorch_order", False), "apply_reset_gate": "after"}
    given = (steps, n_state) if every else (n_state,)
    since = {} if _one_type(b, call, config, cell) else dict.fromkeys(_functions(cell), ("1.1.0", None))
    b.add(call, cell.upper(), [data], given, [config, *parts], since=since, weights=weights, **extra)


def _functions(cell: str) -> tuple[str, ...]:
    return tuple(f"nnet_recurrent.h:{cell}{suffix}" for suffix in ("", "_static", "_stack"))


def _one_type(b: Builder, call: Call, config: Config, cell: str) -> bool:
    """Whether what activations read and write has one type: until hls4ml 1.1.0 they had types of other tensors."""
    texts = [config.text("accum_t"), config.text("weight_t")]
    if cell == "lstm":
        texts += [text.removesuffix("::value_type") for text in call.templates[:2]]
    kinds = [b.declared.format_of(text, config.place) for text in texts]
    return len({kind.type for kind in kinds}) == 1


def _activations(b: Builder, call: Call, config: Config, cell: str) -> dict[str, Any]:
    """Both activations, and the table that they share."""
    found: dict[str, Any] = {}
    tables = set()
    names = {
        "activation": ("activation", "ACT_CONFIG_T"),
        "recurrent_activation": ("activation_recr", "ACT_CONFIG_LSTM"),
    }
    for slot, (alias, member) in names.items():
        struct = b.named(call, config.text(member.replace("LSTM", cell.upper())))
        found[slot] = config.template(alias).rpartition("::")[2]
        tables.add((struct.entries("table_size", 1024), struct.text("table_t", "ap_fixed<18,8>")))
    if len(tables) != 1:
        b.fail(call, f"{config.name} has tables of {len(tables)} kinds")
    size, kind = next(iter(tables))
    return {**found, "table_size": size, "table_t": named_type(b.declared.format_of(kind, config.place))}
