"""Read ``defines.h`` and ``parameters.h``: what they declare."""

from __future__ import annotations

import re
from collections.abc import Mapping

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.firmware.cpp.expressions import value_of
from isobit.frontends.firmware.cpp.structs import Config, Declarations, Kind, Value
from isobit.frontends.firmware.cpp.tokens import Reader, Token, joined, tokenise

__all__ = ["read_declarations"]

#: What says of which array a member is another name.
_REFERENCE = re.compile(r"const (\w+)::(\w+)\(&\1::(\w+)\)\[(\d+)\]")
#: Enumerators that a struct has from its base.
_ENUMERATORS: Mapping[str, Mapping[str, Value]] = {
    "nnet::garnet_config": {name: name for name in ("no_collapse", "collapse_mean", "collapse_max")}
}
#: Numbers below are finite as ``float``.
_LARGEST = 3e38


def read_declarations(root: str, files: Mapping[str, bytes]) -> Declarations:
    """Read ``firmware/defines.h`` and ``firmware/parameters.h``.

    Raises
    ------
    UnsupportedError
        For a file that is missing, and for what hls4ml does not write, with file and line.
    """
    found = Declarations()
    for name in ("firmware/defines.h", "firmware/parameters.h"):
        if name not in files:
            raise UnsupportedError(f"{root}/{name} is missing")
        path = f"{root}/{name}"
        _File(Reader(path, tokenise(path, files[name], found.constants)), found).read()
    return found


class _File:
    """One header on its way into declarations."""

    def __init__(self, reader: Reader, found: Declarations) -> None:
        self.reader, self.found = reader, found
        self.arrays: dict[str, tuple[Value, ...]] = {}

    def read(self) -> None:
        reader, depth = self.reader, 0
        while reader.next.kind != "end":
            if reader.accept("namespace"):
                reader.name()
                reader.expect("{")
                depth += 1
            elif depth and reader.accept("}"):
                depth -= 1
            elif reader.next.text == "typedef":
                self._typedef()
            elif reader.next.text == "struct":
                self._struct()
            elif reader.next.text in ("const", "unsigned"):
                self._definition()
            else:
                reader.fail(reader.next, f"{reader.next.text!r} where a declaration was expected")
        if depth:
            reader.fail(reader.next, "a namespace is not closed")

    # -- types -------------------------------------------------------------------------------------------------------

    def _typedef(self) -> None:
        reader = self.reader
        first = reader.expect("typedef")
        if reader.next.text == "struct":
            kind = self._parts(first)
        else:
            tokens = reader.until(";")
            if len(tokens) < 2 or tokens[-1].kind != "name":
                reader.fail(first, "a typedef without a name")
            name, where = tokens[-1].text, f"{reader.path}:{first.line}"
            packet, text = self._packet(tokens[:-1], where)
            kind = Kind(name, self.found.format_of(text, where).type, packet)
        reader.expect(";")
        if self.found.kinds.setdefault(kind.name, kind) != kind:
            reader.fail(first, f"{kind.name!r} is defined twice")

    def _packet(self, tokens: list[Token], where: str) -> tuple[int | None, str]:
        """Numbers in a packet, and the text of their type."""
        if joined(tokens[:4]) != "nnet::array<":
            return None, joined(tokens)
        inner = Reader(self.reader.path, [*tokens[4:-1], Token("end", "", tokens[-1].line)])
        text = joined(inner.until(","))
        inner.expect(",")
        size = self._number(inner, {})
        if inner.next.kind != "end" or not isinstance(size, int) or size < 1 or tokens[-1].text != ">":
            raise UnsupportedError(f"{where}: {joined(tokens)!r} is not understood")
        return size, text

    def _parts(self, first: Token) -> Kind:
        """A struct of two or three numbers, as hls4ml writes for weights that are stored otherwise."""
        reader, parts = self.reader, dict[str, FixedType]()
        reader.expect("struct")
        name = reader.name()
        reader.expect("{")
        while not reader.accept("}"):
            tokens = reader.until(";")
            reader.expect(";")
            if len(tokens) < 2 or tokens[-1].text in parts:
                reader.fail(first, f"the struct {name!r}")
            where = f"{reader.path}:{tokens[0].line}"
            parts[tokens[-1].text] = self.found.format_of(joined(tokens[:-1]), where).type
        if reader.name() != name or tuple(parts) not in (("row_index", "col_index", "weight"), ("sign", "weight")):
            reader.fail(first, f"the struct {name!r}")
        return Kind(name, parts["weight"], None, parts)

    # -- structs -----------------------------------------------------------------------------------------------------

    def _struct(self) -> None:
        reader = self.reader
        first = reader.expect("struct")
        name = reader.name()
        base = reader.name() if reader.accept(":") else ""
        if name in self.found.configs or name in self.found.kinds:
            reader.fail(first, f"{name!r} is defined twice")
        config = Config(name, base, f"{reader.path}:{first.line}")
        reader.expect("{")
        while not reader.accept("}"):
            self._member(config)
        reader.expect(";")
        self.found.configs[name] = config

    def _member(self, config: Config) -> None:
        reader, first = self.reader, self.reader.next
        if reader.accept("typedef"):
            tokens = reader.until(";")
            name = tokens[-1].text if len(tokens) > 1 else ""
            self._new(config, name, first)
            config.types[name] = joined(tokens[:-1])
        elif reader.accept("template"):
            given = self._template_list()
            reader.expect("using")
            name = reader.name()
            reader.expect("=")
            self._new(config, name, first)
            config.templates[name] = reader.name()
            if (taken := self._template_list()) != [part.split()[-1] for part in given]:
                reader.fail(first, f"{name} with the arguments {', '.join(taken)}, in another order than its own")
        else:
            if reader.accept("constexpr"):
                reader.expect("static", "auto")
                name = reader.name()
                reader.expect("=")
                self._new(config, name, first)
                config.functions[name] = joined(reader.until(";"))
            else:
                self._constant(config, first)
        reader.expect(";")

    def _template_list(self) -> list[str]:
        """``<class data_T, class res_T>``, in parts."""
        reader, parts = self.reader, list[str]()
        reader.expect("<")
        while not parts or reader.accept(","):
            tokens = reader.until(",", ">")
            parts.append(" ".join(token.text for token in tokens) or "nothing")
        reader.expect(">")
        return parts

    def _constant(self, config: Config, first: Token) -> None:
        """``static const unsigned n_in = 16``, also without a value, which then follows outside of the struct."""
        reader = self.reader
        reader.expect("static")
        if not reader.accept("constexpr"):
            reader.expect("const")
        tokens = reader.until("=", ";", "[")
        if joined(tokens[-4:-2] + tokens[-1:]) == "(&)":
            self._reference(config, tokens, first)
            return
        name = tokens[-1].text if len(tokens) > 1 else ""
        self._new(config, name, first)
        config.kinds[name] = joined(tokens[:-1])
        if reader.accept("["):
            reader.until("]")
            reader.expect("]")
            if tokens[0].text == "ap_uint":
                config.kinds[name] = self._masks(tokens[:-1], config)
            if reader.accept("="):
                config.arrays[name] = self._list()
                self._same_numbers(config, name, first)
        elif name == "multiplier_limit":  # of directives alone
            reader.until(";")
        elif reader.accept("="):
            config.values[name] = self._number(reader, {**_ENUMERATORS.get(config.base, {}), **config.values})
            self._same_kind(config, name, first)

    def _reference(self, config: Config, tokens: list[Token], first: Token) -> None:
        """``static const weight_t (&weights)[12]``, whose array follows outside of the struct."""
        name = tokens[-2].text
        self._new(config, name, first)
        self.reader.expect("[")
        length = self._number(self.reader, {})
        self.reader.expect("]")
        if type(length) is not int or length < 1:
            self.reader.fail(first, f"the length {length!r}")
        config.references[name] = (joined(tokens[:-4]), length, "")

    def _refer(self, found: re.Match[str], first: Token) -> None:
        """``const config3::weight_t (&config3::weights)[12] = w3;``, up to the array."""
        owner, kind, name, length = found.groups()
        array = self.reader.name()
        self.reader.expect(";")
        config = self.found.configs.get(owner)
        if config is None or config.references.get(name) != (kind, int(length), ""):
            self.reader.fail(first, f"{owner}::{name} as a reference to {array!r}")
        config.references[name] = (kind, int(length), array)

    def _same_kind(self, config: Config, name: str, first: Token) -> None:
        """Refuse a constant that becomes another number in its type: ``static const bool n_in = 16`` is one.

        Types of numbers (``slope_t``) round what they are given as the layers do.
        """
        kind, value = config.kinds[name], config.values[name]
        if kind in ("unsigned", "int"):
            right = isinstance(value, str) or (type(value) is int and -(1 << 31) <= value < 1 << 32)
        elif kind == "bool":
            right = isinstance(value, bool)
        elif kind == "float":
            right = type(value) in (int, float) and abs(value) < _LARGEST  # type: ignore[arg-type]
        elif kind.startswith("nnet::"):
            right = isinstance(value, str)
        else:
            self.found.format_of(kind, config.place)
            right = type(value) in (int, float) and abs(value) < _LARGEST  # type: ignore[arg-type]
        if not right:
            self.reader.fail(first, f"the {kind} {config.name}::{name} with the value {value!r}")

    def _masks(self, tokens: list[Token], config: Config) -> str:
        """The type of an array of masks, ``ap_uint<filt_height * filt_width>``, with its width as a number."""
        inner = Reader(self.reader.path, [*tokens[2:-1], Token("end", "", tokens[-1].line)])
        width = self._number(inner, config.values)
        if inner.next.kind != "end" or type(width) is not int:
            self.reader.fail(tokens[0], f"the type {joined(tokens)!r}")
        return f"ap_uint<{width}>"

    def _same_numbers(self, config: Config, name: str, first: Token) -> None:
        """Refuse an array whose numbers become others in its type, as :meth:`_same_kind` does.

        Masks wrap, as AMD's ``ap_uint`` does with an ``int``: hls4ml up to 1.0.0 wrote 9 for 3 bits.
        """
        kind, values = config.kinds.get(name, ""), config.arrays[name]
        width = 32 if kind in ("unsigned", "unsigned*const") else 0
        if kind.startswith("ap_uint<"):
            width = int(kind[len("ap_uint<") : -1])
        wrong = [value for value in values if type(value) is not int or not 0 <= value < 1 << 31]
        if wrong or width < 1:
            self.reader.fail(first, f"the {kind} {config.name}::{name}[] with the value {(wrong or values)[0]!r}")
        config.arrays[name] = tuple(value % (1 << width) for value in values)

    def _new(self, config: Config, name: str, first: Token) -> None:
        if not name.isidentifier() or name in config.members():
            self.reader.fail(first, f"the member {name!r} of {config.name}")

    def _definition(self) -> None:
        """Arrays, and members whose values are outside of their struct."""
        reader, first = self.reader, self.reader.next
        tokens = reader.until("=")
        reader.expect("=")
        if found := _REFERENCE.fullmatch(joined(tokens)):
            self._refer(found, first)
            return
        array = tokens[-1].text == "]"
        if array:
            while tokens.pop().text != "[":
                pass
        name = tokens[-1].text
        owner = tokens[-3].text if len(tokens) > 2 and tokens[-2].text == "::" else ""
        if owner and owner not in self.found.configs:
            reader.fail(first, f"{owner!r} has not been declared")
        if array:
            values = self._list()
            reader.expect(";")
            if owner:
                self._once(owner, name, first)
                self.found.configs[owner].arrays[name] = values
                self._same_numbers(self.found.configs[owner], name, first)
            elif {token.text for token in tokens[:-1]} <= {"const", "unsigned"}:
                self.arrays[name] = values
            else:
                reader.fail(first, f"the array {name!r} of {joined(tokens[:-1])!r}")
            return
        if not owner:
            reader.fail(first, f"the variable {name!r}")
        config = self.found.configs[owner]
        self._once(owner, name, first)
        if reader.next.text in self.arrays:
            config.arrays[name] = self.arrays[reader.take().text]
            self._same_numbers(config, name, first)
        else:
            config.values[name] = self._number(reader, config.values)
            config.kinds.setdefault(name, joined([token for token in tokens[:-3] if token.text != "const"]))
            self._same_kind(config, name, first)
        reader.expect(";")

    def _once(self, owner: str, name: str, first: Token) -> None:
        config = self.found.configs[owner]
        if name in config.values or name in config.arrays:
            self.reader.fail(first, f"{owner}::{name} is defined twice")

    def _list(self) -> tuple[Value, ...]:
        self.reader.expect("{")
        values = []
        while not self.reader.accept("}"):
            values.append(self._number(self.reader, {}))
            if self.reader.next.text != "}":
                self.reader.expect(",")
        return tuple(values)

    # -- constants ---------------------------------------------------------------------------------------------------

    def _number(self, reader: Reader, names: Mapping[str, Value]) -> Value:
        """The value of a constant expression: ``DIV_ROUNDUP(n_in * n_out, reuse_factor) - n_zeros / reuse_factor``."""
        return value_of(reader, {**self.found.constants, **names})
