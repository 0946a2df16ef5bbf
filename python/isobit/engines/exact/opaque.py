"""Layers of which only the reference is known: on every engine it computes them, one block after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.engines.exact.tallies import Tally
from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import supported
from isobit.engines.reference.numbers import Numbers
from isobit.model.ops import Tensors
from isobit.model.primitives import Opaque

__all__ = ["opaque"]

#: Events at a time: the numbers of one layer stay in the cache.
_BLOCK = 512


def opaque(op: Opaque, tensors: Tensors, inputs: Sequence[Any], tally: Tally) -> Any:
    """As of :mod:`isobit.engines.exact.vector`: columns of events of every input, and what the layer gives.

    What the reference casts on the way is its own business: nobody is told.
    """
    del tally
    kernel, kind = supported(op.layer), op.output.type
    parts = [np.zeros((op.output.size, 0), dtype=object)]
    for first in range(0, inputs[0].shape[1], _BLOCK):
        block = slice(first, first + _BLOCK)
        numbers = tuple(Numbers.of(data[:, block], tensor.type) for data, tensor in zip(inputs, tensors, strict=True))
        raw = truncated(kernel(op.layer, tensors, numbers), kind.fraction).raw
        parts.append(np.asarray(raw).astype(object))
    return np.concatenate(parts, axis=1)
