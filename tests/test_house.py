"""Drift guards of the house: what is written twice must say the same."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import isobit
import isobit._core as core
from isobit.engines.reference.kernels import KERNELS as REFERENCE
from isobit.engines.registry import ENGINES, get_engine
from isobit.engines.strict import core_format
from isobit.fixed import FixedType, Overflow, Rounding
from isobit.model.dot import Dot
from isobit.model.layers.activation import Activation
from isobit.model.lookup import Lookup
from isobit.model.ops import OPS, Op
from isobit.model.primitives import Formula, Opaque, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

ROOT = Path(__file__).resolve().parents[1]
PRIMITIVES = {Dot, Formula, Lookup, Opaque, Reduce, Select, Softmax}
#: Tags of the layers that have an emitter.
EXPORTED = (
    "activation",
    "batchnorm",
    "bidirectional",
    "convolution",
    "dense",
    "depthwise_convolution",
    "pointwise_conv",
    "pooling",
    "recurrent",
    "softmax",
    "table_activation",
    "threshold",
)


def test_modes_are_those_of_the_one_list() -> None:
    text = (ROOT / "cpp" / "include" / "isobit" / "modes.def").read_text()
    for kind, enumeration, compiled in (
        ("ROUNDING", Rounding, core.ROUNDING_MODES),
        ("OVERFLOW", Overflow, core.OVERFLOW_MODES),
    ):
        listed = {n: int(v) for n, v in re.findall(rf"^ISOBIT_{kind}\((\w+), (\d+),", text, flags=re.MULTILINE)}
        assert listed == compiled == {mode.name: mode.value for mode in enumeration}


def test_stub_of_the_compiled_module_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_stubs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_activations_are_those_of_the_kernels() -> None:
    assert set(Activation.FUNCTIONS) == set(core.ACTIVATIONS)


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_engine_has_a_kernel_for_every_op(engine: str) -> None:
    """The reference for every layer, the others for what layers are lowered to.

    The export for layers with a kernel of their own; others are written as what they are lowered to.
    """
    module = sys.modules[type(get_engine(engine)).__module__]
    if engine in ("cpp", "numba"):  # what no lane takes goes the wide road, in the end on Python integers
        from isobit.engines.exact import vector as module  # type: ignore[no-redef]
    if engine == "reference":
        from isobit.engines.reference import kernels as module  # type: ignore[no-redef]
    layers = set(OPS.values())
    primitives = {op for op in layers if op.primitive} | PRIMITIVES
    exported = {OPS[tag] for tag in EXPORTED}
    assert set(module.KERNELS) == {"reference": layers, "hls": exported}.get(engine, primitives)


def test_every_primitive_has_a_proof_for_int64() -> None:
    """But the user's own layers, whose reference computes them."""
    from isobit.engines.exact import int64, vector

    assert set(int64.PROOFS) == set(vector.KERNELS) - {Opaque}


def test_rooms_are_mirrored() -> None:
    """A family has one name: its layers, what reads them and what computes them are in files of that name."""
    package = ROOT / "python" / "isobit"
    for op in OPS.values():
        room, _, family = op.__module__.rpartition(".")
        assert room == "isobit.model.layers", f"{op.__name__} is in {op.__module__}"
        assert (package / "frontends" / "hls4ml" / f"{family}.py").exists(), f"nothing reads {family}"
        assert REFERENCE[op].__module__ == f"isobit.engines.reference.{family}", f"{op.__name__}: {REFERENCE[op]}"
        assert op.lower is not Op.lower, f"{op.__name__} is not lowered"


def test_a_format_means_the_same_in_cpp() -> None:
    for text in ("ap_fixed<18,6,AP_RND_CONV,AP_SAT>", "ap_ufixed<7,-3,AP_TRN,AP_WRAP,2>", "ap_int<9>", "ap_uint<1>"):
        kind = FixedType.parse(text)
        other = core_format(kind)
        assert (other.width, other.integer, other.signed, other.is_int) == (
            kind.width,
            kind.integer,
            kind.signed,
            kind.is_int,
        )
        assert (other.rounding, other.overflow, other.saturation_bits) == (
            kind.rounding,
            kind.overflow,
            kind.saturation_bits,
        )


def test_headers_are_where_get_include_says() -> None:
    assert (Path(isobit.get_include()) / "isobit" / "law.hpp").exists()
    assert (Path(isobit.get_include()) / "isobit" / "kernels" / "dense.hpp").exists()


def test_examples_in_readme_and_docstrings_run() -> None:
    assert doctest.testmod(isobit).failed == 0
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert failed == 0
    assert tried >= 4


def test_no_synthesis_switch_but_one() -> None:
    headers = [path for path in (ROOT / "cpp").rglob("*.hpp") if "__SYNTHESIS__" in path.read_text()]
    assert [path.name for path in headers] == ["pragma.hpp"]


def test_tables_of_semantics_are_what_the_law_gives() -> None:
    """The two tables of docs/semantics.md, cell by cell."""
    text = (ROOT / "docs" / "semantics.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    checked = 0
    for row in rows:
        mode = row[0].split(" (")[0]
        if mode in Rounding.__members__ and len(row) == 6:
            values = isobit.FixedArray.from_float([-1.5, -0.5, 0.5, 1.5], f"ap_fixed<8,8,{mode}>")
            assert [int(cell) for cell in row[2:]] == values.raw.tolist(), row
            checked += 1
        elif len(row) == 4 and row[0].split(",")[0] in Overflow.__members__:
            name, _, bits = row[0].split(" (")[0].partition(", N = ")
            values = isobit.FixedArray.from_float([9, -9], f"ap_fixed<4,4,TRN,{name},{bits or 0}>")
            assert [int(cell) for cell in row[2:]] == values.raw.tolist(), row
            checked += 1
    assert checked == len(Rounding) + 8


def test_no_room_hides_the_function_of_its_name() -> None:
    """``isobit.check`` and ``isobit.csim`` are functions, whatever is imported from the rooms of these names."""
    package = Path(isobit.__file__).parent
    rooms = [name for name in isobit.__all__ if (package / name).is_dir()]
    assert {"check", "csim"} <= set(rooms)
    lines = [f"import isobit, importlib; importlib.import_module('isobit.{name}')" for name in rooms]
    lines += [f"assert callable(isobit.{name}), 'isobit.{name} is a module'" for name in rooms]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_file_of_the_package_is_above_350_lines() -> None:
    folders = [ROOT / "python" / "isobit", ROOT / "cpp" / "include", ROOT / "cpp" / "bindings"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".hpp", ".h", ".cpp")]
    assert len(files) > 350
    lines = {path.relative_to(ROOT).as_posix(): path.read_text().count("\n") for path in files}
    assert {path: count for path, count in lines.items() if count > 350} == {}
