"""One map at many positions: a stage of the C++ kernels for each, on neighbouring parts of the same buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.engines.cpp.steps import core_step

__all__ = ["in_place", "moved", "position_weights", "sliced", "window_steps"]

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


def window_steps(steps: Sequence[Mapping[str, Any]], outputs: int, dtype: Any) -> Callable[[int], list[Any]]:
    """Gives the ``BatchStep`` of every window's own outputs; windows with the same constants share them.

    Parameters
    ----------
    steps
        Those of all outputs.
    outputs
        Outputs of a window.
    dtype
        The numbers of the lane.
    """
    known: dict[bytes, list[Any]] = {}

    def of_window(window: int) -> list[Any]:
        part = slice(window * outputs, (window + 1) * outputs)
        own = [sliced(step, part) for step in steps]
        sliced_steps = (step for step in own if step["kind"] != "look_up")
        key = b"".join(step[name].tobytes() for step in sliced_steps for name in "abcd" if step.get(name) is not None)
        if key not in known:
            known[key] = [core_step(step, dtype) for step in own]
        return known[key]

    return of_window
