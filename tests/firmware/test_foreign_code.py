"""A kernel that was patched by hand: named, emulated around, and run by its own code if the user says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.errors import UnsupportedError
from isobit.frontends.firmware.fingerprints import Library

JETS = "jet_mlp.golden.io_parallel"
KERNEL = "nnet_utils/nnet_activation.h"
Change = Callable[[str, Mapping[str, tuple[str, str]]], Path]


@pytest.fixture
def patched(changed: Change) -> Path:
    """A softmax that adds a quarter to every number: the grid of its result has it, so nothing is rounded otherwise."""
    folder = changed(JETS, {})
    path = folder / "firmware" / KERNEL
    text = path.read_text()
    before, stable, rest = text.partition("void softmax_stable")
    product = "res[i] = exp_res[i] * inv_exp_sum;"
    assert product in rest
    path.write_text(before + stable + rest.replace(product, f"{product[:-1]} + res_T(0.25);", 1))
    return folder


def test_it_is_named_and_the_rest_is_planned(patched: Path, tmp_path: Path) -> None:
    model = ib.load(patched)
    assert [op.tag for op in model.graph.ops if op.tag not in ("dense", "activation")] == ["foreign"]
    plan = str(model.plan())
    assert "softmax.result ap_fixed<16,6>: not known whether it overflows" in plan
    with pytest.raises(UnsupportedError, match=r"'softmax' .* nnet_activation\.h: softmax_stable.*run_code=True"):
        model.predict(np.zeros((2, 16)))
    model.save(tmp_path / "m.isobit")
    with pytest.raises(UnsupportedError, match="run_code=True"):
        ib.load(tmp_path / "m.isobit").predict(np.zeros((2, 16)))


def test_its_own_code_computes_it(patched: Path, projects: Path) -> None:
    x = np.random.default_rng(5).normal(0, 2, (30, 16))
    wanted = ib.load(projects / JETS).predict_raw(x)
    found = ib.load(patched, run_code=True).predict_raw(x)
    quarter = 1 << (wanted.type.fraction - 2)
    assert np.array_equal(found.raw, wanted.raw + quarter)


def test_unknown_functions_are_layers_too(changed: Change) -> None:
    folder = changed(JETS, {"myproject.cpp": ("nnet::relu<layer2_t", "nnet::my_relu<layer2_t")})
    model = ib.load(folder)
    (op,) = (op for op in model.graph.ops if op.tag == "foreign")
    assert (op.name, op.inputs, op.output.shape) == ("relu1", ("fc1",), (64,))
    assert "the function 'nnet::my_relu' is not known" in op.reason


def test_an_input_that_it_could_have_changed_is_not_read_again(changed: Change) -> None:
    texts = (
        "nnet::relu<layer5_t, layer7_t, relu_config7>(layer5_out",
        "nnet::relu<layer4_t, layer7_t, relu_config7>(layer4_out",
    )
    folder = changed(JETS, {"myproject.cpp": ("nnet::dense<layer4_t", "nnet::my_dense<layer4_t")})
    assert ib.load(folder).layers
    source = folder / "firmware" / "myproject.cpp"
    assert texts[0] in source.read_text()
    text = source.read_text().replace(
        "nnet::dense<layer7_t, layer8_t, config8>(layer7_out", "nnet::dense<layer4_t, layer8_t, config8>(layer4_out"
    )
    source.write_text(text)
    with pytest.raises(
        UnsupportedError, match=r"its input is read again at .*myproject\.cpp:\d+, where it may have changed"
    ):
        ib.load(folder)


def test_older_definitions_are_taken_where_they_give_the_same_bits() -> None:
    known = {
        "firmware/parameters.h": b'#include "nnet_utils/nnet_common.h"\n',
        "firmware/nnet_utils/nnet_common.h": b"namespace nnet { enum strategy { latency, resource }; }",
    }
    assert Library(known, ["firmware/parameters.h"]).unknown(["strategy"]) == []
    assert (
        Library(known, ["firmware/parameters.h"]).unknown(["strategy"], {"nnet_common.h:strategy": ("1.2.0", None)})
        != []
    )


def test_structs_of_other_releases_go_with_their_code(patched: Path) -> None:
    path = patched / "firmware" / "parameters.h"
    text = path.read_text()
    line = "    static const unsigned n_slice = 5;\n"
    assert line in text
    path.write_text(text.replace(line, "", 1))
    (op,) = (op for op in ib.load(patched).graph.ops if op.tag == "foreign")
    assert (op.name, op.output.shape) == ("softmax", (5,))


def test_streams_keep_their_shapes(changed: Change) -> None:
    kernel = ("assert(CONFIG_T::filt_width == 1);", "assert(CONFIG_T::filt_width < 2);")
    model = ib.load(changed("btag_conv1d.golden.io_stream", {"nnet_utils/nnet_sepconv1d_stream.h": kernel}))
    found = {op.name: op.output.shape for op in model.graph.ops if op.tag == "foreign"}
    assert found == {"conv1": (10, 20), "conv2": (10, 5)}
