"""The engine ``cpp``: every stage in the cheapest machine arithmetic that the plan has proven exact, in C++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isobit.engines.cpp.pack import Packed, pack
from isobit.engines.planned import PlannedEngine
from isobit.model.graph import Graph
from isobit.model.ops import Tensor
from isobit.plan.lanes import Lane
from isobit.plan.plan import Plan, make_plan

__all__ = ["ENGINE", "CppEngine"]


class CppEngine(PlannedEngine):
    """Planned stages over blocks of events, on the program's own threads.

    Parameters
    ----------
    instruction_set
        One of ``isobit._core.instruction_sets()``; by default the best that the machine has.
    """

    def __init__(self, instruction_set: str = "") -> None:
        super().__init__()
        self.instruction_set = instruction_set

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan for the C++ stages."""
        return make_plan(graph, keep=keep)

    def pack(self, inputs: Sequence[Tensor], lanes: Sequence[Lane], outputs: Mapping[str, Tensor]) -> Packed:
        """Compile stages; see :func:`isobit.engines.cpp.pack.pack`."""
        return pack(inputs, lanes, outputs, self.instruction_set)


ENGINE = CppEngine()
