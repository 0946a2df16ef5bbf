"""A network for the tests of the export: layers without an emitter, lowered to selections and formulas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls_networks import dense

from isobit import FixedType
from isobit.fixed import growth
from isobit.model import Graph, Op, Tensor, Weight
from isobit.model.expressions import Choice, Constant, Expression, Halved, Input, Minus, Outcome, Plus, Result, Times
from isobit.model.ops import Tensors
from isobit.model.primitives import Formula, Select, broadcast_view, identity_view

_KIND = FixedType.parse
#: Rounding and overflow of every sort; the symmetric one is lossy where it is cast into itself, and not where copied.
KINDS = tuple(
    map(
        _KIND,
        (
            "ap_fixed<8,3>",
            "ap_fixed<7,5,AP_RND,AP_SAT>",
            "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>",
            "ap_fixed<9,2,AP_TRN_ZERO,AP_SAT_SYM>",
            "ap_fixed<6,6,AP_RND_INF,AP_SAT_ZERO>",
            "ap_int<5>",
            "ap_uint<4>",
            "ap_fixed<5,1,AP_RND_ZERO,AP_WRAP,1>",
        ),
    )
)
#: Of two numbers, and of one.
MERGES = ("plus", "minus", "mean", "product", "maximum", "minimum", "nested")
RECTIFIERS = ("slopes", "above", "line", "widened", "zero_or")


def anyhow(seed: int, low: int, high: int, shape: tuple[int, ...]) -> Any:
    """A view of any numbers; below zero, the first position where it was, and the others in another order."""
    rng = np.random.default_rng(abs(seed))
    if seed > 0:
        return rng.integers(low, high, prod(shape))
    positions = np.arange(prod(shape)).reshape(-1, shape[-1])
    return np.concatenate([positions[:1], positions[:0:-1]]).ravel()


@dataclass(frozen=True, eq=False)
class Moved(Op):
    """Any numbers of any inputs, and zeros, drawn by a seed; 0: one input after the other along the last axis."""

    seed: int

    tag: ClassVar[str] = "moved_about"
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Take any shapes."""

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A selection."""
        if self.seed:
            total = sum(tensor.size for tensor in tensors)
            view = anyhow(self.seed, -1, total, self.output.shape)
        else:
            starts = np.cumsum([0, *(tensor.size for tensor in tensors)])
            places = [s + np.arange(t.size).reshape(t.shape) for s, t in zip(starts[:-1], tensors, strict=True)]
            view = np.concatenate(places, axis=-1).ravel()
        return (Select(self.name, self.inputs, self.output, view),)


@dataclass(frozen=True, eq=False)
class Computed(Op):
    """A formula of one or two inputs, which are repeated as by NumPy; with a seed, numbers are taken anyhow."""

    function: str
    param: Weight | None = None
    seed: int = 0

    tag: ClassVar[str] = "computed"
    input_counts: ClassVar[tuple[int, int | None]] = (1, 2)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Take any shapes."""

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A formula."""
        return (self.formula(self.name, self.inputs, tensors, self.output),)

    def formula(self, name: str, inputs: tuple[str, ...], tensors: Tensors, output: Tensor) -> Formula:
        """It, with other names."""
        views = (
            anyhow(self.seed + k, 0, t.size, output.shape) if self.seed else broadcast_view(t.shape, output.shape)
            for k, t in enumerate(tensors)
        )
        outcome = outcome_of(self.function, [t.type for t in tensors], self.param)
        return Formula(name, inputs, output, outcome, tuple(views))


@dataclass(frozen=True, eq=False)
class Chained(Computed):
    """The same of a rotated first input in a format of its own, and the result turned round."""

    tag: ClassVar[str] = "chained"

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Three primitives."""
        first, *others = tensors
        one = Tensor(f"{self.name}/2", first.shape, KINDS[3])
        two = Tensor(f"{self.name}/3", self.output.shape, KINDS[1])
        turned = Select(one.name, (first.name,), one, np.roll(identity_view(one.size), 1))
        inputs = (one.name, *self.inputs[1:])
        formula = self.formula(two.name, inputs, (one, *others), two)
        back = Select(self.name, (two.name,), self.output, identity_view(two.size)[::-1].copy())
        return turned, formula, back


def outcome_of(function: str, types: list[FixedType], param: Weight | None) -> Outcome:
    """Expressions of every sort; the constant is the layer's own."""
    x, y = Input(0), Input(1)
    a, b = types[0], types[-1]
    zero = Constant(Weight("zero", np.zeros(1, np.int64), FixedType.int_type(1), np.zeros(1), np.zeros(1)))
    match function:
        case "plus":
            return Result(Plus(x, y), growth.sum_of(a, b))
        case "minus":
            return Result(Minus(x, y), growth.difference(a, b))
        case "mean":
            return Result(Halved(Plus(x, y)), growth.product(growth.sum_of(a, b), FixedType(1, 0, False)))
        case "product":
            return Result(Times(x, y), growth.product(a, b))
        case "maximum":
            return Choice(x, y, Result(x, a), Result(y, b))
        case "minimum":
            return Choice(y, x, Result(x, a), Result(y, b))
        case "nested":  # x - (y - x (x + y)), with brackets at every place where they matter
            inner = Times(x, Plus(x, y))
            kind = growth.product(a, growth.sum_of(a, b))
            kind = growth.difference(a, growth.difference(b, kind))
            return Result(Minus(x, Minus(y, inner)), kind)
        case "zero_or":  # a zero of the result's own format beside the number's cast
            return Choice(x, zero, Result(zero, zero.weight.type), Result(x, a))
        case "widened":  # in a format that holds more than the operators give: the cast is no copy
            return Result(x, FixedType(a.width + 2, a.integer + 2))
    assert param is not None
    c: Expression = Constant(param)
    if function == "slopes":
        return Choice(x, zero, Result(x, a), Result(Times(c, x), growth.product(param.type, a)))
    if function == "above":
        return Choice(x, c, Result(x, a), Result(zero, zero.weight.type))
    assert function == "line"
    line = growth.sum_of(growth.product(a, param.type), param.type)
    return Result(Plus(Times(x, c), c), line)


def constants(rng: np.random.Generator, size: int, kind: FixedType) -> Weight:
    """Numbers around one, none of them zero."""
    raw = np.clip(np.rint(rng.normal(0.0, 1.0, size) / float(kind.lsb)), kind.raw_min, kind.raw_max).astype(np.int64)
    raw[raw == 0] = 1
    values = raw * float(kind.lsb)
    return Weight("param", raw, kind, values, values)


def primitives(seed: int = 34, draws: int = 12) -> Graph:
    """Every expression in drawn formats, on what selections of three inputs give; every broadcast; layers of several.

    Two inputs are 3 x 4 positions of channels, so that with streams some layers work position by position.
    """
    rng = np.random.default_rng(seed)

    def kind() -> FixedType:
        return KINDS[rng.integers(len(KINDS))]

    x, y = Tensor("x", (3, 4, 2), KINDS[0]), Tensor("y", (3, 4, 2), KINDS[2])
    z = Tensor("z", (5,), KINDS[3])
    wide = Tensor("wide", (2,), _KIND("ap_fixed<70,30>"))
    ops: list[Op] = []

    def put(op: Op) -> Tensor:
        ops.append(op)
        return op.output

    size = 7
    flat = [
        put(Moved(f"m{k}", names, Tensor(f"m{k}_out", (size,), kind()), k + 1))
        for k, names in enumerate([("x", "y", "z"), ("z",), ("y", "z"), ("z", "wide", "x")])
    ]
    for k in range(draws):
        function = (*MERGES, *RECTIFIERS)[k % len((*MERGES, *RECTIFIERS))]
        sources = [flat[i] for i in rng.choice(len(flat), 2 if function in MERGES else 1, replace=False)]
        made = Chained if rng.random() < 0.3 else Computed
        param = constants(rng, (1, size)[rng.integers(2)], kind())
        op = made(
            f"{function}{k}",
            tuple(source.name for source in sources),
            Tensor(f"{function}{k}_out", (size,), sources[0].type if rng.random() < 0.4 else kind()),
            function,
            param if function in ("slopes", "above", "line") else None,
            int(rng.integers(1, 99)) if rng.random() < 0.3 else 0,
        )
        flat.append(put(op))
    # Positions with channels: the same at each, or not.
    shape = (3, 4, 2)
    joined = put(Moved("joined", ("x", "y", "x"), Tensor("joined_out", (3, 4, 6), kind()), 0))
    put(Computed("sums", ("x", "y"), Tensor("sums_out", shape, kind()), "plus"))
    put(Computed("twice", ("y", "y"), Tensor("twice_out", shape, kind()), "product"))
    per_channel = np.tile(constants(rng, 6, KINDS[0]).raw, 12)
    written = per_channel * float(KINDS[0].lsb)
    slopes = Weight("param", per_channel, KINDS[0], written, written)
    put(Computed("channels", (joined.name,), Tensor("channels_out", joined.shape, kind()), "slopes", slopes))
    put(Computed("own", ("x",), Tensor("own_out", shape, kind()), "slopes", constants(rng, 24, KINDS[0])))
    put(Moved("cast", ("x",), Tensor("cast_out", shape, KINDS[1]), 0))
    put(Moved("about", ("x", "y"), Tensor("about_out", shape, kind()), 13))
    put(Computed("anyhow", ("x", "y"), Tensor("anyhow_out", shape, kind()), "plus", None, 14))
    put(Moved("order", ("x", "y"), Tensor("order_out", shape, kind()), -1))
    put(Computed("ordered", ("x", "y"), Tensor("ordered_out", shape, kind()), "minus", None, -9))
    put(Moved("same", ("y",), Tensor("same_out", (24,), y.type), 0))
    # Broadcasts: along the first axes, the last ones, both, and with a gap.
    channel = put(Moved("channel", ("x",), Tensor("channel_out", (2,), kind()), 7))
    position = put(Moved("position", ("x",), Tensor("position_out", (3, 4, 1), kind()), 8))
    column = put(Moved("column", ("x",), Tensor("column_out", (4, 1), kind()), 9))
    gap = put(Moved("gap", ("x",), Tensor("gap_out", (3, 1, 2), kind()), 10))
    one = put(Moved("one", ("y",), Tensor("one_out", (1,), kind()), 11))
    for k, small in enumerate((channel, position, column, gap, one)):
        put(Computed(f"wider{k}", ("y", small.name), Tensor(f"wider{k}_out", shape, kind()), MERGES[k]))
    # The least number of a symmetric format stays where it is copied, and not where it is cast.
    put(Computed("copied", ("z",), Tensor("copied_out", (5,), z.type), "zero_or"))
    put(Computed("again", ("z",), Tensor("again_out", (5,), z.type), "widened"))
    # Comparisons of a number without a sign with one of 70 bits, which AMD's headers would get wrong as they stand.
    large = put(Moved("large", ("wide", "y"), Tensor("large_out", (size,), _KIND("ap_ufixed<70,30>")), 12))
    below = put(Moved("below", ("x",), Tensor("below_out", (size,), KINDS[0]), 15))
    put(Computed("compared", (large.name, below.name), Tensor("compared_out", (size,), wide.type), "maximum"))
    put(Computed("reversed", (below.name, large.name), Tensor("reversed_out", (size,), kind()), "minimum"))
    outputs = tuple(op.output.name for op in ops)
    return Graph("primitives", (x, y, z, wide), tuple(ops), outputs)


def positions() -> Graph:
    """The same with few that are drawn: for streams, where it is the positions that make a difference."""
    return replace(primitives(draws=2), name="positions")


def merged() -> Graph:
    """The same beside a dense layer that loops over five clocks, so that layers run side by side."""
    graph = primitives()
    fc = dense("fc", graph.tensors["z"], 4, np.random.default_rng(4), strategy="resource", reuse=5)
    return Graph("merged", graph.inputs, (*graph.ops, fc), (*graph.outputs, fc.output.name))
