"""The muon networks: students, teacher and baseline of the pT, eta and phi recalibration, and the di-muon student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from isobit.errors import RangeError
from isobit.students import muons
from isobit.students.zoo.entry import Floats, ZooEntry, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

REUSE_FACTOR: Final = 4
WIDTH: Final = 18  # bits of every weight, result and accumulator
INTEGER: Final = 6  # integer bits with the sign: ap_fixed<18,6>, hls4ml's reading of [18,6]
INTEGER_VARIANT: Final = 12  # the other reading, 6 *fractional* bits: ap_fixed<18,12>

_RELU_MODES: Final = "RND_CONV,SAT"  # as quantized_relu rounds and saturates


@dataclass(frozen=True)
class MuonEntry(ZooEntry):
    """An MLP on the features of `muons.MuonSample`, of one muon or of two side by side.

    Attributes
    ----------
    hidden
        Neurons of each hidden layer; each is Dense + BatchNormalization + ReLU.
    quantised
        Whether it is trained with quantisers (QKeras) or in float (plain Keras).
    """

    hidden: tuple[int, ...]
    quantised: bool

    def build(self, *, integer: int | None = None) -> Any:
        """A fresh, untrained Keras model. Layers: inputs, fc1, bn1, relu1, ..., output.

        `integer` gives the quantisers' integer bits, sign included, by default 6; a float network has none.
        """
        return _build_quantised(self, INTEGER if integer is None else integer) if self.quantised else _build_float(self)

    def sample(self, n: int, seed: int) -> Floats:
        """Features of `n` simulated muons, or pairs of muons."""
        each = len(muons.FEATURES)
        count = self.inputs // each
        return np.ascontiguousarray(muons.simulate(n * count, seed).features.reshape(n, count * each))

    def sheet(self) -> Sheet:
        """The golden config."""
        number = f"ap_fixed<{WIDTH},{INTEGER}>"
        sheet = Sheet(number, reuse=REUSE_FACTOR).shape("inputs")
        for index in range(1, len(self.hidden) + 1):
            sheet.dense(f"fc{index}").batchnorm(f"bn{index}")
            sheet.activation(f"relu{index}", f"ap_ufixed<{WIDTH},{INTEGER},{_RELU_MODES}>")
        return sheet.dense("output")

    def check_variant(self, integer: int) -> None:
        """Refuse impossible numbers of integer bits."""
        if not 0 <= integer <= WIDTH:
            raise RangeError(f"integer bits are {integer}, expected 0 to {WIDTH}")


ENTRIES: Final = (
    MuonEntry(
        name="mugmt_student",
        summary="recalibrates eta, phi and pT of uGMT muons, distilled from mugmt_teacher",
        shape=(5,),
        outputs=3,
        task="regression",
        sparsity=0.0,
        hidden=(8, 8, 8, 8),
        quantised=True,
    ),
    MuonEntry(
        name="mugmt_baseline",
        summary="recalibrates eta, phi and pT of uGMT muons, twice as wide and not distilled",
        shape=(5,),
        outputs=3,
        task="regression",
        sparsity=0.0,
        hidden=(16, 16, 16, 16),
        quantised=True,
    ),
    MuonEntry(
        name="mugmt_teacher",
        summary="recalibrates eta, phi and pT of uGMT muons in float; teaches mugmt_student",
        shape=(5,),
        outputs=3,
        task="regression",
        sparsity=0.0,
        hidden=(256, 256, 256, 256),
        quantised=False,
    ),
    MuonEntry(
        name="dimuon_student",
        summary="tells signal from background pairs of uGMT muons, one logit",
        shape=(10,),
        outputs=1,
        task="classification",
        sparsity=0.0,
        hidden=(8, 8, 8, 8),
        quantised=True,
    ),
)

#: Teaches dimuon_student. No firmware would hold it, so the zoo does not list it.
DIMUON_TEACHER: Final = MuonEntry(
    name="dimuon_teacher",
    summary="tells signal from background pairs of uGMT muons in float; teaches dimuon_student",
    shape=(10,),
    outputs=1,
    task="classification",
    sparsity=0.0,
    hidden=(256, 256, 256, 256),
    quantised=False,
)


def _build_quantised(network: MuonEntry, integer: int) -> Any:
    keras, qkeras = keras_package(), qkeras_package()

    def dense(width: int, name: str) -> Any:
        # QKeras leaves out the sign: quantized_bits(18, 5) is ap_fixed<18,6>, rounded and saturated.
        return qkeras.QDense(
            width,
            kernel_quantizer=qkeras.quantized_bits(WIDTH, integer - 1, alpha=1),
            bias_quantizer=qkeras.quantized_bits(WIDTH, integer - 1, alpha=1),
            name=name,
        )

    tensor = inputs = keras.layers.Input(network.shape, name="inputs")
    for index, width in enumerate(network.hidden, start=1):
        tensor = dense(width, f"fc{index}")(tensor)
        tensor = keras.layers.BatchNormalization(name=f"bn{index}")(tensor)
        tensor = qkeras.QActivation(qkeras.quantized_relu(WIDTH, integer), name=f"relu{index}")(tensor)
    return keras.Model(inputs, dense(network.outputs, "output")(tensor), name=network.name)


def _build_float(network: MuonEntry) -> Any:
    keras = keras_package()
    tensor = inputs = keras.layers.Input(network.shape, name="inputs")
    for index, width in enumerate(network.hidden, start=1):
        tensor = keras.layers.Dense(width, name=f"fc{index}")(tensor)
        tensor = keras.layers.BatchNormalization(name=f"bn{index}")(tensor)
        tensor = keras.layers.Activation("relu", name=f"relu{index}")(tensor)
    return keras.Model(inputs, keras.layers.Dense(network.outputs, name="output")(tensor), name=network.name)
