"""Where configurations are computed: in this process, in others, or on a cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from isobit.errors import FormatError, MissingDependencyError, UnsupportedError
from isobit.model.graph import Graph
from isobit.sweep.evaluation import Evaluator

__all__ = ["Figures", "Submit", "Work", "workers_of"]

#: What a configuration changes, and the network that it is if it was converted again.
Work = tuple[dict[str, str], Graph | None]
#: For each configuration its figures, or why it does not exist.
Figures = list[tuple[dict[str, float], str]]
Submit = Callable[[list[Work]], "Future[Figures]"]

_evaluator: Evaluator | None = None


def _figures(evaluator: Evaluator, chunk: list[Work]) -> Figures:
    found: Figures = []
    for changes, graph in chunk:
        try:
            found.append((evaluator(changes, graph), ""))
        except (FormatError, UnsupportedError) as error:
            found.append(({}, str(error)))
    return found


def _start(evaluator: Evaluator) -> None:
    global _evaluator
    _evaluator = evaluator


def _in_process(chunk: list[Work]) -> Figures:
    assert _evaluator is not None
    return _figures(_evaluator, chunk)


@contextlib.contextmanager
def workers_of(evaluator: Evaluator, workers: int | None, cluster: Any) -> Iterator[Submit]:
    """What takes work.

    Parameters
    ----------
    evaluator
        Computes figures.
    workers
        Processes; None for one for each core.
    cluster
        None for processes here; otherwise an executor, or a dask client, cluster or address.
    """
    if cluster is not None:
        with _executor(cluster) as executor:
            yield lambda chunk: executor.submit(_figures, evaluator, chunk)
        return
    count = workers or len(os.sched_getaffinity(0))
    if count == 1:
        yield lambda chunk: _done(_figures(evaluator, chunk))
        return
    context = multiprocessing.get_context("spawn")  # threads of engines do not survive a fork
    with ProcessPoolExecutor(count, context, initializer=_start, initargs=(evaluator,)) as pool:
        yield lambda chunk: pool.submit(_in_process, chunk)


@contextlib.contextmanager
def _executor(cluster: Any) -> Iterator[Executor]:
    if isinstance(cluster, Executor):
        yield cluster
        return
    if hasattr(cluster, "get_executor"):
        yield cluster.get_executor()
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError(f"a cluster needs distributed: pip install 'isobit[sweep]' ({error})") from None
    with Client(cluster) as client:
        yield client.get_executor()


def _done(figures: Figures) -> Future[Figures]:
    future: Future[Figures] = Future()
    future.set_result(figures)
    return future
