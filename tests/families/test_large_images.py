"""Networks too large for the memory that is allowed are refused before anything is made of them; windows that are alike
are computed alike, whatever their number."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
from convolution_graphs import weights

from isobit.engines.registry import get_engine
from isobit.errors import RangeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import DepthwiseConvolution, Graph, PointwiseConv, Pooling, Tensor
from isobit.model.layers.time_distributed import EveryStep
from isobit.model.memory import check_memory, need_of
from isobit.plan.plan import make_plan

NUMBER = FixedType.parse("ap_fixed<16,6>")
MEMORY = "ISOBIT_MEMORY_LIMIT"


def separable(pixels: int, filters: int = 16) -> Graph:
    """A separable convolution, as of hls4ml's ``test_sep_conv``: of an image of three channels, with its size kept."""
    rng = np.random.default_rng(0)
    x = Tensor("x", (pixels, pixels, 3), NUMBER)
    between, result = Tensor("dw", (pixels, pixels, 3), NUMBER), Tensor("pw", (pixels, pixels, filters), NUMBER)
    depthwise = DepthwiseConvolution(
        "dw",
        ("x",),
        between,
        weights(rng, "weight", (9, 3)),
        weights(rng, "bias", (3,)),
        NUMBER,
        (3, 3),
        (1, 1),
        (1, 1),
    )
    pointwise = PointwiseConv(
        "pw", ("dw",), result, weights(rng, "weight", (3, filters)), weights(rng, "bias", (filters,)), NUMBER
    )
    return Graph("g", (x,), (depthwise, pointwise), ("pw",))


# -- memory -----------------------------------------------------------------------------------------------------------


def test_a_network_that_is_too_large_says_so_before_anything_is_made_of_it() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(
            UnsupportedError, match=r"layer 'pw' gives 268435456 numbers.* allowed are 8589934592 bytes"
        ):
            separable(4096)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_an_image_of_512_pixels_is_allowed_and_one_of_640_is_not() -> None:
    separable(512)
    with pytest.raises(UnsupportedError, match="layer 'pw'"):
        separable(640)


@pytest.mark.parametrize("filters, layer", [(1, "dw"), (16, "pw")])
def test_the_layer_that_needs_the_most_is_named(filters: int, layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "1")
    with pytest.raises(UnsupportedError, match=f"layer '{layer}' gives .* allowed are 1048576 bytes"):
        separable(32, filters)


def test_it_says_how_to_allow_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "2")
    with pytest.raises(UnsupportedError) as error:
        separable(32)
    found = re.search(rf"Set {MEMORY} to (\d+) \(MiB; 0 for no limit\)", str(error.value))
    assert found is not None
    monkeypatch.setenv(MEMORY, found[1])
    separable(32)
    monkeypatch.setenv(MEMORY, str(int(found[1]) - 1))
    with pytest.raises(UnsupportedError):
        separable(32)
    monkeypatch.setenv(MEMORY, "0")
    separable(4096)


def test_a_limit_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "8 GB")
    with pytest.raises(RangeError, match="ISOBIT_MEMORY_LIMIT is '8 GB'; expected a whole number of MiB"):
        separable(8)


def test_layers_of_one_step_count_in_all_steps_and_pooling_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = separable(16)
    step = EveryStep.of(graph.ops[0], 7)
    windows, read = graph.ops[0].reading(*graph.inputs)
    assert (windows, read) == (16 * 16 * 3, 16 * 16 * 3 * 9)
    assert step.reading(Tensor("x", (7, 16, 16, 3), NUMBER)) == (7 * windows, 7 * read)
    monkeypatch.setenv(MEMORY, "1")
    with pytest.raises(UnsupportedError, match=r"'p' gives 768 numbers, and reads 196608 in 0 windows"):
        pooling()


def pooling() -> Any:
    """A window of 16 x 16 positions at every position."""
    return Pooling("p", ("x",), Tensor("p", (16, 16, 3), NUMBER), "max", "parallel", NUMBER, 31, 31, 16, 16)


def test_what_a_plan_keeps_is_within_the_estimate_and_not_far_below() -> None:
    graph = separable(24)
    needs = [need_of(op, *graph.inputs_of(op)) for op in graph.ops]
    tracemalloc.start()
    try:
        plan = make_plan(graph)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert plan.stages
    estimate = sum(need.kept for need in needs)
    assert estimate / 8 < kept < estimate
    check_memory(needs)


# -- windows that are alike -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cpp", "numba"])
def test_every_window_has_its_own_rows(engine: str) -> None:
    graph = separable(6, filters=3)
    rng = np.random.default_rng(1)
    inputs = {"x": FixedArray(rng.integers(-(1 << 15), 1 << 15, (5, 108)), NUMBER)}
    wanted = get_engine("reference").run(graph, inputs, 1)["pw"].raw
    assert len(np.unique(wanted)) > 100
    np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["pw"].raw, wanted)
