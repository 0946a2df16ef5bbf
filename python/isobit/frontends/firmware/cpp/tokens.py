"""C++ as hls4ml writes it, in tokens: a strict reader that refuses with file and line whatever it does not know.

No macro is expanded. Of the preprocessor only what hls4ml writes is understood: includes, include guards, pragmas,
``#define`` of a whole number (hls4ml before 1.0), and ``#ifndef __SYNTHESIS__``, of which the branch of the
C-simulation is taken. So nothing that is read here can mean something else to a compiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from isobit.errors import UnsupportedError

__all__ = ["Reader", "Token", "joined", "tokenise"]

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\f\v]+)|(?P<line>\n)|(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<directive>#(?:[^\n\\]|\\.)*)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[uUlLfF]*(?!\w))"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<mark>::|==|&&|\|\||[-+*/%<>=(){}\[\],;:&?.!])',
    re.DOTALL,
)
#: What joins lines where nobody would look: a comment that ends in a backslash, and a trigraph that is one.
_SPLICED = re.compile(r"//[^\n]*\\[ \t\r\f\v]*\n|\?\?/")
_PRAGMA = re.compile(r"#\s*pragma\s+(?:HLS|hls|once)\b")
_GUARD = re.compile(r"#\s*ifndef\s+(\w+)\s*")
_DEFINE = re.compile(r"#\s*define\s+(\w+)(?:\s+(\d+))?\s*")
_INCLUDE = re.compile(
    r'#\s*include\s*(?:"(?:nnet_utils/|weights/)?\w+\.h"|<(?:array|cstddef|cstdio|iostream|stdfloat|tuple)>)\s*(?://.*)?'
)
#: The macro that is defined in synthesis alone.
_SYNTHESIS = "__SYNTHESIS__"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes
    ----------
    kind
        ``name``, ``number``, ``text`` (with its quotes), ``mark``, ``pragma``, ``comment`` or ``end``.
    text
        As written.
    line
        Number of its line, from 1.
    """

    kind: str
    text: str
    line: int


def tokenise(path: str, content: bytes, constants: dict[str, int] | None = None) -> list[Token]:
    """The tokens that a C-simulation sees, comments included.

    Parameters
    ----------
    path, content
        The file.
    constants
        Takes the names that ``#define`` gives to whole numbers.

    Raises
    ------
    UnsupportedError
        For a directive or a character that hls4ml does not write, with file and line.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnsupportedError(f"{path}:{line}: byte {content[error.start]:#04x} is no UTF-8 text") from None
    if spliced := _SPLICED.search(text):
        line = text[: spliced.start()].count("\n") + 1
        raise UnsupportedError(f"{path}:{line}: {spliced[0][:40].strip()!r} goes on in the next line")
    return list(_seen(path, text, constants if constants is not None else {}))


def _seen(path: str, text: str, constants: dict[str, int]) -> Iterator[Token]:
    line, position, begins = 1, 0, True
    open_: list[bool] = []  # for each condition, whether its branch is compiled
    guards: set[str] = set()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            shown = text[position : position + 20].partition("\n")[0]
            raise UnsupportedError(f"{path}:{line}: {shown!r} is not C++ as hls4ml writes it")
        kind, part = str(found.lastgroup), found[0]
        if kind == "directive":
            if not begins:
                raise UnsupportedError(f"{path}:{line}: {part[:40]!r} is not at the beginning of its line")
            directive = _directive(path, line, part.replace("\\\n", " "), open_, guards, constants)
            if directive is not None and all(open_):
                yield Token("pragma", directive, line)
        elif kind not in ("space", "line") and all(open_):
            yield Token(kind, part, line)
        begins = kind == "line" or (begins and kind == "space")
        line += part.count("\n")
        position = found.end()
    if open_:
        raise UnsupportedError(f"{path}:{line}: an #ifndef has no #endif")
    yield Token("end", "", line)


def _directive(
    path: str, line: int, text: str, open_: list[bool], guards: set[str], constants: dict[str, int]
) -> str | None:
    """Follow a directive; gives the text of a pragma."""
    what = text.partition("//")[0].strip()
    if "/*" in what:
        raise UnsupportedError(f"{path}:{line}: {what[:40]!r} begins a comment in a directive")
    if _PRAGMA.match(what):
        return what
    if _INCLUDE.fullmatch(text.strip()):
        return None
    if (found := _GUARD.fullmatch(what)) is not None:
        if found[1] != _SYNTHESIS:
            if open_ or guards:
                raise UnsupportedError(f"{path}:{line}: {what!r} is not understood; only one include guard is")
            guards.add(found[1])
        open_.append(True)
        return None
    if (found := _DEFINE.fullmatch(what)) is not None:
        name, number = found[1], found[2]
        if number is None and name in guards:
            return None
        if number is not None and name not in guards and constants.setdefault(name, int(number)) == int(number):
            return None
    elif re.fullmatch(r"#\s*else", what) and open_ and open_[-1] and (len(open_) > 1 or not guards):
        open_[-1] = False
        return None
    elif re.fullmatch(r"#\s*endif", what) and open_:
        open_.pop()
        return None
    raise UnsupportedError(
        f"{path}:{line}: {what[:60]!r} is not understood; understood are #include, include guards, #pragma HLS, "
        f"#define of a new name as a whole number, and #ifndef {_SYNTHESIS}"
    )


class Reader:
    """Tokens one after the other.

    Parameters
    ----------
    path
        The file, for errors.
    tokens
        Its tokens; the last one is of kind ``end``.
    """

    def __init__(self, path: str, tokens: list[Token]) -> None:
        self.path = path
        self._tokens = tokens
        self._place = 0
        self.comments: list[Token] = []

    def _skip(self) -> None:
        while self._tokens[self._place].kind in ("comment", "pragma"):
            if self._tokens[self._place].kind == "comment":
                self.comments.append(self._tokens[self._place])
            self._place += 1

    def comment_on(self, line: int) -> str:
        """The text of a comment that follows on a line, or an empty one."""
        place = self._place
        while (token := self._tokens[place]).line == line and token.kind != "end":
            if token.kind == "comment" and token.text.startswith("//"):
                return token.text[2:].strip()
            place += 1
        return ""

    @property
    def next(self) -> Token:
        """The next token, which stays."""
        self._skip()
        return self._tokens[self._place]

    def take(self) -> Token:
        """The next token."""
        token = self.next
        if token.kind == "end":
            self.fail(token, "the file ends")
        self._place += 1
        return token

    def accept(self, text: str) -> bool:
        """Take the next token if it is this one."""
        if self.next.text != text or self.next.kind == "text":
            return False
        self._place += 1
        return True

    def expect(self, *texts: str) -> Token:
        """Take these tokens; gives the first."""
        first = self.next
        for text in texts:
            if not self.accept(text):
                self.fail(self.next, f"{self.next.text!r} where {text!r} was expected")
        return first

    def name(self) -> str:
        """Take a name, with what qualifies it: ``nnet::dense``."""
        token = self.take()
        if token.kind != "name":
            self.fail(token, f"{token.text!r} where a name was expected")
        text = token.text
        while self.accept("::"):
            part = self.take()
            if part.kind != "name":
                self.fail(part, f"{part.text!r} where a name was expected")
            text += f"::{part.text}"
        return text

    def until(self, *ends: str) -> list[Token]:
        """Take tokens up to one of these outside of brackets, which stays."""
        taken: list[Token] = []
        closing: list[str] = []
        while closing or self.next.text not in ends or self.next.kind == "text":
            token = self.take()
            if token.kind == "mark" and token.text in _BRACKETS:
                closing.append(_BRACKETS[token.text])
            elif token.kind == "mark" and token.text in ")}]>":
                if not closing or closing.pop() != token.text:
                    self.fail(token, f"{token.text!r} closes nothing")
            elif token.text == ";" and "}" not in closing:
                self.fail(token, f"a statement ends within {taken[0].text if taken else ''!r}...")
            taken.append(token)
        return taken

    def fail(self, token: Token, what: str) -> NoReturn:
        """Refuse a token.

        Raises
        ------
        UnsupportedError
            With file and line.
        """
        raise UnsupportedError(f"{self.path}:{token.line}: {what}, which is not C++ as hls4ml writes it")


_BRACKETS = {"(": ")", "{": "}", "[": "]", "<": ">"}


def joined(tokens: list[Token]) -> str:
    """Tokens as text, with spaces only where C++ needs them."""
    text = ""
    for token in tokens:
        glued = text and (text[-1].isalnum() or text[-1] == "_") and (token.text[0].isalnum() or token.text[0] == "_")
        text += (" " if glued else "") + token.text
    return text
