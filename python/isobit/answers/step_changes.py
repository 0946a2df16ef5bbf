"""Single changes of a wrapper's step: of its constants, the order of its numbers, its formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from isobit.answers.hypotheses import formats
from isobit.errors import IsobitError
from isobit.fixed.types import FixedType
from isobit.frontends.wrapper import SHIFTS, constant
from isobit.model.ops import Op
from isobit.model.weights import Encoding, Weight

__all__ = ["Changed", "changes_of", "other_offset"]

#: Powers of two by which a factor may be wrong, and steps of its LSB by which an offset may be, besides powers of two.
_POWERS = (-1, 1, -2, 2, -3, 3, -4, 4)
_LSBS = (3, 5, 6, 7)
#: Most numbers of which every two are swapped.
_MOST_PAIRED = 64


@dataclass(frozen=True)
class Changed:
    """A layer with one change.

    Attributes
    ----------
    op
        The layer.
    place
        The step, or ``step[3]``, one of its numbers.
    words
        The change.
    group
        Changes of a smaller group are simpler.
    """

    op: Op
    place: str
    words: str
    group: int


def changes_of(op: Op, step: str, kind: str) -> Iterator[Changed]:
    """A layer with single changes, the simplest first.

    Parameters
    ----------
    op
        The layer.
    step, kind
        The step that it is of, and which kind of step that is.
    """
    for field in fields(op):
        value = getattr(op, field.name)
        if field.name in ("scale", "bias") and isinstance(value, Weight) and value.encoding is Encoding.LITERAL:
            yield from _constants(op, field.name, value, step, kind)
        elif field.name == "indices":
            yield from _orders(op, value, step)
    for slot, old in op.types().items():
        if slot in ("result", "accum"):
            for new, group in formats(old):
                try:
                    changed = op.with_types({slot: new})
                except IsobitError:  # a format that the layer does not take
                    continue
                yield Changed(changed, step, f"step {step}: {slot} is {new} instead of {old}", 2 + group)


_Variant = tuple[str, Callable[[int], int], int]


def _constants(op: Op, slot: str, weight: Weight, step: str, kind: str) -> Iterator[Changed]:
    """With other constants: all of them, or one."""
    raw = [int(number) for number in weight.raw.ravel()]
    neutral = 1 << max(0, weight.type.fraction) if slot == "scale" else 0
    if all(number == neutral for number in raw):
        return  # the layer's constants are the others

    def changed(new: list[int], finer: int, place: str, words: str, group: int) -> Changed:
        width, integer = weight.type.width + finer + 6, weight.type.integer + 6
        output, exact = op.output, kind not in SHIFTS
        if exact and slot == "scale" and not output.type.is_int:  # it holds every number, now as before
            old = output.type
            output = replace(output, type=FixedType(old.width + finer + 6, old.integer + 6, True))
        values: dict[str, Any] = {slot: constant(slot, new, FixedType(width, integer))}
        return Changed(replace(op, output=output, **values), place, words, group)

    variants = _factors(kind) if slot == "scale" else _offsets(weight, kind)
    yield changed([neutral] * len(raw), 0, step, f"step {step} left out", 0)
    for words, change, finer in variants:
        yield changed([change(number) for number in raw], finer, step, f"every number of step {step} {words}", 0)
    if len(raw) > 1:
        yield changed(raw[1:] + raw[:1], 0, step, f"each number of step {step} is the next one's", 0)
        yield changed(raw[-1:] + raw[:-1], 0, step, f"each number of step {step} is the one before's", 0)
    for words, change, finer in variants if len(raw) > 1 else []:
        for place, number in enumerate(raw):
            new = [other << finer for other in raw]
            new[place] = change(number)
            yield changed(new, finer, f"{step}[{place}]", f"number {place} of step {step} {words}", 1)


def other_offset(op: Op, step: str, kind: str, place: int, new: int) -> Changed:
    """A layer with another offset for one of its numbers.

    Parameters
    ----------
    op, step, kind
        The layer, the step that it is of, and which kind of step that is.
    place, new
        Which number, and its raw integer.
    """
    weight: Any = op.bias  # type: ignore[attr-defined]
    raw = [int(number) for number in weight.raw.ravel()]
    values: dict[str, Any] = {"bias": constant("bias", [*raw[:place], new, *raw[place + 1 :]], weight.type)}
    words = f"number {place} of step {step} {_more(kind, (new - raw[place]) * float(weight.type.lsb))}"
    return Changed(replace(op, **values), f"{step}[{place}]", words, 1)


def _more(kind: str, more: float) -> str:
    """In words of the description, in which a subtracted constant has the other sign."""
    return f"is {abs(more):g} {'more' if (more > 0) == (kind != 'subtract') else 'less'}"


def _factors(kind: str) -> list[_Variant]:
    """Other powers of two, and the other sign: words, the new raw integer, and fraction bits more that it has."""
    finer = -min(_POWERS)

    def times(power: int) -> _Variant:
        bits = -power if kind == "shift_right" else power
        shifts = f"shifts {abs(bits)} bit{'s' if abs(bits) > 1 else ''} {'more' if bits > 0 else 'less'}"
        words = shifts if kind in SHIFTS else f"is times {2.0**power:g}"
        return words, lambda raw: raw << (finer + power), finer

    return [*map(times, _POWERS), ("has the other sign", lambda raw: -raw, 0)]


def _offsets(weight: Weight, kind: str) -> list[_Variant]:
    """The other sign, none, and more or less by some steps of the LSB."""
    lsb = float(weight.type.lsb)

    def more(step: int) -> list[_Variant]:
        return [
            (_more(kind, step * lsb), lambda raw: raw + step, 0),
            (_more(kind, -step * lsb), lambda raw: raw - step, 0),
        ]

    steps = sorted({1 << bit for bit in range(weight.type.width)} | set(_LSBS))
    return [
        ("has the other sign", lambda raw: -raw, 0),
        ("is zero", lambda raw: 0, 0),
        *(variant for step in steps for variant in more(step)),
    ]


def _orders(op: Op, indices: tuple[int, ...], step: str) -> Iterator[Changed]:
    """The numbers in another order."""
    n = len(indices)
    places = np.arange(n)

    def changed(order: Any, words: str, group: int, place: str = step) -> Changed:
        new = tuple(indices[int(at)] for at in order)
        values: dict[str, Any] = {"indices": new}
        return Changed(replace(op, **values), place, f"step {step}: {words}", group)

    if n > 1:
        yield changed(places[::-1], "in reverse order", 0)
    for part in (part for part in range(2, n) if n % part == 0):
        yield changed(places.reshape(part, -1).T.ravel(), f"{part} parts interleaved", 0)
        yield changed(places.reshape(-1, part)[:, ::-1].ravel(), f"every {part} in reverse order", 0)
    if n <= _MOST_PAIRED:
        for one in range(n):
            for other in range(one + 1, n):
                order = places.copy()
                order[[one, other]] = other, one
                yield changed(order, f"numbers {one} and {other} swapped", 1, f"{step}[{one}], {step}[{other}]")
