"""Answers from elsewhere: the first difference, the cast that gives it, and the one change that explains all."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from vector_files import network

import isobit as ib
from isobit.commands import cli
from isobit.errors import ShapeError
from isobit.testing import write_tb_data

MODEL = network()
X = np.random.default_rng(8).normal(0, 3, (200, 3))


def answered(folder: Path, other: ib.Model, x: Any = X, shift: int = 0) -> ib.AnswerReport:
    """The report on answers of another network, or to other inputs, or of other events."""
    y = np.roll(np.asarray(other.predict(x)), shift, axis=0)
    write_tb_data(folder, [X], [y])
    return ib.compare_answers(MODEL, folder / "tb_input_features.dat", folder / "tb_output_predictions.dat")


def test_equal(tmp_path: Path) -> None:
    report = answered(tmp_path, MODEL)
    assert report.ok and str(report).startswith("EQUAL") and report.first is None


CHANGED = {
    "fc1.accum": "ap_fixed<24,10,AP_RND>",
    "relu.result": "ap_ufixed<12,4,AP_TRN,AP_SAT>",
    "x.result": "ap_fixed<16,6,AP_RND>",
    "fc2.result": "ap_fixed<12,4>",
}


@pytest.mark.parametrize("key", ["fc1.accum", "relu.result", "x.result", "fc2.result"])
def test_one_changed_format_is_named(key: str, tmp_path: Path) -> None:
    report = answered(tmp_path, MODEL.with_types({key: CHANGED[key]}))
    assert not report.ok and report.first is not None
    assert key in {one.place for one in report.explanations if one.complete}, str(report)
    changed = MODEL.with_types({key: CHANGED[key]})
    event, index = report.first.event, report.first.index
    mine, theirs = MODEL.predict_raw(X).raw, changed.predict_raw(X).raw
    assert (mine[:event] == theirs[:event]).all() and mine[event, index] != theirs[event, index]
    assert (report.first.expected_raw, report.first.given_raw) == (mine[event, index], theirs[event, index])
    assert report.differ == (mine != theirs).any(axis=1).sum()


def test_the_last_cast_says_what_it_did(tmp_path: Path) -> None:
    """A result of four integer bits that wraps: the number before overflow is known, and the modes are the cause."""
    narrow = MODEL.with_types({"fc2.result": "ap_fixed<12,4>"})
    y = np.asarray(MODEL.with_types({"fc2.result": "ap_fixed<12,4,AP_TRN,AP_SAT>"}).predict(X))
    write_tb_data(tmp_path, [X], [y])
    report = ib.compare_answers(narrow, tmp_path / "tb_input_features.dat", tmp_path / "tb_output_predictions.dat")
    first = report.first
    assert first is not None and first.layer == "fc2" and first.overflows
    wrapped = (first.before + 2048) % 4096 - 2048
    assert wrapped == first.expected_raw and first.given_raw in (2047, -2048)
    assert "fc2.result" in first.upstream
    words = [one.words for one in report.explanations if one.complete]
    assert "fc2.result is ap_fixed<12,4,AP_TRN,AP_SAT> instead of ap_fixed<12,4>" in words
    assert all(word.startswith("fc2.result is ap_fixed<12,4,AP_TRN,AP_SAT") for word in words)
    assert f"overflows here: {first.before} before" in str(report)


def test_swapped_and_scaled_inputs_and_late_answers(tmp_path: Path) -> None:
    report = answered(tmp_path / "a", MODEL, X[:, [2, 1, 0]])
    assert [one.words for one in report.explanations] == ["inputs x[0] and x[2] swapped"]
    scaled = X.copy()
    scaled[:, 1] = ib.FixedArray.from_float(X[:, 1], MODEL.graph.inputs[0].type).to_float() * 2
    report = answered(tmp_path / "b", MODEL, scaled)
    assert "input x[1] times 2" in [one.words for one in report.explanations]
    y = np.asarray(MODEL.predict(X))
    write_tb_data(tmp_path / "c", [X], [np.concatenate([np.zeros((3, 2)), y[:-3]])])
    report = ib.compare_answers(MODEL, tmp_path / "c/tb_input_features.dat", tmp_path / "c/tb_output_predictions.dat")
    assert [one.words for one in report.explanations] == ["the answers are 3 events late"]


def test_what_no_single_change_explains(tmp_path: Path) -> None:
    y = np.asarray(MODEL.predict(X))
    y[::7, 0] += 1 / 256 * np.arange(len(y[::7]))
    write_tb_data(tmp_path, [X], [y])
    files = tmp_path / "tb_input_features.dat", tmp_path / "tb_output_predictions.dat"
    report = ib.compare_answers(MODEL, *files, tries=60)
    assert not any(one.complete for one in report.explanations)
    assert "none of 60 single changes explains it" in str(report)
    assert ib.compare_answers(MODEL, *files, tries=0).tried == 0


def test_different_numbers_of_events(tmp_path: Path) -> None:
    write_tb_data(tmp_path, [X], [np.asarray(MODEL.predict(X))[:5]])
    with pytest.raises(ShapeError, match=r"has 200 events, .* has 5"):
        ib.compare_answers(MODEL, tmp_path / "tb_input_features.dat", tmp_path / "tb_output_predictions.dat")


def test_command(tmp_path: Path) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["check", *arguments], standalone_mode=False)

    path = tmp_path / "small.isobit"
    MODEL.save(path)
    write_tb_data(tmp_path, [X], [np.asarray(MODEL.predict(X[:, ::-1]))])
    files = [
        "--inputs",
        str(tmp_path / "tb_input_features.dat"),
        "--outputs",
        str(tmp_path / "tb_output_predictions.dat"),
    ]
    found = run(str(path), *files)
    assert found.return_value == 1 and "inputs x[0] and x[2] swapped: every one of" in found.output
    document = json.loads(run(str(path), *files, "--json").output)
    assert document["first"]["output"] == "y" and not document["ok"]
    for wrong in ([*files[:2]], [*files, "--data", "x.npy"], [*files, "--columns", "pt,eta"]):
        assert "Usage" in type(run(str(path), *wrong).exception).__name__


def test_page_runs() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "vectors.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried >= 5) == (0, True)
