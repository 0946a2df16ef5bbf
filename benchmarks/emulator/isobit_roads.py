"""isobit's own runs: every engine on one and two threads, and what a profile costs."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from emulator.clock import Contestant
from isobit.engines.registry import resolve

#: Candidates; those that stand for an engine that another stands for, too, are run once.
NAMES = ("auto", "numba", "cpp", "cpp-strict")
#: Events of a call, where the events come in batches.
BATCH = 16_384
#: A slow engine runs on fewer events, about so many seconds' worth.
SECONDS = 1.0


def engines() -> dict[str, str]:
    """Labels and names of the engines that differ: {"auto = numba": "auto", "cpp-strict": "cpp-strict"}."""
    found: dict[str, list[str]] = {}
    for name in NAMES:
        try:
            found.setdefault(resolve(name), []).append(name)
        except ValueError:
            continue
    return {" = ".join(dict.fromkeys([*names, engine])): names[0] for engine, names in found.items()}


def as_rows(output: Any) -> np.ndarray[Any, Any]:
    """An output as (events, values), refused unless it is float64."""
    if output.dtype != np.float64:
        sys.exit(f"isobit's predict gave {output.dtype}, expected float64")
    return np.asarray(output.reshape(len(output), -1))


class Roads:
    """isobit's contestants for one network; every run's output must be `expected`, bit for bit.

    Attributes
    ----------
    expected
        Outputs of all events by ``engine="auto"``, one thread; the first ones have been compared with hls4ml's.
    """

    def __init__(self, model: Any, x: np.ndarray[Any, Any], firmware: np.ndarray[Any, Any]) -> None:
        self.model, self.x = model, x
        self.expected = as_rows(model.predict(x, threads=1))
        self._compare("isobit", self.expected[: len(firmware)], firmware, "hls4ml's library")
        if len(np.unique(self.expected, axis=0)) < min(len(x), 100) // 2:
            sys.exit(f"{model.graph.name}: the outputs hardly depend on the inputs")

    def contestants(self, threads: int) -> list[Contestant]:
        """One contestant an engine."""
        return [self._contestant(label, name, threads) for label, name in engines().items()]

    def batches(self, threads: int) -> Contestant:
        """``engine="auto"`` batch by batch, as onnxruntime is run: the memory of outputs is used again."""
        events = self._affordable("auto", threads)
        starts = range(0, events, BATCH)

        def run() -> Any:
            return [self.model.predict(self.x[start : min(start + BATCH, events)], threads=threads) for start in starts]

        name = f"isobit auto, batch {BATCH}"
        return Contestant(name, threads, events, run, lambda parts: self._check(name, np.concatenate(parts)))

    def profile(self, threads: int) -> Contestant:
        """`profile` on the events of ``engine="auto"``."""
        part = self.x[: self._affordable("auto", threads)]
        return Contestant("isobit profile", threads, len(part), lambda: self.model.profile(part, threads))

    def _contestant(self, label: str, engine: str, threads: int) -> Contestant:
        part = self.x[: self._affordable(engine, threads)]
        name = f"isobit {label}"
        return Contestant(
            name,
            threads,
            len(part),
            lambda: self.model.predict(part, engine, threads),
            lambda output: self._check(f"{name}, {threads} threads", output),
        )

    def _affordable(self, engine: str, threads: int) -> int:
        """Events of a run: all, or a second's worth of an engine that would take ten."""
        few = self.x[:4096]
        self.model.predict(few, engine, threads)  # compiles
        begin = time.perf_counter()
        self.model.predict(few, engine, threads)
        rate = len(few) / (time.perf_counter() - begin)
        return len(self.x) if 10 * rate * SECONDS >= len(self.x) else max(len(few), int(rate * SECONDS))

    def _check(self, name: str, output: Any) -> None:
        found = as_rows(output)
        self._compare(name, found, self.expected[: len(found)], "isobit auto")

    @staticmethod
    def _compare(name: str, found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any], other: str) -> None:
        if not np.array_equal(found, wanted):
            if found.shape != wanted.shape:
                sys.exit(f"{name} gave {found.shape}, {other} {wanted.shape}")
            wrong = np.flatnonzero((found != wanted).any(axis=1))
            first = f"{wrong[0]}: {found[wrong[0]]} against {wanted[wrong[0]]}"
            sys.exit(f"{name} and {other} differ in {len(wrong)} of {len(wanted)} events, the first is {first}")
