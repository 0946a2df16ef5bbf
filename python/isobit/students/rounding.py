"""Training with any format: QKeras's rounding with the format as a variable of the graph.

A QKeras quantiser has its width written into the graph, so that a network of each width is compiled anew, which takes
longer than its training if the network is small. The quantisers here hold the format in variables: one graph trains all
widths, and without formats in floating point. Rounding is that of `quantized_bits(bits, integer - 1, alpha=1)` and
`quantized_relu(bits, integer)`, to nearest even, saturated, and so is the gradient: straight through, of weights
everywhere, of results where they do not saturate. In firmware these are ``ap_fixed<bits, integer, RND_CONV, SAT>`` and
``ap_ufixed<...>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.students.steps import tensorflow_package
from isobit.students.zoo.entry import keras_package

__all__ = ["PlainKit", "Rounding", "RoundingKit", "closest"]

_FINE: Final = 2.0**100  # steps to one where there is no format: float32 has no finer ones above 2^-76
_FAR: Final = 2.0**26  # the largest number there; times _FINE it is within float32
_INTEGERS: Final = range(-6, 9)


class Rounding:
    """A format of a graph that can be set between two trainings.

    Parameters
    ----------
    signed
        Whether its numbers can be negative.
    through
        Whether the gradient also passes numbers that saturate.
    """

    def __init__(self, *, signed: bool, through: bool) -> None:
        tensorflow = tensorflow_package()
        self.signed, self.through = signed, through
        self._scale, self._low, self._high = (
            tensorflow.Variable(0.0, trainable=False, dtype=tensorflow.float32) for _ in range(3)
        )
        self.set(None)

    def set(self, kind: FixedType | None) -> None:
        """Round to this format from now on; None for floating point."""
        given = (_FINE, -_FAR if self.signed else 0.0, _FAR)
        values = given if kind is None else (2.0**kind.fraction, float(kind.min), float(kind.max))
        for variable, value in zip((self._scale, self._low, self._high), values, strict=True):
            variable.assign(value)

    def __call__(self, values: Any) -> Any:
        """The nearest numbers of the format."""
        tensorflow = tensorflow_package()
        inside = tensorflow.clip_by_value(values, self._low, self._high)
        passed = values if self.through else inside
        return passed + tensorflow.stop_gradient(tensorflow.round(inside * self._scale) / self._scale - passed)


class RoundingKit:
    """Makes Keras layers that round; `formats` has them by slot, called as isobit calls them (``fc1.weight``)."""

    def __init__(self) -> None:
        self.formats: dict[str, Rounding] = {}

    def set(self, kinds: Mapping[str, FixedType] | None) -> None:
        """Set all formats; None for floating point."""
        for slot, rounding in self.formats.items():
            rounding.set(None if kinds is None else kinds[slot])

    def dense(self, tensor: Any, width: int, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        kernel, bias = self._new(f"{name}.weight", through=True), self._new(f"{name}.bias", through=True)

        class Dense(keras_package().layers.Dense):  # type: ignore[misc]
            def call(self, inputs: Any) -> Any:
                return tensorflow_package().matmul(inputs, kernel(self.kernel)) + bias(self.bias)

        return Dense(width, name=name)(tensor)

    def conv(self, tensor: Any, filters: int, size: tuple[int, int], name: str, padding: str = "same") -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        kernel = self._new(f"{name}.weight", through=True)

        class Conv2D(keras_package().layers.Conv2D):  # type: ignore[misc]
            def call(self, inputs: Any) -> Any:
                return tensorflow_package().nn.conv2d(inputs, kernel(self.kernel), 1, padding.upper())

        return Conv2D(filters, size, padding=padding, use_bias=False, name=name)(tensor)

    def relu(self, tensor: Any, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        return keras_package().layers.Activation(self._new(f"{name}.result", signed=False), name=name)(tensor)

    def rounded(self, tensor: Any, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        rounding = self._new(f"{name}.result", signed=not name.startswith("pool"))
        return keras_package().layers.Activation(rounding, name=f"{name}_rounded")(tensor)

    def _new(self, slot: str, *, signed: bool = True, through: bool = False) -> Rounding:
        self.formats[slot] = Rounding(signed=signed, through=through)
        return self.formats[slot]


class PlainKit:
    """Makes Keras's own layers, as hls4ml converts them; formats are those of a configuration."""

    def dense(self, tensor: Any, width: int, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        return keras_package().layers.Dense(width, name=name)(tensor)

    def conv(self, tensor: Any, filters: int, size: tuple[int, int], name: str, padding: str = "same") -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        return keras_package().layers.Conv2D(filters, size, padding=padding, use_bias=False, name=name)(tensor)

    def relu(self, tensor: Any, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        return keras_package().layers.Activation("relu", name=name)(tensor)

    def rounded(self, tensor: Any, name: str) -> Any:
        """See :class:`isobit.students.zoo.autoencoders.Kit`."""
        return tensor


def closest(values: NDArray[np.float64], width: int, *, signed: bool) -> FixedType:
    """The format of this width, rounding to nearest even and saturating, with the least squared error on `values`.

    Of two that are equally good the one with fewer integer bits.
    """
    name = "ap_fixed" if signed else "ap_ufixed"
    kinds = [FixedType.parse(f"{name}<{width},{integer},RND_CONV,SAT>") for integer in _INTEGERS]
    errors = [float(((FixedArray.from_float(values, kind).to_float() - values) ** 2).sum()) for kind in kinds]
    return kinds[int(np.argmin(errors))]
