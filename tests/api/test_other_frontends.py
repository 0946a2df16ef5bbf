"""ModelGraphs that hls4ml made from PyTorch and from QONNX are read like those from Keras."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import events

import isobit as ib

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("api-frontend")]


def compare(graph: Any, truth: Any, x: Any) -> ib.Model:
    """Every road gives the same bits, which are about the float network's output."""
    model = ib.load(graph)
    report = ib.check(model, x, ["csim", "cpp-strict", "reference"], reference_events=20, optimisation="0")
    assert report.ok, str(report)
    found = model.predict(x)
    assert len(np.unique(found)) > len(x)
    assert np.abs(found - truth).max() < 0.1
    return model


def test_pytorch(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    import hls4ml

    torch.manual_seed(1)
    norm = torch.nn.BatchNorm1d(8)
    network = torch.nn.Sequential(torch.nn.Linear(5, 8), norm, torch.nn.ReLU(), torch.nn.Linear(8, 3)).eval()
    with torch.no_grad():
        for values, low in ((norm.running_mean, -0.5), (norm.bias, -0.5), (norm.running_var, 0.5), (norm.weight, 0.5)):
            values.uniform_(low, low + 1)
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_pytorch_model(
            network, (5,), granularity="name", backend="Vitis", default_precision="ap_fixed<16,6>"
        )
        graph = hls4ml.converters.convert_from_pytorch_model(
            network, hls_config=config, backend="Vitis", output_dir=str(tmp_path / "p")
        )
    x = events(5, 80) / 8
    model = compare(graph, network(torch.tensor(x, dtype=torch.float32)).detach().numpy(), x)
    kernel = network[3].weight.detach().numpy().T
    last = [op for op in model.graph.ops if op.tag == "dense"][-1]
    assert np.array_equal(last.weight.unquantised, kernel.astype(np.float64))  # type: ignore[attr-defined]


def _qonnx_network() -> Any:
    """5 -> 4 -> 3 with Quant nodes on the input, the weights and the activation."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    rng = np.random.default_rng(9)
    constants = {
        "scale": 2.0**-4,
        "zero": 0.0,
        "bits": 8.0,
        "w1": rng.normal(0, 0.5, (5, 4)),
        "b1": np.round(rng.normal(0, 0.3, 4) * 16) / 16,
        "w2": rng.normal(0, 0.5, (4, 3)),
    }

    def quant(name: str, source: str) -> Any:
        return helper.make_node(
            "Quant",
            [source, "scale", "zero", "bits"],
            [f"{name}_q"],
            name=f"quant_{name}",
            domain="qonnx.custom_op.general",
            signed=1,
            narrow=0,
            rounding_mode="ROUND",
        )

    nodes = [
        quant("x", "x"),
        quant("w1", "w1"),
        helper.make_node("MatMul", ["x_q", "w1_q"], ["m1"], name="fc1"),
        helper.make_node("Add", ["m1", "b1"], ["a1"], name="bias1"),
        helper.make_node("Relu", ["a1"], ["r1"], name="relu1"),
        quant("r1", "r1"),
        quant("w2", "w2"),
        helper.make_node("MatMul", ["r1_q", "w2_q"], ["y"], name="fc2"),
    ]
    graph = helper.make_graph(
        nodes,
        "student",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.asarray(value, dtype=np.float32), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    model = ModelWrapper(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8))
    return cleanup_model(model).transform(GemmToMatMul())


def test_qonnx(tmp_path: Path) -> None:
    pytest.importorskip("qonnx", reason="QONNX is not installed (pip install 'hls4ml[onnx]')")
    import hls4ml
    from qonnx.core.onnx_exec import execute_onnx

    network = _qonnx_network()
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_onnx_model(
            network, granularity="name", backend="Vitis", default_precision="ap_fixed<16,6>"
        )
        graph = hls4ml.converters.convert_from_onnx_model(
            network, hls_config=config, backend="Vitis", output_dir=str(tmp_path / "p")
        )
    x = (events(6, 60) / 8).astype(np.float32)
    names = network.graph.input[0].name, network.graph.output[0].name
    truth = [execute_onnx(network, {names[0]: row[None]})[names[1]][0] for row in x]
    compare(graph, np.array(truth), x)
