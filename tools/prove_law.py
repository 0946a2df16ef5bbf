"""Prove law.py and law.hpp on a larger grid than CI does, refute all their mutants, and write the report.

    python tools/prove_law.py --report tests/proof/report.md    # everything, an hour of one core
    python tools/prove_law.py --only law.hpp --widths 1,18,32   # one part, some target widths

What is proven, and what the proof rests on: tests/proof/proofs.py, definition.py. Exit status 1: something is refuted,
or a mutant that is not known to be equivalent is proven.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "proof"), str(ROOT / "tests" / "law"), str(ROOT / "tests"), str(ROOT / "python")]

from law_cpp import CppTerms  # noqa: E402
from mutants import Mutant, equivalents, mutants  # noqa: E402
from proofs import Case, Tally, prove_cpp, prove_int64, prove_python  # noqa: E402
from refuting import refute  # noqa: E402

PARTS = ("law.py", "int64", "int32", "law.hpp", "int128", "mutants")
TITLES = {
    "law.py": "law.py on unbounded integers, every source of up to 32 bits",
    "int64": "law.py within its domain: no step leaves int64, bounded shifts are exact",
    "int32": "law.hpp on std::int32_t, every value of it; nothing undefined",
    "law.hpp": "law.hpp on std::int64_t, every value of it; nothing undefined",
    "int128": "law.hpp on int128, every value of it; nothing undefined",
}
WIDTHS = tuple(range(1, 33))


def _cases(part: str, widths: Sequence[int]) -> list[Case]:
    """Give the grid of a part: target widths and dropped fraction bits, across and beyond both."""
    if part == "law.py":
        shifts: Iterable[int] = (-40, -33, -32, -17, -8, -3, *range(-1, 10), 13, 16, 20, 24, 30, 31, 32, 33, 34, 40, 64)
        return [Case(32, w, s) for w in widths for s in shifts]
    if part == "int64":
        shifts = (-60, -32, -1, 0, 1, 2, 16, 32, 48, 61, 62, 63, 64, 1000)
        return [Case(61, w, s) for w in (1, 18, 32, 61) for s in shifts]
    if part == "int32":
        return [Case(32, w, s) for w in (1, 8, 18, 31) for s in (-33, -2, 0, 1, 5, 16, 31, 32, 33, 64)]
    if part == "law.hpp":
        shifts = (-80, -64, -8, -1, 0, 1, 2, 5, 13, 24, 31, 33, 47, 62, 63, 64, 65, 90)
        return [Case(64, w, s) for w in (*widths, 48, 63) for s in shifts]
    return [Case(128, w, s) for w in (18, 64, 127) for s in (-130, -1, 0, 1, 7, 64, 127, 128, 129)]


def _prove(part: str, program: str, case: Case) -> Tally:
    if part == "law.py":
        tally = prove_python(case)
    elif part == "int64":
        tally = prove_int64(case)
    else:
        tally = prove_cpp(case, CppTerms.built(Path(program)))
    tally.forget()
    return tally


def _judge(mutant: Mutant) -> tuple[Mutant, str | None]:
    return mutant, refute(mutant)


def _report_mutants(
    law: str, sample: int | None, pool: Callable[..., Iterable[tuple[Mutant, str | None]]]
) -> tuple[str, list[str], bool]:
    """Refute a law's mutants: a row of the table, remarks, whether all is as it should be."""
    known = equivalents().get(law, {})
    chosen = [m for m in mutants(law) if not m.name.startswith("int64_")]
    if sample:
        chosen = random.Random(1).sample(chosen, min(sample, len(chosen)))
    counts = dict.fromkeys(("value", "undefined", "stopped", "invalid", "proven"), 0)
    remarks, good = [], True
    for mutant, verdict in pool(_judge, chosen):
        kind = "proven" if verdict is None else "value"
        for start, other in (("undefined", "undefined"), ("raises", "stopped"), ("does not compile", "invalid")):
            kind = other if verdict and verdict.startswith(start) else kind
        counts[kind] += 1
        print(f"{kind:9} {law} {mutant.name}: {verdict}", flush=True)
        if kind == "proven":
            reason = known.get(mutant.name)
            remarks.append(f"- {law}, {mutant.name}: {reason or '**not known to be equivalent**'}")
            good &= reason is not None
        elif kind in ("value", "undefined", "stopped") and mutant.name in known:
            remarks.append(f"- {law}, {mutant.name}: taken for equivalent, yet {verdict}")
            good &= kind != "value"
    row = f"| {law} | {len(chosen)} | " + " | ".join(str(n) for n in counts.values()) + " |"
    return row, remarks, good


def main() -> int:
    """Prove, print, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="which part (default: all)")
    parser.add_argument("--widths", help="target widths, comma-separated (default: 1 to 32)")
    parser.add_argument("--sample", type=int, help="refute so many mutants of each law (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--report", type=Path, help="write a Markdown report")
    arguments = parser.parse_args()
    widths = tuple(int(w) for w in arguments.widths.split(",")) if arguments.widths else WIDTHS
    parts = arguments.only or PARTS
    good, rows, mutant_rows, remarks = True, list[str](), list[str](), list[str]()
    chosen = [f"--only {part}" for part in arguments.only or ()]
    chosen += [f"--{name} {value}" for name in ("widths", "sample") if (value := getattr(arguments, name))]
    options = " ".join(chosen)

    def write() -> None:  # after each part: what is proven stays proven if the run is stopped
        if arguments.report:
            arguments.report.write_text(_text(options, rows, mutant_rows, remarks))

    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(arguments.jobs) as pool:
        program = str(CppTerms(Path(scratch)).program)
        for part in (p for p in parts if p != "mutants"):
            begin, total, cases = time.monotonic(), Tally(), _cases(part, widths)
            for case, tally in zip(cases, pool.map(partial(_prove, part, program), cases), strict=True):
                total += tally
                print(f"{part}: {case}: {tally.summary()}", *tally.refutations, sep="\n  ", flush=True)
            good &= not total.refutations
            used = sorted({c.width for c in cases}), sorted({c.shift for c in cases})
            rows.append(
                f"| {TITLES[part]} | {_ranges(used[0])} | {_ranges(used[1])} | {total.proven:,} | {total.queries:,} | "
                f"{total.paths:,} | {len(total.refutations)} | {time.monotonic() - begin:.0f} |"
            )
            write()
        if "mutants" in parts:
            for law in ("law.py", "law.hpp"):
                row, said, fine = _report_mutants(law, arguments.sample, pool.map)
                mutant_rows.append(row)
                remarks += said
                good &= fine
            write()
    print(_text(options, rows, mutant_rows, remarks))
    return int(not good)


def _ranges(numbers: Sequence[int]) -> str:
    """Write sorted numbers with runs joined: 1 to 32, 40."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(f"{r[0]} to {r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def _text(options: str, rows: Sequence[str], mutant_rows: Sequence[str], remarks: Sequence[str]) -> str:
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    version = importlib.metadata.version("bitwuzla")
    lines = [
        "# The law, proven",
        "",
        f"Made by `python tools/prove_law.py{' ' * bool(options)}{options}` on {today} with Bitwuzla {version}.",
        "Each statement holds for all values of the source at once. It is one of: a rounding mode is the definition's;",
        "a cast (rounding mode, overflow mode, N in {0, 1, 2, 3, W}, signed or unsigned target) is the definition's;",
        "no step is undefined, or leaves int64. A statement whose terms equal those of one before is not asked again.",
        "",
        "| what | target widths | bits dropped | statements proven | queries | C++ paths | refuted | seconds |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]
    if mutant_rows:
        lines += [
            "",
            "## Mutants",
            "",
            "Refuted by a value for which the mutant, run on it, gives another result than the law; by undefined",
            "behaviour; or stopped by an error (a sum of two conditions, a negative shift). A mutant that is proven is",
            "the law written differently.",
            "",
            "| law | mutants | refuted by a value | undefined | stopped | do not compile | proven |",
            "|---|---|---|---|---|---|---|",
            *mutant_rows,
            "",
            *remarks,
        ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
