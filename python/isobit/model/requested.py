"""What was asked for and what hls4ml made of it: reuse factors and strategies of Dense layers.

hls4ml replaces a reuse factor that is not legal by the closest one (``FPGABackend.set_closest_reuse_factor``), and
``resource_unrolled`` at reuse factor 1 by ``resource``, with no more than a line on the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isobit.model.graph import Graph

__all__ = ["OVERRIDDEN", "ReuseFactor", "linear_fact", "linear_layers", "request", "reuse_factors", "summary"]

#: Entry of :attr:`Graph.metadata`: what was asked for the whole model, and reaches no layer.
OVERRIDDEN = "overridden_reuse_factor"


@dataclass(frozen=True)
class ReuseFactor:
    """One Dense layer's.

    Attributes
    ----------
    layer
        Layer name.
    strategy, reuse_factor
        What the firmware has.
    requested_strategy, requested
        What the configuration says for this layer; None where that is not known.
    overridden
        What it says for the whole model, if that reaches no layer because each has an entry of its own; else None.
    """

    layer: str
    strategy: str
    reuse_factor: int
    requested_strategy: str | None = None
    requested: int | None = None
    overridden: str | None = None

    @property
    def replaced(self) -> bool:
        """Whether the firmware has something else than was asked for."""
        return self.requested not in (None, self.reuse_factor) or self.requested_strategy not in (None, self.strategy)

    def __str__(self) -> str:
        text = f"{self.layer}: {self.strategy}, reuse factor {self.reuse_factor}"
        asked = [] if self.requested in (None, self.reuse_factor) else [f"reuse factor {self.requested}"]
        if self.requested_strategy not in (None, self.strategy):
            asked.insert(0, str(self.requested_strategy))
        return f"{text} (requested: {', '.join(asked)})" if asked else text


def request(layer: str, strategy: str, reuse_factor: int) -> dict[str, str]:
    """The entries of :attr:`Graph.metadata` that remember what was asked for."""
    return {f"{layer}.requested_strategy": strategy, f"{layer}.requested_reuse_factor": str(reuse_factor)}


def linear_fact(layer: str) -> dict[str, str]:
    """The entry of :attr:`Graph.metadata` of a layer with a linear activation, which hls4ml makes a layer of its own.

    hls4ml removes ``layer_linear`` where its format is that of the layer's result, and makes a cast of it elsewhere: a
    configuration that changes the result has to name both.
    """
    return {f"{layer}.linear": f"{layer}_linear"}


def linear_layers(graph: Graph) -> tuple[str, ...]:
    """Layers whose linear activation hls4ml has removed, see :func:`linear_fact`."""
    facts = graph.metadata
    return tuple(op.name for op in graph.ops if facts.get(f"{op.name}.linear", op.name) not in graph.by_name)


def reuse_factors(graph: Graph) -> tuple[ReuseFactor, ...]:
    """Requested and effective reuse factor and strategy of every Dense layer, in the order of computation."""
    found = []
    overridden = graph.metadata.get(OVERRIDDEN)
    for op in graph.ops:
        if op.multiplication is not None:
            asked = graph.metadata.get(f"{op.name}.requested_reuse_factor", "")
            strategy = graph.metadata.get(f"{op.name}.requested_strategy")
            requested = int(asked) if asked.isdigit() else None
            found.append(ReuseFactor(op.name, *op.multiplication, strategy, requested, overridden))
    return tuple(found)


def summary(factors: Sequence[ReuseFactor]) -> list[str]:
    """Lines for a report: those that were replaced one by one, else one line for all."""
    if not factors:
        return []
    replaced = [factor for factor in factors if factor.replaced]
    listed = ", ".join(f"{factor.layer} {factor.reuse_factor}" for factor in factors)
    if (wide := next((factor.overridden for factor in factors if factor.overridden), None)) is not None:
        lines = [
            f"reuse factors NOT as requested: {listed}; the model's {wide} reaches no layer, each has its own entry"
        ]
    elif not replaced and all(factor.requested is not None for factor in factors):
        lines = [f"reuse factors as requested: {listed}"]
    else:
        lines = [] if replaced else [f"reuse factors: {listed}"]
    return [*lines, *(["replaced by hls4ml:", *(f"  {factor}" for factor in replaced)] if replaced else [])]
