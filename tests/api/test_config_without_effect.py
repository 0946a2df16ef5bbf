"""Configuration without the effect that it states is named by load and check; options that do not exist are errors."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from api_networks import Network, convert, fill, hls_config

import isobit as ib
from isobit.commands import run
from isobit.errors import ConfigurationWarning, IsobitError, ModelFileError, TypeMismatchError, UnsupportedError
from isobit.frontends.configuration import Remark

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-frontend")]

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def keras() -> Any:
    """QDense, QActivation, a Dense with an activation, batch normalisation, softmax."""
    import qkeras as q
    from tensorflow.keras import Model, layers

    def bits() -> Any:
        return q.quantized_bits(6, 1, alpha=1)

    x = inputs = layers.Input((5,), name="x")
    x = q.QDense(6, kernel_quantizer=bits(), bias_quantizer=bits(), name="qd")(x)
    x = q.QActivation(q.quantized_relu(6, 2), name="qr")(x)
    x = layers.BatchNormalization(name="bn")(layers.Dense(4, name="d", activation="relu")(x))
    model = Model(inputs, layers.Activation("softmax", name="sm")(layers.Dense(3, name="o")(x)))
    fill(model, 4)
    return model


def generated(keras: Any, granularity: str = "name", **options: Any) -> dict[str, Any]:
    import hls4ml

    from isobit.frontends.quiet import quiet

    with quiet():
        config: dict[str, Any] = hls4ml.utils.config_from_keras_model(
            keras, granularity=granularity, backend="Vitis", **options
        )
    return config


def remarks(keras: Any, config: Any, **options: Any) -> tuple[Remark, ...]:
    """The remarks, which are those of the one warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = ib.load(keras, hls_config=config, **options)
    told = [str(w.message) for w in caught if issubclass(w.category, ConfigurationWarning)]
    assert len(told) == bool(model.remarks)
    assert all(str(remark) in told[0] for remark in model.remarks)
    return model.remarks


# -- what has no effect -----------------------------------------------------------------------------------------------


def _set(path: str, value: Any) -> Change:
    """Set an entry, ``LayerName/d/ReuseFactor``."""

    def change(config: dict[str, Any]) -> None:
        *groups, last = path.split("/")
        for group in groups:
            config = config.setdefault(group, {})
        config[last] = value

    return change


NAMED: list[tuple[str, Any, str]] = [
    # layers
    ("LayerName/d_1", {"Precision": {"result": "ap_fixed<8,2>"}}, r"LayerName\.d_1: .*no such layer; did you mean 'd'"),
    ("LayerName/qdd", {"ReuseFactor": 2}, r"LayerName\.qdd: .*no such layer; did you mean 'qd'"),
    ("LayerName/nothing_like_it", {"ReuseFactor": 2}, r"LayerName\.nothing_like_it: .*no such layer$"),
    (
        "LayerName/o_linear/Precision/result",
        "ap_fixed<9,3>",
        r"o_linear = Precision.result ap_fixed<9,3>: .*merged .*'o'",
    ),
    # keys
    ("LayerName/d/precision", {"result": "ap_fixed<8,2>"}, r"LayerName\.d: hls4ml reads no 'precision'.*'Precision'"),
    ("LayerName/d/Reuse_Factor", 2, "reads no 'Reuse_Factor' there; did you mean 'ReuseFactor'"),
    ("LayerName/d/reusefactor", 2, "reads no 'reusefactor' there; did you mean 'ReuseFactor'"),
    ("LayerName/d/ParallelizationFactor", 2, "reads no 'ParallelizationFactor' there"),
    ("Model/reuse_factor", 2, "Model: hls4ml reads no 'reuse_factor' there; did you mean 'ReuseFactor'"),
    ("Model/TraceOutput", True, r"Model\.TraceOutput = True: .*set Trace for each layer"),
    ("layername", {}, "layername: hls4ml knows no such group; did you mean 'LayerName'"),
    ("SkipOptimizers", ["x"], "SkipOptimizers: .*does not apply it"),
    # slots
    (
        "LayerName/o/Precision/acum",
        "ap_fixed<8,2>",
        r"LayerName\.o\.Precision\.acum = .*no such type; did you mean 'accum'",
    ),
    ("LayerName/qr/Precision/weight", "ap_fixed<8,2>", r"qr\.Precision\.weight = .*'qr' has no such type"),
    ("LayerName/d/Precision/Result", "ap_fixed<8,2>", r"Result = .*no such type; did you mean 'result'"),
    (
        "Model/Precision/weigt",
        "ap_fixed<8,2>",
        r"Model\.Precision\.weigt = .*did you mean 'weight'",
    ),
    # what something else decides
    ("LayerName/qd/Precision/weight", "ap_fixed<9,3>", r"quantiser \(quantized_bits\) decides.*took fixed<6,2"),
    ("LayerName/qd/Precision/bias", "ap_fixed<9,3>", "quantiser .*decides"),
    ("Model/ReuseFactor", 8, r"Model\.ReuseFactor = 8: reaches no layer, each has its own: qd 1, d 1, o 1"),
    ("LayerType/Dense/ReuseFactor", 3, r"LayerType\.Dense\.ReuseFactor = 3: reaches no layer, .*qd 1, d 1, o 1"),
    ("LayerType/QDense/ReuseFactor", 3, r"LayerType\.QDense = ReuseFactor: .*its own class, which is 'Dense'"),
    ("LayerType/Dens/ReuseFactor", 3, r"LayerType\.Dens = .*no layer of this class; did you mean 'Dense'"),
    ("LayerType/Dense/TargetCycles", 40, r"LayerType\.Dense\.TargetCycles = 40: .*only under LayerName and Model"),
    ("LayerType/Dense/Precision/result", "ap_fixed<9,3>", r"LayerType\.Dense\.Precision\.result = .*hls4ml took"),
    # what the layer does not have
    ("LayerName/sm/Strategy", "Stable", r"sm\.Strategy = Stable: .*did you mean Implementation: stable"),
    (
        "LayerName/d/Strategy",
        "Rezource",
        "this strategy does not exist, hls4ml took 'latency'; did you mean 'resource'",
    ),
    ("Model/Strategy", "Latancy", "this strategy does not exist; did you mean 'latency'"),
    ("LayerName/x/ReuseFactor", 3, "class Input has no reuse factor"),
    ("LayerName/d/TargetCycles", 40, "only with the strategy 'resource'"),
    ("LayerName/d/ConvImplementation", "Encoded", "class Dense is not a convolution"),
    ("LayerName/bn/Compression", True, "class BatchNormalization has no weights to compress"),
    # hls4ml 1.3.0 never asks for types that have a default
    ("LayerName/sm/Precision/exp_table", "ap_fixed<17,8>", "reads this type only as exp_table_t beside Precision"),
    (
        "LayerName/sm/Precision/inv_inp",
        "ap_fixed<17,8>",
        "as inv_inp_t beside .* took fixed<18,8,RND",
    ),
    ("LayerName/d_relu/TableSize", 512, "'relu' reads no table"),
    ("LayerName/d_relu/Precision/table", "ap_fixed<9,2>", "'relu' reads no table"),
]


@pytest.mark.parametrize("path, value, told", NAMED, ids=[f"{path}={value}"[:60] for path, value, _ in NAMED])
def test_entries_without_an_effect(path: str, value: Any, told: str, keras: Any) -> None:
    config = generated(keras)
    _set(path, value)(config)
    before = copy.deepcopy(config)
    found = remarks(keras, config)
    assert config == before
    assert len(found) == 1, found
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(str(found[0]))


@pytest.mark.parametrize("granularity", ["name", "type", "model"])
@pytest.mark.parametrize(
    "options",
    [{}, {"default_reuse_factor": 4}, {"default_precision": "ap_fixed<14,5>", "max_precision": "ap_fixed<30,12>"}],
)
def test_what_hls4ml_generates_itself_is_no_remark(granularity: str, options: dict[str, Any], keras: Any) -> None:
    assert remarks(keras, generated(keras, granularity, **options)) == ()


@pytest.mark.parametrize("granularity", ["name", "type"])
@pytest.mark.parametrize("name", ["conv", "separable", "recurrent", "sequence", "activations"])
def test_other_networks_as_hls4ml_configures_them(name: str, granularity: str) -> None:
    """Layers that hls4ml splits, merges and replaces, and that isobit's engines do not know."""
    from tensorflow.keras import Model, layers

    from isobit.frontends.configuration import remarks_on
    from isobit.frontends.keras import convert as converted

    nets: dict[str, tuple[tuple[int, ...], list[Any]]] = {
        "conv": ((6, 6, 2), [layers.Conv2D(3, 3), layers.BatchNormalization(), layers.GlobalAveragePooling2D()]),
        "separable": ((8, 2), [layers.SeparableConv1D(3, 3), layers.Flatten()]),
        "recurrent": ((4, 2), [layers.LSTM(3), layers.Dropout(0.1), layers.Dense(2)]),
        "sequence": ((4, 3), [layers.LayerNormalization(), layers.Dense(3), layers.Permute((2, 1))]),
        "activations": ((4,), [layers.Dense(3, activation="tanh"), layers.PReLU(), layers.ELU(), layers.ReLU()]),
    }
    shape, stack = nets[name]
    x = inputs = layers.Input(shape, name="x_in")
    for layer in stack:
        x = layer(x)
    keras = Model(inputs, x)
    config = generated(keras, granularity, default_reuse_factor=2)
    graph = converted(keras, config)
    assert remarks_on(graph, config) == remarks_on(graph) == ()


@pytest.mark.parametrize(
    "path, value",
    [
        ("LayerName/qd/Precision/accum", "ap_fixed<20,9>"),
        ("LayerName/qr/Precision/result", "ap_fixed<9,3>"),  # hls4ml takes it before the quantiser's
        ("LayerName/qd/Precision/weight", "ap_fixed<6,2>"),  # what the quantiser has
        ("LayerName/d/Precision", "ap_fixed<11,3>"),
        ("LayerName/D/ReuseFactor", 2),  # hls4ml compares names without their case
        ("LayerName/d/ReuseFactor", 2),
        ("LayerName/d/Strategy", "Resource"),
        ("LayerName/d/Strategy", "resource_unrolled"),
        ("LayerName/d/Trace", True),
        ("LayerName/sm/Implementation", "latency"),
        ("LayerName/sm/TableSize", 2048),
        ("LayerName/sm/Skip", True),
        ("LayerName/sm/exp_table_t", "ap_fixed<17,8>"),
        ("LayerName/sm/Precision/accum", "ap_fixed<17,8>"),
        ("LayerName/d_relu/Precision/result", "ap_ufixed<8,3,AP_RND,AP_SAT>"),
        ("LayerName/bn/Precision/scale", "ap_fixed<9,3>"),
        ("LayerName/x/Precision/result", "ap_fixed<9,3>"),
        ("Model/Strategy", "Resource"),
        ("Model/Precision/default", "ap_fixed<15,5>"),
        ("Model/Precision/maximum", "ap_fixed<30,12>"),
        ("Model/Precision", "ap_fixed<15,5>"),
        ("LayerType/Dense/Strategy", "Resource"),
        ("LayerType/Activation/ReuseFactor", 1),
        ("Model/BramFactor", 10**9),
        ("Flows", ["vitis:ip"]),
    ],
)
def test_entries_with_an_effect_are_no_remark(path: str, value: Any, keras: Any) -> None:
    config = generated(keras)
    _set(path, value)(config)
    assert remarks(keras, config) == ()


def test_a_graph_is_read_likewise(keras: Any, tmp_path: Path) -> None:
    """hls4ml has dropped the groups that it does not know; the rest is there."""
    config = generated(keras)
    for path, value, _ in NAMED[:9]:
        _set(path, value)(config)
    with pytest.warns(ConfigurationWarning, match="9 entries"):
        model = ib.load(convert(keras, config, tmp_path / "p"))
    assert remarks(keras, config) == model.remarks
    with pytest.warns(ConfigurationWarning, match="did you mean 'ReuseFactor'"):
        other = model.reconvert({"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "reusefactor": 2}})
    assert [remark.key for remark in other.remarks] == ["Model"]


STRATEGIES = [("Resource", "resource", ""), ("Latency", "latency", ""), ("Rezource", "latency", "does not exist"),
              ("distributed_arithmetic", "latency", "no distributed arithmetic for class")]  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True], ids=["LSTM", "Bidirectional"])
@pytest.mark.parametrize("asked, taken, told", STRATEGIES)
def test_strategies_of_recurrent_layers_alone_and_wrapped(wrapped: bool, asked: str, taken: str, told: str) -> None:
    """A remark where hls4ml's graph has another strategy than was asked for, and only there."""
    from tensorflow.keras import Model, layers

    x = layers.Input((3, 2), name="x")
    layer = layers.LSTM(2, name="inner" if wrapped else "r")
    keras = Model(x, (layers.Bidirectional(layer, name="r") if wrapped else layer)(x))
    config = generated(keras)
    config["LayerName"]["r"]["Strategy"] = asked
    found = [str(remark) for remark in remarks(keras, config)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)
        graph = ib.load(keras, hls_config=config).source
    assert graph.graph["r"].class_name == ("Bidirectional" if wrapped else "LSTM")
    assert graph.graph["r"].get_attr("strategy") == taken
    assert [f"LayerName.r.Strategy = {asked}" in remark and told in remark for remark in found] == [True] * bool(told)


def test_pytorch_networks(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    import hls4ml

    from isobit.frontends.quiet import quiet

    network = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2)
    )
    with quiet():
        config = hls4ml.utils.config_from_pytorch_model(network.eval(), (5,), granularity="name", backend="Vitis")
        names = list(config["LayerName"])
        plain, changed = (
            hls4ml.converters.convert_from_pytorch_model(
                network, hls_config=c, backend="Vitis", output_dir=str(tmp_path)
            )
            for c in (
                copy.deepcopy(config),
                {**config, "LayerName": {**config["LayerName"], f"{names[0]}x": {"Strategy": 1}}},
            )
        )
    assert ib.load(plain).remarks == ()
    with pytest.warns(ConfigurationWarning, match=f"{names[0]}x: .*did you mean"):
        ib.load(changed)


# -- check says it ----------------------------------------------------------------------------------------------------


@pytest.mark.turn(3)
def test_check_reports_what_was_asked(keras: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras.save(tmp_path / "net.h5")
    config = generated(keras)
    _set("Model/ReuseFactor", 8)(config)
    _set("LayerName/d_1", {"ReuseFactor": 2})(config)
    (tmp_path / "net.yml").write_text(yaml.safe_dump(yaml.safe_load(yaml.dump(config))))
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(20, 5)))
    arguments = [
        "check",
        str(tmp_path / "net.h5"),
        "--config",
        str(tmp_path / "net.yml"),
        "--data",
        str(tmp_path / "x.npy"),
    ]
    assert run([*arguments, "--against", "cpp"]) == 0
    captured = capsys.readouterr()
    assert "as requested: " in captured.out and "reuse factors as requested" not in captured.out
    assert "NOT as requested: qd 1, d 1, o 1; the model's 8 reaches no layer" in captured.out
    assert "configuration: LayerName.d_1: " in captured.out and "LayerName.d_1" not in captured.err
    assert run([*arguments, "--against", "cpp", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [entry["key"] for entry in document["configuration"]] == ["Model.ReuseFactor", "LayerName.d_1"]
    assert {factor["overridden"] for factor in document["reuse_factors"]} == {"8"}
    assert run(["predict", *arguments[1:4], str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npy")]) == 0
    assert "warning: the configuration has 2 entries" in capsys.readouterr().err


def test_reuse_factors_that_reach_a_layer_are_as_requested(keras: Any) -> None:
    config = generated(keras)
    _set("Model/ReuseFactor", 3)(config)
    del config["LayerName"]["o"]["ReuseFactor"]
    model = ib.load(keras, hls_config=config)
    assert model.remarks == ()
    assert [(f.reuse_factor, f.overridden) for f in model.reuse_factors] == [(1, None), (1, None), (3, None)]


def test_folders_know_it_as_well() -> None:
    from isobit.frontends.folder_reuse import folder_reuse_factors
    from isobit.model.requested import summary

    text = "".join(
        f"// {name}\nstruct config{i} : nnet::dense_config {{\nstatic const unsigned strategy = nnet::latency;\n"
        f"static const unsigned reuse_factor = {rf};\n}};\n"
        for i, (name, rf) in enumerate((("a", 1), ("b", 2)))
    )
    own = {"a": {"ReuseFactor": 1}, "b": {"ReuseFactor": 2}}
    told = summary(folder_reuse_factors({"HLSConfig": {"Model": {"ReuseFactor": 8}, "LayerName": own}}, text))
    assert told == ["reuse factors NOT as requested: a 1, b 2; the model's 8 reaches no layer, each has its own entry"]
    for model in ({"ReuseFactor": 2}, {"ReuseFactor": 1}, {}):
        found = folder_reuse_factors({"HLSConfig": {"Model": model, "LayerName": own}}, text)
        assert summary(found) == ["reuse factors as requested: a 1, b 2"]


# -- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, error, told",
    [
        ({"hlsconfig": {}}, TypeMismatchError, "no option 'hlsconfig'.*did you mean 'hls_config'"),
        ({"config": {}}, TypeMismatchError, "no option 'config'.*did you mean 'hls_config'"),
        ({"HLSConfig": {}}, TypeMismatchError, "did you mean 'hls_config'"),
        ({"clock_period": 5}, TypeMismatchError, "did you mean 'clock_ns'"),
        ({"iotype": "io_stream"}, TypeMismatchError, "did you mean 'io_type'"),
        ({"beckend": "Vitis"}, TypeMismatchError, "did you mean 'backend'"),
        ({"project": "x"}, TypeMismatchError, "did you mean 'project_name'"),
        ({"allow_lamda": True}, TypeMismatchError, "did you mean 'allow_lambda'"),
        ({"allow_lambda": True}, TypeMismatchError, "is for files"),
        ({"zzz": 1}, TypeMismatchError, "no option 'zzz' for Keras models \\(options: hls_config, backend"),
        ({"clock_ns": -1}, ValueError, "clock_ns is -1; expected .*above 0"),
        ({"clock_ns": 0}, ValueError, "clock_ns is 0"),
        ({"clock_ns": "fast"}, ValueError, "clock_ns is 'fast'"),
        ({"clock_ns": float("nan")}, ValueError, "clock_ns is nan"),
        ({"clock_ns": True}, ValueError, "clock_ns is True"),
        ({"io_type": "io_foo"}, UnsupportedError, "'io_foo'.*io_parallel, io_stream"),
        ({"io_type": "io_streams"}, UnsupportedError, "did you mean 'io_stream'"),
        ({"backend": "vitis"}, UnsupportedError, "'vitis'.*did you mean 'Vitis'"),
        ({"backend": "Quartus"}, UnsupportedError, "'Quartus' is not supported; supported: Vitis, Vivado$"),
        ({"part": "my board"}, UnsupportedError, "'my board' is not the name of an AMD device.*xcvu9p"),
        ({"part": 9}, UnsupportedError, "part 9"),
        ({"project_name": "a-b"}, ValueError, "'a-b' cannot name"),
        ({"project_name": "int"}, ValueError, "'int' cannot name"),
        ({"hls_config": [1]}, TypeMismatchError, "must be a mapping .*got list"),
        ({"hls_config": {"LayerName": {"d": "x"}}}, TypeMismatchError, "LayerName.d must be a mapping, got 'x'"),
        ({"hls_config": {"Model": 3}}, TypeMismatchError, "Model must be a mapping, got 3"),
        ({"hls_config": {"HLSConfig": 3}}, TypeMismatchError, "HLSConfig must be a mapping, got 3"),
        ({"hls_config": "nowhere.yml"}, ModelFileError, r"nowhere\.yml does not exist"),
        (
            {"hls_config": {"Model": {"Precision": "ap_fxed<8,2>"}}},
            UnsupportedError,
            "Model.Precision is 'ap_fxed<8,2>'",
        ),
        (
            {"hls_config": {"LayerName": {"d": {"Precision": {"weight": "ap_fixed<8>"}}}}},
            UnsupportedError,
            r"LayerName\.d\.Precision\.weight is 'ap_fixed<8>', which is not a number type; expected for example",
        ),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], error: type[Exception], told: str, keras: Any) -> None:
    for call in (ib.load, ib.csim):
        with pytest.raises(error, match=told) as caught:
            call(keras, **options)
        assert isinstance(caught.value, IsobitError)


def test_a_whole_document_is_taken_as_the_command_line_takes_it(small: Network, tmp_path: Path) -> None:
    inner = hls_config(small.keras, fc1={"Precision": {"weight": "ap_fixed<9,2>"}})
    document = {
        "Backend": "Vivado",
        "Part": "xc7z020clg400-1",
        "ClockPeriod": 4,
        "IOType": "io_stream",
        "ProjectName": "student",
        "OutputDir": "prj",
        "KerasModel": "net.h5",
        "WriterConfig": {"Namespace": "nn"},
        "HLSConfig": inner,
    }
    (tmp_path / "hls4ml_config.yml").write_text(yaml.safe_dump(document))
    for given in (document, tmp_path / "hls4ml_config.yml", str(tmp_path / "hls4ml_config.yml")):
        model = ib.load(small.keras, hls_config=given)
        assert str(model.types["fc1.weight"]) == "ap_fixed<9,2>"
        assert model.graph.name == "student"
        metadata = model.graph.metadata
        assert (metadata["backend"], metadata["part"]) == ("Vivado", "xc7z020clg400-1")
        assert float(metadata["clock_period_ns"]) == 4.0
        assert model.source.config.get_config_value("IOType") == "io_stream"
        assert model.source.config.get_writer_config()["Namespace"] == "nn"
        assert model.remarks == ()
    assert ib.load(small.keras, hls_config=document, backend="Vitis").graph.metadata["backend"] == "Vitis"
    misspelt = {**document, "ClockPeriode": 3}
    assert [str(r) for r in remarks(small.keras, misspelt)] == [
        "ClockPeriode: no key of an hls4ml configuration; did you mean 'ClockPeriod'?"
    ]
    (tmp_path / "inner.yml").write_text(yaml.safe_dump(yaml.safe_load(yaml.dump(inner))))
    assert ib.load(small.keras, hls_config=tmp_path / "inner.yml").types == ib.load(small.keras, hls_config=inner).types


def test_hls4mls_own_options_pass(keras: Any) -> None:
    source = ib.load(keras, clock_uncertainty="10%", namespace="nn").source
    assert source.config.get_config_value("ClockUncertainty") == "10%"
    assert source.config.get_writer_config()["Namespace"] == "nn"
