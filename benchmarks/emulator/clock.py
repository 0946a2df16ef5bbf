"""Timing: every contestant in turn, round by round, so that other work on the machine hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Rest before each round of a contestant: threads of the run before (onnxruntime's spin on for a while) go to sleep.
REST_S = 0.05
#: Short runs are repeated within a round for so long.
ROUND_S = 0.2


class Seconds(NamedTuple):
    """What one run took, as told by a contestant that keeps the time itself."""

    wall: float
    cpu: float


@dataclass
class Contestant:
    """Something that processes events.

    Attributes
    ----------
    name, threads, events
        What it is called, the threads it may use, the events of one run.
    run
        One run; gives its output, or `Seconds` if it keeps the time itself.
    check
        Called with the output of every run, outside the clock; it ends the program if a bit is wrong.
    wall, cpu
        Seconds of every run.
    """

    name: str
    threads: int
    events: int
    run: Callable[[], Any]
    check: Callable[[Any], None] | None = None
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def once(self, *, keep: bool = True) -> None:
        """Run, keep the time, check the output."""
        wall, cpu = time.perf_counter(), time.process_time()
        output = self.run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if isinstance(output, Seconds):
            wall, cpu = output
        elif self.check is not None:
            self.check(output)
        if keep:
            self.wall.append(wall)
            self.cpu.append(cpu)

    def rate(self, clock: str) -> float:
        """Events per second of the fastest run; ``clock`` is ``wall`` or ``cpu``, all threads added up."""
        return self.events / min(self._seconds(clock))

    def _seconds(self, clock: str) -> list[float]:
        return {"wall": self.wall, "cpu": self.cpu}[clock]

    @property
    def cores(self) -> float:
        """Cores kept busy on average."""
        return sum(self.cpu) / sum(self.wall)

    def figures(self, clock: str) -> dict[str, Any]:
        """What table and JSON hold."""
        return {
            "name": self.name,
            "threads": self.threads,
            "events": self.events,
            "events_per_s": self.rate(clock),
            "median_events_per_s": self.events / statistics.median(self._seconds(clock)),
            "clock": clock,
            "cores": self.cores,
            "runs": len(self.wall),
        }


def race(contestants: list[Contestant], rounds: int) -> None:
    """Run all of them once to warm up, then round by round."""
    for contestant in contestants:
        contestant.once(keep=False)
    for _ in range(rounds):
        for contestant in contestants:
            time.sleep(REST_S)
            end = time.perf_counter() + ROUND_S
            contestant.once()
            while time.perf_counter() < end:
                contestant.once()
