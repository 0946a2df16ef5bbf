"""``isobit trace``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import examples
from isobit.commands.choices import engine_option
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import layer_arrays, save_arrays
from isobit.files import atomic_path, check_target


@click.command(
    "trace",
    epilog=examples(
        "isobit trace student.isobit --data events.npy --out layers.npz",
        "isobit trace student.h5 --config hls4ml_config.yml --data events.npy --engine reference --out layers.npz",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@data_options(required=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Where the layers go, .npz: raw integers under LAYER, their format under LAYER.type.",
)
@keras_options()
@engine_option()
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads.  [default: all cores]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out file.")
def command(
    model: Path,
    data: DataOptions,
    out: Path,
    keras: KerasOptions,
    engine: str,
    threads: int | None,
    as_json: bool,
    overwrite: bool,
) -> None:
    """Write every layer's output of MODEL as raw integers, in units of the LSB, with its format.

    The names are hls4ml's. isobit csim --trace writes the same of the compiled firmware. Exit status: 0 done, 2 bad
    input.
    """
    if out.suffix != ".npz":
        raise click.UsageError(f"--out must end in .npz, got {out}")
    check_target(out, overwrite, inputs=[model, keras.config, *data.paths])
    subject, _ = keras.load(model)
    layers = subject.trace(data.read(subject.graph.inputs), engine, threads)
    with atomic_path(out, overwrite=overwrite) as path:
        save_arrays(path, layer_arrays(layers))
    if as_json:
        shapes = {name: {"type": str(values.type), "shape": list(values.shape)} for name, values in layers.items()}
        click.echo(json.dumps({"model": subject.graph.name, "engine": engine, "out": str(out), "layers": shapes}))
        return
    for name, values in layers.items():
        click.echo(f"  {name}: {values.type}, shape {values.shape}")
    click.echo(f"{len(layers)} layers written to {out}")
