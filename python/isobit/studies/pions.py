"""Energies of pions by deep sets: which bits does a network need that was quantised after its training?

Every scan takes one network and sets formats of it; nothing is trained anew. All configurations are emulated bit by
bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model, load
from isobit.explain import explain
from isobit.students import zoo
from isobit.students.pions import PionSample, simulate
from isobit.students.trainings import predict
from isobit.students.trainings.pions import mean_percentage_error
from isobit.students.zoo.entry import keras_package
from isobit.studies import pion_pictures as pictures
from isobit.studies.firmware import agreement, firmware
from isobit.studies.frame import Context, Results, Study
from isobit.sweep import sweep
from isobit.sweep.space import Space

__all__ = ["PIONS"]

Floats = NDArray[np.float64]

_EVENTS: Final = (4000, 500)
_TEST_SEED: Final = 4
_SUM: Final = "ap_fixed<32,14>"
_WIDE: Final = "ap_fixed<32,14>"  # of what a scan leaves alone
_FRACTION: Final = 10  # bits, in the scans of integer bits
_INTEGER: Final = 14  # bits, in the scans of total bits
_INTEGERS: Final = tuple(range(2, 17))
_TOTALS: Final = tuple(range(_INTEGER, _INTEGER + 15))
_PARAMETER_FRACTIONS: Final = tuple(range(-2, 15))
_PARAMETER_INTEGER: Final = 4
_NARROW: Final = 3  # bits fewer than the step, where the sum is explained


def _events(context: Context) -> PionSample:
    return simulate(context.pick(*_EVENTS), 1000 * context.seed + _TEST_SEED)


def _is_sum(slot: str) -> bool:
    """Whether it holds sums over the cluster: what the matrix of ones gives."""
    return slot.startswith(("sum.accum", "sum.result"))


def _slots(network: Model) -> dict[str, list[str]]:
    """Formats by what they hold; those of the input and of the matrix of ones are left as they are.

    `points` and `energies` are results and accumulators before and behind the sum.
    """
    given = {f"{tensor.name}.result" for tensor in network.graph.inputs}
    bound = given | {"sum.weight", "sum.bias"}
    free = [slot for slot in Space(network.graph, ()).free if slot not in bound]
    found: dict[str, list[str]] = {"sum": [], "weights": [], "biases": [], "points": [], "energies": []}
    for slot in free:
        parameters = {"weight": "weights", "bias": "biases"}.get(slot.rpartition(".")[2])
        of = "sum" if _is_sum(slot) else "points" if slot.startswith(("phi", "sum_columns")) else "energies"
        found[parameters or of].append(slot)
    return found


def _wide(network: Model) -> Model:
    """The network with formats so wide that nothing is lost to speak of: where scans start from."""
    slots = _slots(network)
    return network.with_types(dict.fromkeys(chain(*slots.values()), _WIDE))


def _scanned(context: Context) -> Results:
    """Mean percentage errors of all scans."""
    model = context.trained("pion_deepsets")["deepsets"]
    golden = firmware(model, zoo.entry("pion_deepsets"))
    sample = _events(context)
    network, slots = _wide(golden), _slots(golden)
    keras = predict(model, sample.features)

    def error(outputs: list[Any]) -> float:
        return mean_percentage_error(np.asarray(outputs[0]).reshape(-1), sample.energy)

    def scan(names: Sequence[str], formats: Sequence[str], keep: bool = True) -> Results:
        """Errors with all formats of these names set to each of these."""
        chosen = [slot for name in names for slot in slots[name]]
        start = network if keep else golden
        axis = {"slots": chosen, "type": list(formats), "name": "format"}
        found = sweep(
            start,
            [axis],
            sample.features,
            metrics=("rms", "error"),
            functions={"error": error},
            reference=[keras],
            workers=1,
        )
        points = {record.point["format"]: record.metrics for record in found}
        return {
            "formats": list(formats),
            "error": [points[kind]["error"] for kind in formats],
            "rms": [points[kind]["rms"] for kind in formats],
        }

    others = ("points", "energies", "weights", "biases")
    everything = ("sum", *others)
    integers = [f"ap_fixed<{i + _FRACTION},{i}>" for i in _INTEGERS]
    totals = [f"ap_fixed<{total},{_INTEGER}>" for total in _TOTALS]
    parameters = [f"ap_fixed<{_PARAMETER_INTEGER + f},{_PARAMETER_INTEGER}>" for f in _PARAMETER_FRACTIONS]
    return {
        "events": len(sample),
        "keras": mean_percentage_error(keras[:, 0], sample.energy),
        "cells": mean_percentage_error(8.0 * sample.features[..., 0].sum(axis=1), sample.energy),
        "golden": mean_percentage_error(np.asarray(golden.predict(sample.features)).reshape(-1), sample.energy),
        "integer": {
            "all": scan(everything, integers),
            "others": scan(others, integers),
            "sum": scan(("sum",), integers),
            "points": scan(("points",), integers),
            "energies": scan(("energies",), integers),
        },
        "total": {"all": scan(everything, totals), "others": scan(others, totals), "sum": scan(("sum",), totals)},
        "parameters": {name: scan((name,), parameters) for name in ("weights", "biases")},
        "csim": agreement(golden, sample.features[: context.pick(1000, 100)]),
    }


def _compared(context: Context) -> Results:
    """Every layer beside Keras's: as configured, and with a sum that has too few integer bits."""
    model = context.trained("pion_deepsets")["deepsets"]
    golden = firmware(model, zoo.entry("pion_deepsets"))
    x = _events(context).features
    keras = _keras_layers(model, x)
    step = _step(context.results["scanned"]["integer"]["sum"])
    narrow = _narrow(golden, step - _NARROW)
    return {
        "narrow": str(narrow.types["sum.result"]),
        "layers": {name: _differences(network, keras, x) for name, network in (("golden", golden), ("narrow", narrow))},
    }


def _narrow(network: Model, integer: int) -> Model:
    kind = f"ap_fixed<{integer + 18},{integer}>"  # 18 fraction bits, as in ap_fixed<32,14>
    return network.with_types(dict.fromkeys(_slots(network)["sum"], kind))


def _keras_layers(model: Any, x: Floats) -> dict[str, Floats]:
    names = [layer.name for layer in model.layers[1:]]
    probe = keras_package().Model(model.inputs, [model.get_layer(name).output for name in names])
    outputs = probe.predict(x.astype(np.float32), batch_size=8192, verbose=0)
    return {name: np.asarray(value, np.float64) for name, value in zip(names, outputs, strict=True)}


def _differences(network: Model, keras: dict[str, Floats], x: Floats) -> list[Results]:
    """For each layer of both: root mean square of firmware minus Keras, over that of Keras; and the largest value."""
    found = []
    for name, value in network.trace(x).items():
        if name not in keras:
            continue
        theirs = keras[name].reshape(len(x), -1)
        gap = np.asarray(value.to_float(), np.float64).reshape(len(x), -1) - theirs
        size = float(np.sqrt((theirs**2).mean()))
        found.append(
            {"layer": name, "relative": float(np.sqrt((gap**2).mean())) / size, "largest": float(np.abs(theirs).max())}
        )
    return found


def _step(scan: Results) -> int:
    """The fewest integer bits whose error is within a twentieth of that with the most."""
    last = scan["error"][-1]
    good = [integer for integer, error in zip(_INTEGERS, scan["error"], strict=True) if error < 1.05 * last]
    return min(integer for integer in good if all(other in good for other in _INTEGERS if other >= integer))


def _explained(context: Context) -> Results:
    """What isobit says of the sum: profile, causes and the change that mends it."""
    model = context.trained("pion_deepsets")["deepsets"]
    golden = firmware(model, zoo.entry("pion_deepsets"))
    sample = _events(context)
    step = _step(context.results["scanned"]["integer"]["sum"])
    narrow = _narrow(golden, step - _NARROW)
    answer = explain(narrow, sample.features, golden)
    sums = golden.trace(sample.features)["sum"]
    largest = float(np.abs(sums.to_float()).max())
    counted = narrow.profile(sample.features, threads=1).overflows
    mended = narrow.with_types(answer.types)
    return {
        "step": step,
        "narrow": str(narrow.types["sum.result"]),
        "largest_sum": largest,
        "integer_bits_of_it": int(np.floor(np.log2(largest))) + 2,
        "causes": [{"quantiser": str(cause.quantiser), "share": float(cause.share)} for cause in answer.causes[:5]],
        "types": {slot: str(kind) for slot, kind in answer.types.items()},
        "first": answer.first.layer if answer.first else "",
        "overflows": [{"slot": f"{one.layer}.{one.slot}", "events": int(one.events.max())} for one in counted],
        "error": {
            name: mean_percentage_error(np.asarray(network.predict(sample.features)).reshape(-1), sample.energy)
            for name, network in (("golden", golden), ("narrow", narrow), ("mended", mended))
        },
        "csim_of_narrow": None if context.quick else _simulated(model, narrow, sample.features[:1000]),
    }


def _simulated(model: Any, narrow: Model, x: Floats) -> Results:
    """The narrow network as hls4ml converts it, compiled: is it what was explained, and are its bits the same?"""
    arguments = deepcopy(dict(zoo.entry("pion_deepsets").sheet().arguments()))
    layers, kind = arguments["hls_config"]["LayerName"], str(narrow.types["sum.result"])
    layers["sum"]["Precision"] |= {"accum": kind, "result": kind}
    for name in ("sum_linear", "sum_flat"):
        layers[name]["Precision"]["result"] = kind
    clock = float(arguments.pop("clock_period"))
    converted = load(model, clock_ns=clock, project_name="pion_narrow", **arguments)
    same = bool(np.array_equal(converted.predict(x), narrow.predict(x)))
    return agreement(converted, x) | {"same_by_conversion": same}


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    scanned, explained = results["scanned"], results["explained"]
    points, total = _step(scanned["integer"]["points"]), _step(scanned["integer"]["sum"])
    same, narrow = [scanned["csim"]["differ"] == 0], explained["csim_of_narrow"]
    if narrow is not None:
        same += [narrow["differ"] == 0, narrow["same_by_conversion"]]
    return {
        "the scan of integer bits has its step at the largest sum": total == explained["integer_bits_of_it"],
        "the sum needs more integer bits than the network before it": total > points,
        "explain names the sum first": explained["causes"][0]["quantiser"].startswith("sum."),
        "firmware bits are those of hls4ml's C-simulation": all(same),
    }


PIONS: Final = Study(
    name="pions",
    title="energies of pions by deep sets: bits of a network quantised after training, and those of its sum",
    steps={"scanned": _scanned, "compared": _compared, "explained": _explained},
    holds=_holds,
    pictures={"integer-bits": pictures.draw_integers, "bits": pictures.draw_bits, "layers": pictures.draw_layers},
)
