"""hls4ml's C-simulation: its `predict`, and the very library that it compiled in a bare C loop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from bench_headers import Loop, build_top

from emulator.clock import Contestant, Seconds
from isobit.frontends.quiet import quiet

LOOP = Path(__file__).resolve().parents[1] / "bench_headers_loop.cpp"


def build_loop(folder: Path) -> Path:
    """The program that runs a library event by event."""
    program = folder / "loop"
    subprocess.run(["g++", "-O2", "-std=c++17", str(LOOP), "-ldl", "-o", str(program)], check=True)
    return program


def timed(loop: Loop) -> Seconds:
    """One pass of a loop."""
    cpu, wall = loop.run()
    return Seconds(wall, cpu)


class Rival:
    """One network's library, compiled as hls4ml does.

    Attributes
    ----------
    expected
        What hls4ml's predict gives for the events, float64.
    contestants
        predict; the bridge in a loop (doubles in and out, conversions included, as predict); the top function in a
        loop (inputs converted before the clock runs, results left in their type).
    """

    def __init__(self, graph: Any, folder: Path, program: Path, x: np.ndarray[Any, Any]) -> None:
        with quiet():
            graph.compile()
        self.events = len(x)
        self.expected = np.asarray(graph.predict(x)).reshape(len(x), -1)
        if self.expected.dtype != np.float64:
            sys.exit(f"hls4ml's predict gave {self.expected.dtype}, expected float64")
        file = folder / "events.f64"
        x.tofile(file)
        inputs, outputs = x[0].size, self.expected[0].size
        shape = (len(x), inputs, outputs)
        library = next(folder.glob("firmware/*.so"))
        self._bridge = Loop(program, library, "myproject_double", file, shape)
        self._top = Loop(program, build_top(folder, inputs, outputs), "top_only", file, shape)
        self.contestants = [
            Contestant("hls4ml predict", 1, len(x), lambda: graph.predict(x), self.check),
            Contestant("hls4ml library, C loop", 1, len(x), lambda: timed(self._bridge)),
            Contestant("hls4ml top function, C loop", 1, len(x), lambda: timed(self._top)),
        ]

    def check(self, output: Any) -> None:
        """End the program if hls4ml gives other bits than at first."""
        if not np.array_equal(output.reshape(self.expected.shape), self.expected):
            sys.exit("hls4ml's predict gave other outputs than before")

    def finish(self) -> None:
        """End the loops; the outputs of the last pass must be those of predict."""
        self._top.finish()
        if not np.array_equal(self._bridge.finish().reshape(self.expected.shape), self.expected):
            sys.exit("hls4ml's library gave other outputs in the C loop than in predict")
