"""Names in C++ for the layers and tensors of a network, which may be called anything."""

from __future__ import annotations

import re

from isobit.errors import FormatError

__all__ = ["Names", "top_name"]

#: Words that C++14 keeps for itself, and global names that the generated sources or C libraries use.
_WORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class compl const
const_cast constexpr continue decltype default delete do double dynamic_cast else enum explicit export extern false
float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq
private protected public register reinterpret_cast return short signed sizeof static static_assert static_cast
struct switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void
volatile wchar_t while xor xor_eq main std isobit kernels hls golden data results numbers arith shape pattern slice high
low NULL INLINE
"""
_TAKEN = frozenset(_WORDS.split())
_TOP = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


class Names:
    """Hands out identifiers, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """The identifier nearest to a name that is still free: other characters become ``_``, a number follows."""
        text = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9]", "_", wanted)).strip("_") or "x"
        if text[0].isdigit():
            text = f"n{text}"
        found, number = text, 2
        while found in _TAKEN or found in self._taken:
            found, number = f"{text}_{number}", number + 1
        self._taken.add(found)
        return found


def top_name(name: str) -> str:
    """A top function's name, checked.

    Raises
    ------
    FormatError
        For a name that C++, a file system or Vitis would not take.
    """
    if not _TOP.fullmatch(name) or name in _TAKEN or "__" in name or name.endswith("_"):
        raise FormatError(
            f"{name!r} cannot name a top function; expected a letter, then letters, digits and single underscores "
            "(63 characters at most), and no word of C++"
        )
    return name
