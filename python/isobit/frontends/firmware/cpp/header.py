"""The header of a project's top function."""

from __future__ import annotations

from isobit.errors import UnsupportedError
from isobit.frontends.firmware.cpp.tokens import Reader, tokenise

__all__ = ["check_header"]


def check_header(path: str, name: str, content: bytes) -> None:
    """Check that ``firmware/<project>.h`` declares the top function and nothing that could change it.

    Raises
    ------
    UnsupportedError
        For another declaration or directive, with file and line.
    """
    known: dict[str, int] = {}
    reader, depth = Reader(path, tokenise(path, content, known)), 0
    if known:
        raise UnsupportedError(f"{path} defines {min(known)!r}; hls4ml defines names in defines.h")
    while reader.next.kind != "end":
        if reader.accept("namespace"):
            reader.name()
            reader.expect("{")
            depth += 1
        elif depth and reader.accept("}"):
            depth -= 1
        elif reader.accept("void"):
            if reader.name() != name:
                reader.fail(reader.next, f"another function than {name!r}")
            reader.until(";")
            reader.expect(";")
        elif reader.accept("inline"):  # a function of its own for emulators
            reader.expect("void")
            reader.name()
            reader.until("{")
            reader.expect("{")
            reader.until("}")
            reader.expect("}")
        else:
            reader.fail(reader.next, f"{reader.next.text!r} where a declaration was expected")
