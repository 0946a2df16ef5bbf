"""The model file: a zip of one JSON document and NumPy arrays. Data only; loading runs no code of the file's.

Layout of version 1::

    isobit.json        {"format": "isobit-model", "version": 1, "sha256": ..., "graph": {...}}
    arrays/0000.npy    weights, float64 or int64, in the order of their mention

Raw integers beyond int64 are decimal strings in the JSON. ``sha256`` covers the graph and every array, so that
a changed bit is noticed even if the zip's own checksum was rewritten.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from isobit.errors import IsobitError, ModelFileError, RangeError, TypeMismatchError, UnsupportedError
from isobit.files import atomic_path
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import OPS, Op, Tensor
from isobit.model.weights import Encoding, Weight

__all__ = ["VERSION", "graph_digest", "load_graph", "save_graph"]

VERSION = 1
_MAGIC = "isobit-model"
_DOCUMENT = "isobit.json"
#: A model file that unpacks to more is refused before anything is read: all of it, its document, and any file beyond
#: ``_FREE`` bytes that unpacks to more than ``_RATIO`` times its size (weights never do, nor do zeros beside them).
_MAX_BYTES, _MAX_DOCUMENT, _FREE, _RATIO = 1 << 31, 1 << 25, 1 << 26, 100


#: What JSON says by itself.
_PLAIN = (str, int, float, bool, type(None))


class _Arrays:
    """Arrays on their way into a file."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []

    def add(self, array: Any) -> Any:
        if array.dtype == object:
            return {"integers": [str(int(v)) for v in array.ravel()], "shape": list(array.shape)}
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        self.blobs.append(buffer.getvalue())
        return {"array": len(self.blobs) - 1}


def _digest(graph: Any, blobs: list[bytes]) -> str:
    digest = hashlib.sha256(json.dumps(graph, sort_keys=True, separators=(",", ":")).encode())
    for blob in blobs:
        digest.update(len(blob).to_bytes(8, "little"))
        digest.update(blob)
    return digest.hexdigest()


def _tensor(tensor: Tensor) -> dict[str, Any]:
    found = {"name": tensor.name, "shape": list(tensor.shape), "type": str(tensor.type), "xnor": tensor.xnor}
    return found if tensor.limits is None else {**found, "limits": list(tensor.limits)}


def _field(value: Any, arrays: _Arrays, where: str) -> Any:
    if isinstance(value, Weight):
        return {
            "name": value.name,
            "type": str(value.type),
            "encoding": value.encoding.value,
            "raw": arrays.add(value.raw),
            "written": arrays.add(value.written),
            "unquantised": arrays.add(value.unquantised),
            "signs": None if value.signs is None else arrays.add(value.signs),
        }
    if isinstance(value, FixedType):
        return str(value)
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, Op):
        return _op(value, arrays)
    if not all(type(entry) in _PLAIN for entry in (value if isinstance(value, tuple) else (value,))):
        raise TypeMismatchError(
            f"{where} is a {type(value).__name__}, which model files do not hold; allowed: Weight, FixedType, Tensor, "
            "str, int, float, bool, None, and tuples of such"
        )
    return list(value) if isinstance(value, tuple) else value


def _op(op: Op, arrays: _Arrays) -> dict[str, Any]:
    return {"op": op.tag, **{f.name: _field(getattr(op, f.name), arrays, f"{op.name}.{f.name}") for f in fields(op)}}


def _body(graph: Graph) -> tuple[dict[str, Any], _Arrays]:
    arrays = _Arrays()
    body = {
        "name": graph.name,
        "inputs": [_tensor(tensor) for tensor in graph.inputs],
        "outputs": list(graph.outputs),
        "metadata": dict(graph.metadata),
        "ops": [_op(op, arrays) for op in graph.ops],
    }
    return body, arrays


def graph_digest(graph: Graph) -> str:
    """The sha256, in hexadecimal, that the graph's model file carries: of everything in it, to the last bit."""
    body, arrays = _body(graph)
    return _digest(body, arrays.blobs)


def save_graph(graph: Graph, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a model file, whole or not at all.

    Raises
    ------
    OverwriteError
        If the file exists and ``overwrite`` is false.
    """
    body, arrays = _body(graph)
    document = {"format": _MAGIC, "version": VERSION, "sha256": _digest(body, arrays.blobs), "graph": body}
    with (
        atomic_path(path, overwrite=overwrite) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        out.writestr(_DOCUMENT, json.dumps(document, indent=1))
        for index, blob in enumerate(arrays.blobs):
            out.writestr(f"arrays/{index:04d}.npy", blob)


def load_graph(path: str | os.PathLike[str]) -> Graph:
    """Read a model file.

    Raises
    ------
    ModelFileError
        If the file is missing a part, damaged, of a newer version, or no model file at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            count = _check_sizes(archive, path)
            document = json.loads(archive.read(_DOCUMENT))
            if not isinstance(document, dict) or document.get("format") != _MAGIC:
                raise ModelFileError(f"{path} is not an isobit model file (no {_MAGIC!r} mark)")
            version = document.get("version")
            if not isinstance(version, int) or version < 1:
                raise ModelFileError(f"{path} has no valid version number, got {version!r}")
            if version > VERSION:
                raise ModelFileError(
                    f"{path} is a model file of version {version}; this isobit reads versions 1 to {VERSION}: "
                    "update isobit"
                )
            blobs = [archive.read(f"arrays/{index:04d}.npy") for index in range(count)]
        body = document["graph"]
        if _digest(body, blobs) != document["sha256"]:
            raise ModelFileError(f"{path} is damaged: its checksum does not match its content")
        return _read_graph(body, [_read_array(blob) for blob in blobs])
    except ModelFileError:
        raise
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path} is a folder, not an isobit model file") from None
    except zipfile.BadZipFile as error:
        raise ModelFileError(f"{path} is not an isobit model file, or truncated: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, EOFError, OSError, RuntimeError, IsobitError) as error:
        raise ModelFileError(f"{path} is damaged: {type(error).__name__}: {error}") from None
    except (zipfile.LargeZipFile, NotImplementedError, MemoryError) as error:
        raise ModelFileError(f"{path} cannot be unpacked: {error}") from None
    except Exception as error:  # zlib.error and friends have no common base
        raise ModelFileError(f"{path} is damaged: {type(error).__name__}: {error}") from None


def _check_sizes(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> int:
    """The number of arrays, if the file's directory promises a model file of bearable size."""
    sizes = [info.file_size for info in archive.infolist()]
    packed = Path(path).stat().st_size
    if sum(sizes) > min(_MAX_BYTES, max(_FREE, _RATIO * packed)):
        raise ModelFileError(
            f"{path} unpacks to more than {min(_MAX_BYTES, max(_FREE, _RATIO * packed))} bytes ({sum(sizes)} from "
            f"{packed}); not a model file of isobit's"
        )
    count = len(sizes) - 1
    names = [_DOCUMENT, *(f"arrays/{index:04d}.npy" for index in range(count))]
    if odd := sorted(set(names) - set(archive.namelist())) or sorted(set(archive.namelist()) - set(names)):
        raise ModelFileError(f"{path} is not a model file of isobit: {odd[0]!r} is missing, or does not belong in one")
    if (size := archive.getinfo(_DOCUMENT).file_size) > _MAX_DOCUMENT:
        raise ModelFileError(f"{path} holds a document of {size} bytes; allowed: {_MAX_DOCUMENT}")
    return count


def _read_array(blob: bytes) -> Any:
    array = np.load(io.BytesIO(blob), allow_pickle=False)
    if array.dtype not in (np.dtype(np.float64), np.dtype(np.int64)):
        raise TypeMismatchError(f"an array has dtype {array.dtype}; allowed: float64, int64")
    return array


def _read_tensor(data: dict[str, Any]) -> Tensor:
    limits = data.get("limits")
    return Tensor(
        str(data["name"]),
        tuple(int(n) for n in data["shape"]),
        FixedType.parse(data["type"]),
        bool(data["xnor"]),
        None if limits is None else (float(limits[0]), float(limits[1])),
    )


def _read_weight(data: dict[str, Any], arrays: list[Any]) -> Weight:
    def get(entry: dict[str, Any]) -> Any:
        if "integers" in entry:
            return np.array([int(v) for v in entry["integers"]], dtype=object).reshape(entry["shape"])
        return arrays[entry["array"]]

    kind = FixedType.parse(data["type"])
    raw = get(data["raw"])
    if raw.dtype == np.float64 or (raw.size and not kind.raw_min <= int(raw.min()) <= int(raw.max()) <= kind.raw_max):
        raise RangeError(f"raw values of {data['name']!r} do not fit {kind}")
    signs = None if data["signs"] is None else get(data["signs"])
    encoding = Encoding(data["encoding"])
    return Weight(str(data["name"]), raw, kind, get(data["written"]), get(data["unquantised"]), encoding, signs)


def _read_op(data: dict[str, Any], arrays: list[Any]) -> Op:
    tag = data["op"]
    if tag not in OPS:
        raise UnsupportedError(
            f"unknown op {tag!r}; known: {', '.join(sorted(OPS))} (a layer of your own: run its "
            "isobit.layers.register_op before loading)"
        )
    cls = OPS[tag]
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for f in fields(cls):
        value, hint = data[f.name], hints[f.name]
        kinds = get_args(hint) or (hint,)
        if value is None and type(None) in kinds:
            values[f.name] = None
        elif Weight in kinds:
            values[f.name] = _read_weight(value, arrays)
        elif FixedType in kinds:
            values[f.name] = FixedType.parse(value)
        elif Tensor in kinds:
            values[f.name] = _read_tensor(value)
        elif Op in kinds:
            values[f.name] = _read_op(value, arrays)
        elif isinstance(value, list) and kinds[-1] is Ellipsis:
            if not all(type(entry) is kinds[0] for entry in value):
                raise TypeMismatchError(f"{tag}.{f.name} is {value!r}, expected {hint}")
            values[f.name] = tuple(value)
        elif type(value) in kinds:
            values[f.name] = value
        else:
            raise TypeMismatchError(f"{tag}.{f.name} is {value!r}, expected {hint}")
    return cls(**values)


def _read_graph(body: dict[str, Any], arrays: list[Any]) -> Graph:
    return Graph(
        str(body["name"]),
        tuple(_read_tensor(tensor) for tensor in body["inputs"]),
        tuple(_read_op(op, arrays) for op in body["ops"]),
        tuple(str(name) for name in body["outputs"]),
        {str(k): str(v) for k, v in body["metadata"].items()},
    )
