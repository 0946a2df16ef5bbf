"""Weight files of a folder: hls4ml's loaders take nearly anything; isobit refuses by file, count and value."""

from __future__ import annotations

import numpy as np
import pytest

from isobit.errors import ModelFileError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.weight_files import check_weight_files

GOOD = "0.5, -1.25, 0.75, 0.0"
HEADER = """//Numpy array shape [2, 2] = {{1}};
#ifndef W2_H_
#define W2_H_
#ifndef __SYNTHESIS__
{kind} w2[4];
#else
{kind} w2[4] = {{{values}}};
#endif
#endif
"""
PLAIN = "typedef ap_fixed<8,3> fc_weight_t;\n"
POWERS = "typedef struct fc_weight_t {ap_uint<1> sign;ap_int<3> weight; } fc_weight_t;\n"
SPARSE = "typedef struct fc_weight_t {ap_uint<2> row_index;ap_uint<2> col_index;ap_fixed<8,3> weight; } fc_weight_t;\n"


def check(text: str | None, header: str | None, defines: str = PLAIN, loader: str = "") -> None:
    source = f'nnet::load_{loader}weights_from_txt<fc_weight_t, 4>(w2, "w2.txt");'
    files = {"firmware/defines.h": defines.encode()}
    if text is not None:
        files["firmware/weights/w2.txt"] = text.encode()
    if header is not None:
        files["firmware/weights/w2.h"] = HEADER.format(kind="fc_weight_t", values=header).encode()
    check_weight_files("prj", source, files)


def refused(told: str, *arguments: str | None) -> None:
    with pytest.raises(ModelFileError, match=told):
        check(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "holds 0 weights; expected 4 finite numbers"),
        ("\n", "holds 0 weights; expected 4"),
        ("0.5, -1.25, 0.75", "holds 3 weights; expected 4"),
        (f"{GOOD}, 1.0", "holds 5 weights; expected 4"),
        ("0.5, nan, 0.75, 0.0", "value 1 is 'nan'; expected 4 finite"),
        ("0.5, \u0661, 0.75, 0.0", "value 1 is '\u0661'; expected 4 finite"),  # a number to Python, 0 to C++
        ("0.5, -1.25, -inf, 0.0", "value 2 is '-inf'"),
        ("0.5, -1.25, 1e999, 0.0", "value 2 is '1e999'"),
        ("0.5, -1.25, x, 0.0", "value 2 is 'x'"),
        ("0.5, -1.25, 0.75abc, 0.0", "value 2 is '0.75abc'"),
        ("0.5, -1.25, 0.75, 0.0 0.0", "value 3 is '0.0 0.0'"),
        ("0.5, , 0.75, 0.0", "value 1 is ''"),
        ("0.5, -1.25, 0x1p3, 0.0", "value 2 is '0x1p3'"),
        ("1_0, -1.25, 0.75, 0.0", "value 0 is '1_0'"),
        ("0.5, -1.25\n0.75, 0.0\n", "more than one line"),
        ("<html>", "value 0 is '<html>'"),
    ],
)
def test_text_that_is_not_the_weights(text: str, told: str) -> None:
    refused(rf"prj/firmware/weights/w2\.txt.*{told}", text, GOOD)


def test_a_missing_file() -> None:
    refused(r"w2\.txt is missing: the firmware reads 4 weights", None, GOOD)


@pytest.mark.parametrize("text", [GOOD, f"{GOOD}\n", f"{GOOD},\r\n", "5e-1,-1.25, .75 ,0", "+0.5,-1.25,0.75,-0.0"])
def test_other_spellings_of_the_same_numbers(text: str) -> None:
    check(text, GOOD)
    check(text, None)


@pytest.mark.parametrize(
    "header, told",
    [
        ("0.5, -1.25, 0.78125, 0.0", "differ in 1 of 4 weights.*first: weight 2 is 0.75 against 0.78125"),
        ("0.5, -1.0, 0.5, 0.0", "differ in 2 of 4 weights of type ap_fixed<8,3>; first: weight 1 is -1.25 against -1"),
        ("0.5, -1.25, 0.75", r"w2\.h holds 3 weights; expected 4"),
        ("0.5, -1.25, 0.75, 0.0, 0.0", r"w2\.h holds 5 weights"),
        ("0.5, -1.25, nan, 0.0", r"w2\.h: value 2 is 'nan'"),
        ("0.5, -1.25, other, 0.0", r"w2\.h: value 2 is 'other'"),
    ],
)
def test_a_header_with_other_weights(header: str, told: str) -> None:
    refused(told, GOOD, header)


@pytest.mark.parametrize(
    "text, times",
    [
        (
            "#ifdef X\nfc_weight_t w2[4] = {0.5, 1, 1, 0};\n#else\nfc_weight_t w2[4] = {9, 9, 9, 9};\n#endif\n",
            2,
        ),
        ("fc_weight_t w2[4];\n", 0),
        ("", 0),
    ],
)
def test_a_header_that_does_not_initialise_once(text: str, times: int) -> None:
    source = 'nnet::load_weights_from_txt<fc_weight_t, 4>(w2, "w2.txt");'
    weights = {"firmware/weights/w2.txt": GOOD.encode(), "firmware/weights/w2.h": text.encode()}
    with pytest.raises(
        ModelFileError, match=rf"prj/firmware/weights/w2\.h initialises w2 {times} times; expected once"
    ):
        check_weight_files("prj", source, {"firmware/defines.h": PLAIN.encode(), **weights})


def test_an_initialiser_without_an_equals_sign() -> None:
    source = 'nnet::load_weights_from_txt<fc_weight_t, 4>(w2, "w2.txt");'
    header = b"fc_weight_t w2[4] {9, 9, 9, 9};\n"
    files = {"firmware/weights/w2.txt": GOOD.encode(), "firmware/weights/w2.h": header}
    with pytest.raises(ModelFileError, match=r"w2\.h"):
        check_weight_files("prj", source, {"firmware/defines.h": PLAIN.encode(), **files})


def test_values_are_compared_as_the_arrays_type_takes_them() -> None:
    """Below one LSB (1/32) the firmware has the same weight; at the next tie it has not."""
    lsb = FixedType.parse("ap_fixed<8,3>").lsb
    rng = np.random.default_rng(3)
    for value in rng.uniform(-4.0, 4.0, 40):
        other = value + rng.choice([-0.3, 0.3, 1.0]) * float(lsb)
        kind = FixedType.parse("ap_fixed<8,3>")
        raw = [FixedArray.from_float(np.array([v]), kind).raw[0] for v in (value, other)]
        texts = [f"{v!r}, 0.0, 0.0, 0.0" for v in (float(value), float(other))]
        if raw[0] == raw[1]:
            check(*texts)
        else:
            refused("differ in 1 of 4", *texts)


@pytest.mark.parametrize("kind", ["float", "double", "std::bfloat16_t"])
def test_floating_point_types_compare_the_numbers(kind: str) -> None:
    check("0.5,1,2,3", "0.50, 1, 2, 3", f"typedef {kind} fc_weight_t;\n")
    with pytest.raises(ModelFileError, match=r"differ in 1 of 4 weights; first: weight 3 is 3 against 3\.0001"):
        check("0.5,1,2,3", "0.5, 1, 2, 3.0001", f"typedef {kind} fc_weight_t;\n")


def test_powers_of_two() -> None:
    good = "{1.0, -2}, {0.0, 1}, {1.0, 0}, {1, -4}"
    check(good, good.replace("1.0", "1"), POWERS, "exponent_")
    for text, told in (
        ("{1.0, -2}, {0.0, 1}, {1.0, 0}", "holds 3 weights; expected 4 finite pairs"),
        ("{1.0, -2}, {0.0, 1}, {1.0, nan}, {1, -4}", "value 2 is 'nan'"),
        ("{1.0, -2}, {0.0, 1}, {1.0}, {1, -4}", "holds 3.5 weights"),
        ("{1.0, -2}, {0.0, 1}, x, {1.0, 0}, {1, -4}", "holds 'x' outside of its braces"),
        ("{1.0, -2}, {0.0, 1}, {1.0, 0.5}, {1, -4}", "value 2 is 0.5, and its type ap_int<3> holds integers"),
        ("{1.0, -2}, {0.0, 1}, {0.0, 0}, {1, -4}", r"differ in 1 of 4.*weight 2 is 0, 0 against 1, 0"),
        ("", "holds 0 weights"),
    ):
        refused(told, text, good, POWERS, "exponent_")


def test_compressed_weights() -> None:
    good = "{0, 0, 0.5}, {1, 0, -1.25}, {0, 1, 0.75}, {2, 1, 1.0}"
    check(good, good, SPARSE, "compressed_")
    refused(
        r"differ in 1 of 4.*weight 3 is 2, 1, 1 against 1, 1, 1", good, good.replace("{2", "{1"), SPARSE, "compressed_"
    )
    refused("holds 3 weights; expected 4 finite triples", good.rpartition(", {")[0], good, SPARSE, "compressed_")
    refused("value 0 is 'inf'", good.replace("0.5", "inf"), good, SPARSE, "compressed_")


@pytest.mark.parametrize(
    "values, told", [("0.5, 1.0", "holds 2 weights; expected 3"), ("0.5, 1.0, nan", "value 2 is 'nan'")]
)
def test_weights_that_are_compiled_in(values: str, told: str) -> None:
    """``WriteWeightsTxt: false``: the header alone; C++ fills what is missing with zeros."""
    files = {"firmware/weights/b2.h": f"fc_bias_t b2[3] = {{{values}}};".encode()}
    with pytest.raises(ModelFileError, match=rf"b2\.h.*{told}"):
        check_weight_files("prj", "", files)
    check_weight_files("prj", "", {"firmware/weights/b2.h": b"fc_bias_t b2[3] = {0.5, 1.0, 2};"})
