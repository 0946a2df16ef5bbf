"""PyTorch and QONNX networks, converted by hls4ml's own front ends, give the same bits on every road.

They need PyTorch or QONNX, which do not install beside TensorFlow 2.15: test_converted_corpus.py compares the same
networks with what hls4ml's C-simulation gave for them.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential")]

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

TORCH = ("mlp", "tables", "rectifiers", "merged", "residual", "convolution", "image")
QONNX = ("mlp", "tables", "merged", "normalised", "convolution")


def check(front_end: str, name: str, folder: Path) -> None:
    """Every road gives the C-simulation's bits, and the graph is the committed one."""
    import numpy as np
    from comparison import compare_roads
    from make_corpus import CORPUS, events

    import isobit as ib

    if front_end == "torch":
        from torch_models import convert_torch as convert
    else:
        from qonnx_models import convert_qonnx as convert
    model = ib.load(convert(name, folder / "project"))
    x = events(model)
    result = compare_roads(model, x if len(x) > 1 else x[0])
    assert not result.differences, "\n".join(result.differences)
    kept = ib.load(CORPUS / f"{front_end}_{name}.isobit")
    assert kept.graph.types() == model.graph.types()
    for old, new in zip(kept.graph.ops, model.graph.ops, strict=True):
        assert old.tag == new.tag
        for slot in ("weight", "bias"):
            if hasattr(old, slot):
                assert np.array_equal(getattr(old, slot).raw, getattr(new, slot).raw)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed (pip install torch)")
@pytest.mark.parametrize("name", TORCH)
def test_pytorch(name: str, tmp_path: Path) -> None:
    check("torch", name, tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("qonnx") is None, reason="QONNX is not installed (pip install qonnx)")
@pytest.mark.parametrize("name", QONNX)
def test_qonnx(name: str, tmp_path: Path) -> None:
    check("qonnx", name, tmp_path)
