"""Small QONNX networks with Quant nodes, as Brevitas exports them and hls4ml's front end reads them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.util.cleanup import cleanup_model

__all__ = ["QONNX", "convert_qonnx", "network"]


class _Builder:
    """Nodes and constants of a network under way; every method gives the name of a tensor."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {"zero": 0.0}
        self.channels_last = False

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = values
        return name

    def node(self, kind: str, *sources: str, **options: Any) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(sources), [f"{name}_out"], name=name, **options))
        return f"{name}_out"

    def quant(self, source: str, bits: int = 8, fraction: int = 4, *, signed: bool = True, narrow: bool = False) -> str:
        parameters = [self.constant(2.0**-fraction), "zero", self.constant(float(bits))]
        domain = {"domain": "qonnx.custom_op.general"}
        return self.node(
            "Quant", source, *parameters, **domain, signed=int(signed), narrow=int(narrow), rounding_mode="ROUND"
        )

    def dense(self, source: str, n_in: int, n_out: int, *, bias: bool = True, bits: int = 6) -> str:
        weight = self.quant(self.constant(self.rng.normal(0, 0.5, (n_in, n_out))), bits, bits - 2, narrow=True)
        result = self.node("MatMul", source, weight)
        return (
            self.node("Add", result, self.constant(np.round(self.rng.normal(0, 0.3, n_out) * 16) / 16))
            if bias
            else result
        )

    def normalised(self, source: str, size: int) -> str:
        draws = (self.rng.uniform, 0.5, 1.5), (self.rng.normal, 0, 0.3), (self.rng.normal, 0, 0.3)
        parameters = [self.constant(draw(low, high, size)) for draw, low, high in (*draws, draws[0])]
        return self.node("BatchNormalization", source, *parameters, epsilon=1e-3)

    def convolution(
        self, source: str, n_in: int, n_out: int, kernel: list[int], pads: list[int], *,
        strides: list[int] | None = None, group: int = 1,
    ) -> str:  # fmt: skip
        self.channels_last = True
        values = self.rng.normal(0, 0.5, (n_out, n_in // group, *kernel))
        weight = self.quant(self.constant(values), 6, 4, narrow=True)
        options = {"strides": strides or [1] * len(kernel), "group": group, "dilations": [1] * len(kernel)}
        return self.node("Conv", source, weight, kernel_shape=kernel, pads=pads, **options)

    def flat(self, source: str, size: int) -> str:
        return self.node("Reshape", source, self.constant(np.array([1, size], dtype=np.int64)))


def mlp(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """Input, weights and activations quantised."""
    x = b.quant(b.node("Relu", b.dense(b.quant("x"), 5, 4)), signed=False)
    return {"x": [1, 5]}, b.dense(x, 4, 3, bias=False), [1, 3]


def tables(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """Sigmoid, tanh and softmax."""
    x = b.quant(b.node("Sigmoid", b.dense(b.quant("x"), 5, 4)), signed=False)
    x = b.quant(b.node("Tanh", b.dense(x, 4, 4)))
    return {"x": [1, 5]}, b.node("Softmax", b.dense(x, 4, 3), axis=-1), [1, 3]


def merged(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """Two inputs, a sum and a product of branches, a concatenation."""
    x = b.quant(b.node("Relu", b.dense(b.quant("x"), 5, 4)), signed=False)
    y = b.quant(b.dense(b.quant("y"), 3, 4))
    joined = b.node("Concat", b.quant(b.node("Add", x, y)), b.quant(b.node("Mul", x, y)), axis=-1)
    return {"x": [1, 5], "y": [1, 3]}, b.dense(joined, 8, 2), [1, 2]


def normalised(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """Batch normalisation that is not folded, and 6-bit activations."""
    x = b.dense(b.quant("x"), 6, 4, bias=False, bits=3)
    x = b.quant(b.node("Relu", b.normalised(x, 4)), 6, 4, signed=False)
    return {"x": [1, 6]}, b.dense(x, 4, 2), [1, 2]


def convolution(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """A convolution of an image, maximum pooling, and a dense layer."""
    x = b.quant(b.node("Relu", b.convolution(b.quant("x"), 1, 3, [3, 3], [1, 1, 1, 1])), signed=False)
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])
    return {"x": [1, 1, 4, 4]}, b.dense(b.flat(x, 12), 12, 2), [1, 2]


def depthwise(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """A depthwise convolution and one of single pixels, normalised, and maximum pooling."""
    x = b.quant(b.convolution(b.quant("x"), 3, 3, [3, 3], [1, 1, 0, 0], group=3))
    x = b.normalised(b.convolution(x, 3, 4, [1, 1], [0, 0, 0, 0]), 4)
    x = b.quant(b.node("Relu", x), signed=False)
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])
    return {"x": [1, 3, 5, 5]}, b.dense(b.flat(x, 16), 16, 2), [1, 2]


def sequence(b: _Builder) -> tuple[dict[str, list[int]], str, list[int]]:
    """Convolutions of a sequence, padded and with strides; hls4ml converts no pooling of one."""
    x = b.quant(b.node("Relu", b.convolution(b.quant("x"), 2, 4, [3], [1, 1], strides=[2])), signed=False)
    x = b.quant(b.node("Tanh", b.convolution(x, 4, 3, [2], [0, 0])))
    return {"x": [1, 2, 10]}, b.dense(b.flat(x, 12), 12, 2), [1, 2]


QONNX: dict[str, Callable[[_Builder], tuple[dict[str, list[int]], str, list[int]]]] = {
    "mlp": mlp,
    "tables": tables,
    "merged": merged,
    "normalised": normalised,
    "convolution": convolution,
    "depthwise": depthwise,
    "sequence": sequence,
}


def network(name: str) -> Any:
    """The cleaned QONNX model by this name, and its inputs' shapes without the first axis."""
    builder = _Builder(sum(name.encode()))
    inputs, output, shape = QONNX[name](builder)
    builder.nodes[-1].output[0] = "result"
    graph = helper.make_graph(
        builder.nodes,
        name,
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, extents) for key, extents in inputs.items()],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, shape)],
        [_initialiser(key, value) for key, value in builder.constants.items()],
    )
    del output
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    model = cleanup_model(ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8)))
    if builder.channels_last:
        model = cleanup_model(model.transform(ConvertToChannelsLastAndClean()))
    return model.transform(GemmToMatMul())


def _initialiser(name: str, value: Any) -> Any:
    array = np.asarray(value)
    return numpy_helper.from_array(array if array.dtype == np.int64 else array.astype(np.float32), name)


def convert_qonnx(name: str, folder: Path) -> Any:
    """hls4ml's graph of the network by this name."""
    import hls4ml

    model = network(name)
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_onnx_model(
            model, granularity="name", backend="Vitis", default_precision="ap_fixed<16,6>"
        )
        return hls4ml.converters.convert_from_onnx_model(
            model, hls_config=config, backend="Vitis", output_dir=str(folder)
        )
