"""Einstein sums by definition: the loops of nnet_einsum_dense.h and nnet_einsum.h."""

from __future__ import annotations

from math import prod

from isobit.engines.reference.dense import dense
from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, joined
from isobit.fixed import growth
from isobit.model.layers.einsum import Einsum, EinsumDense
from isobit.model.ops import Tensor, Tensors

__all__ = ["einsum", "einsum_dense"]


def _transpose(data: Numbers, shape: tuple[int, ...], perm: tuple[int, ...]) -> Numbers:
    """``nnet::transpose``, with the strides that ``transpose_config_gen`` writes."""
    to_shape = [shape[axis] for axis in perm]
    perm_strides = [prod(shape[axis + 1 :]) for axis in perm]
    places = []
    for index in range(prod(shape)):
        idx = 0
        for i in range(len(to_shape) - 1, -1, -1):
            idx += (index % to_shape[i]) * perm_strides[i]
            index //= to_shape[i]
        places.append(idx)
    return data[places]


@register_kernel(EinsumDense)
def einsum_dense(op: EinsumDense, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::einsum_dense`` with the latency strategy."""
    (tensor,), (data,) = tensors, inputs
    n_inplace, n_contract, _ = op.weight.shape
    n_free_data = op.positions
    inp_tpose = _transpose(data, tensor.shape, op.perm)
    buffer = Tensor("inp_tpose", (n_contract,), tensor.type)
    out = {}
    for l0 in range(n_free_data):
        for i in range(n_inplace):
            first = (i * n_free_data + l0) * n_contract
            layer = op.dense(op.name, op.inputs, i, l0)
            out[i * n_free_data + l0] = dense(layer, (buffer,), (inp_tpose[first : first + n_contract],))
    return _transpose(joined([out[place] for place in sorted(out)]), op.before, op.after)


@register_kernel(Einsum)
def einsum(op: Einsum, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::einsum``."""
    perms = op.perms_of(tensors)
    tpose_i0, tpose_i1 = (
        _transpose(data, tensor.shape, perm) for data, tensor, perm in zip(inputs, tensors, perms, strict=True)
    )
    product = growth.product(tensors[0].type, tensors[1].type)
    (n_free0, n_free1), n_contract = op.free, op.contracted
    tpose_o = []
    for i in range(op.place):
        for l0 in range(n_free0):
            for l1 in range(n_free1):
                accum_buf = assign(0, op.accum)
                for c in range(n_contract):
                    a = tpose_i0[[(i * n_free0 + l0) * n_contract + c]]
                    b = tpose_i1[[i * n_free1 * n_contract + l1 * n_contract + c]]
                    accum_buf = assign(accum_buf + a * b, op.accum, growth.sum_of(op.accum, product))
                tpose_o.append(assign(accum_buf, op.output.type, op.accum))
    return _transpose(joined(tpose_o), op.before, op.after)
