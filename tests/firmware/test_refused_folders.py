"""What is not hls4ml's, or does not belong together, is refused with file and line; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import isobit as ib
from isobit.errors import IsobitError, ModelFileError, UnsupportedError

Change = Callable[[str, Mapping[str, tuple[str, str]]], Path]
JETS, TAUS, TERNARY = "jet_mlp.golden.io_parallel", "tau_cnn.golden.io_parallel", "jet_ternary.golden.io_parallel"
STREAM = "btag_conv1d.golden.io_stream"

LOADED = "#ifndef __SYNTHESIS__\n    static bool loaded_weights"

#: Project, file, what is there, what takes its place, and what the error says.
CASES = (
    (JETS, "myproject.cpp", "nnet::dense<input_t", "nnet::dense<layer4_t", "'inputs' is of 'input_t', but is read"),
    (JETS, "myproject.cpp", "(layer2_out, layer4_out)", "(layer8_out, layer4_out)", "'layer8_out' is read before"),
    (JETS, "myproject.cpp", "w5, b5", "w5, b11", "b11 has 5 numbers; expected 32"),
    (
        JETS,
        "myproject.cpp",
        "void myproject",
        "#define relu tanh\nvoid myproject",
        r"myproject\.cpp:\d+: '#define relu",
    ),
    (JETS, "myproject.cpp", "    layer4_t layer4_out[64]", "    layer4_t layer4_out[63]", "it is read as .63,"),
    (JETS, "myproject.cpp", "    // hls-fpga", "    inputs[0] = 1;\n    // hls-fpga", r"myproject\.cpp:\d+"),
    (JETS, "myproject.h", "void myproject", "extern int x;\nvoid myproject", r"myproject\.h:\d+"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = 15;", "has 16 numbers in the shape"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = 16u - 1;", "has 16 numbers in the shape"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = 020;", r"parameters\.h:\d+: the octal number '020'"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = sizeof(int);", r"parameters\.h:\d+: the name 'sizeof'"),
    (JETS, "parameters.h", "    typedef fc1_accum_t accum_t;", "", r"parameters\.h:\d+: config2 has no accum_t"),
    (JETS, "parameters.h", "nnet::DenseLatency<", "nnet::DenseFast<", "kernel 'nnet::DenseFast', which is not known"),
    (JETS, "parameters.h", "product::mult<", "product::weight_ternary<", "has the product 'weight_ternary'"),
    (JETS, "parameters.h", "n_in = 64;", "n_in = 64;\n    static const unsigned magic = 1;", "has the member 'magic'"),
    (JETS, "parameters.h", "struct config2 :", "#if 1\n#endif\nstruct config2 :", r"parameters\.h:\d+: '#if 1'"),
    (JETS, "defines.h", "typedef ap_fixed<16,6> layer2_t;", "typedef float layer2_t;", "'float' is not understood"),
    (JETS, "defines.h", "typedef ap_fixed<16,6> layer2_t;", "using layer2_t = ap_fixed<16,6>;", r"defines\.h:\d+"),
    (JETS, "defines.h", "ap_fixed<16,6> layer2_t", "ap_fixed<16,6,AP_ODD> layer2_t", r"defines\.h:\d+"),
    (JETS, "weights/w2.h", "[1024];", "[1023];", "does not define w2 as hls4ml writes it"),
    (JETS, "ap_types/ap_fixed_base.h", "AP_SAT", "AP_WRAP", "ap_fixed_base.h is none of AMD's headers"),
    (TAUS, "nnet_utils/nnet_code_gen.h", "buffer[0][0] =    data[0]", "buffer[0][0] =    data[1]", "does not fill"),
    (TERNARY, "parameters.h", "n_scale_bias = (n_filt == -1)", "n_scale_bias = (n_filt == 0)", "for 64 numbers"),
    (
        JETS,
        "parameters.h",
        "const unsigned n_in = 16;",
        "const bool n_in = 16;",
        "bool config2::n_in with the value 16",
    ),
    (JETS, "parameters.h", "const unsigned n_in = 16;", "const char n_in = 16;", "the type 'char' is not understood"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = true;", "unsigned config2::n_in with the value True"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = 65536 * 65536 / 268435456;", "the number 4294967296"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = 16 + (1 - 2) / 2;", "-1 / 2"),
    (JETS, "parameters.h", "n_in = 16;", "n_in = nnet::relu ? 1 : 16;", "'relu' as a condition"),
    (JETS, "parameters.h", "product::mult<x_T, y_T>", "product::mult<y_T, x_T>", "y_T, x_T, in another order"),
    (JETS, "parameters.h", "    static constexpr float exp_scale = 1.0;", "", "has no exp_scale"),
    (JETS, "parameters.h", "exp_table_size = 1024;", "exp_table_size = 2000000000;", "expected 1 to 1048576"),
    (JETS, "parameters.h", "#include", "/* */ #include", "is not at the beginning of its line"),
    (JETS, "defines.h", "insert numbers", "insert numbers \\", r"defines\.h:\d+: .* goes on in the next line"),
    (JETS, "myproject.cpp", "#pragma HLS", "#pragma HLS /*", "begins a comment in a directive"),
    (JETS, "myproject.cpp", "#pragma HLS", "#pragma GCC poison", "'#pragma GCC poison.* is not understood"),
    (JETS, "myproject.cpp", LOADED, f"    nnet::nothing<a>(b);\n{LOADED}", "weights that are loaded behind a call"),
    (STREAM, "parameters.h", "kernel_size = filt_width;", "kernel_size = 2;", "has the kernel_size 2"),
    (STREAM, "parameters.h", "stride_width = 1;", "stride_width = 0;", "stride_width 0; expected 1 or more"),
    (STREAM, "defines.h", "13*1> input_t", "26*1> input_t", "input_t|packets"),
    (STREAM, "parameters.h", "out_width = 10", "out_width = 9", "its windows make"),
)


#: Changes of functions, and what the layer's reason says.
PATCHES = (
    ("nnet_utils/nnet_dense_latency.h", "+= ", "-= ", "nnet_dense_latency.h: dense_latency"),
    ("nnet_utils/nnet_mult.h", "return a * w;", "return w * w;", "nnet_mult.h: mult"),
    ("nnet_utils/nnet_common.h", "#define DIV", "#define relu tanh\n#define DIV", "nnet_common.h (its directives)"),
    (
        "nnet_utils/nnet_dense_latency.h",
        "acc[iacc] = (",
        "// \\\n acc[iacc] = (",
        "nnet_dense_latency.h: dense_latency",
    ),
    ("nnet_utils/nnet_dense_latency.h", "#pragma HLS", "#pragma HLS /* */", "nnet_dense_latency.h (its directives)"),
    ("nnet_utils/nnet_activation.h", "table_size = 1024;", "table_size = 512;", "nnet_activation.h: activ_config"),
)


@pytest.mark.parametrize("case", PATCHES, ids=lambda case: case[3])
def test_patched_functions_make_foreign_layers(changed: Change, case: tuple[str, str, str, str]) -> None:
    path, old, new, says = case
    graph = ib.load(changed(JETS, {path: (old, new)})).graph
    assert says in " ".join(op.reason for op in graph.ops if op.tag == "foreign")


@pytest.mark.parametrize(
    "path, old, new",
    [
        ("parameters.h", "n_partitions = 21;", "n_partitions = 20;"),
        ("nnet_utils/nnet_code_gen.h", "// hls4ml insert", "// class fill_buffer_2 {}"),
    ],
)
def test_windows_that_are_not_all_filled_make_foreign_layers(changed: Change, path: str, old: str, new: str) -> None:
    graph = ib.load(changed(TAUS, {path: (old, new)})).graph
    (op,) = (op for op in graph.ops if op.tag == "foreign")
    assert "nnet_code_gen.h: fill_buffer_2" in op.reason


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1].rpartition('/')[2]}-{case[3][:24]!r}")
def test_edits_are_refused(changed: Change, case: tuple[str, str, str, str, str]) -> None:
    name, path, old, new, says = case
    with pytest.raises(IsobitError, match=says):
        ib.load(changed(name, {path: (old, new)}))


CONFIGURATIONS = (
    ("InputShapes:", "InputShapes: 7\nOther:", "InputShapes  is 7; expected whole numbers from 1"),
    ("- 16", "- 16.5", "InputShapes inputs is .16.5.; expected whole numbers from 1"),
    ("ClockPeriod: ", "ClockPeriod: '", "is not readable YAML"),
    ("ClockPeriod: ", "ClockPeriod: fast # ", "ClockPeriod is 'fast'; expected nanoseconds"),
    ("Backend: Vitis", "Backend: [Vitis]", "which is not supported"),
    ("ProjectName: ", "Day: 2026-13-45\nProjectName: ", "is not readable YAML"),
)


@pytest.mark.parametrize("old, new, says", CONFIGURATIONS, ids=lambda part: part[:20])
def test_damaged_configurations_are_refused(changed: Change, old: str, new: str, says: str) -> None:
    folder = changed(JETS, {"../hls4ml_config.yml": (old, new)})
    with pytest.raises(IsobitError, match=says) as caught:
        ib.load(folder)
    assert str(folder) in str(caught.value)


def test_what_a_configuration_asks_in_another_form_is_not_known(changed: Change) -> None:
    folder = changed(JETS, {"../hls4ml_config.yml": ("HLSConfig:", "HLSConfig: text\nOther:")})
    assert ib.load(folder).layers[0] == "fc1"


def test_missing_files_are_named(changed: Change) -> None:
    folder = changed(JETS, {})
    for path in ("weights/w5.h", "weights/b2.txt", "parameters.h", "defines.h"):
        content = (folder / "firmware" / path).read_bytes()
        (folder / "firmware" / path).unlink()
        with pytest.raises((ModelFileError, UnsupportedError), match=path.rpartition("/")[2]):
            ib.load(folder)
        (folder / "firmware" / path).write_bytes(content)
    assert ib.load(folder).layers


def test_comments_spaces_and_pragmas_change_nothing(changed: Change) -> None:
    folder = changed(
        JETS,
        {
            "nnet_utils/nnet_dense_latency.h": (
                "namespace nnet {",
                "namespace nnet { // a comment\n\n#pragma HLS INLINE",
            ),
            "parameters.h": ("    static const unsigned n_in = 16;", "static  const unsigned\n n_in=8 * 2; /* here */"),
            "myproject.cpp": ("#pragma HLS", "#pragma HLS DATAFLOW\n    #pragma HLS"),
        },
    )
    assert ib.load(folder).layers[0] == "fc1"
