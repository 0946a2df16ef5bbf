"""Random HGQ2 networks: formats for every element, zero bits among them, all modes, converted by hls4ml's keras_v3.

``build(seed)`` gives a line of text, isobit's model, and events that reach the ends of every format.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["KINDS", "build", "built", "events_for", "scopes"]

ROUNDINGS = ("RND", "RND", "TRN", "RND_CONV", "RND_CONV")
OVERFLOWS = ("WRAP", "WRAP", "SAT", "SAT_SYM")


@contextlib.contextmanager
def scopes(rounding: str = "RND", overflow: str = "WRAP", bits: int = 4, *, alike: bool = False) -> Any:
    """HGQ2's defaults: kernels of so many bits, data with four fraction bits in these modes, elements alike or not."""
    from hgq.config import LayerConfigScope, QuantizerConfigScope

    axes: dict[str, Any] = {"homogeneous_axis": None, "heterogeneous_axis": ()} if alike else {}
    with (
        QuantizerConfigScope(default_q_type="kbi", place="weight", overflow_mode="SAT_SYM", b0=bits, i0=1),
        QuantizerConfigScope(
            default_q_type="kif", place="datalane", i0=2, f0=4, round_mode=rounding, overflow_mode=overflow, **axes
        ),
        LayerConfigScope(enable_ebops=True, beta0=1e-5),
    ):
        yield


def quantizers(layer: Any) -> list[Any]:
    """What quantises the inputs of a layer, or its output."""
    found = [getattr(layer, name, None) for name in ("_iq", "_oq")]
    return [q for each in found if each is not None for q in getattr(each, "quantizers", [each])]


def spread(model: Any, rng: np.random.Generator, most: int = 6) -> None:
    """Take fraction bits away, of every element some, until a few have no bit left."""
    for layer in model._flatten_layers():
        for each in quantizers(layer):
            inner = each.quantizer
            fraction = getattr(inner, "_f", None)
            if fraction is not None and fraction.shape:
                fraction.assign(np.asarray(fraction) - rng.integers(0, most, fraction.shape))


def trained(model: Any, data: list[Any], rng: np.random.Generator) -> None:
    """Weights as after training, integer bits from the data, and formats that differ from element to element."""
    from hgq.utils import trace_minmax

    for variable in model.trainable_variables:
        if variable.path.split("/")[-1] in ("kernel", "bias", "gamma", "beta"):
            scale = 0.4 if variable.path.endswith("bias") else 1.0
            variable.assign(np.asarray(variable) + scale * rng.normal(0.0, 0.3, variable.shape))
    trace_minmax(model, data[0] if len(data) == 1 else data, verbose=False)
    spread(model, rng)


def events_for(rng: np.random.Generator, shapes: list[tuple[int, ...]], count: int) -> list[Any]:
    """Numbers around one, and a few that are much larger."""
    found = []
    for shape in shapes:
        x = rng.normal(0.0, 2.0, (count, *shape))
        found.append(np.where(rng.random(x.shape) < 0.02, 20 * x, x).astype(np.float32))
    return found


class Network:
    """A network that grows layer by layer."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.inputs: list[Any] = []
        self.kinds: list[str] = []

    def input(self, *shape: int) -> Any:
        """A new input."""
        import keras

        self.inputs.append(keras.layers.Input(shape, name=f"in{len(self.inputs)}"))
        return self.inputs[-1]

    def put(self, kind: type, given: Any, *arguments: Any, **options: Any) -> Any:
        """A layer."""
        name = f"{kind.__name__.lower()}{len(self.kinds)}"
        self.kinds.append(kind.__name__)
        return kind(*arguments, name=name, **options)(given)


def dense(net: Network) -> list[Any]:
    """Dense layers, with normalisation or a ReLU of their own or none."""
    from hgq.layers import QBatchNormalization, QBatchNormDense, QDense

    tensor = net.input(int(net.rng.integers(3, 17)))
    for _ in range(int(net.rng.integers(2, 5))):
        activation = str(net.rng.choice(["relu", "relu", "linear"]))
        layer = QBatchNormDense if net.rng.random() < 0.25 else QDense
        tensor = net.put(layer, tensor, int(net.rng.integers(2, 17)), activation=activation)
        if net.rng.random() < 0.3:
            tensor = net.put(QBatchNormalization, tensor)
    return [net.put(QDense, tensor, int(net.rng.integers(1, 6)))]


def merged(net: Network) -> list[Any]:
    """Branches that meet in every merge, and two outputs."""
    from hgq import layers

    width = int(net.rng.integers(2, 9))
    one, two = net.input(width), net.input(width)
    for kind in net.rng.permutation(["QAdd", "QSubtract", "QMultiply", "QMaximum", "QMinimum", "QAverage"])[:3]:
        layer = getattr(layers, kind, None)
        if layer is None:
            continue
        pair = [net.put(layers.QDense, one, width), two]
        one, two = net.put(layer, pair if net.rng.random() < 0.5 else pair[::-1]), one
    return [net.put(layers.QDense, one, 3, activation="relu"), net.put(layers.QDense, two, 2)]


#: Equations of an EinsumDense, shapes of input and result, and axes of the bias: with axes in place, and without.
EQUATIONS = (
    ("bnc,cd->bnd", (4, 3), (4, 5), "d"),
    ("bnc,cd->bdn", (4, 3), (5, 4), "dn"),
    ("bnc,nd->bcd", (3, 4), (4, 6), "d"),
    ("bmc,mcd->bmd", (3, 4), (3, 2), "md"),
    ("bnc,chd->bnhd", (4, 3), (4, 2, 3), "hd"),
    ("bnhd,hde->bne", (3, 2, 2), (3, 4), None),
)


def einsum(net: Network) -> list[Any]:
    """EinsumDense layers, with and without batch normalisation, and sums of products of what they give."""
    from hgq.layers import QDense, QEinsum, QEinsumDense, QEinsumDenseBatchnorm
    from keras.layers import Flatten

    rng = net.rng
    ends = []
    for place in rng.permutation(len(EQUATIONS))[:2]:
        equation, given, result, bias = EQUATIONS[place]
        layer = QEinsumDenseBatchnorm if rng.random() < 0.3 and bias == "d" else QEinsumDense
        tensor = net.input(*given)
        activation = str(rng.choice(["relu", "linear"]))
        ends.append(net.put(layer, tensor, equation, result, bias_axes=bias, activation=activation))
    one, two = net.input(3, 4), net.input(3, 2, 4)
    pair = net.put(QEinsum, [one, two], "bnc,bnkc->bkn")
    scalar = net.put(QDense, net.put(Flatten, pair), 2)
    return [scalar, *(net.put(QDense, net.put(Flatten, end), 2) for end in ends)]


def convolutions(net: Network) -> list[Any]:
    """Convolutions of sequences and images, pooling, and a Dense layer at every position."""
    from hgq import layers
    from keras.layers import Flatten

    rng = net.rng
    padding, strides = str(rng.choice(["valid", "same"])), int(rng.integers(1, 3))
    one = net.put(layers.QConv1D, net.input(8, 3), 4, 3, padding=padding, strides=strides, activation="relu")
    pool = layers.QMaxPooling1D if rng.random() < 0.5 else layers.QAveragePooling1D
    one = net.put(layers.QDense, net.put(pool, one, 2), 3, activation="relu")
    two = net.put(layers.QConv2D, net.input(5, 6, 2), 3, (2, 3), padding=padding, activation="relu")
    two = net.put(layers.QMaxPooling2D if rng.random() < 0.5 else layers.QAveragePooling2D, two, 2)
    return [net.put(layers.QDense, net.put(Flatten, end), 2) for end in (one, two)]


def softmax(net: Network) -> list[Any]:
    """Softmax over the last axis or another one, and functions in a table."""
    from hgq import layers

    rng = net.rng
    one = net.put(layers.QDense, net.input(6), 5)
    axis = int(rng.choice([1, 2, -1]))
    two = net.put(layers.QEinsumDense, net.input(4, 3), "bnc,cd->bnd", (4, 3), bias_axes="d")
    return [net.put(layers.QSoftmax, one, axis=-1), net.put(layers.QSoftmax, two, axis=axis)]


def attention(net: Network) -> list[Any]:
    """Heads that attend, made of the layers that HGQ2's attention is made of."""
    from hgq import layers
    from keras.layers import Flatten

    tensor, heads, width = net.input(4, 3), 2, 3
    query, key, value = (
        net.put(layers.QEinsumDense, tensor, "bnc,chd->bnhd", (4, heads, width), bias_axes="hd") for _ in range(3)
    )
    scores = net.put(layers.QEinsum, [query, key], "bnhd,bmhd->bhnm")
    weights = net.put(layers.QSoftmax, scores, axis=-1)
    mixed = net.put(layers.QEinsum, [weights, value], "bhnm,bmhd->bnhd")
    result = net.put(layers.QEinsumDense, mixed, "bnhd,hde->bne", (4, 3), bias_axes="e")
    return [net.put(layers.QDense, net.put(Flatten, net.put(layers.QAdd, [tensor, result])), 3)]


def tables(net: Network) -> list[Any]:
    """Functions in a table of every number, of elements that have formats of their own or a common one."""
    from hgq.layers import QDense, QUnaryFunctionLUT

    rng = net.rng
    ends = []
    for _ in range(2):  # of one axis: hls4ml converts no tables of more
        tensor = net.input(int(rng.integers(2, 7)))
        for function in rng.choice(["tanh", "sigmoid", "softplus", "elu", "gelu", "exponential"], 2, replace=False):
            options = {"allow_heterogeneous_table": False, "allow_heterogeneous_input": bool(rng.random() < 0.5)}
            tensor = net.put(QUnaryFunctionLUT, net.put(QDense, tensor, 4), str(function), **options)
        ends.append(net.put(QDense, tensor, 2))
    return ends


#: By name, what fills a network and gives its outputs.
KINDS: dict[str, Callable[[Network], list[Any]]] = {
    "dense": dense,
    "merged": merged,
    "einsum": einsum,
    "convolutions": convolutions,
    "softmax": softmax,
    "attention": attention,
    "tables": tables,
    "streamed": tables,
}


def built(kind: str, seed: int, events: int = 400) -> tuple[str, Any, list[Any]]:
    """A line of text, the Keras model and its events."""
    import keras

    rng = np.random.default_rng([seed, 41, *kind.encode()])
    keras.utils.set_random_seed(int(rng.integers(1 << 30)))
    rounding, overflow, bits = str(rng.choice(ROUNDINGS)), str(rng.choice(OVERFLOWS)), int(rng.integers(2, 9))
    net = Network(rng)
    with scopes(rounding, overflow, bits, alike=kind == "streamed"), contextlib.redirect_stdout(io.StringIO()):
        model = keras.Model(net.inputs, KINDS[kind](net))
        data = events_for(rng, [tuple(tensor.shape[1:]) for tensor in net.inputs], events)
        trained(model, data, rng)
    return f"{kind} {seed}: {rounding} {overflow}, {bits} bits, {', '.join(net.kinds)}", model, data


def build(kind: str, seed: int, events: int = 400) -> tuple[str, Any, Any, list[Any]]:
    """The same, and isobit's model before the events."""
    import isobit as ib

    what, model, data = built(kind, seed, events)
    rng = np.random.default_rng([seed, 43])
    backend, strategy = str(rng.choice(["Vitis", "Vivado"])), str(rng.choice(["Latency", "Latency", "Resource"]))
    config = {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "Strategy": strategy}}
    io_type = "io_stream" if kind == "streamed" else "io_parallel"  # hls4ml streams no formats of elements
    subject = ib.load(model, hls_config=config, backend=backend, io_type=io_type)
    return f"{what}; {backend} {strategy} {io_type}", model, subject, data
