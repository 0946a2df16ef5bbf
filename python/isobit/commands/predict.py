"""``isobit predict``."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

from isobit.commands.options import load_data, load_model
from isobit.files import atomic_path, refuse_overwrite


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the predictions go (.npy, float64).")
@click.option(
    "--config", type=click.Path(path_type=Path, exists=True), help="hls4ml configuration (YAML) for a Keras file."
)
@click.option("--engine", default="auto", show_default=True, help="auto, numba, cpp, cpp-strict or reference.")
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads.  [default: all cores]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out file.")
@click.option("--allow-lambda", is_flag=True, help="Load Keras files that carry Python code.")
def command(
    model: Path,
    data: Path,
    out: Path,
    config: Path | None,
    engine: str,
    threads: int | None,
    as_json: bool,
    overwrite: bool,
    allow_lambda: bool,
) -> None:
    """Predict the events in DATA (.npy) with MODEL, bit for bit as its firmware."""
    refuse_overwrite(out, overwrite)
    subject, _ = load_model(model, config, allow_lambda=allow_lambda)
    prediction = subject.predict(load_data(data), engine=engine, threads=threads)
    if isinstance(prediction, list):
        raise click.UsageError(f"{model} has {len(prediction)} outputs; supported: one (use Model.predict from Python)")
    with atomic_path(out, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.save(file, prediction, allow_pickle=False)
    facts = {
        "events": len(prediction),
        "shape": list(prediction.shape),
        "type": str(subject.output_types[0]),
        "out": str(out),
    }
    click.echo(json.dumps(facts) if as_json else f"{facts['events']} events of {facts['type']} written to {out}")
