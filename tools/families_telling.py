"""How much the random networks of each family tell, all that tools/families_run.py compared; one JSON file.

python tools/families_telling.py [--families shape merge]

No C-simulation is compiled for it: the emulator runs each network as it was drawn, and with one mode changed at a time.
What the file holds of the same networks is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "families"), str(ROOT / "tests" / "differential")]
RUNS = ROOT / "tests" / "families" / "runs"
OUT = ROOT / "tests" / "families" / "telling.json"


def seeds_of(run: dict[str, Any]) -> list[int]:
    """The seeds of a run's networks: all except the rejected ones."""
    first, last = run["seeds"]
    rejected = {one["seed"] for one in run["rejected"]}
    return [seed for seed in range(first, last + 1) if seed not in rejected]


def told(family: str, seeds: list[int]) -> dict[str, Any]:
    """What the networks of a family tell, by their seeds."""
    from family_networks import build
    from telling import distinct_events, modes_that_matter

    drawn: Counter[str] = Counter()
    matter: Counter[str] = Counter()
    outputs: list[float] = []
    layers: list[float] = []
    for seed in seeds:
        _, subject, data = build(family, seed)
        of_outputs, of_layers = distinct_events(subject, data)
        outputs.append(round(of_outputs, 3))
        layers.append(round(of_layers, 3))
        one, other = modes_that_matter(subject, data, matter)
        drawn, matter = drawn + one, matter + other
    return {
        "seeds": seeds,
        "distinct_outputs": outputs,
        "distinct_in_layers": layers,
        "modes": {name: {"drawn": drawn[name], "matter": matter[name]} for name in sorted(drawn)},
    }


def main() -> int:
    """Run, and write after every family."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from family_networks import FAMILIES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    options = parser.parse_args()
    report: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    for family in options.families:
        seeds = seeds_of(json.loads((RUNS / f"{family}.json").read_text()))
        if report.get(family, {}).get("seeds") == seeds:
            continue
        report[family] = told(family, seeds)
        OUT.write_text(json.dumps(dict(sorted(report.items())), indent=1) + "\n")
        print(family, json.dumps(report[family]["modes"]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
