"""One sabotage for each network of the menu: what is changed, and how it must be found and named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from menu.making import emulator, library
from menu.networks import MENU, Network


@dataclass(frozen=True)
class Sabotage:
    """A change of a project.

    Attributes
    ----------
    network
        Whose.
    what
        In words.
    change
        Makes it in a copy of the folder.
    kinds
        Kinds of the faults of which one must name it.
    named
        What this fault's place or message must contain.
    verified
        What ``--verify`` must say of the network itself, beside the changed files; empty where the files are enough.
    beside
        Another network that is certified with it, changed in the same way.
    """

    network: str
    what: str
    change: Callable[[Network, Path], None]
    kinds: tuple[str, ...]
    named: str
    verified: str = ""
    beside: str = ""


def by_name(name: str) -> Network:
    """A network of the menu."""
    return next(network for network in MENU if network.name == name)


def _edit(path: Path, old: str, new: str) -> None:
    """Replace a text that is there once."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new))


def _scale(network: Network, folder: Path) -> None:
    _edit(folder / "wrapper.yml", "by: [5, -1, 1, 5, -1, 1,", "by: [5, -1, 1, 5, 0, 1,")


def _type(network: Network, folder: Path) -> None:
    path = folder / "firmware" / "defines.h"
    lines = path.read_text().splitlines(keepends=True)
    place = next(k for k, line in enumerate(lines) if re.search(r"\blayer\d+_t;.*", line) and "ap_fixed<20,9>" in line)
    lines[place] = lines[place].replace("ap_fixed<20,9>", "ap_fixed<19,8>")
    path.write_text("".join(lines))


def _kernel(network: Network, folder: Path) -> None:
    path = folder / "firmware" / "nnet_utils" / "nnet_activation.h"
    before, stable, rest = path.read_text().partition("void softmax_stable")
    product = "res[i] = exp_res[i] * inv_exp_sum;"
    assert product in rest
    path.write_text(before + stable + rest.replace(product, f"{product[:-1]} + res_T(0.0009765625);", 1))


def _truncated(network: Network, folder: Path) -> None:
    path = next(iter(sorted((folder / "firmware" / "weights").glob("w*.txt"))))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _visible(network: Network, folder: Path) -> None:
    library(network, folder, "")


def _weight(network: Network, folder: Path) -> None:
    """One weight in both files, so that the project agrees with itself."""
    text = next(iter(sorted((folder / "firmware" / "weights").glob("w*.txt"))))
    values = text.read_text().split(",")
    place = next(k for k, value in enumerate(values) if abs(float(value)) > 0.05)
    old = values[place].strip()
    header = text.with_suffix(".h")
    body = header.read_text()
    begin = body.index("{")
    entries = body[begin + 1 : body.rindex("}")].split(",")
    assert float(entries[place]) == float(old)
    values[place] = entries[place] = f" {-float(old):.10f}"
    text.write_text(",".join(values))
    header.write_text(f"{body[: begin + 1]}{','.join(entries)}{body[body.rindex('}') :]}")


def _index(network: Network, folder: Path) -> None:
    path = folder / "firmware" / "defines.h"
    path.write_text(path.read_text().replace("ap_uint<3>", "ap_uint<4>"))


def _swapped(network: Network, folder: Path) -> None:
    emulator(network, folder)
    _edit(
        folder / "emulator.cpp",
        "TOP(centred, y);",
        "std::swap(centred[3], centred[7]);\n        TOP(centred, y);",
    )
    library(network, folder)


SABOTAGES = (
    Sabotage("axol1tl_v6", "a scale in the wrapper", _scale, ("library",), "number 4 of step scaled"),
    Sabotage("cicada_cnn", "a type", _type, ("answers", "library"), "conv.result", "certified ap_fixed<20,9>"),
    Sabotage("sc4_tagger", "a patched kernel", _kernel, ("foreign",), "softmax_stable"),
    Sabotage("toollip_v3", "a truncated weight file", _truncated, ("refused",), ".txt"),
    Sabotage("puppi_tau", "a colliding symbol", _visible, ("symbols",), "IB601", beside="topo"),
    Sabotage("topo", "a weight", _weight, ("answers",), "events have other answers", "weight: other numbers"),
    Sabotage("emtf_nn", "two swapped inputs", _swapped, ("library",), "hits[3] and hits[7] swapped"),
    Sabotage("l1_met", "an embedding index beyond the vocabulary", _index, ("refused",), "embedding_kind"),
)


def sabotaged(sabotage: Sabotage, menu: Path, folder: Path) -> list[Path]:
    """The folders to certify: copies of those of the menu, changed."""
    found = []
    for name in filter(None, (sabotage.network, sabotage.beside)):
        place = folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(menu / name, place)
        sabotage.change(by_name(name), place)
        found.append(place)
    return found
