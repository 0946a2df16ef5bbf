"""``isobit train``: teachers, students and what they are compared with, on simulated events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.options import progress_bar
from isobit.students.trainings import TRAININGS, shipped, train

_NAMES = "\n".join(["\b", "NAME is one of", *(f"  {name}: {one.summary}" for name, one in TRAININGS.items())])


@click.command(
    "train",
    epilog=_NAMES + "\n\n" + examples("isobit train dimuon_student --quick", "isobit train mugmt_student --out muons"),
)
@click.argument("name", type=click.Choice(list(TRAININGS)), metavar="NAME")
@click.option("--quick", is_flag=True, help="A trial of seconds: few events, few epochs.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the results.  [default: isobit-NAME]"
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of samples, weights and order.")
@click.option("--shipped", "take", is_flag=True, help="Take networks that come with isobit instead of training them.")
@click.option("--overwrite", is_flag=True, help="Train anew where a complete training lies.")
@click.option("--json", "as_json", is_flag=True, help="Print the record, one JSON object, instead of text.")
def command(name: str, quick: bool, out: Path | None, seed: int, take: bool, overwrite: bool, as_json: bool) -> int:
    """Train the networks NAME on simulated events: a teacher, its student, and what they are compared with.

    The folder gets each network's weights (.npz), Keras model (.h5) and hls4ml configuration (.yml), and the record,
    training.json. A training that was stopped goes on when the same command is given again, to the same numbers as one
    that was not.
    """
    place = out or Path(f"isobit-{name}")
    if take and (quick or seed != 1):
        raise click.UsageError("--shipped is for full trainings with seed 1, as the networks that come with isobit are")
    wanted = TRAININGS[name].at(quick)
    given = shipped(wanted) if take else {}
    with progress_bar() as progress:
        trained = train(wanted, place, seed=seed, given=given, overwrite=overwrite, progress=progress)
    if as_json:
        click.echo(json.dumps(trained.record))
        return EQUAL_OR_DONE
    for run, summary in trained.record["runs"].items():
        taught = f", taught by {summary['taught_by']}" if summary["taught_by"] else ""
        click.echo(f"{run} ({summary['network']}{taught}): {_trained(summary)}")
    click.echo(_figures(trained.record["figures"]))
    click.echo(f"weights, Keras models, hls4ml configurations and record: {place}")
    return EQUAL_OR_DONE


def _figures(found: object, title: str = "") -> str:
    """Figures of a record as lines of text."""
    if not isinstance(found, dict):
        return f"{title}: {found:.5g}" if isinstance(found, float) else f"{title}: {found}"
    if found and not any(isinstance(value, dict) for value in found.values()):
        parts = [f"{key} {value:.5g}" if isinstance(value, float) else f"{key} {value}" for key, value in found.items()]
        return f"{title}: " + ", ".join(parts)
    return "\n".join(_figures(value, f"{title} {key}".strip()) for key, value in found.items())


def _trained(summary: dict[str, Any]) -> str:
    if summary["weights"] == "given":
        return "as it comes with isobit"
    return f"{summary['recipe']['epochs']} epochs, validation loss {summary['validation_loss']}"
