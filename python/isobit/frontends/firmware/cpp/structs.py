"""What a project's headers declare, once read: types, configuration structs and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from isobit.errors import FormatError, UnsupportedError
from isobit.fixed.types import FixedType

__all__ = ["Config", "Declarations", "Kind", "Value"]

#: Entries of a table at most: hls4ml's have some thousands.
MOST_ENTRIES = 1 << 20
#: A constant of a struct: a number, a truth, or an enumerator's last name.
Value = int | float | bool | str


@dataclass(frozen=True)
class Kind:
    """A type by name.

    Attributes
    ----------
    name
        In C++.
    type
        Format of its numbers.
    packet
        Numbers in a packet of a stream (``nnet::array``); None outside of streams.
    parts
        Formats of a struct's members in their order, by name, for compressed weights and powers of two; else empty.
    """

    name: str
    type: FixedType
    packet: int | None = None
    parts: Mapping[str, FixedType] = field(default_factory=dict)


@dataclass
class Config:
    """A configuration struct.

    Attributes
    ----------
    name, base
        Its name, and what it is derived from ('' for nothing).
    place
        File and line, for errors.
    values
        Constants by name.
    types
        Typedefs by name, as text.
    templates
        Alias templates by name: the template that they stand for, without arguments.
    arrays
        Arrays that are members, by name.
    kinds
        Types of constants by name, as text.
    functions
        Functions that are constants (``dense_da``), by name, as text.
    references
        Members that are other names of arrays of weights, by name: the type of the numbers as text, how many there are,
        and the array.
    read
        Members that somebody asked for.
    """

    name: str
    base: str
    place: str
    values: dict[str, Value] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    references: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def fail(self, what: str) -> NoReturn:
        """Refuse the struct.

        Raises
        ------
        UnsupportedError
            With file and line.
        """
        raise UnsupportedError(f"{self.place}: {self.name} {what}")

    def _member(self, members: Mapping[str, Any], name: str, default: Any) -> Any:
        self.read.add(name)
        if name in members:
            return members[name]
        if default is None:
            self.fail(f"has no {name}")
        return default

    def number(self, name: str, default: int | None = None, least: int = -1) -> int:
        """A whole number, not below the least; a default is what the struct's base has."""
        value = self._member(self.values, name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"has the {name} {value!r}; expected a whole number")
        if not least <= value < 1 << 31:
            self.fail(f"has the {name} {value}; expected {least} to {(1 << 31) - 1}")
        return value

    def extent(self, name: str, default: int | None = None) -> int:
        """A number that counts something, at least 1."""
        if (value := self.number(name, default)) < 1:
            self.fail(f"has the {name} {value}; expected 1 or more")
        return value

    def entries(self, name: str, default: int | None = None) -> int:
        """How long a table is."""
        if (value := self.extent(name, default)) > MOST_ENTRIES:
            self.fail(f"has the {name} {value}; expected 1 to {MOST_ENTRIES}")
        return value

    def real(self, name: str) -> float:
        """A number that may have a fraction."""
        value = self._member(self.values, name, None)
        if isinstance(value, bool | str):
            self.fail(f"has the {name} {value!r}; expected a number")
        return float(value)

    def word(self, name: str, default: str | None = None) -> str:
        """An enumerator, without what qualifies it."""
        value = self._member(self.values, name, default)
        if not isinstance(value, str):
            self.fail(f"has the {name} {value!r}; expected an enumerator")
        return value

    def truth(self, name: str, default: bool | None = None) -> bool:
        """A truth."""
        value = self._member(self.values, name, default)
        if not isinstance(value, bool):
            self.fail(f"has the {name} {value!r}; expected true or false")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A typedef."""
        return str(self._member(self.types, name, default))

    def template(self, name: str, default: str | None = None) -> str:
        """What an alias template stands for."""
        return str(self._member(self.templates, name, default))

    def function(self, name: str) -> str:
        """A function that is a constant."""
        return str(self._member(self.functions, name, None))

    def array(self, name: str) -> tuple[Value, ...]:
        """A member array's numbers."""
        found: tuple[Value, ...] = self._member(self.arrays, name, None)
        return found

    def reference(self, name: str) -> tuple[str, int, str]:
        """What a member that is another name of an array says: its type, its length and the array."""
        found: tuple[str, int, str] = self._member(self.references, name, None)
        if not found[2]:
            self.fail(f"has the reference {name} to nothing")
        return found

    def members(self) -> set[str]:
        """The names of all members."""
        return {
            *self.values,
            *self.types,
            *self.templates,
            *self.arrays,
            *self.functions,
            *self.kinds,
            *self.references,
        }


@dataclass
class Declarations:
    """Everything that both headers declare.

    Attributes
    ----------
    kinds
        Types by name.
    configs
        Configuration structs by name.
    constants
        Names of ``#define`` as whole numbers.
    """

    kinds: dict[str, Kind] = field(default_factory=dict)
    configs: dict[str, Config] = field(default_factory=dict)
    constants: dict[str, int] = field(default_factory=dict)

    def format_of(self, text: str, where: str) -> Kind:
        """The type that a text means, a name or written out.

        Raises
        ------
        UnsupportedError
            For another.
        """
        if text in self.kinds:
            return self.kinds[text]
        try:
            return Kind(text, FixedType.parse(text))
        except FormatError:
            raise UnsupportedError(
                f"{where}: the type {text!r} is not understood; understood are ap_[u]fixed, ap_[u]int and the types of "
                "defines.h"
            ) from None
