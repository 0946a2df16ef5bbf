"""Lookups as steps, by hand: which numbers have an entry in a lane, where they are cut first, and which tables stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit import _core
from isobit.bounds.intervals import graph_bounds
from isobit.fixed import FixedType, Rounding
from isobit.model import Graph, Tensor, Weight
from isobit.model.lookup import Lookup
from isobit.model.table_index import AroundZero, BelowZero, Counted, Index
from isobit.plan.lookup import lookup_stage
from isobit.plan.stages import Unfit
from isobit.plan.steps import LookUp, Round, Step

KIND = FixedType.parse
AROUND = AroundZero(16)
#: Entries in a lane.
MOST = _core.BATCH_ENTRIES


def a_lookup(data: str, entries: int, index: Index = AROUND, limits: Any = None, row: int = 1) -> Graph:
    """Entries 0, 1, 2 and on in a table of 24 bits, cast into one of fewer."""
    numbers = np.arange(entries * row).reshape((entries, row) if row > 1 else entries) / 4
    table = Weight.from_written("table", numbers, KIND("ap_fixed<24,20>"))
    op = Lookup("t", ("x",), Tensor("t", (row,), KIND("ap_ufixed<20,18>")), table, index)
    return Graph("g", (Tensor("x", (1,), KIND(data), limits=limits),), (op,), ("t",), primitive=True)


def steps_of(graph: Graph) -> list[Step]:
    (op,) = graph.ops
    assert isinstance(op, Lookup)
    made, steps, positions = lookup_stage(op, graph.inputs, graph_bounds(graph))
    assert (made, positions) == (None, 1)
    return steps


def looked_up(steps: list[Step], numbers: Any) -> Any:
    """What steps make of numbers."""
    for step in steps:
        if isinstance(step, Round):
            assert step.rounding is Rounding.TRN_ZERO
            numbers = np.where(numbers < 0, -(-numbers >> step.shift), numbers >> step.shift)
        else:
            assert isinstance(step, LookUp)
            numbers = step.entries[np.clip(numbers - step.first, 0, step.entries.size - 1)]
    return numbers


#: Numbers, entries, index, limits: bits that are cut first, the first number that has an entry, and how many have.
CASES: dict[str, tuple[str, int, Index, Any, tuple[int, int, int]]] = {
    "entries 16 LSB apart": ("ap_fixed<16,6>", 1024, AROUND, None, (4, -512, 1024)),
    "entries 2 LSB apart": ("ap_fixed<13,6>", 1024, AROUND, None, (1, -512, 1024)),
    "an entry an LSB": ("ap_fixed<12,6>", 1024, AROUND, None, (0, -512, 1025)),
    "two entries an LSB": ("ap_fixed<11,6>", 1024, AROUND, None, (0, -256, 513)),
    "no power of two": ("ap_fixed<13,6>", 300, AROUND, None, (0, -1024, 2049)),
    "fewer numbers than the interval": ("ap_fixed<5,3>", 300, AROUND, None, (0, -16, 32)),
    "no number below zero": ("ap_ufixed<10,5>", 300, AROUND, None, (0, 0, 257)),
    "no number within": ("ap_fixed<10,5>", 300, AROUND, (9.0, 12.0), (0, 256, 1)),
    "no number within, below": ("ap_fixed<10,5>", 300, AROUND, (-12.0, -9.0), (0, -256, 1)),
    "two tensors' ends": ("ap_fixed<10,6>", 300, AROUND, (-3.0, 12.0), (0, -48, 177)),
    "whole numbers": ("ap_fixed<6,6>", 300, AROUND, None, (0, -8, 17)),
    "an LSB of 2": ("ap_fixed<6,7>", 1024, AROUND, None, (0, -4, 9)),
    "an LSB of the interval": ("ap_fixed<4,8>", 1024, AROUND, None, (0, -1, 3)),
    "one entry": ("ap_fixed<8,6>", 1, AROUND, None, (6, 0, 1)),
    "61 bits apart": ("ap_fixed<60,2>", 2, AROUND, None, (61, -1, 2)),
    "as many entries as a lane has": ("ap_fixed<24,4>", MOST, AROUND, None, (8, -(MOST // 2), MOST)),
    "as many numbers as a lane has": ("ap_uint<17>", MOST, Counted(0), (0.0, MOST - 1.0), (0, 0, MOST)),
    "the largest numbers": ("ap_int<34>", 8, Counted((1 << 31) - 8), (2.0**31 - 8, 2.0**31 - 1), (0, (1 << 31) - 8, 8)),
    "the least numbers": ("ap_int<34>", 8, Counted(1 - (1 << 31)), (1 - 2.0**31, 8 - 2.0**31), (0, 1 - (1 << 31), 8)),
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_that_have_an_entry(case: str) -> None:
    data, entries, index, limits, (cut, first, count) = CASES[case]
    graph = a_lookup(data, entries, index, limits)
    steps = steps_of(graph)
    *before, last = steps
    assert [step.shift for step in before if isinstance(step, Round)] == [cut] * (cut > 0)
    assert isinstance(last, LookUp)
    assert (len(before), last.first, last.entries.size) == (cut > 0, first, count)
    (tensor,), (op,) = graph.inputs, graph.ops
    assert isinstance(op, Lookup)
    least, most = tensor.raw_range
    near = np.arange(-70, 71)
    ends = near << max(0, cut - 2)
    numbers = np.concatenate([least + abs(near), most - abs(near), near + (least + most) // 2, ends, ends + 512 - 35])
    numbers = np.clip(numbers, least, most)
    wanted = op.columns(object)[0][op.indices(numbers.astype(object), tensor.type)] // 4  # fraction 4 into 2
    assert looked_up(steps, numbers).tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (a_lookup("ap_fixed<44,40>", 1000), "leave the firmware's int"),
        (a_lookup("ap_fixed<16,6>", 1024, BelowZero(8)), "negative numbers alone"),
        (a_lookup("ap_uint<3>", 8, Counted(0), row=2), "or one of rows"),
        (a_lookup("ap_fixed<26,6>", 1000), "no power of two apart"),  # 2**24 numbers
        (a_lookup("ap_fixed<24,6>", 2 * MOST), "no power of two apart"),  # more entries than a lane has
        (a_lookup("ap_fixed<61,2>", 2), "no power of two apart"),  # 62 bits apart
        (a_lookup("ap_uint<17>", MOST + 1, Counted(0), (0.0, float(MOST))), "no power of two apart"),
        (a_lookup("ap_int<34>", 9, Counted((1 << 31) - 8), (2.0**31 - 8, 2.0**31)), "no power of two apart"),
        (a_lookup("ap_int<34>", 9, Counted(-(1 << 31)), (-(2.0**31), 8 - 2.0**31)), "no power of two apart"),
    ],
)
def test_tables_that_are_no_steps(graph: Graph, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        steps_of(graph)
