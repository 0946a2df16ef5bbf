"""The class around a network: its steps, its built library, and the libraries of several networks side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobit.answers import check_wrapper
from isobit.api import load
from isobit.certify.given import told
from isobit.certify.report import Compared, Fault, Libraries, Settings
from isobit.errors import IsobitError
from isobit.frontends.descriptions import read_mapping
from isobit.frontends.wrapper import find_wrapper
from isobit.libraries.interface import read_interface
from isobit.lint import lint_libraries
from isobit.model.canonical import canonical

__all__ = ["Around", "around_of", "side_by_side", "steps_of"]


@dataclass(frozen=True)
class Around:
    """What was found of the class around a network.

    Attributes
    ----------
    description
        Its YAML file; None if there is none.
    steps
        The steps as canonical layers, by name.
    compared
        The built library against class and network; None if no library is named.
    faults
        What speaks against it.
    """

    description: Path | None = None
    steps: Mapping[str, Any] | None = None
    compared: Compared | None = None
    faults: tuple[Fault, ...] = ()


def around_of(folder: Path, ranges: Mapping[str, Any], settings: Settings) -> Around:
    """Load a network with the class around it, and run the built library, if there is one, in worker processes.

    Parameters
    ----------
    folder
        The project; its ``wrapper.yml`` is in it or beside it.
    ranges
        Ranges of inputs.
    settings
        Events and seed.
    """
    path = None
    try:
        path = find_wrapper(folder)
        if path is None:
            return Around()
        model = load(folder, run_code=True, input_ranges=ranges)
        steps = steps_of(model)
        if "library" not in read_mapping(path):
            return Around(path, steps)
        report = check_wrapper(model, events=settings.library, seed=settings.seed)
    except IsobitError as error:
        said = str(error).replace(f"{path}: ", "").replace(f"{folder}/", "")
        return Around(path, faults=(Fault("library", "wrapper.yml", said),))
    values = sum(one.values for one in report.outputs)
    compared = Compared("library", "random", report.events, values, sum(one.differ for one in report.outputs))
    if report.ok:
        return Around(path, steps, compared)
    message = f"{report.differ:,} of {report.events:,} events have other results; {told(report)}"
    return Around(path, steps, compared, (Fault("library", report.answers, message),))


def steps_of(model: Any) -> dict[str, Any]:
    """The steps of the class around a network as canonical layers, by name; none if there is no class."""
    if model.wrapper is None:
        return {}
    layers = canonical(model.graph)["layers"]
    return {name: layers[name] for name in model.wrapper.steps if name in layers}


def side_by_side(descriptions: Mapping[str, Path], libraries: Sequence[Path], settings: Settings) -> Libraries | None:
    """Look built libraries over, and load all of them at once.

    Parameters
    ----------
    descriptions
        By the name of the network: its description.
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
    for path in descriptions.values():
        try:
            if "library" in read_mapping(path) and (library := read_interface(path).library).is_file():
                known[library] = path
        except IsobitError:  # which is a fault of the network
            continue
    every = [*known, *(path for path in libraries if path not in known)]
    if not every:
        return None
    load_ = tuple(known.values()) if len(known) > 1 and len(known) == len(every) else ()
    names = tuple(path.name for path in every)
    try:
        report = lint_libraries(every, load=load_, events=settings.library, seed=settings.seed)
    except IsobitError as error:
        return Libraries(names, faults=(Fault("loading", "", str(error)),))
    for one in report.at_least("error"):
        kind = "loading" if one.rule == "IB611" else "symbols"
        faults.append(Fault(kind, Path(one.layer).name, f"{one.rule} {one.message}"))
    lint = tuple(
        {"rule": one.rule, "severity": one.severity, "place": Path(one.place).name, "message": one.message}
        for one in report
    )
    runs = 4 * len(known) if load_ else 0
    return Libraries(names, lint, runs, settings.library if runs else 0, tuple(faults))
