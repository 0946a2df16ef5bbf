"""Write hls/examples/mugmt_student: the shipped student at its golden config, exported.

    python tools/make_example.py             # needs the extra hls4ml; half a minute
    python tools/make_example.py --check     # writes nothing; exit status 1 if a file differs

Its golden results come from AMD's headers and from hls4ml's C-simulation, as in any export.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

import isobit as ib  # noqa: E402
from isobit.students import zoo  # noqa: E402

NAME = "mugmt_student"
EXAMPLE = ROOT / "hls" / "examples" / NAME
#: Simulated muons, and random events.
MUONS, RANDOM = 32, 32


def student() -> ib.Model:
    """The student, converted by hls4ml under its golden config."""
    import hls4ml

    arguments: dict[str, Any] = zoo.golden_config(NAME)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        return ib.load(
            hls4ml.converters.convert_from_keras_model(
                zoo.network(NAME), output_dir=folder, project_name=NAME, **arguments
            )
        )


def export(model: ib.Model, folder: Path) -> ib.HlsProject:
    """Export the example into an empty folder."""
    return ib.export_hls(model, folder, test_vectors=zoo.inputs(NAME, MUONS, seed=1), random_events=RANDOM)


def differences(made: Path, kept: Path) -> list[str]:
    """Paths whose content differs, or that only one of the folders has."""
    every = {p.relative_to(root).as_posix() for root in (made, kept) for p in root.rglob("*") if p.is_file()}

    def text(path: Path) -> bytes | None:
        return path.read_bytes() if path.is_file() else None

    return sorted(path for path in every if text(made / path) != text(kept / path))


def main() -> int:
    """Write the example, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = export(student(), Path(name) / NAME).folder
        stale = differences(made, EXAMPLE)
        if arguments.check:
            print("\n".join(f"differs: {path}" for path in stale) or "the example is current")
            return 1 if stale else 0
        shutil.rmtree(EXAMPLE, ignore_errors=True)
        shutil.copytree(made, EXAMPLE)
        print(f"{len(stale)} files changed in {EXAMPLE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
