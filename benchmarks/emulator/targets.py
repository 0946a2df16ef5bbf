"""What the figures should be, and which are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.networks import CASES

#: The LHC's bunch crossings a second.
LHC_RATE = 40e6
SPEED_UP = 1.8
PROFILE_COST = 2.0
FIRST_PREDICT_S = {"cold": 10.0, "warm": 1.0, "other precision": 1.0}
#: Aimed at, not demanded.
ONNX_AIM, PEAK_AIM = 2.0, 0.4


@dataclass(frozen=True)
class Target:
    """One figure and what it should be.

    Attributes
    ----------
    what
        In words.
    found, wanted
        The figure and its bound.
    least
        Whether the bound is the least allowed, else the most.
    aim
        Whether it is only aimed at.
    """

    what: str
    found: float
    wanted: float
    least: bool = True
    aim: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        return self.found >= self.wanted if self.least else self.found <= self.wanted

    def __str__(self) -> str:
        sign = "at least" if self.least else "at most"
        return f"{self.what}: {self.found:,.4g}, {'aim' if self.aim else 'target'} {sign} {self.wanted:,.4g}"


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Every target of the networks that were run."""
    for name, result in results.items():
        case, ratio = CASES[name], result["ratios"]
        for key, wanted, rival in (
            ("predict", case.predict_target, "hls4ml's predict"),
            ("loop", case.loop_target, "hls4ml's library in a C loop"),
            ("onnx", case.onnx_target, "onnxruntime float32"),
        ):
            if wanted is not None:
                yield Target(f"{name}, times {rival}", ratio[key], wanted)
        if case.rate_target is not None:
            yield Target(f"{name}, events/s", result["one thread"]["isobit"]["events_per_s"], case.rate_target)
        if case.onnx_target is not None:
            yield Target(f"{name}, times onnxruntime float32", ratio["onnx"], ONNX_AIM * case.onnx_target, aim=True)
            yield Target(f"{name}, share of the lanes' peak", ratio["peak"], PEAK_AIM, aim=True)
        yield Target(f"{name}, two threads against one", ratio["threads"], SPEED_UP)
        yield Target(f"{name}, profile against predict", ratio["profile"], PROFILE_COST, least=False)
        for state, found in result["first predict"].items():
            what = f"{name}, first predict after load, caches {state}, s"
            yield Target(what, found["first_predict_s"], FIRST_PREDICT_S[state], least=False)
        if "other precision" in result["first predict"]:
            added = result["first predict"]["other precision"]["files_added"]
            yield Target(f"{name}, cache files added by another precision", added, 0, least=False)
    if "mugmt_student" in results:
        rate = results["mugmt_student"]["two threads"]["isobit"]["events_per_s"]
        yield Target("LHC rate: mugmt_student on two threads, events/s", rate, LHC_RATE)
