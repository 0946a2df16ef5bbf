"""The C++ compiler of this machine: its command, and what is known about it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from functools import lru_cache

from isobit.errors import CompilerError

__all__ = ["compiler", "version_and_standard"]


def compiler() -> tuple[str, ...]:
    """Command of the C++ compiler: ``$CXX``, split as a shell does (``ccache g++``), else ``g++``.

    Raises
    ------
    CompilerError
        If it is not on PATH.
    """
    text = os.environ.get("CXX") or "g++"
    try:
        name, *more = shlex.split(text)
    except ValueError:
        raise CompilerError(f"CXX is {text!r}, which is not a command; expected 'g++' or 'ccache g++'") from None
    path = shutil.which(name)
    if path is None:
        raise CompilerError(
            f"the C-simulation needs a C++ compiler, but {name!r} is not on PATH; install g++ "
            "(Debian/Ubuntu: apt-get install g++) or set CXX"
        )
    return path, *more


@lru_cache
def version_and_standard(command: tuple[str, ...]) -> tuple[str, str]:
    """Version of the compiler, and the standard that hls4ml's build_lib.sh would choose for it."""
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout
    probe = [*command, "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"]
    modern = subprocess.run(probe, input="", capture_output=True, text=True, check=False).returncode == 0
    return version, "-std=c++23" if modern else "-std=c++11"
