"""Certify folders: all that can be said of firmware before it is synthesised, in one document."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from isobit.certify.emulator import side_by_side
from isobit.certify.given import Given
from isobit.certify.hashes import folder_names, versions
from isobit.certify.network import Folder, certify_network, opened
from isobit.certify.report import Certification, NetworkResult, Settings
from isobit.certify.speeds import with_speeds
from isobit.engines.registry import thread_count
from isobit.errors import ModelFileError, RangeError, TypeMismatchError

__all__ = ["certify"]

_PathLike = str | os.PathLike[str]
#: Called with (what is done, done, in all).
Progress = Callable[[str, int, int], None]


def certify(
    folders: _PathLike | Sequence[_PathLike],
    inputs: Any = None,
    outputs: Any = None,
    *,
    packing: Any = None,
    input_ranges: Mapping[str, Any] | None = None,
    libraries: Sequence[_PathLike] = (),
    events: int = 1000,
    extreme: int = 200,
    witness: int = 200,
    seed: int = 1,
    allow_foreign: bool = False,
    speed: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Certification:
    """Certify networks in firmware: every bit on every road, overflows, lint, built emulators. This runs their code.

    Parameters
    ----------
    folders
        Folders of hls4ml projects; one, or a menu of several.
    inputs
        Events of a network: a file as for :func:`isobit.compare_answers`, or arrays as :meth:`isobit.Model.predict`
        takes them; for several folders a dict by their names. Default: ``tb_data/tb_input_features.dat`` in the folder.
    outputs
        Files of answers to these events, likewise. Default: ``csim_results.log`` and ``rtl_cosim_results.log`` in
        ``tb_data``, where the inputs are from there as well.
    packing
        For pattern files: the YAML file that says where numbers lie, likewise.
    input_ranges
        ``{folder's name: {input: (smallest, largest)}}``; for one folder ``{input: (smallest, largest)}``. An embedding
        needs it where its index type exceeds the vocabulary.
    libraries
        Further built libraries that are looked over beside those that the folders describe.
    events, extreme, witness
        How many random events, random corners of the inputs' ranges, and at most how many inputs that overflow.
    seed
        Of all of them; at least 0.
    allow_foreign
        Whether a network is certified although some of its code is none of hls4ml's: that code is then run as it is.
    speed
        Whether speeds are measured, for the page; the certificate has none.
    threads
        Threads, worker processes and compilers at a time; None takes every core.
    progress
        Called with (what is done, done, in all).

    Returns
    -------
    Certification
        ``.ok``, ``.faults``, ``.networks``, ``str()``, ``.to_json(path)``, ``.to_html(path)``.

    Raises
    ------
    ModelFileError
        If there is no folder, or one is given twice.
    TypeMismatchError
        For a name that is no folder's.
    RangeError
        For counts and seeds out of range.
    """
    single = isinstance(folders, (str, os.PathLike))
    paths = [Path(folders)] if single else [Path(path) for path in folders]  # type: ignore[arg-type, union-attr]
    if not paths:
        raise ModelFileError("no folder was given; expected folders of hls4ml projects")
    names = folder_names(paths)
    for what, count, least in (
        ("events", events, 1),
        ("extreme", extreme, 0),
        ("witness", witness, 0),
        ("seed", seed, 0),
    ):
        if not isinstance(count, int) or isinstance(count, bool) or count < least:
            raise RangeError(f"{what} must be a whole number of at least {least}, got {count!r}")
    settings = Settings(events, extreme, witness, seed, allow_foreign=allow_foreign)
    given = _given(names, inputs, outputs, packing)
    ranges = _ranges(names, input_ranges)
    workers, tell = thread_count(threads), progress or (lambda what, done, total: None)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        read: list[Folder] = []
        for name, path in zip(names, paths, strict=True):
            tell("reading folders", len(read), len(paths))
            read.append(opened(name, path, given[name], ranges[name], settings, pool))
        found: list[NetworkResult] = []
        for folder in read:
            tell("certifying networks", len(found), len(read))
            found.append(certify_network(folder, settings, workers))
    tell("certifying networks", len(found), len(read))
    described = {folder.name: folder.description for folder in read if folder.description is not None}
    menu = side_by_side(described, [Path(path) for path in libraries], settings)
    if speed:
        found = [with_speeds(one, folder) for one, folder in zip(found, read, strict=True)]
    return Certification(tuple(found), menu, settings, versions())


def _given(names: Sequence[str], inputs: Any, outputs: Any, packing: Any) -> dict[str, Given]:
    """What is given for each folder."""
    columns = [_by_name(names, what, value) for what, value in (("inputs", inputs), ("outputs", outputs))]
    packings = _by_name(names, "packing", packing)
    found = {}
    for name in names:
        x, y, words = columns[0].get(name), columns[1].get(name), packings.get(name)
        if y is not None and (x is None or not isinstance(x, (str, os.PathLike))):
            raise TypeMismatchError(f"outputs of {name} need the file of their inputs (inputs=)")
        listed = [y] if isinstance(y, (str, os.PathLike)) else list(y or ())
        found[name] = Given(x, tuple(map(Path, listed)), None if words is None else Path(words))
    return found


def _by_name(names: Sequence[str], what: str, value: Any) -> dict[str, Any]:
    """A value for each folder: a dict by name, or for one folder the value itself.

    Raises
    ------
    TypeMismatchError
        For a name that is no folder's, and for one value for several folders.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping) and (len(names) > 1 or set(value) <= set(names)):
        if unknown := [key for key in value if key not in names]:
            raise TypeMismatchError(f"{what} has {unknown[0]!r}, which is no folder; folders: {', '.join(names)}")
        return dict(value)
    if len(names) > 1:
        raise TypeMismatchError(f"{what} must be a dict by folder for several folders: {', '.join(names)}")
    return {names[0]: value}


def _ranges(names: Sequence[str], given: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Ranges of inputs for each folder."""
    values = dict(given or {})
    if len(names) == 1 and not all(isinstance(value, Mapping) for value in values.values()):
        values = {names[0]: values}
    return {name: {} for name in names} | _by_name(names, "input_ranges", values)
