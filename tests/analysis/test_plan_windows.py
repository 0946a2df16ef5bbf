"""What windows multiply, by hand: padding, numbers that never change, weights of zero, pairs of neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit.bounds.ranges import Range
from isobit.fixed import Rounding
from isobit.plan.maps import Linear, Sequential
from isobit.plan.stages import Stage
from isobit.plan.steps import Clamp, Round, Step
from isobit.plan.windows import constant_sums, pairs_in, taken_by, view_of

#: Three numbers of a window, two results; the second number counts for neither.
WEIGHTS = np.array([[1, 2], [0, 0], [0, -3]])


def linear(weights: Any = WEIGHTS) -> Linear:
    ends = np.full(weights.shape[1], 99)
    return Linear(weights, 0 * ends, -ends, ends, ends)


def sequential(weights: Any = WEIGHTS, term: tuple[Step, ...] = (), sums: tuple[Step, ...] = ()) -> Sequential:
    ends = np.full(weights.shape[1], 99)
    order = np.arange(len(weights))
    return Sequential(weights, 0 * ends, order, term, sums, -ends, ends, -ends, ends, 9)


def stage(made: Any, view: Any = None, positions: int = 2, low: Any = (-5,) * 6, high: Any = (5,) * 6) -> Stage:
    ends = np.full(2 * positions, 9)
    data = Range(np.array(low), np.array(high), 0)
    return Stage((), ("x",), "y", made, (), data, Range(-ends, ends, 0), None, positions, view)


def test_windows_are_neighbours_or_as_the_view_says() -> None:
    assert view_of(stage(linear())).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert view_of(stage(sequential(), positions=1)).tolist() == [[0, 1, 2]]
    view = np.array([[0, 2, -1], [5, 3, 1]])
    assert view_of(stage(linear(), view)) is view


def test_numbers_that_are_multiplied() -> None:
    view = np.array([[0, 1, 2], [-1, 3, -1], [4, 5, 0]])
    found = taken_by(stage(linear(), view, 3))
    assert found.tolist() == [[True, False, True], [False, False, False], [True, False, True]]
    fixed = stage(linear(), view, 3, low=(-5, -5, 7, -5, 0, -5), high=(5, 5, 7, 5, 0, 5))
    assert taken_by(fixed).tolist() == [[True, False, False], [False, False, False], [False, False, True]]
    assert taken_by(stage(sequential(), view, 3)).tolist() == found.tolist()
    # Each partial sum is cast: all of them, padding as well.
    assert taken_by(stage(sequential(sums=(Clamp(-9, 9),)), view, 3)).all()
    assert taken_by(stage(linear())).tolist() == [[True, False, True]] * 2


def test_numbers_that_are_multiplied_by_groups() -> None:
    """Two windows of a position, each with one result: of the first one weight counts, of the second two."""
    view = np.array([[0, 1, 2], [3, 4, 5], [5, 4, 3], [2, 1, 0]])
    found = taken_by(stage(linear(), view))
    assert found.tolist() == [[True, False, False], [True, False, True]] * 2


def test_sums_of_numbers_that_never_change() -> None:
    low, high = (-5, 4, 7, 0, 6, -5), (5, 4, 7, 0, 6, 5)  # 1, 2, 3 and 4 never change; 3 is zero
    view = np.array([[0, 1, 2], [-1, 3, 5], [4, -1, 2], [1, 2, -1]])
    found = constant_sums(stage(linear(), view, 4, low, high))
    assert found.tolist() == [[0, -21], [0, 0], [6, 12 - 21], [4, 8]]
    term = (Round(1, Rounding.TRN),)
    found = constant_sums(stage(sequential(term=term), view, 4, low, high))
    assert found.tolist() == [[0, -11], [0, 0], [3, 6 - 11], [2, 4]]
    cast = constant_sums(stage(sequential(sums=(Clamp(-9, 9),)), view, 4, low, high))
    assert (cast.tolist(), cast.dtype) == ([[0, 0]] * 4, np.int64)
    groups = np.array([[1, 2, 0], [1, 2, 0], [4, 0, 0], [4, 2, 2]])  # two windows of a position
    found = constant_sums(stage(linear(), groups, 2, low, high))
    assert found.tolist() == [[4], [8], [6], [12 - 21]]
    none = constant_sums(stage(linear(), view, 4))
    assert none.tolist() == [[0, 0]] * 4


@pytest.mark.parametrize(
    ("view", "pairs"),
    [
        ([[0, 1, 2, 3]], 2),
        ([[1, 2, 3, 4]], 3),
        ([[0, 2, 4]], 3),
        ([[1, 0]], 2),
        ([[0, 3]], 2),
        ([[1, 3]], 2),
        ([[2, 3], [3, 4]], 3),
        ([[-1, 0, 1]], 1),
        ([[-1, -1]], 0),
        ([[-2, -1]], 0),
        ([[0, -1, 1]], 2),
        ([[5, -1, 6, 7]], 2),
        ([[4, 4, 5]], 2),
    ],
)
def test_pairs(view: Any, pairs: int) -> None:
    assert pairs_in(np.array(view)) == pairs


def test_groups_are_those_of_the_map() -> None:
    view = np.array([[0, 1, 2], [3, 4, 5]])
    one, two = stage(replace(linear(), start=np.array([7, 8])), view, 1).group_maps
    assert (one.weights.tolist(), one.start.tolist()) == ([[1], [0], [0]], [7])
    assert (two.weights.tolist(), two.start.tolist()) == ([[2], [0], [-3]], [8])
