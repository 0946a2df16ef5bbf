"""What a golden record holds of one network: hashes of bits, the plan's text, the profile's counts, exported files."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import isobit as ib
from recording.networks import zoo_events

#: Events of the fast engines, and of the reference.
EVENTS, FEW = 200, 20
ENGINES = {"numba": EVENTS, "cpp": EVENTS, "cpp-strict": EVENTS, "reference": FEW}
#: Engines that quantise floats on a way of their own.
STRAIGHT = ("numba", "cpp")
#: Networks whose search for witnesses takes longer.
_NO_WITNESSES = ("zoo/mugmt_teacher", "zoo/jet_deepsets", "zoo/beam_control")
_HEXADECIMALS = 16


def digest(array: Any) -> str:
    """Hash of an array: shape, dtype and every number."""
    numbers = np.ascontiguousarray(array)
    content = repr(numbers.ravel().tolist()).encode() if numbers.dtype == object else numbers.tobytes()
    head = f"{numbers.shape} {numbers.dtype} ".encode()
    return hashlib.sha256(head + content).hexdigest()[:_HEXADECIMALS]


def digest_of(content: bytes) -> str:
    """Hash of a file."""
    return hashlib.sha256(content).hexdigest()[:_HEXADECIMALS]


# -- events ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Events:
    """Events of one network: raw integers by input, and floats that are rounded into them (None: formats too wide)."""

    raw: list[Any]
    floats: list[Any] | None

    def first(self, count: int) -> list[Any]:
        """The first events, raw."""
        return [array[:count] for array in self.raw]


def events_of(name: str, model: Any) -> Events:
    """Seeded events: those of the zoo, or drawn over the whole formats, at their ends and around zero."""
    if name.startswith("zoo/"):
        x = zoo_events(name, EVENTS)
        return Events([ib.FixedArray.from_float(x, model.input_types[0])], [x])
    rng = np.random.default_rng([int(hashlib.sha256(name.encode()).hexdigest()[:8], 16), 1101])
    raw = [ib.FixedArray.from_raw(_integers(rng, t.type, (EVENTS, *t.shape)), t.type) for t in model.graph.inputs]
    if any(array.type.width > 50 for array in raw):
        return Events(raw, None)
    jitter = [(rng.integers(-4, 5, array.shape) / 8.0) * float(array.type.lsb) for array in raw]
    return Events(raw, [array.to_float() + off for array, off in zip(raw, jitter, strict=True)])


def _integers(rng: np.random.Generator, kind: Any, shape: tuple[int, ...]) -> Any:
    low, high = kind.raw_min, kind.raw_max
    share = rng.integers(0, 2**30 + 1, shape).astype(object)
    share[rng.random(shape) < 0.1] = 0
    share[rng.random(shape) < 0.1] = 2**30
    raw = low + (high - low) * share // 2**30
    near = np.clip(rng.integers(-40, 41, shape).astype(object), low, high)
    small, eighth = rng.random(shape[0]), rng.random(shape[0])
    raw[small < 0.2] = near[small < 0.2]
    raw[eighth < 0.3] //= 8
    return raw if kind.width > 62 else raw.astype(np.int64)


# -- bits --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Computed:
    """What one engine gave: raw outputs, raw results of every layer by name, float outputs from floats."""

    outputs: list[Any]
    layers: dict[str, Any]
    floats: list[Any] | None

    def hashes(self) -> dict[str, Any]:
        """The record of it."""
        found = {"outputs": [digest(array) for array in self.outputs]}
        if self.floats is not None:
            found["floats"] = [digest(array) for array in self.floats]
        return {**found, "layers": {name: digest(array) for name, array in self.layers.items()}}


def compute(model: Any, events: Events, engine: str) -> Computed:
    """Run an engine on the events."""
    given = events.first(ENGINES[engine])
    outputs = _listed(model.predict_raw(given, engine=engine, threads=1))
    layers = model.trace(given, engine=engine, threads=1)
    floats = None
    if engine in STRAIGHT and events.floats is not None:
        floats = _listed(model.predict(events.floats, engine=engine, threads=1))
    return Computed([a.raw for a in outputs], {name: array.raw for name, array in layers.items()}, floats)


def bits(model: Any, events: Events) -> tuple[dict[str, Computed], dict[str, str]]:
    """What every engine gave, and by engine the errors of those that gave nothing."""
    found, errors = {}, {}
    for engine in ENGINES:
        try:
            found[engine] = compute(model, events, engine)
        except Exception as error:
            errors[engine] = told(error)
    return found, errors


def told(error: Exception) -> str:
    """An error in one short line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:200]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def types_of(model: Any) -> dict[str, str]:
    """Every format by ``layer.slot``."""
    return {slot: str(kind) for slot, kind in model.types.items()}


# -- model file --------------------------------------------------------------------------------------------------------


def document_of(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The graph in a model file, and hashes of it: one per layer, one of what is around them."""
    with zipfile.ZipFile(path) as archive:
        graph: dict[str, Any] = json.loads(archive.read("isobit.json"))["graph"]
        blobs = [digest_of(archive.read(name)) for name in sorted(archive.namelist()) if name.startswith("arrays/")]

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"array"}:
                return blobs[value["array"]]
            return {key: resolved(inner) for key, inner in value.items()}
        return [resolved(inner) for inner in value] if isinstance(value, list) else value

    around = {key: value for key, value in graph.items() if key != "ops"}
    parts = {op["name"]: op for op in graph["ops"]} | {"(graph)": around}
    hashes = {
        name: digest_of(json.dumps(resolved(part), sort_keys=True, ensure_ascii=False).encode())
        for name, part in parts.items()
    }
    return graph, hashes


# -- plan, profile -----------------------------------------------------------------------------------------------------


def plans(model: Any, events: Events) -> dict[str, str]:
    """Texts of the plans: for every input, and for these events."""
    return {"plan": str(model.plan()), "plan for data": str(model.plan(events.raw))}


def witness_plan(name: str, model: Any) -> dict[str, str]:
    """Text of the plan with tighter bounds and witnesses; none where that takes long."""
    return {} if name in _NO_WITNESSES else {"witnesses": str(model.plan(witnesses=True))}


def verdicts(model: Any) -> dict[str, Any]:
    """What the plan decides, whatever its words: lane by layer, and the verdict on every cast."""
    plan = model.plan()
    found: dict[str, Any] = {f"{layer} lane": lane for layer, lane in plan.lanes.items()}
    for verdict in plan.verdicts:
        found[f"{verdict.layer}.{verdict.slot}"] = {
            "type": str(verdict.type),
            "bits": max(verdict.bits),
            "overflows": sum(verdict.overflows),
            "clips": verdict.clips,
            "by neuron": digest(np.array([verdict.bits, verdict.overflows], np.int64)),
        }
    return found


def profile(model: Any, events: Events) -> dict[str, Any]:
    """Counts of the profile; neuron by neuron they are hashed."""
    found: dict[str, Any] = {}
    for kind, given in (("raw", events.raw), ("floats", events.floats)):
        if given is None:
            continue
        counted = model.profile(given, threads=1)
        for count in counted.counts:
            found[f"{kind} {count.layer}.{count.slot}"] = {
                "type": str(count.type),
                "clips": count.clips,
                "events": int(count.events.sum()),
                "total": int(count.total.sum()),
                "by neuron": digest(np.stack([count.events, count.total])),
            }
        for layer in counted.layers:
            ends = {slot: getattr(layer, slot) for slot in ("low", "high", "held_low", "held_high")}
            found[f"{kind} {layer.layer} range"] = {
                "bits": int(layer.bits.max()),
                "lossy": int(layer.lossy.sum()),
                # Integers, whatever array holds them.
                "by neuron": digest(np.array([*(end.tolist() for end in ends.values()), layer.lossy.tolist()], object)),
            }
        found[f"{kind} constants"] = [str(change.to_dict()) for change in counted.constants]
    return found


# -- export ------------------------------------------------------------------------------------------------------------


def export(model: Any, folder: Path, io_type: str) -> None:
    """Export a network; golden results are the reference's, and hls4ml is not asked."""
    ib.export_hls(model, folder, io_type=io_type, oracle="reference", csim=False, random_events=16, overwrite=True)


def exported(folder: Path) -> dict[str, str]:
    """Hash of every file of an export. The manifest's own hashes of them are left out."""
    return {
        path.relative_to(folder).as_posix(): digest_of(content_of(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def content_of(path: Path) -> bytes:
    """A file of an export as it is compared."""
    if path.name != "manifest.json":
        return path.read_bytes()
    manifest: Mapping[str, Any] = json.loads(path.read_text())
    return json.dumps({key: value for key, value in manifest.items() if key != "files"}, indent=1).encode()


# -- time --------------------------------------------------------------------------------------------------------------


def plan_seconds(model: Any, times: int = 5) -> float:
    """Median CPU time of a plan, in seconds; the first is not counted."""
    model.plan()
    spent = []
    for _ in range(times):
        start = time.process_time()
        model.plan()
        spent.append(time.process_time() - start)
    return statistics.median(spent)
