"""Kernels whose arguments are structs, hls::vector, hls::axis, and what they are made of: numbers in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.csim.kernel.arguments import Argument, cpp_type
from isobit.csim.kernel.members import names_header
from isobit.errors import CompilerError, CSimError, ShapeError, TypeMismatchError
from isobit.fixed.modes import Overflow, Rounding

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("csim-kernels")]

TYPES = """
#pragma once
#include "ap_axi_sdata.h"
#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include "hls_vector.h"
#include <array>
#include <utility>
namespace l1t {
struct point { ap_int<7> eta; ap_int<8> phi; };
template <int N> struct jet {
    ap_uint<12> pt; point at[N]; bool ok; hls::vector<ap_ufixed<9, 3>, 2> id;
    static const int size_of_it = N; enum { NONE, SOME };
    ap_uint<12> twice() const { return 2 * pt; }
};
}
typedef l1t::jet<2> jet2;
struct tower : l1t::point { float w; ap_int<100> wide; ap_fixed<16, 6> m[2][3]; };
typedef hls::axis<jet2, 3, 0, 5> jet_packet;
typedef hls::axis<ap_fixed<16, 6>, 0, 0, 0> packet;
typedef hls::axis<hls::vector<ap_fixed<16, 6>, 2>, 0, 0, 0> pair_packet;
typedef hls::vector<ap_fixed<16, 6>, 4> v4;
"""
CODE = """
#include "types.h"
void jets(const jet2 in[3], jet2 (&out)[3], ap_uint<16> &sum) {
    sum = 0;
    for (int i = 0; i < 3; i++) {
        out[2 - i] = in[i]; out[2 - i].at[1].phi = in[i].at[0].phi + i; sum += in[i].twice();
    }
}
jet2 turned(jet2 x) { x.pt += 1; x.ok = !x.ok; return x; }
void packets(hls::stream<jet_packet> &in, hls::stream<jet_packet> &out) {
    for (int i = 0; i < 2; i++) { jet_packet p = in.read(); p.data.pt += p.user; p.dest = i; out.write(p); }
}
void towers(hls::vector<l1t::point, 2> v[2], std::array<tower, 2> &w) {
    for (int i = 0; i < 2; i++) {
        w[i].eta = v[i][0].eta; w[i].phi = v[i][1].phi; w[i].w = 0.5f * i;
        w[i].wide = -1; w[i].wide <<= 70 + i; w[i].m[1][i] = 1.5;
    }
}
void inout(tower &t) { t.eta += 1; t.m[0][2] = t.m[1][0]; }
void doubled(hls::stream<packet> &in, hls::stream<packet> &out) {
    for (int i = 0; i < 4; i++) { packet p = in.read(); p.data = p.data + p.data; out.write(p); }
}
void signals(hls::stream<packet> &in, ap_uint<1> last[3], ap_uint<2> keep[3]) {
    for (int i = 0; i < 3; i++) { packet p = in.read(); last[i] = p.last; keep[i] = p.keep & p.strb; }
}
void pairs(hls::stream<pair_packet> &in, ap_fixed<17, 7> sum[2]) {
    for (int i = 0; i < 2; i++) { pair_packet p = in.read(); sum[i] = p.data[0] + p.data[1]; }
}
void one(packet a, packet &b) { b = a; b.data = a.data - 1; }
void vectors(v4 a, v4 &c, v4 d[2]) { c = a + a; for (int i = 0; i < 2; i++) d[i] = a * a; }
void short_of(hls::stream<packet> &in, hls::stream<packet> &out) { out.write(in.read()); }
"""
REFUSED = """
#include "types.h"
enum level { low, high };
union either { int a; float b; };
class hidden { public: ap_int<8> a; int seen() const { return b; } private: int b; };
struct bits { ap_int<8> a; unsigned low : 3; };
struct pointing { int *p; };
struct levels { level l; };
struct others { ap_int<8> a; std::pair<ap_int<8>, int> b; };
struct empty {};
void bit_field(bits x, int &y) { y = x.low; }
void private_member(hidden x, int &y) { y = x.seen(); }
void pointer(pointing x, int &y) { y = *x.p; }
void enumeration(levels x, int &y) { y = x.l; }
void in_a_union(either x, int &y) { y = x.a; }
void elsewhere(others x, int &y) { y = x.a; }
void nothing(empty, int &y) { y = 0; }
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("structs")
    for name, text in (("types.h", TYPES), ("k.cpp", CODE), ("refused.cpp", REFUSED)):
        (folder / name).write_text(text)
    return folder / "k.cpp"


def _jets(*shape: int) -> dict[str, Any]:
    def numbers(*more: int) -> Any:
        return np.arange(np.prod((*shape, *more), dtype=int)).reshape(*shape, *more)

    at = {"eta": numbers(2) % 60, "phi": -numbers(2) % 60}
    return {"pt": numbers() + 1, "at": at, "ok": numbers() % 2, "id": numbers(2) % 8 / 8}


def _same(found: Any, wanted: Any) -> None:
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        if isinstance(value, dict):
            _same(found[name], value)
        else:
            got = found[name].to_float() if isinstance(found[name], ib.FixedArray) else found[name]
            np.testing.assert_array_equal(got, value, err_msg=name)


def test_structs_in_arrays(source: Path) -> None:
    k = ib.csim_kernel(source, "jets", [ib.In("jet2", 3, "x"), ib.Out("jet2", 3), ib.Out("ap_uint<16>")])
    assert [(port.name, port.shape, str(port.type)) for port in k.inputs] == [
        ("x.pt", (3,), "ap_uint<12>"),
        ("x.at.eta", (3, 2), "ap_int<7>"),
        ("x.at.phi", (3, 2), "ap_int<8>"),
        ("x.ok", (3,), "ap_uint<1>"),
        ("x.id", (3, 2), "ap_ufixed<9,3>"),
    ]
    assert k.state == ()
    x = _jets(5, 3)
    out, total = k(x)
    wanted = {name: value if isinstance(value, dict) else value[:, ::-1] for name, value in x.items()}
    wanted["at"] = {"eta": x["at"]["eta"][:, ::-1], "phi": x["at"]["phi"][:, ::-1].copy()}
    wanted["at"]["phi"][:, :, 1] = x["at"]["phi"][:, ::-1, 0] + [2, 1, 0]
    _same(out, wanted)
    np.testing.assert_array_equal(total.raw, 2 * x["pt"].sum(axis=1))
    # A structured array says the same, and a single event has no axis.
    kind = [("pt", "i8"), ("at", [("eta", "i8", 2), ("phi", "i8", 2)]), ("ok", "?"), ("id", "f8", 2)]
    rows = np.zeros((5, 3), dtype=kind)
    rows["pt"], rows["ok"], rows["id"] = x["pt"], x["ok"], x["id"]
    rows["at"]["eta"], rows["at"]["phi"] = x["at"]["eta"], x["at"]["phi"]
    with pytest.raises(TypeMismatchError, match="dtype bool"):
        k(rows)
    rows = rows.astype([(name, "i8") if name == "ok" else (name, *rest) for name, *rest in kind])  # type: ignore[misc]
    _same(k(rows)[0], wanted)
    np.testing.assert_array_equal(k(x=rows[1])[1].raw, total.raw[1])


def test_structs_by_value_and_as_a_result(source: Path) -> None:
    k = ib.csim_kernel(source, "turned", [ib.In("jet2", name="x")], returns="jet2")
    x = _jets(4)
    _same(k(x), {**x, "pt": x["pt"] + 1, "ok": 1 - x["ok"]})


@pytest.mark.full
def test_structs_that_are_changed(source: Path) -> None:
    k = ib.csim_kernel(source, "inout", [ib.InOut("tower")])
    y = {"eta": [1, 2], "phi": [3, 4], "w": [0.5, 1e30], "wide": [-5, 2**98], "m": np.arange(12).reshape(2, 2, 3)}
    m = np.array(y["m"])
    m[:, 0, 2] = m[:, 1, 0]
    _same(k(y), {**y, "eta": [2, 3], "w": np.float32(y["w"]), "m": m})


@pytest.mark.full
def test_packs_of_structs_and_what_is_not_written(source: Path) -> None:
    k = ib.csim_kernel(source, "towers", [ib.In("l1t::point", (2, 2)), ib.Out("tower", 2)])
    eta, phi = np.arange(8).reshape(2, 2, 2), np.arange(8).reshape(2, 2, 2) - 20
    m = np.zeros((2, 2, 2, 3))
    m[:, 0, 1, 0] = m[:, 1, 1, 1] = 1.5
    wide = [[-(2**70), -(2**71)]] * 2
    wanted = {"eta": eta[:, :, 0], "phi": phi[:, :, 1], "w": [[0, 0.5]] * 2, "wide": wide, "m": m}
    _same(k({"eta": eta, "phi": phi}), wanted)


def test_packets_of_numbers(source: Path) -> None:
    number = ib.FixedType.parse("ap_fixed<16,6>")
    k = ib.csim_kernel(source, "doubled", [ib.In(number, 4), ib.Out(number, 4)])
    assert k([[1, 2, 3, 4.5], [-1, 0, 20, 0.25]]).to_float().tolist() == [[2, 4, 6, 9], [-2, 0, -24, 0.5]]
    k = ib.csim_kernel(source, "signals", [ib.In(number, 3), ib.Out("ap_uint<1>", 3), ib.Out("ap_uint<2>", 3)])
    last, keep = k([[1, 2, 3]] * 2)
    assert last.raw.tolist() == [[0, 0, 1]] * 2
    assert keep.raw.tolist() == [[3, 3, 3]] * 2


@pytest.mark.full
def test_packets_of_packs_and_by_value(source: Path) -> None:
    number = ib.FixedType.parse("ap_fixed<16,6>")
    k = ib.csim_kernel(source, "pairs", [ib.In(number, (2, 2)), ib.Out("ap_fixed<17,7>", 2)])
    assert k([[1, 2], [3, 4.5]]).to_float().tolist() == [3, 7.5]
    k = ib.csim_kernel(source, "one", [ib.In(number), ib.Out("packet")])
    _same(k([1, 2.5]), {"data": [0, 1.5], "keep": [3, 3], "strb": [3, 3], "last": [1, 1]})
    k = ib.csim_kernel(source, "short_of", [ib.In("packet", 1), ib.Out("packet", 2)])
    with pytest.raises(CSimError, match="the output stream 'arg1' holds 1 of 2 elements"):
        k([1.0])


@pytest.mark.turn(3)
def test_packets_with_their_side_channels(source: Path) -> None:
    k = ib.csim_kernel(source, "doubled", [ib.In("packet", 4), ib.Out("packet", 4)])
    default = {"keep": [3] * 4, "strb": [3] * 4, "last": [0, 0, 0, 1]}
    _same(k([1, 2, 3, 4]), {"data": [2, 4, 6, 8], **default})
    _same(k({"data": [1, 2, 3, 4], "keep": [1, 2, 3, 0]}), {"data": [2, 4, 6, 8], **default, "keep": [1, 2, 3, 0]})
    k = ib.csim_kernel(source, "packets", [ib.In("jet_packet", 2), ib.Out("jet_packet", 2)])
    x = _jets(3, 2)
    found = k({"data": x, "user": [[1, 2]] * 3})
    keep = [[2**12 - 1] * 2] * 3  # a bit for each byte of the struct in memory
    width = found["keep"].type.width
    assert width == found["strb"].type.width
    found["keep"], found["strb"] = found["keep"].raw, found["strb"].raw
    keep = np.full((3, 2), 2**width - 1)
    data = {**x, "pt": x["pt"] + [1, 2]}
    rest = {"user": [[1, 2]] * 3, "last": [[0, 1]] * 3, "dest": [[0, 1]] * 3}
    _same(found, {"data": data, "keep": keep, "strb": keep, **rest})
    # Without them, the struct in the packets is what is declared.
    _same(ib.csim_kernel(source, "packets", [ib.In("jet2", 2), ib.Out("jet2", 2)])(x), x)


@pytest.mark.parametrize(
    "args",
    [
        [ib.In("v4"), ib.Out("v4"), ib.Out("v4", 2)],
        pytest.param(
            [ib.In("ap_fixed<16,6>", 4), ib.Out("ap_fixed<16,6>", 4), ib.Out("ap_fixed<16,6>", (2, 4))],
            marks=pytest.mark.full,
        ),
    ],
)
def test_vectors(source: Path, args: list[Argument]) -> None:
    number = ib.FixedType.parse("ap_fixed<16,6>")
    a = np.array([[1, 2, 3, 4.5], [-1, 0.25, 20, 0.5]])
    c, d = ib.csim_kernel(source, "vectors", args)(a)
    wanted = ib.FixedArray.from_float(a, number)
    np.testing.assert_array_equal(c.raw, (wanted + wanted).cast(number).raw)
    square = (wanted * wanted).cast(number).raw
    np.testing.assert_array_equal(d.raw, np.stack([square, square], axis=1))


@pytest.mark.hls4ml
@pytest.mark.full
def test_structs_with_amds_headers(tmp_path: Path) -> None:
    path = tmp_path / "k.cpp"
    path.write_text(
        '#include "ap_fixed.h"\n#include "ap_int.h"\n#include "hls_stream.h"\n'
        "struct in { ap_fixed<16, 6> a[2]; ap_uint<70> w; int n; };\n"
        "struct out { in copy; ap_fixed<17, 7> sum; };\n"
        "void f(hls::stream<in> &x, out y[2]) {\n"
        "    for (int i = 0; i < 2; i++) { in v = x.read(); y[i].copy = v; y[i].sum = v.a[0] + v.a[1]; } }\n"
    )
    x = {"a": [[1, 2], [3, 4.5]], "w": [1, 2**69], "n": [-1, -2]}
    for headers in ("vendor", "isobit"):
        k = ib.csim_kernel(path, "f", [ib.In("in", 2), ib.Out("out", 2)], headers=headers)
        assert k.state == ()
        _same(k(x), {"copy": x, "sum": [3, 7.5]})


def test_values_that_do_not_fit(source: Path) -> None:
    k = ib.csim_kernel(source, "turned", [ib.In("jet2", name="x")], returns="jet2")
    x = _jets(4)
    refused: list[tuple[Any, type[Exception], str]] = [
        (np.ones(4), TypeMismatchError, r"'x' must be a dict of its fields \(pt, at, ok, id\), got ndarray"),
        ({**x, "eta": 1}, TypeMismatchError, "'x' has the fields pt, at, ok, id; unknown: eta"),
        ({"pt": x["pt"]}, TypeMismatchError, "'x' has the fields pt, at, ok, id; missing: at, ok, id"),
        ({**x, "at": {"eta": 1}}, TypeMismatchError, "'x.at' has the fields eta, phi; missing: phi"),
        ({**x, "pt": {"a": 1}}, TypeMismatchError, "'x.pt' must be numbers, got dict"),
        ({**x, "pt": x["pt"][:3]}, ShapeError, r"the same number of events, got shapes"),
        ({**x, "id": np.ones((4, 3))}, ShapeError, r"'x.id' has shape \(4, 3\); expected \(2,\)"),
    ]
    for value, error, told in refused:
        with pytest.raises(error, match=told):
            k(value)


@pytest.mark.parametrize(
    ("top", "kind", "told"),
    [
        ("bit_field", "bits", "a struct with a bit-field or a reference cannot be an argument; wrap"),
        ("pointer", "pointing", "a field is no number, array or struct .a pointer.*wrap the function"),
        ("enumeration", "levels", "a field is no number, array or struct"),
        ("in_a_union", "either", "a field is no number, array or struct"),
        ("private_member", "hidden", "the struct of the argument has members that overlap or that cannot.*wrap"),
        ("elsewhere", "others", "the struct of the field 'b' has members"),
        ("nothing", "empty", "a struct without a number"),
    ],
)
@pytest.mark.oracle(sample=1)
def test_structs_that_are_refused(source: Path, top: str, kind: str, told: str) -> None:
    with pytest.raises((CompilerError, CSimError), match=told):
        ib.csim_kernel(source.with_name("refused.cpp"), top, [ib.In(kind), ib.Out("int")])


def test_candidates_are_the_users_own() -> None:
    text = b"""# 1 "main.cpp"
int ours;
# 1 "/usr/include/x.h" 1 3
struct library { int theirs; };
# 1 "/lib/isobit/y.h" 1
struct header { int of_isobit; };
# 5 "/home/user/k.cpp" 2
struct s { ap_int<4> a, b[2]; int c = 1; float d{2}; unsigned e : 3; }; int f(s x) { if (x.g) return 0; else { } }
"""
    header = names_header(text, [Path("/lib/isobit")]).decode()
    assert "isobit_name_a, isobit_name_b, isobit_name_c, isobit_name_d, isobit_name_e" in header
    for name in ("ours", "theirs", "of_isobit", "g", "else"):
        assert f"NAME({name})" not in header


# -- an enumerator where N stands -------------------------------------------------------------------------------------


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("overflow", ["AP_WRAP", "AP_WRAP_SM", "AP_SAT"])
def test_an_enumerator_where_n_stands_is_its_number(overflow: str, tmp_path: Path) -> None:
    """For each enumerator: the compiler takes what isobit reads for the type that the kernel declares."""
    names = [str(mode) for mode in (*Rounding, *Overflow)]
    kinds = [f"ap_fixed<15,12,AP_RND,{overflow},{name}>" for name in names]
    parsed = [ib.FixedType.parse(kind) for kind in kinds]
    wrapping = overflow != "AP_SAT"
    assert [kind.saturation_bits for kind in parsed] == [n * wrapping for n in (*range(7), *range(5))]
    assert parsed == [ib.FixedType.parse(f"fixed<15,12,RND,{overflow},{name[3:].lower()}>") for name in names]
    parameters = ", ".join(f"{kind} x{k}" for k, kind in enumerate(kinds))
    (tmp_path / "k.cpp").write_text(f'#include "ap_fixed.h"\nvoid f({parameters}, int &y) {{ y = 1; }}\n')
    declared = [kind if wrapping else text for text, kind in zip(kinds, parsed, strict=True)]
    k = ib.csim_kernel(tmp_path / "k.cpp", "f", [*(ib.In(kind) for kind in declared), ib.Out("int")])
    assert [port.type for port in k.inputs] == parsed


def test_an_n_without_effect_belongs_to_the_type_in_cpp() -> None:
    assert cpp_type("ap_fixed<15,12,AP_RND,AP_SAT,AP_WRAP>") == "ap_fixed<15,12,AP_RND,AP_SAT,AP_WRAP>"
    assert cpp_type("ufixed<15,12,rnd,sat, trn >") == "ap_ufixed<15,12,AP_RND,AP_SAT,AP_TRN>"
    assert cpp_type("ap_fixed<15,12,AP_RND,AP_SAT,2>") == "ap_fixed<15,12,AP_RND,AP_SAT,2>"
    assert cpp_type("ap_fixed<15,12,AP_RND,AP_WRAP,AP_SAT_SYM>") == "ap_fixed<15,12,AP_RND,AP_WRAP,2>"
    for text in ("ap_fixed<15,12,AP_RND,AP_SAT,AP_CLIP>", "ap_fixed<15,AP_RND>", "ap_fixed<15,12,AP_RND,AP_SAT,>"):
        with pytest.raises(ib.errors.FormatError, match="cannot read the type"):
            ib.FixedType.parse(text)
