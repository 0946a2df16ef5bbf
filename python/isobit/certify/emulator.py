"""The built emulator of a network, and those of several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from isobit.api import Model
from isobit.certify.hashes import file_hash
from isobit.certify.report import Compared, Fault, Libraries, LibraryResult, Settings
from isobit.errors import IsobitError
from isobit.libraries.emulator import EmulatorProgram
from isobit.libraries.interface import read_interface
from isobit.libraries.loading import random_inputs
from isobit.lint import lint_libraries

__all__ = ["compare_library", "description_of", "side_by_side"]

#: The description of a network's built emulator, in its folder.
_DESCRIPTION = "wrapper.yml"


def description_of(folder: Path) -> Path | None:
    """The description of a folder's built emulator; None if there is none."""
    path = folder / _DESCRIPTION
    return path if path.is_file() else None


def compare_library(folder: Path, model: Model, settings: Settings) -> tuple[LibraryResult | None, list[Fault]]:
    """Compare a network's built emulator with the model, in worker processes, on raw integers of its interface."""
    path = description_of(folder)
    if path is None:
        return None, []
    try:
        interface = read_interface(path)
        files = {one.name: file_hash(one) for one in (path, interface.library) if one.is_file()}
        result = LibraryResult(path.name, interface.library.name, files)
        program = EmulatorProgram([interface])
        inputs = random_inputs(interface.inputs, settings.library, settings.seed)
        (found,) = program.run([inputs])
        shaped = [a.reshape(-1, *t.shape) for a, t in zip(inputs, model.graph.inputs, strict=True)]
        wanted = model.predict_raw(shaped if len(shaped) > 1 else shaped[0])
        arrays = wanted if isinstance(wanted, list) else [wanted]
        pairs = [(a.raw, b.raw.reshape(a.raw.shape)) for a, b in zip(found, arrays, strict=True)]
    except IsobitError as error:
        return None, [Fault("library", path.name, str(error).replace(f"{folder}/", ""))]
    differ = sum(int(np.count_nonzero(a != b)) for a, b in pairs)
    compared = Compared("library", "random", settings.library, sum(a.size for a, _ in pairs), differ)
    faults = []
    if differ:
        faults.append(Fault("library", interface.library.name, f"{differ} numbers differ"))
    return LibraryResult(result.description, result.library, files, compared), faults


def side_by_side(descriptions: Mapping[str, Path], libraries: Sequence[Path], settings: Settings) -> Libraries | None:
    """Look built libraries over, and load all of them at once.

    Parameters
    ----------
    descriptions
        By the name of the network: its description, which names a library.
    libraries
        Further libraries, which are only looked over.
    settings
        Events and seed of the loader test.

    Returns
    -------
    None if there is no library.
    """
    faults: list[Fault] = []
    known: dict[Path, Path] = {}
    for name, path in descriptions.items():
        try:
            library = read_interface(path).library
            if not library.is_file():
                raise FileNotFoundError(f"{library.name} is missing")
            known[library] = path
        except (IsobitError, FileNotFoundError) as error:
            faults.append(Fault("library", name, str(error).replace(f"{path.parent}/", "")))
    every = [*known, *(path for path in libraries if path not in known)]
    if not every:
        return Libraries((), faults=tuple(faults)) if faults else None
    runs = 0
    try:
        load = tuple(known.values()) if not libraries and len(known) > 1 else ()
        report = lint_libraries(every, load=load, events=settings.library, seed=settings.seed)
        runs = 4 * len(known) if load else 0
    except IsobitError as error:
        faults.append(Fault("loading", "", str(error)))
        return Libraries(tuple(path.name for path in every), faults=tuple(faults))
    for one in report.at_least("error"):
        faults.append(Fault("loading" if one.rule == "IB611" else "symbols", one.layer, f"{one.rule} {one.message}"))
    lint = tuple(
        {"rule": one.rule, "severity": one.severity, "place": one.place, "message": one.message} for one in report
    )
    return Libraries(tuple(path.name for path in every), lint, runs, settings.library if runs else 0, tuple(faults))
