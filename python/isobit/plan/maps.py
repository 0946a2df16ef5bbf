"""The maps that stages begin with: sums of products in any order or in the kernel's, and sums that are only counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isobit.bounds.ranges import IntArray, magnitude_bits
from isobit.fixed.types import FixedType
from isobit.plan.steps import Step

__all__ = ["COMBINATIONS", "Counting", "Gather", "Linear", "Sequential"]

#: How gathered numbers become one; ``dot``: each two turns are multiplied, and the products added.
COMBINATIONS = ("sum", "product", "minimum", "maximum", "dot")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """``start + x @ weights``, in any order.

    Attributes
    ----------
    weights
        Shape (n_in, n_out), in units that make the sum's LSB.
    start
        Shape (n_out,).
    low, high
        Bounds of the sum, shape (n_out,).
    magnitude
        Bounds of every partial sum in any order, shape (n_out,).
    """

    weights: IntArray
    start: IntArray
    low: IntArray
    high: IntArray
    magnitude: IntArray

    @property
    def bits(self) -> int:
        """Magnitude bits of weights and partial sums."""
        return magnitude_bits(self.weights, self.magnitude)


@dataclass(frozen=True, eq=False)
class Sequential:
    """A sum whose products or partial sums are cast one by one.

    Attributes
    ----------
    weights, start
        As for :class:`Linear`; a product has the LSB of data times weight.
    order
        Input index of each step of the sum, shape (n_in,).
    term, sum
        Steps of every product and of every partial sum. No steps for sums: their order does not matter.
    low, high
        Bounds of the last sum.
    term_low, term_high
        Bounds of the products after their steps, shape (n_in, n_out).
    bits
        Magnitude bits that everything before the last sum needs.
    """

    weights: IntArray
    start: IntArray
    order: IntArray
    term: tuple[Step, ...]
    sum: tuple[Step, ...]
    low: IntArray
    high: IntArray
    term_low: IntArray
    term_high: IntArray
    bits: int


@dataclass(frozen=True, eq=False)
class Counting:
    """A sum whose overflows are counted, in the kernel's order; it gives no result.

    Attributes
    ----------
    weights, start
        As for :class:`isobit.plan.stages.Linear`; products have the LSB of data times weight.
    order
        Input index of each step of the sum, shape (n_in,).
    shift
        Bits that each product drops.
    type
        The accumulator.
    fold
        What overflow makes of a number.
    check
        Width of the accumulator, if overflow may be looked for by the bits of plain sums; -1: every sum is cast.
    terms
        Whether a product may overflow by itself.
    measures, limits
        No sum of output j overflows where the inputs' magnitudes, each times its measure, sum up to no more than
        limits[j] and are no more than 1; shapes (n_in,), (n_out,). None if not known.
    """

    weights: IntArray
    start: IntArray
    order: IntArray
    shift: int
    type: FixedType
    fold: Step
    check: int
    terms: bool
    measures: FloatArray | None = None
    limits: FloatArray | None = None

    @property
    def bits(self) -> int:
        """Magnitude bits of the weights."""
        return magnitude_bits(self.weights)


@dataclass(frozen=True, eq=False)
class Gather:
    """A few numbers for each output, combined in order: those that a view picks, or those of a window.

    Attributes
    ----------
    combine
        One of :data:`COMBINATIONS`.
    index
        Which number of the sources, flat and one after the other, each output takes in each turn; -1 is ``fill``.
        int64, shape (turns, n_out).
    factors
        What a number is multiplied by before it is combined, shape (turns, 1) or (turns, n_out); not the fill.
    low, high
        Bounds of what comes out, shape (n_out,).
    bits
        Magnitude bits of everything on the way.
    fill
        The number that stands for no number.
    sum
        Steps of every partial sum, the first number being one. No steps: the order does not matter.
    drop
        Bits that a product of two numbers drops, rounded down; see :mod:`isobit.plan.gathered`.
    raised
        Powers of two by which its factors are then multiplied, so that 16 bits are dropped.
    """

    combine: str
    index: IntArray
    factors: IntArray
    low: IntArray
    high: IntArray
    bits: int
    fill: int = 0
    sum: tuple[Step, ...] = ()
    drop: int = 0
    raised: tuple[int, int] = (0, 0)
