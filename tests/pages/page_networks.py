"""A network whose names are an attack, and one of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import isobit as ib
from isobit.certify import network as certified
from isobit.certify.report import Certification, Compared, Fault, Libraries, NetworkResult, Settings
from isobit.check.comparison import Difference
from isobit.fixed import FixedType
from isobit.model import Activation, Dense, Graph, Op, Tensor, Weight
from isobit.model.canonical import canonical

#: Names as a stranger's file may have them.
SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(2)>"
NAME = "</title></script><script>alert(3)</script>"
KIND = FixedType.parse


def dense_network(name: str, layers: dict[str, int], n_in: int, accum: str) -> ib.Model:
    """Dense layers with a ReLU behind each but the last."""
    rng = np.random.default_rng(5)
    last = given = Tensor("x", (n_in,), KIND("ap_fixed<14,5>"))
    ops: list[Op] = []
    for place, (layer, size) in enumerate(layers.items()):
        weights = np.round(rng.normal(0.0, 0.6, (last.size, size)) * 256) / 256
        weight = Weight.from_written("weight", weights, KIND("ap_fixed<12,3>"))
        bias = Weight.from_written("bias", np.linspace(-0.5, 0.5, size), KIND("ap_fixed<12,3>"))
        out = Tensor(layer, (size,), KIND("ap_fixed<16,7>"))
        ops.append(Dense(layer, (last.name,), out, weight, bias, KIND(accum)))
        last = out
        if place < len(layers) - 1:
            relu = Tensor(f"relu {layer}", (size,), KIND("ap_ufixed<9,4,AP_RND,AP_SAT>"))
            ops.append(Activation(relu.name, (last.name,), relu, "relu"))
            last = relu
    return ib.Model(Graph(name, (given,), tuple(ops), (last.name,)))


RIGHT = dense_network(NAME, {SCRIPT: 6, IMAGE: 6, "out": 3}, 5, "ap_fixed<20,9>")
BAD = RIGHT.with_types({f"{SCRIPT}.accum": "ap_fixed<13,2>", f"{IMAGE}.accum": "ap_fixed<14,3,AP_TRN,AP_SAT>"})
X = np.random.default_rng(6).normal(0.0, 2.0, (300, 5))


def a_check() -> ib.Report:
    """Of two roads, on one of which a layer is made to differ."""
    report = ib.check(BAD, X, ["cpp", "reference"], reference_events=20)
    first, *others = report.roads
    layers = list(first.layers)
    layers[1] = replace(layers[1], differ=12, largest=3, first=Difference(4, 2, 7, 10))
    return replace(report, roads=(replace(first, layers=tuple(layers), events_differ=9), *others))


def a_certification() -> Certification:
    """Of two networks, in one of which a road gives other bits, and of their libraries."""
    networks = []
    for name, model in (("right", RIGHT), (NAME, BAD)):
        values = sum(tensor.size for tensor in model.graph.tensors.values())
        compared = tuple(
            Compared(road, kind, 60, 60 * values, 3 * (model is BAD and road == "vendor"))
            for road in ("vendor", "isobit", "cpp", "library")
            for kind in ("random", "extreme")
        )
        lint = tuple(
            {"rule": one.rule, "severity": one.severity, "place": one.place, "message": one.message}
            for one in ib.lint(model)
        )
        result = NetworkResult(
            name,
            model.graph.name,
            {f"firmware/{SCRIPT}.h": "0" * 64},
            canonical(model.graph),
            events=({"kind": "random", "events": 60, "source": IMAGE, "sha256": "1" * 64},),
            compared=compared,
            overflows=tuple(certified._overflow(verdict) for verdict in model.plan().verdicts),
            lint=lint,
            cost=ib.cost(model),
            faults=(Fault("bits", SCRIPT, f"{IMAGE} gives other bits"),) if model is BAD else (),
            speeds={"vendor": 900.0, "isobit": 9e3, "numba": 3e5, "cpp": 2e6},
        )
        networks.append(result)
    finding = {"rule": "IB601", "severity": "error", "place": "a.so", "message": IMAGE}
    libraries = Libraries(("a.so", "b.so"), (finding,), 8, 200, (Fault("symbols", "a.so", IMAGE),))
    return Certification(tuple(networks), libraries, Settings(), {"isobit": ib.__version__})
