"""Primitives of one step of a sequence, as those of all of its steps: the same computation, on views side by side."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.model.dot import Dot
from isobit.model.expressions import with_weights
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Formula, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

__all__ = ["every_step", "of_all_steps", "of_one_step"]


def of_all_steps(tensor: Tensor, steps: int) -> Tensor:
    """The tensor of a sequence, of which this one is a step."""
    return replace(tensor, shape=(steps, *tensor.shape))


def of_one_step(tensor: Tensor) -> Tensor:
    """A step of a sequence."""
    return replace(tensor, shape=tensor.shape[1:])


def every_step(op: Op, tensors: Tensors, steps: int) -> Op:
    """The primitive for all steps.

    Parameters
    ----------
    op, tensors
        That of one step, and the inputs that it reads in a step.
    steps
        How many there are; their numbers follow each other.

    Raises
    ------
    UnsupportedError
        For a primitive that is not known here.
    """
    return replace(op, output=of_all_steps(op.output, steps), **_changes(op, tensors, steps))


def _moved(view: Any, size: int, steps: int) -> Any:
    """A view of a tensor of one step, as one after the other in the tensor of all."""
    starts = np.arange(steps, dtype=np.int64).reshape(-1, *[1] * view.ndim) * size
    return np.where(view < 0, -1, view + starts).reshape(-1, *view.shape[1:])


@singledispatch
def _changes(op: Op, tensors: Tensors, steps: int) -> dict[str, Any]:
    raise UnsupportedError(f"layer {op.name!r} ({op.tag}) is not supported in every step of a sequence")


@_changes.register
def _select(op: Select, tensors: Tensors, steps: int) -> dict[str, Any]:
    sizes = np.array([tensor.size for tensor in tensors])
    origins = op.origins(tensors)
    before = np.cumsum([0, *sizes])[origins]  # of padding it does not matter
    inner = np.where(op.view < 0, -1, op.view - before)
    views = _moved(inner, 0, steps).reshape(steps, -1)
    starts = np.arange(steps)[:, None] * sizes[origins]
    return {"view": np.where(views < 0, -1, views + starts + steps * before).ravel()}


@_changes.register
def _dot(op: Dot, tensors: Tensors, steps: int) -> dict[str, Any]:
    return {"view": _moved(op.view, tensors[0].size, steps)}


@_changes.register
def _formula(op: Formula, tensors: Tensors, steps: int) -> dict[str, Any]:
    views = tuple(_moved(view, tensor.size, steps) for view, tensor in zip(op.views, tensors, strict=True))
    size = op.output.size * steps
    outcome = with_weights(op.outcome, lambda weight: weight if weight.raw.size == 1 else weight.repeated(size))
    return {"outcome": outcome, "views": views, "layer": None}


@_changes.register
def _reduce(op: Reduce, tensors: Tensors, steps: int) -> dict[str, Any]:
    divisors = None if op.divisors is None else np.tile(op.divisors, steps)
    return {"view": _moved(op.view, tensors[0].size, steps), "divisors": divisors}


@_changes.register
def _lookup(op: Lookup, tensors: Tensors, steps: int) -> dict[str, Any]:
    return {}


@_changes.register
def _softmax(op: Softmax, tensors: Tensors, steps: int) -> dict[str, Any]:
    return {"groups": _moved(op.groups, tensors[0].size, steps)}
