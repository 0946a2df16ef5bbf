"""The model file: the same network comes back, or an error; never another network, never code."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import every_op, tiny

import isobit as ib
from isobit.errors import IsobitError, ModelFileError, OverwriteError, TypeMismatchError
from isobit.model import Encoding, Graph
from isobit.model.file import VERSION, load_graph, save_graph


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved tiny network."""
    save_graph(tiny(), tmp_path / "tiny.isobit")
    return tmp_path / "tiny.isobit"


def rewrite(path: Path, change: Callable[[Any, dict[str, bytes]], Any], *, sealed: bool = True) -> None:
    """Change the document and the arrays of a file; with a right checksum if ``sealed``."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(parts.pop("isobit.json"))
    document = change(document, parts) or document
    if sealed:
        digest = hashlib.sha256(json.dumps(document["graph"], sort_keys=True, separators=(",", ":")).encode())
        for name in sorted(parts):
            digest.update(len(parts[name]).to_bytes(8, "little") + parts[name])
        document["sha256"] = digest.hexdigest()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("isobit.json", json.dumps(document))
        for name, blob in parts.items():
            archive.writestr(name, blob)


def refused(path: Path, told: str) -> None:
    with pytest.raises(ModelFileError, match=told) as caught:
        load_graph(path)
    assert isinstance(caught.value, ValueError)
    assert path.name in str(caught.value)


# -- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [every_op, tiny])
def test_round_trip(make: Callable[[], Graph], tmp_path: Path) -> None:
    graph = make()
    save_graph(graph, tmp_path / "m.isobit")
    found = load_graph(tmp_path / "m.isobit")
    assert found == graph
    assert found.types() == graph.types()
    assert dict(found.metadata) == dict(graph.metadata)


def test_round_trip_keeps_storage_and_encoding(tmp_path: Path) -> None:
    save_graph(every_op(), tmp_path / "m.isobit")
    ops = load_graph(tmp_path / "m.isobit").by_name
    assert ops["wide"].weight.raw.dtype == object
    assert all(type(v) is int for v in ops["wide"].weight.raw.ravel())
    assert max(abs(v) for v in ops["wide"].weight.raw.ravel()) > 2**63
    assert ops["powers"].weight.raw.dtype == np.int64
    assert (ops["powers"].weight.encoding, ops["binary"].weight.encoding) == (Encoding.EXPONENT, Encoding.XNOR)
    assert set(ops["powers"].weight.signs.ravel()) == {0, 1}
    assert np.array_equal(ops["wide"].weight.written, every_op().by_name["wide"].weight.written)


@pytest.mark.parametrize("slot", ["raw", "written", "unquantised", "signs"])
def test_equality_sees_every_array(slot: str) -> None:
    """The round trip tests would mean nothing if ``==`` looked away."""
    graph = every_op()
    op = graph.by_name["powers"]
    values = getattr(op.weight, slot).copy()
    values[0, 0] = 1 - values[0, 0]
    other = replace(op, weight=replace(op.weight, **{slot: values}))
    assert replace(graph, ops=tuple(other if o is op else o for o in graph.ops)) != graph
    assert replace(op, weight=replace(op.weight)) == op


@pytest.mark.hls4ml
def test_converted_network_predicts_the_same_from_a_file(mixed: Any, tmp_path: Path) -> None:
    mixed.model.save(tmp_path / "mixed.isobit")
    found = ib.load(tmp_path / "mixed.isobit")
    assert found.graph == mixed.model.graph
    assert found.source is None
    assert np.array_equal(found.predict_raw(mixed.x).raw, mixed.model.predict_raw(mixed.x).raw)
    assert found.graph.metadata["backend"] == "Vitis"
    with pytest.raises(NotImplementedError, match="no hls4ml project to simulate"):
        found.csim()


# -- damage -----------------------------------------------------------------------------------------------------------


def test_truncated_anywhere(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "cut.isobit"
    lengths = [*range(0, len(whole), max(1, len(whole) // 120)), len(whole) - 1]
    for length in lengths:
        cut.write_bytes(whole[:length])
        refused(cut, "cut.isobit")


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_one_changed_byte_anywhere(flip: int, path: Path, tmp_path: Path) -> None:
    whole, original = path.read_bytes(), tiny()
    bad = tmp_path / "bad.isobit"
    survived = 0
    for position in range(0, len(whole), 1 if flip == 0xFF else 3):
        bad.write_bytes(whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :])
        try:
            found = load_graph(bad)
        except ModelFileError as error:
            assert "bad.isobit" in str(error)
            continue
        assert found == original, f"byte {position} changed the network"
        survived += 1
    # Time stamps, attributes and the like do not matter; the content does.
    assert survived < len(whole) / 4


def test_array_swapped_in_a_valid_zip(path: Path) -> None:
    def change(document: Any, parts: dict[str, bytes]) -> None:
        parts["arrays/0000.npy"] = parts["arrays/0000.npy"][:-1] + b"\x01"

    rewrite(path, change, sealed=False)
    refused(path, "checksum")


@pytest.mark.parametrize(
    "key, value, told",
    [
        ("version", VERSION + 1, f"version {VERSION + 1}.*reads versions 1 to {VERSION}.*update"),
        ("version", 0, "no valid version number, got 0"),
        ("version", "1", "no valid version number, got '1'"),
        ("version", None, "no valid version number, got None"),
        ("format", "something", "not an isobit model file"),
        ("sha256", "0" * 64, "checksum"),
    ],
)
def test_head_of_the_document(key: str, value: Any, told: str, path: Path) -> None:
    rewrite(path, lambda document, parts: document.update({key: value}), sealed=False)
    refused(path, told)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x80\x04K\x01.", b"\x93NUMPY\x01\x00"])
def test_not_a_zip(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.isobit").write_bytes(content)
    refused(tmp_path / "m.isobit", "not an isobit model file, or truncated")


@pytest.mark.parametrize("content", ["[1, 2]", "null", '{"graph": {}}', "{", '"isobit-model"', "\ud800"])
def test_zip_with_another_document(content: str, tmp_path: Path) -> None:
    path = tmp_path / "m.isobit"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("isobit.json", content.encode("utf-8", "surrogatepass"))
    refused(path, "m.isobit")


def test_zip_without_a_document(tmp_path: Path) -> None:
    path = tmp_path / "m.isobit"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(path, "isobit.json")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    refused(tmp_path / "none.isobit", "does not exist")
    (tmp_path / "folder.isobit").mkdir()
    refused(tmp_path / "folder.isobit", "is a folder")
    with pytest.raises(IsobitError, match="is a folder"):
        ib.load(tmp_path / "folder.isobit")
    with pytest.raises(ModelFileError, match="does not exist"):
        ib.load(str(tmp_path / "none.isobit"))


def test_zip_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    """Its directory promises three gigabytes."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arrays/9999.npy", b"")
        archive.infolist()[-1].file_size = 3 << 30
    refused(path, "unpacks to more than")


# -- data, not code ---------------------------------------------------------------------------------------------------


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_pickled_arrays_are_refused_and_not_run(path: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    buffer = io.BytesIO()
    np.save(buffer, np.array([[Trap(trap)] * 2] * 3, dtype=object), allow_pickle=True)

    def change(document: Any, parts: dict[str, bytes]) -> None:
        parts["arrays/0000.npy"] = buffer.getvalue()

    rewrite(path, change)
    refused(path, "allow_pickle")
    assert not trap.exists()
    path.write_bytes(pickle.dumps(Trap(trap)))
    refused(path, "not an isobit model file")
    assert not trap.exists()


def npy(values: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array, told",
    [
        (np.zeros((3, 2), dtype=np.float32), "float32"),
        (np.zeros((3, 2), dtype=np.int32), "int32"),
        (np.zeros((3, 2), dtype=">i8"), ">i8"),
        (np.zeros((3, 2), dtype="M8[s]"), "datetime64"),
        (np.zeros((3, 2)), "do not fit"),  # raw integers as float64
        (np.full((3, 2), 200), "do not fit ap_fixed<8,3>"),
        (np.zeros((2, 3), dtype=np.int64), "different shapes"),
        (np.zeros((3, 3), dtype=np.int64), "different shapes"),
        (np.zeros((300, 2), dtype=np.int64), "different shapes"),  # would read past the events
        (np.zeros(6, dtype=np.int64), "shape"),
    ],
)
def test_sealed_files_with_wrong_arrays(array: Any, told: str, path: Path) -> None:
    def change(document: Any, parts: dict[str, bytes]) -> None:
        parts["arrays/0000.npy"] = npy(array)

    rewrite(path, change)
    refused(path, told)


def _set(*keys: Any, to: Any) -> Callable[[Any, Any], None]:
    def change(document: Any, parts: Any) -> None:
        node = document["graph"]
        for key in keys[:-1]:
            node = node[key]
        if to is KeyError:
            del node[keys[-1]]
        else:
            node[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    "change, told",
    [
        (_set("ops", 0, "op", to="os.system"), "unknown op 'os.system'.*dense"),
        (_set("ops", 0, "op", to=["dense"]), "unhashable"),
        (_set("ops", 0, "strategy", to="magic"), "magic.*latency"),
        (_set("ops", 0, "accum", to="ap_fixed<0,0>"), "width 0"),
        (_set("ops", 0, "accum", to=KeyError), "accum"),
        (_set("ops", 0, "weight", "encoding", to="rot13"), "rot13"),
        (_set("ops", 0, "weight", "raw", to={"array": 99}), "IndexError"),
        (_set("ops", 0, "weight", "raw", to={"integers": ["x"], "shape": [1]}), "invalid literal"),
        (_set("ops", 0, "weight", "raw", to={"integers": ["1"], "shape": [7]}), "reshape"),
        (_set("ops", 0, "inputs", to=["nowhere"]), "nowhere"),
        (_set("ops", 0, "inputs", to=[]), "damaged"),
        (_set("ops", 0, "output", "shape", to=[5]), "outputs"),
        (_set("ops", 0, "output", "shape", to=[-2]), "outputs|shape"),
        (_set("outputs", to=["nowhere"]), "nowhere"),
        (_set("inputs", to=KeyError), "inputs"),
        (_set("inputs", 0, "shape", to="3x"), "damaged"),
        (_set("name", to=KeyError), "name"),
    ],
)
def test_sealed_files_that_make_no_sense(change: Callable[[Any, Any], None], told: str, path: Path) -> None:
    rewrite(path, change)
    refused(path, told)


def test_no_options_for_a_model_file(path: Path) -> None:
    with pytest.raises(TypeMismatchError, match="backend"):
        ib.load(path, backend="Vitis")
    with pytest.raises(TypeMismatchError, match="backend"):
        ib.load(ib.load(path), backend="Vitis")


# -- whole or not at all ----------------------------------------------------------------------------------------------


def test_refuses_to_overwrite(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(OverwriteError, match=r"tiny\.isobit exists.*overwrite=True") as caught:
        save_graph(every_op(), path)
    assert isinstance(caught.value, FileExistsError)
    assert path.read_bytes() == before
    ib.Model(every_op()).save(path, overwrite=True)
    assert load_graph(path) == every_op()


def test_a_dangling_link_is_not_overwritten_either(tmp_path: Path) -> None:
    (tmp_path / "link.isobit").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OverwriteError):
        save_graph(tiny(), tmp_path / "link.isobit")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failing_write_leaves_nothing(
    error: BaseException, overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.isobit"
    if overwrite:
        save_graph(tiny(), path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    original = zipfile.ZipFile.writestr

    def fail(self: Any, name: str, data: Any) -> None:
        if name.startswith("arrays"):
            raise error
        original(self, name, data)

    monkeypatch.setattr(zipfile.ZipFile, "writestr", fail)
    with pytest.raises(type(error)):
        save_graph(every_op(), path, overwrite=overwrite)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.isobit"
    original = zipfile.ZipFile.close

    def close(self: Any) -> None:
        original(self)
        path.write_text("mine")

    monkeypatch.setattr(zipfile.ZipFile, "close", close)
    with pytest.raises(OverwriteError, match="appeared meanwhile"):
        save_graph(tiny(), path)
    assert path.read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["m.isobit"]
