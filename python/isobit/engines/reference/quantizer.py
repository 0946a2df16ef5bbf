"""Quantisers with a format for every element, by definition: the lines that hls4ml writes for them."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.quantizer import Quantizer
from isobit.model.ops import Tensors

__all__ = ["quantizer"]


@register_kernel(Quantizer)
def quantizer(op: Quantizer, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``out[i] = ap_fixed<b,i,Q,O>(inp[i])``, or ``out[i] = 0``: a line for every element (``generate_mask_fn``)."""
    (tensor,), (inp,) = tensors, inputs
    zero = Numbers(np.zeros((1, inp.shape[1]), dtype=np.int64), op.output.type.fraction, 0)
    out = []
    for i, kind in enumerate(op.formats):
        if kind is None:
            out.append(zero)
            continue
        temporary = assign(inp[i : i + 1], kind, tensor.type)
        out.append(assign(temporary, op.output.type, kind))
    return joined(out)
