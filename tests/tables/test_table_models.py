"""Table ops as models: read from hls4ml, saved, given other formats, refused by name."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import convert, hls_config
from table_draws import a_graph

import isobit as ib
from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.model import Encoding, Graph, Softmax, TableActivation, Tensor, Weight
from isobit.model.file import load_graph, save_graph
from isobit.model.tables import exponential_table, function_table, index_bits, inverse_table

KIND = ib.FixedType.parse


def heads(**entries: Any) -> Any:
    """hls4ml's graph of a Dense layer and one activation per entry; names begin with the function's."""
    from tensorflow.keras import Model, layers

    inputs = layers.Input((4,), name="features")
    x = layers.Dense(4, name="fc", kernel_initializer="identity")(inputs)
    outputs = [layers.Activation(name.split("_")[0], name=name)(x) for name in entries]
    config = hls_config(Model(inputs, outputs), fc={"Precision": {"result": "ap_fixed<16,6>"}}, **entries)
    return convert(Model(inputs, outputs), config, tempfile.mkdtemp())


# -- from hls4ml ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> ib.Model:
    return ib.load(
        heads(
            sigmoid={"TableSize": 500, "table_t": "ap_fixed<30,3>"},
            elu={},
            softmax={},
            softmax_fast={"Implementation": "latency", "TableSize": 256},
            softmax_old={"Implementation": "legacy"},
            softmax_hard={"Implementation": "argmax"},
        )
    )


def test_formats_are_those_of_hls4ml(model: ib.Model) -> None:
    own = "ap_fixed<18,8,AP_RND,AP_SAT>"
    types = {slot: str(kind) for slot, kind in model.types.items()}
    assert types["sigmoid.table"] == "ap_fixed<30,3>"
    assert types["elu.table"] == "ap_fixed<18,8>"
    assert types["elu.param"] == "ap_ufixed<1,1>"
    for slot in ("exp_table", "inv_table", "inv_inp", "accum"):
        assert types[f"softmax.{slot}"] == types[f"softmax_fast.{slot}"] == own
    assert types["softmax.inp_norm"] == "ap_ufixed<15,5>"
    assert types["softmax_old.exp_table"] == types["softmax_old.inv_table"] == "ap_fixed<18,8>"
    assert not {"softmax_fast.inp_norm", "softmax_fast.address", "softmax_hard.accum"} & set(types)
    ops = model.graph.by_name
    sizes = [ops[name].exp_table.raw.size for name in ("softmax", "softmax_fast", "softmax_old")]
    assert (ops["sigmoid"].entries, *sizes) == (500, 1024, 256, 1024)


def test_tables_have_the_precision_of_the_c_library(model: ib.Model) -> None:
    """In float, as the firmware calls it; at 30 bits double precision would differ in many entries."""
    table = model.graph.by_name["sigmoid"].table
    x = np.float32(16.0 * (np.arange(500) - 250.0) / 500.0)
    double = 1.0 / (1.0 + np.exp(-x.astype(np.float64)))
    written = table.written
    assert np.array_equal(written, written.astype(np.float32))
    assert np.abs(written - double).max() < 1e-7
    exact = ib.FixedArray.from_float(double, table.type).raw
    assert 50 < np.count_nonzero(exact != table.raw) < 500
    assert np.array_equal(ib.FixedArray.from_float(written, table.type).raw, table.raw)


def test_infinite_entries_are_bounds_or_zero(model: ib.Model) -> None:
    """1 / 0 is infinite, and counts as 2**1024 (B11)."""
    table = model.graph.by_name["softmax"].inv_table
    assert np.isinf(table.written[0]) and table.raw[0] == table.type.raw_max
    assert table.with_type(KIND("ap_fixed<18,8>")).raw[0] == 0
    # Two top bits saturate, the sign and the one below it; the others are those of 2**1024.
    assert table.with_type(KIND("ap_fixed<18,8,AP_TRN,AP_WRAP,2>")).raw[0] == 1 << 16
    with pytest.raises(UnsupportedError, match=r"inv_table has infinite entries.*ap_int<8>"):
        table.with_type(KIND("ap_int<8>"))


def test_other_formats_are_those_of_another_conversion(model: ib.Model) -> None:
    """with_types makes the tables that hls4ml's firmware would have."""
    changes = {
        "sigmoid": {"table": "ap_fixed<12,2,RND>"},
        "softmax": {
            "exp_table": "ap_ufixed<17,3,RND>",
            "inv_inp": "ap_ufixed<15,4,RND,SAT>",
            "accum": "ap_fixed<20,6>",
        },
        "softmax_fast": {"inv_inp": "ap_fixed<16,5>", "inv_table": "ap_fixed<16,4,RND,SAT>"},
        "fc": {"result": "ap_fixed<14,5>"},
    }
    entries: dict[str, Any] = {}
    for name in ("sigmoid", "softmax", "softmax_fast"):
        slots = dict(changes[name])
        entries[name] = {"Precision": {"accum": slots.pop("accum")}} if "accum" in slots else {}
        entries[name] |= {f"{slot}_t": kind for slot, kind in slots.items()}  # hls4ml ignores them in Precision
    entries["sigmoid"]["TableSize"] = 500
    entries["softmax_fast"] |= {"Implementation": "latency", "TableSize": 256}
    fc = changes["fc"]["result"]
    from tensorflow.keras import Model, layers

    inputs = layers.Input((4,), name="features")
    x = layers.Dense(4, name="fc", kernel_initializer="identity")(inputs)
    keras = Model(inputs, [layers.Activation(name.split("_")[0], name=name)(x) for name in entries])
    config = hls_config(keras, fc={"Precision": {"result": fc}}, fc_linear={"Precision": {"result": fc}}, **entries)
    wanted = ib.load(convert(keras, config, tempfile.mkdtemp())).graph.by_name
    types = {f"{name}.{slot}": kind for name, slots in changes.items() for slot, kind in slots.items()}
    # hls4ml's distances follow the input of the softmax; here they are a format of their own.
    types["softmax.inp_norm"] = "ap_ufixed<13,4>"
    found = model.with_types(types).graph.by_name
    for name in entries:
        for slot in ("table", "exp_table", "inv_table"):
            if (table := getattr(found[name], slot, None)) is not None:
                other = getattr(wanted[name], slot)
                assert table.type == other.type, f"{name}.{slot}"
                assert table.raw.tolist() == other.raw.tolist(), f"{name}.{slot}"
        expected = {slot: kind for slot, kind in wanted[name].types().items() if slot != "result"}
        assert {slot: kind for slot, kind in found[name].types().items() if slot != "result"} == expected


def test_exponentials_of_latency_follow_the_input(model: ib.Model) -> None:
    changed = model.with_types({"fc.result": "ap_fixed<16,4>"}).graph.by_name
    fast = changed["softmax_fast"]
    assert fast.address == KIND("ap_fixed<16,4>")
    assert fast.exp_table.written[1] == np.exp(np.float32(16 / 256))
    assert changed["softmax"] == model.graph.by_name["softmax"]  # whose distances have a format of their own
    with pytest.raises(UnsupportedError, match=r"softmax_fast\.exp_table.*256 entries.*ap_fixed<7,3>.*2\*\*7"):
        model.with_types({"fc.result": "ap_fixed<7,3>"})


def test_formats_of_legacy_are_fixed(model: ib.Model) -> None:
    with pytest.raises(UnsupportedError, match=r"softmax_old\.exp_table.*always has ap_fixed<18,8>"):
        model.with_types({"softmax_old.exp_table": "ap_fixed<20,8>"})


# -- files ------------------------------------------------------------------------------------------------------------


def test_model_files_keep_every_bit(model: ib.Model, tmp_path: Path) -> None:
    for number, graph in enumerate((model.graph, *(a_graph(seed, most) for seed in range(20) for most in (20, 100)))):
        path = tmp_path / f"{number}.isobit"
        save_graph(graph, path)
        back = load_graph(path)
        assert back.ops == graph.ops and back.inputs == graph.inputs
    x = np.random.default_rng(0).normal(0.0, 4.0, (50, 4))
    model.save(tmp_path / "whole.isobit")
    for one, other in zip(ib.load(tmp_path / "whole.isobit").predict(x), model.predict(x), strict=True):
        assert np.array_equal(one, other)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_index_of_elu_stays_an_int() -> None:
    wide, one = KIND("ap_fixed<40,34>"), KIND("ap_ufixed<1,1>")
    param = Weight.from_written("param", [1.0], one, encoding=Encoding.LITERAL)
    table = function_table("table", "elu", 1024, KIND("ap_fixed<18,8>"))
    op = TableActivation("act", ("x",), Tensor("y", (1,), wide), "elu", table, param)
    with pytest.raises(UnsupportedError, match=r"'act' takes numbers of ap_fixed<40,34>.*1024 entries.*integer bits"):
        Graph("one", (Tensor("x", (1,), wide),), (op,), ("y",))


@pytest.mark.parametrize("entries, address", [(1000, "ap_fixed<16,6>"), (1, "ap_fixed<16,6>"), (64, "ap_fixed<5,2>")])
def test_tables_that_are_read_outside(entries: int, address: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"t has {entries} entries.*powers of two from 2"):
        index_bits("t", entries, KIND(address))


@pytest.mark.parametrize("address", ["ap_fixed<16,130>", "ap_fixed<16,-120>"])
def test_addresses_beyond_float(address: str) -> None:
    with pytest.raises(UnsupportedError, match="beyond what a float holds"):
        inverse_table("t", 256, KIND(address), KIND("ap_fixed<18,8>"))


def test_sizes_of_tables() -> None:
    for entries in (0, (1 << 24) + 1):
        with pytest.raises(UnsupportedError, match=f"table has {entries} entries; supported: 1 to 16777216"):
            function_table("table", "tanh", entries, KIND("ap_fixed<18,8>"))


def test_parts_of_a_softmax() -> None:
    own = KIND("ap_fixed<18,8,RND,SAT>")
    output = Tensor("y", (4,), own)
    exps = exponential_table("exp_table", 16, own, 1.0, False, own)
    with pytest.raises(UnsupportedError, match=r"'fast' of layer 's'.*latency, stable, legacy, argmax"):
        Softmax("s", ("x",), output, "fast", 4)
    with pytest.raises(ShapeError, match=r"'latency' of layer 's' has \['exp_table'\]; expected \['accum', 'address'"):
        Softmax("s", ("x",), output, "latency", 4, exp_table=exps)
    with pytest.raises(ShapeError, match="exp_table must be a table"):
        Softmax("s", ("x",), output, "legacy", 4, exp_table=replace(exps, name="other"), inv_table=exps)
    op = Softmax(
        "s", ("x",), output, "latency", 4, exp_table=exps, inv_table=replace(exps, name="inv_table"), accum=own,
        inv_inp=own, address=own,
    )  # fmt: skip
    with pytest.raises(FormatError, match=r"s\.exp_table was made for numbers of ap_fixed<18,8.*ap_fixed<16,6>"):
        Graph("g", (Tensor("x", (4,), KIND("ap_fixed<16,6>")),), (op,), ("y",))
    with pytest.raises(ShapeError, match="8 values in all slices, expected 4"):
        Graph("g", (Tensor("x", (4,), own),), (replace(op, outer=2),), ("y",))
    with pytest.raises(ShapeError, match="one alpha"):
        TableActivation("a", ("x",), output, "elu", replace(exps, name="table"))
    with pytest.raises(UnsupportedError, match=r"'sine' of layer 'a'.*sigmoid, tanh"):
        TableActivation("a", ("x",), output, "sine", replace(exps, name="table"))


def test_a_softmax_too_large_for_its_tables(tmp_path: Path) -> None:
    """inv_inp has fewer bits than the table needs: hls4ml's firmware would slice bits that do not exist."""
    with pytest.raises(UnsupportedError, match=r"inv_table has 1024 entries.*ap_fixed<8,4>"):
        ib.load(heads(softmax={"inv_inp_t": "ap_fixed<8,4>"}))
