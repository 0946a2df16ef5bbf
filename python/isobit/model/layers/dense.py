"""Layers that multiply by a matrix: nnet_dense.h and the kernels that it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import ShapeError
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import identity_view
from isobit.model.reuse import STRATEGIES, check_reuse_factor, check_zeros, kernel_of
from isobit.model.weights import Weight

__all__ = ["Dense"]


@register_op
@dataclass(frozen=True, eq=False)
class Dense(Op):
    """Matrix product plus bias: nnet_dense_latency.h, _resource.h, _compressed.h, and what unrolled_codegen.py writes.

    Attributes
    ----------
    weight
        Shape (n_in, n_out), whatever the layout in the firmware.
    bias
        Shape (n_out,).
    accum
        Format of the accumulator; every product, the bias and every sum is cast to it.
    strategy
        ``latency``, ``resource``, ``resource_unrolled`` or ``compressed``: fixes the order of the sum. The last two
        leave out the weights whose *written* value is zero, so a changed format never changes which.
    reuse_factor
        Multiplications per multiplier and event, as hls4ml uses it; see :func:`isobit.model.reuse.legal_reuse_factors`.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    strategy: str = "latency"
    reuse_factor: int = 1

    tag: ClassVar[str] = "dense"
    STRATEGIES: ClassVar[tuple[str, ...]] = STRATEGIES

    def __post_init__(self) -> None:
        if len(self.weight.shape) != 2:
            raise ShapeError(f"weights of layer {self.name!r} have shape {self.weight.shape}, expected (n_in, n_out)")
        n_in, n_out = self.weight.shape
        check_reuse_factor(self.name, n_in, n_out, self.strategy, self.reuse_factor)
        check_zeros(self.name, self.strategy, self.weight)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        n_in, n_out = self.weight.shape
        self._same(n_in, (tensor.size,), "rows of weights", tensor)
        self._same(self.output.size, (n_out,), "outputs", tensor)
        self._same(self.bias.raw.size, (n_out,), "biases", tensor)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """One window, which is the input; see :meth:`Op.lower`."""
        (tensor,) = tensors
        return (Dot.of(self, tensor, identity_view(tensor.size)[None]),)

    @property
    def multiplication(self) -> tuple[str, int]:
        """Strategy and reuse factor; see :attr:`Op.multiplication`."""
        return self.strategy, self.reuse_factor

    @property
    def kernel(self) -> str:
        """The hls4ml kernel that computes this layer (``DenseConfigTemplate`` in core_templates.py)."""
        return kernel_of(self.strategy, self.reuse_factor, self.weight.shape[0])
