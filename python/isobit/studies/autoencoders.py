"""Autoencoders of 2 to 16 bits: which widths do they stand, trained with their bits or quantised afterwards?

Formats are chosen by one rule for both, so that what differs is the training.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model
from isobit.errors import PrecisionWarning
from isobit.files import atomic_path
from isobit.fixed.types import FixedType
from isobit.students.anomalies import BACKGROUND, SIGNALS
from isobit.students.autoencoders import AUTOENCODERS
from isobit.students.discrimination import area_difference, roc_area
from isobit.studies import autoencoder_pictures as pictures
from isobit.studies.firmware import agreement
from isobit.studies.frame import Context, Results, Study
from isobit.studies.versions import Versions

__all__ = ["AUTOENCODER_SCANS", "SERIES", "TOLERANCE", "needed"]

Floats = NDArray[np.float64]
Scores = dict[str, Floats]

#: Whether pruned, by name.
SERIES: Final = {"whole": False, "pruned": True}

#: Largest change of an area under a ROC curve with which a network counts as unharmed.
TOLERANCE: Final = 0.02

_WIDTHS: Final = (tuple(range(16, 1, -1)), (4,))
_SIMULATED: Final = (1000, 50)
_SLOWLY_SIMULATED: Final = {"cnn_ae": 200}  # events, where the C-simulation takes long
_CHECKED: Final = (8, 4)  # bits of the pruned network that is compared with hls4ml's C-simulation
_QUICKLY_CHECKED: Final = "dnn_vae"  # the one that is compiled in a quick trial


def _scanned(context: Context, name: str) -> Results:
    """All versions of one network."""
    versions, widths = Versions(context, AUTOENCODERS[name]), context.pick(*_WIDTHS)
    path = context.scratch(f"{name}.json")
    found: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    total = len(SERIES) * (1 + 2 * len(widths))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)  # of constants that a narrow format saturates, as is meant
        for key, record in _missing(versions, widths, found) if len(found) < total else ():
            found[key] = record
            with atomic_path(path, overwrite=True) as temporary:
                temporary.write_text(json.dumps(found), encoding="utf-8")
            context.progress(f"{versions.network.title}: versions", len(found), total)
    return {"events": {kind: len(x) for kind, x in versions.test.items()}, "widths": list(widths), "versions": found}


def _missing(versions: Versions, widths: Iterable[int], known: Results) -> Iterator[tuple[str, Results]]:
    """What is not known, one by one."""
    for series, pruned in SERIES.items():
        plain = versions.reference(pruned)
        reference = versions.scores(plain)
        if f"float {series}" not in known:
            yield f"float {series}", _figures(reference, reference)
        wide, values = versions.network.convert(plain), versions.values(plain)
        for width in widths:
            kinds = versions.kinds(values, width)
            if (key := f"ptq {series} {width}") not in known:
                network = wide.with_types(versions.network.everywhere(kinds))
                yield key, _point(versions, network, reference, kinds)
            if (key := f"qat {series} {width}") not in known:
                network = versions.in_training(pruned, kinds)
                yield key, _point(versions, network, reference, kinds) | _checked(versions, network, width, pruned)


def _checked(versions: Versions, network: Model, width: int, pruned: bool) -> Results:
    """The comparison with hls4ml's C-simulation, of some networks."""
    context = versions.context
    if not pruned or width != context.pick(*_CHECKED):
        return {}
    if context.quick and versions.network.name != _QUICKLY_CHECKED:
        return {}
    events = _SLOWLY_SIMULATED.get(versions.network.name, context.pick(*_SIMULATED))
    return {"csim": agreement(network, versions.test[BACKGROUND][:events])}


def _point(versions: Versions, network: Model, reference: Scores, kinds: dict[str, FixedType]) -> Results:
    kernels = [
        getattr(network.graph.by_name[layer], what).raw
        for layer, _, what in (slot.rpartition(".") for slot in kinds)
        if what == "weight"
    ]
    zeros = sum(int((raw == 0).sum()) for raw in kernels) / sum(raw.size for raw in kernels)
    integers = {slot: kind.integer for slot, kind in kinds.items()}
    return _figures(versions.scores(network), reference) | {"zeros": zeros, "integer": integers}


def _figures(scores: Scores, reference: Scores) -> Results:
    """Areas for each signal, their changes, the mean score of background, and how far scores are from the reference's.

    `distance` is the root mean square of the difference of scores on background, over their standard deviation.
    """
    background, before = scores[BACKGROUND], reference[BACKGROUND]
    areas, changes = {}, {}
    for name in SIGNALS:
        ours, theirs = (np.concatenate((found[BACKGROUND], found[name])) for found in (scores, reference))
        signal = np.arange(len(ours)) >= len(background)
        areas[name], changes[name] = asdict(roc_area(ours, signal)), asdict(area_difference(ours, theirs, signal))
    return {
        "auc": areas,
        "change": changes,
        "mean": float(background.mean()),
        "distance": float(np.sqrt(((background - before) ** 2).mean()) / before.std()),
    }


def needed(found: Results, training: str, series: str) -> int | None:
    """The fewest bits from which upwards no area is changed by more than `TOLERANCE`; None if 16 are too few."""
    fewest = None
    for width in sorted(found["widths"], reverse=True):
        changes = found["versions"][f"{training} {series} {width}"]["change"].values()
        if max(abs(change["value"]) for change in changes) > TOLERANCE:
            break
        fewest = width
    return fewest


def _fewer(found: Results, series: str) -> bool:
    """Whether a network needs fewer bits if it is trained with them."""
    trained, afterwards = (needed(found, training, series) for training in ("qat", "ptq"))
    return trained is not None and (afterwards is None or trained < afterwards)


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    compared = [
        record["csim"]["differ"]
        for found in results.values()
        for record in found["versions"].values()
        if "csim" in record
    ]
    claims = {
        f"{AUTOENCODERS[name].title}: fewer bits if trained with them than if quantised afterwards, pruned or not": all(
            _fewer(found, series) for series in SERIES
        )
        for name, found in results.items()
    }
    return claims | {"firmware bits are those of hls4ml's C-simulation": compared != [] and not any(compared)}


def _steps() -> dict[str, Any]:
    return {name: partial(_scanned, name=name) for name in AUTOENCODERS}


AUTOENCODER_SCANS: Final = Study(
    name="autoencoders",
    title="autoencoders of 2 to 16 bits: trained with their bits or quantised afterwards, pruned or not",
    steps=_steps(),
    holds=_holds,
    pictures={"auc": pictures.draw_areas, "scores": pictures.draw_distances, "losses": pictures.draw_losses},
)
