"""Whatever layers, tensors and top functions are called, every exported file compiles and gives the same bits."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from emulator_host import BORDER, compile_borders, compiled, own_flags, through_the_emulator

import isobit as ib
from isobit.compiler import compiler
from isobit.errors import FormatError
from isobit.headers import HEADER_SETS
from isobit.hls import core as core_module
from isobit.hls.core import INCLUDE, make_core
from isobit.hls.emulator import emulator_files
from isobit.hls.names import Names, top_name
from isobit.hls.texts import host_files
from isobit.model import Activation, Graph, Tensor

pytestmark = pytest.mark.csim

#: What the generated files call their own things, or called them once.
SOURCES = """
in out i event events tally digest golden word input result constant all model words in_ out_ event_ input_ result_ run
data results kernels isobit isobit_tb std hls hls4mlEmulator Emulator create_model main argc set spoil compare main
"""
#: Types, variables, functions and macros of the libraries, words of the language.
LIBRARIES = """
size time clock int64 uint8 max_align off FILE EOF errno NULL assert stdin stdout stderr INFINITY NAN I complex M_PI
INT_MAX EXIT_SUCCESS E2BIG SEEK_SET linux unix signgam timezone environ stat div exp signal half tm ap_fixed ap_int
AP_RND AP_TRN BIAS INLINE SC_RND MAX_INT_BITS and or not xor bitor compl not_eq class int char16_t char8_t requires
register ap_uint_2 retval valtype bit_and void static_assert noexcept module wire begin
"""
#: For the name of the top function given here.
OWN = "TOP TOP_core TOP_core_golden TOP_emulator TOP_predict TOP_predict_raw UPPER_INPUTS UPPER_OUTPUT_WORDS UPPER_C_H"


def _names(top: str) -> list[str]:
    own = OWN.replace("TOP", top).replace("UPPER", top.upper())
    return sorted({*SOURCES.split(), *LIBRARIES.split(), *own.split()})


_IN, _OUT = ib.FixedType.parse("ap_fixed<9,4>"), ib.FixedType.parse("ap_ufixed<8,4,AP_RND,AP_SAT>")


def inputs(names: list[str]) -> Graph:
    """Every name is an input's."""
    tensors = tuple(Tensor(name, (1,), _IN) for name in names)
    ops = tuple(Activation(f"l{k}", (t.name,), Tensor(f"y{k}", (1,), _OUT), "relu") for k, t in enumerate(tensors))
    return Graph("inputs", tensors, ops, tuple(op.output.name for op in ops))


def layers(names: list[str]) -> Graph:
    """Every name is a layer's and its result's, in a chain of which each second result goes out, too."""
    ops, source = [], "x"
    for k, name in enumerate(names):
        ops.append(Activation(name, (source,), Tensor(name, (2,), (_OUT, _IN)[k % 2]), ("relu", "linear")[k % 2]))
        source = name
    return Graph("layers", (Tensor("x", (2,), _IN),), tuple(ops), tuple(op.output.name for op in ops[1::2]))


def outputs(names: list[str]) -> Graph:
    """Every name is an output's."""
    x = Tensor("x", (2,), _IN)
    ops = tuple(Activation(f"l{k}", ("x",), Tensor(name, (2,), _OUT), "relu") for k, name in enumerate(names))
    return Graph("outputs", (x,), ops, tuple(names))


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(("make", "top"), [(inputs, "digest"), (layers, "in"), (outputs, "events")])
def test_every_file_compiles_and_gives_the_same_bits(
    make: Callable[[list[str]], Graph], top: str, tmp_path: Path
) -> None:
    graph = make(_names(top))
    model = ib.Model(graph)
    project = ib.export_hls(model, tmp_path / top, name=top, oracle="reference", random_events=1)
    rng = np.random.default_rng(4)
    x = [ib.FixedArray.from_raw(rng.integers(-256, 256, (5, t.size)), t.type) for t in graph.inputs]
    want = model.predict_raw(x if len(x) > 1 else x[0], engine="reference")
    # The test bench was compiled and has run before anything was written. Now the core, its C interface and the filter
    # as one object, and in front of them what a host of CMSSW sees.
    unit = tmp_path / "unit.cpp"
    unit.write_text(
        f'#include "{top}.cpp"\n#include "{top}_c.cpp"\n#define main filter_main\n#include "{top}_run.cpp"\n'
    )
    core = tmp_path / "core.o"
    compiled([*own_flags(project.folder), "-c", str(unit), "-o", str(core)])
    found = through_the_emulator(project.folder, make_core(graph, top), x, tmp_path, core)
    for port, raw, right in zip(project.outputs, found, want, strict=True):
        np.testing.assert_array_equal(raw, right.raw, err_msg=port.name)


def test_one_input_and_one_output_by_the_templates_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the emulator a single pointer goes another way than a tuple of them: its syntax, all names in one unit."""
    monkeypatch.setattr(core_module, "header_closure", lambda headers: {})
    names, made = sorted(set(SOURCES.split())), {}
    for k, (name, other) in enumerate(zip(names, [*names[1:], names[0]], strict=True)):
        op = Activation("l", (name,), Tensor(other, (2,), _OUT), "relu")
        core = make_core(Graph("one", (Tensor(name, (2,), _IN),), (op,), (other,)), f"one{k}")
        made[core.top] = {**core.files, **host_files(core), **emulator_files(core)}
    compile_borders(made, tmp_path)


def test_names_of_layers_cannot_leave_a_comment() -> None:
    op = Activation("a\n#error b\\", ("x",), Tensor("y", (2,), _OUT), "leaky_relu", param=_factor())
    core = make_core(Graph("odd\n#error", (Tensor("x", (2,), _IN),), (op,), ("y",)), "odd")
    for path, text in core.files.items():
        if not path.startswith(INCLUDE):
            assert not re.search(r"^\s*#error|\\$", text, re.MULTILINE), path


def _factor() -> ib.model.Weight:
    return ib.model.Weight.from_written("param", np.array([0.5]), ib.FixedType.parse("ap_ufixed<6,0>"))


# -- what is reserved -------------------------------------------------------------------------------------------------


def _flags(headers: str) -> list[str]:
    include = Path(ib.get_include())
    numbers = include / "numbers" / {"vendor": "amd"}.get(headers, headers)
    return [*BORDER[1:], "-std=gnu++17", f"-I{numbers}", f"-I{include}"]


HEADERS = """
numbers.hpp isobit/host/raw_words.hpp any cmath complex cstdio cstring exception limits.h stddef.h stdexcept stdint.h
string tuple vector
"""


@pytest.mark.parametrize("headers", HEADER_SETS)
def test_no_macro_and_no_global_name_is_handed_out(headers: str, tmp_path: Path) -> None:
    """Whatever the headers define on this machine: every word in them is tried."""
    source = tmp_path / "all.hpp"
    source.write_text("".join(f"#include <{name}>\n" for name in HEADERS.split()))

    def preprocessed(*options: str) -> str:
        command = [*compiler(), *_flags(headers), *options, "-x", "c++", "-E", str(source)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    macros = set(re.findall(r"^#define (\w+)", preprocessed("-dM"), re.MULTILINE))
    assert {"EOF", "errno", "NULL", "INT_MAX", "M_PI", "NDEBUG"} <= macros
    for macro in macros:
        assert Names().take(macro) not in macros, macro
    words = {word for word in re.findall(r"\b[A-Za-z]\w*", preprocessed("-P")) if _allowed(word)}
    assert len(words) > 1000
    tried = tmp_path / "tried.cpp"
    heads = [f"void {word}(const probe_::in_ x_[5], probe_::in_ y_[3]);\n" for word in sorted(words)]
    tried.write_text('#include "all.hpp"\nnamespace probe_ { struct in_; }\n' + "".join(heads))
    command = [*compiler(), *_flags(headers), "-fsyntax-only", str(tried)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, [line for line in done.stderr.splitlines() if "error" in line]


def _allowed(name: str) -> bool:
    try:
        top_name(name)
    except FormatError:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    ["input", "event", "errno", "EOF", "size_t", "stdin", "std", "kernels", "and", "module", "AP_TRN", "I"],
)
def test_top_functions_that_no_tool_would_take_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match=f"'{name}' cannot name a top function: it is a word, a macro"):
        top_name(name)
