"""Model files and networks that nobody makes by accident: one clear refusal at load, quickly and in little memory."""

from __future__ import annotations

import json
import resource
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras_attacks as attacks
import numpy as np
import pytest

import isobit as ib
from isobit import FixedType
from isobit.errors import FormatError, IsobitError, ModelFileError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.frontends.keras import load_keras_file
from isobit.model import Dense, Encoding, Graph, Tensor, Weight
from isobit.model.file import load_graph, save_graph
from isobit.model.graph import MAX_BITS

ROADS = ("reference", "numba", "cpp")
X = np.array([[0.5, -1.25, 2.0], [3.0, 1.0, -4.0]])


def dense(
    accum: str = "ap_fixed<20,8>", result: str = "ap_fixed<16,6>", data: str = "ap_fixed<16,6>", **changes: Any
) -> Graph:
    weight = Weight.from_written("weight", [[0.5, -0.25], [1.0, 2.0], [-1.5, 0.125]], FixedType.parse("ap_fixed<8,3>"))
    bias = Weight.from_written("bias", [0.5, -0.5], FixedType.parse("ap_fixed<8,3>"))
    output = Tensor("y", (2,), FixedType.parse(result))
    layer = Dense("fc", ("x",), output, weight, bias, FixedType.parse(accum))
    return Graph("tiny", (Tensor("x", (3,), FixedType.parse(data)),), (replace(layer, **changes),), ("y",))


def powers(kind: str) -> Graph:
    values = [[0.5, -0.25], [1.0, 2.0], [-1.0, 0.125]]
    return dense(weight=Weight.from_written("weight", values, FixedType.parse(kind), encoding=Encoding.EXPONENT))


def same_everywhere(graph: Graph) -> None:
    model = ib.Model(graph)
    results = [model.predict_raw(X, engine=road).raw.tolist() for road in ROADS]
    assert results[0] == results[1] == results[2]


# -- one law for all roads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ap_int<4>", "ap_int<32>"])
def test_powers_of_two(kind: str) -> None:
    same_everywhere(powers(kind))


@pytest.mark.parametrize("kind", ["ap_fixed<4,2>", "ap_fixed<4,4>", "ap_fixed<4,6>", "ap_uint<4>", "ap_int<33>"])
def test_exponents_of_another_kind_are_refused(kind: str) -> None:
    with pytest.raises(FormatError, match=rf"weight: exponents of powers of two are of ap_int<1> .* not {kind}"):
        powers(kind)


def test_reuse_factors_have_an_end() -> None:
    most = (1 << 31) - 1 - 6
    graph = dense(reuse_factor=most)
    same_everywhere(graph)
    assert ib.Model(graph).predict_raw(X, engine="cpp-strict").raw.shape == (2, 2)
    for factor in (0, -1, most + 1, 1 << 31, 1 << 32, 1 << 64):
        with pytest.raises(
            UnsupportedError, match=rf"reuse factor {factor} of layer 'fc' is not legal; legal: 1 to {most}"
        ):
            dense(reuse_factor=factor)


@pytest.mark.parametrize(
    "formats",
    [
        {"accum": "ap_fixed<2000,1000>"},
        {"accum": "ap_fixed<2000,1000,AP_RND,AP_SAT>"},
        {"result": "ap_fixed<2000,1000>", "accum": "ap_fixed<8,-990>"},
        {"data": "ap_fixed<2000,1000>", "accum": "ap_fixed<8,1000>"},
        {"data": "ap_fixed<10,1000>", "result": "ap_fixed<10,-990>"},
    ],
)
def test_the_widest_formats_are_computed_by_every_road(formats: dict[str, str]) -> None:
    graph = dense(**formats)
    same_everywhere(graph)
    assert "fc" in str(ib.Model(graph).profile(X))
    assert "fc" in str(ib.Model(graph).plan())
    assert np.isfinite(ib.Model(graph).predict(X)).all()


@pytest.mark.parametrize("slot", ["accum", "result", "data"])
@pytest.mark.parametrize("kind", ["ap_fixed<4096,2048>", "ap_fixed<8,1001>", "ap_fixed<8,-993>", "ap_fixed<12,1060>"])
def test_wider_formats_are_refused_for_every_road(slot: str, kind: str) -> None:
    name = {"accum": "fc.accum", "result": "fc.result", "data": "x.result"}[slot]
    with pytest.raises(FormatError, match=rf"{name} is {kind}; .*{MAX_BITS} integer"):
        dense(**{slot: kind})
    with pytest.raises(FormatError, match=rf"{name} is {kind}"):
        ib.Model(dense()).with_types({name: kind})


def test_shapes_have_an_end() -> None:
    for shape in ((0,), (-3,), (1 << 29,), (1 << 20, 1 << 20)):
        with pytest.raises(ShapeError, match=r"tensor 'x' has the shape .* at least 1"):
            Tensor("x", shape, FixedType.parse("ap_fixed<8,3>"))
    nothing = np.zeros((1 << 40, 0), dtype=np.int64)
    with pytest.raises(ShapeError, match="every extent must be at least 1"):
        Weight("weight", nothing, FixedType.parse("ap_fixed<8,3>"), nothing.astype(float), nothing.astype(float))


# -- masked arrays ----------------------------------------------------------------------------------------------------


def test_what_lies_under_a_mask_is_not_read() -> None:
    model = ib.Model(dense())
    masked = np.ma.masked_array(X, mask=[[False, True, False], [False] * 3])
    calls: list[Callable[[Any], Any]] = [
        model.predict,
        model.predict_raw,
        model.trace,
        model.profile,
        lambda x: ib.check(model, x, against=("reference",)),
        lambda x: model.predict({"x": x}),
        lambda x: ib.FixedArray.from_float(x, "ap_fixed<8,3>"),
    ]
    for call in calls:
        for data in (masked, [masked[0], masked[1]], np.ma.masked_array(X)):
            with pytest.raises(TypeMismatchError, match=r"masked array.* has no values under its mask.*filled"):
                call(data)
    assert model.predict(masked.filled(0.0)).shape == (2, 2)


# -- files that unpack to more than they say --------------------------------------------------------------------------


@pytest.fixture
def frugal() -> Any:
    """The test is quick, and its memory grows little."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def bomb(path: Path, names: list[str], size: int) -> None:
    """Members of zeros, each of so many bytes."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            with archive.open(name, "w", force_zip64=True) as out:
                for _ in range(size >> 20):
                    out.write(bytes(1 << 20))


@pytest.mark.parametrize("member", ["arrays/0000.npy", "isobit.json", "arrays/0006.npy", "other"])
def test_model_files_that_unpack_to_gigabytes(member: str, frugal: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.isobit"
    save_graph(dense(), path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != member}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    bomb(path, [member], 70 << 20)
    with pytest.raises(ModelFileError, match=r"m\.isobit unpacks to more than 67108864 bytes"):
        load_graph(path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5", "assets/other"])
def test_keras_files_that_unpack_to_gigabytes(member: str, frugal: Any, tmp_path: Path) -> None:
    path = attacks.write_keras(tmp_path / "m.keras", attacks.architecture())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != member}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    bomb(path, [member], 70 << 20)
    with pytest.raises(ModelFileError, match=r"m\.keras .*(unpacks to|config\.json has 73400320 bytes)"):
        load_keras_file(path)


def test_weights_that_a_file_only_promises(frugal: Any, tmp_path: Path) -> None:
    """Chunks that nobody wrote take no room in a file, and all of it when they are read."""
    path = attacks.write_h5(tmp_path / "m.h5", attacks.architecture())
    with h5py.File(path, "a") as file:
        del file["model_weights/fc/fc/kernel:0"]
        file.create_dataset("model_weights/fc/fc/kernel:0", (1 << 16, 1 << 16), "f4", chunks=(1 << 10, 1 << 10))
    assert path.stat().st_size < 100_000
    with pytest.raises(
        ModelFileError, match=r"m\.h5 .*its datasets hold 17179869192 bytes; expected 1073741824 at most"
    ):
        load_keras_file(path)


@pytest.mark.hls4ml
@pytest.mark.xdist_group("keras")
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_layers_that_need_more_numbers_than_a_file_stores(suffix: str, tmp_path: Path) -> None:
    """A thousand bytes that ask for a terabyte."""
    write = {".h5": attacks.write_h5, ".keras": attacks.write_keras}[suffix]
    path = write(tmp_path / f"m{suffix}", attacks.architecture(attacks.dense(units=1 << 30)))
    with pytest.raises(ModelFileError, match=r"need more numbers \(4294967296 for .*\) than it stores"):
        load_keras_file(path)


@pytest.mark.parametrize("kind", ["soft", "external", "virtual", "elsewhere"])
def test_weights_of_other_files_are_not_read(kind: str, tmp_path: Path) -> None:
    path = attacks.write_h5(tmp_path / "m.h5", attacks.architecture())
    name = "model_weights/fc/fc/kernel:0"
    with h5py.File(path, "a") as file:
        del file[name]
        if kind == "soft":
            file[name] = h5py.SoftLink("/model_weights/fc/fc/bias:0")
        elif kind == "external":
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((4, 2), "f4")
            layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4, 2))
            file.create_virtual_dataset(name, layout)
        else:
            file.create_dataset(name, (4, 2), "f4", external=[("/etc/passwd", 0, 32)])
    with pytest.raises(ModelFileError, match=r"m\.h5 .*(is a link to elsewhere|lies in another file)"):
        load_keras_file(path)


# -- sealed files: any value anywhere ---------------------------------------------------------------------------------


def test_forged_values_are_refused_by_the_file(tmp_path: Path) -> None:
    """The laws above hold for files, whose checksums anybody can make."""
    from isobit.model import file as files

    for graph, key, value, told in (
        (powers("ap_int<4>"), ("weight", "type"), "ap_fixed<4,4>", "exponents of powers of two"),
        (dense(), ("reuse_factor",), 1 << 31, "reuse factor 2147483648"),
        (dense(), ("accum",), "ap_fixed<4096,2048>", "fc.accum is ap_fixed<4096,2048>"),
        (dense(), ("output", "shape"), [1 << 40], "at least 1, its size"),
    ):
        body, arrays = files._body(graph)
        node: Any = body["ops"][0]
        for step in key[:-1]:
            node = node[step]
        node[key[-1]] = value
        document = {"format": "isobit-model", "version": 1, "sha256": files._digest(body, arrays.blobs), "graph": body}
        path = tmp_path / "m.isobit"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("isobit.json", json.dumps(document))
            for index, blob in enumerate(arrays.blobs):
                archive.writestr(f"arrays/{index:04d}.npy", blob)
        with pytest.raises(IsobitError, match=rf"m\.isobit is damaged: .*{told}"):
            ib.load(path)


@pytest.mark.parametrize("suffix", [".isobit", ".keras"])
def test_a_zip_of_a_later_version(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 148  # the version needed to extract, 14.8
    path.write_bytes(content)
    with pytest.raises(IsobitError, match=r"14\.8"):
        ib.load(path)
