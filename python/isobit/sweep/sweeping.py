"""Many configurations of a network on the same events, on every core or on a cluster, into one store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from isobit.errors import FormatError, MissingDependencyError, RangeError, UnsupportedError
from isobit.explain.outputs import columns_of, outputs_of, reference_of
from isobit.model.file import graph_digest
from isobit.model.requested import linear_layers
from isobit.network import Network
from isobit.pages.paged import Paged
from isobit.suggest import did_you_mean
from isobit.sweep.configuration import divided, is_reconverted, reconverted
from isobit.sweep.evaluation import Evaluator, check_metrics
from isobit.sweep.space import Axis, Point, Space
from isobit.sweep.store import Record, Store, identity
from isobit.sweep.workers import Figures, Submit, workers_of

__all__ = ["METHODS", "Sweep", "sweep"]

#: How points are chosen: all of them, at random, or by optuna's samplers.
METHODS = ("grid", "random", "tpe", "nsga2")
#: Configurations that a process computes at a time.
_CHUNK = 8


@dataclass(frozen=True)
class Sweep(Paged):
    """What :func:`isobit.sweep` found.

    Attributes
    ----------
    records
        Every configuration of the store, in the order of their formats.
    computed, known
        Configurations that this run computed, and that the store had.
    network
        Name of the network.
    goals
        Metrics that are made small (or large, with a minus): those of the front on the page; none for all of them.
    origin
        For the page: versions and what the network is.
    linear
        Layers whose linear activation is one of hls4ml's layers, see :func:`isobit.model.requested.linear_layers`.
    """

    PAGE: ClassVar[str] = "isobit.sweep.page"

    records: tuple[Record, ...]
    computed: int
    known: int
    network: str = ""
    goals: tuple[str, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()
    linear: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def pareto(self, *metrics: str) -> tuple[Record, ...]:
        """Configurations to which no other is at least as good in every one of these metrics and better in one.

        Smaller is better; a minus before a name turns that round: ``pareto("bits", "-auc")``.

        Raises
        ------
        UnsupportedError
            For a metric that the sweep does not have.
        """
        valid = [one for one in self.records if not one.refused]
        for name in metrics:
            if valid and name.lstrip("-") not in valid[0].metrics:
                near = did_you_mean(name, valid[0].metrics)
                raise UnsupportedError(f"no metric {name!r}{near}; known: {', '.join(valid[0].metrics)}")
        signs = [(name.lstrip("-"), -1.0 if name.startswith("-") else 1.0) for name in metrics]
        values = np.array([[sign * one.metrics[name] for name, sign in signs] for one in valid])
        best: list[int] = []
        for i in np.lexsort(values.T[::-1]) if len(valid) else []:
            if not any((values[j] <= values[i]).all() for j in best):
                best.append(int(i))
        return tuple(valid[i] for i in best)

    def columns(self) -> dict[str, list[Any]]:
        """One list for every dimension and metric, as for ``pandas.DataFrame`` or ``pyarrow.table``."""
        valid = [one for one in self.records if not one.refused]
        names = list(dict.fromkeys(name for one in valid for name in one.point))
        found = {name: [one.point.get(name) for one in valid] for name in names}
        return found | {name: [one.metrics[name] for one in valid] for name in (valid[0].metrics if valid else ())}

    @property
    def frame(self) -> Any:
        """The same as a ``pandas.DataFrame``.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise MissingDependencyError(f"Sweep.frame needs pandas: pip install pandas ({error})") from None
        return DataFrame(self.columns())


def sweep(
    model: Network,
    space: Iterable[Axis | Mapping[str, Any]],
    x: Any,
    *,
    metrics: Sequence[str] = ("rms", "bits"),
    functions: Mapping[str, Callable[[list[Any]], float]] | None = None,
    reference: Any = None,
    method: str = "grid",
    trials: int | None = None,
    goals: Sequence[str] = (),
    seed: int = 0,
    store: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    cluster: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Compute figures of many configurations of a network, bit for bit as their firmware would.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    space
        Axes, or their entries: ``{"slots": "*.accum", "bits": [10, 12, 14]}``. Formats are changed exactly as
        :meth:`isobit.Model.with_types` does, and nothing is inferred anew; ``{"conversion": ["reconverted"]}`` lets
        hls4ml convert each configuration again instead.
    x
        Events, as for :meth:`isobit.Model.predict`.
    metrics
        Figures: ``rms``, ``max``, ``flips`` against the reference; ``overflows`` (events), ``unsafe`` (formats that may
        overflow for some input); ``bits``, ``dsp``, ``lut``, ``ff``, ``bram``, ``ebops``, ``bops``, ``weight_bits``,
        ``latency``; names of ``functions``.
    functions
        Figures of yours, by name, of the list of outputs. They are sent to other processes: give functions of a module.
    reference
        A Keras model, another network or arrays; None takes the network as it is.
    method, trials
        One of :data:`METHODS`, and how many points are drawn; ``tpe`` and ``nsga2`` need optuna. By default the grid.
    goals
        Metrics that optuna makes small, or large with a minus before the name; by default all.
    seed
        Of the draws.
    store
        SQLite file. Configurations that it holds are not computed again, whoever computed them; a run that was killed
        goes on, a larger one extends it.
    workers
        Processes; None takes every core, 1 none but this one.
    cluster
        Computes the configurations instead: a ``dask.distributed`` address, cluster or client, or an executor.
    progress
        Called with the configurations done and wanted.

    Returns
    -------
    Every configuration of the store. Those that do not exist (no bits left, ...) have no figures and say why.

    Raises
    ------
    UnsupportedError, RangeError, FormatError
        For unknown metrics, methods, keys or formats.
    ResumeError
        If the store belongs to another network, other events, another reference or other metrics.
    MissingDependencyError
        If optuna is needed and missing.
    """
    if method not in METHODS:
        raise UnsupportedError(f"no method {method!r}{did_you_mean(method, METHODS)}; known: {', '.join(METHODS)}")
    if method != "grid" and (trials is None or trials < 1):
        raise RangeError(f"the method {method!r} needs trials of at least 1, got {trials}")
    functions = dict(functions or {})
    check_metrics([*metrics, *(name.lstrip("-") for name in goals)], functions)
    axes = [axis for entry in space for axis in ([entry] if isinstance(entry, Axis) else Axis.of(entry))]
    points = Space(model.graph, axes)
    events = columns_of(model, x)
    right = outputs_of(model, events) if reference is None else reference_of(model, reference, events, len(events[0]))
    numbers = [_digest(array) for array in (*events, *right)]
    named = [f"{name} {function.__module__}.{function.__qualname__}" for name, function in sorted(functions.items())]
    subject = identity(graph_digest(model.graph), *numbers, sorted(metrics), named)
    evaluator = Evaluator(Network(model.graph), events, right, metrics, functions)
    with (
        Store(None if store is None else Path(store), subject) as kept,
        workers_of(evaluator, workers, cluster) as submit,
    ):
        runner = _Runner(model, points, kept, submit, progress)
        if method in ("tpe", "nsga2"):
            _by_optuna(runner, method, trials or 1, list(goals or metrics), seed)
        else:
            chosen = points.grid() if method == "grid" else _draws(points, trials or 1, seed)
            runner.run(chosen, points.size if method == "grid" else trials or 1)
        return Sweep(
            tuple(kept),
            runner.computed,
            runner.known,
            model.graph.name,
            tuple(goals or metrics),
            model.origin,
            linear_layers(model.graph),
        )


def _digest(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _draws(space: Space, trials: int, seed: int) -> Iterator[Point]:
    rng = np.random.default_rng(seed)
    yield from (space.random(rng) for _ in range(trials))


class _Runner:
    """Computes what the store does not hold, in chunks, a few of them ahead."""

    def __init__(
        self, model: Network, space: Space, store: Store, submit: Submit, progress: Callable[[int, int], None] | None
    ) -> None:
        self.model, self.space, self.store, self.submit, self.progress = model, space, store, submit, progress
        self.computed = self.known = 0

    def run(self, points: Iterable[Point], wanted: int, ahead: int = 8) -> None:
        """Points in any order, each configuration once."""
        waiting: list[tuple[list[Record], Future[Figures]]] = []
        missing = self._missing(points)
        while True:
            while len(waiting) < ahead and (chunk := list(islice(missing, _CHUNK))):
                waiting.append(self._submitted(chunk))
            if not waiting:
                break
            self._keep(*waiting.pop(0))
            if self.progress is not None:
                self.progress(min(self.computed + self.known, wanted), wanted)

    def one(self, point: Point) -> Record:
        """The record of one point."""
        asked = self._asked(point)
        if asked.refused:
            return asked
        known = self.store.find(asked.changes)
        if known is None:
            self._keep(*self._submitted([asked]))
            known = self.store.find(asked.changes)
            assert known is not None
        else:
            self.known += 1
        return known

    def _asked(self, point: Point) -> Record:
        """A point without figures."""
        try:
            types, settings = divided(self.space.changes(point))
        except FormatError as error:
            return Record(point, {}, {}, str(error))
        return Record(point, types, {}, settings=settings)

    def _missing(self, points: Iterable[Point]) -> Iterator[Record]:
        seen: set[str] = set()
        for point in points:
            asked = self._asked(point)
            if asked.refused:  # formats that do not exist have no place in the store
                self.known += 1
                continue
            key = repr(sorted(asked.changes.items()))
            if key in seen or self.store.find(asked.changes) is not None:
                self.known += 1
                continue
            seen.add(key)
            yield asked

    def _submitted(self, chunk: list[Record]) -> tuple[list[Record], Future[Figures]]:
        """Records, and figures of those that exist; hls4ml converts here, so that workers need it not."""
        records, work = [], []
        for one in chunk:
            graph = None
            if is_reconverted(one.settings):
                try:
                    graph, inferred = reconverted(self.model, one.changes)
                except (FormatError, UnsupportedError) as error:
                    records.append(replace(one, refused=str(error)))
                    continue
                one = replace(one, inferred=inferred)
            records.append(one)
            work.append((one.changes, graph))
        return records, self.submit(work)

    def _keep(self, chunk: list[Record], future: Future[Figures]) -> None:
        self.computed += len(chunk)
        figures = iter(future.result())
        made = []
        for one in chunk:
            found, why = ({}, one.refused) if one.refused else next(figures)
            made.append(replace(one, metrics=found, refused=why))
        self.store.add(made)


def _by_optuna(runner: _Runner, method: str, trials: int, goals: list[str], seed: int) -> None:
    """Points by a sampler of optuna's, one after the other: the same ones from the same seed and store."""
    try:
        import optuna
    except ImportError as error:
        raise MissingDependencyError(f"the method {method!r} needs optuna: pip install 'isobit[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers = {"tpe": optuna.samplers.TPESampler, "nsga2": optuna.samplers.NSGAIISampler}
    directions = ["maximize" if goal.startswith("-") else "minimize" for goal in goals]
    study = optuna.create_study(directions=directions, sampler=samplers[method](seed=seed))
    dimensions = runner.space.dimensions
    for done in range(trials):
        trial = study.ask()
        point = {
            name: values[trial.suggest_int(name, 0, len(values) - 1)]
            if _ordered(values)
            else values[trial.suggest_categorical(name, list(range(len(values))))]
            for name, values in dimensions.items()
        }
        record = runner.one(point)
        if record.refused:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, [record.metrics[goal.lstrip("-")] for goal in goals])
        if runner.progress is not None:
            runner.progress(done + 1, trials)


def _ordered(values: Sequence[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, int)]
    return len(numbers) == len(values) and numbers == sorted(numbers)
