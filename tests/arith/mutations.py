"""Wrong headers: isobit's, each with one mistake that a tired engineer may make; the suite must notice every one.

A copy of the include tree is changed in one place, and the tests' programs are compiled with it, the quick ones first,
until one gives another result than AMD's headers did (or no longer compiles).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import test_right_values
import units
from comparing import differing_groups
from worker import INCLUDE, OracleError, build

__all__ = ["JUDGES", "MUTATIONS", "Mutation", "notice"]

#: Units in the order in which they are tried: seconds of compile time each.
JUDGES = ("right_values", "between", "integers_0", "casts_64_0", "from_floating", "unary", "members", "fixed_0")


@dataclass(frozen=True)
class Mutation:
    """One mistake in one header."""

    name: str
    header: str
    before: str
    after: str

    def include(self, folder: Path) -> tuple[Path, Path]:
        """Make the changed include tree; it must differ."""
        tree = folder / "include"
        shutil.copytree(INCLUDE, tree)
        path = tree / "isobit" / self.header
        text = path.read_text()
        if self.before not in text:
            raise AssertionError(f"{self.name}: {self.header} no longer contains {self.before!r}")
        path.write_text(text.replace(self.before, self.after, 1))
        return tree / "vendor_names", tree


MUTATIONS = (
    Mutation("no rounding", "law.hpp", "return up ? floor + 1 : floor;", "return floor;"),
    Mutation(
        "RND breaks ties downward",
        "law.hpp",
        "case rounding_mode::RND: up = half;",
        "case rounding_mode::RND: up = half && sticky;",
    ),
    Mutation("RND_CONV to odd", "law.hpp", "(floor & 1) != 0 || sticky", "(floor & 1) == 0 || sticky"),
    Mutation(
        "RND_ZERO breaks negative ties away", "law.hpp", "up = half && (negative || sticky)", "up = half && sticky"
    ),
    Mutation("TRN_ZERO rounds down", "law.hpp", "up = negative && (half || sticky)", "up = false"),
    Mutation(
        "no saturation",
        "law.hpp",
        "return negative ? minimum<Int>(f) : maximum<Int>(f);",
        "return interpret<Int>(v, f);",
    ),
    Mutation(
        "SAT_SYM is SAT", "law.hpp", "f.overflow == overflow_mode::SAT_SYM && f.width > 1 ? 0 : 1", "false ? 0 : 1"
    ),
    Mutation(
        "SAT_ZERO saturates",
        "law.hpp",
        "case overflow_mode::SAT_ZERO: return 0;",
        "case overflow_mode::SAT_ZERO: return maximum<Int>(f);",
    ),
    Mutation(
        "WRAP_SM off by one",
        "law.hpp",
        "return lost ? ~v | sign : ~v & ~sign;",
        "return (lost ? ~v | sign : ~v & ~sign) + 1;",
    ),
    Mutation(
        "WRAP: N saturation bits off by one",
        "law.hpp",
        "copies = ones<Int>(w - n, w - 2);\n    return negative ? (v | sign)",
        "copies = ones<Int>(w - n + 1, w - 2);\n    return negative ? (v | sign)",
    ),
    Mutation(
        "WRAP: N bits of unsigned numbers as in SystemC (B2)",
        "law.hpp",
        "return v | ones<Int>(w - n, w - 1);",
        "return negative ? v : v | ones<Int>(w - n, w - 1);",
    ),
    Mutation(
        "a sum one bit short",
        "growth.hpp",
        "return result(common_integer(a, b) + 1, common_fraction(a, b), a.is_signed || b.is_signed",
        "return result(common_integer(a, b), common_fraction(a, b), a.is_signed || b.is_signed",
    ),
    Mutation(
        "a difference of unsigned numbers unsigned",
        "growth.hpp",
        "common_fraction(a, b), true, a.is_int",
        "common_fraction(a, b), a.is_signed || b.is_signed, a.is_int",
    ),
    Mutation(
        "bad division type",
        "growth.hpp",
        "larger(b.fraction(), 0) + (b.is_signed ? 1 : 0)",
        "larger(b.fraction(), 0) + (a.is_signed ? 1 : 0)",
    ),
    Mutation("a remainder too wide", "growth.hpp", "b.width + (!b.is_signed && a.is_signed ? 1 : 0)", "b.width + 1"),
    Mutation(
        "+ subtracts",
        "operators.hpp",
        "ISOBIT_OPERATION(plus, sum, aligned, +)",
        "ISOBIT_OPERATION(plus, sum, aligned, -)",
    ),
    Mutation(
        "products aligned",
        "operators.hpp",
        "ISOBIT_OPERATION(times, product, unscaled, *)",
        "ISOBIT_OPERATION(times, product, aligned, *)",
    ),
    Mutation(
        "| is ^",
        "operators.hpp",
        "ISOBIT_OPERATION(any, common, aligned, |)",
        "ISOBIT_OPERATION(any, common, aligned, ^)",
    ),
    Mutation(
        "quotients rounded down",
        "divide.hpp",
        "return {static_cast<Int>(a / b), static_cast<Int>(a % b)};",
        "return {static_cast<Int>(a / b - ((a % b != 0) && ((a < 0) != (b < 0)))), static_cast<Int>(a % b)};",
    ),
    Mutation(
        "the dividend not scaled",
        "operators.hpp",
        "constexpr int up = max_of(B::type().fraction(), 0);",
        "constexpr int up = max_of(B::type().fraction(), 0) > 0 ? max_of(B::type().fraction(), 0) - 1 : 0;",
    ),
    Mutation(
        "comparison not aligned",
        "comparison.hpp",
        "symbol detail::aligned<common>(detail::as_number(b))",
        "symbol detail::unscaled<common>(detail::as_number(b))",
    ),
    Mutation(
        "comparison ignores the sign",
        "growth.hpp",
        "return result(common_integer(a, b), common_fraction(a, b), a.is_signed || b.is_signed",
        "return result(common_integer(a, b), common_fraction(a, b), false",
    ),
    Mutation(
        "a shift the wrong way",
        "operators.hpp",
        "return detail::as_number(a).shifted(-detail::places(amount));",
        "return detail::as_number(a).shifted(detail::places(amount));",
    ),
    Mutation(
        "a shift without sign",
        "bits.hpp",
        "if (left >= 0 || !S) return Derived::from_bits(",
        "if (true) return Derived::from_bits(",
    ),
    Mutation(
        "a range one bit short",
        "bits.hpp",
        "low_ones<bits_type>(length < W ? length : W));",
        "low_ones<bits_type>(length < W ? length - 1 : W));",
    ),
    Mutation(
        "a reversed range not reversed",
        "bits.hpp",
        "return high < low ? detail::reversed(field, length < W ? length : W) : field;",
        "return field;",
    ),
    Mutation(
        "a range written whole",
        "bits.hpp",
        "const bits_type mask = detail::low_ones<bits_type>(length),",
        "const bits_type mask = detail::low_ones<bits_type>(W),",
    ),
    Mutation("a rotation of one too few", "bits.hpp", "moved(left - W)", "moved(left - W + 1)"),
    Mutation(
        "parity forgets the top bit",
        "bits.hpp",
        "return detail::odd(bits());",
        "return detail::odd(get_range(W > 1 ? W - 2 : 0, 0));",
    ),
    Mutation(
        "a double's sign lost",
        "floating.hpp",
        "return {bits >> 63 != 0 ? -magnitude : magnitude,",
        "return {magnitude,",
    ),
    Mutation(
        "a double's exponent off by one",
        "floating.hpp",
        "(field == 0 ? 1 : field) - 1075",
        "(field == 0 ? 1 : field) - 1074",
    ),
    Mutation(
        "++ by one LSB",
        "operators.hpp",
        "return a += integer<1, false>(1);",
        "return a = A::from_bits(static_cast<typename A::bits_type>(a.bits() + 1));",
    ),
)


def notice(mutation: Mutation, folder: Path, judges: Sequence[str] = JUDGES) -> str | None:
    """Name the first program that notices, and what it saw; None: the mistake survives."""
    include = mutation.include(folder)
    try:
        for name in judges:
            if name == "right_values":
                if wrong := test_right_values.wrong_values(build(test_right_values.UNIT, include), 3):
                    return f"right_values: {len(wrong)} values"
            elif titles := differing_groups(units.unit(name), include):
                return f"{name}: {len(titles)} groups"
    except OracleError as error:
        return f"stopped: {str(error).splitlines()[0]}"
    return None
