"""What HLS code in the wild writes means the same with AMD's open headers and with isobit's under their names.

The idioms (tests/vendor_names/idioms, one file a subject) are one program. It is compiled once with AMD's headers and
three times with isobit's: g++ in C++14 and C++23, clang++ in C++17 where there is one. All have to print the same
lines; where isobit differs on purpose, both lines stand in ``DELIBERATE`` with the row of docs/semantics.md.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest
from test_vendor_names import OURS, vendor_headers

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("idioms")]

HERE = Path(__file__).resolve().parent / "idioms"
SUBJECTS = sorted(path.stem for path in HERE.glob("*.hpp") if path.stem != "show")
ISOBIT = {"g++ C++14": ("g++", "c++14"), "g++ C++23": ("g++", "c++23"), "clang++ C++17": ("clang++", "c++17")}

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

Printed = Callable[[str], "list[str] | None"]


def find(compiler: str) -> str | None:
    """The compiler's path; clang++ may carry a version in its name."""
    names = [compiler, *(f"{compiler}-{version}" for version in range(25, 13, -1))]
    return next((found for found in map(shutil.which, names) if found), None)


def build(compiler: str, standard: str, source: str, program: Path | None, *flags: str) -> str:
    """Compile, or only check where `program` is None; what the compiler complains about ('' when it does not)."""
    folders = [vendor_headers()] if "-DIDIOMS_OF_VENDOR" in flags else [OURS, OURS / "vendor_names"]
    command = [compiler, f"-std={standard}", "-w", "-Wno-narrowing", "-O0", "-DNDEBUG", "-DAP_INT_MAX_W=4096", *flags]
    command += [*(f"-I{folder}" for folder in folders), str(HERE / source)]
    command += ["-o", str(program)] if program else ["-fsyntax-only"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return "\n".join(errors[:20]) or done.stderr[:2000] or f"exit status {done.returncode}"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """The lines that the program of a set of headers prints; each is compiled once. None: there is no such compiler."""
    folder = tmp_path_factory.mktemp("idioms")
    known: dict[str, list[str] | str | None] = {}

    def compile_and_run(headers: str) -> list[str] | str | None:
        name, standard = ISOBIT.get(headers, ("g++", "c++14"))
        compiler = find(name)
        if compiler is None:
            assert name != "g++", "g++ is missing"
            return None
        program = folder / re.sub(r"\W", "_", headers)
        if complaint := build(compiler, standard, "main.cpp", program, *["-DIDIOMS_OF_VENDOR"] * (headers == "vendor")):
            return f"{headers} does not compile:\n{complaint}"
        done = subprocess.run([str(program)], capture_output=True, text=True, errors="replace", timeout=60)
        return done.stdout.splitlines() if done.returncode == 0 else f"{headers}: {done.returncode} {done.stderr[:500]}"

    def lines(headers: str) -> list[str] | None:
        if headers not in known:
            known[headers] = f"{headers}: stopped before its end"  # compile once, whatever happens
            known[headers] = compile_and_run(headers)
        result = known[headers]
        assert not isinstance(result, str), result
        return result

    return lines


def of_subject(lines: list[str], subject: str) -> dict[str, list[str]]:
    """The lines of each idiom of a subject; the program prints the name of each before it runs it."""
    idioms: dict[str, list[str]] = {name: [] for name in names(subject)}
    current: list[str] = []
    for line in lines:
        if re.fullmatch(r"\w+:", line):
            current = idioms.get(line[:-1], [])
        else:
            current.append(line)
    return idioms


def names(subject: str) -> list[str]:
    return re.findall(r"^IDIOM\((\w+)\)", (HERE / f"{subject}.hpp").read_text(), flags=re.MULTILINE)


def differences(vendor: list[str], isobit: list[str]) -> list[tuple[str, str]]:
    return [(a, b) for a, b in zip_longest(vendor, isobit, fillvalue="(no line)") if a != b]


@pytest.mark.parametrize("headers", ISOBIT)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_same_lines_with_both_headers(subject: str, headers: str, printed: Printed) -> None:
    ours = printed(headers)
    if ours is None:
        pytest.skip(f"{headers}: no such compiler here")
    theirs = printed("vendor")
    assert theirs is not None
    vendor, isobit = of_subject(theirs, subject), of_subject(ours, subject)
    assert all(vendor.values()), "an idiom prints nothing"
    differ = [pair for name in vendor for pair in differences(vendor[name], isobit[name])]
    unknown = [pair for pair in differ if pair not in DELIBERATE]
    shown = "\n".join(f"  vendor {a}\n  isobit {b}" for a, b in unknown)
    assert not unknown, f"{len(unknown)} of {sum(map(len, vendor.values()))} lines differ:\n{shown}"


def test_every_idiom_has_a_name_of_its_own_and_every_subject_runs() -> None:
    every = [name for subject in SUBJECTS for name in names(subject)]
    assert len(every) == len(set(every)) >= 160
    assert re.findall(r'^#include "(\w+)\.hpp"', (HERE / "main.cpp").read_text(), flags=re.MULTILINE) == SUBJECTS


def test_deliberate_differences_are_there_and_documented(printed: Printed) -> None:
    theirs, ours = printed("vendor"), printed("g++ C++14")
    assert theirs is not None
    assert ours is not None
    seen = {pair for subject in SUBJECTS for pair in differences_of_subject(theirs, ours, subject)}
    assert sorted(set(DELIBERATE) - seen) == [], "listed, but the headers agree"
    rows = (HERE.parents[2] / "docs" / "semantics.md").read_text()
    for row in set(DELIBERATE.values()):
        assert f"| {row} |" in rows, row


def differences_of_subject(theirs: list[str], ours: list[str], subject: str) -> list[tuple[str, str]]:
    vendor, isobit = of_subject(theirs, subject), of_subject(ours, subject)
    return [pair for name in vendor for pair in differences(vendor[name], isobit[name])]


@pytest.mark.parametrize("headers", ISOBIT)
def test_what_only_isobit_offers(headers: str, tmp_path: Path) -> None:
    name, standard = ISOBIT[headers]
    compiler = find(name)
    if compiler is None:
        pytest.skip(f"{headers}: no such compiler here")
    assert build(compiler, standard, "beyond.cpp", tmp_path / "beyond") == ""
    done = subprocess.run([str(tmp_path / "beyond")], timeout=60)
    assert done.returncode == 0, f"{done.returncode} of the requirements in beyond.cpp do not hold"


def test_what_isobit_refuses() -> None:
    cases = re.findall(r"^#if CASE\((\d+)\)", (HERE / "refused.cpp").read_text(), flags=re.MULTILINE)
    assert cases == [str(1 + number) for number in range(len(cases))]
    compiler = find("g++")
    assert compiler is not None, "g++ is missing"
    assert build(compiler, "c++14", "refused.cpp", None, "-DIDIOMS_OF_VENDOR") == ""
    assert build(compiler, "c++14", "refused.cpp", None, "-DIDIOMS_REFUSED=0") == ""
    for case in cases:
        complaint = build(compiler, "c++14", "refused.cpp", None, f"-DIDIOMS_REFUSED={case}")
        assert "error:" in complaint, f"case {case} compiles now: move it to a subject"
