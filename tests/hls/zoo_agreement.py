"""A zoo network as hls4ml converts it and as isobit exports it, at a strategy and a reuse factor: bits compared."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

import isobit as ib
from isobit.fixed.array import FixedArray
from isobit.frontends.keras import convert
from isobit.model import Dense, PointwiseConv
from isobit.model.reuse import legal_reuse_factors
from isobit.students import zoo

#: Networks of the firmware that users run, and the two reuse factors at which CI compares each.
NETWORKS: dict[str, tuple[int, int]] = {
    "mugmt_student": (1, 4),
    "mugmt_baseline": (1, 4),
    "dimuon_student": (1, 4),
    "jet_mlp": (2, 32),
    "ad_student": (1, 19),
    "emtf_nn": (1, 29),
    "beam_control": (1, 26),
    "jet_deepsets": (1, 32),
    "btag_conv1d": (1, 13),
}


def zoo_project(name: str, strategy: str | None = None, reuse: int | None = None, io_type: str | None = None) -> Any:
    """hls4ml's project; where they are given, one strategy and one reuse factor are asked of every layer.

    A pointwise convolution is asked for the next legal factor below, which hls4ml does not correct itself, and for no
    more than its channels: beyond, its resource kernel reads past a buffer. With ``compressed``, which is for Dense
    alone, it has the resource strategy; convert and compile that within :func:`strategy_networks.compressed_mended`.
    """
    arguments = zoo.golden_config(name)
    keras, config = zoo.network(name), arguments["hls_config"]
    for entry in (config["Model"], *config["LayerName"].values()):
        if "Strategy" in entry:
            entry["Strategy"] = {None: entry["Strategy"], "compressed": "resource"}.get(strategy, strategy)
            entry["ReuseFactor"] = entry["ReuseFactor"] if reuse is None else reuse
    for layer in keras.layers:
        if strategy == "compressed" and "Dense" in type(layer).__name__:
            config["LayerName"][layer.name]["Compression"] = True
        if reuse is not None and "Conv" in type(layer).__name__:
            n_in, n_out = layer.input_shape[-1], layer.output_shape[-1]
            legal = [factor for factor in legal_reuse_factors(n_in, n_out, "resource") if factor <= min(reuse, n_in)]
            config["LayerName"][layer.name]["ReuseFactor"] = legal[-1]
    return convert(keras, config, backend=arguments["backend"], io_type=io_type or arguments["io_type"])


def compare(
    name: str, strategy: str, reuse: int, folder: Path, events: int, csim_seconds: float | None
) -> dict[str, Any]:
    """Export, simulate with both header sets, emulate, run hls4ml's C-simulation; count values that differ.

    hls4ml's C-simulation, and the export with AMD's headers, get all events, or as many as they compute in
    `csim_seconds` each.
    """
    model = ib.load(zoo_project(name, strategy, reuse))
    project = ib.export_hls(model, folder, random_events=32)
    benches = {headers: project.run_test_bench(headers).ok for headers in ("isobit", "vendor")}
    x = zoo.inputs(name, events, seed=16)
    emulated = model.predict_raw(x)
    emulated = emulated if isinstance(emulated, list) else [emulated]
    differing, compared = {}, {}
    csim = model.csim(optimisation="0" if strategy == "resource_unrolled" else "1")
    roads = {
        "isobit's headers": lambda part: project.predict_raw(part),
        "AMD's headers": lambda part: project.predict_raw(part, headers="vendor"),
        "hls4ml": csim.predict_raw,
    }
    for road, predict in roads.items():
        few = min(events, 200)
        if csim_seconds is not None and road != "isobit's headers":
            predict(x[:few])  # compiles
            began = time.perf_counter()
            predict(x[:few])
            few = min(events, max(few, int(few * csim_seconds / (time.perf_counter() - began))))
        else:
            few = events
        found = predict(x[:few])
        found = found if isinstance(found, list) else [found]
        differing[road] = sum(_differing(a, b, few) for a, b in zip(found, emulated, strict=True))
        compared[road] = few
    tapped = ib.check(model, x[: min(events, 2000)], against=("hls",))
    layers = {
        op.name: [op.strategy, op.reuse_factor] for op in model.graph.ops if isinstance(op, (Dense, PointwiseConv))
    }
    return {
        "network": name,
        "strategy": strategy,
        "reuse factor": reuse,
        "layers": layers,
        "test bench passes": benches,
        "every layer of the core is the emulator's": tapped.ok,
        "events": compared,
        "differing values": differing,
        "distinct results": len(np.unique(emulated[0].raw.reshape(events, -1), axis=0)),
    }


def _differing(found: FixedArray, emulated: FixedArray, events: int) -> int:
    assert found.type == emulated.type
    return int(np.count_nonzero(found.raw != emulated.raw[:events]))


def exported(name: str, io_type: str, folder: Path, given: int = 100) -> dict[str, Any]:
    """Export a network of the zoo, which proves itself, and say with what."""
    model = ib.load(zoo_project(name))
    events = zoo.inputs(name, given, seed=16)
    project = ib.export_hls(model, folder, test_vectors=events, random_events=30, io_type=io_type)
    vectors = project.manifest["vectors"]
    assert vectors["inputs"][0] == f"{given} given events"
    return {"inputs": vectors["inputs"], "results": vectors["results"]}
