"""Networks after those that run in CMS's Level-1 trigger, besides those of other files: same layers, sizes and types.

Layers and types are those of the public firmware as of 2026; weights are drawn, and what firmware does not say (number
of candidates and features, widths of layers) is what is usual.
"""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.entry import Floats, Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

# sc4_tagger: 16 candidates of 20 features; class and pT correction of small-cone jets.
_SC4: Final = (16, 20)
_SC4_INPUT: Final = "ap_fixed<24,12,RND,SAT>"
_SC4_WIDE: Final = "ap_fixed<39,19>"
_SC4_WEIGHT: Final = "ap_fixed<9,1>"
_SC4_RELU: Final = "ap_ufixed<9,3,RND_CONV,SAT>"
_SC4_MEAN: Final = "ap_fixed<18,8,RND_CONV,SAT>"

# toollip_v3: 10 candidates of 14 features; its accumulators saturate, so that the order of the sum matters.
_TOOLLIP: Final = (10, 14)
_TOOLLIP_WEIGHT: Final = "ap_fixed<8,3>"
_TOOLLIP_SUMS: Final = {
    "conv1": "ap_fixed<14,8,TRN,SAT>",
    "conv2": "ap_fixed<16,12,TRN,SAT>",
    "fc": "ap_fixed<14,8,TRN,SAT>",
    "output": "ap_fixed<14,8,TRN,SAT>",
}

# puppi_tau: the eight features of ten candidates side by side; activations below 1.
_PUPPI: Final = (10, 8)
_PUPPI_WIDTHS: Final = (25, 25, 15, 15, 10)
_PUPPI_RELU: Final = "ap_ufixed<9,0,RND_CONV,SAT>"
_PUPPI_WEIGHT: Final = "ap_fixed<9,2>"

_TOPO_WIDTHS: Final = (64, 32, 32)
_TOPO_WEIGHT: Final = "ap_fixed<16,7>"


def _quantisers(bits: int, integer: int) -> dict[str, Any]:
    """Of kernel and bias: `bits` with the sign, `integer` integer bits without it."""
    quantiser = qkeras_package().quantized_bits(bits, integer, alpha=1)
    return {"kernel_quantizer": quantiser, "bias_quantizer": quantiser}


def _relu(bits: int, integer: int, name: str) -> Any:
    qkeras = qkeras_package()
    return qkeras.QActivation(qkeras.quantized_relu(bits, integer), name=name)


def _sc4_tagger(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    tensor = layers.BatchNormalization(name="bn")(tensor)
    for index in (1, 2):
        tensor = qkeras.QConv1D(10, 1, **_quantisers(9, 0), name=f"conv{index}")(tensor)
        tensor = _relu(9, 3, f"conv_relu{index}")(tensor)
    tensor = layers.GlobalAveragePooling1D(name="mean")(tensor)
    tensor = qkeras.QActivation(qkeras.quantized_bits(18, 7, alpha=1), name="linear")(tensor)
    kinds = tensor
    for index, width in enumerate((32, 16), start=1):
        kinds = _relu(9, 3, f"relu{index}")(qkeras.QDense(width, **_quantisers(9, 0), name=f"fc{index}")(kinds))
    kinds = qkeras.QDense(8, **_quantisers(9, 0), name="class")(kinds)
    momentum = _relu(9, 3, "pt_relu")(qkeras.QDense(10, **_quantisers(9, 0), name="pt_fc")(tensor))
    momentum = qkeras.QDense(1, **_quantisers(9, 0), name="pt")(momentum)
    return [layers.Activation("softmax", name="softmax")(kinds), momentum]


def _sc4_tagger_sheet() -> Sheet:
    sheet = Sheet("ap_fixed<24,12>", weight=_SC4_WEIGHT, bias=_SC4_WEIGHT).shape("inputs", number=_SC4_INPUT)
    sheet.batchnorm("bn", _SC4_WIDE)
    for index in (1, 2):
        sheet.conv(f"conv{index}").activation(f"conv_relu{index}", _SC4_RELU)
    sheet.pooling("mean", _SC4_MEAN).activation("linear", _SC4_MEAN)
    for index in (1, 2):
        sheet.dense(f"fc{index}").activation(f"relu{index}", _SC4_RELU)
    sheet.dense("class", result="ap_fixed<16,6>").softmax("softmax")
    return sheet.dense("pt_fc").activation("pt_relu", _SC4_RELU).dense("pt")


def _toollip(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    for index, filters in ((1, 12), (2, 8)):
        tensor = qkeras.QConv1D(filters, 1, **_quantisers(8, 2), name=f"conv{index}")(tensor)
        tensor = _relu(8, 4, f"conv_relu{index}")(tensor)
    tensor = layers.GlobalAveragePooling1D(name="mean")(tensor)
    tensor = _relu(8, 4, "relu")(qkeras.QDense(8, **_quantisers(8, 2), name="fc")(tensor))
    return qkeras.QDense(1, **_quantisers(8, 2), name="output")(tensor)


def _toollip_sheet() -> Sheet:
    relu = "ap_ufixed<8,4,RND_CONV,SAT>"
    sheet = Sheet("ap_fixed<16,8>", weight=_TOOLLIP_WEIGHT, bias=_TOOLLIP_WEIGHT).shape("inputs")
    for index in (1, 2):
        sheet.conv(f"conv{index}", accum=_TOOLLIP_SUMS[f"conv{index}"]).activation(f"conv_relu{index}", relu)
    sheet.pooling("mean").dense("fc", accum=_TOOLLIP_SUMS["fc"]).activation("relu", relu)
    return sheet.dense("output", accum=_TOOLLIP_SUMS["output"])


def _puppi_tau(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    for index, width in enumerate(_PUPPI_WIDTHS, start=1):
        tensor = _relu(9, 0, f"relu{index}")(qkeras.QDense(width, **_quantisers(9, 1), name=f"fc{index}")(tensor))
    tau = qkeras.QDense(1, **_quantisers(9, 1), name="tau")(tensor)
    return [layers.Activation("sigmoid", name="score")(tau), qkeras.QDense(1, **_quantisers(9, 1), name="pt")(tensor)]


def _puppi_tau_sheet() -> Sheet:
    sheet = Sheet("ap_fixed<16,6>", weight=_PUPPI_WEIGHT, bias=_PUPPI_WEIGHT).shape("inputs")
    for index in range(1, len(_PUPPI_WIDTHS) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}", _PUPPI_RELU)
    return sheet.dense("tau").activation("score").dense("pt")


def _topo(tensor: Any) -> Any:
    layers = keras_package().layers
    for index, width in enumerate(_TOPO_WIDTHS, start=1):
        tensor = layers.Activation("relu", name=f"relu{index}")(layers.Dense(width, name=f"fc{index}")(tensor))
    return layers.Activation("sigmoid", name="sigmoid")(layers.Dense(1, name="output")(tensor))


def _topo_sheet() -> Sheet:
    sheet = Sheet("ap_fixed<18,8>", weight=_TOPO_WEIGHT, bias=_TOPO_WEIGHT).shape("inputs")
    for index in range(1, len(_TOPO_WIDTHS) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}")
    return sheet.dense("output").activation("sigmoid")


def _flat_candidates(n: int, seed: int) -> Floats:
    return events.particles(n, seed, *_PUPPI).reshape(n, _PUPPI[0] * _PUPPI[1])


ENTRIES: Final = (
    Recipe(
        name="sc4_tagger",
        summary="tells eight kinds of small-cone jets by 16 candidates of 20 features, and corrects their pT",
        shape=_SC4,
        outputs=9,
        task="classification",
        sparsity=0.0,
        layers=_sc4_tagger,
        events=lambda n, seed: events.particles(n, seed, *_SC4),
        config=_sc4_tagger_sheet,
    ),
    Recipe(
        name="toollip_v3",
        summary="finds jets of long-lived particles by 10 candidates of 14 features; accumulators that saturate",
        shape=_TOOLLIP,
        outputs=1,
        task="classification",
        sparsity=0.0,
        layers=_toollip,
        events=lambda n, seed: events.particles(n, seed, *_TOOLLIP),
        config=_toollip_sheet,
    ),
    Recipe(
        name="puppi_tau",
        summary="finds taus by 10 PUPPI candidates of 8 features, one probability and one pT; activations below 1",
        shape=(_PUPPI[0] * _PUPPI[1],),
        outputs=2,
        task="classification",
        sparsity=0.0,
        layers=_puppi_tau,
        events=_flat_candidates,
        config=_puppi_tau_sheet,
    ),
    Recipe(
        name="topo",
        summary="tells signal from background by 20 numbers of an event's topology, one probability",
        shape=(20,),
        outputs=1,
        task="classification",
        sparsity=0.0,
        layers=_topo,
        events=lambda n, seed: events.standardised(n, seed, 20),
        config=_topo_sheet,
    ),
)
