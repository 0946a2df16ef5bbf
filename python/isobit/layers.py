"""Layers of your own, see docs/layers.md: what a layer is, how it is read from hls4ml, and what computes it.

A layer is a frozen dataclass derived from :class:`Op`, made known by :func:`register_op`. It needs a handler
(:func:`register_handler`), which makes it of an hls4ml node, and a reference (:func:`register_reference`), which
computes it on exact numbers. That runs on every engine.

With a :meth:`Op.lower` into :class:`Select`, :class:`Formula` and isobit's own layers it runs at their speed, with
bounds, plan and profile; a layer without one may say its bounds (:func:`register_bounds`). An emitter
(:func:`register_emitter`, docs/hls.md) makes it exportable.
"""

from isobit.bounds.interval_arithmetic import halved, minus, plus, times
from isobit.bounds.ranges import Range
from isobit.bounds.rules import KERNELS as _BOUNDS
from isobit.bounds.rules import OpBounds, Ranges, bounds_of, register_bounds
from isobit.engines.reference.kernels import KERNELS as _REFERENCES
from isobit.engines.reference.kernels import Inputs, assign, values_of
from isobit.engines.reference.kernels import register_kernel as register_reference
from isobit.engines.reference.numbers import Numbers, where
from isobit.errors import RegistrationError
from isobit.fixed.growth import difference, product, sum_of
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import HANDLERS as _HANDLERS
from isobit.frontends.registry import register_handler
from isobit.hls.emitters import EMITTERS as _EMITTERS
from isobit.hls.emitters import register_emitter
from isobit.model.expressions import Choice, Constant, Halved, Input, Result
from isobit.model.ops import OPS as _OPS
from isobit.model.ops import Op, Tensor, Tensors, register_op
from isobit.model.primitives import Formula, Select
from isobit.model.weights import Weight

__all__ = [
    "Choice",
    "Constant",
    "Formula",
    "Halved",
    "Input",
    "Inputs",
    "Numbers",
    "Op",
    "OpBounds",
    "Range",
    "Ranges",
    "Result",
    "Select",
    "Tensor",
    "Tensors",
    "Weight",
    "assign",
    "bounds_of",
    "difference",
    "edges_of",
    "forget",
    "halved",
    "minus",
    "plus",
    "precision_to_type",
    "product",
    "register_bounds",
    "register_emitter",
    "register_handler",
    "register_op",
    "register_reference",
    "sum_of",
    "times",
    "values_of",
    "weight_of",
    "where",
]


def forget(*names: str) -> None:
    """Take back what was registered for layers of your own, so that a notebook's cell can run again.

    Parameters
    ----------
    names
        Tags of ops: the op, its reference, bounds and emitter are forgotten. Names of hls4ml's classes: the handler is.

    Raises
    ------
    RegistrationError
        For a name that is not registered, and for isobit's own; nothing is forgotten then.
    """
    own = {tag for tag, op in _OPS.items() if not _is_isobits(op.__module__)}
    own |= {name for name, handler in _HANDLERS.items() if not _is_isobits(handler.__module__)}
    if wrong := [name for name in names if name not in own]:
        raise RegistrationError(f"{wrong[0]!r} is no layer of your own; registered: {', '.join(sorted(own)) or 'none'}")
    for name in names:
        _HANDLERS.pop(name, None)
        if (op := _OPS.pop(name, None)) is not None:
            for table in (_REFERENCES, _BOUNDS, _EMITTERS):
                table.pop(op, None)


def _is_isobits(module: str) -> bool:
    return module.partition(".")[0] == "isobit"
