"""Networks on jets: the MLP on expert features, b-tagging on particles, deep sets, recurrent top-taggers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from isobit.students.zoo import events
from isobit.students.zoo.entry import Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

_NUMBER: Final = "ap_fixed<16,6>"
_HIDDEN: Final = (64, 32, 32)

# jet_mlp: 6 bits. Weights within +-1; activations 0..4 in steps of 1/16: two integer bits, so that few values saturate.
_BITS: Final = 6
_RELU_INTEGER: Final = 2

# jet_deepsets: 8 bits, as above; a mean over a power of two of constituents is a shift.
_SET: Final = 8
_SET_BITS: Final = 8
_SET_WIDTH: Final = 32
_TEACHER_WIDTH: Final = 128
_TEACHER_NUMBER: Final = "ap_fixed<24,10>"

# jet_mlp_mixer: bits differ from layer to layer; of each dense layer the weights' bits, and of its ReLU the result's.
_MIXER: Final = (16, 8)  # constituents and features
_MIXER_WIDTH: Final = 16
_MIXER_BITS: Final = {"embed": (8, 8), "token1": (6, 7), "token2": (5, 0), "channel1": (7, 8), "channel2": (6, 0)}
_MIXER_HEAD: Final = {"fc": (6, 6), "output": (8, 0)}
_MIXER_MEAN: Final = "ap_fixed<20,10>"


def _jet_mlp(tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()

    def dense(width: int, name: str) -> Any:
        quantisers = {f"{part}_quantizer": qkeras.quantized_bits(_BITS, 0, alpha=1) for part in ("kernel", "bias")}
        return qkeras.QDense(width, **quantisers, name=name)

    for index, width in enumerate(_HIDDEN, start=1):
        tensor = dense(width, f"fc{index}")(tensor)
        tensor = qkeras.QActivation(qkeras.quantized_relu(_BITS, _RELU_INTEGER), name=f"relu{index}")(tensor)
    return keras.layers.Activation("softmax", name="softmax")(dense(5, "output")(tensor))


def _jet_mlp_sheet() -> Sheet:
    weight = f"ap_fixed<{_BITS},1>"
    sheet = Sheet(_NUMBER, weight=weight, bias=weight).shape("inputs")
    for index in range(1, len(_HIDDEN) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}", f"ap_ufixed<{_BITS},{_RELU_INTEGER},RND_CONV,SAT>")
    return sheet.dense("output").softmax("softmax")


def _btag_conv1d(tensor: Any) -> Any:
    layers = keras_package().layers
    for index, filters in enumerate((20, 5), start=1):
        tensor = layers.Conv1D(filters, 1, name=f"conv{index}")(tensor)
        tensor = layers.Activation("relu", name=f"conv_relu{index}")(tensor)
    tensor = layers.Flatten(name="flatten")(tensor)
    for index, width in enumerate((20, 10), start=1):
        tensor = layers.Dense(width, name=f"fc{index}")(tensor)
        tensor = layers.Activation("relu", name=f"relu{index}")(tensor)
    return layers.Activation("sigmoid", name="sigmoid")(layers.Dense(1, name="output")(tensor))


def _btag_conv1d_sheet() -> Sheet:
    sheet = Sheet(_NUMBER).shape("inputs")
    for index in (1, 2):
        sheet.conv(f"conv{index}").activation(f"conv_relu{index}")
    sheet.shape("flatten")
    for index in (1, 2):
        sheet.dense(f"fc{index}").activation(f"relu{index}")
    return sheet.dense("output").activation("sigmoid")


def _deep_set(tensor: Any, width: int, pointwise: Any, dense: Any, relu: Any) -> Any:
    """Three pointwise layers, the mean over the set, two dense layers; layers come from functions of width and name."""
    for index in (1, 2, 3):
        tensor = relu(f"phi_relu{index}")(pointwise(width, f"phi{index}")(tensor))
    tensor = keras_package().layers.GlobalAveragePooling1D(name="mean")(tensor)
    tensor = relu("relu1")(dense(width, "fc1")(tensor))
    return dense(5, "output")(tensor)


def _deep_set_sheet(sheet: Sheet, relu: str) -> Sheet:
    sheet.shape("inputs")
    for index in (1, 2, 3):
        sheet.conv(f"phi{index}").activation(f"phi_relu{index}", relu)
    return sheet.pooling("mean").dense("fc1").activation("relu1", relu).dense("output")


def _jet_deepsets(tensor: Any) -> Any:
    qkeras = qkeras_package()
    relu = qkeras.quantized_relu(_SET_BITS, _RELU_INTEGER)
    quantisers = {f"{part}_quantizer": qkeras.quantized_bits(_SET_BITS, 0, alpha=1) for part in ("kernel", "bias")}
    return _deep_set(
        tensor,
        _SET_WIDTH,
        # a Dense layer on (8, 3) would lose its quantisers on hls4ml's way to a convolution
        lambda width, name: qkeras.QConv1D(width, 1, **quantisers, name=name),
        lambda width, name: qkeras.QDense(width, **quantisers, name=name),
        lambda name: qkeras.QActivation(relu, name=name),
    )


def _jet_deepsets_sheet() -> Sheet:
    weight = f"ap_fixed<{_SET_BITS},1>"
    return _deep_set_sheet(
        Sheet(_NUMBER, weight=weight, bias=weight), f"ap_ufixed<{_SET_BITS},{_RELU_INTEGER},RND_CONV,SAT>"
    )


def _jet_teacher(tensor: Any) -> Any:
    layers = keras_package().layers
    return _deep_set(
        tensor,
        _TEACHER_WIDTH,
        lambda width, name: layers.Conv1D(width, 1, name=name),
        lambda width, name: layers.Dense(width, name=name),
        lambda name: layers.Activation("relu", name=name),
    )


def _jet_mlp_constituents(tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()
    quantisers = {f"{part}_quantizer": qkeras.quantized_bits(_SET_BITS, 0, alpha=1) for part in ("kernel", "bias")}
    tensor = keras.layers.Flatten(name="flatten")(tensor)
    for index, width in enumerate(_HIDDEN, start=1):
        tensor = qkeras.QDense(width, **quantisers, name=f"fc{index}")(tensor)
        tensor = qkeras.QActivation(qkeras.quantized_relu(_SET_BITS, _RELU_INTEGER), name=f"relu{index}")(tensor)
    return qkeras.QDense(5, **quantisers, name="output")(tensor)


def _jet_mlp_constituents_sheet() -> Sheet:
    weight, relu = f"ap_fixed<{_SET_BITS},1>", f"ap_ufixed<{_SET_BITS},{_RELU_INTEGER},RND_CONV,SAT>"
    sheet = Sheet(_NUMBER, weight=weight, bias=weight).shape("inputs", "flatten")
    for index in range(1, len(_HIDDEN) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}", relu)
    return sheet.dense("output")


def _mixing(tensor: Any, name: str) -> Any:
    """A pointwise layer of the mixer, with a ReLU if it has bits."""
    qkeras = qkeras_package()
    bits, relu = _MIXER_BITS[name]
    weight = qkeras.quantized_bits(bits, 0, alpha=1)
    tensor = qkeras.QConv1D(_MIXER_WIDTH, 1, kernel_quantizer=weight, bias_quantizer=weight, name=name)(tensor)
    return (
        qkeras.QActivation(qkeras.quantized_relu(relu, _RELU_INTEGER), name=f"{name}_relu")(tensor) if relu else tensor
    )


def _jet_mlp_mixer(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    tensor = _mixing(tensor, "embed")
    mixed = _mixing(_mixing(layers.Permute((2, 1), name="turned")(tensor), "token1"), "token2")
    tensor = layers.Add(name="tokens")([tensor, layers.Permute((2, 1), name="turned_back")(mixed)])
    tensor = layers.Add(name="channels")([tensor, _mixing(_mixing(tensor, "channel1"), "channel2")])
    tensor = layers.GlobalAveragePooling1D(name="mean")(tensor)
    for name, (bits, relu) in _MIXER_HEAD.items():
        weight = qkeras.quantized_bits(bits, 0, alpha=1)
        width = _MIXER_WIDTH if relu else 5
        tensor = qkeras.QDense(width, kernel_quantizer=weight, bias_quantizer=weight, name=name)(tensor)
        if relu:
            tensor = qkeras.QActivation(qkeras.quantized_relu(relu, _RELU_INTEGER), name=f"{name}_relu")(tensor)
    return tensor


def _jet_mlp_mixer_sheet() -> Sheet:
    sheet = Sheet(_NUMBER).shape("inputs", "turned_back")
    for name, (bits, relu) in {**_MIXER_BITS, **_MIXER_HEAD}.items():
        weight = f"ap_fixed<{bits},1>"
        precision: dict[str, Any] = {"result": _NUMBER, "accum": _NUMBER, "weight": weight, "bias": weight}
        (sheet.dense if name in _MIXER_HEAD else sheet.conv)(name, Precision=precision)
        if relu:
            sheet.activation(f"{name}_relu", f"ap_ufixed<{relu},{_RELU_INTEGER},RND_CONV,SAT>")
    embedded = f"ap_ufixed<{_MIXER_BITS['embed'][1]},{_RELU_INTEGER},RND_CONV,SAT>"
    return sheet.shape("turned", number=embedded).merge("tokens").merge("channels").pooling("mean", _MIXER_MEAN)


def _recurrent(kind: str, tensor: Any) -> Any:
    layers = keras_package().layers
    tensor = getattr(layers, kind.upper())(20, name=kind)(tensor)
    tensor = layers.Activation("relu", name="relu1")(layers.Dense(64, name="fc1")(tensor))
    return layers.Activation("sigmoid", name="sigmoid")(layers.Dense(1, name="output")(tensor))


def _recurrent_sheet(kind: str) -> Sheet:
    sheet = Sheet(_NUMBER).shape("inputs").recurrent(kind)
    return sheet.dense("fc1").activation("relu1").dense("output").activation("sigmoid")


def _top(kind: str) -> Recipe:
    return Recipe(
        name=f"top_{kind}",
        summary=f"tells top quarks from light jets, 20 constituents through {kind.upper()} 20, one probability",
        shape=(20, 6),
        outputs=1,
        task="classification",
        sparsity=0.0,
        layers=lambda tensor: _recurrent(kind, tensor),
        # the hardest constituent last, zeros first: as Keras pads sequences for recurrent layers
        events=lambda n, seed: np.ascontiguousarray(events.particles(n, seed, 20, 6)[:, ::-1]),
        config=lambda: _recurrent_sheet(kind),
    )


ENTRIES: Final = (
    Recipe(
        name="jet_mlp",
        summary="tells five kinds of jets by 16 expert features, 6-bit weights, five probabilities",
        shape=(16,),
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=_jet_mlp,
        events=lambda n, seed: events.standardised(n, seed, 16),
        config=_jet_mlp_sheet,
    ),
    Recipe(
        name="btag_conv1d",
        summary="tells b jets from others by 10 particles of 13 features, pointwise convolutions, one probability",
        shape=(10, 13),
        outputs=1,
        task="classification",
        sparsity=0.0,
        layers=_btag_conv1d,
        events=lambda n, seed: events.particles(n, seed, 10, 13),
        config=_btag_conv1d_sheet,
    ),
    Recipe(
        name="jet_deepsets",
        summary="tells five kinds of jets by 8 constituents of 3 features as a set, 8-bit weights, mean, five logits",
        shape=(_SET, 3),
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=_jet_deepsets,
        events=lambda n, seed: events.particles(n, seed, _SET, 3),
        config=_jet_deepsets_sheet,
    ),
    Recipe(
        name="jet_mlp_constituents",
        summary="tells five kinds of jets by 8 constituents of 3 features side by side, 8-bit weights, five logits",
        shape=(_SET, 3),
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=_jet_mlp_constituents,
        events=lambda n, seed: events.particles(n, seed, _SET, 3),
        config=_jet_mlp_constituents_sheet,
    ),
    Recipe(
        name="jet_mlp_mixer",
        summary="tells five kinds of jets by 16 constituents of 8 features, mixed in turn, 5 to 8 bits, five logits",
        shape=_MIXER,
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=_jet_mlp_mixer,
        events=lambda n, seed: events.particles(n, seed, *_MIXER),
        config=_jet_mlp_mixer_sheet,
    ),
    _top("lstm"),
    _top("gru"),
)

#: Teaches jet_deepsets. No firmware would hold it, so the zoo does not list it.
JET_TEACHER: Final = Recipe(
    name="jet_teacher",
    summary="jet_deepsets in float, 128 neurons wide, five logits; teaches jet_deepsets",
    shape=(_SET, 3),
    outputs=5,
    task="classification",
    sparsity=0.0,
    layers=_jet_teacher,
    events=lambda n, seed: events.particles(n, seed, _SET, 3),
    config=lambda: _deep_set_sheet(Sheet(_TEACHER_NUMBER), _TEACHER_NUMBER),
)
