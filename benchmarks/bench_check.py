"""What `isobit check` costs from an empty cache: seconds and peak memory of all its processes.

    python benchmarks/bench_check.py [--events 100000] [--muons 50000000] [--limits] [--json OUT]

The network of hls4ml's tutorial (16-64-32-32-5, 6-bit QKeras, softmax) from its `.h5` file, against csim, cpp and
reference: TensorFlow's import, hls4ml's conversion and g++ included. With --muons also the shipped muon student
(5-8-8-8-8-3, a model file) on so many events, against cpp. --limits: exit status 1 beyond 45 s and 1 GB, or 300 MB for
the muons. The machine must be idle.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from emulator import machine

#: Seconds and bytes that are promised, and bytes for any number of muons.
SECONDS, MEMORY, STREAMED = 45.0, 1e9, 300e6
_INTERVAL = 0.1

STUDENT = """
import sys
import qkeras, yaml
import numpy as np
from tensorflow import keras
keras.utils.set_random_seed(1)
made = [keras.layers.Input((16,), name="x")]
for number, width in enumerate((64, 32, 32, 5), 1):
    made.append(qkeras.QDense(width, name=f"fc{number}", kernel_quantizer=qkeras.quantized_bits(6, 0, alpha=1),
                              bias_quantizer=qkeras.quantized_bits(6, 0, alpha=1))(made[-1]))
    last = width == 5
    made.append(keras.layers.Activation("softmax", name="softmax")(made[-1]) if last else
                qkeras.QActivation(qkeras.quantized_relu(6), name=f"relu{number}")(made[-1]))
model = keras.Model(made[0], made[-1])
model.save(sys.argv[1] + "/student.h5")
import hls4ml
config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
open(sys.argv[1] + "/config.yml", "w").write(yaml.safe_dump(config))
"""

MUONS = """
import sys
from isobit import load
from isobit.frontends.keras import convert
from isobit.students import zoo
arguments = zoo.golden_config("mugmt_student")
arguments["clock_ns"] = float(arguments.pop("clock_period"))
graph = convert(zoo.load_student("mugmt_student"), output_dir=sys.argv[1] + "/hls", **arguments)
load(graph).save(sys.argv[1] + "/muons.isobit")
"""


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and processor seconds, and peak memory of all its processes (bytes).

    ``memory`` counts pages that processes share once (proportional set sizes, sampled ten times a second);
    ``resident`` is the largest resident set of a single process, as the kernel has seen it. Pages of mapped files,
    such as TensorFlow's libraries and the events, are part of both.
    """

    command: str
    seconds: float
    cpu_seconds: float
    memory: float
    resident: float
    output: str


def _children(pid: int) -> list[int]:
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return found + [grandchild for child in found for grandchild in _children(child)]


def _memory(pid: int) -> int:
    """A process's memory, of shared pages its share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return sizes["Pss"]


def run(arguments: list[str], cache: Path) -> Cost:
    """Run a command of isobit from an empty cache; ends the program if it fails."""
    environment = os.environ | {"ISOBIT_CACHE": str(cache), "TF_CPP_MIN_LOG_LEVEL": "3"}
    begin, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", "isobit", *arguments]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, sum(_memory(one) for one in (process.pid, *_children(process.pid))))
            time.sleep(_INTERVAL)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        output.seek(0)
        text = output.read()
    if process.returncode:
        sys.exit(f"isobit {' '.join(arguments)} gave {process.returncode}:\n{text}")
    return Cost(
        "isobit " + " ".join(Path(part).name for part in arguments),
        seconds,
        usage.ru_utime + usage.ru_stime,
        float(peak),
        usage.ru_maxrss * 1024.0,
        text,
    )


def student(folder: Path, events: int) -> Cost:
    """Check the tutorial's network."""
    subprocess.run([sys.executable, "-c", STUDENT, str(folder)], check=True, capture_output=True)
    np.save(folder / "events.npy", np.random.default_rng(1).normal(0, 1, (events, 16)).astype(np.float32))
    files = [str(folder / name) for name in ("student.h5", "config.yml", "events.npy")]
    return run(["check", files[0], "--config", files[1], "--data", files[2]], folder / "cache")


def muons(folder: Path, events: int) -> Cost:
    """Check the muon student against the C++ engine; events are repeated, in a file that is written part by part."""
    from isobit.students import zoo

    subprocess.run([sys.executable, "-c", MUONS, str(folder)], check=True, capture_output=True)
    part = zoo.inputs("mugmt_student", 1_000_000, 1).astype(np.float32)
    data = np.lib.format.open_memmap(folder / "muons.npy", "w+", np.float32, (events, part.shape[1]))
    for first in range(0, events, len(part)):
        data[first : first + len(part)] = part[: events - first]
    del data
    return run(
        ["check", str(folder / "muons.isobit"), "--data", str(folder / "muons.npy"), "--against", "cpp"],
        folder / "cache",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="of the tutorial's network; 0: leave it out")
    parser.add_argument("--muons", type=int, default=0, help="events of the muon student, such as 50000000 (1 GB)")
    parser.add_argument("--limits", action="store_true", help="exit status 1 beyond what is promised")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--verbose", action="store_true", help="print the reports of the checks")
    options = parser.parse_args()
    report: dict[str, Any] = {"machine": machine.describe(), "checks": []}
    beyond = False
    for events, check, limits in (
        (options.events, student, (SECONDS, MEMORY)),
        (options.muons, muons, (1e9, STREAMED)),
    ):
        if not events:
            continue
        with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
            cost = check(Path(folder), events)
        report["checks"].append(asdict(cost) | {"events": events})
        print(
            f"{events:,} events: {cost.seconds:.1f} s ({cost.cpu_seconds:.1f} s of processors), "
            f"{cost.memory / 1e6:.0f} MB in all processes, {cost.resident / 1e6:.0f} MB in one: {cost.command}"
        )
        if options.verbose:
            print(cost.output)
        beyond |= cost.seconds > limits[0] or max(cost.memory, cost.resident) > limits[1]
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return int(beyond and options.limits)


if __name__ == "__main__":
    sys.exit(main())
