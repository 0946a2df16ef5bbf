"""Wrong headers (tests/arith/mutations.py), all of them, once: which program of the suite notices each.

    nice python tools/arith_mutations.py    # about ten minutes of one free core

Writes tests/arith/mutation_report.json. Exit status 1: one survives.
"""

from __future__ import annotations

import datetime
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "arith"), str(ROOT / "tests"), str(ROOT / "python"), str(ROOT / "tools")]

import units  # noqa: E402
from arith_exhaustive import headers_digest  # noqa: E402
from comparing import differing_groups  # noqa: E402
from mutations import JUDGES, MUTATIONS, notice  # noqa: E402
from worker import ISOBIT  # noqa: E402

REPORT = ROOT / "tests" / "arith" / "mutation_report.json"


def main() -> int:
    """Judge every mutation."""
    judges = ["right_values"]
    for name in JUDGES[1:]:  # a program that the unchanged headers fail proves nothing
        red = differing_groups(units.unit(name), ISOBIT)
        judges += [] if red else [name]
        print(f"{name}: {f'left out, red without a mutation ({red[0]}, ...)' if red else 'green without a mutation'}")
    noticed: dict[str, str | None] = {}
    for mutation in MUTATIONS:
        with tempfile.TemporaryDirectory() as folder:
            noticed[mutation.name] = notice(mutation, Path(folder), judges)
        print(f"{mutation.name}: {noticed[mutation.name]}", flush=True)
    report = {
        "what": "wrong headers of tests/arith/mutations.py and the program that notices each first",
        "generator": "tools/arith_mutations.py",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "isobit_headers_sha256": headers_digest(),
        "judges": judges,
        "noticed": noticed,
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    survivors = [name for name, by in noticed.items() if by is None]
    print(f"{len(noticed)} mutations, {len(survivors)} survive", *survivors, sep="\n  ")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
