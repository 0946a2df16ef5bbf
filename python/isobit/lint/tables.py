"""Rules about lookup tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isobit.lint.rules import Context, Finding, rule
from isobit.model.lookup import Lookup
from isobit.model.softmax import Softmax
from isobit.model.tensor import layer_of

__all__: list[str] = []

#: Units that an entry of a table of exponentials may span: neighbours differ by a factor of e to this power.
_SPAN_WARNING, _SPAN_NOTE = 0.5, 0.0625
#: Entries that an input's range must reach.
_FEW = 8


def _tables(context: Context) -> Iterator[tuple[str, Any, dict[str, float]]]:
    """Layer, primitive and spans of every sampled table, each once."""
    seen = set()
    for op in context.graph.lowered.ops:
        if isinstance(op, (Lookup, Softmax)) and op.spans and (layer := layer_of(op.name), *op.spans) not in seen:
            seen.add((layer, *op.spans))
            yield layer, op, op.spans


@rule("IB401", "table-coarse", "warning")
def coarse(context: Context) -> Iterator[Finding]:
    """A table's entries are far apart.

    An entry stands for every number of its interval. Where an entry of a table of exponentials spans half a unit or
    more, inputs that differ by less get the same or wildly different probabilities: with hls4ml's defaults, a float
    Dense before a softmax has a result so wide that all events fall into one entry and get equal probabilities. A span
    is the range of the *format* that addresses the table (its top bits do) over the number of entries: give the layer
    before it fewer integer bits, or the table more entries.
    """
    for layer, op, spans in _tables(context):
        for slot, span in spans.items():
            if slot == "exp_table" and span > _SPAN_NOTE:
                severity = "warning" if span >= _SPAN_WARNING else "note"
                yield Finding(
                    "IB401",
                    severity,
                    layer,
                    slot,
                    f"each of its {op.exp_table.raw.size} entries spans {span:g}: neighbouring exponentials differ by "
                    f"a factor of {2.718281828459045 ** min(span, 300.0):.4g}",
                    {"entries": int(op.exp_table.raw.size), "span": span},
                    fix="fewer integer bits for what addresses the table, or a larger table",
                )


@rule("IB402", "table-few-entries", "warning")
def few(context: Context) -> Iterator[Finding]:
    """The input reaches few entries of a table.

    The bounds of the numbers that look up the table cover fewer than eight entries, so the activation has no more
    results than that. A table over -8 to 8 with 1024 entries resolves 1/64.
    """
    for layer, op, spans in _tables(context):
        if not isinstance(op, Lookup):
            continue
        (tensor,) = context.graph.lowered.inputs_of(op)
        values = context.plan.bounds.tensors[tensor.name]
        width = float((int(values.high.max()) - int(values.low.min())) * tensor.type.lsb)
        for slot, span in spans.items():
            reached = int(width / span) + 1
            steps = int(width / float(tensor.type.lsb)) + 1
            if reached < _FEW and steps > 2 * reached:
                yield Finding(
                    "IB402",
                    "warning",
                    layer,
                    slot,
                    f"the numbers of {tensor.name!r} reach {reached} of {op.entries} entries; they have {steps} values",
                    {"reached": reached, "entries": op.entries, "values": steps},
                    fix="a larger table",
                )
