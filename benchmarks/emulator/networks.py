"""The networks that are timed, and the multiplications that an event takes in each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emulator import attention
from emulator.onnx_network import to_onnx

#: Seed of the timed events.
SEED = 2026


@dataclass(frozen=True)
class Case:
    """A network of the zoo with its golden config.

    Attributes
    ----------
    name
        In the table.
    network
        In the zoo.
    few
        Events on which hls4ml is timed: a second or so of its predict.
    many
        Events on which isobit and onnxruntime are timed.
    predict_target, onnx_target
        Least ratio to hls4ml's predict and to onnxruntime on one thread; None: none is asked for.
    loop_target
        Least ratio to hls4ml's library in a bare loop.
    rate_target
        Least events per second on one thread.
    cut
        Last layer that counts, if the rest is left out.
    accum
        Format of every Dense's accumulator, in place of the golden one.
    """

    name: str
    network: str
    few: int
    many: int
    predict_target: float | None = None
    loop_target: float | None = None
    onnx_target: float | None = None
    rate_target: float | None = None
    cut: str | None = None
    accum: str | None = None

    def quick(self) -> Case:
        """The same on fewer events."""
        return replace(self, few=self.few // 4, many=max(self.few // 4, self.many // 20))

    @cached_property
    def keras(self) -> Any:
        """The Keras model, up to the layer `cut`."""
        from isobit.students import zoo
        from isobit.students.zoo.entry import keras_package

        model = zoo.network(self.network)
        if self.cut is None:
            return model
        return keras_package().Model(model.input, model.get_layer(self.cut).output, name=self.network)

    def config(self) -> dict[str, Any]:
        """Arguments of isobit's `convert`: the golden config, without the layers that are left out."""
        from isobit.students import zoo

        arguments = zoo.golden_config(self.network)
        arguments["clock_ns"] = float(arguments.pop("clock_period"))
        layers = arguments["hls_config"]["LayerName"]
        if self.cut is not None:
            for name in list(layers)[list(layers).index(f"{self.cut}_linear") + 1 :]:
                del layers[name]
        for layer in layers.values():
            if self.accum is not None and "accum" in layer["Precision"]:
                layer["Precision"]["accum"] = self.accum
        return arguments

    def graph(self, folder: Path) -> Any:
        """The hls4ml ModelGraph, to be written to `folder`."""
        from isobit.frontends.keras import convert

        return convert(self.keras, **self.config(), output_dir=str(folder))

    def onnx(self) -> bytes:
        """The network in float32 as an ONNX file."""
        return to_onnx(self.keras)

    def events(self) -> np.ndarray[Any, Any]:
        """`many` events, float64, in the shape of the network's input."""
        from isobit.students import zoo

        return np.ascontiguousarray(zoo.inputs(self.network, self.many, SEED), np.float64)


@dataclass(frozen=True)
class AttentionCase(Case):
    """The jet tagger of attention.py."""

    @cached_property
    def keras(self) -> Any:
        """The Keras model."""
        return attention.build()

    def config(self) -> dict[str, Any]:
        """Arguments of isobit's `convert`; the model's own quantisers give the formats."""
        return {"hls_config": {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"}}}

    def onnx(self) -> bytes:
        """The network in float32 as an ONNX file."""
        return attention.to_onnx(self.keras)

    def events(self) -> np.ndarray[Any, Any]:
        """`many` jets."""
        return np.ascontiguousarray(attention.jets(self.many, SEED), np.float64)


CASES = {
    case.name: case
    for case in (
        Case("mugmt_student", "mugmt_student", 20_000, 1_000_000, 1000, 200, 1),
        Case("jet_mlp", "jet_mlp", 10_000, 500_000, 1000, 200, 1, cut="output"),
        Case("jet_mlp, softmax", "jet_mlp", 10_000, 300_000),
        Case("ad_student", "ad_student", 5_000, 300_000, 1000, 200, 1),
        Case("btag_conv1d", "btag_conv1d", 10_000, 300_000, 300),
        Case("ad_cnn_ae", "ad_cnn_ae", 1_000, 100_000, 300),
        Case("econ_t_encoder", "econ_t_encoder", 10_000, 300_000, 300),
        Case("cicada_cnn", "cicada_cnn", 10_000, 100_000, 300),
        Case("top_lstm", "top_lstm", 1_000, 50_000, 300),
        Case("top_gru", "top_gru", 1_000, 50_000, 300),
        AttentionCase("attention", "", 300, 30_000, 300),
        Case("mugmt_teacher", "mugmt_teacher", 500, 20_000, 500, None, 0.5),
        # Products are rounded at bit 2^-10 and every sum saturates at +-8: the order of the sum decides the bits.
        Case(
            "jet_mlp, SAT",
            "jet_mlp",
            5_000,
            200_000,
            rate_target=1e6,
            cut="output",
            accum="ap_fixed<14,4,AP_RND,AP_SAT>",
        ),
    )
}


def products(graph: Any) -> dict[str, int]:
    """Multiplications per event of every layer that multiplies: weights at every position, elements of BatchNorm."""
    from isobit.model.dot import Dot
    from isobit.model.tensor import layer_of

    found: dict[str, int] = {}
    for op in graph.lowered.ops:
        if isinstance(op, Dot):
            found[layer_of(op.name)] = found.get(layer_of(op.name), 0) + op.positions * int(op.weight.raw.size)
    return found | {op.name: int(op.output.size) for op in graph.ops if op.tag == "batchnorm"}
