"""Random networks that mix families: tables, softmax and thresholds between layers on sets, with branches.

The generators of the tests draw one family at a time. Needs `tests/sets` on the path.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from set_graphs import a_type, pointwise, pooling, weight

from isobit.errors import IsobitError
from isobit.fixed import FixedType
from isobit.model import (
    Activation,
    BatchNorm,
    Dense,
    Graph,
    Reshape,
    Softmax,
    TableActivation,
    Tensor,
    Threshold,
    Transpose,
)
from isobit.model.reuse import legal_reuse_factors
from isobit.model.tables import exponential_table, function_table, inverse_table

#: Kinds of layers; those that change the shape are drawn less often.
_KINDS = ("pointwise", "pointwise", "norm", "plain", "plain", "table", "softmax", "threshold", "transpose", "flat")
_STRATEGIES = ("latency", "resource", "resource_unrolled", "compressed")
_PLAIN = ("relu", "linear", "leaky_relu", "hard_sigmoid", "hard_tanh", "ternary_tanh")
_TABLES = ("sigmoid", "tanh", "softplus", "softsign")


def draw(seed: int) -> Graph:
    """A network of some ten layers, of which a few are read twice; every unread tensor is an output."""
    while True:
        rng = np.random.default_rng([seed, 1101])
        try:
            return _draw(rng)
        except IsobitError:  # such as a strategy that these weights do not allow
            seed += 1_000_003


def _draw(rng: np.random.Generator) -> Graph:
    shape = tuple(int(n) for n in (*rng.integers(1, 4, int(rng.integers(0, 3))), rng.integers(2, 6)))
    source = Tensor("x", shape, a_type(rng, 3, True))
    tensors, ops = [source], []
    for number in range(int(rng.integers(6, 11))):
        tensor = tensors[-1] if rng.random() < 0.8 else tensors[int(rng.integers(len(tensors)))]
        kind = str(rng.choice(_KINDS))
        if rng.random() < 0.1 and len(tensor.shape) > 1:
            kind = "pooling"
        op = _LAYERS[kind](rng, f"{kind}{number}", tensor)
        ops.append(op)
        tensors.append(op.output)
    last = tensors[-1]
    ops.append(_dense(rng, "last", last))
    read = {name for op in ops for name in op.inputs}
    return Graph("mixed", (source,), tuple(ops), tuple(op.output.name for op in ops if op.output.name not in read))


def _like(rng: np.random.Generator, name: str, tensor: Tensor) -> Tensor:
    return Tensor(name, tensor.shape, a_type(rng, 3))


def _dense(rng: np.random.Generator, name: str, tensor: Tensor) -> Dense:
    strategy, n_out = str(rng.choice(_STRATEGIES)), int(rng.integers(1, 5))
    factors = [1] if strategy == "latency" else legal_reuse_factors(tensor.size, n_out, strategy)
    if not factors:
        strategy, factors = "latency", [1]
    return Dense(
        name,
        (tensor.name,),
        Tensor(name, (n_out,), a_type(rng, 4)),
        weight(rng, "weight", (tensor.size, n_out), a_type(rng, 1, True, 12)),
        weight(rng, "bias", (n_out,), a_type(rng, 2, True, 12)),
        a_type(rng, 5, None, 26),
        strategy,
        int(rng.choice(factors)),
    )


def _pointwise(rng: np.random.Generator, name: str, tensor: Tensor) -> Any:
    if len(tensor.shape) == 1:
        return _dense(rng, name, tensor)
    return pointwise(rng, name, tensor, int(rng.integers(1, 6)))


def _norm(rng: np.random.Generator, name: str, tensor: Tensor) -> BatchNorm:
    size = int(rng.choice([tensor.shape[-1], tensor.size]))
    scale, bias = (weight(rng, slot, (size,), a_type(rng, 2, True, 12)) for slot in ("scale", "bias"))
    return BatchNorm(name, (tensor.name,), _like(rng, name, tensor), scale, bias)


def _plain(rng: np.random.Generator, name: str, tensor: Tensor) -> Activation:
    function = str(rng.choice(_PLAIN))
    slots = {"leaky_relu": ("param",), "hard_sigmoid": ("slope", "shift"), "hard_tanh": ("slope", "shift")}
    constants = {slot: weight(rng, slot, (1,), a_type(rng, 1, True, 10)) for slot in slots.get(function, ())}
    return Activation(name, (tensor.name,), _like(rng, name, tensor), function, **constants)


def _table(rng: np.random.Generator, name: str, tensor: Tensor) -> TableActivation:
    function = str(rng.choice(_TABLES))
    table = function_table("table", function, int(rng.integers(8, 200)), a_type(rng, 2))
    return TableActivation(name, (tensor.name,), _like(rng, name, tensor), function, table)


def _softmax(rng: np.random.Generator, name: str, tensor: Tensor) -> Softmax:
    size, positions = tensor.shape[-1], tensor.size // tensor.shape[-1]
    kind = str(rng.choice(["latency", "stable", "argmax"]))
    parts: dict[str, Any] = {}
    if kind != "argmax":
        address = tensor.type if kind == "latency" else FixedType.parse("ap_ufixed<9,4>")
        accum, inverse = (
            FixedType.parse("ap_fixed<14,5,AP_TRN,AP_SAT>"),
            FixedType.parse("ap_fixed<12,5,AP_RND,AP_SAT>"),
        )
        parts = {"accum": accum, "inv_inp": inverse, ("address" if kind == "latency" else "inp_norm"): address}
        entries = 1 << int(rng.integers(2, min(8, address.width) + 1))
        parts["exp_table"] = exponential_table("exp_table", entries, address, 1.0, kind == "stable", accum)
        parts["inv_table"] = inverse_table("inv_table", 1 << int(rng.integers(3, 9)), inverse, accum)
    return Softmax(name, (tensor.name,), _like(rng, name, tensor), kind, size, positions, 1, **parts)


def _threshold(rng: np.random.Generator, name: str, tensor: Tensor) -> Threshold:
    size = int(rng.choice([tensor.shape[-1], tensor.size]))
    high, low = (weight(rng, slot, (size,), tensor.type) for slot in ("threshold_hi", "threshold_lo"))
    return Threshold(name, (tensor.name,), Tensor(name, tensor.shape, FixedType.int_type(2)), high, low)


def _transpose(rng: np.random.Generator, name: str, tensor: Tensor) -> Transpose:
    perm = tuple(int(axis) for axis in rng.permutation(len(tensor.shape)))
    output = Tensor(name, tuple(tensor.shape[axis] for axis in perm), a_type(rng, 3))
    return Transpose(name, (tensor.name,), output, shape=tensor.shape, perm=perm)


def _flat(rng: np.random.Generator, name: str, tensor: Tensor) -> Reshape:
    shape = (tensor.size,) if rng.random() < 0.5 else (1, *tensor.shape)[-3:]
    return Reshape(
        name, (tensor.name,), Tensor(name, shape if np.prod(shape) == tensor.size else (tensor.size,), tensor.type)
    )


_LAYERS: dict[str, Any] = {
    "pointwise": _pointwise,
    "norm": _norm,
    "plain": _plain,
    "table": _table,
    "softmax": _softmax,
    "threshold": _threshold,
    "transpose": _transpose,
    "flat": _flat,
    "pooling": pooling,
}
