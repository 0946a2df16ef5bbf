"""Fuzz the files that strangers send: ``python tests/fuzz/fuzz_files.py TARGET --seconds 600 [--seed 1]``.

Cases run in a worker process, which says which one it is at. If it dies, or takes a minute of processor time for one,
that case is a finding and the next worker goes on after it. Files of findings are copied to ``--keep``; the exit status
is 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import sharing  # noqa: E402

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
#: Processor seconds and bytes that one case may take.
SECONDS, MEMORY = 60, 6 << 30
#: What can be fuzzed: see targets.py, which is slow to import.
NAMES = (
    *("model", "keras", "data", "vectors", "wrappers", "libraries", "interfaces", "certificates"),
    *("defines", "parameters", "top", "weights", "generated", "configuration"),
)


def worker(name: str, folder: Path, seed: int, first: int, until: float) -> None:
    """Run cases; write progress and findings as lines of JSON."""
    from targets import TARGETS, Finding

    target = TARGETS[name](folder)
    number = first
    while time.time() < until:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        print(json.dumps({"at": number, "taken": target.taken, "refused": target.refused}), flush=True)
        try:
            target.case(number, seed)
        except Finding as finding:
            print(json.dumps({"finding": str(finding)[:2000], "case": number}), flush=True)
        number += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps({"at": number, "taken": target.taken, "refused": target.refused, "peak MiB": peak >> 10}), flush=True
    )


def fuzz(name: str, seconds: float, seed: int, keep: Path) -> dict[str, object]:
    """Run workers until the time is over; the counts and findings."""
    until, first = time.time() + seconds, 0
    taken = refused = peak = 0
    findings: list[dict[str, object]] = []
    shared = tempfile.TemporaryDirectory(prefix="isobit-fuzz-")  # what several workers need
    environment = {sharing.FOLDER: shared.name, **os.environ}
    while time.time() < until:
        with tempfile.TemporaryDirectory(prefix="isobit-fuzz-") as folder:
            command = [sys.executable, __file__, name, "--worker", folder, "--seed", str(seed)]
            command += ["--first", str(first), "--until", str(until)]
            last: dict[str, int] = {"at": first, "taken": 0, "refused": 0}
            errors = (keep / f"{name}.log").open("a")
            piped = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
            with errors, piped as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if not line.startswith("{"):
                        continue
                    told = json.loads(line)
                    if "finding" in told:
                        findings.append(told)
                        _keep(folder, keep / f"{name}-{told['case']}")
                    else:
                        last = told
                status = process.wait()
            taken, refused = taken + last["taken"], refused + last["refused"]
            peak = max(peak, last.get("peak MiB", 0))
            first = last["at"] + 1
            if status:
                findings.append({"finding": f"the worker ended with status {status}", "case": last["at"]})
                _keep(folder, keep / f"{name}-{last['at']}")
    shared.cleanup()
    counts = {"target": name, "seed": seed, "seconds": seconds, "cases": taken + refused, "taken": taken}
    return {**counts, "refused": refused, "peak MiB": peak, "findings": findings}


def _keep(folder: str, stem: Path) -> None:
    """Copy the file of a case; folders are made again by seed and number."""
    for path in Path(folder).glob("case.*"):
        if path.is_file():
            shutil.copy(path, stem.with_suffix(path.suffix))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "isobit-fuzz-findings")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--until", type=float, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        worker(given.target, given.worker, given.seed, given.first, given.until)
        return 0
    given.keep.mkdir(parents=True, exist_ok=True)
    result = fuzz(given.target, given.seconds, given.seed, given.keep)
    print(json.dumps(result, indent=1))
    return 1 if result["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
