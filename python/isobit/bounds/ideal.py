"""What a layer would give if no format rounded, wrapped or clipped anything: its function on real numbers.

The functions are computed in float64 with the constants that hls4ml wrote, on intervals: float32, in which Keras
computes, may give any number of the interval. If Keras gives a number outside of it, its function is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.bounds.constants import firmware_values
from isobit.errors import UnsupportedError
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
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax
from isobit.model.weights import Encoding, Weight

__all__ = ["Interval", "ideal", "register_ideal"]

Array = npt.NDArray[np.float64]
#: Rounding of float32, with a margin for the order of operations.
_EPSILON = 2.0**-22


@dataclass(frozen=True, eq=False)
class Interval:
    """Real numbers known within bounds: float64, shape (events, size)."""

    low: Array
    high: Array

    @classmethod
    def around(cls, centre: Array, radius: Any) -> Interval:
        """From centre and radius."""
        return cls(centre - radius, centre + radius)

    @property
    def centre(self) -> Array:
        """Middle of the bounds."""
        return (self.low + self.high) / 2

    @property
    def radius(self) -> Array:
        """Half of the distance of the bounds."""
        return (self.high - self.low) / 2

    def monotone(self, function: Callable[[Array], Array]) -> Interval:
        """Image under a function that never falls, with float32's rounding."""
        low, high = function(self.low), function(self.high)
        return Interval(low - _EPSILON * np.abs(low), high + _EPSILON * np.abs(high))


#: (op, input tensors, what is known of them) -> what is known of the output.
Rule = Callable[[Any, Tensors, tuple[Interval, ...]], Interval]
_RULES: dict[type[Op], Rule] = {}


def register_ideal(kind: type[Op]) -> Callable[[Rule], Rule]:
    """Register the real function of an op."""

    def add(rule: Rule) -> Rule:
        _RULES[kind] = rule
        return rule

    return add


def ideal(op: Op, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    """What the op would give on real numbers.

    Parameters
    ----------
    op, tensors
        The op and its input tensors.
    values
        Each input, shape (events, size of the tensor); binary (xnor) numbers as plus and minus one.

    Raises
    ------
    UnsupportedError
        For an op whose real function is not known.
    """
    rule = _RULES.get(type(op))
    if rule is None and (parts := op.lower(*tensors)) != (op,):
        found = dict(zip(op.inputs, values, strict=True))
        known = dict(zip(op.inputs, tensors, strict=True))
        for part in parts:
            given = tuple(known[name] for name in part.inputs)
            found[part.output.name] = ideal(part, given, tuple(found[name] for name in part.inputs))
            known[part.output.name] = part.output
        return found[op.output.name]
    if rule is None:
        raise UnsupportedError(f"the real function of op {op.tag!r} (layer {op.name!r}) is not known")
    return rule(op, tensors, values)


def _constants(weight: Weight, size: int | None = None, *, trained: bool = False) -> Array:
    """The constants that hls4ml wrote (or was given, for ``trained``), flat and repeated up to a size if asked."""
    if weight.encoding is Encoding.XNOR:
        values = firmware_values(weight)
    else:
        values = np.asarray(weight.unquantised if trained else weight.written, dtype=np.float64)
    return values if size is None else np.tile(values.ravel(), size // values.size)


@register_ideal(Dot)
def _dot(op: Dot, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    (x,) = values
    weights, bias = _constants(op.weight), _constants(op.bias).ravel()
    if op.plain(*tensors):
        return _sums(x, weights, bias)
    n_out = op.weight.shape[1]
    group, each = n_out // op.groups, np.arange(n_out)
    parts = []
    for row, index in enumerate(op.view):
        mine = each[row % op.groups * group :][:group]
        low, high = (np.where(index < 0, 0.0, end[:, index]) for end in (x.low, x.high))
        parts.append(_sums(Interval(low, high), weights[:, mine], bias[mine]))
    return Interval(*(np.concatenate([getattr(part, end) for part in parts], axis=1) for end in ("low", "high")))


def _sums(x: Interval, weights: Array, bias: Array) -> Interval:
    centre = x.centre @ weights + bias
    size = np.abs(x.centre) @ np.abs(weights) + np.abs(bias)
    return Interval.around(centre, x.radius @ np.abs(weights) + _EPSILON * (len(weights) + 8) * size)


@register_ideal(Select)
def _select(op: Select, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    low, high = (np.concatenate([getattr(x, end) for x in values], axis=1) for end in ("low", "high"))
    at, none = np.maximum(op.view, 0), op.view < 0
    return Interval(np.where(none, 0.0, low[:, at]), np.where(none, 0.0, high[:, at]))


def _expression(expression: Expression, values: Sequence[Interval], trained: bool = False) -> Interval:
    """An expression; factors are those before a quantiser of hls4ml's (``trained``), which Keras knows nothing of."""
    if isinstance(expression, Input):
        return values[expression.place]
    if isinstance(expression, Constant):
        constant = np.broadcast_to(_constants(expression.weight, trained=trained).ravel(), values[0].low.shape)
        return Interval(constant, constant)
    if isinstance(expression, Cast):
        return _expression(expression.a, values)
    if isinstance(expression, Halved):
        a = _expression(expression.a, values)
        return Interval(a.low / 2, a.high / 2)
    product = isinstance(expression, Times | Multiplied)
    a, b = _expression(expression.a, values, product), _expression(expression.b, values, product)
    if product:
        ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        return _widened(np.minimum.reduce(ends), np.maximum.reduce(ends))
    size = np.abs(a.centre) + np.abs(b.centre)
    if isinstance(expression.b, Constant):
        size = 64 * size  # Keras may subtract the mean first; cancellation there leaves float32's rounding
    if isinstance(expression, Minus):
        return _widened(a.low - b.high, a.high - b.low, size)
    return _widened(a.low + b.low, a.high + b.high, size)


def _widened(low: Array, high: Array, size: Any = 0.0) -> Interval:
    """With the rounding of one operation in float32."""
    return Interval(low - _EPSILON * (np.abs(low) + size), high + _EPSILON * (np.abs(high) + size))


@register_ideal(Formula)
def _formula(op: Formula, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    taken = [Interval(x.low[:, view], x.high[:, view]) for x, view in zip(values, op.views, strict=True)]
    return _outcome(op.outcome, taken)


def _outcome(outcome: Outcome, values: Sequence[Interval]) -> Interval:
    if isinstance(outcome, Result):
        return _expression(outcome.value, values)
    left, right = (_compared(side, values) for side in (outcome.left, outcome.right))
    over = _outcome(outcome.over, _narrowed((outcome.right, right), (outcome.left, left), values))
    under = _outcome(outcome.under, _narrowed((outcome.left, left), (outcome.right, right), values))
    surely, never = left.low > right.high, left.high < right.low
    low = np.where(surely, over.low, np.where(never, under.low, np.minimum(over.low, under.low)))
    return Interval(low, np.where(surely, over.high, np.where(never, under.high, np.maximum(over.high, under.high))))


def _compared(side: Expression, values: Sequence[Interval]) -> Interval:
    """One side of a comparison. Into a constant hls4ml may have merged what Keras computes in float32."""
    found = _expression(side, values)
    return _widened(found.low, found.high, 63 * np.abs(found.centre)) if isinstance(side, Constant) else found


def _narrowed(
    small: tuple[Expression, Interval], large: tuple[Expression, Interval], values: Sequence[Interval]
) -> list[Interval]:
    """The inputs where one number is no larger than another one."""
    found = list(values)
    if isinstance(small[0], Input):
        x, end = found[small[0].place], large[1].high
        found[small[0].place] = Interval(np.minimum(x.low, end), np.minimum(x.high, end))
    if isinstance(large[0], Input):
        x, end = found[large[0].place], small[1].low
        found[large[0].place] = Interval(np.maximum(x.low, end), np.maximum(x.high, end))
    return found


@register_ideal(Reduce)
def _reduce(op: Reduce, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    (x,) = values
    view = op.view.T

    def reduced(values: Array) -> Array:
        taken = np.where(view >= 0, values[:, view], -np.inf if op.function == "max" else 0.0)
        if op.function == "max":
            return np.asarray(taken.max(axis=1))
        return np.asarray(taken.sum(axis=1) / (1 if op.divisors is None else op.divisors))

    found = Interval(reduced(x.low), reduced(x.high))
    size = reduced(np.maximum(np.abs(x.low), np.abs(x.high)))
    rounding = _EPSILON * len(view) * size
    return Interval(found.low - rounding, found.high + rounding)


@register_ideal(Lookup)
def _lookup(op: Lookup, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    (x,) = values
    alpha = 1.0 if op.entry_factor is None else float(op.entry_factor.unquantised.ravel()[0])
    functions: dict[str, Callable[[Array], Array]] = {
        "sigmoid": lambda v: 0.5 * (1.0 + np.tanh(v / 2)),
        "tanh": np.tanh,
        "softplus": lambda v: np.logaddexp(0.0, v),
        "softsign": lambda v: v / (1.0 + np.abs(v)),
        "elu": lambda v: np.where(v > 0, v, alpha * np.expm1(np.minimum(v, 0.0))),
        "selu": lambda v: 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * np.expm1(np.minimum(v, 0.0))),
    }
    if op.function not in functions:
        raise UnsupportedError(f"the real function of layer {op.name!r}, a table, is not known")
    found = x.monotone(functions[op.function])
    return Interval(np.minimum(found.low, found.high) - 4 * _EPSILON, np.maximum(found.low, found.high) + 4 * _EPSILON)


@register_ideal(Softmax)
def _softmax(op: Softmax, tensors: Tensors, values: tuple[Interval, ...]) -> Interval:
    (x,) = values
    exponents = op.exp_scale * x.centre[:, op.groups]
    powers = np.exp(exponents - exponents.max(axis=2, keepdims=True))
    centre = np.empty_like(x.low)
    centre[:, op.groups] = powers / powers.sum(axis=2, keepdims=True)
    # No output moves further than the input that moves most.
    return Interval.around(centre, x.radius.max(axis=1, keepdims=True) * abs(op.exp_scale) + 8 * _EPSILON)
