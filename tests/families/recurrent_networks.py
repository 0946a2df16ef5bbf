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
    """LSTM and GRU, of sequences and of their last step, one upon the other."""
    rng = net.rng
    net.input(int(rng.integers(1, 6)), int(rng.integers(1, 5)))
    if rng.random() < 0.3:
        net.cast(net.live[-1])
    for _ in range(int(rng.integers(1, 4))):
        if (tensor := net.some(lambda t: len(t.shape) == 3)) is not None:
            _recurrent(net, tensor, str(rng.choice(["LSTM", "GRU"])))


def _recurrent(net: Any, tensor: Any, kind: str) -> None:
    """A layer with a format for everything in it; half of the time such that most numbers fit."""
    from tensorflow.keras import initializers

    rng, static, roomy = net.rng, bool(net.rng.random() < 0.7), bool(net.rng.random() < 0.5)

    def a_type(integer: int) -> str:
        if not roomy:
            return str(net.format())
        modes = str(rng.choice([mode.name for mode in Rounding])), str(rng.choice(OVERFLOW))
        return str(FixedType(int(rng.integers(8, 20)), int(rng.integers(integer, integer + 3)), True, *modes))

    slots = {"accum": 4, "weight": 1, "bias": 1, "recurrent_weight": 1, "recurrent_bias": 1, "result": 2}
    formats = {slot: a_type(integer) for slot, integer in slots.items()}
    while "int" in formats["accum"]:  # AMD's headers do not define ap_int of numbers below 1/2
        formats["accum"] = a_type(4)
    if kind == "LSTM":  # hls4ml's firmware compiles for nothing else
        source = net.put("Activation", tensor, "linear", slots=())
        net.names[_layer(source)] = {"Precision": {"result": formats["accum"]}}
        formats["result"], tensor = formats["accum"], source
    normal = (initializers.RandomNormal(0.0, 0.7, seed=int(rng.integers(1 << 30))) for _ in range(3))
    names = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
    functions = rng.choice(["tanh", "sigmoid", "relu"], 2, p=[0.5, 0.3, 0.2])
    units = int(rng.integers(1, 5))
    net.put(
        kind,
        tensor,
        units,
        slots=(),
        activation=str(functions[0]),
        recurrent_activation=str(functions[1]),
        return_sequences=bool(rng.random() < 0.5),
        **dict(zip(names, normal, strict=True)),
    )
    name = _layer(net.live[-1])
    net.names[name] = {"Static": static, "TableSize": int(rng.choice([16, 100, 1024])), "table_t": a_type(2)}
    net.names[name]["Precision"] = formats
    if (n_in := int(tensor.shape[-1])) == units and rng.random() < 0.5:
        # Both products then have the same legal reuse factors.
        strategy = str(rng.choice(["Resource", "Resource_Unrolled"]))
        factors = [n for n in range(2, n_in + 1) if not n_in % n] + [n_in * 2]
        net.names[name] |= {"Strategy": strategy, "ReuseFactor": int(rng.choice(factors))}
