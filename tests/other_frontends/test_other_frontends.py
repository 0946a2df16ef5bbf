"""PyTorch and QONNX networks, converted by hls4ml's own front ends, give the same bits on every road.

They need PyTorch or QONNX, which do not install beside TensorFlow 2.15: test_converted_corpus.py compares the same
networks with what hls4ml's C-simulation gave for them.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.torch_modules import check_torch_modules

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential")]

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

NETWORKS = json.loads((HERE / "corpus" / "corpus.json").read_text())["networks"]
TORCH, QONNX = (
    tuple(name.partition("/")[2] for name in NETWORKS if name.startswith(which)) for which in ("torch", "qonnx")
)
IGNORED = ("dilation", "divisor_override")


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
    graph = convert(name, folder / "project")
    if (reason := NETWORKS[f"{front_end}/{name}"].get("refused")) is not None:
        with pytest.raises(UnsupportedError) as told:
            ib.load(graph)
        assert str(told.value) == reason
        return
    model = ib.load(graph)
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


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed (pip install torch)")
@pytest.mark.parametrize("name", IGNORED)
def test_attributes_that_hls4ml_ignores(name: str, tmp_path: Path) -> None:
    from torch_models import convert_torch

    import isobit as ib

    graph = convert_torch(name, tmp_path / "project")
    with pytest.raises(FirmwareError, match=rf"module '0' \(\w+\) has {name}=.*, which hls4ml does not read"):
        ib.load(graph)
    graph.config.config["HLSConfig"]["Model"]["ChannelsLastConversion"] = "off"
    if name != "divisor_override":
        with pytest.raises(FirmwareError, match="has weights in PyTorch's order"):
            ib.load(graph)


def module(kind: str, **attributes: Any) -> Any:
    return type(kind, (), attributes)()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (module("Conv2d", dilation=(1, 2)), r"dilation=\(1, 2\)"),
        (module("Conv1d", dilation=(2,)), r"dilation=\(2,\)"),
        (module("MaxPool1d", dilation=2, ceil_mode=False), "dilation=2"),
        (module("AvgPool2d", ceil_mode=True, divisor_override=None), "ceil_mode=True"),
        (module("Conv2d", dilation=(1, 1)), None),
        (module("Linear", dilation=3), None),
        (module("Linear"), "weights in PyTorch's order"),
    ],
)
def test_modules_without_pytorch(given: Any, told: str | None) -> None:
    """As above, of objects with the names and attributes of PyTorch's modules."""
    conversion = "off" if told and "weights" in told else "internal"
    model = SimpleNamespace(named_modules=lambda: iter([("", object()), ("head.0", given)]))
    config = {"PytorchModel": model, "HLSConfig": {"Model": {"ChannelsLastConversion": conversion}}}
    source = SimpleNamespace(config=SimpleNamespace(config=config))
    if told is None:
        check_torch_modules(source)
        return
    with pytest.raises(FirmwareError, match=f"module 'head.0' .* has {told}"):
        check_torch_modules(source)
