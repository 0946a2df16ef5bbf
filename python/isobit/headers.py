"""Where the C++ headers are: isobit's own, and AMD's simulation headers in the installed hls4ml."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from isobit.errors import MissingDependencyError, UnsupportedError

__all__ = [
    "HEADER_SETS",
    "get_cmake_dir",
    "get_include",
    "get_pkgconfig_dir",
    "isobit_include_folders",
    "vendor_include_folder",
]

#: The header sets that firmware can be compiled with.
HEADER_SETS = ("vendor", "isobit")


def get_include() -> str:
    """Folder of isobit's C++ headers, for the compiler's -I; its ``vendor_names/`` holds the drop-in names.

    Raises
    ------
    UnsupportedError
        If the headers are not installed with this copy of isobit.
    """
    return str(_folder("include", "isobit/law.hpp"))


def get_cmake_dir() -> str:
    """Folder of ``isobitConfig.cmake``, for ``-Disobit_DIR=``: ``find_package(isobit)`` gives ``isobit::headers``.

    Raises
    ------
    UnsupportedError
        If it is not installed with this copy of isobit.
    """
    return str(_folder("cmake", "isobitConfig.cmake"))


def get_pkgconfig_dir() -> str:
    """Folder of ``isobit.pc`` and ``isobit-vendor-names.pc``, for ``PKG_CONFIG_PATH``.

    Raises
    ------
    UnsupportedError
        If they are not installed with this copy of isobit.
    """
    return str(_folder("pkgconfig", "isobit.pc"))


def _folder(name: str, file: str) -> Path:
    """A folder that holds a file: in the installed package, or beside it in the source tree."""
    package = Path(__file__).parent
    for folder in (package / name, package.parents[1] / "cpp" / name):
        if (folder / file).exists():
            return folder
    raise UnsupportedError(f"{file} is not installed with this copy of isobit")


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
        "pip install 'isobit[hls4ml]' (hls4ml==1.3.0 --no-deps is enough for them), or use headers='isobit'"
    )
