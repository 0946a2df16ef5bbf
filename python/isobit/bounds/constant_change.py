"""What a format did to the constants of one slot, in numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import frexp, inf, isfinite
from typing import Any

from isobit.fixed.types import FixedType
from isobit.model.weights import Encoding

__all__ = ["ConstantChange", "as_float", "changed_lines"]

#: Share of a slot's sum of magnitudes that must become zero before it is more than rounding of small constants.
_MUCH = 0.25


@dataclass(frozen=True)
class ConstantChange:
    """What a format did to the constants of one slot.

    Attributes
    ----------
    layer, slot
        Where; ``weight``, ``bias``, ``scale``, ``param``, ``table``, ...
    type
        Format.
    encoding
        What the raw integers stand for; for ``exponent`` the format is that of the exponent.
    count, nonzero
        Constants of the slot, and those that should not be zero.
    wrapped, saturated
        Constants that left the format, by what the format does then.
    zeroed
        Nonzero constants that were rounded to zero.
    zeroed_share
        Their share of the sum of all magnitudes.
    lost
        Outputs (last axis) all of whose nonzero constants became zero; 0 for slots with one axis.
    clipped
        Constants that a quantiser clipped before hls4ml wrote them.
    in_keras
        Whether that quantiser is the Keras model's, which computes with the clipped values as well.
    rounded
        Constants that were rounded, and to something else than zero.
    rounded_share
        By how much rounding moved them, relative to the sum of all magnitudes; 0 for slots with one axis, whose
        constants (biases) are often small on purpose.
    index, asked, got
        The constant that moved furthest: index, value asked for, value that the firmware has.
    """

    layer: str
    slot: str
    type: FixedType
    encoding: Encoding
    count: int
    nonzero: int
    wrapped: int
    saturated: int
    zeroed: int
    zeroed_share: float
    lost: int
    clipped: int
    in_keras: bool
    rounded: int
    rounded_share: float
    index: tuple[int, ...]
    asked: float
    got: float

    @property
    def lsb(self) -> float | None:
        """LSB of the constants; None for powers of two, which have none."""
        return None if self.encoding is Encoding.EXPONENT else as_float(self.type.lsb)

    @property
    def kinds(self) -> dict[str, int]:
        """Counts by what happened, as far as it is more than rounding.

        Exponentials beyond a saturating format are left out: whether any event reaches those entries is a matter of
        the data.
        """
        found = {"wrapped": self.wrapped, "saturated": self.saturated, "clipped": self.clipped}
        if self.encoding is Encoding.TABLE:
            found["saturated"] = 0
        if self.zeroed and (self.lost or self.zeroed_share >= _MUCH):
            found["zeroed"] = self.zeroed
        if self.rounded_share >= 1:
            found["swamped"] = self.rounded
        return {kind: count for kind, count in found.items() if count}

    @property
    def harmful(self) -> bool:
        """Whether more than rounding happened."""
        return bool(self.kinds)

    @property
    def as_in_keras(self) -> bool:
        """Whether nothing happened that Keras does not do as well."""
        return self.in_keras and set(self.kinds) == {"clipped"}

    def __str__(self) -> str:
        words = [self._counted(kind, count) for kind, count in self.kinds.items()]
        where = ", ".join(map(str, self.index))
        text = f"{self.layer}.{self.slot} {self._format()}: {', '.join(words) or f'{self.rounded} rounded'}"
        return f"{text}; worst [{where}]: {self._value(self.asked)} became {self._value(self.got)}{self._remedy()}"

    def _remedy(self) -> str:
        """The bits that would hold the constant that moved furthest."""
        if self.encoding is Encoding.EXPONENT or self.type.is_int or not isfinite(self.asked) or not self.asked:
            return ""
        if self.asked < 0 and not self.type.signed:
            return " (a signed format holds it)"
        _, exponent = frexp(self.asked)
        power = abs(self.asked) == 2.0 ** (exponent - 1)
        if self.wrapped or self.saturated or self.clipped:
            integer = exponent - (power and self.asked < 0) + self.type.signed
            return f" ({integer} integer bits hold it)" if integer > self.type.integer else ""
        return f" (it needs {1 - exponent} fraction bits or more)" if 1 - exponent > self.type.fraction else ""

    def _format(self) -> str:
        return f"power of two, exponent {self.type}" if self.encoding is Encoding.EXPONENT else str(self.type)

    def _counted(self, kind: str, count: int) -> str:
        if kind == "clipped":
            kind += " by its quantiser, as in Keras" if self.in_keras else " by its quantiser"
        if kind == "swamped":
            return f"{count} of {self.count} moved by rounding, together by {self.rounded_share:.3g} times their size"
        if kind != "zeroed":
            return f"{count} of {self.count} {kind}"
        share = f"all {count} nonzero constants" if count == self.nonzero else f"{count} of {self.nonzero} nonzero ones"
        outputs = f" (all of {self.lost} outputs)" if self.lost and count != self.nonzero else ""
        return f"{share} became 0{outputs}"

    def _value(self, value: float) -> str:
        units = f"{value:.6g}"
        if self.encoding is Encoding.EXPONENT or not isfinite(value):
            return units
        return f"{units} ({as_float(Fraction(value) / self.type.lsb):.6g} LSB)"

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "layer": self.layer,
            "slot": self.slot,
            "type": str(self.type),
            "encoding": self.encoding.value,
            "constants": self.count,
            "nonzero": self.nonzero,
            "wrapped": self.wrapped,
            "saturated": self.saturated,
            "zeroed": self.zeroed,
            "zeroed_share": self.zeroed_share,
            "outputs_lost": self.lost,
            "clipped": self.clipped,
            "clipped_in_keras": self.in_keras,
            "rounded": self.rounded,
            "rounded_share": self.rounded_share,
            "worst": {
                "index": list(self.index),
                "asked": self.asked if isfinite(self.asked) else None,  # the pole of an inverse
                "got": self.got,
                "lsb": self.lsb,
            },
        }


def changed_lines(changes: Sequence[ConstantChange]) -> list[str]:
    """Lines for a report; none if nothing changed."""
    if not changes:
        return []
    return ["constants changed by their own format:", *(f"  {change}" for change in changes)]


def as_float(value: Fraction | int) -> float:
    """The nearest float64; infinite beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
