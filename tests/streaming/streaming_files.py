"""Small models without hls4ml, events for them in every format, and reading what was predicted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot

import isobit as ib
from isobit.model import Dense, Graph, Tensor, Weight

EVENTS = 1000
COLUMNS = ("pt", "eta", "phi")
INPUTS = ("npy", "npz", "h5", "parquet", "root")
OUTPUTS = ("npy", "h5", "parquet", "root")


def tensor(name: str, shape: tuple[int, ...], kind: str) -> Tensor:
    return Tensor(name, shape, ib.FixedType.parse(kind))


def dense(name: str, source: Tensor, out: Tensor, seed: int) -> Dense:
    rng = np.random.default_rng(seed)
    weight = Weight.from_written(
        "weight", rng.normal(size=(source.size, out.size)), ib.FixedType.parse("ap_fixed<12,3>")
    )
    bias = Weight.from_written("bias", rng.normal(size=out.size), ib.FixedType.parse("ap_fixed<8,3>"))
    return Dense(name, (source.name,), out, weight, bias, ib.FixedType.parse("ap_fixed<24,10>"))


def one_input() -> ib.Model:
    """Three numbers to two."""
    x, y = tensor("x", (3,), "ap_fixed<16,6>"), tensor("y", (2,), "ap_fixed<16,6>")
    return ib.Model(Graph("one", (x,), (dense("fc", x, y, 1),), ("y",)))


def two_inputs() -> ib.Model:
    """Two inputs, three numbers and two, and an output of each: two numbers and one."""
    x, z = tensor("x", (3,), "ap_fixed<16,6>"), tensor("z", (2,), "ap_fixed<12,4>")
    y, score = tensor("y", (2,), "ap_fixed<16,6>"), tensor("score", (1,), "ap_ufixed<9,3,AP_RND,AP_SAT>")
    return ib.Model(Graph("two", (x, z), (dense("fc1", x, y, 1), dense("fc2", z, score, 2)), ("y", "score")))


def events(count: int = EVENTS, columns: int = 3, seed: int = 7) -> Any:
    return np.random.default_rng(seed).normal(scale=4.0, size=(count, columns)).astype(np.float32)


def write(path: Path, x: Any = None, block: int = 300) -> None:
    """Events as columns pt, eta, phi, or as one array where that is usual."""
    x = events() if x is None else x
    columns = dict(zip(COLUMNS, x.T, strict=False))
    if path.suffix == ".npy":
        np.save(path, x)
    elif path.suffix == ".npz":
        np.savez_compressed(path, events=x)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.create_dataset(
                "events", data=x, chunks=(block, x.shape[1]), maxshape=(None, x.shape[1]), compression="gzip"
            )
    elif path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path, row_group_size=block)
    else:
        with uproot.recreate(path) as file:
            tree = file.mktree("events", {name: values.dtype for name, values in columns.items()})
            for start in range(0, len(x), block):
                tree.extend({name: values[start : start + block] for name, values in columns.items()})


def read(path: Path, model: ib.Model) -> dict[str, Any]:
    """Every output by its name, shape (events, ...)."""
    outputs = model.graph.output_tensors
    if path.suffix == ".npy":
        return {outputs[0].name: np.load(path)}
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return {t.name: file[t.name][:] for t in outputs}
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        columns = {name: table[name].to_numpy() for name in table.column_names}
    else:
        with uproot.open(path) as file:
            columns = file["predictions"].arrays(library="np")
    found = {}
    for t in outputs:
        names = [t.name] if t.size == 1 else [f"{t.name}_{number}" for number in range(t.size)]
        found[t.name] = np.stack([columns.pop(name) for name in names], axis=1).reshape(-1, *t.shape)
    assert not columns
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
