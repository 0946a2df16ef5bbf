"""Flipped bits of weights: all at once they give what each gives by itself, by the mathematical definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.layers.dense import Dense
from isobit.model.layers.norm import BatchNorm
from isobit.model.tensor import Tensor
from isobit.model.weights import Weight
from isobit.network import Network
from isobit.studies.flips import Flip, count, flipped, flips
from isobit.studies.hardware import at_reuse_factor

RANDOM = np.random.default_rng(20)
DATA, WRAPS = FixedType.parse("ap_fixed<7,3>"), FixedType.parse("ap_fixed<8,3>")
SATURATES = FixedType.parse("ap_fixed<7,2,AP_RND,AP_SAT>")
SIGNED, UNSIGNED = FixedType.parse("ap_fixed<5,1>"), FixedType.parse("ap_ufixed<4,1>")


def weight(name: str, shape: tuple[int, ...], kind: FixedType) -> Weight:
    raw = RANDOM.integers(kind.raw_min, kind.raw_max, shape, endpoint=True)
    return Weight.from_written(name, np.ldexp(raw.astype(float), -kind.fraction), kind)


def tensor(name: str, size: int, kind: FixedType) -> Tensor:
    return Tensor(name, (size,), kind)


GRAPH = Graph(
    "toy",
    (tensor("x", 4, DATA),),
    (
        Dense(
            "fc1", ("x",), tensor("a", 3, WRAPS), weight("weight", (4, 3), SIGNED), weight("bias", (3,), SIGNED), WRAPS
        ),
        BatchNorm(
            "bn", ("a",), tensor("b", 3, SATURATES), weight("scale", (3,), UNSIGNED), weight("bias", (3,), SIGNED)
        ),
        Dense(
            "fc2",
            ("b",),
            tensor("c", 2, WRAPS),
            weight("weight", (3, 2), UNSIGNED),
            weight("bias", (2,), SIGNED),
            SATURATES,
        ),
    ),
    ("c",),
)
X = FixedArray.from_raw(RANDOM.integers(DATA.raw_min, DATA.raw_max, (12, 4), endpoint=True), DATA)


def reference(graph: Graph) -> Any:
    return Network(graph).predict_raw(X, engine="reference").raw


def test_every_flip_is_what_the_reference_gives() -> None:
    usual, found = reference(GRAPH), {}
    for flip, events, raw in flips(GRAPH, X, threads=1):
        outputs = usual.copy()
        outputs[events] = raw
        assert (outputs[events] != usual[events]).any(axis=1).all()
        found[flip] = outputs
    widths = {"fc1.weight": (12, 5), "fc1.bias": (3, 5), "bn.scale": (3, 4), "bn.bias": (3, 5)}
    widths |= {"fc2.weight": (6, 4), "fc2.bias": (2, 5)}
    expected = [
        Flip(*key.split("."), index, bit)
        for key, (size, width) in widths.items()
        for index in range(size)
        for bit in range(width)
    ]
    assert found.keys() == set(expected)
    assert len(found) == len(expected) == count(GRAPH)
    for flip in expected:
        assert np.array_equal(found[flip], reference(flipped(GRAPH, flip))), flip
    changed = sum(not np.array_equal(outputs, usual) for outputs in found.values())
    assert changed > 0.8 * len(found)


def test_a_flip_is_one_bit_of_one_number() -> None:
    for slot, kind in (("scale", UNSIGNED), ("bias", SIGNED)):
        for bit in range(kind.width):
            before = getattr(GRAPH.by_name["bn"], slot).raw
            after = getattr(flipped(GRAPH, Flip("bn", slot, 1, bit)).by_name["bn"], slot).raw
            mask = (1 << kind.width) - 1
            assert ((before & mask) ^ (after & mask)).tolist() == [0, 1 << bit, 0]
            assert kind.raw_min <= after.min()
            assert after.max() <= kind.raw_max


def test_some_layers_alone() -> None:
    assert {flip.layer for flip, _, _ in flips(GRAPH, X, layers={"bn"}, threads=1)} == {"bn"}


def test_other_networks_are_refused() -> None:
    both = replace(GRAPH, outputs=("b", "c"))
    with pytest.raises(UnsupportedError, match=r"chains of layers .* 'toy' is none"):
        next(flips(both, X))


def test_reuse_factors_are_legal_ones() -> None:
    metadata = at_reuse_factor(GRAPH, 3, "latency").metadata
    assert {name: metadata[f"{name}.reuse_factor"] for name in ("fc1", "bn", "fc2")} == dict.fromkeys(
        ("fc1", "bn", "fc2"), "3"
    )
    found = at_reuse_factor(GRAPH, 3, "resource")
    assert [found.by_name[name].multiplication for name in ("fc1", "fc2")] == [("resource", 2), ("resource", 3)]
