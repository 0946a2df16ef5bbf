"""Programs that hold isobit's types against Algorithmic C's (operators, casts) and SystemC's (casts)."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from formats import FIXED, INTS, MODES, cpp, random_format
from worker import FLAGS, ISOBIT, SUBJECT, TIMEOUT_S, OracleError

from compiling import DoesNotCompile, compiled
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType

__all__ = ["Opinion", "ac_calls", "ac_types", "run", "sc_calls", "systemc"]


@dataclass(frozen=True)
class Opinion:
    """Result of one program: per operation how many compared and how many differ, and some rows that do."""

    compared: dict[str, int]
    differing: dict[str, int]
    rows: list[list[str]]


def ac_types() -> Path:
    """Folder of Algorithmic C's headers as hls4ml ships them (for Catapult), found without importing hls4ml."""
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "templates" / "catapult" / "ac_types" / "include"
        if (folder / "ac_fixed.h").is_file():
            return folder
    raise OracleError("Algorithmic C's headers are missing: install hls4ml 1.3.0 (pip install '.[test]')")


def systemc() -> Path | None:
    """Folder of SystemC's header ($SYSTEMC_HOME/include, or the system's); None where it is not installed."""
    home = os.environ.get("SYSTEMC_HOME")
    places = [Path(home) / "include"] if home else []
    return next(
        (p for p in (*places, Path("/usr/include"), Path("/usr/local/include")) if (p / "systemc").exists()), None
    )


def _ac(kind: FixedType) -> str:
    sign = str(kind.signed).lower()
    if kind.is_int:
        return f"ac_int<{kind.width}, {sign}>"
    modes = f"{str(kind.rounding).replace('AP_', 'AC_')}, {str(kind.overflow).replace('AP_', 'AC_')}"
    return f"ac_fixed<{kind.width}, {kind.integer}, {sign}, {modes}>"


def _plain(kind: FixedType) -> FixedType:
    return kind if kind.is_int else FixedType(kind.width, kind.integer, kind.signed)


def ac_calls(pairs: int = 30, seed: int = 5) -> list[str]:
    """Operators on all values of narrow types and random ones of wide types; casts in all modes that both have."""
    rng = np.random.default_rng(seed)
    small = [FIXED[i] for i in (0, 1, 3, 4, 5, 6, 8)] + [INTS[4], INTS[5], INTS[0]]
    kinds = [(a, b, 0) for a in small for b in small if a.is_int == b.is_int]
    for _ in range(pairs):
        if rng.random() < 0.3:
            a, b = (FixedType.int_type(int(rng.integers(1, 120)), signed=bool(rng.integers(2))) for _ in range(2))
        else:
            a, b = _plain(random_format(rng, 120, modes=False)), _plain(random_format(rng, 120, modes=False))
        kinds.append((a, b, 60))
    calls = [f"operators_ac<{cpp(a)}, {_ac(a)}, {cpp(b)}, {_ac(b)} >(tally, 3, {n})" for a, b, n in kinds]
    modes = [m for m in (*MODES[True], *MODES[False]) if m[2] == 0 and m[1] is not Overflow.WRAP_SM]
    for number, (rounding, overflow, _) in enumerate(modes):
        width = int(rng.integers(2, 7)) if number % 2 else int(rng.integers(2, 120))
        target = FixedType(width, int(rng.integers(-2, width + 3)), number < len(modes) // 2, rounding, overflow)
        source = FixedType.from_bits(
            int(rng.integers(1, 130)), fraction=target.fraction + int(rng.integers(-3, 7)), signed=bool(rng.integers(2))
        )
        calls.append(f"cast_ac<{cpp(source)}, {_ac(source)}, {cpp(target)}, {_ac(target)} >(tally)")
    return calls


def sc_calls(pairs: int = 2, seed: int = 6) -> list[str]:
    """Casts of every mode, N from 0 to 3: narrow ones by all values, others to 120 bits."""
    rng = np.random.default_rng(seed)
    calls = []
    for signed in (True, False):
        for rounding, overflow, n in MODES[signed]:
            for number in range(pairs):
                width = int(rng.integers(max(n, 2), 6)) if number % 2 == 0 else int(rng.integers(max(n, 2), 120))
                target = FixedType(width, int(rng.integers(0, width + 1)), signed, rounding, overflow, n)
                bits = int(rng.integers(1, 6)) if number % 2 == 0 else int(rng.integers(1, 129))
                fraction = target.fraction + int(rng.integers(-3, 6))
                source = FixedType.from_bits(bits, fraction=fraction, signed=bool(rng.integers(2)))
                # The label keeps apart what is known to differ (B2: WRAP, N > 0, unsigned target; B3: WRAP_SM, N = 0).
                b2 = overflow is Overflow.WRAP and n > 0 and not signed and source.signed
                b3 = overflow is Overflow.WRAP_SM and n == 0
                label = "B2" if b2 else "B3" if b3 else "cast"
                calls.append(f'cast_sc<{cpp(source)}, {cpp(target)} >(tally, "{label}")')
    return calls


def run(header: str, calls: list[str], include: list[Path], libraries: tuple[str, ...] = ()) -> Opinion:
    """Compile and run one program."""
    start = "int sc_main(int, char**) { return 0; }\n" if libraries else ""
    text = [f'#include "{header}"', start + "int main() {", "    Tally tally;", *(f"    {c};" for c in calls), "}", ""]
    try:
        program = compiled("\n".join(text), [*FLAGS, "-O0"], [*ISOBIT, *include, SUBJECT], link=libraries)
    except DoesNotCompile as error:
        wrong = [line for line in str(error).splitlines() if "error" in line or "undefined" in line]
        raise OracleError(f"{header} does not compile:\n" + "\n".join(wrong[:10])) from None
    ran = subprocess.run([str(program)], capture_output=True, text=True, timeout=TIMEOUT_S)
    if ran.returncode:
        raise OracleError(f"{header} ends with status {ran.returncode}: {ran.stderr[-500:]}")
    compared, differing, rows = {}, {}, []
    for line in ran.stdout.splitlines():
        kind, *parts = line.split("\t")
        if kind == "T":
            compared[parts[0]], differing[parts[0]] = int(parts[1]), int(parts[2])
        elif kind == "M":
            rows.append(parts)
    return Opinion(compared, differing, rows)
