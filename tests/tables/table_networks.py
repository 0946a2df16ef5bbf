"""Networks of nothing but tables, at random: every function and softmax on inputs of several formats.

``draw(seed)`` gives the back end and hls4ml's configuration, ``build(seed)`` isobit's model with events that go through
every value of the narrow formats. Formats include ones that saturate or wrap nearly always, coarse and fine tables,
sizes that are no power of two where hls4ml allows them, and tables so fine that they show the precision at which the
C library was called.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from typing import Any

import numpy as np
from networks import draw_type

from isobit.fixed import FixedType

SIZE = 6
FUNCTIONS = ("sigmoid", "tanh", "softplus", "softsign", "selu", "elu")
SOFTMAXES = ("latency", "stable", "legacy", "argmax")
#: Formats of which every value is tried.
_EXHAUSTIVE = 13


def _softmax(rng: np.random.Generator, kind: str, given: FixedType) -> dict[str, Any]:
    """A softmax's configuration, with tables that its formats can address."""
    slots = {slot: draw_type(rng, 4.0, narrow=False) for slot in ("exp_table", "inv_table", "accum", "inv_inp")}
    if rng.random() < 0.4:  # hls4ml's own
        slots = dict.fromkeys(slots, FixedType.parse("ap_fixed<18,8,RND,SAT>"))
    if rng.random() < 0.3:
        slots["exp_table"] = FixedType.parse("ap_ufixed<34,2,RND>")
    entry: dict[str, Any] = {"Implementation": kind, "Precision": {"accum": str(slots.pop("accum"))}}
    address = given.width - given.signed
    if kind == "stable" and rng.random() < 0.5:
        distances = draw_type(rng, float(given.max), narrow=False, signed=bool(rng.random() < 0.3))
        entry["inp_norm_t"], address = str(distances), distances.width
    most = [min(address, 11), min(slots["inv_inp"].width, slots["inv_table"].width, 11)]
    entry |= {f"{slot}_t": str(kind) for slot, kind in slots.items()}
    if kind == "legacy":
        entry["exp_table_size"], entry["inv_table_size"] = (int(n) for n in rng.integers(3, 1500, 2))
    elif rng.random() < 0.5:
        entry["exp_table_size"], entry["inv_table_size"] = (1 << int(rng.integers(2, bits + 1)) for bits in most)
        if kind == "stable" and "inp_norm_t" not in entry:  # hls4ml takes the other size
            entry["inv_table_size"] = 1 << int(rng.integers(2, min(most) + 1))
        entry["exp_scale"] = float(rng.choice([1.0, 0.5, 0.3]))
    else:
        entry["TableSize"] = 1 << int(rng.integers(2, min(most) + 1))
    if rng.random() < 0.4:
        entry["n_outer"], entry["n_inner"] = ((2, 1), (1, 3), (3, 2), (1, 2))[int(rng.integers(4))]
    return entry


def _head(rng: np.random.Generator, name: str, given: FixedType) -> dict[str, Any]:
    """hls4ml's configuration of one layer. The formats of tables stand beside ``Precision``, where it ignores them."""
    result = str(draw_type(rng, 1.0, narrow=bool(rng.random() < 0.3)))
    kind = name.split("_")[0]
    if kind in SOFTMAXES:
        entry = _softmax(rng, kind, given)
        entry["Precision"]["result"] = result
        return entry
    table = "ap_fixed<45,6,RND>" if rng.random() < 0.4 else str(draw_type(rng, 1.0, narrow=False))
    size = 1 << int(rng.integers(3, 12)) if rng.random() < 0.6 else int(rng.integers(2, 3000))
    entry = {"Precision": {"result": result}, "table_t": table, "TableSize": size}
    if kind == "elu":
        entry["alpha"] = float(np.round(rng.uniform(0.1, 3.0), 3))
        entry["Precision"]["param"] = str(draw_type(rng, 2.0, narrow=True, signed=False))
    return entry


def draw(seed: int) -> tuple[str, FixedType, list[FixedType], dict[str, dict[str, Any]]]:
    """The back end, the formats of the input and of its copies, and the configuration of every head, by name."""
    rng = np.random.default_rng([seed, 77])
    features = FixedType.parse("ap_fixed<20,8>")
    copies = [draw_type(rng, float(2.0 ** rng.integers(-1, 5)), narrow=bool(rng.random() < 0.5)) for _ in range(3)]
    if rng.random() < 0.4:
        copies[0] = FixedType.int_type(int(rng.integers(4, 9)), signed=bool(rng.random() < 0.7))
    heads = {}
    for number, name in enumerate((*FUNCTIONS, *SOFTMAXES, "latency_2", "stable_2")):
        copy = int(rng.integers(len(copies)))
        wanted = 4 if name.split("_")[0] in SOFTMAXES else 1
        while copies[copy].width < wanted + 1:
            copy = int(rng.integers(len(copies)))
        heads[f"{name}_on{copy}_{number}"] = _head(rng, name, copies[copy])
    return str(rng.choice(["Vitis", "Vivado"])), features, copies, heads


def build(seed: int) -> tuple[Any, Any]:
    """The model and its events, shape (events, SIZE)."""
    import hls4ml
    from tensorflow.keras import Model, layers

    import isobit

    backend, features, copies, heads = draw(seed)
    inputs = layers.Input((SIZE,), name="features")
    copied = [layers.Activation("linear", name=f"copy{i}")(inputs) for i in range(len(copies))]
    outputs = []
    for name, entry in heads.items():
        kind, source = name.split("_")[0], copied[int(name.split("_on")[1][0])]
        if kind == "elu":
            outputs.append(layers.ELU(alpha=entry["alpha"], name=name)(source))
        else:
            outputs.append(layers.Activation("softmax" if kind in SOFTMAXES else kind, name=name)(source))
    config = {
        "Model": {"Precision": {"default": "ap_fixed<20,8>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {
            "features": {"Precision": {"result": str(features)}},
            **{f"copy{i}": {"Precision": {"result": str(kind)}} for i, kind in enumerate(copies)},
            **{name: {key: value for key, value in entry.items() if key != "alpha"} for name, entry in heads.items()},
        },
    }
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        graph = hls4ml.converters.convert_from_keras_model(
            Model(inputs, outputs), hls_config=config, backend=backend, io_type="io_parallel", output_dir=folder
        )
        return isobit.load(graph), events(seed, features, copies)


def events(seed: int, features: FixedType, copies: list[FixedType]) -> Any:
    """Every value of each narrow copy, in another order for each element; then random ones, many of them alike."""
    rng = np.random.default_rng([seed, 78])
    columns = []
    for kind in copies:
        if kind.width <= _EXHAUSTIVE:
            every = np.arange(kind.raw_min, kind.raw_max + 1) * float(kind.lsb)
            columns.append(np.stack([rng.permutation(every) for _ in range(SIZE)], axis=1))
        columns.append(rng.normal(0.0, float(kind.max) / 2, (1500, SIZE)))
    random = rng.normal(0.0, 3.0, (1500, SIZE))
    random[:500] += rng.normal(0.0, 30.0, (500, 1))  # close to each other, far from zero
    random[500:700] = np.round(random[500:700])  # equal ones
    x = np.concatenate([*columns, random])
    return np.clip(x, float(features.min), float(features.max))
