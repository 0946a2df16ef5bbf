"""The arguments of a kernel as the user declares them: direction, type of the numbers, shape of one event."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.errors import FormatError, ShapeError, TypeMismatchError
from isobit.fixed.types import FixedType

__all__ = ["Argument", "In", "InOut", "Out", "cpp_type", "declared", "shape_of", "size_of"]

#: A type's name that is left to the compiler, unless it is meant for one of isobit's formats.
_NAME = re.compile(r"[A-Za-z_][\w:<>, -]*")
_FORMAT = re.compile(r"(a[pc]_)?u?(fixed|int)\s*<")


@dataclass(frozen=True)
class Argument:
    """An argument of a kernel: :class:`In`, :class:`Out` or :class:`InOut`.

    How it is passed is read from the function's parameter: a scalar by value or reference, an array (``T x[16]``,
    ``T x[4][16]``, ``T *x``, ``T (&x)[16]``), a pack (``std::array``, ``nnet::array``, ``hls::vector``), an AXI4-Stream
    packet (``hls::axis``), or an ``hls::stream`` of numbers, packs or packets.

    Parameters
    ----------
    type
        Type of the numbers: a :class:`FixedType` or its name, ``int``, ``float`` or another name that the kernel's
        source knows, such as one of its typedefs. It must be exactly the function's type; the compiler checks that. A
        struct's name stands for all its fields.
    shape
        Shape of one event: an extent, or several; () for a scalar. It counts what ``type`` names: numbers in all packs,
        or structs.
    name
        A name for messages and keyword arguments; ``arg0``, ``arg1``, ... if left out.

    Notes
    -----
    A struct of numbers, arrays, packs and further structs is a dictionary of arrays by the names of its fields. Each
    has the argument's shape, followed by that of the arrays inside the struct: for ``struct jet { ap_uint<10> pt;
    ap_int<6> at[2]; }``, ``ib.In("jet", 4)`` takes ``{"pt": (events, 4), "at": (events, 4, 2)}``. A structured NumPy
    array does as well. Bit-fields, references, pointers, enumerations, unions and private members are refused.

    For packets, declare either the numbers in ``data`` (``ib.In("ap_fixed<16,6>", 4)``): then every byte is kept,
    ``last`` is set on the last packet of an event, other side channels are zero, and those of outputs are ignored.
    Or declare the packet itself (``ib.In("pkt", 4)``), with its side channels by name: ``data``, ``keep``, ``strb``,
    ``user``, ``last``, ``id``, ``dest``; those that a caller leaves out have the values above.
    """

    type: str | FixedType
    shape: int | tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class In(Argument):
    """An argument that a kernel reads; see :class:`Argument`."""


@dataclass(frozen=True)
class Out(Argument):
    """An argument that a kernel writes; see :class:`Argument`. It starts as zeros at each event."""


@dataclass(frozen=True)
class InOut(Argument):
    """An argument that a kernel reads and changes; see :class:`Argument`."""


def declared(args: Sequence[Argument]) -> list[Argument]:
    """The declarations, checked, each with a name."""
    if isinstance(args, (str, Argument)) or not isinstance(args, Iterable):
        raise TypeMismatchError(f"args must be a list of ib.In, ib.Out and ib.InOut, got {args!r}")
    named: list[Argument] = []
    for k, argument in enumerate(args):
        if not isinstance(argument, (In, Out, InOut)):
            raise TypeMismatchError(f"args[{k}] must be ib.In, ib.Out or ib.InOut, got {argument!r}")
        argument = replace(
            argument, name=argument.name or f"arg{k}", type=cpp_type(argument.type), shape=_extents(k, argument.shape)
        )
        if not argument.name.isidentifier() or argument.name in ("result", *(a.name for a in named)):
            raise FormatError(f"args[{k}]: the name {argument.name!r} is not an identifier, is taken, or is 'result'")
        named.append(argument)
    return named


def _extents(k: int, shape: Any) -> tuple[int, ...]:
    """Extents as plain numbers, from one or several of any type of integer."""
    given = tuple(shape) if isinstance(shape, (list, tuple, np.ndarray)) and np.ndim(shape) > 0 else (shape,)
    given = () if isinstance(shape, (list, tuple)) and len(shape) == 0 else given
    if any(isinstance(n, (bool, np.bool_)) or not isinstance(n, (int, np.integer)) or n < 1 for n in given):
        raise ShapeError(f"args[{k}]: the shape {shape!r} must be a positive extent or several")
    return tuple(int(n) for n in given)


def shape_of(argument: Argument) -> tuple[int, ...]:
    """Extents of one event; () for a scalar."""
    return argument.shape if isinstance(argument.shape, tuple) else (argument.shape,)


def size_of(argument: Argument) -> int:
    """Numbers in one event."""
    return math.prod(shape_of(argument))


def cpp_type(kind: str | FixedType) -> str:
    """A number's type in C++; names that are not formats known to isobit are left to the compiler."""
    try:
        parsed = FixedType.parse(kind)
    except FormatError:
        if not isinstance(kind, str) or not _NAME.fullmatch(kind) or _FORMAT.match(kind):
            raise
        return kind
    if not isinstance(kind, str) or kind.count(",") < 4 or parsed.saturation_bits:
        return str(parsed)
    # An N that has no effect belongs to the type in C++.
    bits = kind.rsplit(",", 1)[1].strip(" >").upper()
    bits = bits if bits.lstrip("+-").isdigit() or bits.startswith("AP_") else f"AP_{bits}"
    u = "" if parsed.signed else "u"
    return f"ap_{u}fixed<{parsed.width},{parsed.integer},{parsed.rounding},{parsed.overflow},{bits}>"
