"""Rules about bits that rest on a quirk of AMD's open headers (docs/semantics.md, B1 to B26)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from isobit.bounds.constants import op_constants
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.lint.rules import Context, Finding, rule
from isobit.model.casts import Cast, casts_of
from isobit.model.tensor import reported
from isobit.model.weights import Encoding

__all__: list[str] = []


def _unsigned_wrap(cast: Cast) -> bool:
    target = cast.target
    wraps = target.overflow is Overflow.WRAP and target.saturation_bits > 0
    return wraps and not target.signed and cast.source.signed


def _mirror(cast: Cast) -> bool:
    target = cast.target
    rounds = target.rounding not in (Rounding.TRN, Rounding.TRN_ZERO) and cast.source.fraction > target.fraction
    return target.overflow is Overflow.WRAP_SM and not target.saturation_bits and rounds


def _one_bit(cast: Cast) -> bool:
    return cast.target.overflow is Overflow.SAT_SYM and cast.target.signed and cast.target.width == 1


def _dropped(cast: Cast) -> bool:
    rounds = cast.target.rounding not in (Rounding.TRN, Rounding.TRN_ZERO)
    return rounds and cast.source.fraction - cast.target.fraction > cast.source.width


def _whole(cast: Cast) -> bool:
    source, target = cast.source, cast.target
    return target.is_int and not source.is_int and source.signed and source.integer == 0


#: Quirks of casts: which ones a cast meets, and what the headers do.
_CASTS: dict[str, tuple[Callable[[Cast], bool], str]] = {
    "B1": (_dropped, "drops more bits than the source has, where the headers abort unless compiled with -DNDEBUG"),
    "B2": (_unsigned_wrap, "wraps negative numbers into an unsigned format with saturated bits, which become ones"),
    "B3": (_mirror, "runs back (WRAP_SM) by the bit above the sign before rounding"),
    "B4": (_one_bit, "saturates symmetrically into one signed bit, which gives -1 LSB"),
    "B13": (_whole, "makes an ap_int of a fraction, and -1 of a negative one"),
}


@rule("IB501", "header-quirk", "warning")
def quirks(context: Context) -> Iterator[Finding]:
    """Bits rest on a quirk of AMD's open simulation headers.

    A cast, a table or an input meets a case in which the open headers, and so hls4ml's C-simulation and isobit, do
    something else than UG1399 says or than SystemC does (docs/semantics.md lists them). What Vitis HLS synthesises
    there has not been compared: do not rest a trigger on it.
    """
    seen: set[tuple[str, str, str]] = set()
    graph = context.graph.lowered
    for op in graph.ops:
        for cast in casts_of(op, graph.inputs_of(op)):
            layer, slot = reported(op.name, cast.slot, op.output)
            for quirk, (meets, words) in _CASTS.items():
                if meets(cast) and (layer, slot, quirk) not in seen:
                    seen.add((layer, slot, quirk))
                    yield _finding(layer, slot, quirk, f"{cast.source} to {cast.target} {words}")
    for op in context.graph.ops:
        for weight in op_constants(op):
            wraps = not weight.type.overflow.name.startswith("SAT")
            if weight.encoding is Encoding.TABLE and wraps and not np.isfinite(weight.written).all():
                words = f"{weight.type} takes infinite entries as 2^1024, which wrap to 0"
                yield _finding(op.name, weight.name, "B11", words)
    for tensor in context.graph.inputs:
        if _signed_integer(tensor.type) and not tensor.xnor:
            words = f"{tensor.type} makes 1 of every float between -0.5 and 0"
            yield _finding(tensor.name, "result", "B15", words, severity="note")


def _signed_integer(kind: FixedType) -> bool:
    return kind.is_int and kind.signed


def _finding(layer: str, slot: str, quirk: str, words: str, severity: str = "warning") -> Finding:
    fix = f"another format or mode; {quirk} in docs/semantics.md"
    return Finding("IB501", severity, layer, slot, f"{quirk}: {words}", {"quirk": quirk}, fix=fix)
