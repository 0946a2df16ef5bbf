"""``isobit explain``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import click

from isobit.api import Model, load
from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import random_events
from isobit.commands.pages import PageOptions, page_options
from isobit.streaming.inputs import Inputs


@click.command(
    "explain",
    epilog=examples(
        "isobit explain student.h5 --config hls4ml_config.yml --data events.npy",
        "isobit explain student.isobit --data events.npy --reference right.isobit --html why.html",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@data_options(what="Events, instead of random ones")
@click.option(
    "--reference", type=click.Path(path_type=Path, exists=True), metavar="MODEL_FILE",
    help="A network whose outputs are right.  [default: the Keras model, or MODEL with exact numbers]",
)  # fmt: skip
@click.option("--exact", is_flag=True, help="Compare with MODEL with exact numbers, also where MODEL is a Keras file.")
@click.option(
    "--metric", type=click.Choice(("rms", "max", "flips")), default="rms", show_default=True,
    help="Root mean square or largest difference, or events whose largest output is another one.",
)  # fmt: skip
@click.option(
    "--events", type=click.IntRange(1), default=10_000, show_default=True, help="Random events without --data."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the random events.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --html and --plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    model: Path,
    keras: KerasOptions,
    data: DataOptions,
    reference: Path | None,
    exact: bool,
    metric: str,
    events: int,
    seed: int,
    pages: PageOptions,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Say which roundings, overflows and tables of MODEL make its outputs differ, and which bits mend it.

    Each quantiser is made exact by itself, and put by itself into an exact network; shares are ranked, and the smallest
    change of precision that removes the error is run on all events. Exit status: 0 done, 2 bad input.
    """
    from isobit.explain import explain

    if exact and reference is not None:
        raise click.UsageError("--exact and --reference exclude each other")
    pages.check(overwrite, inputs=[model, keras.config, reference, *data.paths])
    subject, trained = keras.load(model)
    right = load(reference) if reference is not None else None if exact else trained
    x = data.read(subject.graph.inputs) if data else _drawn(subject, events, seed)
    found = explain(subject, x, right, metric=metric)
    pages.write(found, overwrite, model=model, config=keras.config, reference=reference, data=data.paths)
    click.echo(json.dumps(found.to_dict()) if as_json else str(found))
    return EQUAL_OR_DONE


def _drawn(model: Model, events: int, seed: int) -> list[Any]:
    with contextlib.closing(Inputs(model.graph.inputs, data=random_events(model, events, seed))) as source:
        return list(source.read(0, events))
