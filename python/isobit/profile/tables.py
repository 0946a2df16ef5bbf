"""Profiling of activations by table and of softmax: what casts of the entries give is known before any event is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import fits_int64
from isobit.fixed import growth, law
from isobit.fixed.assign import assign, outside_range
from isobit.fixed.types import FixedType
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.softmax import Softmax
from isobit.model.table_index import top_bits
from isobit.plan.observed import Observed
from isobit.profile.exact import Found, observe

__all__ = ["observe_table"]


_ARRAYS = ("low", "high", "held_low", "held_high", "lossy", "outside")


@dataclass(frozen=True, eq=False)
class _Casts:
    """What casts of some numbers give: the results, and what they would have to hold.

    ``lossy`` and ``outside`` tell where rounding dropped set bits, and where the range was left; None: nowhere.
    """

    result: Any
    held: Any
    lossy: Any = None
    outside: Any = None

    @classmethod
    def of(cls, values: Any, source: FixedType, target: FixedType) -> _Casts:
        """Cast int64; to the same format it is copied."""
        if source == target:
            return cls(values, values)
        kind = target.as_assigned(source)
        shift = law.int64_shift(source.fraction - kind.fraction)
        held = law.round_shift(values, shift, int(kind.rounding))
        lossy = held << shift != values if shift > 0 else np.zeros(1, dtype=bool)
        left = bool(outside_range(np.array([held.min(), held.max()]), kind).any())
        result = assign(values, source, target) if left else held
        return cls(result, held, lossy if lossy.any() else None, outside_range(held, kind) if left else None)

    def at(self, places: Any) -> _Casts:
        """Those at some places."""
        result = self.result[places]
        held = result if np.array_equal(self.held, self.result) else self.held[places]
        return _Casts(result, held, *(None if flags is None else flags[places] for flags in (self.lossy, self.outside)))

    def counts(self, axis: int) -> tuple[Any, Any]:
        """How often rounding dropped set bits, and how often the range was left, along an axis."""
        none = np.zeros(np.delete(self.result.shape, axis), dtype=np.int64)
        lossy, outside = (
            none if flags is None else np.count_nonzero(flags, axis=axis).astype(np.int64)
            for flags in (self.lossy, self.outside)
        )
        return lossy, outside


def observe_table(op: Op, tensors: Tensors, raws: Sequence[Any]) -> tuple[Any, Found]:
    """Results, shape (events, size), and observations, as :func:`isobit.profile.exact.observe` gives them.

    Parameters
    ----------
    op, tensors
        A layer, which is taken cast by cast if it has no table, and its input tensors.
    raws
        Each input, shape (events, size).
    """
    if isinstance(op, (Lookup, Softmax)) and raws[0].dtype == np.int64 and fits_int64(op, tensors):
        (tensor,), (raw,) = tensors, raws
        if isinstance(op, Lookup):
            return _lookup(op, tensor, raw)
        if op.accum is not None and (terms := _safe_terms(op)) is not None:
            return _softmax(op, tensor, raw, terms)
    return observe(op, tensors, raws)


def _lookup(op: Lookup, tensor: Tensor, raw: Any) -> tuple[Any, Found]:
    if not op.index.sided:
        form, _ = op.forms(tensor.type)
        places = op.indices(raw, tensor.type)
        if op.row > 1:
            places = (places[..., None] * (op.stride or op.row) + np.arange(op.row)).reshape(len(raw), -1)
        casts = _Casts.of(op.products.astype(np.int64), form, op.output.type).at(places)
        lossy, outside = casts.counts(0)
    else:
        below, above = _branches(op, tensor, raw)
        # Each is 0 where the other branch holds, and so are its casts, which then lose nothing.
        result = below.result + above.result
        copied = below.held is below.result and above.held is above.result
        casts = _Casts(result, result if copied else below.held + above.held)
        lossy, outside = (one + other for one, other in zip(below.counts(0), above.counts(0), strict=True))
    return casts.result, (_observed(casts, 0, lossy, outside), np.zeros((2, op.output.size), dtype=np.int64))


def _observed(casts: _Casts, axis: int, lossy: Any, outside: Any) -> Observed:
    low, high = casts.result.min(axis=axis), casts.result.max(axis=axis)
    copied = casts.held is casts.result
    held = (low, high) if copied else (casts.held.min(axis=axis), casts.held.max(axis=axis))
    return Observed(low, high, *held, lossy, outside)


def _branches(op: Lookup, tensor: Tensor, raw: Any) -> tuple[_Casts, _Casts]:
    """Casts of the entries for negative numbers, and of others."""
    form_below, form_above = op.forms(tensor.type)
    entries, positive = np.append(op.products, 0).astype(np.int64), op.others(np.maximum(raw, 0))
    places = np.where(raw < 0, op.indices(raw, tensor.type), op.entries)
    return _Casts.of(entries, form_below, op.output.type).at(places), _Casts.of(positive, form_above, op.output.type)


def _safe_terms(op: Softmax) -> Any:
    """The table of exponentials in the accumulator's format; None if some sum of them may leave it."""
    assert op.exp_table is not None
    assert op.accum is not None
    terms = _Casts.of(op.exp_table.raw.astype(np.int64), op.exp_table.type, op.accum)
    ends = np.array([op.size * min(0, int(terms.held.min())), op.size * max(0, int(terms.held.max()))], dtype=object)
    return None if outside_range(ends, op.accum).any() else terms.result


def _softmax(op: Softmax, tensor: Tensor, raw: Any, terms: Any) -> tuple[Any, Found]:
    """``latency`` and ``stable``: groups and events side by side, shape (size, groups, events)."""
    assert op.exp_table is not None
    assert op.inv_table is not None
    assert op.accum is not None
    assert op.inv_inp is not None
    places = op.groups.T
    data = np.ascontiguousarray(raw.T[places])
    inner: dict[str, Any] = {}

    def count(slot: str, casts: _Casts, size: int) -> None:
        if casts.outside is not None:
            times = np.zeros(op.output.size, dtype=np.int64)
            times[places[:size]] = casts.counts(-1)[1]
            inner[slot] = np.stack([times] * 2)

    address = tensor.type
    if op.inp_norm is not None:
        address = op.inp_norm
        distances = _Casts.of(data.max(axis=0) - data, growth.difference(tensor.type, tensor.type), address)
        count("inp_norm", distances, op.size)
        data = distances.result
    exponentials = terms[top_bits(data, op.exp_table, address.width)]
    total = _Casts.of(exponentials.sum(axis=0), op.accum, op.inv_inp)
    count("inv_inp", total, 1)
    inverse = op.inv_table.raw.astype(np.int64)[top_bits(total.result, op.inv_table, op.inv_inp.width)]
    casts = _Casts.of(exponentials * inverse, op.accum.product_with(op.inv_table.type), op.output.type)
    seen = _observed(casts, -1, *casts.counts(-1))
    order = np.argsort(places, axis=None)
    flat = {name: getattr(seen, name).ravel()[order] for name in _ARRAYS}
    result = np.ascontiguousarray(casts.result.reshape(len(order), -1)[order].T)
    return result, (Observed(**flat, inner=inner), np.zeros((2, op.output.size), dtype=np.int64))
