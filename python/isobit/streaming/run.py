"""Predictions from files to files: read ahead, predict, write behind, block by block, and go on after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from isobit.engines.registry import BatchEngine, get_engine, resolve, thread_count
from isobit.errors import DataFileError, IsobitError, TypeMismatchError, UnsupportedError
from isobit.files import refuse_overwrite
from isobit.model.file import graph_digest
from isobit.model.ops import Tensor
from isobit.streaming.ahead import read_ahead
from isobit.streaming.inputs import Files, Inputs, require_files
from isobit.streaming.journal import Journal, Workspace
from isobit.streaming.writers import Layout, Writer, check_suffix, make_writer

if TYPE_CHECKING:
    from isobit.api import Model

__all__ = ["FilePrediction", "predict_file"]

#: The journal is written at most this often: each time, the rows that it speaks of must reach the disk first.
COMMIT_SECONDS = 1.0
#: A block is chosen so that the tensors of its events that the engine keeps, as int64, take at most so many bytes. One
#: is read, one predicted and one written at a time.
BLOCK_BYTES = 1 << 26
_BLOCK_MIN, _BLOCK_MAX = 256, 1 << 18

Progress = Callable[[str, int, int], None]


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
        Events that an earlier run had left finished; 0 for a run of its own.
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
        """Events of this run by its wall time."""
        return (self.events - self.resumed_from) / self.seconds


def predict_file(
    model: Model,
    data: Files | Mapping[str, Files],
    out: str | os.PathLike[str],
    *,
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    dataset: str | Mapping[str, str] | None = None,
    tree: str | Mapping[str, str] | None = None,
    raw: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    chunk: int | None = None,
    overwrite: bool = False,
    restart: bool = False,
    progress: Progress | None = None,
) -> FilePrediction:
    """Predict events of any number from files into a file, with bounded memory.

    The bits are those of :meth:`isobit.Model.predict`. A run that was interrupted, be it by ``kill -9``, goes on where
    it was when it is called again, and its file equals that of an uninterrupted run byte for byte. Until it is
    finished, it lives in the folder ``OUT.partial``; ``out`` appears whole or not at all.

    Parameters
    ----------
    model
        The network.
    data
        ``.npy``, ``.npz``, ``.parquet``, ``.h5``/``.hdf5`` or ``.root``: a path, or several whose events follow each
        other; for several inputs either files with all of them or a dict input name -> path or paths.
    out
        ``.npy`` (one output; what the numbers mean stands in ``OUT.json``), ``.h5``/``.hdf5``, ``.parquet`` or
        ``.root``.
    columns, dataset, tree
        Parquet columns, ROOT branches or HDF5 datasets that are the features; HDF5 dataset or ``.npz`` array; TTree.
        A dict chooses by input name.
    raw
        Write raw integers (int64, units: LSB of the output's format) instead of float64.
    engine, threads
        As :meth:`isobit.Model.predict`.
    chunk
        Events at a time; None takes as many as keep memory well below 1 GiB. Also Parquet's row groups, ROOT's baskets.
    overwrite
        Replace existing files.
    restart
        Begin anew where an unfinished run is found.
    progress
        Called with (what, events done, events in all).

    Raises
    ------
    DataFileError, ShapeError, RangeError
        For data that cannot be read, does not fit the model, or holds NaN or infinity: file, event and column are
        named. What was predicted before stays, and the run can go on.
    ResumeError
        If an unfinished run is found that was of another model, other data or other options; each is named.
    OverwriteError
        If ``out`` exists and ``overwrite`` is false.
    MissingDependencyError
        If a format's library is not installed.
    """
    began = time.perf_counter()
    require_files(data)
    target = Path(out)
    check_suffix(target)
    resolve(engine)
    thread_count(threads)
    _check_model(model, raw)
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1):
        raise TypeMismatchError(f"chunk must be a positive integer or None, got {chunk!r}")
    folder = target.with_name(target.name + ".partial")
    if restart or not folder.exists():
        _refuse(model, target, overwrite)  # before any work, and before a folder is made
    inputs = Inputs(model.graph.inputs, data, columns, dataset, tree)
    try:
        with Workspace(folder) as workspace:
            if restart:
                workspace.clear()
            earlier = workspace.load()
            block = chunk or (int(earlier.pins["chunk"]) if earlier is not None else _block(model, engine, raw))
            layout = _layout(model, inputs.events, raw, block)
            writer = make_writer(folder, target, layout)
            pins = _pins(layout, writer, inputs)
            journal = Journal(json.loads(json.dumps(pins)))
            if earlier is not None:
                earlier.require_same(pins, folder)
                journal = earlier
            resumed_from = journal.events
            if journal.moves is None:
                for path in writer.targets:
                    refuse_overwrite(path, overwrite)
                run = _Run(model, inputs, writer, workspace, journal, engine, threads, progress)
                journal = run.complete()
            workspace.publish(journal, overwrite=overwrite)
    finally:
        inputs.close()
    types = {tensor.name: str(tensor.type) for tensor in model.graph.output_tensors}
    return FilePrediction(target, inputs.events, resumed_from, time.perf_counter() - began, types)


def _refuse(model: Model, target: Path, overwrite: bool) -> None:
    for path in make_writer(target, target, _layout(model, 0, False, 1)).targets:
        refuse_overwrite(path, overwrite)


def _check_model(model: Model, raw: bool) -> None:
    for tensor in model.graph.output_tensors:
        if raw and not tensor.type.fits_int64:
            raise UnsupportedError(
                f"raw integers are written as int64, which output {tensor.name!r} of {tensor.type} does not fit"
            )


def _layout(model: Model, events: int, raw: bool, block: int) -> Layout:
    from isobit import __version__

    metadata = {
        "content": "raw integers, in units of the LSB" if raw else "values",
        "isobit_version": __version__,
        "model_sha256": graph_digest(model.graph),
        "outputs": {tensor.name: str(tensor.type) for tensor in model.graph.output_tensors},
    }
    return Layout(model.graph.output_tensors, events, raw, block, metadata)


def _pins(layout: Layout, writer: Writer, inputs: Inputs) -> dict[str, Any]:
    return {
        "isobit": layout.metadata["isobit_version"],
        "libraries": dict(writer.libraries),
        "model sha256": layout.metadata["model_sha256"],
        "raw": layout.raw,
        "chunk": layout.block,
        "events": layout.events,
        **inputs.pins(),
    }


def _block(model: Model, engine: str, raw: bool) -> int:
    """Events at a time: a power of two."""
    graph, road = model.graph, get_engine(engine)
    inputs = [np.zeros((1, tensor.size)) for tensor in graph.inputs]
    tensors: Iterable[Tensor] = graph.tensors.values()
    if isinstance(road, BatchEngine) and road.predict_floats(graph, inputs, 1, raw=raw) is not None:
        tensors = [*graph.inputs, *graph.output_tensors]  # nothing else is ever in memory as a whole
    events = BLOCK_BYTES // (8 * sum(tensor.size for tensor in tensors))
    return max(_BLOCK_MIN, min(_BLOCK_MAX, 1 << max(0, events.bit_length() - 1)))


class _Run:
    """One run over what is left: threads read a block ahead, write a block behind, bring rows to the disk."""

    def __init__(
        self,
        model: Model,
        inputs: Inputs,
        writer: Writer,
        workspace: Workspace,
        journal: Journal,
        engine: str,
        threads: int | None,
        progress: Progress | None,
    ) -> None:
        self._model, self._inputs, self._writer, self._workspace = model, inputs, writer, workspace
        self._journal, self._engine, self._threads = journal, engine, threads
        self._progress = progress or (lambda what, done, total: None)
        self._written = journal.events
        self._syncing: Future[None] | None = None
        self._synced_at = time.perf_counter()

    def complete(self) -> Journal:
        """Predict the rest; returns the journal of the finished files, which are yet to get their names."""
        if not self._journal.events:
            self._workspace.save(self._journal)  # first of all: from now on the folder is known as this run's
        try:
            self._writer.open(self._journal.events)
            try:
                self._predict()
                if any(self._journal.pins[key] != value for key, value in self._inputs.pins().items()):
                    raise DataFileError("a data file changed while it was read; begin anew: restart=True, --restart")
                moves = {source.name: place.name for source, place in self._writer.complete().items()}
            finally:
                self._writer.close()
        except BaseException:
            if not self._journal.events:
                self._workspace.clear()  # nothing to go on with
            raise
        self._journal = replace(self._journal, moves=moves)
        self._workspace.save(self._journal)
        return self._journal

    def _predict(self) -> None:
        total = self._inputs.events
        what = f"predict, from event {self._written:,}" if self._written else "predict"
        blocks = read_ahead(self._inputs.read, self._written, total, self._writer.layout.block)
        with contextlib.closing(blocks), ThreadPoolExecutor(1) as writing, ThreadPoolExecutor(1) as syncing:
            behind: Future[None] | None = None
            try:
                for start, arrays in blocks:
                    results = self._compute(arrays, start)
                    if behind is not None:
                        behind.result()
                        self._sync_behind(syncing)
                    behind = writing.submit(self._write, start, results)
                    self._progress(what, start + len(arrays[0]), total)
                if behind is not None:
                    behind.result()
            finally:  # also after an error or an interrupt: what was predicted is kept
                writing.shutdown()
                if self._syncing is not None:
                    self._syncing.result()
                if self._written > self._journal.events:
                    self._commit(self._written)

    def _compute(self, arrays: list[npt.NDArray[Any]], start: int) -> list[npt.NDArray[Any]]:
        predict = self._model.predict_raw if self._writer.layout.raw else self._model.predict
        try:
            results = predict(arrays[0] if len(arrays) == 1 else arrays, engine=self._engine, threads=self._threads)
        except IsobitError as error:
            raise self._inputs.explain(error, arrays, start) from None
        results = results if isinstance(results, list) else [results]
        return [result.raw for result in results] if self._writer.layout.raw else results

    def _write(self, start: int, results: list[npt.NDArray[Any]]) -> None:
        self._writer.write(start, results)
        self._written = start + len(results[0])

    def _sync_behind(self, pool: ThreadPoolExecutor) -> None:
        """Bring what is written to the disk and into the journal, without waiting for it."""
        if self._syncing is not None and self._syncing.done():
            self._syncing.result()
            self._syncing = None
        if self._syncing is None and time.perf_counter() - self._synced_at >= COMMIT_SECONDS:
            self._syncing = pool.submit(self._commit, self._written)

    def _commit(self, events: int) -> None:
        self._writer.flat.sync()
        self._journal = replace(self._journal, events=events)
        self._workspace.save(self._journal)
        self._synced_at = time.perf_counter()
