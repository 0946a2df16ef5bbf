"""One random network on every road: raw integers of every layer, and nothing but equality."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray

#: Multiplications that the reference may spend on a network.
REFERENCE_BUDGET = 60_000


@dataclass
class Comparison:
    """How many values were compared, how many of them differed, and what (empty is good)."""

    values: int
    layers: int
    differences: list[str]
    differing: int = 0
    events: dict[str, int] = field(default_factory=dict)


def multiplications(subject: Any) -> int:
    """Multiplications of one event."""
    return sum(
        getattr(op, "weight", op.output).raw.size if hasattr(op, "weight") else op.output.size
        for op in subject.graph.ops
    )


@functools.cache
def engine(instructions: str) -> CppEngine:
    """The C++ lanes on an instruction set, which plan a graph once."""
    return CppEngine(instructions)


def compare_roads(
    subject: Any,
    x: Any,
    optimisation: str = "0",
    budget: int = REFERENCE_BUDGET,
    *,
    csim: Any = None,
    few: bool = False,
) -> Comparison:
    """csim (fed with doubles, and with raw bits) against every other road, layer by layer.

    ``csim``: the simulation, if it is there. For ``few``, it is fed with doubles alone, and the reference left out.

    The batch kernels (Numba's, and the C++ ones on every instruction set of this processor) run for the outputs alone,
    too, where more ops are joined into one stage, from raw integers and from floats. ``x``: a list for several inputs.
    """
    program = csim or subject.csim(optimisation=optimisation)
    inputs, _ = subject.quantise(x)
    given = x if isinstance(x, list) else [x]
    floats = {
        name: np.asarray(data, dtype=np.float64).reshape(len(data), -1)
        for name, data in zip(inputs, given, strict=True)
    }
    taps, outputs = program.run(floats, raw=False, trace=True, threads=1)
    raw_taps, raw_outputs = (taps, outputs) if few else program.run(inputs, raw=True, trace=True, threads=1)
    count = max(4, min(len(given[0]), budget // max(1, multiplications(subject))))
    roads: dict[str, dict[str, FixedArray]] = {
        **{f"cpp {name}": {**inputs, **engine(name).run(subject.graph, inputs, 1)} for name in instruction_sets()},
        "numba": subject.run(inputs, "numba", 1),
        "cpp-strict": subject.run(inputs, "cpp-strict", 1),
    }
    if not few:
        some = {name: array[:count] for name, array in inputs.items()}
        roads |= {"csim from raw bits": raw_taps, "reference": subject.run(some, "reference", 1)}
    result = Comparison(0, len(subject.graph.ops), [])
    for name, output in outputs.items():
        for source in (taps[name], raw_outputs[name]):
            if not np.array_equal(source.raw, output.raw):
                result.differing += int(np.count_nonzero(source.raw != output.raw))
                result.differences.append(f"output {name}: the tap and the top function's result differ")
    for name in (*instruction_sets(), "numba"):
        _compare_outputs(name, subject, inputs, floats, outputs, result)
    for road, values in roads.items():
        result.events[road] = len(next(iter(values.values())))
        for tensor in subject.graph.tensors.values():
            expected = taps[tensor.name].raw[: len(values[tensor.name])]
            found = values[tensor.name].raw
            result.values += found.size
            if values[tensor.name].type != tensor.type:
                result.differences.append(
                    f"{road} {tensor.name}: type {values[tensor.name].type}, expected {tensor.type}"
                )
            if not np.array_equal(expected, found):
                where = np.argwhere(expected != found)
                result.differing += len(where)
                first = "; ".join(
                    f"event {e} index {i}: csim {expected[e, i]} {road} {found[e, i]}" for e, i in where[:5].tolist()
                )
                result.differences.append(
                    f"{road} {tensor.name} {tensor.type}: {len(where)} of {found.size} differ: {first}"
                )
    return result


def _compare_outputs(
    road: str, subject: Any, inputs: Any, floats: Any, expected: dict[str, FixedArray], result: Comparison
) -> None:
    computes: Any = get_engine("numba") if road == "numba" else engine(road)
    joined = computes.run_outputs(subject.graph, inputs, 1)
    straight = computes.predict_floats(subject.graph, list(floats.values()), 1, raw=True)
    for place, (name, output) in enumerate(expected.items()):
        found = {"raw": joined[name].raw} | ({} if straight is None else {"floats": straight[place]})
        for source, raw in found.items():
            result.values += raw.size
            wrong = int(np.count_nonzero(raw != output.raw.reshape(raw.shape)))
            if wrong:
                result.differing += wrong
                result.differences.append(f"output {name}: {road} from {source} differs")
