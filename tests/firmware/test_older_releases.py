"""Folders and graphs of older releases: what is taken of their functions, and what their softmax computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.engines.registry import get_engine
from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.frontends.firmware.building import LAYERS
from isobit.frontends.firmware.fingerprints import Library
from isobit.frontends.firmware.generated import pointwise_parts
from isobit.frontends.firmware.loading import _add
from isobit.frontends.firmware.nodes import FirmwareModel, FixedPrecisionType, NamedType, Node, Variable
from isobit.frontends.firmware.older import KERNELS, SOFTMAX, VETTED, release
from isobit.frontends.firmware.windows import _check_parts
from isobit.frontends.hls4ml.releases import check_release
from isobit.frontends.hls4ml.softmax import _softmax
from isobit.model.canonical import canonical_digest
from isobit.model.graph import Graph
from isobit.model.layers.softmax import Softmax, signed_differences
from isobit.model.tables import exponential_table, inverse_table
from isobit.model.tensor import Tensor

JETS = "jet_mlp.golden.io_parallel"
Change = Callable[[str, Mapping[str, tuple[str, str]]], Path]
NARROW = FixedType.parse("ap_fixed<9,4>")
TABLE = FixedType.parse("ap_fixed<12,4,AP_RND,AP_SAT>")


def softmax(kind: FixedType, entries: int, **given: Any) -> Softmax:
    """A softmax of three slices of four numbers."""
    address = signed_differences(kind)
    parts: dict[str, Any] = {
        "exp_table": exponential_table("exp_table", entries, address, 1.0, False, TABLE),
        "inv_table": inverse_table("inv_table", entries, TABLE, TABLE),
        "accum": TABLE,
        "inv_inp": TABLE,
        "address": address,
        **given,
    }
    return Softmax("s", ("x",), Tensor("s", (3, 4), TABLE), "stable_signed", 4, 3, **parts)


@pytest.mark.parametrize("kind", ["ap_fixed<9,4>", "ap_fixed<7,7,AP_RND,AP_SAT>", "ap_fixed<12,1>"])
@pytest.mark.parametrize("entries", [16, 64])
def test_every_road_has_the_old_softmax(kind: str, entries: int) -> None:
    """Against softmax_stable of 1.1.0 in integers: differences saturate, and their top bits are the index."""
    type = FixedType.parse(kind)
    x, layer = Tensor("x", (3, 4), type), softmax(type, entries)
    graph = Graph("g", (x,), (layer,), ("s",))
    rng = np.random.default_rng(entries)
    data = rng.integers(type.raw_min, type.raw_max + 1, (60, 12))
    data[:20] = np.clip(data[:20] >> 3, type.raw_min, type.raw_max)
    assert layer.exp_table is not None
    assert layer.inv_table is not None
    slices = data.reshape(60, 3, 4)
    differences = np.maximum(slices - slices.max(axis=2, keepdims=True), type.raw_min)
    bits = entries.bit_length() - 1
    exponentials = layer.exp_table.raw[(differences % 2**type.width) >> (type.width - bits)]
    half = np.clip(exponentials[..., [0, 2]] + exponentials[..., [1, 3]], TABLE.raw_min, TABLE.raw_max)
    total = np.clip(half.sum(axis=2), TABLE.raw_min, TABLE.raw_max)
    inverse = layer.inv_table.raw[total >> (TABLE.width - bits)][..., None]
    exact = exponentials * inverse
    wanted = np.clip((exact + (1 << (TABLE.fraction - 1))) >> TABLE.fraction, TABLE.raw_min, TABLE.raw_max)
    for engine in ("reference", "numba", "cpp", "cpp-strict"):
        found = get_engine(engine).run(graph, {"x": FixedArray.from_raw(data, type)}, 1)["s"].raw
        assert np.array_equal(found, wanted.reshape(found.shape)), engine


def test_the_old_softmax_follows_its_input() -> None:
    layer = softmax(NARROW, 16)
    wider = FixedType.parse("ap_fixed<12,6>")
    changed = layer.with_input_types(wider)
    assert changed.address == signed_differences(wider)
    assert not np.array_equal(changed.exp_table.raw, layer.exp_table.raw)
    assert layer.with_input_types(NARROW) is layer
    assert set(layer.types()) == {"result", "exp_table", "inv_table", "accum", "inv_inp"}
    with pytest.raises(UnsupportedError, match="expected a signed format"):
        softmax(NARROW, 16, address=FixedType.parse("ap_ufixed<9,4>"))


@pytest.mark.parametrize(("implementation", "wanted"), [("stable", "stable_signed"), ("latency", "latency")])
def test_structs_before_1_2_say_one_table_size(implementation: str, wanted: str) -> None:
    model = FirmwareModel("m", "Vitis", "io_parallel")
    named = NamedType("x_t", FixedPrecisionType(NARROW))
    model.tensors |= {name: Variable(name, named, (4,), name) for name in ("x", "s")}
    config = f"""struct softmax_config2 : nnet::activ_config {{
        static const unsigned n_in = 4;
        static const unsigned table_size = 64;
        static const unsigned axis = -1;
        static const nnet::softmax_implementation implementation = nnet::softmax_implementation::{implementation};
        typedef ap_fixed<12,4,AP_RND,AP_SAT> exp_table_t;
        typedef ap_fixed<10,3> inv_table_t;
    }};"""
    facts = {"config_cpp": config, "function_cpp": "nnet::softmax<x_t, s_t, softmax_config2>(x, s);"}
    op = _softmax(Node("Softmax", "s", ["x"], ["s"], facts, {}, model))
    assert (op.implementation, op.size, op.outer, op.inner) == (wanted, 4, 1, 1)
    assert op.accum == op.inv_inp == op.exp_table.type == TABLE
    assert op.exp_table.raw.size == op.inv_table.raw.size == 64
    assert op.address == (NARROW if wanted == "latency" else signed_differences(NARROW))


def test_a_layer_takes_the_releases_that_its_struct_goes_with() -> None:
    older = "namespace nnet { enum strategy { latency, resource }; }"
    files = {
        "firmware/parameters.h": b'#include "nnet_utils/nnet_common.h"\n',
        "firmware/nnet_utils/nnet_common.h": older.encode(),
    }
    library = Library(files, ["firmware/parameters.h"])
    key = "nnet_common.h:strategy"
    assert library.releases(key)[0].startswith("0.6.0")
    assert library.releases("nnet_dense.h:dense") == []
    for since, known in (
        (None, True),
        (("1.2.0", None), False),
        (("0.6.0", "1.0.0"), True),
        (("0.8.1", "0.8.1"), False),
    ):
        assert (library.unknown(["strategy"], {key: since} if since else None) == []) is known, since
    assert max(release(first) for first in VETTED.values()) < (1, 2)
    assert not set(SOFTMAX) & set(VETTED)
    assert set(KERNELS) <= set(VETTED)


def test_two_headers_of_one_name_must_be_known_both() -> None:
    """Include guards decide which of them counts."""
    good, bad = (
        f"namespace nnet {{ enum strategy {{ latency, {name} }}; }}".encode() for name in ("resource", "other")
    )
    for one, two in ((good, bad), (bad, good)):
        files = {
            "firmware/parameters.h": b'#include "nnet_utils/nnet_common.h"\n#include "more/nnet_common.h"\n',
            "firmware/nnet_utils/nnet_common.h": one,
            "firmware/more/nnet_common.h": two,
        }
        assert Library(files, ["firmware/parameters.h"]).unknown(["strategy"]) == ["nnet_common.h:strategy"]


def test_generated_pointwise_classes_are_read() -> None:
    def fail(call: Any, what: str) -> None:
        raise UnsupportedError(what)

    builder: Any = SimpleNamespace(generated="", fail=fail)
    pointwise_parts(builder, None, "Conv1DLatency", 4)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="has 0 classes pointwise_conv_3"):
        pointwise_parts(builder, None, "pointwise_conv_3", 1)  # type: ignore[arg-type]
    begin = "\ntemplate<class data_T, class res_T, typename CONFIG_T>\nclass pointwise_conv_3 : public X {\n"
    builder.generated = begin + "static void conv() { res[0] = data[0]; }\n};\n"
    with pytest.raises(UnsupportedError, match="not what hls4ml generates for the reuse factor 1"):
        pointwise_parts(builder, None, "pointwise_conv_3", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("positions", "reuse", "releases", "written"),
    [
        (28, 8, ["1.0.0 vivado", "1.1.0 vitis"], 24),
        (3, 8, ["1.1.0 vitis"], 0),
        (28, 7, ["1.1.0 vitis"], None),
        (28, 8, ["1.2.0 vitis"], None),
        (28, 8, [], None),  # changed by hand: run by its own code
    ],
)
def test_positions_that_nobody_writes_are_refused(
    monkeypatch: pytest.MonkeyPatch, positions: int, reuse: int, releases: list[str], written: int | None
) -> None:
    """And are not taken for code of others, which would be run."""
    library: Any = SimpleNamespace(releases=lambda key: releases)
    numbers = {"out_width": positions, "reuse_factor": reuse}
    config: Any = SimpleNamespace(
        name="config60", number=numbers.__getitem__, extent=lambda key, default: numbers.get(key, default)
    )
    call: Any = SimpleNamespace(place="myproject.cpp:133", kernel="pointwise", function="nnet::pointwise", templates=[])
    builder: Any = SimpleNamespace(library=library, generated="", top=SimpleNamespace(arrays={}))
    monkeypatch.setitem(LAYERS, "pointwise", lambda b, call: _check_parts(b, call, config))
    monkeypatch.setattr("isobit.frontends.firmware.loading.generated_layer", lambda b, call: False)
    if written is None:
        _add(builder, call)
    else:
        with pytest.raises(FirmwareError, match=rf"^myproject.cpp:133: .* {written} of config60's {positions} pos"):
            _add(builder, call)


SIZES = ",\n    unsigned short &const_size_in_1,\n    unsigned short &const_size_out_1\n)"


def test_a_top_function_writes_numbers_of_elements(changed: Change, projects: Path) -> None:
    """As that of hls4ml 0.6.0 does."""
    folder = changed(
        JETS, {"myproject.cpp": ("\n) {\n", f"{SIZES} {{\n    const_size_in_1 = 16;\n"), "myproject.h": ("\n)", SIZES)}
    )
    assert canonical_digest(ib.load(folder).graph) == canonical_digest(ib.load(projects / JETS).graph)
    source = folder / "firmware" / "myproject.cpp"
    text = source.read_text()
    for wrong in ("const_size_in_1 = f(16);", "const_size_in_1 += 16;"):
        source.write_text(text.replace("const_size_in_1 = 16;", wrong))
        with pytest.raises(UnsupportedError, match=r"myproject\.cpp:\d+"):
            ib.load(folder)


@pytest.mark.parametrize(
    ("version", "class_name", "facts", "since"),
    [
        ("1.1.0", "Activation", {"activation": "binary_tanh"}, "1.2.0"),
        ("1.1.0.dev3", "Merge", {"op": "average"}, "1.2.0"),
        ("1.0.0", "LSTM", {}, "1.1.0"),
        ("0.8.1", "GlobalPooling1D", {}, "1.0.0"),
        ("1.1.0", "Pooling2D", {"pool_height": 3, "stride_height": 2}, "1.2.0"),
        ("1.0.0", "Conv1D", {"filt_width": 1, "reuse_factor": 4}, "1.2.0"),
        ("0.7.1", "BatchNormalizationQuantizedTanh", {}, "0.8.1"),
        ("0.6.0", "Softmax", {}, "0.7.1"),
    ],
)
def test_graphs_of_older_releases_are_refused_where_functions_changed(
    version: str, class_name: str, facts: dict[str, Any], since: str
) -> None:
    def graph(name: str, attributes: dict[str, Any]) -> Any:
        node = SimpleNamespace(
            name="layer", class_name=name, get_attr=lambda key, default=None: attributes.get(key, default)
        )
        return SimpleNamespace(get_layers=lambda: [node])

    with pytest.raises(
        UnsupportedError, match=rf"'layer' \({class_name}\) of hls4ml {version} .* since {since}; write"
    ):
        check_release(graph(class_name, facts), version)
    check_release(graph(class_name, facts), since)
    check_release(graph("Activation", {"activation": "relu"}), "0.7.1")
