"""``isobit convert``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import examples
from isobit.commands.keras_options import KerasOptions, is_keras_file, keras_options
from isobit.files import check_folder, check_target
from isobit.frontends.beside import folder_beside
from isobit.frontends.keras import KERAS_SUFFIXES
from isobit.model.file import graph_digest, load_graph
from isobit.model.requested import summary


@click.command(
    "convert",
    epilog=examples(
        "isobit convert student.h5 --config hls4ml_config.yml --out student.isobit",
        "isobit convert student.keras --default-precision 'ap_fixed<18,6>' --granularity name --out student.isobit",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The model file, *.isobit.")
@keras_options(without=("wrapper",))
@click.option("--no-project", is_flag=True, help="Write no hls4ml project, so that csim has nothing to compile.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an existing model file and project.")
def command(model: Path, out: Path, keras: KerasOptions, no_project: bool, as_json: bool, overwrite: bool) -> None:
    """Convert MODEL, a .keras or .h5 file, with hls4ml, and write a model file of isobit's.

    The model file holds the network at its firmware's precision; every command takes it, and needs neither TensorFlow
    nor hls4ml for it. The hls4ml project goes into a folder beside it (student.hls4ml for student.isobit), so that csim
    works as well. Exit status: 0 done, 2 bad input.
    """
    if not is_keras_file(model):
        raise click.UsageError(f"MODEL must be a Keras file ({', '.join(KERAS_SUFFIXES)}), got {model}")
    if out.suffix != ".isobit":
        raise click.UsageError(f"--out must end in .isobit, got {out}")
    folder = None if no_project else folder_beside(out)
    check_target(out, overwrite, inputs=[model, keras.config])
    if folder is not None:
        check_folder(folder, overwrite, inputs=[model, keras.config])
    subject, _ = keras.load(model)
    subject.save(out, overwrite=overwrite, project=not no_project)
    if as_json:
        facts = {
            "model": str(out),
            "project": None if folder is None else str(folder),
            "sha256": graph_digest(load_graph(out)),
            "inputs": {tensor.name: str(tensor.type) for tensor in subject.graph.inputs},
            "outputs": {tensor.name: str(tensor.type) for tensor in subject.graph.output_tensors},
            "layers": subject.layers,
            "types": {slot: str(kind) for slot, kind in subject.types.items()},
        }
        click.echo(json.dumps(facts))
        return
    click.echo(str(subject))
    for line in summary(subject.reuse_factors):
        click.echo(line)
    click.echo(f"written to {out}")
    if folder is not None:
        click.echo(f"its hls4ml project: {folder}, for isobit csim {out}")
