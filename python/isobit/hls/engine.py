"""The road of the exported core: isobit's own HLS project, compiled with isobit's number types, events through it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isobit.engines.registry import Values
from isobit.fixed.array import FixedArray
from isobit.hls.core import make_core
from isobit.hls.emitters import EMITTERS as KERNELS
from isobit.hls.export import core_files, ports
from isobit.hls.host import HostProgram, compile_host
from isobit.model.graph import Graph

__all__ = ["ENGINE", "KERNELS", "HlsEngine"]

#: Name of the top function, whatever the network is called.
_TOP = "isobit_hls"


class HlsEngine:
    """What :func:`isobit.export_hls` writes, compiled once for each network and kept in the cache of simulations."""

    def __init__(self) -> None:
        # By identity: a graph has no hash, and to compare two takes as long as to write one out.
        self._programs: dict[tuple[int, bool], HostProgram] = {}

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor: the same layers, with every layer's result as an output of the top function."""
        return dict(self._program(graph, tapped=True).run(inputs, raw=True, threads=threads))

    def run_outputs(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute the outputs alone, on the core as it is exported."""
        return dict(self._program(graph, tapped=False).run(inputs, raw=True, threads=threads))

    def predict_floats(
        self, graph: Graph, inputs: Sequence[Any], threads: int, *, raw: bool = False
    ) -> list[Any] | None:
        """Leave floats to the other door."""
        return None

    def _program(self, graph: Graph, *, tapped: bool) -> HostProgram:
        key = (id(graph), tapped)
        if key not in self._programs:
            shown = replace(graph, outputs=tuple(op.output.name for op in graph.ops))
            core = make_core(shown if tapped else graph, _TOP)
            self._programs[key] = compile_host(core_files(core), core.top, ports(core.inputs), ports(core.outputs))
            weakref.finalize(graph, self._programs.pop, key, None)
        return self._programs[key]


ENGINE = HlsEngine()
