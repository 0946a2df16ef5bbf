"""Networks with their wrappers give the bits of the compiled wrapper; a description that differs is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wrapped_networks import DESCRIPTIONS, network

import isobit as ib
from isobit.answers.wrapped import telling_events
from isobit.errors import ModelFileError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType

pytestmark = pytest.mark.csim
Load = Callable[..., ib.Model]
ENGINES = ("numba", "cpp", "cpp-strict")

#: A wrapper, what its description says, what it says instead, and the step that is to be named.
CHANGES = {
    "shift": (
        "SHIFTS",
        "by: [-1, 0, 3, 5,",
        "by: [-1, 0, 3, 4,",
        "scaled[3]",
        "number 3 of step scaled shifts 1 bit more",
    ),
    "sign of a shift": ("SHIFTS", "by: [-1,", "by: [1,", "scaled[0]", "number 0 of step scaled shifts 2 bits less"),
    "offset": ("SHIFTS", "100, -3", "92, -3", "centred[3]", "number 3 of step centred is 8 more"),
    "any offset": ("SHIFTS", "100, -3", "63, -3", "centred[3]", "number 3 of step centred is 37 more"),
    "order of offsets": (
        *("SHIFTS", "[0, 12, -7, 100, -3, 31]", "[31, 0, 12, -7, 100, -3]", "centred"),
        "each number of step centred is the next one's",
    ),
    "scale": ("INTEGERS", "power: -2", "power: -1", "quarters", "every number of step quarters is times 0.5"),
    "order": ("INTEGERS", "[quarters, halves]", "[halves, quarters]", "both", "step both: every 2 in reverse order"),
    "rounding": (
        *("INTEGERS", "<20,14,AP_RND>", "<20,14>", "square"),
        "step square: result is ap_fixed<20,14,AP_RND> instead of ap_fixed<20,14>",
    ),
    "reversed": ("SCORES", "::-1", "::1", "reversed", "step reversed: in reverse order"),
    "added": ("SCORES", "constants: 3,", "constants: 5,", "plus", "every number of step plus is 2 less"),
    "after": ("SCORES", "fc, by: 1", "fc, by: 2", "doubled", "every number of step doubled shifts 1 bit less"),
}


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_every_road_gives_the_bits_of_the_wrapper(load: Load, name: str) -> None:
    model = load(name)
    report = ib.check_wrapper(model, events=1500)
    assert report.ok, str(report)
    assert report.events > 1500
    x = dict(zip([t.name for t in model.graph.inputs], telling_events(model.graph.inputs, 200, 3), strict=True))
    expected = model.run(x, "reference")
    for engine in ENGINES:
        found = model.run(x, engine)
        assert all(np.array_equal(found[key].raw, expected[key].raw) for key in expected), engine
    for output in model.graph.outputs:
        assert len(np.unique(expected[output].raw)) > 3 - (expected[output].type.width < 4)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("change", CHANGES)
def test_a_step_that_differs_is_named(load: Load, change: str) -> None:
    name, old, new, place, words = CHANGES[change]
    report = ib.check_wrapper(load(name, old, new), events=300)
    assert not report.ok
    assert report.first is not None
    assert report.first.given_raw != report.first.expected_raw
    assert ("wrapper", place, words) in {(one.kind, one.place, one.words) for one in report.explanations}
    assert {one.kind for one in report.explanations} == {"wrapper"}
    assert len({one.place for one in report.explanations}) == 1
    assert words in str(report)
    assert f"raw inputs of event {report.first.event}: " in str(report)


def test_events_of_ones_own(load: Load) -> None:
    model = load("SHIFTS")
    x = np.random.default_rng(1).normal(0, 300, (50, 6))
    report = ib.check_wrapper(model, x)
    assert (report.ok, report.events, report.inputs) == (True, 50, "the given events")
    wrong = load("SHIFTS", "100,", "101,")
    report = ib.check_wrapper(wrong, x, tries=0)
    assert not report.ok
    assert not report.explanations


def test_an_interface_of_other_tensors_is_refused(load: Load, tmp_path: Path) -> None:
    model = load("SHIFTS", "input: ap_fixed<18,13>[6]", "input: ap_fixed<18,13>[7]")
    with pytest.raises(ModelFileError, match=r"input is ap_fixed<18,13>\[7\], but the model's inputs are .*\[6\]"):
        ib.check_wrapper(model)
    model = load("SHIFTS", "3>, ap_ufixed<18,14>>", "3>, ap_fixed<18,14>>")
    with pytest.raises(ModelFileError, match=r"interface: result is .*ap_fixed<18,14>\[1\]"):
        ib.check_wrapper(model)
    with pytest.raises(ModelFileError, match=r"shifts.yml: the library .*none.so does not exist"):
        ib.check_wrapper(load("SHIFTS"), library=tmp_path / "none.so")
    with pytest.raises(UnsupportedError, match="no wrapper"):
        ib.check_wrapper(network("SHIFTS"))


FORMATS = ("ap_fixed<8,3,AP_RND,AP_SAT>", "ap_ufixed<7,9>", "ap_int<7>", "ap_uint<8>", "ap_fixed<9,-2>")


def test_shifts_of_every_number_by_fixed_point_shifts(tmp_path: Path) -> None:
    """``x >> s`` and ``x << s`` of AMD's headers, with every number and every shift below the width."""
    source, path = tmp_path / "shift.cpp", tmp_path / "shift.yml"
    parameters = [f"{t} x{k}[1], {t} r{k}[1], {t} l{k}[1]" for k, t in enumerate(FORMATS)]
    shifts = ["s[0].to_int()" if "int" in kind else "s[0]" for kind in FORMATS]  # ap_int has none by ap_fixed
    lines = [f"r{k}[0] = x{k}[0] >> {s}; l{k}[0] = x{k}[0] << {s};" for k, s in enumerate(shifts)]
    text = '#include "ap_fixed.h"\n#include "ap_int.h"\nvoid shift({}, ap_fixed<5, 5> s[1]) {{ {} }}\n'
    source.write_text(text.format(", ".join(parameters), "\n".join(lines)))
    arguments = []
    for k, kind in enumerate(FORMATS):
        arguments += [ib.In(kind, shape=1, name=f"x{k}"), ib.Out(kind, shape=1, name=f"r{k}")]
        arguments += [ib.Out(kind, shape=1, name=f"l{k}")]
    kernel = ib.csim_kernel(source, "shift", [*arguments, ib.In("ap_fixed<5,5>", shape=1, name="s")], headers="vendor")
    kinds = [FixedType.parse(text) for text in FORMATS]
    x = np.arange(512)
    raws = [((x - kind.raw_min) % (1 << kind.width) + kind.raw_min)[:, None] for kind in kinds]
    arrays = [FixedArray.from_raw(raw, kind) for raw, kind in zip(raws, kinds, strict=True)]
    for shift in range(-6, 7):
        given = FixedArray.from_raw(np.full((512, 1), shift), FixedType.parse("ap_fixed<5,5>"))
        found = iter(kernel(*arrays, given))
        for array, kind in zip(arrays, kinds, strict=True):
            steps = "\n".join(f"  - {{name: {s}, step: shift_{s}, from: x, by: {shift}}}" for s in ("right", "left"))
            inputs = f'inputs:\n  - {{name: x, type: "{kind}"}}\n'
            path.write_text(f"{inputs}before:\n{steps}\nnetwork: {{y: right}}\noutputs: [right, left]\n")
            model = ib.load(_nothing(), wrapper=path)
            for mine in model.predict_raw(array):
                assert np.array_equal(mine.raw, next(found).raw), (str(kind), shift)


def _nothing() -> ib.Model:
    """A network that the wrapper hardly needs."""
    from isobit.model import Activation, Graph, Tensor

    y = Tensor("y", (1,), FixedType.parse("ap_fixed<8,4>"))
    op = Activation("copy", ("y",), Tensor("copied", (1,), y.type), "linear")
    return ib.Model(Graph("nothing", (y,), (op,), ("copied",)))
