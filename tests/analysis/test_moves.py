"""Moves that are folded into the windows that read them, numbers that never change, windows that nobody reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_windows import DATA, RESULTS, AnyLane, draw_dot, one_of

from isobit._core import instruction_sets
from isobit.bounds.intervals import graph_bounds
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray
from isobit.model import Graph, Tensor
from isobit.model.dot import Dot
from isobit.model.ops import Op
from isobit.model.primitives import Select, is_alias
from isobit.plan.graph import stages_of

EXACT = ["ap_fixed<24,12>", "ap_fixed<9,5>", "ap_fixed<8,4,AP_TRN,AP_SAT_SYM>", "ap_fixed<40,16>"]


def draw_select(name: str, tensor: Tensor, rng: np.random.Generator) -> Select:
    """Repeated, padded and left out: most of them keep the format."""
    kind = tensor.type if rng.integers(5) else one_of(RESULTS, rng)
    size = int(rng.integers(1, 20))
    view = np.sort(rng.integers(0, tensor.size, size)) if rng.integers(2) else rng.integers(0, tensor.size, size)
    view[rng.random(size) < 0.4] = -1
    return Select(name, (tensor.name,), Tensor(f"{name}_o", (size,), kind), view)


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Moves and sums in turn, and a second sum that reads the first move; many weights are zero."""
    rng = np.random.default_rng([79, seed])
    tensor = Tensor("x", (int(rng.integers(1, 10)),), one_of(DATA, rng))
    ops: list[Op] = []
    for place in range(3):
        before = ops[-1].output if ops else tensor
        ops += [select := draw_select(f"s{place}", before, rng), draw_dot(f"d{place}", select.output, rng, EXACT)]
    ops.append(draw_dot("other", ops[0].output, rng, EXACT))
    for op in ops:
        if isinstance(op, Dot) and op.strategy != "compressed" and op.weight.signs is None and rng.integers(2):
            op.weight.raw[rng.random(len(op.weight.raw)) < 0.4] = 0
    graph = Graph("g", (tensor,), tuple(ops), (ops[-2].output.name, "other_o"), primitive=True)
    raw = rng.integers(tensor.type.raw_min, tensor.type.raw_max + 1, (150, tensor.size))
    return graph, {"x": FixedArray.from_raw(raw, tensor.type)}


@pytest.mark.oracle(sample=8)
@pytest.mark.parametrize("seed", range(60))
def test_outputs_are_those_of_every_op_by_itself(seed: int) -> None:
    graph, inputs = draw(seed)
    wanted = get_engine("cpp-strict").run(graph, inputs, 1)
    engines = [AnyLane(name, seed) for name in instruction_sets()]
    for engine in (*engines, get_engine("cpp"), get_engine("numba")):
        found: dict[str, Any] = engine.run_outputs(graph, inputs, 1)  # type: ignore[attr-defined]
        for name in graph.outputs:
            np.testing.assert_array_equal(found[name].raw, wanted[name].raw, err_msg=f"{engine} {name} {seed}")


def test_some_moves_and_windows_are_gone() -> None:
    gone = 0
    for seed in range(60):
        graph, _ = draw(seed)
        stages = stages_of(graph, graph_bounds(graph), ())
        gone += len(graph.ops) - len(stages)
        kept = stages_of(graph, graph_bounds(graph), [op.output.name for op in graph.ops])
        assert len(kept) == sum(not is_alias(op, graph.inputs_of(op)) for op in graph.ops)
    assert gone > 60
