"""What the tests of folders share."""

from __future__ import annotations

import re
from pathlib import Path

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
