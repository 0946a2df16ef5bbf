"""Graphs drawn without hls4ml, with the numbers of the reference: a second comparison for what recordings leave open.

They are those of the other test folders; each family's are drawn and computed once in a process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from recorded_networks import Recorded, model_bytes
from short_graphs import SHORT
from telling_graphs import TELLING

from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray, FixedType, Rounding, growth
from isobit.model import (
    Activation,
    Convolution,
    Dense,
    DepthwiseConvolution,
    DistributedDense,
    Encoding,
    Graph,
    Merge,
    PointwiseConv,
    Pooling,
    Softmax,
    TableActivation,
    Tensor,
    Weight,
)
from isobit.model.layers.merge import HALF
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.reuse import legal_reuse_factors
from isobit.model.tables import exponential_table, function_table, inverse_table

__all__ = ["graphs"]

ROOMS = ("families", "kernels", "sets", "tables", "differential", "engines")
sys.path[:0] = [str(Path(__file__).resolve().parents[1] / room) for room in ROOMS]

Drawn = tuple[Graph, dict[str, FixedArray]]


def _recurrent(seed: int) -> Drawn:
    from test_recurrent_layers import draw

    return draw(seed)


def _dot(seed: int) -> Drawn:
    from test_dot_layers import a_graph

    return a_graph(seed)


def _embedding(seed: int) -> Drawn:
    from test_embedding_layers import a_graph

    return a_graph(seed)


def _families(seed: int) -> Drawn:
    from family_graphs import draw

    return draw(seed)


def _merge(seed: int) -> Drawn:
    """Results of just the formats that sums, differences and products have: they are copied, not cast."""
    if seed < 6:
        return _families(seed)
    rng = np.random.default_rng([seed, 47])
    kinds = [FixedType(4, int(rng.integers(2, 5)), bool(rng.random() < 0.5)) for _ in "xy"]
    sources = tuple(Tensor(name, (3,), kind) for name, kind in zip("xy", kinds, strict=True))
    exact = [form(*kinds) for form in (growth.sum_of, growth.difference, growth.product)]
    ops = tuple(
        Merge(f"{function}{place}", ("x", "y"), Tensor(f"{function}{place}", (3,), kind), function)
        for function in ("add", "subtract", "multiply", "average")
        for place, kind in enumerate([*exact, replace(exact[1], signed=False), growth.product(exact[0], HALF)])
    )
    every = np.stack(np.meshgrid(*(np.arange(kind.raw_min, kind.raw_max + 1) for kind in kinds)), axis=-1).reshape(
        -1, 2
    )
    inputs = {t.name: FixedArray.from_raw(np.repeat(every[:, [k]], 3, axis=1), t.type) for k, t in enumerate(sources)}
    return Graph("g", sources, ops, tuple(op.name for op in ops)), inputs


def _convolution(seed: int) -> Drawn:
    """Half of them with accumulators that saturate; depthwise ones whose channels add in different orders; signs."""
    from convolution_graphs import draw

    if seed < 12:
        graph, inputs = draw(seed)
        accum = "ap_fixed<10,3,AP_TRN,AP_SAT>"  # so that the order of a sum counts
        return (graph.with_types({"conv.accum": accum, "depth.accum": accum}) if seed % 2 else graph), inputs
    rng = np.random.default_rng([seed, 53])
    if seed >= 24:
        return _pairs(rng) if seed < 34 else _chain(rng)
    channels, taps = int(rng.choice([3, 4, 6])), int(rng.integers(3, 7))
    kind, shape = FixedType.parse("ap_fixed<8,3>"), (taps, channels)
    values = rng.choice([-1.0, 1.0], shape) * 2.0 ** rng.integers(-2, 3, shape)
    coded = {"kind": FixedType.int_type(4), "encoding": Encoding.EXPONENT} if seed % 3 == 0 else {"kind": kind}
    factors = [factor for factor in legal_reuse_factors(taps * channels, channels, "resource") if factor > 1]
    op = DepthwiseConvolution(
        "depth",
        ("x",),
        Tensor("depth", (5, channels), FixedType.parse("ap_fixed<10,5>")),
        Weight.from_written("weight", values, coded.pop("kind"), **coded),
        Weight.from_written("bias", rng.normal(0.0, 2.0, channels), kind),
        FixedType.parse("ap_fixed<9,4,AP_TRN,AP_SAT>"),
        (taps,),
        (1,),
        (1,),
        "resource",
    )
    every = [replace(op, reuse_factor=factor) for factor in factors]
    apart = [each for each in every if (each.order != each.order[0]).any()]
    op = (apart or every)[int(rng.integers(len(apart or every)))]
    raw = np.where(rng.random((60, 6 * channels)) < 0.5, 127, rng.integers(-128, 128, (60, 6 * channels)))
    return Graph("g", (Tensor("x", (6, channels), kind),), (op,), ("depth",)), {"x": FixedArray.from_raw(raw, kind)}


def _chain(rng: np.random.Generator) -> Drawn:
    """Pointwise convolutions of odd numbers of channels, the second of which reads pairs of the first's results."""
    number, kind = FixedType.parse("ap_fixed<16,6>"), FixedType.parse("ap_fixed<9,3>")
    channels = [int(n) for n in rng.choice([1, 3, 5, 2], 3)]
    ops = tuple(
        PointwiseConv(
            name,
            (given,),
            Tensor(name, (3, channels[place + 1]), number),
            Weight.from_written("weight", rng.normal(0.0, 1.5, channels[place : place + 2]), kind),
            Weight.from_written("bias", rng.normal(0.0, 1.0, channels[place + 1]), kind),
            FixedType.parse("ap_fixed<31,15>"),
        )
        for place, (given, name) in enumerate((("x", "one"), ("one", "two")))
    )
    raw = rng.integers(number.raw_min, number.raw_max + 1, (60, 3 * channels[0]))
    source = Tensor("x", (3, channels[0]), number)
    return Graph("g", (source,), ops, ("two",)), {"x": FixedArray.from_raw(raw, number)}


def _pairs(rng: np.random.Generator) -> Drawn:
    """A convolution whose lane multiplies pairs of neighbours, with windows that begin and go on anywhere."""
    channels = int(rng.integers(1, 4))
    kernel, strides = ((int(n) for n in rng.integers(1, 4, 2)) for _ in range(2))
    kernel, strides = tuple(kernel), tuple(strides)
    number, kind = FixedType.parse("ap_fixed<16,6>"), FixedType.parse("ap_fixed<9,3>")
    size = kernel[0] * kernel[1] * channels
    op = Convolution(
        "conv",
        ("x",),
        Tensor("conv", (3, 3, 3), FixedType.parse("ap_fixed<20,10>")),
        Weight.from_written("weight", rng.normal(0.0, 1.5, (size, 3)), kind),
        Weight.from_written("bias", rng.normal(0.0, 1.0, 3), kind),
        FixedType.parse("ap_fixed<31,15>"),
        kernel,
        strides,
        (1, int(rng.integers(0, 2))),
    )
    raw = rng.integers(number.raw_min, number.raw_max + 1, (60, 30 * channels))
    return Graph("g", (Tensor("x", (5, 6, channels), number),), (op,), ("conv",)), {
        "x": FixedArray.from_raw(raw, number)
    }


def _pooling(seed: int) -> Drawn:
    """Those of tests/sets, and windows that reach beyond the borders."""
    from set_graphs import draw

    if seed < 24:
        return draw(seed)
    rng = np.random.default_rng([seed, 59])
    kind = FixedType(int(rng.integers(4, 12)), 3, seed % 3 > 0)
    source, narrow = Tensor("x", (4, 5, 2), kind), FixedType(int(rng.integers(5, 8)), 4, True, "TRN", "SAT")
    if seed % 2:
        fold = ("SAT", "SAT_ZERO", "SAT_SYM")[seed // 2 % 3]
        narrow = FixedType(kind.width + 1, kind.integer + 1, True, "TRN", fold)
    ops = []
    for name, order in (("max", "parallel"), ("average", "parallel"), ("tree", "tree"), ("stream", "stream")):
        pad, function = int(order == "parallel"), "max" if name == "max" else "average"
        high, wide = (2, 3) if pad or seed % 4 else ((1, 2), (1, 3), (3, 3))[seed // 4 % 3]
        shape = (3, 3, 2) if pad else ((4 - high) // 2 + 1, (5 - wide) // 2 + 1, 2)
        output = Tensor(name, shape, kind if seed % 2 else FixedType(9, 4))
        windows = {"pool_height": high, "pool_width": wide, "stride_height": 2, "stride_width": 2}
        ends = {"pad_top": pad, "pad_left": pad, "count_pad": bool(pad and seed % 2 == 0)}
        held = kind if name == "max" else narrow
        ops.append(Pooling(name, ("x",), output, function, order, held, 4, 5, **windows, **ends))
    raw = rng.integers(kind.raw_min, min(2, kind.raw_max) + 1, (80, 40))  # most are below padding that were 0
    raw[40:] = np.where(rng.random((40, 40)) < 0.5, kind.raw_min, kind.raw_max)
    outputs, raw = tuple(op.name for op in ops), rng.permutation(raw)
    return Graph("g", (source,), tuple(ops), outputs), {"x": FixedArray.from_raw(raw, kind)}


def _table(seed: int) -> Drawn:
    """Those of tests/tables, and inputs so wide that the firmware's int does not hold their index."""
    from table_draws import a_fixed_format, a_graph, numbers

    if seed < 80:
        graph = a_graph(seed)
    elif seed >= 84:
        return _narrow_table(seed)
    else:
        rng = np.random.default_rng([seed, 61])
        source, function = Tensor("x", (2,), FixedType(44, 40)), ("sigmoid", "tanh", "softsign")[seed % 3]
        table = function_table("table", function, int(rng.integers(30, 200)), a_fixed_format(rng, 12, 6))
        op = TableActivation("act", ("x",), Tensor("y", (2,), a_fixed_format(rng, 12)), function, table)
        graph = Graph("one", (source,), (op,), ("y",))
    (tensor,) = graph.inputs
    return graph, {tensor.name: FixedArray.from_raw(numbers(seed, tensor, 80), tensor.type)}


def _narrow_table(seed: int) -> Drawn:
    """Every number of a narrow format in a table of an odd size, and softmaxes whose sums saturate."""
    rng = np.random.default_rng([seed, 73])
    kind, rest = FixedType(10, 5), FixedType(12, 3)
    size = (3, 5, 7)[seed // 2 % 3]
    source = Tensor("x", (size,), kind)
    function, entries = ("sigmoid", "tanh", "elu")[seed % 3], int(rng.choice([33, 77, 129]))
    param = Weight.from_written("param", np.ones(1), FixedType(6, 2), encoding=Encoding.LITERAL)
    table = function_table("table", function, entries, rest)
    act = TableActivation(
        "act", ("x",), Tensor("act", (size,), rest), function, table, param if function == "elu" else None
    )
    address, accum = FixedType(8, 4), FixedType(9, 1, False, "TRN", "SAT")
    tables = (
        exponential_table("exp_table", 64, address, 1.0, True, FixedType(9, 1, False, "RND", "SAT")),
        inverse_table("inv_table", 64, accum, FixedType(10, 4, False, "RND", "SAT")),
    )
    more = {"accum": accum, "inv_inp": accum, "inp_norm": address}
    soft = Softmax("soft", ("x",), Tensor("soft", (size,), rest), "stable", size, 1, 1, *tables, **more)
    raw = _every(kind, size)
    raw[::2] = raw[::2] // 16
    return Graph("g", (source,), (act, soft), ("act", "soft")), {"x": FixedArray.from_raw(raw, kind)}


def _dense(seed: int) -> Drawn:
    """Those of tests/kernels, and every way of multiplying."""
    from dense_draws import draw_layer

    if seed < 40:
        graph, raw = draw_layer(seed)
        return graph, {"x": FixedArray.from_raw(raw, graph.inputs[0].type)}
    rng = np.random.default_rng([seed, 67])
    bit, ternary = FixedType.int_type(1, signed=False), FixedType.int_type(2)
    way, number = seed % 5, FixedType.parse("ap_fixed<7,3>")
    signs = rng.choice([-1.0, 1.0], (7, 3))
    made = {
        0: (bit, Weight.from_written("weight", (signs > 0) * 1.0, bit, encoding=Encoding.XNOR)),
        1: (number, Weight.from_written("weight", (signs > 0) * 1.0, bit, encoding=Encoding.XNOR)),
        2: (bit, Weight.from_written("weight", rng.normal(0.0, 1.0, (7, 3)), number)),
        3: (number, Weight.from_written("weight", rng.choice([-1.0, 0.0, 1.0], (7, 3)), ternary)),
        4: (
            number,
            Weight.from_written(
                "weight", signs * 2.0 ** rng.integers(-3, 3, (7, 3)), FixedType.int_type(4), encoding=Encoding.EXPONENT
            ),
        ),
    }
    kind, weight = made[way]
    source = Tensor("x", (7,), kind, xnor=kind == bit)
    bias = Weight.from_written("bias", rng.normal(0.0, 1.0, 3), FixedType.parse("ap_fixed<6,3>"))
    accum = FixedType.parse(("ap_fixed<14,7>", "ap_fixed<6,4,AP_TRN,AP_SAT>")[seed // 5 % 2])
    op = Dense("fc", ("x",), Tensor("y", (3,), FixedType.parse("ap_fixed<10,6>")), weight, bias, accum)
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (60, 7))
    return Graph("g", (source,), (op,), ("y",)), {"x": FixedArray.from_raw(raw, kind)}


def _quantizer(seed: int) -> Drawn:
    """Some formats for all elements, one alone now and then, or no bit at all; wide inputs, and integers as results."""
    from test_quantizers import OVERFLOWS, ROUNDINGS, quantizer

    rng = np.random.default_rng([seed, 31])
    if seed >= 72:  # symmetric ranges: of one bit, and of the input's own format
        rounding, signed = str(rng.choice(ROUNDINGS)), seed % 3 > 0
        kind = FixedType(4, 4, signed, rounding, "SAT_SYM")
        source = Tensor("x", (8,), kind)
        widths = [4, *rng.integers(1 if seed % 2 else 2, 4, 7).tolist()]
        op = quantizer(source, [(signed, w, 4 if w == 4 else 2) for w in widths], "ap_fixed<12,6>", rounding, "SAT_SYM")
        raw = np.repeat(np.arange(kind.raw_min, kind.raw_max + 1)[:, None], 8, axis=1)
        return Graph("g", (source,), (op,), ("q",)), {"x": FixedArray.from_raw(raw, kind)}
    widest = 45 if seed % 8 == 3 else 9
    source = Tensor("x", (8,), FixedType(widest, int(rng.integers(2, 6)), bool(rng.random() < 0.8)))
    signed = rng.random() < 0.5
    count = (8, 8, 3, 1, 2, 8)[seed % 6]
    signs = rng.random(count) < 0.5 if seed % 3 else np.full(count, signed)
    width = np.where(rng.random(count) < 0.15, 0, rng.integers(1, 7, count))
    width = np.where(seed % 4 == 0, 5, width) * (seed != 5)
    known = list(zip(signs.tolist(), width.tolist(), rng.integers(-2, 6, count).tolist(), strict=True))
    formats = [*known, *(known[int(i)] for i in rng.integers(0, count, 8))][:8]
    rounding, overflow = str(rng.choice(ROUNDINGS)), str(rng.choice(list(OVERFLOWS)))
    result = ("ap_fixed<12,6>", "ap_fixed<14,7>", "ap_int<6>", "ap_fixed<6,3,AP_RND,AP_SAT_SYM>")[seed % 4]
    graph = Graph("g", (source,), (quantizer(source, formats, result, rounding, overflow),), ("q",))
    kind = source.type
    every = np.linspace(kind.raw_min, kind.raw_max, 180).astype(np.int64)[:, None]
    raw = np.clip(every + rng.integers(-3, 4, (180, 8)), kind.raw_min, kind.raw_max)
    return graph, {"x": FixedArray.from_raw(raw, kind)}


def _einsum(seed: int) -> Drawn:
    from test_einsum_layers import DENSE, PAIRS, a_dense, an_einsum, draw

    rng = np.random.default_rng([seed, 13])
    if seed % 2:
        graph, _ = an_einsum(rng, seed // 2 % len(PAIRS))
    else:
        from family_networks import a_format

        place = seed // 2 % len(DENSE)
        source = Tensor("x", DENSE[place][1], a_format(rng))
        op = a_dense(rng, place, source)[0]
        if seed % 3 == 0:  # the same biases everywhere: one sum
            free = op.weight.shape[2]
            rows = np.tile(op.bias.written[:free], (op.output.size // free, 1))
            bias = Weight.from_written("bias", rows.ravel(), op.bias.type)
            op = replace(op, bias=bias)
        graph = Graph("g", (source,), (op,), ("e",))
    return graph, {tensor.name: draw(rng, tensor) for tensor in graph.inputs}


def _distributed(seed: int) -> Drawn:
    """Those of tests/families; sums that reach the end of their format; inputs with formats of their own."""
    from test_distributed_layers import a_graph

    if seed < 10:
        return a_graph(seed)
    rng = np.random.default_rng([seed, 71])
    kind, wide = FixedType(8, 4, bool(rng.random() < 0.7)), FixedType(24, 12)
    source = Tensor("x", (2, 3), kind)
    elements: list[str] = []
    if seed % 3:
        for _ in range(3):
            width, integer, sign = int(rng.integers(1, 7)), int(rng.integers(-1, 6)), "u" * bool(rng.random() < 0.5)
            elements.append("" if rng.random() < 0.2 else f"ap_{sign}fixed<{width},{integer},AP_RND,AP_SAT,0>")
    weight = Weight.from_written("weight", rng.choice([-1.0, 1.0, -2.0, 0.0], (3, 2)), FixedType(3, 3))
    if not seed % 3:  # one number, and its negative: a power of two
        weight = Weight.from_written("weight", np.array([[-1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]), FixedType(3, 3))
    coarse = FixedType(6, 10) if seed % 2 else FixedType(6, 3)
    bias = Weight.from_written("bias", np.zeros(2) if seed % 4 == 0 else rng.normal(0.0, 200.0, 2), coarse)
    op = DistributedDense("pw", ("x",), Tensor("pw", (2, 2), wide), weight, bias, tuple(elements))
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (60, 6))
    raw[0] = kind.raw_min
    return Graph("g", (source,), (op,), ("pw",)), {"x": FixedArray.from_raw(raw, kind)}


def _every(kind: FixedType, size: int) -> Any:
    """All numbers of a format, in another order for each element."""
    numbers = np.arange(kind.raw_min, kind.raw_max + 1)
    return np.stack([np.roll(numbers, 3 * place) for place in range(size)], axis=1)


def _norm(seed: int) -> Drawn:
    """Binary and ternary thresholds, for every element or channel."""
    rng = np.random.default_rng([seed, 41])
    kind = FixedType(int(rng.integers(3, 9)), 3, bool(rng.random() < 0.7))
    source, size = Tensor("x", (4, 3), kind), int(rng.choice([3, 12]))
    ends = np.sort(rng.uniform(float(kind.min), float(kind.max), (2, size)), axis=0)
    low, high = (Weight.from_written(name, end, kind) for name, end in zip(("low", "high"), ends, strict=True))
    ops = (
        Threshold("two", ("x",), Tensor("two", (4, 3), FixedType.int_type(1, signed=False), xnor=True), high),
        Threshold("three", ("x",), Tensor("three", (4, 3), FixedType.int_type(2)), high, low),
    )
    for number, fold in enumerate(("AP_SAT", "AP_WRAP")):
        scale, bias = (Weight.from_written(n, rng.normal(0.5, 1.0, size), FixedType(9, 3)) for n in ("scale", "bias"))
        output = Tensor(f"bn{number}", (4, 3), FixedType.parse(f"ap_fixed<9,4,AP_TRN,{fold}>"))
        ops = (*ops, BatchNorm(output.name, ("x",), output, scale, bias))
    raw = _every(kind, 12)
    return Graph("g", (source,), ops, tuple(op.name for op in ops)), {"x": FixedArray.from_raw(raw, kind)}


def _activation(seed: int) -> Drawn:
    """Every function, of every number of a narrow format."""
    from family_networks import a_format

    rng = np.random.default_rng([seed, 43])
    kind = FixedType(int(rng.integers(5, 10)), int(rng.integers(1, 5)), bool(rng.random() < 0.8))
    source = Tensor("x", (2,), kind)

    def constant(name: str) -> Weight:
        return Weight.from_written(name, rng.normal(0.4, 0.3, 1), FixedType(int(rng.integers(6, 12)), 2))

    ops = []
    for function in Activation.FUNCTIONS:
        wanted = {"leaky_relu": ("param",), "hard_sigmoid": ("slope", "shift"), "hard_tanh": ("slope", "shift")}
        bits = {"binary_tanh": FixedType.int_type(2), "ternary_tanh": FixedType.int_type(2)}
        output = Tensor(function, (2,), bits.get(function) or a_format(rng))
        ops.append(Activation(function, ("x",), output, function, **{w: constant(w) for w in wanted.get(function, ())}))
    raw = _every(kind, 2)
    return Graph("g", (source,), tuple(ops), Activation.FUNCTIONS), {"x": FixedArray.from_raw(raw, kind)}


def _lanes(seed: int) -> Drawn:
    """Networks that take each lane; int64 with every rounding and overflow mode."""
    from lane_networks import NETWORKS, adversarial, dense_chain

    models = [model for lane, those in NETWORKS.items() if lane != "wide" for model in those]
    for mode, fold in zip(Rounding, ["WRAP", "SAT", "SAT_SYM", "SAT_ZERO", "WRAP", "SAT", "SAT"], strict=True):
        formats = f"ap_fixed<30,12,AP_{mode.name},AP_{fold}>", f"ap_ufixed<20,8,AP_{mode.name},AP_{fold}>"
        models.append(dense_chain("ap_fixed<34,10>", "ap_fixed<22,4>", "ap_fixed<60,16>", *formats, magnitude=1 << 20))
        few = f"ap_fixed<20,10,AP_{mode.name},AP_{fold}>", f"ap_fixed<40,14,AP_{mode.name},AP_{fold}>"  # ties are often
        models.append(dense_chain("ap_fixed<16,6>", "ap_fixed<8,7>", "ap_fixed<31,20>", few[0], sizes=(5, 6)))
        models.append(dense_chain("ap_fixed<34,10>", "ap_fixed<22,18>", "ap_fixed<60,32>", few[1], sizes=(5, 6)))
    return models[seed].graph, adversarial(models[seed], 40, seed)


def _joined(seed: int) -> Drawn:
    from test_joined_stages import draw

    return draw(seed)


def _normalised(seed: int) -> Drawn:
    from test_normalised_layers import a_graph

    return a_graph(seed)


def _steps(seed: int) -> Drawn:
    from test_time_distributed_layers import LAYERS, a_graph

    return a_graph(sorted(LAYERS)[seed % len(LAYERS)])


#: By family: what draws a graph, and how many are drawn.
DRAWS: dict[str, tuple[Callable[[int], Drawn], int]] = {
    "recurrent": (_recurrent, 6),
    "dot": (_dot, 12),
    "embedding": (_embedding, 12),
    "elementwise": (_families, 6),
    "merge": (_merge, 14),
    "shape": (_families, 16),
    "convolution": (_convolution, 42),
    "pooling": (_pooling, 44),
    "table": (_table, 90),
    "dense": (_dense, 55),
    "quantizer": (_quantizer, 84),
    "einsum": (_einsum, 24),
    "distributed": (_distributed, 34),
    "norm": (_norm, 6),
    "activation": (_activation, 12),
    "lanes": (_lanes, 45),
    "joined": (_joined, 8),
    "normalised": (_normalised, 24),
    "steps": (_steps, 10),
}


@cache
def graphs(family: str) -> tuple[Recorded, ...]:
    """Graphs of a family with the reference's numbers of every layer; none of families that are not drawn."""
    draw, count = DRAWS.get(family, (None, 0))
    drawn = [(f"drawn {seed}", draw(seed)) for seed in range(count) if draw is not None]
    told = [each for make in (*TELLING.get(family, ()), *SHORT.get(family, ())) for each in make()]
    return tuple(_computed(family, [*drawn, *((f"told {place}", each) for place, each in enumerate(told))]))


def _computed(family: str, named: list[tuple[str, Drawn]]) -> Iterator[Recorded]:
    for name, (graph, inputs) in named:
        found = get_engine("reference").run(graph, inputs, 1)
        raws: list[dict[str, Any]] = [{name: array.raw for name, array in of.items()} for of in (inputs, found)]
        yield Recorded(family, name, model_bytes(graph), *raws)
