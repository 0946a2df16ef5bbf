"""Write the projects of the menu, with the class around each, its library, and the test bench's files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from menu.networks import Network

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = "1.3.0"
#: Seed of the test bench's events, and how many.
SEED, EVENTS = 7, 100
HIDDEN = "-fvisibility=hidden -fvisibility-inlines-hidden"

_EMULATOR = """// The class around {name}, as emulators of the trigger have it.
#include <any>
#include <array>
#include <utility>
#include "firmware/{top}.cpp"
namespace hls4mlEmulator {{
class Model {{
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
}};
}}  // namespace hls4mlEmulator

#define TOP {top}

class Emulator : public hls4mlEmulator::Model {{
{types}
{members}

public:
    void prepare_input(std::any input) override {{
        {prepare}
    }}
    void predict() override {{
        {predict}
    }}
    void read_result(std::any result) override {{
        {read}
    }}
}};

#define VISIBLE __attribute__((visibility("default")))
extern "C" VISIBLE hls4mlEmulator::Model *create_model() {{ return new Emulator; }}
extern "C" VISIBLE void destroy_model(hls4mlEmulator::Model *model) {{ delete model; }}
"""


def write(network: Network, folder: Path, wheels: Path) -> None:
    """Write the project of a network in a process of its own, by its release of hls4ml."""
    wheel = ""
    if network.release != INSTALLED:
        packed, wheel_folder = wheels / f"hls4ml-{network.release}-py3-none-any.whl", wheels / network.release
        if not wheel_folder.is_dir():
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(wheel_folder)
        wheel = str(wheel_folder)
    case = (network.name, "golden", "io_parallel")
    command = [sys.executable, str(ROOT / "tools" / "firmware_run.py"), str(folder.parent), "--write"]
    environment = {**os.environ}
    if wheel:  # what an older release needs beside the installed packages
        environment["PYTHONPATH"] = os.pathsep.join([environment.get("PYTHONPATH", ""), str(wheels / "deps")])
    words = [*command, network.release, wheel or " ", *case, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{network.name} by hls4ml {network.release}: {done.stderr.strip().splitlines()[-1:]}")
    source = folder / "firmware" / "myproject.cpp"  # as in a firmware repository, nothing is traced
    traces = r"#ifndef __SYNTHESIS__\n(?:    nnet::save_layer_output<.*\n)+#endif\n"
    source.write_text(re.sub(traces, "", source.read_text()))
    (folder / "graph.isobit").unlink(missing_ok=True)
    for archive in folder.parent.glob(f"{folder.name}*.tar.gz"):
        archive.unlink()


def test_bench(network: Network, folder: Path) -> None:
    """Events of the zoo, and what the folder's own C-simulation gives, in the files of hls4ml's test bench."""
    import isobit as ib
    from isobit.students import zoo

    events: Any = zoo.inputs(network.name, EVENTS, SEED)
    arrays = events if isinstance(events, list) else [events]
    found: Any = ib.csim(folder, optimisation="1").predict(
        [array.reshape(EVENTS, -1) for array in arrays] if len(arrays) > 1 else arrays[0].reshape(EVENTS, -1)
    )
    results = found if isinstance(found, list) else [found]
    place = folder / "tb_data"
    place.mkdir(exist_ok=True)
    rows = [" ".join(repr(float(v)) for array in arrays for v in array[k].ravel()) for k in range(EVENTS)]
    (place / "tb_input_features.dat").write_text("\n".join(rows) + "\n")
    lines = [" ".join(f"{v:.6g}" for v in array[k].ravel()) for k in range(EVENTS) for array in results]
    (place / "csim_results.log").write_text("\n".join(lines) + "\n")


def emulator(network: Network, folder: Path) -> None:
    """Write the class around a network, and its description."""
    from isobit.frontends.project import read_project

    project, around = read_project(folder), network.around
    types = "\n".join(f"    typedef {p.type} arg{k}_t;" for k, p in enumerate(project.parameters))
    text = _EMULATOR.format(
        name=network.name,
        top=project.name,
        types=types,
        members=around.members,
        prepare=around.prepare,
        predict=around.predict,
        read=around.read,
    )
    (folder / "emulator.cpp").write_text(text)
    (folder / "wrapper.yml").write_text(f"library: {network.name}.so\n{around.yaml}")


def library(network: Network, folder: Path, flags: str = HIDDEN) -> None:
    """Compile the class: weights from the headers, as for synthesis, since a library reads no text files."""
    from isobit.compiler import compiler

    with tempfile.TemporaryDirectory() as name:
        build = Path(name)
        shutil.copytree(folder / "firmware", build / "firmware")
        shutil.copy(folder / "emulator.cpp", build)
        for header in (build / "firmware" / "weights").glob("*.h"):
            header.write_text(header.read_text().replace("#ifndef __SYNTHESIS__", "#if 0"))
        for source in (build / "firmware").glob("*.cpp"):
            source.write_text(re.sub(r"nnet::load_\w*weights_from_txt<[^;]*;", "", source.read_text()))
        command = [*compiler(), "-std=c++17", "-O1", "-w", "-DNDEBUG", "-fPIC", "-shared", *flags.split()]
        include = ["-Ifirmware/ap_types", "-Ifirmware", "-I."]
        out = folder / f"{network.name}.so"
        subprocess.run([*command, *include, "emulator.cpp", "-o", str(out)], cwd=build, check=True)


def make(network: Network, folder: Path, wheels: Path) -> None:
    """All of it, unless it is there."""
    if (folder / f"{network.name}.so").exists():
        return
    if not (folder / "firmware" / "parameters.h").exists():
        write(network, folder, wheels)
    if not (folder / "tb_data" / "csim_results.log").exists():
        test_bench(network, folder)
    emulator(network, folder)
    library(network, folder)
