"""The commands of ``isobit``, on click; progress bars by rich, on a terminal only."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import click

from isobit._version import __version__
from isobit.errors import ConfigurationWarning, IsobitError, PrecisionWarning

__all__ = ["BAD_INPUT", "BITS_DIFFER", "EQUAL_OR_DONE", "cli", "examples", "run"]

EQUAL_OR_DONE, BITS_DIFFER, BAD_INPUT = 0, 1, 2

_COMMANDS = {
    "certify": "Certify a menu of networks in firmware: every bit, overflows, lint, built emulators.",
    "check": "Compare a network's bits on every road, layer by layer.",
    "convert": "Convert a Keras file into a model file, with its hls4ml project beside it.",
    "cost": "Estimate DSPs, LUTs, flip-flops, block RAMs, interval and latency.",
    "csim": "Compile firmware (an hls4ml project or an export) and simulate events with it.",
    "demo": "Simulate L1 muons and check the shipped student on 100,000 events.",
    "explain": "Say which roundings, overflows and tables make outputs differ, and which bits mend it.",
    "export": "Write a project for Vitis HLS, with a test bench that checks every bit.",
    "hls": "Synthesise an export with Vitis HLS and show its reports.",
    "lint": "Say what is wrong with a network, or with built libraries, before any run.",
    "plan": "Show what cannot overflow, what may, and how each layer is computed.",
    "predict": "Predict a file of events at the firmware's precision.",
    "profile": "Count overflows, rounding losses and bits in use on some events.",
    "study": "Do a study of the students: train, compute figures from firmware bits, draw.",
    "sweep": "Compute figures of many configurations, resumable, on every core or a cluster.",
    "trace": "Write every layer's raw integers and formats for some events.",
    "train": "Train a student, its teacher and what it is compared with on simulated events.",
    "tune": "Find the cheapest formats that keep an error within a limit, proven free of overflow.",
}


class _Lazy(click.Group):
    """Imports a command when it is called, so that --help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"isobit.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name, _COMMANDS, cutoff=0.5)
            hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"Commands: {', '.join(_COMMANDS)}."
            ctx.fail(f"No such command {name!r}. {hint}")
        return super().resolve_command(ctx, args)


def examples(*lines: str) -> str:
    """The examples at the end of a command's --help, as click's ``epilog``."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("isobit demo", "isobit check student.h5 --config hls4ml_config.yml --data events.npy"),
)
@click.version_option(__version__, prog_name="isobit")
def cli() -> None:
    """Know before synthesis that a network in firmware computes exactly the bits it should."""


@contextlib.contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print isobit's own warnings as sentences on stderr; others as Python does."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: Any, *where: Any, **more: Any) -> None:
            if issubclass(category, (ConfigurationWarning, PrecisionWarning)):
                click.echo(f"warning: {message}", err=True)
            else:
                usual(message, category, *where, **more)

        warnings.showwarning = show
        yield


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets on stderr otherwise
    try:
        with _plain_warnings():
            typed = sys.argv[1:] if arguments is None else arguments  # pages name the command
            status: Any = cli.main(typed, prog_name="isobit", standalone_mode=False, obj=[*typed])
    except click.exceptions.Abort:
        click.echo("aborted", err=True)
        return BAD_INPUT
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except IsobitError as error:
        click.echo(f"error: {error}", err=True)
        return BAD_INPUT
    except OSError as error:
        click.echo(f"error: {error}", err=True)
        return BAD_INPUT
    except Exception:  # a bug; Python's own status 1 would say that bits differ
        traceback.print_exc()
        return BAD_INPUT
    return status if isinstance(status, int) else EQUAL_OR_DONE
