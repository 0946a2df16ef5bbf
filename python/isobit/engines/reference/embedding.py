"""Embeddings by definition: the loops of nnet_embed.h; those of nnet_embed_stream.h are the same."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.embedding import Embedding
from isobit.model.ops import Tensors

__all__ = ["embedding"]


@register_kernel(Embedding)
def embedding(op: Embedding, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``res[j * n_out + i] = embeddings[data[j] * n_out + i]``; the index becomes an integer as C++ cuts it."""
    (data,) = inputs
    embeddings, n_out = values_of(op.embeddings), op.embeddings.shape[1]
    res = []
    for j in range(len(data)):
        for i in range(n_out):
            position = truncated(data[[j]] * n_out + i, 0).raw.astype(np.int64)
            found = embeddings[position[0]]
            row = Numbers(found.raw.T, found.fraction, found.bits)
            res.append(assign(row, op.output.type, op.embeddings.type))
    return joined(res)
