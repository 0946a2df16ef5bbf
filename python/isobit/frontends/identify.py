"""What a file or folder is, by its content, and what its owner can do with it. Nothing in it is run or unpickled.

Users pass whatever their framework saved. A refusal that only says what the file is not does not help them.
"""

from __future__ import annotations

import importlib.metadata
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isobit.errors import ModelFileError, UnsupportedError
from isobit.suggest import did_you_mean

__all__ = ["folder_kind", "is_project", "refuse_foreign", "refuse_missing", "written_by_keras3"]

#: Bytes that are looked at, and the largest JSON document.
_HEAD, _JSON = 4096, 1 << 26
_CONVERT = (
    "convert it with hls4ml.converters.convert_from_{0}_model in Python and hand the ModelGraph to isobit.load; "
    "Model.save writes a model file for the commands"
)
_ARCHITECTURE = (
    "a Keras architecture (JSON) without weights: load the weights into keras.models.model_from_json(...), save the "
    "whole model as .h5 or .keras, and take that file"
)
_CONFIGURATION = (
    "an hls4ml configuration, not a model: give the Keras file as the model and this file with --config (in Python: "
    "isobit.load(model, hls_config=...))"
)
_DATA = "a file of {0}, which holds data, not a model: give the model first, then the data (or with --data)"


def is_project(path: Path) -> bool:
    """Whether a path is the folder of an hls4ml project."""
    return (path / "firmware").is_dir()


def refuse_missing(path: Path) -> None:
    """Refuse a path that does not exist, naming the most similar name in its folder.

    Raises
    ------
    ModelFileError
    """
    if path.exists():
        return
    try:
        beside = [other.name for other in path.parent.iterdir()] if len(path.name) > 3 else []
    except OSError:
        beside = []
    raise ModelFileError(f"{path} does not exist{did_you_mean(path.name, beside, 0.8)}")


def refuse_foreign(path: Path) -> None:
    """Refuse a file or folder of another kind by saying what it is; what may be a Keras or isobit file passes.

    Raises
    ------
    ModelFileError
        For files.
    UnsupportedError
        For folders.
    """
    refuse_missing(path)
    if path.is_dir():
        raise UnsupportedError(f"{path} is {folder_kind(path)}")
    if not path.is_file():
        raise ModelFileError(f"{path} is not a regular file; expected {_EXPECTED}")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from None
    if (what := _file(path, head)) is not None:
        raise ModelFileError(f"{path} is {what}")


def written_by_keras3(file: Path, config: Any, version: Any = None) -> bool:
    """Tell a file that Keras 3 wrote, which only Keras 3 reads.

    Parameters
    ----------
    file
        For the message.
    config
        The architecture, as JSON gives it.
    version
        The version of Keras that the file names, if it does.

    Raises
    ------
    ModelFileError
        If it was, and Keras 3 is not installed.
    """
    known = (version.decode(errors="replace") if isinstance(version, bytes) else str(version)) if version else ""
    if not (known.startswith("3") or (not known and _is_keras3(config))):
        return False
    if (installed := _installed_keras()).startswith("3."):
        return True
    raise ModelFileError(
        f"{file} was written by Keras 3{f' ({known})' if known else ''}, and here is Keras {installed or 2}. Files of "
        "Keras 3 are read where it is installed: pip install 'isobit[hgq2]' into an environment of its own, since "
        "QKeras needs Keras 2. A model that isobit saved there (Model.save) can be loaded anywhere"
    )


def _installed_keras() -> str:
    try:
        return importlib.metadata.version("keras")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _is_keras3(document: Any) -> bool:
    """Whether an architecture has the marks of Keras 3: ``batch_shape``, policies of types, modules keras.src."""
    left = [document]  # a file may nest deeper than Python calls functions
    while left:
        node = left.pop()
        if isinstance(node, dict):
            module = node.get("module")
            if "batch_shape" in node or node.get("class_name") == "DTypePolicy":
                return True
            if isinstance(module, str) and module.startswith("keras.src.") and "registered_name" in node:
                return True
            left += node.values()
        elif isinstance(node, list):
            left += node
    return False


# -- folders ----------------------------------------------------------------------------------------------------------


def folder_kind(path: Path) -> str:
    """What a folder is, in words, and what to do with it."""
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        return f"a folder that cannot be read: {error}"
    if "saved_model.pb" in names:
        return (
            "a TensorFlow SavedModel: load it in Python (with QKeras, "
            "tensorflow.keras.models.load_model(folder, custom_objects=...)) and save the model as .h5 or .keras, or "
            "hand it to isobit.load"
        )
    if "firmware" in names:
        return "a folder with 'firmware', which is no folder; expected that of an hls4ml project"
    if "manifest.json" in names and _manifest_format(path / "manifest.json") == "isobit-hls":
        return "a folder that isobit export wrote: isobit csim FOLDER runs its test bench, isobit hls FOLDER builds it"
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return "a folder with a TensorFlow checkpoint, weights without a model: save the whole model as .h5 or .keras"
    held = ", ".join(names[:5]) or "nothing"
    return f"a folder, not a model; it holds {held}{', ...' if len(names) > 5 else ''}. Expected: {_EXPECTED}"


def _manifest_format(manifest: Path) -> Any:
    try:
        document = json.loads(manifest.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document.get("format") if isinstance(document, dict) else None


_EXPECTED = "a .keras or .h5 file, or a model file that isobit saved"


# -- files ------------------------------------------------------------------------------------------------------------


def _file(path: Path, head: bytes) -> str | None:
    """What a file is, if isobit cannot read it."""
    if not head:
        return f"empty; expected {_EXPECTED}"
    for matches, what in _KINDS:
        if matches(path, head):
            return what(path) if callable(what) else what
    if path.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[path.suffix.lower()]
    return None


def _zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):  # of a zip of the future
        return None  # said by who reads it
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return _PYTORCH
    if names and all(name.endswith(".npy") for name in names):
        return _DATA.format("NumPy arrays (.npz)")
    if "config.json" in names and "model.weights.h5" in names and path.suffix != ".keras":
        return "a Keras file under another name: rename it to .keras"
    return None


def _text(path: Path) -> str | None:
    """JSON and YAML documents."""
    try:
        if path.stat().st_size > _JSON:
            return None
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        return None
    if not isinstance(document, dict):
        return f"JSON, but not a model; expected {_EXPECTED}"
    if document.keys() & {"HLSConfig", "LayerName", "LayerType"} or {"Model"} == set(document):
        return _CONFIGURATION
    if "class_name" in document and "config" in document:
        return _ARCHITECTURE
    keys = ", ".join(list(document)[:5])
    return f"JSON with the keys {keys}, which is not a model; expected {_EXPECTED}"


_PYTORCH = f"a PyTorch file: load it with PyTorch, {_CONVERT.format('pytorch')}"
_ONNX = f"an ONNX file: load it with onnx (QONNX for quantised networks), {_CONVERT.format('onnx')}"
_PICKLE = (
    "a Python pickle, which would run code when it is read; isobit reads no pickles. Load it yourself if you trust it, "
    "and pass the Keras model or the ModelGraph to isobit.load"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ONNX_MAKERS = (b"onnx", b"pytorch", b"skl2onnx")

Matches = Callable[[Path, bytes], bool]
#: Kinds by their first bytes: what matches, and the words (or who finds them).
_KINDS: tuple[tuple[Matches, str | Callable[[Path], str | None]], ...] = (
    (lambda path, head: head.startswith(b"PK\x03\x04"), _zip),
    (lambda path, head: head.startswith(b"\x80") and head[1:2] in b"\x02\x03\x04\x05" and b"torch" in head, _PYTORCH),
    (lambda path, head: path.suffix.lower() in (".pt", ".pth"), _PYTORCH),
    (lambda path, head: head.startswith(b"\x80") and head[1:2] in b"\x02\x03\x04\x05", _PICKLE),
    (lambda path, head: head.startswith(b"\x08") and any(maker in head[:256] for maker in _ONNX_MAKERS), _ONNX),
    (lambda path, head: head[4:8] == b"TFL3", "a TensorFlow Lite file; save the Keras model that it was made from"),
    (lambda path, head: head.startswith(b"\x93NUMPY"), _DATA.format("a NumPy array (.npy)")),
    (lambda path, head: head.startswith(b"PAR1"), _DATA.format("columns (Parquet)")),
    (lambda path, head: head.startswith(b"root"), _DATA.format("events (ROOT)")),
    (
        lambda path, head: head.startswith(_HDF5) and path.suffix not in (".keras", ".h5", ".hdf5"),
        "an HDF5 file under another name: if it is a Keras model, rename it to .h5",
    ),
    (
        lambda path, head: head.startswith(b"\x1f\x8b") or path.suffix in (".tar", ".fml"),
        "an archive: unpack it, and take the model file or the hls4ml folder (isobit csim FOLDER) in it",
    ),
    (lambda path, head: head.lstrip()[:1] in (b"{", b"["), _text),
)
#: Kinds that can only be told by their names.
_SUFFIXES = {
    ".onnx": _ONNX,
    ".pb": "a TensorFlow graph; load the SavedModel that it belongs to in Python and save the model as .h5 or .keras",
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".yml": _CONFIGURATION,
    ".yaml": _CONFIGURATION,
    ".py": f"Python source; run it, and save the model that it makes. Expected: {_EXPECTED}",
    ".csv": _DATA.format("comma-separated values"),
    ".txt": f"text; expected {_EXPECTED}",
}
