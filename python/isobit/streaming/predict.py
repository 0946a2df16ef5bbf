"""Predictions from files of any size into a file; a run that was killed resumes."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobit.engines.registry import resolve, thread_count
from isobit.errors import OverwriteError, TypeMismatchError, UnsupportedError
from isobit.files import check_target, refuse_overwrite
from isobit.network import Network
from isobit.streaming import finished
from isobit.streaming.inputs import Files, Inputs, paths_of, require_files
from isobit.streaming.job import block_size, make_layout, make_pins
from isobit.streaming.journal import Journal, Workspace
from isobit.streaming.run import Progress, Run
from isobit.streaming.writers import Layout, Writer, make_writer, output_files

__all__ = ["FilePrediction", "predict_file"]


@dataclass(frozen=True)
class FilePrediction:
    """What :func:`predict_file` did.

    Attributes
    ----------
    out
        The file.
    events
        Events in it.
    resumed_from
        Events that an earlier run had finished; 0 for a new run, all of them if ``out`` was finished already.
    seconds
        Wall time of this run.
    outputs
        Output tensor -> its format.
    """

    out: Path
    events: int
    resumed_from: int
    seconds: float
    outputs: Mapping[str, str]

    @property
    def events_per_second(self) -> float:
        """Events of this run per second of wall time."""
        return (self.events - self.resumed_from) / self.seconds


def predict_file(
    model: Network,
    data: Files | Mapping[str, Files],
    out: str | os.PathLike[str],
    *,
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    dataset: str | Mapping[str, str] | None = None,
    tree: str | Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    raw: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    chunk: int | None = None,
    overwrite: bool = False,
    restart: bool = False,
    progress: Progress | None = None,
) -> FilePrediction:
    """Predict events from files of any size into a file, with bounded memory.

    The bits are those of :meth:`isobit.Model.predict`. A run that was interrupted, even by ``kill -9``, resumes where
    it was when it is called again, and its file equals that of an uninterrupted run byte for byte. Until the run is
    finished, its rows are in the folder ``OUT.partial``; ``out`` appears whole or not at all. Once it is there, the
    same call has nothing to do.

    Parameters
    ----------
    model
        The network.
    data
        ``.npy``, ``.npz``, ``.parquet``, ``.h5``/``.hdf5`` or ``.root``: a path, or several whose events follow each
        other; for several inputs either files with all of them or a dict input name -> path or paths.
    out
        ``.npy`` (one output; ``OUT.json`` says what the numbers mean), ``.h5``/``.hdf5``, ``.parquet`` or
        ``.root``.
    columns, dataset, tree
        Parquet columns, ROOT branches or HDF5 datasets that are the features; HDF5 dataset or ``.npz`` array; TTree.
        A dict chooses by input name.
    keep
        Columns, branches, datasets, arrays of ``.npz`` or fields of structured ``.npy`` arrays that are carried along
        unchanged, such as run, lumi and event: numbers or booleans. They are features only if ``columns`` names them. A
        ``.npy`` of predictions then is a structured array.
    raw
        Write raw integers (int64, units: LSB of the output's format) instead of float64.
    engine, threads
        As :meth:`isobit.Model.predict`.
    chunk
        Events in a block, which are also Parquet's row groups and ROOT's baskets; None keeps memory well below 1 GiB.
    overwrite
        Replace existing files.
    restart
        Begin again instead of resuming an unfinished run.
    progress
        Called with (what, events done, events in all).

    Raises
    ------
    DataFileError, ShapeError, RangeError
        For data that cannot be read, does not fit the model, or holds NaN or infinity: file, event and column are
        named. What was predicted before is kept, and the run can be resumed.
    ResumeError
        If an unfinished run is found that had another model, other data or other options; each is named.
    OverwriteError
        If ``out`` exists, was not made by the same run, and ``overwrite`` is false; or if it is one of the files that
        are read, under whatever name.
    WriteError
        If ``out`` cannot be written, or the disk is full. What was predicted before is kept; the run can be resumed.
    MissingDependencyError
        If a format's library is not installed.
    """
    began = time.perf_counter()
    target = Path(out)
    folder = target.with_name(target.name + ".partial")
    require_files(data)
    _check_places(target, folder, paths_of(data))
    resolve(engine)
    thread_count(threads)
    _check_model(model, raw)
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1):
        raise TypeMismatchError(f"chunk must be a positive integer or None, got {chunk!r}")
    make_writer(folder, target, Layout(model.graph.output_tensors, 0, raw, 1, {}))  # it takes these outputs, or refuses
    if (restart or not folder.exists()) and finished.recall(target) is None:
        _refuse_files(target, overwrite)
    inputs = Inputs(model.graph.inputs, data, columns, dataset, tree, keep)

    job = _Job(model, inputs, target, raw, engine, threads, chunk, overwrite, progress)
    with contextlib.closing(inputs):
        if not folder.exists() and job.is_done():  # before a folder is made
            resumed_from = inputs.events
        else:
            with Workspace(folder) as workspace:
                if restart:
                    workspace.clear()
                resumed_from = job.complete(workspace)
    types = {tensor.name: str(tensor.type) for tensor in model.graph.output_tensors}
    return FilePrediction(target, inputs.events, resumed_from, time.perf_counter() - began, types)


@dataclass(frozen=True)
class _Job:
    """What is to be done: the arguments of :func:`predict_file`, opened and checked."""

    model: Network
    inputs: Inputs
    target: Path
    raw: bool
    engine: str
    threads: int | None
    chunk: int | None
    overwrite: bool
    progress: Progress | None

    def is_done(self) -> bool:
        """Whether nothing is left to do; if something is, the files' places are free."""
        earlier = finished.recall(self.target)
        if earlier is not None and not self.overwrite and earlier == self._done(self._prepared(earlier)[1]):
            return True
        _refuse_files(self.target, self.overwrite)
        return False

    def complete(self, workspace: Workspace) -> int:
        """Do what is left and give the files their names; returns the events that an earlier run had finished."""
        earlier = workspace.load()
        if earlier is None and self.is_done():
            return self.inputs.events
        writer, pins = self._prepared(None if earlier is None else earlier.pins)
        if earlier is not None:
            earlier.require_same(pins, workspace.folder)
        journal = earlier or Journal(pins)
        resumed_from = journal.events
        if journal.moves is None:
            _refuse_files(self.target, self.overwrite)
            run = Run(self.model, self.inputs, writer, workspace, journal, self.engine, self.threads, self.progress)
            journal = run.complete()
        finished.remember(self.target, self._done(pins), workspace.places(journal))
        workspace.publish(journal, overwrite=self.overwrite)
        return resumed_from

    def _done(self, pins: dict[str, Any]) -> dict[str, Any]:
        """What makes a finished run the same: also the engine, which may change before the run is finished."""
        return {**pins, "engine": self.engine}

    def _prepared(self, earlier: Mapping[str, Any] | None) -> tuple[Writer, dict[str, Any]]:
        """The writer, and what the run depends on, as JSON; the block is that of an earlier run, if there was one."""
        block = self.chunk or (int(earlier["chunk"]) if earlier else block_size(self.model, self.engine, self.raw))
        folder = self.target.with_name(self.target.name + ".partial")
        writer = make_writer(folder, self.target, make_layout(self.model, self.inputs, self.raw, block))
        return writer, json.loads(json.dumps(make_pins(writer.layout, writer, self.inputs)))


def _refuse_files(target: Path, overwrite: bool) -> None:
    for path in output_files(target):
        refuse_overwrite(path, overwrite)


def _check_places(target: Path, folder: Path, data: Sequence[Path]) -> None:
    """Refuse to write what is read, and where nothing can be written."""
    for path in reversed(output_files(target)):
        check_target(path, overwrite=True, inputs=data)
    if inside := [path for path in data if path.resolve().parent == folder.resolve()]:
        raise OverwriteError(f"{inside[0]} lies in {folder}, where an unfinished run is kept; move it away")


def _check_model(model: Network, raw: bool) -> None:
    for tensor in model.graph.output_tensors:
        if raw and not tensor.type.fits_int64:
            raise UnsupportedError(
                f"raw integers are written as int64, which output {tensor.name!r} of {tensor.type} does not fit"
            )
