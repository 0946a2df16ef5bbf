"""A menu of eight look-alikes of deployed networks, certified, and each sabotaged (tests/firmware/menu.json).

python tools/certify_menu.py make WORK               write projects, wrappers, libraries and test-bench files: WORK/menu
python tools/certify_menu.py run WORK                certify the menu in one command, twice, and time it
python tools/certify_menu.py sabotage WORK           sabotage each network, and see that it is found and named

``make`` needs hls4ml and, for networks that another release writes, WORK/hls4ml-RELEASE-py3-none-any.whl (pip download
--no-deps). Each step goes on where it was; what is recorded is not done again unless it is taken out of menu.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tools")]
OUT = ROOT / "tests" / "firmware" / "menu.json"


def isobit(work: Path, cache: str, *words: str) -> tuple[int, str, float]:
    """Run a command with a cache of its own: exit status, what it printed, seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "ISOBIT_CACHE": str(work / cache)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "isobit", *words], capture_output=True, text=True, env=environment, check=False
    )
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - start


def recorded(**entries: Any) -> dict[str, Any]:
    """The record, with these entries."""
    record: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    if entries:
        record |= entries
        OUT.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    return record


def make(work: Path, names: list[str]) -> None:
    """Write what is missing."""
    from menu.making import make as made
    from menu.networks import MENU

    os.environ.setdefault("ISOBIT_CACHE", str(work / "cache-make"))
    for network in MENU:
        if not names or network.name in names:
            start = time.perf_counter()
            made(network, work / "menu" / network.name, work)
            print(f"{network.name}: {time.perf_counter() - start:.0f} s", flush=True)


def run(work: Path) -> None:
    """Certify the whole menu with an empty cache, and again with what that left."""
    from menu.networks import MENU

    folders = [str(work / "menu" / network.name) for network in MENU]
    certificates, seconds, said = [], [], ""
    for number in (1, 2):
        out, page = work / f"menu-{number}.json", work / f"menu-{number}.html"
        status, said, took = isobit(
            work, "cache-run", "certify", *folders, "-o", str(out), "--html", str(page), "--overwrite"
        )
        print(said, f"{took:.0f} s", flush=True)
        assert status in (0, 1) and out.exists(), said
        certificates.append(out.read_bytes())
        seconds.append(round(took, 1))
    document = json.loads(certificates[0])
    recorded(
        menu={
            "certified": document["certified"],
            "cores": os.cpu_count(),
            "seconds": {"empty cache": seconds[0], "compiled before": seconds[1]},
            "same_certificate": certificates[0] == certificates[1],
            "sha256": hashlib.sha256(certificates[0]).hexdigest(),
            "libraries": document["libraries"]
            and {key: document["libraries"][key] for key in ("names", "runs", "events", "faults")},
            "networks": {
                one["name"]: {
                    "hls4ml": next(n.release for n in MENU if n.name == one["name"]),
                    "certified": one["certified"],
                    "values": sum(each["values"] for each in one["compared"]),
                    "differ": sum(each["differ"] for each in one["compared"]),
                    "events": {each["kind"]: each["events"] for each in one["events"]},
                    "library": next((each for each in one["compared"] if each["road"] == "library"), None),
                    "verdicts": {
                        word: sum(each["verdict"] == word for each in one["overflows"])
                        for word in sorted({each["verdict"] for each in one["overflows"]})
                    },
                    "faults": one["faults"],
                }
                for one in document["networks"]
            },
        }
    )


def sabotage(work: Path, names: list[str]) -> None:
    """Sabotage each network that is not in the record, and see what certify and --verify say."""
    from menu.sabotage import SABOTAGES, sabotaged

    for one in SABOTAGES:
        done: dict[str, Any] = recorded().get("sabotages", {})
        if one.network in done or (names and one.network not in names):
            continue
        folders = [str(path) for path in sabotaged(one, work / "menu", work / "sabotaged")]
        status, said, took = isobit(work, "cache-run", "certify", *folders, "--events", "200", "--json")
        document = json.loads(said)
        faults = [fault for each in document["networks"] for fault in each["faults"]]
        faults += (document["libraries"] or {}).get("faults", [])
        naming = [f for f in faults if f["kind"] in one.kinds and one.named in f"{f['place']}: {f['message']}"]
        verified, changes, _ = isobit(work, "cache-run", "certify", "--verify", str(work / "menu-1.json"), *folders)
        found = status == 1 and verified == 1 and bool(naming) and one.verified in changes
        done[one.network] = {
            "what": one.what,
            "found": found,
            "status": status,
            "faults": [
                ": ".join(filter(None, (f["kind"], f["place"], f["message"])))[:1000] for f in (naming or faults)
            ],
            "verify": [re.sub(r"sha256 \w+\.\.\., certified \w+\.\.\.", "...", line) for line in changes.splitlines()][
                :12
            ],
            "seconds": round(took, 1),
        }
        recorded(sabotages=done)
        print(one.network, json.dumps(done[one.network], indent=1), flush=True)


def main() -> int:
    """Do one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("make", "run", "sabotage"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--networks", nargs="+", default=[])
    given = parser.parse_args()
    work = given.work.resolve()
    if given.step == "run":
        run(work)
    else:
        {"make": make, "sabotage": sabotage}[given.step](work, given.networks)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
