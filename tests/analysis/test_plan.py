"""The plan as a certificate: verdicts, the bits they ask for, and the inputs that bear them out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import isobit as ib
from isobit.model.graph import Graph
from isobit.model.layers.dense import Dense
from isobit.model.ops import Tensor
from isobit.model.weights import Weight
from isobit.testing import fixed_arrays, models

LOOSE = settings(max_examples=12, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def test_verdicts_and_witnesses_agree() -> None:
    """A witness needs no more bits than the verdict says, and widening the format by them ends the overflow."""
    found: Counter[str] = Counter()

    @seed(3)
    @LOOSE
    @given(models(max_layers=3))
    def run(model: ib.Model) -> None:
        plan = model.plan(witnesses=True)
        for verdict in plan.verdicts:
            assert verdict.witnesses is not None
            found["safe" if verdict.safe else "may"] += 1
            for witness in verdict.witnesses:
                found["witness"] += 1
                assert verdict.overflows[witness.neuron]
                sign = witness.value < 0 and not witness.type.signed
                assert witness.bits_needed <= verdict.bits[witness.neuron] + sign
                profile = model.profile(witness.inputs[model.graph.inputs[0].name])
                assert profile[f"{verdict.layer}.{verdict.slot}"].events[witness.neuron] == 1

    run()
    assert min(found[key] for key in ("safe", "may", "witness")) > 8, found


def test_cannot_overflow_is_never_contradicted() -> None:
    @seed(4)
    @LOOSE
    @given(models(max_layers=4), st.data())
    def run(model: ib.Model, data: st.DataObject) -> None:
        tensor = model.graph.inputs[0]
        x = data.draw(fixed_arrays(tensor.type, (8, tensor.size)))
        for plan in (model.plan(), model.plan(x), model.plan(witnesses=True)):
            safe = {f"{v.layer}.{v.slot}" for v in plan.verdicts if v.safe}
            assert not safe & {f"{c.layer}.{c.slot}" for c in model.profile(x)}

    run()


def test_text_reads_as_a_certificate() -> None:
    weights = np.array([[1, 100], [0, 100]])
    type = ib.FixedType.parse("ap_fixed<8,4>")
    layer = Dense(
        "fc",
        ("x",),
        Tensor("fc_out", (2,), ib.FixedType.parse("ap_fixed<12,8>")),
        Weight("weight", weights, type, weights / 16, weights / 16),
        Weight("bias", np.zeros(2, dtype=np.int64), type, np.zeros(2), np.zeros(2)),
        ib.FixedType.parse("ap_fixed<14,6>"),
    )
    model = ib.Model(Graph("certificate", (Tensor("x", (2,), type),), (layer,), ("fc_out",)))
    text = str(model.plan(witnesses=True))
    assert text.startswith("exact for every input that the formats allow\nfc: dot16\n")
    # -8 * 6.25 + -8 * 6.25 = -100 needs 8 integer bits.
    assert (
        "fc.accum ap_fixed<14,6>: may wrap: 1 of 2 neurons, neuron 1 needs 16 bits, not 14; inputs were found" in text
    )
    assert "neuron 1 needs 16 bits for x = [-8, -8]" in text
    assert "fc.result ap_fixed<12,8>: cannot overflow (10 of 12 bits)" in text
    assert "may" not in str(model.plan(np.zeros((1, 2))))
    with pytest.raises(KeyError, match=r"no cast 'fc.weight'; casts: fc.accum, fc.result"):
        model.plan()["fc.weight"]
