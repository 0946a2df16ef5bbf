"""Networks that score anomalies in the global trigger's objects: a convolutional autoencoder, a student, an encoder."""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.autoencoders import ENCODER, cnn_decoder, cnn_encoder, dnn_encoder
from isobit.students.zoo.entry import Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

_NUMBER: Final = "ap_fixed<16,6>"
_SPARSITY: Final = 0.5  # pruned during training, as is usual for these
_STUDENT: Final = (64, 32, 8, 8, 16, 8)

# Quantised networks: 8 bits, weights within +-2, activations 0..8.
_BITS: Final = 8
_WEIGHT_INTEGER: Final = 2  # with the sign
_RELU_INTEGER: Final = 3
_WEIGHT: Final = f"ap_fixed<{_BITS},{_WEIGHT_INTEGER}>"
_RELU: Final = f"ap_ufixed<{_BITS},{_RELU_INTEGER},RND_CONV,SAT>"


class _Quantised:
    """Makes layers with QKeras's quantisers of 8 bits."""

    def dense(self, tensor: Any, width: int, name: str) -> Any:
        return qkeras_package().QDense(width, kernel_quantizer=_quantiser(), bias_quantizer=_quantiser(), name=name)(
            tensor
        )

    def conv(self, tensor: Any, filters: int, size: tuple[int, int], name: str, padding: str = "same") -> Any:
        return qkeras_package().QConv2D(
            filters, size, padding=padding, use_bias=False, kernel_quantizer=_quantiser(), name=name
        )(tensor)

    def relu(self, tensor: Any, name: str) -> Any:
        qkeras = qkeras_package()
        return qkeras.QActivation(qkeras.quantized_relu(_BITS, _RELU_INTEGER), name=name)(tensor)

    def rounded(self, tensor: Any, name: str) -> Any:
        return tensor


def _quantiser() -> Any:
    return qkeras_package().quantized_bits(_BITS, _WEIGHT_INTEGER - 1, alpha=1)


def _ad_student(tensor: Any) -> Any:
    layers = keras_package().layers
    tensor = layers.BatchNormalization(name="bn")(layers.Flatten(name="flatten")(tensor))
    for index, width in enumerate(_STUDENT, start=1):
        tensor = layers.Activation("relu", name=f"relu{index}")(layers.Dense(width, name=f"fc{index}")(tensor))
    return layers.Dense(1, name="output")(tensor)


def _ad_student_sheet() -> Sheet:
    sheet = Sheet(_NUMBER).shape("inputs", "flatten").batchnorm("bn")
    for index in range(1, len(_STUDENT) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}")
    return sheet.dense("output")


def _ad_cnn_ae(tensor: Any) -> Any:
    kit = _Quantised()
    return cnn_decoder(kit, kit.dense(cnn_encoder(kit, tensor), 8, "latent"))


def _ad_cnn_ae_sheet() -> Sheet:
    sheet = Sheet(_NUMBER, weight=_WEIGHT, bias=_WEIGHT).shape("inputs").batchnorm("bn")
    for index in (1, 2):
        sheet.conv(f"conv{index}").activation(f"relu{index}", _RELU).pooling(f"pool{index}")
    sheet.shape("flatten").dense("latent").dense("fc").activation("relu3", _RELU).shape("reshape", number=_RELU)
    for index in (3, 4):
        sheet.conv(f"conv{index}").activation(f"relu{index + 1}", _RELU)
        sheet.upsampling(f"up{index - 2}", _RELU).shape(f"pad{index - 2}", number=_RELU)
    return sheet.conv("output")


def _ad_dnn_vae(tensor: Any) -> Any:
    kit = _Quantised()
    tensor = dnn_encoder(kit, tensor)
    return [kit.dense(tensor, 3, "mean"), kit.dense(tensor, 3, "log_variance")]


def _ad_dnn_vae_sheet() -> Sheet:
    sheet = Sheet(_NUMBER, weight=_WEIGHT, bias=_WEIGHT).shape("inputs")
    for index in range(1, len(ENCODER) + 1):
        sheet.dense(f"fc{index}").activation(f"relu{index}", _RELU)
    return sheet.dense("mean").dense("log_variance")


def _ad_teacher(tensor: Any) -> Any:
    layers = keras_package().layers
    image = layers.Reshape((19, 3, 1), name="image")(tensor)
    return _ad_cnn_ae(layers.ZeroPadding2D(((0, 1), (0, 0)), name="pad0")(image))


def _ad_teacher_sheet() -> Sheet:
    return _ad_cnn_ae_sheet().shape("image", "pad0")


# AXOL1TL v6: weights of 6 bits, activations of 10 bits; distributed arithmetic, so that sums are exact.
_AXOL1TL: Final = (29, 10, 9, 6, 4, 6, 9, 10)
_AXOL1TL_RELU: Final = "ap_ufixed<10,6,RND_CONV,SAT>"


def _axol1tl(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    bits = qkeras.quantized_bits(6, 1, alpha=1)
    for index, width in enumerate(_AXOL1TL, start=1):
        if index == 3:  # from here on an autoencoder of the ten numbers
            vector = tensor
        tensor = qkeras.QDense(width, kernel_quantizer=bits, bias_quantizer=bits, name=f"fc{index}")(tensor)
        if index < len(_AXOL1TL):
            tensor = qkeras.QActivation(qkeras.quantized_relu(10, 6), name=f"relu{index}")(tensor)
    gap = layers.Subtract(name="gap")([vector, tensor])
    return layers.Dot(axes=1, name="distance")([gap, gap])


def _axol1tl_sheet() -> Sheet:
    weight = "ap_fixed<6,2>"
    sheet = Sheet("ap_fixed<18,10>", weight=weight, bias=weight, strategy="distributed_arithmetic")
    sheet.shape("inputs", number=_NUMBER)
    for index in range(1, len(_AXOL1TL)):
        sheet.dense(f"fc{index}").activation(f"relu{index}", _AXOL1TL_RELU)
    return sheet.dense(f"fc{len(_AXOL1TL)}").merge("gap").dot("distance", "ap_fixed<32,20>")


ENTRIES: Final = (
    Recipe(
        name="ad_student",
        summary="predicts an autoencoder's reconstruction loss from 19 trigger objects, one score",
        shape=(19, 3),
        outputs=1,
        task="anomaly",
        sparsity=_SPARSITY,
        layers=_ad_student,
        events=events.global_trigger_objects,
        config=_ad_student_sheet,
    ),
    Recipe(
        name="ad_cnn_ae",
        summary="convolutional autoencoder of 19 trigger objects, padded to 20; gives the reconstruction",
        shape=(20, 3, 1),
        outputs=60,
        task="anomaly",
        sparsity=_SPARSITY,
        layers=_ad_cnn_ae,
        events=events.padded_objects,
        config=_ad_cnn_ae_sheet,
    ),
    Recipe(
        name="ad_dnn_vae",
        summary="encoder of a variational autoencoder of 19 trigger objects; gives mean and log variance of 3",
        shape=(57,),
        outputs=6,
        task="anomaly",
        sparsity=_SPARSITY,
        layers=_ad_dnn_vae,
        events=events.flat_objects,
        config=_ad_dnn_vae_sheet,
    ),
    Recipe(
        name="axol1tl_v6",
        summary="squared distance between ten numbers of 19 trigger objects and their reconstruction, exact sums",
        shape=(57,),
        outputs=1,
        task="anomaly",
        sparsity=0.0,
        given=("distance",),
        layers=_axol1tl,
        events=events.flat_objects,
        config=_axol1tl_sheet,
    ),
)

#: `ad_cnn_ae` with the padding of 19 objects to 20 in the network, so that it reads what its student reads.
AD_TEACHER: Final = Recipe(
    name="ad_teacher",
    summary="ad_cnn_ae behind a padding: 19 trigger objects, gives the reconstruction of the padded image",
    shape=(19, 3),
    outputs=60,
    task="anomaly",
    sparsity=_SPARSITY,
    layers=_ad_teacher,
    events=events.global_trigger_objects,
    config=_ad_teacher_sheet,
)
