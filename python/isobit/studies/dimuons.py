"""Pairs of muons of one decay against pairs by chance: does the student keep what its teacher knows?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.students.dimuons import CHANCE, SOURCES, DimuonSample, simulate
from isobit.students.discrimination import area_difference, average_precision, efficiency, roc_area
from isobit.students.trainings import TRAININGS, predict
from isobit.studies import style
from isobit.studies.firmware import agreement, firmware
from isobit.studies.frame import Context, Results, Study

__all__ = ["DIMUONS"]

#: As firmware, in the order of the tables; the teacher is a float network.
_NETWORKS: Final = ("student", "undistilled")
_LABELS: Final = {
    "teacher": "teacher 4 x 256 (float)",
    "student": "student 4 x 8 (firmware bits)",
    "undistilled": "undistilled 4 x 8 (firmware bits)",
}
_TEST_SEED: Final = 4  # 1000 seed + 4: events of no training, validation or test sample of the training
_EVENTS: Final = (200_000, 6000)
_RATES: Final = (0.001, 0.01, 0.1)
_CURVE: Final = np.logspace(-4.0, 0.0, 41)[:-1]  # rates of background
_RECALLS: Final = np.linspace(0.03, 1.0, 33)
_LOGITS: Final = np.linspace(-12.0, 12.0, 61)


def _scores(context: Context) -> tuple[DimuonSample, dict[str, NDArray[np.float64]], dict[str, Any]]:
    """The sample, each network's logits, and the firmware."""
    training = TRAININGS["dimuon_student"]
    models = context.trained(training.name)
    sample = simulate(context.pick(*_EVENTS), 1000 * context.seed + _TEST_SEED)
    networks = {name: firmware(models[name], training.run(name).entry) for name in _NETWORKS}
    found = {"teacher": predict(models["teacher"], sample.features)[:, 0]}
    found |= {name: network.predict(sample.features)[:, 0] for name, network in networks.items()}
    return sample, found, networks


def _curves(context: Context) -> Results:
    sample, found, networks = _scores(context)
    signal = sample.signal
    checked = list(networks)[: context.pick(None, 1)]  # each takes some seconds of g++
    return {
        "events": {"signal": int(signal.sum()), "background": int((~signal).sum())},
        "auc_roc": {name: asdict(roc_area(scores, signal)) for name, scores in found.items()},
        "auc_pr": {name: average_precision(scores, signal) for name, scores in found.items()},
        "student_minus_undistilled": asdict(area_difference(found["student"], found["undistilled"], signal)),
        "efficiency": {
            name: [asdict(efficiency(scores, signal, background=rate)) for rate in _RATES]
            for name, scores in found.items()
        },
        "roc": {name: _roc(scores, signal) for name, scores in found.items()},
        "precision": {name: _precision(scores, signal) for name, scores in found.items()},
        "by_source": {name: _by_source(scores, sample) for name, scores in found.items()},
        "logits": {name: _logits(scores, signal) for name, scores in found.items()},
        "csim": {name: agreement(networks[name], sample.features[: context.pick(2000, 200)]) for name in checked},
    }


def _roc(scores: NDArray[np.float64], signal: NDArray[np.bool_]) -> Results:
    """Efficiencies with their intervals at rates of background that the sample can tell."""
    rates = [float(rate) for rate in _CURVE if rate * np.count_nonzero(~signal) >= 10]
    points = [efficiency(scores, signal, background=rate) for rate in rates]
    return {"rate": rates, **{key: [getattr(point, key) for point in points] for key in ("value", "low", "high")}}


def _precision(scores: NDArray[np.float64], signal: NDArray[np.bool_]) -> Results:
    """Share of signal among the events that pass, at the thresholds with which some recall is reached."""
    from scipy.stats import binomtest

    of_signal = np.sort(scores[signal])[::-1]
    rows = []
    for recall in _RECALLS:
        passing = scores >= of_signal[int(np.ceil(recall * len(of_signal))) - 1]
        counts = int((passing & signal).sum()), int(passing.sum())
        interval = binomtest(*counts).proportion_ci(0.99, "exact")
        rows.append((counts[0] / len(of_signal), counts[0] / counts[1], float(interval.low), float(interval.high)))
    return dict(zip(("recall", "value", "low", "high"), map(list, zip(*rows, strict=True)), strict=True))


def _by_source(scores: NDArray[np.float64], sample: DimuonSample) -> dict[str, float]:
    """Share of each source that passes at a background of 1%."""
    threshold = efficiency(scores, sample.signal, background=0.01).threshold
    names = [*(source.name for source in SOURCES), CHANCE]
    return {name: float((scores[sample.source == n] >= threshold).mean()) for n, name in enumerate(names)}


def _logits(scores: NDArray[np.float64], signal: NDArray[np.bool_]) -> dict[str, list[int]]:
    clipped = np.clip(scores, _LOGITS[0], _LOGITS[-1])
    return {
        kind: np.histogram(clipped[chosen], bins=_LOGITS)[0].tolist()
        for kind, chosen in (("signal", signal), ("background", ~signal))
    }


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    found = results["curves"]
    areas, agreements = found["auc_roc"], found["csim"].values()
    gap = areas["student"]["value"] - areas["undistilled"]["value"]
    combined = float(np.hypot(areas["student"]["error"], areas["undistilled"]["error"]))
    return {
        "area under the ROC curve: distilled > undistilled by more than the combined DeLong error": gap > combined,
        "area under the ROC curve: teacher >= distilled": areas["teacher"]["value"] >= areas["student"]["value"],
        "firmware bits are those of hls4ml's C-simulation": not any(one["differ"] for one in agreements),
    }


def _count(results: Results) -> str:
    events = sum(results["curves"]["events"].values())
    return f"{events:,} pairs, seed {results['seed']}"


def _draw_roc(results: Results) -> Any:
    found = results["curves"]
    figure, axes = style.panels(2, 1, size=(6.6, 3.6), sharex=True, gridspec_kw={"height_ratios": (2.4, 1.0)})
    upper, lower = axes[:, 0]
    base = found["roc"]["undistilled"]
    for number, (name, label) in enumerate(_LABELS.items()):
        curve, area = found["roc"][name], found["auc_roc"][name]
        text = f"{label}\nAUC {area['value']:.4f} ± {area['error']:.4f}"
        style.band(upper, curve["rate"], curve["low"], curve["high"], number)
        upper.plot(
            curve["rate"], curve["value"], color=style.COLOURS[number], linestyle=style.STYLES[number], label=text
        )
        ratio = {key: np.divide(curve[key], base["value"]) for key in ("value", "low", "high")}
        style.band(lower, curve["rate"], ratio["low"], ratio["high"], number)
        lower.plot(curve["rate"], ratio["value"], color=style.COLOURS[number], linestyle=style.STYLES[number])
    upper.set(xscale="log", xlim=(base["rate"][0], 1.0), ylim=(0.0, 1.05))
    style.decorate(
        upper, "", "efficiency for pairs of one decay", legend="upper left", title="bands: Clopper-Pearson, 99%"
    )
    style.decorate(lower, "share of pairs by chance that pass", "ratio to\nundistilled", legend=None)
    style.label(upper, _count(results))
    return figure


def _draw_precision(results: Results) -> Any:
    found = results["curves"]
    figure, axes = style.panels(1, 1, size=(6.6, 5.0))
    one = axes[0, 0]
    for number, (name, label) in enumerate(_LABELS.items()):
        curve = found["precision"][name]
        text = f"{label}\naverage precision {found['auc_pr'][name]:.4f}"
        style.band(one, curve["recall"], curve["low"], curve["high"], number)
        one.plot(
            curve["recall"], curve["value"], color=style.COLOURS[number], linestyle=style.STYLES[number], label=text
        )
    one.set(xlim=(0.0, 1.0), ylim=(0.45, 1.02))
    style.decorate(
        one,
        "recall: share of pairs of one decay that pass",
        "precision: share that is of one decay",
        legend="lower left",
        title="bands: Clopper-Pearson, 99%",
    )
    style.label(one, _count(results))
    return figure


def _draw_scores(results: Results) -> Any:
    found = results["curves"]["logits"]
    figure, axes = style.panels(1, len(_LABELS), size=(4.9, 4.2), sharey=True)
    for one, (name, label) in zip(axes[0], _LABELS.items(), strict=True):
        for number, (kind, text) in enumerate((("background", "pairs by chance"), ("signal", "pairs of one decay"))):
            counts = np.array(found[name][kind])
            heights = counts / counts.sum() / (_LOGITS[1] - _LOGITS[0])
            style.steps(one, heights, _LOGITS, number, text, fill=True)
        one.set(xlim=(_LOGITS[0], _LOGITS[-1]), yscale="log", ylim=(1e-4, 20.0))
        style.decorate(
            one,
            "logit (beyond the ends: in the outer bins)",
            "pairs per unit of the logit",
            legend="upper left",
            title=label,
        )
        style.label(one, _count(results))
    return figure


DIMUONS: Final = Study(
    name="dimuons",
    title="pairs of muons of one decay against pairs by chance: teacher, distilled student, undistilled control",
    steps={"curves": _curves},
    holds=_holds,
    pictures={"roc": _draw_roc, "precision-recall": _draw_precision, "scores": _draw_scores},
)
