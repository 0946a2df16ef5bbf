"""What a configuration does not reach is said beside it."""

from __future__ import annotations

import pytest

from isobit.lint.rules import weights_note


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        ((), ""),
        (("fc1.accum", "relu1.result", "bn.scale"), ""),
        (("fc1.accum", "fc1.weight"), "(here perhaps fc1.weight)"),
        (("a.b.bias", "c.recurrent_weight"), "(here perhaps a.b.bias and others)"),
    ],
)
def test_formats_that_a_quantiser_gives(slots: tuple[str, ...], said: str) -> None:
    note = weights_note(dict.fromkeys(slots, "ap_fixed<8,3>"))
    assert said in note
    assert bool(note) == bool(said)
