"""Embeddings: rows of a table by index; nnet_embed.h and nnet_embed_stream.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from isobit.errors import ShapeError, UnsupportedError
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.table_index import Itself
from isobit.model.weights import Weight

__all__ = ["Embedding"]


@register_op
@dataclass(frozen=True, eq=False)
class Embedding(Op):
    """A row of a table for each index, cast: ``nnet::embedding``.

    The kernel reads the number at position ``index * n_out + i``, cut to a whole number: an index with a fraction
    reads parts of two rows. It does not check that the position exists.

    Attributes
    ----------
    embeddings
        The table, shape (vocabulary, n_out).
    """

    embeddings: Weight

    tag: ClassVar[str] = "embedding"

    def __post_init__(self) -> None:
        if len(self.embeddings.shape) != 2:
            raise ShapeError(
                f"the table of layer {self.name!r} has shape {self.embeddings.shape}, expected (vocabulary, n_out)"
            )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A row that begins at a multiple of its length, or, with a fraction, anywhere; see :meth:`Op.lower`."""
        (tensor,) = tensors
        row = self.embeddings.shape[1]
        aligned = tensor.type.fraction <= 0
        index, stride = (Itself(), None) if aligned else (Itself(row), 1)
        return (Lookup(self.name, self.inputs, self.output, self.embeddings, index, stride=stride),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes, and that no index leaves the table; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        vocabulary, n_out = self.embeddings.shape
        self._same(self.output.size, (tensor.size * n_out,), "outputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"an embedding of one-bit (xnor) numbers is not supported (layer {self.name!r})")
        least, most = (Fraction(raw) * tensor.type.lsb for raw in tensor.raw_range)
        if least < 0 or int(most * n_out) > (vocabulary - 1) * n_out:
            raise UnsupportedError(
                f"layer {self.name!r} reads rows by {tensor.name!r}, whose numbers go from {float(least):g} to "
                f"{float(most):g} ({tensor.type}); it has the rows 0 to {vocabulary - 1}, and hls4ml's firmware reads "
                "memory beyond them: make the type as small as the vocabulary or, for an input of the network, give "
                f"isobit.load input_ranges={{{tensor.name!r}: (0, {vocabulary - 1})}}, or a command --input-range "
                f"{tensor.name}=0:{vocabulary - 1}"
            )
