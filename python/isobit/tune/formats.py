"""Formats that tuning may change, and how."""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace

from isobit.bounds.constants import op_constants
from isobit.errors import FormatError
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.weights import Encoding
from isobit.suggest import did_you_mean

__all__ = ["free", "holding", "is_addressed", "least", "retyped", "sized", "with_fraction"]


def free(graph: Graph, slots: Collection[str]) -> dict[str, FixedType]:
    """Formats that tuning may change."""
    bound = {f"{tensor.name}.result" for tensor in graph.inputs} | graph.tied.keys()
    bound |= {f"{op.name}.result" for op in graph.ops if op.follows or op.output.xnor}
    for op in graph.ops:
        bound |= {f"{op.name}.{w.name}" for w in op_constants(op) if w.encoding is not Encoding.PLAIN}
        if is_addressed(op):
            bound |= {f"{op.name}.{slot}" for slot in op.types() if slot != "result"}
    known = {key: kind for key, kind in graph.types().items() if key not in bound and not kind.is_int}
    chosen: dict[str, FixedType] = {}
    for pattern in slots:
        matching = fnmatch.filter(known, pattern)
        if not matching:
            raise FormatError(f"no format that can be tuned matches {pattern!r}{did_you_mean(pattern, known)}")
        chosen |= {key: known[key] for key in matching}
    return {key: kind for key, kind in known.items() if key in chosen}


def is_addressed(op: Op) -> bool:
    """Whether top bits of a format address a table of the layer."""
    return any(address is not None for _, address in op.resizable.values())


def least(kind: FixedType) -> int:
    """Fewest fraction bits: the format keeps a bit beside its sign."""
    return 1 - kind.integer + kind.signed if kind.integer < 1 else 0


def with_fraction(kind: FixedType, bits: int) -> FixedType:
    """The format with so many fraction bits, its integer bits kept."""
    return replace(kind, width=max(1, kind.integer + bits))


def sized(kind: FixedType, width: int) -> FixedType:
    """Other integer bits, so that the width is this; one that wraps or saturates never does."""
    integer = kind.integer + width - kind.width
    if kind.overflow is Overflow.SAT_SYM or kind.saturation_bits:
        return kind if width <= kind.width else replace(kind, width=width, integer=integer)
    return replace(kind, width=width, integer=integer)


def holding(kind: FixedType, ends: tuple[float, float]) -> FixedType:
    """The fewest integer bits for constants between two ends, the fraction kept."""
    low, high = ends
    for integer in range(-kind.fraction + 1 + kind.signed, 64):
        wide = replace(kind, width=integer + kind.fraction, integer=integer)
        if wide.raw_min * wide.lsb <= low and high < (wide.raw_max + 1) * wide.lsb:
            return wide
    return kind


def retyped(graph: Graph, types: Mapping[str, FixedType]) -> Graph:
    """The network with these formats; constants may change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return graph.with_types(types)
