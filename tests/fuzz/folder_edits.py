"""Random edits of a project's files, by a seed: damage, missing parts, other numbers and names, other styles of C++."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mutating import changed_bytes

#: Files that are edited, and how often.
FILES = {
    "firmware/myproject.cpp": 6,
    "firmware/parameters.h": 8,
    "firmware/defines.h": 5,
    "firmware/myproject.h": 1,
    "firmware/weights/*.txt": 3,
    "firmware/weights/*.h": 3,
    "firmware/nnet_utils/nnet_dense*.h": 2,
    "firmware/nnet_utils/nnet_activation.h": 2,
    "firmware/nnet_utils/nnet_mult.h": 2,
    "firmware/nnet_utils/nnet_code_gen.h": 1,
    "firmware/ap_types/ap_fixed_base.h": 1,
    "hls4ml_config.yml": 1,
}


def _another_number(text: str, rng: random.Random) -> str:
    places = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))
    if not places:
        return text
    found = rng.choice(places)
    new = rng.choice([0, 1, 2, 3, int(found[0]) + 1, max(0, int(found[0]) - 1), 1024, 1 << 32, 10**30])
    return text[: found.start()] + str(new) + text[found.end() :]


def _another_name(text: str, rng: random.Random) -> str:
    places = list(re.finditer(r"[A-Za-z_]\w+", text))
    if len(places) < 2:
        return text
    found, other = rng.sample(places, 2)
    return text[: found.start()] + other[0] + text[found.end() :]


def _lines(change: Callable[[list[str], int, random.Random], None]) -> Callable[[str, random.Random], str]:
    def edit(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        change(lines, rng.randrange(len(lines)), rng)
        return "\n".join(lines)

    return edit


def _swap(lines: list[str], at: int, rng: random.Random) -> None:
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _style(lines: list[str], at: int, rng: random.Random) -> None:
    """The same, or nearly, in C++ that hls4ml does not write."""
    line = lines[at]
    lines[at] = rng.choice(
        [
            f"#if 1\n{line}\n#endif",
            f"#ifdef __SYNTHESIS__\n{line}\n#endif",
            f"#ifndef __SYNTHESIS__\n{line}\n#endif",
            f"#define EXTRA {rng.choice(['1', 'relu', ''])}\n{line}",
            re.sub(r"typedef (.*) (\w+);", r"using \2 = \1;", line),
            line.replace("static const", "static constexpr"),
            line.replace("static const unsigned", "enum { it = 0 }; static const unsigned"),
            re.sub(r"= (\d+);", r"= (\1);", line),
            re.sub(r"= (\d+);", r"= \1 + 1;", line),
            re.sub(r"= (\d+);", r"= 0x\1;", line),
            line.replace(";", ";;"),
            f"// {line}",
            f"/* {line}",
            line + " \\",
            line.replace("nnet::", "::nnet::"),
        ]
    )


_TEXT: tuple[Callable[[str, random.Random], str], ...] = (
    _another_number,
    _another_number,
    _another_name,
    _lines(_swap),
    _lines(lambda lines, at, rng: lines.insert(at, lines[rng.randrange(len(lines))])),
    _lines(lambda lines, at, rng: lines.pop(at) and None),
    _lines(_style),
    _lines(_style),
    lambda text, rng: text[: rng.randrange(len(text) + 1)],
)


def edit(project: Path, rng: random.Random, files: Mapping[str, int] = FILES) -> str:
    """Change one file of a project, or remove it; says which and how. ``files`` says which ones, and how often."""
    pattern = rng.choices(list(files), list(files.values()))[0]
    path = rng.choice(sorted(project.glob(pattern)))
    name, content = path.relative_to(project).as_posix(), path.read_bytes()
    if rng.random() < 0.08:
        path.unlink()
        return f"{name} removed"
    for _ in range(20):
        if rng.random() < 0.2:
            new, how = changed_bytes(content, rng), "bytes"
        else:
            place = rng.randrange(len(_TEXT))
            new, how = _TEXT[place](content.decode(), rng).encode(), f"edit {place}"
        if new != content:
            path.write_bytes(new)
            return f"{name}: {how}"
    path.write_bytes(b"")
    return f"{name} emptied"
