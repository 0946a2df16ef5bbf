"""``isobit export``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.hls.core import IO_TYPES
from isobit.hls.export import ORACLES, export_hls


@click.command(
    "export",
    epilog=examples(
        "isobit export student.h5 --config hls4ml_config.yml --data events.npy --out student_hls",
        "isobit csim student_hls",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="A new or empty folder.")
@keras_options(without=("part", "clock_ns", "io_type"))
@data_options(what="Events for the test bench, in addition to its own")
@click.option("--part", default="xcvu9p-flga2104-2L-e", show_default=True, help="FPGA.")
@click.option("--clock-ns", type=float, default=5.0, show_default=True, help="Clock period.")
@click.option("--name", default=None, help="Name of the top function.  [default: the network's or its Keras model's]")
@click.option(
    "--io-type",
    type=click.Choice(IO_TYPES),
    default=IO_TYPES[0],
    show_default=True,
    help="Arguments of the top function: arrays, or streams of packets, as hls4ml calls them.",
)
@click.option(
    "--oracle",
    type=click.Choice(ORACLES),
    default="vendor",
    show_default=True,
    help="Where golden results come from: AMD's headers (of hls4ml), or isobit's reference.",
)
@click.option("--no-csim", is_flag=True, help="Do not also compare the results with hls4ml's C-simulation.")
@click.option("--random", "events", type=click.IntRange(0), default=128, show_default=True, help="Random events.")
@click.option("--seed", type=click.IntRange(0), default=2026, show_default=True, help="Seed of the random events.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export: only files that its manifest names.")
def command(
    model: Path,
    folder: Path,
    keras: KerasOptions,
    data: DataOptions,
    part: str,
    clock_ns: float,
    name: str | None,
    io_type: str,
    oracle: str,
    no_csim: bool,
    events: int,
    seed: int,
    as_json: bool,
    overwrite: bool,
) -> None:
    """Write MODEL as a project for Vitis HLS: C++ core, self-checking test bench, Tcl, README.

    MODEL is a .keras or .h5 file, which hls4ml converts, or a model file that isobit saved. Exit status: 0 done, 2 bad
    input, or roads that disagree about a bit.
    """
    subject, _ = keras.load(model)
    project = export_hls(
        subject,
        folder,
        part,
        clock_ns,
        data.read(subject.graph.inputs) if data else None,
        name=name,
        io_type=io_type,
        oracle=oracle,
        csim=False if no_csim else None,
        random_events=events,
        seed=seed,
        overwrite=overwrite,
    )
    manifest = project.manifest
    if as_json:
        click.echo(json.dumps({"folder": str(folder), **manifest}))
        return
    schedule = manifest["schedule"]
    click.echo(f"{project.top} written to {folder}: {len(manifest['files'])} files")
    click.echo(f"  {schedule['style']}, at best a new event every {schedule['interval']} clocks by its directives")
    click.echo(f"  test bench of {manifest['vectors']['events']} events; results from")
    for line in manifest["vectors"]["results"]:
        click.echo(f"    {line}")
    click.echo(f"next: isobit csim {folder}, isobit hls {folder}, or {folder}/README.md")
