"""The page of a sweep: the configurations that no other beats, what each dimension does, and a table of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from isobit.lint.rules import fragment_of
from isobit.pages import Chart, Fragment, Lines, Page, Section, Series, Table, Value, config_fragment
from isobit.pages.scales import number
from isobit.sweep.store import Record
from isobit.sweep.sweeping import Sweep

__all__ = ["page_of"]

#: Configurations in the table and points of a chart at most; dimensions that are drawn.
_TABLE, _POINTS, _DIMENSIONS = 1500, 1500, 8
#: Configurations of the front that have something to paste.
_PASTE = 200


def page_of(found: Sweep) -> Page:
    """The page."""
    valid = [one for one in found.records if not one.refused]
    metrics = list(valid[0].metrics) if valid else []
    goals = tuple(found.goals) or tuple(metrics)
    front = found.pareto(*goals) if valid else ()
    keys = {id(one): f"p{place}" for place, one in enumerate(valid)}
    shown = _shown(valid, front, goals)
    refused = len(found.records) - len(valid)
    return Page(
        command="sweep",
        subject=found.network,
        verdict=_verdict(valid, front, goals),
        state="good" if front else "warn",
        facts=(
            ("configurations", f"{len(valid):,}"),
            ("on the front", f"{len(front):,}"),
            ("computed now", f"{found.computed:,}"),
            ("known before", f"{found.known:,}"),
            ("that do not exist", f"{refused:,}"),
        ),
        sections=(
            Section("The front", (*_fronts(shown, front, goals, keys), *_best(front, goals, found.linear))),
            Section("Configurations", _table(valid, shown, front, metrics, keys, found.linear)),
            Section("What each dimension does", _dimensions(valid, goals)),
            Section("Configurations that do not exist", _refusals(found.records), folded=True),
        ),
        origin=found.origin,
    )


def _name(goal: str) -> str:
    return goal.lstrip("-")


def _verdict(valid: Sequence[Record], front: Sequence[Record], goals: Sequence[str]) -> str:
    if not front:
        return "No configuration could be computed."
    ends = [", ".join(f"{_name(goal)} {number(one.metrics[_name(goal)])}" for goal in goals) for one in front]
    which = "one is" if len(front) == 1 else f"{len(front):,} are"
    return f"Of {len(valid):,} configurations {which} not beaten in {' and '.join(map(_name, goals))} by any other" + (
        f": from {ends[0]} to {ends[-1]}." if len(front) > 1 else f": {ends[0]}."
    )


def _shown(valid: Sequence[Record], front: Sequence[Record], goals: Sequence[str]) -> list[Record]:
    """The front, then the others, the best in the first goal first; at most as many as the table holds."""
    chosen = {id(one) for one in front}
    sign = -1.0 if goals and goals[0].startswith("-") else 1.0
    others = [one for one in valid if id(one) not in chosen]
    others.sort(key=lambda one: sign * one.metrics[_name(goals[0])])
    return [*front, *others][:_TABLE]


def _tip(one: Record) -> str:
    figures = ", ".join(f"{name} {number(value)}" for name, value in one.metrics.items())
    return f"{figures}; {_point(one)}"


def _point(one: Record) -> str:
    return ", ".join(f"{name} {value}" for name, value in one.point.items())


def _fronts(
    shown: Sequence[Record], front: Sequence[Record], goals: Sequence[str], keys: dict[int, str]
) -> tuple[Chart, ...]:
    """The first goal against each other one; with more than two goals, no line says what is not beaten in these two."""
    first, charts, best = _name(goals[0]) if goals else "", [], {id(one) for one in front}
    others = [one for one in shown if id(one) not in best][:_POINTS]
    style = "line" if len(goals) == 2 else "points"
    for goal in map(_name, goals[1:4]):
        series = (
            _series("others", "grey", others, goal, first, keys, "points"),
            _series("not beaten", "blue", sorted(front, key=lambda one: one.metrics[goal]), goal, first, keys, style),
        )
        across, up = (_wide(v for s in series for v in getattr(s, axis)) for axis in ("x", "y"))
        charts.append(Chart(f"front-{goal}", f"{first} against {goal}", series, goal, first, across, up))
    return tuple(charts)


def _series(
    name: str, colour: str, records: Sequence[Record], x: str, y: str, keys: dict[int, str], style: str
) -> Series:
    across, up = (tuple(float(one.metrics[axis]) for one in records) for axis in (x, y))
    named = tuple(keys[id(one)] for one in records)
    return Series(name, colour, across, up, tuple(map(_tip, records)), named, style)


def _wide(values: Iterable[float]) -> bool:
    """Whether numbers span so much that an axis should be logarithmic."""
    known = [*values]
    return bool(known) and 0 < min(known) < max(known) / 50  # a zero has no place on it


def _best(front: Sequence[Record], goals: Sequence[str], linear: Sequence[str]) -> tuple[Any, ...]:
    """The best configuration in the first goal, to paste."""
    if not front:
        return ()
    label = f"The best in {_name(goals[0])}, to paste into the hls4ml configuration: {_tip(front[0])}"
    return _fragment(front[0], label, linear)


def _fragment(one: Record, label: str, linear: Sequence[str]) -> tuple[Fragment, ...]:
    """Formats to paste; what else the configuration changes is named in comments."""
    found = config_fragment(fragment_of(one.types, linear=linear), label)
    others = "".join(f"\n# and {key}: {' '.join(str(value).split())}" for key, value in one.settings.items())
    return tuple(Fragment(part.label, part.text + others) for part in found)


def _table(
    valid: Sequence[Record],
    shown: Sequence[Record],
    front: Sequence[Record],
    metrics: Sequence[str],
    keys: dict[int, str],
    linear: Sequence[str],
) -> tuple[Table, ...]:
    names = list(dict.fromkeys(name for one in valid for name in one.point))
    rows: list[tuple[Any, ...]] = []
    best = {id(one) for one in front}
    for one in shown:
        on_front = id(one) in best
        paste = _fragment(one, "", linear) if on_front and len(rows) < _PASTE else ()
        cells = [one.metrics[name] for name in metrics] + [one.point.get(name) for name in names]
        rows.append(("yes" if on_front else "", *cells, Value("show", paste=paste[0].text) if paste else None))
    if not rows:
        return ()
    marks = tuple("good" if id(one) in best else "" for one in shown)
    more = f" (these and {len(valid) - len(shown):,} more in the store)" if len(valid) > len(shown) else ""
    header = ("not beaten", *metrics, *names, "to paste")
    caption = f"Configurations, those that are not beaten first{more}"
    return (Table(caption, header, tuple(rows), marks, tuple(keys[id(one)] for one in shown)),)


def _dimensions(valid: Sequence[Record], goals: Sequence[str]) -> tuple[Chart, ...]:
    """The first goal against every dimension of numbers: its best and its median."""
    if not valid or not goals:
        return ()
    charts: list[Chart] = []
    first = _name(goals[0])
    best = max if goals[0].startswith("-") else min
    for name in dict.fromkeys(name for one in valid for name in one.point):
        found: dict[float, list[float]] = defaultdict(list)
        for one in valid:
            value = one.point.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found[float(value)].append(one.metrics[first])
        if len(found) < 2 or len(charts) == _DIMENSIONS:
            continue
        at = tuple(sorted(found))
        lines = [
            ("best", "blue", tuple(best(found[x]) for x in at)),
            ("median", "grey", tuple(median(found[x]) for x in at)),
        ]
        series = tuple(_line(f"{word} {first}", colour, name, at, up) for word, colour, up in lines)
        log = _wide(y for _, _, up in lines for y in up)
        charts.append(Chart(f"dimension-{len(charts) + 1}", f"{first} against {name}", series, name, first, y_log=log))
    return tuple(charts)


def _line(words: str, colour: str, dimension: str, at: tuple[float, ...], up: tuple[float, ...]) -> Series:
    tips = tuple(f"{dimension} {number(x)}: {words} {number(y)}" for x, y in zip(at, up, strict=True))
    return Series(words, colour, at, up, tips, (), "line")


def _refusals(records: Sequence[Record]) -> tuple[Lines, ...]:
    refused = [f"{_point(one)}: {one.refused}" for one in records if one.refused]
    if not refused:
        return ()
    more = [f"and {len(refused) - 50:,} more"] if len(refused) > 50 else []
    return (Lines((*refused[:50], *more)),)
