"""Anomalies: does a student keep what its autoencoder knows, and are shape and bits better searched together?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model, load
from isobit.students import zoo
from isobit.students.anomalies import BACKGROUND, SIGNALS, simulate
from isobit.students.dense_firmware import keras_of, network_of, sheet_of
from isobit.students.discrimination import efficiency, roc_area
from isobit.students.stacked import Candidate, Schedule, Stack
from isobit.students.trainings.anomalies import losses_of
from isobit.students.zoo.anomaly import AD_TEACHER
from isobit.studies import anomaly_pictures as pictures
from isobit.studies.codesign import BUDGET, SIDES, Problem, best, fitting, search
from isobit.studies.firmware import agreement, firmware
from isobit.studies.frame import Context, Results, Study

__all__ = ["ANOMALY"]

Floats = NDArray[np.float64]

_TRIALS: Final = (300, 12)
_STACK: Final = (25, 6)
_TRAINING: Final = (4096, 512)
_SCHEDULE: Final = (Schedule(5, 128, 1e-2), Schedule(2, 128, 1e-2))
_VALIDATION: Final = (2000, 500)
_SCORED: Final = (1000, 200)  # events of the background and of each signal that candidates are scored on
_TEST: Final = (20_000, 1000)
_TEST_SIGNAL: Final = (5000, 500)
_SHARE: Final = 10  # the tenth of a search's trials that is compared
_RATES: Final = (0.001, 0.01, 0.1)
_CURVE: Final = np.logspace(-3.0, 0.0, 46)[:-1]


def _seed(context: Context, place: int) -> int:
    """Of events that no training, validation or test sample of the training has."""
    return 1000 * context.seed + place


def _teacher(context: Context) -> Model:
    return firmware(context.trained("ad_student")["teacher"], AD_TEACHER)


def _losses(teacher: Model, features: Floats) -> Floats:
    return losses_of(np.asarray(teacher.predict(features)), features)


def _problem(context: Context) -> Problem:
    """Events with the losses of the teacher's firmware."""
    teacher, samples = _teacher(context), {}
    wanted = {"training": _TRAINING, "validation": _VALIDATION, BACKGROUND: _SCORED}
    for place, (name, sizes) in enumerate(wanted.items(), start=11):
        features = simulate(context.pick(*sizes), _seed(context, place)).features
        samples[name] = (features.reshape(len(features), -1), _losses(teacher, features))
    for name in SIGNALS:
        features = simulate(context.pick(*_SCORED), _seed(context, 14), name).features
        samples[name] = (features.reshape(len(features), -1), _losses(teacher, features))
    stack = Stack(*samples.pop("training"), context.pick(*_STACK), 3, 32, context.pick(*_SCHEDULE))
    return Problem(stack, samples)


def _distilled(context: Context) -> Results:
    """Teacher and student as firmware, on events of each kind."""
    models = context.trained("ad_student")
    teacher = firmware(models["teacher"], AD_TEACHER)
    student = firmware(models["student"], zoo.entry("ad_student"))
    scores: dict[str, dict[str, Floats]] = {"teacher": {}, "student": {}}
    for name in (BACKGROUND, *SIGNALS):
        features = simulate(context.pick(*(_TEST if name == BACKGROUND else _TEST_SIGNAL)), _seed(context, 4), name)
        scores["teacher"][name] = _losses(teacher, features.features)
        scores["student"][name] = np.asarray(student.predict(features.features))[:, 0]
    background = scores["teacher"][BACKGROUND]
    return {
        "events": {name: len(found) for name, found in scores["teacher"].items()},
        "loss": {
            name: {"mean": float(found.mean()), "variance": float(found.var())}
            for name, found in scores["teacher"].items()
        },
        "squared_error": {
            name: float(((scores["student"][name] - found) ** 2).mean()) for name, found in scores["teacher"].items()
        },
        "correlation": float(np.corrcoef(background, scores["student"][BACKGROUND])[0, 1]),
        "roc": {who: {name: _roc(found, name) for name in SIGNALS} for who, found in scores.items()},
    }


def _roc(scores: dict[str, Floats], name: str) -> Results:
    both = np.concatenate((scores[BACKGROUND], scores[name]))
    signal = np.arange(len(both)) >= len(scores[BACKGROUND])
    rates = [float(rate) for rate in _CURVE if rate * np.count_nonzero(~signal) >= 10]
    points = [efficiency(both, signal, background=rate) for rate in rates]
    return {
        "auc": asdict(roc_area(both, signal)),
        "efficiency": [asdict(efficiency(both, signal, background=rate)) for rate in _RATES],
        "rate": rates,
        **{key: [getattr(point, key) for point in points] for key in ("value", "low", "high")},
    }


def _searched(context: Context) -> Results:
    """Both searches, and their winners."""
    problem, trials = _problem(context), context.pick(*_TRIALS)
    found: Results = {"budget": BUDGET, "trials": trials, "sides": {}}
    for side in SIDES:
        records = search(
            problem,
            side,
            trials,
            context.scratch("search.sqlite"),
            context.seed,
            lambda done, total, side=side: context.progress(f"{side}-search", done, total),  # type: ignore[misc]
        )
        found["sides"][side] = [_short(record) for record in records]
        found[side] = _summary(records, trials) | {"winner": _winner(context, problem, records)}
    return found


def _short(record: Results) -> Results:
    """A candidate on few lines."""
    one = " ".join(f"{name}={value}" for name, value in record["point"].items())
    return {**record, "point": one}


def _summary(records: list[Results], trials: int) -> Results:
    """How many fit the budget, and their errors: of all that do, and of the best tenth of all trials."""
    inside = fitting(records)
    chosen = inside[: max(1, trials // _SHARE)]
    names = list(records[0]["errors"])
    return {
        "fitting": len(inside),
        "median_of_fitting": {name: float(np.median([r["errors"][name] for r in inside])) for name in names},
        "compared": len(chosen),
        "median": {name: float(np.median([r["errors"][name] for r in chosen])) for name in names},
        "errors": {name: [r["errors"][name] for r in chosen] for name in names},
        "bops": [r["bops"] for r in chosen],
    }


def _winner(context: Context, problem: Problem, records: list[Results]) -> Results:
    """The winner again: built straight from its weights, converted by hls4ml, and compiled."""
    one, layers = best(problem, records, context.seed)
    converted = _converted(one, layers)
    x = problem.samples["validation"][0][: context.pick(2000, 200)]
    straight = network_of(one, layers)
    return {
        "candidate": asdict(one),
        "errors": problem.errors(straight),
        "same_by_conversion": bool(np.array_equal(straight.predict(x), converted.predict(x))),
        "csim": agreement(converted, x),
    }


def _converted(one: Candidate, layers: list[tuple[Floats, Floats]]) -> Model:
    arguments = dict(sheet_of(one, layers[0][0].shape[0]).arguments())
    clock = float(arguments.pop("clock_period"))
    return load(keras_of(one, layers), clock_ns=clock, project_name="candidate", **arguments)


def _checked(context: Context) -> Results:
    """The distilled networks beside hls4ml's C-simulation; compiling the autoencoder takes minutes."""
    models, sample = context.trained("ad_student"), simulate(context.pick(1000, 100), _seed(context, 5)).features
    networks = {"student": zoo.entry("ad_student")} | context.pick({"teacher": AD_TEACHER}, {})
    return {name: agreement(firmware(models[name], entry), sample) for name, entry in networks.items()}


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    searched = results["searched"]
    phase, co = (searched[side]["median"] for side in SIDES)
    same = [one["differ"] == 0 for one in results["checked"].values()]
    same += [
        searched[s]["winner"]["csim"]["differ"] == 0 and searched[s]["winner"]["same_by_conversion"] for s in SIDES
    ]
    return {
        "background: median MSE to the teacher of the best tenth, co-search < phase search": (
            co[BACKGROUND] < phase[BACKGROUND]
        ),
        "firmware bits are those of hls4ml's C-simulation": all(same),
    }


ANOMALY: Final = Study(
    name="anomaly",
    title="anomalies among 19 trigger objects: a student of an autoencoder's loss; shape and bits searched together",
    steps={"distilled": _distilled, "searched": _searched, "checked": _checked},
    holds=_holds,
    pictures={"roc": pictures.draw_roc, "boxes": pictures.draw_boxes, "candidates": pictures.draw_candidates},
)
