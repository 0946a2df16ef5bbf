"""Compare FixedArray's operators with AMD's headers on many more pairs of formats than the tests do; record the counts.

Usage: python tools/operators_run.py [--small 400] [--wide 60] [--seed 5] [--write]. Small formats have up to 5 bits and
all their pairs of values; wide ones up to 200 bits, with extremes, single bits and random values. ``--write`` keeps the
record in tests/fixed/operators_run.json, which names the known defects of the headers and how often each showed.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("fixed", "law", "")]

import test_operators_vendor as operators  # noqa: E402
import vendor  # noqa: E402
from operators_oracle import run  # noqa: E402

QUIRKS = (operators.b5, operators.b6, operators.b7, operators.b8)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=400, help="pairs of formats of up to 5 bits")
    parser.add_argument("--wide", type=int, default=60, help="pairs of formats of up to 200 bits")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the record in tests/fixed/operators_run.json")
    options = parser.parse_args()

    began = time.monotonic()
    cases = operators.small_pairs(options.small, options.seed, 5)
    cases += operators.wide_pairs(options.wide, options.seed, 1, 200)
    total, shown, wrong = 0, collections.Counter[str](), []
    for first in range(0, len(cases), 40):
        part = cases[first : first + 40]
        differ, quirks, count = operators.differences(part, run(part), QUIRKS)
        total += count
        wrong += differ
        shown.update({quirk.__name__.upper(): number for quirk, number in quirks.items()})
        print(f"{first + len(part)} of {len(cases)} pairs, {total} results, {len(wrong)} wrong", flush=True)
    record = {
        "pairs": len(cases),
        "results": total,
        "wrong": len(wrong),
        "known defects of the headers": dict(sorted(shown.items())),
        "seed": options.seed,
        "seconds": round(time.monotonic() - began),
        **vendor.versions(),
    }
    print(json.dumps(record, indent=2))
    print("\n".join(wrong[:5]))
    if options.write and not wrong:
        (ROOT / "tests" / "fixed" / "operators_run.json").write_text(json.dumps(record, indent=2) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
