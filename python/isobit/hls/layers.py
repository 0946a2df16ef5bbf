"""Emitters of isobit's own ops; importing this module registers them."""

from __future__ import annotations

import numpy as np

from isobit.fixed.types import FixedType
from isobit.hls.emitters import Layer, pragma, register_emitter
from isobit.model.accumulation import kept_weights
from isobit.model.layers.activation import Activation
from isobit.model.layers.dense import Dense
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.products import Product

__all__ = ["activation", "batchnorm", "dense", "dense_parts", "threshold"]


@register_emitter(Dense)
def dense(op: Dense, layer: Layer) -> str:
    """A dense layer in its strategy's order."""
    n_in, n_out = op.weight.shape
    layer.interval, layer.dataflow = op.reuse_factor, op.strategy in ("resource", "compressed")
    layer.what = f"Dense {n_in} -> {n_out}, {op.strategy}, reuse factor {op.reuse_factor}"
    declared, arguments, pattern = dense_parts(op, layer)
    kernel = f"dense_{op.kernel}<{', '.join(['arith', 'shape', *pattern])}>"
    return f"{declared}\nkernels::{kernel}(data, {arguments}, results);"


def dense_parts(op: Dense, layer: Layer, extents: tuple[int, int] | None = None) -> tuple[str, str, list[str]]:
    """What the kernel of a dense layer needs, which convolutions share.

    Latency and resource_unrolled: every weight is a constant beside its multiplier. Resource: multiplier m reads the
    weights m RF to (m + 1) RF - 1 of the transposed array in turn, so that a reshape in blocks gives it a word a clock
    (nnet_dense_resource.h does the same); compressed likewise, of the stored weights (nnet_dense_compressed.h).

    Parameters
    ----------
    op, layer
        A dense layer, and where its constants are declared.
    extents
        Inputs and outputs of the kernel, if they are not those of the weights: of one channel.

    Returns
    -------
    tuple of str, str and list of str
        Statements that declare ``arith`` and ``shape``; weights and biases, as arguments; further template arguments.
    """
    n_in, n_out = extents or op.weight.shape
    product = Product.of(layer.tensor, op.weight)
    layer.include("dense.hpp", "raw_constants.hpp")
    types = [
        layer.data,
        layer.weight_type(op.weight),
        layer.type("bias", op.bias.type),
        layer.type("accum", op.accum),
        layer.result,
        str(n_in),
        f"kernels::{product.value}",
        str(product is Product.BOTH_BINARY).lower(),
    ]
    stored, sizes = op.weight.raw.size, [n_in, n_out]
    if op.strategy == "compressed":
        weight, stored = layer.stored_weights(op.weight, kept_weights(op))
        sizes.append(stored)
    else:
        weight = layer.constant(op.weight, transposed=op.strategy != "latency")
    bias = layer.constant(op.bias)
    multipliers = -(-stored // op.reuse_factor)
    lines = [pragma(f"ARRAY_PARTITION variable = {bias} complete")]
    if op.strategy not in ("resource", "compressed") or multipliers == stored:
        lines.insert(0, pragma(f"ARRAY_PARTITION variable = {weight} complete"))
    elif multipliers > 1:  # a single multiplier reads the array as it is
        lines.insert(0, pragma(f"ARRAY_RESHAPE variable = {weight} block factor = {multipliers}"))
    if op.strategy == "compressed":  # one word of a place and its weight, before words are put side by side
        lines.insert(0, pragma(f"AGGREGATE variable = {weight}"))
    shape = "static_compressed_shape" if op.strategy == "compressed" else "static_dense_shape"
    sizes.append(op.reuse_factor)
    lines += [
        f"using numbers = kernels::dense_arith<{', '.join(types)}>;",
        f"using arith = kernels::raw_dense_arith<numbers, {layer.raw_type(op.weight)}, {layer.raw_type(op.bias)}>;",
        f"using shape = kernels::{shape}<{', '.join(map(str, sizes))}>;",
    ]
    pattern: list[str] = []
    layer.products, layer.multipliers = _shared_multipliers(op, product)
    if op.strategy == "resource_unrolled":
        bit = FixedType.int_type(1, signed=False)
        kept = layer.array("kept", kept_weights(op).T, bit, f"{n_out} x {n_in}, 1 for weights that are multiplied")
        lines.append(f"struct pattern {{\n    static constexpr bool at(int w) {{ return {kept}[w] != 0; }}\n}};")
        pattern.append("pattern")
    return "\n".join(lines), f"{weight}, {bias}", pattern


def _shared_multipliers(op: Dense, product: Product) -> tuple[int, int]:
    """Products that share multipliers by a directive, and how many of these.

    As hls4ml limits them (``multiplier_limit`` in backends/vivado/passes/core_templates.py, unrolled_codegen.py): a
    latency layer has one for every reuse factor of weights that are not zero, rounded up once; unrolled, each serves a
    block of as many weights, and those of zeros alone are left out. Loops over the reuse factor need no limit.
    """
    if product is not Product.MULT or op.strategy not in ("latency", "resource_unrolled"):
        return 0, 0
    if op.strategy == "latency":
        products = int(np.count_nonzero(op.weight.raw))
        return products, -(-products // op.reuse_factor)
    kept = kept_weights(op).T.ravel()
    blocks = kept.reshape(-1, op.reuse_factor)  # a legal reuse factor divides them evenly
    return int(np.count_nonzero(kept)), int(np.count_nonzero(blocks.any(axis=1)))


@register_emitter(BatchNorm)
def batchnorm(op: BatchNorm, layer: Layer) -> str:
    """Scale and shift."""
    size, parameters = op.output.size, op.scale.raw.size
    product = Product.of(layer.tensor, op.scale)
    layer.include("batchnorm.hpp", "raw_constants.hpp")
    layer.what = f"BatchNorm of {size}"
    layer.products = size if product is Product.MULT else 0
    scale_type, bias_type = layer.weight_type(op.scale), layer.type("bias", op.bias.type)
    scale, bias = layer.constant(op.scale), layer.constant(op.bias)
    return f"""{pragma(f"ARRAY_PARTITION variable = {scale} complete")}
{pragma(f"ARRAY_PARTITION variable = {bias} complete")}
using numbers = kernels::affine_arith<{layer.result}, kernels::{product.value}>;
using arith = kernels::raw_affine_arith<numbers, {scale_type}, {bias_type}>;
kernels::normalize(arith(), kernels::static_vector_shape<{size}, {parameters}>(), data, {scale}, {bias}, results);"""


#: Header and arith policy of each activation; binary and ternary policies also know the data's type.
_ACTIVATIONS = {
    "linear": ("linear.hpp", "linear_arith<{result}>"),
    "relu": ("relu.hpp", "relu_arith<{result}>"),
    "leaky_relu": ("leaky_relu.hpp", "leaky_relu_arith<{result}>"),
    "binary_tanh": ("tanh_steps.hpp", "binary_tanh_arith<{data}, {result}>"),
    "ternary_tanh": ("tanh_steps.hpp", "ternary_tanh_arith<{data}, {result}>"),
    "hard_sigmoid": ("hard_steps.hpp", "hard_arith<{result}>"),
    "hard_tanh": ("hard_steps.hpp", "hard_arith<{result}>"),
}


@register_emitter(Activation)
def activation(op: Activation, layer: Layer) -> str:
    """An elementwise function; its constants follow the data in the kernel's arguments."""
    header, policy = _ACTIVATIONS[op.function]
    layer.include(header, "raw_constants.hpp")
    layer.what = f"{op.function} of {op.output.size}"
    constants = [layer.number(weight) for weight in (op.param, op.slope, op.shift) if weight is not None]
    arith = "kernels::" + policy.format(data=layer.data, result=layer.result)
    shape = f"kernels::static_vector_shape<{op.output.size}>"
    return f"kernels::{op.function}({', '.join([f'{arith}()', f'{shape}()', 'data', *constants, 'results'])});"


@register_emitter(Threshold)
def threshold(op: Threshold, layer: Layer) -> str:
    """Comparison with thresholds, which are numbers of the data's own type."""
    bounds = [("high", op.high)] if op.low is None else [("high", op.high), ("low", op.low)]
    parameters = op.high.raw.size
    layer.include("threshold.hpp", "raw_constants.hpp")
    layer.what = f"{'binary' if op.low is None else 'ternary'} thresholds of {op.output.size}"
    lines = []
    for local, weight in bounds:
        array = layer.constant(weight)
        lines += [
            f"{layer.data} {local}[{parameters}];",
            pragma(f"ARRAY_PARTITION variable = {local} complete"),
            f"kernels::read_constants<{parameters}>({array}, {local});",
        ]
    kernel = "threshold_binary" if op.low is None else "threshold_ternary"
    arguments = ", ".join(["data", *(local for local, _ in bounds), "results"])
    lines.append(f"kernels::{kernel}(kernels::static_vector_shape<{op.output.size}, {parameters}>(), {arguments});")
    return "\n".join(lines)
