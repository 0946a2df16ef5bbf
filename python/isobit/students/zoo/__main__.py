"""Write the golden configs into a folder: `python -m isobit.students.zoo FOLDER [--overwrite]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from isobit.errors import OverwriteError
from isobit.files import atomic_path, check_target
from isobit.students.zoo import ZOO, write_out


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one file per network; if one of them exists and `--overwrite` is not given, none."""
    parser = argparse.ArgumentParser(prog="python -m isobit.students.zoo", description="Write the golden configs.")
    parser.add_argument("folder", type=Path, help="where to, made if it is missing")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    options = parser.parse_args(arguments)
    files = {options.folder / f"{name}.golden.json": entry for name, entry in ZOO.items()}
    try:
        for path in files:
            check_target(path, options.overwrite)
        for path, entry in files.items():
            with atomic_path(path, overwrite=options.overwrite) as temporary:
                temporary.write_text(json.dumps(write_out(entry), indent=2) + "\n", encoding="utf-8")
    except (OverwriteError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
