"""What hls4ml's front end for HGQ2 makes of einsums, quantisers and tables, made without HGQ2, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed import FixedType
from isobit.model import Einsum, EinsumDense, Quantizer, UnaryLUT

pytestmark = pytest.mark.hls4ml

#: Wide enough for every sum below.
WIDE = "fixed<24,14>"


def converted(*layers: dict[str, Any], strategy: str = "latency") -> Any:
    """hls4ml's graph of layers, as its front ends list them."""
    from hls4ml.model.graph import ModelGraph

    config = {
        "OutputDir": "unused",
        "ProjectName": "nodes",
        "Backend": "Vitis",
        "IOType": "io_parallel",
        "HLSConfig": {
            "Model": {"Precision": {"default": WIDE}, "ReuseFactor": 1, "Strategy": strategy},
            "LayerName": {layer["name"]: {"Precision": {"default": WIDE}, "Strategy": strategy} for layer in layers},
        },
    }
    inputs = [layer["name"] for layer in layers if layer["class_name"] == "InputLayer"]
    return ModelGraph.from_layer_list(config, list(layers), inputs, [layers[-1]["name"]])


def given(name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "class_name": "InputLayer", "data_format": "channels_last", "input_shape": list(shape)}


def numbers(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).integers(-12, 13, shape) / 4.0


@pytest.mark.parametrize(
    ("equation", "shape", "kernel", "result"),
    [
        ("ab,bc->ac", (3, 4), (4, 2), (3, 2)),
        ("ab,bc->ca", (3, 4), (4, 2), (2, 3)),
        ("abc,ck->abk", (2, 3, 4), (4, 5), (2, 3, 5)),
        ("abc,bd->dac", (2, 3, 4), (3, 5), (5, 2, 4)),
        ("abc,cbd->bad", (2, 3, 4), (4, 3, 5), (3, 2, 5)),
        ("abc,bck->abk", (2, 3, 4), (3, 4, 2), (2, 3, 2)),
    ],
)
@pytest.mark.parametrize("biased", [False, True])
def test_einsum_with_weights(
    equation: str, shape: tuple[int, ...], kernel: tuple[int, ...], result: tuple[int, ...], biased: bool
) -> None:
    weights, bias = numbers(*kernel), numbers(*result)
    layer = {"name": "e", "class_name": "EinsumDense", "equation": equation, "inp_shape": shape, "out_shape": result}
    graph = converted(given("x", shape), {**layer, "weight_data": weights, "bias_data": bias if biased else None})
    model = ib.load(graph)
    (op,) = model.graph.ops
    assert isinstance(op, EinsumDense)
    assert op.accum == FixedType.parse(f"ap_{WIDE}")
    x = numbers(20, *shape)
    wanted = np.stack([np.einsum(equation, one, weights) for one in x]) + (bias if biased else 0)
    for engine in ("cpp", "reference"):
        np.testing.assert_array_equal(model.predict(x, engine=engine), wanted)


@pytest.mark.parametrize(
    ("equation", "shapes", "result"),
    [
        ("ab,cb->ac", ((3, 4), (2, 4)), (3, 2)),
        ("ab,bc->ca", ((3, 4), (4, 2)), (2, 3)),
        ("abc,akc->abk", ((2, 3, 4), (2, 5, 4)), (2, 3, 5)),
        ("abc,acd->bad", ((2, 3, 4), (2, 4, 5)), (3, 2, 5)),
    ],
)
def test_einsum_of_two(equation: str, shapes: tuple[tuple[int, ...], ...], result: tuple[int, ...]) -> None:
    layer = {"name": "e", "class_name": "Einsum", "equation": equation, "inputs": ["x", "y"], "out_shape": result}
    inputs = [given(name, shape) for name, shape in zip("xy", shapes, strict=True)]
    graph = converted(*inputs, {**layer, "inp0_shape": shapes[0], "inp1_shape": shapes[1]})
    model = ib.load(graph)
    (op,) = model.graph.ops
    assert isinstance(op, Einsum)
    assert op.accum == FixedType.parse(f"ap_{WIDE}")
    x = [numbers(20, *shape) for shape in shapes]
    wanted = np.stack([np.einsum(equation, *pair) for pair in zip(*x, strict=True)])
    for engine in ("cpp", "reference"):
        np.testing.assert_array_equal(model.predict(x, engine=engine), wanted)


@pytest.mark.parametrize("kind", ["EinsumDense", "Einsum"])
def test_strategies_without_firmware(kind: str) -> None:
    layer = {"name": "e", "class_name": kind, "equation": "ab,bc->ac", "out_shape": (3, 2)}
    if kind == "EinsumDense":
        graph = converted(
            given("x", (3, 4)), {**layer, "inp_shape": (3, 4), "weight_data": numbers(4, 2), "bias_data": None}
        )
    else:
        both = {"inputs": ["x", "y"], "inp0_shape": (3, 4), "inp1_shape": (4, 2)}
        graph = converted(given("x", (3, 4)), given("y", (4, 2)), {**layer, **both})
    node = graph.graph["e"]
    assert ib.load(graph).graph.ops
    node.set_attr("strategy", "resource")
    with pytest.raises(FirmwareError, match=rf"'e' of class '{kind}' has the strategy 'resource', for which hls4ml"):
        ib.load(graph)
    node.set_attr("strategy", "distributed_arithmetic")
    with pytest.raises(UnsupportedError, match=r"'distributed_arithmetic'; supported: latency"):
        ib.load(graph)
    node.set_attr("strategy", "latency")
    node.set_attr("inp_shape" if kind == "EinsumDense" else "inp1_shape", (4, 3) if kind == "EinsumDense" else (2, 4))
    with pytest.raises(UnsupportedError, match=r"'e' reads '\w' of the shape \(\d, \d\) as \(\d, \d\); not supported"):
        ib.load(graph)


def quantised(k: Any, b: Any, i: Any, rounding: str = "RND", overflow: str = "SAT") -> Any:
    layer = {"name": "q", "class_name": "FixedPointQuantizer", "mask_kbi": (k, b, i), "RND": rounding, "SAT": overflow}
    return converted(given("x", (2, 3)), {**layer, "fusible": False, "overrides": {}})


#: Signs, widths and integer bits.
EVERY = (
    np.array([[[1, 0, 1], [0, 1, 1]]]),
    np.array([[[4, 3, 6], [0, 2, 5]]]),
    np.array([[[2, 1, 3], [0, 2, -1]]]),
)


def test_a_format_for_every_element() -> None:
    model = ib.load(quantised(*EVERY))
    (op,) = model.graph.ops
    assert isinstance(op, Quantizer)
    assert (op.signed, op.width) == ((True, False, True, False, True, True), (4, 3, 6, 0, 2, 5))
    assert (op.integer, op.rounding, op.overflow) == ((2, 1, 3, 0, 2, -1), "RND", "SAT")
    x = np.random.default_rng(1).integers(-500, 500, (40, 2, 3)) / 64.0
    wanted = np.zeros((40, 6))
    for place, (sign, width, integer) in enumerate(zip(op.signed, op.width, op.integer, strict=True)):
        if width:
            kind = FixedType(width, integer, sign, "RND", "SAT")
            wanted[:, place] = ib.FixedArray.from_float(x.reshape(40, 6)[:, place], kind).to_float()
    np.testing.assert_array_equal(model.predict(x).reshape(40, 6), wanted)


@pytest.mark.parametrize(("sign", "overflow"), [(1, "WRAP"), (0, "SAT_SYM")])
def test_formats_of_channels(sign: int, overflow: str) -> None:
    graph = quantised(*EVERY, "TRN", overflow)
    graph.graph["q"].mask_kbi = (np.array([sign]), np.array([[[5]]]), np.array([[[2, 3, 4]]]))
    (op,) = ib.load(graph).graph.ops
    assert isinstance(op, Quantizer)
    assert (op.signed, op.width, op.integer) == ((bool(sign),) * 6, (5,) * 6, (2, 3, 4) * 2)
    assert (op.rounding, op.overflow) == ("TRN", overflow)


def test_an_element_of_fewer_than_no_bits() -> None:
    graph = quantised(*EVERY)
    graph.graph["q"].mask_kbi = (EVERY[0], EVERY[1] - 1, EVERY[2])  # as without the pass
    with pytest.raises(FirmwareError, match="'q' has an element of -1 bits, for which hls4ml's firmware"):
        ib.load(graph)


def test_a_table_of_every_number() -> None:
    table = np.random.default_rng(2).integers(-100, 100, 16) / 16.0
    graph = converted(given("x", (3,)), {"name": "u", "class_name": "UnaryLUT", "table_data": table})
    precision = graph.graph["x"].get_output_variable().type.precision
    precision.width, precision.integer = 4, 2
    model = ib.load(graph)
    (op,) = model.graph.ops
    assert isinstance(op, UnaryLUT)
    np.testing.assert_array_equal(op.table.written, table)
    x = np.arange(-8, 8).repeat(3).reshape(16, 3) / 4.0
    np.testing.assert_array_equal(model.predict(x)[:, 0], np.roll(table, 8))
