"""The primitives that move numbers, and those of one expression, as what lanes know: gathered rows and steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from isobit.bounds.formula import expression_range, gathered
from isobit.bounds.interval_arithmetic import times
from isobit.bounds.intervals import Bounds
from isobit.bounds.lines import Leaf, NotALine, Pieces, Split, line_of, pieces_of
from isobit.bounds.ranges import IntArray, Range, add, cast_range, compact, lowest, magnitude_bits, multiply, shift_left
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.expressions import Cast, Choice, Input, Result, Times, results_of
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Select, identity_view
from isobit.plan.maps import Gather
from isobit.plan.stages import MAPS, Unfit, into_result
from isobit.plan.step_lists import cast_steps
from isobit.plan.steps import Affine, AtLeast, Between, Clamp, Slopes, Step

__all__ = ["formula_stage", "select_stage"]

_ONE = np.array(1, dtype=np.int64)
#: A map, if one is needed, the steps that follow, and the positions to which the map is applied.
Found = tuple[Gather | None, list[Step], int]


def _result_steps(op: Op, forms: Iterable[FixedType], fraction: int, bounds: Bounds) -> list[Step]:
    """The cast into the result of numbers of several formats, at one fraction: only if all are cast alike."""
    target, sources = op.output.type, list(dict.fromkeys(forms))
    if len(sources) == 1 and sources[0].fraction == fraction:
        return into_result(op, sources[0], fraction, bounds)
    kinds = {target.as_assigned(source) for source in sources if source != target}
    copied = target in sources and target.overflow is Overflow.SAT_SYM  # a copy keeps the number below the range
    if len(kinds) > 1 or copied:
        raise Unfit("numbers of several formats, which are cast in different ways")
    kind = kinds.pop() if kinds else target
    overflows = bool(bounds.ops[op.name].result_overflow.any())
    return cast_steps(None, fraction, kind, overflows, op.output.size, op.name)


def select_stage(op: Select, tensors: Tensors, bounds: Bounds) -> Found:
    """Rows, each raised to the finest LSB of all."""
    origins = op.origins(tensors)
    used = [tensor.type for place, tensor in enumerate(tensors) if (origins == place).any()]
    finest = max((kind.fraction for kind in used), default=op.output.type.fraction)
    shifts = np.array([finest - tensor.type.fraction for tensor in tensors] + [0], dtype=object)
    factors = compact(np.array([1 << max(0, shift) for shift in shifts[origins]], dtype=object))[None]
    source = bounds.ops[op.name].source
    low, high = (shift_left(end, 0) for end in (source.low, source.high))
    if source.fraction > finest:  # inputs of which nothing is taken
        low, high = low >> (source.fraction - finest), high >> (source.fraction - finest)
    gather = Gather("sum", op.view[None], factors, low, high, magnitude_bits(low, high, factors))
    return gather, _result_steps(op, used or [op.output.type], finest, bounds), 1


# -- expressions -------------------------------------------------------------------------------------------------------


def formula_stage(op: Formula, tensors: Tensors, bounds: Bounds) -> Found:
    """A line through one input as steps, several inputs as rows that are combined, a choice as two slopes or an end."""
    try:
        return _formula_stage(op, tensors, bounds)
    except NotALine as reason:
        raise Unfit(str(reason)) from None


def _formula_stage(op: Formula, tensors: Tensors, bounds: Bounds) -> Found:
    values = [gathered(bounds.tensors[t.name], view) for t, view in zip(tensors, op.views, strict=True)]
    outcome, size = op.outcome, op.output.size
    steps: list[Step]
    value = outcome.value if isinstance(outcome, Result) else None
    if isinstance(value, Times) and isinstance(value.a, Input) and isinstance(value.b, Input):
        return _product(op, (value.a.place, value.b.place), tensors, values, bounds)
    if len(tensors) == 1 and isinstance(value, Cast):
        line = line_of(value.a, tensors, values)
        found = cast_range(expression_range(value.a, values), value.form, value.type).overflow
        inner = cast_steps(value.form, line.fraction, value.type, bool(found.any()), size)
        steps = [Affine(line.factors[0], line.summand), *inner]
        return (
            _alone(op, tensors, values[0]),
            [*steps, *_result_steps(op, [value.type], value.type.fraction, bounds)],
            1,
        )
    if len(tensors) == 1:
        return _alone(op, tensors, values[0]), _steps(op, pieces_of(outcome, tensors, values), values[0], bounds), 1
    if isinstance(outcome, Choice):
        return _end(op, outcome, tensors, values, bounds)
    line = line_of(outcome.value, tensors, values)
    one = np.ones(size, dtype=np.int64)
    steps = [Affine(one, line.summand)] if line.summand.any() else []
    cast = _result_steps(op, [outcome.form], line.fraction, bounds)
    factors = np.stack([line.factors.get(place, np.zeros(size, np.int64)) for place in range(len(tensors))])
    terms = [[multiply(end, factor) for end in (x.low, x.high)] for x, factor in zip(values, factors, strict=True)]
    low = _sum([np.minimum(*ends) for ends in terms])
    high = _sum([np.maximum(*ends) for ends in terms])
    held = _sum([np.maximum(*map(np.abs, ends)) for ends in terms])
    gather = Gather("sum", _index(op, tensors), compact(factors), low, high, magnitude_bits(held, compact(factors)))
    return gather, [*steps, *cast], 1


def _sum(parts: list[IntArray]) -> IntArray:
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    return total


def _index(op: Formula, tensors: Tensors, places: Iterable[int] | None = None) -> IntArray:
    """The rows of every input, in turns."""
    starts = np.cumsum([0, *(tensor.size for tensor in tensors)])
    return np.stack([starts[place] + op.views[place] for place in (places or range(len(tensors)))])


def _alone(op: Formula, tensors: Tensors, values: Range) -> Gather | None:
    """Rows of the only input, unless each is in its place."""
    if op.views[0].size == tensors[0].size and np.array_equal(op.views[0], identity_view(tensors[0].size)):
        return None
    one = np.ones((1, 1), dtype=np.int64)
    return Gather("sum", op.views[0][None], one, values.low, values.high, values.bits)


def _product(op: Formula, places: tuple[int, int], tensors: Tensors, values: list[Range], bounds: Bounds) -> Found:
    a, b = (values[place] for place in places)
    product = times(a, b)
    one = np.ones((1, 1), dtype=np.int64)
    held = magnitude_bits(product.low, product.high, a.magnitude, b.magnitude)
    gather = Gather("product", _index(op, tensors, places), one, product.low, product.high, held)
    assert isinstance(op.outcome, Result)
    return gather, _result_steps(op, [op.outcome.form], a.fraction + b.fraction, bounds), 1


# -- pieces of one number ----------------------------------------------------------------------------------------------


def _steps(op: Formula, pieces: Pieces, values: Range, bounds: Bounds) -> list[Step]:
    """The steps of pieces: an affine one, thresholds, a clamp or two slopes; and the cast."""
    if isinstance(pieces, Leaf):
        line = pieces.line
        copied = isinstance(op.outcome, Result) and isinstance(op.outcome.value, Input)
        steps: list[Step] = [] if copied else [Affine(line.factors[0], line.summand)]
        return [*steps, *_result_steps(op, [pieces.form], line.fraction, bounds)]
    if (thresholds := _thresholds(pieces, op.output.type)) is not None:
        return [thresholds]
    leaves = list(_leaves(pieces, values.low, values.high))
    fraction = max(leaf.line.fraction for leaf, _, _ in leaves)
    forms = [leaf.form for leaf, _, _ in leaves]
    if len(set(forms)) > 1:  # what a cast would copy, too, may be cast, and an exact constant is cast by any
        forms = [leaf.form for leaf, low, high in leaves if not _plain(leaf, low, high, op.output.type)]
    return [_kinked(pieces, fraction, op.output.type), *_result_steps(op, forms, fraction, bounds)]


def _leaves(pieces: Pieces, low: IntArray, high: IntArray) -> Iterator[tuple[Leaf, IntArray, IntArray]]:
    """Every piece, and the ends of the numbers that take it."""
    if isinstance(pieces, Leaf):
        yield pieces, low, high
        return
    yield from _leaves(pieces.above, np.maximum(low, add(pieces.bound, _ONE)), high)
    yield from _leaves(pieces.below, low, np.minimum(high, pieces.bound))


def _plain(leaf: Leaf, low: IntArray, high: IntArray, target: FixedType) -> bool:
    """Whether copying a piece's numbers, or writing its constants, is the same as casting them from any format."""
    if leaf.constant(target) is not None:
        return _exact(leaf, target)
    line = leaf.line
    ends = [add(multiply(end, line.factors[0]), line.summand) for end in (low, high)]
    return leaf.form == target and bool((np.minimum(*ends) >= lowest(target)).all())


def _exact(leaf: Leaf, target: FixedType) -> bool:
    """Whether the cast of a constant keeps its value."""
    constant = leaf.constant(target)
    fraction = max(leaf.line.fraction, target.fraction)
    return constant is not None and np.array_equal(
        shift_left(constant, fraction - target.fraction), leaf.line.at(fraction).summand
    )


def _thresholds(pieces: Split, target: FixedType) -> Step | None:
    """One or two bounds between constants, which are written without a cast."""
    below = pieces.below
    middle = below.above if isinstance(below, Split) else below
    last = below.below if isinstance(below, Split) else below
    found: list[int] = []
    for leaf in (pieces.above, middle, last):
        raw = leaf.constant(target) if isinstance(leaf, Leaf) else None
        if raw is None or (raw != raw[0]).any():
            return None
        found.append(int(raw[0]))
    if isinstance(below, Split):
        return Between(pieces.bound, below.bound, *found)
    return AtLeast(add(pieces.bound, _ONE), found[0], found[1])


def _kinked(pieces: Split, fraction: int, target: FixedType) -> Step:
    """A clamp, or two slopes that both lead through zero."""
    if (clamp := _clamp(pieces, fraction, target)) is not None:
        return clamp
    over, under = pieces.above, pieces.below
    if not isinstance(over, Leaf) or not isinstance(under, Leaf):
        raise Unfit("a choice of several lines")
    above, below = over.line.at(fraction), under.line.at(fraction)
    if above.summand.any() or below.summand.any() or not above.factors:
        raise Unfit("a choice that is not between two slopes of one number")
    slope, none = above.factors[0], np.zeros(above.summand.shape, dtype=np.int64)
    if (slope != slope[0]).any():
        raise Unfit("a choice with a slope of its own for every number above the bound")
    return Slopes(pieces.bound, int(slope[0]), below.factors.get(0, none))


def _clamp(pieces: Split, fraction: int, target: FixedType) -> Clamp | None:
    """The number itself, between constants where it has reached them."""
    ends: list[int | None] = [None, None]  # above, below
    inner: Pieces = pieces
    while isinstance(inner, Split):
        side = 0 if isinstance(inner.above, Leaf) and not inner.above.line.factors else 1
        end, rest = (inner.above, inner.below) if side == 0 else (inner.below, inner.above)
        if ends[side] is not None or not isinstance(end, Leaf) or not _exact(end, target):
            return None
        raw = end.line.at(fraction).summand
        reached = inner.bound - raw  # of the upper end x > raw or x >= raw, of the lower one x <= raw or x < raw
        if (raw != raw[0]).any() or not np.isin(reached, (-1, 0)).all():
            return None
        ends[side], inner = int(raw[0]), rest
    same = inner.line.fraction == fraction and bool((inner.line.factors.get(0, _ONE * 0) == 1).all())
    return Clamp(ends[1], ends[0]) if same and not inner.line.summand.any() else None


def _end(op: Formula, choice: Choice, tensors: Tensors, values: list[Range], bounds: Bounds) -> Found:
    """The larger or the smaller of two inputs."""
    results = results_of(choice)
    sides = [choice.left, choice.right, *(result.value for result in results)]
    places = [side.place for side in sides if isinstance(side, Input)]
    if len(tensors) != 2 or places not in ([0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]):
        raise Unfit("a choice that is not the larger or the smaller of two inputs")
    largest = places[0] == places[2]
    finest = max(tensor.type.fraction for tensor in tensors)
    a, b = (x.at(finest) for x in values)
    function = np.maximum if largest else np.minimum
    factors = compact(np.array([[1 << (finest - t.type.fraction)] for t in tensors], dtype=object))
    bits = magnitude_bits(a.magnitude, b.magnitude, factors)
    gather = Gather(
        "maximum" if largest else "minimum",
        _index(op, tensors),
        factors,
        function(a.low, b.low),
        function(a.high, b.high),
        bits,
    )
    return gather, _result_steps(op, [result.form for result in results], finest, bounds), 1


MAPS[Select] = select_stage
MAPS[Formula] = formula_stage
