"""Readers of single families of layers: the graph of the ModelGraph, the C-simulation's bits, refusals by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_projects import CASES, layer_projects

import isobit as ib
from isobit.errors import IsobitError
from isobit.model.canonical import canonical
from isobit.model.file import load_graph

Change = Callable[[str, Mapping[str, Any]], Path]


@pytest.fixture(scope="module", name="projects")
def _projects() -> Path:
    return layer_projects()


@pytest.fixture(name="changed")
def _changed(projects: Path, tmp_path: Path) -> Change:
    """A copy of a project with texts replaced: for each file pairs of what is there and what takes its place."""

    def change(name: str, texts: Mapping[str, Any]) -> Path:
        folder = tmp_path / name
        shutil.copytree(projects / name, folder)
        for path, pairs in texts.items():
            text = (folder / "firmware" / path).read_text()
            for old, new in [pairs] if isinstance(pairs[0], str) else pairs:
                assert old in text, f"{path} has no {old!r}"
                text = text.replace(old, new, 1)
            (folder / "firmware" / path).write_text(text)
        return folder

    return change


def events(model: ib.Model, count: int) -> list[Any]:
    """Numbers of each input's format, large and small."""
    rng = np.random.default_rng(3)
    found = []
    for tensor in model.graph.inputs:
        least, most = tensor.raw_range
        raw = rng.integers(least, most + 1, (count, *tensor.shape))
        raw = np.where(rng.random(raw.shape) < 0.5, raw // 8, raw)
        found.append(raw * float(tensor.type.lsb))
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_graph_is_that_of_the_model_graph(projects: Path, case: str) -> None:
    graph = ib.load(projects / case).graph
    assert canonical(graph) == canonical(load_graph(projects / case / "graph.isobit"))


def simulated(folder: Path) -> None:
    """Every layer of a folder against its own C-simulation."""
    model = ib.load(folder)
    assert not [op.name for op in model.graph.ops if op.tag == "foreign"]
    report = ib.check(model, events(model, 200), against=("csim",), optimisation="0")
    (road,) = report.roads
    assert {layer.layer for layer in road.layers} >= {op.name for op in model.graph.ops if not op.renames}
    assert sum(layer.values for layer in road.layers) > 0
    assert [(layer.layer, layer.differ) for layer in road.layers if layer.differ] == []


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("case", CASES)
def test_every_layer_has_the_bits_of_the_folders_simulation(projects: Path, case: str) -> None:
    simulated(projects / case)


#: Project, file, what is there, what takes its place, and what the error says.
REFUSED = (
    ("einsum", "parameters.h", "n_free0 = 5", "n_free0 = 1", "config4_tpose_inp0 transposes 30 numbers; .* have 6"),
    ("einsum", "parameters.h", "n_free1 = 4", "n_free1 = 2", "config4_tpose_inp1 transposes 24 numbers; .* have 12"),
    ("einsum", "parameters.h", "n_free_data = 2", "n_free_data = 4", "config3_tpose_inp transposes 24 .* have 48"),
    ("einsum", "parameters.h", "n_free_kernel = 5", "n_free_kernel = 10", "config3_dense has n_in 4, n_out 5 for conf"),
    ("einsum", "parameters.h", "n_contract = 4", "n_contract = 2", "config3_dense has n_in 4, n_out 5 for config3"),
    ("einsum", "parameters.h", "n_inplace = 3", "n_inplace = 0", "config3 has the n_inplace 0; expected 1 or more"),
    ("einsum", "parameters.h", "static const unsigned n_inplace = 3;", "", "config3 has no n_inplace"),
    ("einsum", "parameters.h", "inp_perm[3] = {1, 0, 2}", "inp_perm[3] = {1, 0, 1}", "config3_tpose_inp is no transpo"),
    ("einsum", "parameters.h", "perm_strides[3] = {4, 12, 1}", "perm_strides[3] = {12, 4, 1}", "is no transposition"),
    ("einsum", "parameters.h", "out_to_shape[3] = {4, 5, 3}", "out_to_shape[3] = {5, 4, 3}", "tpose_out is no transpo"),
    ("einsum", "parameters.h", "config3_dense dense_conf", "config9_dense dense_conf", "no struct 'config9_dense'"),
    (
        "einsum",
        "parameters.h",
        "typedef d_bias_t bias_t;\n\n    typedef config3_dense",
        "typedef d_weight_t bias_t;\n\n    typedef config3_dense",
        "config3_dense and config3 have another bias_t",
    ),
    (
        "einsum",
        "parameters.h",
        "strategy = nnet::latency;\n    static const unsigned reuse_factor = 1;\n    static const unsigned parallel",
        "strategy = nnet::resource;\n    static const unsigned reuse_factor = 1;\n    static const unsigned parallel",
        "config3 has the strategy 'resource', config3_dense 'latency'",
    ),
    (
        "einsum",
        "parameters.h",
        "product = nnet::product::mult<x_T, y_T>",
        "product = nnet::product::weight_ternary<x_T, y_T>",
        "config3_dense has the product 'weight_ternary'; hls4ml's for these formats is 'mult'",
    ),
    (
        "einsum",
        "parameters.h",
        "nnet::DenseLatency",
        "nnet::DenseResource_rf_leq_nin",
        "strategy 'latency', conf.* 're",
    ),
    ("einsum", "parameters.h", "n_free0 = 5;", "n_free0 = 5;\n    static const unsigned n_extra = 1;", "'n_extra'"),
    ("einsum", "myproject.cpp", "layer3_out, y", "y, layer3_out", "'y' is of 'input2_t', but is read as 'layer3_t'"),
    ("einsum", "myproject.cpp", "w3, b3", "b3, w3", "b3 has 30 numbers; expected 3 x 4 x 5"),
    ("layernorm", "parameters.h", "seq_len = 3", "seq_len = 4", "s2 has 4 numbers; expected 3"),
    ("layernorm", "parameters.h", "seq_len = 3", "seq_len = 5", "config2 has n_in 12 for 5 positions"),
    ("layernorm", "parameters.h", "seq_len = 3", "seq_len = 0", "config2 has the seq_len 0; expected 1 or more"),
    ("layernorm", "parameters.h", "n_in = 3*4", "n_in = 3*8", "'in0' has 12 numbers in the shape"),
    ("layernorm", "parameters.h", "table_size = 500", "table_size = 0", "has the table_size 0; expected 1 or more"),
    ("layernorm", "parameters.h", "table_size = 500", "table_size = 1 << 9", "is not C.. as hls4ml writes it"),
    ("layernorm", "parameters.h", "static const unsigned table_size = 500;", "", "config2 has no table_size"),
    ("layernorm", "parameters.h", "table_range_power2 = 1", "table_range_power2 = 31", "must be 0 to 30"),
    (
        "layernorm",
        "parameters.h",
        "static const unsigned table_range_power2 = 1;",
        "",
        "config2 has no table_range_power2",
    ),
    (
        "layernorm",
        "parameters.h",
        "static const unsigned epsilon_power_of_10 = 4;",
        "",
        "config2 has no epsilon_power_of_10",
    ),
    ("layernorm", "parameters.h", "typedef norm_table_t table_t;", "", "config2 has no table_t"),
    ("layernorm", "parameters.h", "norm_accum_t accum_t;", "float accum_t;", "the type 'float' is not understood"),
    ("layernorm", "parameters.h", "product::mult<x_T, y_T>", "product::weight_ternary<x_T, y_T>", "'weight_ternary'"),
    ("layernorm", "myproject.cpp", "s2, b2", "s2, b3", "weights/b3.h is missing"),
    ("steps", "myproject.cpp", "int ts = 0", "int ts = 1", "'1' where '0' was expected"),
    ("steps", "myproject.cpp", "ts < config2", "ts <= config2", "'=' where a name was expected"),
    ("steps", "myproject.cpp", "ts++", "ts += 2", "'=' where '.' was expected"),
    (
        "steps",
        "myproject.cpp",
        "for (int ts = 0; ts < config2::n_time_steps; ts++) {",
        "{",
        "'{' where a name was expected",
    ),
    (
        "steps",
        "myproject.cpp",
        "config2::n_time_steps",
        "config2::n_chan",
        "does not read one step first and write it last",
    ),
    ("steps", "myproject.cpp", "ts < config2", "ts < config5", "config5 has no n_time_steps"),
    (
        "steps",
        "myproject.cpp",
        "nnet::read_time_step_2d<input_t, config2>(ts, in0, layer2_out);",
        "",
        "does not read one step",
    ),
    ("steps", "myproject.cpp", "(ts, in0, layer2_out)", "(0, in0, layer2_out)", "config2 has 2 axes"),
    (
        "steps",
        "myproject.cpp",
        "read_time_step_2d<input_t, config2>",
        "read_time_step_3d<input_t, config2>",
        "has 2 axes of",
    ),
    (
        "steps",
        "parameters.h",
        "n_time_steps = 3",
        "n_time_steps = 2",
        "'in0' has 12 numbers in the shape .3, 4.; .* .2, 4.",
    ),
    ("steps", "parameters.h", "n_time_steps = 3;", "n_time_steps = 0;", "n_time_steps 0; expected 1 or more"),
    ("steps", "parameters.h", "in_height = 1", "in_height = 2", "config2 has 2 axes of .2, 1, 4."),
    ("steps", "parameters.h", "dim = 2", "dim = 3", "config2 has 3 axes"),
    (
        "steps",
        "nnet_utils/nnet_time_distributed.h",
        "res[i] = data[",
        "res[i] = -data[",
        "time_distributed.h: read_time_step_2d; code of others in a loop over steps",
    ),
    ("steps", "nnet_utils/nnet_dense_latency.h", "+= ", "-= ", "dense_latency; code of others in a loop over steps"),
    ("steps_of_images", "parameters.h", "in_width = 3", "in_width = 4", "'in0' has 48 numbers in the shape"),
    (
        "unrolled",
        "nnet_utils/nnet_code_gen.h",
        "acc[1] += ",
        "acc[2] += ",
        "code of dense_resource_unrolled_2_1 is not",
    ),
    ("unrolled", "parameters.h", "unsigned reuse_factor = 3;", "unsigned reuse_factor = 6;", "and the reuse factor 6"),
    ("garnet", "parameters.h", "n_vertices = 8", "n_vertices = 16", "config3 has the n_vertices_width 3 for 16"),
    ("garnet", "parameters.h", "n_vertices_width = 3", "n_vertices_width = -1", "has the n_vertices_width -1 for 8"),
    ("garnet", "parameters.h", "log2_reuse_factor = 1", "log2_reuse_factor = 2", "the log2_reuse_factor 2 for 2"),
    ("garnet", "parameters.h", "unsigned reuse_factor = 2", "unsigned reuse_factor = 3", "log2_reuse_factor 1 for 3"),
    (
        "garnet",
        "parameters.h",
        "n_in_features = 2",
        "n_in_features = 4",
        "input_transform_weights of 12 .* which has 12",
    ),
    ("garnet", "parameters.h", "n_aggregators = 2", "n_aggregators = 3", "config3 has input_transform_weights of 12"),
    ("garnet", "parameters.h", "n_out_features = 3", "n_out_features = 4", "config3 has input_transform_weights of 12"),
    ("garnet", "parameters.h", "distance_width = 12", "distance_width = 11", "distances of 12 bits, distance_width 11"),
    ("garnet", "parameters.h", "ap_fixed<12, 4, AP_TRN, AP_SAT>", "ap_fixed<32, 4, AP_TRN, AP_SAT>", "of 32 bits"),
    ("garnet", "parameters.h", "mean_by_nvert = false", "mean_by_nvert = true", "'gar' has mean_by_nvert"),
    ("garnet", "parameters.h", "= collapse_mean", "= no_collapse", "'gar' gives a result for each vertex"),
    ("garnet", "parameters.h", "= collapse_mean", "= collapse_sum", "the name 'collapse_sum'"),
    ("garnet", "parameters.h", "= aggregator_distance_b3", "= output_transform_b3", "aggregator_distance_biases of 2"),
    ("garnet", "parameters.h", "= aggregator_distance_b3", "= aggregator_distance_b4", "b4.h is missing"),
    (
        "garnet",
        "parameters.h",
        "typedef aggregator_distance_biases3_t",
        "typedef model_default_t",
        "model_default_t' in agg",
    ),
    (
        "garnet",
        "parameters.h",
        "(&config3::input_transform_biases)[6]",
        "(&config3::input_transform_biases)[5]",
        "config3::input_transform_biases as a reference to 'input_transform_b3'",
    ),
    (
        "garnet",
        "parameters.h",
        "const config3::output_transform_biases_t (&config3::output_transform_biases)[3] = output_transform_b3;",
        "",
        "has the reference output_transform_biases to nothing",
    ),
    (
        "garnet",
        "parameters.h",
        "static const output_transform_biases_t (&output_transform_biases)[3];",
        "",
        "config3::output_transform_biases as a reference",
    ),
    (
        "garnet",
        "parameters.h",
        "    typedef config3 base_t;",
        "    typedef config3 base_t;\n    static const bool is_stack = true;",
        "has the member 'is_stack', which is not known",
    ),
    (
        "garnet",
        "parameters.h",
        "n_propagate = 5;",
        "n_propagate = 5;\n    static const unsigned n_more = 1;",
        "'n_more'",
    ),
    ("bidirectional", "parameters.h", "n_mult = 4", "n_mult = 3", "config2_forward has n_in 2, n_mult 3"),
    ("bidirectional", "parameters.h", "n_mult = 3", "n_mult = 4", "config2_backward has n_in 2, n_mult 4"),
    ("bidirectional", "parameters.h", "n_out = 5", "n_out = 6", "config2 gives 1 of 4 steps of 6 numbers"),
    ("bidirectional", "parameters.h", "n_sequence_out = 1", "n_sequence_out = 2", "config2 gives 2 of 4 steps"),
    ("bidirectional", "parameters.h", "n_sequence = 4", "n_sequence = 5", "'in0' has 8 numbers in the shape"),
    ("bidirectional", "parameters.h", "n_state = 3", "n_state = 2", "config2 gives 1 of 4 steps of 5 numbers"),
    (
        "bidirectional",
        "parameters.h",
        "nnet::lstm_class_static",
        "nnet::lstm_class",
        "by 'lstm_class', use_static True",
    ),
    ("bidirectional", "parameters.h", "nnet::lstm_class_static", "nnet::gru_class_static", "n_in 2, n_mult 4"),
    ("bidirectional", "parameters.h", "FORWARD_CONFIG;", "BACKWARD_CONFIG;", "the member 'BACKWARD_CONFIG' of config2"),
    ("bidirectional", "parameters.h", "pytorch_order = false", "pytorch_order = true", "PyTorch's order, which is not"),
    ("bidirectional", "parameters.h", "table_size = 512", "table_size = 256", "config2_forward has tables of 2 kinds"),
    ("bidirectional", "parameters.h", "typedef config2_1_b mult", "typedef config2_1_f mult", "n_in 2, n_out 12"),
    ("bidirectional", "myproject.cpp", "w_f_2, wr_f_2", "wr_f_2, w_f_2", "wr_f_2 has 36 numbers; expected 2 x 12"),
    ("bidirectional", "myproject.cpp", "b_b_2, br_b_2)", "b_b_2, b_f_2)", "b_f_2 has 12 numbers; expected 6"),
    ("table", "parameters.h", "table_size = 64", "table_size = 32", "table3 has 64 numbers; expected 32"),
    ("table", "parameters.h", "n_in = 6;", "n_in = 5;", "n_in 5 and .* for 6 numbers"),
    ("table", "parameters.h", "typedef u_table_t table_t", "typedef layer3_t table_t", "n_in 6 and 'layer3_t' for 6"),
    ("table", "defines.h", "ap_fixed<6,2>", "ap_fixed<7,2>", "'u' has a table of 64 entries for numbers of"),
    ("table", "parameters.h", "axis = -2", "axis = -3", "has the axis -3; expected -2 to"),
    ("channels_first", "parameters.h", "out_height = 6", "out_height = 7", "makes .7, 7. of .3, 4."),
    (
        "steps",
        "parameters.h",
        "config6 : nnet::time_distributed_config {\n    static const unsigned dim = 2;\n\n    static "
        "const unsigned n_time_steps = 3",
        "config6 : nnet::time_distributed_config {\n    static const unsigned dim = 2;\n\n"
        "    static const unsigned n_time_steps = 2",
        "config6 has 2 axes of .1, 1, 5. in 2 steps; the loop has 3",
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[2][:20]!r}-{case[3][:20]!r}")
def test_damage_is_refused(changed: Change, case: tuple[str, str, str, str, str]) -> None:
    name, path, old, new, says = case
    with pytest.raises(IsobitError, match=says):
        ib.load(changed(name, {path: (old, new)}))


#: Changes of the code that hls4ml generated for a product, ``dense_resource_unrolled_3``, and what is there.
GENERATED = (
    ("acc[1] += ", "acc[2] += "),
    ("product(data[1], ", "product(data[0], "),
    ("weights[1]", "weights[2]"),
    ("M1: {", "M2: {"),
    ("acc[i] = (typename CONFIG_T::accum_t) biases[i];", "acc[i] = 0;"),
    ("i < CONFIG_T::n_out; i++", "i < CONFIG_T::n_out - 1; i++"),
    ("cast<data_T, res_T, CONFIG_T>(acc[i])", "acc[i]"),
    ("#pragma HLS UNROLL", "#pragma HLS UNROLL \\\n"),
    ("            M1: {", "            // M1: {"),
    ("acc[0] += ", "acc[0] += 1; acc[0] += "),
)


@pytest.mark.parametrize("old, new", GENERATED, ids=lambda part: part[:30].strip())
def test_changed_products_are_code_of_others(changed: Change, old: str, new: str) -> None:
    folder = changed("unrolled", {})
    path = folder / "firmware" / "nnet_utils" / "nnet_code_gen.h"
    head, name, code = path.read_text().partition("class dense_resource_unrolled_3 ")
    assert old in code
    path.write_text(head + name + code.replace(old, new, 1))
    (op,) = (op for op in ib.load(folder).graph.ops if op.tag == "foreign")
    assert op.name == "few"
    assert "nnet_code_gen.h: dense_resource_unrolled_3" in op.reason


def test_a_zero_that_the_products_do_not_leave_out(changed: Change) -> None:
    folder = changed("unrolled", {})
    path = folder / "firmware" / "weights" / "w3.txt"
    numbers = path.read_text().split(", ")
    place = next(place for place, number in enumerate(numbers) if float(number))
    path.write_text(", ".join([*numbers[:place], "0.0", *numbers[place + 1 :]]))
    with pytest.raises(IsobitError, match="w3"):
        ib.load(folder)


def test_the_size_of_a_table_that_is_none_is_not_counted(changed: Change) -> None:
    """hls4ml writes one for a ReLU; from HGQ2 it may be in the millions."""
    size = "static const unsigned table_size = "
    head = f"relu_config4 : nnet::activ_config {{\n    static const unsigned n_in = 15;\n    {size}"
    folder = changed("steps", {"parameters.h": (f"{head}1024", f"{head}4194304")})
    assert canonical(ib.load(folder).graph) == canonical(load_graph(folder / "graph.isobit"))
