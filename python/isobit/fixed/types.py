"""The number format: everything that ``ap_fixed<W, I, Q, O, N>`` or ``ap_int<W>`` specifies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from isobit.errors import FormatError
from isobit.fixed.modes import Overflow, Rounding, parse_mode

__all__ = ["MAX_WIDTH", "FixedType"]

#: Widest format accepted. AMD's headers stop at 4096 bits unless told otherwise (``AP_INT_MAX_W``, ap_common.h).
MAX_WIDTH = 4096

_FIXED = re.compile(r"(?:ap_|ac_)?(u?)fixed\s*<([^<>]*)>")
_INT = re.compile(r"(?:ap_|ac_)?(u?)int\s*<([^<>]*)>")
_INTEGER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class FixedType:
    """A fixed-point format.

    A raw integer ``r`` of this format stands for the value ``r * lsb`` with ``lsb = 2**-fraction``.

    Parameters
    ----------
    width
        Total number of bits, 1 to 4096.
    integer
        Integer bits; they count the sign bit, as in ``ap_fixed<W, I>``. May be negative or exceed the width.
        Papers that give *fractional* bits second: see :meth:`from_bits`.
    signed
        Two's complement if true (``ap_fixed``), else ``ap_ufixed``.
    rounding, overflow
        Modes of a cast *into* this format: enumerators, or names with or without ``AP_``.
    saturation_bits
        The ``N`` of ``ap_fixed``: for WRAP and WRAP_SM, how many top bits saturate, 0 to the width.
    is_int
        ``ap_int``/``ap_uint``: no fraction bits, and conversion from fixed point truncates toward zero and wraps,
        as ``ap_fixed_base::to_ap_int_base`` does.

    Raises
    ------
    FormatError
        For a width, mode or saturation that does not exist, ``ap_ufixed`` with WRAP_SM included.

    Notes
    -----
    Semantics: AMD UG1399 and the simulation headers ``ap_fixed_base.h`` that hls4ml ships; see docs/semantics.md.
    """

    width: int
    integer: int
    signed: bool = True
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP
    saturation_bits: int = 0
    is_int: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "integer", "saturation_bits"):
            value = getattr(self, name)
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                raise FormatError(f"{name} must be an integer, got {value!r}")
            object.__setattr__(self, name, value.__index__())
        object.__setattr__(self, "signed", bool(self.signed))
        object.__setattr__(self, "rounding", parse_mode(Rounding, self.rounding))
        object.__setattr__(self, "overflow", parse_mode(Overflow, self.overflow))
        if not 1 <= self.width <= MAX_WIDTH:
            raise FormatError(f"width {self.width} is not in 1..{MAX_WIDTH}")
        if abs(self.integer) > 2 * MAX_WIDTH:
            raise FormatError(f"integer bits {self.integer} are not in -{2 * MAX_WIDTH}..{2 * MAX_WIDTH}")
        if self.saturation_bits >= 0 and self.overflow not in (Overflow.WRAP, Overflow.WRAP_SM):
            # The headers ignore N there; one canonical form keeps equality of formats meaningful.
            object.__setattr__(self, "saturation_bits", 0)
        if not 0 <= self.saturation_bits <= self.width:
            raise FormatError(f"saturation bits N = {self.saturation_bits} are not in 0..{self.width} (the width)")
        if self.overflow is Overflow.WRAP_SM and not self.signed:
            raise FormatError(
                "ap_ufixed with AP_WRAP_SM does not exist (AMD's headers end the program); use a signed format"
            )
        if self.is_int and (self.integer, self.rounding, self.overflow, self.saturation_bits) != (
            self.width,
            Rounding.TRN_ZERO,
            Overflow.WRAP,
            0,
        ):
            raise FormatError("ap_int formats have integer = width, TRN_ZERO and WRAP; use FixedType.int_type(width)")

    # -- other ways to make one ------------------------------------------------------------------------------------

    @classmethod
    def parse(cls, text: str | FixedType) -> FixedType:
        """Read ``ap_fixed<18,6,AP_RND_CONV,AP_SAT>``, hls4ml's ``ufixed<18,6,RND,SAT,0>``, ``ap_int<8>``, ``uint<1>``.

        A mode's name in the place of N counts as its number, as in C++: ``ap_fixed<15,12,AP_RND,AP_WRAP,AP_SAT>`` has
        N = 0.

        Raises
        ------
        FormatError
            If the text is not such a type; the message repeats it.
        """
        if isinstance(text, FixedType):
            return text
        if not isinstance(text, str):
            raise FormatError(f"expected a type, for example 'ap_fixed<18,6,AP_RND,AP_SAT>', got {text!r}")
        body = text.strip()
        if match := _FIXED.fullmatch(body):
            fields = [field.strip() for field in match[2].split(",")]
            bits = _saturation_bits(fields[4]) if len(fields) > 4 else 0
            if 2 <= len(fields) <= 5 and all(map(_INTEGER.fullmatch, fields[:2])) and bits is not None:
                try:
                    return cls(
                        width=int(fields[0]),
                        integer=int(fields[1]),
                        signed=not match[1],
                        rounding=parse_mode(Rounding, fields[2]) if len(fields) > 2 else Rounding.TRN,
                        overflow=parse_mode(Overflow, fields[3]) if len(fields) > 3 else Overflow.WRAP,
                        saturation_bits=bits,
                    )
                except FormatError as error:
                    raise FormatError(f"{body!r}: {error}") from None
        elif (match := _INT.fullmatch(body)) and _INTEGER.fullmatch(match[2].strip()):
            return cls.int_type(int(match[2]), signed=not match[1])
        raise FormatError(
            f"cannot read the type {text!r}; expected ap_fixed<W,I[,Q[,O[,N]]]>, ap_ufixed<...>, ap_int<W>, ap_uint<W>"
        )

    @classmethod
    def from_bits(
        cls,
        width: int,
        *,
        fraction: int,
        signed: bool = True,
        rounding: str | Rounding = Rounding.TRN,
        overflow: str | Overflow = Overflow.WRAP,
        saturation_bits: int = 0,
    ) -> FixedType:
        """Make a format from its *fractional* bits: some papers' ``[18, 6]`` is ``from_bits(18, fraction=6)``."""
        return cls(
            width,
            width - fraction,
            signed,
            parse_mode(Rounding, rounding),
            parse_mode(Overflow, overflow),
            saturation_bits,
        )

    @classmethod
    def exact(cls, integer: int, fraction: int, signed: bool, is_int: bool) -> FixedType:
        """Format of an exact result, with the default modes, which then never act."""
        return cls.int_type(integer, signed=signed) if is_int else cls(integer + fraction, integer, signed)

    @classmethod
    def int_type(cls, width: int, *, signed: bool = True) -> FixedType:
        """``ap_int<width>`` or ``ap_uint<width>``."""
        return cls(width, width, signed, Rounding.TRN_ZERO, Overflow.WRAP, 0, True)

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    def fraction(self) -> int:
        """Fraction bits F = width - integer; may be negative."""
        return self.width - self.integer

    @property
    def lsb(self) -> Fraction:
        """Weight of the lowest bit, 2**-fraction, exactly."""
        return Fraction(2) ** -self.fraction

    @property
    def raw_min(self) -> int:
        """Smallest raw integer of ``width`` bits (for SAT_SYM a cast never gives it)."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def raw_max(self) -> int:
        """Largest raw integer."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def min(self) -> Fraction:
        """Smallest value that a cast into this format gives: for signed SAT_SYM it is ``-max`` (if width > 1)."""
        if self.overflow is Overflow.SAT_SYM and self.signed and self.width > 1:
            return -self.max
        return self.raw_min * self.lsb

    @property
    def max(self) -> Fraction:
        """Largest value."""
        return self.raw_max * self.lsb

    @property
    def fits_int64(self) -> bool:
        """Whether every raw integer lies within NumPy's int64 (63 bits and a sign)."""
        return self.width - self.signed <= 63

    def as_assigned(self, source: FixedType) -> FixedType:
        """The format with the modes that a cast from ``source`` effectively has.

        AMD's ``ap_int`` takes a signed number without integer bits (I = 0) rounded down, not toward zero:
        ``to_ap_int_base`` counts up from a zero of one signed bit (docs/semantics.md, B13).
        """
        if self.is_int and source.signed and source.integer == 0:
            return FixedType(self.width, self.integer, self.signed)
        return self

    def aligned_with(self, other: FixedType) -> FixedType:
        """Smallest format with both formats' values: an unsigned one beside a signed one needs a bit more."""
        signed = self.signed or other.signed
        integer = max(self.integer + (signed and not self.signed), other.integer + (signed and not other.signed))
        return self.exact(integer, max(self.fraction, other.fraction), signed, self.is_int and other.is_int)

    def sum_with(self, other: FixedType) -> FixedType:
        """Format of an exact sum: one integer bit more than :meth:`aligned_with` (:mod:`isobit.fixed.growth`)."""
        both = self.aligned_with(other)
        return self.exact(both.integer + 1, both.fraction, both.signed, both.is_int)

    def product_with(self, other: FixedType) -> FixedType:
        """Format of an exact product: widths and integer bits add up (:mod:`isobit.fixed.growth`)."""
        return self.exact(
            self.integer + other.integer,
            self.fraction + other.fraction,
            self.signed or other.signed,
            self.is_int and other.is_int,
        )

    def __str__(self) -> str:
        """Canonical name, without defaults: ``ap_fixed<18,6,AP_RND_CONV,AP_SAT>``."""
        u = "" if self.signed else "u"
        if self.is_int:
            return f"ap_{u}int<{self.width}>"
        fields = [str(self.width), str(self.integer)]
        if (self.rounding, self.overflow, self.saturation_bits) != (Rounding.TRN, Overflow.WRAP, 0):
            fields.append(str(self.rounding))
        if (self.overflow, self.saturation_bits) != (Overflow.WRAP, 0):
            fields.append(str(self.overflow))
        if self.saturation_bits:
            fields.append(str(self.saturation_bits))
        return f"ap_{u}fixed<{','.join(fields)}>"

    def __repr__(self) -> str:
        return f"FixedType.parse({str(self)!r})"


def _saturation_bits(text: str) -> int | None:
    """N as written: an integer, or an enumerator of AMD's modes, which counts as one; None for anything else."""
    if _INTEGER.fullmatch(text):
        return int(text)
    name = text.upper().removeprefix("AP_")
    return next((int(modes[name]) for modes in (Rounding, Overflow) if name in modes.__members__), None)
