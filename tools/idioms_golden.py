"""What AMD's headers print for the idioms of tests/vendor_names: makes tests/vendor_names/idioms.json anew.

python tools/idioms_golden.py        # subjects whose source has changed; half a minute for all
python tools/idioms_golden.py --all
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("vendor_names", "arith", "")]

import idiom_lines as idioms  # noqa: E402
import worker  # noqa: E402


def main() -> int:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also subjects whose source is the same")
    every = parser.parse_args().all
    before = idioms.golden()["subjects"] if idioms.GOLDEN.is_file() else {}
    versions = worker.versions()
    subjects = {}
    for subject in idioms.SUBJECTS:
        sha = idioms.source_hash(subject)
        if not every and before.get(subject, {}).get("sha256") == sha:
            subjects[subject] = before[subject]
            continue
        lines = idioms.of_subject(idioms.printed("vendor", "g++", "c++14", subject), subject)
        subjects[subject] = {"sha256": sha, "lines": lines}
        print(f"{subject}: {sum(map(len, lines.values()))} lines of {len(lines)} idioms", flush=True)
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    report = {"generator": "tools/idioms_golden.py", "date": today, "versions": versions, "subjects": subjects}
    idioms.GOLDEN.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
