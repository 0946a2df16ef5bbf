"""ib.csim_kernel: one HLS function from Python; right bits, and errors that say what happened."""

from __future__ import annotations

import doctest
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.csim import kernel as kernels
from isobit.csim import worker as workers
from isobit.errors import CompilerError, CSimError, FormatError, ShapeError, TypeMismatchError, UnsupportedError

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("csim-kernels")]

HEADER = """
#pragma once
#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include <array>
typedef ap_fixed<16, 6> data_t;
typedef ap_fixed<20, 10, AP_RND_CONV, AP_SAT> sum_t;
const int scale = 1;
"""

SOURCE = """
#include "kernels.h"
#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace trigger {
// A matrix by pointer, a vector by reference, a packed result and a stream of packs.
template <int N>
void product(const data_t a[4][N], const data_t (&b)[N], std::array<sum_t, 4>& y,
             hls::stream<std::array<sum_t, 2>>& s) {
#ifdef CHECKED
    assert(b[0] != 0);
#endif
    for (int i = 0; i < 4; i++) {
        ap_fixed<40, 20> sum = 0;
        for (int j = 0; j < N; j++) sum += a[i][j] * b[j];
        y[i] = sum * scale;
    }
    for (int i = 0; i < 2; i++) s.write({y[2 * i], y[2 * i + 1]});
}
}  // namespace trigger

// Values in, a value out; wide and floating numbers; a variable that stays.
ap_int<100> mixed(unsigned char n, bool negate, double f, float* g, ap_int<90>& wide, hls::stream<data_t>& s) {
    static int calls = 0;
    std::printf("call %d\\n", ++calls);
    *g = float(f) + calls;
    data_t sum = 0;
    while (!s.empty()) sum += s.read();
    wide = negate ? ap_int<90>(-wide) : wide;
    return ap_int<100>(sum) * n;
}

static int memory = 0;
void remember(int& last, int now) {
    last = memory;
    memory = now;
}

// What can go wrong while it runs.
void trouble(int how, hls::stream<int>& s) {
    if (how == 1) std::abort();
    if (how == 2) *(volatile int*)nullptr = 1;
    if (how == 3) for (volatile int i = 0;; i = 1) {}
    if (how == 4) { std::fprintf(stderr, "no more events\\n"); std::exit(0); }
    if (how != 5) s.write(how);
    s.write(how);
    if (how == 6) s.write(how);
}
"""

PRODUCT = [
    ib.In("data_t", (4, 3), "a"),
    ib.In("ap_fixed<16,6>", 3, "b"),
    ib.Out("sum_t", 4, "y"),
    ib.Out("sum_t", (2, 2)),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "kernels.h").write_text(HEADER)
    (folder / "kernels.cpp").write_text(SOURCE)
    return folder / "kernels.cpp"


@pytest.fixture(scope="module")
def product(source: Path) -> ib.CSimKernel:
    return ib.csim_kernel(source, "trigger::product<3>", PRODUCT, headers="vendor")


@pytest.fixture(scope="module")
def trouble(source: Path) -> ib.CSimKernel:
    return ib.csim_kernel(source, "trouble", [ib.In("int", name="how"), ib.Out("int", 2)], timeout=5.0)


# -- the bits ---------------------------------------------------------------------------------------------------------


def test_arrays_packs_and_streams(product: ib.CSimKernel) -> None:
    rng = np.random.default_rng(5)
    a, b = (ib.FixedArray.from_float(rng.normal(0, 20, s), "ap_fixed<16,6>") for s in ((50, 4, 3), (50, 3)))
    y, s = product(a, b)
    exact = ib.FixedArray.from_raw(np.einsum("eij,ej->ei", a.raw, b.raw), "ap_fixed<40,20>")
    expected = exact.cast("ap_fixed<20,10,RND_CONV,SAT>")
    assert y.type == s.type == expected.type
    assert np.array_equal(y.raw, expected.raw)
    assert np.array_equal(s.raw, expected.raw.reshape(50, 2, 2))
    assert (np.abs(y.raw) >= 2**19 - 1).any()  # some saturate
    assert repr(product) == (
        "CSimKernel trigger::product<3>(a: ap_fixed<16,6>[4, 3], b: ap_fixed<16,6>[3]) -> "
        "(y: ap_fixed<20,10,AP_RND_CONV,AP_SAT>[4], arg3: ap_fixed<20,10,AP_RND_CONV,AP_SAT>[2, 2])"
    )


def test_isobits_headers_give_the_same_bits_and_keep_asserts(source: Path, product: ib.CSimKernel) -> None:
    k = ib.csim_kernel(source, "trigger::product<3>", PRODUCT, headers="isobit", defines=["CHECKED"])
    rng = np.random.default_rng(7)
    a, b = rng.normal(0, 20, (40, 4, 3)), rng.normal(0, 20, (40, 3))
    for mine, vendors in zip(k(a, b), product(a, b), strict=True):
        assert np.array_equal(mine.raw, vendors.raw)
    b[5] = 0.0
    with pytest.raises(CSimError, match=r"killed by SIGABRT in event 5: .*Assertion .b\[0\] != 0. failed"):
        k(a, b)
    assert np.array_equal(product(a, b)[0].raw[5], [0, 0, 0, 0])


def test_single_events_other_formats_and_none(product: ib.CSimKernel) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(0, 2, (3, 4, 3)), ib.FixedArray.from_float(rng.normal(0, 2, (3, 3)), "ap_fixed<30,8>")
    many, _ = product(a, b)
    one, stream = product(b=b[1], a=a[1])
    assert one.shape == (4,)
    assert stream.shape == (2, 2)
    assert np.array_equal(one.raw, many.raw[1])
    assert np.array_equal(
        product(ib.FixedArray.from_float(a, "ap_fixed<16,6>"), b.cast("ap_fixed<16,6>"))[0].raw, many.raw
    )
    assert product(a[:0], b[:0])[0].shape == (0, 4)


def test_scalars_results_wide_numbers_and_state(source: Path) -> None:
    args = [ib.In("unsigned char"), ib.In("bool"), ib.In("double"), ib.Out("float"), ib.InOut("ap_int<90>", name="w")]
    k = ib.csim_kernel(source, "mixed", [*args, ib.In("data_t", 3)], returns="ap_int<100>")
    assert k.state == ("mixed::calls",)
    wide = ib.FixedArray.from_raw([2**88 + 1, -(2**89), -5], "ap_int<90>")
    inputs = ([200, 3, 255], [1, 1, 0], [0.5, 1e-3, 2.0**40], wide, [[1, 2, 3.5], [-4.5, 0, 0], [31, 0, -31]])
    for _ in range(2):  # each call starts anew, whatever the kernel keeps
        result, g, w = k(*inputs)
        assert result.raw.tolist() == [6 * 200, -4 * 3, 0]
        assert w.raw.tolist() == [-(2**88) - 1, -(2**89), -5]
        assert g.tolist() == (np.float32([0.5, 1e-3, 2.0**40]) + np.float32([1, 2, 3])).astype(float).tolist()
        assert k.printed == "call 1\ncall 2\ncall 3\n"
    single = k(2, 0, 1.0, 7, [1, 1, 1])
    assert [value.shape for value in single] == [(), (), ()]
    assert [float(value.raw if isinstance(value, ib.FixedArray) else value) for value in single] == [6, 2.0, 7]


def test_a_global_variable_is_state(source: Path) -> None:
    k = ib.csim_kernel(source, "remember", [ib.Out("int", name="last"), ib.In("int", name="now")])
    assert k.state == ("memory",)
    for _ in range(2):
        assert k([3, 4, 5]).raw.tolist() == [0, 3, 4]


@pytest.mark.turn(3)
def test_headers_of_the_user_count(source: Path, product: ib.CSimKernel, tmp_path: Path) -> None:
    (tmp_path / "kernels.cpp").write_text(SOURCE)
    (tmp_path / "kernels.h").write_text(HEADER.replace("scale = 1", "scale = 2"))
    changed = ib.csim_kernel(tmp_path / "kernels.cpp", "trigger::product<3>", PRODUCT, headers="vendor")
    a, b = np.ones((4, 3)), np.ones(3)
    assert changed(a, b)[0].to_float().tolist() == [6.0] * 4
    assert product(a, b)[0].to_float().tolist() == [3.0] * 4
    again = ib.csim_kernel(source, "trigger::product<3>", PRODUCT, headers="vendor")
    assert again._program == product._program


def test_the_docstrings_example_runs() -> None:
    failed, tried = doctest.testmod(kernels)
    assert failed == 0
    assert tried >= 8


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how, told",
    [
        (1, "killed by SIGABRT in event 2 and said nothing"),
        (2, "killed by SIGSEGV in event 2 and said nothing"),
        (4, "exited with status 0 in event 2: no more events"),
        (5, r"in event 2: the output stream 'arg1' holds 1 of 2 elements"),
        (6, r"in event 2: the output stream 'arg1' holds more than 2 elements"),
    ],
)
def test_kernels_that_die(trouble: ib.CSimKernel, how: int, told: str) -> None:
    with pytest.raises(CSimError, match=told):
        trouble([0, 7, how, 0])
    assert trouble([8, 9]).raw.tolist() == [[8, 8], [9, 9]]  # and the next call works


def test_kernels_that_never_end(source: Path) -> None:
    args = [ib.In("int", name="how"), ib.Out("int", 2)]
    k = ib.csim_kernel(source, "trouble", args, timeout=0.5)
    with pytest.raises(CSimError, match=r"took longer than 0\.5 s and was ended in event 1"):
        k([0, 3])


def _errors(source: Path, args: Any, top: str = "trouble", **options: Any) -> Callable[[], Any]:
    return lambda: ib.csim_kernel(source, top, args, **options)


@pytest.mark.parametrize(
    "args, options, told",
    [
        (
            [ib.In("short", name="how"), ib.Out("int", 2)],
            {},
            r"argument 0, how, holds numbers of another type than the declared short\n"
            r"\(declared, the kernel's: short int, int\)",
        ),
        ([ib.In("int")], {}, "trouble takes another number of arguments than the 1 that are declared"),
        ([ib.In("int"), ib.Out("int", 2)], {"returns": "int"}, "trouble returns nothing"),
        ([ib.In("int", 2), ib.Out("int", 2)], {}, "takes one element by value, the declaration says an array"),
        ([ib.In("int"), ib.Out("int", 2)], {"flags": ["-include", "nix.h"]}, r"fatal error: nix\.h: No such file"),
    ],
)
def test_declarations_that_do_not_fit(source: Path, args: Any, options: Any, told: str) -> None:
    with pytest.raises(CompilerError, match=told):
        ib.csim_kernel(source, "trouble", args, **options)


def test_code_that_does_not_compile(write: Callable[[str, str], Path]) -> None:
    path = write("typo.cpp", "void f(int x) {\n    x = y;\n}\n")
    with pytest.raises(
        CompilerError, match=r"could not compile the kernel f of .*(?s:.*)typo\.cpp:2:9: error: 'y' was not"
    ):
        ib.csim_kernel(path, "f", [ib.In("int")])


@pytest.mark.parametrize(
    "call, error, told",
    [
        (lambda s: ib.csim_kernel(s, "f; int g", []), FormatError, "does not name a function"),
        (lambda s: ib.csim_kernel(s, "f", [ib.In("ap_fixed<16>")]), FormatError, "cannot read the type 'ap_fixed<16>'"),
        (lambda s: ib.csim_kernel(s, "f", [ib.In("int x;")]), FormatError, "cannot read the type 'int x;'"),
        (lambda s: ib.csim_kernel(s, "f", ["int"]), TypeMismatchError, r"args\[0\] must be ib\.In"),
        (lambda s: ib.csim_kernel(s, "f", [ib.In("int", 0)]), ShapeError, r"args\[0\]: the shape 0"),
        (lambda s: ib.csim_kernel(s, "f", [ib.In("int", name="a-b")]), FormatError, "'a-b' is not an identifier"),
        (lambda s: ib.csim_kernel(s, "f", [], headers="amd"), UnsupportedError, "supported: vendor, isobit"),
        (lambda s: ib.csim_kernel(s.with_name("x.cpp"), "f", []), UnsupportedError, "does not exist"),
    ],
)
def test_declarations_that_are_refused(source: Path, call: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        call(source)


def test_data_that_is_refused(product: ib.CSimKernel, trouble: ib.CSimKernel) -> None:
    a, b = np.ones((2, 4, 3)), np.ones((2, 3))
    for values, error, told in (
        ((a,), TypeMismatchError, r"takes 2 inputs \(a, b\), got 1"),
        ((a, b, b), TypeMismatchError, "got 3"),
        ((a, np.ones((2, 4))), ShapeError, r"'b' has shape \(2, 4\); expected \(3,\)"),
        ((a, b[0]), ShapeError, "all be single events"),
        ((a, b[:1]), ShapeError, "the same number of events"),
        ((a, b * np.nan), ib.IsobitError, "NaN"),
    ):
        with pytest.raises(error, match=told):
            product(*values)
    with pytest.raises(TypeMismatchError, match="got 0 and"):
        trouble(what=1)


# -- workers ----------------------------------------------------------------------------------------------------------


def test_workers_are_kept_and_replaced(trouble: ib.CSimKernel) -> None:
    trouble([1 + 6])
    idle = [w for w in workers._idle if w.key[0] == str(trouble._program)]
    assert len(idle) == 1
    trouble([7])
    assert [w for w in workers._idle if w.key[0] == str(trouble._program)] == idle
    os.kill(idle[0]._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    idle[0]._process.wait()  # type: ignore[union-attr]
    assert trouble([9]).raw.tolist() == [[9, 9]]


def test_threads_and_forks_have_workers_of_their_own(trouble: ib.CSimKernel) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: trouble(np.full(500, n)).raw[:, 0].tolist(), range(7, 19)))
    assert found == [[n] * 500 for n in range(7, 19)]
    assert len(workers._idle) <= workers._KEPT
    child = os.fork()
    if child == 0:
        os._exit(0 if trouble([11]).raw.tolist() == [[11, 11]] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert trouble([12]).raw.tolist() == [[12, 12]]
