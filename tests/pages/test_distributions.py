"""Magnitudes by power of two: counted as a loop over the numbers would, and held against the formats' ends."""

from __future__ import annotations

from collections import Counter
from math import floor, log2

import numpy as np
import pytest
from page_networks import BAD, SCRIPT, X

from isobit.fixed import FixedArray, FixedType
from isobit.profile.distributions import distributions

T = FixedType.parse


def test_every_number_is_counted_where_it_belongs() -> None:
    found = {one.place: one for one in BAD.profile(X, distributions=True).distributions}
    assert list(found)[:4] == ["x.result", f"{SCRIPT}.weight", f"{SCRIPT}.bias", f"{SCRIPT}.result"]
    trace = BAD.trace(X)
    for layer, array in trace.items():
        one, numbers = found[f"{layer}.result"], array.to_float().ravel()
        assert one.zeros == np.count_nonzero(numbers == 0)
        assert one.total == numbers.size
        assert one.beyond == 0
        expected = Counter(floor(log2(abs(v))) for v in numbers if v and v != float(array.type.min))
        least = np.count_nonzero(numbers == float(array.type.min)) if array.type.signed else 0
        assert Counter(one.counts) == expected + Counter({one.high: least})
    given = found["x.result"]
    assert given.beyond == np.count_nonzero((X >= 16) | (X < -16))
    assert given.below == np.count_nonzero((X != 0) & (np.abs(X) < 2.0**-9))
    assert BAD.profile(X).distributions == ()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("ap_fixed<8,3>", -5, 1),
        ("ap_ufixed<8,3>", -5, 2),
        ("ap_int<4>", 0, 2),
        ("ap_uint<1>", 0, 0),
        ("ap_fixed<1,1>", 0, 0),
    ],
)
def test_the_ends_of_formats(kind: str, low: int, high: int) -> None:
    graph = BAD.with_types({"x.result": "ap_fixed<14,5>"}).graph
    tensor = graph.inputs[0]
    ends = [float(T(kind).min), float(T(kind).max)]
    values = {op.output.name: FixedArray.from_raw(np.zeros((1, op.output.size), dtype=np.int64), op.output.type)
              for op in graph.ops}  # fmt: skip
    one = distributions(graph, {tensor.name: np.zeros((1, tensor.size))}, values)[0]
    assert (one.low, one.high, one.zeros) == (-9, 3, 5)
    assert one.counts == {}
    from dataclasses import replace

    one = replace(one, type=T(kind))
    assert (one.low, one.high) == (low, high)
    assert all(end == 0 or floor(log2(abs(end))) <= high + (end < 0) for end in ends)
