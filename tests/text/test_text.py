"""Text of numbers, both ways, against AMD's open headers; every difference is one of those listed here.

Where the headers' text is wrong (it does not denote the number, or is rounded at the wrong digit), the test shows so,
by Python's own arithmetic, and that isobit's is right:

* T1 ``to_string`` of a fixed-point number with more integer bits than bits shows other numbers.
* T2 ``to_string`` in base 2, 8 or 16 of a fixed-point number below 1 with 64 or more integer bits lacks its prefix.
* T3 ``operator<<`` of a number with a fraction and more digits before its point than the precision looks at the wrong
  digit when it rounds; so do numbers of T1.
* T4 ``ap_[u]int`` from text with a sign '+', a point or an exponent: a part of the text is ignored, or the headers
  assert and compute garbage with -DNDEBUG. isobit takes the number and truncates it toward zero.
* T5 ``ap_[u]int`` of at most 64 bits from text beyond 64 bits is the low bits of 2^64 - 1. isobit wraps the number.
* T6 a prefix of another base than the one asked for ('0b1f' in base 16): three readings in the headers, refused here.
"""

from __future__ import annotations

import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
import text_oracle as oracle

pytestmark = pytest.mark.csim

SMALL = [(w, i) for w in range(1, 7) for i in range(-3, 10)]
LARGE = [(18, 6), (64, 32), (70, 66), (100, 80), (130, 65), (200, 20), (33, -10), (16, 40), (128, 1)]
INTS = [16, 63, 64, 65, 100, 128, 200]
CHUNKS = 4
SMALL_CHUNKS = 6
#: Differences that each chunk of large formats shows.
SHOWN = (
    {"T2", "T3", "T4", "T6"},
    {"T3", "T4", "T6"},
    {"T2", "T3", "T4", "T5", "T6"},
    {"T1", "T2", "T3", "T4", "T5", "T6"},
)


def signed(index: int) -> str:
    return "true" if index % 2 else "false"


def small_calls(chunk: int, both: bool) -> list[str]:
    """Formats of one chunk: signed and unsigned in turns, or ``both``."""
    chosen = [
        f"small_fixed<{w}, {i}, {s}>"
        for n, (w, i) in enumerate(SMALL)
        for s in (("true", "false") if both else (signed(n),))
    ]
    return chosen[chunk::SMALL_CHUNKS]


def large_calls(chunk: int) -> list[str]:
    calls = [f"large_fixed<{w}, {i}, {signed(n)}>" for n, (w, i) in enumerate(LARGE)]
    calls += [f"small_int<{w}, {signed(w)}>" for w in (1, 4, 5, 6)]
    calls += [f"large_int<{w}, {signed(n)}>" for n, w in enumerate(INTS)]
    return calls[chunk::CHUNKS]


def reason(d: oracle.Difference) -> str:
    """Name of the listed difference that this is; fails where it is none, or where isobit is not right."""
    width, integer, _, is_int = d.kind
    where = f"{d.what} {d.format} {d.argument}: theirs {d.theirs}, ours {d.ours}"
    if d.what == "to_string":
        exact = d.value
        if exact < 0 and (d.argument.startswith("radix 2 ") or "signed" not in d.argument):
            exact += Fraction(2) ** (integer + 1)
        assert oracle.number(d.ours) == exact, where
        if integer > width:
            assert oracle.number(d.theirs) != exact, where
            return "T1"
        assert integer >= 64 and d.ours[:2] in ("0b", "0o", "0x") and d.ours[2:] == d.theirs, where
        return "T2"
    if d.what == "operator<<":
        precision = int(d.argument.split()[1])
        exact = oracle.at_precision(d.value, precision)
        assert oracle.number(d.ours) == exact, where
        assert oracle.number(d.theirs) != exact, where
        assert integer > width or (abs(d.value) > 10**precision and d.value.denominator > 1), where
        return "T1" if integer > width else "T3"
    text, _, radix = d.argument.partition(" radix ")
    exact = oracle.number(text, int(radix))
    if d.ours == "refused":
        assert exact is None and int(radix) == 16 and text.lstrip("+-")[:2] in ("0b", "0d"), where
        return "T6"
    assert is_int and exact is not None, where
    assert int(d.ours, 2) == int(exact) % (1 << width), where
    if not oracle.is_plain_integer(text, int(radix)):
        return "T4"
    assert width <= 64 and abs(exact) >= 2**64, where
    assert int(d.theirs, 2) == (1 if exact < 0 else -1) % (1 << width), where
    return "T5"


def judge(calls: list[str], texts: int) -> Counter[str]:
    counts, found = oracle.run(calls, texts)
    reasons = Counter(reason(difference) for difference in found)
    print(f"{sum(counts.values())} compared: {counts}; listed differences: {dict(reasons)}")
    assert sum(counts.values()) > 20 * texts
    return reasons


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("chunk", range(SMALL_CHUNKS))
def test_small_formats_exhaustively(chunk: int) -> None:
    reasons = judge(small_calls(chunk, both=False), texts=300)
    assert set(reasons) <= {"T1", "T3", "T6"}
    assert reasons["T1"] > 0


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_large_formats_and_integers(chunk: int) -> None:
    reasons = judge(large_calls(chunk), texts=1000)
    assert set(reasons) == SHOWN[chunk]


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    ("header", "right", "wrong"),
    [
        ("format_text.hpp", "digits[wanted] > '4'", "digits[wanted] > '5'"),
        ("format_text.hpp", "(wide || top)", "wide"),
        ("parse_text.hpp", "if (sticky) m.front() |= 1;", ""),
        ("parse_text.hpp", "if (outside) m.back() |= std::uint64_t{1} << 62;", ""),
    ],
)
def test_a_mutated_header_is_noticed(header: str, right: str, wrong: str, tmp_path: Path) -> None:
    copy = tmp_path / "include"
    shutil.copytree(oracle.INCLUDE, copy)
    path = copy / "isobit" / "host" / header
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    _, found = oracle.run(["large_fixed<12, 4, true>", "large_fixed<9, 4, true>"], 2000, copy)
    assert found
