"""hls4ml's layers on whole columns of events, with NumPy: int64 or Python integers, any width.

This computes what no lane does, at any width, and counts overflows (``tally``). All arithmetic goes through
``isobit.fixed.law``.

Arrays are event-last inside (``columns[i]`` holds input ``i`` of every event) so that one operation serves a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isobit.engines.exact import tables as vector_tables
from isobit.engines.exact.dot import dot
from isobit.engines.exact.formulas import formula, select
from isobit.engines.exact.opaque import opaque
from isobit.engines.exact.reduce import reduced
from isobit.engines.exact.tallies import Tally, ignore
from isobit.errors import UnsupportedError
from isobit.model.dot import Dot
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Opaque, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

__all__ = ["Tally", "compute"]

Column = Any
#: Of every input of an op, in order.
Columns = tuple[Column, ...]
#: (op, input tensors, columns of each, tally) -> columns of the output.
Kernel = Callable[[Any, Tensors, Columns, Tally], Column]
KERNELS: dict[type[Op], Kernel] = {
    Dot: dot,
    Select: select,
    Formula: formula,
    Opaque: opaque,
    Reduce: reduced,
    Lookup: vector_tables.lookup,
    Softmax: vector_tables.softmax,
}


def compute(op: Op, tensors: Tensors, raws: Sequence[Any], tally: Tally | None = None) -> Any:
    """Compute one op on raw integers.

    Parameters
    ----------
    op, tensors
        The op and its input tensors.
    raws
        Of each input, shape (events, size); all int64 where the caller knows that every intermediate fits, otherwise
        all Python integers (:func:`isobit.engines.exact.int64.in_lane`).
    tally
        Called for every cast into the accumulator and into the result; None counts nothing.

    Returns
    -------
    Raw integers of the output, shape (events, output size), same dtype.
    """
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(f"the emulator has no kernel for op {op.tag!r} (layer {op.name!r})")
    columns = tuple(np.ascontiguousarray(raw.T) for raw in raws)
    return np.ascontiguousarray(kernel(op, tensors, columns, ignore if tally is None else tally).T)
