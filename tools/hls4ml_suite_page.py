"""docs/hls4ml_suite.md: a verdict for every architecture of hls4ml's own test suite, from tools/hls4ml_suite.py's JSON.

tools/make_coverage.py writes it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "differential" / "hls4ml_suite.json"
PAGE = ROOT / "docs" / "hls4ml_suite.md"

TEXT = """\
# hls4ml's own tests, run through isobit

Written by `python tools/make_coverage.py` from `tests/differential/hls4ml_suite.json`; a test compares them.

hls4ml's source distribution contains its pytest suite. `tools/hls4ml_suite.py` runs the tests of its Vitis and
Vivado back ends with `ModelGraph.predict` replaced: each predict is computed by hls4ml's compiled C-simulation
and by `isobit.load(graph).predict(x)`, and the two are compared bit for bit, whatever tolerance the test itself
allows.

```console
$ pip download --no-deps --no-binary :all: hls4ml=={version} && tar xzf hls4ml-{version}.tar.gz
$ python tools/hls4ml_suite.py hls4ml-{version}/test/pytest --out found.json   # all tests, hours
$ python tools/hls4ml_suite.py hls4ml-{version}/test/pytest --out found.json --each 2
```

How it works: each worker process runs a few test files, each test with a time limit. Tests whose result is
already in `found.json` are not run again. If isobit refuses a graph, hls4ml compiles nothing. Programs are
compiled with `-O0` instead of `-O3`, which changes no bit. Test files for PyTorch, QONNX, and Keras 3 are run
in the environments that have these packages.

## Version {version}

{tests:,} of {collected:,} tests were run ({dates}): {statuses}. They make {predicts:,} predicts; **{values:,} values
were compared, {wrong}**.

Each row below is one test function: one architecture with its parameters. *Run* is how many of its tests were
run, of those that hls4ml has for the two back ends; *networks* is how many predicts were compared or refused,
*values* how many numbers were compared.

{rows}
*No network*: the test compares something else, such as generated files. *Not converted*: the test fails before
its first predict, without isobit (its data are on the network, or a package raises an error).

## Refused, by name

{refused}
## Not run

{missing}
"""


def page() -> str:
    """The page, of the committed record."""
    found = json.loads(RECORD.read_text())
    tests, collected = found["tests"], found["collected"]
    functions: dict[str, list[dict[str, Any]]] = {name: [] for name in collected}
    for test, entry in tests.items():
        functions[test.split("[")[0]].append(entry)
    rows = [row(name, entries, collected[name]) for name, entries in sorted(functions.items()) if entries]
    missing = [f"- `{name}`: {found['absent'][name]}" for name in sorted(found["absent"])]
    missing += [
        f"- `{name}`: no result (not drawn, or ended after the time that a test may take)"
        for name, entries in sorted(functions.items())
        if not entries
    ]
    statuses = found["tests by status"]
    return TEXT.format(
        version=found["hls4ml"],
        tests=len(tests),
        collected=sum(collected.values()),
        dates=" and ".join(found["dates"]),
        statuses=", ".join(f"{count} {WORDS.get(name, name)}" for name, count in statuses.items()),
        predicts=sum(found["predicts by status"].values()),
        values=found["values compared"],
        wrong=f"{statuses.get('wrong', 0) or 'none'} differ{'s' if statuses.get('wrong', 0) == 1 else ''}",
        rows=table(("test", "run", "networks", "values", "verdict"), rows),
        refused=table(("reason", "tests"), [(reason, str(count)) for reason, count in found["refused"].items()]),
        missing="\n".join(missing),
    )


#: How the page calls a status.
WORDS = {"no predict": "without a network"}


def row(name: str, entries: list[dict[str, Any]], collected: int) -> tuple[str, ...]:
    """One architecture's verdict."""
    counts = Counter(entry["status"] for entry in entries)
    networks = sum(sum(entry.get("predicts", {}).values()) for entry in entries)
    values = sum(entry.get("values", 0) for entry in entries)
    reasons = sorted({reason for entry in entries if entry["status"] != "equal" for reason in entry.get("why", ())})
    alone = len(counts) == 1
    words = ", ".join(
        f"{'no network' if status == 'no predict' else status}{'' if alone else f' {count}'}"
        for status, count in sorted(counts.items())
    )
    verdict = f"{words}: {'; '.join(reasons)}" if reasons else words
    return f"`{name}`", f"{len(entries)} of {collected}", str(networks or ""), f"{values:,}" if values else "", verdict


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    safe = [tuple(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) for cells in rows]
    lines = [head, tuple("---" for _ in head), *safe]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
