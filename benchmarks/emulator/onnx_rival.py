"""onnxruntime in float32 with the same network: LSTM or GRU, Gemm, activations, BatchNorm folded, best batch size."""

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
OPERATORS = {"relu": "Relu", "softmax": "Softmax", "sigmoid": "Sigmoid"}
#: Gates of Keras in the order in which ONNX has them.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}
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
        elif kind not in ("InputLayer", "Flatten", *(GATES if not layers else ())):
            raise ValueError(f"{layer.name}: a {kind} is not known here")
    return layers


def _quantised(layer: Any) -> list[Any]:
    values = layer.get_weights()
    quantisers = layer.get_quantizers() if hasattr(layer, "get_quantizers") else [None] * len(values)
    return [value if q is None else np.asarray(q(value)) for value, q in zip(values, quantisers, strict=False)]


def recurrent_nodes(layer: Any) -> tuple[list[Any], list[Any], str]:
    """A recurrent layer on flat sequences: nodes, constants, and the name of its last state, shape (events, units)."""
    from onnx import helper, numpy_helper

    kind, steps = type(layer).__name__, int(layer.input_shape[1])
    kernel, recurrent, bias = (np.asarray(value, np.float64) for value in layer.get_weights())
    units, order = len(recurrent), GATES[kind]
    biases = bias if bias.ndim == 2 else np.stack([bias, 0 * bias])  # of the input's product, and of the state's

    def gates(values: Floats) -> Floats:
        parts = np.split(values, len(order), axis=-1)
        return np.concatenate([parts[gate] for gate in order], axis=-1)

    arrays = {
        "shape": np.array([-1, steps, len(kernel)]),
        "first": np.array([0]),
        "w": gates(kernel).T[None].astype(np.float32),
        "r": gates(recurrent).T[None].astype(np.float32),
        "b": gates(biases).reshape(1, -1).astype(np.float32),
    }
    after = {"linear_before_reset": 1} if kind == "GRU" else {}
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["sequence"]),
        helper.make_node("Transpose", ["sequence"], ["steps"], perm=[1, 0, 2]),
        helper.make_node(kind, ["steps", "w", "r", "b"], ["", "state"], hidden_size=units, **after),
        helper.make_node("Squeeze", ["state", "first"], ["last"]),
    ]
    return nodes, [numpy_helper.from_array(value, name) for name, value in arrays.items()], "last"


def to_onnx(layers: list[tuple[Floats, Floats, str]], recurrent: Any = None) -> bytes:
    """The network as an ONNX file; ``recurrent``: the layer of Keras that comes before the others, if there is one."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, constants, tensor = ([], [], "x") if recurrent is None else recurrent_nodes(recurrent)
    inputs = layers[0][0].shape[0] if recurrent is None else int(np.prod(recurrent.input_shape[1:]))
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
        for name, size in (("x", inputs), (tensor, layers[-1][0].shape[1]))
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
    recurrent = next((layer for layer in keras.layers if type(layer).__name__ in GATES), None)
    model = to_onnx(folded_layers(keras), recurrent)
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
