"""Graphs whose numbers fit 16 bits, so that lanes take them in pairs, by upper halves, or as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from isobit.fixed import FixedArray, FixedType, Rounding
from isobit.model import Activation, Einsum, Graph, Merge, Op, Pooling, Quantizer, Tensor

__all__ = ["SHORT"]

Drawn = tuple[Graph, dict[str, FixedArray]]
KIND = FixedType.parse
#: Events: tiles and vectors of every size, and a part of one.
EVENTS = 100


def _graph(seed: int, inputs: tuple[Tensor, ...], *ops: Op, outputs: str = "") -> Drawn:
    rng = np.random.default_rng([seed, 211])
    found = {}
    for tensor in inputs:
        least, most = tensor.raw_range
        raw = rng.integers(least, most + 1, (EVENTS, tensor.size))
        raw[0], raw[1] = least, most
        found[tensor.name] = FixedArray.from_raw(raw, tensor.type)
    return Graph("short", inputs, ops, tuple(outputs.split()) or tuple(op.name for op in ops)), found


def _products_of_pairs() -> Iterator[Drawn]:
    """Sums of 1 to 7 products of two tensors' numbers, each of three rows with each of five."""
    for count in range(1, 8):
        one, two = Tensor("x", (3, count), KIND("ap_fixed<9,3>")), Tensor("y", (5, count), KIND("ap_fixed<8,2>"))
        output = Tensor("e", (3, 5), KIND(("ap_fixed<19,8>", "ap_fixed<12,6,AP_RND,AP_SAT>")[count % 2]))
        op = Einsum("e", ("x", "y"), output, KIND("ap_fixed<24,12>"), 1, (3, 5), count, (0, 1, 0, 1), (3, 5), (0, 1))
        yield _graph(count, (one, two), op)


def _sums_of_pairs() -> Iterator[Drawn]:
    """Averages of windows that reach beyond the borders, and sums of two, each times a power of two of its own."""
    kind, accum = KIND("ap_fixed<9,3>"), KIND("ap_fixed<20,14>")
    for seed, (high, wide) in enumerate(((1, 2), (1, 3), (2, 2), (2, 3), (3, 3))):
        source = Tensor("x", (4, 5, 2), kind)
        ends = {"pad_top": high // 2, "pad_left": wide // 2, "count_pad": bool(seed % 2)}
        shape = (2 + (high > 1) * (high % 2 == 0), 3)
        output = Tensor("p", (*shape, 2), KIND("ap_fixed<14,6,AP_RND,AP_SAT>"))
        op = Pooling("p", ("x",), output, "average", "parallel", accum, 4, 5, high, wide, 2, 2, **ends)
        yield _graph(seed, (source,), op)
    for seed, (first, second) in enumerate((("ap_fixed<9,3>", "ap_fixed<12,8>"), ("ap_ufixed<11,6>", "ap_fixed<9,2>"))):
        inputs = Tensor("x", (7,), KIND(first)), Tensor("y", (7,), KIND(second))
        ops = [
            Merge(name, ("x", "y"), Tensor(name, (7,), KIND(result)), name)
            for name, result in (("add", "ap_fixed<18,9>"), ("subtract", "ap_fixed<10,6,AP_RND,AP_SAT>"))
        ]
        yield _graph(seed, inputs, *ops)


def _upper_halves() -> Iterator[Drawn]:
    """Products that drop bits, with different numbers of them in their factors, rounded down or to the nearest."""
    kinds = (
        ("ap_fixed<9,3>", "ap_fixed<6,3>"),
        ("ap_ufixed<8,3>", "ap_fixed<10,4>"),
        ("ap_fixed<12,4>", "ap_fixed<5,2>"),
    )
    for seed, (first, second) in enumerate(kinds):
        inputs = Tensor("x", (7,), KIND(first)), Tensor("y", (7,), KIND(second))
        ops = [
            Merge(f"m{place}", ("x", "y")[:: 1 - 2 * (place % 2)], Tensor(f"m{place}", (7,), KIND(result)), "multiply")
            for place, result in enumerate(
                ("ap_fixed<9,6>", "ap_fixed<8,6,AP_RND,AP_SAT>", "ap_fixed<6,6,AP_TRN,AP_SAT>", "ap_fixed<7,6,AP_RND>")
            )
        ]
        yield _graph(seed, inputs, *ops)


def _roundings() -> Iterator[Drawn]:
    """Every mode of rounding, of numbers that reach the ends of int16 and of such that do not."""
    for seed, given in enumerate(("ap_fixed<16,6>", "ap_fixed<12,4>", "ap_ufixed<15,5>")):
        source = Tensor("x", (5,), KIND(given))
        ops = [
            Activation(
                mode.name, ("x",), Tensor(mode.name, (5,), KIND(f"ap_fixed<9,5,AP_{mode.name},AP_{fold}>")), name
            )
            for mode, fold, name in zip(
                Rounding, ("SAT", "WRAP", "SAT", "SAT", "WRAP", "SAT", "SAT"), ("linear", "relu") * 4, strict=False
            )
        ]
        yield _graph(seed, (source,), *ops)
        steep = [  # with steps before, so that each is one of several
            Activation("steep", ("x",), Tensor("steep", (5,), KIND("ap_fixed<10,4,AP_RND_CONV,AP_SAT>")), "relu"),
            Activation("last", ("steep",), Tensor("last", (5,), KIND("ap_fixed<7,4,AP_RND,AP_SAT>")), "linear"),
        ]
        yield _graph(seed, (source,), *steep, outputs="last")


def _formats() -> Iterator[Drawn]:
    """A format for every element, of numbers as they come and of sums of pairs."""
    formats = [(True, 4, 2), (False, 3, 3), (True, 1, 1), (False, 0, 0), (True, 6, 1), (False, 6, 5), (True, 5, -1)]
    signed, width, integer = zip(*formats, strict=True)
    for seed, result in enumerate(("ap_fixed<9,9>", "ap_fixed<8,8>", "ap_ufixed<9,9>")):
        source = Tensor("x", (7,), KIND("ap_fixed<11,4>"))
        q = Quantizer("q", ("x",), Tensor("q", (7,), KIND(result)), signed, width, integer, "RND", "WRAP")
        yield _graph(seed, (source,), q)
        wide = Tensor("a", (7,), KIND("ap_fixed<12,5>"))
        yield _graph(seed, (source,), Merge("a", ("x", "x"), wide, "add"), replace(q, inputs=("a",)), outputs="q")


#: By family, what gives graphs.
SHORT: dict[str, tuple[Callable[[], Iterator[Drawn]], ...]] = {
    "pairs": (_products_of_pairs, _sums_of_pairs),
    "halves": (_upper_halves,),
    "short": (_roundings, _formats),
}
