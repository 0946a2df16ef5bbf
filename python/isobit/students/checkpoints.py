"""Where a training is, in a file: a run that was killed goes on from there and ends with the same numbers.

A checkpoint is an ``.npz`` of plain arrays and one JSON text; reading it runs no code. It knows what it belongs to by a
digest of network, data, recipe and seed, and is refused by any other training.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from isobit.errors import ModelFileError
from isobit.files import atomic_path

__all__ = ["State", "digest", "load", "save"]

Arrays = Sequence[np.ndarray[Any, Any]]

_GROUPS: Final = ("weights", "best", "optimizer")


@dataclass
class State:
    """A training between two epochs.

    Attributes
    ----------
    weights, best, optimizer
        Of the network now, of its best epoch so far, and the optimiser's variables.
    facts
        What JSON can hold: the epoch, losses, the state of the random generator.
    """

    weights: Arrays
    best: Arrays
    optimizer: Arrays
    facts: dict[str, Any]


def digest(arrays: Iterable[Any], facts: Mapping[str, Any]) -> str:
    """Digest that identifies a training by its arrays (None where one is missing) and by facts that JSON can hold."""
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in arrays:
        if array is None:
            found.update(b"none")
        else:
            found.update(f"{array.dtype} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def save(path: Path, state: State, of: str) -> None:
    """Write a state whole or not at all, over the earlier one; `of` is the training's digest."""
    arrays = {f"{group}_{n}": array for group in _GROUPS for n, array in enumerate(getattr(state, group))}
    text = json.dumps({"of": of, **state.facts})
    with atomic_path(path, overwrite=True) as temporary, temporary.open("wb") as file:
        np.savez(file, facts=np.array(text), **arrays)


def load(path: Path, of: str) -> State | None:
    """The state in a file, or None if there is no file.

    Raises
    ------
    ModelFileError
        If the file is damaged, or a checkpoint of another training.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            facts = json.loads(str(archive["facts"]))
            known = facts.pop("of")
            groups = {group: _numbered(archive, group) for group in _GROUPS}
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ModelFileError(f"{path} is not a checkpoint of a training: {error}; delete it to begin anew") from error
    if known != of:
        raise ModelFileError(
            f"{path} is a checkpoint of another training (network, data, recipe or seed differ); delete it to begin "
            "anew, or train into another folder"
        )
    return State(**groups, facts=facts)


def _numbered(archive: Any, group: str) -> list[Any]:
    names = [name for name in archive.files if name.rpartition("_")[0] == group]
    return [archive[f"{group}_{n}"] for n in range(len(names))]
