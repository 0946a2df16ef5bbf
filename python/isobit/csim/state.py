"""Which variables of a compiled design keep their value from event to event.

Function-local statics and global variables are found in the program's symbol table: whatever was compiled in, through
whatever template, is there, and what the optimiser removed is no state. What the bridge, the header set and the C++
library bring along is found in the same way, in a program of the same bridge that calls nothing, and subtracted; no
name of a user's is ever judged by how it looks.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

__all__ = ["BASELINE_MAIN", "UNREADABLE", "filled_once", "static_state", "symbols"]

#: The answer for a program whose symbols cannot be read, since nothing may then be assumed.
UNREADABLE = "unknown: the symbols cannot be read"

#: The program that calls nothing, but has what the header set's templates bring along.
BASELINE_MAIN = """// Written by isobit: the bridge and the header set alone.
#include "isobit_csim/kernel.hpp"
static void isobit_event(isobit_csim::Channel &channel) {
    ap_fixed<100, 50> wide[2];
    ap_uint<8> narrow[2];
    hls::stream<ap_int<9> > plain, named("named");
    channel.in(wide, 2, "wide");
    channel.in(narrow, 2, "narrow");
    channel.in(plain, 2, "plain");
    channel.in(named, 2, "named");
    channel.tap(plain, 2, "plain");
    channel.out(plain, 2, "plain");
    channel.out(wide, 2, "wide");
    channel.out(narrow, 2, "narrow");
    std::cout << wide[0] << ap_int<100>(1).to_string(10);
}
int main(int argc, char **argv) { return isobit_csim::work(argc, argv, isobit_event); }
"""

# Sections that nobody can write to once the program runs.
_CONSTANT = re.compile(r"\.(rodata|data\.rel\.ro)(\..*)?")
# Reserved by the C++ ABI: flags of initialisation (the variable itself is listed, too), virtual tables, type names.
_OF_THE_ABI = re.compile(r"_Z(GV|T[VISTC]).*|DW\.ref\.__\w+|[^@]+@.*")
# The arguments of a kernel in its main.cpp, cleared before each event.
_ARGUMENTS = re.compile(r"_ZZL12isobit_eventRN11isobit_csim7ChannelEE(\d+a\d+|6result)")
# In several sources each has its own: std::__ioinit, and what namespaces of the header set define.
_REPEATED = re.compile(r"_ZSt\w+|_ZN\w+|_ZZN\w+")

# hls4ml's functions fill these tables at the first event and never change them.
_TABLES = {
    "sigmoid": ("sigmoid_table",),
    "softmax_latency": ("exp_table", "invert_table"),
    "softmax_stable": ("exp_table", "invert_table"),
    "softmax_legacy": ("exp_table", "invert_table"),
    "tanh": ("tanh_table",),
    "softplus": ("softplus_table",),
    "softsign": ("softsign_table",),
    "elu": ("elu_table",),
    "selu": ("selu_table", "lambda"),
    "layernorm_1d": ("invert_sqr_table",),
    "sincos_lut": ("sincos", "flag"),
    "compute_pool_encoded_2d": ("pool_table_height", "pool_table_width"),
    "compute_pool_encoded_1d": ("pool_table_width",),
    "garnet_utils::compute_edge_weight": ("edge_weights_table",),
    "compute_edge_weight": ("edge_weights_table",),
}
# What isobit's bridge for projects defines.
_OF_THE_BRIDGE = (
    "nnet::trace_enabled",
    "nnet::trace_outputs",
    "nnet::trace_type_size",
    "isobit_csim::current",
)


def filled_once(namespace: str | None, top: str, variables: Collection[str]) -> frozenset[str]:
    """Variables of an hls4ml project that are filled once and never change, by their full names.

    Parameters
    ----------
    namespace
        Namespace of the generated code, if it has one.
    top
        Name of the top function, which loads the weights at the first event.
    variables
        Weights, and the constant masks of convolutions (``config2::pixels``), without the namespace.
    """
    tables = {f"nnet::{function}::{name}" for function, names in _TABLES.items() for name in (*names, "initialized")}
    scope = f"{namespace}::" if namespace else ""
    return frozenset([*tables, *_OF_THE_BRIDGE, f"{scope}{top}::loaded_weights", *(scope + name for name in variables)])


def symbols(program: Path, compiler: Sequence[str]) -> list[tuple[str, str]] | None:
    """Every variable in writable memory: its symbol, and its full name without types; None if they cannot be read.

    Parameters
    ----------
    program
        The compiled design.
    compiler
        The compiler's command, which knows its ``nm``.
    """
    try:
        asked = subprocess.run([*compiler, "-print-prog-name=nm"], capture_output=True, text=True, check=False)
        command = [asked.stdout.strip() or "nm", "--defined-only", "--no-sort", "--format=sysv"]
        listed, readable = (
            subprocess.run([*command, *more, str(program)], capture_output=True, errors="replace", check=False)
            for more in ((), ("--demangle",))
        )
    except OSError:
        return None
    lines, names = listed.stdout.splitlines(), readable.stdout.splitlines()
    if listed.returncode != 0 or readable.returncode != 0 or len(lines) != len(names):
        return None
    found = []
    for line, name in zip(lines, names, strict=True):
        fields = [field.strip() for field in line.rsplit("|", 6)]
        if len(fields) == 7 and fields[3] in ("OBJECT", "TLS"):
            constant = fields[2] in "rR" or _CONSTANT.fullmatch(fields[6])
            if not constant:
                found.append((fields[0], _plain(name.rsplit("|", 6)[0].strip())))
    return found


def static_state(
    found: Sequence[tuple[str, str]] | None,
    baseline: Sequence[tuple[str, str]] | None,
    filled: Collection[str] = (),
) -> tuple[str, ...]:
    """Names of variables that outlive an event and may change: ``function::variable``, or a global one's.

    A constant that the compiler cannot compute is also in writable memory, and is named with the others: in doubt, a
    design counts as keeping state.

    Parameters
    ----------
    found, baseline
        :func:`symbols` of the design, and of the program that calls nothing.
    filled
        Full names of variables that are filled once and never change; see :func:`filled_once`.

    Returns
    -------
    The names; one that says so if the symbols cannot be read, or were stripped.
    """
    if found is None or not baseline:
        return (UNREADABLE,)
    known = Counter(symbol for symbol, _ in baseline)
    # Other instances of the templates that the baseline has.
    templates = {name for _, name in baseline if name.startswith(("hls::", "isobit::", "ap_private::"))}
    if not any(symbol in known for symbol, _ in found):
        return (UNREADABLE,)
    names = set()
    for symbol, name in found:
        if known[symbol] > 0:
            known[symbol] -= 0 if _REPEATED.fullmatch(symbol) else 1
        elif not (_OF_THE_ABI.fullmatch(symbol) or _ARGUMENTS.fullmatch(symbol) or name in templates or name in filled):
            names.add(name)
    return tuple(sorted(names))


def _plain(name: str) -> str:
    """A demangled name without types: ``void nn::f<3>(int) const::x`` is ``nn::f::x``."""
    text = re.sub(r"\[abi:\w+\]| \[clone [^]]*\]", "", name.replace("(anonymous namespace)", "{anonymous}"))
    kept, depth = [], 0
    for character in text:
        depth += character in "<("
        if depth == 0:
            kept.append(character)
        depth -= character in ">)"
        if depth < 0:
            return text
    if depth != 0:  # an operator's name
        return text
    return re.sub(r" (const|volatile|&+)(?=::)", "", "".join(kept)).rsplit(" ", 1)[-1]
