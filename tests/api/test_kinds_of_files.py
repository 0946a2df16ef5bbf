"""What people hand over instead of a model: the refusal says what it is and what to do. Nothing of it is run."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.commands import run
from isobit.errors import IsobitError, ModelFileError
from isobit.frontends.identify import written_by_keras3


class Bomb:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("exploded",)


def _zip(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")


def _json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "arch.json": (
        lambda p: _json(p, {"class_name": "Sequential", "config": []}),
        "Keras architecture.*model_from_json",
    ),
    "arch": (lambda p: _json(p, {"class_name": "Model", "config": {}, "backend": "tensorflow"}), "without weights"),
    "hls.json": (lambda p: _json(p, {"Model": {}, "LayerName": {}}), "hls4ml configuration, not a model.*--config"),
    "some.json": (lambda p: _json(p, {"a": 1, "b": 2}), "JSON with the keys a, b"),
    "list.json": (lambda p: _json(p, [1, 2]), "JSON, but not a model"),
    "hls4ml_config.yml": (lambda p: p.write_text("Backend: Vitis\n"), "hls4ml configuration, not a model"),
    "net.pt": (lambda p: _zip(p, "net/data.pkl", "net/version"), "PyTorch file.*convert_from_pytorch_model"),
    "net": (lambda p: _zip(p, "archive/data.pkl", "archive/data/0"), "PyTorch file"),
    "old.pth": (lambda p: p.write_bytes(b"anything"), "PyTorch file"),
    "torch.bin": (lambda p: p.write_bytes(pickle.dumps({"torch": 1})), "PyTorch file"),
    "net.onnx": (lambda p: p.write_bytes(b"\x08\x08\x12\x07pytorch"), "ONNX file.*convert_from_onnx_model"),
    "net.bin": (lambda p: p.write_bytes(b"\x08\x08\x12\x07pytorch\x1a\x051.9.0"), "ONNX file"),
    "net.pkl": (lambda p: p.write_bytes(pickle.dumps(Bomb())), "a Python pickle, which would run code"),
    "net.model": (lambda p: p.write_bytes(pickle.dumps(Bomb())), "a Python pickle"),
    "net.tflite": (lambda p: p.write_bytes(b"\x1c\0\0\0TFL3rest"), "TensorFlow Lite"),
    "saved_model.pb": (lambda p: p.write_bytes(b"\x0a\x01x"), "TensorFlow graph; load the SavedModel"),
    "x.npy": (lambda p: np.save(p, np.zeros(3)), r"NumPy array \(\.npy\), which holds data, not a model"),
    "x.npz": (lambda p: np.savez(p, a=np.zeros(3)), r"NumPy arrays \(\.npz\), which holds data"),
    "x.parquet": (lambda p: p.write_bytes(b"PAR1....PAR1"), "Parquet"),
    "x.root": (lambda p: p.write_bytes(b"root\0\0\xf6\x18"), "ROOT"),
    "x.csv": (lambda p: p.write_text("1,2\n3,4\n"), "comma-separated values"),
    "train.py": (lambda p: p.write_text("import keras\n"), "Python source; run it"),
    "prj.tar.gz": (lambda p: p.write_bytes(b"\x1f\x8b\x08\0"), "an archive: unpack it"),
    "model.hdf": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n...."), r"rename it to \.h5"),
    "model.zip": (lambda p: _zip(p, "config.json", "model.weights.h5"), r"rename it to \.keras"),
    "empty.isobit": (lambda p: p.write_bytes(b""), "is empty; expected a .keras or .h5 file"),
    "empty.h5": (lambda p: p.write_bytes(b""), "is empty"),
}
FOLDERS: dict[str, tuple[tuple[str, ...], str]] = {
    "savedmodel": (("saved_model.pb", "keras_metadata.pb", "variables/x"), "a TensorFlow SavedModel.*load_model"),
    "hls4ml": (("firmware/x", "hls4ml_config.yml"), "is not an hls4ml project"),
    "exported": (("manifest.json", "README.md"), "isobit export wrote: isobit csim FOLDER"),
    "checkpoint": (("checkpoint", "ckpt.index"), "a TensorFlow checkpoint, weights without a model"),
    "other": (("a", "b"), "a folder, not a model; it holds a, b. Expected: a .keras"),
    "empty": ((), "it holds nothing"),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    make, told = FILES[name]
    make(tmp_path / name)
    for call in (ib.load, ib.csim):
        with pytest.raises(ModelFileError, match=rf"(?s){name} is.*{told}|{told}"):
            call(tmp_path / name)
    assert run(["predict", name, "x.npy", "--out", "y.npy"]) == 2
    assert f"error: {name}" in capsys.readouterr().err
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("name", FOLDERS)
def test_folders(name: str, tmp_path: Path) -> None:
    names, told = FOLDERS[name]
    (tmp_path / name).mkdir()
    for inner in names:
        (tmp_path / name / inner).parent.mkdir(exist_ok=True)
        (tmp_path / name / inner).write_text('{"format": "isobit-hls"}')
    with pytest.raises(IsobitError, match=told):
        ib.load(tmp_path / name)
    if name != "hls4ml":
        with pytest.raises(IsobitError, match=told):
            ib.csim(tmp_path / name)


def test_what_does_not_exist_or_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "student.h5").touch()
    for path in ("studnet.h5", "Student.H5", "students.h5"):
        with pytest.raises(ModelFileError, match=f"{path} does not exist; did you mean 'student.h5'"):
            ib.load(tmp_path / path)
    with pytest.raises(ModelFileError, match=r"other\.isobit does not exist$"):
        ib.load(tmp_path / "other.isobit")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="pipe is not a regular file"):
        ib.load(tmp_path / "pipe")


def _layer(**config: object) -> dict[str, object]:
    return {"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "config": config}]}}


@pytest.mark.parametrize(
    "config, version, keras3",
    [
        (_layer(batch_shape=[None, 8]), None, True),
        (_layer(batch_shape=[None, 8]), "3.6.0", True),
        (_layer(batch_input_shape=[None, 8]), b"3.12.0", True),
        (_layer(batch_input_shape=[None, 8], dtype={"class_name": "DTypePolicy", "config": {}}), None, True),
        ({"module": "keras.src.models.functional", "registered_name": "Functional", "config": {}}, None, True),
        (_layer(batch_input_shape=[None, 8]), "2.15.0", False),
        (_layer(batch_input_shape=[None, 8]), None, False),
        (_layer(batch_input_shape=[None, 8]), 7, False),
        ([], "", False),
    ],
)
def test_what_keras_3_wrote(config: object, version: object, keras3: bool) -> None:
    if not keras3:
        assert not written_by_keras3(Path("net.keras"), config, version)
        return
    words = r"net\.keras was written by Keras 3.*here is Keras 2\.15.*pip install 'isobit\[hgq2\]'"
    with pytest.raises(ModelFileError, match=words):
        written_by_keras3(Path("net.keras"), config, version)
