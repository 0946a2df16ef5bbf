"""Graphs made for mutants that drawn ones leave alive: each has what tells a changed place from the code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from isobit.fixed import FixedArray, FixedType, growth
from isobit.model import (
    Activation,
    Convolution,
    Dense,
    DotProduct,
    Encoding,
    EveryStep,
    GarNet,
    Graph,
    Merge,
    Op,
    PointwiseConv,
    Pooling,
    Quantizer,
    Softmax,
    Tensor,
    Weight,
)
from isobit.model.layers.garnet import edge_weights
from isobit.model.layers.shape import Broadcast, Cropping, Transpose, UpSampling, ZeroPadding
from isobit.model.reuse import legal_reuse_factors
from isobit.model.tables import exponential_table, inverse_table

__all__ = ["TELLING"]

Drawn = tuple[Graph, dict[str, FixedArray]]
KIND = FixedType.parse


def _weight(name: str, values: Any, kind: str | FixedType) -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=float), KIND(kind) if isinstance(kind, str) else kind)


def _raw(name: str, raw: Any, kind: FixedType) -> Weight:
    """A weight of given raw numbers, also of one that cannot be written: SAT_SYM's minimum."""
    made = Weight.from_written(name, FixedArray.from_raw(raw, kind).to_float(), kind)
    return replace(made, raw=raw)


def _numbers(rng: np.random.Generator, tensor: Tensor, events: int = 60) -> FixedArray:
    least, most = tensor.raw_range
    return FixedArray.from_raw(rng.integers(least, most + 1, (events, tensor.size)), tensor.type)


def _graph(rng: np.random.Generator, inputs: tuple[Tensor, ...], *ops: Op) -> Drawn:
    graph = Graph("told", inputs, ops, tuple(op.name for op in ops))
    return graph, {tensor.name: _numbers(rng, tensor) for tensor in inputs}


# -- quantizers --------------------------------------------------------------------------------------------------------


def _quantizers() -> Iterator[Drawn]:
    """Symmetric ranges of one bit, all of them or some, from a format that no element has."""
    rng = np.random.default_rng(101)
    for formats in ([(1, 1)] * 6, [(1, 1), (1, 0), (3, 2), (4, 2), (2, 1), (1, 3)], [(3, 1), (3, 2), (4, 2)] * 2):
        for rounding in ("TRN", "RND", "RND_CONV"):
            source = Tensor("x", (6,), KIND("ap_fixed<7,3>"))
            width, integer = zip(*formats, strict=True)
            shape = (True,) * 6, width, integer
            output = Tensor("q", (6,), KIND("ap_fixed<12,6>"))
            yield _graph(rng, (source,), Quantizer("q", ("x",), output, *shape, rounding=rounding, overflow="SAT_SYM"))


# -- sums --------------------------------------------------------------------------------------------------------------


def _below_the_range() -> Iterator[Drawn]:
    """Accumulators that begin with SAT_SYM's minimum, a copy of the bias, where zeros are left out of the sum."""
    for seed in range(12):
        rng = np.random.default_rng([seed, 103])
        strategy, n_in, n_out = ("resource_unrolled", "compressed")[seed % 2], 6, 4
        accum = KIND("ap_fixed<6,6,AP_TRN,AP_SAT_SYM>")
        raw = rng.integers(-2, 3, (n_in, n_out))
        raw[rng.random(raw.shape) < 0.6] = 0
        if strategy == "compressed":  # the last neuron is multiplied in the later turns alone
            raw[:, -1] = [0, 0, 0, 0, 3, 3]
        weight = _raw("weight", raw, KIND("ap_fixed<4,4>"))
        bias = _raw("bias", np.where(rng.random(n_out) < 0.7, accum.raw_min, rng.integers(-31, 32, n_out)), accum)
        factors = [factor for factor in legal_reuse_factors(n_in, n_out, strategy) if factor <= n_in]
        factor = int(factors[seed // 2 % len(factors)])
        output = Tensor("fc", (n_out,), accum)
        op = Dense("fc", ("x",), output, weight, bias, accum, strategy, factor)
        yield _graph(rng, (Tensor("x", (n_in,), KIND("ap_fixed<4,4>")),), op)


def _bounded() -> Iterator[Drawn]:
    """The same with inputs of 5 to 7, so that the sum is -17 to -11: one lower than if a zero were added first."""
    rng, accum = np.random.default_rng(163), KIND("ap_fixed<6,6,AP_TRN,AP_SAT_SYM>")
    weight = _raw("weight", np.array([[0], [0], [3], [0]]), KIND("ap_fixed<4,4>"))
    bias = _raw("bias", np.array([accum.raw_min]), accum)
    source = Tensor("x", (4,), KIND("ap_fixed<4,4>"), limits=(5.0, 7.0))
    op = Dense("fc", ("x",), Tensor("fc", (1,), accum), weight, bias, accum, "resource_unrolled", 2)
    last = Activation("act", ("fc",), Tensor("act", (1,), KIND("ap_fixed<5,5,AP_TRN,AP_SAT>")), "linear")
    yield _graph(rng, (source,), op, last)


def _late_turns() -> Iterator[Drawn]:
    """A turn for every weight, in sums that saturate: a neuron has the turns 6, 7 and 8, which no set has in order."""
    rng, accum = np.random.default_rng(199), KIND("ap_fixed<6,6,AP_TRN,AP_SAT>")
    raw = rng.choice([-3, -2, 2, 3], (3, 4))
    weight = _raw("weight", raw, KIND("ap_fixed<4,4>"))
    bias = _raw("bias", rng.integers(-9, 10, 4), accum)
    op = Dense("fc", ("x",), Tensor("fc", (4,), accum), weight, bias, accum, "compressed", 12)
    yield _graph(rng, (Tensor("x", (3,), KIND("ap_fixed<5,5>")),), op)


def _matches() -> Iterator[Drawn]:
    """Matches of one-bit numbers: biases beyond the sum of signs, accumulators with and without fraction bits."""
    bit = FixedType.int_type(1, signed=False)
    accums = ("ap_fixed<8,8>", "ap_fixed<6,9>", "ap_fixed<8,10>", "ap_fixed<9,8>", "ap_fixed<14,8>")
    for seed, accum in enumerate(accums * 2):
        rng = np.random.default_rng([seed, 107])
        n_in, n_out = ((7, 2), (3, 9))[seed // len(accums)]
        signs = rng.integers(0, 2, (n_in, n_out))
        weight = Weight.from_written("weight", signs.astype(float), bit)
        bias = _weight("bias", rng.integers(-30, 31, n_out), "ap_fixed<7,6>")
        output = Tensor("fc", (n_out,), KIND("ap_fixed<10,9>"))
        op = Dense("fc", ("x",), output, weight, bias, KIND(accum))
        yield _graph(rng, (Tensor("x", (n_in,), bit, xnor=True),), op)


def _one_sided() -> Iterator[Drawn]:
    """Products that are never positive, rounded down to more bits than a float32 holds."""
    for seed in range(3):
        rng = np.random.default_rng([seed, 179])
        weight = _weight("weight", -rng.uniform(4.0, 8.0, (5, 3)), "ap_fixed<12,4>")
        bias, accum = _weight("bias", np.zeros(3), "ap_fixed<12,4>"), KIND("ap_fixed<30,18>")
        op = Dense("fc", ("x",), Tensor("fc", (3,), accum), weight, bias, accum)
        yield _graph(rng, (Tensor("x", (5,), KIND("ap_ufixed<16,8>")),), op)


def _lost() -> Iterator[Drawn]:
    """A power of two that is half an LSB of the product's register."""
    rng, kind = np.random.default_rng(181), KIND("ap_fixed<6,0>")
    values = rng.choice([-1.0, 1.0], (4, 3)) * 2.0 ** rng.integers(-5, 0, (4, 3))
    values[0] = 2.0**-5
    weight = Weight.from_written("weight", values, FixedType.int_type(4), encoding=Encoding.EXPONENT)
    bias, accum = _weight("bias", rng.normal(0, 0.2, 3), "ap_fixed<12,2>"), KIND("ap_fixed<20,6>")
    op = Dense("fc", ("x",), Tensor("fc", (3,), accum), weight, bias, accum)
    yield _graph(rng, (Tensor("x", (4,), kind),), op)


def _ends() -> Iterator[Drawn]:
    """Sums that end in two clamps: of the accumulator, then of a result whose range begins below or ends above it."""
    for seed in range(8):
        rng = np.random.default_rng([seed, 109])
        accum = KIND(("ap_ufixed<7,4,AP_TRN,AP_SAT>", "ap_fixed<7,4,AP_TRN,AP_SAT>")[seed % 2])
        result = KIND(("ap_fixed<6,3,AP_TRN,AP_SAT>", "ap_ufixed<6,3,AP_TRN,AP_SAT>")[seed // 2 % 2])
        weight = _weight("weight", rng.integers(-3, 4, (4, 5)), "ap_fixed<4,4>")
        bias = _weight("bias", rng.integers(-3, 4, 5), "ap_fixed<4,4>")
        op = Dense("fc", ("x",), Tensor("fc", (5,), result), weight, bias, accum)
        last = Activation("act", ("fc",), Tensor("act", (5,), KIND("ap_fixed<5,2,AP_RND,AP_SAT>")), "linear")
        yield _graph(rng, (Tensor("x", (4,), KIND("ap_fixed<6,3>")),), op, last)


# -- positions ---------------------------------------------------------------------------------------------------------


def _read_twice() -> Iterator[Drawn]:
    """An odd number of channels that two layers read, in pairs and one by one."""
    for seed in range(4):
        rng = np.random.default_rng([seed, 113])
        number, kind = KIND("ap_fixed<16,6>"), KIND("ap_fixed<9,3>")

        def pointwise(name: str, given: str, n_in: int, n_out: int, rng: Any = rng, kind: Any = kind) -> Op:
            weight, bias = _weight("weight", rng.normal(0, 1.5, (n_in, n_out)), kind), rng.normal(0, 1, n_out)
            output = Tensor(name, (4, n_out), KIND("ap_fixed<16,6>"))
            return PointwiseConv(name, (given,), output, weight, _weight("bias", bias, kind), KIND("ap_fixed<31,15>"))

        first, second = pointwise("one", "x", 2, 3), pointwise("two", "one", 3, 2)
        output = Tensor("three", (4, 3), KIND(("ap_fixed<24,10,AP_RND,AP_SAT>", "ap_fixed<15,5>")[seed % 2]))
        third = Activation("three", ("one",), output, ("linear", "relu")[seed // 2])
        graph, inputs = _graph(rng, (Tensor("x", (4, 2), number),), first, second, third)
        yield replace(graph, outputs=("two", "three")), inputs


def _moves() -> Iterator[Drawn]:
    """Numbers that are moved before windows and sums read them; of some moves not every reader can do without."""
    number, kind, accum = KIND("ap_fixed<10,4>"), KIND("ap_fixed<8,3>"), KIND("ap_fixed<24,12>")
    for seed in range(12):
        rng = np.random.default_rng([seed, 173])
        source = Tensor("x", (3, 4, 2), number)
        first, shape = (
            (lambda y: ZeroPadding("m", ("x",), y, (1, 0, 0), (0, 1, 0)), (4, 5, 2)),
            (lambda y: UpSampling("m", ("x",), y, (2, 1, 1)), (6, 4, 2)),
            (lambda y: Cropping("m", ("x",), y, (0, 1, 0), (1, 0, 0)), (2, 3, 2)),
            (lambda y: Transpose("m", ("x",), y, (3, 4, 2), (1, 2, 0)), (4, 2, 3)),
        )[seed % 4]
        changes = seed >= 6 and seed % 4 != 1  # a move that changes numbers stays; UpSampling may not
        cast = KIND("ap_fixed<9,3,AP_RND,AP_SAT>") if changes else number
        moved = Tensor("m", shape, cast)
        weight = _weight("weight", rng.normal(0, 1, (4 * shape[2], 3)), kind)
        rows, columns = shape[0] - 1, shape[1] - 1
        output = Tensor("c", (rows, columns, 3), KIND("ap_fixed<14,6>"))
        bias = _weight("bias", rng.normal(0, 1, 3), kind)
        ops: list[Op] = [
            first(moved),
            Convolution("c", ("m",), output, weight, bias, accum, (2, 2), (1, 1), (0, 0)),
        ]
        if seed % 2:
            wide = KIND("ap_fixed<16,8>")
            half = Tensor("p", (shape[0] // 2, shape[1] // 2, shape[2]), wide)
            ops.append(Pooling("p", ("m",), half, "max", "parallel", cast, *shape[:2], 2, 2, 2, 2))
        if seed % 3 == 0:
            ops.append(Merge("s", ("m", "m"), Tensor("s", shape, KIND("ap_fixed<12,6>")), "add"))
        graph, inputs = _graph(rng, (source,), *ops)
        yield replace(graph, outputs=tuple(op.name for op in ops[1:])), inputs


def _kept_moves() -> Iterator[Drawn]:
    """Moves whose only readers take two inputs, or no windows."""
    rng, kind = np.random.default_rng(193), KIND("ap_fixed<9,3>")
    source, shape = Tensor("x", (3, 2, 2), kind), (4, 3, 2)
    move = ZeroPadding("m", ("x",), Tensor("m", shape, kind), (1, 0, 0), (0, 1, 0))
    other = ZeroPadding("n", ("x",), Tensor("n", shape, kind), (0, 1, 0), (1, 0, 0))
    sums = Merge("s", ("m", "n"), Tensor("s", shape, KIND("ap_fixed<9,4>")), "add")
    casts = [
        Activation(name, ("m",), Tensor(name, shape, KIND(f"ap_fixed<{width},3,AP_RND,AP_SAT>")), "relu")
        for name, width in (("a", 5), ("b", 7))
    ]
    for ops in ([move, other, sums], [move, *casts]):
        graph, inputs = _graph(rng, (source,), *ops)
        yield replace(graph, outputs=tuple(op.name for op in ops if op.name in "sab")), inputs


def _padded_twice() -> Iterator[Drawn]:
    """Zeros around numbers of one bit, and windows of a maximum that reach beyond them: its padding is 1, or -1."""
    rng = np.random.default_rng(191)
    for kind in (KIND("ap_ufixed<1,1>"), KIND("ap_fixed<1,1>")):
        pad = ZeroPadding("m", ("x",), Tensor("m", (5, 4, 1), kind), (2, 0, 0), (0, 0, 0))
        ends = {"pad_top": 1, "pad_left": 1}
        output = Tensor("p", (3, 3, 1), KIND("ap_fixed<3,3>"))
        pool = Pooling("p", ("m",), output, "max", "parallel", kind, 5, 4, 2, 2, 2, 2, **ends)
        graph, inputs = _graph(rng, (Tensor("x", (3, 4, 1), kind),), pad, pool)
        yield replace(graph, outputs=("p",)), inputs


def _steps() -> Iterator[Drawn]:
    """Windows, some of them padded, and a layer without a lowering, in every step."""
    rng, kind, number = np.random.default_rng(127), KIND("ap_fixed<8,3>"), KIND("ap_fixed<10,4>")
    steps = 3
    for before in (0, 1):
        shape = (3 + 2 * before - 1, 2)
        weight, bias = _weight("weight", rng.normal(0, 1, (2 * 2, 2)), kind), _weight("bias", rng.normal(0, 1, 2), kind)
        inner = Convolution(
            "l", ("x",), Tensor("l", shape, number), weight, bias, KIND("ap_fixed<16,8>"), (2,), (1,), (before,)
        )
        yield _graph(rng, (Tensor("x", (steps, 3, 2), number),), EveryStep.of(inner, steps))
    inputs = tuple(Tensor(t.name, (steps, *t.shape), t.type) for t in _GARNET)
    yield _graph(rng, inputs, EveryStep.of(a_garnet(rng, "l", 0), steps))


_GARNET = (Tensor("x", (4, 2), KIND("ap_fixed<9,2>")), Tensor("n", (1,), KIND("ap_uint<3>")))


def a_garnet(rng: np.random.Generator, name: str, log2_reuse: int, mode: str = "AP_RND,AP_SAT") -> GarNet:
    """Four vertices of two features, three aggregators, two results."""
    kind, many, n_in, n_out = KIND("ap_fixed<8,3>"), 3, 2, 2
    distance, edges = KIND("ap_fixed<8,4,AP_RND,AP_SAT>"), KIND("ap_ufixed<8,0,AP_RND,AP_SAT>")

    def some(what: str, *shape: int) -> Weight:
        return _weight(what, rng.normal(0.3, 0.9, shape), kind)

    return GarNet(
        name,
        tuple(t.name for t in _GARNET),
        Tensor(name, (n_out,), KIND(f"ap_fixed<12,4,{mode}>")),
        some("distance_weight", many, n_in),
        some("distance_bias", many),
        some("transform_weight", n_out, many, n_in),
        some("transform_bias", n_out, many),
        some("output_bias", n_out),
        edge_weights(distance, edges),
        distance,
        KIND(f"ap_fixed<10,3,{mode}>"),
        KIND(f"ap_fixed<11,4,{mode}>"),
        4,
        log2_reuse,
    )


def _garnets() -> Iterator[Drawn]:
    """Every reuse factor, in formats that saturate or wrap."""
    for seed, mode in enumerate(("AP_RND,AP_SAT", "AP_TRN,AP_WRAP") * 3):
        rng = np.random.default_rng([seed, 131])
        yield _graph(rng, _GARNET, a_garnet(rng, "g", seed // 2, mode))


# -- elements ----------------------------------------------------------------------------------------------------------


def _coarse() -> Iterator[Drawn]:
    """Lines whose LSB is coarser than one, or just one; and signs as bits."""
    rng = np.random.default_rng(137)
    bit = FixedType.int_type(1, signed=False)
    for kind, slope, shift in (
        ("ap_fixed<6,9>", "ap_fixed<5,5>", "ap_fixed<6,8>"),
        ("ap_fixed<6,9>", "ap_fixed<5,4>", "ap_fixed<6,8>"),
        ("ap_fixed<6,8>", "ap_fixed<6,4>", "ap_fixed<6,7>"),
        ("ap_fixed<6,4>", "ap_fixed<4,6>", "ap_fixed<6,7>"),
        ("ap_fixed<6,5>", "ap_fixed<5,6>", "ap_fixed<6,6>"),
        ("ap_fixed<6,7>", "ap_fixed<5,6>", "ap_fixed<6,6>"),
        ("ap_fixed<6,7>", "ap_fixed<5,6>", "ap_fixed<6,5>"),
    ):
        source = Tensor("x", (2,), KIND(kind))
        line = {
            "slope": _weight("slope", [4.0], slope),
            "shift": _weight("shift", [2.0], shift),
        }
        ops = [
            Activation(name, ("x",), Tensor(name, (2,), KIND("ap_fixed<8,4>")), name, **line)
            for name in ("hard_sigmoid", "hard_tanh")
        ]
        ops.append(Activation("bits", ("x",), Tensor("bits", (2,), bit, xnor=True), "binary_tanh"))
        yield _graph(rng, (source,), *ops)


def _trees() -> Iterator[Drawn]:
    """Softmaxes whose sums become zero beyond their range: what is added first counts."""
    for size in (3, 5, 6, 7, 9):
        rng = np.random.default_rng([size, 139])
        kind, rest, address = FixedType(8, 4), FixedType(12, 3), FixedType(8, 4)
        accum = FixedType(9, 1, False, "TRN", "SAT_ZERO")
        tables = (
            exponential_table("exp_table", 64, address, 1.0, True, FixedType(9, 1, False, "RND", "SAT")),
            inverse_table("inv_table", 64, accum, FixedType(10, 4, False, "RND", "SAT")),
        )
        more = {"accum": accum, "inv_inp": accum, "inp_norm": address}
        op = Softmax("soft", ("x",), Tensor("soft", (size,), rest), "stable", size, 1, 1, *tables, **more)
        graph, inputs = _graph(rng, (Tensor("x", (size,), kind),), op)
        yield graph, {"x": FixedArray.from_raw(inputs["x"].raw // 8, kind)}


def _products() -> Iterator[Drawn]:
    """Exact products that only a sum reads: one of both; one that is read twice; and sums over some of their places."""
    for seed in range(6):
        rng = np.random.default_rng([seed, 167])
        kinds = [FixedType(int(rng.integers(5, 9)), 3, bool(rng.random() < 0.8)) for _ in "xyz"]
        x, y, z = (Tensor(name, (2, 3, 2), kind) for name, kind in zip("xyz", kinds, strict=True))
        exact = [growth.product(x.type, other.type) for other in (y, z)]
        ops: list[Op] = []
        for name, (one, two), form in (("xy", (x, y), exact[0]), ("xz", (x, z), exact[1]), ("yx", (y, x), exact[0])):
            ops.append(Merge(name, (one.name, two.name), Tensor(name, (2, 3, 2), form), "multiply"))
            accum = FixedType(form.width + 6, form.integer + 6)
            window = {"xy": (1, 3), "xz": (2, 1), "yx": (2, 3)}[name]
            result = Tensor(f"{name}_sum", (2 // window[0], 3 // window[1], 2), FixedType(20, 12, True, "RND", "SAT"))
            ops.append(Pooling(result.name, (name,), result, "average", "parallel", accum, 2, 3, *window, *window))
        double = Merge("twice", ("yx", "yx"), Tensor("twice", (2, 3, 2), FixedType(24, 14)), "add")
        flat = [Tensor(t.name, (t.size,), t.type) for t in (x, y)]
        graph, inputs = _graph(rng, (x, y, z), *ops, *([double] if seed % 2 else []))
        yield replace(graph, outputs=tuple(op.name for op in ops[1::2]) + (("twice",) if seed % 2 else ())), inputs
        form = FixedType(exact[0].width + 5, exact[0].integer + 5)
        wide = replace(growth.product(flat[0].type, flat[1].type), signed=True)
        accums = FixedType(wide.width + 6, wide.integer + 6), form
        dots = [
            DotProduct(
                f"dot{place}", ("x", "y")[:: 1 - 2 * place], Tensor(f"dot{place}", (1,), FixedType(22, 12)), accum
            )
            for place, accum in enumerate(accums)
        ]
        yield _graph(rng, tuple(flat), *dots)


def _two_products() -> Iterator[Drawn]:
    """Sums of two stages' numbers: of two exact products, and of two that are no products."""
    rng, kind = np.random.default_rng(197), KIND("ap_fixed<6,3>")
    inputs = tuple(Tensor(name, (5,), kind) for name in "xyzw")
    exact = growth.product(kind, kind)
    for function, form in (("multiply", exact), ("maximum", kind)):
        one, two = (
            Merge(n, pair, Tensor(n, (5,), form), function) for n, pair in (("a", ("x", "y")), ("b", ("z", "w")))
        )
        both = Merge("s", ("a", "b"), Tensor("s", (5,), growth.sum_of(form, form)), "add")
        graph, given = _graph(rng, inputs, one, two, both)
        yield replace(graph, outputs=("s",)), given


def _softmaxes() -> Iterator[Drawn]:
    """Several groups, sums that fit the accumulator, wrap or saturate, addresses of few of a number's bits."""
    for seed in range(14):
        rng = np.random.default_rng([seed, 157])
        shape = outer, size, inner = ((1, 5, 1), (2, 3, 2), (3, 4, 1))[seed % 3]
        stable = seed % 2 == 0
        kind = FixedType(int(rng.integers(6, 10)), int(rng.integers(3, 5)), bool(seed % 4))
        address = FixedType(8, 4, True, "RND", "SAT") if stable else kind
        accum = FixedType(14, 6, False, "RND", "SAT") if seed < 5 else FixedType(9, 1, False, "TRN", "WRAP")
        accum = FixedType(9, 1, False, "RND", "SAT") if seed >= 10 else accum
        inv_inp = FixedType(int(rng.integers(8, 12)), 4, False, "RND", "SAT")
        tables = (
            exponential_table("exp_table", 1 << int(rng.integers(4, 8)), address, 1.0, stable, FixedType(9, 1, False)),
            inverse_table("inv_table", 1 << int(rng.integers(4, 8)), inv_inp, FixedType(10, 4, False, "RND", "SAT")),
        )
        more = {"accum": accum, "inv_inp": inv_inp, "inp_norm" if stable else "address": address}
        way, output = "stable" if stable else "latency", Tensor("soft", shape, FixedType(9, 1))
        op = Softmax("soft", ("x",), output, way, size, outer, inner, *tables, **more)
        yield _graph(rng, (Tensor("x", shape, kind),), op)


def _broadcasts() -> Iterator[Drawn]:
    """One channel of a row and of a column, in all channels."""
    rng = np.random.default_rng(149)
    for shape in ((1, 3, 1), (3, 1, 1), (2, 2, 1), (1, 1, 3)):
        wide = (*shape[:2], 4) if shape[2] == 1 else (2, 3, 3)
        source, output = Tensor("x", shape, KIND("ap_fixed<8,3>")), Tensor("y", wide, KIND("ap_fixed<6,3>"))
        yield _graph(rng, (source,), Broadcast("y", ("x",), output))


def _vanishing() -> Iterator[Drawn]:
    """Windows whose sums become zero beyond the accumulator's range, which is the numbers' own."""
    rng = np.random.default_rng(151)
    for shape, high, wide in (((4, 4, 1), 2, 2), ((3, 6, 2), 1, 3)):
        kind = KIND("ap_fixed<6,3,AP_TRN,AP_SAT_ZERO>")
        result = (shape[0] // high, shape[1] // wide, shape[2])
        op = Pooling("p", ("x",), Tensor("p", result, KIND("ap_fixed<9,4>")), "average", "parallel", kind,
                     shape[0], shape[1], high, wide, high, wide)  # fmt: skip
        yield _graph(rng, (Tensor("x", shape, kind),), op)


#: By family, what gives graphs.
TELLING: dict[str, tuple[Callable[[], Iterator[Drawn]], ...]] = {
    "quantizer": (_quantizers,),
    "strategies": (_below_the_range, _bounded, _late_turns),
    "dense": (_matches, _one_sided, _lost, _ends),
    "convolution": (_read_twice,),
    "steps": (_steps,),
    "garnet": (_garnets,),
    "activation": (_coarse,),
    "dot": (_products, _two_products),
    "moves": (_moves, _padded_twice, _kept_moves),
    "softmax": (_softmaxes,),
    "table": (_trees,),
    "shape": (_broadcasts,),
    "pooling": (_vanishing,),
}
