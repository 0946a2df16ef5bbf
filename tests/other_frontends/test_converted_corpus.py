"""PyTorch and QONNX networks that hls4ml converted once: every engine gives the bits of hls4ml's C-simulation.

make_corpus.py wrote corpus/; test_other_frontends.py converts and compares these networks anew where PyTorch or QONNX
is installed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import isobit as ib

CORPUS = Path(__file__).parent / "corpus"
VERDICTS = json.loads((CORPUS / "corpus.json").read_text())["networks"]
NETWORKS = [name for name, facts in VERDICTS.items() if "refused" not in facts]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_engine_gives_hls4mls_bits(name: str) -> None:
    path = CORPUS / name.replace("/", "_")
    model = ib.load(path.with_suffix(".isobit"))
    with np.load(path.with_suffix(".npz")) as arrays:
        inputs = {t.name: ib.FixedArray.from_raw(arrays[f"input.{t.name}"], t.type) for t in model.graph.inputs}
        expected = {key.removeprefix("layer."): arrays[key] for key in arrays if key.startswith("layer.")}
    assert set(model.graph.outputs) <= set(expected)
    assert len(expected) > 2
    for engine in ("numba", "cpp", "cpp-strict", "reference"):
        events = 20 if engine == "reference" else None
        given = {key: array[:events] for key, array in inputs.items()}
        found = model.run(given, engine, 1)
        for tensor, raw in expected.items():
            assert np.array_equal(found[tensor].raw, raw[:events]), f"{name} {engine}: {tensor}"


def test_the_corpus_is_telling() -> None:
    """Both front ends, convolutions of both, and networks whose layers give many different numbers."""
    for front_end, layers in {"torch": {"convolution", "pooling"}, "qonnx": {"convolution", "depthwise"}}.items():
        tags = [tag for name in NETWORKS if name.startswith(front_end) for tag in VERDICTS[name]["layers"]]
        assert layers <= {word for tag in tags for word in tag.split("_")}
    assert {name.partition("/")[0] for name in NETWORKS} == {"torch", "qonnx"}
    for name in NETWORKS:
        with np.load((CORPUS / name.replace("/", "_")).with_suffix(".npz")) as arrays:
            last = [arrays[key] for key in arrays if key.startswith("layer.")][-1]
        assert len(np.unique(last)) > 10, name
