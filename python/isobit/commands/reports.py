"""Reports on a terminal: the result and its warnings in colour."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.text import Text

from isobit.check.report import Report

__all__ = ["print_report"]


def print_report(report: Report, console: Console | None = None) -> None:
    """Print a report; without colours where the output is not a terminal.

    Parameters
    ----------
    report
        The report.
    console
        Where to print; None takes stdout.
    """
    if console is None and not sys.stdout.isatty():
        click.echo(str(report))  # rich makes a pipe that its reader closed the exit status 1
        return
    out = console or Console(soft_wrap=True, highlight=False)
    for line in str(report).splitlines():
        style = "yellow" if line.startswith("WARNING") else ""
        if line.startswith(("EQUAL", "DIFFERENT", "NOT COMPARED")):
            style = "bold green" if report.ok and report.roads else "bold red"
        out.print(Text(line, style=style))
