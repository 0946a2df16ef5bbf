"""The directives of kernels and generated cores: legal, in place, and the schedule that docs/hls.md states."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hls_directives import complaints, directives, plain
from hls_networks import binary, dense, raw, saturating, tensor, wide
from hls_packets import packets
from hls_primitives import merged, primitives
from hls_tables_sets import sets, tables

import isobit as ib
from isobit.compiler import compiler
from isobit.hls.core import Core, make_core
from isobit.model import Activation, BatchNorm, Dense, Graph, Op, Reshape, Tensor, Weight
from isobit.model.accumulation import kept_weights

KERNELS = sorted((Path(ib.get_include()) / "isobit/kernels").glob("*.hpp"))
#: Kernels that loop over several clocks, by the directive of their loop, or call one that does.
LOOPING = re.compile(r"kernels::(dense_resource_rf_\w+|dense_compressed|pointwise_conv_\w+|depthwise_conv)<")


def branches() -> Graph:
    """Every way in which several read an array: an input, a layer, reshapes of both, outputs of both."""
    rng = np.random.default_rng(3)
    x, y = tensor("x", 4, "ap_fixed<10,4>"), tensor("y", 3, "ap_fixed<6,3>")
    same = Reshape("same", ("x",), Tensor("same_out", (2, 2), x.type))
    other = Reshape("other", ("y",), Tensor("other_out", (3, 1), y.type))
    fc1 = dense("fc1", x, 4, rng, strategy="resource", reuse=4, weight="ap_fixed<6,2>")
    fc2 = dense("fc2", fc1.output, 2, rng, reuse=2, weight="ap_fixed<6,2>")
    relu = Activation("relu", ("same_out",), Tensor("relu_out", (2, 2), fc1.output.type), "relu")
    flat = Reshape("flat", ("fc1_out",), Tensor("flat_out", (2, 2), fc1.output.type))
    shut = Activation("shut", ("flat_out",), Tensor("shut", (2, 2), fc1.output.type), "linear")
    ops: tuple[Op, ...] = (same, other, fc1, fc2, relu, flat, shut)
    return Graph(
        "branches", (x, y), ops, ("fc2_out", "relu_out", "shut", "flat_out", "fc1_out", "same_out", "other_out")
    )


NETWORKS = {
    make.__name__: make for make in (saturating, binary, wide, sets, tables, packets, primitives, branches, merged)
}
#: One with a strategy that only streams have at every position.
PARALLEL = [name for name in NETWORKS if name != "packets"]


@lru_cache
def core_of(name: str, io_type: str = "io_parallel") -> Core:
    return make_core(NETWORKS[name](), io_type=io_type)


def source(core: Core) -> str:
    return core.files[f"firmware/{core.top}.cpp"]


def functions(core: Core) -> dict[str, tuple[str, str]]:
    """Parameters and body of every function, the top one last."""
    found = re.findall(r"^(?:static )?void (\w+)\(([^\n]*)\) \{\n(.*?)^\}", plain(source(core)), re.M | re.S)
    return {name: (parameters, body) for name, parameters, body in found}


# -- legal ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_directives_of_kernels_are_legal(path: Path) -> None:
    assert complaints(path.read_text()) == []
    assert len(list(directives(path.read_text()))) == plain(path.read_text()).count("ISOBIT_PRAGMA(HLS")


@pytest.mark.parametrize(
    ("name", "io_type"),
    [*((name, "io_parallel") for name in PARALLEL), *((name, "io_stream") for name in NETWORKS)],
)
def test_directives_of_cores_are_legal(name: str, io_type: str) -> None:
    core = core_of(name, io_type)
    constants = frozenset(re.findall(r"constexpr [\w:, <>]+ (\w+)\[", core.files["firmware/weights.hpp"]))
    assert complaints(source(core), constants, core.top) == []
    assert len(list(directives(source(core)))) >= 8


CONTEXT = """
static void layer(const x_t data[4], y_t results[4]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=2)
    ISOBIT_PRAGMA(HLS ARRAY_RESHAPE variable=weight block factor=2)
    constexpr int interval = 4;
    y_t sums[4];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=sums complete)
    ISOBIT_LOOP(Turn)
    for (int i = 0; i < 4; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = y_t(data[i]);
    }
}
void net(const x_t x[4], y_t y[4]) {
    ISOBIT_PRAGMA(HLS INTERFACE mode=ap_vld port=x)
    ISOBIT_PRAGMA(HLS DATAFLOW)
    hls::stream<packet> s("s");
    ISOBIT_PRAGMA(HLS STREAM variable=s depth=4)
    layer(x, y);
    ISOBIT_LOOP(Turn)
    for (int i = 0; i < 4; ++i) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1 rewind)
        y[i] = 0;
    }
}
"""


def test_the_grammar_takes_what_is_right() -> None:
    assert complaints(CONTEXT, frozenset({"weight"}), "net") == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("PIPELINE II=4", "PIPELLINE II=4"),
        ("HLS PIPELINE", "HSL PIPELINE"),
        ("II=4", "I=4"),
        ("II=4", "II=0"),
        ("II=4", "II=-4"),
        ("II=4", "II=banana"),
        ("PIPELINE II=4", "PIPELINE II=4 rewind"),
        ("PIPELINE II=4", "PIPELINE II=4 style=fast"),
        ("PIPELINE II=4", "PIPELINE II=4 II=2"),
        ("PIPELINE II=4", "PIPELINE"),
        ("PIPELINE II=4", "INLINE"),
        ("PIPELINE II=4", "UNROLL"),
        ("PIPELINE II=4", "DATAFLOW"),
        ("PIPELINE II=4", "INTERFACE mode=ap_vld port=data"),
        ("operation instances=mul", "instances=mul operation"),
        ("operation instances=mul", "instances=mul"),
        ("instances=mul", "instances=mult"),
        ("limit=2", "limit=0"),
        ("limit=2", "limit=limit"),
        ("limit=2", "limits=2"),
        ("variable=weight", "variable=weights"),
        ("block factor=2", "block factor=0"),
        ("block factor=2", "block factor=1"),
        ("block factor=2", "block"),
        ("block factor=2", "blocks factor=2"),
        ("block factor=2", "complete factor=2"),
        ("variable=sums", "variable=sum"),
        ("variable=sums complete", "variable=sums"),
        ("HLS UNROLL", "HLS UNROLL factor=0"),
        ("HLS UNROLL", "HLS DATAFLOW"),
        ("HLS UNROLL", "HLS ALLOCATION operation instances=mul limit=2"),
        ("ISOBIT_PRAGMA(HLS UNROLL)\n        results[i] = y_t(data[i]);", "results[i] = 0; ISOBIT_PRAGMA(HLS UNROLL)"),
        ("mode=ap_vld", "mode=ap_valid"),
        ("port=x", "port=z"),
        ("HLS DATAFLOW", "HLS DATA_FLOW"),
        ("HLS DATAFLOW", "HLS DATAFLOW)\n    ISOBIT_PRAGMA(HLS PIPELINE II=4"),
        ("STREAM variable=s", "STREAM variable=x"),
        ("depth=4", "depth=0"),
        ("1 rewind", "1 reweind"),
    ],
)
def test_the_grammar_bites(right: str, wrong: str) -> None:
    assert CONTEXT.count(right) >= 1
    assert complaints(CONTEXT.replace(right, wrong, 1), frozenset({"weight"}), "net")


# -- the schedule -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARALLEL)
def test_every_layer_is_one_pipeline(name: str) -> None:
    """A function is a pipeline with the top function's interval, or the kernel that it calls loops over its clocks."""
    core = core_of(name)
    *layers, top = functions(core)
    assert top == core.top
    assert len(layers) >= len([layer for layer in core.layers if layer.types])
    for layer in layers:
        body = functions(core)[layer][1]
        intervals = re.findall(r"HLS PIPELINE II=(\d+)\)", body)
        assert intervals == ([] if LOOPING.search(body) else [str(core.interval)]), layer
        assert "HLS INLINE" not in body  # which would take the function's other directives away
    style = "DATAFLOW" if core.style == "dataflow" else f"PIPELINE II={core.interval}"
    assert f"ISOBIT_PRAGMA(HLS {style})" in functions(core)[top][1]


def test_which_kernels_loop() -> None:
    """Those that the test above takes for loops pipeline one, themselves or through a kernel that they call."""
    held: dict[str, list[str]] = {}
    for path in KERNELS:
        for directive in directives(path.read_text()):
            function = next(block for block in reversed(directive.around) if block.kind == "function")
            if directive.name == "PIPELINE":
                assert directive.block.kind == "loop", directive
                held.setdefault(re.findall(r"(\w+)\(", function.head)[0], []).append(directive.text)
    pipelined = {name for name in held if not name.endswith(("_stream", "_packets"))}
    assert pipelined == {
        "dense_compressed",
        "dense_resource_rf_leq_nin",
        "dense_resource_rf_gt_nin_rem0",
        "pointwise_conv_latency",
        "depthwise_conv",
    }
    assert all(LOOPING.search(f"kernels::{name}<") for name in pipelined)


@pytest.mark.parametrize("name", ["saturating", "sets", "branches", "merged"])
def test_a_dataflow_region_is_canonical(name: str) -> None:
    """Declarations and calls of static functions; each array is written by one and then read by one."""
    core = core_of(name)
    assert core.style == "dataflow"
    found = functions(core)
    body = found[core.top][1].replace(f"{core.namespace}::", "")
    statements = [line.strip() for line in body.splitlines() if line.strip()]
    writers: dict[str, list[str]] = {}
    readers: dict[str, list[str]] = {}
    local: list[str] = []
    for statement in statements:
        if statement.startswith("ISOBIT_PRAGMA(HLS "):
            continue
        if declared := re.fullmatch(r"\w+ (\w+)\[\d+\];", statement):
            local.append(declared[1])
            continue
        call = re.fullmatch(r"(\w+)\(([\w, ]+)\);", statement)
        assert call is not None, statement
        assert f"static void {call[1]}(" in source(core)
        arguments = call[2].split(", ")
        parameters = found[call[1]][0].split(", ")
        for argument, parameter in zip(arguments, parameters, strict=True):
            (readers if parameter.startswith("const ") else writers).setdefault(argument, []).append(call[1])
            assert not parameter.startswith("const ") or argument in writers or argument not in local  # written first
    inputs, outputs = [port.name for port in core.inputs], [port.name for port in core.outputs]
    assert {name: len(calls) for name, calls in writers.items()} == dict.fromkeys([*local, *outputs], 1)
    assert {name: len(calls) for name, calls in readers.items()} == dict.fromkeys([*local, *inputs], 1)


def test_branches_give_the_same_bits(tmp_path: Path) -> None:
    project = ib.export_hls(ib.Model(branches()), tmp_path / "b", oracle="reference", random_events=40)
    assert project.manifest["schedule"]["style"] == "dataflow"
    assert project.run_test_bench("isobit").ok


# -- multipliers ------------------------------------------------------------------------------------------------------


def limits(graph: Graph, io_type: str = "io_parallel") -> dict[str, int]:
    core = make_core(graph, io_type=io_type)
    found = {
        name: re.findall(r"HLS ALLOCATION operation instances=mul limit=(\d+)\)", text[1])
        for name, text in functions(core).items()
    }
    assert all(len(limit) <= 1 for limit in found.values())
    return {name: int(limit[0]) for name, limit in found.items() if limit}


def student(reuse: int) -> Graph:
    """Four hidden layers of eight with a BatchNorm each, as MODELS's muon student: 5-8-8-8-8-3."""
    rng = np.random.default_rng(1)
    x = tensor("x", 5, "ap_fixed<18,6>")
    ops: list[Op] = []
    source = x
    for k, size in enumerate((8, 8, 8, 8, 3)):
        layer = dense(f"fc{k}", source, size, rng, reuse=reuse)
        ops.append(layer)
        source = layer.output
        if size == 8:
            scale, bias = raw("scale", rng, (8,), "ap_fixed<6,2>"), raw("bias", rng, (8,), "ap_fixed<8,4>")
            ops.append(BatchNorm(f"bn{k}", (source.name,), tensor(f"bn{k}_out", 8, "ap_fixed<12,6>"), scale, bias))
            source = ops[-1].output
    return Graph("student", (x,), tuple(ops), (source.name,))


def test_a_reuse_factor_limits_multipliers() -> None:
    """At reuse factor 4 the muon student has the 72 multipliers of the published design; at 1 nothing is shared."""
    found = limits(student(4))
    assert found == {"fc0": 10, "fc1": 16, "fc2": 16, "fc3": 16, "fc4": 6, "bn0": 2, "bn1": 2, "bn2": 2, "bn3": 2}
    assert sum(found.values()) == 72
    assert limits(student(1)) == {}
    # A packet passes a batch normalisation in a clock.
    assert limits(student(4), "io_stream") == {name: limit for name, limit in found.items() if name.startswith("fc")}


def _with_weights(layer: Dense, values: np.ndarray) -> Graph:
    written = values * float(layer.weight.type.lsb)
    changed = replace(layer, weight=Weight("weight", values.astype(np.int64), layer.weight.type, written, written))
    return Graph("one", (tensor("x", values.shape[0], "ap_fixed<10,4>"),), (changed,), (changed.output.name,))


def _layer(n_in: int, n_out: int, strategy: str, reuse: int) -> Dense:
    rng = np.random.default_rng(2)
    return dense("fc", tensor("x", n_in, "ap_fixed<10,4>"), n_out, rng, strategy=strategy, reuse=reuse)


def test_zero_weights_need_no_multiplier() -> None:
    """hls4ml's multiplier_limit is ceil(n_in n_out / RF) - floor(zeros / RF), one too many where both are rounded."""
    rng = np.random.default_rng(4)
    for reuse in (2, 3, 7):
        values = rng.integers(1, 60, (6, 5)) * (rng.random((6, 5)) < 0.4)
        zeros = int(np.count_nonzero(values == 0))
        limit = limits(_with_weights(_layer(6, 5, "latency", reuse), values))["fc"]
        assert limit == -(-(30 - zeros) // reuse)
        assert -(-30 // reuse) - zeros // reuse - limit in (0, 1)
    for strategy in ("latency", "resource_unrolled"):
        assert limits(_with_weights(_layer(6, 5, strategy, 2), np.zeros((6, 5)))) == {}


def test_products_of_two_numbers_share_multipliers() -> None:
    """With a dense layer of reuse factor 5, and as many as there are products in an expression."""
    found = limits(merged())
    assert {name: found[name] for name in ("product3", "nested6", "twice", "own", "line9")} == {
        "product3": 2,
        "nested6": 2,
        "twice": 5,
        "own": 5,
        "line9": 2,
    }
    assert not [name for name in found if name.startswith(("plus", "minus", "mean", "maximum", "above"))]


def test_layers_that_multiply_nothing_have_no_limit() -> None:
    """Weights of one bit, two bits and powers of two; activations."""
    graph = binary()
    slow = tuple(replace(op, reuse_factor=4) if isinstance(op, Dense) else op for op in graph.ops)
    assert limits(replace(graph, ops=slow)) == {}


def test_unrolled_limits_are_those_that_the_kernel_counts(tmp_path: Path) -> None:
    """``used_multipliers`` of the kernel's header is the mirror of what Python writes."""
    rng = np.random.default_rng(6)
    lines = ["#include <isobit/kernels/dense.hpp>", "using namespace isobit::kernels;"]
    for k in range(12):
        n_in, n_out, reuse = [(4, 6, 2), (4, 6, 12), (6, 4, 3), (5, 2, 5)][k % 4]
        values = rng.integers(1, 60, (n_in, n_out)) * (rng.random((n_in, n_out)) < (0.1, 0.3, 0.9)[k % 3])
        graph = _with_weights(_layer(n_in, n_out, "resource_unrolled", reuse), values)
        kept = kept_weights(graph.ops[0]).T.ravel()  # type: ignore[arg-type]
        blocks = sum(bool(kept[m : m + reuse].any()) for m in range(0, len(kept), reuse))
        # No limit where no two share one, or there is none.
        limit = limits(graph).get("fc", blocks)
        flags = ", ".join(map(str, kept.astype(int)))
        lines += [
            f"constexpr bool kept{k}[] = {{{flags}}};",
            f"struct pattern{k} {{ static constexpr bool at(int w) {{ return kept{k}[w]; }} }};",
            f"using shape{k} = static_dense_shape<{n_in}, {n_out}, {reuse}>;",
            f'static_assert(used_multipliers(shape{k}(), pattern{k}()) == {limit}, "");',
        ]
    (tmp_path / "count.cpp").write_text("\n".join(lines))
    run = [*compiler(), "-std=c++14", "-fsyntax-only", f"-I{ib.get_include()}", str(tmp_path / "count.cpp")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.turn(3)
def test_a_large_unrolled_layer_compiles(tmp_path: Path) -> None:
    """Nothing counts 512 x 512 weights at compile time, which clang, the front end of Vitis, gives up."""
    clang = next((found for v in ("clang++-14", "clang++") if (found := shutil.which(v))), None)
    if clang is None:
        pytest.skip("clang is not installed")
    core = make_core(_with_weights(_layer(512, 512, "resource_unrolled", 64), np.ones((512, 512))))
    for path, text in core.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    include = tmp_path / "firmware/include"
    run = [clang, "-std=c++14", "-fsyntax-only", f"-I{include / 'numbers/isobit'}", f"-I{include}"]
    done = subprocess.run([*run, str(tmp_path / "firmware/one.cpp")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
