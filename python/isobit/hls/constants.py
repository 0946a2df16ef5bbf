"""Raw integers as text of C++: constants never pass through decimal fractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.fixed.types import FixedType
from isobit.hls.names import in_comment

__all__ = ["FNV_START", "Constant", "digest_of", "flat", "integer_rows", "native_type", "structure_rows", "words_of"]

#: Columns that a line of numbers may take.
_COLUMNS = 116
#: Where FNV-1a of 64 bits begins.
FNV_START = 14695981039346656037
_WORD = (1 << 64) - 1
#: Integers of C++ by the bits that they hold, a sign included.
_NATIVE = ((8, "signed char"), (16, "short"), (32, "int"), (64, "long long"))


@dataclass(frozen=True)
class Constant:
    """An array of raw integers in the generated ``weights.hpp``.

    Attributes
    ----------
    name
        Its identifier.
    element
        C++ type of an element: a native integer, or ``raw_words<N>`` beyond 64 bits.
    text
        The elements, as C++.
    count
        Their number.
    comment
        What they are.
    digest
        FNV-1a over the elements, as tb/compare.hpp computes it.
    header
        Header of the kernels that declares the element's type.
    """

    name: str
    element: str
    text: str
    count: int
    comment: str
    digest: int
    header: str = "number.hpp"

    def __str__(self) -> str:
        return (
            f"// {in_comment(self.comment)}\nconstexpr {self.element} {self.name}[{self.count}] = {{\n{self.text}}};\n"
        )


def native_type(type: FixedType) -> str:
    """The C++ type that carries raw integers of a format: the narrowest that holds them, sign included."""
    bits = type.width if type.width == 64 else type.width + (not type.signed)
    for width, name in _NATIVE:
        if bits <= width:
            return name
    return f"isobit::kernels::raw_words<{-(-type.width // 64)}>"


def words_of(raw: int, width: int) -> list[int]:
    """Words of 64 bits, the low one first, the bits above the width zero."""
    bits = raw & ((1 << width) - 1)
    return [bits >> (64 * k) & ((1 << 64) - 1) for k in range(-(-width // 64))]


def integer_rows(raw: Iterable[Any], type: FixedType, indent: str = "    ") -> str:
    """Raw integers, comma-separated and wrapped, each line ended."""
    return _wrapped(_literals(raw, type), indent)


def structure_rows(members: Sequence[tuple[Iterable[Any], FixedType]], indent: str = "    ") -> str:
    """Structures of raw integers, ``{a, b, ...}``, from the integers and the format of each member."""
    columns = [_literals(raw, type) for raw, type in members]
    return _wrapped([f"{{{', '.join(texts)}}}" for texts in zip(*columns, strict=True)], indent)


def _literals(raw: Iterable[Any], type: FixedType) -> list[str]:
    if type.width > 64:
        return [f"{{{{{', '.join(map(_word, words_of(int(v), type.width)))}}}}}" for v in raw]
    # The bits of 64 unsigned ones, as the native type that carries them has a sign.
    top = 1 << 63
    return [_literal(int(v) if int(v) < top else int(v) - (1 << 64)) for v in raw]


def _literal(value: int) -> str:
    """An integer literal; the lowest of 64 bits has none."""
    if value == -(1 << 63):
        return "(-9223372036854775807LL - 1)"
    return f"{value}LL" if abs(value) >= 1 << 31 else str(value)


def _word(value: int) -> str:
    return f"0x{value:x}ULL"


def _wrapped(texts: Sequence[str], indent: str) -> str:
    lines, line = [], indent
    for k, text in enumerate(texts):
        piece = text + ("," if k + 1 < len(texts) else "")
        if len(line) > len(indent) and len(line) + len(piece) + 1 > _COLUMNS:
            lines.append(line.rstrip())
            line = indent
        line += piece if line == indent else f" {piece}"
    return "".join(f"{text}\n" for text in [*lines, line])


def digest_of(members: Sequence[tuple[Iterable[Any], FixedType]], start: int = FNV_START) -> int:
    """FNV-1a over 64-bit words: element by element, of each the members' raw integers.

    A number of up to 64 bits counts as its sign-extended word, a wider one as its words.
    """
    columns, digest = [list(raw) for raw, _ in members], start
    for element in zip(*columns, strict=True):
        for value, (_, kind) in zip(element, members, strict=True):
            words = [int(value) & _WORD] if kind.width <= 64 else words_of(int(value), kind.width)
            for word in words:
                digest = (digest ^ word) * 1099511628211 & _WORD
    return digest


def flat(raw: Any) -> list[int]:
    """Integers of an array in row-major order."""
    return [int(v) for v in np.asarray(raw).ravel().tolist()]
