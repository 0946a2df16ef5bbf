"""Built emulator libraries (``.so``): what the ELF file says, and what loading several of them does."""

from isobit.libraries.elf import Library, Symbol, read_library

__all__ = ["Library", "Symbol", "read_library"]
