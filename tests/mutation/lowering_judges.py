"""What notices a mutant of a lowering or kernel: recorded C-simulations first, then the reference.

Each mutant runs in a fork of a process that has imported everything, so that it costs no start, and it may loop, crash
or take memory.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lowering_graphs import graphs
from recorded_networks import Recorded, difference, families, networks

from isobit.engines.cpp import CppEngine
from isobit.engines.exact import vector
from isobit.engines.exact.int64 import in_lane
from isobit.engines.numba import NumbaEngine
from isobit.engines.reference import ENGINE as REFERENCE
from isobit.engines.strict import ENGINE as STRICT
from isobit.fixed import FixedArray, Overflow
from isobit.fixed.quantise import to_storage
from isobit.model import Graph

__all__ = ["ROADS", "Verdict", "cases", "judge", "prepare"]

Inputs = dict[str, FixedArray]
Run = Callable[[Graph, Inputs], dict[str, FixedArray]]
SECONDS, MEMORY = 20, 6 << 30
HERE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Verdict:
    """What noticed a mutant.

    Attributes
    ----------
    how
        ``csim``: bits differ from recorded ones of the C-simulation; ``reference``: from those that the reference gave
        on drawn graphs, before it was mutated; ``test``: a test failed; ``error``: nothing was computed; ``invalid``:
        it is no Python; empty: it survived.
    detail
        The engine, the network, and what differs.
    seconds
        How long it took.
    """

    how: str
    detail: str = ""
    seconds: float = 0.0


def _cpp(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return CppEngine("").run(graph, inputs, 1)


def _joined(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return CppEngine("").run_outputs(graph, inputs, 1)


def _floats(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    """The outputs alone, from floats, of which those that wrap are a whole turn beyond their format."""
    given = []
    for tensor in graph.inputs:
        kind, raw = tensor.type, inputs[tensor.name].raw
        if kind.overflow is Overflow.SAT_SYM and kind.signed and (raw == kind.raw_min).any():
            return {}  # which no float becomes
        turns = kind.overflow is Overflow.WRAP and not kind.saturation_bits and tensor.limits is None
        given.append((raw + (turns << kind.width)) * float(kind.lsb))
    found = CppEngine("").predict_floats(graph, given, 1, raw=True)
    return (
        {}
        if found is None
        else {t.name: FixedArray(x, t.type) for t, x in zip(graph.output_tensors, found, strict=True)}
    )


def _exact(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    """Every primitive on columns of int64 or Python's integers."""
    lowered = graph.lowered
    raws = {name: array.raw for name, array in inputs.items()}
    for op in lowered.ops:
        tensors = lowered.inputs_of(op)
        given = in_lane(op, tensors, [raws[name] for name in op.inputs])
        raws[op.output.name] = to_storage(vector.compute(op, tensors, given), op.output.type)
    return {op.output.name: FixedArray(raws[op.output.name], op.output.type) for op in graph.ops}


def _strict(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return STRICT.run(graph, inputs, 1)


def _reference(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return REFERENCE.run(graph, {name: array[:16] for name, array in inputs.items()}, 1)


def _numba(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return NumbaEngine().run(graph, inputs, 1)


def _numba_joined(graph: Graph, inputs: Inputs) -> dict[str, FixedArray]:
    return NumbaEngine().run_outputs(graph, inputs, 1)


#: By an area's road, what runs.
ROADS: dict[str, dict[str, Run]] = {
    "lowered": {"cpp": _cpp, "cpp-strict": _strict},
    "planned": {"cpp": _cpp, "cpp, joined": _joined, "cpp, from floats": _floats},
    "exact": {"exact": _exact},
    "every": {"cpp": _cpp, "cpp-strict": _strict, "exact": _exact},
    "reference": {"reference": _reference},
    "strict": {"cpp-strict": _strict},
    "numba": {"numba": _numba, "numba, joined": _numba_joined},
}


def cases(chosen: tuple[str, ...]) -> Iterator[tuple[str, Recorded]]:
    """Recorded networks of some families, then drawn ones."""
    recorded = families()
    for family in chosen:
        if family in recorded:
            yield from (("csim", network) for network in networks(family))
    for family in chosen:
        yield from (("reference", network) for network in graphs(family))


class _First:
    """A plugin of pytest that remembers the first test that fails."""

    def __init__(self) -> None:
        self.found = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.found:
            words = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            self.found = f"{report.nodeid}: {' '.join(words[:1])}"


def _tested(chosen: tuple[str, ...]) -> Verdict:
    """What a test says, which runs in this process."""
    os.chdir(HERE)
    sys.stdout = sys.stderr
    first = _First()
    quiet = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    code = pytest.main([*quiet, *chosen], plugins=[first])
    return Verdict("" if code == 0 else "test" if code == 1 else "error", first.found)


def _compare(road: str, chosen: tuple[str, ...]) -> Verdict:
    if road == "tests":
        return _tested(chosen)
    for oracle, network in cases(chosen):
        for engine, run in ROADS[road].items():
            try:
                found = difference(_fewer(network) if road == "reference" else network, run)
            except Exception as error:
                return Verdict("error", f"{engine}, {network.family} {network.name}: {type(error).__name__}: {error}")
            if found:
                return Verdict(oracle, f"{engine}, {network.family} {network.name}: {found}")
    return Verdict("")


def _fewer(network: Recorded) -> Recorded:
    """The events that the reference computes, one by one."""
    parts = ({name: raw[:16] for name, raw in of.items()} for of in (network.inputs, network.outputs))
    return Recorded(network.family, network.name, network.data, *parts)


def prepare(road: str, chosen: tuple[str, ...]) -> None:
    """Read what mutants of an area need, so that every fork has it; and compare without a mutant.

    Raises
    ------
    AssertionError
        If something differs already.
    """
    if road != "tests":
        for _ in cases(chosen):
            pass
    if road in ("numba", "tests"):
        importlib.import_module("isobit.engines.numba.tables")  # once, not in every fork
    if road == "tests":
        importlib.import_module("hypothesis")
    if any("hgq2" in path for path in chosen):
        importlib.import_module("hls4ml.model.graph")
    # on a fresh clone Numba compiles first, and keeps what it compiled
    verdict = _forked(lambda: _compare(road, chosen), 10 * SECONDS)
    assert not verdict.how, f"without a mutant: {verdict}"


def judge(road: str, chosen: tuple[str, ...], install: Callable[[], None]) -> Verdict:
    """Compare a mutant, which ``install`` puts in place, in a fork."""

    def compare() -> Verdict:
        try:
            install()
        except (SyntaxError, ValueError) as error:
            return Verdict("invalid", str(error))
        return _compare(road, chosen)

    return _forked(compare)


def _forked(compare: Callable[[], Verdict], limit: int = SECONDS) -> Verdict:
    """Run in a fork, which may fail in any way, and is ended when it has used `limit` seconds of CPU."""
    begin = time.monotonic()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _child(write, compare, limit)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    seconds = round(time.monotonic() - begin, 2)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Verdict("error", f"ended by {signal.Signals(number).name}", seconds)
    how, _, detail = text.partition("\n")
    return Verdict(how if text else "error", detail[:300], seconds)


def _child(write: int, compare: Callable[[], Verdict], limit: int) -> Any:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        with np.errstate(all="ignore"):
            found = compare()
        os.write(write, f"{found.how}\n{found.detail}".encode())
    finally:
        sys.stdout.flush()
        os._exit(0)
