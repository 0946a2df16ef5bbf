"""Axes: where numbers are drawn, and which are written beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

__all__ = ["Scale", "fitted", "number", "pixels", "power", "scale", "shortened"]

#: Widths of characters that are 12 pixels high, in a wide font; others take 7.4, those beyond Latin 12.
_WIDTHS = {4.2: "iljI.,:;'|! ", 5.2: 'ftr()[]-/\\"', 6.2: "_1⁻⁰¹²³⁴⁵⁶⁷⁸⁹", 10.2: "<>=+~^#wOQ", 12.0: "mMW@%…"}
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes
    ----------
    low, high
        Its ends.
    log
        Whether it is logarithmic.
    ticks
        Numbers that are written, within the ends.
    """

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Place of a number, from 0 to 1; beyond the ends these."""
        if self.log:
            place = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low)) if value > 0 else 0.0
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))

    @property
    def labels(self) -> tuple[str, ...]:
        """Text of each tick."""
        decades = self.log and all(abs(log10(tick) - round(log10(tick))) < 1e-9 for tick in self.ticks)
        wide = decades and (self.ticks[-1] >= 1e5 or self.ticks[0] <= 1e-4)
        return tuple(power(10, round(log10(tick))) if wide else number(tick) for tick in self.ticks)


def scale(values: Iterable[float], *, log: bool = False, zero: bool = False, count: int = 5) -> Scale:
    """An axis that has room for numbers.

    Parameters
    ----------
    values
        Numbers; those that are not finite, or not positive on a logarithmic axis, are ignored.
    log
        Whether it is logarithmic.
    zero
        Whether zero is on it, if it is not.
    count
        About how many numbers are written at most.
    """
    known = [value for value in values if isfinite(value) and (value > 0 or not log)]
    if log and known:
        first, last = floor(log10(min(known)) + 1e-9), ceil(log10(max(known)) - 1e-9)
        last = max(last, first + 1)
        every = max(1, ceil((last - first) / count))
        ticks: Sequence[float] = [10.0**power for power in range(first, last + 1, every)]
        if last - first <= 2:
            ticks = [f * 10.0**p for p in range(first, last + 1) for f in (1, 2, 5) if f * 10.0**p <= 10.0**last]
        return Scale(10.0**first, 10.0**last, True, tuple(ticks))
    low, high = min(known, default=0.0), max(known, default=1.0)
    if zero:
        low, high = min(0.0, low), max(0.0, high)
    if high <= low:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)
    step = _step((high - low) / count)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return Scale(first * step, last * step, False, tuple(k * step for k in range(first, last + 1)))


def _step(least: float) -> float:
    unit = 10.0 ** floor(log10(least))
    return next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= least * (1 - 1e-9))


def number(value: float) -> str:
    """A number with up to four digits, large ones with separators."""
    if not isfinite(value):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}"
    if 1e4 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def power(base: int, exponent: int) -> str:
    """A power, such as 2⁻³."""
    return f"{base}{str(exponent).translate(_SUPERSCRIPTS)}"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; what is left out is in the middle."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def pixels(text: str) -> float:
    """How wide a text of 12 pixels is at most, about."""
    return sum(_WIDTH.get(character, 7.4 if character < "\u0250" else 12.0) for character in text)


def fitted(text: str, most: float) -> str:
    """A text shortened so that it takes at most so many pixels."""
    count = len(text)
    while count > 4 and pixels(shortened(text, count)) > most:
        count -= 1
    return shortened(text, count)
