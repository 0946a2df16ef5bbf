"""Profiles of networks with tables: lanes and tables in turn, against one cast after the other."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from table_draws import FUNCTIONS, a_fixed_format, a_format, a_graph, numbers

import isobit as ib
from isobit.engines.cpp.observe import ObservingEngine
from isobit.errors import UnsupportedError
from isobit.fixed import FixedType
from isobit.model import Activation, Dense, Encoding, Graph, Reshape, Softmax, TableActivation, Tensor, Weight
from isobit.model.layers.softmax import LEGACY_TABLE
from isobit.model.tables import exponential_table, function_table, inverse_table
from isobit.profile import segments as profile_segments
from isobit.profile import tables as profile_tables
from isobit.profile.exact import exact_profile
from isobit.profile.segments import fast_profile
from tiers import examples

EVENTS = 700


@pytest.fixture(autouse=True)
def short_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several chunks, the last of them no multiple of anything."""
    if request.node.get_closest_marker("full"):
        return
    monkeypatch.setattr(profile_segments, "_FEWEST", 288)
    monkeypatch.setattr(profile_segments, "_NUMBERS", 0)
    monkeypatch.setattr(profile_segments, "_BLOCK", 100)


def table(rng: np.random.Generator, name: str, tensor: Tensor, function: str) -> TableActivation:
    kind = a_format(rng, 20, 4, True)
    param = Weight.from_written("param", [1.25], kind, encoding=Encoding.LITERAL) if function == "elu" else None
    result = tensor.type if rng.random() < 0.3 else a_format(rng, 20, 3)
    entries = function_table("table", function, int(rng.integers(2, 300)), a_format(rng, 20, 4))
    return TableActivation(name, (tensor.name,), Tensor(name, tensor.shape, result), function, entries, param)


def softmax(rng: np.random.Generator, name: str, tensor: Tensor, function: str) -> Softmax:
    size, parts = tensor.size, {}
    if function == "legacy":
        parts = {
            "exp_table": exponential_table("exp_table", 512, FixedType(18, 5), 1.0, False, LEGACY_TABLE),
            "inv_table": inverse_table("inv_table", 512, FixedType(18, 8), LEGACY_TABLE),
        }
    elif function != "argmax":
        accum, sums, norm = (a_format(rng, 20, 9) for _ in range(3))
        stable = function == "stable"
        address = norm if stable else tensor.type
        parts = {
            "exp_table": exponential_table("exp_table", 8, address, 1.0, stable, a_fixed_format(rng, 20, 4)),
            "inv_table": inverse_table("inv_table", 256, sums, a_fixed_format(rng, 20, 4)),
            "accum": accum, "inv_inp": sums, ("inp_norm" if stable else "address"): address,
        }  # fmt: skip
    return Softmax(name, (tensor.name,), Tensor(name, tensor.shape, a_format(rng, 20, 3)), function, size, **parts)


def dense(rng: np.random.Generator, name: str, tensor: Tensor) -> Dense:
    width = int(rng.integers(1, 6))
    kinds = [FixedType(int(rng.integers(6, 14)), int(rng.integers(1, 4))) for _ in range(2)]
    weights = Weight.from_written("weight", rng.normal(0, 1, (tensor.size, width)), kinds[0])
    bias = Weight.from_written("bias", rng.normal(0, 1, width), kinds[1])
    narrow = rng.random() < 0.6  # sums that overflow
    accum = a_format(rng, 16, 8, True) if narrow else FixedType(40, 16)
    return Dense(name, (tensor.name,), Tensor(name, (width,), a_format(rng, 18, 5)), weights, bias, accum)


def network(seed: int) -> tuple[Graph, Any]:
    """Dense layers and tables in turn; the first may be either, and so may the last."""
    rng = np.random.default_rng([seed, 17])
    tensor = first = Tensor("x", (4,), FixedType(int(rng.integers(6, 18)), int(rng.integers(2, 7))))
    ops: list[Any] = []
    while len(ops) < 5:
        name, draw = f"l{len(ops)}", rng.random()
        function = FUNCTIONS[int(rng.integers(len(FUNCTIONS)))]
        if draw < 0.4:
            op: Any = dense(rng, name, tensor)
        elif draw < 0.5:
            op = Activation(name, (tensor.name,), Tensor(name, tensor.shape, a_format(rng, 12, 3)), "relu")
        elif draw < 0.55:
            op = Reshape(name, (tensor.name,), Tensor(name, (1, tensor.size), tensor.type))
        elif function in TableActivation.FUNCTIONS:
            op = table(rng, name, tensor, function)
        else:
            op = softmax(rng, name, tensor, function)
        ops.append(op)
        tensor = op.output
    graph = Graph("drawn", (first,), tuple(ops), (tensor.name,))
    raw = rng.integers(first.type.raw_min, first.type.raw_max + 1, (EVENTS, 4)) >> rng.integers(0, 6, (EVENTS, 1))
    return graph, raw


def same(found: dict[str, Any], wanted: dict[str, Any]) -> int:
    """Everything that was observed is the same; gives the overflows counted."""
    assert list(found) == [name for name in wanted if name in found]
    total = 0
    for name, (seen, sums) in found.items():
        expected, expected_sums = wanted[name]
        for what in ("low", "high", "held_low", "held_high", "lossy", "outside"):
            assert getattr(seen, what).tolist() == getattr(expected, what).tolist(), f"{name}.{what}"
        inner = {slot: counts.tolist() for slot, counts in seen.inner.items() if counts.any()}
        assert inner == {slot: counts.tolist() for slot, counts in expected.inner.items() if counts.any()}, name
        if sums.size:
            assert sums.tolist() == expected_sums.tolist(), f"{name}.accum"
        total += int(sums.sum() + seen.outside.sum() + sum(counts.sum() for counts in seen.inner.values()))
    return total


def test_fast_profiles_are_the_exact_ones() -> None:
    tried = counted = mixed = 0
    for seed in range(examples(25, 60)):
        try:
            graph, raw = network(seed)
        except UnsupportedError:  # elu would read outside of its table; infinite entries of an ap_int
            continue
        tried += 1
        found = fast_profile(graph, {"x": raw}, 2, ObservingEngine())
        assert found is not None
        counted += same(found, exact_profile(graph, {"x": raw}, 1)) > 0
        mixed += len(ObservingEngine().prepare(graph, every=False).segments) > 2
    assert tried > examples(12, 30)
    assert counted > examples(8, 20)
    assert mixed > examples(4, 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_profiled_as_their_raw_integers(dtype: Any) -> None:
    """Through lanes that quantise them, and where the first layer is a table."""
    begins = set()
    for seed in (0, 1, 2, 3, 4, 5, 6, 7):
        graph, _ = network(seed)
        model = ib.Model(graph)
        x = np.random.default_rng(seed).normal(0, 3, (EVENTS, 4)).astype(dtype)
        fixed = ib.FixedArray.from_float(x, model.input_types[0])
        wanted = exact_profile(graph, {"x": fixed.raw}, 1)
        for profile in (model.profile(x, threads=1), model.profile(x, threads=3), model.profile(fixed)):
            for layer in profile.layers:
                seen, sums = wanted[layer.layer]
                for what in ("low", "high", "held_low", "held_high", "lossy"):
                    assert getattr(layer, what).tolist() == getattr(seen, what).tolist(), f"{layer.layer}.{what}"
                for slot, counts in {**seen.inner, "accum": sums}.items():
                    if counts.any():
                        assert profile[f"{layer.layer}.{slot}"].total.tolist() == counts[1].tolist()
        begins.add(isinstance(graph.ops[0], TableActivation | Softmax))
    assert begins == {True, False}


def test_every_table_by_itself() -> None:
    """Softmax in slices, and formats of every mode: counts of every inner format."""
    slots: dict[str, int] = {}
    for seed in range(examples(170, 250)):
        graph = a_graph(seed)
        raw = numbers(seed, graph.inputs[0], 60)
        found = fast_profile(graph, {"x": raw}, 1, ObservingEngine())
        assert found is not None
        wanted = exact_profile(graph, {"x": raw}, 1)
        same(found, wanted)
        for slot, counts in found[graph.ops[0].name][0].inner.items():
            slots[slot] = slots.get(slot, 0) + bool(counts.any())
    assert min(slots["inp_norm"], slots["inv_inp"]) > examples(2, 5)


def test_indices_beyond_an_int_belong_to_the_other_branch() -> None:
    """selu of numbers so large that their index, which nobody needs, wraps to some entry."""
    tensor = Tensor("x", (1,), FixedType(44, 40))
    op = TableActivation(
        "selu",
        ("x",),
        Tensor("y", (1,), FixedType(50, 42)),
        "selu",
        function_table("table", "selu", 1000, FixedType(18, 8)),
    ).lower(tensor)[0]
    raw = np.random.default_rng(1).integers(0, 2**43, (500, 1))
    result, found = profile_tables.observe_table(op, (tensor,), (raw,))
    expected, wanted = profile_tables.observe(op, (tensor,), (raw,))
    assert np.array_equal(result, expected)
    same({"selu": found}, {"selu": wanted})


def jets() -> ib.Model:
    """16-64-32-32-5, with sigmoid, elu and selu, and the softmax that hls4ml takes by default."""
    rng = np.random.default_rng(8)
    tensor = first = Tensor("x", (16,), FixedType(16, 6))
    ops: list[Any] = []
    for number, (width, function) in enumerate([(64, "sigmoid"), (32, "elu"), (32, "selu"), (5, "softmax")]):
        kinds = FixedType(8, 2), FixedType(16, 6)
        weights = Weight.from_written("weight", rng.normal(0, 0.3, (tensor.size, width)), kinds[0])
        bias = Weight.from_written("bias", rng.normal(0, 0.3, width), kinds[0])
        sums = Tensor(f"fc{number}", (width,), kinds[1])
        ops.append(Dense(f"fc{number}", (tensor.name,), sums, weights, bias, FixedType(24, 10)))
        result = Tensor(f"a{number}", (width,), kinds[1])
        if function == "softmax":
            own, norm = FixedType.parse("ap_fixed<18,8,RND,SAT>"), FixedType.parse("ap_ufixed<15,5>")
            ops.append(
                Softmax(
                    f"a{number}", (sums.name,), result, "stable", width,
                    exp_table=exponential_table("exp_table", 1024, norm, 1.0, True, own),
                    inv_table=inverse_table("inv_table", 1024, own, own), accum=own, inv_inp=own, inp_norm=norm,
                )
            )  # fmt: skip
        else:
            param = Weight.from_written("param", [1.0], FixedType(2, 2), encoding=Encoding.LITERAL)
            entries = function_table("table", function, 1024, FixedType(18, 8))
            alpha = param if function == "elu" else None
            ops.append(TableActivation(f"a{number}", (sums.name,), result, function, entries, alpha))
        tensor = result
    return ib.Model(Graph("jets", (first,), tuple(ops), (tensor.name,)))


def test_layers_between_tables_stay_in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is profiled cast by cast."""
    monkeypatch.setattr(profile_tables, "observe", lambda op, *_: pytest.fail(f"{op.name} is profiled slowly"))
    model = jets()
    x = np.random.default_rng(1).normal(0, 2, (1000, 16))
    profile = model.profile(x)
    assert [layer.layer for layer in profile.layers] == model.layers
    assert all(layer.lossy.any() for layer in profile.layers if layer.layer.startswith("fc"))


@pytest.mark.full
def test_a_profile_costs_few_predicts() -> None:
    """By CPU time, the best of three."""
    model = jets()
    x = np.random.default_rng(1).normal(0, 2, (60_000, 16))
    model.profile(x, threads=1)
    model.predict(x, threads=1)

    def seconds(run: Any) -> float:
        begin = time.process_time()
        run()
        return time.process_time() - begin

    predict = min(seconds(lambda: model.predict(x, threads=1)) for _ in range(3))
    profile = min(seconds(lambda: model.profile(x, threads=1)) for _ in range(3))
    assert profile < 5 * predict
