"""Hardware: what reuse factors and widths cost, which bits of a student need protection, which it does not need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model, csim, load
from isobit.bounds.constants import op_constants
from isobit.cost.estimate import graph_cost
from isobit.files import atomic_path
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.reuse import legal_reuse_factors
from isobit.network import Network
from isobit.students import zoo
from isobit.students.muons import TARGETS, MuonSample, simulate, wrap_phi
from isobit.students.resolution import fwhm
from isobit.studies.firmware import firmware
from isobit.studies.flips import Flip, count, flipped, flips
from isobit.studies.frame import Context, Results, Study
from isobit.studies.hardware_pictures import PICTURES
from isobit.sweep.evaluation import COSTS
from isobit.tune import tune
from isobit.tune.formats import free, retyped

__all__ = ["HARDWARE", "at_reuse_factor"]

#: Networks whose reuse factor is scanned; the published DSPs at reuse factor 4 on a VU9P where there are any.
PUBLISHED: Final = {
    "mugmt_student": 72,
    "mugmt_baseline": 238,
    "dimuon_student": 78,
    "jet_mlp": None,
    "ad_student": None,
}
_FACTORS: Final = range(1, 65)
_STUDENT: Final = "mugmt_student"
_FLIPPED_SEED, _WIDTHS_SEED = 5, 6  # 1000 seed + these: events of no training or test sample
_COSTS: Final = ("bits", "bops", "ebops", "lut", "dsp")


def at_reuse_factor(graph: Graph, factor: int, strategy: str) -> Graph:
    """The network with this reuse factor in every layer, or the closest that is legal there, as hls4ml chooses it."""
    ops: list[Op] = []
    facts: dict[str, str] = {}
    for op in graph.ops:
        chosen = factor
        if op.multiplication:
            n_in, n_out = next(weight.shape for weight in op_constants(op) if weight.name == "weight")
            legal = legal_reuse_factors(n_in, n_out, strategy)
            if strategy != "latency":
                chosen = min(legal, key=lambda one: (abs(one - factor), one))
            changed: dict[str, Any] = {"reuse_factor": chosen, "strategy": strategy}
            op = replace(op, **changed)
        facts[f"{op.name}.reuse_factor"] = str(chosen)
        ops.append(op)
    return replace(graph, ops=tuple(ops), metadata={**graph.metadata, **facts})


def _reuse(context: Context) -> Results:
    """DSPs, interval and latency by reuse factor: latency strategy (every factor is legal), resource (the closest)."""
    found: Results = {}
    for done, name in enumerate(names := list(PUBLISHED)[: context.pick(None, 1)]):
        context.progress("networks", done, len(names))
        graph = firmware(zoo.network(name), zoo.entry(name)).graph
        own = graph_cost(graph)
        found[name] = {
            "golden": {"dsp": own.dsp, "interval": own.interval, "latency": own.latency, "clock_ns": own.clock_ns},
            "bops": {layer.layer: round(layer.bops) for layer in own.layers if layer.bops},
            "ebops": own.ebops,
            "published_dsp": PUBLISHED[name],
            "scan": {strategy: _scan(graph, strategy) for strategy in ("latency", "resource")},
        }
    return found


def _scan(graph: Graph, strategy: str) -> dict[str, list[int]]:
    costs = [graph_cost(at_reuse_factor(graph, factor, strategy)) for factor in _FACTORS]
    return {name: [int(getattr(cost, name)) for cost in costs] for name in ("dsp", "interval", "latency")}


def _student(context: Context) -> tuple[Any, Model]:
    """Keras model and firmware of the shipped student, or of one that is trained here."""
    keras_model = context.trained(_STUDENT)["student"] if context.retrain else zoo.load_student(_STUDENT)
    return keras_model, firmware(keras_model, zoo.entry(_STUDENT))


def _inputs(network: Network, sample: MuonSample) -> FixedArray:
    return FixedArray.from_float(sample.features, network.graph.inputs[0].type)


def _values(sample: MuonSample, raw: Any, graph: Graph, events: Any = slice(None)) -> NDArray[np.float64]:
    """Residuals (n, 3) of raw outputs."""
    outputs = np.ldexp(np.asarray(raw, float), -graph.output_tensors[0].type.fraction)
    part = MuonSample(**{name: values[events] for name, values in vars(sample).items()})
    return part.residuals(part.calibrate(outputs))


def _flips(context: Context) -> Results:
    """Damage of every flip: root mean square of what it adds to a residual, in FWHMs, of the worst quantity."""
    network = _student(context)[1]
    sample = simulate(context.pick(2000, 100), 1000 * context.seed + _FLIPPED_SEED)
    x, graph = _inputs(network, sample), network.graph
    usual = _values(sample, network.predict_raw(x).raw, graph)
    widths = np.array([fwhm(usual[:, column]) for column in range(len(TARGETS))])
    damage: dict[str, Any] = {}
    number, total = 0, count(graph)
    for flip, events, raw in flips(graph, x):
        kept = damage.setdefault(f"{flip.layer}.{flip.slot}", _empty(graph, flip))
        added = _values(sample, raw, graph, events) - usual[events]
        added[:, 1] = wrap_phi(added[:, 1])
        kept[flip.index][flip.bit] = float(f"{(np.sqrt((added**2).sum(axis=0) / len(x)) / widths).max():.4g}")
        number += 1
        if number % 100 == 0:
            context.progress("bits", number, total)
    integer = {key: graph.types()[key].integer for key in damage}
    return {"events": len(x), "bits": number, "fwhm": widths.tolist(), "integer": integer, "damage": damage}


def _empty(graph: Graph, flip: Flip) -> list[list[float]]:
    weight = getattr(graph.by_name[flip.layer], flip.slot)
    return [[0.0] * weight.type.width for _ in range(weight.raw.size)]


def _csim(context: Context) -> Results:
    """Some flips by hls4ml's C-simulation: the flipped number is written into its ModelGraph."""
    network, damage = _student(context)[1], context.results["flips"]["damage"]
    sample = simulate(context.pick(1000, 100), 1000 * context.seed + _FLIPPED_SEED)
    x, rows = _inputs(network, sample), []
    for flip in _chosen(damage, context.seed)[: context.pick(3, 1)]:
        raw = network.predict_raw(x).raw.copy()
        for one, events, values in flips(network.graph, x, layers={flip.layer}):
            if one == flip:
                raw[events] = values
        variable = network.source.graph[flip.layer].weights[flip.slot]
        usual = variable.data.copy()
        wanted = getattr(flipped(network.graph, flip).by_name[flip.layer], flip.slot)
        variable.data.reshape(-1)[flip.index] = wanted.written.ravel()[flip.index]
        read = getattr(load(network.source).graph.by_name[flip.layer], flip.slot)
        theirs = csim(network.source, headers="vendor", optimisation="0").predict_raw(x).raw
        variable.data[...] = usual
        rows.append(
            {
                "flip": [flip.layer, flip.slot, flip.index, flip.bit],
                "events": len(x),
                "differ": int((theirs != raw).any(axis=1).sum()),
                "numbers_that_differ": int((read.raw != wanted.raw).sum()),
                "changed_by_the_flip": int((raw != network.predict_raw(x).raw).any(axis=1).sum()),
            }
        )
    return {"flips": rows}


def _chosen(damage: Mapping[str, list[list[float]]], seed: int) -> list[Flip]:
    """The worst, and two drawn from those that do some damage."""
    known = [
        (value, Flip(key.rpartition(".")[0], key.rpartition(".")[2], index, bit))
        for key, numbers in damage.items()
        for index, bits in enumerate(numbers)
        for bit, value in enumerate(bits)
        if value
    ]
    random = np.random.default_rng(seed)
    drawn = random.choice(len(known), 2, replace=False)
    return [max(known, key=lambda one: one[0])[1], *(known[int(place)][1] for place in drawn)]


def _widths(context: Context) -> Results:
    """One width for all formats beside `isobit tune`'s, which keeps the same error against the float network."""
    keras_model, network = _student(context)
    sample = simulate(context.pick(4000, 500), 1000 * context.seed + _WIDTHS_SEED)
    wanted = np.asarray(keras_model.predict(sample.features, verbose=0), dtype=np.float64)
    kinds = free(network.graph, ("*",))
    uniform, tuned = [], []
    for width in context.pick(range(9, 19), (10, 18)):
        graph = retyped(network.graph, {key: replace(kind, width=width) for key, kind in kinds.items()})
        uniform.append({"width": width, **_point(graph, sample, wanted)})
    for number, width in enumerate(chosen := context.pick((12, 13, 14, 16), (10,))):
        context.progress("tuned", number, len(chosen))
        kept = context.scratch(f"tuned_{width}.json")  # each takes half a minute
        if not kept.exists():
            limit = float(np.sqrt(next(one["error"] for one in uniform if one["width"] == width)))
            slots = context.pick(("*",), ("output.*",))
            found = tune(network, sample.features, tolerance=limit, reference=wanted, slots=slots).model.graph
            widths = {key: kind.width for key, kind in found.types().items() if key in kinds}
            with atomic_path(kept) as temporary:
                temporary.write_text(json.dumps({"as": width, **_point(found, sample, wanted), "widths": widths}))
        tuned.append(json.loads(kept.read_text()))
    return {"events": len(sample), "uniform": uniform, "tuned": tuned}


def _point(graph: Graph, sample: MuonSample, wanted: NDArray[np.float64]) -> Results:
    """Mean square error against the float network, FWHMs and costs."""
    raw = Network(graph).predict_raw(sample.features)
    residuals = _values(sample, raw.raw, graph)
    return {
        "error": float(np.mean((raw.to_float() - wanted) ** 2)),
        "fwhm": [fwhm(residuals[:, column]) for column in range(len(TARGETS))],
        **{name: float(COSTS[name](graph)) for name in _COSTS},
    }


def _holds(results: dict[str, Results]) -> dict[str, bool]:
    published = [one for one in results["reuse"].values() if one["published_dsp"]]
    uniform = {one["width"]: one for one in results["widths"]["uniform"]}
    pairs = [(one, uniform[one["as"]]) for one in results["widths"]["tuned"]]
    compared = results["csim"]["flips"]
    return {
        "DSPs at reuse factor 4 are within 1% of those published": all(
            abs(one["golden"]["dsp"] / one["published_dsp"] - 1) < 0.01 for one in published
        ),
        "at no larger an error, heterogeneous formats have fewer bits and EBOPs than one width for all": all(
            one["error"] <= other["error"] and one["bits"] < other["bits"] and one["ebops"] < other["ebops"]
            for one, other in pairs
        ),
        "flipped bits are those of hls4ml's C-simulation": not any(
            one["differ"] or one["numbers_that_differ"] for one in compared
        ),
    }


HARDWARE: Final = Study(
    name="hardware",
    title="reuse factors, bit operations, flips of every weight bit, one width for all against many",
    steps={"reuse": _reuse, "flips": _flips, "csim": _csim, "widths": _widths},
    holds=_holds,
    pictures=PICTURES,
)
