"""Killed at any moment and gone on: no event lost or doubled, the file the same to the last bit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streaming_files import EVENTS, OUTPUTS, events, one_input, sha256, write

import isobit as ib
from isobit.data import map_data
from isobit.errors import DataFileError, OverwriteError, RangeError, ResumeError
from isobit.streaming import predict_file, run

HERE = Path(__file__).parent
#: The command line, which commits as often as it can.
EAGER = "from isobit.streaming import run; run.COMMIT_SECONDS = 0.0; from isobit.cli import main; main()"
#: The same, but the twentieth chunk never ends: what kills or interrupts it cannot come too late.
ENDLESS = f"""
import signal, isobit
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where pytest runs in a shell's background
signal.alarm(300)
predict, chunks = isobit.Model.predict, []
def endless(self, x, **options):
    chunks.append(len(x))
    if len(chunks) == 20:
        while True: signal.pause()
    return predict(self, x, **options)
isobit.Model.predict = endless
{EAGER}
"""


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """In memory where there is such a place: hundreds of runs wait for the disk otherwise."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("suffix", OUTPUTS)
def test_killed_before_each_change_to_the_disk(suffix: str, memory_folder: Path) -> None:
    write(memory_folder / "x.npy")
    command = [sys.executable, str(HERE / "kill_everywhere.py"), str(memory_folder), suffix]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert len(facts["sums"]) == 1, facts
    assert len(facts["went_on"]) == facts["changes"] > 20
    # It began anew, went on in the middle, had only names to give, and was complete.
    assert {0, EVENTS} < set(facts["went_on"])
    assert set(facts["went_on"]) & {400, 800}


def journal_events(out: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(json.loads((out.with_name(out.name + ".partial") / "journal.json").read_text())["events"])
    return 0


def start(folder: Path, *arguments: str, code: str = EAGER) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, "predict", "m.isobit", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_endless(folder: Path, out: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start one that never ends, and come back when it has kept more events than before."""
    before = journal_events(out)
    process = start(folder, *arguments, "--out", out.name, code=ENDLESS)
    while process.poll() is None and journal_events(out) <= before:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()
    return process


@pytest.mark.parametrize("suffix", ["npy", "root"])
def test_killed_from_outside(suffix: str, folder: Path) -> None:
    count, chunk = 5_000, 50
    model = one_input()
    model.save("m.isobit")
    write(folder / "long.npy", events(count))
    arguments = ["long.npy", "--chunk", str(chunk), "--json", "--engine", "cpp-strict"]
    predict_file(model, "long.npy", f"whole.{suffix}", engine="cpp-strict", chunk=chunk)
    out = folder / f"y.{suffix}"
    for _ in range(2):
        process = start_endless(folder, out, *arguments)
        process.kill()
        process.communicate()
        assert 0 < journal_events(out) < count
        assert not out.exists()
    before = journal_events(out)
    done = start(folder, *arguments, "--out", out.name)
    text, _ = done.communicate()
    facts = json.loads(text)
    assert (done.returncode, facts["events"], facts["resumed_from"]) == (0, count, before)
    assert sha256(out) == sha256(folder / f"whole.{suffix}")


def test_interrupted(folder: Path) -> None:
    """Ctrl-C: what was predicted is kept, and the next run says where it went on."""
    model, count = one_input(), 5_000
    model.save("m.isobit")
    write(folder / "long.npy", events(count))
    arguments = ["long.npy", "--chunk", "50", "--engine", "cpp-strict"]
    process = start_endless(folder, folder / "y.npy", *arguments)
    process.send_signal(signal.SIGINT)
    text, error = process.communicate()
    assert (process.returncode, text) == (2, "")
    assert "Traceback" not in error
    kept = journal_events(folder / "y.npy")
    done = start(folder, *arguments, "--out", "y.npy")
    text, error = done.communicate()
    assert (done.returncode, error) == (0, "")
    assert text.startswith(f"resumed at event {kept:,}, ")
    assert np.array_equal(np.load(folder / "y.npy"), model.predict(events(count)))


# -- unfinished runs of other things -----------------------------------------------------------------------------------


@pytest.fixture
def unfinished(model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run that stopped at event 600 of x.h5 into y.npy: its options; another predict than that fails."""
    calls = []

    def breaking(self: ib.Model, x: Any, **options: Any) -> Any:
        calls.append(len(x))
        if len(calls) > 6:
            raise KeyboardInterrupt
        return map_data(self.predict_raw(x, **options), ib.FixedArray.to_float)

    monkeypatch.setattr(run, "COMMIT_SECONDS", 0.0)
    options = {"engine": "cpp-strict", "chunk": 100}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ib.Model, "predict", breaking)
        predict_file(model, "x.h5", "y.npy", **options)
    assert journal_events(folder / "y.npy") == 600
    return options


def complete(model: ib.Model, folder: Path) -> None:
    assert np.array_equal(np.load(folder / "y.npy"), model.predict(events()))
    assert not (folder / "y.npy.partial").exists()


def test_engine_and_threads_may_change(unfinished: Any, model: ib.Model, folder: Path) -> None:
    done = predict_file(model, "x.h5", "y.npy", engine="reference", threads=1)  # and the chunk is the journal's
    assert (done.resumed_from, done.events) == (600, EVENTS)
    complete(model, folder)


def test_anything_else_is_refused_by_name(unfinished: Any, model: ib.Model, folder: Path) -> None:
    changed = model.with_types({"fc.accum": "ap_fixed<20,9>"})
    kept = {path: path.read_bytes() for path in (folder / "y.npy.partial").iterdir()}
    for told, subject, data, options in [
        ("model sha256 was", changed, "x.h5", {}),
        ("raw was False, is True", model, "x.h5", {"raw": True}),
        ("chunk was 100, is 99", model, "x.h5", {"chunk": 99}),
        ("input x: dataset was None, is events", model, "x.h5", {"dataset": "events"}),
        ("input x: file 1: size was", model, "x.npy", {}),
        ("input x: files was 1, is 2", model, ["x.h5", "x.npy"], {}),
        ("events was 1000, is 2000", model, ["x.h5", "x.npy"], {}),
    ]:
        with pytest.raises(ResumeError, match=told):
            predict_file(subject, data, "y.npy", **{**unfinished, **options})
    stamp = (folder / "x.h5").stat()
    os.utime("x.h5", ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    with pytest.raises(ResumeError, match=r"file 1: changed at \(ns\) was \d+, is \d+.*--restart"):
        predict_file(model, "x.h5", "y.npy", **unfinished)
    os.utime("x.h5", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    with Path("x.h5").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime("x.h5", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    with pytest.raises(ResumeError, match=r"file 1: checksum of the ends was \w+, is \w+"):
        predict_file(model, "x.h5", "y.npy", **unfinished)
    assert kept == {path: path.read_bytes() for path in (folder / "y.npy.partial").iterdir()}


def test_restart(unfinished: Any, model: ib.Model, folder: Path) -> None:
    done = predict_file(model, "x.npy", "y.npy", restart=True, engine="cpp-strict", chunk=64)
    assert done.resumed_from == 0
    complete(model, folder)


def forge(partial: Path, **changes: Any) -> None:
    """A journal that somebody else wrote."""
    known = json.loads((partial / "journal.json").read_text())
    (partial / "journal.json").write_text(json.dumps({**known, **changes}))


@pytest.mark.oracle(sample=6)
@pytest.mark.parametrize(
    "break_it, told",
    [
        (lambda f: (f / "rows.npy").unlink(), "rows.npy is missing"),
        (lambda f: os.truncate(f / "rows.npy", 500), "rows.npy is missing or shorter than"),
        (lambda f: (f / "journal.json").write_text("{"), "journal.json is damaged"),
        (lambda f: (f / "journal.json").write_text('{"a": 1}'), "journal.json is damaged"),
        (lambda f: (f / "journal.json").write_text("[" * 100_000), "journal.json is damaged"),
        (lambda f: forge(f, pins=[]), "journal.json is damaged .it does not say what the run depends on"),
        (lambda f: forge(f, pins={}), "journal.json is damaged .it does not say what the run depends on"),
        (lambda f: forge(f, events="6"), "journal.json is damaged .events is '6'"),
        (lambda f: forge(f, events=-1), "journal.json is damaged .events is -1"),
        (lambda f: forge(f, moves=["rows.npy"]), "journal.json is damaged .moves is"),
        (lambda f: forge(f, moves={"rows.npy": "../elsewhere"}), "'../elsewhere' is not a file name"),
        (lambda f: forge(f, moves={"rows.npy": str(f.parent / "elsewhere")}), "elsewhere' is not a file name"),
        (lambda f: forge(f, moves={"../x.npy": "elsewhere"}), "'../x.npy' is not a file name"),
        (lambda f: (f / "journal.json").unlink(), "no journal"),
    ],
)
def test_damaged_unfinished_runs(break_it: Any, told: str, unfinished: Any, model: ib.Model, folder: Path) -> None:
    break_it(folder / "y.npy.partial")
    with pytest.raises(ResumeError, match=told):
        predict_file(model, "x.h5", "y.npy", **unfinished)
    assert not (folder / "y.npy").exists()


def test_damaged_hdf5(model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = events()
    x[700, 1] = np.nan
    np.save("nan.npy", x)
    for damage in (Path.unlink, lambda path: path.write_bytes(b"no HDF5")):
        with pytest.raises(RangeError):
            predict_file(model, "nan.npy", "y.h5", engine="cpp-strict", chunk=100)
        damage(folder / "y.h5.partial" / "rows.h5")
        with pytest.raises(ResumeError, match=r"rows.h5 is missing or damaged"):
            predict_file(model, "nan.npy", "y.h5", engine="cpp-strict", chunk=100)
        with pytest.raises(RangeError):
            predict_file(model, "nan.npy", "y.h5", engine="cpp-strict", chunk=100, restart=True)
    assert journal_events(folder / "y.h5") == 700


def test_somebody_else_s_folder_is_left_alone(model: ib.Model, folder: Path) -> None:
    (folder / "y.npy.partial").mkdir()
    (folder / "y.npy.partial" / "thesis.tex").write_text("mine")
    for restart in (False, True):
        with pytest.raises(ResumeError, match=r"holds 'thesis.tex' but no journal"):
            predict_file(model, "x.npy", "y.npy", restart=restart)
    assert [path.name for path in (folder / "y.npy.partial").iterdir()] == ["thesis.tex"]


def test_two_at_once(unfinished: Any, model: ib.Model, folder: Path) -> None:
    from isobit.streaming.journal import Workspace

    with Workspace(folder / "y.npy.partial"), pytest.raises(ResumeError, match="another process is working in"):
        predict_file(model, "x.h5", "y.npy", **unfinished)
    assert predict_file(model, "x.h5", "y.npy", **unfinished).resumed_from == 600


def test_existing_files_are_not_replaced(unfinished: Any, model: ib.Model, folder: Path) -> None:
    for name in ("y.npy", "y.npy.json"):
        (folder / name).write_text("mine")
        with pytest.raises(OverwriteError, match=f"{name} exists"):
            predict_file(model, "x.h5", "y.npy", **unfinished)
        assert (folder / name).read_text() == "mine"
        assert journal_events(folder / "y.npy") == 600
        (folder / name).unlink()
    (folder / "y.npy").write_text("mine")
    assert predict_file(model, "x.h5", "y.npy", overwrite=True, **unfinished).resumed_from == 600
    complete(model, folder)


def test_a_file_that_appears_meanwhile_is_not_replaced(
    model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appear(what: str, done: int, total: int) -> None:
        (folder / "y.npy").write_text("mine")

    with pytest.raises(OverwriteError, match=r"appeared meanwhile.*finished run is kept"):
        predict_file(model, "x.npy", "y.npy", engine="cpp-strict", progress=appear)
    assert (folder / "y.npy").read_text() == "mine"
    (folder / "y.npy").unlink()
    assert predict_file(model, "x.npy", "y.npy", engine="cpp-strict").resumed_from == EVENTS
    complete(model, folder)


def test_data_that_change_meanwhile_are_noticed(model: ib.Model, folder: Path) -> None:
    def touch(what: str, done: int, total: int) -> None:
        os.utime("x.npy", (1, 1))

    with pytest.raises(DataFileError, match="a data file changed while it was read"):
        predict_file(model, "x.npy", "y.npy", engine="cpp-strict", progress=touch)
    assert not (folder / "y.npy").exists()


def test_bad_events_leave_what_was_predicted(model: ib.Model, folder: Path) -> None:
    x = events()
    x[700, 1] = np.nan
    write(folder / "nan.parquet", x)
    for _ in range(2):  # the second time from event 600 on
        with pytest.raises(
            RangeError, match=r"nan.parquet: event 700, column 'eta' is nan; NaN and infinity are refused"
        ):
            predict_file(model, "nan.parquet", "y.root", engine="cpp-strict", chunk=100)
        assert journal_events(folder / "y.root") == 700
    with pytest.raises(RangeError):  # nothing was predicted: nothing is kept
        predict_file(model, "nan.parquet", "z.h5", engine="cpp-strict", chunk=1000)
    assert not (folder / "z.h5.partial").exists()


# -- once more, after the end -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_the_same_run_once_more_has_nothing_to_do(
    suffix: str, model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the last rename and the exit, of which nothing is left to see."""
    options = {"engine": "cpp-strict", "chunk": 100}
    first = predict_file(model, "x.npy", f"y.{suffix}", **options)
    stamp = (folder / f"y.{suffix}").stat()
    with monkeypatch.context() as patch:
        patch.setattr(ib.Model, "predict", lambda *a, **o: pytest.fail("predicted"))
        for more in ({}, {"chunk": None}, {"restart": True}, {"threads": 1}):
            again = predict_file(model, "x.npy", f"y.{suffix}", **{**options, **more})
            assert (again.events, again.resumed_from, again.outputs) == (EVENTS, EVENTS, first.outputs)
    assert (folder / f"y.{suffix}").stat() == stamp
    assert not list(folder.glob("*.partial"))


def test_another_run_is_not_the_same(model: ib.Model, folder: Path) -> None:
    options = {"engine": "cpp-strict", "chunk": 100}

    def refused(subject: ib.Model = model, data: Any = "x.npy", **more: Any) -> None:
        with pytest.raises(OverwriteError, match=r"y.h5 exists"):
            predict_file(subject, data, "y.h5", **{**options, **more})

    predict_file(model, "x.npy", "y.h5", **options)
    refused(model.with_types({"fc.accum": "ap_fixed<20,9>"}))
    refused(data="x.h5")
    refused(data=["x.npy", "x.npy"])
    refused(raw=True)
    refused(chunk=99)
    refused(engine="reference")
    stamp = (folder / "x.npy").stat()
    os.utime("x.npy", ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    refused()  # the data may have changed
    os.utime("x.npy", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert predict_file(model, "x.npy", "y.h5", **options).resumed_from == EVENTS
    copy = (folder / "y.h5").read_bytes()
    (folder / "y.h5").unlink()
    (folder / "y.h5").write_bytes(copy)
    refused()  # another file, whatever is in it
    assert predict_file(model, "x.npy", "y.h5", overwrite=True, **options).resumed_from == 0
    assert predict_file(model, "x.npy", "y.h5", **options).resumed_from == EVENTS


def test_without_a_cache_nothing_is_remembered(model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE", str(folder / "x.npy" / "no folder"))
    predict_file(model, "x.npy", "y.npy", engine="cpp-strict")
    with pytest.raises(OverwriteError, match=r"y.npy.json exists"):
        predict_file(model, "x.npy", "y.npy", engine="cpp-strict")


def test_the_command_once_more(model: ib.Model, folder: Path) -> None:
    """Status 0 also after a kill with the folder of the run left without its journal."""
    model.save("m.isobit")
    arguments = ["x.npy", "--out", "y.root", "--engine", "cpp-strict", "--chunk", "100"]
    assert start(folder, *arguments).wait() == 0
    (folder / "y.root.partial").mkdir()
    (folder / "y.root.partial" / "lock").touch()
    for _ in range(2):
        again = start(folder, *arguments)
        text, error = again.communicate()
        assert (again.returncode, error) == (0, "")
        assert text.startswith("nothing was left to predict: an earlier run of the same command finished y.root")
    assert not (folder / "y.root.partial").exists()
