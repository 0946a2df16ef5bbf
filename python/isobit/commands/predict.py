"""``isobit predict``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import examples
from isobit.commands.choices import engine_option
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import progress_bar
from isobit.streaming import predict_file


@click.command(
    "predict",
    epilog=examples(
        "isobit predict student.isobit events.npy --out predictions.npy",
        "isobit predict student.isobit muons.root --columns eta,phi,pt,charge,quality --out predictions.parquet",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Predictions: .npy, .parquet, .h5, .hdf5 or .root."
)
@click.option(
    "--columns",
    multiple=True,
    metavar="[INPUT=]A,B,C",
    help="Columns, branches or one-dimensional datasets that are the features.  [default: all numeric ones]",
)
@click.option("--dataset", multiple=True, metavar="[INPUT=]NAME", help="Dataset of HDF5, array of .npz.")
@click.option("--tree", multiple=True, metavar="[INPUT=]NAME", help="TTree of ROOT files.")
@click.option("--raw", is_flag=True, help="Write raw integers (int64) instead of float64.")
@keras_options()
@engine_option()
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads.  [default: all cores]")
@click.option(
    "--chunk", type=click.IntRange(1), default=None, help="Events at a time.  [default: well below 1 GiB of memory]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out file.")
@click.option("--restart", is_flag=True, help="Begin anew where an unfinished run is found.")
def command(
    model: Path,
    data: tuple[str, ...],
    out: Path,
    columns: tuple[str, ...],
    dataset: tuple[str, ...],
    tree: tuple[str, ...],
    raw: bool,
    keras: KerasOptions,
    engine: str,
    threads: int | None,
    chunk: int | None,
    as_json: bool,
    overwrite: bool,
    restart: bool,
) -> None:
    """Predict the events in DATA with MODEL, bit for bit as its firmware, whatever their number.

    DATA are .npy, .npz, .parquet, .h5, .hdf5 or .root files; of several, the events follow each other. For several
    inputs, write INPUT=FILE, or give files that hold them all. A run that was interrupted goes on when the same command
    is given again; until it is finished, it lives in the folder OUT.partial.
    """
    subject, _ = keras.load(model)
    inputs = [tensor.name for tensor in subject.graph.inputs]
    files = _by_input(data, inputs, "DATA")
    features = _by_input(columns, inputs, "--columns")
    with progress_bar() as progress:
        done = predict_file(
            subject,
            files,
            out,
            columns=_each(features, lambda values: [name.strip() for text in values for name in text.split(",")]),
            dataset=_each(_by_input(dataset, inputs, "--dataset"), lambda values: _one(values, "--dataset")),
            tree=_each(_by_input(tree, inputs, "--tree"), lambda values: _one(values, "--tree")),
            raw=raw,
            engine=engine,
            threads=threads,
            chunk=chunk,
            overwrite=overwrite,
            restart=restart,
            progress=progress,
        )
    facts = {
        "events": done.events,
        "seconds": done.seconds,
        "events_per_second": done.events_per_second,
        "resumed_from": done.resumed_from,
        "outputs": dict(done.outputs),
        "raw": raw,
        "out": str(out),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    if done.resumed_from:
        click.echo(f"went on from event {done.resumed_from:,}, where an interrupted run had come")
    types = ", ".join(done.outputs.values())
    rate = f"{done.seconds:.3g} s, {done.events_per_second:,.0f} events/s"
    click.echo(f"{done.events} events of {types} written to {out} ({rate})")


def _by_input(values: tuple[str, ...], inputs: list[str], what: str) -> Any:
    """A dict by input where values are written INPUT=VALUE, else a list; None if there is none."""
    if not values:
        return None
    pairs = [value.partition("=") for value in values]
    named = [equals == "=" and head in inputs for head, equals, _ in pairs]
    if not any(named):
        return list(values)
    if not all(named):
        raise click.UsageError(
            f"{what}: write INPUT=VALUE for all or for none, got {values[named.index(False)]!r}; the model's inputs: "
            f"{', '.join(inputs)}"
        )
    found: dict[str, list[str]] = {}
    for head, _, value in pairs:
        found.setdefault(head, []).append(value)
    return found


def _each(value: Any, function: Any) -> Any:
    """Apply a function to a list, or to every list of a dict."""
    if value is None:
        return None
    return {key: function(entry) for key, entry in value.items()} if isinstance(value, dict) else function(value)


def _one(values: list[str], option: str) -> str:
    if len(values) > 1:
        raise click.UsageError(f"{option} is given {len(values)} times; once, or once for each input")
    return values[0]
