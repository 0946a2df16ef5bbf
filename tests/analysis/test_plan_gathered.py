"""Gathered int16 in lanes of their own: which stages may take pairs or upper halves, and what becomes of the stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit.bounds.ranges import Range
from isobit.fixed import Rounding
from isobit.plan.gathered import summed_pairs, upper_products
from isobit.plan.maps import Gather
from isobit.plan.stages import Stage
from isobit.plan.steps import Clamp, Round, Step

ONE = np.ones((1, 1), dtype=np.int64)
CLAMP = Clamp(-5, 5)


def gather(combine: str = "sum", turns: int = 2, bits: int = 20, **more: Any) -> Gather:
    index = np.stack([np.array([0, 1]) + 2 * turn for turn in range(turns)])
    return replace(Gather(combine, index, ONE, np.array([-700, -10]), np.array([900, 20]), bits), **more)


def stage(made: Gather | None, *steps: Step, low: Any = (-128,) * 4, high: Any = (127,) * 4) -> Stage:
    ends = np.full(2, 9)
    return Stage((), ("x",), "y", made, steps, Range(np.array(low), np.array(high), 0), Range(-ends, ends, 0))


@pytest.mark.parametrize(
    ("made", "taken"),
    [
        (None, False),
        (gather(), True),
        (gather(turns=3), True),
        (gather(turns=1), False),
        (gather(bits=31), True),
        (gather(bits=32), False),
        (gather(sum=(CLAMP,)), False),
        (gather(fill=1), False),
        (gather(factors=np.array([[32767], [-32768]])), True),
        (gather(factors=np.array([[32768], [1]])), False),
        (gather(factors=np.array([[1], [-32769]])), False),
        (gather("minimum"), False),
        (gather("maximum"), False),
        (gather("dot"), True),
        (gather("dot", turns=4), True),
        (gather("dot", bits=32), False),
        (gather("product"), True),
        (gather("product", bits=32), False),
        (gather("product", turns=3), False),
        (gather("product", factors=2 * ONE), False),
        (gather("product", index=np.array([[0, 1], [-1, 2]])), False),
        (gather("product", index=np.array([[0, 0], [0, 0]])), True),
    ],
)
def test_sums_of_pairs(made: Gather | None, taken: bool) -> None:
    assert summed_pairs(stage(made)) is taken


def test_upper_halves_by_hand() -> None:
    """Of -128 to 127 times -512 to 511, to be divided by 2**9: the factors have room for 8 and 6 of the 7 bits."""
    steps = Round(9, Rounding.TRN), CLAMP
    given = stage(gather("product"), *steps, low=(-128, -128, -512, 0), high=(127, 127, 511, 5))
    found = upper_products(given)
    assert found is not None
    assert isinstance(found.map, Gather)
    assert (found.map.drop, found.map.raised) == (9, (1, 6))
    assert (found.map.low.tolist(), found.map.high.tolist()) == ([-700 >> 9, -10 >> 9], [900 >> 9, 20 >> 9])
    assert found.steps == (CLAMP,)
    assert (found.sources, found.target, found.map.index.tolist()) == (("x",), "y", [[0, 1], [2, 3]])


@pytest.mark.parametrize(
    ("shift", "rounding", "width", "drop", "rest"),
    [
        (16, Rounding.TRN, 10, 16, None),
        (17, Rounding.TRN, 10, 16, 1),
        (25, Rounding.TRN, 10, 16, 9),
        (9, Rounding.TRN, 1, 9, None),  # which the second one has room for alone
        (2, Rounding.TRN, 8, 2, None),
        (2, Rounding.TRN, 10, 2, None),
        (2, Rounding.TRN, 11, None, None),  # for a bit more than there is room for
        (2, Rounding.RND, 9, 1, 1),  # half of the last bit that is dropped decides
        (2, Rounding.RND, 10, None, None),
        (17, Rounding.RND, 10, 16, 1),
        (18, Rounding.RND, 10, 16, 2),
        (1, Rounding.RND, 1, None, None),
        (9, Rounding.RND_CONV, 8, None, None),
        (9, Rounding.TRN_ZERO, 8, None, None),
    ],
)
def test_what_is_dropped(shift: int, rounding: Rounding, width: int, drop: int | None, rest: int | None) -> None:
    """Of numbers of 8 bits, with room for 8 more, times some of another width."""
    half = 1 << (width - 1)
    low, high = (-128, 0, -half, 0), (127, 127, half - 1, 0)
    found = upper_products(stage(gather("product"), Round(shift, rounding), CLAMP, low=low, high=high))
    if drop is None:
        assert found is None
        return
    assert found is not None
    assert isinstance(found.map, Gather)
    assert found.map.drop == drop
    assert sum(found.map.raised) == 16 - drop
    assert all(0 <= more <= room for more, room in zip(found.map.raised, (8, 16 - width), strict=True))
    *first, last = found.steps
    assert last is CLAMP
    assert [(step.shift, step.rounding) for step in first if isinstance(step, Round)] == [(rest, rounding)][
        : len(first)
    ]
    assert len(first) == (rest is not None)
    assert found.map.high.tolist() == [900 >> drop, 20 >> drop]


def test_room_is_that_of_the_numbers_which_are_read() -> None:
    """15 bits less those of the largest, where a negative number has one more; raised by all that is needed."""
    for low, high, room in ((-128, 127, 8), (-129, 0, 7), (0, 127, 8), (0, 128, 7), (0, 0, 15), (-1, 0, 15)):
        other = 15 - room  # the other one has room for the rest of 15 bits
        given = stage(gather("product"), Round(1, Rounding.TRN), low=(low, 0, -(1 << room), 0), high=(high, 0, 0, 0))
        found = upper_products(given)
        assert found is not None
        assert isinstance(found.map, Gather)
        assert found.map.raised == (room, other)
        wider = replace(given, data=Range(given.data.low - np.array([0, 0, 1, 0]), given.data.high, 0))
        assert upper_products(wider) is None  # one bit less


def test_other_stages_have_no_upper_halves() -> None:
    step = Round(9, Rounding.TRN)
    assert upper_products(stage(gather("product"), step)) is not None
    for made, steps in (
        (None, (step,)),
        (gather(), (step,)),
        (gather("product"), ()),
        (gather("product"), (CLAMP, step)),
        (gather("product", turns=3, factors=ONE), (step,)),
        (gather("product", factors=3 * ONE), (step,)),
        (gather("product", index=np.array([[0, -1], [2, 3]])), (step,)),
    ):
        assert upper_products(stage(made, *steps)) is None
