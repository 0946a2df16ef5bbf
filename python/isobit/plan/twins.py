"""Stages that compute the same numbers as another one: what several layers do alike to one tensor is done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from isobit.plan.stages import Stage

__all__ = ["without_twins"]


def without_twins(stages: Sequence[Stage], kept: Collection[str]) -> list[Stage]:
    """The stages without those that read the same, map it alike and do the same to it as one before them.

    Parameters
    ----------
    stages
        In order of computation.
    kept
        Tensors that must exist at the end.
    """
    found: list[Stage] = []
    known: dict[Hashable, int] = {}
    names: dict[str, str] = {}
    readers = Counter(source for stage in stages for source in set(stage.sources))
    for stage in stages:
        alone = all(readers[source] == 1 for source in stage.sources)
        stage = replace(stage, sources=tuple(names.get(name, name) for name in stage.sources))
        if alone:  # nobody else reads the same
            found.append(stage)
            continue
        key = _key((stage.sources, stage.map, stage.steps, stage.positions, stage.view))
        twin = known.get(key)
        if twin is None or stage.refusal is not None or stage.target in kept:
            if stage.refusal is None:
                known.setdefault(key, len(found))
            found.append(stage)
            continue
        first = found[twin]
        names[stage.target] = first.target
        found[twin] = replace(first, ops=(*stage.ops, *first.ops))
    return found


def _key(value: Any) -> Hashable:
    """Equal for equal contents; which layer a step is watched for does not count."""
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), tuple(value.flat) if value.dtype == object else value.tobytes()
    if isinstance(value, tuple):
        return tuple(_key(part) for part in value)
    if is_dataclass(value):
        parts = [_key(getattr(value, field.name)) for field in fields(value) if field.name != "watch"]
        return type(value).__name__, *parts
    return value if isinstance(value, Hashable) else repr(value)
