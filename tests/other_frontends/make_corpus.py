"""Write corpus/: isobit's model files of the PyTorch and QONNX networks, and what hls4ml's C-simulation gives for them.

python make_corpus.py [--only torch/mlp ...]     # needs hls4ml, torch and qonnx

Each network becomes NAME.isobit and NAME.npz: raw integers of the inputs and of every layer; corpus.json has versions
and dates, and for a network that isobit refuses the reason instead. test_converted_corpus.py compares every engine with
them, where neither PyTorch nor QONNX is installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential")]
CORPUS = HERE / "corpus"
EVENTS = 200


def events(model: Any, seed: int = 0) -> list[Any]:
    """Normal numbers, a part of them near the ends of each input's format."""
    rng = np.random.default_rng(seed)
    found = []
    for tensor in model.graph.inputs:
        values = rng.normal(0.0, 1.0, (EVENTS, *tensor.shape))
        values[:20] *= float(tensor.type.max) / 2
        found.append(values)
    return found


def record(name: str, graph: Any) -> dict[str, Any]:
    """Write one network's files; gives its line of corpus.json."""
    from comparison import compare_roads

    import isobit as ib
    from isobit.errors import UnsupportedError

    try:
        model = ib.load(graph)
    except UnsupportedError as reason:
        return {"refused": str(reason)}
    x = events(model)
    given = x if len(x) > 1 else x[0]
    result = compare_roads(model, given)
    if result.differences:
        raise SystemExit(f"{name}: {result.differences}")
    inputs, _ = model.quantise(given)
    taps, _ = model.csim(optimisation="0").run(inputs, raw=True, trace=True, threads=1)
    arrays = {f"input.{key}": np.asarray(array.raw, dtype=np.int64) for key, array in inputs.items()}
    arrays |= {
        f"layer.{key}": np.asarray(taps[key].raw, dtype=np.int64)
        for key in model.graph.tensors
        if key in taps and key not in inputs
    }
    path = CORPUS / name.replace("/", "_")
    model.save(path.with_suffix(".isobit"), overwrite=True)
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    return {"layers": [op.tag for op in model.graph.ops], "values": sum(array.size for array in arrays.values())}


def main() -> None:
    """Write all, or some."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="such as torch/mlp")
    options = parser.parse_args()
    CORPUS.mkdir(exist_ok=True)
    found: dict[str, tuple[Any, str]] = {}
    if any(name.startswith("torch") for name in options.only or ["torch"]):
        from torch_models import TORCH, convert_torch

        found |= {f"torch/{name}": (convert_torch, name) for name in TORCH}
    if any(name.startswith("qonnx") for name in options.only or ["qonnx"]):
        from qonnx_models import QONNX, convert_qonnx

        found |= {f"qonnx/{name}": (convert_qonnx, name) for name in QONNX}
    document = CORPUS / "corpus.json"
    facts = json.loads(document.read_text()) if document.exists() else {"networks": {}}
    for key in options.only or found:
        convert, name = found[key]
        packages = ("hls4ml", "numpy", *(("torch",) if key.startswith("torch") else ("onnx", "qonnx")))
        with tempfile.TemporaryDirectory() as folder:
            facts["networks"][key] = record(key, convert(name, Path(folder) / "project")) | {
                "date": time.strftime("%Y-%m-%d"),
                "versions": {package: importlib.metadata.version(package) for package in packages},
            }
        print(key, facts["networks"][key])
        document.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
