"""A compiled hls4ml project that simulates batches of events."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from isobit.csim.cache import touch
from isobit.csim.project import build_project
from isobit.csim.words import parse_ports, split, to_words
from isobit.csim.worker import worker
from isobit.errors import CSimError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.frontends.sources import Project
from isobit.headers import HEADER_SETS
from isobit.ports import Port

__all__ = ["CSimProgram", "Tensors"]

#: Arrays of shape (events, size) by name: FixedArray, or float64 where the firmware's type is C++ floating point.
Tensors = dict[str, Any]
#: Begins a loop over steps, in the source that calls the layers.
_LOOP = b"nnet::read_time_step_"

#: Words of input and output that a worker gets at a time; bounds the memory.
_WORDS = 1 << 21


class CSimProgram:
    """A compiled C-simulation of one hls4ml project.

    Parameters
    ----------
    project
        The project's sources.
    headers
        ``vendor`` for the project's own ``ap_types``, ``isobit`` for isobit's headers in their place.
    optimisation
        The compiler's -O level: ``3`` as hls4ml's build_lib.sh, ``0`` compiles fastest. No bit depends on it.

    Raises
    ------
    CompilerError
        If there is no compiler or it refuses the project.
    UnsupportedError
        For another header set.
    """

    def __init__(self, project: Project, *, headers: str = "vendor", optimisation: str = "3") -> None:
        if headers not in HEADER_SETS:
            raise UnsupportedError(f"headers={headers!r} is not supported; supported: {', '.join(HEADER_SETS)}")
        built = build_project(project, headers, optimisation)
        self.folder: Path = built.folder
        self.state = built.state
        self.traced = project.traced
        # A layer in a loop over steps has a tap in each; a copied stream, which is tapped twice, is no such layer.
        self._in_steps = any(_LOOP in text for text in project.files.values())
        self.reuse = project.reuse
        self.inputs = _named(built.inputs, project.directed("in"))
        self.outputs = _named(built.outputs, project.directed("out"))

    def require_trace(self) -> None:
        """Check that layers can be traced.

        Raises
        ------
        UnsupportedError
            For a trace of sources that trace no layer.
        """
        if not self.traced:
            raise UnsupportedError(
                "the project's sources trace no layer; write it with TraceOutput and Trace set in hls4ml's "
                "configuration, or simulate the ModelGraph, which isobit writes with every layer traced"
            )

    def run(
        self,
        inputs: Mapping[str, Any],
        *,
        raw: bool,
        trace: bool,
        threads: int = 1,
        timeout: float | None = None,
    ) -> tuple[Tensors, Tensors]:
        """Simulate events.

        Parameters
        ----------
        inputs
            Every input by name, shape (events, size): fixed arrays if ``raw``, else float64. Inputs of a C++
            floating-point type are float64 in both cases.
        raw
            Whether to hand over raw bits, or doubles that the firmware's own types quantise.
        trace
            Whether to tap the layers.
        threads
            Worker processes. A design that keeps state from event to event (:attr:`state`) gets a single new one.
        timeout
            Seconds without an event's end after which a worker is ended; None for no limit.

        Returns
        -------
        Tapped layers by name, in the order of computation (of several tensors of one layer the last, as in hls4ml's
        trace), and outputs.

        Raises
        ------
        UnsupportedError
            For a trace of sources that trace no layer.
        CSimError
            If a worker aborts, exits or takes too long, with what it said.
        """
        if trace:
            self.require_trace()
        columns = [to_words(inputs[port.name], port, raw and port.type is not None) for port in self.inputs]
        words = np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0]
        events = len(words)
        if events == 0 and trace:  # only an event says what the taps are
            one = self.run(_zeros(inputs, self.inputs), raw=raw, trace=True, timeout=timeout)
            return {name: v[:0] for name, v in one[0].items()}, {name: v[:0] for name, v in one[1].items()}
        workers = 1 if self.state else max(1, min(threads, events))
        bounds = np.linspace(0, events, workers + 1).astype(int)
        slices = [(words[a:b], int(a)) for a, b in itertools.pairwise(bounds)]

        def simulate(part: tuple[Any, int]) -> tuple[str, Any]:
            return self._worker(*part, raw, trace, timeout)

        if workers == 1:
            parts = [simulate(slices[0])]
        else:
            with ThreadPoolExecutor(max_workers=workers) as pool:
                parts = list(pool.map(simulate, slices))
        taps = [port for _, port in parse_ports(parts[0][0])]
        tensors = split(np.concatenate([table for _, table in parts]), [*taps, *self.outputs])
        found: dict[str, list[Any]] = {}
        for port, array in zip(taps, tensors, strict=False):
            found.setdefault(port.name, []).append(array)
        named = {name: _beside(parts) if self._in_steps and parts[1:] else parts[-1] for name, parts in found.items()}
        return named, {port.name: array for port, array in zip(self.outputs, tensors[len(taps) :], strict=True)}

    def _worker(self, words: Any, first: int, raw: bool, trace: bool, timeout: float | None) -> tuple[str, Any]:
        """Run one worker over its events, block by block."""
        outputs = sum(port.size * port.limbs for port in self.outputs)
        block = max(1, _WORDS // (words.shape[1] + outputs) // (8 if trace else 1))
        taps, tables = "", []
        if len(words) == 0:
            return taps, np.empty((0, outputs), dtype=np.uint64)
        with worker(self.folder / "program", self.folder, fresh=bool(self.state)) as process:
            for start in range(0, len(words), block):
                part = words[start : start + block]
                touch(self.folder)
                taps, table, _ = process.run(part, raw=raw, trace=trace, timeout=timeout, first=first + start)
                if line := process.line("ERROR"):  # hls4ml's loader of weights says so, and goes on without them
                    raise CSimError(f"the C-simulation reports an error: {line}")
                width = outputs + sum(port.size * port.limbs for _, port in parse_ports(taps))
                if table.size != len(part) * width:
                    raise CSimError(
                        f"the C-simulation gave {table.size} words for {len(part)} events, expected {width} each"
                    )
                tables.append(table.reshape(len(part), width))
        return taps, tables[0] if len(tables) == 1 else np.concatenate(tables)


def _named(ports: Sequence[Port], parameters: Sequence[Any]) -> tuple[Port, ...]:
    """The ports that the compiled design reports, with the shapes that the project states."""
    found = [port.name for port in ports]
    expected = [parameter.name for parameter in parameters]
    if found != expected:
        raise CSimError(f"the C-simulation has other arguments than the project: {found}, expected {expected}")
    return tuple(port.reshaped(p.shape) for port, p in zip(ports, parameters, strict=True))


def _beside(parts: list[Any]) -> Any:
    """Numbers of one tap after the other's, event by event."""
    join = FixedArray.concatenate if isinstance(parts[0], FixedArray) else np.concatenate
    return join(parts, axis=1)


def _zeros(inputs: Mapping[str, Any], ports: Sequence[Port]) -> dict[str, Any]:
    """One event of zeros, of the same kind as ``inputs``."""
    zeros: dict[str, Any] = {}
    for port in ports:
        value = np.zeros((1, port.size), dtype=np.int64)
        given = inputs[port.name]
        fixed = isinstance(given, FixedArray)
        zeros[port.name] = FixedArray.from_raw(value, given.type) if fixed else value.astype(np.float64)
    return zeros
