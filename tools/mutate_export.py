"""Corrupt one weight, table entry, type, loop or golden value of an exported folder at a time: does its bench fail?

    python tools/mutate_export.py          # every weight, type and loop, 100 golden values, 100 entries of tables
    python tools/mutate_export.py --sample 20 --seed 1
    python tools/mutate_export.py --report tests/hls/mutation_run.json
    python tools/mutate_export.py --networks recurrent lowered --sample 60 --report tests/hls/lowered_mutation_run.json

A folder is exported first from each network of tests/hls; of `tables`, entries of tables are corrupted. Survivors must
stand in tests/hls/equivalent_mutants.json with the reason why no event can tell them from the original. Exit status 1:
one does not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "hls"), str(ROOT / "python")]

from export_mutants import Mutant, judge, mutants, prepare  # noqa: E402
from hls_lowered import lowered, recurrent  # noqa: E402
from hls_networks import saturating  # noqa: E402
from hls_tables_sets import tables  # noqa: E402

import isobit as ib  # noqa: E402
from isobit.model import Graph  # noqa: E402

EQUIVALENT = ROOT / "tests" / "hls" / "equivalent_mutants.json"
NETWORKS = {make.__name__: make for make in (saturating, tables, recurrent, lowered)}
#: Golden values and entries of tables are many and alike: so many of each are tried.
FEW = 100


def chosen(everything: list[Mutant], seed: int, network: str) -> list[Mutant]:
    """Every weight, type and loop, and some golden values; of the network `tables`, some of their entries."""
    alike = {kind: [m for m in everything if m.kind == kind] for kind in ("golden", "table")}
    draw = random.Random(seed)
    if network == tables.__name__:
        return draw.sample(alike["table"], FEW)
    return [m for m in everything if m.kind != "golden"] + draw.sample(alike["golden"], FEW)


class Run:
    """Verdicts of the mutants, by kind."""

    def __init__(self) -> None:
        self.known = json.loads(EQUIVALENT.read_text())
        self.kinds: dict[str, dict[str, int]] = {}
        self.survivors: list[str] = []
        self.unexplained: list[str] = []
        self.events: dict[str, int] = {}

    def add(self, graph: Graph, seed: int, sample: int | None) -> None:
        """Export a network, mutate, judge; print each."""
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            project = ib.export_hls(ib.Model(graph), work / "exported", random_events=400)
            self.events[graph.name] = project.manifest["vectors"]["events"]
            folder = prepare(project.folder, project.top, work)
            files = {path: (folder / path).read_text() for path in project.manifest["files"]}
            tried = chosen(list(mutants(files, project.top)), seed, graph.name)
            if sample:
                tried = random.Random(seed).sample(tried, sample)
            for mutant in tried:
                self._count(mutant, judge(folder, mutant, work))

    def _count(self, mutant: Mutant, verdict: str) -> None:
        word = verdict.partition(":")[0]
        if word == "survived":
            word = "equivalent" if mutant.what in self.known else word
            (self.survivors if mutant.what in self.known else self.unexplained).append(mutant.what)
        counts = self.kinds.setdefault(mutant.kind, {"caught": 0, "equivalent": 0, "invalid": 0, "survived": 0})
        counts[word] += 1
        print(f"{word:10} {mutant.kind:7} {mutant.what}  {verdict.partition(': ')[2][:90]}", flush=True)

    def facts(self) -> dict[str, object]:
        """What a report holds."""
        words = ("caught", "equivalent", "survived")
        total = {word: sum(counts[word] for counts in self.kinds.values()) for word in words}
        return {
            "networks": ", ".join(f"{name} (tests/hls/{NETWORKS[name].__module__}.py)" for name in self.events),
            "isobit": ib.__version__,
            "events": self.events,
            "mutants": sum(total.values()),
            **total,
            "kinds": self.kinds,
            "equivalent_ones": sorted(self.survivors),
            "unexplained": self.unexplained,
        }


def main() -> int:
    """Judge the mutants of the networks and sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["saturating", "tables"], choices=list(NETWORKS))
    parser.add_argument("--sample", type=int, help="judge so many mutants of each network")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--report", type=Path, help="write the result as JSON")
    arguments = parser.parse_args()
    run, begin = Run(), time.monotonic()
    for name in arguments.networks:
        run.add(NETWORKS[name](), arguments.seed, arguments.sample)
    facts = run.facts()
    print(json.dumps(facts["kinds"], indent=2))
    counts = ", ".join(f"{facts[word]} {word}" for word in ("caught", "equivalent", "survived"))
    print(f"{facts['mutants']} mutants in {time.monotonic() - begin:.0f} s: {counts}")
    for what in run.unexplained:
        print(f"survivor without a reason: {what}")
    if arguments.report:
        arguments.report.write_text(json.dumps(facts, indent=2) + "\n")
    return 1 if run.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
