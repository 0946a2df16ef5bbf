"""Sabotaged networks, and whether `isobit.explain` names what was done and mends it; a JSON file of all cases.

    python tools/explain_run.py --cases 152 [--networks mugmt_student jet_mlp ...] [--out tests/explain/sabotage.json]
    python tools/explain_run.py --cases 30 --networks small_lstm small_gru small_bidirectional [--out ...]

Each case takes a network of the zoo in its golden configuration, or a recurrent one (`small_lstm`, `small_gru`, or
`small_bidirectional`, an LSTM whose states have a format of their own), damages one or (one in five) two of its formats
at a random place by a random amount, and explains the difference from the sound network on some events. A case counts
as named if the first cause is a place that was damaged, with the cause of the damage; as mended if the change that is
proposed leaves at most 1 % of the difference (mean square, all events) and has, for one damage, at most one bit more
than the least that bisection over that format finds. A run that was stopped goes on after its last case.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import isobit as ib
from isobit.explain import Quantiser
from isobit.explain.explaining import explain
from isobit.explain.lifting import Lifter
from isobit.fixed import Overflow
from isobit.model import Softmax, TableActivation
from isobit.model.tables import exponential_table, function_table

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ("mugmt_student", "jet_mlp", "dimuon_student", "ad_student", "btag_conv1d", "econ_t_encoder", "tau_cnn")
EVENTS = 4000
#: Share of the sabotage's mean square error that may be left.
LEFT = 0.01
#: Small recurrent networks, and the names of their layers.
RECURRENT = {"small_lstm": "lstm", "small_gru": "gru", "small_bidirectional": "bidirectional"}


def sound(name: str) -> ib.Model:
    """A network of the zoo in its golden configuration, or a recurrent one."""
    if name in RECURRENT:
        return ib.load(recurrent(name), default_precision="ap_fixed<16,6>")
    from isobit.frontends.keras import convert
    from isobit.students import zoo

    arguments = zoo.golden_config(name)
    arguments["clock_ns"] = float(arguments.pop("clock_period"))
    with tempfile.TemporaryDirectory() as folder:
        return ib.load(convert(zoo.network(name), output_dir=folder, **arguments))


def recurrent(name: str) -> Any:
    """A Keras model of eight steps of three numbers, six recurrent units and two outputs."""
    import qkeras  # noqa: F401 (before keras: isobit.frontends.keras says why)
    from tensorflow import keras

    keras.utils.set_random_seed(7)
    given = keras.layers.Input((8, 3), name="inputs")
    if name == "small_bidirectional":
        layer = keras.layers.Bidirectional(keras.layers.LSTM(3, name="lstm"), name=RECURRENT[name])
    else:
        layer = {"small_lstm": keras.layers.LSTM, "small_gru": keras.layers.GRU}[name](6, name=RECURRENT[name])
    return keras.Model(given, keras.layers.Dense(2, name="output")(layer(given)))


def events(name: str) -> Any:
    """Events of a network."""
    from isobit.students import zoo

    if name in RECURRENT:
        return np.random.default_rng(5).normal(0.0, 1.5, (EVENTS, 8, 3))
    return zoo.inputs(name, EVENTS, seed=5)


def damage(model: ib.Model, rng: np.random.Generator) -> tuple[str, Quantiser, ib.Model] | None:
    """What is done, where, and the damaged network; None if the draw does not exist there."""
    graph = model.graph
    types = graph.types()
    kind = str(
        rng.choice(["accumulator", "saturating accumulator", "result", "input", "scale", "weight", "table", "state"])
    )
    slots = {
        "accumulator": "accum", "saturating accumulator": "accum", "result": "result", "scale": "scale",
        "weight": "weight", "state": "result",
    }  # fmt: skip
    if kind == "table":
        tables = [op for op in graph.ops if isinstance(op, (TableActivation, Softmax))]
        if not tables:
            return None
        op = tables[int(rng.integers(len(tables)))]
        factor = 2 ** int(rng.integers(1, 4))
        if isinstance(op, TableActivation):
            new: Any = replace(op, table=function_table("table", op.function, op.entries // factor, op.table.type))
            slot = "table"
        elif op.exp_table is not None and op.exp_address is not None and op.implementation in ("stable", "latency"):
            entries, stable = op.exp_table.raw.size // factor, op.implementation == "stable"
            made = exponential_table("exp_table", entries, op.exp_address, op.exp_scale, stable, op.exp_table.type)
            new, slot = replace(op, exp_table=made), "exp_table"
        else:
            return None
        ops = tuple(new if other is op else other for other in graph.ops)
        return f"table / {factor}", Quantiser(op.name, slot, "resolution"), ib.Model(replace(graph, ops=ops))
    if kind == "input":
        places = [f"{tensor.name}.result" for tensor in graph.inputs]
    else:
        names = {op.name for op in graph.ops if not op.follows and op.tag not in ("activation",) and not op.output.xnor}
        if kind == "state":  # of hidden and cell states, which have the format of the result
            names &= {op.name for op in graph.ops if op.tag in ("recurrent", "bidirectional")}
        places = [key for key in types if key.rpartition(".")[2] == slots[kind] and key.rpartition(".")[0] in names]
    if not places:
        return None
    key = places[int(rng.integers(len(places)))]
    key = graph.tied.get(key, (key,))[0]  # what must be the same is damaged together
    layer, _, slot = key.rpartition(".")
    old, bits = types[key], int(rng.integers(1, 6))
    if old.is_int or old.width - bits < 2:
        return None
    if kind in ("scale", "weight"):
        return (
            f"{kind} - {bits} fraction bits",
            Quantiser(layer, slot, "rounding"),
            _retyped(model, key, replace(old, width=old.width - bits)),
        )
    new_type = replace(old, width=old.width - bits, integer=old.integer - bits)
    if kind == "saturating accumulator":
        new_type = replace(new_type, overflow=Overflow.SAT)
    elif kind in ("result", "state"):
        new_type = replace(new_type, overflow=Overflow.WRAP)
    return f"{kind} - {bits} integer bits", Quantiser(layer, slot, "range"), _retyped(model, key, new_type)


def _retyped(model: ib.Model, key: str, kind: Any) -> ib.Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.with_types(dict.fromkeys(model.graph.tied.get(key, (key,)), kind))


def error(model: Any, x: Any, wanted: Any) -> float:
    """Mean square error."""
    got, right = (value if isinstance(value, list) else [value] for value in (model.predict(x), wanted))
    return float(np.mean([np.mean((a - b) ** 2) for a, b in zip(got, right, strict=True)]))


def least(bad: ib.Model, at: Quantiser, x: Any, wanted: Any, most: int) -> int | None:
    """The fewest bits more at one place that leave nothing; None if `most` are not enough."""
    inputs = [x] if not isinstance(x, list) else x
    lifter = Lifter(bad, bad.quantise(x)[0])
    lifter.quantisers({t.name: (float(a.min()), float(a.max())) for t, a in zip(bad.graph.inputs, inputs, strict=True)})
    allowed = LEFT * error(bad, x, wanted)

    def enough(bits: int) -> bool:
        return error(lifter.lifted([at], {at: bits}), x, wanted) <= allowed

    low, high = 0, most
    if not enough(high):  # a weight that lost two bits is right with these two, and differs again with eight
        return next((bits for bits in range(1, most) if enough(bits)), None)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def one_case(seed: int, models: dict[str, ib.Model], data: dict[str, Any]) -> dict[str, Any] | None:
    """One sabotage; None if the draw changes nothing."""
    rng = np.random.default_rng(seed)
    name = str(rng.choice(list(models)))
    model, x = models[name], data[name]
    bad, done = model, []
    for _ in range(2 if rng.random() < 0.2 else 1):
        drawn = damage(bad, rng)
        if drawn is None:
            return None
        what, at, bad = drawn
        done.append((what, at))
    wanted = model.predict(x)
    before = error(bad, x, wanted)
    own = error(Lifter(model, model.quantise(x)[0]).lifted([]), x, wanted)
    if before <= own or before < 1e-12 or len({at.key for _, at in done}) != len(done):
        return None
    started = time.process_time()
    found = explain(bad, x, model)
    seconds = time.process_time() - started
    first = found.causes[0].quantiser if found.causes else None
    named = first in {at for _, at in done}
    after = found.fixed_error**2
    mended = after <= LEFT * before * 1.0001
    case = {
        "seed": seed,
        "network": name,
        "done": [f"{at}: {what}" for what, at in done],
        "named": str(first),
        "right": bool(named),
        "share": found.causes[0].share if found.causes else 0.0,
        "fix": {**found.types, **{key: str(count) for key, count in found.entries.items()}},
        "left": after / before,
        "mended": bool(mended),
        "cpu_s": round(seconds, 2),
    }
    if len(done) == 1:
        (_, at) = done[0]
        minimum = least(bad, at, x, wanted, 8)
        bits = _bits_of(bad, at, found)
        case |= {"least_bits": minimum, "bits": bits}
        if minimum is not None:
            case["mended"] = bool(mended and bits is not None and bits <= minimum + 1)
    return case


def _bits_of(bad: ib.Model, at: Quantiser, found: Any) -> int | None:
    """Bits that the fix adds at a place."""
    if at.cause == "resolution":
        entries = found.entries.get(at.key)
        op: Any = bad.graph.by_name[at.layer]
        return None if entries is None else int(np.log2(entries / getattr(op, at.slot).raw.size))
    if at.key not in found.types:
        return None
    return ib.FixedType.parse(found.types[at.key]).width - bad.types[at.key].width


def main() -> int:
    """Run, and write what was found after every case."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "explain" / "sabotage.json")
    options = parser.parse_args()
    report = json.loads(options.out.read_text()) if options.out.exists() else {"cases": [], "seed": 0}
    models = {name: sound(name) for name in options.networks}
    data = {name: events(name) for name in models}
    while len(report["cases"]) < options.cases:
        report["seed"] += 1
        case = one_case(report["seed"], models, data)
        if case is None:
            continue
        report["cases"].append(case)
        cases = report["cases"]
        report |= {
            "what": "sabotaged networks (tools/explain_run.py)",
            "date": time.strftime("%Y-%m-%d"),
            "isobit": ib.__version__,
            "count": len(cases),
            "named": sum(one["right"] for one in cases),
            "mended": sum(one["mended"] for one in cases),
            "two_faults": sum(len(one["done"]) > 1 for one in cases),
            "by_network": dict(Counter(one["network"] for one in cases)),
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{report['count']} cases, {report['named']} named, {report['mended']} mended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
