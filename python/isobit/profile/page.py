"""The page of a profile, and its pictures, which other pages show as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isobit.bounds.constant_change import as_float
from isobit.pages import Cell, Lines, Page, RangeRow, Ranges, Section, Strip, Strips, Table, Value
from isobit.profile.counts import LayerProfile, OverflowCount, Profile
from isobit.profile.distributions import Distribution

__all__ = ["bits_by_neuron", "count_table", "layer_table", "overflow_map", "page_of", "range_pictures"]

#: What happens to a number, and the colour of it.
_COLOURS = {
    "within its format": "blue",
    "the same in every event": "grey",
    "clips, as it is made to": "sky",
    "saturates": "orange",
    "wraps": "red",
}
_ORDER = ("the same in every event", "within its format", "clips, as it is made to", "saturates", "wraps")
#: Rows of a picture at most.
_ROWS = 60


def page_of(profile: Profile) -> Page:
    """The page."""
    lost = profile.overflows
    wraps = [count for count in lost if not count.saturates]
    return Page(
        command="profile",
        subject=profile.network,
        verdict=_verdict(profile),
        state="bad" if wraps else "warn" if lost else "good",
        facts=(
            ("events", f"{profile.events:,}"),
            ("layers", f"{len(profile.layers):,}"),
            ("formats that wrap", f"{len(wraps):,}"),
            ("formats that saturate", f"{len(lost) - len(wraps):,}"),
            ("constants that changed", f"{len(profile.constants):,}"),
        ),
        sections=(
            Section("Where numbers leave their formats", (*overflow_map(profile), *count_table(profile))),
            Section("What to do", _advice(profile)),
            Section("Numbers against the range of their formats", range_pictures(profile)),
            Section("Bits in use by neuron", bits_by_neuron(profile)),
            Section("Constants that their format changed", _lines(map(str, profile.constants))),
            Section("Layers", layer_table(profile), folded=True),
        ),
        origin=profile.origin,
    )


def _verdict(profile: Profile) -> str:
    if not profile.overflows:
        return f"Nothing overflows in {profile.events:,} events."
    worst = max(profile.overflows, key=lambda count: (not count.saturates, int(count.events.max())))
    share = _share(int(worst.events.max()), profile.events).text
    others = len(profile.overflows) - 1
    more = f", and {others} more format{'s' if others > 1 else ''}" if others else ""
    return (
        f"{worst.layer}.{worst.slot} {worst.type} {_verb(worst)} in {share} of {profile.events:,} events in its worst "
        f"neuron{more}."
    )


def _verb(count: OverflowCount) -> str:
    return "clips, as it is made to" if count.clips else "saturates" if count.saturates else "wraps"


def _advice(profile: Profile) -> tuple[Lines, ...]:
    lines = []
    wide = {layer.layer: layer for layer in profile.layers}
    for count in profile.overflows:
        layer = wide.get(count.layer)
        if count.slot == "result" and layer is not None and (more := int(layer.bits.max()) - layer.type.width) > 0:
            kind = f"{count.type.integer + more} integer bits, {count.type.width + more} in all"
            lines.append(f"{count.layer}.{count.slot}: {kind} would hold these events.")
        elif count.slot != "result":
            lines.append(
                f"{count.layer}.{count.slot}: more integer bits; isobit lint names how many are proven enough."
            )
    return _lines(lines)


def _lines(lines: Iterable[str]) -> tuple[Lines, ...]:
    found = tuple(lines)
    return (Lines(found),) if found else ()


def overflow_map(profile: Profile) -> tuple[Strips, ...]:
    """Where numbers leave their formats, by neuron: the stronger, the more events; nothing if none does."""
    rows = []
    for count in profile.counts[:_ROWS]:
        verb, events = _verb(count), max(1, profile.events)
        cells = tuple(
            Cell(
                _COLOURS[verb],
                f"neuron {neuron}: {verb} in {n:,} of {events:,} events ({n / events:.2%})",
                level=(0.3 + 0.7 * (n / events) ** 0.5) if n else 0.0,
                rank=n,
            )
            for neuron, n in enumerate(count.events.tolist())
        )
        worst = int(count.events.max())
        rows.append(Strip(f"{count.layer}.{count.slot}", cells, f"worst: {_share(worst, events).text} of events"))
    if not rows:
        return ()
    verbs = [verb for verb in _ORDER if any(_verb(count) == verb for count in profile.counts)]
    key = tuple((verb, _COLOURS[verb]) for verb in verbs)
    more = f" (the first {_ROWS} of {len(profile.counts)} formats)" if len(profile.counts) > _ROWS else ""
    title = f"Overflow map: neurons from left to right, the stronger the colour the more events{more}"
    return (Strips("overflows", title, tuple(rows), key),)


def bits_by_neuron(profile: Profile) -> tuple[Strips, ...]:
    """Bits that each neuron of each layer needs, against its format's width."""
    rows, seen = [], set()
    for layer in profile.layers[:_ROWS]:
        counts = [count for count in profile.counts if count.layer == layer.layer]
        left = [
            [count for count in counts if k < len(count.events) and count.events[k]] for k in range(len(layer.bits))
        ]
        states = [_state(layer, found, neuron) for neuron, found in enumerate(left)]
        seen.update(states)
        bits, width, lsb = layer.bits.tolist(), layer.type.width, as_float(layer.type.lsb)
        top = max(width, *bits) * 1.08
        cells = tuple(
            Cell(
                _COLOURS[state],
                f"neuron {neuron}: {low * lsb:.5g} to {high * lsb:.5g}, {bits[neuron]} of {width} bits"
                + "".join(f"; {count.slot} {_verb(count)}" for count in left[neuron]),
                height=bits[neuron] / top,
                rank=100 * _ORDER.index(state) + bits[neuron] / top,
            )
            for neuron, (state, low, high) in enumerate(
                zip(states, layer.low.astype(float).tolist(), layer.high.astype(float).tolist(), strict=True)
            )
        )
        rows.append(Strip(layer.layer, cells, f"{max(bits)} of {width} bits", width / top))
    if not rows:
        return ()
    more = f" (the first {_ROWS} of {len(profile.layers)} layers)" if len(profile.layers) > _ROWS else ""
    title = f"Bits that each neuron needs, from left to right; the dashed line is the format's width{more}"
    key = tuple((state, _COLOURS[state]) for state in _ORDER if state in seen)
    return (Strips("bits", title, tuple(rows), key),)


def _state(layer: LayerProfile, left: Iterable[OverflowCount], neuron: int) -> str:
    found = [_verb(count) for count in left]
    if not found and layer.low[neuron] == layer.high[neuron]:
        return "the same in every event"
    return max(found, key=_ORDER.index, default="within its format")


def range_pictures(profile: Profile) -> tuple[Ranges, ...]:
    """Magnitudes against formats: of inputs and results, and of constants."""
    made = {count.layer for count in profile.clips}  # to clip, which lacks no bits
    wide = {one.layer: int(one.bits.max()) - one.type.width for one in profile.layers if one.layer not in made}
    results = [one for one in profile.distributions if one.slot == "result"]
    constants = [one for one in profile.distributions if one.slot != "result"]
    return (
        *_ranges("ranges", "Inputs and results of layers, by magnitude", results, wide),
        *_ranges("constants", "Weights and other constants as they were written, by magnitude", constants, {}),
    )


def _ranges(name: str, title: str, every: list[Distribution], wide: dict[str, int]) -> Iterator[Ranges]:
    if not every:
        return
    rows = []
    for one in every[:_ROWS]:
        more = wide.get(one.layer, 0)
        zeros = f", {one.zeros / one.total:.0%} zero" if one.zeros > one.total / 200 else ""
        tip = f"{one.place} {one.type}: {one.total:,} numbers, {one.zeros:,} zero, {one.beyond:,} beyond its range"
        rows.append(
            RangeRow(
                one.layer if one.slot == "result" else one.place,
                one.low,
                one.high,
                tuple(sorted(one.counts.items())),
                one.high + more if more > 0 else None,
                f"{_short(one)}{zeros}",
                f"{tip}; {more} more bits are needed for what is cast into it" if more > 0 else tip,
            )
        )
    more_rows = f" (the first {_ROWS} of {len(every)})" if len(every) > _ROWS else ""
    yield Ranges(name, f"{title}{more_rows}", tuple(rows))


def _short(one: Distribution) -> str:
    sign = "" if one.type.signed else "u"
    return f"{sign}<{one.type.width},{one.type.integer}>"


def count_table(profile: Profile) -> tuple[Table, ...]:
    """Every format that was left."""
    rows = tuple(
        (
            count.layer,
            count.slot,
            Value(str(count.type), code=True),
            _verb(count),
            int((count.events > 0).sum()),
            len(count.events),
            int(count.events.argmax()),
            _share(int(count.events.max()), profile.events),
            int(count.total.sum()),
        )
        for count in profile.counts
    )
    if not rows:
        return ()
    marks = tuple("" if count.clips else "warn" if count.saturates else "bad" for count in profile.counts)
    header = (
        "layer",
        "slot",
        "format",
        "what it does",
        "neurons",
        "of",
        "worst neuron",
        "events there",
        "times in all",
    )
    return (Table("Formats whose range was left", header, rows, marks),)


def _share(count: int, events: int) -> Value:
    share = count / max(1, events)
    return Value(f"{share:.2g}" if share < 1e-4 else f"{100 * share:.3g}%", share)


def layer_table(profile: Profile) -> tuple[Table, ...]:
    """Every layer: range, bits in use, rounding."""
    rows = []
    for layer in profile.layers:
        lsb, lossy = as_float(layer.type.lsb), int((layer.lossy > 0).sum())
        rows.append(
            (
                layer.layer,
                Value(str(layer.type), code=True),
                len(layer.bits),
                float(layer.low.min()) * lsb,
                float(layer.high.max()) * lsb,
                int(layer.bits.max()),
                layer.type.width,
                lossy,
            )
        )
    if not rows:
        return ()
    header = ("layer", "format", "neurons", "smallest", "largest", "bits needed", "width", "neurons rounded")
    return (Table("Range, bits and rounding of every layer", header, tuple(rows)),)
