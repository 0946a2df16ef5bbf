"""The options of every command that takes a Keras file: how hls4ml is to convert it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from isobit.api import Model, load
from isobit.commands.options import load_config
from isobit.frontends.keras import GRANULARITIES, KERAS_SUFFIXES, PART, load_keras_file
from isobit.frontends.project import BACKENDS

__all__ = ["KerasOptions", "keras_options"]

_IO_TYPES = ("io_parallel", "io_stream")

#: Option and what click is told about it. None is 'not given', so that a --config file's own entry holds.
_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "config": (
        "--config",
        {
            "type": click.Path(path_type=Path, exists=True),
            "help": "hls4ml configuration (YAML): an hls4ml_config.yml, or its HLSConfig part.",
        },
    ),
    "granularity": (
        "--granularity",
        {
            "type": click.Choice(GRANULARITIES),
            "help": "Without --config: types for each layer, for each class, or one for all.  [default: name]",
        },
    ),
    "default_precision": (
        "--default-precision",
        {"metavar": "TYPE", "help": "Without --config: type where hls4ml infers none.  [default: fixed<16,6>]"},
    ),
    "backend": ("--backend", {"type": click.Choice(BACKENDS), "help": "hls4ml back end.  [default: Vitis]"}),
    "io_type": ("--io-type", {"type": click.Choice(_IO_TYPES), "help": "Arrays or streams.  [default: io_parallel]"}),
    "part": ("--part", {"help": f"FPGA.  [default: {PART}]"}),
    "clock_ns": ("--clock-ns", {"type": click.FloatRange(0, min_open=True), "help": "Clock period.  [default: 5]"}),
    "allow_lambda": ("--allow-lambda", {"is_flag": True, "help": "Load files that carry Python code, and run it."}),
}


@dataclass(frozen=True)
class KerasOptions:
    """What was given; None and False where nothing was."""

    config: Path | None = None
    granularity: str | None = None
    default_precision: str | None = None
    backend: str | None = None
    io_type: str | None = None
    part: str | None = None
    clock_ns: float | None = None
    allow_lambda: bool = False

    def load(self, path: Path, **options: Any) -> tuple[Model, Any]:
        """Load a Keras file, giving its float model as well, or a model file, giving None.

        Parameters
        ----------
        path
            The file.
        options
            Those of :func:`isobit.load` for model files.
        """
        if not is_keras_file(path):
            self.refuse(path)
            return load(path, **options), None
        if options := {name: value for name, value in options.items() if value is not None}:
            raise click.UsageError(f"{path} is a Keras file and takes no --{', --'.join(options)}")
        keras_model = load_keras_file(path, allow_lambda=self.allow_lambda)
        return load(keras_model, **self.conversion()), keras_model

    def conversion(self) -> dict[str, Any]:
        """Options of :func:`isobit.load` for a Keras model: the configuration's, then what was given."""
        names = ("backend", "io_type", "part", "clock_ns", "granularity", "default_precision")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.config is None:
            return given
        for name in ("granularity", "default_precision"):
            if name in given:
                raise click.UsageError(
                    f"{_OPTIONS[name][0]} is for a conversion without --config; {self.config} has it"
                )
        hls_config, found = load_config(self.config)
        return {"hls_config": hls_config, **found, **given}

    def refuse(self, path: Path) -> None:
        """Refuse any of the options for what is not a Keras file.

        Raises
        ------
        click.UsageError
            Naming the first that was given.
        """
        for field in fields(self):
            if getattr(self, field.name) not in (None, False):
                option = _OPTIONS[field.name][0]
                raise click.UsageError(f"{option} needs a Keras file ({', '.join(KERAS_SUFFIXES)}), got {path}")


def is_keras_file(path: Path) -> bool:
    """Whether a file's name says that Keras wrote it."""
    return path.suffix in KERAS_SUFFIXES


def keras_options(*, without: Collection[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options above as one argument, ``keras``.

    Parameters
    ----------
    without
        Those that the command has itself, with a meaning of its own.
    """
    names = [name for name in _OPTIONS if name not in without]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def gathered(**values: Any) -> Any:
            keras = KerasOptions(**{name: values.pop(name) for name in names})
            return function(keras=keras, **values)

        for name in reversed(names):
            option, about = _OPTIONS[name]
            gathered = click.option(option, **about)(gathered)
        return gathered

    return decorate
