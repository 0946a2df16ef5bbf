"""One folder: read, compiled with both header sets, compared, looked over."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from isobit.api import CSim, Model, csim, load
from isobit.certify import events as kinds
from isobit.certify.comparing import compare_roads
from isobit.certify.emulator import around_of
from isobit.certify.given import Given, compare_answers_given, given_of
from isobit.certify.hashes import folder_files
from isobit.certify.report import Fault, NetworkResult, Settings
from isobit.cost.estimate import cost
from isobit.cost.report import Cost
from isobit.errors import CompilerError, CSimError, IsobitError, UnsupportedError
from isobit.frontends.wrapper import find_wrapper, input_names
from isobit.headers import HEADER_SETS
from isobit.lint import lint
from isobit.model.canonical import canonical
from isobit.plan.verdicts import Verdict

__all__ = ["Folder", "certify_network", "of_network", "opened", "without_path"]

#: Optimisation of the compiled projects: no bit depends on it, and -O1 compiles and runs in the shortest time together.
_OPTIMISATION = "1"


@dataclass
class Folder:
    """A folder on its way to a result.

    Attributes
    ----------
    name, path
        Its name in the certificate, and where it is.
    ranges
        Ranges of inputs, of the network's and of those of the class around it.
    files
        Hashes, as they were before anything was read.
    given
        Events and answers that belong to it.
    model
        The network alone; None if it was refused.
    faults
        What was found so far.
    simulations, built
        The project being compiled, and compiled, by header set.
    description
        That of the class around the network; None if there is none.
    """

    name: str
    path: Path
    ranges: Mapping[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    model: Model | None = None
    faults: list[Fault] = field(default_factory=list)
    simulations: dict[str, Future[CSim]] = field(default_factory=dict)
    built: dict[str, CSim] = field(default_factory=dict)
    description: Path | None = None


def opened(
    name: str, path: Path, given: Given, ranges: Mapping[str, Any], settings: Settings, pool: Executor
) -> Folder:
    """Hash and read a folder, and have it compiled.

    Parameters
    ----------
    name, path
        Its name in the certificate, and where it is.
    given
        Files that the user gives for it.
    ranges
        Smallest and largest number of inputs, by name.
    settings
        Whether code that is not hls4ml's is a fault.
    pool
        Where compilers run.
    """
    folder = Folder(name, path, ranges, folder_files(path) if path.is_dir() else {})
    try:
        folder.model = model = load(path, wrapper=False, run_code=True, input_ranges=of_network(path, ranges))
    except IsobitError as error:
        folder.faults.append(Fault("refused", "", without_path(error, path)))
        return folder
    if not settings.allow_foreign:
        folder.faults += [
            Fault("foreign", op.name, f"computed by code that is none of hls4ml's: {op.unknown}")
            for op in model.graph.ops
            if op.unknown
        ]
    try:
        folder.given = given_of(path, given, model)
    except IsobitError as error:
        folder.faults.append(Fault("inputs", "", without_path(error, path)))
    folder.simulations = {
        headers: pool.submit(partial(csim, model, headers, optimisation=_OPTIMISATION)) for headers in HEADER_SETS
    }
    return folder


def certify_network(folder: Folder, settings: Settings, workers: int) -> NetworkResult:
    """Compare and look over what :func:`opened` has read.

    Parameters
    ----------
    folder
        The folder.
    settings
        Counts and seed.
    workers
        Threads and processes.
    """
    if folder.model is None:
        return NetworkResult(folder.name, files=folder.files, faults=tuple(folder.faults))
    model, given, faults = folder.model, folder.given, folder.faults
    from isobit.plan.plan import make_plan
    from isobit.witness.search import find_witnesses

    search = partial(find_witnesses, rounds=settings.rounds, seed=settings.seed)
    plan = make_plan(model.graph, search=search)
    findings = lint(model)
    witnesses = [one for verdict in plan.verdicts for one in verdict.witnesses or ()]
    every = [
        kinds.random_events(model.graph, settings.events, settings.seed),
        kinds.extreme_events(model.graph, settings.extreme, settings.seed),
        kinds.witness_events(model.graph, witnesses, settings.witness),
        given.events,
    ]
    used = [one for one in every if one is not None]
    for headers, future in folder.simulations.items():
        try:
            folder.built[headers] = future.result()
        except (CompilerError, CSimError, UnsupportedError) as error:
            faults.append(Fault("build", "", f"with the headers {headers!r}: {without_path(error, folder.path)}"))
    outcome = compare_roads(model, used, folder.built, reference=settings.reference, workers=workers)
    faults += outcome.faults
    answers, wrong = compare_answers_given(model, given)
    around = around_of(folder.path, folder.ranges, settings)
    faults += [*wrong, *around.faults]
    folder.description = around.description
    return NetworkResult(
        name=folder.name,
        network=model.graph.name,
        files=folder.files,
        model=canonical(model.graph),
        facts={key: text for key, text in model.graph.metadata.items() if "." not in key},
        given=given.files,
        events=tuple(
            {"kind": one.kind, "events": len(one), "source": one.source, "sha256": one.sha256} for one in used
        ),
        outputs=outcome.outputs,
        compared=(*outcome.compared, *answers, *([around.compared] if around.compared else [])),
        overflows=tuple(_overflow(verdict) for verdict in plan.verdicts),
        lint=tuple(
            {"rule": one.rule, "severity": one.severity, "place": one.place, "message": one.message} for one in findings
        ),
        cost=_cost(model),
        wrapper=around.steps,
        faults=tuple(faults),
    )


def of_network(path: Path, ranges: Mapping[str, Any]) -> dict[str, Any]:
    """The ranges of the network's own inputs."""
    try:
        description = find_wrapper(path)
        names = () if description is None else input_names(description)
    except IsobitError:  # which is said where the class is read
        names = ()
    return {name: ends for name, ends in ranges.items() if name not in names}


def _overflow(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    found = 0 if verdict.witnesses is None else len(verdict.witnesses)
    if not verdict.known:
        word = "not known"
    elif verdict.safe:
        word = "cannot overflow"
    elif verdict.clips:
        word = "clips, as it is made to"
    else:
        word = "overflows" if found else "may overflow"
    return {
        "place": f"{verdict.layer}.{verdict.slot}",
        "type": str(verdict.type),
        "verdict": word,
        "bits": max(verdict.bits, default=0),
        "neurons": sum(verdict.overflows),
        "witnesses": found,
    }


def _cost(model: Model) -> Cost | None:
    try:
        return cost(model)
    except UnsupportedError:  # of a layer of code that is not hls4ml's nobody knows what it takes
        return None


def without_path(error: Exception, path: Path) -> str:
    """An error's text without the folder's place, which is another one on another machine."""
    return str(error).replace(f"{path}/", "").replace(str(path), path.name)
