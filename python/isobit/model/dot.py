"""The primitive of weighted sums: windows of numbers, multiplied by the same weights, added in a kernel's order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import View, identity_view
from isobit.model.products import Product
from isobit.model.reuse import kernel_of
from isobit.model.weights import Weight

__all__ = ["Dot", "Summing"]


class Summing(Protocol):
    """What a layer says about its sums, which :meth:`Dot.of` takes over."""

    @property
    def name(self) -> str:
        """Layer name."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The only input."""
        ...

    @property
    def output(self) -> Tensor:
        """The output tensor."""
        ...

    @property
    def weight(self) -> Weight:
        """Shape (n_in, n_out)."""
        ...

    @property
    def bias(self) -> Weight:
        """Shape (n_out,)."""
        ...

    @property
    def accum(self) -> FixedType:
        """Format of the accumulator."""
        ...

    @property
    def strategy(self) -> str:
        """Which kernel adds."""
        ...

    @property
    def reuse_factor(self) -> int:
        """Multiplications per multiplier."""
        ...


@dataclass(frozen=True, eq=False)
class Dot(Op):
    """Sums of products over windows of the input: at each position the sums of a Dense layer.

    Each output begins with its bias; a product, the bias and every sum is cast to the accumulator, and the last sum to
    the result. Outputs are position by position.

    Attributes
    ----------
    weight
        Shape (n_in, n_out): the numbers of a window, and the outputs of a position.
    bias
        Shape (n_out,).
    accum
        Format of the accumulator.
    view
        The windows: flat indices into the input, -1 for padding, which is the raw number 0 and is multiplied and added
        as any other. int64, shape (positions * groups, n_in): the windows of a position's groups, then the next one's.
    product
        How hls4ml multiplies.
    strategy, reuse_factor
        The Dense kernel in whose order the products of a window are added, see :mod:`isobit.model.accumulation`; input
        i of that kernel is the i-th number of the window.
    groups
        Into how many groups of neighbours the outputs of a position are divided, each of which has a window of its own:
        of a depthwise convolution every channel.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    view: View
    product: Product
    strategy: str = "latency"
    reuse_factor: int = 1
    groups: int = 1

    tag: ClassVar[str] = "dot"
    primitive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.view, np.ndarray):
            raise TypeMismatchError(
                f"layer {self.name!r} reads windows by a {type(self.view).__name__}; expected an array of int64"
            )
        n_in, n_out = self.weight.shape
        rows, depth = self.view.shape if self.view.ndim == 2 else (0, 0)
        if self.view.dtype != np.int64 or depth != n_in or rows < 1 or rows % self.groups or (self.view < -1).any():
            raise ShapeError(
                f"layer {self.name!r} reads windows by an array of shape {self.view.shape} and type {self.view.dtype}; "
                f"expected int64 of shape (positions * {self.groups}, {n_in}), at least -1"
            )
        if n_out % self.groups:
            raise ShapeError(f"layer {self.name!r} has {n_out} outputs at a position, which {self.groups} groups share")
        if self.groups > 1 and self.strategy not in ("latency", "resource"):
            raise UnsupportedError(f"groups of layer {self.name!r} with the strategy {self.strategy!r} not supported")

    @classmethod
    def of(cls, layer: Summing, tensor: Tensor, view: View, groups: int = 1) -> Dot:
        """The sums of a layer, in its lowering.

        Parameters
        ----------
        layer
            The layer.
        tensor
            Its input.
        view, groups
            See :class:`Dot`.
        """
        product = Product.of(tensor, layer.weight)
        kernel = layer.strategy, layer.reuse_factor
        return cls(
            layer.name,
            layer.inputs,
            layer.output,
            layer.weight,
            layer.bias,
            layer.accum,
            view,
            product,
            *kernel,
            groups,
        )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every number exists, and the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        if (largest := int(self.view.max())) >= tensor.size:
            raise ShapeError(f"layer {self.name!r} reads the number {largest} of {tensor.size}")
        n_out = self.weight.shape[1]
        self._same(self.output.size, (self.positions * n_out,), "outputs", tensor)
        self._same(self.bias.raw.size, (n_out,), "biases", tensor)

    @property
    def positions(self) -> int:
        """Positions, each of which has ``n_out`` outputs."""
        return len(self.view) // self.groups

    @property
    def in_turns(self) -> bool:
        """Whether each turn of the reuse loop sums its products from zero before the accumulator gets them."""
        return self.strategy == "compressed"

    @property
    def kernel(self) -> str:
        """The hls4ml kernel that adds the products of a window."""
        return kernel_of(self.strategy, self.reuse_factor, self.weight.shape[0])

    @cached_property
    def _in_order(self) -> bool:
        return np.array_equal(self.view.ravel(), np.arange(self.view.size))

    def consecutive(self, tensor: Tensor) -> bool:
        """Whether the windows are neighbouring parts of the input, one after another, up to its end."""
        return self.view.size == tensor.size and self._in_order

    def plain(self, tensor: Tensor) -> bool:
        """Whether the only window is the input, as in a Dense layer."""
        return len(self.view) == 1 and self.consecutive(tensor)

    def form(self, tensor: Tensor) -> FixedType:
        """Format of the exact product."""
        return self.product.exact_type(tensor.type, self.weight.type)

    def counts_matches(self, tensor: Tensor) -> bool:
        """Whether sums count matches of one-bit numbers, of which the kernel makes sums of signs (nnet_mult.h).

        The sum of signs is ``2 * sum - n_in`` in :attr:`signs`, which then is cast to the result.
        """
        return tensor.type == self.weight.type == FixedType.int_type(1, signed=False)

    @property
    def signs(self) -> FixedType:
        """Format of sums of signs: an ``ap_int`` just wide enough."""
        return FixedType.int_type((self.weight.shape[0] - 1).bit_length() + 2)

    @cached_property
    def alone(self) -> Dot:
        """The sums of one position; its input is that position's windows, one after another."""
        if self.positions == 1 and self._in_order:
            return self
        n_in, n_out = self.weight.shape
        view = identity_view(self.groups * n_in).reshape(self.groups, n_in)
        return replace(self, output=replace(self.output, shape=(n_out,)), view=view)

    def window(self, tensor: Tensor) -> Tensor:
        """The input of :attr:`alone`."""
        return replace(tensor, shape=(self.groups * self.weight.shape[0],))

    def windows(self, values: Any, padding: Any = 0) -> Any:
        """The numbers of every window, shape (positions * groups, n_in, ...).

        Parameters
        ----------
        values
            The input, shape (size, ...).
        padding
            What stands for padding.
        """
        if self._in_order:
            return values[: self.view.size].reshape(*self.view.shape, *values.shape[1:])
        taken = values[self.view]
        if (padded := self.view < 0).any():
            taken[padded] = padding
        return taken

    def beside_weights(self, window: Any) -> Any:
        """The numbers of a position's windows as they meet the weights: shape (n_in, n_out); (n_in, 1) without groups.

        Parameters
        ----------
        window
            The input of :attr:`alone`, shape (groups * n_in,).
        """
        columns = window.reshape(self.groups, -1).T
        return columns if self.groups == 1 else np.repeat(columns, self.weight.shape[1] // self.groups, axis=1)
