"""Networks around the trigger: the EMTF's displaced muons, an encoder on the detector, an accelerator's regulator."""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.entry import Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

_EMTF: Final = (30, 25, 20)
_EMTF_NUMBER: Final = "ap_fixed<18,6>"
_BEAM_NUMBER: Final = "ap_fixed<20,8>"
_BEAM_REUSE: Final = {"fc1": 160, "fc2": 128, "fc3": 128, "output": 128}  # 128 is not legal in 5 x 128

# econ_t_encoder: 6-bit weights within +-1, 8-bit inputs and activations, 9-bit outputs.
_WEIGHT_BITS: Final = 6
_CELL: Final = "ap_ufixed<8,1>"
_RELU: Final = "ap_ufixed<8,1,RND_CONV,SAT>"
_CODE: Final = "ap_ufixed<9,1,RND_CONV,SAT>"


def _emtf_nn(tensor: Any) -> Any:
    layers = keras_package().layers
    tensor = layers.BatchNormalization(name="bn0")(tensor)
    for index, width in enumerate(_EMTF, start=1):
        tensor = layers.BatchNormalization(name=f"bn{index}")(layers.Dense(width, name=f"fc{index}")(tensor))
        tensor = layers.Activation("relu", name=f"relu{index}")(tensor)
    return layers.Dense(2, name="output")(tensor)


def _emtf_nn_sheet() -> Sheet:
    sheet = Sheet(_EMTF_NUMBER).shape("inputs").batchnorm("bn0")
    for index in range(1, len(_EMTF) + 1):
        sheet.dense(f"fc{index}").batchnorm(f"bn{index}").activation(f"relu{index}")
    return sheet.dense("output")


def _beam_control(tensor: Any) -> Any:
    layers = keras_package().layers
    for index in (1, 2, 3):
        tensor = layers.Activation("relu", name=f"relu{index}")(layers.Dense(128, name=f"fc{index}")(tensor))
    return layers.Dense(7, name="output")(tensor)


def _beam_control_sheet() -> Sheet:
    sheet = Sheet(_BEAM_NUMBER, strategy="Resource", reuse=_BEAM_REUSE["output"]).shape("inputs")
    for index, (name, reuse) in enumerate(_BEAM_REUSE.items(), start=1):
        sheet.dense(name, ReuseFactor=reuse)
        if name != "output":
            sheet.activation(f"relu{index}")
    return sheet


def _econ_t_encoder(tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()
    quantisers = {f"{part}_quantizer": qkeras.quantized_bits(_WEIGHT_BITS, 0, alpha=1) for part in ("kernel", "bias")}
    tensor = qkeras.QConv2D(8, 3, padding="same", **quantisers, name="conv")(tensor)
    tensor = qkeras.QActivation(qkeras.quantized_relu(8, 1), name="relu1")(tensor)
    tensor = keras.layers.Flatten(name="flatten")(tensor)
    tensor = qkeras.QDense(16, **quantisers, name="code")(tensor)
    return qkeras.QActivation(qkeras.quantized_relu(9, 1), name="relu2")(tensor)


def _econ_t_encoder_sheet() -> Sheet:
    weight = f"ap_fixed<{_WEIGHT_BITS},1>"
    sheet = Sheet("ap_fixed<16,6>", weight=weight, bias=weight).shape("inputs", number=_CELL)
    sheet.conv("conv").activation("relu1", _RELU).shape("flatten", number=_RELU)
    return sheet.dense("code").activation("relu2", _CODE)


ENTRIES: Final = (
    Recipe(
        name="emtf_nn",
        summary="measures q/pT and displacement of muons in the endcap track finder from 23 features",
        shape=(23,),
        outputs=2,
        task="regression",
        sparsity=0.0,
        layers=_emtf_nn,
        events=lambda n, seed: events.standardised(n, seed, 23),
        config=_emtf_nn_sheet,
    ),
    Recipe(
        name="econ_t_encoder",
        summary="compresses a module's 48 trigger cells on the detector to 16 numbers of 9 bits",
        shape=(4, 4, 3),
        outputs=16,
        task="regression",
        sparsity=0.0,
        layers=_econ_t_encoder,
        events=events.sensor_images,
        config=_econ_t_encoder_sheet,
    ),
    Recipe(
        name="beam_control",
        summary="chooses one of 7 actions of an accelerator's power-supply regulator from 5 readings",
        shape=(5,),
        outputs=7,
        task="regression",
        sparsity=0.0,
        layers=_beam_control,
        events=events.beam_readings,
        config=_beam_control_sheet,
    ),
)
