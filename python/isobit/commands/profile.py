"""``isobit profile``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import random_events
from isobit.commands.pages import PageOptions, page_options
from isobit.commands.passes import profile_events

if TYPE_CHECKING:
    from isobit.profile.counts import OverflowCount, Profile


@click.command(
    "profile",
    epilog=examples(
        "isobit profile student.isobit --data events.npy",
        "isobit profile student.h5 --config hls4ml_config.yml --data events.npy --html profile.html",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@data_options(what="Events, instead of random ones")
@click.option(
    "--events", type=click.IntRange(1), default=10_000, show_default=True, help="How many random events without --data."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the random events.")
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads.  [default: all cores]")
@click.option("--fail-on-overflow", is_flag=True, help="Exit with 1 if anything overflows or saturates.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --html and --plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    model: Path,
    keras: KerasOptions,
    data: DataOptions,
    events: int,
    seed: int,
    threads: int | None,
    fail_on_overflow: bool,
    pages: PageOptions,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Count what overflows, saturates or is rounded away in MODEL on some events, by layer and neuron.

    Exit status: 0 done, 1 something overflows or saturates (with --fail-on-overflow), 2 bad input.
    """
    pages.check(overwrite, inputs=[model, keras.config, *data.paths])
    subject, _ = keras.load(model)
    given = data.by_input(subject.graph.inputs) if data else {"data": random_events(subject, events, seed)}
    found = profile_events(subject, given, threads, distributions=bool(pages))
    pages.write(found, overwrite, model=model, config=keras.config, data=data.paths)
    drawn = None if data else {"events": events, "seed": seed}
    if as_json:
        click.echo(json.dumps({"model": subject.graph.name, "random": drawn, **_document(found)}))
    else:
        if drawn is not None:
            click.echo(f"{events} random events, seed {seed}")
        click.echo(str(found))
    return BITS_DIFFER if fail_on_overflow and found.overflows else EQUAL_OR_DONE


def _document(profile: Profile) -> dict[str, Any]:
    """Everything by neuron; ranges in units of the LSB."""
    return {
        "events": profile.events,
        "constants": [change.to_dict() for change in profile.constants],
        "overflows": [_count(count) for count in profile.overflows],
        "clips": [_count(count) for count in profile.clips],
        "uncounted": list(profile.uncounted),
        "layers": [
            {
                "layer": layer.layer,
                "type": str(layer.type),
                "bits": layer.bits.tolist(),
                "low": layer.low.tolist(),
                "high": layer.high.tolist(),
                "lossy": layer.lossy.tolist(),
            }
            for layer in profile.layers
        ],
    }


def _count(count: OverflowCount) -> dict[str, Any]:
    return {
        "layer": count.layer,
        "slot": count.slot,
        "type": str(count.type),
        "saturates": count.saturates,
        "events": count.events.tolist(),
        "total": count.total.tolist(),
    }
