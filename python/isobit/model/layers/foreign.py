"""Layers of a project whose function is none of hls4ml's: known by their code alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Opaque

__all__ = ["RUNNERS", "ForeignLayer"]

#: What runs a layer's code, by its key: takes raw integers of each input, shape (events, size), and gives the output's.
#: Only code whose owner was asked for it is here.
RUNNERS: dict[str, Callable[[list[Any]], Any]] = {}


@register_op
@dataclass(frozen=True, eq=False)
class ForeignLayer(Op):
    """A call of a function that isobit does not know: a patched kernel of hls4ml's, or somebody's own.

    Attributes
    ----------
    call
        The statement in the top function.
    reason
        The functions that are not known.
    key
        Digest of the statement and of every source of its project.
    """

    call: str
    reason: str
    key: str

    tag: ClassVar[str] = "foreign"
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    @property
    def unknown(self) -> str:
        """The functions that are not known."""
        return self.reason

    def check_inputs(self, *tensors: Tensor) -> None:
        """At least one; of which sizes, only the code itself knows."""
        self._counted(tensors)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Only the code itself knows what it computes."""
        del tensors
        return (Opaque.of(self),)
