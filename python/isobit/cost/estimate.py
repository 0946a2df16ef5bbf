"""What a network costs on the FPGA, from its layers, weights and formats alone: before any synthesis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isobit.api import Model, load
from isobit.cost import fabric
from isobit.cost.report import Cost, LayerCost
from isobit.cost.rules import cost_of
from isobit.model.graph import Graph
from isobit.model.hardware import IO_TYPE, spread
from isobit.model.tensor import layer_of

__all__ = ["cost"]


def cost(model: Any) -> Cost:
    """Estimate DSPs, LUTs, flip-flops, block RAMs, interval, latency and bit operations.

    Parameters
    ----------
    model
        A :class:`Model`, or what :func:`isobit.load` takes. Its strategies and reuse factors count.

    Returns
    -------
    Cost
        The sums (:attr:`Cost.dsp`, ``lut``, ``ff``, ``bram``, ``interval``, ``latency`` in clock cycles, ``bops``,
        ``ebops``) and every layer.

    Raises
    ------
    UnsupportedError
        For a layer of which only the reference is known.

    Notes
    -----
    DSPs follow rules that reproduce published designs exactly or within 1%: a DSP48E2 multiplies 27 x 18 bits, products
    with an operand of fewer than 10 bits are built in LUTs, zeros need no multiplier. LUT and FF are ranges, whose
    width is the error on published designs that the estimate was not fitted to (docs/cost.md). Synthesis decides.
    """
    return graph_cost((model if isinstance(model, Model) else load(model)).graph)


def graph_cost(graph: Graph) -> Cost:
    """As :func:`cost`, for a graph."""
    lowered = graph.lowered
    spreads = spread(graph, (op.name for op in graph.ops))
    layers: dict[str, LayerCost] = {}
    done: dict[str, int] = {tensor.name: 0 for tensor in graph.inputs}
    for op in lowered.ops:
        name = layer_of(op.name)
        found = replace(cost_of(op, lowered.inputs_of(op), spreads[name]), layer=name)
        layers[name] = layers[name].plus(found) if name in layers else found
        done[op.output.name] = max(done[source] for source in op.inputs) + found.latency
    ordered = tuple(layers[op.name] for op in graph.ops)
    clock = graph.metadata.get("clock_period_ns")
    notes = []
    if unknown := [name for name, facts in spreads.items() if not facts.known and layers[name].multipliers]:
        notes.append(f"reuse factors not recorded, taken as 1 or as the layer has them: {', '.join(unknown)}")
    if graph.metadata.get(IO_TYPE) == "io_stream":
        notes.append("io_stream: intervals count the positions of a layer; FIFOs between layers are not counted")
    return Cost(
        graph.name,
        ordered,
        fabric.lut(sum(layer.lut_bits for layer in ordered), sum(layer.adder_bits for layer in ordered)),
        fabric.ff(sum(layer.register_bits for layer in ordered)),
        max((done[name] for name in graph.outputs), default=0),
        float(clock) if clock else None,
        tuple(notes),
    )
