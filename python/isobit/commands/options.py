"""What several commands share: reading models, data and configurations; progress."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from isobit.api import Model
from isobit.errors import ModelFileError, RangeError
from isobit.fixed.array import FixedArray
from isobit.frontends.project import read_yaml
from isobit.streaming.readers.drawn import DrawnReader, drawn_events

__all__ = [
    "layer_arrays",
    "load_config",
    "progress_bar",
    "project_option",
    "random_events",
    "save_arrays",
]


def project_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option ``--project`` of commands that simulate what a model file was converted from."""
    return click.option(
        "--project",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="For a model file: the hls4ml project to compile; trust it.  [default: the one beside it, if yours]",
    )


def load_config(path: Path) -> tuple[Any, dict[str, Any]]:
    """Read an hls4ml configuration: a whole ``hls4ml_config.yml``, or just its ``HLSConfig`` part.

    Returns
    -------
    What :func:`isobit.load` takes as ``hls_config``, and options beside it.
    """
    document = read_yaml(path)
    if "HLSConfig" not in document:
        if "Model" not in document:
            raise ModelFileError(
                f"{path} holds no hls4ml configuration: it has neither 'HLSConfig' nor 'Model', only {list(document)}"
            )
        return document, {}
    if not isinstance(document["HLSConfig"], dict):
        raise ModelFileError(f"{path}: 'HLSConfig' must be a mapping, got {document['HLSConfig']!r}")
    return document, {}


def random_events(model: Model, events: int, seed: int) -> dict[str, DrawnReader]:
    """Events of each input, drawn as they are read; see :func:`isobit.streaming.readers.drawn.drawn_events`."""
    if events < 1:
        raise RangeError(f"--events must be at least 1, got {events}")
    return drawn_events(model.graph.inputs, events, seed)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal's stderr, none when piped: gives a function (what, done, total)."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what, done, total: None
        return
    with Progress(console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield report


def save_arrays(path: Path, arrays: Any) -> None:
    """Write one array as .npy, or a dict of them as .npz."""
    if not isinstance(arrays, dict):
        with path.open("wb") as file:
            np.save(file, arrays, allow_pickle=False)
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:  # a layer may have any name, even 'file'
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.save(entry, array, allow_pickle=False)


def layer_arrays(layers: Mapping[str, Any]) -> dict[str, Any]:
    """Raw integers by layer, and each one's type; beyond 64 bits as decimal strings, which need no pickle."""
    arrays: dict[str, Any] = {}
    for name, array in layers.items():
        fixed = isinstance(array, FixedArray)
        raw = array.raw if fixed else array
        arrays[name] = raw.astype(str) if raw.dtype == object else raw
        arrays[f"{name}.type"] = np.array(str(array.type) if fixed else "floating point")
    return arrays
