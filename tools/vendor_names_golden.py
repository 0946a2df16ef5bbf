"""What AMD's headers print for the programs of tests/vendor_names: makes its committed results anew.

python tools/vendor_names_golden.py          # idioms whose source has changed; the rest: two minutes
python tools/vendor_names_golden.py --all    # every idiom
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("vendor_names", "arith", "")]

import idiom_lines as idioms  # noqa: E402
import printed  # noqa: E402
import test_corpus_bites as bites  # noqa: E402
import worker  # noqa: E402


def _write(path: Path, facts: dict[str, Any]) -> None:
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    report = {"generator": "tools/vendor_names_golden.py", "date": today, "versions": worker.versions(), **facts}
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def _subjects(every: bool) -> dict[str, Any]:
    before = idioms.golden()["subjects"] if idioms.GOLDEN.is_file() else {}
    found = {}
    for subject in idioms.SUBJECTS:
        sha = idioms.source_hash(subject)
        if not every and before.get(subject, {}).get("sha256") == sha:
            found[subject] = before[subject]
            continue
        lines = idioms.of_subject(idioms.printed("vendor", "g++", "c++14", subject), subject)
        found[subject] = {"sha256": sha, "lines": lines}
        print(f"{subject}: {sum(map(len, lines.values()))} lines of {len(lines)} idioms", flush=True)
    return found


def main() -> int:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also idioms whose source is the same")
    _write(idioms.GOLDEN, {"subjects": _subjects(parser.parse_args().all)})
    _write(printed.GOLDEN, {"groups": printed.hashes(printed.printed(None))})
    _write(bites.GOLDEN, {"networks": {name: bites.by_vendor(name) for name in bites.NETWORKS}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
