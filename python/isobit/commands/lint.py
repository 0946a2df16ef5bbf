"""``isobit lint``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.pages import PageOptions, page_options
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
        "isobit lint first.so second.so --load first.yml --load second.yml",
    ),
)
@click.argument("models", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="MODEL | LIBRARY...")
@keras_options()
@data_options(what="Events, in which overflows are counted")
@click.option("--witnesses", is_flag=True, help="Search for an input for each overflow that may happen (minutes).")
@click.option("--load", "descriptions", type=click.Path(path_type=Path), multiple=True, metavar="YAML",
              help="Of libraries: also run them, alone and together; a description for each.")  # fmt: skip
@click.option("--select", multiple=True, metavar="RULE", help="Only this rule; may be given several times.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not this rule; may be given several times.")
@click.option(
    "--fail-on", type=click.Choice((*_SEVERITIES, "never")), default="warning", show_default=True,
    help="Exit with 1 from this severity on.",
)  # fmt: skip
@click.option("--explain", metavar="RULE", callback=_explain, expose_value=False, is_eager=True,
              help="Say what a rule is about (or all), and end.")  # fmt: skip
@click.option("--sarif", type=click.Path(path_type=Path), metavar="OUT", help="Also write a SARIF 2.1.0 log.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --sarif, --html and --plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    models: tuple[Path, ...],
    keras: KerasOptions,
    data: DataOptions,
    witnesses: bool,
    descriptions: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    sarif: Path | None,
    pages: PageOptions,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Say what is wrong with MODEL, and which bits it wastes, before anything is compiled; or with built libraries.

    Of a model: overflows, clipped inputs, constants that left their format, replaced reuse factors, ignored
    configuration, coarse tables; each with evidence and, where there is one, a fix to paste into the hls4ml
    configuration. Of emulator libraries (.so), several at once: symbols that clash, weights that others can reach,
    types and paths that leak. --load runs their code.

    Exit status: 0 nothing as grave as --fail-on, 1 something is, 2 bad input.
    """
    from isobit.lint import LintReport, lint, lint_libraries
    from isobit.lint.linting import refused

    if sarif is not None:
        check_target(sarif, overwrite, inputs=(*models, *descriptions))
    pages.check(overwrite, inputs=[*models, *descriptions, keras.config, *data.paths])
    uri = models[0].as_posix()
    if all(_is_library(path) for path in models):
        keras.refuse(models[0])
        if data or witnesses:
            raise click.UsageError("--data and --witnesses are for networks; libraries take --load")
        report: LintReport = lint_libraries(models, load=descriptions, select=select, ignore=ignore)
    elif len(models) > 1:
        raise click.UsageError(f"several files must all be libraries (.so); {_network(models)} is none")
    elif descriptions:
        raise click.UsageError(f"--load is for libraries (.so), got {uri}")
    else:
        try:
            subject, _ = keras.load(models[0])
        except UnsupportedError as error:
            report = refused(str(models[0]), error)
        else:
            events: Any = data.read(subject.graph.inputs) if data else None
            report = lint(subject, events, witnesses=witnesses, select=select, ignore=ignore)
    if sarif is not None:
        with atomic_path(sarif, overwrite=overwrite) as place:
            place.write_text(json.dumps(report.to_sarif(uri), indent=1) + "\n", encoding="utf-8")
    pages.write(
        report, overwrite, model=models[0] if len(models) == 1 else models, config=keras.config, data=data.paths
    )
    click.echo(json.dumps(report.to_dict()) if as_json else str(report))
    grave = fail_on != "never" and report.at_least(fail_on)
    return BITS_DIFFER if grave else EQUAL_OR_DONE


def _is_library(path: Path) -> bool:
    """Whether a file is, or by its name wants to be, a shared library."""
    if path.suffix == ".so" or ".so." in path.name:
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _network(paths: tuple[Path, ...]) -> Path:
    return next(path for path in paths if not _is_library(path))
