"""Inputs to try: positions within a box of inputs, at first and after moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray, Range, add, multiply

__all__ = ["ONE", "Box", "first_positions", "moved"]

#: A position is 0 (lower bound) to ONE (upper bound) of an input's range: corners are exact, whatever the width.
ONE = 1 << 30


class Box:
    """The range of every input."""

    def __init__(self, limits: Range) -> None:
        self.limits = limits
        self.size = limits.shape[0]
        self.span = add(limits.high, -limits.low)
        self.spans = np.array([float(min(span, 1 << 900)) for span in self.span.tolist()])
        #: About one LSB of every input.
        self.step = np.array([-(-ONE // max(span, 1)) for span in self.span.tolist()], dtype=np.int64)
        # The position of zero, or of what is nearest to it.
        zero = [
            min(max(-low, 0), span) * ONE // max(span, 1)
            for low, span in zip(limits.low.tolist(), self.span.tolist(), strict=True)
        ]
        self.zero = np.array(zero, dtype=np.int64)

    def raw(self, positions: Any) -> IntArray:
        """Raw integers at positions, shape (events, size)."""
        return add(multiply(positions, self.span) >> 30, self.limits.low)


def first_positions(box: Box, count: int, rng: np.random.Generator) -> Any:
    """Corners, single inputs at their ends, uniform and small inputs; shape (count, size)."""
    size = box.size
    zero = np.tile(box.zero, (count, 1))
    corners = rng.integers(0, 2, (count, size)) * ONE
    corners[:1], corners[1:2] = 0, ONE
    uniform = rng.integers(0, ONE + 1, (count, size))
    shrink = np.exp2(-rng.uniform(0, 12, (count, 1)))
    small = (zero + (uniform - zero) * shrink).astype(np.int64)
    sparse = np.where(rng.random((count, size)) < rng.uniform(0.02, 0.6, (count, 1)), corners, zero)
    family = rng.permutation(np.arange(count) % 4)[:, None]
    family[:2] = 0
    return np.choose(family, [corners, uniform, small, sparse])


def moved(box: Box, parents: Any, slopes: Any, rng: np.random.Generator) -> Any:
    """Where to go from the inputs at hand.

    Parameters
    ----------
    parents
        Positions, shape (neurons, kept, size).
    slopes
        Slopes of what is to grow, by aim: shape (aims, neurons * kept, size).

    Returns
    -------
    Positions of shape (neurons, moves, size): for every parent and aim the corner that the slopes point to, that corner
    in some inputs only, and a step; for every parent random changes, large, small and of a few LSB, and a child of two.
    """
    neurons, kept, size = parents.shape
    found = []
    for slope in slopes:
        slope = slope.reshape(parents.shape)
        corner = np.where(slope > 0, ONE, np.where(slope < 0, 0, parents))
        some = rng.random(parents.shape) < rng.uniform(0.05, 0.9, (neurons, kept, 1))
        reach = ONE * np.exp2(-rng.uniform(0, 10, (neurons, kept, 1)))
        largest = np.maximum(np.abs(slope).max(axis=2, keepdims=True), 1e-300)
        step = parents + reach * np.where(rng.random((neurons, kept, 1)) < 0.5, np.sign(slope), slope / largest)
        found += [corner, np.where(some, corner, parents), np.clip(step, 0, ONE)]
    ends = rng.integers(0, 2, parents.shape) * ONE
    anywhere = np.where(rng.random(parents.shape) < 0.5, ends, rng.integers(0, ONE + 1, parents.shape))

    def few() -> Any:
        """Which inputs change: from one to nearly all, in equal steps of their logarithm."""
        rate = np.power(float(size), -rng.random((neurons, kept, 1)))
        chosen = rng.random(parents.shape) < rate
        np.put_along_axis(chosen, rng.integers(0, size, (neurons, kept, 1)), True, axis=2)
        return chosen

    near = parents + ONE * np.exp2(-rng.uniform(1, 14, (neurons, kept, 1))) * rng.normal(size=parents.shape)
    fine = rng.choice([-1, 1], parents.shape) * np.exp2(rng.uniform(0, 12, (neurons, kept, 1)))
    other = parents[:, rng.permutation(kept)]
    found += [
        np.where(few(), anywhere, parents),
        np.where(few(), anywhere[:, ::-1], parents),
        np.where(few(), np.clip(near, 0, ONE), parents),
        np.where(few(), np.clip(parents + box.step * rng.integers(-2, 3, parents.shape), 0, ONE), parents),
        np.where(few(), np.clip(parents + (box.step * fine).astype(np.int64), 0, ONE), parents),
        np.where(rng.random(parents.shape) < 0.5, parents, other),
    ]
    return np.concatenate(found, axis=1).astype(np.int64)
