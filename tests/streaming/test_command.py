"""``isobit predict``: what it prints, its options, its status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streaming_files import COLUMNS, EVENTS, events, one_input, read, two_inputs

from isobit.commands import run

MAIN = [sys.executable, "-c", "from isobit.cli import main; main()"]


@pytest.fixture
def models(folder: Path) -> Path:
    one_input().save("m.isobit")
    two_inputs().save("two.isobit")
    return folder


def test_json_is_one_object(models: Path) -> None:
    command = [*MAIN, "predict", "m.isobit", "x.parquet", "--out", "y.h5", "--json", "--engine", "cpp", "--raw"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    seconds = facts.pop("seconds")
    assert facts.pop("events_per_second") == pytest.approx(EVENTS / seconds)
    assert facts == {
        "events": EVENTS,
        "resumed_from": 0,
        "outputs": {"y": "ap_fixed<16,6>"},
        "raw": True,
        "out": "y.h5",
    }
    assert np.array_equal(read(models / "y.h5", one_input())["y"], one_input().predict_raw(events()).raw)


def test_no_progress_bar_when_piped_and_one_on_a_terminal(models: Path) -> None:
    command = [
        *MAIN,
        "predict",
        "m.isobit",
        "x.npy",
        "--chunk",
        "100",
        "--engine",
        "cpp",
        "--overwrite",
        "--out",
        "y.npy",
    ]
    piped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith(f"{EVENTS} events of ap_fixed<16,6> written to y.npy (")
    ours, theirs = pty.openpty()
    shown = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 4096):
            text += part
    except OSError:  # the other side was closed
        pass
    assert shown.communicate()[0].decode().startswith(f"{EVENTS} events")
    assert shown.returncode == 0
    assert b"predict" in text


def test_options_by_input(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, z = events(), events(columns=2, seed=8)
    np.save("z.npy", z)
    np.savez("both.npz", first=x, second=z)
    expected = dict(zip(("y", "score"), two_inputs().predict([x, z]), strict=True))
    for arguments in (
        ["x=x.npy", "z=z.npy"],
        ["x=x.parquet", "z=z.npy", "--columns", f"x={','.join(COLUMNS)}"],
        ["x=x.root", "z=z.npy", "--tree", "x=events", "--columns", f"x={', '.join(COLUMNS)}"],
        ["both.npz", "--dataset", "x=first", "--dataset", "z=second"],
    ):
        assert run(["predict", "two.isobit", *arguments, "--engine", "cpp", "--out", "y.parquet", "--overwrite"]) == 0
        assert "1000 events of ap_fixed<16,6>, ap_ufixed<9,3,AP_RND,AP_SAT> written to" in capsys.readouterr().out
        got = read(models / "y.parquet", two_inputs())
        assert all(np.array_equal(got[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["m.isobit"], "Missing argument 'DATA...'"),
        (["m.isobit", "x.npy", "--chunk", "0"], "0 is not in the range"),
        (["m.isobit", "x.csv"], "allowed for data: .npy"),
        (["m.isobit", "x.h5", "--dataset", "a", "--dataset", "b"], "--dataset is given 2 times"),
        (["m.isobit", "x.npy", "--tree", "t"], "tree= is not for .npy files"),
        (["two.isobit", "x=x.npy", "x.npy"], "write INPUT=VALUE for all or for none, got 'x.npy'"),
        (["two.isobit", "x=x.npy"], "no data for input 'z'"),
        (["nowhere.isobit", "x.npy"], "nowhere.isobit does not exist"),
    ],
)
def test_bad_usage_is_2(arguments: list[str], told: str, models: Path, capsys: Any) -> None:
    assert run(["predict", *arguments, "--out", "y.h5"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err.replace("\n", " "), captured.err
    assert not (models / "y.h5").exists()
    assert not (models / "y.h5.partial").exists()
