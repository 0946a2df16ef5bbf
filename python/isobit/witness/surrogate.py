"""Slopes of a network taken as real numbers: which way an input has to move. Proposals only; nothing is proven here.

Rounding is ignored, wraps are looked through, and steps and closed ReLUs get a small slope, so that a search sees past
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isobit.bounds.ranges import magnitude_bits
from isobit.model.dot import Dot
from isobit.model.expressions import (
    Cast,
    Constant,
    Expression,
    Halved,
    Input,
    Minus,
    Multiplied,
    Outcome,
    Result,
    Times,
)
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Formula, Select
from isobit.model.products import Product
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax
from isobit.model.weights import Weight

__all__ = ["backward", "real_weights"]

#: Slopes, shape (events, size), or weights: float64.
Floats = Any
#: Raw integers of every input of an op, each of shape (events, size), and slopes in them.
Raws = tuple[Any, ...]
Slopes = tuple[Floats, ...]
#: Slope of what is closed or a step: small, so that open ways come first.
_LEAK = 0.05


def _floats(raw: Any, fraction: int) -> Floats:
    values = np.asarray(raw)
    excess = max(0, magnitude_bits(values) - 900) if values.dtype == object else 0
    return np.ldexp((values >> excess if excess else values).astype(np.float64), excess - fraction)


def real_weights(data: Tensor, weight: Weight) -> Floats:
    """Slope of every product of nnet_mult.h in its data (raw bits count as 0 and 1)."""
    raw = _floats(weight.raw, 0)
    plain = _floats(weight.raw, weight.type.fraction)
    match Product.of(data, weight):
        case Product.WEIGHT_BINARY:
            return np.where(raw == 0, -1.0, 1.0)
        case Product.DATA_BINARY:
            return 2 * plain
        case Product.BOTH_BINARY:
            return 2 * raw - 1
        case Product.WEIGHT_EXPONENTIAL:
            assert weight.signs is not None
            return np.exp2(np.clip(raw, -200, 200)) * np.where(weight.signs == 1, 1.0, -1.0)
    return plain


def _dot(op: Dot, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    (tensor,) = tensors
    weights = real_weights(tensor, op.weight)
    if op.plain(tensor):
        return (slope @ weights.T,)
    by_group = np.split(weights, op.groups, axis=1)
    outputs = slope.reshape(len(slope), op.positions, op.groups, -1)
    windows = np.stack([outputs[:, :, g] @ part.T for g, part in enumerate(by_group)], axis=2).reshape(len(slope), -1)
    return (windows if op.consecutive(tensor) else _scattered(op.view.ravel(), windows, tensor.size),)


def _reduce(op: Reduce, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    (tensor,), (raw,) = tensors, raws
    found = np.zeros((len(slope), tensor.size))
    x = _floats(raw, tensor.type.fraction)
    for index, window in enumerate(op.view):
        inputs, share = window[window >= 0], slope[:, index, None]
        if op.function == "sum":
            found[:, inputs] += share if op.divisors is None else share / int(op.divisors[index])
        else:
            top = x[:, inputs] == x[:, inputs].max(axis=1, keepdims=True)
            found[:, inputs] += share * np.where(top, 1.0, _LEAK)
    return (found,)


def _scattered(view: Any, slope: Floats, size: int) -> Floats:
    """Slopes of the numbers that a view takes: those of all outputs that take it, summed; -1 is nobody's."""
    found = np.zeros((size + 1, len(slope)))
    np.add.at(found, np.where(view < 0, size, view), slope.T)
    return found[:size].T


def _select(op: Select, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    ends = np.cumsum([tensor.size for tensor in tensors])
    return tuple(np.split(_scattered(op.view, slope, int(ends[-1])), ends[:-1], axis=1))


def _value(expression: Expression, values: Sequence[Floats]) -> tuple[Floats, dict[int, Floats]]:
    """What an expression gives, and how it changes with each input."""
    if isinstance(expression, Input):
        return values[expression.place], {expression.place: np.ones_like(values[expression.place])}
    if isinstance(expression, Constant):
        constant = _floats(expression.weight.raw.ravel(), expression.weight.type.fraction)
        return np.broadcast_to(constant, values[0].shape), {}
    if isinstance(expression, Multiplied):
        place, slope = expression.a.place, real_weights(expression.data, expression.b.weight).ravel()
        return values[place] * slope, {place: slope}
    if isinstance(expression, Cast):
        return _value(expression.a, values)
    if isinstance(expression, Halved):
        value, slopes = _value(expression.a, values)
        return value / 2, {place: slope / 2 for place, slope in slopes.items()}
    (a, by_a), (b, by_b) = _value(expression.a, values), _value(expression.b, values)
    left, right = (b, a) if isinstance(expression, Times) else (1.0, 1.0)
    right = -right if isinstance(expression, Minus) else right
    places = {*by_a, *by_b}
    slopes = {place: left * by_a.get(place, 0.0) + right * by_b.get(place, 0.0) for place in places}
    return (a * b if isinstance(expression, Times) else a + right * b), slopes


def _slopes(outcome: Outcome, values: Sequence[Floats]) -> dict[int, Floats]:
    """How an outcome changes with each input. What is not taken still leads somewhere, and so does a step."""
    if isinstance(outcome, Result):
        return _value(outcome.value, values)[1]
    over = _value(outcome.left, values)[0] > _value(outcome.right, values)[0]
    above, below = _slopes(outcome.over, values), _slopes(outcome.under, values)
    return {place: np.where(over, above.get(place, _LEAK), below.get(place, _LEAK)) for place in range(len(values))}


def _formula(op: Formula, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    values = [_floats(raw[:, view], t.type.fraction) for raw, view, t in zip(raws, op.views, tensors, strict=True)]
    slopes = _slopes(op.outcome, values)
    return tuple(
        _scattered(view, slope * slopes.get(place, 0.0), tensor.size)
        for place, (view, tensor) in enumerate(zip(op.views, tensors, strict=True))
    )


def _lookup(op: Lookup, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    """As if entries rose with their numbers, as most do; how steeply does not matter much."""
    (raw,) = raws
    slope = slope.reshape(*np.shape(raw), op.row).sum(axis=2) if op.row > 1 else slope
    return (slope * np.where(np.asarray(raw) < 0, 0.5, 1.0),)


def _softmax(op: Softmax, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    """Each rises with its own input and falls with the others of its group."""
    grid, found = slope[:, op.groups], np.empty(slope.shape)
    found[:, op.groups] = grid - grid.mean(axis=2, keepdims=True)
    return (found,)


_BACKWARD: dict[type[Op], Callable[[Any, Tensors, Raws, Floats], Slopes]] = {
    Dot: _dot,
    Reduce: _reduce,
    Select: _select,
    Formula: _formula,
    Lookup: _lookup,
    Softmax: _softmax,
}


def backward(op: Op, tensors: Tensors, raws: Raws, slope: Floats) -> Slopes:
    """Slopes in an op's inputs from those in its output.

    Parameters
    ----------
    op, tensors
        The op and its input tensors.
    raws
        Raw integers of each input, shape (events, size).
    slope
        Slopes in the output, shape (events, output size).

    Returns
    -------
    For each input, shape (events, size). Of an op without a rule every number of an input as large as the output moves
    the same number of that; other inputs move nothing.
    """
    rule = _BACKWARD.get(type(op))
    if rule is not None:
        return rule(op, tensors, raws, slope)
    return tuple(slope if t.size == op.output.size else np.zeros((len(slope), t.size)) for t in tensors)
