"""Load libraries together, in worker processes: does each still give the bits that it gives alone?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import CSimError, ModelFileError
from isobit.fixed.array import FixedArray
from isobit.libraries.elf import Library
from isobit.libraries.emulator import WAYS, EmulatorProgram
from isobit.libraries.interface import Interface, Part, read_interface

__all__ = ["Difference", "Together", "load_together", "random_inputs", "read_interfaces"]


@dataclass(frozen=True)
class Difference:
    """A library that gives other bits, or none, in company.

    Attributes
    ----------
    library
        Its name.
    plan
        How the libraries were loaded: one of :data:`~isobit.libraries.emulator.WAYS`.
    differ, events
        Events whose results differ, of how many.
    event, result, index, alone, together
        The first of them: which result and number of it, and its raw integers. None where it ended.
    error
        How the process ended, if it did.
    """

    library: str
    plan: str
    differ: int
    events: int
    event: int | None = None
    result: int | None = None
    index: int | None = None
    alone: int | None = None
    together: int | None = None
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"{self.library} end when loaded together ({self.plan}): {self.error}"
        return (
            f"{self.library} gives other bits in {self.differ} of {self.events} events when loaded with the others "
            f"({self.plan}): in event {self.event}, result {self.result}[{self.index}] is {self.together}, alone "
            f"{self.alone}"
        )

    def to_dict(self) -> dict[str, object]:
        """As plain Python objects."""
        return asdict(self)


@dataclass(frozen=True)
class Together:
    """What the loader test found.

    Attributes
    ----------
    libraries
        Their names.
    events
        Random events that each got.
    runs
        Comparisons: libraries times ways to load them.
    differences
        What differs; empty if each gives its own bits in every company.
    """

    libraries: tuple[str, ...]
    events: int
    runs: int
    differences: tuple[Difference, ...]


def read_interfaces(
    libraries: Mapping[str, Library], descriptions: Sequence[str | os.PathLike[str]]
) -> dict[str, Interface]:
    """The interface of each library, from descriptions that name the libraries.

    Raises
    ------
    ModelFileError
        If a library has no description, or several; or if a description is of none of them, or wrong.
    """
    names = {library.path.resolve(): name for name, library in libraries.items()}
    found: dict[str, Interface] = {}
    for path in map(Path, descriptions):
        interface = read_interface(path)
        name = names.get(interface.library.resolve())
        if name is None:
            raise ModelFileError(f"{path} describes {interface.library}, which is none of {', '.join(libraries)}")
        if name in found:
            raise ModelFileError(f"{path} describes {name} again")
        found[name] = interface
    if missing := [name for name in libraries if name not in found]:
        raise ModelFileError(f"{missing[0]} has no description; loading libraries needs one for each")
    return {name: found[name] for name in libraries}


def random_inputs(parts: Sequence[Part], events: int, seed: int) -> list[FixedArray]:
    """Raw integers over whole formats, the first event zero, the next ones at the ends."""
    rng = np.random.default_rng(seed)
    found = []
    for part in parts:
        kind, shape = part.type, (events, part.size)
        low, high = kind.raw_min, kind.raw_max
        if kind.width < 64:
            raw: Any = rng.integers(low, high, shape, endpoint=True)
        else:
            words = [rng.integers(0, 1 << 32, shape).astype(object) << (32 * k) for k in range(kind.width // 32 + 1)]
            raw = sum(words) % (high - low + 1) + low
        for event, value in enumerate((0, low, high)):
            raw[event : event + 1] = value
        found.append(FixedArray.from_raw(raw, kind))
    return found


def load_together(
    interfaces: Mapping[str, Interface], *, events: int = 200, seed: int = 1, timeout: float = 60.0
) -> Together:
    """Run each library alone and in the company of all others, on the same random events. This runs their code.

    Parameters
    ----------
    interfaces
        Of each library, by name.
    events, seed
        How many random events, and their seed.
    timeout
        Seconds without an event's end after which a process is ended, which counts as a difference.

    Raises
    ------
    CSimError
        If a library cannot be run even alone.
    CompilerError
        If there is no compiler, or it refuses the program that loads them.
    """
    every, names = list(interfaces.values()), list(interfaces)
    program = EmulatorProgram(every, timeout=timeout)
    inputs = [random_inputs(one.inputs, events, seed + k) for k, one in enumerate(every)]
    alone, found = [], []
    for mine, name in enumerate(names):
        try:
            alone.append(program.run(inputs, which=mine)[mine])
        except CSimError as error:
            raise CSimError(f"{name} cannot be run alone: {error}") from None
    for way in range(1, len(WAYS)):
        try:
            both = program.run(inputs, way)
        except CSimError as error:
            found.append(Difference(", ".join(names), WAYS[way], events, events, error=str(error)))
            continue
        each = (_difference(name, WAYS[way], *pair) for name, *pair in zip(names, alone, both, strict=True))
        found += [difference for difference in each if difference is not None]
    return Together(tuple(names), events, len(names) * (len(WAYS) - 1), tuple(found))


def _difference(name: str, plan: str, alone: Sequence[FixedArray], both: Sequence[FixedArray]) -> Difference | None:
    unequal = [np.not_equal(a.raw, b.raw).reshape(len(a.raw), -1) for a, b in zip(alone, both, strict=True)]
    events: Any = np.any([array.any(axis=1) for array in unequal], axis=0)
    if not events.any():
        return None
    event = int(np.argmax(events))
    result = next(k for k, array in enumerate(unequal) if array[event].any())
    index = int(np.argmax(unequal[result][event]))
    one, other = (int(group[result].raw.reshape(len(events), -1)[event, index]) for group in (alone, both))
    return Difference(name, plan, int(events.sum()), len(events), event, result, index, one, other)
