"""`check` says which format makes the outputs differ from Keras, and what mends it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isobit as ib

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-check")]

X = np.random.default_rng(7).normal(0.0, 1.0, (400, 6))


@pytest.fixture(scope="module")
def net() -> Any:
    import qkeras  # noqa: F401
    from tensorflow import keras

    keras.utils.set_random_seed(5)
    given = keras.layers.Input((6,), name="x")
    hidden = keras.layers.Dense(8, activation="relu", name="fc1")(given)
    return keras.Model(given, keras.layers.Dense(3, name="fc2")(hidden))


def loaded(net: Any, accum: str) -> ib.Model:
    return ib.load(net, default_precision="ap_fixed<24,8>").with_types({"fc1.accum": accum})


def test_an_accumulator_that_wraps_is_named_and_mended(net: Any) -> None:
    report = ib.check(loaded(net, "ap_fixed<18,2>"), X, ["cpp"], net)
    found = report.explanation
    assert report.ok and found is not None
    assert (found.causes[0].layer, found.causes[0].slot, found.causes[0].kind) == ("fc1", "accum", "range")
    assert found.causes[0].events > 0
    text = str(report)
    assert "why the outputs differ from Keras' (shares of the error on 400 events): fc1.accum (range)" in text
    assert f"fc1.accum {found.fix['fc1.accum']}" in text
    mended = loaded(net, found.fix["fc1.accum"])
    assert not [count for count in mended.profile(X).overflows if count.slot == "accum"]
    assert report.to_dict()["explanation"]["hls_config"] == found.config


def test_rounding_is_explained_only_where_asked_for(net: Any) -> None:
    sound = loaded(net, "ap_fixed<24,8>")
    assert ib.check(sound, X, ["cpp"], net).explanation is None
    assert ib.check(loaded(net, "ap_fixed<18,2>"), X, ["cpp"], net, explain=False).explanation is None
    assert ib.check(sound, X, ["cpp"], explain=True).explanation is None
    asked = ib.check(sound, X, ["cpp"], net, explain=True).explanation
    assert asked is not None and asked.causes[0].kind == "rounding"
