"""One rule of reuse factors: isobit's in Python and in C++ against hls4ml's, and what hls4ml's kernels do beyond it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dense_draws import draw_layer

import isobit._core as core
from isobit.errors import UnsupportedError
from isobit.headers import vendor_include_folder
from isobit.model import Dense
from isobit.model.reuse import is_legal_reuse_factor, legal_reuse_factors

#: Every shape and factor that the rule is compared on.
MOST, FACTORS = 24, 576


@pytest.fixture(scope="module")
def backend() -> Any:
    import hls4ml

    return hls4ml.backends.get_backend("Vitis")


@pytest.mark.hls4ml
def test_python_rule_is_hls4mls(backend: Any) -> None:
    for n_in in range(1, MOST + 1):
        for n_out in range(1, MOST + 1):
            valid = backend.get_valid_reuse_factors(n_in, n_out)
            assert legal_reuse_factors(n_in, n_out) == valid, (n_in, n_out)
            assert [f for f in range(FACTORS + 1) if is_legal_reuse_factor(n_in, n_out, f)] == valid, (n_in, n_out)


def test_rule_of_the_kernels_is_pythons() -> None:
    sizes, factors = np.arange(1, MOST + 1, dtype=np.int32), np.arange(FACTORS + 1, dtype=np.int32)
    found = core.legal_reuse_factors(sizes[:, None, None], sizes[None, :, None], factors[None, None, :])
    for n_in in sizes.tolist():
        for n_out in sizes.tolist():
            legal = np.isin(factors, legal_reuse_factors(n_in, n_out))
            assert np.array_equal(found[n_in - 1, n_out - 1], legal), (n_in, n_out)
    assert not core.legal_reuse_factors(0, 4, 1)
    assert not core.legal_reuse_factors(4, 4, -1)


@pytest.mark.hls4ml
def test_unrolled_factors_are_those_that_hls4ml_leaves_and_writes_code_for(backend: Any) -> None:
    class Layer:
        name = "fc"

        def __init__(self, factor: int) -> None:
            self.factor = factor

        def get_attr(self, name: str) -> int:
            return self.factor

        def set_attr(self, name: str, value: int) -> None:
            self.factor = value

    for n_in in range(1, 9):
        for n_out in range(1, 9):
            if n_in * n_out == 1:  # no factor is left, which hls4ml does not survive
                continue
            left = set()
            for factor in range(2, n_in * n_out + 2):  # 1 becomes the strategy 'resource'
                layer = Layer(factor)
                backend.set_closest_reuse_factor(layer, n_in, n_out, include_max_rf=False)
                left.add(layer.factor)
            assert sorted(left - {1}) == legal_reuse_factors(n_in, n_out, "resource_unrolled"), (n_in, n_out)


@pytest.mark.parametrize(
    "kernel", ["resource_rf_leq_nin", "resource_rf_gt_nin_rem0", "resource_unrolled", "compressed"]
)
def test_kernels_at_run_time_formats_refuse_what_is_illegal(kernel: str) -> None:
    kind = core.Format(8, 4)
    zeros = np.zeros(12, dtype=np.int64)
    pattern: dict[str, Any] = {"kept": zeros == 0} if kernel == "resource_unrolled" else {}
    if kernel == "compressed":
        pattern = {"rows": np.tile(np.arange(4), 3), "columns": np.repeat(np.arange(3), 4)}
    taken = []
    for factor in range(1, 30):
        try:
            core.dense(
                zeros[:4][None],
                zeros,
                zeros[:3],
                data=kind,
                weight=kind,
                bias=kind,
                accum=kind,
                result=kind,
                n_in=4,
                n_out=3,
                kernel=kernel,
                reuse_factor=factor,
                **pattern,
            )
        except ValueError as error:
            assert str(factor) in str(error)
        else:
            taken.append(factor)
    allowed = {"resource_rf_leq_nin": [1, 2, 4], "resource_rf_gt_nin_rem0": [12], "resource_unrolled": [2, 4]}
    assert taken == allowed.get(kernel, [1, 2, 4, 12])


def test_refusal_lists_the_legal_ones() -> None:
    graph, _ = draw_layer(3, "resource", 6, 4)
    (op,) = graph.ops
    assert isinstance(op, Dense)
    for strategy, listed in (
        ("resource", "1, 2, 3, 6, 12, 24"),
        ("resource_unrolled", "2, 3, 6, 12"),
        ("compressed", "1, 2, 3, 6, 12, 24"),
    ):
        with pytest.raises(UnsupportedError, match=rf"reuse factor 5 of layer 'fc' \(6 x 4\).*legal: {listed}$"):
            replace(op, strategy=strategy, reuse_factor=5)
    with pytest.raises(UnsupportedError, match=r"reuse factor 0 .*legal: 1 to 2147483623"):
        replace(op, strategy="latency", reuse_factor=0)
    with pytest.raises(UnsupportedError, match=r"'distributed_arithmetic'.*supported: latency"):
        replace(op, strategy="distributed_arithmetic", reuse_factor=1)
    graph, _ = draw_layer(3, "resource", 60, 24)
    with pytest.raises(UnsupportedError, match=r"legal: 1, 2, 3, .*30, 60 \(the closest of 19\)"):
        replace(graph.ops[0], strategy="resource", reuse_factor=50)


# -- what hls4ml's kernels do with the others --------------------------------------------------------------------------


def accepted(n_in: int, n_out: int, reuse: int) -> bool:
    """Whether the asserts of dense_resource_rf_leq_nin let a reuse factor of at most n_in pass."""
    return -(-n_in * n_out // reuse) % n_out == 0 or reuse >= n_in


def last_read(n_in: int, n_out: int, reuse: int) -> int:
    """The last weight that dense_resource_rf_leq_nin reads: block_factor of them for each turn, ``reuse`` apart."""
    return reuse - 1 + (-(-n_in * n_out // reuse) - 1) * reuse


def beyond(n_in: int, n_out: int) -> list[int]:
    """Reuse factors that pass the asserts and read past the weights."""
    return [
        reuse
        for reuse in range(1, n_in + 1)
        if accepted(n_in, n_out, reuse) and last_read(n_in, n_out, reuse) >= n_in * n_out
    ]


def test_docs_say_which_reuse_factors_read_past_the_weights() -> None:
    text = (Path(__file__).parents[2] / "docs" / "semantics.md").read_text()
    section = text[text.index("## Reuse factors") :].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) x (\d+) \| ([\d, ]+) \| ([\d, ]+) \|$", section, flags=re.MULTILINE)
    assert len(rows) >= 5
    for n_in, n_out, legal, reading in rows:
        shape = int(n_in), int(n_out)
        assert [int(f) for f in legal.split(",")] == legal_reuse_factors(*shape), shape
        assert [int(f) for f in reading.split(",")] == beyond(*shape), shape
    shapes = [(i, o) for i in range(1, MOST + 1) for o in range(1, MOST + 1)]
    found = re.search(r"in (\d+) of the (\d+) shapes [^.]*for (\d+) pairs of shape and factor", section)
    assert found is not None
    counted = [len(beyond(*shape)) for shape in shapes]
    assert [int(n) for n in found.groups()] == [np.count_nonzero(counted), len(shapes), sum(counted)]
    for shape in shapes:  # none of them is legal, and no other factor up to n_in is accepted
        assert not set(beyond(*shape)) & set(legal_reuse_factors(*shape))
        passed = [f for f in range(1, shape[0] + 1) if accepted(*shape, f)]
        assert sorted({*beyond(*shape), *passed}) == passed
        assert [f for f in passed if f not in beyond(*shape)] == [
            f for f in legal_reuse_factors(*shape) if f <= shape[0]
        ]


_SANITISED = """
#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_dense.h"
#include <cstdlib>
template <int I, int O, int R> struct config : nnet::dense_config {
    static const unsigned n_in = I, n_out = O, reuse_factor = R;
    typedef ap_fixed<8, 4> weight_t, bias_t, accum_t;
    template <class X, class Y> using product = nnet::product::mult<X, Y>;
};
typedef ap_fixed<8, 4> number;
template <int I, int O, int R> int run() {
    number *x = new number[I](), *w = new number[I * O](), *b = new number[O](), y[O];
    nnet::dense_resource<number, number, config<I, O, R>>(x, y, w, b);
    return 0;
}
int main(int, char **argv) {
    switch (std::atoi(argv[1])) {
CASES
    }
    return 3;
}
"""


@pytest.mark.hls4ml
def test_sanitised_kernels_of_hls4ml_read_past_the_weights_where_the_docs_say(tmp_path: Path) -> None:
    """AddressSanitizer on hls4ml's own kernel: legal factors, rejected ones, accepted ones that read beyond."""
    cases = [(5, 1, 3), (5, 2, 3), (7, 1, 4), (6, 2, 5), (6, 4, 3), (6, 4, 12), (5, 3, 2), (4, 3, 8), (4, 3, 6)]
    switch = "\n".join(f"    case {n}: return run<{i}, {o}, {r}>();" for n, (i, o, r) in enumerate(cases))
    (tmp_path / "kernel.cpp").write_text(_SANITISED.replace("CASES", switch))
    types = vendor_include_folder()
    folders = [f"-I{types}", f"-I{types.parent / 'nnet_utils'}"]
    command = ["g++", "-std=c++17", "-O0", "-w", "-fsanitize=address", *folders, "kernel.cpp", "-o", "kernel"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for number, (n_in, n_out, reuse) in enumerate(cases):
        done = subprocess.run(
            [tmp_path / "kernel", str(number)],
            capture_output=True,
            text=True,
            check=False,
            env={"ASAN_OPTIONS": "detect_leaks=0"},
        )
        if reuse in beyond(n_in, n_out):
            assert "heap-buffer-overflow" in done.stderr, (n_in, n_out, reuse)
        elif reuse <= n_in and not accepted(n_in, n_out, reuse):
            assert "The current Reuse Factor is not allowed" in done.stderr, (n_in, n_out, reuse)
        else:  # above n_in the kernels look before they read
            assert done.returncode == 0, (n_in, n_out, reuse, done.stderr)
