"""Pattern files of the three formats, written from words; and the small network whose vectors are in them."""

from __future__ import annotations

from typing import Any

import numpy as np

import isobit as ib
from isobit.fixed.types import FixedType
from isobit.model import Activation, Dense, Graph, Tensor, Weight

LINKS = (4, 5, 17)


def network() -> ib.Model:
    """Three inputs, one hidden layer, two outputs."""
    rng = np.random.default_rng(3)

    def weight(name: str, shape: tuple[int, ...], kind: str) -> Weight:
        return Weight.from_written(name, rng.normal(size=shape), FixedType.parse(kind))

    def tensor(name: str, size: int, kind: str) -> Tensor:
        return Tensor(name, (size,), FixedType.parse(kind))

    accum = FixedType.parse("ap_fixed<24,10>")
    ops = (
        Dense("fc1", ("x",), tensor("h", 4, "ap_fixed<16,6>"), weight("weight", (3, 4), "ap_fixed<8,3>"),
              weight("bias", (4,), "ap_fixed<8,3>"), accum),
        Activation("relu", ("h",), tensor("r", 4, "ap_ufixed<12,4,AP_RND_CONV,AP_SAT>"), "relu"),
        Dense("fc2", ("r",), tensor("y", 2, "ap_fixed<14,6>"), weight("weight", (4, 2), "ap_fixed<8,3>"),
              weight("bias", (2,), "ap_fixed<8,3>"), accum),
    )  # fmt: skip
    return ib.Model(Graph("small", (tensor("x", 3, "ap_fixed<16,6>"),), ops, ("y",)))


def emp(words: Any, valid: Any, version: int = 1, strobe: bool = False) -> str:
    """The text of an EMP file: words and valid bits of shape (frames, links)."""
    links = LINKS[: words.shape[1]]
    if version == 1:
        lines = ["Board emp", " Quad/Chan : " + " ".join(f"q{n // 4:02d}c{n % 4}" for n in links)]
        lines.append("      Link : " + " ".join(f"{n:02d}" for n in links))
    else:
        lines = ["ID: x1", "Metadata: (strobe,) start of orbit, start of packet, end of packet, valid", ""]
        lines.append("      Link  " + "  ".join(f"{n:03d}" for n in links))
    for frame, (row, good) in enumerate(zip(words.tolist(), valid.tolist(), strict=True)):
        mark = "1s" if strobe and version == 1 else "1" if strobe else ""
        flags = [f"{mark}{int(g)}v" if version == 1 else f"{mark}000{int(g)} " for g in good]
        parts = [f"{flag}{word:016x}" for flag, word in zip(flags, row, strict=True)]
        lines.append(f"Frame {frame:04d}{' :' if version == 1 else '   '} " + "  ".join(parts))
    return "\n".join(lines) + "\n"


def apx(words: Any, valid: Any, sideband: bool = True) -> str:
    """The text of an APx file."""
    lines = ["#Sideband ON"] if sideband else []
    lines += ["#LinkLabel " + " ".join(f"LINK_{n:02d}" for n in LINKS[: words.shape[1]]), "#BeginData"]
    for row, (words_, good) in enumerate(zip(words.tolist(), valid.tolist(), strict=True)):
        pairs = zip(words_, good, strict=True)
        parts = [f"0x{int(g):02x} 0x{word:016x}" if sideband else f"0x{word:016x}" for word, g in pairs]
        lines.append(f"0x{row:04x}  " + "  ".join(parts))
    return "\n".join(lines) + "\n"


PACKING = """
inputs:
  frames_per_event: 4
  start: valid
  fields:
    - {tensor: x, first: 0, count: 2, link: 4, frame: 0, low: 3, step: 20}
    - {tensor: x, first: 2, link: 5, frame: 1, low: 48}
outputs:
  frames_per_event: 4
  start: 6
  fields:
    - {tensor: y, count: 2, link: 17, low: 1, step: 31, width: 14}
"""


def packed(x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """Words and valid bits of inputs and of outputs as PACKING says: an event every four frames, three valid."""
    events = len(x)
    words, valid = np.zeros((2, 4 * events + 9, 3), dtype=np.uint64), np.zeros((2, 4 * events + 9, 3), dtype=bool)

    def bits(raw: Any, width: int) -> Any:
        return np.asarray(raw).astype(np.uint64) & np.uint64((1 << width) - 1)

    for event in range(events):
        at = 2 + 4 * event
        valid[0, at : at + 3, :2] = True
        words[0, at, 0] = bits(x[event, 0], 16) << np.uint64(3) | bits(x[event, 1], 16) << np.uint64(23)
        words[0, at + 1, 1] = bits(x[event, 2], 16) << np.uint64(48)
        words[0, at + 1, 0] = np.uint64(event)  # of nobody
        at = 6 + 4 * event
        valid[1, at, 2] = True
        words[1, at, 2] = bits(y[event, 0], 14) << np.uint64(1) | bits(y[event, 1], 14) << np.uint64(32)
    return words[0], valid[0], words[1], valid[1]
