"""Exports with streams: packets between layers, at the ports, and what a test bench says where they go astray."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hls_networks import binary, raw, saturating, wide
from hls_packets import GATHERED, STREAMED, packets
from hls_primitives import positions
from hls_tables_sets import sets, tables

import isobit as ib
from isobit import FixedType
from isobit.commands import run
from isobit.compiler import compiler
from isobit.errors import CSimError, UnsupportedError
from isobit.hls.core import make_core
from isobit.hls.emitters import EMITTERS, Layer
from isobit.hls.export import core_files, ports
from isobit.hls.host import TestBenchRun, compile_host, compile_test_bench, run_test_bench
from isobit.hls.positions import POSITION_OPS
from isobit.hls.vectors import random_raw
from isobit.model import BatchNorm, Graph, Op, Tensor
from isobit.model.file import save_graph

Exported = Callable[[str], ib.HlsProject]
NETWORKS = (saturating, binary, wide, sets, tables, packets)


def _functions(text: str) -> dict[str, str]:
    """The functions of a core by name."""
    return {m[1]: m[0] for m in re.finditer(r"^(?:static )?void (\w+)\(.*?^}", text, re.MULTILINE | re.DOTALL)}


def _core(project: ib.HlsProject) -> str:
    return (project.folder / f"firmware/{project.top}.cpp").read_text()


def _events(of: Tensor, count: int, seed: int) -> ib.FixedArray:
    return ib.FixedArray.from_raw(np.array(random_raw(of.type, (count, of.size), seed), dtype=object), of.type)


# -- bits -------------------------------------------------------------------------------------------------------------


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("headers", ["isobit", "vendor"])
def test_every_bit_is_the_definitions_on_both_header_sets(streamed: Exported, headers: str) -> None:
    """Golden results are isobit's reference, and the emulator has agreed. `streams_run.json` has every network."""
    project = streamed("packets")
    assert project.manifest["vectors"]["results"][0].startswith("isobit's reference")
    bench = project.run_test_bench(headers)
    assert bench.ok, bench.text
    compared = re.fullmatch(r"packets: (\d+) results compared, 0 differ\n", bench.text)
    assert compared is not None
    assert int(compared[1]) == project.manifest["vectors"]["events"] * sum(port.size for port in project.outputs)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("make", NETWORKS)
def test_streams_give_what_the_emulator_gives(make: Callable[[], Graph]) -> None:
    """Every op, several inputs and outputs, numbers of one bit and of more than 64; on two processes."""
    graph = make()
    core = make_core(graph, io_type="io_stream")
    program = compile_host(core_files(core), core.top, ports(core.inputs), ports(core.outputs), optimisation="0")
    x = {t.name: _events(t, 70, k) for k, t in enumerate(graph.inputs)}
    found = program.run(x, raw=True, threads=2)
    want = ib.Model(graph).predict_raw(list(x.values()) if len(x) > 1 else next(iter(x.values())))
    for name, right in zip(graph.outputs, want, strict=True):
        np.testing.assert_array_equal(found[name].raw, right.raw.reshape(70, -1), err_msg=name)


def test_the_run_of_every_network_is_whole_and_without_a_difference() -> None:
    """What tools/streams_run.py recorded: benches on both header sets, and hls4ml's simulation on streams."""
    recorded = json.loads((Path(__file__).parent / "streams_run.json").read_text())["networks"]
    assert {run["network"] for run in recorded} >= {make.__name__ for make in NETWORKS} | {"jet_deepsets"}
    for one in recorded:
        assert one["test bench passes"] == {"isobit": True, "vendor": True}, one
        assert one["results"] > 0
    roads = {run["network"]: run["roads"] for run in recorded}
    assert any(road.startswith("hls4ml's own C-simulation") for road in roads["jet_deepsets"])


@pytest.mark.turn(3)
@pytest.mark.hls4ml
@pytest.mark.csim
def test_a_project_with_streams_exported_with_streams(tmp_path: Path) -> None:
    """Pointwise convolutions, pooling in a tree and in turn: hls4ml's own simulation on streams gives the same bits."""
    from isobit.frontends.keras import convert
    from isobit.students.zoo.entry import keras_package

    keras = keras_package()
    inputs = keras.layers.Input((6, 4), name="inputs")
    random = {
        "kernel_initializer": keras.initializers.RandomNormal(0, 0.8, seed=2),
        "bias_initializer": keras.initializers.RandomNormal(0, 0.3, seed=3),
    }
    y = keras.layers.Conv1D(5, 1, activation="relu", name="phi", **random)(inputs)
    y = keras.layers.AveragePooling1D(2, name="pool")(y)
    y = keras.layers.Conv1D(4, 1, name="rho", **random)(y)
    y = keras.layers.GlobalMaxPooling1D(name="most")(y)
    y = keras.layers.Dense(3, name="last", **random)(y)
    model = keras.Model(inputs, y)
    short = {
        "result": "fixed<9,4,RND,SAT>",
        "accum": "fixed<11,4,TRN,SAT>",
        "weight": "fixed<8,3>",
        "bias": "fixed<8,3>",
    }
    names = {name: {"Precision": short, "Strategy": "Latency", "ReuseFactor": 1} for name in ("phi", "rho", "last")}
    names["phi"]["ReuseFactor"], names["rho"] = 2, {**names["rho"], "Strategy": "Resource", "ReuseFactor": 5}
    names["pool"] = {"Precision": {"result": "fixed<9,4>", "accum": "fixed<10,4>"}}
    config = {
        "Model": {"Precision": {"default": "fixed<10,4,RND,SAT>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": names,
    }
    subject = ib.load(convert(model, config, backend="Vitis", io_type="io_stream"))
    x = np.random.default_rng(6).normal(0, 2, (200, 6, 4))
    project = ib.export_hls(subject, tmp_path / "out", test_vectors=x, io_type="io_stream", random_events=40)
    assert [line.split(",")[0] for line in project.manifest["vectors"]["results"]] == [
        "this core compiled with AMD's open headers (ap_types of hls4ml)",
        "hls4ml's own C-simulation of the network",
        "isobit's emulator",
    ]
    assert {op.order for op in subject.graph.ops if op.tag == "pooling"} == {"tree", "stream"}
    assert project.manifest["inputs"][0]["packets"] == {"count": 6, "width": 4}
    assert len(np.unique(project.predict_raw(x).raw, axis=0)) > 100


# -- what is written --------------------------------------------------------------------------------------------------


def test_positions_stream(streamed: Exported) -> None:
    """Layers that work position by position hold one position; others read the whole tensor first."""
    functions = _functions(_core(streamed("packets")))
    for name in STREAMED:
        both = functions[name] + functions[f"{name}_numbers"]
        sizes = [int(n) for n in re.findall(r" (?:data|results|high|low)\[(\d+)\]", both)]
        assert sizes, name
        assert max(sizes) <= 3, name
        assert "for (int p = 0; p < 12; ++p)" in functions[name]
        assert "kernels::read_packet(from)" in functions[name]
    for name in GATHERED:
        assert "kernels::read_packets<" in functions[name], name
    assert "PIPELINE II=2)" in functions["conv"]
    packed = {layer["name"]: layer["what"] for layer in streamed("packets").manifest["layers"]}
    assert packed["norm"] == "BatchNorm of 2 at each of 12 positions"
    assert packed["own_scales"] == "BatchNorm of 24"


def test_every_stream_has_one_writer_and_one_reader(streamed: Exported) -> None:
    """And is as deep as an event has packets."""
    for make in (*NETWORKS, positions):
        core = make_core(make(), io_type="io_stream")
        functions = _functions(core.files[f"firmware/{core.top}.cpp"])
        top = functions[core.top].replace(f"{core.namespace}::", "")
        written: list[str] = [port.name for port in core.inputs]
        read: list[str] = [port.name for port in core.outputs]
        for name, arguments in re.findall(r"^    (\w+)\(([^)]*)\);$", top, re.MULTILINE):
            parameters = re.findall(r"hls::stream<\w+>& (\w+)", functions[name].splitlines()[0])
            for parameter, argument in zip(parameters, arguments.split(", "), strict=True):
                (written if parameter.startswith("to") else read).append(argument)
        inner = dict(re.findall(r"STREAM variable=(\w+) depth=(\d+)", top))
        expected = sorted([*inner, *(port.name for port in (*core.inputs, *core.outputs))])
        assert sorted(written) == expected
        assert sorted(read) == expected
        assert set(re.findall(r'hls::stream<\w+> (\w+)\("\1"\);', top)) == set(inner)
    assert make_core(saturating(), io_type="io_stream").style == "dataflow"


def test_the_slowest_layer_sets_the_interval() -> None:
    """Positions times reuse factor; for one that gathers, its packets in and out, too."""
    core = make_core(sets(), io_type="io_stream")
    intervals = {layer.op.name: layer.interval for layer in core.layers}
    assert intervals["phi"] == 12 * 2
    assert intervals["over"] == 12 * 8 == core.interval
    assert intervals["turned"] == 12 + 1 + 9
    assert make_core(saturating(), io_type="io_stream").interval == 8


def test_manifest_and_readme_say_what_the_ports_are(streamed: Exported) -> None:
    project = streamed("packets")
    manifest = json.loads((project.folder / "manifest.json").read_text())
    assert manifest["io_type"] == "io_stream"
    found = {port["name"]: port["packets"] for port in (*manifest["inputs"], *manifest["outputs"])}
    assert found["x"] == found["again_out"] == {"count": 12, "width": 2}  # a reshape has the packets that are written
    assert found["conv_out"] == found["flat_out"] == {"count": 12, "width": 3}
    assert found["rectified_out"] == {"count": 1, "width": 36}
    readme = (project.folder / "README.md").read_text()
    assert "| input `x` | 3 x 4 x 2 numbers of `ap_fixed<9,4>`, in a stream of 12 packets of 2 |" in readme
    assert "AXI4-Stream" in readme
    assert "`firmware/packets_arrays.hpp`" in readme


def test_the_library_for_cms_is_the_arrays_one(streamed: Exported, tmp_path: Path) -> None:
    """Its border and the C interface know nothing of streams: they compile, and speak of raw integers."""
    project = streamed("packets")
    folder = project.folder
    include = [f"-I{folder / place}" for place in ("firmware/include/numbers/isobit", "firmware/include", "firmware")]
    flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{folder / 'host'}"]
    sources = [folder / f"emulator/{project.top}_emulator.cpp", folder / f"host/{project.top}_c.cpp"]
    done = subprocess.run(
        [*compiler(), *flags, *include, *map(str, sources)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]


@dataclass(frozen=True, eq=False)
class _Halves(Op):
    """The sum of two inputs' elements, the second turned round: an op of a user's, which nothing else knows."""

    tag: ClassVar[str] = "halves"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)


def test_an_op_of_ones_own_goes_the_general_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its emitter knows of arrays alone; two inputs, one of them read by another layer, too."""

    def halves(op: _Halves, layer: Layer) -> str:
        size = op.output.size
        layer.what = f"sum of {size}"
        return f"for (int i = 0; i < {size}; ++i) results[i] = data0[i] + data1[{size - 1} - i];"

    monkeypatch.setitem(EMITTERS, _Halves, halves)
    rng = np.random.default_rng(8)
    x = Tensor("x", (3, 4), FixedType.parse("ap_fixed<6,4>"))
    scale, bias = raw("scale", rng, (4,), "ap_fixed<6,2>"), raw("bias", rng, (4,), "ap_fixed<8,4>")
    norm = BatchNorm("norm", ("x",), Tensor("norm_out", (3, 4), FixedType.parse("ap_fixed<9,5>")), scale, bias)
    both = _Halves("both", ("x", "norm_out"), Tensor("both_out", (2, 6), norm.output.type))
    twice = _Halves("twice", ("x", "x"), Tensor("twice_out", (12,), norm.output.type))
    mine = Graph("mine", (x,), (norm, both, twice), ("both_out", "twice_out"))
    events = {"x": _events(x, 20, 8)}
    results = {}
    for io_type in ("io_parallel", "io_stream"):
        core = make_core(mine, io_type=io_type)
        program = compile_host(core_files(core), core.top, ports(core.inputs), ports(core.outputs), optimisation="0")
        results[io_type] = program.run(events, raw=True)
    for name in mine.outputs:
        np.testing.assert_array_equal(results["io_stream"][name].raw, results["io_parallel"][name].raw, err_msg=name)
    assert len(np.unique(results["io_stream"]["both_out"].raw)) > 20
    sums = events["x"].raw.reshape(20, 12)
    sums = (sums + sums[:, ::-1]) << 2  # two bits of fraction, then four
    np.testing.assert_array_equal(results["io_stream"]["twice_out"].raw, sums)


def test_an_emitter_of_ones_own_for_a_known_op_gets_one_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it says that there is none."""
    seen: list[int] = []
    original = EMITTERS[type(packets().by_name["norm"])]

    def emitter(op: Any, layer: Layer) -> str:
        seen.append(op.output.size)
        return original(op, layer)

    monkeypatch.setitem(EMITTERS, type(packets().by_name["norm"]), emitter)
    make_core(packets(), io_type="io_stream")
    assert seen == [2, 24]
    monkeypatch.delitem(POSITION_OPS, type(packets().by_name["norm"]))
    make_core(packets(), io_type="io_stream")
    assert seen == [2, 24, 24, 24]


# -- packets that go astray -------------------------------------------------------------------------------------------

_WRITE = "to.write(given);"
_HELD = "static conv_out_packet held; if (p % 2 == 0) { held = given; } else { to.write(given); to.write(held); }"
_STALE = (
    "static norm_out_packet last; const norm_out_packet now = given; given[1] = last[1]; last = now; to.write(given);"
)
#: Function of `packets`, what is replaced in it, by what, and what the bench says.
ASTRAY = {
    "one written too few, inside": ("norm", _WRITE, f"if (p != 5) {_WRITE}", "a packet is missing"),
    "one written too many, inside": (
        "norm",
        _WRITE,
        f"{_WRITE} if (p == 11) {_WRITE}",
        "stream norm_out: packets left that nobody has read, 1",
    ),
    "one not read, inside": ("step", "p < 12", "p < 11", "norm_out_to_step: packets left that nobody has read, 1"),
    "one read too many": ("step", "p < 12", "p < 13", "a packet is missing"),
    "an output's too few": ("soft", _WRITE, f"if (p) {_WRITE}", "stream soft_out ends after 11 of 12 packets"),
    "an output's too many": (
        "soft",
        _WRITE,
        f"{_WRITE} if (p == 3) {_WRITE}",
        "stream soft_out: packets left that nobody has read, 1",
    ),
    "an input's not read": ("spare_copies", "p < 2", "p < 1", "stream spare: packets left that nobody has read, 1"),
    "two swapped": ("conv", _WRITE, _HELD, "got raw"),
    "a stale channel": ("norm", _WRITE, _STALE, "got raw"),
    "a copy that is not one": ("conv_out_copies", "to3.write(taken);", "to3.write(conv_out_packet{});", "got raw"),
}


@pytest.fixture(scope="module", params=["isobit", pytest.param("vendor", marks=pytest.mark.csim)])
def corrupted(request: pytest.FixtureRequest, streamed: Exported) -> Path:
    """A test bench of `packets` whose core does what the environment's ASTRAY says: 0 is right."""
    files = dict(streamed("packets").files())
    path = "firmware/packets.cpp"
    text = files[path].decode()
    for name, function in _functions(text).items():
        changed = function
        for old in {change[1] for change in ASTRAY.values() if change[0] == name}:
            assert function.count(old) == 1
            kinds = {k: change[2] for k, change in enumerate(ASTRAY.values(), 1) if change[:2] == (name, old)}
            if old.endswith(";"):
                new = "".join(f"if (astray == {k}) {{ {other} }} else " for k, other in kinds.items()) + old
            else:
                new = f"({''.join(f'astray == {k} ? {other} : ' for k, other in kinds.items())}{old})"
            changed = changed.replace(old, new)
        text = text.replace(function, changed)
    start = '#include <cstdlib>\nstatic const int astray = std::atoi(std::getenv("ASTRAY"));\n'
    files[path] = (start + text).encode()
    return compile_test_bench(files, "packets", request.param)


def _bench(program: Path, astray: int, monkeypatch: pytest.MonkeyPatch) -> TestBenchRun:
    monkeypatch.setenv("ASTRAY", str(astray))
    return run_test_bench(program)


@pytest.mark.turn(3)
def test_a_packet_astray_is_an_error_and_no_crash(corrupted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With AMD's streams, too, which go on with made-up numbers by themselves."""
    assert _bench(corrupted, 0, monkeypatch).ok
    for k, (what, (*_, told)) in enumerate(ASTRAY.items(), 1):
        bench = _bench(corrupted, k, monkeypatch)
        assert not bench.ok, what
        first = next(line for line in bench.text.splitlines() if not line.startswith("WARNING"))
        assert re.match(r"event \d+", first), (what, bench.text[:500])
        assert told in first, (what, first)
        last = bench.text.splitlines()[-2:]
        if told != "got raw":
            assert re.fullmatch(r"packets: \d+ events without results", last[0]), (what, last)
        assert re.fullmatch(r"packets: \d+ results compared, \d+ differ", last[1]), (what, last)


def test_a_packet_astray_is_an_error_through_the_c_interface() -> None:
    core = make_core(binary(), io_type="io_stream")
    files = core_files(core)
    path = "firmware/binary.cpp"
    sign = _functions(files[path].decode())["sign"]
    files[path] = files[path].replace(sign.encode(), sign.replace(_WRITE, "").encode())
    program = compile_host(files, core.top, ports(core.inputs), ports(core.outputs), optimisation="0")
    x = {port.name: np.zeros((2, port.size)) for port in program.inputs}
    with pytest.raises(CSimError, match="a layer reads a stream that is empty: a packet is missing"):
        program.run(x, raw=False)


# -- asked for --------------------------------------------------------------------------------------------------------


def test_another_io_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="io_type='stream' is not supported; supported: io_parallel, io_stream"):
        ib.export_hls(ib.Model(wide()), tmp_path / "x", io_type="stream", oracle="reference")
    assert list(tmp_path.iterdir()) == []


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_graph(wide(), tmp_path / "wide.isobit")
    arguments = ["export", str(tmp_path / "wide.isobit"), "--oracle", "reference", "--random", "2", "--json"]
    assert run([*arguments, "--out", str(tmp_path / "s"), "--io-type", "io_stream"]) == 0
    assert json.loads(capsys.readouterr().out)["io_type"] == "io_stream"
    assert run([*arguments, "--out", str(tmp_path / "t"), "--io-type", "streams"]) == 2
    assert "'io_parallel', 'io_stream'" in capsys.readouterr().err
    assert run([*arguments, "--out", str(tmp_path / "a")]) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["io_type"] == "io_parallel"
    assert "packets" not in manifest["inputs"][0]
    assert not [path for path in manifest["files"] if "stream" in path or "arrays" in path]
    assert run(["csim", str(tmp_path / "s"), "--headers", "isobit"]) == 0
    assert capsys.readouterr().out.endswith("EQUAL: test bench of wide on isobit headers\n")
