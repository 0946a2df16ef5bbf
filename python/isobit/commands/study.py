"""``isobit study``: a study of the students, from training to pictures."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.options import progress_bar
from isobit.studies import STUDIES, run

_NAMES = "\n".join(["\b", "NAME is one of", *(f"  {name}: {one.title}" for name, one in STUDIES.items())])


@click.command(
    "study", epilog=_NAMES + "\n\n" + examples("isobit study dimuons --quick", "isobit study muons --out muons")
)
@click.argument("name", type=click.Choice(list(STUDIES)), metavar="NAME")
@click.option("--quick", is_flag=True, help="A trial within a minute: few events, few epochs, wide errors.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the results.  [default: isobit-NAME]"
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of samples, weights and order.")
@click.option("--retrain", is_flag=True, help="Train the networks whose weights come with isobit as well.")
@click.option("--overwrite", is_flag=True, help="Do it anew where a complete study lies.")
@click.option("--json", "as_json", is_flag=True, help="Print the results, one JSON object, instead of text.")
def command(name: str, quick: bool, out: Path | None, seed: int, retrain: bool, overwrite: bool, as_json: bool) -> int:
    """Do the study NAME: train its networks, compute its figures from firmware bits, draw its pictures.

    The folder gets results.json and the pictures (SVG). A study that was stopped goes on when the same command is given
    again, to the same results as one that was not. docs/studies/ has those of the full studies, with what they say.
    """
    place = out or Path(f"isobit-{name}")
    with progress_bar() as progress:
        results = run(
            STUDIES[name], place, quick=quick, seed=seed, retrain=retrain, overwrite=overwrite, progress=progress
        )
    if as_json:
        click.echo(json.dumps(results))
        return EQUAL_OR_DONE
    for claim, holds in results["holds"].items():
        click.echo(f"{'holds' if holds else 'does not hold'}: {claim}")
    if quick:
        click.echo("a quick trial, too small to say anything about the claims")
    click.echo(f"results and pictures: {place}")
    return EQUAL_OR_DONE
