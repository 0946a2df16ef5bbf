"""What counts as state: whatever of the user's outlives an event, by any name; nothing that isobit or headers bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.csim.state import UNREADABLE, _plain, filled_once, static_state

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("csim-kernels")]

#: Names that look like those of isobit, of the headers, of hls4ml or of the C++ library.
CODE = """
#include "ap_fixed.h"
#include "hls_stream.h"
typedef ap_fixed<16, 6> d;
static d _acc;
static int completed;
static int weights_t[2] __attribute__((section("mine"))) = {1, 1};
d ap_filter(d x) { static d acc; return acc += x; }
template <int N> ap_fixed<16, 6> mean(d x) { static d last; d y = last; last = x; return y + N; }
namespace nnet {
d sigmoid_table[2];
d my_layer(d x) { static bool initialized = false; static d table = 0; if (!initialized) table = x; initialized = true;
                  return table; }
template <class T> T sigmoid(T x) { static T sigmoid_table = 0; return sigmoid_table += x; }
}
namespace hls_user { int memory; }
namespace { int hidden; }
extern "C" int count() { static int loaded_weights = 0; return loaded_weights++; }
"""
CALLS = {
    "_acc": "_acc += x; y = _acc;",
    "completed": "y = completed++;",
    "weights_t": "y = weights_t[0]++;",
    "ap_filter::acc": "y = ap_filter(x);",
    "mean::last": "y = mean<2>(x);",
    "nnet::sigmoid_table": "nnet::sigmoid_table[0] += x; y = nnet::sigmoid_table[0];",
    "nnet::my_layer::table": "y = nnet::my_layer(x);",
    "nnet::sigmoid::sigmoid_table": "y = nnet::sigmoid(x);",
    "hls_user::memory": "y = hls_user::memory++;",
    "{anonymous}::hidden": "y = hidden++;",
    "count::loaded_weights": "y = count();",
    "step::loaded_weights": "static d loaded_weights = 0; y = loaded_weights += x;",
}


@pytest.mark.turn(2)
@pytest.mark.parametrize("headers", ["vendor", "isobit"])
def test_names_that_look_like_the_houses(write: Callable[[str, str], Path], headers: str) -> None:
    cases = "".join(f"case {k}: {{ {code} }} break;\n" for k, code in enumerate(CALLS.values()))
    path = write("k.cpp", CODE + f"void step(int k, d x, d &y) {{ switch (k) {{\n{cases}}} }}\n")
    kernel = ib.csim_kernel(path, "step", [ib.In("int"), ib.In("d"), ib.Out("d")], headers=headers)
    assert set(CALLS) <= set(kernel.state)
    k = np.tile(np.arange(len(CALLS)), 3)
    first = kernel(k, k + 1.0).raw.reshape(3, -1)
    assert sum(len(set(column)) > 1 for column in first.T) >= len(CALLS) - 2
    assert np.array_equal(kernel(k, k + 1.0).raw.reshape(3, -1), first)  # each call starts anew


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("headers", ["vendor", "isobit"])
def test_what_headers_bring_is_no_state(write: Callable[[str, str], Path], headers: str) -> None:
    code = """
#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include <iostream>
#include <vector>
typedef ap_fixed<33, 6, AP_RND_CONV, AP_SAT> d;
void f(d x, ap_int<200> n, hls::stream<d> &y) {
    hls::stream<std::vector<d> > own, named("own");
    own.write(std::vector<d>(3, x));
    d z = own.read()[2];
    std::cout << z << n.to_string(10) << std::endl;
    if (named.empty()) y.write(z * x);
}
"""
    more = write("more.cpp", "#include <iostream>\n#include <ap_fixed.h>\nvoid g() { std::cout << ap_fixed<9, 3>(1); }")
    args = [ib.In("d"), ib.In("ap_int<200>"), ib.Out("d", 1)]
    kernel = ib.csim_kernel(write("k.cpp", code), "f", args, headers=headers, sources=[more], optimisation="1")
    assert kernel.state == ()


def test_without_symbols_nothing_is_assumed(write: Callable[[str, str], Path]) -> None:
    path = write("k.cpp", "int memory; void f(int &y) { y = memory++; }")
    kernel = ib.csim_kernel(path, "f", [ib.Out("int")], flags=["-s"])
    assert kernel.state == (UNREADABLE,)
    assert [kernel().raw.item() for _ in range(2)] == [0, 0]
    assert static_state(None, [("a", "a")]) == static_state([("a", "a")], None) == (UNREADABLE,)


@pytest.mark.parametrize(
    "name, plain",
    [
        ("nn::top(ap_fixed<16, 6>*)::calls", "nn::top::calls"),
        ("ap_fixed<16, 6, (ap_q_mode)5> f<3>(int)::acc", "f::acc"),
        ("void nnet::lstm<ap_fixed<16, 6, (ap_q_mode)5>, nn::c>(bool, d*)::h_state", "nnet::lstm::h_state"),
        ("Filter<3>::next(int) const::memory", "Filter::next::memory"),
        ("(anonymous namespace)::memory", "{anonymous}::memory"),
        ("nnet::trace_outputs[abi:cxx11]", "nnet::trace_outputs"),
        ("T::operator<(int)::x", "T::operator<(int)::x"),
    ],
)
def test_names_without_types(name: str, plain: str) -> None:
    assert _plain(name) == plain


def test_what_hls4ml_fills_once_are_full_names() -> None:
    filled = filled_once("nn", "top", ["w2", "config2::pixels"])
    assert {"nn::w2", "nn::config2::pixels", "nn::top::loaded_weights", "nnet::sigmoid::initialized"} <= filled
    for other in ("w2", "other::w2", "nn::step::loaded_weights", "nnet::mine::initialized", "nnet::sigmoid::memory"):
        assert other not in filled
