"""How much memory a network takes, by the shapes of its layers alone: said before anything is made of them.

Measured on separable convolutions of images of 64 to 256 pixels, on the engines ``cpp`` and ``numba``: the estimate is
the largest memory of a first prediction, by which it grows, or somewhat more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isobit.errors import RangeError, UnsupportedError

if TYPE_CHECKING:
    from isobit.model.ops import Op, Tensor

__all__ = ["LIMIT", "Need", "check_memory", "mebibytes", "memory_limit", "need_of"]

#: The variable that says how many MiB a network may take, and how many if it is not set.
LIMIT = ("ISOBIT_MEMORY_LIMIT", 8192)
#: Bytes for each number that a layer gives: its bounds and verdicts.
_GIVEN = 320
#: Bytes for each window: how an engine computes it.
_WINDOW = 512
#: Bytes for each number that a window reads: index maps, and what engines make of them.
_READ = 32
#: Bytes for each number that a layer reads or gives while it is computed: 64 bits in each event of a block of 96.
_AT_WORK = 768


def mebibytes(variable: str, default: int) -> int:
    """Bytes that an environment variable allows, in MiB; 0 for no limit.

    Raises
    ------
    RangeError
        If the variable is not a whole number.
    """
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal():
        raise RangeError(f"{variable} is {text!r}; expected a whole number of MiB, 0 for no limit")
    return int(text) << 20


def memory_limit() -> int:
    """Bytes that a network may take, see :data:`LIMIT`."""
    return mebibytes(*LIMIT)


@dataclass(frozen=True)
class Need:
    """What a layer needs.

    Attributes
    ----------
    layer
        Its name.
    windows, read
        See :meth:`isobit.model.Op.reading`.
    taken, given
        Numbers of its inputs and of its output.
    """

    layer: str
    windows: int
    read: int
    taken: int
    given: int

    @property
    def kept(self) -> int:
        """Bytes that it takes for as long as the network is there."""
        return _GIVEN * self.given + _WINDOW * self.windows + _READ * self.read

    @property
    def working(self) -> int:
        """Bytes that it takes while it is computed."""
        return _AT_WORK * (self.taken + self.given)

    @property
    def bytes(self) -> int:
        """Bytes at most."""
        return self.kept + self.working


def need_of(op: Op, *tensors: Tensor) -> Need:
    """What a layer with these inputs needs."""
    return Need(op.name, *op.reading(*tensors), sum(tensor.size for tensor in tensors), op.output.size)


def check_memory(needs: Sequence[Need]) -> None:
    """Refuse a network that would take more memory than :func:`memory_limit`.

    Parameters
    ----------
    needs
        Those of its layers.

    Raises
    ------
    UnsupportedError
        If it would; the layer that needs the most is named.
    """
    limit, whole = memory_limit(), sum(need.kept for need in needs) + max((need.working for need in needs), default=0)
    if not limit or whole <= limit:
        return
    most = max(needs, key=lambda need: need.bytes)
    raise UnsupportedError(
        f"layer {most.layer!r} gives {most.given} numbers, and reads {most.read} in {most.windows} windows: it needs "
        f"{_size(most.bytes)} of memory, and the network {_size(whole)}; allowed are {_size(limit)}. Set {LIMIT[0]} to "
        f"{-(-whole >> 20)} (MiB; 0 for no limit) to allow it"
    )


def _size(count: int) -> str:
    return f"{count} bytes ({count / 2**30:.1f} GiB)"
