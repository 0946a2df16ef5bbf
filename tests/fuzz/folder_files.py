"""Files of projects that hls4ml wrote, one kind of file a target: read or refused by name, in time."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import numpy as np
from folder_edits import edit
from targets import TESTS, Finding, Target

import isobit as ib
from isobit.errors import IsobitError

sys.path[:0] = [str(TESTS), str(TESTS / "firmware")]

_BRIDGE = "myproject_bridge.cpp"
#: What each target edits, and how often.
PARTS: dict[str, dict[str, int]] = {
    "defines": {"firmware/defines.h": 1},
    "parameters": {"firmware/parameters.h": 1},
    "top": {"firmware/myproject.cpp": 6, "firmware/myproject.h": 1},
    "weights": {"firmware/weights/*.txt": 1, "firmware/weights/*.h": 1},
    "generated": {"firmware/nnet_utils/nnet_code_gen.h": 2, "firmware/nnet_utils/nnet_*.h": 1},
    "configuration": {"hls4ml_config.yml": 3, _BRIDGE: 1},
}
#: Networks of fewer numbers than this are also computed, one in ten.
_SMALL = 2000


class FolderFiles(Target):
    """Edits of one kind of file; a project that is taken gives the same bits on two roads."""

    def __init__(self, folder: Path, part: str) -> None:
        super().__init__(folder)
        from firmware_projects import projects

        self.files = PARTS[part]
        self.bases = []
        for base in sorted(path for path in projects().iterdir() if path.is_dir()):
            copy = folder / f"case.{base.name}"
            if not copy.is_dir():
                shutil.copytree(base, copy)
            (copy / "graph.isobit").unlink(missing_ok=True)
            self.bases.append((base, copy))
        if part == "generated":  # windows that are code of their own
            name = "firmware/nnet_utils/nnet_code_gen.h"
            self.bases = [pair for pair in self.bases if b"class fill_buffer" in (pair[0] / name).read_bytes()]

    def make(self, rng: random.Random) -> Path:
        base, folder = rng.choice(self.bases)
        for pattern in self.files:
            for path in base.glob(pattern):
                shutil.copy(path, folder / path.relative_to(base))
        (pattern,) = rng.choices(list(self.files), list(self.files.values()))
        if pattern == _BRIDGE:  # it is read where an old release wrote no shapes elsewhere
            (folder / "hls4ml_config.yml").unlink()
        edit(folder, rng, {pattern: 1})
        return folder

    def read(self, path: Path, rng: random.Random) -> None:
        model = ib.load(path)
        if any(op.tag == "foreign" for op in model.graph.ops):
            return
        if rng.random() < 0.1 and sum(tensor.size for tensor in model.graph.tensors.values()) < _SMALL:
            numbers = np.random.default_rng(rng.randrange(1 << 30))
            given = [numbers.uniform(-4, 4, (3, *tensor.shape)) for tensor in model.graph.inputs]
            try:
                one, other = (model.predict_raw(*given, engine=engine) for engine in ("reference", "cpp"))
            except IsobitError as error:
                raise type(error)(f"{path.name}: {error}") from error
            pairs = zip(one, other, strict=True) if isinstance(one, list) else [(one, other)]
            if any((a.raw != b.raw).any() for a, b in pairs):
                raise Finding("the roads disagree")
