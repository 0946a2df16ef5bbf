"""Networks whose Dense layers take one strategy and many reuse factors, through hls4ml 1.3.0.

hls4ml cannot write the strategy 'compressed': :func:`compressed_mended` mends what stops it, around its own kernel.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

#: Shapes of the layers, and what each one's accumulator is: those that saturate show the order.
SIZES = (12, 6, 8, 4, 9, 2)
ACCUMULATORS = (
    "ap_fixed<9,5,AP_RND,AP_SAT>",
    "ap_fixed<10,4,AP_TRN,AP_SAT_SYM>",
    "ap_fixed<9,4,AP_RND_CONV,AP_SAT>",
    "ap_fixed<18,8>",
    "ap_fixed<9,4,AP_RND_ZERO,AP_SAT_ZERO>",
)


def strategy_keras(seed: int = 5) -> Any:
    """Dense layers one after the other, 12 -> 6 -> 8 -> 4 -> 9 -> 2; half of the weights are zero."""
    from tensorflow.keras import Model, layers

    rng = np.random.default_rng(seed)
    x = inputs = layers.Input((SIZES[0],), name="features")
    for number, width in enumerate(SIZES[1:]):
        x = layers.Dense(width, name=f"fc{number}")(x)
    keras = Model(inputs, x)
    for layer in keras.layers[1:]:
        kernel, bias = layer.get_weights()
        kernel = rng.normal(0.0, 1.8, kernel.shape)
        kernel[rng.random(kernel.shape) < 0.5] = 0.0
        kernel[:, 0] *= layer.name == "fc0"  # elsewhere a neuron of nothing but its bias
        layer.set_weights([kernel, rng.normal(0.0, 1.0, bias.shape)])
    return keras


def strategy_config(keras: Any, backend: str, strategy: str, factors: tuple[int, ...]) -> dict[str, Any]:
    """hls4ml's configuration: the strategy everywhere, a reuse factor for each layer."""
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()):
        config: dict[str, Any] = hls4ml.utils.config_from_keras_model(
            keras, granularity="name", backend=backend, default_precision="ap_fixed<9,4,AP_RND,AP_SAT>"
        )
    compressed = strategy == "compressed"
    config["Model"]["Strategy"] = "resource" if compressed else strategy
    for number, factor in enumerate(factors):
        entry = config["LayerName"][f"fc{number}"]
        entry.update(Strategy="resource" if compressed else strategy, ReuseFactor=factor, Compression=compressed)
        entry["Precision"].update(accum=ACCUMULATORS[number], bias=ACCUMULATORS[number], weight="ap_fixed<8,3>")
        entry["Precision"]["result"] = "ap_fixed<9,4,AP_RND,AP_SAT>"
    return config


def strategy_graph(keras: Any, folder: Path, backend: str, strategy: str, factors: tuple[int, ...]) -> Any:
    """hls4ml's ModelGraph, without its messages."""
    import hls4ml

    config = strategy_config(keras, backend, strategy, factors)
    with contextlib.redirect_stdout(io.StringIO()):
        return hls4ml.converters.convert_from_keras_model(
            keras, hls_config=config, output_dir=str(folder), backend=backend, io_type="io_parallel"
        )


@contextlib.contextmanager
def compressed_mended() -> Iterator[None]:
    """Let hls4ml 1.3.0 write compressed weights: four mends, none of them in its kernel.

    Its template names no kernel for the strategy (nor has its C++ a constant of that name: 'resource' stays, which
    nothing reads); the kernel multiplies by the struct of weight and indices, where the number in it is meant; and the
    struct's indices have a type, ``uint<N>``, that is declared nowhere.
    """
    from hls4ml.backends.fpga import fpga_types
    from hls4ml.backends.vivado.passes import core_templates

    templates = core_templates.DenseConfigTemplate
    original, definition = templates.format, fpga_types.CompressedTypeConverter.definition_cpp

    def named(self: Any, node: Any) -> str:
        if node.get_attr("strategy") != "compressed":
            return str(original(self, node))
        node.set_attr("strategy", "resource")
        try:
            text = str(original(self, node))
        finally:
            node.set_attr("strategy", "compressed")
        start = text.index("using kernel = ") + len("using kernel = ")
        name = text[start : text.index("<data_T", start)]
        kernel = f"dense_compressed_{node.index}"
        text = text.replace(name, kernel).replace("<x_T, y_T>;", "<x_T, decltype(y_T::weight)>;")
        return (
            f"template <class data_T, class res_T, typename CONFIG_T> struct {kernel} {{\n"
            "    static void dense(data_T *data, res_T *res, typename CONFIG_T::weight_t *weights,\n"
            "                      typename CONFIG_T::bias_t *biases) {\n"
            "        nnet::dense_compressed<data_T, res_T, CONFIG_T>(data, res, weights, biases);\n    }\n};\n" + text
        )

    def declared(self: Any) -> str:
        return str(definition(self)).replace("uint<", "ap_uint<").replace("ap_ap_", "ap_")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "format", named)
        patch.setattr(fpga_types.CompressedTypeConverter, "definition_cpp", declared)
        yield
