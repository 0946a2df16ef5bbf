"""Where a report comes from: versions, files with their hashes, configuration, seed, time."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from isobit._version import __version__
from isobit.compiler import compiler
from isobit.errors import CompilerError

__all__ = ["FileRecord", "Provenance", "installed_versions", "provenance_of"]

#: Packages whose version may change a result.
_PACKAGES = ("isobit", "numpy", "numba")
_KERAS_PACKAGES = ("hls4ml", "qkeras", "tensorflow")


@dataclass(frozen=True)
class FileRecord:
    """A file that went in.

    Attributes
    ----------
    role
        ``model``, ``config`` or ``data``.
    name
        Its name, without folders.
    bytes, sha256
        Size, and hash of the contents.
    """

    role: str
    name: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, role: str, path: Path) -> FileRecord:
        """Read and hash a file; of a project's folder, the names and contents of everything in its ``firmware``."""
        digest, size = hashlib.sha256(), 0
        inside = sorted(part for part in (path / "firmware").rglob("*") if part.is_file()) if path.is_dir() else ()
        for part in inside or (path,):
            if inside:
                digest.update(f"{part.relative_to(path).as_posix()} {part.stat().st_size}\n".encode())
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
                    size += len(block)
        return cls(role, path.name, size, digest.hexdigest())


@dataclass(frozen=True)
class Provenance:
    """Where a report comes from.

    Attributes
    ----------
    subject
        The model file's or Keras model's name; empty if only the project's is known.
    time
        When the check began: UTC, ISO 8601.
    versions
        Of isobit, of what it depends on, and of the compiler where one was used.
    network
        What the network says about itself: back end, part, clock, the hls4ml that converted it.
    config
        hls4ml's configuration, if the network was converted in this process.
    files
        Files that went in.
    seed
        Of random events; None for given ones.
    """

    subject: str = ""
    time: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    network: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] | None = None
    files: tuple[FileRecord, ...] = ()
    seed: int | None = None

    def with_files(
        self, *, model: Path | None = None, config: Path | None = None, data: Iterable[Path] = ()
    ) -> Provenance:
        """Copy that names files, and is named after the model's."""
        given = [("model", model), ("config", config), *(("data", path) for path in data)]
        records = tuple(FileRecord.of(role, path) for role, path in given if path is not None)
        subject = self.subject if model is None else model.name
        return replace(self, subject=subject, files=(*self.files, *records))

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return {**asdict(self), "versions": dict(self.versions), "network": dict(self.network)}

    def lines(self) -> list[str]:
        """For the end of a text."""
        words = [f"{name} {version}" for name, version in self.versions.items()]
        lines = [f"made {self.time} with {', '.join(words)}"] if words else []
        files = [f"{file.role} {file.name} (sha256 {file.sha256[:12]})" for file in self.files]
        if self.seed is not None:
            files.append(f"seed {self.seed}")
        return lines + ([f"from {', '.join(files)}"] if files else [])


def provenance_of(model: Any, roads: Collection[str], keras_model: Any = None) -> Provenance:
    """What can be known inside a check.

    Parameters
    ----------
    model
        The :class:`isobit.Model`.
    roads
        Names of the roads that are compared.
    keras_model
        The Keras model, if there is one.
    """
    source = model.source
    config = getattr(getattr(source, "config", None), "config", {})
    if keras_model is None and not isinstance(config.get("KerasModel"), str):
        keras_model = config.get("KerasModel")
    packages = _PACKAGES if source is None and keras_model is None else (*_PACKAGES, *_KERAS_PACKAGES)
    versions = {"python": platform.python_version()}
    versions |= installed_versions(packages, compiler=bool(set(roads) & {"csim", "hls"}))
    return Provenance(
        str(getattr(keras_model, "name", "")),
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions,
        {name: value for name, value in model.graph.metadata.items() if "." not in name},
        _plain(config.get("HLSConfig")),
    )


def installed_versions(packages: Iterable[str], *, compiler: bool) -> dict[str, str]:
    """Versions of packages, those that are installed, and what the compiler says of itself, if it is wanted."""
    found = {name: version for name in packages if (version := _version(name))}
    return found | ({"compiler": _compiler()} if compiler else {})


def _version(package: str) -> str:
    if package == "isobit":
        return __version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _compiler() -> str:
    try:
        command = compiler()
    except CompilerError:  # the program was compiled before, and is in the cache
        return "unknown"
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout
    return f"{' '.join(command)}: {said.splitlines()[0] if said.strip() else 'unknown'}"


def _plain(config: Any) -> Any:
    """A configuration as JSON takes it."""
    return None if config is None else json.loads(json.dumps(config, default=str))
