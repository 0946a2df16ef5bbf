"""The jet MLP with weights of one bit or two, and activations of as many: sums of signs against thresholds.

hls4ml joins a batch normalisation and the binary or ternary tanh behind it to thresholds. The input and the last layer
keep their numbers.
"""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.entry import Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

_NUMBER: Final = "ap_fixed<16,6>"
_SUM: Final = "ap_fixed<16,9>"  # of 64 signs, or of 16 features
_FEATURES: Final = 16
_HIDDEN: Final = (64, 32, 32)
_TERNARY_WEIGHT: Final = 0.1  # weights beyond it are -1 or 1
_TERNARY_VALUE: Final = 0.5  # hls4ml inserts a scale for others
#: hls4ml's types of the quantisers' weights, and of what the tanh gives.
_WEIGHT: Final = {"binary": "ap_uint<1>", "ternary": "ap_int<2>"}


def _jet(kind: str, tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()
    more = {"threshold": _TERNARY_WEIGHT} if kind == "ternary" else {}
    weight = getattr(qkeras, kind)(alpha=1, **more)
    more = {"threshold": _TERNARY_VALUE} if kind == "ternary" else {}
    fan_in = _FEATURES
    for index, width in enumerate((*_HIDDEN, 5), start=1):
        dense = qkeras.QDense(width, kernel_quantizer=weight, use_bias=False, name=f"fc{index}")
        # a sum of so many signs
        variance = keras.initializers.Constant(fan_in)
        norm = keras.layers.BatchNormalization(moving_variance_initializer=variance, name=f"bn{index}")
        tensor, fan_in = norm(dense(tensor)), width
        if index <= len(_HIDDEN):
            tensor = qkeras.QActivation(getattr(qkeras, kind)(alpha=1, **more), name=f"tanh{index}")(tensor)
    return tensor


def _jet_sheet(kind: str) -> Sheet:
    sheet = Sheet(_SUM, weight=_WEIGHT[kind], bias="ap_uint<1>").shape("inputs", number=_NUMBER)
    for index in range(1, len(_HIDDEN) + 2):
        sheet.dense(f"fc{index}").batchnorm(f"bn{index}")
        if index <= len(_HIDDEN):
            sheet.activation(f"tanh{index}", _WEIGHT[kind])
    return sheet


def _entry(kind: str) -> Recipe:
    return Recipe(
        name=f"jet_{kind}",
        summary=f"tells five kinds of jets by 16 expert features, {kind} weights and activations, five scores",
        shape=(_FEATURES,),
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=lambda tensor: _jet(kind, tensor),
        events=lambda n, seed: events.standardised(n, seed, _FEATURES),
        config=lambda: _jet_sheet(kind),
    )


ENTRIES: Final = (_entry("binary"), _entry("ternary"))
