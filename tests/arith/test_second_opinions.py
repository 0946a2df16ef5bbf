"""isobit's C++ types against two other libraries: Algorithmic C for operators, SystemC for casts.

Every difference is expected by name; nothing else may differ. SystemC is no Python package: where it is not installed
(Debian: libsystemc-dev), that test says so and is skipped; .ci/run tries to install it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import second_opinions as second

SEED = 5


def algorithmic_c() -> None:
    found = second.run("against_ac.hpp", second.ac_calls(), [second.ac_types()])
    print("; ".join(f"{op}: {n} compared, {found.differing[op]} differ" for op, n in found.compared.items()))
    assert set(found.compared) == {*"+-*/%&|^<>=", "==", "!=", "<=", ">=", "-a", "~a"}
    assert sum(found.compared.values()) > 150_000
    # ~ of an unsigned number grows by a sign bit there; AMD's keeps the type.
    # -a of ap_int<1> is 0 - a with a one-bit unsigned 0: three bits by AMD's rule, two there.
    unexpected = [
        row
        for row in found.rows
        if not (row[0] == "~a" and (",u" in row[1].split(" . ")[0]))
        and not (row[0] == "-a" and row[1].startswith("int<1,s> "))
    ]
    assert not unexpected, "\n".join(map(str, unexpected[:5]))
    differing = {op for op, count in found.differing.items() if count}
    assert differing == {"-a", "~a"}, f"differ: {differing}; rows: {found.rows[:5]}"


def systemc() -> None:
    include = second.systemc()
    if include is None:
        reason = "SystemC is not installed (apt-get install libsystemc-dev): the second opinion on casts is not heard"
        print(reason)
        pytest.skip(reason)
    home = [] if include == Path("/usr/include") else [include]
    found = second.run("against_sc.hpp", second.sc_calls(), home, ("-lsystemc",))
    print("; ".join(f"{op}: {n} compared, {found.differing[op]} differ" for op, n in found.compared.items()))
    assert found.compared["cast"] > 9_000
    assert found.differing["cast"] == 0, "\n".join(map(str, found.rows[:5]))
    # B2: WRAP with N > 0 into an unsigned number makes the top bits of a negative source ones in AMD's headers.
    assert found.differing["B2"] > 0
    assert all(row[0] in ("B2", "B3") for row in found.rows)


@pytest.mark.turn(5)
@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("opinion", [algorithmic_c, systemc], ids=["Algorithmic C", "SystemC"])
def test_second_opinion(opinion: Callable[[], None]) -> None:
    opinion()
