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
    return output.reshape(len(output), -1)


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

    def profile(self, threads: int) -> Contestant:
        """`profile`, on as many events as a second lets."""
        few = self.x[: min(len(self.x), 4096)]
        events = self._affordable(len(few), lambda: self.model.profile(few, threads))
        return Contestant("isobit profile", threads, events, lambda: self.model.profile(self.x[:events], threads))

    def _contestant(self, label: str, engine: str, threads: int) -> Contestant:
        few = self.x[: min(len(self.x), 4096)]
        events = self._affordable(len(few), lambda: self.model.predict(few, engine, threads))
        part = self.x[:events]

        def check(output: Any) -> None:
            self._compare(f"isobit {label}, {threads} threads", as_rows(output), self.expected[:events], "isobit auto")

        run = lambda: self.model.predict(part, engine, threads)  # noqa: E731
        return Contestant(f"isobit {label}", threads, events, run, check)

    def _affordable(self, few: int, run: Any) -> int:
        run()  # compiles
        begin = time.perf_counter()
        run()
        rate = few / (time.perf_counter() - begin)
        # A small batch may be slow by overhead; only engines slower by far are cut short.
        return len(self.x) if 10 * rate * SECONDS >= len(self.x) else max(few, int(rate * SECONDS))

    @staticmethod
    def _compare(name: str, found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any], other: str) -> None:
        if not np.array_equal(found, wanted):
            wrong = np.flatnonzero((found != wanted).any(axis=1)) if found.shape == wanted.shape else []
            first = f", the first is {wrong[0]}: {found[wrong[0]]} instead of {wanted[wrong[0]]}" if len(wrong) else ""
            sys.exit(f"{name} and {other} differ in {len(wrong)} of {len(wanted)} events{first}; nothing is reported")
