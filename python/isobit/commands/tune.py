"""``isobit tune``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.api import load
from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.pages import PageOptions, page_options


@click.command(
    "tune",
    epilog=examples(
        "isobit tune student.h5 --config hls4ml_config.yml --data events.npy --tolerance 0.01",
        "isobit tune student.isobit --data events.npy --metric flips --tolerance 0.001 --slots '*.weight' --json",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@data_options(what="Events")
@click.option(
    "--tolerance", "--limit", type=click.FloatRange(0), required=True, help="The largest error that is allowed."
)
@click.option(
    "--metric", type=click.Choice(("rms", "max", "flips")), default="rms", show_default=True,
    help="Root mean square or largest difference, or events whose largest output is another one.",
)  # fmt: skip
@click.option(
    "--reference", type=click.Path(path_type=Path, exists=True), metavar="MODEL_FILE",
    help="A network whose outputs are right.  [default: the Keras model, or MODEL as it is]",
)  # fmt: skip
@click.option("--slots", multiple=True, metavar="PATTERN", help="Formats that may change: '*.weight'.  [default: all]")
@click.option("--may-overflow", multiple=True, metavar="PATTERN", help="Formats that keep their integer bits.")
@click.option(
    "--every-input", is_flag=True, help="Prove it for every input that the formats allow, not for the data's range."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="MODEL_FILE", help="Also write the tuned network.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --out, --html and --plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    model: Path,
    keras: KerasOptions,
    data: DataOptions,
    tolerance: float,
    metric: str,
    reference: Path | None,
    slots: tuple[str, ...],
    may_overflow: tuple[str, ...],
    every_input: bool,
    out: Path | None,
    pages: PageOptions,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Find the cheapest formats of MODEL that keep an error within a limit, and prove that nothing overflows.

    Prints the formats, to be pasted into the hls4ml configuration (--json has the fragment), and what each further bit
    costs. Exit status: 0 done, 2 bad input or a limit that no precision keeps.
    """
    from isobit.files import check_target
    from isobit.tune import tune

    if not data:
        raise click.UsageError("tune needs events: --data FILE")
    if out is not None:
        check_target(out, overwrite, inputs=(model,))
    pages.check(overwrite, inputs=[model, keras.config, reference, *data.paths])
    subject, trained = keras.load(model)
    right = load(reference) if reference is not None else trained
    found = tune(
        subject,
        data.read(subject.graph.inputs),
        tolerance=tolerance,
        reference=right,
        metric=metric,
        slots=slots or ("*",),
        may_overflow=may_overflow,
        every_input=every_input,
    )
    if out is not None:
        subject.with_types(found.types).save(out, overwrite=overwrite)
    pages.write(found, overwrite, model=model, config=keras.config, reference=reference, data=data.paths)
    click.echo(json.dumps(found.to_dict()) if as_json else str(found))
    return EQUAL_OR_DONE
