"""Networks that look at the calorimeter as an image: an anomaly score of all regions, taus in a cluster of towers."""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.entry import Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

# cicada_cnn: energies of 10 bits; weights within +-2.
_ENERGY: Final = "ap_ufixed<10,6>"
_WEIGHT: Final = "ap_fixed<8,2>"
_RELU: Final = "ap_ufixed<10,6,RND_CONV,SAT>"
_SCORE: Final = "ap_ufixed<16,8,RND_CONV,SAT>"

# tau_cnn: 6-bit weights within +-1, activations 0..8.
_TAU_WEIGHT: Final = "ap_fixed<6,1>"
_TAU_ENERGY: Final = "ap_ufixed<10,4>"
_TAU_RELU: Final = "ap_ufixed<8,3,RND_CONV,SAT>"
_HEADS: Final = ("id", "pt")


def _cicada_cnn(tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()
    quantisers = {f"{part}_quantizer": qkeras.quantized_bits(8, 1, alpha=1) for part in ("kernel", "bias")}
    kernel = quantisers["kernel_quantizer"]
    tensor = qkeras.QConv2D(4, 2, strides=2, use_bias=False, kernel_quantizer=kernel, name="conv")(tensor)  # 9 x 7 x 4
    tensor = qkeras.QActivation(qkeras.quantized_relu(10, 6), name="relu1")(tensor)
    tensor = keras.layers.Flatten(name="flatten")(tensor)
    tensor = qkeras.QActivation(qkeras.quantized_relu(10, 6), name="relu2")(
        qkeras.QDense(16, **quantisers, name="fc")(tensor)
    )
    tensor = qkeras.QDense(1, **quantisers, name="score")(tensor)
    return qkeras.QActivation(qkeras.quantized_relu(16, 8), name="output")(tensor)


def _cicada_cnn_sheet() -> Sheet:
    sheet = Sheet("ap_fixed<20,9>", weight=_WEIGHT, bias=_WEIGHT).shape("inputs", number=_ENERGY)
    sheet.conv("conv").activation("relu1", _RELU).shape("flatten", number=_RELU)
    return sheet.dense("fc").activation("relu2", _RELU).dense("score").activation("output", _SCORE)


def _tau_cnn(tensor: Any) -> Any:
    keras, qkeras = keras_package(), qkeras_package()
    quantisers = {f"{part}_quantizer": qkeras.quantized_bits(6, 0, alpha=1) for part in ("kernel", "bias")}

    def relu(name: str) -> Any:
        return qkeras.QActivation(qkeras.quantized_relu(8, 3), name=name)

    tensor = relu("relu1")(qkeras.QConv2D(8, 3, **quantisers, name="conv1")(tensor))  # 3 x 7 x 8
    tensor = relu("relu2")(qkeras.QConv2D(16, 3, **quantisers, name="conv2")(tensor))  # 1 x 5 x 16
    tensor = keras.layers.Flatten(name="flatten")(tensor)
    hidden = [relu(f"{head}_relu")(qkeras.QDense(16, **quantisers, name=f"{head}_fc")(tensor)) for head in _HEADS]
    return [qkeras.QDense(1, **quantisers, name=head)(part) for head, part in zip(_HEADS, hidden, strict=True)]


def _tau_cnn_sheet() -> Sheet:
    sheet = Sheet("ap_fixed<16,6>", weight=_TAU_WEIGHT, bias=_TAU_WEIGHT).shape("inputs", number=_TAU_ENERGY)
    for index in (1, 2):
        sheet.conv(f"conv{index}").activation(f"relu{index}", _TAU_RELU)
    sheet.shape("flatten", number=_TAU_RELU)
    for head in _HEADS:
        sheet.dense(f"{head}_fc").activation(f"{head}_relu", _TAU_RELU)
    return sheet.dense("id").dense("pt")


ENTRIES: Final = (
    Recipe(
        name="cicada_cnn",
        summary="scores anomalies in the energies of the calorimeter's 18 x 14 regions, as an autoencoder's student",
        shape=(18, 14, 1),
        outputs=1,
        task="anomaly",
        sparsity=0.0,
        layers=_cicada_cnn,
        events=events.region_energies,
        config=_cicada_cnn_sheet,
    ),
    Recipe(
        name="tau_cnn",
        summary="tells taus from jets in clusters of 5 x 9 towers of two calorimeters, and corrects their pT",
        shape=(5, 9, 2),
        outputs=2,
        task="classification",
        sparsity=0.5,
        layers=_tau_cnn,
        events=events.tower_clusters,
        config=_tau_cnn_sheet,
    ),
)
