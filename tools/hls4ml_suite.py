"""hls4ml's own pytest suite, with every predict also answered by isobit and compared bit for bit; result as JSON.

    pip download --no-deps --no-binary :all: hls4ml==1.3.0 && tar xzf hls4ml-1.3.0.tar.gz
    python tools/hls4ml_suite.py hls4ml-1.3.0/test/pytest --out tests/differential/hls4ml_suite.json
    python tools/hls4ml_suite.py hls4ml-1.3.0/test/pytest --files test_softmax.py test_pooling.py --out /tmp/some.json

The tests of the Vitis and Vivado back ends run in worker processes, a few test files each; a test that hangs is ended
after its time, one that crashes costs its worker. What the file holds already is not run again (--again does), and
--each N runs N tests of every test function and IO type, drawn by a hash of their names: a larger N adds to a smaller
one's. Files whose packages are not installed are skipped, and can be run with the same JSON file where they are. Each
test becomes one of

    equal          every predict gave the same bits
    wrong          a predict gave other bits, or isobit failed with anything else than a refusal
    refused        isobit refused a graph by name; hls4ml did not compile it
    no oracle      isobit accepts the graph, and hls4ml's firmware does not compile or run
    not converted  the test failed before its first predict
    no predict     the test compares something else
    timed out, crashed
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent
#: Most tests of several files that one worker runs, which then imports TensorFlow once.
TOGETHER = 40
#: Seconds that a worker may take to import and collect.
START = 600.0
#: The worst of a test's predicts is the test's.
WORST = ("wrong", "failed", "no oracle", "refused", "equal")


def verdict(predicts: list[dict[str, Any]], trouble: str | None) -> dict[str, Any]:
    """One test's entry of the file."""
    if not predicts:
        return {"status": "not converted", "why": [trouble]} if trouble else {"status": "no predict"}
    counts = Counter(predict["status"] for predict in predicts)
    worst = min(counts, key=WORST.index)
    entry: dict[str, Any] = {"status": "wrong" if worst == "failed" else worst, "predicts": dict(counts)}
    if values := sum(predict.get("values", 0) for predict in predicts):
        entry["values"] = values
    if reasons := sorted({named(predict["why"]) for predict in predicts if "why" in predict}):
        entry["why"] = reasons
    return entry


def named(reason: str) -> str:
    """A reason without the layer's own name, what would be supported, and what else can be done."""
    text = re.sub(r"\b(layer|pooling|convolution|softmax) '[^']*'", r"\1", re.split(r"; |\. isobit\.csim ", reason)[0])
    return text if len(text) <= 200 else f"{text[:197]}..."


def file_of(test: str) -> str:
    """The file of a test."""
    return test.split("::")[0]


class Worker:
    """A process that runs some tests, watched by its journal.

    Attributes
    ----------
    tests
        Node ids that it has not finished.
    """

    def __init__(self, folder: Path, tests: list[str] | None, home: Path, paths: list[str]) -> None:
        self.tests = tests
        self.began, self.running, self.read = time.time(), None, 0
        self.collected: list[str] = []
        handle, name = tempfile.mkstemp(dir=home, suffix=".journal")
        os.close(handle)
        self.journal = Path(name)
        environment = {
            **os.environ,
            "HLS4ML_SUITE_JOURNAL": name,
            "HLS4ML_SUITE_PROGRAMS": str(home / "programs"),
            "PYTHONPATH": os.pathsep.join([str(TOOLS), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "MPLBACKEND": "Agg",
        }
        environment.pop("HLS4ML_SUITE_TESTS", None)
        if tests is not None:
            wanted = self.journal.with_suffix(".tests")
            wanted.write_text(json.dumps(tests))
            environment["HLS4ML_SUITE_TESTS"] = str(wanted)
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "hls4ml_suite_plugin",
            "--rootdir",
            str(folder),
            "-c",
            os.devnull,
        ]
        options += ["--continue-on-collection-errors"] + (["--collect-only"] if tests is None else [])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *paths],
            cwd=folder,
            env=environment,
            stdout=self.journal.with_suffix(".log").open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def news(self) -> list[tuple[str, dict[str, Any]]]:
        """Tests that were finished since the last call, each with its entry."""
        finished = []
        with self.journal.open() as journal:
            journal.seek(self.read)
            while (line := journal.readline()).endswith("\n"):
                self.read = journal.tell()
                event = json.loads(line)
                if "collected" in event:
                    self.collected = event["collected"]
                elif "begin" in event:
                    self.running, self.began = event["begin"], event["time"]
                else:
                    entry = verdict(event["predicts"], event["trouble"])
                    finished.append((event["end"], {**entry, "seconds": round(event["time"] - self.began, 1)}))
                    self.running, self.began = None, event["time"]
                    self.tests.remove(event["end"])
        return finished

    def end(self) -> None:
        """End the process and the compilers that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def drawn(tests: list[str], each: int | None) -> list[str]:
    """Of every test function and IO type, this many of its tests (all for None), in their order."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: hashlib.sha256(test.encode()).hexdigest()):
        io_type = re.search(r"io_\w+?(?=[-\]])", test)
        groups[test.split("[")[0], io_type[0] if io_type else ""].append(test)
    kept = {test for group in groups.values() for test in group[:each]}
    return [test for test in tests if test in kept]


def collected(folder: Path, files: list[str], home: Path) -> dict[str, list[str]]:
    """Node ids of the tests of both back ends, by file, kept in ``home``; a file that cannot be imported has none."""
    kept = home / "collected.json"
    tests: dict[str, list[str]] = json.loads(kept.read_text()) if kept.is_file() else {}
    if unknown := [file for file in files if file not in tests]:
        worker = Worker(folder, None, home, unknown)
        worker.process.wait()
        worker.news()
        for test in worker.collected:
            tests.setdefault(file_of(test), []).append(test)
        kept.write_text(json.dumps(tests))
    return {file: tests.get(file, []) for file in files}


class Run:
    """The tests that are left, the workers that take them, and the file that holds what they gave."""

    def __init__(self, folder: Path, home: Path, out: Path, options: argparse.Namespace) -> None:
        self.folder, self.home, self.out, self.options = folder, home, out, options
        self.tests: dict[str, dict[str, Any]] = {}
        self.collected: dict[str, int] = {}
        self.absent: dict[str, str] = {}
        if out.is_file():
            known = json.loads(out.read_text())
            self.collected, self.absent = known["collected"], known["absent"]
            if options.again != []:
                self.tests = known["tests"]

    def run(self, left: dict[str, list[str]]) -> None:
        """Run what is left, some files per worker, and write after every test."""
        queue: list[list[str]] = []
        for tests in filter(None, left.values()):
            if queue and len(queue[-1]) + len(tests) <= TOGETHER:
                queue[-1] += tests
            else:
                queue.append(list(tests))
        workers: list[Worker] = []
        while queue or workers:
            while queue and len(workers) < self.options.workers:
                tests = queue.pop(0)
                workers.append(Worker(self.folder, tests, self.home, list(dict.fromkeys(map(file_of, tests)))))
            time.sleep(0.3)
            for worker in list(workers):
                over = worker.process.poll() is not None
                for test, entry in worker.news():
                    self.note(test, entry)
                allowed = self.options.timeout if worker.running else max(self.options.timeout, START)
                late = time.time() - worker.began > allowed
                if not over and not late:
                    continue
                workers.remove(worker)
                if not over:
                    worker.end()
                if worker.tests:
                    stopped = worker.running or worker.tests[0]
                    worker.tests.remove(stopped)
                    self.note(stopped, {"status": "timed out" if late and not over else "crashed"})
                    queue.insert(0, worker.tests)

    def note_collected(self, file: str, tests: list[str]) -> None:
        """Count a file's tests by function; one without any is absent, unless another environment ran it."""
        counts = Counter(test.split("[")[0] for test in tests)
        if counts:
            self.collected |= counts
            self.absent.pop(file, None)
        elif not any(file_of(function) == file for function in self.collected):
            self.absent[file] = "it cannot be imported, or has no test of these back ends"

    def note(self, test: str, entry: dict[str, Any]) -> None:
        """Keep one entry, and write the file."""
        self.tests[test] = {**entry, "date": time.strftime("%Y-%m-%d")}
        print(f"{entry['status']:13} {test}  {'; '.join(entry.get('why') or []) if entry['status'] != 'equal' else ''}")
        sys.stdout.flush()
        partial = self.out.with_suffix(".partial")
        partial.write_text(json.dumps(report(self.tests, self.collected, self.absent), indent=1) + "\n")
        partial.replace(self.out)


def report(tests: dict[str, dict[str, Any]], collected: dict[str, int], absent: dict[str, str]) -> dict[str, Any]:
    """What the file holds: ``collected`` tests by function, and why files are ``absent``."""
    statuses = Counter(entry["status"] for entry in tests.values())
    predicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for entry in tests.values():
        predicts.update(entry.get("predicts", {}))
        if entry["status"] == "refused":
            reasons.update(entry["why"])
    return {
        "hls4ml": importlib.metadata.version("hls4ml"),
        "dates": sorted({entry["date"] for entry in tests.values()}),
        "tests by status": dict(sorted(statuses.items())),
        "predicts by status": dict(sorted(predicts.items())),
        "values compared": sum(entry.get("values", 0) for entry in tests.values()),
        "refused": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        "collected": dict(sorted(collected.items())),
        "absent": dict(sorted(absent.items())),
        "tests": dict(sorted(tests.items())),
    }


def main() -> int:
    """Collect, run what is left, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="test/pytest of hls4ml's source distribution")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file; what it holds is not run again")
    parser.add_argument("--files", nargs="+", default=[], help="test files in the folder (default: all)")
    parser.add_argument("-k", dest="match", default="", help="only tests whose name contains this")
    parser.add_argument("--each", type=int, help="tests of every test function and IO type (default: all)")
    parser.add_argument("--again", nargs="*", help="run tests of these statuses again (without any: all)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds that one test may take")
    parser.add_argument("--home", type=Path, help="folder of compiled programs and logs (default: a temporary one)")
    options = parser.parse_args()
    folder = options.folder.resolve()
    files = options.files or sorted(path.name for path in folder.glob("test_*.py"))
    if missing := [file for file in files if not (folder / file).is_file()]:
        parser.error(f"{folder} has no {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        (home / "programs").mkdir(parents=True, exist_ok=True)
        run = Run(folder, home.resolve(), options.out, options)
        left = collected(folder, files, home.resolve())
        again = set(options.again or [])
        for file, tests in left.items():
            run.note_collected(file, tests)
            known = {test for test in tests if test in run.tests and run.tests[test]["status"] not in again}
            left[file] = [test for test in drawn(tests, options.each) if test not in known and options.match in test]
        empty = ", ".join(file for file in files if file in run.absent) or "none"
        print(f"{sum(map(len, left.values()))} tests to run; nothing collected from: {empty}")
        run.run(left)
    found = report(run.tests, run.collected, run.absent)
    print(json.dumps({key: found[key] for key in ("tests by status", "predicts by status", "values compared")}))
    return 1 if any(entry["status"] in ("wrong", "crashed", "timed out") for entry in run.tests.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
