"""Random networks of one family of layers, made by Keras and hls4ml: several inputs, branches that meet, rare formats.

``build(family, seed)`` gives a line of text, isobit's model, and events that reach the ends of every input's format, or
rejects the draw with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from convolution_networks import convolutions
from distributed_networks import distributed
from dot_networks import dots
from embedding_networks import embeddings
from garnet_networks import garnets
from layernorm_networks import normalisations
from mixed_networks import mixtures
from recurrent_networks import recurrences
from telling import Rejected, demand_telling
from time_distributed_networks import sequences
from unary_lut_networks import tables

from isobit.fixed import FixedType, Rounding

__all__ = ["FAMILIES", "Rejected", "build"]

_OVERFLOW = ("WRAP", "WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
#: hls4ml copies a stream at most seven times.
_FANOUT = 6


def a_format(rng: np.random.Generator) -> FixedType:
    """A format of up to 20 bits around one; at times an integer, without integer bits, or with saturation bits."""
    if rng.random() < 0.1:
        return FixedType.int_type(int(rng.integers(2, 8)), signed=bool(rng.random() < 0.7))
    overflow = str(rng.choice(_OVERFLOW))
    bits = int(rng.integers(1, 4)) if overflow == "WRAP" and rng.random() < 0.3 else 0
    rounding = str(rng.choice([mode.name for mode in Rounding]))
    width, signed = int(rng.integers(4, 21)), bool(rng.random() < 0.75)
    return FixedType(width, int(rng.integers(-1, 6)), signed, rounding, overflow, bits)


class _Network:
    """A Keras network that grows layer by layer, and its hls4ml configuration."""

    def __init__(self, rng: np.random.Generator, streams: bool) -> None:
        from tensorflow.keras import layers

        self.layers, self.rng, self.streams = layers, rng, streams
        self.inputs: list[Any] = []
        self.live: list[Any] = []
        self.uses: Counter[str] = Counter()
        self.names: dict[str, dict[str, Any]] = {}
        self.kinds: list[str] = []
        #: Whether formats may be ap_int, and their fewest integer bits: AMD's headers do not define what ap_int takes
        #: from numbers with fewer than none (docs/semantics.md, B9).
        self.integers, self.least_integer = True, -1
        #: The fewest fraction bits of a format that is no integer.
        self.least_fraction = -20
        #: hls4ml's settings of the whole network.
        self.settings: dict[str, Any] = {
            "Precision": {"default": "fixed<16,6>"},
            "ReuseFactor": 1,
            "Strategy": "Latency",
        }
        #: What inputs hold, where that is less than their format.
        self.ranges: dict[str, tuple[float, float]] = {}
        #: With io_parallel a Reshape hands its input on, yet layers without a format of their own take the Reshape's;
        #: UpSampling then does not compile.
        self.apart: set[str] = set()

    def input(self, *shape: int) -> Any:
        """A new input."""
        name = f"in{len(self.inputs)}"
        tensor = self.layers.Input(shape, name=name)
        self.names[name] = {"Precision": {"result": str(self.format())}}
        self.inputs.append(tensor)
        self.live.append(tensor)
        return tensor

    def format(self) -> FixedType:
        """Another format."""
        while True:
            kind = a_format(self.rng)
            if kind.is_int:
                if self.integers:
                    return kind
            elif kind.integer >= self.least_integer and kind.width - kind.integer >= self.least_fraction:
                return kind

    def put(
        self, layer: str, sources: Any, *arguments: Any, slots: tuple[str, ...] = ("result",), **options: Any
    ) -> Any:
        """A layer on one tensor or two; ``slots`` get formats of their own, or now and then hls4ml's choice."""
        name = f"{layer.lower()}{len(self.kinds)}"
        automatic = self.rng.random() < 0.15 and layer != "Activation"
        formats = {slot: "auto" if automatic else str(self.format()) for slot in slots}
        if formats:
            self.names[name] = {"Precision": formats}
        result = getattr(self.layers, layer)(*arguments, name=name, **options)(sources)
        for source in sources if isinstance(sources, list) else [sources]:
            self.uses[_layer(source)] += 1
            if (_layer(source) in self.apart and not slots) or (layer == "Reshape" and not self.streams):
                self.apart.add(name)
        self.kinds.append(layer)
        self.live.append(result)
        return result

    def cast(self, tensor: Any) -> Any:
        """The same in another format, as an activation gives it."""
        return self.put("Activation", tensor, str(self.rng.choice(["linear", "linear", "relu"])))

    def some(self, wanted: Callable[[Any], bool] = lambda tensor: True) -> Any:
        """A tensor that is there, one of the last rather than the first; None if there is none."""
        fitting = [tensor for tensor in self.live if self.uses[_layer(tensor)] < _FANOUT and wanted(tensor)]
        return fitting[-1 - min(int(self.rng.exponential(1.0)), len(fitting) - 1)] if fitting else None

    def outputs(self) -> list[Any]:
        """What nobody reads, and now and then something that is read as well."""
        made = [tensor for tensor in self.live if all(tensor is not source for source in self.inputs)]
        made = [tensor for tensor in made if self.streams or not _layer(tensor).startswith("reshape")]
        return [tensor for tensor in made if not self.uses[_layer(tensor)] or self.rng.random() < 0.15]


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor; the names of Keras' tensors are not unique."""
    return str(tensor._keras_history.layer.name)


def _pairs(rng: np.random.Generator, limits: list[int]) -> Any:
    """Numbers below a limit for both ends of every axis, as Keras takes them."""
    sides = [tuple(int(n) for n in rng.integers(0, limit, 2)) for limit in limits]
    return sides[0] if len(sides) == 1 else tuple(sides)


def _extents(tensor: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in tensor.shape[1:])


def _move(net: _Network, tensor: Any, kind: str) -> None:
    """One layer that moves numbers, on a tensor of two or three axes."""
    rng, shape = net.rng, _extents(tensor)
    axes = len(shape) - 1
    first = {"data_format": "channels_first"} if axes == 2 and not net.streams and rng.random() < 0.3 else {}
    positions = shape[1:] if first else shape[:-1]
    if kind == "pad":
        net.put(f"ZeroPadding{axes}D", tensor, _pairs(rng, [3] * axes), slots=(), **first)
    elif kind == "crop" and max(positions) > 2:
        net.put(f"Cropping{axes}D", tensor, _pairs(rng, [(n + 1) // 2 for n in positions]), slots=(), **first)
    elif kind == "up" and np.prod(shape) < 80 and _layer(tensor) not in net.apart:
        factors = tuple(int(n) for n in rng.integers(1, 4, axes))
        net.put(f"UpSampling{axes}D", tensor, factors[0] if axes == 1 else factors, slots=())
    elif kind == "permute":
        perm = tuple(int(axis) + 1 for axis in rng.permutation(len(shape)))
        if len(shape) > 1 and not (net.streams and perm == (1, 2)) and shape[0] > 1:
            net.put("Permute", tensor, perm, slots=())
    elif kind == "reshape":
        wanted = [s for s in _foldings(shape) if not net.streams or not max(s[-1], shape[-1]) % min(s[-1], shape[-1])]
        result = net.put("Reshape", tensor, wanted[int(rng.integers(len(wanted)))])
        if not net.streams:  # hls4ml removes it where it is the last
            net.cast(result)


def _foldings(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    size = int(np.prod(shape))
    return [(size // n, n) for n in range(1, size + 1) if size % n == 0]


def _join(net: _Network) -> None:
    rng, one = net.rng, net.some(lambda tensor: len(tensor.shape) <= 4)
    if one is None:
        return
    shape = _extents(one)
    axis = int(rng.integers(len(shape)))
    two = net.some(lambda t: _extents(t)[:axis] + _extents(t)[axis + 1 :] == shape[:axis] + shape[axis + 1 :])
    if two is None or len(two.shape) != len(one.shape) or net.uses[_layer(two)] + 1 >= _FANOUT:
        other = list(shape)
        other[axis] = int(rng.integers(1, 4))
        two = net.input(*other)
    pair = [one, two] if rng.random() < 0.5 else [two, one]
    net.put("Concatenate", pair, axis=int(rng.choice([axis + 1, axis - len(shape)])))


def shapes(net: _Network) -> None:
    """Padding, cropping, upsampling, permutation, other shapes, concatenation."""
    rng = net.rng
    rank = int(rng.choice([1, 2, 3, 3] if net.streams else [1, 2, 3, 3, 4]))
    net.cast(net.input(*(int(n) for n in rng.integers(1, 6, rank))))
    for kind in rng.permutation(["pad", "crop", "crop", "up", "permute", "reshape", "join", "cast", "join"])[:6]:
        if kind == "join":
            _join(net)
        elif kind == "cast":
            net.cast(net.some())
        else:
            ranks = (2, 3, 4) if kind in ("permute", "reshape") else (2, 3)
            if (tensor := net.some(lambda t, ranks=ranks: len(t.shape) - 1 in ranks)) is not None:
                _move(net, tensor, kind)


def merges(net: _Network, backend: str = "Vivado") -> None:
    """Every merge, of inputs and results in all kinds of formats, some of them smaller ones."""
    rng = net.rng
    shape = tuple(int(n) for n in rng.integers(1, 5, int(rng.choice([1, 2, 3]))))
    for _ in range(2):
        net.input(*shape)
    net.cast(net.inputs[0])
    for kind in [*rng.permutation(_MERGES), str(rng.choice(_MERGES))]:
        one = net.some(lambda t: _extents(t) == shape)
        if rng.random() < 0.25 and (small := _smaller(net, shape, backend)) is not None:
            two = net.input(*small)
        else:
            two = net.some(lambda t, one=one: _extents(t) == shape and net.uses[_layer(t)] + (t is one) < _FANOUT)
        net.put(str(kind), [one, two] if rng.random() < 0.5 else [two, one])
        if rng.random() < 0.3:
            net.cast(net.live[-1])


def _smaller(net: _Network, shape: tuple[int, ...], backend: str) -> tuple[int, ...] | None:
    """A shape that hls4ml broadcasts: along leading axes; with io_stream one position, or one channel of an image."""
    if net.streams:
        images = backend == "Vivado" and len(shape) == 3 and np.prod(shape[:2]) > 1 and shape[2] > 1
        return [(1, 1, shape[2]), (*shape[:2], 1)][int(net.rng.integers(2))] if images else None
    axes = int(net.rng.integers(1, len(shape) + 1))
    fewer = shape[axes:]
    # hls4ml compares the sizes as text (n_elem), which for other numbers of axes goes well now and then.
    texts = ["*".join(map(str, extents)) for extents in (fewer, shape)]
    if fewer and net.rng.random() < 0.5 and max(texts) == texts[1]:
        return fewer
    return (*[1] * axes, *fewer)


def rectifiers(net: _Network) -> None:
    """PReLU and ThresholdedReLU in all kinds of formats that hold some numbers around one."""
    from tensorflow.keras import initializers

    rng = net.rng
    net.least_integer, net.least_fraction = 0, 3
    net.input(*(int(n) for n in rng.integers(2, 6, int(rng.choice([1, 2, 3])))))
    for kind in rng.permutation(["PReLU", "PReLU", "ThresholdedReLU", "ThresholdedReLU", "cast", "cast"]):
        tensor = net.some()
        if kind == "PReLU":
            uniform = initializers.RandomUniform(-2.0, 2.0, seed=int(rng.integers(1 << 30)))
            net.put("PReLU", tensor, alpha_initializer=uniform, slots=("result", "param"))
        elif kind == "ThresholdedReLU":
            theta = float(np.round(rng.uniform(0.0, _most(net, tensor)), int(rng.integers(1, 4))))
            net.put("ThresholdedReLU", tensor, theta, slots=("result", "param"))
        else:
            net.cast(tensor)


def _most(net: _Network, tensor: Any) -> float:
    """A threshold's greatest value: half of what the tensor's format holds, or three."""
    result = str(net.names[_layer(tensor)]["Precision"]["result"])
    return 0.5 if result == "auto" else min(3.0, float(FixedType.parse(result).max) / 2)


#: By name, what fills a network.
FAMILIES: dict[str, Callable[..., None]] = {
    "shape": shapes,
    "merge": merges,
    "distributed": distributed,
    "dot": dots,
    "embedding": embeddings,
    "elementwise": rectifiers,
    "garnet": garnets,
    "layernorm": normalisations,
    "mixed": mixtures,
    "recurrent": recurrences,
    "time_distributed": sequences,
    "unary_lut": tables,
    "convolution": convolutions,
}
#: Families that hls4ml has with io_parallel alone.
PARALLEL = ("dot", "garnet", "layernorm", "time_distributed")


def build(family: str, seed: int, events: int = 120) -> tuple[str, Any, list[Any]]:
    """Draw, build and convert.

    Returns
    -------
    One line about it, the :class:`isobit.Model`, and for each input events of shape (events, ...).

    Raises
    ------
    Rejected
        If isobit refuses the draw (casts that AMD's headers leave undefined are), or its outputs tell too little.
    """
    import tensorflow as tf

    import isobit
    from isobit.errors import UnsupportedError
    from isobit.frontends.keras import convert

    tf.keras.utils.set_random_seed(seed)  # of weights that no initialiser with a seed gives
    rng = np.random.default_rng([seed, 17, *family.encode()])
    backend, streams = str(rng.choice(["Vitis", "Vivado"])), bool(rng.random() < 0.5)
    streams = streams and family not in PARALLEL
    net = _Network(rng, streams)
    FAMILIES[family](net, *([backend] if family in ("merge", "convolution") else []))
    model = tf.keras.Model(net.inputs, net.outputs())
    config = {"Model": net.settings, "LayerName": net.names}
    io_type = "io_stream" if streams else "io_parallel"
    try:
        subject = isobit.load(convert(model, config, backend=backend, io_type=io_type), input_ranges=net.ranges)
    except UnsupportedError as reason:
        raise Rejected("refused", str(reason)) from None
    data = [_events(rng, tensor, events) for tensor in subject.graph.inputs]
    demand_telling(subject, data)
    return f"{family} {seed}: {backend} {io_type}, {', '.join(net.kinds)}", subject, data


def _events(rng: np.random.Generator, tensor: Any, events: int) -> Any:
    """Floats: any numbers of the format, its ends more often than chance, small ones, and such as need rounding."""
    kind, shape = tensor.type, (events, *tensor.shape)
    least, most = tensor.raw_range
    raw = rng.integers(least, most + 1, shape)
    raw = np.where(rng.random(shape) < 0.3, raw // 16, raw)
    near = rng.random(shape)
    raw = np.where(near < 0.05, least, np.where(near > 0.95, most, raw))
    x = raw * float(kind.lsb)
    x = np.where(rng.random(shape) < 0.1, rng.normal(0.0, 2.0, shape), x)
    return x if tensor.limits is None else np.clip(x, *tensor.limits)
