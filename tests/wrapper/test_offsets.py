"""An offset that is wrong by any amount, in a wrapper of 57 inputs as axol1tl's, is named; nothing is compiled."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.answers.comparing import compare_given
from isobit.answers.offsets import solved_offsets
from isobit.answers.report import AnswerReport
from isobit.answers.steps import StepSearch
from isobit.answers.wrapped import telling_events
from isobit.fixed.types import FixedType
from isobit.model import Activation, Dense, Graph, Tensor, Weight
from isobit.vectors.reading import Given

INPUTS = 57
SEED = int(os.environ["ISOBIT_FRESH_SEED"])


def network() -> ib.Model:
    """57 inputs, 24 neurons, 8 numbers of a latent space."""
    rng = np.random.default_rng(5)
    kind = FixedType.parse
    x = Tensor("x", (INPUTS,), kind("ap_fixed<10,8,AP_RND_CONV,AP_SAT>"))
    ops = []
    last = x
    for name, size in (("fc1", 24), ("mean", 8)):
        rows = np.round(rng.normal(0, 0.4, (last.size, size)) * 32) / 32
        weight = Weight.from_written("weight", rows, kind("ap_fixed<8,3>"))
        bias = Weight.from_written("bias", np.zeros(size), kind("ap_fixed<8,3>"))
        out = Tensor(f"{name}_out", (size,), kind("ap_fixed<18,12>"))
        ops.append(Dense(name, (last.name,), out, weight, bias, kind("ap_fixed<24,16>")))
        last = out
        if name == "fc1":
            last = Tensor("relu_out", (size,), kind("ap_ufixed<15,9,AP_RND_CONV,AP_SAT>"))
            ops.append(Activation("relu", (out.name,), last, "relu"))
    return ib.Model(Graph("vae", (x,), tuple(ops), (last.name,)))


def description(path: Path, offsets: list[int], kind: str = "ap_fixed<10,10>") -> Path:
    shifts = [(k * 7) % 5 for k in range(INPUTS)]
    path.write_text(
        f"""
inputs:
  - {{name: objects, type: "ap_fixed<18,13>", size: {INPUTS}}}
before:
  - {{name: centred, step: subtract, constants: {offsets}, constant_type: "{kind}"}}
  - {{name: scaled, step: shift_right, by: {shifts}}}
after:
  - {{name: loss, step: sum_of_squares, accum: "ap_fixed<36,28>", type: "ap_ufixed<18,14>"}}
"""
    )
    return path


def compared(one: ib.Model, other: ib.Model, events: int = 150) -> AnswerReport:
    """A model's answers, held against another's."""
    given = tuple(
        Given(tensor, array)
        for tensor, array in zip(other.graph.inputs, telling_events(other.graph.inputs, events, 3), strict=True)
    )
    answers = one.run({each.tensor.name: each.values for each in given})
    y = tuple(Given(tensor, answers[tensor.name]) for tensor in other.graph.output_tensors)
    assert other.wrapper is not None
    search = StepSearch(other.graph, other.wrapper)
    return compare_given(other, given, y, ("events", "emulator.so"), tries=1, explain=search)


def drawn(rng: np.random.Generator) -> tuple[list[int], int, int]:
    """Offsets, the place of the wrong one, and by how much it is wrong: no power of two, which is tried before."""
    offsets = [int(number) for number in rng.integers(-200, 200, INPUTS)]
    return offsets, int(rng.integers(INPUTS)), int(rng.choice([-1, 1])) * int(rng.choice([9, 11, 37, 77, 101, 141]))


def pair(folder: Path, one: list[int], other: list[int], kind: str = "ap_fixed<10,10>") -> tuple[ib.Model, ib.Model]:
    """The network in two wrappers of other offsets."""
    vae = network()
    first = ib.load(vae, wrapper=description(folder / "one.yml", one, kind))
    return first, ib.load(vae, wrapper=description(folder / "other.yml", other, kind))


@pytest.mark.parametrize("kind", ["ap_fixed<10,10>", pytest.param("ap_fixed<12,11>", marks=pytest.mark.full)])
def test_any_offset_of_57_is_solved(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    for _ in range(10):  # a difference that hardly any event sees is not solved for
        offsets, place, more = drawn(rng)
        wrong = [number + more * (k == place) for k, number in enumerate(offsets)]
        right, other = pair(tmp_path, offsets, wrong, kind)
        given = telling_events(other.graph.inputs, 60, 3)
        inputs = {tensor.name: array for tensor, array in zip(other.graph.inputs, given, strict=True)}
        answers, found = right.run(inputs), other.run(inputs)
        (tensor,) = other.graph.output_tensors
        differ = (answers[tensor.name].raw != found[tensor.name].raw).any(axis=1)
        if differ.sum() > 100:
            break
    else:
        raise AssertionError("ten draws in a row change fewer than 100 events")
    assert other.wrapper is not None
    y = (Given(tensor, answers[tensor.name]),)
    changes = list(solved_offsets(other.graph, other.wrapper, inputs, y, differ, {}))
    words = f"number {place} of step centred is {abs(more)} {'less' if more > 0 else 'more'}"
    assert words in [change.words for change in changes], (offsets, place, more)
    assert {change.place for change in changes} == {f"centred[{place}]"}


@pytest.mark.full
def test_any_offset_of_57_is_named(tmp_path: Path) -> None:
    offsets, place, more = drawn(np.random.default_rng(SEED))
    wrong = [number + more * (k == place) for k, number in enumerate(offsets)]
    report = compared(*pair(tmp_path, offsets, wrong))
    words = f"number {place} of step centred is {abs(more)} {'less' if more > 0 else 'more'}"
    assert [one.words for one in report.explanations if one.complete] == [words], str(report)


@pytest.mark.full
def test_two_wrong_offsets_are_not_named_as_one(tmp_path: Path) -> None:
    offsets, _, _ = drawn(np.random.default_rng(SEED))
    report = compared(*pair(tmp_path, offsets, [offsets[0] + 41, offsets[1] - 87, *offsets[2:]]), 60)
    assert report.first is not None
    assert not [one for one in report.explanations if one.complete]
