"""Changes to files: bytes, members of archives, and values of JSON documents, drawn by a seed."""

from __future__ import annotations

import copy
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Numbers at which something may break.
NUMBERS = [0, 1, -1, 2, 3, 7, 255, 256, 65535, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 63, 1 << 64, 10**30, -(1 << 40)]
FLOATS = [0.0, -0.0, 0.5, 1e308, -1e308, 5e-324, float("inf"), float("nan"), 1e-30]
FORMATS = [
    "ap_fixed<8,3>",
    "ap_fixed<18,6,AP_RND_CONV,AP_SAT>",
    "ap_fixed<1,1>",
    "ap_fixed<4096,2048>",
    "ap_fixed<300,100>",
    "ap_fixed<8,-200>",
    "ap_ufixed<9,3,AP_RND,AP_WRAP_SM>",
    "ap_int<4>",
    "ap_uint<1>",
    "ap_int<4097>",
    "ap_fixed<8,3,AP_TRN,AP_WRAP,9>",
]
TEXTS = [
    "",
    "x",
    "a/b",
    "../../x",
    "\x00",
    "é",
    "a" * 500,
    "None",
    "NaN",
    "__class__",
    "{}",
    "relu",
    "linear",
    *FORMATS,
]


def changed_bytes(content: bytes, rng: random.Random) -> bytes:
    """A file with some bytes flipped, set, cut out, repeated or cut off."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        if not data:
            break
        at = _position(len(data), rng)
        kind = rng.randrange(7)
        if kind <= 2:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            data[at] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        elif kind == 4:
            width = rng.choice([2, 4, 8])
            number = rng.choice(NUMBERS) % (1 << (8 * width))
            data[at : at + width] = number.to_bytes(width, rng.choice(["little", "big"]))[: len(data) - at]
        elif kind == 5:
            length = rng.choice([1, 4, 64, 1000])
            piece = data[at : at + length]
            data[at : at + length] = piece * 2 if rng.random() < 0.5 else b""
        else:
            del data[at if rng.random() < 0.5 else max(0, len(data) - rng.randrange(1, 64)) :]
    return bytes(data)


def _position(length: int, rng: random.Random) -> int:
    """Anywhere, and more often near either end, where formats keep their headers."""
    where = rng.randrange(3)
    near = rng.randrange(min(length, 2000))
    return rng.randrange(length) if where == 0 else near if where == 1 else length - 1 - near


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every entry of a JSON document: (its container, its key)."""
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(child, (dict, list)):
            yield from places(child)


def changed_document(document: Any, rng: random.Random, values: list[Any] = []) -> Any:  # noqa: B006
    """A document with some values replaced, removed, repeated or exchanged; ``values`` are further replacements."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        found = list(places(document))
        if not found:
            break
        container, key = rng.choice(found)
        kind = rng.randrange(8)
        if kind == 0:
            del container[key]
        elif kind == 1:
            other, there = rng.choice(found)
            container[key] = copy.deepcopy(other[there]) if _is_there(other, there) else None
        elif kind == 2 and isinstance(container, list):
            container.extend(copy.deepcopy(container[: rng.randrange(4)]))
        elif kind == 3 and isinstance(container[key], (int, float)) and not isinstance(container[key], bool):
            container[key] = container[key] + rng.choice([1, -1, 0.5]) if rng.random() < 0.7 else rng.choice(FLOATS)
        elif kind == 4 and isinstance(container, dict):
            container[rng.choice(["name", "config", "class_name", "module", "x"])] = container.pop(key)
        else:
            pool = rng.choice([NUMBERS, FLOATS, TEXTS, FORMATS, [None, True, False, [], {}, [[]]], values or TEXTS])
            container[key] = copy.deepcopy(rng.choice(pool))
    return document


def changed_formats(document: Any, rng: random.Random) -> Any:
    """A document with some formats, encodings and strategies replaced by others that exist."""
    document = copy.deepcopy(document)
    found = [(at, key) for at, key in places(document) if isinstance(at[key], str)]
    words = {"plain": ["literal", "table"], "latency": ["resource", "resource_unrolled"], "resource": ["latency"]}
    for container, key in rng.sample(found, min(len(found), rng.choice([1, 1, 2, 3, 8]))):
        text = container[key]
        if text.startswith("ap_"):
            container[key] = _format(rng)
        elif text in words:
            container[key] = rng.choice(words[text])
    return document


def _format(rng: random.Random) -> str:
    width = rng.choice([1, 2, 4, 8, 12, 16, 20, 31, 32, 33, 48, 63, 64, 65, 90, 128, 500, 1000])
    if rng.random() < 0.1:
        return f"ap_{rng.choice(['', 'u'])}int<{width}>"
    integer = rng.choice([1, 2, width // 2, width, width + 3, -5, 0, rng.randrange(-1000, 1001)])
    rounding = rng.choice(["TRN", "TRN_ZERO", "RND", "RND_CONV", "RND_INF", "RND_MIN_INF", "RND_ZERO"])
    overflow = rng.choice(["WRAP", "SAT", "SAT_SYM", "SAT_ZERO", "WRAP_SM"])
    bits = rng.choice([0, 0, 1, width]) if overflow in ("WRAP", "WRAP_SM") else 0
    sign = "u" if overflow != "WRAP_SM" and rng.random() < 0.3 else ""
    return f"ap_{sign}fixed<{width},{integer},AP_{rounding},AP_{overflow},{bits}>"


def _is_there(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else key < len(container)


def members(path: Path) -> dict[str, bytes]:
    """Content by name of an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_archive(path: Path, parts: dict[str, bytes], rng: random.Random) -> None:
    """Write an archive, now and then with members missing, twice, or under other names."""
    names = list(parts.items())
    kind = rng.randrange(40)
    if kind == 0:
        names.pop(rng.randrange(len(names)))
    elif kind == 1:
        names.append(rng.choice(names))
    elif kind == 2:
        name, content = names.pop(rng.randrange(len(names)))
        names.append((rng.choice(["other", f"../{name}", f"/{name}", name.upper()]), content))
    packing = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in names:
            archive.writestr(name, content)


def as_json(document: Any, rng: random.Random) -> bytes:
    """A document as text, now and then with a broken end or an encoding of its own."""
    text = json.dumps(document)
    kind = rng.randrange(90)
    if kind == 0:
        text = text[: rng.randrange(len(text) + 1)]
    elif kind == 1:
        text = "[" * 3000 + text
    return text.encode("utf-16" if kind == 2 else "utf-8")
