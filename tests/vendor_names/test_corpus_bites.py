"""The comparison notices wrong headers: copies of isobit's with one place changed make networks differ, or not run.

What these networks give with AMD's headers is committed as hashes; that of one is made anew in every run.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import lru_cache
from pathlib import Path

import pytest
from corpus import INCLUDE, Program, header_folders

pytestmark = [pytest.mark.csim, pytest.mark.hls4ml, pytest.mark.xdist_group("corpus_bites")]

NETWORKS = (
    "dense_rounding_par_vitis",
    "dense_saturating_par_vitis",
    "dense_saturating_sym_par_vitis",
    "dense_narrow_par_vitis",
    "dense_wide_par_vitis",
    "relus_stream_vitis",
    "hard_par_vitis",
    "softmax_stable_stream_vitis",
)

NO_CARRY = "common_integer(a, b), common_fraction(a, b), a.is_signed"
ONE_MORE = "right = Source::type().fraction() - target.fraction() + 1;"
NO_POINT = "detail::unscaled<common>(detail::as_number(b))"
# file under isobit/, what stands there, what the mutant has in its place
MUTANTS = {
    "no rounding": ("law.hpp", "return up ? floor + 1 : floor;", "return floor;"),
    "ties to even become ties up": ("law.hpp", "up = half && ((floor & 1) != 0 || sticky)", "up = half"),
    "saturation wraps": ("law.hpp", "SAT_SYM: return negative ? minimum<Int>(f) : maximum<Int>(f);", "SAT_SYM: break;"),
    "no SAT_ZERO": ("law.hpp", "case overflow_mode::SAT_ZERO: return 0;", "case overflow_mode::SAT_ZERO: break;"),
    "symmetric saturation is not": ("law.hpp", "f.overflow == overflow_mode::SAT_SYM", "false"),
    "sums lose their carry": ("growth.hpp", "common_integer(a, b) + 1, common_fraction(a, b), a.is_signed", NO_CARRY),
    "products are sums": ("operators.hpp", "(times, product, unscaled, *)", "(times, product, unscaled, +)"),
    "one bit too many dropped": ("cast.hpp", "right = Source::type().fraction() - target.fraction();", ONE_MORE),
    "comparison ignores the point": ("comparison.hpp", "detail::aligned<common>(detail::as_number(b))", NO_POINT),
}


GOLDEN = Path(__file__).resolve().with_name("corpus_bites.json")


def digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def by_vendor(name: str) -> str:
    """What a network gives with AMD's headers."""
    program = Program((name,))
    return digest(program.run(program.compile(header_folders("vendor"), "vendor"), name))


@lru_cache(maxsize=1)
def golden() -> dict[str, str]:
    return dict(json.loads(GOLDEN.read_text())["networks"])


@lru_cache(maxsize=1)
def networks() -> Program:
    return Program(NETWORKS)


def different(include: Path, tag: str) -> set[str]:
    """Networks whose bits are not the vendor's under the headers in `include`."""
    program = networks()
    mutant = program.compile((include / "vendor_names", include), tag)
    wrong = set()
    for name in NETWORKS:
        try:
            same = digest(program.run(mutant, name)) == golden()[name]
        except AssertionError:  # it died
            same = False
        if not same:
            wrong.add(name)
    return wrong


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_vendor_still_gives_the_golden_bits(name: str) -> None:
    assert set(golden()) == set(NETWORKS)
    assert by_vendor(name) == golden()[name]


def test_the_headers_as_they_are_differ_nowhere() -> None:
    assert different(INCLUDE, "isobit") == set()


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutated_header_turns_the_corpus_red(name: str, tmp_path: Path) -> None:
    file, old, new = MUTANTS[name]
    shutil.copytree(INCLUDE, tmp_path / "include")
    path = tmp_path / "include" / "isobit" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} no longer has the line that this mutant changes: {old}"
    path.write_text(text.replace(old, new))
    assert different(tmp_path / "include", "mutant")
