"""Lookups as steps of stages: joined with what is before them, on every lane and instruction set; reused buffers."""

from __future__ import annotations

import numpy as np
import pytest

import isobit._core as _core
from isobit.engines.cpp import CppEngine
from isobit.engines.cpp.workspace import SIZES, Workspace
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray, FixedType
from isobit.model import Dense, Graph, TableActivation, Tensor, Weight
from isobit.model.tables import function_table
from isobit.plan.plan import make_plan
from isobit.plan.steps import LookUp


def a_network(
    data: str, accum: str, result: str, entries: int, function: str, table: str = "ap_fixed<18,8>"
) -> tuple[Graph, dict[str, FixedArray]]:
    """A Dense layer of 5 neurons and a table activation, and inputs that reach both ends of the table."""
    rng = np.random.default_rng([entries, *function.encode()])
    kind, middle = FixedType.parse(data), Tensor("fc", (5,), FixedType.parse(accum))
    weight = Weight.from_written("weight", rng.normal(0.0, 1.0, (4, 5)), FixedType.parse("ap_fixed<8,3>"))
    bias = Weight.from_written("bias", rng.normal(0.0, 2.0, 5), FixedType.parse("ap_fixed<8,3>"))
    ops = (
        Dense("fc", ("x",), middle, weight, bias, middle.type),
        TableActivation(
            "act",
            ("fc",),
            Tensor("act", (5,), FixedType.parse(result)),
            function,
            function_table("table", function, entries, FixedType.parse(table)),
        ),
    )
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (300, 4))
    return Graph("g", (Tensor("x", (4,), kind),), ops, ("act",)), {"x": FixedArray.from_raw(raw, kind)}


CASES = [
    ("ap_fixed<8,4>", "ap_fixed<16,6>", "ap_fixed<16,6>", 1024, "sigmoid"),  # entries 2^4 LSB apart
    ("ap_fixed<8,4>", "ap_fixed<16,6>", "ap_fixed<12,2,AP_RND_CONV,AP_SAT>", 1024, "tanh"),
    ("ap_fixed<8,4>", "ap_fixed<14,6>", "ap_fixed<9,1,AP_RND,AP_SAT_SYM>", 300, "sigmoid"),  # by the number itself
    ("ap_fixed<8,4>", "ap_fixed<8,6>", "ap_ufixed<6,1>", 1024, "tanh"),  # several entries an LSB
    ("ap_fixed<8,4>", "ap_fixed<9,9>", "ap_fixed<10,4>", 7, "softsign"),
    ("ap_fixed<16,5>", "ap_fixed<26,8>", "ap_fixed<24,8>", 2048, "softplus"),  # int32 or float64
    ("ap_fixed<24,8>", "ap_fixed<48,12>", "ap_fixed<30,4>", 512, "sigmoid"),  # 64-bit lanes
    ("ap_fixed<8,4>", "ap_fixed<16,6>", "ap_int<4>", 1, "tanh"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[3]} {case[4]} of {case[1]}")
def test_every_lane_gives_the_bits_of_the_reference(case: tuple[str, str, str, int, str]) -> None:
    graph, inputs = a_network(*case)
    wanted = get_engine("reference").run(graph, inputs, 1)["act"].raw
    assert len(np.unique(wanted)) > 1 or case[3] == 1
    (stage,) = make_plan(graph).stages
    assert stage.lane is not None
    assert isinstance(stage.stage.steps[-1], LookUp)
    for name in _core.instruction_sets():
        engine = CppEngine(name)
        for found in (engine.run(graph, inputs, 1), engine.run_outputs(graph, inputs, 1)):
            np.testing.assert_array_equal(found["act"].raw, wanted, err_msg=name)


def test_a_table_too_large_for_a_lane_is_looked_up_by_the_kernel() -> None:
    graph, inputs = a_network("ap_fixed<16,5>", "ap_fixed<26,6>", "ap_fixed<16,6>", 1000, "sigmoid")
    assert make_plan(graph).lanes["act"] == "table"
    wanted = get_engine("reference").run(graph, inputs, 1)["act"].raw
    np.testing.assert_array_equal(CppEngine().run_outputs(graph, inputs, 1)["act"].raw, wanted)


@pytest.mark.parametrize(("low", "high", "entries"), [(0, -1, 1), (0, 1 << 16, (1 << 16) + 1), (0, 7, 7)])
def test_steps_that_would_read_beyond_their_entries_are_refused(low: int, high: int, entries: int) -> None:
    program = _core.BatchProgram(1 << 16)
    step = _core.BatchStep(kind="look_up", low=low, high=high, a=np.zeros(entries, dtype=np.int32))
    with pytest.raises(ValueError, match=r"look_up has no entry, or too many|constants"):
        program.stage(
            map=_core.BatchMap.none(), compute="i32", inputs=1, outputs=1, source=0, finish=[step], targets=[]
        )


@pytest.mark.parametrize("seed", range(20))
def test_buffers_in_use_at_the_same_time_do_not_overlap(seed: int) -> None:
    rng, space = np.random.default_rng(seed), Workspace()
    wanted: dict[tuple[str, str, int], list[int]] = {}
    for n in range(40):
        key = (f"t{int(rng.integers(30))}", str(rng.choice(list(SIZES))), 0)
        first = int(rng.integers(-1, 50))
        last = first + int(rng.integers(0, 8))
        space.want(key[0], 1 + n % 7, key[1], 0, first, last)
        known = wanted.setdefault(key, [first, last, 1 + n % 7])
        known[:2] = [min(known[0], first), max(known[1], last)]
    space.settle()
    placed = []
    for (name, form, split), (first, last, features) in wanted.items():
        rows = (features + 1) // 2 if form in ("i16_pairs", "i16_split") else features
        start = space.offset(name, form, split)
        placed.append((first, last, start, start + rows * SIZES[form] * _core.BATCH_BLOCK))
    for place, (first, last, start, end) in enumerate(placed):
        assert start % 64 == 0
        assert end <= space.size
        for other in placed[:place]:
            assert last < other[0] or other[1] < first or end <= other[2] or other[3] <= start
    # Fewer bytes than all of them side by side.
    assert space.size < sum(end - start for _, _, start, end in placed)
