"""Missing transverse momentum from PUPPI candidates: a weight for each candidate, and the weighted mean momentum."""

from __future__ import annotations

from typing import Any, Final

from isobit.students.zoo import events
from isobit.students.zoo.entry import Recipe, keras_package
from isobit.students.zoo.sheet import Sheet

_NUMBER: Final = "ap_fixed<32,16>"
_CANDIDATES: Final = 32
_FILTERS: Final = (16, 8)
#: Kinds of particles and charges: as many as their index types hold, so that no index leaves its table.
_KINDS: Final = events.PARTICLE_KINDS
_CHARGES: Final = events.CHARGES


def _l1_met(features: Any, momenta: Any, kind: Any, charge: Any) -> Any:
    layers = keras_package().layers
    rows = [
        layers.Embedding(_KINDS, 2, name="embedding_kind")(kind),
        layers.Embedding(_CHARGES, 2, name="embedding_charge")(charge),
    ]
    tensor = layers.Concatenate(name="embedded")(rows)
    tensor = layers.Concatenate(name="candidates")([features, tensor])
    for index, filters in enumerate(_FILTERS, start=1):
        tensor = layers.Conv1D(filters, 1, name=f"conv{index}")(tensor)
        tensor = layers.Activation("tanh", name=f"tanh{index}")(tensor)
    # one weight for each component: hls4ml's merges repeat no channel
    tensor = layers.Conv1D(2, 1, name="weight")(tensor)
    return layers.GlobalAveragePooling1D(name="met")(layers.Multiply(name="weighted")([tensor, momenta]))


def _l1_met_sheet() -> Sheet:
    sheet = Sheet(_NUMBER).shape("inputs", "momenta")
    sheet.shape("kind", number=f"ap_uint<{(_KINDS - 1).bit_length()}>")
    sheet.shape("charge", number=f"ap_uint<{(_CHARGES - 1).bit_length()}>")
    sheet.embedding("embedding_kind").embedding("embedding_charge").merge("embedded").merge("candidates")
    for index in range(1, len(_FILTERS) + 1):
        sheet.conv(f"conv{index}").activation(f"tanh{index}")
    return sheet.conv("weight").merge("weighted").pooling("met")


ENTRIES: Final = (
    Recipe(
        name="l1_met",
        summary="missing momentum as the weighted mean momentum of 32 candidates; kind and charge are embedded",
        shape=(_CANDIDATES, 6),
        others=(("momenta", (_CANDIDATES, 2)), ("kind", (_CANDIDATES,)), ("charge", (_CANDIDATES,))),
        outputs=2,
        task="regression",
        sparsity=0.0,
        layers=_l1_met,
        events=lambda n, seed: events.puppi_candidates(n, seed, _CANDIDATES),
        config=_l1_met_sheet,
    ),
)
