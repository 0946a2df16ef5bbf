"""Copy hls4ml's headers, nnet_utils and AMD's ap_types, into projects that were committed without them.

    python get_headers.py tagger                                        # those of the installed hls4ml
    python get_headers.py tagger --hls4ml hls4ml-1.3.0-py3-none-any.whl # those of a wheel (pip download --no-deps)

Neither hls4ml nor anything else is imported. A file that a project has already is left as it is. Take the release that
wrote the project: `isobit check` compares every function with hls4ml's releases, and names those that are none of them.
"""

from __future__ import annotations

import argparse
import importlib.util
import zipfile
from pathlib import Path

#: Folders of the package, and where their files go; what comes first counts.
SOURCES = (
    ("hls4ml/templates/vitis/nnet_utils/", "nnet_utils"),
    ("hls4ml/templates/vivado/nnet_utils/", "nnet_utils"),
    ("hls4ml/templates/vivado/ap_types/", "ap_types"),
)


def headers(package: Path | None) -> dict[str, bytes]:
    """The headers of a wheel, or of the installed package, by their path in ``firmware/``."""
    if package is not None:
        with zipfile.ZipFile(package) as wheel:
            files = {name: wheel.read(name) for name in wheel.namelist() if name.endswith(".h")}
    else:
        found = importlib.util.find_spec("hls4ml")
        if found is None or not found.submodule_search_locations:
            raise SystemExit(
                "hls4ml is not installed: pip download hls4ml==1.3.0 --no-deps, and give the wheel: --hls4ml"
            )
        root = Path(found.submodule_search_locations[0])
        files = {path.relative_to(root.parent).as_posix(): path.read_bytes() for path in root.rglob("*.h")}
    taken: dict[str, bytes] = {}
    for start, target in SOURCES:
        for name in sorted(files):
            if name.startswith(start) and ".." not in name.split("/"):
                taken.setdefault(f"{target}/{name.removeprefix(start)}", files[name])
    if not taken:
        raise SystemExit(f"{package} has no headers of hls4ml's")
    return taken


def main() -> None:
    """Copy what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", type=Path, help="folders that hold firmware/")
    parser.add_argument("--hls4ml", type=Path, metavar="WHEEL", help="a wheel in place of the installed package")
    given = parser.parse_args()
    found = headers(given.hls4ml)
    for project in given.projects:
        firmware = project / "firmware"
        if not firmware.is_dir():
            raise SystemExit(f"{project} has no folder firmware/")
        missing = {name: content for name, content in found.items() if not (firmware / name).exists()}
        for name, content in missing.items():
            (firmware / name).parent.mkdir(parents=True, exist_ok=True)
            (firmware / name).write_bytes(content)
        print(f"{project}: {len(missing)} headers copied, {len(found) - len(missing)} were there")


if __name__ == "__main__":
    main()
