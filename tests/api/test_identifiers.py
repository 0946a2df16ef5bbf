"""Names of layers and inputs that hls4ml writes into C++ as they are: refused at load where no compiler takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.errors import CompilerError, FirmwareError, IsobitError, UnsupportedError
from isobit.frontends.identifiers import check_typedefs, is_identifier

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-frontend")]

NO_INPUTS = {
    "a-b": "is not a C\\+\\+ identifier",
    "2x": "is not a C\\+\\+ identifier",
    "a.b": "is not a C\\+\\+ identifier",
    "x/y": "is not a C\\+\\+ identifier",
    "class": "is not a C\\+\\+ identifier",
    "int": "is not a C\\+\\+ identifier",
    "and": "is not a C\\+\\+ identifier",
    "w2": "also the name of an array of weights of layer 'd'",  # it would stand for the weights, and compile
    "b2": "also the name of an array of weights of layer 'd'",
    "layer2_out": "also the name of an array of layer 'd'",
    "config2": "also the name of a configuration of layer 'd'",
    "input_t": "also the name of a type",
    "d_weight_t": "also the name of a type of layer 'd'",
    "result_t": "also the name of a type of layer 'd'",
    "myproject": "also the name of the top function",
    "loaded_weights": "a variable of the top function",
    "M_PI": "a macro",
    "EOF": "a macro",
    "NAN": "a macro",
    "SIZE_MAX": "a macro",
    "errno": "a macro",
}
INPUTS = ("x", "pt", "E1", "M_jets", "MET", "SIZE", "x_MAX", "std", "nnet", "Class", "w3", "channel", "restrict", "_x")
NO_LAYERS = ("fc-1", "1st", "a.b", "a/b", "dense-relu.2")
LAYERS = ("class", "int", "w2", "input_t", "config2", "M_PI", "Fc_1", "main")


def network(input_name: str = "x", layer: str = "d", **options: Any) -> Any:
    from tensorflow.keras import Model, layers

    x = layers.Input((4,), name=input_name)
    return Model(x, layers.Dense(3, name=layer, **options)(x))


@pytest.mark.parametrize("name", NO_INPUTS)
def test_inputs_that_no_compiler_takes(name: str) -> None:
    with pytest.raises(FirmwareError, match=f"input '{name}'.*{NO_INPUTS[name]}.*rename"):
        ib.load(network(name))


@pytest.mark.parametrize("name", NO_LAYERS)
def test_layers_that_no_compiler_takes(name: str) -> None:
    for call in (ib.load, ib.csim):
        with pytest.raises(FirmwareError, match=f"layer '{name}'.*would call a type '{name}_\\w+', .*rename") as caught:
            call(network(layer=name))
        assert isinstance(caught.value, UnsupportedError)
        assert isinstance(caught.value, CompilerError)  # it is what g++ would say later


def test_names_that_are_fine() -> None:
    for name in INPUTS:
        assert ib.load(network(name)).graph.inputs[0].name == name
    for name in LAYERS:
        assert name in ib.load(network(layer=name)).layers


def test_a_layer_without_types_of_its_own_may_have_any_name() -> None:
    from tensorflow.keras import Model, layers

    x = layers.Input((2, 2), name="x")
    keras = Model(x, layers.Dense(3, name="d")(layers.Flatten(name="my-flat")(x)))
    assert "d" in ib.load(keras).layers


@pytest.mark.parametrize("name", ["my-project", "class", "2nd", "M_PI"])
def test_project_names(name: str) -> None:
    with pytest.raises(IsobitError, match=f"project.*'{name}'"):
        ib.load(network(), project_name=name)


def test_two_layers_of_one_name() -> None:
    """Dense 'd' with the activation relu becomes 'd' and 'd_relu'; hls4ml keeps the user's 'd_relu' alone."""
    from tensorflow.keras import Model, layers

    x = layers.Input((4,), name="x")
    dense = layers.Dense(3, name="d", activation="relu")(x)
    with pytest.raises(FirmwareError, match=r"'d_relu' to two layers.*rename"):
        ib.load(Model(x, layers.Activation("tanh", name="d_relu")(dense)))
    assert ib.load(Model(x, layers.Activation("tanh", name="d_tanh")(dense))).layers[-1] == "d_tanh"


def test_folders_name_the_type() -> None:
    check_typedefs("prj", "typedef ap_fixed<16,6> fc_1_t;\n  typedef struct a {ap_uint<1> b; } a;\n")
    for line in ("typedef ap_fixed<16,6> fc-1_t;", "typedef struct 1a {ap_uint<1> b; } 1a;"):
        with pytest.raises(FirmwareError, match=r"prj/firmware/defines\.h defines the type '(fc-1_t|1a)'"):
            check_typedefs("prj", line)


def test_identifiers() -> None:
    assert all(map(is_identifier, ("a", "_a", "A1", "class_", "x" * 99)))
    assert not any(map(is_identifier, ("", "1", "a b", "a-b", "é", "a\n", "co_await", "xor", "double")))


@pytest.mark.full
@pytest.mark.csim
@pytest.mark.parametrize("name", [*NO_INPUTS, *INPUTS])
def test_the_compiler_agrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check: g++ refuses, isobit cannot tell the arguments apart, or the bits are others."""
    keras, x = network(name), np.random.default_rng(1).normal(size=(20, 4))
    right = network("x_right")
    right.set_weights([np.full(w.shape, 0.25) for w in right.get_weights()])
    keras.set_weights(right.get_weights())
    monkeypatch.setattr("isobit.frontends.hls4ml.graph.check_identifiers", lambda model: None)
    monkeypatch.setattr("isobit.frontends.project.check_identifiers", lambda model: None)
    try:
        simulated = ib.csim(keras, optimisation="0").predict(x)
        works = np.array_equal(simulated, ib.load(right).predict(x))
    except IsobitError:
        works = False
    assert works == (name in INPUTS)
