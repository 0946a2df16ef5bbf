"""From the corpus to bits: convert, compile several networks as one program, run it with either set of headers."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import corpus_extras
import corpus_functions
import corpus_layers
import numpy as np
from corpus_cases import CASES, Case

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
INCLUDE = Path(os.environ.get("ISOBIT_CORPUS_INCLUDE") or HERE.parents[1] / "cpp" / "include")
EVENTS = 48
FAMILIES = (corpus_layers, corpus_functions, corpus_extras)  # importing them fills CASES
HEADERS = ("vendor", "isobit")


def vendor_folder() -> Path:
    """AMD's simulation headers, as hls4ml ships them."""
    import hls4ml

    return Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"


def header_folders(headers: str) -> tuple[Path, ...]:
    """Include path of 'vendor' or 'isobit'."""
    return {"vendor": (vendor_folder(),), "isobit": (INCLUDE / "vendor_names", INCLUDE)}[headers]


def draw_weights(model: Any, seed: int) -> None:
    """Weights of order one half; variances positive, half of the kernels' values zero where a name asks for it."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            shape = tuple(variable.shape)
            drawn = rng.normal(0.0, 0.5, shape)
            if "variance" in variable.name:
                drawn = rng.uniform(0.5, 2.0, shape)
            elif "gamma" in variable.name or "alpha" in variable.name:
                drawn = rng.uniform(0.2, 1.5, shape)
            elif "kernel" in variable.name:
                drawn = np.where(rng.random(shape) < 0.2, 0.0, drawn)
            values.append(drawn.astype(np.float32))
        if values and not getattr(layer, "keeps_weights", False):
            layer.set_weights(values)


def convert(case: Case, folder: Path) -> Any:
    """Write the firmware of one network, every layer traced, in a namespace of its name; hls4ml's graph of it."""
    import hls4ml

    corpus_extras.register_handlers()
    with contextlib.redirect_stdout(io.StringIO()):
        model = case.build()
        draw_weights(model, sum(case.build.__name__.encode()))
        config = hls4ml.utils.config_from_keras_model(
            model,
            granularity="name",
            backend=case.backend,
            default_precision=case.default,
            default_reuse_factor=case.reuse,
        )
        config["Model"]["Strategy"] = case.strategy
        for name, entry in config["LayerName"].items():
            entry["Trace"] = True
            if not case.auto:
                for slot, kind in entry["Precision"].items():
                    entry["Precision"][slot] = case.default if kind == "auto" else kind
            for key in ("*", name):
                changes = json.loads(json.dumps(case.layers.get(key, {})))
                kinds = changes.pop("Precision", {})
                entry["Precision"].update({slot: kind for slot, kind in kinds.items() if slot in entry["Precision"]})
                entry.update({k: v for k, v in changes.items() if key != "*" or k in entry})
        graph = hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=config,
            backend=case.backend,
            io_type=case.io_type,
            output_dir=str(folder),
            project_name=case.name,
            namespace=f"ns_{case.name}",
            write_tar=False,
        )
        for node in graph.get_layers():
            node.set_attr("trace", True)
        graph.config.trace_output = True
        graph.write()
    return graph


def _sizes(graph: Any, case: Case) -> list[int]:
    return [int(np.prod(variable.shape)) for variable in graph.get_input_variables()]


def events(case: Case, sizes: list[int]) -> Any:
    """Float64 (EVENTS, inputs): Gaussian of several widths, ties, and extremes beyond the type's range."""
    rng = np.random.default_rng(sum(case.name.encode()))
    count = sum(sizes)
    x = rng.normal(0.0, 1.0, (EVENTS, count)) * rng.choice([0.3, 1.0, 4.0], (EVENTS, 1))
    ties = rng.random(x.shape) < 0.15
    x[ties] = (np.rint(x[ties] * 1024) + 0.5) / 1024
    x[-6] = 0.0
    x[-5] = rng.choice([-1.0, 1.0], count) * 2.0**-10
    x[-4] = rng.choice([-32.0, 31.9990234375], count)
    x[-3] = rng.choice([-1000.25, 1000.25, 0.5], count)
    x[-2] = 31.9990234375
    x[-1] = -32.0
    if case.integers is not None:
        low, high, first = case.integers
        start = sum(sizes[:first])
        x[:, start:] = rng.integers(low, high, (EVENTS, count - start))
    return x


def _event_function(case: Case, graph: Any) -> str:
    """C++ that reads one event, runs the network, and prints inputs' sizes and outputs."""
    inputs, outputs = graph.get_input_variables(), graph.get_output_variables()
    stream = case.io_type == "io_stream"
    lines = []
    for variable in (*inputs, *outputs):
        kind, size = variable.type.name, variable.size_cpp()
        lines.append(f"hls::stream<{kind}> {variable.name};" if stream else f"{kind} {variable.name}[{size}];")
    lines += [f"tap::fill(file, {v.name}, {v.size_cpp()});" for v in inputs]
    lines.append(f"{case.name}({', '.join(v.name for v in (*inputs, *outputs))});")
    lines += [f'tap::finish("output {v.name}", {v.name}, {v.size_cpp()});' for v in outputs]
    lines += [f'tap::drain("{v.name}", {v.name});' for v in inputs if stream]
    body = "\n    ".join(lines)
    return f"namespace ns_{case.name} {{\nstatic void event(std::FILE *file) {{\n    {body}\n}}\n}}\n"


class Program:
    """Networks of one group, written once and compiled with any headers.

    Parameters
    ----------
    names
        Networks of one backend.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="isobit-corpus-")
        self.folder = Path(self._home.name)
        self.names = names
        self.graphs = {}
        parts = ['#include "tap.hpp"\n']
        table = []
        for name in names:
            graph = convert(CASES[name], self.folder / name)
            self.graphs[name] = graph
            firmware = self.folder / name / "firmware"
            guards = {"DEFINES_H_", "PARAMETERS_H_", "NNET_INSTR_GEN_H_"}
            guards |= {f"{file.stem.upper()}_H_" for file in (firmware / "weights").glob("*.h")}
            parts += [f"#undef {guard}\n" for guard in sorted(guards)]
            # hls4ml forgets to qualify some names of its own in the code that it generates for 'resource_unrolled'
            parts.append(f"namespace ns_{name} {{\nusing namespace nnet;\n}}\n")
            parts.append(f'#include "{name}/firmware/{name}.cpp"\n')
            parts.append(_event_function(CASES[name], graph))
            table.append(f'{{"{name}", "{firmware / "weights"}", ns_{name}::event}}')
        parts.append(f"int main(int argc, char **argv) {{ return tap::run(argc, argv, {{{', '.join(table)}}}); }}\n")
        shutil.copy(HERE / "tap.hpp", self.folder)
        (self.folder / "main.cpp").write_text("".join(parts))
        self._first = self.folder / names[0] / "firmware"

    def compile(self, include: tuple[Path, ...], tag: str) -> Path:
        """The program with the headers of `include`; hls4ml's own flags, but -O0 and -DNDEBUG."""
        output = self.folder / f"program-{tag}"
        paths = [f"-I{folder}" for folder in (*include, self._first)]
        command = [
            "g++",
            _standard(),
            "-O0",
            "-DNDEBUG",
            "-w",
            "-fno-gnu-unique",
            *paths,
            "main.cpp",
            "-o",
            str(output),
        ]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode and len(self.names) > 1:
            for name in self.names:  # whose fault is it?
                Program((name,)).compile(include, tag)
        if done.returncode:
            errors = [
                line for line in done.stderr.splitlines() if re.search(r"error|required from|undefined reference", line)
            ]
            who = ", ".join(self.names)
            raise AssertionError(f"{who} does not compile with the {tag} headers:\n" + "\n".join(errors[:12]))
        return output

    def run(self, program: Path, name: str) -> list[str]:
        """What the network prints for its events: a line a tensor and event, name, width and bits."""
        x = events(CASES[name], _sizes(self.graphs[name], CASES[name]))
        data = self.folder / f"{name}.f64"
        x.tofile(data)
        done = subprocess.run([program, name, data, str(len(x))], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{name}: {program.name} ended with {done.returncode}: {done.stderr[-500:]}")
        return [line for line in done.stdout.splitlines() if line.startswith("@")]


@lru_cache
def _standard() -> str:
    probe = ["g++", "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"]
    modern = subprocess.run(probe, input="", capture_output=True, text=True, check=False).returncode == 0
    return "-std=c++23" if modern else "-std=c++11"
