"""Vitis HLS, if it is on the PATH: which command runs an exported folder's script, and its end."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isobit.errors import UnsupportedError

__all__ = ["STEPS", "ToolRun", "run_tool", "tool_command"]

#: What the script can do, in order.
STEPS = ("csim", "csynth", "cosim", "export")
#: The tool's command, by program: vitis_hls until 2024.1, vitis-run from then on.
_COMMANDS = {
    "vitis_hls": ("vitis_hls", "-f", "run_hls.tcl"),
    "vitis-run": ("vitis-run", "--mode", "hls", "--tcl", "run_hls.tcl"),
}
#: Last words of a test bench (compare.hpp), which the tool passes on, in C simulation and in co-simulation. The tool's
#: own message of a failure is the same for a bench that does not compile.
_COMPARED = re.compile(r"\b(?:\d+ results compared, (\d+) differ|(\d+) events without results)\b")


@dataclass(frozen=True)
class ToolRun:
    """How the tool ended: its exit status, and whether a test bench found bits that differ."""

    status: int
    bits_differ: bool


def tool_command() -> tuple[str, ...] | None:
    """The command that runs ``run_hls.tcl``, or None if the tool is not on the PATH."""
    for program, command in _COMMANDS.items():
        if shutil.which(program) is not None:
            return command
    return None


def shown(steps: Sequence[str]) -> str:
    """The command line, for people, with its variable; the older tool's where there is none."""
    command = tool_command() or _COMMANDS["vitis_hls"]
    return f"ISOBIT_HLS_STEPS={shlex.quote(' '.join(steps))} {shlex.join(command)}"


def check_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """Steps, checked and in the tool's order.

    Raises
    ------
    UnsupportedError
        For a step that does not exist.
    """
    unknown = [step for step in steps if step not in STEPS]
    if unknown or not steps:
        raise UnsupportedError(f"step {unknown[0] if unknown else ''!r} does not exist; steps: {', '.join(STEPS)}")
    return tuple(step for step in STEPS if step in steps)


def run_tool(folder: Path, steps: Sequence[str]) -> ToolRun:
    """Run the tool in an exported folder; what it prints goes to the standard error, line by line."""
    command = tool_command()
    assert command is not None  # the caller has asked
    environment = {**os.environ, "ISOBIT_HLS_STEPS": " ".join(steps)}
    differ = False
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            os.write(2, line.encode())
            found = _COMPARED.search(line)
            differ = differ or (found is not None and int(found[1] or found[2]) > 0)
    return ToolRun(process.returncode, differ)
