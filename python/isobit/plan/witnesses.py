"""What a search for overflows finds, and what it does not; see :mod:`isobit.witness.search`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.tensor import reported

__all__ = ["MayOverflow", "Witness", "Witnesses", "as_reported"]


@dataclass(frozen=True)
class MayOverflow:
    """A cast that may overflow: ``slot`` is ``accum`` or ``result``."""

    layer: str
    slot: str
    neuron: int


VerdictT = TypeVar("VerdictT", bound=MayOverflow)


@dataclass(frozen=True, eq=False)
class Witness(MayOverflow):
    """An input with which a cast overflows.

    Attributes
    ----------
    inputs
        The input, by name: one event in the input's format, shape (1, size).
    value
        A number that the format cannot hold, rounded to its LSB, in units of 2**-fraction. For an accumulator the
        term or partial sum of this event that lies farthest outside.
    fraction
        Fraction bits of the value and of the format.
    bits_needed
        Total bits that hold the value, with a sign if the format has one or the value is negative (which no unsigned
        format holds, however wide).
    type
        The format that is too narrow.
    """

    inputs: dict[str, FixedArray]
    value: int
    fraction: int
    bits_needed: int
    type: FixedType

    def __str__(self) -> str:
        return (
            f"{self.layer}.{self.slot} {self.type}: neuron {self.neuron} needs {self.bits_needed} bits, not "
            f"{self.type.width}"
        )


@dataclass(frozen=True, eq=False)
class Witnesses:
    """The result of a search: iterates over the witnesses.

    Attributes
    ----------
    found
        One witness per verdict that has one, in the order of the layers.
    open
        Casts without a witness: no input was found, which does not prove that there is none.
    """

    found: tuple[Witness, ...]
    open: tuple[MayOverflow, ...]

    def __iter__(self) -> Iterator[Witness]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def share(self) -> float:
        """Witnessed verdicts among all; 1 where there are none."""
        total = len(self.found) + len(self.open)
        return len(self.found) / total if total else 1.0

    def __str__(self) -> str:
        return f"{len(self.found)} of {len(self.found) + len(self.open)} 'may overflow' verdicts have a witness"


def as_reported(verdicts: Iterable[VerdictT], graph: Graph) -> tuple[VerdictT, ...]:
    """The same for reports, which speak of layers: see :func:`isobit.model.tensor.reported`.

    Parameters
    ----------
    verdicts
        By primitive.
    graph
        The network, lowered.
    """
    ends: Counter[tuple[str, str]] = Counter()
    firsts: dict[tuple[str, str], int] = {}
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for op in graph.ops:
        for slot in op.types():
            key = op.name, slot
            names[key] = called = reported(op.name, slot, op.output)
            firsts[key], ends[called] = ends[called], ends[called] + op.output.size
    keys = [(verdict, (verdict.layer, verdict.slot)) for verdict in verdicts]
    return tuple(
        replace(verdict, layer=names[key][0], slot=names[key][1], neuron=firsts[key] + verdict.neuron)
        for verdict, key in keys
    )
