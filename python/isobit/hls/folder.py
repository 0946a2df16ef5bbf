"""An exported folder: its manifest, reading it, and writing it without losing anything of the user's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from isobit.data import Data, columns_of, map_data, shaped
from isobit.engines.registry import thread_count
from isobit.errors import FormatError, ModelFileError, OverwriteError
from isobit.files import check_place, naming
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.hls.host import HostProgram, TestBenchRun, compile_host, compile_test_bench, run_test_bench
from isobit.ports import Port

__all__ = ["MANIFEST", "HlsProject", "is_exported", "make_manifest", "read_folder", "write_folder"]

MANIFEST = "manifest.json"
FORMAT, VERSION = "isobit-hls", 1


@dataclass(frozen=True)
class HlsProject:
    """An exported project: what :func:`isobit.export_hls` wrote. Read one back with :func:`read_folder`.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What it says about itself.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def top(self) -> str:
        """Name of the top function."""
        return str(self.manifest["top"])

    @cached_property
    def inputs(self) -> tuple[Port, ...]:
        """Inputs, by tensor name."""
        return _ports(self.manifest["inputs"])

    @cached_property
    def outputs(self) -> tuple[Port, ...]:
        """Outputs, by tensor name."""
        return _ports(self.manifest["outputs"])

    def __repr__(self) -> str:
        return f"HlsProject {self.top!r} in {self.folder}"

    def files(self) -> dict[str, bytes]:
        """Content of every file of the manifest, as it lies there now.

        Raises
        ------
        ModelFileError
            If one is missing.
        """
        found = {}
        for path in self.manifest["files"]:
            try:
                found[path] = (self.folder / path).read_bytes()
            except OSError as error:
                raise ModelFileError(
                    f"{self.folder}: {path} is listed in {MANIFEST} and cannot be read: {error}"
                ) from None
        return found

    def changed(self) -> list[str]:
        """Files that are not what was exported, or are gone."""
        return [
            path
            for path, digest in self.manifest["files"].items()
            if not (self.folder / path).is_file() or _sha256((self.folder / path).read_bytes()) != digest
        ]

    def predict(self, x: Data, headers: str = "isobit", threads: int | None = None) -> Any:
        """Compute events on the compiled core, as float64; see :meth:`isobit.Model.predict`."""
        return map_data(self.predict_raw(x, headers, threads), FixedArray.to_float)

    def predict_raw(self, x: Data, headers: str = "isobit", threads: int | None = None) -> Any:
        """Compute events on the compiled core, as :class:`FixedArray`.

        Parameters
        ----------
        x
            As for :meth:`isobit.Model.predict`; real numbers are quantised by the core's own number types.
        headers
            ``isobit``, the number types in the folder, or ``vendor``, AMD's.
        threads
            Processes; None takes every core.
        """
        columns, single, raw = columns_of(self.inputs, x)
        wide = any(port.type is not None and port.type.width > 53 for port in self.outputs)
        if wide and not raw:  # doubles could not carry the results
            columns = {p.name: FixedArray.from_float(columns[p.name], _type(p)) for p in self.inputs}
            raw = True
        found = self.compiled(headers).run(columns, raw=raw, threads=thread_count(threads))
        outputs = [shaped(found[port.name], port, single) for port in self.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def compiled(self, headers: str = "isobit") -> HostProgram:
        """The core, compiled with a header set."""
        return compile_host(self.files(), self.top, self.inputs, self.outputs, headers)

    def run_test_bench(self, headers: str = "isobit") -> TestBenchRun:
        """Compile and run the test bench with a header set."""
        return run_test_bench(compile_test_bench(self.files(), self.top, headers))


def is_exported(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder looks like one that isobit exported."""
    try:
        return bool(json.loads((Path(folder) / MANIFEST).read_text())["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_folder(folder: str | os.PathLike[str]) -> HlsProject:
    """Read an exported folder's manifest.

    Raises
    ------
    ModelFileError
        If the folder is none, or was not written to its end.
    """
    place = Path(folder)
    try:
        manifest = json.loads((place / MANIFEST).read_text())
    except OSError as error:
        raise ModelFileError(f"{place} is not a folder that isobit exported: {error}") from None
    except ValueError as error:
        raise ModelFileError(f"{place / MANIFEST} is damaged: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelFileError(f"{place / MANIFEST} is not isobit's; expected 'format': {FORMAT!r}")
    if manifest.get("version") != VERSION:
        raise ModelFileError(
            f"{place} has version {manifest.get('version')!r} of the layout; this isobit reads {VERSION}"
        )
    if manifest.get("incomplete"):
        raise ModelFileError(f"{place} was not written completely; export again with overwrite")
    project = HlsProject(place.resolve(), manifest)
    try:
        _ = project.top, project.inputs, project.outputs
        files = dict(manifest["files"])
    except (KeyError, TypeError, ValueError, FormatError) as error:
        raise ModelFileError(f"{place / MANIFEST} is damaged: {error!r}") from None
    for path in files:
        if not _inside(path):
            raise ModelFileError(f"{place / MANIFEST} names {path!r}, which is not inside the folder")
    return project


def make_manifest(files: Mapping[str, bytes], **facts: Any) -> dict[str, Any]:
    """The manifest of files: their SHA-256, and what else is known."""
    hashes = {path: _sha256(files[path]) for path in sorted(files)}
    return {"format": FORMAT, "version": VERSION, **facts, "files": hashes}


def check_target(folder: Path, overwrite: bool) -> Mapping[str, Any]:
    """The manifest of what is there already, {} for an empty or missing folder.

    Raises
    ------
    OverwriteError
        If something is there and may not be replaced: anything that isobit did not export, or that is changed.
    """
    if folder.is_dir() or not folder.exists():
        check_place(folder, folder)
    if not folder.exists() and not folder.is_symlink():
        return {}
    if not folder.is_dir():
        raise OverwriteError(f"{folder} exists and is not a folder; choose another name")
    if not any(folder.iterdir()):
        return {}
    if not overwrite:
        raise OverwriteError(
            f"{folder} is not empty; choose another name, or replace it with overwrite=True (--overwrite)"
        )
    if not is_exported(folder):
        raise OverwriteError(
            f"{folder} is not empty and was not exported by isobit ({MANIFEST} is missing or not isobit's), so nothing "
            "in it is replaced; choose another name"
        )
    known: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    place = folder.resolve()
    for path, digest in known.get("files", {}).items():
        if not _inside(path):
            raise OverwriteError(f"{folder / MANIFEST} names {path!r}, which is not inside the folder")
        _refuse_detours(place, path)
        if known.get("incomplete") or not (place / path).is_file():
            continue
        if _sha256((place / path).read_bytes()) != digest:
            raise OverwriteError(f"{place / path} was changed since it was exported; move it away first")
    return known


def write_folder(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any], *, overwrite: bool) -> None:
    """Write an export; only files that an earlier manifest names, and that are as it says, are replaced or removed.

    Raises
    ------
    OverwriteError
        If the folder is not empty and ``overwrite`` is false, or something of the user's would be replaced.
    """
    old = check_target(folder, overwrite)
    place = folder.resolve()
    listed = old.get("files", {})
    for path in (*files, MANIFEST):
        _refuse_detours(place, path)
        if path in files and path not in listed and (place / path).exists():
            raise OverwriteError(f"{place / path} exists and was not exported by isobit; move it away first")
    document = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    with naming(folder):
        _write(place, files, listed, manifest, document)


def _write(
    place: Path, files: Mapping[str, bytes], listed: Mapping[str, str], manifest: Mapping[str, Any], document: bytes
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = not place.exists()
    staging = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent if fresh else place))
    try:
        staging.chmod(0o755)
        for path, content in {**files, MANIFEST: document}.items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_bytes(content)
        if fresh:
            staging.rename(place)
            return
        # If this is interrupted, the manifest names everything that may be there, and says that it is not complete.
        both = {**listed, **manifest["files"]}
        _replace(place / MANIFEST, json.dumps({**manifest, "incomplete": True, "files": both}).encode())
        for path in files:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).replace(place / path)
        for path in set(listed) - set(files):
            (place / path).unlink(missing_ok=True)
        _replace(place / MANIFEST, document)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _refuse_detours(place: Path, path: str) -> None:
    """Refuse to write or remove through a link, which may lead out of the folder, or in place of a folder."""
    parts = Path(path).parts
    for count in range(1, len(parts) + 1):
        part = place.joinpath(*parts[:count])
        if part.is_symlink():
            raise OverwriteError(f"{part} is a symbolic link; nothing is written or removed through it, move it away")
        last = count == len(parts)
        if part.exists() and part.is_dir() == last:
            what = "a folder" if last else "not a folder"
            raise OverwriteError(f"{part} is {what}, where {path} belongs; move it away")


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _ports(listed: Any) -> tuple[Port, ...]:
    return tuple(Port(p["name"], tuple(int(n) for n in p["shape"]), FixedType.parse(p["type"])) for p in listed)


def _type(port: Port) -> FixedType:
    assert port.type is not None  # an exported core has no floating point
    return port.type
