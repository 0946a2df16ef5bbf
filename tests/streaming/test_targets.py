"""Where results go: never over what is read, refused before the work where nothing can be written, named when full."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streaming_files import OUTPUTS, events, one_input, sha256, write

import isobit as ib
from isobit.commands import run as command
from isobit.commands.options import save_arrays
from isobit.errors import OverwriteError, WriteError
from isobit.files import atomic_path, check_folder, check_target
from isobit.hls.folder import make_manifest, write_folder
from isobit.streaming import predict_file
from isobit.streaming.writers.flat import FlatFile

MAIN = [sys.executable, "-c", "from isobit.cli import main; main()"]


@pytest.fixture
def models(folder: Path) -> Path:
    one_input().save("m.isobit")
    return folder


def same_name(path: Path, how: str) -> str:
    """Another name of the same file."""
    other = path.with_name(f"other{path.suffix}")
    if how == "symlink":
        other.symlink_to(path.name)
    elif how == "hard link":
        other.hardlink_to(path)
    elif how == "relative":
        return f"../{path.parent.name}/{path.name}"
    elif how == "absolute":
        return str(path)
    elif how == "new folder":  # which is made before the file is written
        return f"new/../{path.name}"
    else:
        return path.name
    return other.name


@pytest.fixture(params=["itself", "relative", "absolute", "new folder", "symlink", "hard link"])
def how(request: Any) -> str:
    return str(request.param)


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_predictions_do_not_replace_their_data(suffix: str, how: str, model: ib.Model, folder: Path) -> None:
    before, out = sha256(folder / f"x.{suffix}"), same_name(folder / f"x.{suffix}", how)
    with pytest.raises(OverwriteError, match=r"x\.\w+.* is read by this run|other.* is read by this run"):
        predict_file(model, f"x.{suffix}", out, overwrite=True)
    with pytest.raises(OverwriteError, match="is read by this run, which would destroy it"):
        predict_file(model, {"x": [f"x.{suffix}", f"x.{suffix}"]}, out, overwrite=True)
    assert sha256(folder / f"x.{suffix}") == before
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "m.isobit", "DATA", "--out"],
        ["predict", "m.isobit", "x=DATA", "--out"],
        ["trace", "m.isobit", "--data", "DATA", "--out"],
        ["check", "m.isobit", "--data", "DATA", "--against", "cpp-strict", "--html"],
        ["csim", "core", "--data", "DATA", "--out"],
        ["csim", "core", "--data", "x.npy", "--data", "DATA", "--trace"],
    ],
)
def test_no_command_replaces_what_it_reads(
    arguments: list[str], how: str, models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda *a, **o: pytest.fail("opened"))  # before anything is
    data = models / ("x.npy" if arguments[0] == "predict" else "x.npz")
    before = data.stat().st_mtime_ns
    words = [word.replace("DATA", data.name) for word in arguments]
    assert command([*words, same_name(data, how), "--overwrite"]) == 2
    assert "is read by this run, which would destroy it" in capsys.readouterr().err.replace("\n", " ")
    assert data.stat().st_mtime_ns == before


def test_models_and_configurations_are_read_too(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sha256(models / "m.isobit")
    (models / "y.npy.json").hardlink_to(models / "m.isobit")  # what is written beside y.npy
    for words in (
        ["predict", "m.isobit", "x.npy", "--out", "y.npy"],
        ["check", "m.isobit", "--data", "x.npy", "--against", "cpp-strict", "--html", "m.isobit"],
    ):
        assert command([*words, "--overwrite"]) == 2
        assert "is read by this run" in capsys.readouterr().err
    assert sha256(models / "m.isobit") == before


def test_data_in_the_folder_of_an_unfinished_run(model: ib.Model, folder: Path) -> None:
    (folder / "y.npy.partial").mkdir()
    write(folder / "y.npy.partial" / "mine.npy")
    with pytest.raises(OverwriteError, match=r"mine.npy lies in y.npy.partial, where an unfinished run is kept"):
        predict_file(model, "y.npy.partial/mine.npy", "y.npy", restart=True)
    assert (folder / "y.npy.partial" / "mine.npy").exists()


def test_a_folder_that_is_replaced_holds_nothing_that_is_read(tmp_path: Path) -> None:
    """As the hls4ml project beside a model file, from which a user may take the configuration."""
    config = tmp_path / "m.hls4ml" / "hls4ml_config.yml"
    config.parent.mkdir()
    config.write_text("Model: {}")
    (tmp_path / "link").symlink_to(config)
    for source in (config, tmp_path / "link", config.parent):
        with pytest.raises(
            OverwriteError, match=r"is read by this run, which would replace .*m.hls4ml and everything in it"
        ):
            check_folder(tmp_path / "m.hls4ml", overwrite=True, inputs=[None, source])
    check_folder(tmp_path / "m.hls4ml", overwrite=True, inputs=[tmp_path / "other"])
    with pytest.raises(OverwriteError, match=r"m.hls4ml exists; choose another name"):
        check_folder(tmp_path / "m.hls4ml")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full", "/dev/stdout"])
def test_devices_are_not_replaced(device: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rename over them would."""
    words = ["check", "m.isobit", "--data", "x.npy", "--against", "cpp-strict", "--html", device]
    assert command([*words, "--overwrite"]) == 2
    assert f"{device} cannot be written: it is not a regular file" in capsys.readouterr().err
    with pytest.raises(WriteError, match="not a regular file"), atomic_path(device, overwrite=True):
        pytest.fail("entered")
    assert Path(device).is_symlink() or not Path(device).is_file()


# -- places where nothing can be written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "m.isobit", "--data", "x.npy", "--against", "cpp-strict", "--html"],
        ["trace", "m.isobit", "--data", "x.npy", "--out"],
        ["predict", "m.isobit", "x.npy", "--out"],
        ["demo", "--events", "100", "--out"],
    ],
)
@pytest.mark.parametrize(
    "place, told",
    [
        ("x.npy/new/r", "cannot be written: Not a directory"),
        ("/proc/r", "cannot be written: "),
        ("folder", "cannot be written: it is a folder"),
    ],
)
def test_unwritable_places_are_found_before_the_work(
    arguments: list[str], place: str, told: str, models: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isobit.engines.registry.get_engine", lambda name: pytest.fail("computed"))
    suffix = {"--html": ".html", "demo": ".png"}.get(arguments[-1] if arguments[0] == "check" else arguments[0], ".npz")
    suffix = ".npy" if arguments[0] == "predict" else suffix
    (models / f"folder{suffix}").mkdir()
    out = f"{place}{suffix}"
    assert command([*arguments, out, "--overwrite"]) == 2
    assert f"{out} {told}" in capsys.readouterr().err.replace("\n", " ")


def test_trying_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_target(tmp_path / "new" / "folder" / "r.html") == tmp_path / "new" / "folder" / "r.html"
    monkeypatch.delattr(os, "O_TMPFILE")  # a system without files that have no name
    check_target(tmp_path / "new" / "r.html")
    assert not list(tmp_path.iterdir())


# -- full disks -------------------------------------------------------------------------------------------------------


def full(*arguments: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_a_full_disk_is_named_and_the_run_goes_on_later(
    suffix: str, model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = os.pwrite, []

    def fills_up(*arguments: Any) -> int:
        calls.append(0)
        return original(*arguments) if len(calls) < 4 else full()

    options = {"engine": "cpp-strict", "chunk": 100}
    predict_file(model, "x.npy", f"whole.{suffix}", **options)
    with (
        monkeypatch.context() as patch,
        pytest.raises(WriteError, match=rf"y.{suffix} cannot be written: No space left"),
    ):
        patch.setattr(os, "pwrite", fills_up)
        predict_file(model, "x.npy", f"y.{suffix}", **options)
    assert not (folder / f"y.{suffix}").exists()
    assert predict_file(model, "x.npy", f"y.{suffix}", **options).resumed_from == 300
    assert sha256(folder / f"y.{suffix}") == sha256(folder / f"whole.{suffix}")


def test_a_full_disk_at_the_last_moment(model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(WriteError, match=r"y.npy cannot be written: No space left"):
        patch.setattr(FlatFile, "sync", full)
        predict_file(model, "x.npy", "y.npy", engine="cpp-strict")
    predict_file(model, "x.npy", "y.npy", engine="cpp-strict")
    assert np.array_equal(np.load("y.npy"), model.predict(events()))


def test_files_written_whole_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **options: Any) -> Any:
        raise OSError("12 requested and 0 written")  # as NumPy says it

    told = r"r.html cannot be written: No space left on device"
    with pytest.raises(WriteError, match=told), atomic_path(tmp_path / "r.html"):
        full()
    monkeypatch.setattr(np, "save", refused)
    told = r"r.npz cannot be written: 12 requested and 0 written; is the disk full\?"
    with pytest.raises(WriteError, match=told), atomic_path(tmp_path / "r.npz") as path:
        save_arrays(path, np.zeros(3))
    assert not list(tmp_path.iterdir())


def test_a_real_limit_of_file_sizes(models: Path) -> None:
    """The kernel's own refusal, in every file that a command writes."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    for arguments in (
        ["predict", "m.isobit", "x.npy", "--engine", "cpp-strict", "--out", "y.npy"],
        ["predict", "m.isobit", "x.npy", "--engine", "cpp-strict", "--out", "y.h5"],
        ["predict", "m.isobit", "x.npy", "--engine", "cpp-strict", "--out", "y.parquet"],
        ["predict", "m.isobit", "x.npy", "--engine", "cpp-strict", "--out", "y.root"],
        ["trace", "m.isobit", "--data", "x.npy", "--out", "layers.npz"],
    ):
        done = subprocess.run([*MAIN, *arguments], capture_output=True, text=True, check=False, preexec_fn=limited)
        assert (done.returncode, done.stdout) == (2, ""), (arguments, done)
        assert f"error: {arguments[-1]} cannot be written: " in done.stderr
        assert "Traceback" not in done.stderr


def test_folders_are_tried_and_named(model: ib.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, told in (("x.npy/core", "Not a directory"), ("/proc/core", "")):
        with pytest.raises(WriteError, match=f"{place} cannot be written: {told}"):
            ib.export_hls(model, place, oracle="reference")  # before anything is compiled
    with monkeypatch.context() as patch, pytest.raises(WriteError, match="core cannot be written: No space left"):
        patch.setattr(Path, "write_bytes", full)
        write_folder(folder / "core", {"a.h": b"1"}, make_manifest({"a.h": b"1"}), overwrite=False)
    assert not (folder / "core").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_standard_output_on_a_full_disk(models: Path) -> None:
    with Path("/dev/full").open("w") as disk:
        done = subprocess.run(
            [*MAIN, "profile", "m.isobit", "--data", "x.npy"],
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left on device: 'standard output'" in done.stderr
    assert "Exception ignored" not in done.stderr


# -- readers that go away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unequal", [False, True])
def test_a_reader_that_leaves_does_not_change_the_verdict(unequal: bool, models: Path) -> None:
    """Status 1 says that bits differ, not that ``head -1`` had enough."""
    program = "from isobit.cli import main; main()"
    if unequal:
        program = (
            "from isobit.engines import strict\n"
            "from isobit.fixed.array import FixedArray\n"
            "run = strict.StrictEngine.run\n"
            "def wrong(*arguments):\n"
            "    values = run(*arguments)\n"
            "    raw = values['y'].raw.copy(); raw[0, 0] ^= 1\n"
            "    return {**values, 'y': FixedArray.from_raw(raw, values['y'].type)}\n"
            "strict.StrictEngine.run = wrong\n" + program
        )
    words = ["check", "m.isobit", "--data", "x.npy", "--against", "cpp-strict"]
    for buffering in ({}, {"PYTHONUNBUFFERED": "1"}):
        read, written = os.pipe()
        os.close(read)  # it left before the first word
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdout=written,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, **buffering},
        )
        os.close(written)
        assert (done.returncode, done.stderr) == (int(unequal), "")


def test_head_reads_one_line(models: Path) -> None:
    check = subprocess.Popen(
        [*MAIN, "check", "m.isobit", "--data", "x.npy", "--against", "cpp"], stdout=subprocess.PIPE
    )
    assert check.stdout is not None
    assert check.stdout.readline().startswith(b"EQUAL")
    check.stdout.close()
    assert check.wait() == 0
