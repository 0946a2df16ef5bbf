"""Corrupt one weight, type, loop or golden value of an exported folder at a time: does its test bench fail?

    python tools/mutate_export.py                      # every weight, type and loop, 100 golden values: some minutes
    python tools/mutate_export.py --sample 20 --seed 1
    python tools/mutate_export.py --report tests/hls/mutation_run.json

The folder is exported first, from the network `saturating` of tests/hls/hls_networks.py. Survivors must stand in
tests/hls/equivalent_mutants.json with the reason why no event can tell them from the original. Exit status 1: one does
not.
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
from hls_networks import saturating  # noqa: E402

import isobit as ib  # noqa: E402

EQUIVALENT = ROOT / "tests" / "hls" / "equivalent_mutants.json"
#: Golden values are many and alike: so many of them are tried.
GOLDEN = 100


def chosen(everything: list[Mutant], seed: int) -> list[Mutant]:
    """Every weight, type and loop, and some golden values."""
    golden = [m for m in everything if m.kind == "golden"]
    return [m for m in everything if m.kind != "golden"] + random.Random(seed).sample(golden, GOLDEN)


def main() -> int:
    """Export, mutate, judge; print each and sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="judge so many mutants")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--report", type=Path, help="write the result as JSON")
    arguments = parser.parse_args()
    known = json.loads(EQUIVALENT.read_text())
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        project = ib.export_hls(ib.Model(saturating()), work / "exported", random_events=400)
        folder = prepare(project.folder, project.top, work)
        files = {path: (folder / path).read_text() for path in project.manifest["files"]}
        tried = chosen(list(mutants(files, project.top)), arguments.seed)
        if arguments.sample:
            tried = random.Random(arguments.seed).sample(tried, arguments.sample)
        begin = time.monotonic()
        table: dict[str, dict[str, int]] = {}
        survivors, unexplained = [], []
        for mutant in tried:
            verdict = judge(folder, mutant, work)
            word = verdict.partition(":")[0]
            if word == "survived" and mutant.what in known:
                word = "equivalent"
                survivors.append(mutant.what)
            elif word == "survived":
                unexplained.append(mutant.what)
            counts = table.setdefault(mutant.kind, {"caught": 0, "equivalent": 0, "invalid": 0, "survived": 0})
            counts[word] += 1
            print(f"{word:10} {mutant.kind:7} {mutant.what}  {verdict.partition(': ')[2][:90]}", flush=True)
    total = {word: sum(counts[word] for counts in table.values()) for word in ("caught", "equivalent", "survived")}
    print(json.dumps(table, indent=2))
    counts_text = ", ".join(f"{count} {word}" for word, count in total.items())
    print(f"{len(tried)} mutants in {time.monotonic() - begin:.0f} s: {counts_text}")
    for what in unexplained:
        print(f"survivor without a reason: {what}")
    if arguments.report:
        facts = {
            "network": "saturating (tests/hls/hls_networks.py)",
            "isobit": ib.__version__,
            "events": project.manifest["vectors"]["events"],
            "mutants": sum(total.values()),
            **total,
            "kinds": table,
            "equivalent_ones": sorted(survivors),
            "unexplained": unexplained,
        }
        arguments.report.write_text(json.dumps(facts, indent=2) + "\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
