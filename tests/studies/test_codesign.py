"""The search of architecture and bits: its candidates are hls4ml's networks, and a killed search goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.errors import RangeError
from isobit.model.canonical import canonical_digest
from isobit.students.dense_firmware import keras_of, network_of, sheet_of, sum_types
from isobit.students.stacked import Candidate, Schedule, Stack
from isobit.studies.codesign import BUDGET, Problem, candidate_of, fitting, search

INPUTS = 12


def grid(values: np.ndarray, bits: int) -> np.ndarray:
    scale = 2.0 ** (bits - 1)
    return np.clip(np.rint(values * scale) / scale, -1.0, 1.0 - 1.0 / scale)


class Untrained:
    """In place of a `Stack`: weights by chance, without TensorFlow."""

    count = 4

    def train(self, candidates: Sequence[Candidate], seeds: Sequence[Any]) -> list[Any]:
        found = []
        for one, seed in zip(candidates, seeds, strict=True):
            random, ends = np.random.default_rng(seed), (INPUTS, *one.widths, 1)
            found.append(
                [
                    (grid(random.normal(0.0, 0.4, (n, m)), bits), np.zeros(m))
                    for n, m, bits in zip(ends[:-1], ends[1:], one.weight_bits, strict=True)
                ]
            )
        return found


def problem() -> Problem:
    random = np.random.default_rng(1)
    samples = {name: (random.normal(0.0, 1.0, (50, INPUTS)), random.random(50)) for name in ("validation", "other")}
    return Problem(Untrained(), samples)  # type: ignore[arg-type]


def killed_behind(store: Path) -> None:
    """End the process by SIGKILL in the middle of the second stack of the second search."""
    import optuna

    add, added = optuna.study.Study.add_trial, []

    def counted(study: Any, trial: Any) -> None:
        add(study, trial)
        added.append(study.study_name)
        if added.count("bits") == 6:
            os.kill(os.getpid(), signal.SIGKILL)

    optuna.study.Study.add_trial = counted  # type: ignore[method-assign]
    search(problem(), "phase", 20, store, 1, lambda done, total: None)


@pytest.mark.turn(2)
def test_a_search_that_was_killed_ends_with_the_same_candidates(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    broken, whole = tmp_path / "broken.sqlite", tmp_path / "whole.sqlite"
    killed = subprocess.run([sys.executable, __file__, str(broken)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    told: list[int] = []
    resumed = search(problem(), "phase", 20, broken, 1, lambda done, total: told.append(done))
    assert told[:3] == [10, 6, 8], "known trials were run again, or the stack that was cut off was not"
    fresh = search(problem(), "phase", 20, whole, 1, lambda done, total: None)
    assert resumed == fresh
    assert [record["search"] for record in fresh] == ["architecture"] * 10 + ["bits"] * 10
    chosen = min(fresh[:10], key=lambda record: record["value"])["point"]
    for record in fresh[10:]:
        shape = {name: value for name, value in record["point"].items() if name.startswith(("depth", "width"))}
        assert shape.items() <= chosen.items(), "bits are searched for the best architecture"
    other = search(problem(), "co", 4, whole, 2, lambda done, total: None)
    assert len({str(record["point"]) for record in other}) == 4
    inside = fitting(fresh + other)
    assert all(record["bops"] <= BUDGET for record in inside)


def test_sums_are_exact() -> None:
    one = Candidate((6, 3), (5, 12, 2), (6, 12))
    (layers,) = Untrained().train([one], [3])
    x = np.round(np.random.default_rng(2).normal(0.0, 4.0, (200, INPUTS)) * 1024) / 1024
    value = x
    for number, (kernel, bias) in enumerate(layers):
        value = value @ kernel + bias
        if number < 2:
            scale = 2.0 ** (one.relu_bits[number] - 3)
            value = np.clip(np.rint(value * scale) / scale, 0.0, 8.0 - 1.0 / scale)
    assert np.array_equal(network_of(one, layers).predict(x), value)
    assert network_of(one, layers).plan().verdicts
    assert sum_types(INPUTS, one)[0] == "ap_fixed<26,12>"


@pytest.mark.turn(3)
@pytest.mark.hls4ml
def test_candidates_are_what_hls4ml_makes_of_them_and_no_candidate_sees_another() -> None:
    from isobit.api import load

    random = np.random.default_rng(1)
    x = np.round(random.normal(0.0, 1.0, (256, INPUTS)) * 1024) / 1024
    stack = Stack(x, np.abs(x[:, 0]), 3, 2, 8, Schedule(3, 64, 1e-2))
    candidates = [Candidate((8, 4), (8, 6, 12), (8, 5)), Candidate((3,), (2, 4), (4,))]
    both = stack.train(candidates, [1, 2])
    (second,) = stack.train(candidates[1:], [2])
    for one, layers in zip(candidates, both, strict=True):
        for (kernel, _), bits in zip(layers, one.weight_bits, strict=True):
            assert np.array_equal(kernel, grid(kernel, bits)), "weights are not of their format"
        arguments = dict(sheet_of(one, INPUTS).arguments())
        clock = float(arguments.pop("clock_period"))
        converted = load(keras_of(one, layers), clock_ns=clock, project_name="candidate", **arguments)
        straight = network_of(one, layers)
        assert canonical_digest(converted.graph) == canonical_digest(straight.graph)
        assert np.array_equal(converted.predict(x), straight.predict(x))
    for (kernel, bias), (again, same) in zip(both[1], second, strict=True):
        assert np.array_equal(kernel, again)
        assert np.array_equal(bias, same)


def test_what_no_stack_takes() -> None:
    for widths, weights, relus in (((), (2,), ()), ((4,), (2,), (4,)), ((4,), (1, 2), (4,)), ((4,), (2, 2), (2,))):
        with pytest.raises(RangeError):
            Candidate(widths, weights, relus)
    with pytest.raises(RangeError, match="10 events are fewer than one batch of 64"):
        Stack(np.zeros((10, 2)), np.zeros(10), 1, 1, 1, Schedule(1, 64, 1e-2))
    stack = Stack(np.zeros((64, 2)), np.zeros(64), 1, 1, 4, Schedule(1, 64, 1e-2))
    with pytest.raises(RangeError, match="is larger than the stack"):
        stack.train([Candidate((8,), (2, 2), (4,))], [1])


def test_layers_beyond_the_depth_are_ignored() -> None:
    point = {"depth": 1, "weight_out": 7} | {
        f"{name}{n}": 4 + n for name in ("width", "weight", "relu") for n in range(3)
    }
    assert candidate_of(point) == Candidate((16,), (4, 7), (4,))


if __name__ == "__main__":  # the process that is killed
    killed_behind(Path(sys.argv[1]))
