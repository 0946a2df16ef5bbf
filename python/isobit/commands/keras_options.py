"""The options of every command that loads a network: how hls4ml is to convert a Keras file, and ranges of inputs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Iterable
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
    "input_range": (
        "--input-range",
        {
            "multiple": True,
            "metavar": "NAME=LOW:HIGH",
            "help": "Numbers that an input never leaves: others are refused; an embedding may need it.  [repeatable]",
        },
    ),
    "wrapper": (
        "--wrapper",
        {
            "type": click.Path(path_type=Path),
            "metavar": "FILE|none",
            "help": "Description of the class around the network; none: the network alone.  "
            "[default: wrapper.yml in a folder, or beside it]",
        },
    ),
}
#: What model files and folders have as well.
_OF_ALL = ("input_range", "wrapper")


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
    input_range: tuple[str, ...] = ()
    wrapper: Path | None = None

    def load(self, path: Path, **options: Any) -> tuple[Model, Any]:
        """Load a Keras file, giving its float model as well, or a model file or folder, giving None.

        With a wrapper, None is given too: the Keras model is the network alone.

        Parameters
        ----------
        path
            The file.
        options
            Those of :func:`isobit.load` for model files alone.
        """
        ranges = input_ranges(self.input_range)
        around: dict[str, Any] = {}
        if self.wrapper is not None:
            around["wrapper"] = False if str(self.wrapper) == "none" else self.wrapper
        if not is_keras_file(path):
            self.refuse(path)
            return load(path, input_ranges=ranges, **around, **options), None
        if options := {name: value for name, value in options.items() if value is not None}:
            raise click.UsageError(f"{path} is a Keras file and takes no --{', --'.join(options)}")
        keras_model = load_keras_file(path, allow_lambda=self.allow_lambda)
        model = load(keras_model, input_ranges=ranges, **around, **self.conversion())
        return model, keras_model if model.wrapper is None else None

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
            if field.name not in _OF_ALL and getattr(self, field.name) not in (None, False):
                option = _OPTIONS[field.name][0]
                raise click.UsageError(f"{option} needs a Keras file ({', '.join(KERAS_SUFFIXES)}), got {path}")


def input_ranges(given: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Ranges by input, each given as ``NAME=LOW:HIGH``.

    Raises
    ------
    click.UsageError
        For anything else, and for a name given twice.
    """
    ranges: dict[str, tuple[float, float]] = {}
    for text in given:
        name, _, ends = text.rpartition("=")
        try:
            low, high = map(float, ends.split(":"))
        except ValueError:
            low = math.nan
        if not name or math.isnan(low) or math.isnan(high):
            raise click.UsageError(f"--input-range must be NAME=LOW:HIGH, such as x=0:8, got {text!r}")
        if name in ranges:
            raise click.UsageError(f"--input-range has two ranges for {name!r}")
        ranges[name] = low, high
    return ranges


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
