"""Names in C++ for the layers and tensors of a network, which may have any name.

Names given here never end in an underscore. The generated sources' own locals, parameters and constants do
(``event_``, ``events_``), and types are written with their namespace, so that names cannot collide. Names that could
still collide are reserved: words of the language, macros, and for top functions everything else that is global.
"""

from __future__ import annotations

import re

from isobit.cpp_words import LANGUAGE, MACROS, is_of_a_family
from isobit.errors import FormatError

__all__ = ["Names", "as_top_name", "in_comment", "top_name"]

#: Namespaces that the generated sources use, the program's entry, and locals of the layers' functions.
_SOURCES = """
main std isobit isobit_tb kernels hls hls4mlEmulator data results numbers arith shape pattern slice high low
"""
#: Other names in the global namespace, which a top function cannot have: types and variables.
_GLOBALS = """
AESL_std CHAR_IS_SIGNED DIR FILE MAX_INT_BITS MIN_INT_BITS af_bit_ref af_range_ref daylight environ fd_mask fd_set
getdate_err half optarg opterr optind optopt program_invocation_name program_invocation_short_name retval signgam
timezone tzname u_char u_int u_long u_short uint ulong ushort valtype
"""
#: Words of Verilog (IEEE 1364-2005) that are none of C++: the top function becomes a module of its name.
_HARDWARE = """
always assign automatic begin buf bufif0 bufif1 casex casez cell cmos config deassign defparam design disable edge end
endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable endtask event force forever fork
function generate genvar highz0 highz1 ifnone incdir include initial inout input instance integer join large liblist
library localparam macromodule medium module nand negedge nmos nor noshowcancelled notif0 notif1 output parameter pmos
posedge primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release
repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled small specify specparam strong0 strong1 supply0
supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand
weak0 weak1 wire wor xnor
"""
_TAKEN = LANGUAGE | MACROS | frozenset(_SOURCES.split())
_NO_TOP = frozenset((_GLOBALS + _HARDWARE).split())
_TOP = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def _reserved(name: str) -> bool:
    return name in _TAKEN or is_of_a_family(name)


class Names:
    """Hands out identifiers, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """The identifier nearest to a name that is still free: other characters become ``_``, a number follows."""
        text = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9]", "_", wanted)).strip("_") or "x"
        if text[0].isdigit():
            text = f"n{text}"
        if is_of_a_family(text):
            text = f"x_{text}"  # a number would not lead out of it: M_PI_2 is a macro, too
        found, number = text, 2
        while found in self._taken or _reserved(found):
            found, number = f"{text}_{number}", number + 1
        self._taken.add(found)
        return found


def top_name(name: str) -> str:
    """A top function's name, checked.

    Raises
    ------
    FormatError
        For a name that C++, a file system or Verilog would not accept.
    """
    if not _TOP.fullmatch(name) or "__" in name or name.endswith("_"):
        raise FormatError(
            f"{name!r} cannot name a top function; expected a letter, then letters, digits and single underscores "
            "(63 characters at most)"
        )
    # Names that end in _t are types of POSIX, present or future.
    if _reserved(name) or name.endswith("_t") or name in _NO_TOP:
        raise FormatError(
            f"{name!r} cannot name a top function: it is a word, a macro or a global name of C++ or Verilog; "
            "expected another name"
        )
    return name


def as_top_name(text: str) -> str:
    """The name of a top function nearest to a text: other characters become ``_``; what is reserved gets ``_net``."""
    name = Names().take(text)[:55].strip("_")
    try:
        return top_name(name)
    except FormatError:
        return top_name(f"{name}_net")


def in_comment(name: str) -> str:
    """A name in a form that a C++ comment can contain."""
    return re.sub(r"[^ -~]|\\", "?", name)
