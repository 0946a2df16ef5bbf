"""isobit against hls4ml's C-simulation and float32 onnxruntime, one thread and two, bits of the timed runs compared.

    python benchmarks/bench_emulator.py [--networks mugmt_student ...] [--quick] [--json OUT] [--targets]

Needs ``pip install ".[bench]"`` and g++. What every line and column means: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from emulator import first_predict, hls4ml_rival, lanes, machine, onnx_rival
from emulator.clock import Contestant, race
from emulator.isobit_roads import Roads
from emulator.networks import CASES, Case, products
from emulator.table import printer, show, show_targets

import isobit

#: Events of the first predict: few, so that the compilation counts.
FIRST_EVENTS = 1000


def one_thread(case: Case, roads: Roads, rival: hls4ml_rival.Rival, rounds: int) -> dict[str, Contestant]:
    """Race of everything on one thread; contestants by short names."""
    named = dict(zip(("predict", "loop", "top"), rival.contestants, strict=True))
    if case.accum is None:
        named["onnx"] = onnx_rival.contestant(case.onnx(), case.keras, roads.x, 1)
    named |= _isobit(roads, 1)
    named["profile"] = roads.profile(1)
    race(list(named.values()), rounds)
    rival.finish()
    for contestant in named.values():
        if contestant.cores > 1.2:
            sys.exit(f"{case.name}: {contestant.name} kept {contestant.cores:.1f} cores busy, expected one")
    return named


def two_threads(case: Case, roads: Roads, rounds: int) -> dict[str, Contestant]:
    """Race of what has threads."""
    named = _isobit(roads, 2)
    if case.accum is None:
        named["onnx"] = onnx_rival.contestant(case.onnx(), case.keras, roads.x, 2)
    race(list(named.values()), rounds)
    return named


def _isobit(roads: Roads, threads: int) -> dict[str, Contestant]:
    """The first is ``engine="auto"``, which the ratios and targets are about."""
    first, *others = roads.contestants(threads)
    return {"isobit": first, "batches": roads.batches(threads)} | {other.name: other for other in others}


def bench(case: Case, options: argparse.Namespace, folder: Path, program: Path, peak: dict[str, float]) -> Any:
    """All figures of one network."""
    shutil.rmtree(folder, ignore_errors=True)
    graph = case.graph(folder)
    model = isobit.load(graph)
    x = case.events().astype(options.input)
    rival = hls4ml_rival.Rival(graph, folder, program, x[: case.few].astype(np.float64))
    roads = Roads(model, x, rival.expected)
    print(f"{case.name}: compiled, now timed", flush=True)
    single = one_thread(case, roads, rival, options.rounds)
    double = two_threads(case, roads, options.rounds)

    result: dict[str, Any] = {"products": products(model.graph), "lanes": lanes.lanes_of(model)}
    limit = lanes.seconds_at_peak(result["products"], result["lanes"], peak)
    rivals = {key: single[key].rate(options.clock) for key in ("predict", "loop")}  # hls4ml has one thread
    for label, contestants, clock in (("one thread", single, options.clock), ("two threads", double, "wall")):
        result[label] = {key: one.figures(clock) for key, one in contestants.items()}
        for key, figures in result[label].items():
            rate = figures["events_per_s"]
            figures |= {f"x_{other}": rate / its for other, its in rivals.items()}
            if "onnx" in contestants:
                figures["x_onnx"] = rate / contestants["onnx"].rate(clock)
            if label == "two threads":
                figures["x_one_thread"] = rate / single[key].rate("wall")
        mine = result[label]["isobit"]
        mine["peak"] = mine["events_per_s"] * limit / mine["threads"]

    mine = result["one thread"]["isobit"]
    result["ratios"] = {key: mine[f"x_{key}"] for key in ("predict", "loop", "onnx") if f"x_{key}" in mine} | {
        "peak": mine["peak"],
        "threads": result["two threads"]["isobit"]["x_one_thread"],
        "profile": mine["events_per_s"] / result["one thread"]["profile"]["events_per_s"],
    }
    if case.accum is not None:
        result |= saturations(model, x[: case.few])
    result["first predict"] = {}
    if not options.no_first:
        result["first predict"] = first_predict.first_predicts(model, x[:FIRST_EVENTS], folder / "first")
    return result


def saturations(model: Any, x: np.ndarray[Any, Any]) -> dict[str, int]:
    """Events in which the accumulator that saturates most does so; there must be some, or nothing was shown."""
    found = [count for count in model.profile(x) if count.slot == "accum" and count.saturates]
    if not found:
        sys.exit("no accumulator saturates: the strict order of the sum was not needed")
    return {"saturations": int(max(count.events.max() for count in found)), "profiled": len(x)}


def resumed(before: dict[str, Any], report: dict[str, Any]) -> Any:
    """The networks of an earlier report, which must be of the same CPU and measured alike."""
    for key, one, other in (
        ("cpu", before["machine"]["cpu"], report["machine"]["cpu"]),
        *((key, before[key], report[key]) for key in ("rounds", "clock", "input")),
    ):
        if one != other:
            sys.exit(f"--resume: the report there has {key} {one!r}, this run {other!r}")
    return before["networks"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    zoo = [name for name, case in CASES.items() if case.network]
    parser.add_argument("--networks", nargs="+", choices=list(CASES), default=zoo, metavar="NAME")
    parser.add_argument("--events", type=int, help="for isobit and onnxruntime; default: by network, up to 1,000,000")
    parser.add_argument("--rounds", type=int, default=5, help="timed runs of each")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="for one thread; cpu if others compute"
    )
    parser.add_argument("--input", choices=("float64", "float32"), default="float64", help="what isobit is given")
    parser.add_argument("--quick", action="store_true", help="a look: few events, two rounds")
    parser.add_argument("--no-first", action="store_true", help="leave out the first predict in new processes")
    parser.add_argument("--targets", action="store_true", help="list the targets that are missed; exit status 1 if any")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--resume", action="store_true", help="add to OUT, without the networks that it has already")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the hls4ml projects there")
    options = parser.parse_args()
    if options.quick:
        options.rounds = min(options.rounds, 2)

    if options.resume and not options.json:
        parser.error("--resume needs --json OUT")

    console = printer()
    report: dict[str, Any] = {"machine": machine.describe(), "rounds": options.rounds, "clock": options.clock}
    report["input"] = options.input
    with tempfile.TemporaryDirectory(prefix="bench-emulator-") as temporary:
        home = options.keep.resolve() if options.keep else Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        report["peak"] = machine.measure_peak(home, 0.1 if options.quick else 0.5)
        program = hls4ml_rival.build_loop(home)
        report["networks"] = {}
        if options.resume and options.json.exists():
            report["networks"] = resumed(json.loads(options.json.read_text()), report)
        for name in options.networks:
            if name in report["networks"]:
                continue
            case = CASES[name]
            if options.quick:
                case = case.quick()
            if options.events:
                case = replace(case, few=min(case.few, options.events), many=options.events)
            console.print(f"{name} ...", style="dim")
            folder = home / name.replace(", ", "_")
            report["networks"][name] = bench(case, options, folder, program, report["peak"])
            if options.json:
                options.json.write_text(json.dumps(report, indent=2) + "\n")
    show(report, console)
    met = show_targets(report, console) if options.targets else True
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
