"""Mutate the three laws and see whether the comparison notices: does the suite bite?

    python tools/mutate_laws.py                        # all mutants of all three laws: about ten minutes
    python tools/mutate_laws.py --law law.py --report tests/law/mutation_report.md
    python tools/mutate_laws.py --sample 40 --seed 1   # some of them

A mutant is one changed operator, constant, mode, condition or dropped term (tests/law/mutants.py). Survivors must
stand in tests/law/equivalent_mutants.json with the reason why no value can tell them from the law. Exit status 1: one
does not.
"""

from __future__ import annotations

import argparse
import datetime
import difflib
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "law"), str(ROOT / "tests"), str(ROOT / "python")]

from judging import judge  # noqa: E402
from mutants import EQUIVALENT, LAWS, Mutant, equivalents, mutants, normal_form  # noqa: E402


def _difference(mutant: Mutant) -> str:
    """Give the changed lines of a mutant (a Python law is compared in the normal form of ``ast.unparse``)."""
    before = normal_form(mutant.law)
    lines = difflib.unified_diff(before.splitlines(), mutant.source.splitlines(), "law", "mutant", lineterm="", n=0)
    return "\n".join(lines)


def main() -> int:
    """Run the mutants; print each, sum up, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--law", choices=list(LAWS), action="append", help="which law (default: all three)")
    parser.add_argument("--sample", type=int, help="judge so many mutants of each law")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--report", type=Path, help="write a Markdown report")
    arguments = parser.parse_args()
    rows, unexplained, details = [], [], []
    for law in arguments.law or LAWS:
        chosen = list(mutants(law))
        if arguments.sample:
            chosen = random.Random(arguments.seed).sample(chosen, min(arguments.sample, len(chosen)))
        begin = time.monotonic()
        survivors, invalid = [], 0
        with ProcessPoolExecutor(arguments.jobs) as pool:
            for mutant, noticed in zip(chosen, pool.map(judge, chosen), strict=True):
                if noticed == "does not compile":
                    invalid += 1
                    verdict = "invalid "
                else:
                    verdict = "killed  " if noticed else "SURVIVED"
                first = (noticed or "").partition("\n")[0][:100]
                print(f"{verdict} {law} line {mutant.line}: {mutant.name}  {first}", flush=True)
                if noticed is None:
                    survivors.append(mutant)
        known = equivalents().get(law, {})
        unexplained += [m for m in survivors if m.name not in known]
        valid = len(chosen) - invalid
        seconds = time.monotonic() - begin
        rows.append(f"| {law} | {valid} | {valid - len(survivors)} | {len(survivors)} | {invalid} | {seconds:.0f} |")
        details.append(f"\n## Survivors of {law}\n")
        for mutant in survivors:
            reason = known.get(mutant.name, "**not explained**")
            details.append(f"- line {mutant.line}, {mutant.name}\n\n  {reason}\n")
            if mutant.name not in known:
                print(f"--- survivor without a reason: {mutant.name}\n{_difference(mutant)}")
        if not arguments.sample:
            stale = set(known) - {m.name for m in survivors}
            for name in sorted(stale):
                print(f"stale in {EQUIVALENT.name}: {law}: {name}")
    table = ["| law | mutants | killed | survived | do not compile | seconds |", "|---|---|---|---|---|---|", *rows]
    print("\n".join(table))
    if arguments.report:
        head = [
            "# Mutation of the laws",
            "",
            f"Made by `python tools/mutate_laws.py --report {arguments.report.name}` on "
            f"{datetime.datetime.now(datetime.timezone.utc).date().isoformat()}.",
            "Every survivor computes the same as the law for every input; the reason stands below it.",
            "",
        ]
        arguments.report.write_text("\n".join([*head, *table, *details]).rstrip() + "\n")
    print(f"{len(unexplained)} survivors without a reason")
    return int(bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
