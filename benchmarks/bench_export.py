"""The exported core's C interface against hls4ml's C-simulation, one thread, bits of the timed runs compared.

    python benchmarks/bench_export.py [--networks mugmt_student ...] [--json OUT]

Needs ``pip install ".[hls4ml]"`` and g++. The core is what ``isobit export`` writes, compiled to a shared library with
the command of the folder's README; one call computes all events, doubles in and out.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from emulator import hls4ml_rival, machine
from emulator.clock import Contestant, race
from emulator.networks import CASES
from emulator.table import printer
from rich.table import Table

import isobit
from isobit.hls.host import include_flags


class Core:
    """An exported folder as a shared library.

    Parameters
    ----------
    project
        The exported project.
    x
        Events, float64 (events, inputs).
    expected
        What hls4ml gives for the first of them; the program ends if a bit differs.
    headers
        Whose number types.
    """

    def __init__(self, project: isobit.HlsProject, x: np.ndarray[Any, Any], expected: Any, headers: str) -> None:
        folder, top = project.folder, project.top
        library = folder / f"lib{top}_{headers}.so"
        flags = ["-std=c++14", "-O2", "-DNDEBUG", "-w", "-fPIC", "-shared", "-fvisibility=hidden"]
        command = ["g++", *flags, *include_flags(headers), "-Ihost"]
        sources = [f"firmware/{top}.cpp", f"host/{top}_c.cpp", "-o", str(library)]
        subprocess.run([*command, *sources], cwd=folder, check=True)
        self._predict = getattr(ctypes.CDLL(str(library)), f"{top}_predict")
        self._predict.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        self._predict.restype = None
        self._x, self._expected = x, expected
        self._y = np.empty((len(x), expected.shape[1]))

    def run(self) -> np.ndarray[Any, Any]:
        """All events in one call."""
        self._y.fill(np.nan)
        self._predict(self._x.ctypes.data, self._y.ctypes.data, len(self._x))
        return self._y

    def check(self, output: Any) -> None:
        """End the program if a bit differs from hls4ml's."""
        if not np.array_equal(output[: len(self._expected)], self._expected):
            sys.exit("the exported core gave other bits than hls4ml")


def bench(name: str, rounds: int, folder: Path, program: Path) -> list[dict[str, Any]]:
    """Figures of one network, a contestant a row."""
    case = CASES[name]
    graph = case.graph(folder / "hls4ml")
    x = case.events()
    rival = hls4ml_rival.Rival(graph, folder / "hls4ml", program, x[: case.few])
    flat = np.ascontiguousarray(x.reshape(len(x), -1))
    project = isobit.export_hls(graph, folder / "exported")
    cores = []
    for headers, events in (("isobit", case.many), ("vendor", case.few)):
        core = Core(project, flat[:events], rival.expected, headers)
        title = f"exported core, {'isobit' if headers == 'isobit' else 'AMD'}'s headers, C batch call"
        cores.append(Contestant(title, 1, events, core.run, core.check))
    contestants = [*rival.contestants, *cores]
    race(contestants, rounds)
    rival.finish()
    rows = [one.figures("wall") for one in contestants]
    for row in rows:
        row["network"] = name
        row["x_predict"] = row["events_per_s"] / rows[0]["events_per_s"]
        row["x_loop"] = row["events_per_s"] / rows[1]["events_per_s"]
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choices = [name for name, case in CASES.items() if case.accum is None]
    parser.add_argument("--networks", nargs="+", choices=choices, default=["mugmt_student"], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="timed runs of each")
    parser.add_argument("--json", type=Path, metavar="OUT")
    options = parser.parse_args()
    table = Table("network", "one thread", "events/s", "x predict", "x C loop")
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-export-") as temporary:
        program = hls4ml_rival.build_loop(Path(temporary))
        for name in options.networks:
            rows += bench(name, options.rounds, Path(temporary) / name, program)
    for row in rows:
        rate = f"{row['events_per_s']:,.0f}"
        table.add_row(row["network"], row["name"], rate, f"{row['x_predict']:.1f}", f"{row['x_loop']:.2f}")
    printer().print(table)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine.describe(), "rows": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
