"""``isobit predict``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import examples
from isobit.commands.choices import engine_option
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import progress_bar
from isobit.files import check_target
from isobit.streaming import predict_file
from isobit.streaming.writers import check_suffix, output_files


@click.command(
    "predict",
    epilog=examples(
        "isobit predict student.isobit events.npy --out predictions.npy",
        "isobit predict student.isobit muons.root --columns eta,phi,pt,charge,quality --out predictions.parquet",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@data_options(required=True, argument=True)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Predictions: .npy, .parquet, .h5, .hdf5 or .root."
)
@click.option(
    "--keep",
    multiple=True,
    metavar="A,B,C",
    help="Columns that are carried along unchanged, such as run,lumi,event; features only if --columns names them.",
)
@click.option("--raw", is_flag=True, help="Write raw integers (int64) instead of float64.")
@keras_options()
@engine_option()
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads.  [default: all cores]")
@click.option(
    "--chunk", type=click.IntRange(1), default=None, help="Events at a time.  [default: well below 1 GiB of memory]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out file.")
@click.option("--restart", is_flag=True, help="Begin again instead of resuming an unfinished run.")
def command(
    model: Path,
    data: DataOptions,
    out: Path,
    keep: tuple[str, ...],
    raw: bool,
    keras: KerasOptions,
    engine: str,
    threads: int | None,
    chunk: int | None,
    as_json: bool,
    overwrite: bool,
    restart: bool,
) -> None:
    """Predict the events in DATA with MODEL, bit for bit as its firmware, for files of any size.

    DATA are .npy, .npz, .parquet, .h5, .hdf5 or .root files; the events of several files follow each other. For several
    inputs, write INPUT=FILE, or give files that hold them all. If a run was interrupted, the same command resumes it;
    until it is finished, its rows are in the folder OUT.partial.
    """
    check_suffix(out)
    for target in reversed(output_files(out)):
        check_target(target, overwrite=True, inputs=[model, keras.config, *data.paths])
    subject, _ = keras.load(model)
    given = data.by_input(subject.graph.inputs)
    with progress_bar() as progress:
        done = predict_file(
            subject,
            given.pop("data"),
            out,
            **given,
            keep=[name.strip() for names in keep for name in names.split(",")],
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
    if done.resumed_from and done.resumed_from == done.events:
        click.echo(f"nothing was left to predict: an earlier run of the same command finished {out}")
        return
    if done.resumed_from:
        click.echo(f"resumed at event {done.resumed_from:,}, where a run was interrupted")
    types = ", ".join(done.outputs.values())
    rate = f"{done.seconds:.3g} s, {done.events_per_second:,.0f} events/s"
    click.echo(f"{done.events} events of {types} written to {out} ({rate})")
