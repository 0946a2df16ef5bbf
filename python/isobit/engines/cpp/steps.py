"""Steps in the terms of the C++ batch kernels: ``isobit._core.BatchStep``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.bounds.ranges import lowest
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.plan.fit import Fit
from isobit.plan.steps import (
    Affine,
    AtLeast,
    Between,
    Clamp,
    Law,
    LookUp,
    Mark,
    Observe,
    Round,
    ScaleFloor,
    Slopes,
    Step,
    Wrap,
    Zero,
)

__all__ = ["core_step", "folding_step", "lane_steps", "plain_step", "rounding_step"]


def rounding_step(type: FixedType) -> dict[str, Any]:
    """From a scaled float64 to an integer: any significand, so that half may not just be added."""
    return {"kind": "round_any", "rounding": int(type.rounding)}


def folding_step(type: FixedType) -> dict[str, Any]:
    """Overflow of an integer that float64 holds."""
    if type.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return {"kind": "clamp", "low": lowest(type), "high": type.raw_max}
    if type.overflow is Overflow.SAT_ZERO:
        return {"kind": "zero", "low": lowest(type), "high": type.raw_max}
    return _wrap(type, floating=True)


def _wrap(type: FixedType, floating: bool) -> dict[str, Any]:
    step: dict[str, Any] = {"kind": "wrap", "width": type.width, "is_signed": type.signed}
    if floating:
        step |= {"low": type.raw_min, "middle": float(2**type.width), "high": 2.0**-type.width}
    return step


def lane_steps(steps: Sequence[Step], dtype: Any, outputs: int, scaled: bool = False) -> list[dict[str, Any]]:
    """Steps in a lane's terms; in floats a rounding's division is merged into the step before it.

    ``scaled``: the division of a first rounding has been done already.
    """
    floating = np.dtype(dtype).kind == "f"
    packed: list[dict[str, Any]] = []
    for place, step in enumerate(steps):
        if isinstance(step, Mark):
            continue
        if isinstance(step, Observe):
            packed.append({"kind": "observe", "watch": True})
            continue
        if isinstance(step, Round) and floating:
            if not scaled:
                _divide(packed, step.shift, outputs)
            scaled = False
            if step.rounding is Rounding.TRN_ZERO and isinstance((*steps, None)[place + 1], LookUp):
                continue  # which cuts toward zero itself
            packed.append({"kind": "round", "rounding": int(step.rounding)})
        elif isinstance(step, Fit):
            parts = [np.broadcast_to(part, outputs) for part in step.constants(8 * np.dtype(dtype).itemsize)]
            packed.append({"kind": "fit"} | dict(zip("abcd", parts, strict=True)))
        else:
            packed.append(plain_step(step, floating))
        packed[-1]["watch"] = step.watch is not None
        scaled = False
    return packed


def _divide(packed: list[dict[str, Any]], shift: int, outputs: int) -> None:
    factor = 2.0**-shift
    last = packed[-1] if packed else None
    if last is not None and last["kind"] == "affine":
        last["a"], last["b"] = last["a"] * factor, last["b"] * factor
    elif last is not None and last["kind"] == "slopes":
        last["low"], last["b"] = last["low"] * factor, last["b"] * factor
    else:
        packed.append({"kind": "affine", "a": np.full(outputs, factor), "b": np.zeros(outputs)})


def plain_step(step: Step, floating: bool) -> dict[str, Any]:
    """A step in the binding's terms, constants as they are."""
    if isinstance(step, Affine):
        kind: Any = np.float64 if floating else np.int64
        return {"kind": "affine", "a": step.a.astype(kind), "b": step.b.astype(kind)}
    if isinstance(step, ScaleFloor):
        factors = step.a.astype(np.float64) * 2.0**-step.shift
        return {"kind": "scale_floor", "a": factors.astype(np.float32), "b": step.b.astype(np.int64)}
    if isinstance(step, Round):
        return {"kind": "round", "rounding": int(step.rounding), "shift": step.shift}
    if isinstance(step, Clamp):
        return {"kind": "clamp", "low": step.low, "high": step.high}
    if isinstance(step, Wrap):
        return _wrap(step.type, floating)
    if isinstance(step, Zero):
        return {"kind": "zero", "low": lowest(step.type), "high": step.type.raw_max}
    if isinstance(step, Law):
        kind_ = step.type
        return {
            "kind": "law",
            "rounding": int(kind_.rounding),
            "overflow": int(kind_.overflow),
            "shift": step.shift,
            "width": kind_.width,
            "is_signed": kind_.signed,
            "saturation_bits": kind_.saturation_bits,
        }
    if isinstance(step, LookUp):
        return {"kind": "look_up", "low": step.first, "high": step.last, "a": step.entries}
    if isinstance(step, Slopes):
        return {"kind": "slopes", "a": step.bound, "low": step.above, "b": step.below}
    if isinstance(step, AtLeast):
        return {"kind": "at_least", "a": step.bound, "low": step.below, "high": step.above}
    assert isinstance(step, Between)
    return {
        "kind": "between",
        "a": step.upper,
        "b": step.lower,
        "low": step.below,
        "middle": step.middle,
        "high": step.above,
    }


def core_step(step: dict[str, Any], dtype: Any) -> Any:
    """Constants in the lane's numbers; an absent bound is the lane's own end."""
    kind = np.dtype(dtype)
    filled = dict(step)
    for name in ("a", "b", "c", "d"):
        if filled.get(name) is not None:
            wanted = np.dtype(np.float32) if (step["kind"], name) == ("scale_floor", "a") else kind
            filled[name] = np.ascontiguousarray(np.asarray(filled[name]).astype(wanted))
    if step["kind"] in ("clamp", "zero"):
        # Beyond the lane's own ends nothing can lie.
        ends = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
        least, most = (int(end) for end in (ends.min, ends.max))
        filled["low"] = least if filled["low"] is None else max(least, filled["low"])
        filled["high"] = most if filled["high"] is None else min(most, filled["high"])
    if kind.kind == "f":
        filled |= {name: float(filled[name]) for name in ("low", "middle", "high") if name in filled}
    return _core.BatchStep(**filled)
