"""Which tests a run takes: the core always, oracles by sample, and everything under ``pytest -m full``.

``@pytest.mark.full`` keeps a test (or one parameter set) for full runs. ``@pytest.mark.oracle(sample=n)`` on a
parametrised test lets a plain run take n of its cases, drawn by the seed that the header prints, so that repeated runs
cover all of them. ``@pytest.mark.turn(n)`` keeps a long test of what seldom changes for one plain run in n, by the same
seed. Either may have another number for ``.ci/run``: ``ci=m``. A test that is named (``file::test`` or ``-k``) is
neither left out nor sampled. Within a test, :func:`examples` and :func:`drawn` say what a plain run takes.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import pytest

Thing = TypeVar("Thing")
#: Set by the controller and inherited by xdist's workers, which must draw the same cases.
FULL = "ISOBIT_TEST_FULL"
SEED = "ISOBIT_FRESH_SEED"
#: Set by .ci/run, which takes more of some tests.
CI = "ISOBIT_TEST_CI"


def choose_tier(config: pytest.Config) -> None:
    """Take ``-m full`` as the wish to run everything, instead of only what has the marker."""
    if config.option.markexpr.strip() == "full":
        os.environ[FULL] = "1"
        config.option.markexpr = ""


def is_full() -> bool:
    """Whether this run takes everything."""
    return os.environ.get(FULL) == "1"


def _number(mark: pytest.Mark) -> int:
    """What a marker says of this run."""
    usual = int(mark.args[0] if mark.args else mark.kwargs["sample"])
    return int(mark.kwargs.get("ci", usual)) if os.environ.get(CI) == "1" else usual


def _named(config: pytest.Config) -> bool:
    return bool(config.option.keyword) or any("::" in str(argument) for argument in config.args)


def _unit(item: pytest.Item) -> str:
    """What is drawn together: the cases of an xdist group of their own (they share what was compiled), or one case."""
    marks = getattr(getattr(item, "callspec", None), "marks", [])
    return next((str(mark.args[0]) for mark in marks if mark.name == "xdist_group"), item.nodeid)


def _has_turn(item: pytest.Item, runs: int) -> bool:
    """Whether this run takes the test, with all of its cases: one run in ``runs`` does."""
    return random.Random(f"{os.environ[SEED]} {item.nodeid.split('[')[0]}").randrange(runs) == 0


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect in place what this run does not take."""
    if is_full() or _named(config):
        return
    sampled: dict[tuple[str, int], dict[str, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    left_out = []
    for item in items:
        turn = item.get_closest_marker("turn")
        if item.get_closest_marker("full") or (turn and not _has_turn(item, _number(turn))):
            left_out.append(item)
        elif marker := item.get_closest_marker("oracle"):
            sampled[item.nodeid.split("[")[0], _number(marker)][_unit(item)].append(item)
    for (name, count), units in sorted(sampled.items()):
        drawn = random.Random(f"{os.environ[SEED]} {name}").sample(sorted(units), min(count, len(units)))
        left_out += [case for unit, cases in units.items() if unit not in drawn for case in cases]
    if left_out:
        gone = set(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in gone]


def examples(plain: int, everything: int) -> int:
    """Number of examples or events that a test takes: in a plain run, and in one that takes everything."""
    return everything if is_full() else plain


def drawn(things: Sequence[Thing], count: int) -> list[Thing]:
    """Some of these, drawn by the run's seed, in their order; all of them in a run that takes everything."""
    if is_full():
        return list(things)
    places = random.Random(f"{os.environ[SEED]} {len(things)}").sample(range(len(things)), min(count, len(things)))
    return [things[place] for place in sorted(places)]
