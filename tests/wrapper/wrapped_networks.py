"""Small networks, their wrappers as descriptions, and the compiled wrappers (wrappers.cpp)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import isobit as ib
from compiling import compiled
from isobit.fixed.types import FixedType
from isobit.headers import vendor_include_folder
from isobit.model import Activation, Dense, Graph, Op, Tensor, Weight

SOURCE = Path(__file__).with_name("wrappers.cpp")
WEIGHT = FixedType.parse("ap_fixed<8,4>")

DESCRIPTIONS = {
    "SHIFTS": """
interface:
  input: ap_fixed<18,13>[6]
  result: "std::pair<std::array<ap_ufixed<10,6,AP_RND_CONV,AP_SAT>, 3>, ap_ufixed<18,14>>"
inputs:
  - {name: objects, type: "ap_fixed<18,13>", size: 6}
before:
  - {name: centred, step: subtract, constants: [0, 12, -7, 100, -3, 31], constant_type: "ap_fixed<10,10>"}
  - {name: scaled, step: shift_right, by: [-1, 0, 3, 5, 2, -2]}
after:
  - {name: loss, step: sum_of_squares, accum: "ap_fixed<36,28>", type: "ap_ufixed<18,14>"}
outputs: [relu, loss]
""",
    "INTEGERS": """
interface:
  input: "std::pair<ap_uint<14>[2], ap_int<12>[2]>"
  result: ap_fixed<24,16>
inputs:
  - {name: pt, type: ap_uint<14>, size: 2}
  - {name: eta, type: ap_int<12>, size: 2}
before:
  - {name: quarters, step: scale, from: pt, power: -2}
  - {name: halves, step: shift_right, from: eta, by: 1}
  - {name: both, step: select, from: [quarters, halves], take: interleaved, type: "ap_fixed<16,10,AP_TRN,AP_SAT>"}
network: {x: both}
after:
  - {name: etas, step: select, from: both, take: ["1::2"]}
  - {name: difference, step: subtract, from: fc, with: etas, type: "ap_fixed<18,12>"}
  - {name: square, step: multiply, with: difference, type: "ap_fixed<20,14,AP_RND>"}
  - {name: mean, step: mean, accum: "ap_fixed<24,16>"}
""",
    "SCORES": """
interface:
  input: std::array<ap_fixed<16,10>, 5>
  result: std::pair<std::array<ap_fixed<8,6>, 4>, ap_uint<3>>
inputs:
  - {name: given, type: "ap_fixed<16,10>", size: 5}
before:
  - {name: reversed, step: select, take: ["::-1"]}
  - {name: times, step: multiply, constants: 0.3125, constant_type: "ap_ufixed<4,0>"}
  - {name: plus, step: add, constants: 3, constant_type: ap_int<4>}
after:
  - {name: doubled, step: shift_left, from: fc, by: 1, type: "ap_fixed<8,6>"}
  - {name: best, step: argmax, from: fc, type: ap_uint<3>}
outputs: [doubled, best]
""",
}


def _dense(name: str, x: Tensor, rows: list[list[float]], biases: list[float], kind: str) -> Dense:
    weight = Weight.from_written("weight", np.array(rows), WEIGHT)
    bias = Weight.from_written("bias", np.array(biases), WEIGHT)
    output = Tensor(f"{name}_out", (len(biases),), FixedType.parse(kind))
    return Dense(name, (x.name,), output, weight, bias, output.type)


def network(name: str) -> ib.Model:
    """The network that a wrapper of wrappers.cpp has inside."""
    sizes = {
        "SHIFTS": (6, "ap_fixed<12,7,AP_RND_CONV,AP_SAT>"),
        "INTEGERS": (4, "ap_fixed<16,10,AP_TRN,AP_SAT>"),
        "SCORES": (5, "ap_fixed<13,7,AP_RND,AP_WRAP>"),
    }
    x = Tensor("x", (sizes[name][0],), FixedType.parse(sizes[name][1]))
    ops: list[Op]
    if name == "SHIFTS":
        rows = [[1, -0.5, 0.25], [0.5, 2, -1], [-1.5, 0.75, 1], [2, -1, 0.5], [0.25, 1, 1.5], [-0.5, 0.5, 3]]
        ops = [_dense("fc", x, rows, [0.5, -1, 0.25], "ap_fixed<16,9>")]
        kind = FixedType.parse("ap_ufixed<10,6,AP_RND_CONV,AP_SAT>")
        ops.append(Activation("relu", ("fc_out",), Tensor("relu_out", (3,), kind), "relu"))
    elif name == "INTEGERS":
        rows = [[1, -0.5], [0.5, 2], [-1.5, 0.75], [2, -1]]
        ops = [_dense("fc", x, rows, [0.5, -1], "ap_fixed<14,8,AP_TRN,AP_SAT>")]
    else:
        rows = [[1, -0.5, 0.25, 2], [0.5, 2, -1, 1], [-1.5, 0.75, 1, 0], [2, -1, 0.5, -1], [1, 1, 1, 1]]
        ops = [_dense("fc", x, rows, [0.5] * 4, "ap_fixed<15,9>")]
    return ib.Model(Graph(name.lower(), (x,), tuple(ops), (ops[-1].output.name,)))


def library(name: str) -> Path:
    """The compiled wrapper, with AMD's headers."""
    flags = ["-std=c++17", "-O0", "-w", "-fPIC", "-shared", f"-D{name}"]
    return compiled(SOURCE, flags, [vendor_include_folder()])


def described(folder: Path, name: str, text: str | None = None) -> Path:
    """The description in a folder."""
    path = folder / f"{name.lower()}.yml"
    path.write_text(f"library: {library(name)}\n{text or DESCRIPTIONS[name]}")
    return path
