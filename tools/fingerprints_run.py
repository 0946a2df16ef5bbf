"""Make the table of known functions from hls4ml's packages: python/isobit/frontends/firmware/fingerprints.json.

python tools/fingerprints_run.py FOLDER    # FOLDER has the wheels, or gets them from PyPI with pip download

Every release is read as its writers write it: the templates of Vivado, and those with Vitis' in their place.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "python" / "isobit" / "frontends" / "firmware" / "fingerprints.json"
VERSIONS = ("0.6.0", "0.7.1", "0.8.1", "1.0.0", "1.1.0", "1.2.0", "1.3.0")


def headers(wheel: Path, backend: str) -> dict[str, str]:
    """The headers of nnet_utils by name, as a project of this back end has them; empty if there is none."""
    found: dict[str, str] = {}
    with zipfile.ZipFile(wheel) as archive:
        for folder in ("vivado", "vitis")[: 2 if backend == "vitis" else 1]:
            start = f"hls4ml/templates/{folder}/nnet_utils/"
            names = [name for name in archive.namelist() if name.startswith(start) and name.endswith(".h")]
            if not names and folder == backend:
                return {}
            found |= {name.rpartition("/")[2]: archive.read(name).decode() for name in names}
    return found


def types(wheel: Path) -> dict[str, str]:
    """The headers of AMD's number types by path."""
    start = "hls4ml/templates/vivado/ap_types/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(start) and not name.endswith("/")]
        return {name.removeprefix(start): archive.read(name).decode() for name in names}


def main() -> int:
    """Read every release and write the table."""
    sys.path.insert(0, str(ROOT / "python"))
    from isobit.frontends.firmware.fingerprints import chunks_of, whole

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    labels: list[str] = []
    table: dict[str, dict[str, list[int]]] = {}
    for version in VERSIONS:
        wheel = folder / f"hls4ml-{version}-py3-none-any.whl"
        if not wheel.exists():
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                f"hls4ml=={version}",
                "-d",
                str(folder),
            ]
            subprocess.run(command, check=True)
        for backend in ("vivado", "vitis"):
            files = headers(wheel, backend)
            if not files:
                continue
            labels.append(f"{version} {backend}")
            for name, text in sorted(files.items()):
                for chunk in chunks_of(name, text):
                    table.setdefault(chunk.key, {}).setdefault(chunk.digest, []).append(len(labels) - 1)
            for name, text in types(wheel).items():
                key, digest = whole(name, text)
                table.setdefault(key, {}).setdefault(digest, []).append(len(labels) - 1)
    lines = [f"{json.dumps(key)}:{json.dumps(table[key], separators=(',', ':'))}" for key in sorted(table)]
    body = ",\n".join(lines)
    OUT.write_text(f'{{"versions":{json.dumps(labels)},\n"functions":{{\n{body}\n}}}}\n')
    print(f"{len(table)} definitions of {len(labels)} releases, {sum(map(len, table.values()))} variants")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
