"""GarNet: distances of vertices from aggregators, edges' weights from a table, means: nnet_garnet.h, hls4ml 1.3.0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.assign import assign
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Opaque
from isobit.model.weights import Encoding, Weight

__all__ = ["GarNet", "edge_weights"]


@register_op
@dataclass(frozen=True, eq=False)
class GarNet(Op):
    """The mean over the first vertices, as many as the second input says: ``nnet::garnet`` with ``collapse_mean``.

    Attributes
    ----------
    distance_weight, distance_bias
        Shapes (aggregators, n_in) and (aggregators,).
    transform_weight, transform_bias
        Of input and output together: shapes (n_out, aggregators, n_in) and (n_out, aggregators).
    output_bias
        Shape (n_out,).
    edge_weight
        An entry for every number of ``distance``, addressed by its bits.
    distance, edge_weight_aggr, aggr
        Formats of distances, of sums of weights, and of everything else that is added.
    vertices, log2_reuse
        Vertices, a power of two; and the binary logarithm of the reuse factor.
    """

    distance_weight: Weight
    distance_bias: Weight
    transform_weight: Weight
    transform_bias: Weight
    output_bias: Weight
    edge_weight: Weight
    distance: FixedType
    edge_weight_aggr: FixedType
    aggr: FixedType
    vertices: int
    log2_reuse: int = 0

    tag: ClassVar[str] = "garnet"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    @property
    def aggregators(self) -> int:
        """Aggregators."""
        return int(self.distance_bias.raw.size)

    @property
    def n_in(self) -> int:
        """Features of a vertex."""
        return int(self.distance_weight.raw.size) // self.aggregators

    @property
    def log2_vertices(self) -> int:
        """Binary logarithm of the vertices."""
        return self.vertices.bit_length() - 1

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes, and that the number of vertices is none that the kernel does not expect."""
        data, count = self._counted(tensors)
        self._same(data.size, (self.vertices * self.n_in,), "inputs", data)
        sizes = (self.output_bias.raw.size, self.transform_bias.raw.size, self.transform_weight.raw.size)
        many = self.output.size * self.aggregators
        if count.size != 1 or sizes != (self.output.size, many, many * self.n_in):
            raise ShapeError(f"layer {self.name!r} has {sizes} biases and weights for {self.output.size} outputs")
        if self.vertices != 1 << self.log2_vertices or not 0 <= self.log2_reuse <= self.log2_vertices:
            raise UnsupportedError(
                f"layer {self.name!r} has {self.vertices} vertices and a reuse factor of {1 << self.log2_reuse}; "
                "supported: powers of two, for which hls4ml's kernel divides by shifts"
            )
        if count.raw_range[0] < 0:
            raise UnsupportedError(
                f"layer {self.name!r} counts its vertices by {count.name!r}, {count.type}, which may be negative; give "
                f"it an unsigned format, or isobit.load(..., input_ranges={{{count.name!r}: (0, {self.vertices})}}), "
                f"or a command --input-range {count.name}=0:{self.vertices}"
            )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Computed by the reference; see :meth:`Op.lower`."""
        del tensors
        return (Opaque.of(self),)

    def with_types(self, types: Mapping[str, FixedType]) -> GarNet:
        """As :meth:`Op.with_types`; the table is computed again."""
        changed = super().with_types(types)
        if (changed.distance, changed.edge_weight.type) == (self.distance, self.edge_weight.type):
            return changed
        return replace(changed, edge_weight=edge_weights(changed.distance, changed.edge_weight.type))


def edge_weights(distance: FixedType, kind: FixedType) -> Weight:
    """The table of ``exp(-distance**2)`` (``initialize_edge_weights_table``).

    ``hls::exp`` gives the format of the square; entry 0 is one, saturated without integer bits.

    Parameters
    ----------
    distance, kind
        Formats of a distance and of an entry.
    """
    square = FixedType(2 * distance.width + 1, 2 * distance.integer + 1)
    raw = np.arange(1 << distance.width)
    raw = np.where(raw >= 1 << (distance.width - 1), raw - (1 << distance.width), raw)
    values = np.array([math.exp(-((number * float(distance.lsb)) ** 2)) for number in raw.tolist()])
    entries = assign(quantise_floats(values, square).astype(object), square, kind)
    one = FixedType(kind.width, 0, False, Rounding.TRN, Overflow.SAT)
    entries[0] = assign(quantise_floats(np.ones(1), one).astype(object), one, kind)[0]
    return Weight("edge_weight", entries.astype(np.int64), kind, values, values, Encoding.TABLE)
