"""What ``--engine`` and ``--against`` take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from isobit.engines.registry import ALIASES, ENGINES

__all__ = ["ENGINE_NAMES", "ROAD_NAMES", "RoadList", "engine_option"]

#: Engines, with the names that stand for one.
ENGINE_NAMES = (*ALIASES, *ENGINES)
#: What a network can be compared on.
ROAD_NAMES = ("csim", *ENGINES)


class RoadList(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Names of roads, separated by commas."""

    name = "roads"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Split the list, and refuse what is not a road."""
        if isinstance(value, list):
            return value
        roads = [road.strip() for road in str(value).split(",") if road.strip()]
        for road in roads:
            if road not in ROAD_NAMES:
                self.fail(f"{road!r} is not one of {', '.join(map(repr, ROAD_NAMES))}.", param, ctx)
        if not roads:
            self.fail(f"{value!r} names no road; there are {', '.join(ROAD_NAMES)}.", param, ctx)
        return roads

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show the choices in --help."""
        return f"[{'|'.join(ROAD_NAMES)}],..."

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the last road of the list."""
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(f"{before}{comma}{road}") for road in ROAD_NAMES if road.startswith(last)]


def engine_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option ``--engine``."""
    return click.option(
        "--engine", type=click.Choice(ENGINE_NAMES), default="auto", show_default=True, help="What computes."
    )
