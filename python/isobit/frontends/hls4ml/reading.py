"""What every handler reads of a node: formats, tensors, weights and edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import FirmwareError, FormatError, RangeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.types import FixedType
from isobit.frontends.streams import origin
from isobit.model.ops import Tensor
from isobit.model.weights import Encoding, Weight

__all__ = [
    "constant_of",
    "edges_of",
    "literal",
    "precision_to_type",
    "require_channels_last",
    "tensor_of",
    "weight_of",
]


def precision_to_type(precision: Any, where: str) -> FixedType:
    """Turn an hls4ml precision into a format.

    Raises
    ------
    UnsupportedError
        For floating point, unspecified and other kinds, with the place that uses it.
    """
    kinds = {cls.__name__ for cls in type(precision).__mro__}
    if kinds & {"IntegerPrecisionType", "XnorPrecisionType", "ExponentPrecisionType"}:
        return FixedType.int_type(precision.width, signed=bool(precision.signed))
    if "FixedPrecisionType" in kinds:
        try:
            return FixedType(
                int(precision.width),
                int(precision.integer),
                bool(precision.signed),
                precision.rounding_mode.name,
                precision.saturation_mode.name,
                int(precision.saturation_bits or 0),
            )
        except FormatError as error:
            raise UnsupportedError(f"{where}: {precision}: {error}") from None
    raise UnsupportedError(
        f"{where} has the number type {precision} ({type(precision).__name__}); supported: fixed and integer"
    )


def _is_a(precision: Any, name: str) -> bool:
    return any(cls.__name__ == name for cls in type(precision).__mro__)


def tensor_of(node: Any) -> Tensor:
    """What a node gives: name, shape and format."""
    variable = node.get_output_variable()
    precision = variable.type.precision
    return Tensor(
        node.outputs[0],
        tuple(int(n) for n in variable.shape),
        precision_to_type(precision, f"{node.name}.result"),
        _is_a(precision, "XnorPrecisionType"),
    )


def weight_of(node: Any, slot: str, *, transposed: bool = False, shape: tuple[int, ...] | None = None) -> Weight:
    """Read one weight variable of a node.

    Parameters
    ----------
    node, slot
        The node, and the name of the variable among its weights.
    transposed
        Undo ``ApplyResourceStrategy``.
    shape
        What shape it gets; None: ``weight`` that of a Dense layer, (n_in, n_out), others are flat.
    """
    variable = node.weights[slot]
    where = f"{node.name}.{slot}"
    precision = variable.type.precision
    data = np.asarray(variable.data)
    strategy, stored = str(node.get_attr("strategy")).lower(), variable.weight_class == "CompressedWeightVariable"
    if slot == "weight" and stored != (strategy == "compressed"):
        raise FirmwareError(
            f"{where} is {'compressed' if stored else 'not compressed'}, but the strategy is {strategy!r}: hls4ml's "
            "firmware would not compile"
        )
    if stored:
        data = _expanded(variable)
    source = np.asarray(getattr(variable, "data_unquantized", data))
    if transposed:
        data = np.moveaxis(data, 0, -1)
    data, source = _without_kernel(data), _without_kernel(source)
    if shape is not None:
        # From PyTorch, hls4ml turns the weights of windows, but not the unquantised ones beside them.
        same = source.size == data.size and not (data.ndim > 2 and getattr(node, "channels_last_converted", False))
        data, source = data.reshape(shape), source.reshape(shape) if same else data.reshape(shape)
    elif slot == "weight" and data.ndim == 1:  # of a graph made by hand; hls4ml writes all weights flat
        data = data.reshape(int(node.get_attr("n_in")), -1)
    # From PyTorch, hls4ml's ChannelsLastConverter turns the weights, but not the unquantised ones beside them.
    turned = source.shape != data.shape or getattr(node, "channels_last_converted", False)
    if data.ndim == 2 and source.T.shape == data.shape and turned:
        source = source.T
    if source.size != data.size:  # folded later on; what was written is all that is left
        source = data
    encoding = Encoding.PLAIN
    if variable.weight_class == "ExponentWeightVariable":
        encoding = Encoding.EXPONENT
    elif _is_a(precision, "XnorPrecisionType"):
        encoding = Encoding.XNOR
    if slot == "bias" and encoding is Encoding.EXPONENT:
        raise FirmwareError(
            f"{where} is a power of two, for which hls4ml's firmware does not compile; use quantized_bits"
        )
    if slot != "weight" and shape is None:
        data, source = data.ravel(), source.ravel()
    kind = precision_to_type(precision, where)
    try:
        return Weight.from_written(slot, data, kind, source.reshape(data.shape), encoding)
    except RangeError as error:
        raise RangeError(f"layer {node.name}: {error}") from None


def _without_kernel(data: Any) -> Any:
    """Weights of a convolution whose kernel has one element, shape (1, ..., n_in, n_out), as (n_in, n_out)."""
    return data.reshape(data.shape[-2:]) if data.ndim > 2 and set(data.shape[:-2]) == {1} else data


def _expanded(variable: Any) -> Any:
    """All weights, shape (n_in, n_out), of a ``CompressedWeightVariable``, which lists (neuron, input, value)."""
    data = np.zeros(variable.shape)
    for neuron, source, value in variable.data:
        data[source, neuron] = value
    return data


def constant_of(node: Any, slot: str, value: Any, named_type: Any) -> Weight:
    """A number that the writer prints as a literal into the source; the compiler reads it as a double."""
    return literal(slot, value, precision_to_type(named_type.precision, f"{node.name}.{slot}"))


def literal(slot: str, value: Any, kind: FixedType) -> Weight:
    """A number as the compiler reads it from the source, in this format."""
    written = np.array([float(f"{value}")])
    return Weight(slot, quantise_floats(written, kind), kind, written, written, Encoding.LITERAL)


def edges_of(node: Any) -> dict[str, Any]:
    """The arguments that every op has: name, inputs and output."""
    return {
        "name": node.name,
        "inputs": tuple(origin(node.model, name) for name in node.inputs),
        "output": tensor_of(node),
    }


def require_channels_last(node: Any) -> None:
    """Check that the channels are the last axis.

    Raises
    ------
    UnsupportedError
        If they are the first.
    """
    if node.get_attr("data_format", "channels_last") != "channels_last":
        raise UnsupportedError(
            f"layer {node.name!r} has the data format {node.get_attr('data_format')!r}; supported: channels_last"
        )
