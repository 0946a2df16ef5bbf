"""hls4ml's firmware on AMD's simulation headers and on isobit's: run time, compile time, compiler memory, same bits.

    python benchmarks/bench_headers.py [--models jet_mlp ...] [--events N] [--repetitions 7] [--json]

Each network of the zoo is written by hls4ml with its golden config. Its own ``build_lib.sh`` compiles it twice: as it
is, and as a copy in which only the include path differs (``INCFLAGS``: isobit's ``vendor_names`` in place of
``firmware/ap_types``, which are deleted there). One bare C loop drives both libraries through hls4ml's bridge
(doubles in, doubles out, conversions included), each in a process of its own, one thread, in turn; rates are of CPU
time, so that other work on the machine counts little. A second loop, over the top function alone with inputs
converted beforehand, shows what the bridge costs. The outputs of all events are compared before anything is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
INCLUDE = ROOT / "cpp" / "include"
# Enough events for about a second a pass with AMD's headers.
MODELS = {
    "mugmt_student": 100_000,
    "jet_mlp": 10_000,
    "ad_student": 5_000,
    "btag_conv1d": 4_000,
    "ad_cnn_ae": 1_000,
    "top_lstm": 1_500,
    "mugmt_teacher": 200,
}
HEADERS = ("vendor", "isobit")

_WRITE = """
import sys
from hls4ml.converters import convert_from_keras_model
from isobit.students import zoo
name, folder = sys.argv[1:]
graph = convert_from_keras_model(zoo.network(name), output_dir=folder, **zoo.golden_config(name))
graph.write()
"""

# A process of a few MiB starts the compiler: the kernel counts the memory of whoever calls exec as the new program's.
_MEASURE = """
import os, sys, time
begin = time.perf_counter()
child = os.posix_spawn("/bin/bash", ["bash", sys.argv[1]], os.environ)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""

# The top function alone. Its inputs are converted once, before the clock runs; results stay in their own type.
_TOP = """#include "firmware/myproject.h"
#include <cstddef>
#include <vector>

static const double *first;
static std::vector<{input_type}> converted;

extern "C" void prepare(const double *in, std::size_t count) {{
    first = in;
    converted.assign(in, in + count);
}}

extern "C" void top_only(double *in, double *) {{
    static {output_type} result[{outputs}];
    myproject(&converted[static_cast<std::size_t>(in - first)], result);
}}
"""


def write(name: str, folder: Path) -> None:
    """Write the firmware with hls4ml, in a process of its own: TensorFlow would fill this one's memory."""
    done = subprocess.run(
        [sys.executable, "-c", _WRITE, name, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{name}: hls4ml failed:\n{done.stderr[-2000:]}")


def change_include_path(script: Path, folders: list[Path]) -> None:
    """Point hls4ml's build script at other headers and change nothing else."""
    flags = " ".join(f"-I{folder}" for folder in folders)
    text, count = re.subn(r'^INCFLAGS=".*"$', f'INCFLAGS="{flags}"', script.read_text(), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{script}: expected one line INCFLAGS=..., found {count}")
    script.write_text(text)


def compile_once(project: Path) -> dict[str, float]:
    """Run build_lib.sh; wall and CPU seconds, and the peak resident memory of its largest process in MiB."""
    for old in project.glob("firmware/*.so"):
        old.unlink()
    command = [sys.executable, "-S", "-c", _MEASURE, str(project / "build_lib.sh")]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{project}: build_lib.sh failed:\n{done.stderr[:6000]}")
    wall, cpu, peak = (float(word) for word in done.stdout.split())
    return {"wall_s": wall, "cpu_s": cpu, "peak_MiB": peak / 1024}


def build_top(project: Path, inputs: int, outputs: int) -> Path:
    """The library with the loop-ready top function, compiled with build_lib.sh's flags and linked to its library."""
    bridge = (project / "myproject_bridge.cpp").read_text().partition("void myproject_double(")[2]
    input_type = re.findall(r"nnet::convert_data<double, (\w+), [^>]+>", bridge)
    output_type = re.findall(r"nnet::convert_data<(\w+), double, [^>]+>", bridge)
    if len(input_type) != 1 or len(output_type) != 1:
        sys.exit(f"{project}: expected a network with one input and one output, not {input_type} and {output_type}")
    names = {"input_type": input_type[0], "output_type": output_type[0], "inputs": inputs, "outputs": outputs}
    (project / "top.cpp").write_text(_TOP.format(**names))
    flags = (project / "build_lib.sh").read_text().partition("${CC} ${CFLAGS} ${INCFLAGS}")[0]
    library = next(project.glob("firmware/*.so"))
    (project / "top.sh").write_text(f'{flags}${{CC}} ${{CFLAGS}} ${{INCFLAGS}} -shared top.cpp "{library}" -o top.so\n')
    done = subprocess.run(["bash", "top.sh"], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{project}: the loop over the top function does not compile:\n{done.stderr[:6000]}")
    return project / "top.so"


class Loop:
    """A process that holds one library and the events, and runs through them on demand."""

    def __init__(self, program: Path, library: Path, symbol: str, events: Path, shape: tuple[int, int, int]) -> None:
        self.output = library.with_name(f"{library.stem}-{symbol}.out")
        command = [program, library, symbol, events, self.output, *shape]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> tuple[float, float]:
        """CPU and wall seconds of one pass."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 2:
            sys.exit(f"the loop over {self.output} died with status {self.process.wait()}")
        return int(answer[0]) * 1e-9, int(answer[1]) * 1e-9

    def finish(self) -> np.ndarray[Any, Any]:
        """End the process; the outputs of its last pass."""
        self.process.communicate()
        if self.process.returncode:
            sys.exit(f"the loop over {self.output} ended with status {self.process.returncode}")
        return np.fromfile(self.output)


def race(loops: dict[str, Loop], events: int, repetitions: int) -> dict[str, Any]:
    """Events per CPU second of both and the median of the ratios, pass by pass in turn."""
    times: dict[str, list[tuple[float, float]]] = {headers: [] for headers in loops}
    for loop in loops.values():  # loads the weights, fills the tables
        loop.run()
    for _ in range(repetitions):
        for headers, loop in loops.items():
            times[headers].append(loop.run())
    result: dict[str, Any] = {}
    for headers, taken in times.items():
        result[headers] = {
            "events_per_cpu_s": events / statistics.median(cpu for cpu, _ in taken),
            "events_per_wall_s": events / statistics.median(wall for _, wall in taken),
        }
    ratios = [a[0] / b[0] for a, b in zip(*times.values(), strict=True)]
    return {**result, "ratio": statistics.median(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios)}


def bench(name: str, folder: Path, program: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All figures of one network."""
    from isobit.students import zoo

    entry = zoo.entry(name)
    count = options.events or MODELS[name]
    shape = (count, entry.inputs, entry.outputs)
    events = folder / "events.f64"
    zoo.inputs(name, count, 2026).tofile(events)
    projects = {headers: folder / headers for headers in HEADERS}
    write(name, projects["vendor"])
    shutil.copytree(projects["vendor"], projects["isobit"])
    if options.include:
        change_include_path(projects["isobit"] / "build_lib.sh", options.include)
        shutil.rmtree(projects["isobit"] / "firmware" / "ap_types")

    compiled: dict[str, list[dict[str, float]]] = {headers: [] for headers in HEADERS}
    for _ in range(options.compilations):
        for headers, project in projects.items():
            compiled[headers].append(compile_once(project))
    compilation: dict[str, Any] = {
        headers: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
        for headers, runs in compiled.items()
    }
    for ratio, key in (("ratio", "wall_s"), ("cpu_ratio", "cpu_s")):
        compilation[ratio] = compilation["vendor"][key] / compilation["isobit"][key]

    result: dict[str, Any] = {"events": count, "compile": compilation}
    libraries = {headers: next(project.glob("firmware/*.so")) for headers, project in projects.items()}
    loops = {h: Loop(program, library, "myproject_double", events, shape) for h, library in libraries.items()}
    result["bridge"] = race(loops, count, options.repetitions)
    vendor, isobit = (loop.finish() for loop in loops.values())
    if not np.array_equal(vendor, isobit):
        differing = np.flatnonzero(vendor != isobit)
        sys.exit(f"{name}: {len(differing)} of {vendor.size} outputs differ, the first at {differing[0]}")
    if len(np.unique(vendor.reshape(count, -1), axis=0)) < min(count, 100) // 2:
        sys.exit(f"{name}: the outputs hardly depend on the inputs")
    tops = {headers: build_top(project, entry.inputs, entry.outputs) for headers, project in projects.items()}
    loops = {h: Loop(program, library, "top_only", events, shape) for h, library in tops.items()}
    result["top"] = race(loops, count, options.repetitions)
    for loop in loops.values():
        loop.finish()
    return result


def row(name: str, result: dict[str, Any]) -> str:
    """One line of the table."""
    bridge, top, compilation = result["bridge"], result["top"], result["compile"]
    vendor, isobit = (bridge[headers]["events_per_cpu_s"] for headers in HEADERS)
    walls = " ".join(f"{compilation[headers]['wall_s']:6.2f}" for headers in HEADERS)
    peaks = " ".join(f"{compilation[headers]['peak_MiB']:5.0f}" for headers in HEADERS)
    return (
        f"{name:14} {result['events']:7} {vendor:11,.0f} {isobit:11,.0f} {bridge['ratio']:7.2f} {top['ratio']:7.2f}  "
        f"{walls} {compilation['ratio']:6.2f} {compilation['cpu_ratio']:6.2f}  {peaks}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), metavar="NAME")
    parser.add_argument("--events", type=int, help="of every network; default: about a second a pass")
    parser.add_argument("--repetitions", type=int, default=7, help="timed passes of each library")
    parser.add_argument("--compilations", type=int, default=3, help="timed runs of build_lib.sh")
    parser.add_argument("--include", nargs="*", type=Path, default=[INCLUDE / "vendor_names", INCLUDE], metavar="DIR")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the projects there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    results: dict[str, Any] = {}
    if not options.json:
        print(
            "one thread; events per CPU second, median of", options.repetitions, "passes in turn; -O3 as build_lib.sh"
        )
        print(f"{'':14} {'':7} {'events/s':^23} {'ratio':^15}  {'compile wall s':^27}  {'peak MiB':^11}")
        print(
            f"{'network':14} {'events':>7} {'vendor':>11} {'isobit':>11} {'bridge':>7} {'top':>7}  "
            f"{'vendor':>6} {'isobit':>6} {'ratio':>6} {'CPU r.':>6}  {'vend.':>5} {'isob.':>5}"
        )
    with tempfile.TemporaryDirectory(prefix="bench-headers-") as temporary:
        home = options.keep.resolve() if options.keep else Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        program = home / "loop"
        source = Path(__file__).with_name("bench_headers_loop.cpp")
        subprocess.run(["g++", "-O2", "-std=c++17", source, "-ldl", "-o", program], check=True)
        for name in options.models:
            folder = home / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            results[name] = bench(name, folder, program, options)
            if not options.json:
                print(row(name, results[name]), flush=True)
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        print("all outputs are equal, bit for bit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
