"""Random student-like networks: every road gives the bits of hls4ml's C-simulation, layer by layer."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads
from networks import OVERFLOWS, Rejected, build, describe

from isobit.errors import UnsupportedError
from isobit.fixed import Rounding
from tiers import examples

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

NETWORKS = 40
#: Share of draws that may be rejected (with reasons).
REJECTED = 0.05
#: Drawn anew for every run, printed in the test's name: ISOBIT_FRESH_SEED=... repeats it.
FRESH = int(os.environ["ISOBIT_FRESH_SEED"])


def accepted(slot: int, rejections: list[str] | None = None) -> tuple[Any, Any, Any, Any]:
    """The network of a slot: its seed, or if that is rejected the next of the slot's seeds."""
    for seed in range(slot, slot + 10_000_000, 1_000_000):
        try:
            return build(seed)
        except Rejected as reason:
            if rejections is not None:
                rejections.append(f"seed {seed}: {reason}")
    raise AssertionError(f"slot {slot}: ten draws in a row were rejected")


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("slot", [*range(NETWORKS), pytest.param(FRESH, id=f"fresh-{FRESH}")])
def test_every_road_gives_the_bits_of_csim(slot: int) -> None:
    description, _, subject, x = accepted(slot)
    result = compare_roads(subject, x)
    assert not result.differences, "\n".join([f"seed {description.seed}: {describe(description)}", *result.differences])
    assert result.values > 0
    print(f"seed {description.seed}: {result.values} values in {result.layers} layers compared, 0 differ")


def _changed(subject: Any, x: Any, baseline: Any, slot: str, kind: Any) -> bool:
    """Whether any layer's bits change when one format is another."""
    from dataclasses import replace

    try:
        changed = subject.with_types({slot: replace(subject.types[slot], **kind)})
    except UnsupportedError:  # thresholds and the input of their layer have one format, fixed by hls4ml
        return False
    values = changed.trace(x, threads=1)
    return any(not np.array_equal(values[name].raw, baseline[name].raw) for name in baseline)


@pytest.mark.turn(5)
def test_the_set_is_telling() -> None:
    """Few draws are rejected, and for each mode at each position some network's bits depend on it."""
    open_modes = {(position, mode) for position in ("weight", "result", "accum") for mode in (*Rounding, *OVERFLOWS)}
    rejections: list[str] = []
    networks = examples(12, NETWORKS)
    for number in range(networks):
        _, _, subject, x = accepted(number, rejections)
        baseline = subject.trace(x, threads=1)
        for slot, kind in subject.types.items():
            name = slot.rpartition(".")[2]
            position = name if name in ("result", "accum") else "weight"
            if kind.is_int or slot.split(".")[0] == subject.graph.inputs[0].name:
                continue
            for field, mode, others in (
                ("rounding", kind.rounding, list(Rounding)),
                ("overflow", kind.overflow, OVERFLOWS),
            ):
                if (position, mode) not in open_modes:
                    continue
                if any(_changed(subject, x, baseline, slot, {field: other}) for other in others if other != mode):
                    open_modes.discard((position, mode))
    assert not open_modes, f"no network depends on {sorted(f'{p}: {m.name}' for p, m in open_modes)}"
    assert len(rejections) <= REJECTED * (networks + len(rejections)), "\n".join(rejections)
