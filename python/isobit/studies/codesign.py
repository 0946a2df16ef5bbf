"""Architecture and precision of a student: searched one after the other, or together, at equal trials.

Both searches make the same number small: log2 of the mean squared error to the teacher, plus two for each factor of two
above the budget of bit operations (BOPs). Candidates are trained with their bits, a stack at a time
(:mod:`isobit.students.stacked`), and scored by their firmware. The *phase search* spends half of its trials on
architectures at 16 bits, weighed by the BOPs that they would have at 8 bits, as a designer would, and the other half on
the bits of the best of them. The *co-search* draws architecture and bits together.

optuna's TPE proposes, a stack at a time; every proposal depends on the seed and on the stacks before it and on nothing
else, so that a search that was killed goes on to the same candidates. The store is an SQLite file of optuna's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError
from isobit.network import Network
from isobit.students.dense_firmware import network_of
from isobit.students.stacked import Candidate, Stack
from isobit.sweep.evaluation import COSTS

__all__ = ["BUDGET", "SIDES", "Problem", "best", "candidate_of", "fitting", "search"]

Floats = NDArray[np.float64]
Layers = list[tuple[Floats, Floats]]
Told = Callable[[int, int], None]

#: Bit operations that a student may cost.
BUDGET: Final = 100_000
#: Both searches.
SIDES: Final = ("phase", "co")
_WIDTHS: Final = (4, 6, 8, 12, 16, 24, 32)
_DEPTH: Final = 3
_WEIGHT_BITS: Final = (2, 12)
_RELU_BITS: Final = (4, 12)
_FINE: Final = 16  # bits while architectures are searched
_GUESS: Final = 8  # bits at which their cost is weighed
_STARTUP: Final = 50  # trials at random before TPE proposes; in the second phase as well
_PENALTY: Final = 2.0

Point = dict[str, int]


@dataclass(frozen=True)
class Problem:
    """What candidates are trained on and scored by.

    Attributes
    ----------
    stack
        Trains them.
    samples
        By name, events (n, 57) and the teacher's losses (n,); `validation` is what the search sees.
    """

    stack: Stack
    samples: Mapping[str, tuple[Floats, Floats]]

    def errors(self, network: Network) -> dict[str, float]:
        """Mean squared errors to the teacher, of firmware bits."""
        whole = network.predict(np.concatenate([x for x, _ in self.samples.values()]), threads=1)[:, 0]
        found, start = {}, 0
        for name, (x, wanted) in self.samples.items():
            found[name] = float(((whole[start : start + len(x)] - wanted) ** 2).mean())
            start += len(x)
        return found


def candidate_of(point: Mapping[str, int]) -> Candidate:
    """The candidate that a point of the search stands for; layers beyond its depth are ignored."""
    depth = point["depth"]
    return Candidate(
        tuple(_WIDTHS[point[f"width{layer}"]] for layer in range(depth)),
        (*(point[f"weight{layer}"] for layer in range(depth)), point["weight_out"]),
        tuple(point[f"relu{layer}"] for layer in range(depth)),
    )


def _bops(one: Candidate, inputs: int) -> float:
    ends = (inputs, *one.widths, 1)
    layers = [(np.zeros((n, m)), np.zeros(m)) for n, m in pairwise(ends)]
    return float(COSTS["bops"](network_of(one, layers).graph))


def _over(bops: float) -> float:
    return _PENALTY * max(0.0, float(np.log2(bops / BUDGET)))


def _architectures() -> dict[str, tuple[int, int]]:
    return {"depth": (1, _DEPTH), **{f"width{layer}": (0, len(_WIDTHS) - 1) for layer in range(_DEPTH)}}


def _formats() -> dict[str, tuple[int, int]]:
    found = {f"weight{layer}": _WEIGHT_BITS for layer in range(_DEPTH)} | {"weight_out": _WEIGHT_BITS}
    return found | {f"relu{layer}": _RELU_BITS for layer in range(_DEPTH)}


def _everywhere(bits: int) -> Point:
    return dict.fromkeys(_formats(), bits)


def search(problem: Problem, side: str, trials: int, store: Path, seed: int, told: Told) -> list[dict[str, Any]]:
    """All candidates of one of both searches, in their order, as JSON can hold them; resumable from the store."""
    if side == "co":
        free = _architectures() | _formats()
        return _run(problem, "co", free, {}, trials, 0.0, store, seed, told)
    half = trials // 2
    shapes = _run(problem, "architecture", _architectures(), _everywhere(_FINE), half, 1.0, store, seed, told)
    chosen = min(shapes, key=lambda record: float(record["value"]))
    fixed = {name: chosen["point"][name] for name in _architectures()}
    depth = fixed["depth"]
    free = {name: ends for name, ends in _formats().items() if name == "weight_out" or int(name[-1]) < depth}
    rest = _everywhere(_GUESS)
    return shapes + _run(problem, "bits", free, rest | fixed, trials - half, 0.0, store, seed, told)


def _run(
    problem: Problem,
    name: str,
    free: Mapping[str, tuple[int, int]],
    fixed: Point,
    trials: int,
    guess: float,
    store: Path,
    seed: int,
    told: Told,
) -> list[dict[str, Any]]:
    """One search by TPE over the `free` numbers; with `guess` the cost is that at 8 bits."""
    optuna = _optuna()
    url, size = f"sqlite:///{store}", problem.stack.count
    kept = optuna.create_study(study_name=name, storage=url, load_if_exists=True, direction="minimize")
    ranges = {key: optuna.distributions.IntDistribution(*ends) for key, ends in free.items()}
    known = kept.get_trials(deepcopy=False)
    told(len(known), trials)
    while len(known) < trials:
        settled = known[: len(known) // size * size]  # a stack that was cut off is drawn and trained again
        points = _proposed(optuna, settled, ranges, min(size, trials - len(settled)), (seed, len(name)))
        numbers = range(len(settled), len(settled) + len(points))
        records = _scored(problem, [fixed | point for point in points], [(seed, len(name), n) for n in numbers], guess)
        for number, point, record in zip(numbers, points, records, strict=True):
            if number >= len(known):
                trial = optuna.trial.create_trial(
                    params=point, distributions=ranges, value=record["value"], user_attrs=record
                )
                kept.add_trial(trial)
        known = kept.get_trials(deepcopy=False)
        told(len(known), trials)
    return [dict(trial.user_attrs) | {"search": name} for trial in known[:trials]]


def _proposed(
    optuna: Any, settled: Sequence[Any], ranges: Mapping[str, Any], count: int, seed: tuple[int, int]
) -> list[Point]:
    draw = int(np.random.default_rng([*seed, len(settled)]).integers(1 << 31))
    sampler = optuna.samplers.TPESampler(seed=draw, multivariate=True, n_startup_trials=_STARTUP)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    study.add_trials(settled)
    return [dict(study.ask(dict(ranges)).params) for _ in range(count)]


def _scored(
    problem: Problem, points: Sequence[Point], seeds: Sequence[tuple[int, ...]], guess: float
) -> list[dict[str, Any]]:
    candidates = [candidate_of(point) for point in points]
    records = []
    for point, one, layers in zip(points, candidates, problem.stack.train(candidates, seeds), strict=True):
        network = network_of(one, layers)
        errors, bops = problem.errors(network), float(COSTS["bops"](network.graph))
        weighed = bops
        if guess:
            weighed = _bops(candidate_of(point | _everywhere(_GUESS)), layers[0][0].shape[0])
        value = float(np.log2(errors["validation"])) + _over(weighed)
        records.append({"point": dict(point), "value": value, "bops": bops, "errors": errors})
    return records


def fitting(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those within the budget, by the error that the search saw."""
    found = [record for record in records if record["bops"] <= BUDGET]
    return sorted(found, key=lambda record: float(record["errors"]["validation"]))


def best(problem: Problem, records: Sequence[dict[str, Any]], seed: int) -> tuple[Candidate, Layers]:
    """The best that fits the budget, trained once more to the same weights."""
    winner = fitting(records)[0]
    number = sum(1 for _ in _before(records, winner))
    one = candidate_of(winner["point"])
    return one, problem.stack.train([one], [(seed, len(winner["search"]), number)])[0]


def _before(records: Sequence[Mapping[str, Any]], winner: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Earlier trials of the same search."""
    same = [record for record in records if record["search"] == winner["search"]]
    return same[: next(place for place, record in enumerate(same) if record is winner)]


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingDependencyError("searches need optuna: pip install 'isobit[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
