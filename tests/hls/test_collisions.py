"""Exported models in one process keep to their own code: same name and same shapes, loaded or linked in any way."""

from __future__ import annotations

import ctypes
import itertools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from emulator_host import compiled, make_emulator
from hls_networks import dense, tensor

import isobit as ib
from isobit.headers import isobit_include_folders, vendor_include_folder
from isobit.hls.core import default_name, make_core
from isobit.hls.emulator import emulator_files
from isobit.hls.export import core_files
from isobit.model import Graph

pytestmark = [pytest.mark.xdist_group("hls-collisions"), pytest.mark.csim]
HERE = Path(__file__).parent
EVENT = 0.25 * np.arange(4) - 0.6
HEADERS = {"isobit": lambda: isobit_include_folders()[0], "vendor": vendor_include_folder}


def network(seed: int, name: str = "net") -> Graph:
    rng = np.random.default_rng(seed)
    layer = dense("fc", tensor("x", 4, "ap_fixed<16,6>"), 3, rng, result="ap_fixed<18,8>")
    return Graph(name, (tensor("x", 4, "ap_fixed<16,6>"),), (layer,), ("fc_out",))


def _written(graph: Graph, folder: Path) -> None:
    """Of an export, what an emulator is built from."""
    core = make_core(graph)
    texts = {path: text.encode() for path, text in emulator_files(core).items()}
    for path, content in {**core_files(core), **texts}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _lines(graphs: str) -> str:
    """What the host prints: the reference's results for its event."""
    found = []
    for letter in graphs:
        y = ib.Model(network("ab".index(letter))).predict(EVENT, engine="reference")
        found.append("".join(f"{value:g} " for value in y))
    return "\n".join(found) + "\n"


@pytest.fixture(scope="module", params=["isobit", pytest.param("vendor", marks=pytest.mark.full)])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Folders a and b with emulators of the same name, and the flags of a host."""
    ap_types = HEADERS[request.param]()
    work = tmp_path_factory.mktemp("collisions")
    for seed, letter in enumerate("ab"):
        _written(network(seed), work / letter)
        make_emulator(work / letter, *_border(ap_types))
    flags = ["-std=c++17", "-O0", "-w", "-DNDEBUG", "-isystem", str(ap_types), f"-I{work}/a/emulator"]
    return work, [*flags, f"-I{ib.get_include()}", str(HERE / "collide_host.cpp"), "-ldl"]


def _border(ap_types: Path) -> tuple[str, ...]:
    return f"AP_TYPES={ap_types}", f"CMS_INCLUDE={ib.get_include()}"


def _run(work: Path, program: str, *arguments: str) -> str:
    done = subprocess.run([f"./{program}", *arguments], cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return done.stdout


def test_loaded_in_any_order_and_mode(built: tuple[Path, list[str]]) -> None:
    work, flags = built
    compiled([*flags, "-o", str(work / "loader")])
    for order, mode in itertools.product(("ab", "ba", "aba"), "lg"):
        assert _run(work, "loader", order, mode) == _lines(order), (order, mode)
    # Linked with both, which puts them in the global scope before anything is loaded.
    libraries = [f"-Wl,--no-as-needed,-rpath,{work}", "b/emulator/net_emulator.so", "a/emulator/net_emulator.so"]
    done = subprocess.run(["g++", *flags, *libraries, "-o", "linked_loader"], cwd=work, check=False)
    assert done.returncode == 0
    for order, mode in itertools.product(("ab", "ba"), "lg"):
        assert _run(work, "linked_loader", order, mode) == _lines(order), (order, mode)


def test_nothing_but_the_interface_is_visible(built: tuple[Path, list[str]]) -> None:
    work, _ = built
    for letter in "ab":
        library = work / letter / "emulator/net_emulator.so"
        table = subprocess.run(["readelf", "-W", "--dyn-syms", library], capture_output=True, text=True, check=True)
        rows = [line.split() for line in table.stdout.splitlines() if re.match(r"\s*\d+:", line)]
        defined = {row[7].split("@")[0]: row[4] for row in rows if row[6] != "UND"}
        assert defined == {"create_model": "GLOBAL", "destroy_model": "GLOBAL"}
        # What is left to the loader comes from the libraries of the compiler and of C, by their versions.
        left = {row[7] for row in rows if row[6] == "UND" and row[4] == "GLOBAL"}
        assert left
        assert not [name for name in left if not re.search(r"@(GLIBC|GLIBCXX|CXXABI|GCC)_", name)]
        # Nor does a symbol stay that the loader keeps once per process.
        symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
        assert not re.findall(r"^\w+ [uWV] .*", symbols, re.MULTILINE)


@pytest.mark.turn(3)
def test_linked_as_objects(built: tuple[Path, list[str]]) -> None:
    work, flags = built
    objects = []
    for letter in "ab":
        border = work / letter / "emulator/net_emulator.cpp"
        text, made = border.read_text(), work / letter / "emulator/net_emulator.o"
        make_emulator(work / letter, "linked", *_border(Path(flags[flags.index("-isystem") + 1])))
        symbols = subprocess.run(["nm", "-g", "--defined-only", made], capture_output=True, text=True, check=True)
        assert {line.split()[-1] for line in symbols.stdout.splitlines()} == {"net_create_model", "net_destroy_model"}
        assert "net_create_model" in text
        objects.append(str(made))
    # Two of one name are a link error, not one of the two; renamed, they live side by side.
    both = [*flags, *objects, "-DLINKED_A=net_create_model", "-DLINKED_B=net_create_model", "-o", str(work / "no")]
    done = subprocess.run(["g++", *both], capture_output=True, text=True, check=False)
    assert "multiple definition of `net_create_model'" in done.stderr
    renames = [f"--redefine-sym=net_{what}_model=other_{what}_model" for what in ("create", "destroy")]
    subprocess.run(["objcopy", *renames, objects[1]], check=True)
    names = ["-DLINKED_A=net_create_model", "-DLINKED_B=other_create_model"]
    for turned in (objects, objects[::-1]):
        compiled([*flags, *names, *turned, "-o", str(work / "objects")])
        for order in ("ab", "ba"):
            assert _run(work, "objects", order, "l") == _lines(order)


@pytest.mark.turn(3)
def test_c_libraries_of_the_readme(built: tuple[Path, list[str]]) -> None:
    work, _ = built
    readme = (Path(ib.hls.__file__).parent / "templates/README.md.in").read_text().replace("@{top}", "net")
    (command,) = re.findall(r"^g\+\+ [^\n]*-shared.*?\.so$", readme, re.DOTALL | re.MULTILINE)
    raw = ib.FixedArray.from_float(EVENT, "ap_fixed<16,6>").raw.astype(np.int64)
    for letter in "ab":
        script = f"I=firmware/include\n{command.replace('-O2', '-O0')}"
        subprocess.run(["bash", "-ec", script], cwd=work / letter, check=True)
    libraries = [ctypes.CDLL(str(work / letter / "libnet.so"), mode=ctypes.RTLD_GLOBAL) for letter in "ab"]
    for seed, library in enumerate(libraries):
        found = np.zeros(3, dtype=np.int64)
        library.net_predict_raw(raw.ctypes.data_as(ctypes.c_void_p), found.ctypes.data_as(ctypes.c_void_p), 1)
        np.testing.assert_array_equal(found, ib.Model(network(seed)).predict_raw(EVENT, engine="reference").raw)


# -- names ------------------------------------------------------------------------------------------------------------


def test_two_exports_of_one_name_have_different_namespaces() -> None:
    cores = [make_core(network(0)), make_core(network(1)), make_core(network(0), io_type="io_stream")]
    spaces = {core.namespace for core in cores}
    assert len(spaces) == 3
    assert all(re.fullmatch(r"net_core_[0-9a-f]{10}", space) for space in spaces)
    assert make_core(network(0)).namespace == cores[0].namespace


@pytest.mark.parametrize(
    ("project", "keras", "wanted"),
    [
        ("myproject", "tau_tagger", "tau_tagger"),
        ("myproject", "tau-tagger (v2)", "tau_tagger_v2"),
        ("myproject", "module", "module_net"),
        ("myproject", "sequential_3", r"sequential_3_[0-9a-f]{10}"),
        ("myproject", None, "myproject"),
        ("muons", "sequential", "muons"),
    ],
)
def test_a_project_that_nobody_named_takes_the_name_of_its_keras_model(
    project: str, keras: str | None, wanted: str, make: Callable[[int, str], Graph] = network
) -> None:
    from dataclasses import replace

    metadata = {} if keras is None else {"keras_model": keras}
    graph = replace(make(0, project), metadata=metadata)
    assert re.fullmatch(wanted, default_name(graph))
    assert make_core(graph).top == default_name(graph)
