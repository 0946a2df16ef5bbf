"""onnxruntime in float32 with the same network: Gemm + Relu or Softmax, BatchNorm folded, the best batch size."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from emulator.clock import Contestant, race

Floats = np.ndarray[Any, Any]
#: Activations by name: their ONNX operators.
OPERATORS = {"relu": "Relu", "softmax": "Softmax"}
BATCHES = (256, 1024, 4096, 16_384, 65_536)
#: Events on which every way is tried before the race.
TRIAL = 131_072


def folded_layers(model: Any) -> list[tuple[Floats, Floats, str]]:
    """Weights (inputs, outputs), bias and operator that follows (or "") of every Dense; quantised as in the firmware.

    A BatchNorm behind a Dense is folded into it, one before into the next. Everything in float64.
    """
    layers: list[tuple[Floats, Floats, str]] = []
    before: tuple[Floats, Floats] | None = None
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("Dense", "QDense"):
            weight, bias = (np.asarray(value, np.float64) for value in _quantised(layer))
            if before is not None:
                weight, bias, before = before[0][:, None] * weight, bias + before[1] @ weight, None
            layers.append((weight, bias, ""))
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (np.asarray(value, np.float64) for value in layer.get_weights())
            scale = gamma / np.sqrt(variance + layer.epsilon)
            shift = beta - mean * scale
            if layers:
                weight, bias, _ = layers[-1]
                layers[-1] = (weight * scale, bias * scale + shift, "")
            else:
                before = (scale, shift)
        elif kind in ("Activation", "QActivation"):
            name = str(getattr(layer.activation, "__name__", layer.activation))
            operator = next((found for part, found in OPERATORS.items() if part in name), None)
            if operator is None:
                raise ValueError(f"{layer.name}: expected one of {', '.join(OPERATORS)}, got {layer.activation}")
            layers[-1] = (*layers[-1][:2], operator)
        elif kind not in ("InputLayer", "Flatten"):
            raise ValueError(f"{layer.name}: a {kind} is not known here")
    return layers


def _quantised(layer: Any) -> list[Any]:
    values = layer.get_weights()
    quantisers = layer.get_quantizers() if hasattr(layer, "get_quantizers") else [None] * len(values)
    return [value if q is None else np.asarray(q(value)) for value, q in zip(values, quantisers, strict=False)]


def to_onnx(layers: list[tuple[Floats, Floats, str]]) -> bytes:
    """The network as an ONNX file."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, constants, tensor = [], [], "x"
    for index, (weight, bias, operator) in enumerate(layers):
        for name, value in ((f"w{index}", weight), (f"b{index}", bias)):
            constants.append(numpy_helper.from_array(value.astype(np.float32), name))
        nodes.append(helper.make_node("Gemm", [tensor, f"w{index}", f"b{index}"], [f"y{index}"]))
        tensor = f"y{index}"
        if operator:
            nodes.append(helper.make_node(operator, [tensor], [f"r{index}"]))
            tensor = f"r{index}"
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in (("x", layers[0][0].shape[0]), (tensor, layers[-1][0].shape[1]))
    ]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], constants)
    # The oldest versions that say all that is needed: any onnxruntime reads them.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())


def session(model: bytes, threads: int) -> Any:
    """An onnxruntime session on the CPU with that many threads inside an operator."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_in_batches(one: Any, x: Floats, batch: int) -> None:
    """All events, batch by batch; outputs are dropped."""
    for begin in range(0, len(x), batch):
        one.run(None, {"x": x[begin : begin + batch]})


def ways(model: bytes, x: Floats, threads: int) -> dict[str, Callable[[], None]]:
    """Every way to run all events that is worth a try, by its name.

    With two threads: onnxruntime's own inside each operator, or two Python threads with a session each (`run` gives up
    the interpreter's lock), which suits small networks better.
    """
    batches = sorted({min(batch, len(x)) for batch in BATCHES})
    shared = session(model, threads)
    found: dict[str, Callable[[], None]] = {
        f"batch {batch}": partial(run_in_batches, shared, x, batch) for batch in batches
    }
    if threads > 1:
        pool = ThreadPoolExecutor(threads)
        own = [session(model, 1) for _ in range(threads)]
        parts = np.array_split(x, threads)

        def apart(batch: int) -> None:
            list(pool.map(run_in_batches, own, parts, [batch] * threads))

        found |= {f"{threads} sessions, batch {batch}": partial(apart, batch) for batch in batches}
    return found


def contestant(keras: Any, x: Floats, threads: int) -> Contestant:
    """The fastest way, found by trying all on fewer events."""
    model = to_onnx(folded_layers(keras))
    flat = np.ascontiguousarray(x.reshape(len(x), -1), np.float32)
    check(keras, x[:1000], session(model, 1).run(None, {"x": flat[:1000]})[0])
    trials = {
        name: Contestant(name, threads, min(len(x), TRIAL), run)
        for name, run in ways(model, flat[:TRIAL], threads).items()
    }
    race(list(trials.values()), rounds=3)
    best = max(trials, key=lambda name: trials[name].rate("wall"))
    return Contestant(f"onnxruntime float32, {best}", threads, len(x), ways(model, flat, threads)[best])


def check(keras: Any, x: Floats, found: Floats) -> None:
    """End the program unless the ONNX network is the Keras one.

    Float32 sums in another order are not the same bits, and a quantised ReLU rounds where ONNX' does not: the outputs
    must correlate, no more is promised.
    """
    expected = np.asarray(keras.predict(x, verbose=0)).reshape(found.shape)
    correlation = np.corrcoef(expected.ravel(), found.ravel())[0, 1]
    if not correlation > 0.95:
        sys.exit(f"the ONNX network is not the Keras one: their outputs correlate by {correlation:.3f}")
