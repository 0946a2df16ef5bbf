"""Every number of a network for some events, computed step by step, and what of it contradicts the bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isobit.bounds.intervals import Bounds, DotBounds
from isobit.engines.exact import vector
from isobit.engines.exact.products import product
from isobit.fixed import law
from isobit.fixed.assign import Cast, assign, outside_range
from isobit.model import Graph
from isobit.model.accumulation import accumulation_order, kept_weights, turns_of
from isobit.model.dot import Dot
from isobit.model.products import Product


def dot_steps(op: Dot, tensor: Any, raw: Any) -> dict[str, Any]:
    """The numbers inside sums over windows, by the names of :class:`SumBounds`, events first; Python integers.

    Those with a window's inputs, and the bias, are of one position; every position is another event.
    """
    found: list[dict[str, Any]] = []
    for position in range(op.positions):
        index = op.view[position * op.groups : (position + 1) * op.groups]
        windows = np.where(index < 0, 0, raw[:, index])
        # One column for every output: the window of its group.
        columns = windows[:, np.arange(op.weight.shape[1]) * op.groups // op.weight.shape[1]].swapaxes(1, 2)
        found.append(_position_steps(op, tensor, columns))
    inside = ("products", "terms", "dropped", "start")
    return {
        name: np.concatenate([steps[name] for steps in found], axis=0 if name in inside else -1) for name in found[0]
    }


def _position_steps(op: Dot, tensor: Any, raw: Any) -> dict[str, Any]:
    """The same at one position; raw has the shape (events, n_in, n_out)."""
    n_in, n_out = op.weight.shape
    kind = Product.of(tensor, op.weight)
    form = kind.exact_type(tensor.type, op.weight.type)
    signs = np.ones((n_in, n_out), dtype=int) if op.weight.signs is None else op.weight.signs
    products = np.empty((len(raw), n_in, n_out), dtype=object)
    for i in range(n_in):
        for j in range(n_out):
            weight, sign = int(op.weight.raw[i, j]), int(signs[i, j])
            products[:, i, j] = product(kind, raw[:, i, j], weight, sign, tensor.type, op.weight.type)
    target = op.accum.as_assigned(form)
    shift = form.fraction - op.accum.fraction
    terms = products if form == op.accum else law.round_shift(products, shift, int(target.rounding))
    folded = assign(products, form, op.accum)
    start = assign(op.bias.raw.astype(object), op.bias.type, op.accum)
    order, kept = accumulation_order(op), kept_weights(op)
    turns = turns_of(op) if op.strategy == "compressed" else None
    total = np.tile(start, (len(raw), 1))
    partial = [total]

    def add(to: Any, what: Any, where: Any) -> Any:
        """The sum cast, where something is added; every sum is kept as it was before."""
        before = np.where(where, to + what, total)
        partial.append(before)
        return np.where(where, assign(before, op.accum.sum_with(op.accum), op.accum), to)

    for turn in range(1 if turns is None else op.reuse_factor):
        part = total if turns is None else total * 0
        for step in range(n_in):
            inputs = order[np.arange(n_out), step] if turns is None else np.full(n_out, step)
            now = kept[inputs, np.arange(n_out)] if turns is None else turns[step] == turn
            part = add(part, folded[:, inputs, np.arange(n_out)], now)
        total = part if turns is None else add(total, part, np.ones(n_out, dtype=bool))
    return {
        "products": products,
        "terms": terms,
        "start": start[None],
        "partial": np.concatenate(partial),
        "free_sum": start + terms.sum(axis=1),
        "accum": total,
        "dropped": np.zeros(terms.shape, bool) if shift <= 0 else np.asarray(products & ((1 << shift) - 1) != 0, bool),
    }


def observe(graph: Graph, inputs: dict[str, Any]) -> Iterator[tuple[Any, Any, Any, dict[str, Any]]]:
    """For every primitive: (op, raw input, raw result, {slot: bool (events, size)} which casts overflowed)."""
    graph = graph.lowered
    values = {name: np.asarray(raw).astype(object) for name, raw in inputs.items()}
    for op in graph.ops:
        raws = [values[name] for name in op.inputs]
        raw = raws[0]
        counted: dict[str, Any] = {}

        def tally(slot: str, index: int, cast: Cast, counted: Any = counted, op: Any = op, raw: Any = raw) -> None:
            outside = outside_range(cast.rounded, cast.type)
            counted.setdefault(slot, np.zeros((len(raw), op.output.size), dtype=bool))[:, index] |= outside

        values[op.output.name] = vector.compute(op, graph.inputs_of(op), raws, tally)
        yield op, raw, values[op.output.name], counted


def contradictions(graph: Graph, bounds: Bounds, inputs: dict[str, Any]) -> list[str]:
    """Where events (raw integers by input name, shape (events, size)) leave the bounds; empty if nowhere."""
    found = []
    for op, raw, result, counted in observe(graph, inputs):
        of = bounds.ops[op.name]
        if not of.result.contains(result):
            found.append(f"{op.name}: a result leaves {of.result.low}..{of.result.high}")
        verdicts = {"result": of.result_overflow}
        if isinstance(of, DotBounds):
            verdicts["accum"] = of.accum_overflow
            steps = dot_steps(op, graph.tensors[op.inputs[0]], raw)
            for name in ("partial", "free_sum", "accum"):
                if not getattr(of, name).contains(steps[name]):
                    found.append(f"{op.name}: {name} leave their bounds")
                if not getattr(of.hull, name).contains(steps[name].reshape(-1, op.weight.shape[1])):
                    found.append(f"{op.name}: {name} leave the bounds of all positions")
            for name in ("products", "terms", "start"):
                if not getattr(of.hull, name).contains(steps[name]):
                    found.append(f"{op.name}: {name} leave their bounds")
            if (steps["dropped"].any(axis=0) & of.hull.terms_exact).any():
                found.append(f"{op.name}: a term said to be exact lost a bit")
            largest = np.abs(steps["partial"]).max(axis=0).reshape(op.positions, -1)
            if np.any(largest > of.hull.free_magnitude) and not of.accum_overflow.any():
                found.append(f"{op.name}: a partial sum exceeds free_magnitude")
        for slot, outside in counted.items():
            if (outside.any(axis=0) & ~verdicts[slot]).any():
                found.append(f"{op.name}.{slot}: overflowed where bounds say that it cannot")
    return found
