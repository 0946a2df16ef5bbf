"""Records that a change of isobit's internals is held to: bits, plans, profiles and exports of 142 networks.

    python tools/golden_records.py record DIR                   # 3 CPU-minutes; needs the extras hls4ml and testing
    python tools/golden_records.py compare DIR                  # with the checkout's code; exit status 1 if it differs
    python tools/golden_records.py compare DIR --only 'zoo/*' --parts bits,plan
    python tools/golden_records.py compare DIR --parts time --beside OLDER_CHECKOUT

A record is a folder: `record.json` (hashes by network, engine and layer), model files, plans, exports. It is not meant
to be committed. Parts:

bits      raw outputs, every layer's raw results, and predictions from floats, by engine
plan      its text, for every input and for the events given; other names of stages are only noted
verdicts  what the plan says, whatever its words: the lane of every layer, the verdict on every cast
witness   the plan's text with tightened verdicts and witnesses
profile   counts and ranges from raw integers and from floats
export    every file of an export
model     the networks, converted or drawn anew, layer by layer; with the front end, the slowest part
time      CPU time of mugmt_teacher's plan, reported only; --beside times another checkout in turns with this one
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from recording import differences, facts, networks

import isobit as ib

#: Where isobit was imported from.
CODE = Path(ib.__file__).resolve().parents[1]
PARTS = ("bits", "plan", "verdicts", "witness", "profile", "export", "model", "time")
TIMED = "zoo/mugmt_teacher"
VERSION = 1


def _file(folder: Path, name: str, kind: str = "") -> Path:
    """Place of a network's model file, or of a plan's text."""
    stem = name.replace("/", "-")
    return folder / "plans" / f"{stem}.{kind.replace(' ', '_')}.txt" if kind else folder / "networks" / f"{stem}.isobit"


def _export_folder(folder: Path, name: str, io_type: str) -> Path:
    return folder / "exports" / f"{name.replace('/', '-')}.{io_type}"


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


# -- record ------------------------------------------------------------------------------------------------------------


def record(folder: Path, only: str) -> int:
    """Write a record into an empty folder."""
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty; choose another folder")
        return 2
    for name in ("networks", "plans", "exports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {}
    documents, faults = [], []
    for source in networks.sources():
        if not fnmatch.fnmatch(source.name, only):
            continue
        _progress(source.name)
        try:
            source.make().save(_file(folder, source.name))
        except ib.IsobitError as error:
            known[source.name] = {"refused": facts.told(error)}
            continue
        document, hashes = facts.document_of(_file(folder, source.name))
        documents.append(document)
        known[source.name], disagreements = _recorded(folder, source.name)
        known[source.name]["model"] = hashes
        faults += [f"{source.name}: {line}" for line in disagreements]
    counts, missing = networks.covered(documents)
    if only == "*":
        faults += [f"no network has: {trait}" for trait in missing]
    timing = {"plan_seconds": facts.plan_seconds(ib.load(_file(folder, TIMED)))} if TIMED in known else {}
    content = {
        "version": VERSION,
        "about": _about(),
        "time": timing,
        "covered": dict(sorted(counts.items())),
        "networks": known,
    }
    (folder / "record.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _progress("")
    print("\n".join(faults) or "the engines agree" + (f"; {len(counts)} traits covered" if only == "*" else ""))
    refused = [name for name, entry in known.items() if "refused" in entry]
    for name, entry in known.items():
        for engine, found in entry.get("bits", {}).items():
            if "refused" in found:
                print(f"{name}, refused by {engine}: {found['refused']}")
    print(f"{len(known) - len(refused)} networks in {folder}; refused: {', '.join(refused) or 'none'}")
    return 1 if faults else 0


def _recorded(folder: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    """Facts of a network that lies there as a model file, and what engines disagree about."""
    model = ib.load(_file(folder, name))
    events = facts.events_of(name, model)
    for kind, text in {**facts.plans(model, events), **facts.witness_plan(name, model)}.items():
        _file(folder, name, kind).write_text(text + "\n", encoding="utf-8")
    exports = {}
    for io_type in (io_type for exported, io_type in networks.EXPORTS if exported == name):
        place = _export_folder(folder, name, io_type)
        facts.export(model, place, io_type)
        exports[io_type] = facts.exported(place)
    computed, errors = facts.bits(model, events)
    refused = {engine: {"refused": text} for engine, text in errors.items()}
    known = {
        "events": [facts.digest(array.raw) for array in events.raw],
        "types": facts.types_of(model),
        "bits": {engine: found.hashes() for engine, found in computed.items()} | refused,
        "verdicts": facts.verdicts(model),
        "profile": facts.profile(model, events),
        "export": exports,
    }
    return known, differences.between_engines(computed)


def _about() -> dict[str, Any]:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(CODE), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return {
        "commit": git("rev-parse", "HEAD"),
        "changed": git("status", "--porcelain", "--untracked-files=no").splitlines(),
        "isobit": ib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "events": facts.ENGINES,
    }


# -- compare -----------------------------------------------------------------------------------------------------------


class Comparison:
    """A record against the code of this checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        if self.content["version"] != VERSION:
            raise SystemExit(f"{folder} has version {self.content['version']}, this tool reads {VERSION}")
        self.notes: list[str] = []

    def network(self, name: str, parts: list[str]) -> list[str]:
        """Differences of one network, the model being that of the record."""
        known = self.content["networks"][name]
        if "refused" in known:
            return []
        try:
            model = ib.load(_file(self.folder, name))
            events = facts.events_of(name, model)
        except Exception as error:
            return [f"the model file cannot be loaded: {facts.told(error)}"]
        lines = differences.of_mappings(known["types"], facts.types_of(model), "types: ")
        if [facts.digest(array.raw) for array in events.raw] != known["events"]:
            lines.append("events: others than the record's are drawn, so nothing can be compared")
            return lines
        done: dict[str, Callable[..., list[str]]] = {
            "bits": self._bits,
            "plan": self._plans,
            "verdicts": self._verdicts,
            "witness": self._witnesses,
            "profile": self._profile,
            "export": self._exports,
        }
        for part in parts:
            if part in done:
                lines += self._guarded(part, partial(done[part], name, known, model, events))
        return lines

    def _guarded(self, part: str, compare: Callable[[], list[str]]) -> list[str]:
        try:
            return [f"{part}: {line}" if line[0] != " " else line for line in compare()]
        except Exception as error:
            return [f"{part}: {facts.told(error)}"]

    def _bits(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        return differences.of_bits(known["bits"], *facts.bits(model, events))

    def _plans(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        return self._texts(name, facts.plans(model, events))

    def _verdicts(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        return differences.of_mappings(known["verdicts"], facts.verdicts(model))

    def _witnesses(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        return self._texts(name, facts.witness_plan(name, model))

    def _texts(self, name: str, texts: dict[str, str]) -> list[str]:
        lines: list[str] = []
        for kind, text in texts.items():
            old = _file(self.folder, name, kind).read_text(encoding="utf-8")
            found, differs = differences.of_texts(old, text + "\n", kind)
            if differs:
                lines += found
            else:
                self.notes += [f"{name}: {line}" for line in found]
        return lines

    def _profile(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        return differences.of_mappings(known["profile"], facts.profile(model, events))

    def _exports(self, name: str, known: dict[str, Any], model: Any, events: facts.Events) -> list[str]:
        lines = []
        for io_type, hashes in known["export"].items():
            with tempfile.TemporaryDirectory() as place:
                new = Path(place) / "export"
                facts.export(model, new, io_type)
                old = _export_folder(self.folder, name, io_type)
                lines += differences.of_exports(old, new, hashes, facts.exported(new), io_type)
        return lines

    def model(self, source: networks.Source) -> list[str]:
        """Differences of a network that is converted or drawn anew."""
        known = self.content["networks"][source.name]
        with tempfile.TemporaryDirectory() as place:
            try:
                source.make().save(Path(place) / "made.isobit")
            except Exception as error:
                still = "refused" in known and isinstance(error, ib.IsobitError)
                return [] if still else [f"model: cannot be made anew: {facts.told(error)}"]
            if "refused" in known:
                self.notes.append(f"{source.name}: is supported now; the record has: {known['refused'][:100]}")
                return []
            hashes = facts.document_of(Path(place) / "made.isobit")[1]
        return differences.of_mappings(known["model"], hashes, "model: ")


def compare(folder: Path, only: str, parts: list[str], beside: Path | None) -> int:
    """Report differences; 1 if there are any."""
    comparison = Comparison(folder)
    print(f"record of {comparison.content['about']['commit'][:12]} against {CODE}, parts {', '.join(parts)}")
    wanted = [name for name in comparison.content["networks"] if fnmatch.fnmatch(name, only)]
    if not wanted:
        print(f"no network {only!r} in {folder}")
        return 2
    found: dict[str, list[str]] = {name: [] for name in wanted}
    for name in wanted:
        _progress(name)
        found[name] += comparison.network(name, parts)
    if "model" in parts:
        for source in networks.sources():
            if source.name in found and source.anew:
                _progress(f"{source.name} anew")
                found[source.name] += comparison.model(source)
    _progress("")
    for name, lines in found.items():
        for line in lines:
            print(line if line[0] == " " else f"{name}: {line}")
    for note in comparison.notes:
        print(f"note: {note}")
    if "time" in parts:
        _time(comparison, beside)
    wrong = [name for name in wanted if found[name]]
    print(f"{len(wanted)} networks, {len(wrong)} differ{': ' + ', '.join(wrong) if wrong else ''}")
    return 1 if wrong else 0


# -- time --------------------------------------------------------------------------------------------------------------


def _time(comparison: Comparison, beside: Path | None) -> None:
    """Print the plan time of mugmt_teacher: recorded, now and, in turns, that of another checkout (least of three)."""
    path, old = _file(comparison.folder, TIMED), comparison.content["time"].get("plan_seconds")
    if old is None:
        return
    checkouts = {"now": CODE} | ({f"in {beside}": beside / "python"} if beside else {})
    spent: dict[str, list[float]] = {name: [] for name in checkouts}
    for _ in range(3 if beside else 1):
        for name, code in checkouts.items():
            spent[name].append(_plan_seconds_in(code, path))
    told = [f"{1000 * min(seconds):.1f} ms {name}" for name, seconds in spent.items()]
    print(f"plan of {TIMED.partition('/')[2]}, CPU time: {1000 * old:.1f} ms recorded, {', '.join(told)}")


def _plan_seconds_in(code: Path, model: Path) -> float:
    command = [sys.executable, str(Path(__file__).resolve()), "plan-seconds", str(model)]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def main() -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("record", help="write a record into an empty folder")
    reading = commands.add_parser("compare", help="compare the checkout's code with a record")
    timing = commands.add_parser("plan-seconds", help="median CPU time of five plans of a model file")
    for command, help in ((writing, "a new or empty folder"), (reading, "a record"), (timing, "a model file")):
        command.add_argument("path", type=Path, help=help)
    for command in (writing, reading):
        command.add_argument("--only", default="*", metavar="GLOB", help="networks, such as 'zoo/*' or 'sets/1?'")
    reading.add_argument("--parts", default=",".join(PARTS), help="comma-separated; default: %(default)s")
    reading.add_argument("--beside", type=Path, help="root of another checkout, whose plan time is measured in turns")
    options = parser.parse_args()
    began = time.process_time()
    if options.command == "plan-seconds":
        print(facts.plan_seconds(ib.load(options.path)))
        return 0
    if options.command == "record":
        status = record(options.path, options.only)
    else:
        parts = options.parts.split(",")
        if unknown := [part for part in parts if part not in PARTS]:
            parser.error(f"no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
        status = compare(options.path, options.only, parts, options.beside)
    print(f"{time.process_time() - began:.0f} CPU-seconds, without compilers")
    return status


if __name__ == "__main__":
    sys.exit(main())
