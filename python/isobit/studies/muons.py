"""Recalibration of muons: how much of a large teacher's resolution does a student of eight neurons a layer keep?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from isobit.students.muons import TARGETS, MuonSample, simulate
from isobit.students.resolution import fwhm, fwhm_in_bins
from isobit.students.trainings import TRAININGS, predict
from isobit.students.trainings.muons import BORDER, population_weights
from isobit.studies.firmware import agreement, firmware
from isobit.studies.frame import Context, Results, Study
from isobit.studies.muon_pictures import PICTURES

__all__ = ["MUONS"]

Floats = NDArray[np.float64]

_TEST_SEED: Final = 4  # 1000 seed + 4: events of no training, validation or test sample of the trainings
_EVENTS: Final = (100_000, 10_000)
#: Parts of the test sample; their spread gives the errors.
_PARTS: Final = 20
_PARTS_OF_BINS: Final = 5

PT_BINS: Final = [3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 70.0, 120.0, 200.0]  # GeV
ETA_BINS: Final = [0.0, 0.2, 0.4, 0.6, 0.83, 1.04, 1.24, 1.5, 1.8, 2.1, 2.4]  # |eta|
HIGH_PT_BINS: Final = [3.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0, 150.0, 200.0]  # GeV
#: Of residuals: eta, phi in rad, pT relative.
RESIDUAL_BINS: Final = {"eta": (-0.15, 0.15, 100), "phi": (-0.4, 0.4, 100), "pt": (-1.0, 1.5, 100)}


@dataclass(frozen=True)
class _Measured:
    """The test sample, and what each road to a muon's parameters gives: float64 (n, 3) as `MuonSample.truth`."""

    sample: MuonSample
    values: dict[str, Floats]


def _sample(context: Context) -> MuonSample:
    return simulate(context.pick(*_EVENTS), 1000 * context.seed + _TEST_SEED)


def _recalibration(context: Context) -> Results:
    """Widths, their differences, widths in bins: of hardware, teacher (float), student and baseline (firmware)."""
    training = TRAININGS["mugmt_student"]
    models, sample = context.trained(training.name), _sample(context)
    networks = {name: firmware(models[name], training.run(name).entry) for name in ("student", "baseline")}
    values = {"hardware": sample.extrapolated, "teacher": sample.calibrate(predict(models["teacher"], sample.features))}
    values |= {name: sample.calibrate(network.predict(sample.features)) for name, network in networks.items()}
    residuals = {name: sample.residuals(value) for name, value in values.items()}
    checked = list(networks)[: context.pick(None, 1)]  # each takes some seconds of g++
    return {
        "events": len(sample),
        "bins": {"pt": PT_BINS, "eta": ETA_BINS, "residuals": RESIDUAL_BINS},
        "fwhm": {name: _widths(found) for name, found in residuals.items()},
        "student_minus_teacher": _difference(residuals["student"], residuals["teacher"]),
        "baseline_minus_student": _difference(residuals["baseline"], residuals["student"]),
        "histograms": {name: _histograms(found) for name, found in residuals.items()},
        "by_pt": {name: _in_bins(found, sample.true_pt, PT_BINS) for name, found in residuals.items()},
        "by_eta": {name: _in_bins(found, np.abs(sample.true_eta), ETA_BINS) for name, found in residuals.items()},
        "csim": {name: agreement(networks[name], sample.features[: context.pick(2000, 200)]) for name in checked},
    }


def _widths(residuals: Floats) -> dict[str, list[float]]:
    """FWHM and its error, by quantity."""
    parts = np.array_split(residuals, _PARTS)
    return {
        name: [fwhm(residuals[:, column]), _error([fwhm(part[:, column]) for part in parts])]
        for column, name in enumerate(TARGETS)
    }


def _difference(one: Floats, other: Floats) -> dict[str, list[float]]:
    """FWHM of one minus that of the other on the same events, and its error."""
    parts = list(zip(np.array_split(one, _PARTS), np.array_split(other, _PARTS), strict=True))
    return {
        name: [
            fwhm(one[:, column]) - fwhm(other[:, column]),
            _error([fwhm(a[:, column]) - fwhm(b[:, column]) for a, b in parts]),
        ]
        for column, name in enumerate(TARGETS)
    }


def _error(values: list[float]) -> float:
    from scipy.stats import sem

    return float(sem(values))


def _in_bins(residuals: Floats, values: Floats, bins: list[float]) -> dict[str, list[list[float | None]]]:
    """FWHM and its error in bins of another quantity; None where there are too few events."""
    edges, place = np.array(bins), np.array_split(np.arange(len(values)), _PARTS_OF_BINS)
    found = {}
    for column, name in enumerate(TARGETS):
        whole = fwhm_in_bins(residuals[:, column], values, edges)
        parts = [fwhm_in_bins(residuals[part, column], values[part], edges) for part in place]
        errors = np.std(parts, axis=0, ddof=1) / np.sqrt(len(parts))
        found[name] = [_listed(whole), _listed(errors)]
    return found


def _listed(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _histograms(residuals: Floats) -> dict[str, list[int]]:
    bins = {name: np.linspace(low, high, n + 1) for name, (low, high, n) in RESIDUAL_BINS.items()}
    return {name: np.histogram(residuals[:, c], bins=bins[name])[0].tolist() for c, name in enumerate(TARGETS)}


def _high_pt(context: Context) -> Results:
    """The student beside two attempts to do better at high momentum, all as firmware."""
    training, sample = TRAININGS["mugmt_high_pt"], _sample(context)
    models = context.trained(training.name)
    names = ("ordinary", "weighted", "low", "high")
    x = sample.features
    found = {name: firmware(models[name], training.run(name).entry).predict(x) for name in names}
    above = sample.hardware[:, 2] >= BORDER
    outputs = {
        "teacher": predict(models["teacher"], x),
        "ordinary": found["ordinary"],
        "weighted": found["weighted"],
        "split": np.where(above[:, None], found["high"], found["low"]),
    }
    relative = {name: sample.residuals(sample.calibrate(value))[:, 2] for name, value in outputs.items()}
    relative["hardware"] = sample.residuals(sample.hardware)[:, 2]
    learnt = simulate(training.sizes.training, 1000 * context.seed + 1).true_pt
    weights = population_weights(learnt)
    beyond = [30.0, 50.0, 100.0]
    return {
        "bins": HIGH_PT_BINS,
        "fwhm": {name: fwhm(values) for name, values in relative.items()},
        "by_pt": {
            name: _listed(fwhm_in_bins(v, sample.true_pt, np.array(HIGH_PT_BINS))) for name, v in relative.items()
        },
        "median": {name: _medians(values + 1.0, sample.true_pt) for name, values in relative.items()},
        "training": {
            "events": len(learnt),
            "beyond": {f"{pt:.0f}": int((learnt > pt).sum()) for pt in beyond},
            "share_of_weight_beyond": {f"{pt:.0f}": float(weights[learnt > pt].sum() / weights.sum()) for pt in beyond},
            "effective_events": float(weights.sum() ** 2 / (weights**2).sum()),
            "hardware_pt_beyond_border": float(above.mean()),
        },
        "true_pt_30_passing_20": {name: _passing(sample, values, 20.0) for name, values in relative.items()},
    }


def _medians(response: Floats, pt: Floats) -> list[float]:
    place = np.digitize(pt, HIGH_PT_BINS) - 1
    return [float(np.median(response[place == number])) for number in range(len(HIGH_PT_BINS) - 1)]


def _passing(sample: MuonSample, relative: Floats, threshold: float) -> dict[str, float]:
    """Shares that pass a threshold on pT (GeV): of all muons (the trigger's rate), and of those well beyond it."""
    passing = (relative + 1.0) * sample.true_pt >= threshold
    return {"all": float(passing.mean()), "beyond": float(passing[sample.true_pt > 1.5 * threshold].mean())}


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    found = results["recalibration"]
    better = {
        name: found["student_minus_teacher"][name][0] >= 0.0 and found["baseline_minus_student"][name][0] > 0.0
        for name in TARGETS
    }
    claims = {f"FWHM of {name}: teacher <= student < baseline": holds for name, holds in better.items()}
    claims["firmware bits are those of hls4ml's C-simulation"] = not any(
        one["differ"] for one in found["csim"].values()
    )
    return claims


MUONS: Final = Study(
    name="muons",
    title="recalibration of muons: teacher, distilled student, wider baseline; two attempts at high pT",
    steps={"recalibration": _recalibration, "high_pt": _high_pt},
    holds=_holds,
    pictures=PICTURES,
)
