"""What the tests of folders share."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sharing import once

sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))

#: Networks, configurations and IO types.
CASES = (
    ("jet_mlp", "golden", "io_parallel"),
    ("emtf_nn", "auto", "io_parallel"),
    ("btag_conv1d", "golden", "io_stream"),
    ("tau_cnn", "golden", "io_parallel"),
    ("jet_ternary", "golden", "io_parallel"),
)


def without_traces(folder: Path) -> None:
    """Take hls4ml's traces out of a project's source."""
    source = folder / "firmware" / "myproject.cpp"
    text = source.read_text()
    found = re.sub(r"#ifndef __SYNTHESIS__\n(?:    nnet::save_layer_output<.*\n)+#endif\n", "", text)
    assert found != text
    source.write_text(found)


def projects() -> Path:
    """A folder of projects ``NAME.CONFIG.IO_TYPE``, each with the graph of its ModelGraph as ``graph.isobit``."""

    def make(folder: Path) -> None:
        from zoo_networks import arguments_of, loaded

        from isobit.frontends.project import write_project

        for case in CASES:
            model, target = loaded(case[0], arguments_of(*case)), folder / ".".join(case)
            write_project(model.source, target)
            model.save(target / "graph.isobit")

    return once("firmware-projects", make)
