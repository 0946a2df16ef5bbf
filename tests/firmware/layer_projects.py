"""Projects of single families of layers, in formats that differ from slot to slot; each by its name in ``CASES``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sharing import once

__all__ = ["CASES", "layer_projects"]

#: Formats by slot; of a layer, those that it has.
SLOTS = {
    "result": "fixed<14,6,RND,SAT>",
    "accum": "fixed<19,8,TRN_ZERO,WRAP>",
    "weight": "fixed<9,3,RND_CONV,SAT>",
    "bias": "fixed<8,2,RND,SAT>",
}


def _numbers(*shape: int) -> Any:
    return np.random.default_rng([*shape, 5]).normal(0.0, 1.0, shape)


def _kinds(*slots: str, **others: str) -> dict[str, Any]:
    """A layer's entry: these slots in the formats of :data:`SLOTS`, others in their own."""
    return {"Precision": {slot: SLOTS[slot] for slot in slots} | others}


def _config(layers: dict[str, Any], strategy: str = "Latency", factor: int = 1) -> dict[str, Any]:
    """hls4ml's configuration."""
    model = {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": factor, "Strategy": strategy}
    return {"Model": model, "LayerName": layers}


def _listed(layers: list[dict[str, Any]], outputs: list[str], **entries: dict[str, Any]) -> Any:
    """The graph of layers as hls4ml's front ends list them."""
    from hls4ml.model.graph import ModelGraph

    config = {"OutputDir": "unused", "ProjectName": "myproject", "Backend": "Vitis", "IOType": "io_parallel"}
    inputs = [layer["name"] for layer in layers if layer["class_name"] == "InputLayer"]
    return ModelGraph.from_layer_list(config | {"HLSConfig": _config(entries)}, layers, inputs, outputs)


def _given(name: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "class_name": "InputLayer", "data_format": "channels_last", "input_shape": list(shape)}


def _converted(
    make: Callable[..., Any],
    *shapes: tuple[int, ...],
    io_type: str = "io_parallel",
    strategy: str = "Latency",
    factor: int = 1,
    **entries: dict[str, Any],
) -> Any:
    """The graph of what ``make(layers, *inputs)`` gives."""
    import tensorflow as tf

    from isobit.frontends.keras import convert

    tf.keras.utils.set_random_seed(5)
    inputs = [tf.keras.layers.Input(shape, name=f"in{number}") for number, shape in enumerate(shapes)]
    model = tf.keras.Model(inputs, make(tf.keras.layers, *inputs))
    for layer in model.layers:
        drawn = [0.7 * _numbers(*weights.shape) for weights in layer.get_weights()]
        layer.set_weights([np.where(np.abs(numbers) < 0.1, 0.0, numbers) for numbers in drawn])
    return convert(model, _config(entries, strategy, factor), backend="Vitis", io_type=io_type)


def _einsum() -> Any:
    """A sum with weights, in place, whose result is summed with another tensor, transposed in every place."""
    dense = {"name": "d", "class_name": "EinsumDense", "inputs": ["x"], "equation": "abc,cbd->dba"}
    dense |= {"inp_shape": (2, 3, 4), "out_shape": (5, 3, 2), "weight_data": _numbers(4, 3, 5)}
    pair = {"name": "e", "class_name": "Einsum", "inputs": ["d", "y"], "equation": "dba,acb->cdb"}
    pair |= {"inp0_shape": (5, 3, 2), "inp1_shape": (2, 4, 3), "out_shape": (4, 5, 3)}
    layers = [_given("x", 2, 3, 4), _given("y", 2, 4, 3), dense | {"bias_data": _numbers(5, 3, 2)}, pair]
    other = _kinds(result="fixed<13,5>", accum="fixed<15,6,RND,SAT>")
    inputs = {"x": _kinds(result="fixed<10,4>"), "y": _kinds(result="fixed<9,3>")}
    return _listed(layers, ["e"], d=_kinds(*SLOTS), e=other, **inputs)


def _batches() -> Any:
    """An outer product as PyTorch's equations have it: with an axis of one batch."""
    pair = {"name": "e", "class_name": "Einsum", "inputs": ["x", "y"], "equation": "bi,bj->bij"}
    pair |= {"inp0_shape": (1, 4), "inp1_shape": (1, 3), "out_shape": (1, 4, 3)}
    return _listed([_given("x", 4), _given("y", 3), pair], ["e"], x=_kinds("result"), e=_kinds("result", "accum"))


def _layernorm() -> Any:
    entry = _kinds("result", "bias", scale="fixed<9,3,RND>", accum="fixed<20,8,RND,SAT>")
    entry |= {"table_t": "ufixed<11,5,RND,SAT>", "TableSize": 500, "TableRangePower2": 1}
    return _converted(
        lambda k, x: k.LayerNormalization(name="norm", epsilon=1e-4)(x),
        (3, 4),
        norm=entry,
        in0=_kinds(result="fixed<12,3>"),
    )


def _steps() -> Any:
    """Two loops, one behind the other, on steps of numbers."""

    def network(k: Any, x: Any) -> Any:
        x = k.TimeDistributed(k.Dense(5, name="dense"), name="one")(x)
        x = k.TimeDistributed(k.Activation("tanh", name="act"), name="two")(x)
        return k.Activation("relu", name="last")(x)

    same = {name: _kinds(result="fixed<12,4>") for name in ("in0", "one")}
    ends = {name: _kinds("result") for name in ("one_end", "two", "act", "two_end")}
    return _converted(network, (3, 4), dense=_kinds(*SLOTS), last=_kinds(result="fixed<11,5>"), **same, **ends)


def _images() -> Any:
    """A convolution on an image in every step."""

    def network(k: Any, x: Any) -> Any:
        x = k.TimeDistributed(k.Conv2D(2, (2, 3), padding="same", name="conv"), name="steps")(x)
        return k.Activation("relu", name="last")(x)

    same = {name: _kinds(result="fixed<12,4>") for name in ("in0", "steps")}
    return _converted(network, (2, 4, 3, 2), conv=_kinds(*SLOTS), steps_end=_kinds("result"), **same)


def _unrolled(io_type: str = "io_parallel") -> Any:
    """Products whose code hls4ml generates, for reuse factors up to their inputs and beyond; some weights are zero."""

    def network(k: Any, x: Any) -> Any:
        x = k.Flatten()(k.Conv1D(4, 3, name="conv")(x)) if io_type == "io_stream" else k.LSTM(3, name="cell")(x)
        return k.Dense(6, name="many")(k.Dense(8, name="few")(x))

    factors = {"few": 3, "many": 16} | ({"conv": 3} if io_type == "io_stream" else {"cell": 3})
    entries = {name: {"Strategy": "resource_unrolled", "ReuseFactor": factor} for name, factor in factors.items()}
    alike = _kinds("weight", "bias", result="fixed<16,6>", accum="fixed<16,6>")
    entries = {name: entry | (alike if name == "cell" else _kinds(*SLOTS)) for name, entry in entries.items()}
    return _converted(network, (5, 3), io_type=io_type, **entries)


def _garnet() -> Any:
    def network(k: Any, x: Any, n: Any) -> Any:
        from hls4ml.contrib.garnet import GarNet

        options: dict[str, Any] = {"simplified": True, "collapse": "mean", "input_format": "xn"}
        options |= {"output_activation": None, "quantize_transforms": None}
        return GarNet(2, 3, 5, name="gar", **options)([x, n])

    sums = {"edge_weight": "ufixed<9,0,RND>", "edge_weight_aggr": "ufixed<12,2,RND>", "aggr": "fixed<14,4,RND,SAT>"}
    inputs = {"in0": _kinds(result="fixed<12,2>"), "in1": _kinds(result="uint<4>")}
    return _converted(network, (8, 2), (1,), gar=_kinds("result", **sums) | {"ReuseFactor": 2}, **inputs)


def _bidirectional(strategy: str, factor: int = 1, **options: Any) -> Any:
    """Cells of two kinds and sizes, in formats that differ from slot to slot."""

    def network(k: Any, x: Any) -> Any:
        on = k.LSTM(3, name="on", **options)
        back = k.GRU(2, name="back", go_backwards=True, recurrent_activation="tanh", **options)
        return k.Bidirectional(on, backward_layer=back, name="both")(x)

    slots = [f"{way}_{slot}" for way in ("forward", "backward") for slot in ("weight", "recurrent_weight")]
    slots += [f"{way}_{slot}" for way in ("forward", "backward") for slot in ("bias", "recurrent_bias")]
    kinds = {slot: f"fixed<{9 + number},{2 + number % 3}>" for number, slot in enumerate(slots)}
    entry = _kinds("result", "accum", **kinds) | {"TableSize": 512, "table_t": "fixed<11,2>"}
    given = {"in0": _kinds(result="fixed<10,3>"), "both": entry}
    return _converted(network, (4, 2), strategy=strategy, factor=factor, **given)


def _table() -> Any:
    """A table of every number, as HGQ2 has them, between tensors that are joined along an axis from behind."""
    table = {"name": "u", "class_name": "UnaryLUT", "inputs": ["x"], "activation": "unary_lut"}
    table |= {"table_data": _numbers(64)}
    join = {"name": "j", "class_name": "Concatenate", "inputs": ["u", "y"], "axis": -2, "op": "concatenate2d"}
    inputs = {"x": _kinds(result="fixed<6,2>"), "y": _kinds(result="fixed<9,3>")}
    layers = [_given("x", 2, 3), _given("y", 1, 3), table, join]
    return _listed(layers, ["j"], u=_kinds("result", table="fixed<9,3>"), j=_kinds("result"), **inputs)


def _channels_first() -> Any:
    """Padding and cropping of images whose channels are the first axis."""

    def network(k: Any, x: Any) -> Any:
        x = k.ZeroPadding2D(((1, 2), (0, 3)), name="pad", data_format="channels_first")(x)
        return k.Activation("relu", name="last")(
            k.Cropping2D(((0, 1), (2, 0)), name="crop", data_format="channels_first")(x)
        )

    return _converted(network, (2, 3, 4), last=_kinds("result"))


#: What makes the ``ModelGraph`` of each.
CASES: dict[str, Callable[[], Any]] = {
    "einsum": _einsum,
    "einsum_batches": _batches,
    "layernorm": _layernorm,
    "garnet": _garnet,
    "table": _table,
    "channels_first": _channels_first,
    "bidirectional": lambda: _bidirectional("Latency"),
    "bidirectional_sequences": lambda: _bidirectional("Resource", 2, return_sequences=True),
    "steps": _steps,
    "steps_of_images": _images,
    "unrolled": _unrolled,
    "unrolled_streams": lambda: _unrolled("io_stream"),
}


def layer_projects() -> Path:
    """A folder of projects, each with the graph of its ModelGraph as ``graph.isobit``."""

    def make(folder: Path) -> None:
        import isobit as ib
        from isobit.frontends.project import write_project

        for name, graph in CASES.items():
            model = ib.load(graph())
            write_project(model.source, folder / name)
            model.save(folder / name / "graph.isobit")

    return once("layer-projects", make)
