"""Constant expressions of C++ as hls4ml writes them: whole numbers and names, one number, a truth, an enumerator."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.frontends.firmware.cpp.structs import Value
from isobit.frontends.firmware.cpp.tokens import Reader, Token

__all__ = ["value_of"]


def value_of(reader: Reader, names: Mapping[str, Value]) -> Value:
    """Take an expression: ``DIV_ROUNDUP(n_in * n_out, reuse_factor) - n_zeros / reuse_factor``.

    Parameters
    ----------
    reader
        At its beginning; at its end afterwards.
    names
        What is defined so far.

    Raises
    ------
    UnsupportedError
        For another expression, with file and line.
    """
    return _Expression(reader, names).value()


_ORDER: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"==": operator.eq},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.floordiv},
)


#: Numbers of 32 bits.
_MOST = 1 << 31

_TRUTHS = {"true": True, "false": False}


def _single(text: str) -> float:
    """The float nearest to a decimal number, rounded once: where its double lies half way, the digits beyond decide."""
    double = float(text)
    with np.errstate(over="ignore"):
        found = np.float32(double)
    if not np.isfinite(found):
        return double
    for other in (np.nextafter(found, np.float32(side)) for side in (-np.inf, np.inf)):
        if (float(found) + float(other)) / 2 == double:
            exact, half = Fraction(text), Fraction(double)
            if (exact > half) == (other > found) and exact != half:
                return float(other)
    return float(found)


class _Expression:
    """A constant expression of whole numbers, or one number, truth or enumerator."""

    def __init__(self, reader: Reader, names: Mapping[str, Value]) -> None:
        self.reader, self.names = reader, names

    def value(self) -> Value:
        found = self._level(0)
        mark = self.reader.next
        if self.reader.accept("?"):
            if not isinstance(found, bool):
                self.reader.fail(mark, f"{found!r} as a condition")
            yes = self.value()
            self.reader.expect(":")
            no = self.value()
            return yes if found else no
        return found

    def _level(self, level: int) -> Value:
        if level == len(_ORDER):
            return self._atom()
        found = self._level(level + 1)
        while (mark := self.reader.next).kind == "mark" and mark.text in _ORDER[level]:
            self.reader.take()
            other = self._level(level + 1)
            if not (type(found) is int and type(other) is int) or (mark.text == "/" and (found < 0 or other < 1)):
                self.reader.fail(mark, f"{found!r} {mark.text} {other!r}")
            found = _ORDER[level][mark.text](found, other)
            if not -_MOST < found < _MOST:  # what C++ has beyond depends on the signs of its types
                self.reader.fail(mark, f"the number {found}")
        return found

    def _atom(self) -> Value:
        reader, token = self.reader, self.reader.next
        if reader.accept("("):
            found = self.value()
            reader.expect(")")
            return found
        if reader.accept("-"):
            found = self._atom()
            if isinstance(found, bool | str):
                reader.fail(token, f"-{found}")
            return -found
        if token.kind == "number":
            reader.take()
            return self._literal(token)
        return self._named(token)

    def _literal(self, token: Token) -> Value:
        """A number: whole ones may end in ``u``, others are doubles or, with ``f``, floats."""
        whole = re.fullmatch(r"(\d+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])", token.text)
        if whole and len(whole[1]) > 1 and whole[1][0] == "0":
            self.reader.fail(token, f"the octal number {token.text!r}")
        if whole:
            return int(whole[1])
        if not (real := re.fullmatch(r"([\d.]+(?:[eE][-+]?\d+)?)([fF]?)", token.text)) or real[1].isdigit():
            self.reader.fail(token, f"the number {token.text!r}")
        return _single(real[1]) if real[2] else float(real[1])

    def _named(self, token: Token) -> Value:
        """What a name stands for."""
        reader, name = self.reader, self.reader.name()
        if name == "DIV_ROUNDUP":
            reader.expect("(")
            above = self.value()
            reader.expect(",")
            below = self.value()
            reader.expect(")")
            if type(above) is not int or type(below) is not int or above < 0 or below < 1:
                reader.fail(token, f"DIV_ROUNDUP({above!r}, {below!r})")
            return -(-above // below)
        if name not in self.names and name not in _TRUTHS and "::" not in name:
            reader.fail(token, f"the name {name!r}")
        return self.names.get(name, _TRUTHS.get(name, name.rpartition("::")[2]))
