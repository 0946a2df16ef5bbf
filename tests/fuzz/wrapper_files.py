"""Descriptions of wrappers: one that is taken gives the same bits on two roads."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

from targets import TESTS, Finding, Target

import isobit as ib
from isobit.answers.wrapped import telling_events

sys.path[:0] = [str(TESTS), str(TESTS / "wrapper")]

_TOKEN = re.compile(r"[\w<>,:.\"-]+")
#: What takes the place of a word.
WORDS = (
    *("-1", "0", "300", "99999999999", "1e400", ".nan", "[]", "{}", "null", "true", "x", "[a, b]", "[3, 2]"),
    *("ap_int<4097>", "ap_int<2>", "ap_uint<1>", '"ap_fixed<0,0>"', '"ap_fixed<2000,3>"', '"ap_fixed<6,-9>"'),
    *("name", "step", "from", "with", "shape", "mean", "argmax", "scale", "take", '"::0"', '"::"', "interleaved"),
    *("!!python/object:os.system", "&a", "*a"),
)
#: A single character that YAML may take for its own.
SIGNS = "[]{}:,-\n '\"#&*!|>%@`"


class WrapperFiles(Target):
    """Words that are taken out, replaced, exchanged; characters; lines that are there again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import wrapped_networks

        self.texts = wrapped_networks.DESCRIPTIONS
        self.networks = {name: wrapped_networks.network(name) for name in self.texts}

    def make(self, rng: random.Random) -> Path:
        self.kind = rng.choice(list(self.texts))
        text, path = self.texts[self.kind], self.folder / "case.yml"
        for _ in range(rng.randint(1, 2)):
            text = edited(text, rng)
        path.write_text(text)
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        model = ib.load(self.networks[self.kind], wrapper=path)
        if rng.random() < 0.5:
            return
        inputs = zip(model.graph.inputs, telling_events(model.graph.inputs, 4, 1), strict=True)
        values = {tensor.name: array for tensor, array in inputs}
        one, other = (model.run(values, engine) for engine in ("reference", "cpp"))
        if wrong := [name for name in one if (one[name].raw != other[name].raw).any()]:
            raise Finding(f"the roads disagree: {wrong[0]}")


def edited(text: str, rng: random.Random) -> str:
    tokens = list(_TOKEN.finditer(text))
    token, other = rng.choice(tokens), rng.choice(tokens)
    kind = rng.randrange(5)
    if kind < 3:
        return text[: token.start()] + ("", rng.choice(WORDS), other[0])[kind] + text[token.end() :]
    if kind == 3:
        place = rng.randrange(len(text))
        return text[:place] + rng.choice(SIGNS) + text[place + 1 :]
    lines = text.split("\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return "\n".join(lines)
