"""Elementwise functions without a table: nnet_activation.h and nnet_activation_stream.h."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.comparison import check_comparison
from isobit.model.expressions import ZERO, Cast, Choice, Constant, Input, Outcome, Result, Times, results_of, whole
from isobit.model.layers.signs import BIT_MINUS, MINUS, PLUS, ternary
from isobit.model.ops import Op, Tensor, is_quantiser, register_op, supported_activations
from isobit.model.primitives import Formula, identity_view
from isobit.model.weights import Weight

__all__ = ["Activation", "PReLU", "ThresholdedReLU"]

_X = Input(0)


@register_op
@dataclass(frozen=True, eq=False)
class Activation(Op):
    """An elementwise function without a table: nnet_activation.h.

    Attributes
    ----------
    function
        One of :attr:`FUNCTIONS`.
    param
        For ``leaky_relu`` the slope (one value).
    slope, shift
        For ``hard_sigmoid`` and ``hard_tanh`` (one value each).
    """

    function: str
    param: Weight | None = None
    slope: Weight | None = None
    shift: Weight | None = None

    tag: ClassVar[str] = "activation"
    FUNCTIONS: ClassVar[tuple[str, ...]] = (
        "linear",
        "relu",
        "leaky_relu",
        "binary_tanh",
        "ternary_tanh",
        "hard_sigmoid",
        "hard_tanh",
    )
    activations: ClassVar[tuple[str, ...]] = FUNCTIONS

    @property
    def clips(self) -> bool:
        """See :attr:`Op.clips`."""
        return is_quantiser(self.output.type)

    def __post_init__(self) -> None:
        if self.function not in self.FUNCTIONS:
            raise UnsupportedError(
                f"activation {self.function!r} of layer {self.name!r} is not supported; supported: "
                f"{', '.join(supported_activations())}"
            )
        wanted = {"leaky_relu": {"param"}, "hard_sigmoid": {"slope", "shift"}, "hard_tanh": {"slope", "shift"}}
        given = {name for name in ("param", "slope", "shift") if getattr(self, name) is not None}
        if given != wanted.get(self.function, set()) or any(getattr(self, name).raw.size != 1 for name in given):
            raise ShapeError(
                f"activation {self.function!r} of layer {self.name!r} has the constants {sorted(given)}; expected "
                f"{sorted(wanted.get(self.function, set()))}, one value each"
            )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Pieces of lines, one behind the other where the kernel has a variable between; see :meth:`Op.lower`."""
        *inner, last = _OUTCOMES[self.function](self, *tensors)
        view = identity_view(self.output.size)
        source, parts = self.inputs, []
        for number, outcome in enumerate(inner, 2):
            output = Tensor(f"{self.name}/{number}", self.output.shape, results_of(outcome)[0].form)
            parts.append(Formula(output.name, source, output, outcome, (view,)))
            source = (output.name,)
        return (*parts, Formula(self.name, source, self.output, last, (view,), self))


def _linear(layer: Activation, data: Tensor) -> list[Outcome]:
    return [Result(_X, data.type)]


def _relu(layer: Activation, data: Tensor) -> list[Outcome]:
    return [Choice(_X, ZERO, Result(_X, data.type), Result.of(whole(0, data.type)))]


def _leaky_relu(layer: Activation, data: Tensor) -> list[Outcome]:
    assert layer.param is not None
    return [Choice(_X, ZERO, Result(_X, data.type), Result.of(_X * Constant(layer.param), data))]


def _binary_tanh(layer: Activation, data: Tensor) -> list[Outcome]:
    minus = BIT_MINUS if layer.output.type == FixedType.int_type(1, signed=False) else MINUS
    return [Choice(ZERO, _X, minus, PLUS)]


def _ternary_tanh(layer: Activation, data: Tensor) -> list[Outcome]:
    twice = Cast(_X + _X, data.type.sum_with(data.type), data.type)  # data_T datareg = 2 * data
    return [Result(twice, data.type), ternary(PLUS.value, MINUS.value)]


def _hard_sigmoid(layer: Activation, data: Tensor) -> list[Outcome]:
    assert layer.slope is not None
    assert layer.shift is not None
    line = Result.of(Constant(layer.slope) * _X + Constant(layer.shift), data)
    # The variable of the line has its format: where that has no bit of 1, the 1 that is written into it becomes 0.
    one, zero = (Result.of(whole(value, line.form)) for value in (1, 0))
    cut = Choice(_X, PLUS.value, one, Choice(ZERO, _X, zero, Result(_X, line.form)))
    return [line, cut, Result(_X, line.form)]


def _hard_tanh(layer: Activation, data: Tensor) -> list[Outcome]:
    line, cut, sigmoid = _hard_sigmoid(layer, data)
    assert isinstance(sigmoid, Result)
    one, two = (whole(value, FixedType.int_type(32)) for value in (1, 2))
    return [line, cut, Result.of(two * _X - one, Tensor("sigmoid", data.shape, sigmoid.form))]


#: The formulas of each function, in order: from the layer and its input.
_OUTCOMES: dict[str, Callable[[Activation, Tensor], list[Outcome]]] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}


@dataclass(frozen=True, eq=False)
class _Rectifier(Op):
    param: Weight

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """One number above a limit, or else another; see :meth:`Op.lower`."""
        (tensor,) = tensors
        x = Input(0)
        limit, under = self._limit_and_under(tensor.type)
        outcome = Choice(x, limit, Result(x, tensor.type), under)
        return (Formula(self.name, self.inputs, self.output, outcome, (identity_view(tensor.size),)),)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        raise NotImplementedError

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.tag} of one-bit (xnor) numbers is not supported (layer {self.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class PReLU(_Rectifier):
    """Positive numbers as they are, others times a slope of the element's own: ``nnet::prelu``.

    Attributes
    ----------
    param
        The slopes, one for every element.
    """

    tag: ClassVar[str] = "prelu"
    activations: ClassVar[tuple[str, ...]] = ("prelu",)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        return ZERO, Result(Times(Constant(self.param), Input(0)), self.param.type.product_with(kind))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        self._same(self.param.raw.size, (tensors[0].size,), "slopes", tensors[0])


@register_op
@dataclass(frozen=True, eq=False)
class ThresholdedReLU(_Rectifier):
    """Numbers above a threshold as they are, zero for others: ``nnet::thresholded_relu``.

    Attributes
    ----------
    param
        The threshold (one value).
    """

    tag: ClassVar[str] = "thresholded_relu"
    activations: ClassVar[tuple[str, ...]] = ("thresholded_relu",)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        return Constant(self.param), Result(ZERO, ZERO.weight.type)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        self._same(self.param.raw.size, (1,), "thresholds", tensors[0])
        check_comparison(self.name, tensors[0].type, self.param.type)
