"""One map at many positions: a stage of the C++ kernels for each, on neighbouring parts of the same buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import isobit._core as _core

__all__ = ["in_place", "moved", "position_weights", "sliced"]

#: Bytes of a number in a form; of a pair for ``i16_pairs``.
_SIZES = {"i16": 2, "f32": 4, "f64": 8, "i32": 4, "i64": 8, "i16_pairs": 4}
Target = tuple[str, int, int]


def moved(form: str, features: int) -> int:
    """Bytes from one position to another, ``features`` numbers later; ``i16_pairs``: to the pair that holds it."""
    return (features // 2 if form == "i16_pairs" else features) * _SIZES[form] * int(_core.BATCH_BLOCK)


def position_weights(weights: Any, paired: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Weights in pairs, for positions whose first number is the lower and the upper half of a pair.

    Where the number of inputs is odd the pairs reach into a neighbouring position, which is multiplied by zero.
    """
    if len(weights) % 2 == 0:
        return (paired(weights),) * 2
    zero = np.zeros((1, weights.shape[1]), dtype=weights.dtype)
    return paired(np.concatenate([weights, zero])), paired(np.concatenate([zero, weights]))


def in_place(targets: Sequence[Target], outputs: int) -> bool:
    """Whether a position's results can be laid down where they belong: not halves of pairs, nor split numbers."""
    return all(form in _SIZES and (form != "i16_pairs" or outputs % 2 == 0) for form, _, _ in targets)


def sliced(step: Mapping[str, Any], part: slice) -> dict[str, Any]:
    """A step with the constants of some outputs alone; entries that are looked up are those of all."""
    if step["kind"] == "look_up":
        return dict(step)
    return {name: value[part] if name in "abcd" and value is not None else value for name, value in step.items()}
