"""Columns that are carried along: the same numbers of the same types, from every format into every format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from streaming_files import COLUMNS, EVENTS, INPUTS, OUTPUTS, events, one_input, sha256, two_inputs

import isobit as ib
from isobit.commands import run as command
from isobit.data import map_data
from isobit.errors import DataFileError, RangeError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.streaming import predict_file, run

KEEP = ("run", "lumi", "event", "weight", "good")


def columns() -> dict[str, Any]:
    """Numbers that no float could carry, one float, one truth value."""
    rng = np.random.default_rng(3)
    return {
        "run": np.full(EVENTS, 386_593, dtype=np.uint32),
        "lumi": rng.integers(0, 2**16, EVENTS).astype(np.uint16),
        "event": 2**64 - 1 - rng.integers(0, 2**62, EVENTS).astype(np.uint64),
        "weight": np.where(np.arange(EVENTS) % 7 == 0, np.nan, rng.normal(size=EVENTS)).astype(np.float32),
        "good": rng.random(EVENTS) < 0.5,
    }


def write(path: Path) -> None:
    """Features pt, eta, phi and the columns above, in this order of columns: run first, event between the features."""
    x, more = events(), columns()
    table = {"run": more["run"], "pt": x[:, 0], "event": more["event"], "eta": x[:, 1], "phi": x[:, 2], **more}
    if path.suffix == ".npy":
        records = np.empty(EVENTS, dtype=[(name, values.dtype) for name, values in table.items()])
        for name, values in table.items():
            records[name] = values
        np.save(path, records)
    elif path.suffix == ".npz":
        np.savez(path, x=x, **more)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, values in {"x": x, **more}.items():
                file.create_dataset(name, data=values, chunks=(300, *values.shape[1:]))
    elif path.suffix == ".parquet":
        pq.write_table(pa.table(table), path, row_group_size=300)
    else:
        with uproot.recreate(path) as file:
            file.mktree("events", {name: values.dtype for name, values in table.items()}).extend(table)


def read(path: Path) -> dict[str, Any]:
    """Every column by its name."""
    if path.suffix == ".npy":
        records = np.load(path)
        return {name: records[name] for name in records.dtype.names}
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return {name: file[name][:] for name in file}
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return {name: table[name].to_numpy() for name in table.column_names}
    with uproot.open(path) as file:
        return dict(file["predictions"].arrays(library="np"))


@pytest.fixture(params=INPUTS)
def data(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / f"d.{request.param}")
    return f"d.{request.param}"


def features(data: str) -> dict[str, Any]:
    return {} if data.endswith(("npz", "h5")) else {"columns": COLUMNS}


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_types_and_numbers_stay(suffix: str, data: str, model: ib.Model) -> None:
    done = predict_file(model, data, f"y.{suffix}", keep=KEEP, chunk=300, raw=True, **features(data))
    assert (done.events, done.resumed_from) == (EVENTS, 0)
    found, expected = read(Path(f"y.{suffix}")), columns()
    for name in KEEP:
        assert found[name].dtype == expected[name].dtype, name
        assert np.array_equal(found[name], expected[name], equal_nan=name == "weight"), name
    y = model.predict_raw(events()).raw
    if suffix in ("npy", "h5"):
        assert list(found)[-1] == "y" or suffix == "h5"
        assert np.array_equal(found["y"], y)
    else:
        assert list(found) == [*KEEP, "y_0", "y_1"]
        assert np.array_equal(np.stack([found["y_0"], found["y_1"]], axis=1), y)


def test_what_is_kept_is_no_feature(data: str, model: ib.Model) -> None:
    """Unless it is named as one: then it is both."""
    if not data.endswith(("npz", "h5")):
        predict_file(model, data, "all.h5", keep=KEEP)  # pt, eta, phi are what is left
        assert np.array_equal(read(Path("all.h5"))["y"], model.predict(events()))
        predict_file(model, data, "both.h5", keep=["pt", "lumi"], columns=("pt", "lumi", "phi"))
        x = np.stack([events()[:, 0], columns()["lumi"], events()[:, 2]], axis=1)
        assert np.array_equal(read(Path("both.h5"))["y"], model.predict(x))
        assert np.array_equal(read(Path("both.h5"))["pt"], events()[:, 0])
    else:
        predict_file(model, data, "all.h5", keep=[*KEEP, "x"])
        assert np.array_equal(read(Path("all.h5"))["y"], model.predict(events()))
        assert np.array_equal(read(Path("all.h5"))["x"], events())  # an array of each event


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_an_array_of_each_event(suffix: str, tmp_path: Path, model: ib.Model) -> None:
    x = events()
    np.savez(tmp_path / "d.npz", x=x, p4=x[:, ::-1].astype(np.float64) * 2)
    predict_file(model, tmp_path / "d.npz", tmp_path / f"y.{suffix}", keep=["p4"], chunk=300)
    if suffix == "parquet":
        found = np.array(pq.read_table(tmp_path / "y.parquet")["p4"].to_pylist())
    else:
        found = read(tmp_path / f"y.{suffix}")["p4"]
    assert found.dtype == np.float64
    assert np.array_equal(found, x[:, ::-1].astype(np.float64) * 2)


@pytest.mark.oracle(sample=8)
@pytest.mark.parametrize("suffix", OUTPUTS)
def test_goes_on_to_the_same_bytes(suffix: str, data: str, model: ib.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"keep": KEEP, "chunk": 100, "engine": "cpp-strict", **features(data)}
    predict_file(model, data, f"whole.{suffix}", **options)
    calls = []

    def breaking(self: ib.Model, x: Any, **other: Any) -> Any:
        calls.append(len(x))
        if len(calls) > 4:
            raise KeyboardInterrupt
        return map_data(self.predict_raw(x, **other), ib.FixedArray.to_float)

    monkeypatch.setattr(run, "COMMIT_SECONDS", 0.0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ib.Model, "predict", breaking)
        predict_file(model, data, f"y.{suffix}", **options)
    with pytest.raises(ib.errors.ResumeError, match=r"keep was .*, is "):
        predict_file(model, data, f"y.{suffix}", **{**options, "keep": KEEP[:2]})
    assert predict_file(model, data, f"y.{suffix}", **options).resumed_from == 400
    assert sha256(Path(f"y.{suffix}")) == sha256(Path(f"whole.{suffix}"))


def test_several_files_and_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns come from the first input whose files have them."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "d.parquet")
    np.savez("z.npz", z=events(2 * EVENTS, columns=2, seed=8), tag=np.arange(2 * EVENTS))
    data = {"x": ["d.parquet", "d.parquet"], "z": "z.npz"}
    predict_file(two_inputs(), data, "y.root", keep=["event", "tag"], columns={"x": COLUMNS}, chunk=300)
    found = read(Path("y.root"))
    assert np.array_equal(found["event"], np.tile(columns()["event"], 2))
    assert np.array_equal(found["tag"], np.arange(2 * EVENTS))
    np.savez("short.npz", z=events(columns=2), tag=np.arange(7))
    with pytest.raises(ShapeError, match="'tag' to keep has 7 events, the inputs 1000"):
        predict_file(two_inputs(), {"x": "d.parquet", "z": "short.npz"}, "s.h5", keep=["tag"], columns={"x": COLUMNS})


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "d.root")
    one_input().save("m.isobit")
    arguments = ["d.root", "--columns", "pt,eta,phi", "--keep", "run,lumi", "--keep", "event", "--out", "y.parquet"]
    assert command(["predict", "m.isobit", *arguments]) == 0, capsys.readouterr().err
    assert list(read(Path("y.parquet"))) == ["run", "lumi", "event", "y_0", "y_1"]


@pytest.mark.parametrize(
    "keep, out, error, told",
    [
        (["mass"], "y.h5", DataFileError, "'mass' cannot be kept: d.parquet has no column 'mass'; it has: run, pt"),
        (["name"], "y.h5", DataFileError, "'name' cannot be kept: d.parquet: column 'name' holds string"),
        (["holes"], "y.h5", DataFileError, "event 700, column 'holes' is null"),
        (["run", "run"], "y.h5", DataFileError, "must be named once each, got run, run"),
        ("run", "y.h5", TypeMismatchError, "keep must be a list of names, got 'run'"),
        (["y"], "y.h5", UnsupportedError, "'y' cannot be kept beside the model's output of that name"),
        (["y_0"], "y.root", UnsupportedError, "'y_0' cannot be kept beside the column of an output of that name"),
        (["half"], "y.root", UnsupportedError, "ROOT has no 16-bit floats, which 'half' holds"),
    ],
)
def test_refused(
    keep: Any, out: str, error: type[Exception], told: str, model: ib.Model, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    more = {"name": ["a"] * EVENTS, "holes": [1] * 700 + [None] * 300, "half": events()[:, 0].astype(np.float16)}
    x = dict(zip(COLUMNS, events().T, strict=True))
    pq.write_table(pa.table({"run": columns()["run"], **x, "y": x["pt"], "y_0": x["pt"], **more}), "d.parquet")
    with pytest.raises(error, match=told):
        predict_file(model, "d.parquet", out, keep=keep, columns=COLUMNS, engine="cpp-strict")
    assert not Path(out).exists()


def test_plain_arrays_have_no_columns(model: ib.Model, folder: Path) -> None:
    with pytest.raises(
        DataFileError, match=r"'run' cannot be kept: x.npy is an array of float32, which has no columns"
    ):
        predict_file(model, "x.npy", "y.h5", keep=["run"])


def test_structured_arrays_are_tables(model: ib.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "d.npy")
    predict_file(model, "d.npy", "y.npy", columns=COLUMNS)
    assert np.array_equal(np.load("y.npy"), model.predict(events()))
    with pytest.raises(RangeError, match=r"d.npy: event \d+, column 'event' is \d+; beside other columns of floats"):
        predict_file(model, "d.npy", "z.npy", columns=("pt", "event", "phi"))
    whole = Path("d.npy").read_bytes()
    Path("t.npy").write_bytes(whole[:-1])
    with pytest.raises(DataFileError, match=r"t.npy is not a readable .npy file: truncated"):
        predict_file(model, "t.npy", "z.npy", columns=COLUMNS)
