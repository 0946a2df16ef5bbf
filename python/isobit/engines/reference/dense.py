"""hls4ml's Dense kernels: the loops of each give the order of the sums, and the sums are made in that order.

Sums of different neurons are independent. So the products that a kernel adds are sorted into *rounds*: the
first product of every neuron, the second of every neuron, and so on. A round is added at once, for every event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, product, register_kernel, signs_of, values_of
from isobit.engines.reference.numbers import Numbers
from isobit.fixed.types import FixedType
from isobit.model.layers.convolution import Convolution
from isobit.model.layers.dense import Dense
from isobit.model.ops import Tensor, Tensors
from isobit.model.products import Product

__all__ = ["cast", "dense"]

#: A product of the kernel: (input, neuron).
Place = tuple[int, int]
#: Inputs and neurons of products that are added at once, each neuron at most once.
Round = tuple[Any, Any]


def _rounds(places: Iterable[Place], n_out: int) -> list[Round]:
    """The k-th product of every neuron in the k-th round."""
    added = [0] * n_out
    rounds: list[tuple[list[int], list[int]]] = []
    for i, j in places:
        if added[j] == len(rounds):
            rounds.append(([], []))
        inputs, neurons = rounds[added[j]]
        inputs.append(i)
        neurons.append(j)
        added[j] += 1
    return [(np.array(inputs), np.array(neurons)) for inputs, neurons in rounds]


# -- the loops --------------------------------------------------------------------------------------------------------


def _latency(n_in: int, n_out: int) -> list[Round]:
    """nnet_dense_latency.h: ``for i: for j``, so that the i-th product of every neuron is that of input i."""
    return [(np.full(n_out, i), np.arange(n_out)) for i in range(n_in)]


def _unrolled(op: Dense) -> Iterator[Place]:
    """What unrolled_codegen.py writes."""
    n_in, n_out = op.weight.shape
    kept = (op.weight.written != 0).tolist()
    for step in range(op.reuse_factor):
        for position in range(step, n_in * n_out, op.reuse_factor):  # of the transposed weights
            j, i = divmod(position, n_in)
            if kept[i][j]:
                yield i, j


def _resource_rf_leq_nin(n_in: int, n_out: int, reuse: int) -> Iterator[Place]:
    """``dense_resource_rf_leq_nin`` of nnet_dense_resource.h."""
    block = -(-n_in * n_out // reuse)
    scale = -(-n_in * n_out // min(n_in, reuse)) // n_out
    for step in range(reuse):
        i, j, in_output = step, 0, 0
        for _ in range(block):
            yield i, j
            i += reuse
            if i >= n_in:
                i = step
            if in_output + 1 >= scale:
                in_output = 0
                j += 1
            else:
                in_output += 1


def _resource_rf_gt_nin(n_in: int, n_out: int, reuse_factor: int) -> Iterator[Place]:
    """``dense_resource_rf_gt_nin_rem0`` of nnet_dense_resource.h."""
    reuse = min(reuse_factor, n_in * n_out)
    block = -(-n_in * n_out // reuse_factor)
    for step in range(reuse):
        i, j = step % n_in, step // n_in
        position = step
        for _ in range(block):
            yield i, j
            position += reuse
            if position >= n_in * n_out:
                break
            j += reuse // n_in


@lru_cache(maxsize=16)
def _resource_rounds(kernel: str, n_in: int, n_out: int, reuse: int) -> list[Round]:
    loop = _resource_rf_leq_nin if kernel == "resource_rf_leq_nin" else _resource_rf_gt_nin
    return _rounds(loop(n_in, n_out, reuse), n_out)


def _stored(op: Dense) -> list[Place]:
    """The weights that CompressedWeightVariable stores, in its order.

    It walks over the weights row by row, keeps those that are not zero and the first zeros, as many as make the number
    a multiple of the reuse factor, and sorts.
    """
    n_in, n_out = op.weight.shape
    zero = (op.weight.written == 0).tolist()
    extra = -sum(1 for row in zero for value in row if not value) % op.reuse_factor
    stored = []
    for i in range(n_in):
        for j in range(n_out):
            if zero[i][j]:
                if extra == 0:
                    continue
                extra -= 1
            stored.append((j, i))
    return [(i, j) for j, i in sorted(stored)]


# -- the sums ---------------------------------------------------------------------------------------------------------


class _Sums:
    """A layer's products, and sums of them in the accumulator's format."""

    def __init__(self, op: Dense, tensor: Tensor, data: Numbers) -> None:
        self.op = op
        self.tensor = tensor
        self.data = data
        self.kind = Product.of(tensor, op.weight)
        self.exact = self.kind.exact_type(tensor.type, op.weight.type)
        self.weights, self.signs = values_of(op.weight), signs_of(op.weight)

    def products(self, inputs: Any, neurons: Any) -> Numbers:
        """Products of inputs and their weights to neurons, cast to the accumulator's type."""
        k = inputs * self.op.weight.shape[1] + neurons
        same = bool((inputs == inputs[0]).all())
        data = self.data[inputs[:1] if same else inputs]
        exact = product(self.kind, data, self.weights[k], self.signs[k], self.tensor.type, self.op.weight.type)
        return assign(exact, self.op.accum, self.exact)

    def add(self, sums: Numbers, rounds: Iterable[Round]) -> None:
        """Add products to sums, shape (n_out, events), one round after the other."""
        for inputs, neurons in rounds:
            every = len(neurons) == len(sums) and bool((neurons == np.arange(len(sums))).all())
            places = slice(None) if every else neurons
            sums.raw[places] = assign(sums[places] + self.products(inputs, neurons), self.op.accum).raw


@register_kernel(Dense)
def dense(op: Dense, tensors: Tensors, inputs: Inputs) -> Numbers:
    """nnet_dense_latency.h, nnet_dense_resource.h, unrolled_codegen.py and nnet_dense_compressed.h."""
    (tensor,), (data,) = tensors, inputs
    n_in, n_out = op.weight.shape
    events = data.shape[1]
    layer = _Sums(op, tensor, data)
    biases = assign(values_of(op.bias), op.accum, op.bias.type)
    sums = Numbers(np.repeat(biases.raw, events, axis=1), biases.fraction, biases.bits)
    if op.kernel == "latency":
        layer.add(sums, _latency(n_in, n_out))
    elif op.kernel == "resource_unrolled":
        layer.add(sums, _rounds(_unrolled(op), n_out))
    elif op.kernel == "compressed":
        stored = _stored(op)
        for step in range(op.reuse_factor):
            turn = Numbers(np.zeros_like(sums.raw), sums.fraction, sums.bits)
            layer.add(turn, _rounds(stored[step :: op.reuse_factor], n_out))
            sums = assign(sums + turn, op.accum)
    else:
        layer.add(sums, _resource_rounds(op.kernel, n_in, n_out, op.reuse_factor))
    return cast(op, tensor, sums, n_in)


def cast(op: Dense | Convolution, tensor: Tensor, sums: Numbers, n_in: int) -> Numbers:
    """``cast`` of nnet_mult.h: where data and weights have one bit, the sum of matches becomes a sum of signs."""
    one_bit = FixedType.int_type(1, signed=False)
    if tensor.type == one_bit and op.weight.type == one_bit:
        narrow = FixedType.int_type(_ceil_log2(n_in) + 2)  # an ap_int just wide enough
        return assign(assign(sums * 2 - n_in, narrow), op.output.type, narrow)
    return assign(sums, op.output.type, op.accum)


def _ceil_log2(n: int) -> int:
    bits = 0
    while 2**bits < n:
        bits += 1
    return bits
