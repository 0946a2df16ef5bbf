"""``isobit sweep``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobit.api import Model, load
from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.options import progress_bar
from isobit.commands.pages import PageOptions, page_options
from isobit.errors import ModelFileError, UnsupportedError
from isobit.frontends.keras import KERAS_SUFFIXES, load_keras_file
from isobit.frontends.project import read_yaml
from isobit.streaming.inputs import Inputs
from isobit.suggest import did_you_mean

if TYPE_CHECKING:
    from isobit.sweep import Record, Sweep

#: Keys of a specification: files and how they are read, then what :func:`isobit.sweep` takes.
_FILES = ("model", "data", "reference", "store", "hls_config", "input_ranges")
_OPTIONS = ("vary", "metrics", "method", "trials", "goals", "seed")
#: Configurations that are printed.
_SHOWN = 20


@click.command(
    "sweep", epilog=examples("isobit sweep sweep.yml", "isobit sweep sweep.yml --workers 2 --html sweep.html")
)
@click.argument("spec", type=click.Path(path_type=Path, exists=True))
@click.option("--workers", type=click.IntRange(1), default=None, help="Processes.  [default: one for each core]")
@click.option("--dask", metavar="ADDRESS", help="Compute on this dask.distributed cluster instead.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --html and --plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    spec: Path, workers: int | None, dask: str | None, pages: PageOptions, overwrite: bool, as_json: bool
) -> int:
    """Compute figures of many configurations of a network, as the file SPEC says; go on where an earlier run stopped.

    SPEC is YAML with the keys model, data, vary, and optionally reference, input_ranges, metrics, method, trials,
    goals, seed, store (docs/sweep.md). Exit status: 0 done, 2 bad input.
    """
    from isobit.sweep import sweep

    pages.check(overwrite, inputs=[spec])
    document = _read(spec)
    model, trained = _model(spec, document)
    reference = _reference(spec, document, trained)
    with contextlib.closing(Inputs(model.graph.inputs, data=_data(spec, document))) as source:
        arrays = source.read(0, source.events)
    options = {key: document[key] for key in _OPTIONS if key in document and key != "vary"}
    store = document.get("store", f"{spec.stem}.sqlite")
    with progress_bar() as report:
        found = sweep(
            model,
            document["vary"],
            arrays[0] if len(arrays) == 1 else arrays,
            reference=reference,
            store=spec.parent / str(store),
            workers=workers,
            cluster=dask,
            progress=lambda done, wanted: report("configurations", done, wanted),
            **options,
        )
    front = found.pareto(*(document.get("goals") or document.get("metrics") or ("rms", "bits")))
    pages.write(found, overwrite, specification=spec, model=spec.parent / str(document["model"]))
    if as_json:
        click.echo(json.dumps({"computed": found.computed, "known": found.known, "points": [vars(r) for r in found],
                               "pareto": [vars(r) for r in front]}))  # fmt: skip
    else:
        click.echo(_text(found, front, spec.parent / str(store)))
    return EQUAL_OR_DONE


def _read(spec: Path) -> dict[str, Any]:
    document = read_yaml(spec)
    known = (*_FILES, *_OPTIONS)
    if unknown := [key for key in document if key not in known]:
        near = did_you_mean(str(unknown[0]), known)
        raise UnsupportedError(f"{spec}: unknown key {unknown[0]!r}{near}; known: {', '.join(known)}")
    if missing := [key for key in ("model", "data", "vary") if key not in document]:
        raise ModelFileError(f"{spec} has no key {missing[0]!r}")
    if not isinstance(document["vary"], list) or not all(isinstance(entry, dict) for entry in document["vary"]):
        raise ModelFileError(f"{spec}: vary must be a list of mappings, got {document['vary']!r}")
    for key in ("metrics", "goals"):
        if isinstance(document.get(key), str):
            document[key] = [document[key]]
    return document


def _model(spec: Path, document: dict[str, Any]) -> tuple[Model, Any]:
    """The network, and the Keras model that it came from."""
    path = spec.parent / str(document["model"])
    ranges = document.get("input_ranges") or {}
    if not isinstance(ranges, dict):
        raise ModelFileError(f"{spec}: input_ranges must be a mapping such as {{x: [0, 8]}}, got {ranges!r}")
    if path.suffix not in KERAS_SUFFIXES:
        return load(path, input_ranges=ranges), None
    trained = load_keras_file(path)
    config = document.get("hls_config")
    if isinstance(config, str):
        config = read_yaml(spec.parent / config)
    options = {} if config is None else {"hls_config": config}
    return load(trained, input_ranges=ranges, **options), trained


def _reference(spec: Path, document: dict[str, Any], trained: Any) -> Any:
    given = document.get("reference")
    if given is None:
        return trained
    path = spec.parent / str(given)
    return load_keras_file(path) if path.suffix in KERAS_SUFFIXES else load(path)


def _data(spec: Path, document: dict[str, Any]) -> Any:
    given = document["data"]
    if isinstance(given, dict):
        return {name: str(spec.parent / str(path)) for name, path in given.items()}
    return str(spec.parent / str(given))


def _text(found: Sweep, front: tuple[Record, ...], store: Path) -> str:
    lines = [f"{len(found)} configurations in {store}: {found.computed} computed, {found.known} known"]
    if front:
        lines.append("none is better than these in every goal:")
    for record in front[:_SHOWN]:
        figures = ", ".join(f"{name} {value:.6g}" for name, value in record.metrics.items())
        point = ", ".join(f"{name} {value}" for name, value in record.point.items())
        lines.append(f"  {figures}: {point}")
    if len(front) > _SHOWN:
        lines.append(f"  and {len(front) - _SHOWN} more; --json prints all")
    return "\n".join(lines)
