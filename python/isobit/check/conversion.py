"""Options of Keras layers that hls4ml 1.3.0 drops or changes on conversion, found by comparing the two models.

hls4ml's Keras parsers (``converters/keras`` and ``keras_v2_to_hls.py``) read some options of a layer and silently
ignore the others. The list here has the ignored ones, for the layers that isobit knows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from isobit.check.keras_layers import Segment, made_of
from isobit.errors import FormatError
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op

__all__ = ["DroppedOption", "dropped_options"]


@dataclass(frozen=True)
class DroppedOption:
    """One option that the firmware does not have.

    Attributes
    ----------
    layer, kind
        The Keras layer's name and class.
    option, value
        The option, and what it is set to, as text.
    firmware
        What the firmware does instead.
    """

    layer: str
    kind: str
    option: str
    value: str
    firmware: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.kind}({self.option}={self.value}) is dropped on conversion: {self.firmware}"

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return asdict(self)


#: What the parsers of a class leave out: (option, value that changes nothing, what the firmware does instead).
_LEFT_OUT: dict[str, tuple[tuple[str, Any, str], ...]] = {
    "ReLU": (
        ("max_value", None, "a relu without a maximum"),
        ("negative_slope", 0.0, "a relu that gives 0 for negative numbers"),
        ("threshold", 0.0, "a relu with its threshold at 0"),
    ),
    "quantized_relu": (
        ("use_sigmoid", 0, "a relu"),
        ("is_quantized_clip", True, "a relu that is clipped at its format's largest number"),
    ),
    "quantized_bits": (
        ("alpha", (None, 1, 1.0), "no scale"),
        ("keep_negative", True, "negative numbers stay"),
        ("symmetric", (0, False), "the most negative number stays"),
    ),
    "binary": (("use_01", False, "minus one and one instead of zero and one"), ("alpha", (None, 1, 1.0), "no scale")),
    "ternary": (("alpha", (None, 1, 1.0), "no scale"),),
    "quantized_tanh": (),
    "quantized_sigmoid": (),
}


def dropped_options(graph: Graph, model: Any, segments: tuple[Segment, ...] = ()) -> tuple[DroppedOption, ...]:
    """Compare a Keras model's configuration with the network that hls4ml made of it.

    Parameters
    ----------
    graph
        The network.
    model
        The Keras model.
    segments
        As :func:`isobit.check.keras_layers.segments_of` found them, if it did.

    Returns
    -------
    Options without effect, in the order of the Keras layers.
    """
    ops: dict[str, list[Op]] = {}
    names = {layer.name: layer for layer in model.layers}
    for op in graph.ops:
        if (name := made_of(op.name, names)) is not None:
            ops.setdefault(name, []).append(op)
    for segment in segments:
        for layer in segment.layers:
            ops.setdefault(layer.name, list(segment.ops))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # QKeras serialises its quantisers as Keras constraints
        return tuple(dropped for layer in model.layers for dropped in _dropped(layer, ops.get(layer.name, [])))


def _dropped(layer: Any, ops: list[Op]) -> Iterator[DroppedOption]:
    kind, config = type(layer).__name__, layer.get_config()
    yield from _left_out(layer.name, kind, config)
    for rule in _RULES:
        yield from rule(layer, kind, config, ops)


def _left_out(layer: str, kind: str, config: Mapping[str, Any]) -> Iterator[DroppedOption]:
    for option, neutral, instead in _LEFT_OUT.get(kind, ()):
        allowed = neutral if isinstance(neutral, tuple) else (neutral,)
        if option in config and _plain(config[option]) not in allowed:
            yield DroppedOption(layer, kind, option, _text(_plain(config[option])), instead)


def _text(value: Any) -> str:
    """A value as it was written: Keras keeps float32, whose 0.2 is 0.20000000298."""
    return f"{value:.7g}" if isinstance(value, float) else f"{value!r}"


def _plain(value: Any) -> Any:
    """A number of NumPy's or TensorFlow's as Python's."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    return (
        value.item() if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim) else value
    )


def _is_keras3(layer: Any) -> bool:
    return not hasattr(layer, "input_shape")


def _batchnorm_axis(layer: Any, kind: str, config: Mapping[str, Any], ops: list[Op]) -> Iterator[DroppedOption]:
    """hls4ml normalises the last axis, whatever the layer says."""
    if kind.endswith("BatchNormalization") and "axis" in config:
        axis, rank = config["axis"], len(layer.input.shape if _is_keras3(layer) else layer.input_shape)
        axes = [int(a) for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
        if [a % rank for a in axes] != [rank - 1]:
            yield DroppedOption(layer.name, kind, "axis", ", ".join(map(str, axes)), "the last axis is normalised")


def _batchnorm_quantisers(layer: Any, kind: str, config: Mapping[str, Any], ops: list[Op]) -> Iterator[DroppedOption]:
    """Scale and bias are computed from the trained values, unquantised."""
    if kind == "QBatchNormalization":
        for part in ("gamma", "beta", "mean", "variance"):
            if (quantiser := config.get(f"{part}_quantizer")) is not None:
                yield DroppedOption(
                    layer.name, kind, f"{part}_quantizer", _quantiser_name(quantiser), f"{part} is taken as trained"
                )


def _windows(layer: Any, kind: str, config: Mapping[str, Any], ops: list[Op]) -> Iterator[DroppedOption]:
    """Convolutions: neither dilation nor groups are read."""
    for option, instead in (("dilation_rate", "no dilation"), ("groups", "one group")):
        value = config.get(option)
        values = value if isinstance(value, (list, tuple)) else [value]
        size = config.get("kernel_size", (1,))
        if any(v not in (None, 1) for v in values) and (option != "dilation_rate" or any(k != 1 for k in size)):
            yield DroppedOption(layer.name, kind, option, f"{value!r}", instead)


def _lost_quantiser(layer: Any, kind: str, config: Mapping[str, Any], ops: list[Op]) -> Iterator[DroppedOption]:
    """A quantiser of activations: its options, and its format if that is not the firmware's result's."""
    option = "quantizer" if kind == "QActivation" else "activation"
    quantiser = getattr(layer, option, None)
    name = type(quantiser).__name__
    if quantiser is None or not hasattr(quantiser, "get_config") or name not in _LEFT_OUT:
        return
    yield from _left_out(layer.name, name, quantiser.get_config())
    wanted = _activation_format(quantiser)
    if wanted is None or not ops:
        return
    got = ops[-1].output.type
    if got != replace(wanted, saturation_bits=got.saturation_bits):
        instead = f"{ops[-1].name}.result is {got} instead of {wanted}"
        yield DroppedOption(layer.name, kind, option, str(quantiser), instead)


def _activation_format(quantiser: Any) -> FixedType | None:
    """The format of what a QKeras quantiser gives, as hls4ml infers it; None for others."""
    name = type(quantiser).__name__
    if name not in ("quantized_relu", "quantized_bits", "quantized_tanh", "quantized_sigmoid"):
        return None
    config = quantiser.get_config()
    bits = int(_plain(config["bits"]))
    integer, signed, overflow = int(_plain(config.get("integer", bits - 1))) + 1, True, "SAT"
    if name == "quantized_relu" and not _plain(config.get("negative_slope", 0)):
        integer, signed = integer - 1, False
    elif name == "quantized_tanh":
        integer, overflow = 1, "SAT_SYM" if config.get("symmetric") else "SAT"
    elif name == "quantized_sigmoid":
        integer, signed = 0, False
    try:
        if bits <= integer:
            return FixedType.int_type(integer, signed=signed)
        return FixedType.parse(f"ap_{'' if signed else 'u'}fixed<{bits},{integer},AP_RND_CONV,AP_{overflow}>")
    except FormatError:
        return None


def _quantiser_name(quantiser: Any) -> str:
    return str(quantiser["class_name"]) if isinstance(quantiser, dict) else str(quantiser)


_Rule = Callable[[Any, str, Mapping[str, Any], list[Op]], Iterator[DroppedOption]]
_RULES: tuple[_Rule, ...] = (
    _batchnorm_axis,
    _batchnorm_quantisers,
    _windows,
    _lost_quantiser,
)
