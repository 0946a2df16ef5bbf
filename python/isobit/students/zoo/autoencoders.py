"""Layers of autoencoders for the global trigger's objects, whatever makes them: quantised, in training, or plain.

A :class:`Kit` makes the layers; what stands here is their order, names and sizes.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from isobit.students.zoo.entry import keras_package

__all__ = ["ENCODER", "Kit", "cnn_decoder", "cnn_encoder", "dnn_decoder", "dnn_encoder"]

#: Neurons of the dense encoder's layers.
ENCODER: Final = (32, 16)


class Kit(Protocol):
    """Makes the layers that have formats; each takes a tensor and gives the next one."""

    def dense(self, tensor: Any, width: int, name: str) -> Any:
        """Dense layer with a bias."""

    def conv(self, tensor: Any, filters: int, size: tuple[int, int], name: str, padding: str = "same") -> Any:
        """Two-dimensional convolution without a bias."""

    def relu(self, tensor: Any, name: str) -> Any:
        """ReLU."""

    def rounded(self, tensor: Any, name: str) -> Any:
        """What the firmware's format of the layer called `name` makes of its result."""


def dnn_encoder(kit: Kit, tensor: Any) -> Any:
    """From (57,) to 16."""
    for index, width in enumerate(ENCODER, start=1):
        tensor = kit.relu(kit.dense(tensor, width, f"fc{index}"), f"relu{index}")
    return tensor


def dnn_decoder(kit: Kit, tensor: Any, outputs: int) -> Any:
    """The dense encoder's layers backwards, to `outputs` numbers."""
    for index, width in enumerate(reversed(ENCODER), start=len(ENCODER) + 1):
        tensor = kit.relu(kit.dense(tensor, width, f"fc{index}"), f"relu{index}")
    return kit.dense(tensor, outputs, "output")


def cnn_encoder(kit: Kit, tensor: Any) -> Any:
    """From an image (20, 3, 1) to 64."""
    layers = keras_package().layers
    tensor = layers.BatchNormalization(name="bn")(tensor)
    tensor = kit.relu(kit.conv(tensor, 16, (3, 3), "conv1", padding="valid"), "relu1")  # 18 x 1 x 16
    tensor = kit.rounded(layers.AveragePooling2D((3, 1), name="pool1")(tensor), "pool1")
    tensor = kit.relu(kit.conv(tensor, 32, (3, 1), "conv2"), "relu2")  # 6 x 1 x 32
    tensor = kit.rounded(layers.AveragePooling2D((3, 1), name="pool2")(tensor), "pool2")
    return layers.Flatten(name="flatten")(tensor)


def cnn_decoder(kit: Kit, tensor: Any) -> Any:
    """From the latent numbers to an image (20, 3, 1)."""
    layers = keras_package().layers
    tensor = kit.relu(kit.dense(tensor, 64, "fc"), "relu3")
    tensor = layers.Reshape((2, 1, 32), name="reshape")(tensor)
    tensor = kit.relu(kit.conv(tensor, 32, (3, 1), "conv3"), "relu4")
    tensor = layers.UpSampling2D((3, 1), name="up1")(tensor)  # 6 x 1 x 32
    tensor = layers.ZeroPadding2D(((0, 0), (1, 1)), name="pad1")(tensor)  # 6 x 3 x 32
    tensor = kit.relu(kit.conv(tensor, 16, (3, 1), "conv4"), "relu5")
    tensor = layers.UpSampling2D((3, 1), name="up2")(tensor)  # 18 x 3 x 16
    tensor = layers.ZeroPadding2D(((1, 1), (0, 0)), name="pad2")(tensor)  # 20 x 3 x 16
    return kit.conv(tensor, 1, (3, 3), "output")
