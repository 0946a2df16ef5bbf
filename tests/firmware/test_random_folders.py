"""Random networks of every family of layers: the folder is read as the ModelGraph that wrote it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import isobit as ib
from isobit.frontends.project import write_project
from isobit.model.canonical import canonical

for _folder in ("families", "differential"):
    sys.path.insert(0, str(Path(__file__).parents[1] / _folder))

from family_networks import FAMILIES, Rejected, build  # noqa: E402

#: Draws until one is taken, at most; adder trees take half a minute each.
DRAWS = 40


@pytest.mark.hls4ml
@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=pytest.mark.full) if name == "distributed" else name for name in FAMILIES]
)
def test_the_folder_is_read_as_its_model_graph(family: str, tmp_path: Path) -> None:
    for seed in range(DRAWS):
        try:
            _, model, _ = build(family, seed, 60)
        except Rejected:
            continue
        write_project(model.source, tmp_path)
        ranges = {tensor.name: tensor.limits for tensor in model.graph.inputs if tensor.limits is not None}
        assert canonical(ib.load(tmp_path, input_ranges=ranges).graph) == canonical(model.graph)
        return
    pytest.fail(f"none of {DRAWS} draws of {family} is taken")
