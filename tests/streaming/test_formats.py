"""Every format in and out: the bits of ``Model.predict``, whatever the blocks, layouts and dtypes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from streaming_files import COLUMNS, EVENTS, INPUTS, OUTPUTS, events, one_input, read, sha256, two_inputs, write

import isobit as ib
from isobit.model.file import graph_digest
from isobit.streaming import predict_file

ENGINE = "cpp-strict"


def predicted(model: ib.Model, data: Any, out: Path, **options: Any) -> dict[str, Any]:
    predict_file(model, data, out, engine=ENGINE, **options)
    return read(out, model)


@pytest.mark.oracle(sample=16)
@pytest.mark.parametrize("raw", [False, True], ids=["values", "raw"])
@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("source", INPUTS)
def test_bits_are_those_of_predict(source: str, out: str, raw: bool, model: ib.Model, folder: Path) -> None:
    x = events()
    expected = model.predict_raw(x).raw if raw else model.predict(x)
    got = predicted(model, folder / f"x.{source}", folder / f"y.{out}", raw=raw, chunk=128)["y"]
    assert got.dtype == (np.int64 if raw else np.float64)
    assert np.array_equal(got, expected)
    assert not (folder / f"y.{out}.partial").exists()


@pytest.mark.parametrize("out", OUTPUTS)
def test_the_data_s_format_changes_no_byte(out: str, model: ib.Model, folder: Path) -> None:
    sums = set()
    for source in INPUTS:
        predict_file(model, folder / f"x.{source}", folder / f"{source}.{out}", engine=ENGINE, chunk=300)
        sums.add(sha256(folder / f"{source}.{out}"))
    assert len(sums) == 1


@pytest.mark.oracle(sample=12)
@pytest.mark.parametrize("chunk", [1, 7, EVENTS - 1, EVENTS, EVENTS + 1, None])
@pytest.mark.parametrize("suffix", OUTPUTS)
def test_chunks(suffix: str, chunk: int | None, model: ib.Model, folder: Path) -> None:
    write(folder / f"few.{suffix}", events(60), block=17)
    done = predict_file(model, folder / f"few.{suffix}", folder / f"y.{suffix}", engine=ENGINE, chunk=chunk)
    assert (done.events, done.resumed_from, dict(done.outputs)) == (60, 0, {"y": "ap_fixed<16,6>"})
    assert np.array_equal(read(done.out, model)["y"], model.predict(events(60)))


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_no_events(suffix: str, model: ib.Model, folder: Path) -> None:
    write(folder / f"none.{suffix}", events(0))
    got = predicted(model, folder / f"none.{suffix}", folder / f"y.{suffix}")["y"]
    assert got.shape == (0, 2)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "i1", ">i4", "<u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_dtypes_and_orders(dtype: str, order: str, model: ib.Model, folder: Path) -> None:
    x = np.asarray(np.abs(events()), dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(folder / "d.npy", x)
    assert np.load(folder / "d.npy").flags.f_contiguous == (order == "F")
    assert np.array_equal(predicted(model, folder / "d.npy", folder / "y.npy", chunk=99)["y"], model.predict(x))


def test_fortran_order_of_several_axes(folder: Path) -> None:
    graph = one_input().graph
    from dataclasses import replace

    shaped = ib.Model(replace(graph, inputs=(replace(graph.inputs[0], shape=(3, 1)),)))
    x = events().reshape(-1, 3, 1)
    for name, array in {"c": x, "f": np.asfortranarray(x), "flat": x[:, :, 0]}.items():
        np.save(folder / f"{name}.npy", array)
        got = predicted(shaped, folder / f"{name}.npy", folder / f"y{name}.npy", chunk=99)["y"]
        assert np.array_equal(got, shaped.predict(x))


def test_events_of_several_files_follow_each_other(model: ib.Model, folder: Path) -> None:
    names = []
    for number, suffix in enumerate(INPUTS):
        names.append(folder / f"part{number}.{suffix}")
        write(names[-1], events(40 + number, seed=number))
    whole = np.concatenate([events(40 + number, seed=number) for number in range(len(INPUTS))])
    got = predicted(model, names, folder / "y.npy", chunk=64)["y"]
    assert np.array_equal(got, model.predict(whole))


@pytest.mark.parametrize("out", OUTPUTS[1:])
def test_several_inputs_and_outputs(out: str, folder: Path) -> None:
    model = two_inputs()
    x, z = events(), events(columns=2, seed=8)
    np.save(folder / "z.npy", z)
    np.savez(folder / "both.npz", x=x, z=z)
    with h5py.File(folder / "both.h5", "w") as file:
        file["x"], file["z"] = x, z
    arrays = pa.FixedSizeListArray.from_arrays
    pq.write_table(pa.table({"x": arrays(pa.array(x.ravel()), 3), "z": arrays(pa.array(z.ravel()), 2)}), "both.parquet")
    pq.write_table(
        pa.table({**{f"x{i}": x[:, i] for i in range(3)}, **{f"z{i}": z[:, i] for i in range(2)}}), "w.parquet"
    )
    with uproot.recreate("both.root") as file:
        tree = file.mktree("t", {"x": ("f4", (3,)), "z": ("f4", (2,))})
        tree.extend({"x": x, "z": z})
    by_name = {"x": ("x0", "x1", "x2"), "z": ("z0", "z1")}
    cases: list[tuple[Any, dict[str, Any]]] = [
        ({"x": "x.npy", "z": "z.npy"}, {}),
        ({"x": "x.parquet", "z": ["z.npy"]}, {"columns": {"x": COLUMNS}}),
        ("both.npz", {}),
        ("both.h5", {}),
        ("both.h5", {"dataset": {"x": "x", "z": "/z"}}),
        ("both.parquet", {}),
        ("w.parquet", {"columns": by_name}),
        ("both.root", {"tree": "t"}),
    ]
    expected = dict(zip(("y", "score"), model.predict([x, z]), strict=True))
    for number, (data, options) in enumerate(cases):
        got = predicted(model, data, folder / f"{number}.{out}", chunk=256, **options)
        assert {name: array.shape for name, array in got.items()} == {"y": (EVENTS, 2), "score": (EVENTS, 1)}
        assert all(np.array_equal(got[name], expected[name]) for name in expected), (data, options)


def test_columns_choose_and_order(model: ib.Model, folder: Path) -> None:
    x = events()
    shuffled = {"phi": x[:, 2], "name": ["muon"] * EVENTS, "pt": x[:, 0], "n": np.arange(EVENTS), "eta": x[:, 1]}
    pq.write_table(pa.table(shuffled), "s.parquet")
    with uproot.recreate("s.root") as file:
        numbers = {name: values for name, values in shuffled.items() if name != "name"}
        tree = file.mktree("t", {name: np.asarray(values).dtype for name, values in numbers.items()})
        tree.extend(numbers)
    with h5py.File("s.h5", "w") as file:
        for name, values in shuffled.items():
            file[f"muons/{name}"] = values
    expected = model.predict(x)
    for data, columns in (("s.parquet", COLUMNS), ("s.root", COLUMNS), ("s.h5", [f"muons/{c}" for c in COLUMNS])):
        got = predicted(model, data, folder / f"{data}.npy", columns=columns)["y"]
        assert np.array_equal(got, expected), data


def test_lists_of_parquet(model: ib.Model, folder: Path) -> None:
    x = events()
    pq.write_table(pa.table({"f": pa.array(x.tolist(), pa.list_(pa.float32())), "n": ["a"] * EVENTS}), "v.parquet")
    assert np.array_equal(predicted(model, "v.parquet", folder / "y.npy", chunk=70)["y"], model.predict(x))


def test_ntuple(model: ib.Model, folder: Path) -> None:
    x = events()
    with uproot.recreate("n.root") as file:
        file.mkrntuple("t", {name: x[:, number] for number, name in enumerate(COLUMNS)})
        assert file.classnames() == {"t;1": "ROOT::RNTuple"}
    got = predicted(model, "n.root", folder / "y.npy", columns=COLUMNS, chunk=70)["y"]
    assert np.array_equal(got, model.predict(x))


def test_integers_stay_exact_beyond_float64(folder: Path) -> None:
    x, y = ib.FixedType.parse("ap_fixed<63,63>"), ib.FixedType.parse("ap_fixed<63,63>")
    graph = one_input().graph
    from dataclasses import replace

    fc = graph.ops[0]
    wide = ib.Model(
        replace(graph, inputs=(replace(graph.inputs[0], type=x),)).with_types({"fc.result": y, "fc.accum": y})
    )
    assert fc.name == "fc"
    numbers = np.random.default_rng(5).integers(-(2**61), 2**61, (EVENTS, 3))
    write(folder / "i.parquet", numbers)
    np.save(folder / "i.npy", numbers)
    expected = wide.predict_raw(numbers, "reference").raw
    for suffix in ("parquet", "npy"):
        predict_file(wide, folder / f"i.{suffix}", folder / f"y{suffix}.npy", raw=True, chunk=99)
        assert np.array_equal(np.load(folder / f"y{suffix}.npy"), expected)


@pytest.mark.parametrize("raw", [False, True])
def test_files_say_what_they_are(raw: bool, model: ib.Model, folder: Path) -> None:
    known = {
        "content": "raw integers, in units of the LSB" if raw else "values",
        "isobit_version": ib.__version__,
        "model_sha256": graph_digest(model.graph),
        "outputs": {"y": "ap_fixed<16,6>"},
    }
    for suffix in OUTPUTS:
        predict_file(model, folder / "x.npy", folder / f"y.{suffix}", raw=raw, engine=ENGINE)
    assert json.loads((folder / "y.npy.json").read_text()) == known
    schema = pq.read_schema(folder / "y.parquet")
    assert json.loads(schema.metadata[b"isobit"]) == known
    assert schema.field("y_1").metadata == {b"type": b"ap_fixed<16,6>"}
    with uproot.open(folder / "y.root") as file:
        assert json.loads(file["isobit"]) == known
    with h5py.File(folder / "y.h5") as file:
        attributes = dict(file.attrs)
        assert attributes | {"outputs": json.loads(attributes["outputs"])} == known
        assert file["y"].attrs["type"] == "ap_fixed<16,6>"


def test_model_has_the_door(model: ib.Model, folder: Path) -> None:
    done = model.predict_file("x.npy", "y.npy", engine=ENGINE)
    assert done.events == EVENTS
    assert np.array_equal(np.load("y.npy"), model.predict(events()))
