"""What HLS code in the wild writes means the same with AMD's open headers and with isobit's under their names.

The idioms (tests/vendor_names/idioms, one file a subject) are one program. AMD's lines are committed, and in one run of
three those of a subject that the run's seed draws are made anew. With isobit's headers the program is compiled in C++14
by g++, and in C++23 by g++ or in C++17 by clang++ where there is one, whichever is drawn. All have to print the same
lines; where isobit differs on purpose, both lines stand in ``DELIBERATE`` with the row of docs/semantics.md.
"""

from __future__ import annotations

import functools
import re
import shutil
from itertools import zip_longest

import pytest
from idiom_lines import FLAGS, HERE, OURS, SUBJECTS, golden, names, of_subject, printed, source_hash

from compiling import DoesNotCompile, compiled
from isobit.headers import vendor_include_folder

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("idioms")]

ISOBIT = {"g++ C++14": ("g++", "c++14"), "g++ C++23": ("g++", "c++23"), "clang++ C++17": ("clang++", "c++17")}
FIRST, *OTHERS = ISOBIT

# (AMD's line, isobit's line): the row of docs/semantics.md
DELIBERATE: dict[tuple[str, str], str] = {
    ("mixed_signs: a < 5u = 0", "mixed_signs: a < 5u = 1"): "B5",
    ("comparison_with_natives: ap_int<8>(-1) < 0u = 0", "comparison_with_natives: ap_int<8>(-1) < 0u = 1"): "B5",
    ('wide_to_bool: "f" = f', 'wide_to_bool: "t" = t'): "B18",
    ("wide_to_bool: (bool)x = 0", "wide_to_bool: (bool)x = 1"): "B18",
    ("wide_to_bool: x && true = 0", "wide_to_bool: x && true = 1"): "B18",
    (
        "operators_of_concatenations: (a, b) + 1 is unsigned64, 51301",
        "operators_of_concatenations: (a, b) + 1 is int33, 51301",
    ): "B22",
    (
        "operators_of_concatenations: (a, b) & 0xFF is unsigned64, 100",
        "operators_of_concatenations: (a, b) & 0xFF is int32, 100",
    ): "B22",
    ("printed_ranges: (y, x) = 0", "printed_ranges: (y, x) = 56146590543222497071685039627738458095616"): "B22",
    (
        "printed_wide_concatenation: (x, x) = 0",
        "printed_wide_concatenation: (x, x) = 803469022129495137770981046171215126561215611592144769253376",
    ): "B22",
    ("0xc8 c864", "0xc8 0xc864"): "B22",  # printed_concatenations, hex
    (
        "range_of_fixed_plus_one: f(3, 0) + 1 is unsigned64, 9",
        "range_of_fixed_plus_one: f(3, 0) + 1 is int33, 9",
    ): "B22",
    ("bit_of_a_vector_of_bool: x + b[0] is uint9, 251", "bit_of_a_vector_of_bool: x + b[0] is int33, 251"): "B26",
    ("unscoped_enumerators: s + A is uint9, 6", "unscoped_enumerators: s + A is int33, 6"): "B26",
    ("unscoped_enumerators: s & B is uint8, 0", "unscoped_enumerators: s & B is int32, 0"): "B26",
    ("unscoped_enumerators: f + A is fixed14,10,5,3,0, 6", "unscoped_enumerators: f + A is fixed37,33,5,3,0, 6"): "B26",
    ("wrapped_angles: -1000 % ap_uint<8>(7) = 250", "wrapped_angles: -1000 % ap_uint<8>(7) = -6"): "B23",
    ("quotients: 1 / a is fixed17,9,5,3,0, 0", "quotients: 1 / a is fixed41,41,5,3,0, 0"): "B23",
    ("negative_integer_bits: g = 0", "negative_integer_bits: g = 192"): "T1",
    (
        "negative_integer_bits: g * g is ufixed8,16,5,3,0, 0",
        "negative_integer_bits: g * g is ufixed8,16,5,3,0, 36864",
    ): "T1",
    ("negative_integer_bits: g / 3 is fixed5,9,5,3,0, 0", "negative_integer_bits: g / 3 is fixed5,9,5,3,0, 64"): "T1",
    (
        "negative_integer_bits: g >> 1 is ufixed4,8,5,3,0, 0",
        "negative_integer_bits: g >> 1 is ufixed4,8,5,3,0, 96",
    ): "T1",
    (
        "negative_integer_bits: g << 1 is ufixed4,8,5,3,0, 0",
        "negative_integer_bits: g << 1 is ufixed4,8,5,3,0, 128",
    ): "T1",
    ("negative_integer_bits: h = -16", "negative_integer_bits: h = -80"): "T1",
    ("negative_integer_bits: -h is fixed5,9,5,3,0, 16", "negative_integer_bits: -h is fixed5,9,5,3,0, 80"): "T1",
}


@functools.cache
def find(compiler: str) -> str | None:
    """The compiler's path; clang++ may carry a version in its name."""
    known = [compiler, *(f"{compiler}-{version}" for version in range(25, 13, -1))]
    found = next((path for path in map(shutil.which, known) if path), None)
    assert found or compiler != "g++", "g++ is missing"
    return found


def ours(headers: str, subject: str) -> dict[str, list[str]]:
    """What a subject's idioms print with isobit's headers, compiled in one of the ways."""
    name, standard = ISOBIT[headers]
    compiler = find(name)
    if compiler is None:
        pytest.skip(f"{headers}: no such compiler here")
    return of_subject(printed("isobit", compiler, standard), subject)


def differences(vendor: dict[str, list[str]], isobit: dict[str, list[str]]) -> list[tuple[str, str]]:
    pairs = (pair for name in vendor for pair in zip_longest(vendor[name], isobit[name], fillvalue="(no line)"))
    return [(a, b) for a, b in pairs if a != b]


def check_same(subject: str, headers: str) -> None:
    vendor = golden()["subjects"][subject]["lines"]
    assert all(vendor.values()), "an idiom prints nothing"
    unknown = [pair for pair in differences(vendor, ours(headers, subject)) if pair not in DELIBERATE]
    shown = "\n".join(f"  vendor {a}\n  isobit {b}" for a, b in unknown)
    assert not unknown, f"{len(unknown)} of {sum(map(len, vendor.values()))} lines differ:\n{shown}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_same_lines_with_both_headers(subject: str) -> None:
    check_same(subject, FIRST)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("headers", OTHERS)
def test_same_lines_in_other_standards(headers: str) -> None:
    for subject in SUBJECTS:
        check_same(subject, headers)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_vendor_still_prints_the_golden_lines(subject: str) -> None:
    lines = printed("vendor", "g++", "c++14", subject)
    assert of_subject(lines, subject) == golden()["subjects"][subject]["lines"]


def test_golden_lines_are_of_these_sources() -> None:
    found = {subject: facts["sha256"] for subject, facts in golden()["subjects"].items()}
    assert found == {subject: source_hash(subject) for subject in SUBJECTS}, "run tools/idioms_golden.py"
    assert {subject: list(facts["lines"]) for subject, facts in golden()["subjects"].items()} == {
        subject: names(subject) for subject in SUBJECTS
    }


def test_every_idiom_has_a_name_of_its_own_and_every_subject_runs() -> None:
    every = [name for subject in SUBJECTS for name in names(subject)]
    assert len(every) == len(set(every)) >= 160
    assert re.findall(r'^#include "(\w+)\.hpp"', (HERE / "main.cpp").read_text(), flags=re.MULTILINE) == SUBJECTS


def test_deliberate_differences_are_there_and_documented() -> None:
    seen = set()
    for subject in SUBJECTS:
        seen |= set(differences(golden()["subjects"][subject]["lines"], ours(FIRST, subject)))
    assert sorted(set(DELIBERATE) - seen) == [], "listed, but the headers agree"
    rows = (HERE.parents[2] / "docs" / "semantics.md").read_text()
    for row in set(DELIBERATE.values()):
        assert f"| {row} |" in rows, row


@pytest.mark.parametrize("headers", ISOBIT)
def test_what_only_isobit_offers(headers: str) -> None:
    """The program ends with the number of the requirements in beyond.cpp that do not hold."""
    name, standard = ISOBIT[headers]
    compiler = find(name)
    if compiler is None:
        pytest.skip(f"{headers}: no such compiler here")
    printed("isobit", compiler, standard, source="beyond.cpp")


def test_what_isobit_refuses() -> None:
    cases = re.findall(r"^#if CASE\((\d+)\)", (HERE / "refused.cpp").read_text(), flags=re.MULTILINE)
    assert cases == [str(1 + number) for number in range(len(cases))]
    flags, here = ["-std=c++14", *FLAGS], HERE / "refused.cpp"
    compiled(here, [*flags, "-DIDIOMS_OF_VENDOR"], [vendor_include_folder()], reads=[HERE])
    compiled(here, [*flags, "-DIDIOMS_REFUSED=0"], [OURS, OURS / "vendor_names"], reads=[HERE])
    for case in cases:
        with pytest.raises(DoesNotCompile, match="error:"):  # if it compiles now, move it to a subject
            compiled(here, [*flags, f"-DIDIOMS_REFUSED={case}"], [OURS, OURS / "vendor_names"], reads=[HERE])
