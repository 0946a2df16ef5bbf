"""How the facts of a checkout differ from a golden record, in lines that name network, part, layer and engine."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recording.facts import ENGINES, Computed, content_of, digest

#: Lines of a diff that are printed.
_SHOWN = 40


def of_mappings(old: Mapping[str, Any], new: Mapping[str, Any], start: str = "") -> list[str]:
    """Entries that are missing, new, different or in another order; `start` begins every line."""
    lines = [f"{start}{key} is missing" for key in old if key not in new]
    lines += [f"{start}{key} is new" for key in new if key not in old]
    lines += [f"{start}{key}: {_changes(old[key], new[key])}" for key in old if key in new and old[key] != new[key]]
    if not lines and list(old) != list(new):
        lines.append(f"{start}the order differs: {', '.join(new)} instead of {', '.join(old)}")
    return lines


def _changes(old: Any, new: Any) -> str:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return ", ".join(f"{key} {old.get(key)} -> {new.get(key)}" for key in keys)
    return f"{old} -> {new}"


def between_engines(found: Mapping[str, Computed]) -> list[str]:
    """Layers about which engines disagree, on the events that both computed; a record of such bits would be none."""
    first, *others = found.items()
    lines = []
    for engine, computed in others:
        for name, array in first[1].layers.items():
            other, count = computed.layers.get(name), min(ENGINES[first[0]], ENGINES[engine])
            if other is None or not np.array_equal(array[:count], other[:count]):
                lines.append(f"{first[0]} and {engine} disagree about layer {name}")
    return lines


def of_bits(old: Mapping[str, Any], new: Mapping[str, Computed], errors: Mapping[str, str]) -> list[str]:
    """Layers, outputs and float outputs that an engine computes otherwise.

    Where another engine still gives the record's bits, it says how many numbers differ from those, and the first.
    An engine that refused the network when the record was made is not asked.
    """
    lines = [f"{engine}: {text}" for engine, text in errors.items() if "refused" not in old[engine]]
    for engine, computed in new.items():
        known, hashes = old[engine], computed.hashes()
        if "refused" in known:
            continue
        lines += [f"{engine}: layer {name} is missing" for name in known["layers"] if name not in hashes["layers"]]
        lines += [f"{engine}: layer {name} is new" for name in hashes["layers"] if name not in known["layers"]]
        wrong = [n for n, value in known["layers"].items() if n in hashes["layers"] and hashes["layers"][n] != value]
        for name in wrong:
            lines.append(f"{engine}: layer {name}: {_contrast(engine, name, old, new)}")
        for kind in ("outputs", "floats"):
            if known.get(kind) != hashes.get(kind):
                lines.append(f"{engine}: {'outputs' if kind == 'outputs' else 'outputs of predict from floats'} differ")
    return lines


def _contrast(engine: str, layer: str, old: Mapping[str, Any], new: Mapping[str, Computed]) -> str:
    found = new[engine].layers[layer]
    for other, computed in new.items():
        right = computed.layers.get(layer)
        if right is None or other == engine or digest(right) != old[other].get("layers", {}).get(layer):
            continue
        count = min(ENGINES[engine], ENGINES[other])
        mine, theirs = found[:count], right[:count]
        if mine.shape != theirs.shape:
            return f"shape {mine.shape}, not {theirs.shape}"
        places = np.argwhere(mine != theirs)
        if not len(places):
            return f"differs (dtype {found.dtype}, or in events beyond {other}'s {count})"
        event, *place = (int(i) for i in places[0])
        return (
            f"{len(places)} of {mine.size} raw numbers differ from {other}'s, which are the record's; first: event "
            f"{event}, place {place}: {mine[(event, *place)]} instead of {theirs[(event, *place)]}"
        )
    return f"differs from the record (dtype {found.dtype}, shape {found.shape}), as no engine gives the record's bits"


def of_texts(old: str, new: str, what: str) -> tuple[list[str], bool]:
    """How a plan's text differs: (lines, whether more than names of stages does)."""
    if old == new:
        return [], False
    if _nameless(old) == _nameless(new):
        names = [line.strip() for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]
        return [f"{what}: equal except names of stages, such as {' '.join(names[:2])}"], False
    return [f"{what}: differs", *diff(old, new)], True


def _nameless(text: str) -> str:
    """A plan without the names of its stages, which stand before the lane at the beginning of a line."""
    return re.sub(r"^(?! ).*: (?=[\w -]+$)", "", text, flags=re.MULTILINE)


def diff(old: str, new: str) -> list[str]:
    """A unified diff, cut where it gets long."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "record", "checkout", lineterm="", n=1))
    more = [f"    ... {len(lines) - _SHOWN} more lines of diff"] if len(lines) > _SHOWN else []
    return [f"    {line[:240]}" for line in lines[:_SHOWN]] + more


def of_exports(old: Path, new: Path, known: Mapping[str, str], hashes: Mapping[str, str], what: str) -> list[str]:
    """Files of an export that differ, are missing or new; with diffs, except for isobit's own headers."""
    lines = [f"{what}: {path} is missing" for path in known if path not in hashes]
    lines += [f"{what}: {path} is new" for path in hashes if path not in known]
    for path in known:
        if path in hashes and known[path] != hashes[path]:
            lines.append(f"{what}: {path} differs")
            if "/include/" not in path:
                lines += diff(*(content_of(root / path).decode(errors="replace") for root in (old, new)))
    return lines
