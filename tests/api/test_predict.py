"""predict: hls4ml's numbers without compiling, whatever the data; and the other models made from one."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import Network, convert, events, hls_config, small_keras
from graphs import every_op, tiny

import isobit as ib
from isobit.engines.reference import law
from isobit.errors import FormatError, RangeError, ShapeError, TypeMismatchError, UnsupportedError

ENGINES = ["cpp", "numba", "cpp-strict", "reference"]
hls4ml = pytest.mark.hls4ml
group = pytest.mark.xdist_group("api-predict")


@pytest.fixture(scope="module")
def subject() -> ib.Model:
    return ib.Model(tiny())


@pytest.fixture(scope="module")
def x() -> Any:
    return events(8, 40, 3)


# -- against hls4ml's own compile() and predict() ---------------------------------------------------------------------


@hls4ml
@pytest.mark.csim
@group
def test_predict_and_trace_are_hls4mls(small: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One network through hls4ml's own library, with nothing of isobit's between."""
    graph = convert(
        small.keras, hls_config(small.keras, features={"Precision": {"result": "ap_fixed<12,4>"}}), tmp_path
    )
    model = ib.load(graph)
    for node in graph.get_layers():
        node.set_attr("trace", True)
    with contextlib.redirect_stdout(io.StringIO()):
        expected, traced = graph.trace(np.ascontiguousarray(small.x))  # compiles, with traces
        one = graph.predict(np.ascontiguousarray(small.x[:1]))
        many = graph.predict(np.ascontiguousarray(small.x))
    found = model.predict(small.x)
    assert found.dtype == np.float64
    assert found.shape == (60, 3)
    assert np.array_equal(many, expected)
    assert np.array_equal(found, expected)
    assert np.array_equal(model.predict(small.x[0]), one)
    layers = model.trace(small.x)
    assert list(layers) == list(traced)
    for name, values in traced.items():
        assert np.array_equal(layers[name].to_float(), values), name


@hls4ml
@pytest.mark.csim
@group
def test_mixed_network_on_every_road(mixed: Network, mixed_csim: ib.CSim) -> None:
    firmware = mixed_csim.trace(mixed.x)
    for engine in ENGINES:
        count = 25 if engine == "reference" else len(mixed.x)
        layers = mixed.model.trace(mixed.x[:count], engine=engine)
        assert list(layers) == list(firmware)
        for name, array in layers.items():
            assert array.type == firmware[name].type
            assert np.array_equal(array.raw, firmware[name].raw[:count]), f"{engine} {name}"
    assert np.array_equal(mixed_csim.predict(mixed.x), mixed.model.predict(mixed.x))
    assert np.array_equal(mixed_csim.predict(mixed.x, threads=3), mixed.model.predict(mixed.x, threads=1))


# -- data in ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_dtypes_and_containers(engine: str, subject: ib.Model) -> None:
    whole = np.arange(-6, 6).reshape(4, 3)
    expected = subject.predict_raw(whole.astype(np.float64), engine="reference").raw
    fixed = ib.FixedArray.from_float(whole, subject.input_types[0])
    for data in (
        whole,
        whole.astype(np.int8),
        whole.astype(np.float32),
        whole.astype(np.float16),
        np.asfortranarray(whole.astype(np.float64)),
        np.repeat(whole, 2, axis=0)[::2].astype(np.float64),
        whole.tolist(),
        [whole],
        fixed,
        [fixed],
        ib.FixedArray.from_float(whole, "ap_fixed<40,20>"),
    ):
        assert np.array_equal(subject.predict_raw(data, engine=engine).raw, expected), type(data)


@pytest.mark.parametrize("engine", ENGINES)
def test_floats_are_quantised_once(engine: str, subject: ib.Model, x: Any) -> None:
    fixed = ib.FixedArray.from_float(x, subject.input_types[0])
    assert not np.array_equal(fixed.to_float(), x)
    assert np.array_equal(subject.predict(x, engine=engine), subject.predict(fixed, engine=engine))
    single = x.astype(np.float32)
    assert np.array_equal(subject.predict(single, engine=engine), subject.predict(single.astype(np.float64)))


def test_integers_beyond_53_bits() -> None:
    graph = tiny()
    wide = ib.FixedType.parse("ap_fixed<64,64>")
    model = ib.Model(graph).with_types(
        {"x.result": wide, "fc.accum": "ap_fixed<80,72>", "fc.result": "ap_fixed<80,72>"}
    )
    x = np.array([[2**60 + 1, 0, 0], [2**60, 0, 0]])
    assert np.array_equal(model.predict_raw(x).raw[0] - model.predict_raw(x).raw[1], [128, -64])


@pytest.mark.parametrize("engine", ENGINES)
def test_single_events_and_batches_of_one_and_none(engine: str, subject: ib.Model, x: Any) -> None:
    whole = subject.predict_raw(x, engine=engine)
    assert whole.shape == (40, 2)
    single = subject.predict_raw(x[7], engine=engine)
    assert single.shape == (2,)
    assert np.array_equal(single.raw, whole.raw[7])
    assert subject.predict_raw(x[:1], engine=engine).shape == (1, 2)
    nothing = subject.predict_raw(x[:0], engine=engine)
    assert nothing.shape == (0, 2)
    assert nothing.type == whole.type
    assert subject.predict(x[:0], engine=engine).dtype == np.float64
    assert subject.trace(x[:0], engine=engine)["fc"].shape == (0, 2)
    assert list(subject.profile(x[:0])) == []


@hls4ml
@pytest.mark.csim
@group
def test_csim_of_single_events_and_none(small: Network, small_csim: ib.CSim) -> None:
    assert small_csim.predict(small.x[:0]).shape == (0, 3)
    assert np.array_equal(small_csim.predict(small.x[4]), small.model.predict(small.x[4]))
    assert small_csim.predict(small.x[:1]).shape == (1, 3)
    for data in (
        small.x.astype(np.float32),
        np.arange(10).reshape(2, 5),
        ib.FixedArray.from_float(small.x, "fixed<30,9>"),
    ):
        assert np.array_equal(small_csim.predict(data), small.model.predict(data))
    with pytest.raises(RangeError, match="nan"):
        small_csim.predict(np.full((2, 5), np.nan))
    with pytest.raises(ShapeError, match=r"\(2, 4\)"):
        small_csim.predict(np.zeros((2, 4)))


def test_several_outputs_and_shapes() -> None:
    model = ib.Model(every_op())
    flat, norm = model.predict(events(1, 7, 2))
    assert (flat.shape, norm.shape) == ((7, 3, 1), (7, 4))
    assert [str(t) for t in model.output_types] == ["ap_fixed<12,4,AP_RND_CONV,AP_SAT_SYM>", "ap_fixed<16,6>"]
    assert "flat" not in model.trace(events(1, 7, 2))  # hls4ml computes nothing there
    assert [array.shape for array in model.predict(np.zeros(2))] == [(3, 1), (4,)]


@pytest.mark.parametrize(
    "data, told",
    [
        (np.zeros((2, 4)), r"shape \(2, 4\); expected \(events, 3\)"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((2, 3, 1)), r"shape \(2, 3, 1\)"),
        (np.zeros(()), r"shape \(\)"),
        (1.0, r"shape \(\)"),
        ([], r"shape \(0,\)"),
        ([[1.0, 2.0, 3.0], [1.0, 2.0]], "not an array.*inhomogeneous"),
        ([np.zeros((2, 3)), np.zeros((2, 3))], r"\(2, 2, 3\)"),
        (ib.FixedArray.from_raw([[1, 2]], "ap_fixed<8,4>"), r"shape \(1, 2\)"),
    ],
)
def test_wrong_shapes(data: Any, told: str, subject: ib.Model) -> None:
    with pytest.raises(ShapeError, match=told) as caught:
        subject.predict(data)
    assert isinstance(caught.value, ValueError)
    assert "'x'" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((2, 3), dtype=complex),
        np.zeros((2, 3), dtype=bool),
        np.full((2, 3), "1.0"),
        np.full((2, 3), None),
        np.zeros((2, 3), dtype="M8[s]"),
        np.zeros((2, 3), dtype=np.longdouble),
        None,
        {"x": np.full((2, 3), "1.0")},
    ],
    ids=str,
)
def test_wrong_dtypes(data: Any, subject: ib.Model) -> None:
    with pytest.raises(TypeMismatchError, match=r"input 'x' must hold real numbers.*got dtype") as caught:
        subject.predict(data)
    assert isinstance(caught.value, TypeError)


def test_a_path_is_no_array(subject: ib.Model) -> None:
    with pytest.raises(TypeMismatchError, match=r"'x' is a path, data\.npy; files are for predict_file and check"):
        subject.predict("data.npy")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity(value: float, subject: ib.Model, x: Any) -> None:
    data = x.copy()
    data[5, 1] = value
    for call in (subject.predict, subject.trace, subject.profile):
        with pytest.raises(RangeError, match=rf"x holds {value} at index \(5, 1\)"):
            call(data)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_wrong_threads(threads: Any, subject: ib.Model, x: Any) -> None:
    for call in (subject.predict, subject.trace, subject.profile):
        with pytest.raises(TypeMismatchError, match=rf"threads must be a positive integer or None, got {threads!r}"):
            call(x, threads=threads)


def test_unknown_engine(subject: ib.Model, x: Any) -> None:
    with pytest.raises(UnsupportedError, match="unknown engine 'gpu'; known: auto, cpp, numba, cpp-strict, reference"):
        subject.predict(x, engine="gpu")


# -- other models from this one ---------------------------------------------------------------------------------------


def test_with_types_changes_exactly_these(subject: ib.Model, x: Any) -> None:
    other = subject.with_types({"fc.accum": "ap_fixed<9,5,RND>", "fc.weight": ib.FixedType(4, 3)})
    assert {key for key in subject.types if subject.types[key] != other.types[key]} == {"fc.accum", "fc.weight"}
    assert str(other.types["fc.accum"]) == "ap_fixed<9,5,AP_RND>"
    assert other.graph.by_name["fc"].weight.raw.tolist() == [[1, -1], [2, 4], [-3, 0]]
    assert not np.array_equal(other.predict_raw(x).raw, subject.predict_raw(x).raw)
    assert np.array_equal(other.predict_raw(x).raw, other.predict_raw(x, engine="reference").raw)
    # Weights come from the floats again: nothing is lost on the way back.
    assert other.with_types(subject.types).graph == subject.graph
    assert subject.with_types({}) is subject
    assert subject.with_types({"fc.accum": "ap_fixed<20,8>"}) is subject


@pytest.mark.parametrize(
    "types, error, told",
    [
        ({"fc.acum": "ap_fixed<8,4>"}, FormatError, r"'fc\.acum'; closest: fc\.accum"),
        ({"fd.weight": "ap_fixed<8,4>"}, FormatError, r"'fd\.weight'; closest: fc\.weight"),
        ({"fc": "ap_fixed<8,4>"}, FormatError, r"'fc'; closest: fc\."),
        ({"fc.accum": "ap_fixed<8>"}, FormatError, "ap_fixed<8>"),
        ({"fc.accum": None}, FormatError, "None"),
    ],
)
def test_with_types_refuses(types: Any, error: type, told: str, subject: ib.Model) -> None:
    with pytest.raises(error, match=told):
        subject.with_types(types)


def test_with_types_of_fixed_encodings() -> None:
    model = ib.Model(every_op())
    for key, told in (
        ("powers.weight", "exponent encoding"),
        ("binary.weight", "xnor encoding"),
        ("sign.result", "one-bit"),
        ("flat.result", r"follows its input.*leaky\.result"),
    ):
        with pytest.raises((UnsupportedError, FormatError), match=told):
            model.with_types({key: "ap_fixed<8,4>"})
        assert model.with_types({key: model.types[key]}) is model
    changed = model.with_types({"leaky.result": "ap_fixed<9,4>"})
    assert str(changed.types["flat.result"]) == "ap_fixed<9,4>"


@hls4ml
@group
@pytest.mark.parametrize(
    "kind", ["ap_fixed<5,3>", "ap_fixed<7,2,RND_CONV,SAT>", "ap_fixed<9,1,TRN,SAT_SYM>", "ufixed<6,1>"]
)
def test_requantised_weights_are_those_of_a_new_conversion(kind: str, small: Network) -> None:
    changed = small.model.with_types({"fc1.weight": kind, "fc1.bias": kind})
    config = hls_config(small.keras, features={"Precision": {"result": "ap_fixed<12,4>"}})
    config["LayerName"]["fc1"]["Precision"].update(weight=kind, bias=kind)
    fresh = ib.load(small.keras, hls_config=config)
    mine, theirs = changed.graph.by_name["fc1"], fresh.graph.by_name["fc1"]
    assert mine.weight == theirs.weight  # type: ignore[attr-defined]
    assert mine.bias == theirs.bias  # type: ignore[attr-defined]
    assert not np.array_equal(mine.weight.raw, small.model.graph.by_name["fc1"].weight.raw)  # type: ignore[attr-defined]


@hls4ml
@group
def test_with_types_has_no_csim_and_no_reconvert(small: Network) -> None:
    changed = small.model.with_types({"fc1.accum": "ap_fixed<10,4>"})
    with pytest.raises(UnsupportedError, match="no hls4ml project to simulate"):
        changed.csim()
    with pytest.raises(UnsupportedError, match="reconvert needs"):
        changed.reconvert(small.config)


@hls4ml
@group
def test_reconvert_is_a_fresh_conversion(small: Network, tmp_path: Path) -> None:
    config = hls_config(small.keras, "ap_fixed<11,5>", fc1={"Strategy": "Resource", "ReuseFactor": 2})
    config["LayerName"]["fc1"]["Precision"]["accum"] = "auto"
    found = small.model.reconvert(config)
    fresh = ib.load(convert(small.keras, config, tmp_path / "p"))
    assert found.graph.ops == fresh.graph.ops
    assert found.types == fresh.types
    assert found.types != small.model.types
    assert found.graph.by_name["fc1"].strategy == "resource"  # type: ignore[attr-defined]
    assert found.source is not None
    assert np.array_equal(found.predict(small.x), fresh.predict(small.x))
    assert small.model.graph.by_name["fc1"].strategy == "latency"  # type: ignore[attr-defined]


# -- wider than int64 -------------------------------------------------------------------------------------------------


def test_wide_network_by_hand() -> None:
    model = ib.Model(every_op())
    x = events(5, 30, 2)
    reference = model.trace(x, engine="reference")
    for engine in ("cpp", "numba", "cpp-strict"):
        layers = model.trace(x, engine=engine)
        for name, array in reference.items():
            assert array.type == layers[name].type
            assert np.array_equal(array.raw, layers[name].raw), f"{engine} {name}"
    assert max(abs(int(v)) for v in reference["wide"].raw.ravel()) > 2**62


@pytest.mark.turn(3)
@hls4ml
@pytest.mark.csim
@group
def test_wide_network_against_the_firmware(tmp_path: Path) -> None:
    keras = small_keras()
    wide = {"result": "ap_fixed<80,20,RND>", "accum": "ap_fixed<110,40>", "weight": "ap_fixed<63,4,RND>"}
    config = hls_config(
        keras,
        features={"Precision": {"result": "ap_fixed<66,12>"}},
        fc1={"Precision": wide},
        fc1_linear={"Precision": {"result": "ap_fixed<80,20,RND>"}},
        relu1={"Precision": {"result": "ap_ufixed<64,12,RND,SAT>"}},
        head0={"Precision": {"accum": "ap_fixed<70,14>", "result": "ap_fixed<62,14>"}},
    )
    model = ib.load(convert(keras, config, tmp_path / "p"))
    x = events(6, 40)
    simulated = ib.csim(model, optimisation="0")
    for data in (x, ib.FixedArray.from_float(x, model.input_types[0])):
        firmware = simulated.trace(data)
        for engine in ("numba", "reference"):
            layers = model.trace(data, engine=engine)
            for name, array in firmware.items():
                assert np.array_equal(array.raw, layers[name].raw), f"{engine} {name}"
    with pytest.raises(UnsupportedError, match=r"'fc1'.*129 bits; at most 127"):  # bounded, and says so
        model.predict(x, engine="cpp-strict")
    assert firmware["fc1"].raw.dtype == object
    assert firmware["relu1"].type.width == 64
    assert len(np.unique(firmware["head0"].raw)) > 100


# -- profile ----------------------------------------------------------------------------------------------------------


def brute_force(model: ib.Model, x: Any) -> dict[str, tuple[list[int], list[int]]]:
    """Overflows of the tiny network by definition: {slot: (events, total) by neuron}."""
    op = model.graph.by_name["fc"]
    accum, result = op.accum, op.output.type  # type: ignore[attr-defined]
    weights, biases = op.weight, op.bias  # type: ignore[attr-defined]
    counts = {"accum": [[0, 0] for _ in range(2)], "result": [[0, 0] for _ in range(2)]}

    def assign(value: Fraction, target: ib.FixedType, slot: str, hits: dict[str, int]) -> Fraction:
        hits[slot] += law.overflows(law.rounded(value / target.lsb, target.rounding), target)
        return law.quantise(value, target) * target.lsb

    for event in ib.FixedArray.from_float(x, model.input_types[0]).raw:
        for j in range(2):
            hits = {"accum": 0, "result": 0}
            total = assign(int(biases.raw[j]) * biases.type.lsb, accum, "accum", hits)
            for i in range(3):
                term = int(event[i]) * model.input_types[0].lsb * int(weights.raw[i, j]) * weights.type.lsb
                total = assign(total + assign(term, accum, "accum", hits), accum, "accum", hits)
            assign(total, result, "result", hits)
            for slot, count in hits.items():
                counts[slot][j][0] += count > 0
                counts[slot][j][1] += count
    return {slot: ([c[0] for c in both], [c[1] for c in both]) for slot, both in counts.items()}


@pytest.mark.parametrize(
    "accum, result",
    [
        ("ap_fixed<8,3>", "ap_fixed<6,2,RND,SAT>"),
        ("ap_fixed<7,3,RND_CONV,SAT_SYM>", "ap_ufixed<5,3>"),
        ("ap_fixed<8,3,TRN,WRAP,2>", "ap_fixed<4,4,TRN,SAT_ZERO>"),
        ("ap_fixed<70,3>", "ap_fixed<66,2>"),  # Python integers
    ],
)
def test_profile_counts_are_the_brute_force_counts(accum: str, result: str, subject: ib.Model) -> None:
    model = subject.with_types({"fc.accum": accum, "fc.result": result})
    x = events(9, 300, 3)
    profile = model.profile(x, threads=2)
    expected = brute_force(model, x)
    assert profile.events == 300
    for slot, (by_event, total) in expected.items():
        if slot == "result" and not any(by_event):  # saturating accumulators may leave the result nothing to lose
            continue
        count = profile[f"fc.{slot}"]
        assert count.events.tolist() == by_event, slot
        assert count.total.tolist() == total, slot
        assert count.saturates == ("SAT" in str(count.type))
    assert sum(expected["accum"][1]) > 100
    worst = int(np.argmax(profile["fc.accum"].events))
    assert f"worst neuron {worst} in {profile['fc.accum'].events[worst]} events" in str(profile)


def test_profile_of_many_blocks_and_of_nothing(subject: ib.Model) -> None:
    model = subject.with_types({"fc.accum": "ap_fixed<8,3>"})
    x = events(10, 100, 3)
    many = np.tile(x, (101, 1))  # 10,100 events: more than two blocks
    assert model.profile(many)["fc.accum"].total.tolist() == (101 * model.profile(x)["fc.accum"].total).tolist()
    quiet = model.profile(x * 0)
    assert list(quiet) == []
    assert str(quiet).splitlines()[0] == "no overflow in 100 events"
    with pytest.raises(KeyError, match=r"'fc\.accum' did not overflow"):
        quiet["fc.accum"]


def test_profile_agrees_with_events_that_differ_from_a_wide_accumulator(subject: ib.Model) -> None:
    """Where no overflow is counted, a wider accumulator of the same LSB gives the same bits."""
    narrow = subject.with_types({"fc.accum": "ap_fixed<10,5>"})
    wide = subject.with_types({"fc.accum": replace(narrow.types["fc.accum"], width=30, integer=25)})
    x = events(12, 200, 3)
    for event in x[:50]:
        if not any(count.slot == "accum" for count in narrow.profile(event)):
            assert np.array_equal(narrow.predict(event), wide.predict(event))
    assert not np.array_equal(narrow.predict(x), wide.predict(x))
