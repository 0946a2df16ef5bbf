"""Bad data and bad usage: one error that names file, event or column, and what is allowed; nothing is written."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from streaming_files import COLUMNS, EVENTS, INPUTS, events, one_input, two_inputs, write

import isobit as ib
from isobit.errors import (
    DataFileError,
    IsobitError,
    MissingDependencyError,
    OverwriteError,
    RangeError,
    ShapeError,
    TypeMismatchError,
    UnsupportedError,
)
from isobit.streaming import predict_file


def refused(
    error: type[IsobitError], told: str, model: ib.Model, data: Any, out: str = "y.npy", **options: Any
) -> None:
    with pytest.raises(error, match=told):
        predict_file(model, data, out, **{"engine": "cpp-strict", **options})
    assert not Path(out).exists()
    assert not Path(f"{out}.partial").exists()


@pytest.mark.parametrize("suffix", INPUTS)
def test_missing_and_truncated_files(suffix: str, model: ib.Model, folder: Path) -> None:
    refused(DataFileError, f"nowhere.{suffix} does not exist", model, f"nowhere.{suffix}")
    whole = (folder / f"x.{suffix}").read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        (folder / f"t.{suffix}").write_bytes(whole[:length])
        refused(DataFileError, rf"t.{suffix}.* is not a readable .* file", model, f"t.{suffix}")
    (folder / f"d.{suffix}").mkdir()
    refused(DataFileError, f"d.{suffix}", model, f"d.{suffix}")


@pytest.mark.parametrize("suffix", INPUTS)
def test_damage_in_the_middle(suffix: str, model: ib.Model, folder: Path) -> None:
    """Found by the checksums and decoders that the format has; ``.npy`` has none."""
    x = events(20_000)
    write(folder / f"d.{suffix}", x)
    content = bytearray((folder / f"d.{suffix}").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    (folder / f"d.{suffix}").write_bytes(content)
    if suffix in ("npz", "h5", "root"):
        with pytest.raises(DataFileError, match=f"d.{suffix} is not a readable"):
            predict_file(model, f"d.{suffix}", "y.npy", engine="cpp-strict")
        assert not (folder / "y.npy").exists()
    else:
        try:
            predict_file(model, f"d.{suffix}", "y.npy", engine="cpp-strict")
        except DataFileError as error:
            assert f"d.{suffix}" in str(error)


@pytest.mark.parametrize(
    "suffix, where",
    [
        ("npy", "bad.npy: event 612, column 1"),
        ("npz", "bad.npz:events: event 612, column 1"),
        ("h5", "bad.h5:events: event 612, column 1"),
        ("parquet", "bad.parquet: event 612, column 'eta'"),
        ("root", "bad.root:events: event 612, column 'eta'"),
    ],
)
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_nan_and_infinity(suffix: str, where: str, value: float, model: ib.Model, folder: Path) -> None:
    x = events()
    x[612, 1] = x[700, 0] = value
    write(folder / f"bad.{suffix}", x)
    refused(RangeError, f"{where} is {value}; NaN and infinity are refused", model, f"bad.{suffix}")
    # Named by the file that it is in.
    refused(RangeError, f"{where} is {value}", model, [f"x.{suffix}", f"bad.{suffix}"])


def test_nan_in_a_shaped_input(folder: Path) -> None:
    graph = one_input().graph
    shaped = ib.Model(replace(graph, inputs=(replace(graph.inputs[0], shape=(3, 1)),)))
    x = events()
    x[3, 2] = np.nan
    np.save("flat.npy", x)
    np.save("shaped.npy", x.reshape(-1, 3, 1))
    refused(RangeError, r"flat.npy: event 3, column 2 is nan", shaped, "flat.npy")
    refused(RangeError, r"shaped.npy: event 3, index \(2, 0\) is nan", shaped, "shaped.npy")


@pytest.mark.parametrize("suffix", INPUTS)
def test_wrong_number_of_features(suffix: str, model: ib.Model, folder: Path) -> None:
    write(folder / f"w.{suffix}", events()[:, :2])
    told = rf"w.{suffix}.* has shape \(1000, 2\); input 'x' takes \(events, 3\)"
    refused(ShapeError, told, model, f"w.{suffix}")
    np.save("seven.npy", np.zeros(7))
    refused(ShapeError, r"seven.npy has shape \(7,\)", model, "seven.npy")
    np.save("x2.npy", events()[:, :2])
    refused(ShapeError, "have different numbers of events", two_inputs(), {"x": ["x.npy"] * 2, "z": "x2.npy"}, "y.h5")


@pytest.mark.parametrize(
    "array, told",
    [
        (np.zeros((4, 3), dtype=complex), "holds complex128; it must hold real numbers"),
        (np.zeros((4, 3), dtype=bool), "holds bool"),
        (np.full((4, 3), "x"), "holds <U1"),
        (np.full((4, 3), None), "holds object"),
        (np.float64(3.0), "a single number"),
    ],
)
def test_arrays_of_no_events(array: Any, told: str, model: ib.Model, folder: Path) -> None:
    np.save("a.npy", array, allow_pickle=True)
    refused(DataFileError, told, model, "a.npy")
    np.savez("a.npz", array)
    refused(DataFileError, told, model, "a.npz")
    if array.dtype != object and array.dtype.kind != "U":
        with h5py.File("a.h5", "w") as file:
            file["a"] = array
        refused(DataFileError, told.replace("a single number", "has no axes"), model, "a.h5")


def test_parquet_columns(model: ib.Model, folder: Path) -> None:
    x = events()
    good = {name: x[:, number] for number, name in enumerate(COLUMNS)}
    holed = pa.array(x[:, 1].tolist()[:700] + [None] * 300, pa.float32())
    lists = [row.tolist() for row in x]
    pq.write_table(
        pa.table({**good, "eta": holed, "name": ["a"] * EVENTS, "l": [*lists[:9], [1.0], *lists[10:]]}), "c.parquet"
    )
    refused(DataFileError, "c.parquet: event 700, column 'eta' is null", model, "c.parquet", columns=COLUMNS)
    refused(DataFileError, "column 'name' holds string, not numbers; allowed", model, "c.parquet", columns=["name"])
    refused(DataFileError, "has no column 'mass'; it has: pt, eta", model, "c.parquet", columns=["pt", "mass", "eta"])
    refused(DataFileError, "once each, got pt, pt", model, "c.parquet", columns=["pt", "pt", "eta"])
    refused(DataFileError, "once each, got none", model, "c.parquet", columns=[])
    refused(DataFileError, "event 9, column 'l' holds 1 numbers, expected 3", model, "c.parquet", columns=["l"])
    pq.write_table(pa.table({"name": ["a"] * EVENTS}), "n.parquet")
    refused(DataFileError, "no numeric column: 'name' holds string", model, "n.parquet")
    holes = pa.FixedSizeListArray.from_arrays(pa.array([1.0] * 7 + [None] + [1.0]), 3)
    pq.write_table(pa.table({"f": holes}), "h.parquet")
    refused(DataFileError, r"event 2, column 'f'\[1\] is null", model, "h.parquet")


def test_integers_that_a_float_cannot_hold(model: ib.Model, folder: Path) -> None:
    x = events()
    whole = np.arange(EVENTS)
    whole[77] = 2**53 + 1
    pq.write_table(pa.table({"pt": x[:, 0], "eta": whole, "phi": x[:, 2]}), "i.parquet")
    refused(RangeError, f"event 77, column 'eta' is {2**53 + 1}; .* integers up to 2\\^53", model, "i.parquet")
    np.save("i.npy", np.zeros((5, 3), dtype=np.int64))
    refused(TypeMismatchError, "must all hold floats, or all integers", model, ["x.npy", "i.npy"])


def test_root_trees_and_branches(model: ib.Model, folder: Path) -> None:
    x = events()
    with uproot.recreate("r.root") as file:
        for name in ("a", "b"):
            tree = file.mktree(name, {"pt": "f4", "hits": "var * float32"})
            tree.extend({"pt": x[:4, 0], "hits": [[1.0], [], [2.0, 3.0], [1.0]]})
        file["note"] = "text"
    refused(DataFileError, r"r.root holds 2 trees \(a, b\); name one: tree=, --tree", model, "r.root")
    refused(DataFileError, "r.root has no tree 'c'; it has: a, b", model, "r.root", tree="c")
    refused(DataFileError, r"no tree 'note' \(note is a TObjString\)", model, "r.root", tree="note")
    refused(DataFileError, "branch 'hits' holds float.*, not one number", model, "r.root", tree="a", columns=["hits"])
    refused(DataFileError, "has no branch 'eta'", model, "r.root", tree="a", columns=["eta"])
    refused(ShapeError, r"choose some: columns=", model, "r.root", tree="a")


def test_hdf5_datasets(model: ib.Model, folder: Path) -> None:
    with h5py.File("d.h5", "w") as file:
        file["muons/pt"], file["muons/eta"], file["x2"] = np.zeros(5), np.zeros(4), np.zeros((5, 3))
    refused(DataFileError, r"holds 3 datasets \(.*\), none with the input's name 'x'.*--dataset", model, "d.h5")
    refused(DataFileError, "no dataset 'x3'; it has: muons/eta, muons/pt, x2", model, "d.h5", dataset="x3")
    refused(DataFileError, "different numbers of events", model, "d.h5", columns=["muons/pt", "muons/eta"])
    refused(DataFileError, "dataset 'x2' has 2 axes instead of one", model, "d.h5", columns=["x2"])
    refused(DataFileError, "exclude each other", model, "d.h5", columns=["x2"], dataset="x2")


def test_usage(model: ib.Model, folder: Path) -> None:
    refused(DataFileError, r"suffix '.csv'; allowed for data: .npy, .npz, .parquet, .h5", model, "x.csv")
    refused(DataFileError, r"suffix '.txt'; allowed for predictions: .npy, .h5", model, "x.npy", "y.txt")
    refused(DataFileError, r"x.npy is an array of float32, which has no columns", model, "x.npy", columns=COLUMNS)
    refused(DataFileError, r"tree= is not for .h5 files; allowed there: dataset, columns", model, "x.h5", tree="t")
    refused(DataFileError, "no data file", model, [])
    refused(TypeMismatchError, "no input is called 'z'; the model's inputs: x", model, {"z": "x.npy"})
    refused(TypeMismatchError, "no data for input 'z'", two_inputs(), {"x": "x.npy"}, "y.h5")
    refused(TypeMismatchError, "chunk must be a positive integer or None, got 0", model, "x.npy", chunk=0)
    refused(TypeMismatchError, "threads must be a positive integer", model, "x.npy", threads=0)
    refused(UnsupportedError, "unknown engine 'gpu'", model, "x.npy", engine="gpu")
    both = {"x": "x.npy", "z": "x.npy"}
    refused(UnsupportedError, r"2 outputs \(y, score\) and a .npy file holds one; write .h5", two_inputs(), both)
    wide = model.with_types({"fc.result": "ap_fixed<90,40>"})
    refused(UnsupportedError, r"int64, which output 'y' of ap_fixed<90,40> does not fit", wide, "x.npy", raw=True)
    (folder / "old.npy").write_text("mine")
    with pytest.raises(OverwriteError, match=r"old\.npy exists"):
        predict_file(model, "nowhere.npy", "old.npy")
    assert (folder / "old.npy").read_text() == "mine"


@pytest.mark.parametrize(
    "module, suffix, kind", [("pyarrow", "parquet", "Parquet"), ("h5py", "h5", "HDF5"), ("uproot", "root", "ROOT")]
)
def test_missing_library(module: str, suffix: str, kind: str, model: ib.Model, folder: Path) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "import isobit as ib; from isobit.streaming import predict_file\n"
        "from isobit.errors import MissingDependencyError\n"
        "m = ib.load('m.isobit'); told = []\n"
        f"for data, out in (('x.{suffix}', 'y.npy'), ('x.npy', 'y.{suffix}')):\n"
        "    try: predict_file(m, data, out)\n"
        "    except MissingDependencyError as error: told.append(str(error))\n"
        "print('\\n'.join(told))"
    )
    model.save("m.isobit")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{kind} files need {module}: pip install 'isobit[files]'") for line in lines)
    assert issubclass(MissingDependencyError, ImportError)
