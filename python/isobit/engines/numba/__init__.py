"""The engine ``numba``: planned stages over blocks of events, compiled by Numba (and kept on disk)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from isobit.engines.numba.choice import candidates
from isobit.engines.planned import PlannedEngine
from isobit.model.graph import Graph
from isobit.model.ops import Tensor
from isobit.plan.lanes import Lane
from isobit.plan.plan import Plan, make_plan

if TYPE_CHECKING:
    from isobit.engines.numba.program import Program

__all__ = ["ENGINE", "NumbaEngine"]


class NumbaEngine(PlannedEngine):
    """Planned stages over blocks of events; a thread takes a range of blocks."""

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan for the Numba stages."""
        return make_plan(graph, keep=keep, lanes_of=candidates)

    def pack(self, inputs: Sequence[Tensor], lanes: Sequence[Lane], outputs: Mapping[str, Tensor]) -> Program:
        """Make tables of stages; see :func:`isobit.engines.numba.tables.pack`."""
        from isobit.engines.numba.alone import no_extensions  # Numba is slow to import

        with no_extensions():  # the kernels are compiled, or loaded, when they are imported
            from isobit.engines.numba.tables import pack

        return pack(inputs, lanes, outputs)


ENGINE = NumbaEngine()
