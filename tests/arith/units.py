"""The translation units: which operations on which types. Both header sets, golden hashes and mutants walk the list."""

from __future__ import annotations

import functools

import numpy as np
from formats import FIXED, INTS, MODES, NATIVES, cpp, random_format
from worker import Unit

from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType

__all__ = ["OPERATORS", "RANDOM_PAIRS", "all_units", "unit"]

Kind = FixedType | str

_SOME_FIXED = (FIXED[0], FIXED[5], FIXED[6], FIXED[11])
_SOME_INTS = (INTS[6], INTS[5], INTS[0], INTS[9])
#: Pairs of random types to width 200 that CI compares, and their pairs of values.
RANDOM_PAIRS, RANDOM_VALUES = 80, 150


def _binary(a: Kind, b: Kind, seed: int = 0, limit: int = 0) -> str:
    return f"binary<{cpp(a)}, {cpp(b)} >(sink, {seed}, {limit})"


def integers() -> list[Unit]:
    """Every pair of integers of up to five bits."""
    return [
        Unit(f"integers_{half}", ("operators.hpp",), tuple(_binary(a, b) for a in INTS[half::2] for b in INTS))
        for half in range(2)
    ]


def fixed() -> list[Unit]:
    """Every pair of the representative fixed-point formats of up to five bits."""
    return [
        Unit(f"fixed_{part}", ("operators.hpp",), tuple(_binary(a, b) for a in FIXED[part::4] for b in FIXED))
        for part in range(4)
    ]


def mixed() -> list[Unit]:
    """Fixed-point numbers with integers, both ways round; every native integer with both families."""
    families = [(f, i) for f in FIXED for i in _SOME_INTS]
    calls = [_binary(f, i) for f, i in families] + [_binary(i, f) for f, i in families]
    units = [Unit("mixed", ("operators.hpp",), tuple(calls))]
    calls = []
    for native in NATIVES:
        for kind in (FIXED[0], FIXED[7], FIXED[13], INTS[6], INTS[9]):
            calls += [_binary(kind, native, 7, 200), _binary(native, kind, 8, 200)]
    return [*units, Unit("natives", ("operators.hpp",), tuple(calls))]


def _random_kind(rng: np.random.Generator, widest: int) -> FixedType:
    if rng.random() < 0.35:
        return FixedType.int_type(int(rng.integers(1, widest + 1)), signed=bool(rng.integers(2)))
    return random_format(rng, widest)


def random_pairs(count: int = RANDOM_PAIRS, values: int = RANDOM_VALUES, seed: int = 20260301) -> list[Unit]:
    """Random types to width 200, random values of them."""
    rng = np.random.default_rng(seed)
    calls = []
    for number in range(count):
        widest = 200 if number % 2 else 64
        a, b = _random_kind(rng, widest), _random_kind(rng, widest)
        calls.append(_binary(a, b, seed + number, values))
    return [
        Unit(f"random_{first // 40}", ("operators.hpp",), tuple(calls[first : first + 40]))
        for first in range(0, count, 40)
    ]


def unary() -> list[Unit]:
    """Unary operators and shifts."""
    wide = [FixedType.parse(t) for t in ("ap_fixed<40,12>", "ap_ufixed<64,70>", "ap_fixed<130,-3>", "ap_int<65>")]
    wide += [FixedType.parse("ap_uint<64>"), FixedType.parse("ap_fixed<33,9,AP_RND,AP_SAT>")]
    calls = [f"unary<{cpp(t)} >(sink)" for t in (*FIXED, *INTS, *wide)]
    amounts: tuple[Kind, ...] = ("int", "unsigned", "short", "long long", "bool", INTS[8], INTS[9])
    for kind in (*_SOME_FIXED, *_SOME_INTS, *wide[:4]):
        calls += [f"shifts<{cpp(kind)}, {cpp(amount)} >(sink)" for amount in amounts]
    calls += [f"shifts<{cpp(kind)}, {cpp(FIXED[2])} >(sink)" for kind in _SOME_FIXED]
    for kind in (FIXED[0], FIXED[9], FIXED[4], INTS[8], INTS[9], *wide[:4]):
        calls += [f"floats<{cpp(kind)}, {number} >(sink)" for number in ("double", "float")]
    return [Unit("unary", ("operators.hpp",), tuple(calls))]


def members() -> list[Unit]:
    """Bits, ranges, reductions, rotations, concatenation, conversion to native types."""
    parse = FixedType.parse
    ints = [parse(f"ap_{u}int<{w}>") for u in ("", "u") for w in (1, 5, 64, 70)]
    fixeds = [t for t in FIXED if t.integer >= 0]
    fixeds += [parse(t) for t in ("ap_fixed<80,30>", "ap_ufixed<64,20>", "ap_fixed<33,40>", "ap_ufixed<130,64>")]
    calls = [f"int_members<{cpp(t)} >(sink)" for t in ints]
    calls += [f"fixed_members<{cpp(t)} >(sink)" for t in fixeds]
    calls += [f"ranges<{cpp(t)} >(sink)" for t in (*ints, *fixeds[:4], *fixeds[-2:], FIXED[4])]
    calls += [f"int_ranges<{cpp(t)} >(sink)" for t in ints]
    pairs = [(ints[1], ints[5]), (ints[4], ints[1]), (ints[2], ints[6]), (ints[7], ints[3]), (ints[3], ints[0])]
    calls += [f"concat<{cpp(a)}, {cpp(b)} >(sink)" for a, b in pairs]
    calls += [f"fixed_concat<{cpp(a)}, {cpp(b)} >(sink)" for a, b in ((FIXED[0], ints[1]), (fixeds[-4], ints[7]))]
    return [Unit("members", ("members.hpp", "concat.hpp"), tuple(calls))]


def conversions() -> list[Unit]:
    """From doubles, floats, native integers and between the families."""
    rng = np.random.default_rng(20260302)
    formats = []
    for signed in (True, False):
        for rounding, overflow, n in MODES[signed]:
            width = int(rng.integers(max(n, 1), 9))
            integer = int(rng.integers(-3, width + 4))
            formats.append(FixedType(width, integer, signed, rounding, overflow, n))
    formats += [random_format(rng, 200) for _ in range(24)]
    calls = [f"from_double<{cpp(t)} >(sink, {t.fraction}, {i})" for i, t in enumerate(formats)]
    ints = [FixedType.int_type(w, signed=s) for w in (1, 7, 32, 64, 90) for s in (True, False)]
    calls += [f"from_double<{cpp(t)} >(sink, 0)" for t in ints]
    calls += [f"from_float<{cpp(t)} >(sink)" for t in (*formats[::7], *ints)]
    some = [formats[0], formats[30], formats[60], formats[-1], formats[-2], *ints]
    roads = [f"from_natives<{cpp(t)} >(sink)" for t in some]
    every: list[FixedType] = [*FIXED, *INTS[::3], FixedType.parse("ap_int<90>"), FixedType.parse("ap_fixed<90,30>")]
    inward = [t for t in every if t.is_int or t.integer >= 0]  # B9: ap_int from I < 0 reads uninitialised memory
    for s in every:
        for t in every:
            if (s in inward or not t.is_int) and (every.index(s) + every.index(t)) % 2 == 0:
                roads.append(f"convert<{cpp(s)}, {cpp(t)} >(sink)")
    return [
        Unit("from_floating", ("conversions.hpp",), tuple(calls)),
        Unit("between", ("conversions.hpp",), tuple(roads)),
    ]


_TEXTS = """
static const char* const numbers[] = {"0",    "1",    "-1",    "1.5",   "-0.75",  "3.9375", "-8",    "7",     "0x1.8",
                                      "0x7f", "-0x3", "0b101", "0b0.11", "-0b10.1", "0o17",   "0o0.4", "12.25", "100"};
static const char* const integers[] = {"0", "1", "-1", "12", "-12", "127", "0x1f", "-0x1f", "0b101", "0o17", "100"};
static const char* const digits[] = {"0", "1", "10", "11", "101", "-11", "-1"};
static const char* const doubles[] = {"0", "1.5", "-0.75", "2e-1", "-3.99", "1e3", "7"};
"""


def texts() -> list[Unit]:
    """Text through the classes: to_string, constructors, streams. Where AMD's text is wrong is tests/text's subject."""
    parse = FixedType.parse
    fixeds = [parse(t) for t in ("ap_fixed<5,2>", "ap_ufixed<6,0>", "ap_fixed<8,8>", "ap_fixed<70,10,AP_RND,AP_SAT>")]
    ints = [parse(t) for t in ("ap_int<5>", "ap_uint<8>", "ap_int<70>")]
    calls = [f"prints<{cpp(t)} >(sink)" for t in (*fixeds, *ints)]
    calls += [f"reads<{cpp(t)} >(sink, numbers, 18)" for t in fixeds]
    calls += [f"reads<{cpp(t)} >(sink, integers, 11)" for t in ints]
    for radix in (2, 8, 10, 16):
        calls += [f"reads_radix<{cpp(t)} >(sink, digits, 7, {radix})" for t in (*fixeds, *ints)]
    calls += [f"streams<{cpp(t)} >(sink, doubles, 7)" for t in fixeds]
    calls += [f"streams<{cpp(t)} >(sink, integers, 11)" for t in ints]
    return [Unit("texts", ("text.hpp",), tuple(calls), _TEXTS)]


OPERATORS = (integers, fixed, mixed, random_pairs, unary)


def random_casts(pairs: int, values: int, widest: int, seed: int, per_unit: int = 60) -> list[Unit]:
    """Random casts between random formats: `pairs` units of `values` values each."""
    rng = np.random.default_rng(seed)
    calls = []
    for number in range(pairs):
        signed = bool(rng.integers(2)) or number % 3 == 0
        rounding, overflow, n = MODES[signed][number % len(MODES[signed])]
        width = int(rng.integers(max(n, 1), widest + 1))
        integer = int(rng.integers(-4, width + 5))
        target = FixedType(width, integer, signed, rounding, overflow, n)
        if rng.random() < 0.1:
            target = FixedType.int_type(width, signed=signed)
        bits = int(rng.integers(1, widest + 1))
        # Rounding, overflow and gained bits are all met: the shift lies around the source's own width.
        shift = int(rng.integers(-3, bits + 3)) if rng.random() < 0.85 else -int(rng.integers(1, width + 2))
        source = FixedType.from_bits(bits, fraction=target.fraction + shift, signed=bool(rng.integers(2)))
        if target.is_int and source.integer < 0:
            shift = bits // 2
            source = FixedType.from_bits(bits, fraction=shift, signed=source.signed)
        calls.append(f"casts<{cpp(source)}, {cpp(target)} >(sink, {shift}, {seed + number}, {values})")
    return [
        Unit(f"casts_{widest}_{first // per_unit}", ("casts.hpp",), tuple(calls[first : first + per_unit]))
        for first in range(0, pairs, per_unit)
    ]


def casts() -> list[Unit]:
    """The sample of random casts that CI runs."""
    return [*random_casts(60, 4000, 64, 20260303), *random_casts(40, 1500, 200, 20260304)]


@functools.cache
def all_units() -> dict[str, Unit]:
    """Every unit that CI runs, by name."""
    return {u.name: u for make in (*OPERATORS, members, conversions, texts, casts) for u in make()}


def unit(name: str) -> Unit:
    """Give a unit by its name."""
    return all_units()[name]


assert Overflow.WRAP_SM in {mode for _, mode, _ in MODES[True]}
