"""Random edits of a project: 25 anew in each run are read or refused, in time."""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from folder_edits import edit

import isobit as ib
from isobit.errors import IsobitError
from sharing import once

SEED = int(os.environ["ISOBIT_FRESH_SEED"])


def _project(folder: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))
    from zoo_networks import arguments_of, loaded

    from isobit.frontends.project import write_project

    write_project(loaded("emtf_nn", arguments_of("emtf_nn", "golden", "io_parallel")).source, folder / "project")


def test_edits_are_read_or_refused(tmp_path: Path) -> None:
    project, refused = once("fuzz-project", _project) / "project", 0
    for number in range(25):
        folder = tmp_path / str(number)
        shutil.copytree(project, folder)
        what, begin = edit(folder, random.Random(f"{SEED} {number}")), time.process_time()
        try:
            assert ib.load(folder).layers
        except IsobitError as error:
            assert str(folder) in str(error), what
            refused += 1
        assert time.process_time() - begin < 20, what
    assert refused > 3


def test_the_same_seed_makes_the_same_edit(tmp_path: Path) -> None:
    project = once("fuzz-project", _project) / "project"
    texts = []
    for name in "ab":
        shutil.copytree(project, tmp_path / name)
        edit(tmp_path / name, random.Random("7"))
        files = sorted((tmp_path / name / "firmware").rglob("*.*"))
        texts.append([path.read_bytes() for path in files if path.is_file()])
    assert texts[0] == texts[1]
