"""Expressions and moves as stages, by the definition of their maps and steps, on every number of small formats."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from stage_values import mapped, through

from isobit.bounds.intervals import graph_bounds
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray, FixedType
from isobit.model import Activation, Graph, Merge, Op, PReLU, Tensor, ThresholdedReLU, Weight
from isobit.model.expressions import Cast, Choice, Constant, Input, Result
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.layers.shape import Concatenate, Transpose, ZeroPadding
from isobit.model.primitives import Formula, Select, identity_view
from isobit.plan.graph import stages_of

KIND = FixedType.parse
BIT, TERNARY = FixedType.int_type(1, signed=False), FixedType.int_type(2)


def weight(name: str, values: Any, kind: str = "ap_fixed<6,2>") -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=float), KIND(kind))


def check(inputs: tuple[Tensor, ...], op: Op, *, refused: str = "", steps: str = "") -> None:
    """One op of all numbers: as the reference has it, or refused; and the kinds of its map and steps."""
    graph = Graph("g", inputs, (op,), (op.name,))
    ranges = [range(t.raw_range[0], t.raw_range[1] + 1) for t in inputs]
    every = np.array(list(product(*ranges)), dtype=np.int64)
    raws = {t.name: np.repeat(every[:, [place]], t.size, axis=1) for place, t in enumerate(inputs)}
    raws = {
        name: np.stack([np.roll(raw[:, k], 3 * k) for k in range(raw.shape[1])], axis=1) for name, raw in raws.items()
    }
    arrays = {t.name: FixedArray.from_raw(raws[t.name], t.type) for t in inputs}
    wanted = get_engine("reference").run(graph, arrays, 1)[op.name].raw
    values = dict(raws)
    found = stages_of(graph.lowered, graph_bounds(graph.lowered), ())
    if refused:
        assert [stage.refusal for stage in found if stage.refusal] == [refused]
        return
    kinds = []
    for stage in found:
        assert stage.refusal is None
        values[stage.target] = through(
            stage.steps, mapped(stage.map, np.concatenate([values[name] for name in stage.sources], axis=1))
        )
        kinds += [] if stage.map is None else [stage.map.combine]  # type: ignore[union-attr]
        kinds += [type(step).__name__ for step in stage.steps]
    np.testing.assert_array_equal(values[op.name].reshape(wanted.shape), wanted)
    if steps:
        assert " ".join(kinds) == steps


def one(kind: str, limits: Any = None, shape: tuple[int, ...] = (2,)) -> tuple[Tensor, ...]:
    return (Tensor("x", shape, KIND(kind), limits=limits),)


def act(function: str, result: str, **more: Weight) -> Op:
    bits = {"binary_tanh": TERNARY, "ternary_tanh": TERNARY}
    return Activation("a", ("x",), Tensor("a", (2,), bits.get(function) or KIND(result)), function, **more)


RESULTS = (
    "ap_fixed<9,4>",
    "ap_fixed<6,3,AP_RND,AP_SAT>",
    "ap_ufixed<5,2,AP_RND_CONV>",
    "ap_fixed<4,1,AP_TRN,AP_SAT_SYM>",
)


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("kind", ["ap_fixed<7,3>", "ap_ufixed<6,3>"])
def test_functions_of_one_number(kind: str, result: str) -> None:
    param = {"param": weight("param", [0.375])}
    line = {"slope": weight("slope", [0.25]), "shift": weight("shift", [0.5])}
    for function in Activation.FUNCTIONS:
        wanted = {"leaky_relu": param, "hard_sigmoid": line, "hard_tanh": line}
        check(one(kind), act(function, result, **wanted.get(function, {})))


def test_kinds_of_steps() -> None:
    check(one("ap_fixed<7,3>"), act("relu", "ap_fixed<9,4>"), steps="Clamp Affine")
    check(one("ap_fixed<7,3>"), act("relu", "ap_fixed<7,3>"), steps="Clamp")
    check(one("ap_fixed<7,3>"), act("linear", "ap_fixed<7,3>"), steps="")
    check(one("ap_fixed<7,3>"), act("linear", "ap_fixed<5,2>"), steps="Round Wrap")
    check(one("ap_fixed<7,3>", (-1.0, 1.5)), act("linear", "ap_fixed<5,2>"), steps="Round")
    check(one("ap_fixed<7,3>"), act("binary_tanh", ""), steps="AtLeast")
    check(one("ap_fixed<7,3>"), act("ternary_tanh", ""), steps="Affine Wrap Between")
    slopes = PReLU("a", ("x",), Tensor("a", (2,), KIND("ap_fixed<12,4>")), weight("param", [0.5, -1.25]))
    check(one("ap_fixed<7,3>"), slopes, steps="Slopes")


@pytest.mark.parametrize("result", RESULTS)
def test_rectifiers_normalisation_and_thresholds(result: str) -> None:
    source, output = one("ap_fixed<6,3>"), Tensor("a", (2,), KIND(result))
    check(source, PReLU("a", ("x",), output, weight("param", [0.5, -1.25])))
    check(source, ThresholdedReLU("a", ("x",), output, weight("param", [0.0])))
    check(source, BatchNorm("a", ("x",), output, weight("scale", [0.75, -1.5]), weight("bias", [0.5, -0.25])))
    high, low = weight("high", [0.5, 1.0], "ap_fixed<6,3>"), weight("low", [-0.75, -1.0], "ap_fixed<6,3>")
    check(source, Threshold("a", ("x",), Tensor("a", (2,), TERNARY), high, low))
    check(source, Threshold("a", ("x",), Tensor("a", (2,), BIT, xnor=True), high))


@pytest.mark.parametrize("result", [*RESULTS, "ap_fixed<5,2>", "ap_fixed<20,10>"])
@pytest.mark.parametrize("kinds", [("ap_fixed<5,2>", "ap_fixed<4,3>"), ("ap_ufixed<4,1>", "ap_fixed<5,2>")])
def test_functions_of_two_numbers(kinds: tuple[str, str], result: str) -> None:
    inputs = tuple(Tensor(name, (2,), KIND(kind)) for name, kind in zip("xy", kinds, strict=True))
    for function in ("add", "subtract", "multiply", "average", "maximum", "minimum"):
        for names in (("x", "y"), ("y", "x")):
            op = Merge("m", names, Tensor("m", (2,), KIND(result)), function)
            refused = ""
            if function in ("maximum", "minimum") and KIND(result) in [KIND(kind) for kind in kinds]:
                continue  # a copy beside a cast
            check(inputs, op, refused=refused)
    copied = KIND("ap_fixed<5,2,AP_TRN,AP_SAT_SYM>")
    inputs = Tensor("x", (2,), copied), Tensor("y", (2,), KIND("ap_fixed<4,3>"))
    op = Merge("m", ("x", "y"), Tensor("m", (2,), copied), "maximum")
    check(inputs, op, refused="numbers of several formats, which are cast in different ways")
    for function, kind in (("add", "sum"), ("multiply", "product"), ("maximum", "maximum"), ("minimum", "minimum")):
        inputs = tuple(Tensor(name, (2,), KIND("ap_fixed<5,2>")) for name in "xy")
        check(
            inputs, Merge("m", ("x", "y"), Tensor("m", (2,), KIND("ap_fixed<20,10>")), function), steps=f"{kind} Affine"
        )


@pytest.mark.parametrize("result", ["ap_fixed<5,2>", "ap_fixed<9,5>", "ap_fixed<4,2,AP_RND,AP_SAT>"])
def test_moved_numbers(result: str) -> None:
    inputs = Tensor("x", (2,), KIND("ap_fixed<5,2>")), Tensor("y", (3,), KIND("ap_ufixed<4,3>"))
    check(inputs, Concatenate("c", ("x", "y"), Tensor("c", (5,), KIND(result)), 0))
    source = one("ap_fixed<5,2>", shape=(2, 3))
    check(source, Transpose("t", ("x",), Tensor("t", (3, 2), KIND(result)), (2, 3), (1, 0)))
    check(source, ZeroPadding("z", ("x",), Tensor("z", (4, 3), KIND(result)), (2, 0), (0, 0)))


# -- primitives that no layer becomes ----------------------------------------------------------------------------------

NUMBER, WIDE = KIND("ap_fixed<6,3>"), KIND("ap_fixed<12,6>")
X = Input(0)


def check_primitive(inputs: tuple[Tensor, ...], op: Op, wanted: Any, *, refused: str = "", steps: str = "") -> None:
    """One primitive of all numbers of its inputs, each of one kind: as NumPy has it, at the LSB of the result."""
    graph = Graph("g", inputs, (op,), (op.output.name,), primitive=True)
    (stage,) = stages_of(graph, graph_bounds(graph), ())
    assert stage.refusal == (refused or None)
    if refused:
        return
    ranges = [range(t.type.raw_min, t.type.raw_max + 1) for t in inputs]
    every = np.array(list(product(*ranges)), dtype=np.int64)
    raws = [np.repeat(every[:, [place]], t.size, axis=1) for place, t in enumerate(inputs)]
    found = through(stage.steps, mapped(stage.map, np.concatenate(raws, axis=1)))
    scaled = [raw << op.output.type.fraction - t.type.fraction for raw, t in zip(raws, inputs, strict=True)]
    np.testing.assert_array_equal(found, np.broadcast_to(wanted(*scaled), found.shape))
    kinds = [] if stage.map is None else [stage.map.combine]  # type: ignore[union-attr]
    assert " ".join([*kinds, *(type(step).__name__ for step in stage.steps)]) == steps


def formula(outcome: Any, inputs: int = 1) -> Formula:
    """Of two numbers each, into a format that holds all."""
    views = (identity_view(2),) * inputs
    return Formula("f", ("x", "y")[:inputs], Tensor("f", (2,), WIDE), outcome, views)


def constant(*values: float) -> Constant:
    return Constant(weight("c", values, "ap_fixed<6,3>"))


def test_choices_of_one_number() -> None:
    two, low, half = constant(2.0, 2.0), constant(-1.0, -1.0), 1 << WIDE.fraction
    upper = Choice(X, two, Result(two, NUMBER), Result(X, NUMBER))
    check_primitive(one("ap_fixed<6,3>"), formula(upper), lambda x: np.minimum(x, 2 * half), steps="Clamp Affine")
    both = Choice(X, low, upper, Result(low, NUMBER))  # the inner choice is above
    check_primitive(one("ap_fixed<6,3>"), formula(both), lambda x: np.clip(x, -half, 2 * half), steps="Clamp Affine")
    other = Choice(X, two, Result(two, NUMBER), Choice(X, low, Result(X, NUMBER), Result(low, NUMBER)))
    check_primitive(one("ap_fixed<6,3>"), formula(other), lambda x: np.clip(x, -half, 2 * half), steps="Clamp Affine")
    ends = constant(2.0, 1.0)  # one for each number
    refused, x = "a choice that is not between two slopes of one number", one("ap_fixed<6,3>")
    apart = Choice(X, ends, Result(ends, NUMBER), Result(X, NUMBER))
    check_primitive(one("ap_fixed<6,3>"), formula(apart), None, refused=refused)
    for over, under in ((X, X + two), (X + two, X), (two, X + two)):
        choice = Choice(X, low, Result.of(over, *x), Result.of(under, *x))
        check_primitive(one("ap_fixed<6,3>"), formula(choice), None, refused=refused)
    nested = Choice(X, two, Result(X, NUMBER), Choice(X, low, Result.of(X + X, *x), Result(X, NUMBER)))
    check_primitive(one("ap_fixed<6,3>"), formula(nested), None, refused="a choice of several lines")
    slopes = Choice(X, low, Result.of(X * ends, *x), Result(X, NUMBER))
    words = "a choice with a slope of its own for every number above the bound"
    check_primitive(one("ap_fixed<6,3>"), formula(slopes), None, refused=words)


@pytest.mark.parametrize("order", [order for order in product((0, 1), repeat=4) if len(set(order)) == 2])
def test_choices_of_two_numbers(order: tuple[int, ...]) -> None:
    """``a > b ? c : d``: the larger or the smaller of both, or what no lane takes."""
    left, right, over, under = (Input(place) for place in order)
    op = formula(Choice(left, right, Result(over, NUMBER), Result(under, NUMBER)), 2)
    inputs = (*one("ap_fixed<6,3>"), Tensor("y", (2,), KIND("ap_fixed<6,3>")))
    if order[0] == order[1] or order[2] == order[3]:
        check_primitive(inputs, op, None, refused="a choice that is not the larger or the smaller of two inputs")
        return
    function, name = (np.maximum, "maximum") if order[0] == order[2] else (np.minimum, "minimum")
    check_primitive(inputs, op, function, steps=f"{name} Affine")


def test_casts_on_the_way() -> None:
    """Into a format that holds every number, which is no step, and into one that does not."""
    held = formula(Result(Cast(X, NUMBER, KIND("ap_fixed<9,4>")), KIND("ap_fixed<9,4>")))
    check_primitive(one("ap_fixed<6,3>"), held, lambda x: x, steps="Affine")
    cut = KIND("ap_fixed<5,3,AP_TRN,AP_SAT>")
    lost = formula(Result(Cast(X + X, KIND("ap_fixed<7,4>"), cut), cut))
    check_primitive(
        one("ap_fixed<6,3>"), lost, lambda x: np.clip(2 * x, -256, 240) // 16 * 16, steps="Affine Round Clamp Affine"
    )


def test_rows_of_some_inputs() -> None:
    """The finest LSB is that of the inputs that are taken; padding is zero."""
    inputs = (*one("ap_fixed<4,3>"), Tensor("y", (2,), KIND("ap_fixed<4,0>")))
    view = np.array([0, 1, -1, 0])
    some = Select("s", ("x", "y"), Tensor("s", (4,), WIDE), view)

    def taken(x: Any, y: Any) -> Any:
        return np.stack([x[:, 0], x[:, 1], 0 * x[:, 0], x[:, 0]], axis=1)

    check_primitive(inputs, some, taken, steps="sum Affine")
    every = Select("s", ("x", "y"), Tensor("s", (2,), WIDE), np.array([3, 0]))
    check_primitive(inputs, every, lambda x, y: np.stack([y[:, 1], x[:, 0]], axis=1), steps="sum Affine")
    none = Select("s", ("x", "y"), Tensor("s", (2,), WIDE), np.array([-1, -1]))
    check_primitive(inputs, none, lambda x, y: 0 * x, steps="sum")
