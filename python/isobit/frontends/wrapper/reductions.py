"""Steps that make few numbers of many: sums, losses, means, and the place of the largest number."""

from __future__ import annotations

from dataclasses import replace

from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries
from isobit.frontends.wrapper.building import Building, register_step
from isobit.frontends.wrapper.elementwise import constant
from isobit.frontends.wrapper.entries import name_of, type_of
from isobit.model.layers.dense import Dense
from isobit.model.layers.einsum import Einsum
from isobit.model.layers.pooling import Pooling
from isobit.model.layers.softmax import Softmax
from isobit.model.ops import Tensor
from isobit.model.weights import Weight

__all__: list[str] = []

#: Format of the ones and zeros of a one-hot vector.
_BIT = FixedType(2, 2, signed=False)


def _accumulator(entries: Entries) -> tuple[FixedType, FixedType]:
    """Formats of the running sum, and of the result: by default the same."""
    accum = type_of(entries, "accum")
    return accum, type_of(entries) if entries.has("type") else accum


@register_step("sum_of_squares")
def _squares(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i] * x[i];``: each exact square is added, and the sum cast to its format."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    axes = tuple(range(len(tensor.shape)))
    perms = (*axes, *axes)
    b.put(
        entries,
        kind,
        (1,),
        lambda name, output: Einsum(
            name, (tensor.name, tensor.name), output, accum, 1, (1, 1), tensor.size, perms, (1,), (0,)
        ),
    )


@register_step("sum")
def _sum(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i];``."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    if not _casts_alike(tensor.type, accum):
        raise entries.wrong(
            f"adds {tensor.type} into {accum}, which rounds or saturates each sum; make accum hold every number, or "
            "cast the numbers before"
        )
    weight, bias = constant("weight", [1] * tensor.size, _BIT), constant("bias", [0], _BIT)
    rows = _reshaped(weight, (tensor.size, 1))
    b.put(entries, kind, (1,), lambda name, output: Dense(name, (tensor.name,), output, rows, bias, accum))


def _casts_alike(kind: FixedType, accum: FixedType) -> bool:
    """Whether it makes no difference that Dense casts each number to the accumulator before it adds it."""
    plain = accum.rounding in (Rounding.TRN, Rounding.TRN_ZERO) and accum.overflow is Overflow.WRAP
    if plain and not accum.saturation_bits and (accum.rounding is Rounding.TRN or kind.fraction <= accum.fraction):
        return True
    return (
        kind.fraction <= accum.fraction
        and kind.integer - kind.signed <= accum.integer - accum.signed
        and (accum.signed or not kind.signed)
        and not (accum.overflow is Overflow.SAT_SYM and kind.integer == accum.integer)
    )


def _reshaped(weight: Weight, shape: tuple[int, ...]) -> Weight:
    parts = {part: getattr(weight, part).reshape(shape) for part in ("raw", "written", "unquantised")}
    return replace(weight, **parts)


@register_step("mean")
def _mean(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i]; sum / n``: the quotient is truncated toward zero at the sum's LSB."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    n = tensor.size
    b.put(
        entries,
        kind,
        (1,),
        lambda name, output: Pooling(name, (tensor.name,), output, "average", "parallel", accum, 1, n, 1, n),
    )


@register_step("argmax")
def _argmax(b: Building, entries: Entries) -> None:
    """The place of the largest number, of several the first, as hls4ml's softmax with argmax has it."""
    entries.only("name", "step", "from", "type")
    tensor = b.source(entries)
    hot = b.free(entries, f"{name_of(entries)}_onehot")
    shape = (tensor.size,)
    b.ops.append(Softmax(hot, (tensor.name,), Tensor(hot, shape, _BIT), "argmax", tensor.size))
    bits = max(1, (tensor.size - 1).bit_length())
    places = FixedType(bits + 1, bits + 1, signed=False)
    rows = _reshaped(constant("weight", range(tensor.size), places), (tensor.size, 1))
    zero = constant("bias", [0], _BIT)
    exact = FixedType.int_type(bits, signed=False)
    kind = type_of(entries) if entries.has("type") else exact
    b.put(entries, kind, (1,), lambda name, output: Dense(name, (hot,), output, rows, zero, places))
