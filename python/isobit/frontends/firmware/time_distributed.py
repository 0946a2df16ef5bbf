"""hls4ml's ``TimeDistributed``: what reads a step at the beginning of a loop and writes it at the end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call

__all__: list[str] = []

_READS = ("read_time_step_2d", "read_time_step_3d", "read_time_step_4d")
_WRITES = ("write_time_step_2d", "write_time_step_3d", "write_time_step_4d")


def _steps(b: Builder, call: Call, config: Config) -> tuple[int, tuple[int, ...]]:
    """The steps of the loop, and the shape of one."""
    b.arguments(call, 2, 3)
    rank = int(call.kernel[-2])
    steps, dim = config.extent("n_time_steps"), config.number("dim")
    shape = tuple(config.extent(name) for name in ("in_height", "in_width", "n_chan"))
    counted = b.named(call, call.loop).extent("n_time_steps")
    if call.arguments[0] != "ts" or dim != rank or set(shape[: 4 - rank]) - {1} or counted != steps:
        b.fail(call, f"{config.name} has {dim} axes of {shape} in {steps} steps; the loop has {counted}")
    return steps, shape[4 - rank :]


def _marker(b: Builder, call: Call, taken: tuple[int, ...], given: tuple[int, ...], end: str) -> None:
    """A marker at one end of a loop; as hls4ml's, the one at the beginning knows the other by its name."""
    extra: dict[str, Any] = {"wrapped_layer": SimpleNamespace(name=end), "place": 2, "template": 0}
    b.add(call, "TimeDistributed", [b.input(call, 1, taken)], given, [b.config(call)], **extra)


@reads(*_READS)
def _read(b: Builder, call: Call) -> None:
    steps, shape = _steps(b, call, b.config(call))
    _marker(b, call, (steps, *shape), shape, f"{b.name(call, 2)}_end")


@reads(*_WRITES)
def _write(b: Builder, call: Call) -> None:
    steps, shape = _steps(b, call, b.config(call))
    _marker(b, call, shape, (steps, *shape), "")
