"""Emitters of layers on sets and images. Every position is in an array, in the order of io_parallel's tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isobit.errors import UnsupportedError
from isobit.hls.emitters import Layer, pragma, register_emitter, register_primitive
from isobit.hls.layers import dense_parts
from isobit.hls.selections import moved
from isobit.model.dot import Dot
from isobit.model.layers.convolution import Convolution, DepthwiseConvolution, PointwiseConv
from isobit.model.layers.dense import Dense
from isobit.model.layers.pooling import Pooling
from isobit.model.primitives import View, identity_view
from isobit.model.reduce import Reduce
from isobit.model.tensor import layer_of
from isobit.model.weights import Weight

__all__ = ["convolution", "depthwise_convolution", "dot", "pointwise_conv", "pooling", "reduce"]

#: Strategies with a kernel at every position (pointwise_conv.hpp).
POINTWISE_STRATEGIES = ("latency", "resource")


@register_emitter(PointwiseConv)
def pointwise_conv(op: PointwiseConv, layer: Layer) -> str:
    """The dense layer of one position in a loop over the positions."""
    return _at_every_position(op.dense, op.positions, layer, "data")


@register_emitter(Convolution)
def convolution(op: Convolution, layer: Layer) -> str:
    """An array with the numbers of every window, and a pointwise convolution of it."""
    read = _windows(op.windows(layer.tensor).ravel(), layer)
    text = _at_every_position(op.dense, op.positions, layer, "windows")
    layer.what = layer.what.replace("PointwiseConv", f"Convolution, windows of {' x '.join(map(str, op.kernel))},")
    return f"{read}\n{text}"


@register_emitter(DepthwiseConvolution)
def depthwise_convolution(op: DepthwiseConvolution, layer: Layer) -> str:
    """An array with the windows of every position's channels, each of which is a dense layer of one output."""
    (sums,) = op.lower(layer.tensor)
    assert isinstance(sums, Dot)
    text = dot(sums, layer)
    layer.what = (
        f"Depthwise convolution of {sums.groups} channels at {op.positions} positions, windows of "
        f"{' x '.join(map(str, op.kernel))}, {op.strategy}, reuse factor {op.reuse_factor}"
    )
    return text


@register_primitive(Dot)
def dot(op: Dot, layer: Layer) -> str:
    """Sums at every position: of an array with the windows, unless these are the input's numbers in their order."""
    read, data = "", "data"
    if not op.consecutive(layer.tensor):
        read, data = f"{_windows(op.view.ravel(), layer)}\n", "windows"
    if op.groups > 1:
        return read + _in_groups(op, layer, data)
    sums = op.weight, op.bias, op.accum, op.strategy, op.reuse_factor
    position = Dense(op.name, op.inputs, replace(op.output, shape=op.bias.shape), *sums)
    return read + _at_every_position(position, op.positions, layer, data)


def _in_groups(op: Dot, layer: Layer, data: str) -> str:
    """A window and its outputs for each group: that of a channel has one."""
    taps, channels = op.weight.shape
    if op.groups != channels:
        raise UnsupportedError(
            f"layer {layer_of(op.name)!r} cannot be exported: {op.groups} groups of a position have {channels} "
            "outputs; those with one each can be"
        )
    output = replace(op.output, shape=op.bias.shape)
    # In the order of the latency kernel, whatever the strategy: the windows and their weights are in that of the sums.
    sums = _turned(op.weight), op.bias, op.accum, "latency", op.reuse_factor
    dense = Dense(op.name, op.inputs, output, *sums)
    layer.interval = op.positions * op.reuse_factor
    layer.dataflow = op.positions > 1
    layer.what = f"Sums of {taps} products in {channels} groups at {op.positions} positions"
    layer.include("depthwise_conv.hpp")
    declared, arguments, _ = dense_parts(dense, layer, (taps, 1))
    kernel = f"depthwise_conv<arith, shape, {op.positions}, {channels}>"
    return f"{declared}\nkernels::{kernel}({data}, {arguments}, results);"


def _at_every_position(op: Dense, positions: int, layer: Layer, data: str) -> str:
    """The dense layer of one position, at all of them."""
    if op.strategy not in POINTWISE_STRATEGIES:
        raise UnsupportedError(
            f"convolution {layer_of(op.name)!r} has the strategy {op.strategy!r}, which cannot be exported; those that "
            f"can: {', '.join(POINTWISE_STRATEGIES)}"
        )
    n_in, n_out = op.weight.shape
    # Resource: at least this. The loop of a position drains before the next one's begins.
    layer.interval = positions * op.reuse_factor
    layer.dataflow = op.strategy == "resource" or positions > 1
    layer.what = (
        f"PointwiseConv {n_in} -> {n_out} at {positions} positions, {op.strategy}, reuse factor {op.reuse_factor}"
    )
    layer.include("pointwise_conv.hpp")
    declared, arguments, _ = dense_parts(op, layer)
    kernel = f"pointwise_conv_{op.kernel}<arith, shape, {positions}>"
    if positions == 1:  # no loop
        kernel = f"dense_{op.kernel}<arith, shape>"
    return f"{declared}\nkernels::{kernel}({data}, {arguments}, results);"


def _windows(view: View, layer: Layer) -> str:
    """Statements that write the numbers of all windows into the array ``windows``."""
    head = [f"{layer.data} windows[{view.size}];", pragma("ARRAY_PARTITION variable = windows complete")]
    statement = moved(layer, view, [layer.tensor.size], ["data"], "windows", layer.data, head)
    return "\n".join([*head, statement])


def _turned(weight: Weight) -> Weight:
    """The same weights, rows as columns."""
    signs = None if weight.signs is None else weight.signs.T
    arrays = {"raw": weight.raw.T, "written": weight.written.T, "unquantised": weight.unquantised.T}
    return Weight(weight.name, type=weight.type, encoding=weight.encoding, signs=signs, **arrays)


@register_emitter(Pooling)
def pooling(op: Pooling, layer: Layer) -> str:
    """All windows at once, as hls4ml's with io_parallel; the order of io_stream's kernels where the op has it."""
    layer.include("pooling.hpp")
    windows = len(op.windows)
    layer.what = f"{op.function} pooling over {windows} window{'s' if windows > 1 else ''} of {op.channels} channels"
    cast = str(op.order != "parallel").lower()
    accum = layer.type("accum", op.accum)
    kernel = "max_pool" if op.function == "max" else "average_pool_tree" if op.order == "tree" else "average_pool"
    arguments = ["arith()", f"kernels::{_window_shape(op)}()", "data", "results"]
    return f"""using arith = kernels::pool_arith<{layer.data}, {accum}, {layer.result}, {cast}>;
kernels::{kernel}({", ".join(arguments)});"""


@register_primitive(Reduce)
def reduce(op: Reduce, layer: Layer) -> str:
    """An array with the numbers of every window, and the kernels of pooling over neighbouring ones."""
    outputs, size = op.view.shape
    divisors = np.ones(1, np.int64) if op.divisors is None else np.unique(op.divisors)
    if len(divisors) > 1 or (op.function == "max" and op.padded):
        what = "takes maxima of padding" if op.function == "max" else "divides sums by different numbers"
        raise UnsupportedError(f"layer {layer_of(op.name)!r} cannot be exported: it {what}, as emitters alone write")
    read, data = "", "data"
    if not np.array_equal(op.view.ravel(), identity_view(layer.tensor.size)):
        read, data = f"{_windows(op.view.ravel(), layer)}\n", "windows"
    layer.include("pooling.hpp")
    of = "maximum" if op.function == "max" else "sum"
    layer.what = f"{of} of {size}" + f" for each of {outputs} outputs" * (outputs > 1)
    cast = str(op.cast_first).lower()
    kernel = "max_pool" if op.function == "max" else "average_pool_tree" if op.order == "tree" else "average_pool"
    shape = f"kernels::static_row_shape<{outputs}, {size}, {divisors[0]}>"
    types = f"{layer.data}, {layer.type('accum', op.accum)}, {layer.result}"
    return f"""{read}using arith = kernels::pool_arith<{types}, {cast}>;
kernels::{kernel}(arith(), {shape}(), {data}, results);"""


def _window_shape(op: Pooling) -> str:
    """The shape policy of the windows, the simplest that has them."""
    positions, pool = op.height * op.width, (op.pool_height, op.pool_width)
    if len(op.windows) == 1 and pool == (op.height, op.width) and not (op.pad_top or op.pad_left):
        return f"static_global_pool_shape<{positions}, {op.channels}>"
    rows, columns = op.grid
    sizes = [op.height, op.width, op.channels, *pool, op.stride_height, op.stride_width]
    full = tuple(
        (extent - size) // stride + 1
        for extent, size, stride in zip((op.height, op.width), pool, (op.stride_height, op.stride_width), strict=True)
    )
    if (rows, columns) == full and not (op.pad_top or op.pad_left):
        return f"static_pool_shape<{', '.join(map(str, sizes))}>"
    sizes += [op.pad_top, op.pad_left, rows, columns]
    return f"static_padded_pool_shape<{', '.join(map(str, sizes))}, {str(op.count_pad).lower()}>"
