"""This checkout against another one: predict, profile and plan of both, in turns, the bits compared.

    python benchmarks/bench_versions.py OTHER_CHECKOUT [--networks mugmt_student ...] [--engines cpp ...] [--rounds 20]

OTHER_CHECKOUT is a work tree of another version with its extension built in python/isobit. Each version converts the
network and predicts in a process of its own, on one thread; only one process computes at a time, and they take turns,
so that other work on the machine hits both alike. Printed is the CPU time of the best round and the median over the
rounds of other / this: above 1, this checkout is faster. Needs ``pip install ".[bench]"``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from emulator.networks import CASES
from emulator.table import printer

HERE = Path(__file__).resolve().parents[1]
#: Seconds that a round's repetitions take at least.
ROUND_S = 0.2


def serve() -> None:
    """A version's process: reads jobs as lines of JSON, answers with CPU seconds and a hash of the outputs."""
    import isobit

    case = CASES[sys.argv[2]]
    with tempfile.TemporaryDirectory(prefix="bench-versions-") as folder:
        model = isobit.load(case.graph(Path(folder)))
    x = case.events()[: int(sys.argv[3])]
    jobs = {
        "plan": lambda engine: isobit.load(model.source).plan(),
        "profile": lambda engine: model.profile(x, 1),
        "predict": lambda engine: model.predict(x, engine, 1),
    }
    print(json.dumps({"isobit": str(Path(isobit.__file__).parents[1])}), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        run, times, output = jobs[job["what"]], [], None
        while sum(times) < ROUND_S:
            start = time.process_time()
            output = run(job["engine"])
            times.append(time.process_time() - start)
        bits = hashlib.sha256(output.tobytes()).hexdigest() if job["what"] == "predict" else ""
        print(json.dumps({"seconds": min(times), "bits": bits}), flush=True)


class Version:
    """One checkout's process."""

    def __init__(self, checkout: Path, network: str, events: int) -> None:
        environment = os.environ | {"PYTHONPATH": f"{checkout / 'python'}:{HERE / 'benchmarks'}"}
        command = [sys.executable, __file__, "--serve", network, str(events)]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=nowhere, text=True)
        found = Path(self._answer()["isobit"])
        if found != (checkout / "python").resolve():
            sys.exit(f"isobit came from {found}, expected it from {checkout / 'python'}")

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        sys.exit(f"{' '.join(map(str, self.process.args))} ended with status {self.process.wait()}")  # type: ignore[arg-type]

    def run(self, what: str, engine: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"what": what, "engine": engine}) + "\n")
        self.process.stdin.flush()
        return self._answer()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, metavar="OTHER_CHECKOUT")
    parser.add_argument("--networks", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    parser.add_argument("--engines", nargs="+", default=["cpp", "numba", "cpp-strict"], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--events", type=int, default=100_000, help="at most; a network may have fewer")
    parser.add_argument("--json", type=Path, metavar="OUT")
    options = parser.parse_args()
    console, report, differ = printer(), {}, 0
    for network in options.networks:
        events = min(options.events, CASES[network].many)
        versions = [Version(options.other.resolve(), network, events), Version(HERE, network, events)]
        for what, engine in [("plan", ""), ("profile", ""), *(("predict", engine) for engine in options.engines)]:
            for version in versions:
                version.run(what, engine)  # compiles
            found: list[list[dict[str, Any]]] = [[], []]
            for turn in range(options.rounds):
                for which in (0, 1) if turn % 2 else (1, 0):
                    found[which].append(versions[which].run(what, engine))
            differ += (len({one["bits"] for each in found for one in each})) != 1
            other, this = ([one["seconds"] for one in each] for each in found)
            ratio = statistics.median(a / b for a, b in zip(other, this, strict=True))
            report[f"{network}, {what} {engine}".strip()] = {"other": min(other), "this": min(this), "ratio": ratio}
            console.print(
                f"{network}, {what} {engine}: {min(other):.4g} s, this checkout {min(this):.4g} s, "
                f"best {min(other) / min(this):.3f}, median of turns {ratio:.3f}"
            )
    console.print("bits of both versions are equal" if not differ else f"bits differ in {differ} comparisons")
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if differ else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve()
    else:
        sys.exit(main())
