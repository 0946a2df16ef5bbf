"""Where C++ headers are: isobit's own, and AMD's simulation headers in the installed hls4ml."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from isobit.errors import MissingDependencyError, UnsupportedError

__all__ = ["HEADER_SETS", "get_include", "isobit_include_folders", "vendor_include_folder"]

#: The header sets that firmware can be compiled with.
HEADER_SETS = ("vendor", "isobit")


def get_include() -> str:
    """Folder of isobit's C++ headers, for the compiler's -I; its ``vendor_names/`` holds the drop-in names."""
    package = Path(__file__).parent
    for folder in (package / "include", package.parents[1] / "cpp" / "include"):
        if (folder / "isobit" / "law.hpp").exists():
            return str(folder)
    raise UnsupportedError("the C++ headers are not installed with this copy of isobit")


def isobit_include_folders() -> list[Path]:
    """What ``headers='isobit'`` puts on the include path instead of AMD's headers.

    Raises
    ------
    UnsupportedError
        If this copy of isobit has no drop-in headers.
    """
    include = Path(get_include())
    if not (include / "vendor_names" / "ap_fixed.h").exists():
        raise UnsupportedError(
            f"headers='isobit' needs {include / 'vendor_names' / 'ap_fixed.h'}, which this copy of isobit lacks; "
            "use headers='vendor'"
        )
    return [include / "vendor_names", include]


def vendor_include_folder() -> Path:
    """Folder of AMD's open simulation headers that hls4ml ships (``ap_types``); hls4ml is not imported.

    Raises
    ------
    MissingDependencyError
        If hls4ml is not installed.
    """
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "ap_fixed.h").exists():
            return folder
    raise MissingDependencyError(
        "headers='vendor' takes AMD's simulation headers from hls4ml, which is not installed: "
        "pip install 'isobit[hls4ml]', or use headers='isobit'"
    )
