"""``isobit hls``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import BAD_INPUT, BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.hls.folder import read_folder
from isobit.hls.reports import HlsReport, read_reports, report_stamps
from isobit.hls.vitis import STEPS, check_steps, run_tool, shown, tool_command

#: The columns of resources.
_RESOURCES = ("DSP", "LUT", "FF", "BRAM", "URAM")
#: Width of the table where it goes to no terminal.
_COLUMNS = 160


@click.command("hls", epilog=examples("isobit hls student_hls --steps csim,csynth", "isobit hls student_hls --report"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--steps", default=",".join(STEPS), show_default=True, help="What to run, comma-separated.")
@click.option("--report", "report_only", is_flag=True, help="Run nothing; read what an earlier run left.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(folder: Path, steps: str, report_only: bool, as_json: bool) -> int:
    """Synthesise the exported FOLDER with Vitis HLS (vitis_hls or vitis-run on the PATH), and read its reports.

    --steps csim alone keeps an earlier synthesis; any other run starts again and replaces FOLDER/build.

    Exit status: 0 done, 1 a test bench found bits that differ, 2 bad input, no tool, or the tool failed.
    """
    project = read_folder(folder)
    chosen = check_steps([step.strip() for step in steps.split(",") if step.strip()])
    status = EQUAL_OR_DONE
    earlier: dict[Path, Any] = {}
    if not report_only:
        if tool_command() is None:
            raise click.ClickException(
                f"neither vitis_hls nor vitis-run is on the PATH; with it, this would run, in {project.folder}: "
                f"{shown(chosen)}"
            )
        for path in project.changed():
            click.echo(f"changed since the export: {path}", err=True)
        earlier = report_stamps(project.folder, project.top)
        ended = run_tool(project.folder, chosen)
        status = BITS_DIFFER if ended.bits_differ else EQUAL_OR_DONE if ended.status == 0 else BAD_INPUT
    report = read_reports(project.folder, project.top, but=earlier)
    if report.cosimulation is not None and not report.cosimulation.ok and status == EQUAL_OR_DONE:
        status = BITS_DIFFER
    if report_only and report.empty:
        raise click.ClickException(f"{project.folder}/build holds no report; run isobit hls without --report")
    if as_json:
        click.echo(json.dumps({"top": project.top, "steps": [] if report_only else list(chosen), **report.to_dict()}))
    elif report.empty:
        click.echo("no report was left")
    else:
        _show(project.top, report)
    return status


def _show(top: str, report: HlsReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=top, title_justify="left")
    for column in ("", "latency", "interval", "clock ns", "of", *_RESOURCES):
        table.add_column(column, justify="left" if column == "" else "right", no_wrap=True)
    synthesis, cosimulation, implementation = report.synthesis, report.cosimulation, report.implementation
    if synthesis is not None:
        table.add_row(
            "C synthesis",
            _span(synthesis.latency_min, synthesis.latency_max),
            _span(synthesis.interval_min, synthesis.interval_max),
            _real(synthesis.estimated_ns),
            _real(synthesis.target_ns),
            *_resources(synthesis.used, synthesis.available),
        )
    if cosimulation is not None:
        table.add_row(
            f"co-simulation: {cosimulation.status}",
            _span(cosimulation.latency_min, cosimulation.latency_max),
            _span(cosimulation.interval_min, cosimulation.interval_max),
        )
    if implementation is not None:
        table.add_row(
            "implementation",
            "",
            "",
            _real(implementation.achieved_ns),
            _real(implementation.target_ns),
            *_resources(implementation.used, implementation.available),
        )
    console = Console()
    (console if console.is_terminal else Console(width=_COLUMNS)).print(table)


def _span(low: int | None, high: int | None) -> str:
    known = [str(value) for value in dict.fromkeys((low, high)) if value is not None]
    return " to ".join(known) or "?"


def _real(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"


def _resources(used: dict[str, int], available: dict[str, Any]) -> list[str]:
    cells = []
    for name in _RESOURCES:
        if name not in used:
            cells.append("?")
        elif available.get(name):
            cells.append(f"{used[name]:,} ({100 * used[name] / available[name]:.2g} %)")
        else:
            cells.append(f"{used[name]:,}")
    return cells
