"""Look built libraries over: what their files say, and, if wanted, what loading them together does."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from isobit.errors import UnsupportedError
from isobit.libraries.elf import read_library
from isobit.lint import library_rules
from isobit.lint.report import LintReport
from isobit.lint.rules import RULES, SEVERITIES, chosen_rules

__all__ = ["lint_libraries"]

_PathLike = str | os.PathLike[str]


def lint_libraries(
    libraries: Sequence[_PathLike],
    *,
    load: Sequence[_PathLike] = (),
    events: int = 200,
    seed: int = 1,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> LintReport:
    """Say what is wrong with built libraries, before or while they are loaded together.

    Parameters
    ----------
    libraries
        Shared libraries (ELF). Their files are read, and nothing in them is run unless ``load`` is given.
    load
        Descriptions of the libraries' interfaces (YAML files, docs/libraries.md): with them each library is also run in
        worker processes, alone and beside all the others, and its bits are compared. This runs the libraries' code.
    events, seed
        How many random events that takes, and their seed.
    select, ignore
        Rules that run, and rules that do not, by identifier or name; none are all.

    Returns
    -------
    Findings; each one's ``layer`` is the library.

    Raises
    ------
    ModelFileError
        For a file that is no shared library, or damaged.
    UnsupportedError
        For a rule that is not known, and for a library given twice.
    """
    chosen = chosen_rules("libraries", select, ignore)
    if not libraries:
        raise UnsupportedError("no library was given")
    paths = [Path(path) for path in libraries]
    real = [path.resolve() for path in paths]
    if twice := [path for k, path in enumerate(paths) if real[k] in real[:k]]:
        raise UnsupportedError(f"{twice[0]} is given twice; the same library is loaded once only")
    names = [path.name for path in paths]
    names = [str(path) if names.count(path.name) > 1 else path.name for path in paths]
    read = {name: read_library(path) for name, path in zip(names, paths, strict=True)}
    if len(machines := {library.machine for library in read.values()}) > 1:
        raise UnsupportedError(f"the libraries are for different processors: {', '.join(sorted(machines))}")
    found: tuple[tuple[str, str, dict[str, object]], ...] = ()
    if load:
        from isobit.libraries.loading import load_together, read_interfaces

        together = load_together(read_interfaces(read, load), events=events, seed=seed)
        found = tuple((d.library, str(d), d.to_dict()) for d in together.differences)
    context = library_rules.LibraryContext(read, found)
    findings = [finding for id in RULES if id in chosen for finding in RULES[id].check(context)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    files = {name: path.as_posix() for name, path in zip(names, paths, strict=True)}
    return LintReport(", ".join(names), tuple(findings), events if load else None, files)
