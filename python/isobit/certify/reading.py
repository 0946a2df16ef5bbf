"""Read a certificate: a file from anywhere, of which everything that is used has the form that it is written in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from isobit.certify.report import FORMAT, VERSION, Settings
from isobit.errors import ModelFileError
from isobit.frontends.identify import refuse_missing

__all__ = ["read_certificate"]

#: Largest certificate that is read, in bytes.
_MOST_BYTES = 1 << 28


def read_certificate(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a certificate.

    Raises
    ------
    ModelFileError
        If it is missing, damaged, of a newer version, or no certificate.
    """
    file = Path(path)
    refuse_missing(file)
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        raise ModelFileError(f"{file} is no certificate; expected a file that isobit certify wrote")
    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{file} is no certificate, it is not readable JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelFileError(f"{file} is no certificate; expected a file that isobit certify wrote")
    if document.get("version") != VERSION:
        raise ModelFileError(
            f"{file} is a certificate of version {document.get('version')!r}; this isobit reads version {VERSION}"
        )
    for place in _damaged(document):
        raise ModelFileError(f"{file} is a damaged certificate: {place} is missing, or not what isobit certify writes")
    return document


def _damaged(document: Mapping[str, Any]) -> Iterator[str]:
    """Places of a certificate that have another form than they are written in."""
    if not isinstance(document.get("certified"), bool):
        yield "certified"
    if not _maps(document.get("made_with"), _is_text):
        yield "made_with"
    settings = document.get("settings")
    if not isinstance(settings, dict):
        yield "settings"
    else:
        for key, value in vars(Settings()).items():
            if type(settings.get(key)) is not type(value) or settings[key] < 0:
                yield f"settings.{key}"
    networks = document.get("networks")
    if not isinstance(networks, list) or not all(isinstance(one, dict) for one in networks):
        yield "networks"
        return
    names = [network.get("name") for network in networks]
    for place, (name, network) in enumerate(zip(names, networks, strict=True)):
        if not _is_text(name) or names.count(name) > 1:
            yield f"networks[{place}].name"
        if not _maps(network.get("files"), _is_text):
            yield f"networks[{place}].files"
        model, steps = network.get("model", {}), network.get("wrapper") or {}
        layers = model.get("layers", {}) if isinstance(model, dict) else None
        if not _maps(layers, _is_mapping):
            yield f"networks[{place}].model"
        if not _maps(steps, _is_mapping):
            yield f"networks[{place}].wrapper"


def _maps(value: Any, kind: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(kind, value.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)
