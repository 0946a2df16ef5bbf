"""``isobit lint``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.errors import UnsupportedError
from isobit.files import atomic_path, check_target

_SEVERITIES = ("error", "warning", "note")


def _explain(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """Print what a rule is about, and end."""
    del parameter
    if name is None or context.resilient_parsing:
        return
    from isobit.lint import RULES, find_rule

    for rule in [find_rule(name)] if name != "all" else RULES.values():
        click.echo(f"{rule.id} {rule.name} ({rule.severity})\n\n{rule.summary}\n\n{rule.text}\n")
    context.exit()


@click.command(
    "lint",
    epilog=examples(
        "isobit lint student.isobit",
        "isobit lint student.h5 --config hls4ml_config.yml --data events.npy --sarif lint.sarif",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@data_options(what="Events, in which overflows are counted")
@click.option("--witnesses", is_flag=True, help="Search for an input for each overflow that may happen (minutes).")
@click.option("--select", multiple=True, metavar="RULE", help="Only this rule; may be given several times.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not this rule; may be given several times.")
@click.option(
    "--fail-on", type=click.Choice((*_SEVERITIES, "never")), default="warning", show_default=True,
    help="Exit with 1 from this severity on.",
)  # fmt: skip
@click.option("--explain", metavar="RULE", callback=_explain, expose_value=False, is_eager=True,
              help="Say what a rule is about (or all), and end.")  # fmt: skip
@click.option("--sarif", type=click.Path(path_type=Path), metavar="OUT", help="Also write a SARIF 2.1.0 log.")
@click.option("--overwrite", is_flag=True, help="Replace an existing SARIF log.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    model: Path,
    keras: KerasOptions,
    data: DataOptions,
    witnesses: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    sarif: Path | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Say what is wrong with MODEL, and which bits it wastes, before anything is compiled.

    Overflows, clipped inputs, constants that left their format, replaced reuse factors, ignored configuration, coarse
    tables; each with evidence and, where there is one, a fix to paste into the hls4ml configuration.
    Exit status: 0 nothing as grave as --fail-on, 1 something is, 2 bad input.
    """
    from isobit.lint import LintReport, lint
    from isobit.lint.linting import refused

    if sarif is not None:
        check_target(sarif, overwrite, inputs=(model,))
    try:
        subject, _ = keras.load(model)
    except UnsupportedError as error:
        report: LintReport = refused(str(model), error)
    else:
        events: Any = data.read(subject.graph.inputs) if data else None
        report = lint(subject, events, witnesses=witnesses, select=select, ignore=ignore)
    if sarif is not None:
        with atomic_path(sarif, overwrite=overwrite) as place:
            place.write_text(json.dumps(report.to_sarif(model.as_posix()), indent=1) + "\n", encoding="utf-8")
    click.echo(json.dumps(report.to_dict()) if as_json else str(report))
    grave = fail_on != "never" and report.at_least(fail_on)
    return BITS_DIFFER if grave else EQUAL_OR_DONE
