"""Layers of a project that only their own code computes: compiled by themselves, and run in worker processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from isobit.csim.program import CSimProgram
from isobit.fixed.array import FixedArray
from isobit.frontends.sources import Project

__all__ = ["runner_of"]


def runner_of(project: Project) -> Callable[[list[Any]], Any]:
    """What runs a project of one layer: raw integers in and out, shape (events, size); compiled when first run."""

    @cache
    def program() -> CSimProgram:
        return CSimProgram(project, optimisation="1")

    def run(raws: list[Any]) -> Any:
        ports = program().inputs
        inputs = {}
        for port, raw in zip(ports, raws, strict=True):
            assert port.type is not None  # a folder with floating point is no model
            inputs[port.name] = FixedArray(raw, port.type)
        _, outputs = program().run(inputs, raw=True, trace=False)
        (output,) = outputs.values()
        return output.raw

    return run
