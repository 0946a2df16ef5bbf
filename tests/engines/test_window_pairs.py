"""Numbers of a window as int16 pairs multiply them: every one once, in its half, and two at once where they lie so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest

from isobit.engines.cpp import CppEngine
from isobit.engines.cpp.windows import _paired
from isobit.fixed import FixedArray, FixedType
from isobit.layers import Tensor
from isobit.model import Graph, Weight
from isobit.model.dot import Dot
from isobit.model.products import Product
from isobit.plan.lanes import Lane, candidates
from isobit.plan.plan import Plan, make_plan
from isobit.plan.stages import Stage


def test_every_view_of_up_to_five_numbers() -> None:
    for size in range(6):
        for view in product(range(-1, 5), repeat=size):
            pairs = _paired(np.array(view, dtype=np.int64)).reshape(-1, 2).tolist()
            taken = [place for place, index in enumerate(view) if index >= 0]
            if not taken:
                assert pairs == [[-1, -1]]
                continue
            assert [place for pair in pairs for place in pair if place >= 0] == taken
            for first, second in pairs:
                assert first < 0 or view[first] % 2 == 0
                assert second < 0 or view[second] % 2 == 1
                assert min(first, second) < 0 or (second == first + 1 and view[second] == view[first] + 1)
                assert (first, second) != (-1, -1)
            joined = sum(1 for one, two in pairwise(view) if one >= 0 and one % 2 == 0 and two == one + 1)
            assert len(pairs) == len(taken) - joined


class Pairs(CppEngine):
    """Takes pairs of int16, whatever they cost."""

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan with that lane."""
        return make_plan(graph, keep=keep, lanes_of=lambda stage: [in_pairs(stage)])


def in_pairs(stage: Stage) -> Lane:
    lane, *_ = (lane for lane in candidates(stage) if lane.multiply == "dot16")
    return lane


@pytest.mark.parametrize("signs", [(1, 1), (1, 0), (0, 1)])
def test_windows_of_the_same_halves_lie_otherwise(signs: tuple[int, int]) -> None:
    """An even and an odd number after it are a pair in one window and of two pairs in another."""
    kind, wide = FixedType.parse("ap_fixed<10,4>"), FixedType.parse("ap_fixed<20,9>")
    view = np.array([[0, 1], [2, 1], [2, 3], [4, 1], [1, 0], [5, 4], [-1, 1], [0, -1]])
    raw_weight = np.array([[13 * signs[0]], [-29 * signs[1]]])
    weight = Weight.from_written("weight", raw_weight / 8, FixedType.parse("ap_fixed<8,5>"))
    bias = Weight.from_written("bias", np.array([0.25]), FixedType.parse("ap_fixed<6,3>"))
    source, output = Tensor("x", (6,), kind), Tensor("sums", (len(view), 1), wide)
    dot = Dot("dot", ("x",), output, weight, bias, wide, view, Product.of(source, weight), "latency", 1, 1)
    graph = Graph("g", (source,), (dot,), ("sums",))
    raw = np.random.default_rng(1).integers(kind.raw_min, kind.raw_max + 1, (100, 6))
    numbers = np.where(view < 0, 0, raw[:, np.maximum(view, 0)])
    shift = wide.fraction - kind.fraction - 3
    expected = (numbers @ raw_weight[:, 0] << shift) + (1 << wide.fraction - 2)
    found = Pairs("").run_outputs(graph, {"x": FixedArray.from_raw(raw, kind)}, 1)["sums"].raw
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
