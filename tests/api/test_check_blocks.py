"""check over blocks of events: the report is that of all events at once, whatever holds them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from api_networks import events
from graphs import dense_graph, every_op, with_softmax

import isobit as ib
from isobit.check import blocks
from isobit.errors import DataFileError, RangeError, ShapeError, TypeMismatchError
from isobit.profile.counts import Profile


def same_profile(one: Profile, other: Profile) -> None:
    assert one.events == other.events
    assert [(c.layer, c.slot, c.type) for c in one] == [(c.layer, c.slot, c.type) for c in other]
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.events, b.events)
        assert np.array_equal(a.total, b.total)
    for x, y in zip(one.layers, other.layers, strict=True):
        assert (x.layer, x.type) == (y.layer, y.type)
        for field in ("low", "high", "held_low", "held_high", "lossy"):
            assert np.array_equal(getattr(x, field), getattr(y, field)), (x.layer, field)


def same(one: ib.Report, other: ib.Report) -> None:
    """Everything but the times."""
    assert (one.model, one.events, one.notes) == (other.model, other.events, other.notes)
    for a, b in zip((one.base, *one.roads), (other.base, *other.roads), strict=True):
        assert replace(a, seconds=0.0) == replace(b, seconds=0.0)
    same_profile(one.profile, other.profile)


@pytest.mark.parametrize("make", [every_op, with_softmax, dense_graph])
def test_blocks_give_the_report_of_the_whole(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ib.Model(make())
    size = model.graph.inputs[0].size
    x = np.sort(events(5, 250, size) * 3, axis=0)  # so that every block leaves other formats
    whole = ib.check(model, x, ["cpp-strict", "reference"], reference_events=33)
    assert whole.ok
    assert any(count.layer == "x" for count in whole.profile)
    assert len(whole.profile.overflows) > (1 if make is every_op else 2)
    monkeypatch.setattr(blocks, "BLOCK", 16)
    same(ib.check(model, x, ["cpp-strict", "reference"], reference_events=33), whole)
    same_profile(
        replace(whole.profile, counts=tuple(c for c in whole.profile if c.layer != "x")),
        model.profile(x),
    )


def test_every_kind_of_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 16)
    monkeypatch.chdir(tmp_path)
    model = ib.Model(dense_graph())
    x = (events(5, 100, 3) * 3).astype(np.float32)
    whole = ib.check(model, x, ["cpp-strict"])
    np.save("x.npy", x)
    np.save("first.npy", x[:37])
    np.save("last.npy", x[37:])
    with h5py.File("x.h5", "w") as file:
        file["other"], file["events"] = x[:, ::-1], x
    for data, options in (
        (np.load("x.npy", mmap_mode="r"), {}),
        (np.load("x.npy", mmap_mode="c"), {}),
        ({"x": x}, {}),
        ([x], {}),
        ("x.npy", {}),
        (Path("x.npy"), {}),
        (["first.npy", "last.npy"], {}),
        ({"x": ["first.npy", "last.npy"]}, {}),
        ("x.h5", {"dataset": "events"}),
        ({"x": "x.h5"}, {"dataset": {"x": "events"}}),
    ):
        same(ib.check(model, data, ["cpp-strict"], **options), whole)
    fixed = ib.FixedArray.from_float(x, "ap_fixed<30,12>")
    taken = ib.check(model, fixed, ["cpp-strict"])
    assert not [count for count in taken.profile if count.layer == "x"]  # it is no float that could be out of range
    integers = ib.check(model, np.arange(300).reshape(100, 3), ["cpp-strict"])
    assert (taken.ok, taken.events, integers.ok, integers.events) == (True, 100, True, 100)


def test_only_what_is_read_of_a_memory_map_is_in_memory(tmp_path: Path) -> None:
    """A map of 96 MiB, of which no more than a few blocks count as the process's memory."""
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (8 << 20, 3)).flush()
    program = (
        "import sys, numpy as np\n"
        "from isobit.streaming.inputs import Inputs\n"
        "import isobit as ib\n"
        "tensor = ib.load('m.isobit').graph.inputs\n"
        "source = Inputs(tensor, np.load('x.npy', mmap_mode='r'))\n"
        "def kib(key): return int(next(l for l in open('/proc/self/status') if l.startswith(key)).split()[1])\n"
        "before = kib('VmHWM')\n"
        "total = sum(float(source.read(s, s + 32768)[0].sum()) for s in range(0, source.events, 32768))\n"
        "print(kib('VmHWM') - before, total)"
    )
    ib.Model(dense_graph()).save(tmp_path / "m.isobit")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    grown, total = done.stdout.split()
    assert (int(grown) < 16 << 10, float(total)) == (True, 0.0), done.stdout


def test_bad_events_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 16)
    monkeypatch.chdir(tmp_path)
    model = ib.Model(dense_graph())
    x = events(5, 100, 3)
    x[70, 1] = np.nan
    np.save("x.npy", x)
    with pytest.raises(RangeError, match=r"input 'x': event 70, column 1 is nan; NaN and infinity are refused"):
        ib.check(model, x, ["cpp-strict"])
    with pytest.raises(RangeError, match=r"x.npy: event 70, column 1 is nan"):
        ib.check(model, "x.npy", ["cpp-strict"])
    with pytest.raises(DataFileError, match=r"nowhere.npy does not exist"):
        ib.check(model, "nowhere.npy", ["cpp-strict"])
    with pytest.raises(ShapeError, match=r"x.npy has shape \(100, 3\); input 'x' takes \(events, 2\)"):
        ib.check(ib.Model(every_op()), "x.npy", ["cpp-strict"])
    with pytest.raises(TypeMismatchError, match=r"columns=, dataset= and tree= are for files; input 'x' is an array"):
        ib.check(model, x, ["cpp-strict"], columns=["a"])


# -- a dict by input name ---------------------------------------------------------------------------------------------


def test_dict_by_input_name(two_inputs: ib.Model) -> None:
    a, b = events(1, 20, 3), events(2, 20, 2)
    expected = two_inputs.predict([a, b])
    for engine in ("cpp", "cpp-strict"):  # the one takes floats as they are, the other quantises first
        found = two_inputs.predict({"b": b, "a": a}, engine=engine)
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(found, expected, strict=True))
    assert np.array_equal(two_inputs.predict_raw({"a": a, "b": b})[1].raw, two_inputs.predict_raw([a, b])[1].raw)
    same(ib.check(two_inputs, {"b": b, "a": a}, ["reference"]), ib.check(two_inputs, [a, b], ["reference"]))
    same_profile(two_inputs.profile({"b": b, "a": a}), two_inputs.profile([a, b]))
    assert set(two_inputs.trace({"a": a[0], "b": b[0]})) == {"fa", "fb"}


def test_dict_with_wrong_names(two_inputs: ib.Model) -> None:
    a, b = events(1, 20, 3), events(2, 20, 2)
    with pytest.raises(TypeMismatchError, match=r"no input is called 'c'; the model's inputs: a, b"):
        two_inputs.predict({"a": a, "b": b, "c": a})
    for call in (two_inputs.predict, two_inputs.profile, lambda x: ib.check(two_inputs, x, ["reference"])):
        with pytest.raises(TypeMismatchError, match=r"no data for input 'b'; the model's inputs: a, b"):
            call({"a": a})
    with pytest.raises(ShapeError, match=r"a list of 2 inputs \(a, b\) or a dict by their names, got ndarray"):
        two_inputs.predict(a)


@pytest.fixture
def two_inputs() -> ib.Model:
    from graphs import tensor, weight

    from isobit.model import Dense, Graph

    a, b = tensor("a", 3, "ap_fixed<16,6>"), tensor("b", 2, "ap_fixed<12,4>")

    def dense(name: str, source: Any, size: int) -> Dense:
        values = np.random.default_rng(size).normal(size=(source.size, size))
        accum = ib.FixedType.parse("ap_fixed<24,10>")
        bias = weight("bias", np.zeros(size), "ap_fixed<8,3>")
        return Dense(
            name,
            (source.name,),
            tensor(f"{name}_out", size, "ap_fixed<16,6>"),
            weight("weight", values, "ap_fixed<12,3>"),
            bias,
            accum,
        )

    return ib.Model(Graph("two", (a, b), (dense("fa", a, 2), dense("fb", b, 1)), ("fa_out", "fb_out")))


class Counting:
    """A reader of one's own: event n holds n, n + 1 and n + 2 sixteenths."""

    name, events, shape, dtype = "counting", 100, (3,), np.dtype(np.float64)

    def read(self, start: int, stop: int) -> Any:
        return (np.arange(start, stop)[:, None] + np.arange(3)) / 16

    def column(self, index: tuple[int, ...]) -> str:
        return f"number {index[0]}"

    def close(self) -> None:
        self.events = 0


def test_readers_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 16)
    model, reader = ib.Model(dense_graph()), Counting()
    same(ib.check(model, {"x": reader}, ["cpp-strict"]), ib.check(model, Counting().read(0, 100), ["cpp-strict"]))
    assert reader.events == 0  # closed
    with pytest.raises(ShapeError, match=r"counting has shape \(100, 3\); input 'x' takes \(events, 2\)"):
        ib.check(ib.Model(every_op()), Counting(), ["cpp-strict"])


def test_predict_says_where_files_go() -> None:
    with pytest.raises(TypeMismatchError, match=r"input 'x' is a path, x.npy; files are for predict_file and check"):
        ib.Model(dense_graph()).predict("x.npy")
