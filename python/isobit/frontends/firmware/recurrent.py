"""hls4ml's recurrent layers."""

from __future__ import annotations

from typing import Any

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.generated import check_unrolled
from isobit.frontends.firmware.layers import strategy_of
from isobit.frontends.firmware.nodes import Variable, WeightVariable, named_type

__all__: list[str] = []

_GATES = {"lstm": 4, "gru": 3}


class _Cell:
    """The products and activations of a cell.

    Parameters
    ----------
    b, call
        The call.
    config
        The struct of the cell.
    cell, data
        ``lstm`` or ``gru``, and what it reads.
    place
        The argument that is its matrix; its recurrent matrix and both biases follow.
    """

    def __init__(self, b: Builder, call: Call, config: Config, cell: str, data: Variable, place: int) -> None:
        n_in, n_state = config.extent("n_in"), config.extent("n_state")
        self.parts = [b.named(call, config.text(f"mult_config{number}")) for number in (1, 2)]
        self.weights: dict[str, WeightVariable] = {}
        strategies, n_out = set(), n_state * _GATES[cell]
        for number, (mult, size, slot) in enumerate(zip(self.parts, (n_in, n_state), ("", "recurrent_"), strict=True)):
            if (mult.number("n_in"), mult.number("n_out")) != (size, n_out):
                b.fail(call, f"{mult.name} has n_in {mult.number('n_in')}, n_out {mult.number('n_out')}")
            strategy = strategy_of(call, b, mult, size)
            strategies.add(strategy)
            weight = b.weight(call, place + number, (size, n_out) if strategy == "latency" else (n_out, size))
            b.check_product(call, mult, data, weight.type)
            check_unrolled(b, call, mult, weight)
            if mult.text("accum_t") != config.text("accum_t"):
                b.fail(call, f"{mult.name} has another accumulator than {config.name}")
            bias = b.weight(call, place + 2 + number, (n_out,))
            self.weights |= {f"{slot}weight": weight, f"{slot}bias": bias}
            mult.read |= {"bias_t", "weight_t"}
        if len(strategies) != 1:
            b.fail(call, f"products of the strategies {', '.join(sorted(strategies))}")
        (self.strategy,) = strategies
        self.activations = _activations(b, call, config, cell)
        config.read |= {"weight_t", "recurrent_weight_t", "recurrent_bias_t"}


def _steps(b: Builder, call: Call, config: Config, n_state: int) -> tuple[Variable, bool, tuple[int, ...]]:
    """What is read, whether the states of every step are written, and the shape of what is written."""
    n_in, steps, sequences = config.extent("n_in"), config.extent("n_sequence"), config.number("n_sequence_out")
    if sequences not in (1, steps) or config.number("n_out") != n_state:
        b.fail(call, f"{config.name} gives {sequences} of {steps} steps of {config.number('n_out')} numbers")
    data, declared = b.input(call, 0, (steps, n_in)), b.extents(call, 1)
    every = sequences == steps and (steps > 1 or (declared is not None and len(declared) == 2))
    return data, every, (steps, n_state) if every else (n_state,)


@reads("lstm_stack", "gru_stack")
def _recurrent(b: Builder, call: Call) -> None:
    kind = call.kernel.removesuffix("_stack")
    b.arguments(call, 3, 6)
    config = b.config(call)
    data, every, given = _steps(b, call, config, config.extent("n_state"))
    cell = _Cell(b, call, config, kind, data, 2)
    extra: dict[str, Any] = {**cell.activations, "strategy": cell.strategy}
    extra |= {"_weights_transposed": cell.strategy != "latency", "apply_reset_gate": "after"}
    extra |= {"return_sequences": every, "static": config.truth("use_static")}
    extra |= {"pytorch": config.truth("pytorch_order", False), "weights": cell.weights}
    since = {} if _one_type(b, call, config, kind) else dict.fromkeys(_functions(kind), ("1.1.0", None))
    b.add(call, kind.upper(), [data], given, [config, *cell.parts], since=since, **extra)


@reads("bidirectional_stack")
def _bidirectional(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 10)
    config, static = b.config(call), b.config(call).truth("use_static")
    structs = {name: b.named(call, config.text(f"{name.upper()}_CONFIG")) for name in ("forward", "backward")}
    data, every, given = _steps(b, call, config, sum(struct.extent("n_state") for struct in structs.values()))
    extra: dict[str, Any] = {"return_sequences": every, "static": static, "weights": {}}
    configs, shared = [config], list[tuple[Any, ...]]()
    for number, (name, struct) in enumerate(structs.items()):
        function = config.template(f"RNNfunc_{name}").rpartition("::")[2]
        kind = function.partition("_")[0]
        if kind not in _GATES or function != f"{kind}_class{'_static' if static else ''}":
            b.fail(call, f"{config.name} computes {name} by {function!r}, use_static {static}")
        if (struct.number("n_in"), struct.number("n_mult")) != (config.number("n_in"), _GATES[kind]):
            b.fail(call, f"{struct.name} has n_in {struct.number('n_in')}, n_mult {struct.number('n_mult')}")
        if struct.truth("pytorch_order", False):
            b.fail(call, f"{struct.name} has the gates in PyTorch's order, which is not supported in both directions")
        cell = _Cell(b, call, struct, kind, data, 2 + 4 * number)
        table = {slot: cell.activations.pop(slot) for slot in ("table_size", "table_t")}
        accum = named_type(b.declared.format_of(struct.text("accum_t"), struct.place))
        shared.append((accum.precision, table["table_size"], table["table_t"].precision, cell.strategy))
        extra |= {f"{name}_{slot}": value for slot, value in cell.activations.items()}
        extra |= {f"{name}_class_name": kind.upper(), f"{name}_apply_reset_gate": "after"}
        extra |= {f"{name}_n_states": struct.number("n_state"), "accum_t": accum, "strategy": cell.strategy, **table}
        extra["weights"] |= {f"{name}_{slot}": weight for slot, weight in cell.weights.items()}
        configs += [struct, *cell.parts]
    if shared[0] != shared[1]:
        b.fail(call, f"{config.name} has other accumulators, tables or strategies in one direction than in the other")
    config.read.add("pytorch_order")
    b.add(call, "Bidirectional", [data], given, configs, _weights_transposed=cell.strategy != "latency", **extra)


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
