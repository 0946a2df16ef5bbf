"""Checks of single layers: masks of encoded windows, scalar products, factors of exponents, compressed weights."""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.errors import IsobitError, UnsupportedError
from isobit.fixed import FixedType
from isobit.fixed.array import quantise_floats
from isobit.frontends.firmware.cpp.declarations import read_declarations
from isobit.frontends.firmware.cpp.expressions import value_of
from isobit.frontends.firmware.cpp.tokens import Reader, tokenise
from isobit.model.canonical import canonical
from isobit.model.file import load_graph

pytestmark = pytest.mark.hls4ml

Change = Callable[[str, Mapping[str, tuple[str, str]]], Path]
JETS = "jet_mlp.golden.io_parallel"
FOLDED = "scale_index_width = nnet::scale_index_regular<K, S, W>"
WHOLE = "scale_index_height = nnet::scale_index_unscaled<K, S, W>"
MASKS = "ap_uint<filt_height * filt_width> pixels"

#: Project, what is there in parameters.h, what takes its place, and what the error says.
CASES = (
    ("encoded", FOLDED, FOLDED.replace("regular", "unscaled"), "has scale_index_unscaled for masks of 5 positions"),
    ("encoded", WHOLE, WHOLE.replace("unscaled", "regular"), "has scale_index_regular for masks of 5 positions"),
    ("encoded", FOLDED, FOLDED.replace("regular<K, S", "regular<S, K"), "with the arguments S, K, W, in another order"),
    ("encoded", "min_width = 5;", "min_width = 9;", "has scale_index_regular for masks of 9 positions"),
    ("encoded", "min_height = 5;", "min_height = 4;", "has scale_index_unscaled for masks of 4 positions"),
    ("encoded", "{1,3,7,", "{1,3,3,", "wrong numbers into the windows of .3, 3."),
    ("encoded", "384,256}", "384}", "wrong numbers into the windows of .3, 3."),
    (
        "encoded",
        MASKS,
        MASKS.replace(" * filt_width", ""),  # 9 becomes 1
        "wrong numbers into the windows of .3, 3.",
    ),
    ("encoded", "{1,3,7,", "{1,-3,7,", r"config2::pixels\[\] with the value -3"),
    (
        "encoded",
        "pad_left = 0;",
        "pad_left = 1;",
        r"pads by \(0, 1\) and \(0, 0\), but hls4ml's kernels on streams take no",
    ),
    ("encoded", "pad_bottom = 0;", "pad_bottom = 2;", r"pads by \(0, 0\) and \(2, 0\), but hls4ml's kernels on"),
    ("encoded", MASKS, "ap_int<10> pixels", r"the ap_int<10> config2::pixels\[\] with the value 1"),
    ("encoded", "{1,3,7,", "{1,3.0,7,", r"config2::pixels\[\] with the value 3\.0"),
    ("dot", "n_out = 1;", "n_out = 2;", "config3 has n_out 2"),
    ("dot", "n_in = 6;", "n_in = 5;", r"'one' has 6 numbers in the shape .6,.; it is read as .5,."),
    ("dot", "product::mult<", "product::weight_ternary<", "has the product 'weight_ternary'; hls4ml's .* is 'mult'"),
    ("dot", "product::mult<", "product::weight_binary<", "has the product of binary weights"),
    ("dot", "product::mult<", "product::both_binary<", "the product 'both_binary' of data of ap_fixed"),
    ("dot", "    typedef dot_accum_t accum_t;\n", "", "config3 has no accum_t"),
    ("dot", "n_in = 6;", "n_in = 6;\n    static const unsigned lanes = 2;", "has the member 'lanes'"),
)


@pytest.fixture
def edited(small_projects: Path, tmp_path: Path) -> Callable[[str, str, str, str], Path]:
    """A copy of a small project with one text replaced wherever it stands in a file."""

    def change(name: str, path: str, old: str, new: str) -> Path:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(small_projects / name, folder)
        text = (folder / "firmware" / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (folder / "firmware" / path).write_text(text.replace(old, new))
        return folder

    return change


@pytest.mark.parametrize("name", ["dot", "encoded"])
def test_the_graph_is_that_of_the_model_graph(small_projects: Path, name: str) -> None:
    model = ib.load(small_projects / name)
    assert canonical(model.graph) == canonical(load_graph(small_projects / name / "graph.isobit"))
    assert "foreign" not in {op.tag for op in model.graph.ops}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2][:30]!r}")
def test_edits_are_refused(edited: Callable[[str, str, str, str], Path], case: tuple[str, str, str, str]) -> None:
    name, old, new, says = case
    with pytest.raises(IsobitError, match=says):
        ib.load(edited(name, "parameters.h", old, new))


def test_inputs_of_a_scalar_product_are_of_its_template_arguments(
    edited: Callable[[str, str, str, str], Path],
) -> None:
    folder = edited("dot", "defines.h", "input2_t;", "input2_t;\ntypedef ap_fixed<9,3> other_t;")
    source = folder / "firmware" / "myproject.cpp"
    text = source.read_text()
    for one, two, name in (("other_t", "input2_t", "one"), ("input_t", "other_t", "two")):
        source.write_text(text.replace("dot1d<input_t, input2_t", f"dot1d<{one}, {two}"))
        with pytest.raises(UnsupportedError, match=rf"'{name}' is of .*, but is read as 'other_t'"):
            ib.load(folder)


# -- factors of exponents ---------------------------------------------------------------------------------------------

WIDE = FixedType.parse("ap_fixed<42,12,AP_RND,AP_SAT>")


@pytest.mark.parametrize("scale", ["0.3", "1.7f", "1e-07", "-0.4"])
def test_exponents_are_scaled_in_floats(changed: Change, scale: str) -> None:
    """``init_exp_table`` of 1.2.0 and 1.3.0: the number as a float, times the float factor, in the C library's expf."""
    folder = changed(
        JETS,
        {
            "defines.h": ("ap_fixed<18,8,AP_RND,AP_SAT,0> softmax_exp_table_t", f"{WIDE} softmax_exp_table_t"),
            "parameters.h": ("exp_scale = 1.0;", f"exp_scale = {scale};"),
        },
    )
    op = next(op for op in ib.load(folder).graph.ops if op.tag == "softmax")
    assert op.implementation == "stable" and op.inp_norm is not None and not op.inp_norm.signed
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    library.expf.restype, library.expf.argtypes = ctypes.c_float, [ctypes.c_float]
    entries = op.exp_table.raw.size
    step = 2.0**op.inp_norm.integer / entries
    factor = np.float32(scale.rstrip("f"))
    products = np.arange(entries, dtype=np.float32) * np.float32(step) * factor
    wanted = quantise_floats(np.array([library.expf(float(-x)) for x in products]), WIDE)
    assert np.array_equal(op.exp_table.raw, wanted)
    in_doubles = quantise_floats(np.exp(-np.arange(entries) * step * float(scale.rstrip("f"))), WIDE)
    assert (in_doubles != wanted).any()


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("constexpr float exp_scale", "constexpr double exp_scale", "the type 'double' is not understood"),
        ("constexpr float exp_scale", "const ap_fixed<8,2> exp_scale", "exp_scale of the type 'ap_fixed<8,2>'"),
        ("constexpr float exp_scale = 1.0", "constexpr int exp_scale = 1", "exp_scale of the type 'int'; expected flo"),
        ("exp_scale = 1.0", "exp_scale = 4e38", "exp_scale with the value"),
        ("exp_scale = 1.0", "exp_scale = 0.3L", "the number '0.3L'"),
        ("exp_scale = 1.0", "exp_scale = 1f", "the number '1f'"),
        ("exp_scale = 1.0", "exp_scale = 1.2.3", "is not C"),
    ],
)
def test_factors_of_another_kind_are_refused(changed: Change, old: str, new: str, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        ib.load(changed(JETS, {"parameters.h": (old, new)}))


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("1.000000059604644775390625", 1 + 2**-24),  # half way between two floats
        ("1.000000059604644775390625f", 1.0),  # the even one
        ("1.000000059604644775390626f", 1 + 2**-23),  # just above, the same double
        ("1.000000059604644775390624f", 1.0),
        ("1.000000178813934326171875f", 1 + 2**-22),
        ("1.000000178813934326171874f", 1 + 2**-23),
        ("0.3F", float(np.float32(0.3))),
        ("0.3", 0.3),
        ("1e39f", 1e39),
        ("1e-60f", 0.0),
        ("7u", 7),
        ("7UL", 7),
    ],
)
def test_numbers_are_rounded_once(text: str, wanted: float) -> None:
    found = value_of(Reader("x.h", tokenise("x.h", text.encode())), {})
    assert (type(found), found) == (type(wanted), wanted)


# -- compressed weights -----------------------------------------------------------------------------------------------

COMPRESSED = "typedef struct w2_t { ap_uint<4> row_index;ap_uint<6> col_index;weight2_t weight; } w2_t;"


def compressed(folder: Path) -> Path:
    """Store three weights of the first layer with their rows and columns, as hls4ml 0.6.0 to 1.3.0 do."""
    firmware = folder / "firmware"
    triples = "{ 0, 1, 0.5 }, { 3, 1, -0.25 }, { 2, 5, 1.0 }"
    header = (
        "#ifndef W2_H_\n#define W2_H_\n\n#ifndef __SYNTHESIS__\nw2_t w2[3];\n#else\n"
        f"w2_t w2[3] = {{{triples}}};\n\n#endif\n\n#endif\n"
    )
    (firmware / "weights" / "w2.txt").write_text(triples)
    (firmware / "weights" / "w2.h").write_text(header)
    for path, old, new in (
        ("defines.h", "\n#endif", f"\n{COMPRESSED}\n#endif"),
        (
            "myproject.cpp",
            'load_weights_from_txt<weight2_t, 1024>(w2, "w2.txt")',
            'load_compressed_weights_from_txt<w2_t, 3>(w2, "w2.txt")',
        ),
    ):
        text = (firmware / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (firmware / path).write_text(text.replace(old, new))
    return folder


def test_compressed_weights_are_refused(changed: Change) -> None:
    """No release has the strategy in its enumeration, and those from 1.0.0 on no kernel: such code does not compile."""
    folder = compressed(changed(JETS, {}))
    with pytest.raises(UnsupportedError, match="weights w2 are compressed, with which no release of hls4ml compiles"):
        ib.load(folder)
    source = folder / "firmware" / "parameters.h"
    text = source.read_text()
    for strategy, kernel, says in (
        ("compressed", "nnet::DenseLatency", "has the strategy 'compressed' and the kernel 'nnet::DenseLatency'"),
        ("latency", "nnet::dense_compressed", "has the strategy 'latency' and the kernel 'nnet::dense_compressed'"),
    ):
        other = text.replace("strategy = nnet::latency", f"strategy = nnet::{strategy}", 1)
        source.write_text(other.replace("nnet::DenseLatency", kernel, 1))
        with pytest.raises(UnsupportedError, match=says):
            ib.load(folder)


def test_compressed_weights_of_patched_functions_are_a_layer_of_their_own(changed: Change) -> None:
    enumeration = ("resource_unrolled,", "resource_unrolled, compressed,")
    folder = compressed(changed(JETS, {"nnet_utils/nnet_common.h": enumeration}))
    graph = ib.load(folder).graph
    (reason,) = {op.reason for op in graph.ops if op.name == "fc1" and op.tag == "foreign"}
    assert "nnet_common.h: strategy" in reason


def test_biases_are_not_compressed(changed: Change) -> None:
    folder = compressed(changed(JETS, {"myproject.cpp": ("w5, b5", "w5, w2")}))
    source = folder / "firmware" / "myproject.cpp"
    source.write_text(source.read_text().replace("w2, b2", "w8, b2"))
    with pytest.raises(UnsupportedError, match="weights w2 are compressed"):
        ib.load(folder)


# -- arrays of structs ------------------------------------------------------------------------------------------------

ARRAYS = """unsigned config3_perm[2] = {1, 0};
struct config3 : nnet::transpose_config {
    static const unsigned* const perm;
    static constexpr unsigned sizes[2] = {4, 5};
};
const unsigned* const config3::perm = config3_perm;
"""


@pytest.mark.parametrize(
    "old, new, says",
    [
        (
            "unsigned config3_perm",
            "const bool config3_perm",
            r"parameters\.h:1: the array 'config3_perm' of 'const bool'",
        ),
        ("static const unsigned* const", "static const bool* const", r"parameters\.h:6: the bool\*const config3::perm"),
        ("{1, 0}", "{1, -1}", r"perm\[\] with the value -1"),
        ("{4, 5}", "{4, true}", r"parameters\.h:4: the unsigned config3::sizes\[\] with the value True"),
        ("constexpr unsigned sizes", "constexpr bool sizes", r"the bool config3::sizes\[\] with the value 4"),
        ("constexpr unsigned sizes", "const ap_uint<n> sizes", "the name 'n'"),
    ],
)
def test_arrays_of_another_type_are_refused(old: str, new: str, says: str) -> None:
    def declared(text: str) -> Any:
        files = {"firmware/defines.h": b"", "firmware/parameters.h": text.encode()}
        return read_declarations("prj", files).configs["config3"].arrays

    assert declared(ARRAYS) == {"perm": (1, 0), "sizes": (4, 5)}
    for width, held in ((3, (4, 5)), (2, (0, 1))):  # wraps, as AMD's headers do
        assert declared(ARRAYS.replace("constexpr unsigned sizes", f"const ap_uint<{width}> sizes"))["sizes"] == held
    with pytest.raises(UnsupportedError, match=says):
        declared(ARRAYS.replace(old, new))
