"""The top function of a project: its tensors, and its calls in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from isobit.errors import UnsupportedError
from isobit.frontends.firmware.cpp.expressions import value_of
from isobit.frontends.firmware.cpp.tokens import Reader, Token, joined, tokenise

__all__ = ["Array", "Call", "Loaded", "Top", "read_top"]


@dataclass(frozen=True)
class Array:
    """A tensor of the top function: an array, a stream, or another name of one.

    Attributes
    ----------
    name, kind
        Its name and the name of its type; of an alias ''.
    shape
        Its extents as they are written (``10*20``); None for streams and aliases.
    alias
        Of what it is another name.
    line
        Where it is declared.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    alias: str | None
    line: int


@dataclass(frozen=True)
class Call:
    """A call of a layer's function.

    Attributes
    ----------
    function
        With what qualifies it: ``nnet::dense``.
    templates, arguments
        Template arguments and arguments, as text.
    layer
        The layer's name, from hls4ml's comment or trace; '' if there is none.
    place
        File and line, for errors.
    line
        Line of its end.
    loop
        The struct whose ``n_time_steps`` counts the steps of the loop around it; '' outside of loops.
    """

    function: str
    templates: tuple[str, ...]
    arguments: tuple[str, ...]
    layer: str
    place: str
    line: int
    loop: str = ""

    @property
    def text(self) -> str:
        """The statement."""
        templates = f"<{', '.join(self.templates)}>" if self.templates else ""
        return f"{self.function}{templates}({', '.join(self.arguments)});"

    @property
    def kernel(self) -> str:
        """The function's name alone."""
        return self.function.rpartition("::")[2]


@dataclass(frozen=True)
class Loaded:
    """Weights that a C-simulation reads from a text file.

    Attributes
    ----------
    how
        ``""``, ``compressed`` or ``exponent``.
    kind, count, name, file
        The type of the array, its length, its name, and the file.
    """

    how: str
    kind: str
    count: int
    name: str
    file: str


@dataclass
class Top:
    """A project's top function.

    Attributes
    ----------
    parameters, arrays
        Those of its signature in order, and its own, by name.
    calls
        In order.
    loaded
        Weights by array name.
    traced
        Names of tensors that the source hands to ``save_layer_output``.
    sizes
        Parameters of hls4ml 0.6.0 that take numbers of elements.
    """

    parameters: dict[str, Array] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    loaded: dict[str, Loaded] = field(default_factory=dict)
    traced: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)


_LOAD = re.compile(r"nnet::load_(?:(compressed|exponent)_)?weights_from_txt")


def read_top(path: str, name: str, content: bytes, constants: Mapping[str, int]) -> Top:
    """Read ``firmware/<project>.cpp``.

    Parameters
    ----------
    path, name, content
        The file, the function's name, and the source.
    constants
        Names of whole numbers (``N_LAYER_2``).

    Raises
    ------
    UnsupportedError
        For anything but declarations of tensors, the loading of weights, and calls; with file and line.
    """
    known: dict[str, int] = {}
    reader = Reader(path, tokenise(path, content, known))
    if known:
        raise UnsupportedError(f"{path} defines {min(known)!r}; hls4ml defines names in defines.h")
    return _Function(reader, name, constants).read()


class _Function:
    def __init__(self, reader: Reader, name: str, constants: Mapping[str, int]) -> None:
        self.reader, self.name, self.constants = reader, name, constants
        self.top = Top()

    def read(self) -> Top:
        reader, depth = self.reader, 0
        while not reader.accept("void"):
            reader.expect("namespace")
            reader.name()
            reader.expect("{")
            depth += 1
        if reader.name() != self.name:
            reader.fail(reader.next, f"another function than {self.name!r}")
        reader.expect("(")
        while not reader.accept(")"):
            self._parameter()
            if reader.next.text != ")":
                reader.expect(",")
        reader.expect("{")
        while not reader.accept("}"):
            self._statement()
        for _ in range(depth):
            reader.expect("}")
        if reader.next.kind != "end":
            reader.fail(reader.next, f"{reader.next.text!r} behind the function {self.name!r}")
        return self.top

    def _new(self, array: Array, token: Token) -> None:
        if array.name in {*self.top.arrays, *self.top.parameters, *self.top.sizes}:
            self.reader.fail(token, f"{array.name!r} is defined twice")

    def _parameter(self) -> None:
        reader, first = self.reader, self.reader.next
        reader.accept("const")
        kind = reader.name()
        if kind == "unsigned":
            reader.expect("short", "&")
            array = Array(reader.name(), kind, None, None, first.line)
            self._new(array, first)
            self.top.sizes.add(array.name)
            return
        if kind == "hls::stream":
            array = Array("", self._stream(), None, None, first.line)
            reader.expect("&")
            array = Array(reader.name(), array.kind, None, None, first.line)
        else:
            array = Array(reader.name(), kind, self._extents(), None, first.line)
        self._new(array, first)
        self.top.parameters[array.name] = array

    def _stream(self) -> str:
        self.reader.expect("<")
        kind = self.reader.name()
        self.reader.expect(">")
        return kind

    def _extents(self) -> tuple[int, ...]:
        """``[10*20]``."""
        self.reader.expect("[")
        extents = self._product()
        self.reader.expect("]")
        return extents

    def _product(self) -> tuple[int, ...]:
        """``10*20``."""
        reader, extents = self.reader, list[int]()
        while True:
            found = value_of(Reader(reader.path, [reader.take(), Token("end", "", reader.next.line)]), self.constants)
            if type(found) is not int or not 0 < found < 1 << 28:
                reader.fail(reader.next, f"the extent {found!r}")
            extents.append(found)
            if not reader.accept("*"):
                break
        return tuple(extents)

    def _statement(self) -> None:
        reader, first = self.reader, self.reader.next
        if reader.accept("static"):
            if self.top.calls:
                reader.fail(first, "weights that are loaded behind a call")
            # static bool loaded_weights = false; if (!loaded_weights) { ...
            reader.expect("bool", "loaded_weights", "=", "false", ";", "if", "(", "!", "loaded_weights", ")", "{")
            while not reader.accept("loaded_weights"):
                self._load()
            reader.expect("=", "true", ";", "}")
            return
        if reader.accept("for"):
            self._loop(first)
            return
        if reader.accept("auto"):
            reader.expect("&")
            name = reader.name()
            reader.expect("=")
            array = Array(name, "", None, reader.name(), first.line)
            if array.alias not in self.top.arrays and array.alias not in self.top.parameters:
                reader.fail(first, f"{array.alias!r} has not been declared")
        else:
            name = reader.name()
            if name in self.top.sizes:  # const_size_in_1 = N_INPUT_1_1*N_INPUT_2_1;
                reader.expect("=")
                self._product()
                reader.expect(";")
                return
            if name == "hls::stream":
                kind = self._stream()
                array = Array(reader.name(), kind, None, None, first.line)
                reader.expect("(")
                reader.until(")")
                reader.expect(")")
            elif reader.next.text in ("<", "("):
                self._call(name, first)
                return
            else:
                array = Array(reader.name(), name, self._extents(), None, first.line)
        reader.expect(";")
        self._new(array, first)
        self.top.arrays[array.name] = array

    def _loop(self, first: Token) -> None:
        """``for (int ts = 0; ts < config2::n_time_steps; ts++) { ... } // layer``, which reads, computes and writes."""
        reader, before = self.reader, len(self.top.calls)
        reader.expect("(", "int", "ts", "=", "0", ";", "ts", "<")
        struct, _, count = reader.name().rpartition("::")
        reader.expect(";", "ts", "+", "+", ")", "{")
        while reader.next.text != "}":
            start = reader.next
            name = reader.name()
            if name == "for" or reader.next.text not in ("<", "("):
                reader.fail(start, f"{name!r} in a loop over steps")
            self._call(name, start)
        last = reader.expect("}")
        calls = [replace(call, loop=struct) for call in self.top.calls[before:]]
        ends = [place for place, call in enumerate(calls) if re.fullmatch("(read|write)_time_step_.*", call.kernel)]
        if count != "n_time_steps" or len(calls) < 2 or ends != [0, len(calls) - 1]:
            reader.fail(first, "a loop that does not read one step first and write it last")
        calls[-1] = replace(calls[-1], layer=self._named_on(last.line), line=last.line)
        self.top.calls[before:] = calls

    def _named_on(self, line: int) -> str:
        """The layer's name in the comment behind a statement."""
        layer = self.reader.comment_on(line)
        return layer if re.fullmatch(r"\w[\w./:-]*", layer) else ""

    def _load(self) -> None:
        reader, first = self.reader, self.reader.next
        found = _LOAD.fullmatch(reader.name())
        if found is None:
            reader.fail(first, "not the loading of weights")
        templates, arguments = self._list("<", ">"), self._list("(", ")")
        reader.expect(";")
        if len(templates) != 2 or len(arguments) != 2 or not templates[1].isdigit() or arguments[1][:1] != '"':
            reader.fail(first, "this loading of weights")
        name, file = arguments[0], arguments[1][1:-1]
        if name in self.top.loaded or not re.fullmatch(r"[\w.]+", file):
            reader.fail(first, f"the loading of {name!r} from {file!r}")
        self.top.loaded[name] = Loaded(found[1] or "", templates[0], int(templates[1]), name, file)

    def _list(self, begin: str, end: str) -> tuple[str, ...]:
        reader = self.reader
        if not reader.accept(begin):
            return ()
        found = []
        while not reader.accept(end):
            found.append(joined(reader.until(",", end)))
            if reader.next.text != end:
                reader.expect(",")
        return tuple(found)

    def _call(self, name: str, first: Token) -> None:
        reader = self.reader
        templates, arguments = self._list("<", ">"), self._list("(", ")")
        last = reader.expect(";")
        if name == "nnet::save_layer_output":
            self.top.traced.add(arguments[0] if arguments else "")
            if self.top.calls and len(arguments) == 3 and not self.top.calls[-1].layer:
                call = self.top.calls[-1]
                self.top.calls[-1] = replace(call, layer=arguments[1].strip('"'))
            return
        layer = self._named_on(last.line)
        self.top.calls.append(Call(name, templates, arguments, layer, f"{reader.path}:{first.line}", last.line))
