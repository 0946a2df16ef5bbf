"""The pytest plugin of tools/hls4ml_suite.py: every predict of hls4ml is also answered by isobit, and compared.

``ModelGraph.compile`` writes the project, and compiles it when a predict needs it: where isobit refuses the graph,
nothing is compiled and the predict returns zeros, so that the test goes on to its next predict. Programs are compiled
as hls4ml's build_lib.sh does, as one unit at -O0 instead of -O3, and the same program (its preprocessed text without
pragmas) is compiled once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BACKENDS = ("Vitis", "Vivado")


class Recorder:
    """What the predicts of the running test gave, and the folders that its graphs wrote."""

    def __init__(self, journal: Path, programs: Path) -> None:
        self.journal, self.programs = journal, programs
        self.predicts: list[dict[str, Any]] = []
        self.folders: set[Path] = set()
        self.trouble: str | None = None

    def write(self, event: dict[str, Any]) -> None:
        """Append one line, complete even if the process dies right after it."""
        with self.journal.open("a") as journal:
            journal.write(json.dumps({**event, "time": time.time()}) + "\n")

    def begin(self, test: str) -> None:
        """Forget the last test."""
        self.predicts, self.trouble = [], None
        self.write({"begin": test})

    def end(self, test: str) -> None:
        """Write what the test gave, and remove what its graphs wrote."""
        self.write({"end": test, "predicts": self.predicts, "trouble": self.trouble})
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        self.folders.clear()


def answered(graph: Any, x: Any) -> tuple[Any, str | None]:
    """isobit's answer, or the reason why it refuses the graph."""
    import isobit

    try:
        model = isobit.load(graph)
        return model.predict(shaped(model, x)), None
    except isobit.errors.UnsupportedError as error:
        return None, str(error)


def shaped(model: Any, x: Any) -> Any:
    """Events in the shapes of the inputs: hls4ml takes arrays of any shape, and reads them in order."""
    shapes = [tensor.shape for tensor in model.graph.inputs]
    arrays = x if isinstance(x, (list, tuple)) else [x]
    flat = [np.asarray(a) for a in arrays]
    if len(flat) != len(shapes) or any(a.size % int(np.prod(s)) for a, s in zip(flat, shapes, strict=True)):
        return x
    given = [a.reshape(-1, *shape) for a, shape in zip(flat, shapes, strict=True)]
    return given if len(given) > 1 else given[0]


def compared(want: Any, got: Any) -> dict[str, Any]:
    """Whether two answers (arrays, or lists of them for several outputs) have the same values, bit for bit."""
    wants, gots = ([a] if isinstance(a, np.ndarray) else list(a) for a in (want, got))
    if [a.size for a in wants] != [a.size for a in gots]:
        return {"status": "wrong", "why": f"sizes {[a.size for a in gots]}, expected {[a.size for a in wants]}"}
    # hls4ml answers in the floats that it was given; the comparison is made in those.
    differ = sum(int((b.ravel().astype(a.dtype) != a.ravel()).sum()) for a, b in zip(wants, gots, strict=True))
    values = sum(a.size for a in wants)
    if differ:
        return {"status": "wrong", "why": f"{differ} of {values} values differ", "values": values}
    return {"status": "equal", "values": values}


def zeros(graph: Any, x: Any) -> Any:
    """An answer of the right shape for a graph that is not compiled."""
    events = graph._compute_n_samples(x)
    answers = [np.zeros((events, *v.shape), np.float32) for v in graph.get_output_variables()]
    return answers[0] if len(answers) == 1 else answers


def build(graph: Any, programs: Path) -> None:
    """Compile a written project, unless the same program was compiled before, and load it."""
    folder, name = Path(graph.config.get_output_dir()), graph.config.get_project_name()
    # One translation unit; weights by a relative path, as predicts happen inside of firmware/.
    whole = folder / "whole.cpp"
    whole.write_text(f'#include "firmware/{name}.cpp"\n#include "{name}_bridge.cpp"\n')
    flags = ["-std=c++23", "-O0", "-fPIC", "-fno-gnu-unique", "-w", "-Ifirmware/ap_types/", '-DWEIGHTS_DIR="weights"']
    lines = [line for line in _compiler(folder, "-E", "-P", *flags).splitlines() if not line.lstrip().startswith("#")]
    known = programs / f"{hashlib.sha256(chr(10).join([name, *lines]).encode()).hexdigest()}.so"
    if not known.is_file():
        partial = known.with_suffix(f".{os.getpid()}")
        _compiler(folder, "-shared", "-o", str(partial.resolve()), *flags)
        partial.rename(known)
    library = folder / "firmware" / f"{name}-{graph.config.get_config_value('Stamp')}.so"
    shutil.copy(known, library)
    backend = graph.config.backend
    graph.config.backend = _Compiled(backend, str(library))
    try:
        graph._compile()
    finally:
        graph.config.backend = backend


def _compiler(folder: Path, *options: str) -> str:
    """What g++ prints about the whole program."""
    done = subprocess.run(["g++", *options, "whole.cpp"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise RuntimeError(f"g++ fails: {(errors or ['no message'])[0]}")
    return done.stdout


class _Compiled:
    """A back end whose program is there already."""

    def __init__(self, backend: Any, library: str) -> None:
        self._backend, self._library = backend, library

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def compile(self, graph: Any) -> str:
        """Compile nothing."""
        return self._library


def patch(recorder: Recorder) -> None:
    """Replace ``compile`` and ``predict`` of hls4ml's ModelGraph, and leave out drawings, which need Graphviz."""
    import hls4ml.utils
    from hls4ml.model.graph import ModelGraph

    hls4ml.utils.plot_model = lambda *args, **kwargs: None

    original_predict, original_write = ModelGraph.predict, ModelGraph.write

    def write(graph: Any) -> None:
        recorder.folders.add(Path(graph.config.get_output_dir()).resolve())
        original_write(graph)

    def compile_later(graph: Any) -> None:
        graph.write()
        graph._isobit_waits = True

    def predict(graph: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        if (backend := graph.config.backend.name) not in BACKENDS:
            pytest.skip(f"back end {backend}")
        record: dict[str, Any] = {"io_type": graph.config.get_config_value("IOType"), "backend": backend}
        try:
            got, refusal = answered(graph, x)
        except Exception as error:
            recorder.predicts.append({**record, "status": "failed", "why": f"{type(error).__name__}: {error}"})
            raise
        if refusal is not None:
            recorder.predicts.append({**record, "status": "refused", "why": refusal})
            return zeros(graph, x)
        try:
            if getattr(graph, "_isobit_waits", False):
                build(graph, recorder.programs)
                graph._isobit_waits = False
            with contextlib.chdir(Path(graph.config.get_output_dir()) / "firmware"):
                want = original_predict(graph, x, *args, **kwargs)
        except Exception as error:
            recorder.predicts.append({**record, "status": "no oracle", "why": f"{type(error).__name__}: {error}"})
            raise
        recorder.predicts.append({**record, **compared(want, got)})
        return want

    def trace(graph: Any, x: Any) -> Any:
        pytest.skip("a trace, not a predict")

    ModelGraph.write, ModelGraph.compile = write, compile_later
    ModelGraph.predict, ModelGraph.trace = predict, trace


class Suite:
    """Selects the tests that this process is to run, and writes down what each gives."""

    def __init__(self, recorder: Recorder, wanted: list[str] | None) -> None:
        self.recorder, self.wanted = recorder, wanted

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out other back ends, and what this process is not to run."""
        kept = []
        for item in items:
            values = getattr(item, "callspec", None)
            backend = values.params.get("backend") if values else None
            other = isinstance(backend, str) and backend not in BACKENDS
            if not other and (self.wanted is None or item.nodeid in self.wanted):
                kept.append(item)
        items[:] = kept
        if self.wanted is None:
            self.recorder.write({"collected": [item.nodeid for item in kept]})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.recorder.begin(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first line of what went wrong, for tests without a predict."""
        if report.failed and self.recorder.trouble is None:
            text = str(getattr(report.longrepr, "reprcrash", report.longrepr)).splitlines()[0]
            self.recorder.trouble = re.sub(r"^\S*/", "", text)[:200]

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test ends."""
        self.recorder.end(nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """Read where to write and what to run from the environment."""
    journal = Path(os.environ["HLS4ML_SUITE_JOURNAL"])
    programs = Path(os.environ["HLS4ML_SUITE_PROGRAMS"])
    wanted = os.environ.get("HLS4ML_SUITE_TESTS")
    recorder = Recorder(journal, programs)
    tests = None if wanted is None else json.loads(Path(wanted).read_text())
    config.pluginmanager.register(Suite(recorder, tests), "hls4ml-suite")
    if tests is not None:
        patch(recorder)
