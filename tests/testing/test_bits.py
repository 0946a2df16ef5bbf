"""assert_bit_exact: silent where bits are equal; else it says where, why, and gives a simpler event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.errors import OverwriteError, ShapeError
from isobit.testing import assert_bit_exact, write_tb_data

MODEL = ib.load(Path(__file__).resolve().parents[1] / "other_frontends" / "corpus" / "torch_mlp.isobit")
X = np.random.default_rng(2).normal(0.0, 1.0, (200, *MODEL.graph.inputs[0].shape))
NARROW = MODEL.with_types({"_0.accum": "ap_fixed<22,2>"})


@pytest.mark.parametrize("against", ["reference", "numba", "cpp-strict"])
def test_engines_are_equal(against: str) -> None:
    assert_bit_exact(MODEL, X, against)
    assert_bit_exact(MODEL, X, MODEL.predict(X))
    assert_bit_exact(MODEL, X, MODEL, engine=against)


def test_a_difference_is_explained_and_made_simpler(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_bit_exact(NARROW, X, MODEL, tb_data=tmp_path / "tb")
    text = str(caught.value)
    count = int(np.count_nonzero((NARROW.predict(X) != MODEL.predict(X)).any(axis=1)))
    assert text.startswith(f"{count} of 200 events differ\n  event ")
    assert "cause: _0.accum (range)" in text
    assert "the roads part at _0, neuron" in text
    event = np.loadtxt(tmp_path / "tb" / "tb_input_features.dat", ndmin=2)
    expected = np.loadtxt(tmp_path / "tb" / "tb_output_predictions.dat", ndmin=2)
    assert np.count_nonzero(event) < event.size
    assert np.array_equal(MODEL.predict(event), expected)
    assert not np.array_equal(NARROW.predict(event), expected)
    with pytest.raises(OverwriteError, match=r"tb_input_features\.dat exists"):
        write_tb_data(tmp_path / "tb", [event], [expected])


def test_the_simplest_event_is_found_by_hypothesis() -> None:
    from isobit.testing.shrinking import simplest

    asked: list[Any] = []

    def fails(part: list[Any]) -> bool:
        asked.append(part)
        return bool(part[0][0, 1] > 2.5)

    (event,) = simplest([np.array([[0.1, 3.7, -2.2, 5.1], [9.9, 8.8, 7.7, 6.6]])], fails)
    assert event.tolist() == [[0.0, 3.0, 0.0, 0.0]]  # two bits of the first event's second number
    assert len(asked) <= 600
    first, second = simplest([np.array([[0.3]]), np.array([[[1.7, -4.9]]])], lambda part: bool(part[1][0, 0, 1] < -4.8))
    assert first.tolist() == [[0.0]] and second[0, 0, 0] == 0 and -4.9 <= second[0, 0, 1] < -4.8
    (same,) = simplest([np.array([[0.3, 0.7]])], lambda part: bool((part[0] == [[0.3, 0.7]]).all()))
    assert same.tolist() == [[0.3, 0.7]]


def test_wrong_arrays() -> None:
    wrong = MODEL.predict(X)
    wrong[7, 1] += 1
    with pytest.raises(AssertionError, match=r"1 of 200 events differ\n  event 7, .*\[1\]: .*, expected"):
        assert_bit_exact(MODEL, X, wrong)
    with pytest.raises(ShapeError, match=r"\[3\] events are expected, 200 were given"):
        assert_bit_exact(MODEL, X, wrong[:3])


def test_the_fixture_compiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from isobit.testing import plugin

    made: list[Any] = []
    monkeypatch.setattr(ib.Model, "csim", lambda self: made.append(self) or object())
    fixture: Any = plugin.isobit_csim
    csim = (getattr(fixture, "__wrapped__", None) or fixture._get_wrapped_function())()
    assert csim(MODEL) is csim(MODEL) is not csim(NARROW)
    assert len(made) == 2
