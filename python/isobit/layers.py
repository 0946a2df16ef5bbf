"""Layers of your own, see docs/layers.md: what a layer is, how it is read from hls4ml, and what computes it.

A layer is a frozen dataclass derived from :class:`Op`, made known by :func:`register_op`. It needs a handler
(:func:`register_handler`), which makes it of an hls4ml node, and a reference (:func:`register_reference`), which
computes it on exact numbers. That runs on every engine.

With a :meth:`Op.lower` into :class:`Select`, :class:`Formula` and isobit's own layers it runs at their speed, with
bounds, plan and profile; a layer without one may say its bounds (:func:`register_bounds`).
"""

from isobit.analysis.op_bounds import OpBounds, Ranges, register_bounds
from isobit.analysis.ranges import Range, cast_range
from isobit.engines.reference.kernels import Inputs, assign, values_of
from isobit.engines.reference.kernels import register_kernel as register_reference
from isobit.engines.reference.numbers import Numbers, where
from isobit.frontends.registry import register_handler
from isobit.model.expressions import Choice, Constant, Halved, Input, Minus, Plus, Result, Times
from isobit.model.ops import Op, Tensor, Tensors, register_op
from isobit.model.primitives import Formula, Select, broadcast_view, identity_view
from isobit.model.weights import Encoding, Weight

__all__ = [
    "Choice",
    "Constant",
    "Encoding",
    "Formula",
    "Halved",
    "Input",
    "Inputs",
    "Minus",
    "Numbers",
    "Op",
    "OpBounds",
    "Plus",
    "Range",
    "Ranges",
    "Result",
    "Select",
    "Tensor",
    "Tensors",
    "Times",
    "Weight",
    "assign",
    "broadcast_view",
    "cast_range",
    "identity_view",
    "register_bounds",
    "register_handler",
    "register_op",
    "register_reference",
    "values_of",
    "where",
]
