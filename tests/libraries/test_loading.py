"""The loader test: libraries run alone and together give the same bits, or the one that does not is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from library_networks import DESCRIPTION, FIRST

import isobit as ib
from isobit.certify.emulator import side_by_side
from isobit.certify.report import Settings
from isobit.errors import CSimError, ModelFileError
from isobit.fixed.types import FixedType
from isobit.libraries.emulator import EmulatorProgram
from isobit.libraries.interface import Part, read_interface
from isobit.libraries.loading import random_inputs

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("libraries")]


def described(libraries: list[Path]) -> list[Path]:
    return [library.with_suffix(".yml") for library in libraries]


def test_one_network_fires_on_every_event(clashing: list[Path]) -> None:
    """The incident: the second network's weights serve the first, whose score is then the same for every event."""
    report = ib.lint_libraries(clashing, load=described(clashing), select=["loading-changes-bits"])
    assert report.events == 200
    found = {(one.layer, one.evidence["plan"]): one.evidence for one in report}
    fires = found["first.so", "all in reverse, RTLD_GLOBAL"]
    assert fires["differ"] > 100
    assert found["second.so", "all, RTLD_GLOBAL"]["differ"] == 200
    # A static table is shared with RTLD_LOCAL as well: whoever runs first fills it.
    assert found["second.so", "all, RTLD_LOCAL"]["differ"] == 200
    assert found["first.so", "all in reverse, RTLD_LOCAL"]["differ"] > 50
    assert len(found) == 4
    assert "gives other bits in 200 of 200 events" in str(report)


def test_a_certificate_names_symbols_that_collide(clashing: list[Path], hidden: list[Path]) -> None:
    settings = Settings(library=20)
    found = side_by_side({path.stem: path for path in described(clashing)}, [], settings)
    assert found is not None and (found.names, found.runs) == (("first.so", "second.so"), 8)
    assert {fault.kind for fault in found.faults} == {"symbols", "loading"}
    assert "second.so" in {fault.place for fault in found.faults if fault.kind == "loading"}
    assert any("first.so and second.so" in str(fault) for fault in found.faults if fault.kind == "symbols")
    apart = side_by_side({}, hidden, settings)
    assert apart is not None and (apart.faults, apart.runs) == ((), 0)


def test_hidden_symbols_change_nothing(hidden: list[Path]) -> None:
    report = ib.lint_libraries(hidden, load=described(hidden))
    assert not report.at_least("warning"), str(report)


def test_the_program_gives_what_the_network_computes(hidden: list[Path]) -> None:
    program = EmulatorProgram([read_interface(hidden[0].with_suffix(".yml"))])
    (x,) = random_inputs(program.interfaces[0].inputs, 300, 7)
    ((first, second),) = program.run([[x]])
    kind = FixedType.parse("ap_fixed<16,6>")
    weights = ib.FixedArray.from_float([1, 0.5, -1, 2], kind).raw
    total = np.zeros(300, dtype=np.int64)
    for i in range(4):  # each product is exact, and each sum is truncated and wraps
        total = (((total << 10) + x.raw[:, i] * weights[i]) >> 10) + (1 << 15) & 0xFFFF
        total -= 1 << 15
    entry = np.clip(total * 64 >> 10, 0, 63)
    entry[(total * 64 < 0)] = 0
    assert np.array_equal(first.raw[:, 0], entry * 1024 // 64)
    assert np.array_equal(second.raw[:, 0], 2 * first.raw[:, 0])


def test_random_inputs_reach_the_ends() -> None:
    for text in ("ap_fixed<16,6>", "ap_ufixed<70,20>", "ap_int<64>"):
        kind = FixedType.parse(text)
        (x,) = random_inputs([Part(kind, 3, "pointer")], 50, 1)
        assert x.raw[1, 0] == kind.raw_min and x.raw[2, 0] == kind.raw_max
        assert len(set(x.raw.ravel().tolist())) > 100


def test_a_library_that_cannot_run(make: Callable[..., Path], tmp_path: Path) -> None:
    bare = make("bare", f"{FIRST} -DNET_BARE")
    with pytest.raises(CSimError, match=r"bare\.so cannot be run alone: .*create_model"):
        ib.lint_libraries([bare], load=[bare.with_suffix(".yml")])


WRONG = {
    "no interface": ("library: a.so\n", "the entry 'interface' is missing"),
    "unknown": (DESCRIPTION.format(library="a.so") + "  inputs: 3\n", "unknown entry 'inputs'; did you mean 'input'"),
    "twice": (DESCRIPTION.format(library="a.so") + "  input: x\n", "line 3: 'input' is there twice"),
    "type": ("library: a.so\ninterface: {input: 'ap_fixd<3,2>[4]', result: 'ap_int<3>'}\n", "ap_fixd"),
    "size": ("library: a.so\ninterface: {input: 'ap_int<3>', result: 'ap_int<3>'}\n", "has no size"),
    "large": ("library: a.so\ninterface: {input: 'ap_int<3>[9999999]', result: 'ap_int<3>'}\n", "allowed are 1 to"),
    "headers": (DESCRIPTION.format(library="a.so").replace("isobit", "amd"), "allowed: vendor, isobit"),
    "pair": (
        "library: a.so\ninterface: {input: 'ap_int<3>[2]', result: 'std::pair<ap_int<3>>'}\n",
        "no std::pair of two",
    ),
    "alias": ("library: &a a.so\ninterface: *a\n", "aliases"),
    "list": ("- 1\n", "expected a YAML mapping"),
    "tag": ("library: !!python/object/apply:os.getcwd []\n", "not readable YAML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_descriptions(name: str, tmp_path: Path) -> None:
    text, words = WRONG[name]
    path = tmp_path / "wrong.yml"
    path.write_text(text)
    with pytest.raises(ModelFileError, match=r"wrong\.yml") as caught:
        read_interface(path)
    assert words in str(caught.value)


def test_descriptions_are_of_these_libraries(hidden: list[Path], tmp_path: Path) -> None:
    one, other = described(hidden)
    with pytest.raises(ModelFileError, match=r"second_hidden\.so has no description"):
        ib.lint_libraries(hidden, load=[one])
    with pytest.raises(ModelFileError, match=r"describes first_hidden\.so again"):
        ib.lint_libraries(hidden, load=[one, one, other])
    with pytest.raises(ModelFileError, match="which is none of"):
        ib.lint_libraries(hidden[:1], load=[one, other])
    copy = shutil.copy(hidden[0], tmp_path / "first_hidden.so")
    assert ib.lint_libraries([copy]).at_least("warning") == ()
