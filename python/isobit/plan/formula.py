"""The primitives that move numbers, and those of one expression, as what lanes know: gathered rows and steps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isobit.bounds.formula import gathered
from isobit.bounds.interval_arithmetic import times
from isobit.bounds.intervals import Bounds
from isobit.bounds.lines import NotALine, line_of
from isobit.bounds.ranges import IntArray, Range, add, compact, magnitude_bits, multiply, shift_left
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.expressions import Choice, Input, Result, Times
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Select, identity_view
from isobit.plan.maps import Gather
from isobit.plan.stages import MAPS, Unfit, into_result
from isobit.plan.step_lists import cast_steps
from isobit.plan.steps import Affine, Slopes, Step

__all__ = ["formula_stage", "select_stage"]

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
    if isinstance(op.outcome, Choice):
        return _choice(op, op.outcome, tensors, values, bounds)
    value, size = op.outcome.value, op.output.size
    if isinstance(value, Times) and isinstance(value.a, Input) and isinstance(value.b, Input):
        return _product(op, (value.a.place, value.b.place), tensors, values, bounds)
    line = line_of(value, tensors, values)
    steps = _affine(line.factors[0], line.summand) if len(tensors) == 1 else _affine(None, line.summand)
    cast = _result_steps(op, [op.outcome.form], line.fraction, bounds)
    if len(tensors) == 1:
        return _alone(op, tensors, values[0]), [*steps, *cast], 1
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


def _affine(factors: IntArray | None, summand: IntArray) -> list[Step]:
    if factors is None:
        return [Affine(np.ones(summand.shape, dtype=np.int64), summand)] if summand.any() else []
    return [Affine(factors, summand)]


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


def _choice(op: Formula, choice: Choice, tensors: Tensors, values: list[Range], bounds: Bounds) -> Found:
    size, forms = op.output.size, [choice.over.form, choice.under.form]
    if len(tensors) == 1:
        left, right, over, under = (
            line_of(part, tensors, values)
            for part in (choice.left, choice.right, choice.over.value, choice.under.value)
        )
        if (
            set(left.factors) != {0}
            or right.factors
            or left.summand.any()
            or over.summand.any()
            or under.summand.any()
            or not over.factors
        ):
            raise Unfit("a choice that is not between two slopes of one number")
        fraction = max(over.fraction, under.fraction)
        above, below = (part.at(fraction).factors.get(0, np.zeros(size, np.int64)) for part in (over, under))
        if not np.array_equal(above, np.full(size, above[0])) or not (left.factors[0] == 1).all():
            raise Unfit("a choice with a slope of its own for every number above the bound")
        shift = right.fraction - left.fraction
        bound = compact(right.summand >> shift if shift >= 0 else shift_left(right.summand, -shift))
        step = Slopes(bound, int(above[0]), below)
        return _alone(op, tensors, values[0]), [step, *_result_steps(op, forms, fraction, bounds)], 1
    return _end(op, choice, tensors, values, bounds)


def _end(op: Formula, choice: Choice, tensors: Tensors, values: list[Range], bounds: Bounds) -> Found:
    """The larger or the smaller of two inputs."""
    sides = [choice.left, choice.right, choice.over.value, choice.under.value]
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
    return gather, _result_steps(op, [choice.over.form, choice.under.form], finest, bounds), 1


MAPS[Select] = select_stage
MAPS[Formula] = formula_stage
