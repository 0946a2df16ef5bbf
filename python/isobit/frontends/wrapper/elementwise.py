"""Steps on each number: casts, offsets, factors, shifts and scales, with the formats that AMD's operators give.

Semantics: operators and ``RType`` of ap_fixed_base.h and ap_int_base.h in the headers that hls4ml ships.
"""

from __future__ import annotations

import numpy as np

from isobit.fixed import growth
from isobit.fixed.array import quantise_floats
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries
from isobit.frontends.wrapper.building import Building, Make, register_step
from isobit.frontends.wrapper.entries import indices_of, numbers_of, type_of, whole_numbers_of
from isobit.model.layers.merge import Merge
from isobit.model.layers.norm import BatchNorm
from isobit.model.layers.shape import Copy, Take
from isobit.model.ops import Tensor
from isobit.model.weights import Encoding, Weight

__all__ = ["SHIFTS", "constant"]

#: Kinds of steps that lose bits in the format of what they read.
SHIFTS = ("shift_right", "shift_left")

#: Formats of the neutral constants: no ap_int, whose products may be binary or ternary ones (nnet_mult.h).
_ONE, _ZERO = FixedType(2, 2, signed=False), FixedType(2, 2, signed=False)
#: Largest power of two of a scale, and smallest with a minus.
_MOST_POWER = 256
_GROWN = {"add": growth.sum_of, "subtract": growth.difference, "multiply": growth.product}


def constant(name: str, raw: object, type: FixedType) -> Weight:
    """A constant from its raw integers.

    Parameters
    ----------
    name
        Slot of the layer.
    raw
        Raw integers, shape (size,).
    type
        Their format.
    """
    integers = np.asarray(raw, dtype=object)
    written = np.array([float(int(number) * type.lsb) for number in integers])
    return Weight(name, integers.astype(np.int64 if type.fits_int64 else object), type, written, written,
                  Encoding.LITERAL)  # fmt: skip


def _spread(entries: Entries, key: str, values: list[float] | list[int], size: int) -> list[float] | list[int]:
    """One value for each number, or the same for all."""
    if len(values) not in (1, size):
        raise entries.wrong(f"{key} has {len(values)} numbers for a tensor of {size}; expected {size}, or one for all")
    return values if len(values) == size else values * size


def _wanted(entries: Entries) -> FixedType | None:
    return type_of(entries) if entries.has("type") else None


def _line(tensor: Tensor, scale: Weight | None = None, bias: Weight | None = None) -> Make:
    """``x * scale + bias``, exact."""
    one, zero = constant("scale", [1] * tensor.size, _ONE), constant("bias", [0] * tensor.size, _ZERO)
    return lambda name, output: BatchNorm(name, (tensor.name,), output, scale or one, bias or zero)


@register_step("cast")
def _cast(b: Building, entries: Entries) -> None:
    """``T y = x``."""
    entries.only("name", "step", "from", "type")
    tensor = b.source(entries)
    b.put(entries, type_of(entries), tensor.shape, lambda name, output: Copy(name, (tensor.name,), output))


@register_step("select")
def _select(b: Building, entries: Entries) -> None:
    """Some numbers of one or several tensors, in some order."""
    entries.only("name", "step", "from", "take", "type")
    tensors = b.sources(entries)
    sizes = [tensor.size for tensor in tensors]
    places = indices_of(entries, "take", sizes) if entries.has("take") else list(range(sum(sizes)))
    kinds = {tensor.type for tensor in tensors}
    if len(kinds) > 1 and not entries.has("type"):
        raise entries.wrong(f"its numbers are {', '.join(sorted(map(str, kinds)))}; type is missing")
    kind = _wanted(entries) or kinds.pop()
    inputs = tuple(tensor.name for tensor in tensors)
    b.put(entries, kind, (len(places),), lambda name, output: Take(name, inputs, output, tuple(places)))


@register_step("add", "subtract", "multiply")
def _arithmetic(b: Building, entries: Entries) -> None:
    """``x + c``, ``x - c``, ``x * c``; of a constant for each number, or of another tensor."""
    entries.only("name", "step", "from", "with", "constants", "constant_type", "type")
    function, tensor = entries.text("step"), b.source(entries)
    if entries.has("with") == entries.has("constants"):
        raise entries.wrong(f"expected one of with (another tensor) and constants, to {function}")
    if entries.has("with"):
        if entries.has("constant_type"):
            raise entries.wrong("constant_type is for constants")
        other = b.tensor(entries, entries.text("with"))
        if other.size not in (1, tensor.size):
            raise entries.wrong(f"with has {other.size} numbers, the step reads {tensor.size}; expected as many, or 1")
        inputs = (tensor.name, other.name)
        exact = _GROWN[function](tensor.type, other.type)
        make: Make = lambda name, output: Merge(name, inputs, output, function)  # noqa: E731
    else:
        kind = type_of(entries, "constant_type")
        raw = _constants(entries, kind, tensor.size)
        exact = _GROWN[function](tensor.type, kind)
        plain = FixedType(kind.width + 1, kind.integer + 1)  # holds its negatives, and is no ap_int
        if function == "multiply":
            make = _line(tensor, scale=constant("scale", raw, plain))
        else:
            make = _line(tensor, bias=constant("bias", [-n for n in raw] if function == "subtract" else raw, plain))
    b.put(entries, exact, tensor.shape, make, _wanted(entries))


def _constants(entries: Entries, kind: FixedType, size: int) -> list[int]:
    """Raw integers of constants, as their type reads the doubles."""
    values = _spread(entries, "constants", numbers_of(entries, "constants"), size)
    if kind.is_int and (odd := [v for v in values if v != int(v) or not kind.raw_min <= v <= kind.raw_max]):
        raise entries.wrong(
            f"constants have {odd[0]:g}; {kind} holds whole numbers from {kind.raw_min} to {kind.raw_max}"
        )
    return [int(number) for number in quantise_floats(np.array(values, dtype=np.float64), kind)]


@register_step(*SHIFTS)
def _shift(b: Building, entries: Entries) -> None:
    """``x >> n`` and ``x << n``: bits move within x's own format, are lost below and wrap above, whatever its modes.

    A negative n shifts the other way. The result has x's format (``operator>>`` of ap_fixed_base.h).
    """
    entries.only("name", "step", "from", "by", "type")
    tensor = b.source(entries)
    kind, right = tensor.type, entries.text("step") == "shift_right"
    by = [n if right else -n for n in _spread(entries, "by", whole_numbers_of(entries, "by"), tensor.size)]
    if wrong := [n for n in by if abs(n) >= kind.width]:
        raise entries.wrong(f"by has {abs(int(wrong[0]))}; expected shifts of fewer bits than {kind} has")
    if kind.overflow is Overflow.SAT_SYM:
        raise entries.wrong(f"it shifts {kind}, which leaves AP_SAT_SYM's range; cast it into another format first")
    exact = FixedType(kind.width, kind.integer, kind.signed)
    most, least = int(max(by)), int(min(by))
    factors = FixedType(max(0, most) + max(0, -least) + 1, max(0, -least) + 1, signed=False)
    scale = constant("scale", [1 << (factors.fraction - int(n)) for n in by], factors)
    b.put(entries, exact, tensor.shape, _line(tensor, scale=scale), _wanted(entries) or (kind if kind.is_int else None))


@register_step("scale")
def _scale(b: Building, entries: Entries) -> None:
    """``x * 2^n``, exact: the binary point moves."""
    entries.only("name", "step", "from", "power", "type")
    tensor = b.source(entries)
    powers = [int(n) for n in _spread(entries, "power", whole_numbers_of(entries, "power"), tensor.size)]
    if wrong := [n for n in powers if abs(n) > _MOST_POWER]:
        raise entries.wrong(f"power has {wrong[0]}; expected -{_MOST_POWER} to {_MOST_POWER}")
    most, least, kind = max(powers), min(powers), tensor.type
    exact = FixedType.exact(kind.integer + most, kind.fraction - least, kind.signed, False)
    factors = FixedType(most - least + 1, most + 1, signed=False)
    scale = constant("scale", [1 << (n - least) for n in powers], factors)
    b.put(entries, exact, tensor.shape, _line(tensor, scale=scale), _wanted(entries))
