"""hls4ml's firmware gives the same bits with AMD's simulation headers and with isobit's: every layer, every event.

Each network of the corpus is converted once; the networks of a group are compiled as one program, once with either set
of headers (hls4ml's flags, -O0, -DNDEBUG), and run in a process each. What a program prints holds the raw bits of
every layer's result and of every output.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import pytest
from corpus import CASES, HEADERS, Program, header_folders

pytestmark = [pytest.mark.csim, pytest.mark.hls4ml]

GROUPS = sorted({case.group for case in CASES.values()})


def members(group: str) -> tuple[str, ...]:
    return tuple(name for name, case in CASES.items() if case.group == group)


@lru_cache(maxsize=1)
def compiled(group: str) -> tuple[Program, dict[str, Path]]:
    program = Program(members(group))
    return program, {headers: program.compile(header_folders(headers), headers) for headers in HEADERS}


def values(lines: list[str]) -> dict[str, list[str]]:
    """What each tensor was in each event."""
    seen: dict[str, list[str]] = {}
    for line in lines:
        label, _, bits = line.partition(": ")
        seen.setdefault(label, []).append(bits)
    return seen


def first_differences(vendor: list[str], isobit: list[str]) -> str:
    pairs = [(number, a, b) for number, (a, b) in enumerate(zip(vendor, isobit, strict=False)) if a != b]
    shown = "\n".join(f"line {number}\n  vendor {a[:200]}\n  isobit {b[:200]}" for number, a, b in pairs[:5])
    return f"{len(pairs)} of {len(vendor)} lines differ ({len(isobit)} from isobit):\n{shown}"


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xdist_group(f"corpus_{group}"))
        for group in GROUPS  # group by group: only the last compiled program is kept
        for name in members(group)
    ],
)
def test_same_bits_with_both_headers(name: str) -> None:
    if (package := CASES[name].needs) is not None and importlib.util.find_spec(package) is None:
        pytest.skip(f"{name}: {package} is not installed")
    program, programs = compiled(CASES[name].group)
    vendor, isobit = (program.run(programs[headers], name) for headers in HEADERS)
    assert vendor == isobit, first_differences(vendor, isobit)
    tensors = values(vendor)
    assert len(tensors) >= 2  # at least one layer and the output
    output = tensors[next(label for label in tensors if label.startswith("@output "))]
    assert len(set(output)) >= CASES[name].distinct, "the output hardly depends on the input"


def test_the_corpus_covers_what_it_should() -> None:
    assert len(CASES) >= 40
    assert {case.io_type for case in CASES.values()} == {"io_parallel", "io_stream"}
    assert {case.backend for case in CASES.values()} == {"Vitis", "Vivado"}
