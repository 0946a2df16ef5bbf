"""The figures of one configuration: outputs against the reference, overflows, cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from isobit.bounds.constants import op_constants
from isobit.cost.estimate import graph_cost
from isobit.errors import RangeError, UnsupportedError
from isobit.explain.outputs import METRICS, outputs_of
from isobit.model.graph import Graph
from isobit.network import Network
from isobit.suggest import did_you_mean
from isobit.sweep.configuration import retyped
from isobit.sweep.rerun import Rerun

__all__ = ["COSTS", "Evaluator", "check_metrics"]


def _bits(graph: Graph) -> int:
    """Bits of all numbers that are kept: weights, and results of layers."""
    weights = sum(int(weight.raw.size) * weight.type.width for op in graph.ops for weight in op_constants(op))
    return weights + sum(op.output.size * op.output.type.width for op in graph.ops if not op.follows)


#: Figures of a configuration that need no events.
COSTS: dict[str, Callable[[Graph], float]] = {
    "bits": _bits,
    "dsp": lambda graph: graph_cost(graph).dsp,
    "lut": lambda graph: graph_cost(graph).lut.value,
    "ff": lambda graph: graph_cost(graph).ff.value,
    "bram": lambda graph: graph_cost(graph).bram,
    "ebops": lambda graph: graph_cost(graph).ebops,
    "bops": lambda graph: graph_cost(graph).bops,
    "weight_bits": lambda graph: graph_cost(graph).weight_bits,
    "latency": lambda graph: graph_cost(graph).latency,
}
#: Figures that count in the events: those in which the cast that overflows most does, and formats that may overflow for
#: some input that the formats allow.
_PROFILED = ("overflows", "unsafe")


def check_metrics(metrics: Sequence[str], more: Mapping[str, Any]) -> None:
    """Refuse metrics that are not known.

    Raises
    ------
    UnsupportedError
        Naming the first, and those that there are.
    """
    known = [*METRICS, *COSTS, *_PROFILED, *more]
    for name in metrics:
        if name not in known:
            raise UnsupportedError(f"no metric {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}")


class Evaluator:
    """Computes the figures of configurations of one network on the same events.

    Parameters
    ----------
    network
        The network.
    x
        Events: inputs in order, each of shape (events, ...).
    reference
        Outputs that are right, one array for each output.
    metrics
        Names of figures.
    functions
        Figures of the user's, by name: each takes the list of outputs and gives a number.
    """

    def __init__(
        self,
        network: Network,
        x: list[Any],
        reference: list[Any],
        metrics: Sequence[str],
        functions: Mapping[str, Callable[[list[Any]], float]],
    ) -> None:
        self.network, self.x, self.reference = network, x, reference
        self.metrics, self.functions = tuple(metrics), dict(functions)

    @property
    def _plain(self) -> Any:
        return self.x[0] if len(self.x) == 1 else self.x

    @cached_property
    def _rerun(self) -> Rerun:
        return Rerun(self.x, threads=1, follow=True)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes need: not the layers that this one has remembered."""
        return {name: value for name, value in vars(self).items() if name != "_rerun"}

    def __call__(self, changes: Mapping[str, str], graph: Graph | None = None) -> dict[str, float]:
        """The figures of a configuration.

        Parameters
        ----------
        changes
            What it changes; see :mod:`isobit.sweep.configuration`.
        graph
            The network that it is, if it was converted again.

        Raises
        ------
        FormatError, UnsupportedError
            If it does not exist.
        RangeError
            If a figure is not finite.
        """
        made = retyped(self.network.graph, changes) if graph is None else graph
        network = Network(made)
        found: dict[str, float] = {}
        if any(name in METRICS or name in self.functions for name in self.metrics):
            outputs = self._rerun.outputs(made) if graph is None else outputs_of(network, self.x, 1)
        for name in self.metrics:
            if name in self.functions:
                value = float(self.functions[name](outputs))
            elif name in METRICS:
                value = METRICS[name](outputs, self.reference)
                value = float(np.sqrt(value)) if name == "rms" else value
            elif name == "overflows":
                counts = network.profile(self._plain, threads=1).overflows
                value = float(max((int(count.events.max()) for count in counts), default=0))
            elif name == "unsafe":
                value = float(sum(not verdict.safe and not verdict.clips for verdict in network.plan().verdicts))
            else:
                value = float(COSTS[name](network.graph))
            if not np.isfinite(value):
                raise RangeError(f"the metric {name!r} gives {value} for {dict(changes)}")
            found[name] = value
        return found
