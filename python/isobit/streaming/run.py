"""A run over what is left of the events: read ahead, predict, write behind, block by block."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from isobit.errors import DataFileError, IsobitError
from isobit.files import naming
from isobit.network import Network
from isobit.streaming.ahead import read_ahead
from isobit.streaming.inputs import Inputs
from isobit.streaming.journal import Journal, Workspace
from isobit.streaming.writers import Writer

__all__ = ["COMMIT_SECONDS", "Progress", "Run"]

#: The journal is written at most this often: each time, the rows that it speaks of must reach the disk first.
COMMIT_SECONDS = 1.0

#: Called with (what, events done, events in all).
Progress = Callable[[str, int, int], None]


class Run:
    """One run over what is left: threads read a block ahead, write a block behind, bring rows to the disk."""

    def __init__(
        self,
        model: Network,
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
                    raise DataFileError("a data file changed while it was read; begin again: restart=True, --restart")
                with naming(self._writer.out):
                    moves = {source.name: place.name for source, place in self._writer.complete().items()}
            finally:
                with naming(self._writer.out):
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
        blocks = read_ahead(self._read, self._written, total, self._writer.layout.block)
        with contextlib.closing(blocks), ThreadPoolExecutor(1) as writing, ThreadPoolExecutor(1) as syncing:
            behind: Future[None] | None = None
            try:
                for start, (arrays, kept) in blocks:
                    results = [*self._compute(arrays, start), *kept]
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

    def _read(self, start: int, stop: int) -> tuple[list[Any], list[Any]]:
        return self._inputs.read(start, stop), self._inputs.read_kept(start, stop)

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
        self._writer.sync()
        self._journal = replace(self._journal, events=events)
        self._workspace.save(self._journal)
        self._synced_at = time.perf_counter()
