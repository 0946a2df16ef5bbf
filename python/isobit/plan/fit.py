"""Elements of several formats in one step: the casts of a quantiser that has a format for every element.

Such a quantiser multiplies every number by a power of two, wraps all of them at one width, and divides by powers of
two (:class:`isobit.model.layers.quantizer.Quantizer`). Integers do this with a product, a sum and a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isobit.bounds.ranges import IntArray, add, compact, magnitude_bits
from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType
from isobit.plan.steps import Affine, Clamp, Round, Step, Wrap

__all__ = ["Fit", "fitted"]


@dataclass(frozen=True, eq=False)
class Fit(Step):
    """``v * a + b``, wrapped into a format, divided by ``2**drop`` and rounded down, plus ``c``.

    Only for integers, in which products and sums may wrap where the format does: they need no bits of their own.

    Attributes
    ----------
    a, b
        Powers of two or zeros, and summands; int64, shape (n_out,).
    type
        The format, whose overflow mode is WRAP without saturation bits.
    drop, c
        Bits, and summands; shape (n_out,), or all four (1,).
    """

    a: IntArray
    b: IntArray
    type: FixedType
    drop: IntArray
    c: IntArray

    @classmethod
    def of(cls, first: Affine, wrap: Wrap, last: Affine, rounding: Round) -> Fit | None:
        """Four steps in one, if their factors are powers of two or zero."""
        shift, size = rounding.shift, 1 << rounding.shift
        parts = (first.a, first.b, last.a, last.b)
        if rounding.rounding is not Rounding.TRN or max(shift, wrap.type.width) > 30 or magnitude_bits(*parts) > 60:
            return None
        powers = all(((part >= 0) & (part & (part - 1) == 0)).all() for part in (first.a, last.a))
        if not powers or (last.a > size).any() or (last.b & (size - 1)).any():
            return None
        none = last.a == 0
        drop = shift - np.round(np.log2(np.maximum(last.a, 1))).astype(np.int64)
        a, b, drop = (np.where(none, 0, part) for part in (first.a, first.b, drop))
        return cls(a, b, wrap.type, drop, last.b >> shift)

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        least, most = Wrap(self.type).bounds(*Affine(self.a, self.b).bounds(low, high))
        return add(compact(least >> self.drop), self.c), add(compact(most >> self.drop), self.c)

    def constants(self, width: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """The step as ``(v * factor + summand >> drop) + c`` of integers modulo ``2**width``: its four constants.

        The format's top bit is moved to the integer's, which makes the wrap one of the integer.
        """
        up, kind = width - self.type.width, self.type
        half = 0 if kind.signed else 1 << (kind.width - 1)  # unsigned numbers as signed ones, and back
        gone = (self.drop >= kind.width) & (not kind.signed)
        drop = np.minimum(self.drop, kind.width - 1)
        factor = np.where(gone, 0, self.a.astype(object) << up)
        summand = np.where(gone, 0, (self.b.astype(object) - half) << up)
        c = self.c + np.where(gone, 0, half >> drop)
        return _modulo(factor, width), _modulo(summand, width), drop + up, c


def _modulo(values: IntArray, width: int) -> IntArray:
    """The same numbers modulo ``2**width``, as signed ones."""
    return compact((values.astype(object) + (1 << (width - 1))) % (1 << width) - (1 << (width - 1)))


def fitted(steps: Sequence[Step]) -> list[Step] | None:
    """The steps with each quantiser of several formats in one :class:`Fit`, or None if there is none."""
    found: list[Step] = []
    place = 0
    while place < len(steps):
        taken, step = _first_fit(steps[place:])
        if step is None:
            found.append(steps[place])
        else:
            _before(found, step)
            found.append(step)
        place += taken
    for place in range(1, len(found)):
        wrap = found[place]
        if isinstance(wrap, Wrap) and isinstance(found[place - 1], Clamp) and wrap.type.width <= 30:
            one = np.ones(1, dtype=np.int64)  # where kernels expect no wrap
            found[place] = Fit(one, 0 * one, wrap.type, 0 * one, 0 * one)
    return found if any(isinstance(step, Fit) for step in found) else None


def _first_fit(steps: Sequence[Step]) -> tuple[int, Step | None]:
    """How many steps the first one takes with it, and what they become, if that is a Fit."""
    kinds = [type(step) for step in steps[:4]]
    step: Step | None = None
    if kinds == [Affine, Wrap, Affine, Round]:
        step = Fit.of(*steps[:4])  # type: ignore[arg-type]
        return (4, step) if step is not None else (1, None)
    if kinds[:3] == [Wrap, Affine, Round]:
        wrap, last, rounding = steps[:3]
        assert isinstance(last, Affine)
        step = Fit.of(Affine(np.ones_like(last.a), np.zeros_like(last.a)), wrap, last, rounding)  # type: ignore[arg-type]
    return (3, step) if step is not None else (1, None)


def _before(steps: list[Step], fit: Step) -> None:
    """Leave out what a Fit does itself: numbers that become zero, and wraps of no fewer bits than its own."""
    assert isinstance(fit, Fit)
    last = steps[-1] if steps else None
    if isinstance(last, Round) and len(steps) > 1 and isinstance(masked := steps[-2], Affine):
        half = 1 << (last.shift - 1)
        kept = fit.a != 0
        plain = last.rounding is Rounding.TRN and bool(np.isin(masked.a, (0, 1)).all() and (masked.a[kept] == 1).all())
        if plain and (masked.b[kept] == half).all():
            steps[-2:] = [replace(last, rounding=Rounding.RND)]
        elif plain and (masked.b[kept] == 0).all():
            steps[-2:] = [last]
    last = steps[-1] if steps else None
    # Whole turns of a wider wrap are whole turns of the Fit's, also when rounding has divided them.
    rounds = isinstance(last, Round) and last.rounding in (Rounding.TRN, Rounding.RND)
    place = len(steps) - (2 if rounds else 1)
    shift = last.shift if rounds and isinstance(last, Round) else 0
    if place >= 0 and isinstance(wrap := steps[place], Wrap) and wrap.type.width - shift >= fit.type.width:
        del steps[place]
