"""What NumPy may do with a FixedArray: the operators' ufuncs and a few functions; the rest is refused.

Without this, ``np.add(a, b)``, ``np.exp(a)`` or ``np.array(a)`` would fall back to floats or to raw integers without
their format.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isobit.errors import TypeMismatchError
from isobit.fixed import selection
from isobit.fixed.operators import Operators

__all__ = ["NumpyProtocol"]

_UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.remainder: operator.mod,  # with the dividend's sign: FixedArray's rule wins
    np.fmod: operator.mod,
    np.matmul: operator.matmul,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_,
    np.bitwise_xor: operator.xor,
    np.invert: operator.invert,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
}
_CHOICES: dict[np.ufunc, Callable[..., Any]] = {np.maximum: selection.larger, np.minimum: selection.smaller}
_SHIFTS: dict[np.ufunc, Callable[..., Any]] = {np.left_shift: operator.lshift, np.right_shift: operator.rshift}
#: operator -> (method on the right operand, for a plain left one)
_REFLECTED = {
    operator.eq: "__eq__",
    operator.ne: "__ne__",
    operator.lt: "__gt__",
    operator.le: "__ge__",
    operator.gt: "__lt__",
    operator.ge: "__le__",
    operator.add: "__radd__",
    operator.sub: "__rsub__",
    operator.mul: "__rmul__",
    operator.truediv: "__rtruediv__",
    operator.mod: "__rmod__",
    operator.matmul: "__rmatmul__",
    operator.and_: "__rand__",
    operator.or_: "__ror__",
    operator.xor: "__rxor__",
}


class NumpyProtocol(Operators):
    """NumPy's three doors."""

    __slots__ = ()

    if TYPE_CHECKING:

        @staticmethod
        def concatenate(arrays: Iterable[Any], axis: int = 0) -> Any: ...  # noqa: D102
        @staticmethod
        def stack(arrays: Iterable[Any], axis: int = 0) -> Any: ...  # noqa: D102

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeMismatchError(
            "a FixedArray does not become a plain array implicitly; use .to_float() for the values or .raw for the "
            "integers"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        known = (
            _UFUNCS.get(ufunc)
            or _CHOICES.get(ufunc)
            or (_SHIFTS.get(ufunc) if isinstance(inputs[0], NumpyProtocol) else None)
        )
        if known is None or method != "__call__":
            call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise TypeMismatchError(
                f"numpy.{call} is not offered for FixedArray; take .to_float() or .raw. Offered: the functions of its "
                f"operators ({', '.join(sorted(f.__name__ for f in (*_UFUNCS, *_CHOICES, *_SHIFTS)))})"
            )
        if options:
            raise TypeMismatchError(
                f"numpy.{ufunc.__name__} of FixedArray takes no {', '.join(options)}: a plain array cannot hold the "
                "result (that includes x += a; write x = x + a)"
            )
        if ufunc in _CHOICES:
            return self._of(known(*inputs))
        if isinstance(inputs[0], NumpyProtocol) or len(inputs) == 1:
            return known(*inputs)
        return getattr(inputs[1], _REFLECTED[known])(inputs[0])

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        offered: dict[Callable[..., Any], Callable[..., Any]] = {
            np.shape: lambda a: a.shape,
            np.ndim: lambda a: a.ndim,
            np.size: lambda a: a.size,
            np.reshape: lambda a, shape: a.reshape(shape),
            np.transpose: lambda a, axes=None: a.transpose() if axes is None else a.transpose(axes),
            np.sum: lambda a, axis=None, keepdims=False: a.sum(axis, keepdims),
            np.min: lambda a, axis=None, keepdims=False: a.min(axis, keepdims),
            np.max: lambda a, axis=None, keepdims=False: a.max(axis, keepdims),
            np.where: lambda condition, x, y: self._of(selection.where(condition, x, y)),
            np.copy: lambda a: a.copy(),
            np.concatenate: self.concatenate,
            np.stack: self.stack,
            np.array_equal: _equal,
        }
        if function not in offered:
            names = ", ".join(sorted(f.__name__ for f in offered))
            raise TypeMismatchError(
                f"numpy.{function.__name__} is not offered for FixedArray; take .to_float() or .raw. Offered: {names}"
            )
        try:
            inspect.signature(offered[function]).bind(*args, **options)
        except TypeError as error:
            raise TypeMismatchError(f"numpy.{function.__name__} of FixedArray offers fewer options: {error}") from None
        return offered[function](*args, **options)


def _equal(a: Any, b: Any) -> bool:
    """Same shape and same values, whatever the formats."""
    return np.shape(a) == np.shape(b) and bool(np.all(np.asarray(a == b)))
