"""Quantisers with a format for every element: hls4ml's ``FixedPointQuantizer``, which HGQ puts around layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.modes import Overflow, Rounding, parse_mode
from isobit.fixed.types import FixedType
from isobit.model.expressions import Constant, Expression, Input, Result
from isobit.model.layers.activation import Activation
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, Select, identity_view
from isobit.model.weights import Weight

__all__ = ["Quantizer"]

#: Bits of numbers at all LSBs of a quantiser, beyond which its elements are cast format by format.
_ALIGNED_BITS = 50


@register_op
@dataclass(frozen=True, eq=False)
class Quantizer(Op):
    """Every element cast into a format of its own, and that number into the result's format.

    The C++ is what ``generate_mask_fn`` in hls4ml's backends/fpga/passes/hgq_proxy_model.py writes. hls4ml leaves a
    quantiser out where one format is enough, and gives the layer before it that format (``FuseFixedPointQuantizer``).

    Attributes
    ----------
    signed, width, integer
        Of every element's format, as of a :class:`~isobit.fixed.types.FixedType`. Where the width is 0 the element is
        zero, whatever the input.
    rounding, overflow
        The modes of all of them.
    """

    signed: tuple[bool, ...]
    width: tuple[int, ...]
    integer: tuple[int, ...]
    rounding: str
    overflow: str

    tag: ClassVar[str] = "quantizer"

    def __post_init__(self) -> None:
        parse_mode(Rounding, self.rounding)
        parse_mode(Overflow, self.overflow)
        sizes = {len(values) for values in (self.signed, self.width, self.integer)}
        if sizes != {self.output.size}:
            raise ShapeError(
                f"layer {self.name!r} has {sorted(sizes)} formats of elements, expected one for each of its "
                f"{self.output.size}"
            )
        _ = self.formats  # or refused

    @cached_property
    def formats(self) -> tuple[FixedType | None, ...]:
        """The format of every element; None where it is always zero."""
        known: dict[tuple[bool, int, int], FixedType | None] = {}
        found = list(zip(self.signed, self.width, self.integer, strict=True))
        for signed, width, integer in dict.fromkeys(found):
            known[signed, width, integer] = (
                FixedType(
                    width, integer, signed, parse_mode(Rounding, self.rounding), parse_mode(Overflow, self.overflow)
                )
                if width
                else None
            )
        return tuple(known[each] for each in found)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.tag} of one-bit (xnor) numbers is not supported (layer {self.name!r})")

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Few casts between powers of two that align the formats, or one for each format; see :meth:`Op.lower`."""
        (tensor,) = tensors
        return _aligned(self, tensor) if self._alignable(tensor) else _selected(self, tensor)

    def _alignable(self, tensor: Tensor) -> bool:
        """Whether scaled numbers are cast as the numbers themselves, not so for rare modes, and fit the lanes."""
        kinds = [kind for kind in self.formats if kind is not None]
        mode = parse_mode(Overflow, self.overflow)
        places = [kind.fraction for kind in kinds]
        if not kinds or self.output.type.is_int or tensor.type.width + max(places) - min(places) > _ALIGNED_BITS:
            return False
        if mode is Overflow.SAT_SYM:
            one_sign = len({kind.signed for kind in kinds}) == 1
            narrow = any(kind.signed and kind.width == 1 for kind in kinds)  # B4: SAT_SYM of one bit gives -1 ulp
            return one_sign and not narrow and tensor.type not in kinds
        return mode in (Overflow.WRAP, Overflow.SAT)


#: Of every element, the power of two by which it is multiplied; None makes it zero.
Exponents = list[int | None]


def _constant(name: str, raw: list[int], fraction: int) -> Constant:
    """Constants of every element, exactly."""
    bits, signed = max(1, max(abs(value).bit_length() for value in raw)), min(raw) < 0
    kind = FixedType.from_bits(bits + signed, fraction=fraction, signed=signed)
    values = np.array([float(value * kind.lsb) for value in raw])
    array = np.array(raw, dtype=np.int64 if kind.fits_int64 else object)
    return Constant(Weight(name, array, kind, values, values))


def _powers(exponents: Exponents) -> Constant:
    least = min(exponent for exponent in exponents if exponent is not None)
    return _constant("scale", [0 if e is None else 1 << (e - least) for e in exponents], -least)


def _negative(exponents: Exponents) -> Exponents:
    return [None if exponent is None else -exponent for exponent in exponents]


class _Chain:
    """Elementwise primitives, one after the other; ``tensor`` is what the next one reads."""

    def __init__(self, op: Quantizer, tensor: Tensor) -> None:
        self.op, self.tensor = op, tensor
        self.parts: list[Op] = []

    def cast(self, kind: FixedType | None, exponents: Exponents, offsets: list[int] | None = None) -> None:
        """``(x + offset) * 2**exponent`` into a format, or (None) the layer's result; offsets in LSBs of the tensor."""
        value: Expression = Input(0)
        if offsets is not None and any(offsets):
            value = value + _constant("offset", offsets, self.tensor.type.fraction)
        if any(exponents) or None in exponents:
            value = value * _powers(exponents)
        name, output = self.op.name, self.op.output
        if kind is not None:
            name = f"{name}/{len(self.parts) + 2}"
            output = Tensor(name, output.shape, kind, slot="element")
        inputs = (self.tensor.name,)
        if isinstance(value, Input):
            self.parts.append(Activation(name, inputs, output, "linear"))
        else:
            outcome = Result.of(value, self.tensor)
            self.parts.append(Formula(name, inputs, output, outcome, (identity_view(output.size),)))
        self.tensor = output


def _aligned(op: Quantizer, tensor: Tensor) -> tuple[Op, ...]:
    """Every number times a power of two, so that one format rounds all of them, and the same for overflow.

    The widest element stays as it is. Others are moved until their LSB lies where its LSB does, for rounding, and then
    their most significant bit, for overflow; the ranges of unsigned elements beside signed ones are moved onto theirs.
    """
    formats, chain = op.formats, _Chain(op, tensor)
    kinds = [kind for kind in formats if kind is not None]
    signed, widest = any(kind.signed for kind in kinds), max(kinds, key=lambda kind: kind.width)
    anchor = replace(widest, signed=signed)
    to_lsb = [None if kind is None else kind.fraction - anchor.fraction for kind in formats]
    to_msb = [None if kind is None else anchor.width - kind.width for kind in formats]
    moved = [signed and kind is not None and not kind.signed for kind in formats]
    if not any(to_msb) and not any(moved):
        chain.cast(anchor, to_lsb)
        chain.cast(None, _negative(to_lsb))
        return tuple(chain.parts)
    # Wide enough for every number; of one that is below all LSBs rounding may make 1.
    bits = max(2, tensor.type.integer + 1 + max(kind.fraction for kind in kinds))
    chain.cast(FixedType(bits, bits - anchor.fraction, tensor.type.signed, anchor.rounding), to_lsb)
    lowest = [
        1 << (kind.width - 1) if kind is not None and move else 0 for kind, move in zip(formats, moved, strict=True)
    ]
    cut = replace(anchor, rounding=Rounding.TRN)
    chain.cast(cut, to_msb, [-offset for offset in lowest])
    back = [(1 << (anchor.width - 1)) * move for move in moved]
    if anchor.overflow is Overflow.WRAP:
        both = [None if a is None or b is None else a + b for a, b in zip(to_lsb, to_msb, strict=True)]
        chain.cast(None, _negative(both), back)
        return tuple(chain.parts)
    # The largest number with the LSB of the widest becomes the element's own largest; others stay.
    toward_zero = Rounding.TRN_ZERO if anchor.overflow is Overflow.SAT_SYM else Rounding.TRN
    chain.cast(FixedType(anchor.width + 1, anchor.integer + 1, signed, toward_zero), _negative(to_msb), back)
    chain.cast(None, _negative(to_lsb))
    return tuple(chain.parts)


def _selected(op: Quantizer, tensor: Tensor) -> tuple[Op, ...]:
    """The elements of each format, cast into it, and then all of them in their order."""
    places: dict[FixedType, list[int]] = {}
    for place, kind in enumerate(op.formats):
        if kind is not None:
            places.setdefault(kind, []).append(place)
    parts: list[Op] = []
    view = np.full(op.output.size, -1, dtype=np.int64)
    taken = 0
    for kind, here in places.items():
        name = f"{op.name}/{len(parts) + 2}"
        parts.append(
            Select(name, op.inputs, Tensor(name, (len(here),), kind, slot="element"), np.array(here, dtype=np.int64))
        )
        view[here] = taken + np.arange(len(here))
        taken += len(here)
    names = tuple(part.output.name for part in parts) or (tensor.name,)
    return (*parts, Select(op.name, names, op.output, view))
