"""Profiling: the observing kernels against one cast after the other, on random networks and the zoo's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import isobit as ib
import isobit._core as _core
from isobit.analysis.profile_exact import exact_profile
from isobit.analysis.profile_fast import fast_profile
from isobit.engines.batch.observe import ObservingEngine
from isobit.testing import fixed_types, models, precisions

ENGINES = {name: ObservingEngine(name) for name in _core.instruction_sets()}


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Every observation of every layer is the same."""
    for name, (seen, sums) in found.items():
        expected, expected_sums = wanted[name]
        for what in ("low", "high", "held_low", "held_high", "lossy", "outside"):
            left, right = getattr(seen, what).tolist(), getattr(expected, what).tolist()
            assert left == right, f"{name}.{what}: {left} instead of {right}"
        if sums.size:
            assert sums.tolist() == expected_sums.tolist(), f"{name}.accum: events and times"


def raw_inputs(model: ib.Model, events: int, seed: int) -> dict[str, Any]:
    """Numbers of every size, and the ends of the format."""
    random = np.random.default_rng(seed)
    (tensor,) = model.graph.inputs
    low, high = tensor.type.raw_min, tensor.type.raw_max
    raw = random.integers(low, high + 1, (events, tensor.size)) >> random.integers(0, tensor.type.width, (events, 1))
    ends = random.choice([low, high], raw.shape)
    return {tensor.name: np.where(random.random(raw.shape) < 0.1, ends, raw)}


@settings(max_examples=150, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99), events=st.sampled_from([1, 95, 96, 97, 500]))
def test_observes_what_one_cast_after_the_other_gives(data: st.DataObject, seed: int, events: int) -> None:
    kinds = data.draw(st.sampled_from([None, fixed_types(max_width=20, min_fraction=-4, max_fraction=16)]))
    model = data.draw(models(types=kinds, max_size=6))
    model = model.with_types(data.draw(precisions(model)))
    engine = ENGINES[data.draw(st.sampled_from(sorted(ENGINES)))]
    inputs = raw_inputs(model, events, seed)
    found = fast_profile(model.graph, inputs, 2, engine)
    if found is not None:
        same(found, exact_profile(model.graph, inputs, 1))
