"""docs/layers.md: all of its code runs, in one program, prints what the page says, and has the bits of hls4ml's C++.

At the end of each part, which makes another thing of the layer (only a reference, bounds, a lowering), every engine is
compared with the C-simulation in every layer, under other formats with the reference, and through a model file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from isobit import errors, layers

PAGE = Path(__file__).resolve().parents[1] / "docs" / "layers.md"
TEXT = PAGE.read_text(encoding="utf-8")
MARK = "-- end of block --"

#: After the part of this title: whether the layer has bounds, and a lane.
PARTS = {
    "Handler and reference": (False, False),
    "Bounds": (True, False),
    "Full speed: a lowering": (True, True),
}
EVERYWHERE = """
def compare(model, inputs, expected, engines):
    for engine in engines:
        found = model.trace(inputs, engine=engine)
        assert list(found) == list(expected), engine
        for name, array in expected.items():
            assert np.array_equal(found[name].raw, array.raw), (engine, name)
            assert found[name].type == array.type, (engine, name)

ENGINES = ("auto", "cpp", "numba", "cpp-strict", "reference")
FORMATS = [
    {"pull.result": "ap_fixed<5,3,AP_RND_CONV,AP_WRAP>", "pull.scale": "ap_fixed<4,3,AP_RND>"},
    {"pull.result": "ap_fixed<9,5,AP_TRN_ZERO,AP_SAT_SYM>", "measured.result": "ap_ufixed<7,3,AP_RND,AP_SAT>"},
    {"pull.result": "ap_fixed<6,6,AP_RND_INF,AP_SAT_ZERO>", "expected.result": "ap_int<5>"},
    {"pull.result": "ap_ufixed<8,2,AP_RND_MIN_INF,AP_WRAP,1>"},
    {"pull.result": "ap_fixed<19,9>"},
    {"pull.result": "ap_fixed<70,40>", "measured.result": "ap_fixed<40,6>"},
]

def everything(bounded, lowered):
    traced = sim.trace(x)
    assert len(np.unique(traced["pull"].raw)) > 500 and len(np.unique(traced["score"].raw)) > 500
    compare(model, x, {name: traced[name] for name in model.trace(x)}, ENGINES)
    for types in FORMATS:
        other = model.with_types(types)
        assert all(other.types[name] == ib.FixedType.parse(kind) for name, kind in types.items())
        compare(other, x, other.trace(x, engine="reference"), ENGINES[:-1])
        other.save("other.isobit", overwrite=True)
        assert ib.load("other.isobit").graph == other.graph
    for search in (False, True):
        plan = model.plan(witnesses=search)
        assert plan["pull.result"].known == bounded
        assert (plan["pull.result"].witnesses is not None) == (search and lowered)
        assert (plan.lanes["pull"] == "reference") == (not lowered)
    profile, raw = model.profile(x), traced["pull"].raw
    layer = profile.layer("pull")
    assert np.array_equal(layer.low, raw.min(axis=0)) and np.array_equal(layer.high, raw.max(axis=0))
    assert profile.uncounted == (() if lowered else ("pull",))
    assert any(count.layer == "pull" for count in profile) == lowered
    report = ib.check(model, x, against=("csim", "cpp", "cpp-strict", "reference"))
    assert report.ok and {road.name for road in report.roads} == {"csim", "cpp", "cpp-strict", "reference"}
    single = [array[:1] for array in x]
    assert np.array_equal(model.predict(single), wanted[:1])
    assert model.predict([array[:0] for array in x]).shape == (0, 1)
"""


#: What the page says of streams.
STREAMS = """
streamed = hls4ml.converters.convert_from_keras_model(
    network, hls_config=config, backend="Vitis", io_type="io_stream", project_name="pulls", output_dir="streamed"
)
try:
    ib.load(streamed)
except ib.errors.UnsupportedError as error:
    assert "layer 'pull' of class 'HPull' is not supported with io_stream" in str(error), error
else:
    raise AssertionError("loaded with io_stream")
"""


def blocks() -> list[tuple[str, str, str]]:
    """Of every block of code: the title of its part, its language, and itself."""
    found, part = [], ""
    for title, language, text in re.findall(r"^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        part = title or part
        if language:
            found.append((part, language, text))
    return found


def program() -> str:
    """The page's Python, with a mark after each block, and the comparisons after each part."""
    given = [(part, text) for part, language, text in blocks() if language == "python"]
    lines = [EVERYWHERE]
    for place, (part, text) in enumerate(given):
        lines.append(f"{text}\nprint({MARK!r}, flush=True)")
        if part in PARTS and part not in (later for later, _ in given[place + 1 :]):
            lines.append(f"everything(*{PARTS[part]})")
    return "\n".join([*lines, STREAMS])


def _run(folder: Path) -> None:
    for _, language, text in blocks():
        if language == "cpp":
            (folder / "nnet_pull.h").write_text(text, encoding="utf-8")
    (folder / "page.py").write_text(program(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=folder,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    (folder / "out.txt").write_text(done.stdout, encoding="utf-8")
    (folder / "faults.txt").write_text(done.stderr if done.returncode else "", encoding="utf-8")


@pytest.mark.turn(3)
@pytest.mark.hls4ml
@pytest.mark.csim
def test_the_page_runs_prints_what_it_says_and_every_road_has_the_bits_of_csim(tmp_path: Path) -> None:
    _run(tmp_path)
    assert (tmp_path / "faults.txt").read_text(encoding="utf-8") == ""
    assert set(PARTS) <= {part for part, _, _ in blocks()}
    printed = (tmp_path / "out.txt").read_text(encoding="utf-8").split(f"{MARK}\n")
    compared, place = 0, -1
    for _, language, text in blocks():
        place += language == "python"
        if language == "text":
            assert printed[place] == text
            compared += 1
    assert compared == len(re.findall(r"^```text$", TEXT, re.MULTILINE)) >= 7


def test_names_and_files_of_the_page_exist() -> None:
    files = re.findall(r"`((?:python|tests|tools|docs)/[\w/.]+)`", TEXT)
    assert len(files) > 8
    assert [name for name in files if not (PAGE.parents[1] / name).exists()] == []
    assert set(re.findall(r"`?layers\.(\w+)", re.sub(r"keras\.layers\.\w+|model\.layers\.\w+", "", TEXT))) - {
        "md"
    } <= set(layers.__all__)
    named = set(re.findall(r"`(\w+Error)`", TEXT))
    assert named
    assert named <= set(errors.__all__)
