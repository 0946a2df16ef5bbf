"""The machine: its name, what runs on it, and its peak per kind of arithmetic, measured and checked."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "peak.cpp"
PACKAGES = ("isobit", "numpy", "numba", "hls4ml", "tensorflow", "onnxruntime")

#: Accumulators of every loop in peak.cpp.
CHAINS = 12
#: Instructions of one step of one chain, by the kind of arithmetic; the last of them writes the accumulator.
STEP = {
    "float64": ("vfmadd231pd",),
    "float32": ("vfmadd231ps",),
    "int8": ("vpmaddubsw", "vpaddw"),
    "int16": ("vpmaddwd", "vpaddd"),
    "int16_vnni": ("vpdpwssd",),
    "int32": ("vpmulld", "vpaddd"),
    "int64": ("vpmuldq", "vpaddq"),
}
#: What else a loop may hold: its counter.
COUNTER = {"add", "sub", "inc", "dec", "cmp", "test", "jne"}


def describe() -> dict[str, str]:
    """CPU, cores, compiler and package versions."""
    cpu = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    sets = " ".join(name for name in ("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni") if name in flags.split())
    compiler = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    found = {"cpu": f"{cpu} ({sets})", "cores": str(len(os.sched_getaffinity(0))), "g++": compiler}
    found["python"] = platform.python_version()
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def loop_of(disassembly: str, name: str) -> list[tuple[str, str]]:
    """Instructions (mnemonic, operands) of the one loop of a function in objdump's text."""
    body = re.search(rf"^[0-9a-f]+ <{name}>:\n(.*?)(?:\n\n|\Z)", disassembly, flags=re.MULTILINE | re.DOTALL)
    if body is None:
        sys.exit(f"peak.cpp: {name} is not in the disassembly")
    lines = re.findall(r"^ *([0-9a-f]+):[ \t]+(\S+)[ \t]*(.*)$", body.group(1), flags=re.MULTILINE)
    loops = []
    for index, (address, mnemonic, operands) in enumerate(lines):
        target = re.match(r"([0-9a-f]+) <", operands)
        if mnemonic.startswith("j") and mnemonic != "jmp" and target and int(target.group(1), 16) < int(address, 16):
            begin = next(k for k, line in enumerate(lines) if line[0] == target.group(1))
            loops.append([(line[1], line[2]) for line in lines[begin : index + 1]])
    if len(loops) != 1:
        sys.exit(f"peak.cpp: {name} has {len(loops)} loops in the disassembly, expected one")
    return loops[0]


def check_loop(name: str, loop: list[tuple[str, str]]) -> None:
    """End the program unless the loop holds exactly its chains, in registers, and a counter."""
    kind, _, instructions = name.partition("_")
    step = STEP["int16_vnni" if instructions == "vnni" else kind]
    register = "ymm" if instructions == "avx2" else "zmm"
    vector = [line for line in loop if line[0] not in COUNTER]
    wanted = Counter(dict.fromkeys(step, CHAINS))
    sums = {operands.rpartition(",")[2] for mnemonic, operands in vector if mnemonic == step[-1]}
    clean = all(register in operands and "(" not in operands for _, operands in vector)
    if Counter(mnemonic for mnemonic, _ in vector) != wanted or len(sums) != CHAINS or not clean:
        text = "\n".join(f"    {mnemonic} {operands}" for mnemonic, operands in loop)
        sys.exit(f"peak.cpp: the loop {name} is not {CHAINS} x {' + '.join(step)} in {register} registers:\n{text}")


def measure_peak(folder: Path, seconds: float) -> dict[str, float]:
    """Multiply-accumulates a second of one core, by kind of arithmetic: the best instructions that the CPU has for it.

    Every loop that counts is looked at in the disassembly; the program checks its sums itself.
    """
    program = folder / "peak"
    subprocess.run(["g++", "-O2", "-std=c++17", "-w", str(SOURCE), "-o", str(program)], check=True)
    objdump = ["objdump", "-d", "--no-show-raw-insn", str(program)]
    disassembly = subprocess.run(objdump, capture_output=True, text=True, check=True).stdout
    done = subprocess.run([str(program), str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"peak.cpp: {done.stderr.strip()}")
    peak: dict[str, float] = {}
    for line in done.stdout.splitlines():
        name, rate = line.split()
        check_loop(name, loop_of(disassembly, f"loop_{name}"))
        kind = name.partition("_")[0]
        peak[kind] = max(peak.get(kind, 0.0), float(rate))
    return peak
