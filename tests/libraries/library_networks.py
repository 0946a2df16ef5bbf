"""Libraries of small networks: how they are compiled, and what their interface is."""

from __future__ import annotations

import subprocess
from pathlib import Path

from isobit.compiler import compiler
from isobit.headers import isobit_include_folders

SOURCE = Path(__file__).with_name("network.hpp")
#: A network that fires on few events, and one that gives the same score for every event.
FIRST, SECOND = "-DNET_W=1,0.5,-1,2 -DNET_B=0 -DNET_STEP=1", "-DNET_W=0,0,0,0 -DNET_B=0.9 -DNET_STEP=0.25"
HIDDEN = "-fvisibility=hidden -fvisibility-inlines-hidden"
DESCRIPTION = """library: {library}
interface:
  input: ap_fixed<16,6>[4]
  result: std::pair<std::array<ap_fixed<16,6>, 1>, ap_fixed<16,6>>
  headers: isobit
"""


def compiled(folder: Path, name: str, flags: str) -> Path:
    """A library in a folder, with its description beside it."""
    library = folder / f"{name}.so"
    include = [f"-I{place}" for place in isobit_include_folders()]
    command = [*compiler(), "-std=c++17", "-O0", "-w", "-fPIC", "-shared", "-xc++", *include, *flags.split()]
    subprocess.run([*command, str(SOURCE), "-o", str(library)], check=True)
    library.with_suffix(".yml").write_text(DESCRIPTION.format(library=library.name))
    return library
