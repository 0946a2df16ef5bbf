"""Predictions over files larger than memory: events/s, peak memory, and the same file after kill -9.

    python benchmarks/bench_streaming.py --folder /big/disk [--events 100000000] [--data npy] [--out npy] [--json]

Makes simulated Level-1 muons (5 float32 each), streams them through mugmt_student with ``isobit predict`` once without
interruption, then again killed with SIGKILL at a third and at two thirds, and compares the two files by sha256. Some
blocks are compared with ``Model.predict``, too. Peak memory is that of the process of the command, the larger of
getrusage's and the kernel's high-water mark. Exit status 1 if bits differ or the peak reaches 1 GiB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 1 << 20
GIB = 1 << 20  # in KiB
#: The command, which leaves its high-water mark behind.
COMMAND = """
import atexit, os, pathlib, resource
def peak():
    mark, = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")]
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pathlib.Path("peak").write_text(f"{mark} {usage}")
atexit.register(peak)
from isobit.cli import main
main()
"""
#: Converts the student in a process of its own, so that this one stays small.
STUDENT = """
import sys
import isobit as ib
from isobit.students import zoo
golden = zoo.golden_config("mugmt_student")
golden["clock_ns"] = float(golden.pop("clock_period"))
from isobit.frontends.keras import convert
graph = convert(zoo.load_student("mugmt_student"), **golden, output_dir=sys.argv[1] + "/project")
ib.load(graph).save(sys.argv[1] + "/m.isobit")
"""


def blocks(events: int) -> Iterator[Any]:
    """Simulated muons, block by block."""
    from isobit.students import muons

    for number, start in enumerate(range(0, events, BLOCK)):
        yield muons.simulate(min(BLOCK, events - start), 2026 + number).features.astype(np.float32)


def make_data(path: Path, events: int) -> None:
    """Write the events without ever holding them all."""
    from isobit.students.muons import FEATURES

    if path.suffix == ".npy":
        with path.open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (events, len(FEATURES))}
            np.lib.format.write_array_header_1_0(file, header)
            for x in blocks(events):
                file.write(x.tobytes())
    elif path.suffix == ".h5":
        import h5py

        with h5py.File(path, "w") as file:
            dataset = file.create_dataset("muons", (events, len(FEATURES)), np.float32, chunks=(1 << 14, len(FEATURES)))
            for number, x in enumerate(blocks(events)):
                dataset[number * BLOCK : number * BLOCK + len(x)] = x
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetWriter(path, pa.schema([(name, pa.float32()) for name in FEATURES])) as writer:
            for x in blocks(events):
                writer.write_table(pa.table(dict(zip(FEATURES, x.T, strict=True))))
    else:
        import uproot

        with uproot.recreate(path) as file:
            tree = file.mktree("muons", dict.fromkeys(FEATURES, np.float32))
            for x in blocks(events):
                for start in range(0, len(x), 1 << 16):
                    tree.extend(dict(zip(FEATURES, x[start : start + (1 << 16)].T, strict=True)))


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(BLOCK):
            digest.update(part)
    return digest.hexdigest()


def start(folder: Path, data: str, out: str, more: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COMMAND, "predict", "m.isobit", data, "--out", out, "--json", *more]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], folder: Path) -> tuple[dict[str, Any], int]:
    """The command's facts, and its peak memory in KiB."""
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"isobit predict ended with status {process.returncode}")
    return json.loads(text), max(int(number) for number in (folder / "peak").read_text().split())


def safe_events(out: Path) -> int:
    try:
        return int(json.loads((out.with_name(out.name + ".partial") / "journal.json").read_text())["events"])
    except (OSError, ValueError):
        return 0


def killed_twice(folder: Path, data: str, out: str, events: int, more: list[str]) -> tuple[list[int], dict[str, Any]]:
    """Kill at a third and at two thirds, then let it finish."""
    went_on = []
    for share in (1 / 3, 2 / 3):
        process = start(folder, data, out, more)
        while process.poll() is None and safe_events(folder / out) < share * events:
            time.sleep(0.05)
        if process.poll() is not None:
            raise SystemExit("the run ended before it could be killed: take more events")
        process.kill()
        process.communicate()
        went_on.append(safe_events(folder / out))
    facts, _ = finish(start(folder, data, out, more), folder)
    return went_on, facts


def as_predict(folder: Path, events: int, out: str) -> bool:
    """Whether first, middle and last block hold what ``Model.predict`` gives (.npy only)."""
    if not out.endswith(".npy"):
        return True
    import isobit

    model, written = isobit.load(folder / "m.isobit"), np.load(folder / out, mmap_mode="r")
    count = -(-events // BLOCK)
    for number, x in enumerate(blocks(events)):
        if number in (0, count // 2, count - 1):
            few = slice(number * BLOCK, number * BLOCK + min(20_000, len(x)))
            if not np.array_equal(written[few], model.predict(x[:20_000])):
                return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="where some 10 GB are free")
    parser.add_argument("--data", choices=["npy", "h5", "parquet", "root"], default="npy")
    parser.add_argument("--out", choices=["npy", "h5", "parquet", "root"], default="npy")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--no-kill", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    more = ["--engine", options.engine]
    if options.threads is not None:
        more += ["--threads", str(options.threads)]
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-streaming-") as name:
        folder = Path(name)
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-c", STUDENT, name], check=True, env=quiet)
        data, out = f"x.{options.data}", f"y.{options.out}"
        make_data(folder / data, options.events)
        facts, peak = finish(start(folder, data, out, more), folder)
        results: dict[str, Any] = {
            "events": options.events,
            "data": options.data,
            "out": options.out,
            "events_per_second": facts["events_per_second"],
            "peak_mib": peak / 1024,
            "as_predict": as_predict(folder, options.events, out),
        }
        if not options.no_kill:
            went_on, _ = killed_twice(folder, data, f"z.{options.out}", options.events, more)
            results["went_on_from"] = went_on
            results["same_after_kills"] = sha256(folder / out) == sha256(folder / f"z.{options.out}")
    if options.json:
        print(json.dumps(results))
    else:
        for key, value in results.items():
            print(f"  {key:20} {value}")
    good = results["as_predict"] and results.get("same_after_kills", True) and peak < GIB
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
