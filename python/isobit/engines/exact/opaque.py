"""Layers of which only the reference is known: on every engine it computes them, one block after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.bounds.ranges import Range
from isobit.bounds.rules import op_bounds
from isobit.engines.exact.tallies import Tally
from isobit.engines.reference.numbers import Numbers
from isobit.engines.reference.results import result_of
from isobit.errors import RangeError
from isobit.fixed.quantise import to_storage
from isobit.model.ops import Tensors
from isobit.model.primitives import Opaque

__all__ = ["opaque"]

#: Events at a time: the numbers of one layer stay in the cache.
_BLOCK = 512


def opaque(op: Opaque, tensors: Tensors, inputs: Sequence[Any], tally: Tally) -> Any:
    """As of :mod:`isobit.engines.exact.vector`: columns of events of every input, and what the layer gives.

    Casts inside the reference are not reported.

    Raises
    ------
    RangeError
        If the result leaves the bounds that the layer gives: the stages after it rely on them.
    """
    del tally
    events = inputs[0].shape[1]
    parts = [np.zeros((op.output.size, 0), dtype=np.int64)]
    for first in range(0, events, _BLOCK):
        block = slice(first, first + _BLOCK)
        numbers = tuple(Numbers.of(data[:, block], tensor.type) for data, tensor in zip(inputs, tensors, strict=True))
        parts.append(result_of(op.layer, tensors, numbers).raw)
    result = to_storage(np.concatenate(parts, axis=1), op.output.type)
    if events:
        _check_bounds(op, tensors, inputs, result)
    return result


def _check_bounds(op: Opaque, tensors: Tensors, inputs: Sequence[Any], result: Any) -> None:
    ends = zip(inputs, tensors, strict=True)
    ranges = tuple(Range(data.min(axis=1), data.max(axis=1), tensor.type.fraction) for data, tensor in ends)
    found = op_bounds(op, tensors, ranges)
    if not found.known or found.result.contains(result.T):
        return
    low, high, zeros = (np.asarray(end)[:, None] for end in (found.result.low, found.result.high, found.result.zeros))
    wrong = np.asarray((result < low) | (result > high) | (result >> zeros << zeros != result), dtype=bool)
    element, event = (int(i) for i in np.argwhere(wrong)[0])
    given = int(low[element, 0]), int(high[element, 0])
    raise RangeError(
        f"layer {op.name!r} ({op.layer.tag}) gives the raw integer {result[element, event]} (element {element}), which "
        f"its own bounds exclude: they allow multiples of {1 << zeros[element, 0]} from {given[0]} to {given[1]} for "
        "these inputs; correct the function given to isobit.layers.register_bounds"
    )
