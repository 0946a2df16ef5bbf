"""Random networks of LSTM and GRU: sequences and last steps, every activation, strategy and inner format."""

from __future__ import annotations

from typing import Any

from isobit.fixed import FixedType, Rounding

__all__ = ["recurrences"]

OVERFLOW = ("WRAP", "WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor."""
    return str(tensor._keras_history.layer.name)


def recurrences(net: Any) -> None:
    """LSTM, GRU and pairs of them, of sequences and of their last step, one upon the other."""
    rng = net.rng
    net.input(int(rng.integers(1, 6)), int(rng.integers(1, 5)))
    if rng.random() < 0.3:
        net.cast(net.live[-1])
    for _ in range(int(rng.integers(1, 4))):
        if (tensor := net.some(lambda t: len(t.shape) == 3)) is None:
            return
        if not net.streams and rng.random() < 0.3:
            _both(net, tensor)
        else:
            _one(net, tensor, str(rng.choice(["LSTM", "GRU"])))


def _formats(net: Any, *slots: str) -> dict[str, str]:
    """A format for every slot; half of the time such that most numbers fit."""
    rng, roomy = net.rng, bool(net.rng.random() < 0.5)
    least = {"accum": 4, "result": 2, "table": 2}

    def drawn(slot: str) -> str:
        if not roomy:
            return str(net.format())
        modes = str(rng.choice([mode.name for mode in Rounding])), str(rng.choice(OVERFLOW))
        integer = least.get(slot, 1)
        return str(FixedType(int(rng.integers(8, 20)), int(rng.integers(integer, integer + 3)), True, *modes))

    formats = {slot: drawn(slot) for slot in ("accum", "result", "table", *slots)}
    while "int" in formats["accum"]:  # AMD's headers do not define ap_int of numbers below 1/2
        formats["accum"] = drawn("accum")
    return formats


def _options(net: Any, sequences: bool) -> dict[str, Any]:
    """What a layer of Keras is made with, biases of all sizes among it."""
    from tensorflow.keras import initializers

    rng = net.rng
    normal = (initializers.RandomNormal(0.0, 0.7, seed=int(rng.integers(1 << 30))) for _ in range(3))
    names = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
    functions = [str(name) for name in rng.choice(["tanh", "sigmoid", "relu"], 2, p=[0.5, 0.3, 0.2])]
    return {
        "activation": functions[0],
        "recurrent_activation": functions[1],
        "return_sequences": sequences,
        **dict(zip(names, normal, strict=True)),
    }


def _configured(net: Any, formats: dict[str, str], static: bool) -> dict[str, Any]:
    """The entry of the last layer, whose table has its format beside the others."""
    table = formats.pop("table")
    name = _layer(net.live[-1])
    net.names[name] = {"Static": static, "TableSize": int(net.rng.choice([16, 100, 1024])), "table_t": table}
    net.names[name]["Precision"] = formats
    entry: dict[str, Any] = net.names[name]
    return entry


def _in_format(net: Any, tensor: Any, formats: dict[str, str]) -> Any:
    """An LSTM's input in the format of its accumulator, which is its result's: hls4ml's compiles for nothing else."""
    source = net.put("Activation", tensor, "linear", slots=())
    net.names[_layer(source)] = {"Precision": {"result": formats["accum"]}}
    formats["result"] = formats["accum"]
    return source


def _one(net: Any, tensor: Any, kind: str) -> None:
    """One direction."""
    rng, units = net.rng, int(net.rng.integers(1, 5))
    formats = _formats(net, "weight", "bias", "recurrent_weight", "recurrent_bias")
    if kind == "LSTM":
        tensor = _in_format(net, tensor, formats)
    net.put(kind, tensor, units, slots=(), **_options(net, bool(rng.random() < 0.5)))
    entry = _configured(net, formats, bool(rng.random() < 0.7))
    if (n_in := int(tensor.shape[-1])) == units and rng.random() < 0.5:
        # Both products then have the same legal reuse factors.
        strategy = str(rng.choice(["Resource", "Resource_Unrolled"]))
        factors = [n for n in range(2, n_in + 1) if not n_in % n] + [n_in * 2]
        factor = int(rng.choice(factors))
        if n_in > 1 or kind == "LSTM":  # three weights of one input have no factor for which hls4ml unrolls
            entry |= {"Strategy": strategy, "ReuseFactor": factor}


def _both(net: Any, tensor: Any) -> None:
    """Both directions, each with a cell of its own."""
    rng, sequences, static = net.rng, bool(net.rng.random() < 0.5), bool(net.rng.random() < 0.7)
    kinds = [str(kind) for kind in rng.choice(["LSTM", "GRU"], 2)]
    slots = ("weight", "bias", "recurrent_weight", "recurrent_bias")
    formats = _formats(net, *(f"{direction}_{slot}" for direction in ("forward", "backward") for slot in slots))
    if not static and "LSTM" in kinds:
        tensor = _in_format(net, tensor, formats)
    forward, backward = (
        getattr(net.layers, kind)(
            int(rng.integers(1, 4)),
            name=f"direction{len(net.kinds)}_{place}",
            go_backwards=bool(place),
            **_options(net, sequences),
        )
        for place, kind in enumerate(kinds)
    )
    net.put("Bidirectional", tensor, forward, backward_layer=backward, slots=())
    _configured(net, formats, static)
