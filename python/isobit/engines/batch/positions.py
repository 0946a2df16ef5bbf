"""One map at many positions: a stage of the C++ kernels for each, on neighbouring parts of the same buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import isobit._core as _core

__all__ = ["add_positions", "in_place", "position_weights"]

#: Bytes of a number in a form; of a pair for ``i16_pairs``.
_SIZES = {"i16": 2, "f32": 4, "f64": 8, "i32": 4, "i64": 8, "i16_pairs": 4}
Target = tuple[str, int, int]


def _moved(form: str, features: int) -> int:
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


def add_positions(
    program: Any,
    positions: int,
    given: dict[str, Any],
    form: str,
    steps: Sequence[Mapping[str, Any]],
    make: Callable[[dict[str, Any]], Any],
) -> None:
    """Add a stage for every position.

    Parameters
    ----------
    program
        The program under construction.
    positions
        How many.
    given
        Arguments of ``BatchProgram.stage`` of one position; ``weights`` may be a pair, see :func:`position_weights`,
        and ``source`` and ``targets`` are those of the whole tensors.
    form
        In which the data is read.
    steps
        Steps after the map, with constants for the outputs of all positions.
    make
        Turns a step into the program's.

    Notes
    -----
    Where :func:`in_place` says no, one of the targets must have the form of the stage's arithmetic.
    """
    inputs, outputs = given["inputs"], given["outputs"]
    odd = form == "i16_pairs" and inputs % 2
    near = [target for target in given["targets"] if in_place([target], outputs)]
    far = [target for target in given["targets"] if not in_place([target], outputs)]
    for position in range(positions):
        part = slice(position * outputs, (position + 1) * outputs)
        weights = given["weights"]
        program.stage(
            **given
            | {
                "inputs": inputs + 1 if odd else inputs,
                "source": given["source"] + _moved(form, position * inputs),
                "weights": weights[position * inputs % 2] if isinstance(weights, tuple) else weights,
                "finish": [make(_sliced(step, part)) for step in steps],
                "targets": [(to, split, offset + _moved(to, position * outputs)) for to, split, offset in near],
            }
        )
    if far:  # all positions at once, from the arithmetic's own form
        size = positions * outputs
        none = dict.fromkeys(("weights", "start", "whole", "order", "measures", "limits"))
        program.stage(
            **given
            | none
            | {
                "map": "none",
                "multiply": "i32",
                "split": 0,
                "inputs": size,
                "outputs": size,
                "source": next(offset for form, _, offset in near if form == given["compute"]),
                "term": [],
                "sum": [],
                "finish": [],
                "targets": far,
            }
        )


def in_place(targets: Sequence[Target], outputs: int) -> bool:
    """Whether a position's results can be laid down where they belong: not halves of pairs, nor split numbers."""
    return all(form in _SIZES and (form != "i16_pairs" or outputs % 2 == 0) for form, _, _ in targets)


def _sliced(step: Mapping[str, Any], part: slice) -> dict[str, Any]:
    return {name: value[part] if name in ("a", "b") and value is not None else value for name, value in step.items()}
