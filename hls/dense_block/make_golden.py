"""Write parameters.hpp and golden.hpp: random weights, and results by definition on Python integers.

    python hls/dense_block/make_golden.py [--check]

--check writes nothing and exits with status 1 if a file differs from what would be written. Nothing of isobit is used,
so that the test bench compares two independent computations. Deterministic: the
generator is Python's random.Random(2024), whose randrange is the same on every machine since Python 3.2.
"""

from __future__ import annotations

import random
import sys
from fractions import Fraction
from math import floor
from pathlib import Path

N_IN, N_OUT, EVENTS = 8, 4, 64
HERE = Path(__file__).parent

# (width, integer): the types of dense_block.hpp.
INPUT, WEIGHT, BIAS, ACCUM = (16, 6), (8, 2), (8, 2), (20, 8)
SCALE, SHIFT, NORMAL, RESULT = (10, 3), (10, 3), (16, 6), (12, 5)


def value(raw: int, kind: tuple[int, int]) -> Fraction:
    """The number that a raw integer of this format stands for."""
    return Fraction(raw) / 2 ** (kind[0] - kind[1]) if kind[0] >= kind[1] else Fraction(raw) * 2 ** (kind[1] - kind[0])


def saturate(x: Fraction, kind: tuple[int, int], signed: bool = True) -> int:
    """AP_RND_CONV, AP_SAT: nearest multiple of the LSB, ties to even, then clipped. Raw."""
    scaled = x * 2 ** (kind[0] - kind[1])
    low = floor(scaled)
    rest = scaled - low
    raw = low + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1))
    bound = 2 ** (kind[0] - 1) if signed else 2 ** kind[0]
    return max(-bound if signed else 0, min(bound - 1, raw))


def draw(rng: random.Random, kind: tuple[int, int], share: int = 1) -> int:
    """A raw value, uniform over 1/share of the signed format's range, the extremes now and then."""
    bound = 2 ** (kind[0] - 1)
    if rng.randrange(64) == 0:
        return rng.choice([-bound, bound - 1, 0])
    return rng.randrange(-bound // share, bound // share)


def event(data: list[int], w: list[int], b: list[int], scale: list[int], shift: list[int]) -> list[int]:
    """Dense (inputs in order, every product and sum cast to the accumulator), normalise, ReLU."""
    results = []
    for j in range(N_OUT):
        acc = saturate(value(b[j], BIAS), ACCUM)
        for i in range(N_IN):
            product = saturate(value(data[i], INPUT) * value(w[i * N_OUT + j], WEIGHT), ACCUM)
            acc = saturate(value(acc, ACCUM) + value(product, ACCUM), ACCUM)
        normal = saturate(value(acc, ACCUM) * value(scale[j], SCALE) + value(shift[j], SHIFT), NORMAL)
        results.append(saturate(max(value(normal, NORMAL), Fraction(0)), RESULT, signed=False))
    return results


def rows(values: list[list[int]]) -> str:
    return ",\n".join("    {" + ", ".join(map(str, row)) + "}" for row in values)


def main() -> None:
    rng = random.Random(2024)
    w = [draw(rng, WEIGHT) for _ in range(N_IN * N_OUT)]
    b = [draw(rng, BIAS) for _ in range(N_OUT)]
    scale = [draw(rng, SCALE, 8) for _ in range(N_OUT)]
    shift = [draw(rng, SHIFT, 2) for _ in range(N_OUT)]
    inputs = [[draw(rng, INPUT, 3) for _ in range(N_IN)] for _ in range(EVENTS)]
    results = [event(x, w, b, scale, shift) for x in inputs]

    made = "// Written by hls/dense_block/make_golden.py; do not edit.\n// clang-format off\n"

    def array(name: str, numbers: list[int]) -> str:
        return f"constexpr short {name}[{len(numbers)}] = {{{', '.join(map(str, numbers))}}};\n"

    files = {
        "parameters.hpp": made
        + "// Raw integers in the formats of dense_block.hpp; weights are [n_in][n_out].\n"
        + "#ifndef ISOBIT_HLS_DENSE_BLOCK_PARAMETERS_HPP\n#define ISOBIT_HLS_DENSE_BLOCK_PARAMETERS_HPP\n\n"
        + "namespace dense_block {\n\n"
        + array("raw_weights", w)
        + array("raw_biases", b)
        + array("raw_scales", scale)
        + array("raw_shifts", shift)
        + "\n}  // namespace dense_block\n\n#endif\n",
        "golden.hpp": made
        + "// Raw inputs and the raw results that the hardware must give.\n"
        + "#ifndef ISOBIT_HLS_DENSE_BLOCK_GOLDEN_HPP\n#define ISOBIT_HLS_DENSE_BLOCK_GOLDEN_HPP\n\n"
        + f"namespace dense_block {{\n\nconstexpr int golden_events = {EVENTS};\n\n"
        + f"constexpr int golden_inputs[{EVENTS}][{N_IN}] = {{\n{rows(inputs)},\n}};\n\n"
        + f"constexpr int golden_results[{EVENTS}][{N_OUT}] = {{\n{rows(results)},\n}};\n"
        + "\n}  // namespace dense_block\n\n#endif\n",
    }
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in files.items() if (HERE / name).read_text() != text]
        sys.exit(f"stale, run make_golden.py: {', '.join(stale)}" if stale else 0)
    for name, text in files.items():
        (HERE / name).write_text(text)


if __name__ == "__main__":
    main()
