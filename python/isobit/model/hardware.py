"""How each layer is spread over time and multipliers: facts of the configuration that change no bit.

They are entries of :attr:`isobit.model.Graph.metadata`, written when hls4ml's graph is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isobit.model.graph import Graph

__all__ = ["IO_TYPE", "Spread", "adder_facts", "spread", "spread_facts"]

#: Entry of :attr:`Graph.metadata`: hls4ml's ``IOType``.
IO_TYPE = "io_type"


@dataclass(frozen=True)
class Spread:
    """One layer's.

    Attributes
    ----------
    reuse_factor
        Products per multiplier.
    parallel
        Positions that are computed side by side (hls4ml's ``ParallelizationFactor``); with io_stream one.
    known
        Whether the network says so; else 1 each.
    trees
        Whether products are solved into adder trees (distributed arithmetic).
    adder_bits
        Bits of their adders at one position; None where the network does not say.
    """

    reuse_factor: int = 1
    parallel: int = 1
    known: bool = False
    trees: bool = False
    adder_bits: int | None = None


def spread_facts(layer: str, reuse_factor: int, parallel: int) -> dict[str, str]:
    """The entries of :attr:`Graph.metadata` for a layer."""
    return {f"{layer}.reuse_factor": str(reuse_factor), f"{layer}.parallelization_factor": str(parallel)}


def adder_facts(layer: str, bits: int) -> dict[str, str]:
    """The entry of :attr:`Graph.metadata` for a layer with distributed arithmetic."""
    return {f"{layer}.adder_bits": str(bits)}


def spread(graph: Graph, layers: Iterable[str]) -> dict[str, Spread]:
    """The facts of these layers."""
    found = {}
    for layer in layers:
        reuse = graph.metadata.get(f"{layer}.reuse_factor", "")
        parallel = graph.metadata.get(f"{layer}.parallelization_factor", "1")
        known = reuse.isdigit() and parallel.isdigit()
        bits = graph.metadata.get(f"{layer}.adder_bits", "")
        op = graph.by_name.get(layer)
        trees = getattr(getattr(op, "layer", op), "strategy", "") == "distributed_arithmetic"
        adders = trees, int(bits) if bits.isdigit() else None
        found[layer] = Spread(int(reuse), int(parallel), True, *adders) if known else Spread(1, 1, False, *adders)
    return found
