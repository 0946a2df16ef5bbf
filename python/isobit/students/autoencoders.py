"""Four autoencoders of the global trigger's objects, to be trained with any formats and read off as firmware.

Dense and convolutional, plain and variational. A plain one gives its reconstruction, whose mean squared error is the
score of an event. Of a variational one only the encoder is on the chip, without sampling; its score is the sum of the
squared means.

Events are the 57 numbers of 19 objects. A variational one draws one normal number per event and latent number, which is
given to its training behind the 57: the same in each epoch, so that a training depends on its data and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model, load
from isobit.fixed.types import FixedType
from isobit.students import distill
from isobit.students.rounding import PlainKit, RoundingKit, closest
from isobit.students.zoo.autoencoders import Kit, cnn_decoder, cnn_encoder, dnn_decoder, dnn_encoder
from isobit.students.zoo.entry import keras_package
from isobit.students.zoo.sheet import Sheet

__all__ = ["AUTOENCODERS", "OBJECTS", "Autoencoder", "Trainable"]

Floats = NDArray[np.float64]

#: Numbers of an event.
OBJECTS: Final = 57
_LATENT: Final = 3
_INPUT: Final = "ap_fixed<16,6>"
_NORMALISED: Final = "ap_fixed<24,8>"
_SUM: Final = "ap_fixed<40,14>"


@dataclass(frozen=True)
class Autoencoder:
    """One of the four.

    Attributes
    ----------
    name, title
        For files and for pictures.
    encoder, decoder
        From a kit and a tensor to the next one; the encoder begins with (n, 57).
    latent
        Numbers between encoder and decoder.
    variational
        Whether the encoder gives means and log variances of them.
    sheet
        The configuration, before formats are set.
    views
        Formats of layers that only move numbers, by the layer whose format they take over.
    """

    name: str
    title: str
    encoder: Callable[[Kit, Any], Any]
    decoder: Callable[[Kit, Any], Any]
    latent: int
    variational: bool
    sheet: Callable[[], Sheet]
    views: Mapping[str, str]

    def plain(self) -> Any:
        """What is on the chip, as a Keras model without quantisers."""
        keras, kit = keras_package(), PlainKit()
        inputs = keras.layers.Input((OBJECTS,), name="inputs")
        return keras.Model(inputs, self._on_chip(kit, inputs), name=self.name)

    def trainable(self) -> Trainable:
        """All of it, with quantisers."""
        keras, kit = keras_package(), RoundingKit()
        inputs = keras.layers.Input((OBJECTS + self._noise,), name="inputs")
        if not self.variational:
            return Trainable(self, keras.Model(inputs, _flat(self._on_chip(kit, inputs)), name=self.name), kit)
        mean, spread = self._on_chip(kit, inputs[:, :OBJECTS])
        drawn = mean + keras.backend.exp(spread / 2.0) * inputs[:, OBJECTS:]
        outputs = [self.decoder(PlainKit(), drawn), mean, spread]
        return Trainable(self, keras.Model(inputs, keras.layers.concatenate(outputs), name=self.name), kit)

    def data(self, x: Floats, seed: int) -> distill.Data:
        """What a training learns of events (n, 57)."""
        noise = np.random.default_rng([seed, 57]).standard_normal((len(x), self._noise))
        return distill.Data(np.concatenate((x, noise), axis=1), x)

    def score(self, outputs: Any, x: Floats) -> Floats:
        """How odd each event (n, 57) is, from what is on the chip: (n,)."""
        if self.variational:
            found: Floats = (np.asarray(outputs[0], np.float64) ** 2).sum(axis=1)
            return found
        rebuilt = np.asarray(outputs, np.float64).reshape(len(x), -1)[:, :OBJECTS]
        error: Floats = ((rebuilt - x) ** 2).mean(axis=1)
        return error

    def convert(self, plain: Any, kinds: Mapping[str, FixedType] | None = None) -> Model:
        """As hls4ml converts it with these formats (by slot), or with wide ones."""
        arguments = dict(self.sheet().arguments())
        layers = arguments["hls_config"]["LayerName"]
        for slot, kind in self.everywhere(kinds or {}).items():
            layer, _, what = slot.rpartition(".")
            for name in (layer, f"{layer}_linear") if what == "result" else (layer,):
                if name in layers:
                    layers[name]["Precision"][what] = str(kind)
        clock = float(arguments.pop("clock_period"))
        return load(plain, clock_ns=clock, project_name=self.name, **arguments)

    def everywhere(self, kinds: Mapping[str, FixedType]) -> dict[str, FixedType]:
        """These formats, and those of the layers that take them over."""
        moved = {f"{name}.result": kinds[f"{of}.result"] for name, of in self.views.items() if f"{of}.result" in kinds}
        return {**kinds, **moved}

    @property
    def _noise(self) -> int:
        return self.latent if self.variational else 0

    def _on_chip(self, kit: Kit, tensor: Any) -> Any:
        tensor = self.encoder(kit, tensor)
        if self.variational:
            return [kit.dense(tensor, self.latent, "mean"), kit.dense(tensor, self.latent, "log_variance")]
        return self.decoder(kit, kit.rounded(kit.dense(tensor, self.latent, "latent"), "latent"))


@dataclass(frozen=True)
class Trainable:
    """An autoencoder in training: a Keras model, and the kit that sets its formats."""

    of: Autoencoder
    model: Any
    kit: RoundingKit

    def deploy(self) -> Any:
        """What is on the chip, with the weights that the training has now."""
        plain = self.of.plain()
        for layer in plain.layers:
            if layer.weights:
                layer.set_weights(self.model.get_layer(layer.name).get_weights())
        return plain

    def values(self, plain: Any, x: Floats) -> dict[str, Floats]:
        """For every format its numbers in a network in floating point: weights, and results on events."""
        wanted = {slot: slot.rpartition(".")[::2] for slot in self.kit.formats}
        results = [layer for layer, what in wanted.values() if what == "result"]
        probe = keras_package().Model(plain.inputs, [plain.get_layer(name).output for name in results])
        seen = dict(zip(results, probe(x.astype(np.float32), training=False), strict=True))
        return {
            slot: np.asarray(
                seen[layer] if what == "result" else plain.get_layer(layer).get_weights()[what == "bias"], np.float64
            )
            for slot, (layer, what) in wanted.items()
        }

    def kinds(self, values: Mapping[str, Floats], width: int) -> dict[str, FixedType]:
        """Formats of this width, each closest to its numbers."""
        return {slot: closest(found, width, signed=self.kit.formats[slot].signed) for slot, found in values.items()}


def _flat(tensor: Any) -> Any:
    """The 57 numbers of a reconstruction, without the padded row of an image."""
    return keras_package().layers.Flatten(name="rebuilt")(tensor)[:, :OBJECTS]


def _image(tensor: Any) -> Any:
    layers = keras_package().layers
    return layers.ZeroPadding2D(((0, 1), (0, 0)), name="pad0")(layers.Reshape((19, 3, 1), name="image")(tensor))


def _start() -> Sheet:
    return Sheet(_SUM).shape("inputs", number=_INPUT)


def _dense_layers(sheet: Sheet, *numbers: int) -> Sheet:
    for number in numbers:
        sheet.dense(f"fc{number}").activation(f"relu{number}")
    return sheet


def _images(sheet: Sheet) -> Sheet:
    sheet.shape("image", "pad0", number=_INPUT).batchnorm("bn", _NORMALISED)
    for number in (1, 2):
        _conv(sheet, f"conv{number}").activation(f"relu{number}").pooling(f"pool{number}")
    return sheet.shape("flatten")


def _conv(sheet: Sheet, name: str) -> Sheet:
    """Without a bias."""
    return sheet.conv(name, Precision={**dict.fromkeys(("result", "accum", "weight"), _SUM), "bias": "ap_uint<1>"})


def _heads(sheet: Sheet) -> Sheet:
    return sheet.dense("mean").dense("log_variance")


def _rebuilt(sheet: Sheet) -> Sheet:
    sheet.dense("latent").dense("fc").activation("relu3").shape("reshape")
    for number in (1, 2):
        _conv(sheet, f"conv{number + 2}").activation(f"relu{number + 3}").upsampling(f"up{number}", _SUM)
        sheet.shape(f"pad{number}")
    return _conv(sheet, "output")


_VIEWS: Final = {"flatten": "pool2"}
_REBUILT: Final = {"reshape": "relu3", "up1": "relu4", "pad1": "relu4", "up2": "relu5", "pad2": "relu5"}

#: By name.
AUTOENCODERS: Final[dict[str, Autoencoder]] = {
    one.name: one
    for one in (
        Autoencoder(
            "dnn_ae",
            "dense AE",
            dnn_encoder,
            lambda kit, tensor: dnn_decoder(kit, tensor, OBJECTS),
            _LATENT,
            variational=False,
            sheet=lambda: _dense_layers(_dense_layers(_start(), 1, 2).dense("latent"), 3, 4).dense("output"),
            views={},
        ),
        Autoencoder(
            "dnn_vae",
            "dense VAE",
            dnn_encoder,
            lambda kit, tensor: dnn_decoder(kit, tensor, OBJECTS),
            _LATENT,
            variational=True,
            sheet=lambda: _heads(_dense_layers(_start(), 1, 2)),
            views={},
        ),
        Autoencoder(
            "cnn_ae",
            "convolutional AE",
            lambda kit, tensor: cnn_encoder(kit, _image(tensor)),
            cnn_decoder,
            8,
            variational=False,
            sheet=lambda: _rebuilt(_images(_start())),
            views={**_VIEWS, **_REBUILT},
        ),
        Autoencoder(
            "cnn_vae",
            "convolutional VAE",
            lambda kit, tensor: cnn_encoder(kit, _image(tensor)),
            lambda kit, tensor: dnn_decoder(kit, tensor, OBJECTS),  # not on the chip, and a fifth of the work
            _LATENT,
            variational=True,
            sheet=lambda: _heads(_images(_start())),
            views=_VIEWS,
        ),
    )
}
