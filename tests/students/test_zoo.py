"""The zoo's golden configs are what is committed, and what hls4ml makes of them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from isobit.errors import ModelFileError, OverwriteError, RangeError, UnsupportedError
from isobit.fixed import FixedType
from isobit.students import zoo

MUONS = ["mugmt_student", "mugmt_baseline", "mugmt_teacher", "dimuon_student"]
PARAMETERS = {  # published, where a number is
    "jet_mlp": 4389,
    "btag_conv1d": None,
    "jet_deepsets": None,
    "jet_mlp_constituents": None,
    "jet_mlp_mixer": None,
    "top_lstm": None,
    "top_gru": None,
    "jet_binary": None,
    "jet_ternary": None,
    "pion_deepsets": None,
    "jet_interaction_network": None,
    "track_gnn": None,
    "ad_student": None,
    "ad_cnn_ae": None,
    "ad_dnn_vae": None,
    "axol1tl_v6": None,
    "cicada_cnn": None,
    "tau_cnn": None,
    "l1_met": None,
    "emtf_nn": None,
    "econ_t_encoder": 2288,
    "beam_control": 34695,
    "sc4_tagger": None,
    "toollip_v3": None,
    "puppi_tau": None,
    "topo": None,
}
NAMES = [*MUONS, *PARAMETERS]
SLOW = {"axol1tl_v6": pytest.mark.full}  # 40 s for its adder trees
GOLDEN = FixedType.parse("ap_fixed<18,6>")
RELU = FixedType.parse("ap_ufixed<18,6,RND_CONV,SAT>")


def test_names():
    assert list(zoo.ZOO) == NAMES


def test_importing_the_students_imports_no_framework():
    code = (
        "import sys, isobit.students.muons, isobit.students.zoo, isobit.students.distill, isobit.students.resolution,"
        "isobit.students.trainings, isobit.studies, isobit.commands.train, isobit.commands.study;"
        "heavy = {'tensorflow', 'keras', 'qkeras', 'hls4ml', 'matplotlib', 'numba'} & set(sys.modules);"
        "sys.exit(','.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_committed_golden_config_is_what_the_generator_writes(name):
    committed = json.loads(zoo.data_file(f"{name}.golden.json").read_text(encoding="utf-8"))
    assert committed == zoo.write_out(zoo.ZOO[name])


def test_golden_config_is_the_callers_own():
    zoo.golden_config("mugmt_student")["hls_config"]["Model"]["ReuseFactor"] = 99
    assert zoo.golden_config("mugmt_student")["hls_config"]["Model"]["ReuseFactor"] == 4


def test_variant_changes_the_integer_bits_of_every_18_bit_type_and_nothing_else():
    golden, variant = (json.dumps(zoo.golden_config("mugmt_student", integer=integer)) for integer in (6, 12))
    assert variant == golden.replace("fixed<18,6", "fixed<18,12")
    assert "fixed<18,6" not in variant
    assert "ap_fixed<18,8>" in variant  # the tables', unused


@pytest.mark.parametrize("integer", [-1, 19])
def test_variant_out_of_range_is_refused(integer):
    with pytest.raises(RangeError, match=str(integer)):
        zoo.golden_config("mugmt_student", integer=integer)


@pytest.mark.parametrize("call", [zoo.golden_config, zoo.build])
def test_networks_without_variants_refuse_them(call):
    with pytest.raises(UnsupportedError, match="jet_mlp has no variant with integer=12"):
        call("jet_mlp", integer=12)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_seeded_and_within_the_input_type(name):
    shapes = {"inputs": zoo.ZOO[name].shape, **dict(zoo.ZOO[name].others)}
    drawn = [
        dict(zip(shapes, every(zoo.inputs(name, n, seed)), strict=True)) for n, seed in ((500, 1), (500, 1), (500, 2))
    ]
    golden = zoo.golden_config(name)["hls_config"]["LayerName"]
    for part, shape in shapes.items():
        x, again, other = (one[part] for one in drawn)
        assert x.shape == (500, *shape)
        assert x.dtype == np.float64
        assert x.flags.c_contiguous
        np.testing.assert_array_equal(x, again)
        assert not np.array_equal(x, other)
        kind = FixedType.parse(golden[part]["Precision"]["result"])
        assert float(kind.min) <= x.min()
        assert x.max() <= float(kind.max)
        assert len(np.unique(x.reshape(500, -1), axis=0)) > 490
    assert [x.shape for x in every(zoo.inputs(name, 0, 1))] == [(0, *shape) for shape in shapes.values()]


def every(x):
    """The arrays of all inputs."""
    return x if isinstance(x, list) else [x]


@pytest.mark.parametrize(("n", "seed"), [(-1, 0), (1, -1)])
def test_impossible_inputs_are_refused(n, seed):
    with pytest.raises(RangeError, match="-1"):
        zoo.inputs("jet_mlp", n, seed)


def test_objects_of_the_global_trigger_are_hardware_integers():
    x = zoo.inputs("ad_student", 300, 3)
    np.testing.assert_array_equal(x[:, :, 0] * 64, np.rint(x[:, :, 0] * 64))
    np.testing.assert_array_equal(x[:, :, 1:] * 32, np.rint(x[:, :, 1:] * 32))
    assert (np.diff(x[:, 8:18, 0], axis=1) <= 0).all()  # jets are sorted by pT


@pytest.mark.parametrize(
    "call", [zoo.entry, zoo.build, zoo.network, zoo.golden_config, zoo.auto_config, zoo.load_student]
)
def test_unknown_network_is_refused_by_name(call):
    with pytest.raises(UnsupportedError, match=r"'nonsense'.*mugmt_student"):
        call("nonsense")


def convert(name, folder, integer=6):
    from hls4ml.converters import convert_from_keras_model

    model = zoo.build(name, integer=integer)
    return convert_from_keras_model(model, output_dir=str(folder), **zoo.golden_config(name, integer=integer))


def types_of(layer):
    """Every type of an hls4ml layer that takes part in its arithmetic."""
    types = {"result": layer.get_output_variable().type.precision}
    types |= {weight: variable.type.precision for weight, variable in layer.weights.items()}
    if layer.get_attr("accum_t") is not None:
        types["accum"] = layer.get_attr("accum_t").precision
    return {name: FixedType.parse(str(precision)) for name, precision in types.items()}


@pytest.mark.hls4ml
@pytest.mark.parametrize(("name", "integer"), [*((name, 6) for name in MUONS), ("mugmt_student", 12)])
def test_model_graph_has_the_golden_types(name, integer, tmp_path):
    graph = convert(name, tmp_path, integer)
    layers = list(graph.get_layers())
    hidden = len(zoo.ZOO[name].hidden)
    body = [name for index in range(1, hidden + 1) for name in (f"fc{index}", f"bn{index}", f"relu{index}")]
    assert [layer.name for layer in layers] == ["inputs", *body, "output"]  # nothing fused, nothing inserted
    number = FixedType.parse(f"ap_fixed<18,{integer}>")
    relu = FixedType.parse(f"ap_ufixed<18,{integer},RND_CONV,SAT>")
    for layer in layers:
        kind = layer.class_name
        expected = {
            "Input": {"result": number},
            "Dense": dict.fromkeys(("result", "weight", "bias", "accum"), number),
            "BatchNormalization": dict.fromkeys(("result", "scale", "bias"), number),
            "Activation": {"result": relu},
        }[kind]
        assert types_of(layer) == expected, layer.name
        if kind != "Input":
            assert layer.get_attr("strategy").lower() == "latency", layer.name
            assert layer.get_attr("reuse_factor") == 4, layer.name
    config = graph.config
    assert config.backend.name == "Vitis"
    assert config.get_config_value("Part") == "xcvu9p-flga2104-2L-e"
    assert config.get_config_value("ClockPeriod") == 5
    assert config.get_config_value("IOType") == "io_parallel"


@pytest.mark.hls4ml
@pytest.mark.oracle(sample=5)
@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in PARAMETERS])
def test_every_type_is_written_out_and_kept(name, tmp_path, capsys):
    """Each slot that hls4ml offers has a type in the golden config, and hls4ml's layers have just those."""
    from hls4ml.converters import convert_from_keras_model
    from hls4ml.utils import config_from_keras_model

    model, arguments = zoo.network(name), zoo.golden_config(name)
    assert PARAMETERS[name] in (None, model.count_params())
    assert sum(np.prod(output.shape[1:]) for output in model.outputs) == zoo.ZOO[name].outputs
    golden = arguments["hls_config"]["LayerName"]
    offered = config_from_keras_model(model, granularity="name", backend=zoo.BACKEND)["LayerName"]
    assert golden.keys() == offered.keys()
    for layer, slots in offered.items():
        assert golden[layer]["Precision"].keys() == slots["Precision"].keys(), layer
        assert slots.keys() - golden[layer].keys() <= {"Trace"}, layer
    capsys.readouterr()
    graph = convert_from_keras_model(model, output_dir=str(tmp_path), **arguments)
    assert "Invalid ReuseFactor" not in "".join(capsys.readouterr())
    layers = {layer.name: layer for layer in graph.get_layers()}
    # Nothing fused, nothing inserted, except for what hls4ml makes of a batch normalisation and a binary tanh.
    thresholds = {name for name in layers if name.startswith("bnbt_bn")}
    joined = {f"{kind}{name.removeprefix('bnbt_bn')}" for name in thresholds for kind in ("bn", "tanh")}
    removed = {"linear"} - layers.keys()  # an activation of the type that it reads, and without a function
    assert layers.keys() - thresholds | joined | removed == {layer.name for layer in model.layers} | removed
    for layer in (layers[name] for name in layers.keys() - thresholds):
        expected = {slot: FixedType.parse(text) for slot, text in golden[layer.name]["Precision"].items()}
        found = types_of(layer)
        if "bias" in found and has_no_bias(model, layer.name):
            found.pop("bias")
        assert {slot: expected[slot] for slot in found} == found, layer.name
        reuse = golden[layer.name].get("ReuseFactor", arguments["hls_config"]["Model"]["ReuseFactor"])
        assert layer.get_attr("reuse_factor") == reuse, layer.name


def has_no_bias(model, name):
    return getattr(model.get_layer(name), "use_bias", True) is False


@pytest.mark.hls4ml
@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("name", NAMES)
def test_weights_make_every_layer_tell_its_inputs_apart(name):
    """No layer is dead or saturated, no value explodes; outputs differ from event to event."""
    from tensorflow.keras import Model

    model, x = zoo.network(name), zoo.inputs(name, 400, 7)
    golden = zoo.golden_config(name)["hls_config"]["LayerName"]
    layers = [layer for layer in model.layers if layer.name not in model.input_names]
    for layer, values in zip(layers, Model(model.inputs, [layer.output for layer in layers])(x), strict=True):
        values = values.numpy()
        assert np.isfinite(values).all()
        kind = FixedType.parse(golden[layer.name]["Precision"]["result"])
        if kind.width <= 2:
            assert set(np.unique(values)) <= {-1, 0, 1}
            continue
        inside = (values >= float(kind.min)) & (values <= float(kind.max))
        assert inside.mean() > 0.98 or kind.min == 0, layer.name  # ReLU's type has no negative values to begin with
        below = 0.93 if kind.integer > 0 else 0.7  # puppi_tau's ReLUs end below 1, as those that are deployed
        assert (values < float(kind.max)).mean() > below, layer.name
        assert values.std() > 4 * float(kind.lsb), layer.name
        if not layer.name.startswith(("pad", "up", "pool", "reshape", "flatten")):
            assert (values == 0).mean() < 0.85, layer.name
        least = 100 if name == "axol1tl_v6" else 200  # its bottleneck has four numbers, most of them zero
        assert len(np.unique(values.reshape(400, -1), axis=0)) > least, layer.name
    again = zoo.network(name)
    for first, second in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.hls4ml
def test_drawn_weights_depend_on_the_seed():
    first, second = (zoo.network("jet_mlp", seed=seed).get_weights() for seed in (1, 2))
    assert not np.array_equal(first[0], second[0])


@pytest.mark.hls4ml
def test_pruned_networks_have_zeros():
    kernel = zoo.network("ad_student").get_layer("fc1").get_weights()[0]
    assert 0.45 < (kernel == 0).mean() < 0.55


@pytest.mark.hls4ml
def test_golden_configs_are_of_the_installed_hls4ml():
    import hls4ml

    assert hls4ml.__version__ == zoo.HLS4ML_VERSION


@pytest.mark.hls4ml
@pytest.mark.parametrize("name", ["mugmt_student", "dimuon_student"])
def test_auto_config_lets_hls4ml_infer(name, tmp_path):
    from hls4ml.converters import convert_from_keras_model

    graph = convert_from_keras_model(zoo.build(name), output_dir=str(tmp_path), **zoo.auto_config(name))
    types = {layer.name: types_of(layer) for layer in graph.get_layers()}
    assert types["inputs"]["result"] == GOLDEN
    assert types["fc2"]["weight"] == GOLDEN
    assert types["fc2"]["accum"] == FixedType.parse("ap_fixed<40,16>")  # 18 + 18 bits, 8 products and a bias
    assert types["bn2"]["result"] == FixedType.parse("ap_fixed<59,23>")
    assert types["relu2"]["result"] == RELU
    assert {layer.get_attr("reuse_factor") for layer in graph.get_layers()} == {4}


@pytest.mark.hls4ml
def test_weights_survive_a_round_trip(tmp_path):
    model = zoo.build("mugmt_student")
    path = tmp_path / "weights.npz"
    zoo.save_weights(model, path)
    loaded = zoo.load_student("mugmt_student", path)
    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    with pytest.raises(OverwriteError):
        zoo.save_weights(model, path)


def damage(path, how):
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif how == "text":
        path.write_text("not an archive")
    elif how == "empty":
        path.write_bytes(b"")
    else:
        weights = dict(np.load(path))
        if how == "renamed":
            weights["fc9/kernel"] = weights.pop("fc1/kernel")
        elif how == "reshaped":
            weights["fc1/kernel"] = weights["fc1/kernel"].T.copy()
        elif how == "wider":
            weights["fc1/kernel"] = weights["fc1/kernel"].astype(np.float64)
        elif how == "nan":
            weights["fc1/kernel"][0, 0] = np.nan
        elif how == "pickled":
            weights["fc1/kernel"] = np.array([object()])
        np.savez(path, **weights)


@pytest.mark.hls4ml
@pytest.mark.parametrize(
    "how", ["truncated", "text", "empty", "renamed", "reshaped", "wider", "nan", "pickled", "missing"]
)
def test_damaged_weights_are_refused(tmp_path, how):
    path = tmp_path / "weights.npz"
    if how != "missing":
        path.write_bytes(zoo.data_file("mugmt_student.npz").read_bytes())
        damage(path, how)
    with pytest.raises(ModelFileError, match=r"weights\.npz"):
        zoo.load_student("mugmt_student", path)


@pytest.mark.hls4ml
def test_weights_of_another_network_are_refused():
    with pytest.raises(ModelFileError, match=r"of mugmt_baseline|: fc1/kernel"):
        zoo.load_student("mugmt_baseline", zoo.data_file("mugmt_student.npz"))


def write_configs(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "isobit.students.zoo", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_configs_are_written_out_but_over_nothing_unasked(tmp_path):
    folder = tmp_path / "new"
    done = write_configs(folder)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {f"{name}.golden.json" for name in NAMES}
    for name in NAMES:
        written = (folder / f"{name}.golden.json").read_text(encoding="utf-8")
        assert written == zoo.data_file(f"{name}.golden.json").read_text(encoding="utf-8")
    (folder / "mugmt_student.golden.json").unlink()
    kept = folder / "jet_mlp.golden.json"
    kept.write_text("mine", encoding="utf-8")
    done = write_configs(folder)
    assert done.returncode == 2
    assert "exists" in done.stderr
    assert "--overwrite" in done.stderr
    assert "Traceback" not in done.stderr
    assert kept.read_text(encoding="utf-8") == "mine"
    assert not (folder / "mugmt_student.golden.json").exists()  # all or none
    assert write_configs(folder, "--overwrite").returncode == 0
    assert kept.read_text(encoding="utf-8") != "mine"
    assert len(list(folder.iterdir())) == len(NAMES)
    assert write_configs().returncode == 2


def test_variables_that_nobody_draws_are_refused():
    from isobit.students.zoo.weights import _draw

    random = np.random.default_rng(1)
    assert _draw("bn1/moving_variance", (3,), random, None, zoo.ZOO["jet_mlp"]).min() > 0.5
    with pytest.raises(UnsupportedError, match=r"'alpha'.*prelu1/alpha"):
        _draw("prelu1/alpha", (3,), random, None, zoo.ZOO["jet_mlp"])
