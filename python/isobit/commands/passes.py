"""What commands find out in one pass over events of any number, block by block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from isobit.api import Model
from isobit.check.blocks import Block, block_size, blocks_of
from isobit.errors import ShapeError
from isobit.fixed.array import FixedArray
from isobit.profile.blocks import joined
from isobit.profile.counts import Profile
from isobit.streaming.inputs import Inputs

__all__ = ["extremes", "profile_events"]


def profile_events(
    model: Model, given: Mapping[str, Any], threads: int | None, *, distributions: bool = False
) -> Profile:
    """The profile of all events; see :meth:`isobit.Model.profile`.

    Parameters
    ----------
    model
        The network.
    given
        ``data`` and what to read of them, as of :class:`isobit.streaming.inputs.Inputs`.
    threads
        Threads to use; None takes every core.
    distributions
        Also count how large the numbers of the first events are.

    Raises
    ------
    ShapeError
        If there are no events.
    """
    found: Profile | None = None
    for block in _blocks(model, given):
        part = model.profile(block.arrays, threads, distributions=distributions and found is None)
        found = part if found is None else joined(model.graph, [found, part])
    if found is None:
        raise ShapeError("there is no event to profile")
    return found


def extremes(model: Model, given: Mapping[str, Any]) -> Any:
    """Two events that hold the smallest and the largest values of all, as :meth:`isobit.Model.plan` takes them.

    Raises
    ------
    ShapeError
        If there are no events.
    """
    found: dict[str, Any] = {}
    for block in _blocks(model, given):
        for name, array in block.inputs.items():
            rows = [array.raw, found[name]] if name in found else [array.raw]
            raw = np.concatenate(rows)
            found[name] = np.stack([raw.min(axis=0), raw.max(axis=0)])
    if not found:
        raise ShapeError("there is no event whose values could bound the inputs")
    tensors = model.graph.inputs
    return {t.name: FixedArray.from_raw(found[t.name], t.type).reshape(2, *t.shape) for t in tensors}


def _blocks(model: Model, given: Mapping[str, Any]) -> Iterator[Block]:
    with contextlib.closing(Inputs(model.graph.inputs, **given)) as source:
        yield from blocks_of(model.graph, source, block_size(model.graph))
