"""Hold a certificate against the folders that are there now: files by their hashes, and all of it again if wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from isobit.api import load
from isobit.certify.certifying import certify
from isobit.certify.emulator import steps_of
from isobit.certify.hashes import folder_files, folder_names
from isobit.certify.network import of_network, without_path
from isobit.certify.reading import read_certificate
from isobit.certify.report import Settings, sealed
from isobit.errors import IsobitError
from isobit.model.canonical import canonical

__all__ = ["Change", "Verification", "verify_certificate"]

#: Changes of one file's or layer's kind that are listed in words.
_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """Something that is no longer as it was certified.

    Attributes
    ----------
    network
        The folder's name; empty for what concerns all of them.
    kind
        ``certificate``, ``versions``, ``file``, ``model`` or ``result``.
    place
        The file, the layer or the entry.
    message
        What is different.
    """

    network: str
    kind: str
    place: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.network, self.place, self.message)))


@dataclass(frozen=True)
class Verification:
    """What :func:`verify_certificate` found.

    Attributes
    ----------
    certified
        Whether the certificate says that everything was in order.
    networks
        Names of the networks that were looked at.
    files
        Files whose hashes were compared.
    changes
        What is different; empty if nothing is.
    again
        Whether everything was computed again.
    """

    certified: bool
    networks: tuple[str, ...]
    files: int
    changes: tuple[Change, ...]
    again: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing has changed, and it was certified then."""
        return self.certified and not self.changes

    def __str__(self) -> str:
        count = f"{len(self.networks)} network{'s' * (len(self.networks) != 1)}, {self.files:,} files"
        how = "computed again" if self.again else "by their hashes"
        if not self.changes:
            state = "as certified" if self.certified else "as it was, which was NOT certified"
            return f"UNCHANGED: {count}, {how}: {state}"
        lines = [f"CHANGED: {count}, {how}: {len(self.changes)} difference{'s' * (len(self.changes) != 1)}"]
        return "\n".join([*lines, *(f"  {change}" for change in self.changes)])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {**asdict(self), "ok": self.ok}


def verify_certificate(
    certificate: str | os.PathLike[str],
    folders: Sequence[str | os.PathLike[str]] = (),
    *,
    again: bool = False,
    threads: int | None = None,
    **given: Any,
) -> Verification:
    """Say what has changed since a certificate was made.

    Parameters
    ----------
    certificate
        The file.
    folders
        The networks' folders; default: those of their names beside the certificate, or in the current folder.
    again
        Also certify everything again, with the certificate's own counts and seed, and compare every entry. This runs
        the folders' code.
    threads
        As for :func:`isobit.certify`.
    given
        ``inputs``, ``outputs``, ``packing``, ``input_ranges`` and ``libraries`` of :func:`isobit.certify`, as they were
        given to it.

    Raises
    ------
    ModelFileError
        If the certificate or a folder cannot be read.
    """
    path = Path(certificate)
    document = read_certificate(path)
    known = {one["name"]: one for one in document["networks"]}
    places = _places(path, list(known), [Path(folder) for folder in folders])
    changes = (
        []
        if sealed(document) == document
        else [
            Change(
                "", "certificate", "", "the certificate itself was changed after it was written: its digest is another"
            )
        ]
    )
    files = 0
    for name, place in places.items():
        if name not in known:
            changes.append(Change(name, "file", "", "is not in the certificate"))
        elif not place.is_dir():
            changes.append(Change(name, "file", "", f"its folder {place.name} is not there"))
        else:
            now = folder_files(place)
            files += len(now)
            changes += _files(name, known[name]["files"], now)
    touched = {change.network for change in changes if change.kind == "file"}
    ranges = given.get("input_ranges") or {}
    for name in touched & set(known):
        if places[name].is_dir() and known[name].get("model"):
            mine = ranges.get(name, ranges if len(places) == 1 else {})
            changes += _model(name, known[name], places[name], mine)
    if again and set(places) == set(known) and all(place.is_dir() for place in places.values()):
        changes += _again(document, places, threads, given)
    return Verification(bool(document.get("certified")), tuple(places), files, tuple(changes), again)


def _places(certificate: Path, names: Sequence[str], folders: Sequence[Path]) -> dict[str, Path]:
    """Where each network is now."""
    if folders:
        found = dict(zip(folder_names(folders), folders, strict=True))
        if set(found) != set(names) and len(folders) == len(names):  # of other names, in the same order
            return dict(zip(names, folders, strict=True))
        return found
    beside = certificate.parent
    return {name: beside / name if (beside / name).is_dir() else Path(name) for name in names}


def _files(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for path in sorted(before.keys() | now.keys()):
        if path not in now:
            yield Change(name, "file", path, "is missing")
        elif path not in before:
            yield Change(name, "file", path, "is new")
        elif now[path] != before[path]:
            yield Change(
                name, "file", path, f"has changed: sha256 {now[path][:12]}..., certified {before[path][:12]}..."
            )


def _model(name: str, before: Mapping[str, Any], place: Path, ranges: Mapping[str, Any]) -> Iterator[Change]:
    """What changed files mean for the network and the class around it."""
    try:
        alone = load(place, wrapper=False, input_ranges=of_network(place, ranges))
        now = json.loads(json.dumps(canonical(alone.graph)))
    except IsobitError as error:
        yield Change(name, "model", "", f"isobit refuses it now: {without_path(error, place)}")
        return
    yield from _layers(name, before["model"].get("layers", {}), now["layers"])
    for part in ("inputs", "outputs"):
        if now[part] != before["model"].get(part):
            yield Change(name, "model", part, f"{now[part]}, certified {before['model'].get(part)}")
    try:
        steps = json.loads(json.dumps(steps_of(load(place, input_ranges=ranges))))
    except IsobitError as error:
        yield Change(name, "model", "wrapper.yml", f"isobit refuses it now: {without_path(error, place)}")
        return
    yield from _layers(name, before.get("wrapper") or {}, steps)


def _layers(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for layer in dict.fromkeys((*before, *now)):
        if layer not in now:
            yield Change(name, "model", layer, "this layer is gone")
        elif layer not in before:
            yield Change(name, "model", layer, "this layer is new")
        elif now[layer].get("op") != before[layer].get("op"):
            yield Change(name, "model", layer, f"is {now[layer].get('op')}, certified {before[layer].get('op')}")
        else:
            for slot, old in before[layer].items():
                if (new := now[layer].get(slot)) != old:
                    yield Change(name, "model", f"{layer}.{slot}", _difference(old, new))


def _difference(old: Any, new: Any) -> str:
    """What is another one: numbers alone, or a format."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 5 and old[:4] == new[:4]:
        return "other numbers"
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [f"{key} {new.get(key)}, certified {old[key]}" for key in old if new.get(key) != old[key]]
        return "; ".join(pairs)
    return f"{new}, certified {old}"


def _again(
    document: Mapping[str, Any], places: Mapping[str, Path], threads: int | None, given: Mapping[str, Any]
) -> list[Change]:
    """Certify again, and compare every entry."""
    names = {field.name for field in fields(Settings)} - {"rounds", "reference", "library"}
    settings = {key: value for key, value in document["settings"].items() if key in names}
    new = dict(zip(places, folder_names(list(places.values())), strict=True))
    renamed: dict[str, Any] = {
        what: {new.get(key, key): entry for key, entry in value.items()} if isinstance(value, Mapping) else value
        for what, value in given.items()
    }
    now = certify(list(places.values()), **renamed, **settings, speed=False, threads=threads).to_dict()
    changes = [
        Change("", "versions", key, f"{now['made_with'].get(key)}, certified with {document['made_with'].get(key)}")
        for key in sorted(now["made_with"].keys() | document.get("made_with", {}).keys())
        if now["made_with"].get(key) != document.get("made_with", {}).get(key)
    ]
    for old, new in zip(document["networks"], now["networks"], strict=True):
        found = [
            Change(old["name"], "result", path, message) for path, message in _entries("", _figures(old), _figures(new))
        ]
        changes += found[:_SHOWN]
        if len(found) > _SHOWN:
            changes.append(Change(old["name"], "result", "", f"and {len(found) - _SHOWN} more entries"))
    changes += [
        Change("", "result", f"libraries{path}", message)
        for path, message in _entries("", document.get("libraries"), now["libraries"])
    ]
    return changes


def _figures(network: Mapping[str, Any]) -> dict[str, Any]:
    """What was found of a network; its files and layers were compared before."""
    return {key: value for key, value in network.items() if key not in ("name", "files", "model", "wrapper")}


def _entries(path: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """Entries that are different, by their place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _entries(f"{path}.{key}" if path else str(key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _entries(f"{path}[{place}]", one, other)
    elif old != new:
        yield path, f"{str(new)[:200]}, certified {str(old)[:200]}"
