"""The options of every command that takes events: which files, and which parts of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from isobit.model.ops import Tensor
from isobit.ports import Port
from isobit.streaming.inputs import Inputs

__all__ = ["DataOptions", "data_options"]


@dataclass(frozen=True)
class DataOptions:
    """What was given; false where no file was."""

    files: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    tree: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def paths(self) -> list[Path]:
        """Every path that may be meant, with and without ``INPUT=``."""
        tails = [file.partition("=")[2] for file in self.files]
        return [Path(path) for path in (*self.files, *filter(None, tails))]

    def by_input(self, tensors: Sequence[Tensor | Port]) -> dict[str, Any]:
        """``data``, ``columns``, ``dataset`` and ``tree`` of :func:`isobit.check` and :func:`predict_file`."""
        inputs = [tensor.name for tensor in tensors]
        features = _by_input(self.columns, inputs, "--columns")
        return {
            "data": _by_input(self.files, inputs, "data"),
            "columns": _each(features, lambda values: [name.strip() for text in values for name in text.split(",")]),
            "dataset": _each(_by_input(self.dataset, inputs, "--dataset"), lambda values: _one(values, "--dataset")),
            "tree": _each(_by_input(self.tree, inputs, "--tree"), lambda values: _one(values, "--tree")),
        }

    def columns_of(self, tensors: Sequence[Tensor | Port]) -> dict[str, list[str]]:
        """The columns of some tensors, each written NAME=A,B; none where none were given."""
        found = _by_input(self.columns, [tensor.name for tensor in tensors], "--columns")
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise click.UsageError("--columns: write NAME=A,B with the name of an input or output")
        return {name: [part.strip() for text in texts for part in text.split(",")] for name, texts in found.items()}

    def read(self, tensors: Sequence[Tensor | Port]) -> Any:
        """All events, as :meth:`isobit.Model.predict` takes them.

        Raises
        ------
        DataFileError, ShapeError
            For files that cannot be read or do not hold the events of these inputs.
        """
        source = Inputs(tensors, **self.by_input(tensors))
        try:
            arrays = source.read(0, source.events)
            return arrays[0] if len(arrays) == 1 else arrays
        finally:
            source.close()


def data_options(
    *, required: bool = False, argument: bool = False, what: str = "Events"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--data``, ``--columns``, ``--dataset`` and ``--tree``, which it gets as ``data``.

    Parameters
    ----------
    required
        Whether there must be a file.
    argument
        Whether files may also be given without ``--data``.
    what
        What the events are, for --help.
    """
    help_data = f"{what}: .npy, .npz, .parquet, .h5, .hdf5 or .root; the events of several files follow each other."
    options = [
        click.option("--data", "files", multiple=True, metavar="[INPUT=]FILE", help=help_data),
        click.option(
            "--columns",
            multiple=True,
            metavar="[INPUT=]A,B,C",
            help="Columns, branches or one-dimensional datasets that are the features.  [default: all numeric ones]",
        ),
        click.option("--dataset", multiple=True, metavar="[INPUT=]NAME", help="Dataset of HDF5, array of .npz."),
        click.option("--tree", multiple=True, metavar="[INPUT=]NAME", help="TTree of ROOT files."),
    ]
    if argument:
        options.insert(0, click.argument("more", metavar="DATA...", nargs=-1))

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def collected(
            *args: Any,
            files: tuple[str, ...],
            columns: tuple[str, ...],
            dataset: tuple[str, ...],
            tree: tuple[str, ...],
            more: tuple[str, ...] = (),
            **rest: Any,
        ) -> Any:
            data = DataOptions((*more, *files), columns, dataset, tree)
            if required and not data:
                raise click.UsageError("Missing argument 'DATA...'" if argument else "Missing option '--data'")
            if not data and (columns or dataset or tree) and not (columns and rest.get("inputs")):
                raise click.UsageError("--columns, --dataset and --tree need --data")
            return command(*args, data=data, **rest)

        for option in reversed(options):
            collected = option(collected)
        return collected

    return decorate


def _by_input(values: tuple[str, ...], inputs: list[str], what: str) -> Any:
    """A dict by input where values are written INPUT=VALUE, else a list; None if there is none."""
    if not values:
        return None
    pairs = [value.partition("=") for value in values]
    named = [equals == "=" and head in inputs for head, equals, _ in pairs]
    if not any(named):
        if what == "data":
            _refuse_unknown_inputs(pairs, inputs)
        return list(values)
    if not all(named):
        raise click.UsageError(
            f"{what}: write INPUT=VALUE for all or for none, got {values[named.index(False)]!r}; the model's inputs: "
            f"{', '.join(inputs)}"
        )
    found: dict[str, list[str]] = {}
    for head, _, value in pairs:
        found.setdefault(head, []).append(value)
    return found


def _refuse_unknown_inputs(pairs: list[tuple[str, str, str]], inputs: list[str]) -> None:
    """INPUT=FILE whose input the model lacks, unless a file has that very name."""
    for head, equals, value in pairs:
        if equals and head.isidentifier() and not Path(head + equals + value).exists():
            raise click.UsageError(
                f"data: {head + equals + value!r} is not a file, and the model has no input {head!r}; its inputs: "
                f"{', '.join(inputs)}"
            )


def _each(value: Any, function: Any) -> Any:
    """Apply a function to a list, or to every list of a dict."""
    if value is None:
        return None
    return {key: function(entry) for key, entry in value.items()} if isinstance(value, dict) else function(value)


def _one(values: list[str], option: str) -> str:
    if len(values) > 1:
        raise click.UsageError(f"{option} is given {len(values)} times; once, or once for each input")
    return values[0]
