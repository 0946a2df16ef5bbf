"""What is varied: axes over the formats of a network, and the formats that a point gives."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np

from isobit.errors import FormatError, RangeError, UnsupportedError
from isobit.fixed.modes import Overflow, Rounding, parse_mode
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.requested import reuse_factors
from isobit.suggest import did_you_mean
from isobit.sweep.configuration import CONVERSION, CONVERSIONS, ENTRIES, REUSE

__all__ = ["PARAMETERS", "Axis", "Point", "Space"]

#: What an axis may set of a format: all bits (integer bits stay), integer bits (all bits stay), fraction bits (integer
#: bits stay), modes, or the whole format; entries of a table; the reuse factor of a layer; and how the configuration
#: becomes a network: ``retyped`` or ``reconverted``.
PARAMETERS = ("bits", "integer", "fraction", "rounding", "overflow", "type", "entries", "reuse_factor", "conversion")

#: Those that are no part of a format, and what their names end with.
_SETTINGS = {"entries": ENTRIES, "reuse_factor": REUSE, CONVERSION: ""}

#: Values by dimension.
Point = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """Values of one parameter of some formats.

    Attributes
    ----------
    slots
        Which: ``layer.slot``, with ``*`` and ``?``: ``"*.accum"``. For ``reuse_factor`` layers, for ``entries`` slots
        of tables, none for ``conversion``.
    parameter
        One of :data:`PARAMETERS`.
    values
        What it may be, in order.
    tied
        Whether all slots have the same value; otherwise each is a dimension of its own.
    name
        Name of the dimension; by default slots and parameter.
    """

    slots: tuple[str, ...]
    parameter: str
    values: tuple[Any, ...]
    tied: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if self.parameter not in PARAMETERS:
            raise UnsupportedError(
                f"an axis sets {self.parameter!r}{did_you_mean(self.parameter, PARAMETERS)}; it may set "
                f"{', '.join(PARAMETERS)}"
            )
        if self.parameter == CONVERSION:
            if wrong := [value for value in self.values if value not in CONVERSIONS]:
                near = did_you_mean(str(wrong[0]), CONVERSIONS)
                raise UnsupportedError(f"conversion is {wrong[0]!r}{near}; it may be {', '.join(CONVERSIONS)}")
            object.__setattr__(self, "slots", ("",))
            object.__setattr__(self, "name", self.name or CONVERSION)
        if not self.values or not self.slots:
            raise RangeError(f"the axis {self.name or self.parameter!r} has no {'values' if self.slots else 'slots'}")
        if not self.name:
            object.__setattr__(self, "name", f"{','.join(self.slots)} {self.parameter}")

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> list[Axis]:
        """The axes of one entry of a specification, one for each parameter that it has.

        Raises
        ------
        UnsupportedError
            For a key that is not known.
        """
        rest = dict(entry)
        slots = rest.pop("slots", ())
        slots = (slots,) if isinstance(slots, str) else tuple(slots)
        tied, name = bool(rest.pop("tied", True)), str(rest.pop("name", ""))
        if unknown := [key for key in rest if key not in PARAMETERS]:
            near = did_you_mean(unknown[0], (*PARAMETERS, "slots", "tied", "name"))
            raise UnsupportedError(
                f"unknown key {unknown[0]!r}{near}; known: slots, tied, name, {', '.join(PARAMETERS)}"
            )
        if not rest:
            raise RangeError(f"the axis of {', '.join(slots)} sets nothing; it may set {', '.join(PARAMETERS)}")
        many = len(rest) > 1
        return [
            cls(slots, key, tuple(_listed(values)), tied, f"{name} {key}".strip() if many else name)
            for key, values in rest.items()
        ]

    def changed(self, kind: Any, value: Any) -> Any:
        """A format (or what else the axis sets) with this parameter set."""
        if self.parameter in _SETTINGS:
            return str(value)
        if self.parameter == "type":
            return FixedType.parse(value)
        if self.parameter == "rounding":
            return replace(kind, rounding=parse_mode(Rounding, value))
        if self.parameter == "overflow":
            return replace(kind, overflow=parse_mode(Overflow, value))
        if self.parameter == "bits":
            return replace(kind, width=int(value))
        if self.parameter == "integer":
            return replace(kind, integer=int(value))
        return replace(kind, width=kind.integer + int(value))


def _listed(values: Any) -> Sequence[Any]:
    if isinstance(values, Mapping):  # {from: 8, to: 18, step: 2}
        unknown = set(values) - {"from", "to", "step"}
        if unknown or not {"from", "to"} <= set(values):
            raise UnsupportedError(f"a range has from, to and step; got {', '.join(map(str, values))}")
        return range(int(values["from"]), int(values["to"]) + 1, int(values.get("step", 1)))
    return values if isinstance(values, (list, tuple, range)) else [values]


class Space:
    """The points that axes make of a network's formats.

    Parameters
    ----------
    graph
        The network.
    axes
        What is varied; later axes see the formats that earlier ones made.

    Raises
    ------
    FormatError
        For a pattern that no format of the network matches.
    RangeError
        For two dimensions of one name.
    """

    def __init__(self, graph: Graph, axes: Sequence[Axis]) -> None:
        self.graph = graph
        self.axes = tuple(axes)
        self._slots = [self._matching(axis) for axis in self.axes]
        names = [name for name, _, _ in self._dimensions()]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise RangeError(f"two dimensions are called {twice!r}; give the axes names")

    @cached_property
    def free(self) -> dict[str, FixedType]:
        """Formats that can be changed."""
        graph = self.graph
        bound = {f"{op.name}.result" for op in graph.ops if op.follows or op.output.xnor}
        bound |= {f"{tensor.name}.result" for tensor in graph.inputs if tensor.xnor}
        return {key: kind for key, kind in graph.types().items() if key not in bound and not kind.is_int}

    @cached_property
    def settings(self) -> dict[str, dict[str, str]]:
        """What else can be changed, as it is: entries of tables, reuse factors of layers, how it is converted."""
        entries = {
            f"{op.name}.{slot}": str(count) for op in self.graph.ops for slot, (count, _) in op.resizable.items()
        }
        reuse = {factor.layer: str(factor.reuse_factor) for factor in reuse_factors(self.graph)}
        return {"entries": entries, "reuse_factor": reuse, CONVERSION: {"": CONVERSIONS[0]}}

    def _matching(self, axis: Axis) -> list[str]:
        found: list[str] = []
        known: Mapping[str, Any] = self.settings.get(axis.parameter, self.free)
        for pattern in axis.slots:
            matching = fnmatch.filter(known, pattern)
            if not matching:
                what = {"entries": "table", "reuse_factor": "layer with a reuse factor"}.get(axis.parameter, "format")
                raise FormatError(
                    f"no {what} of the network matches {pattern!r}{did_you_mean(pattern, known)}; there are "
                    f"{', '.join(known)}"
                )
            found += [key for key in matching if key not in found]
        return found

    def _dimensions(self) -> Iterator[tuple[str, Axis, list[str]]]:
        for axis, slots in zip(self.axes, self._slots, strict=True):
            if axis.tied:
                yield axis.name, axis, slots
            else:
                yield from ((f"{key} {axis.parameter}", axis, [key]) for key in slots)

    @property
    def named(self) -> list[tuple[str, Axis, list[str]]]:
        """Every dimension: its name, the axis that it is of, and its slots."""
        return list(self._dimensions())

    @cached_property
    def dimensions(self) -> dict[str, tuple[Any, ...]]:
        """Values of every dimension, by its name."""
        return {name: axis.values for name, axis, _ in self._dimensions()}

    @property
    def size(self) -> int:
        """Points of the grid."""
        return prod(len(values) for values in self.dimensions.values())

    def grid(self) -> Iterator[Point]:
        """Every point, the last dimension fastest."""
        names = list(self.dimensions)
        yield from (dict(zip(names, values, strict=True)) for values in product(*self.dimensions.values()))

    def random(self, rng: np.random.Generator) -> Point:
        """A point drawn at random."""
        return {name: values[int(rng.integers(len(values)))] for name, values in self.dimensions.items()}

    def changes(self, point: Point) -> dict[str, str]:
        """What a point changes: formats by ``layer.slot``, and settings (:mod:`isobit.sweep.configuration`).

        Raises
        ------
        FormatError
            If a format does not exist, such as one of no bits.
        UnsupportedError
            For a dimension or value that the space does not have.
        """
        if set(point) != set(self.dimensions):
            raise UnsupportedError(f"a point has {', '.join(self.dimensions)}; got {', '.join(point)}")
        found: dict[str, Any] = {}
        own: dict[str, Any] = dict(self.free)
        for name, axis, slots in self._dimensions():
            for slot in slots:
                key = slot
                if (end := _SETTINGS.get(axis.parameter)) is not None:
                    key = f"{slot}{end}" or CONVERSION
                    own[key] = self.settings[axis.parameter][slot]
                found[key] = axis.changed(found.get(key, own[key]), point[name])
        return {key: str(value) for key, value in found.items() if value != own[key]}
