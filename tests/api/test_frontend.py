"""From hls4ml's graph to ours: the weights that the firmware reads, and everything refused by name."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import Network, convert, events, fill, hls_config, small_keras
from graphs import tiny

import isobit as ib
from isobit.errors import IsobitError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.model import Dense, Encoding, Weight
from isobit.model.reuse import legal_reuse_factors

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-frontend")]


def weights_of(model: ib.Model) -> dict[str, tuple[Any, Weight]]:
    return {
        f"{op.name}.{value.name}": (op, value)
        for op in model.graph.ops
        for value in vars(op).values()
        if isinstance(value, Weight)
    }


# -- weights ----------------------------------------------------------------------------------------------------------

_READER = """
#include <cstdio>
#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include "nnet_utils/nnet_helpers.h"
template <class T> void bits(const T &x) {{
    for (int i = T::width - 1; i >= 0; i--) std::putchar(x[i] ? '1' : '0');
    std::putchar(' ');
}}
template <class T> struct Show {{ static void show(const T &x) {{ bits(x); }} }};
template <class T> struct Pair {{ static void show(const T &x) {{ bits(x.sign); bits(x.weight); }} }};
int main() {{
{body}
}}
"""


def read_by_the_vendor(folder: Path, weights: dict[str, tuple[Any, Weight]], files: dict[str, str]) -> dict[str, Any]:
    """Read hls4ml's text files with its own loader and AMD's types; gives the bits of every number."""
    body = []
    for key, (_, weight) in weights.items():
        exponent = weight.encoding is Encoding.EXPONENT
        kind = f"struct T {{ ap_uint<1> sign; {weight.type} weight; }}" if exponent else f"typedef {weight.type} T"
        loader = "load_exponent_weights_from_txt" if exponent else "load_weights_from_txt"
        body.append(
            f"    {{ {kind}; static T w[{weight.raw.size}];\n"
            f'    nnet::{loader}<T, {weight.raw.size}>(w, "{files[key]}.txt");\n'
            f"    for (auto &x : w) {'Pair' if exponent else 'Show'}<T>::show(x);\n"
            f'    std::puts(""); }}'
        )
    (folder / "reader.cpp").write_text(_READER.format(body="\n".join(body)))
    flags = [
        "-std=c++17",
        "-O0",
        "-w",
        "-DNDEBUG",
        "-Ifirmware/ap_types",
        "-Ifirmware",
        '-DWEIGHTS_DIR="firmware/weights"',
    ]
    subprocess.run(["g++", *flags, "reader.cpp", "-o", "reader"], cwd=folder, check=True)
    lines = subprocess.run(["./reader"], cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    return {key: line.split() for key, line in zip(weights, lines, strict=True)}


def signed(bits: str, weight: Weight) -> int:
    value = int(bits, 2)
    return value - (1 << weight.type.width) if weight.type.signed and bits[0] == "1" else value


@pytest.mark.csim
def test_every_weight_is_what_the_firmware_reads(mixed: Network, tmp_path: Path) -> None:
    from isobit.frontends.project import write_project

    write_project(mixed.graph, tmp_path)
    weights = {key: pair for key, pair in weights_of(mixed.model).items() if pair[0].tag != "activation"}
    files = {
        f"{node.name}.{slot}": variable.name
        for node in mixed.graph.get_layers()
        for slot, variable in node.weights.items()
    }
    found = read_by_the_vendor(tmp_path, weights, files)
    assert len(found) == 21
    for key, (op, weight) in weights.items():
        transposed = op.tag == "dense" and op.strategy == "resource" and weight.name == "weight"
        raw = (weight.raw.T if transposed else weight.raw).ravel().tolist()
        if weight.encoding is Encoding.EXPONENT:
            pairs = list(zip(found[key][::2], found[key][1::2], strict=True))
            assert [int(sign) for sign, _ in pairs] == weight.signs.ravel().tolist(), key
            assert [signed(bits, weight) for _, bits in pairs] == raw, key
        else:
            assert [signed(bits, weight) for bits in found[key]] == raw, key
        assert len(set(raw)) > 1 or weight.name != "weight", key


def test_few_fraction_bits_show_the_decimals_of_the_text(mixed: Network) -> None:
    """The vendor reads what hls4ml printed; quantising the floats directly would give other weights."""
    changed = 0
    for key in ("folded.weight", "folded.bias", "bits.bias"):
        _, weight = weights_of(mixed.model)[key]
        direct = ib.FixedArray.from_float(weight.written, weight.type).raw
        changed += int(np.count_nonzero(direct != weight.raw))
    assert changed > 0


def test_unquantised_floats_stay_beside_the_integers(mixed: Network) -> None:
    for name in ("bits", "folded", "powers", "ternary", "wide"):
        _, weight = weights_of(mixed.model)[f"{name}.weight"]
        kernel = mixed.keras.get_layer(name).get_weights()[0]
        assert weight.unquantised.shape == kernel.shape
        if name != "folded":
            assert np.array_equal(weight.unquantised, kernel.astype(np.float64)), name
    _, plain = weights_of(mixed.model)["wide.weight"]
    assert np.array_equal(plain.written, plain.unquantised)
    _, bits = weights_of(mixed.model)["bits.weight"]
    assert not np.array_equal(bits.written, bits.unquantised)  # QKeras quantised these


def test_resource_layout_does_not_reach_the_model(small: Network, tmp_path: Path) -> None:
    config = hls_config(small.keras, fc1={"Strategy": "Resource", "ReuseFactor": 5})
    resource = ib.load(convert(small.keras, config, tmp_path / "p")).graph.by_name["fc1"]
    latency = small.model.graph.by_name["fc1"]
    assert resource.strategy == "resource"
    assert resource.reuse_factor == 5
    assert np.array_equal(resource.weight.written, latency.weight.written)
    assert np.array_equal(resource.weight.unquantised, latency.weight.unquantised)


# -- graph ------------------------------------------------------------------------------------------------------------


def test_formats_are_those_of_the_hls4ml_graph(mixed: Network) -> None:
    for node in mixed.graph.get_layers():
        precision = node.get_output_variable().type.precision
        key = f"{node.name}.result"
        assert mixed.model.types[key].width == precision.width, key
        if node.class_name == "Dense":
            assert mixed.model.types[f"{node.name}.accum"].width == node.get_attr("accum_t").precision.width
    assert str(mixed.model.types["features.result"]) == "ap_fixed<14,5,AP_RND_CONV,AP_SAT>"
    assert [str(t) for t in mixed.model.input_types] == ["ap_fixed<14,5,AP_RND_CONV,AP_SAT>"]
    assert mixed.model.layers == [node.name for node in mixed.graph.get_layers() if node.class_name != "Input"]


@pytest.mark.csim
def test_two_heads_are_a_list_like_hls4mls(tmp_path: Path) -> None:
    keras = small_keras(heads=2)
    graph = convert(keras, hls_config(keras), tmp_path / "p")
    model = ib.load(graph)
    x = np.clip(events(4, 50) / 4, -2, 2)
    found = model.predict(x)
    assert isinstance(found, list)
    assert [array.shape for array in found] == [(50, 3), (50, 2)]
    simulated = ib.csim(model, optimisation="0")
    for mine, firmware in zip(model.predict_raw(x), simulated.predict_raw(x), strict=True):
        assert mine.type == firmware.type
        assert np.array_equal(mine.raw, firmware.raw)
    truth = keras.predict(x, verbose=0)
    assert all(np.abs(a - b).max() < 0.2 for a, b in zip(found, truth, strict=True))
    assert [array.shape for array in model.predict(x[0])] == [(3,), (2,)]
    report = ib.check(model, x, [simulated, "reference"], keras, reference_events=20)
    assert report.ok
    assert len(report.keras) == 2
    assert {layer.layer for layer in report.roads[0].layers} >= {"head0", "head1"}


def test_two_inputs_are_a_list(tmp_path: Path) -> None:
    from tensorflow.keras import Model, layers

    left, right = layers.Input((3,), name="left"), layers.Input((3,), name="right")
    keras = Model([left, right], layers.Dense(2)(layers.Add()([left, right])))
    graph = convert(keras, hls_config(keras), tmp_path / "p")
    model = ib.load(graph)
    x = [np.random.default_rng(2).normal(size=(20, 3)) for _ in range(2)]
    np.testing.assert_array_equal(model.predict(x), model.predict({"right": x[1], "left": x[0]}))
    np.testing.assert_array_equal(model.predict(x), model.predict(x, engine="reference"))


# -- reuse factors ----------------------------------------------------------------------------------------------------


def test_legal_reuse_factors_are_hls4mls() -> None:
    from hls4ml.backends import get_backend

    backend = get_backend("Vitis")
    for n_in in range(1, 13):
        for n_out in range(1, 13):
            assert legal_reuse_factors(n_in, n_out) == backend.get_valid_reuse_factors(n_in, n_out), (n_in, n_out)


def test_illegal_reuse_factor_by_hand() -> None:
    layer = tiny().by_name["fc"]
    assert isinstance(layer, Dense)
    for factor in (0, -1, 4, 5, 7):
        with pytest.raises(UnsupportedError, match=rf"reuse factor {factor} of layer 'fc' \(3 x 2\).*legal: 1, 3, 6"):
            replace(layer, strategy="resource", reuse_factor=factor)
    for factor in legal_reuse_factors(3, 2):
        assert replace(layer, strategy="resource", reuse_factor=factor).reuse_factor == factor


def test_illegal_reuse_factor_in_the_configuration_is_the_one_hls4ml_takes(small: Network, tmp_path: Path) -> None:
    config = hls_config(small.keras, fc1={"Strategy": "Resource", "ReuseFactor": 7})
    graph = convert(small.keras, config, tmp_path / "p")
    assert ib.load(graph).graph.by_name["fc1"].reuse_factor == graph.graph["fc1"].get_attr("reuse_factor") == 5


# -- refused by name --------------------------------------------------------------------------------------------------


def refuse(keras: Any, folder: Path, told: str, config: dict[str, Any] | None = None, **options: Any) -> None:
    graph = convert(keras, hls_config(keras) if config is None else config, folder / "p", **options)
    with pytest.raises(UnsupportedError, match=told) as caught:
        ib.load(graph)
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize("backend", ["oneAPI", "Quartus", "Catapult"])
def test_other_back_ends(backend: str, small: Network, tmp_path: Path) -> None:
    import hls4ml

    config = hls4ml.utils.config_from_keras_model(small.keras, granularity="name", backend=backend)
    options = {} if backend != "Catapult" else {"clock_period": 5}
    refuse(small.keras, tmp_path, f"'{backend}'.*Vitis, Vivado", config, backend=backend, **options)


def test_other_back_end_for_a_keras_model(small: Network) -> None:
    with pytest.raises(UnsupportedError, match=r"'oneAPI'.*Vitis, Vivado"):
        ib.load(small.keras, backend="oneAPI")


def test_streams_carry_the_same_network(small: Network, tmp_path: Path) -> None:
    graph = convert(small.keras, small.config, tmp_path / "project", io_type="io_stream")
    assert ib.load(graph).graph.ops == small.model.graph.ops


def test_other_ways_of_handing_data_on(small: Network, tmp_path: Path) -> None:
    refuse(small.keras, tmp_path, "'io_serial'.*io_parallel, io_stream", io_type="io_serial")


def _sequential(shape: tuple[int, ...], *layers: Any) -> Any:
    from tensorflow.keras import Input, Sequential

    keras = Sequential([Input(shape, name="features"), *layers])
    fill(keras, 5)
    return keras


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda k: _sequential((8, 2), k.SimpleRNN(3, name="rnn")), "'rnn'.*'?SimpleRNN'?"),
        (lambda k: _sequential((5,), k.Dense(3), k.Softmax(name="soft")), "'soft' does not compile.*softmax_config"),
    ],
    ids=[
        "simple-rnn",
        "softmax-layer",
    ],
)
def test_unknown_layers(make: Any, told: str, tmp_path: Path) -> None:
    from tensorflow.keras import layers

    refuse(make(layers), tmp_path, told)


@pytest.mark.parametrize(
    "entry, told",
    [
        ({"Strategy": "Latency", "Compression": True}, r"fc1\.weight is compressed, but the strategy is 'latency'"),
    ],
)
def test_strategies(entry: dict[str, Any], told: str, small: Network, tmp_path: Path) -> None:
    refuse(small.keras, tmp_path, told, hls_config(small.keras, fc1=entry))


@pytest.mark.parametrize(
    "entry, told",
    [
        ({"Strategy": "da", "ReuseFactor": 5}, "fc1 has rf = 5"),
        ({"Strategy": "Resource", "Compression": True}, "hls4ml cannot convert the model: KeyError"),  # it fails itself
    ],
)
def test_strategies_that_hls4ml_may_refuse_itself(entry: dict[str, Any], told: str, small: Network) -> None:
    config = hls_config(small.keras, fc1=entry)
    with pytest.raises(UnsupportedError, match=told):
        ib.load(small.keras, hls_config=config)


@pytest.mark.parametrize("slot", ["result", "weight", "accum"])
def test_floating_point(slot: str, small: Network, tmp_path: Path) -> None:
    config = hls_config(small.keras, fc1={"Precision": {slot: "float"}})
    refuse(small.keras, tmp_path, rf"fc1\.{slot}.*float.*supported: fixed and integer", config)


def test_nan_in_a_weight_is_refused_with_its_place(tmp_path: Path) -> None:
    keras = small_keras()
    kernel, bias = keras.get_layer("fc1").get_weights()
    kernel[2, 1] = np.nan
    keras.get_layer("fc1").set_weights([kernel, bias])
    with pytest.raises(IsobitError, match=r"weight\[2, 1\] is nan|NaN|nan"):
        ib.load(keras, hls_config=hls_config(small_keras()))


@pytest.mark.parametrize("source", [None, 3, object(), [1], b"model.keras"])
def test_what_is_no_model(source: Any) -> None:
    with pytest.raises(TypeMismatchError, match=r"cannot load a .*supported"):
        ib.load(source)


def test_options_that_do_not_belong(small: Network) -> None:
    with pytest.raises(TypeMismatchError, match="part"):
        ib.load(small.graph, part="xcvu9p")
    with pytest.raises(UnsupportedError, match="hls4ml cannot convert the model"):
        ib.load(small.keras, hls_config={"Model": {"Precision": "ap_nothing<3>", "ReuseFactor": 1}})


def test_configuration_of_the_caller_is_not_changed(small: Network) -> None:
    """And NumPy numbers in it are fine."""
    import copy

    config = hls_config(small.keras, fc1={"Strategy": "Resource", "ReuseFactor": np.int64(5)})
    before = copy.deepcopy(config)
    assert ib.load(small.keras, hls_config=config).graph.by_name["fc1"].reuse_factor == 5
    assert config == before


def test_keras_model_with_defaults(small: Network) -> None:
    model = ib.load(small.keras)
    assert model.graph.metadata["backend"] == "Vitis"
    assert model.graph.metadata["part"] == "xcvu9p-flga2104-2L-e"
    assert model.graph.metadata["clock_period_ns"] == "5.0"
    assert np.abs(model.predict(events(3) / 4) - small.keras.predict(events(3) / 4, verbose=0)).max() < 0.1


def test_sizes_that_do_not_belong_together() -> None:
    graph = tiny()
    layer = graph.by_name["fc"]
    rows = {name: getattr(layer.weight, name)[:2] for name in ("raw", "written", "unquantised")}
    with pytest.raises(ShapeError, match="'fc' has 2 rows of weights, expected 3"):
        replace(graph, ops=(replace(layer, weight=replace(layer.weight, **rows)),))


def test_keras_file_that_names_a_foreign_module_is_refused(tmp_path: Path) -> None:
    """Keras would import the module; nothing of the file is loaded before it is refused."""
    import json
    import zipfile

    path = tmp_path / "evil.keras"
    layer = {"module": "antigravity", "class_name": "Anything", "config": {"name": "x"}, "registered_name": None}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": [layer]}}))
        archive.writestr("metadata.json", "{}")
    with pytest.raises(
        UnsupportedError, match="layer 'x' names the layer class 'Anything', which is not on isobit's list"
    ):
        ib.load(path)


def test_flat_weights_of_a_graph_made_by_hand(tmp_path: Path) -> None:
    from hls4ml.model.graph import ModelGraph

    config = {"OutputDir": str(tmp_path), "ProjectName": "flat", "Backend": "Vivado", "IOType": "io_parallel"}
    layers: list[dict[str, Any]] = [
        {"class_name": "Input", "name": "x", "input_shape": [3]},
        {
            "class_name": "Dense",
            "name": "fc",
            "n_in": 3,
            "n_out": 2,
            "weight_data": np.arange(6.0),
            "bias_data": np.ones(2),
        },
    ]
    config["HLSConfig"] = {"Model": {"Precision": "ap_fixed<32,16>", "ReuseFactor": 1}}  # type: ignore[assignment]
    graph = ModelGraph.from_layer_list(config, layers)
    graph.write()
    x = np.array([[1.0, -2.0, 0.5]])
    np.testing.assert_array_equal(ib.load(graph).predict(x), x @ np.arange(6.0).reshape(3, 2) + 1)
