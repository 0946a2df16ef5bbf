"""Pictures of the study of pions."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from isobit.studies import style
from isobit.studies.frame import Results

__all__ = ["draw_bits", "draw_integers", "draw_layers"]

_ERROR: Final = "mean |E(network) - E(true)| / E(true)  [%]"


def _integer(kind: str) -> int:
    return int(kind.partition(",")[2].rstrip(">"))


def _total(kind: str) -> int:
    return int(kind.partition("<")[2].partition(",")[0])


def _curve(axes: Any, places: Any, values: Any, number: int, text: str) -> None:
    axes.plot(
        places,
        values,
        color=style.COLOURS[number],
        marker=style.MARKERS[number],
        markersize=5,
        linestyle=style.STYLES[number % len(style.STYLES)],
        label=text,
    )


def _lines(axes: Any, found: Results) -> None:
    """Keras and the plain sum of the cells."""
    axes.axhline(found["keras"], color="black", linewidth=0.9, label=f"Keras: {found['keras']:.1f}%")
    text = f"sum of the cells: {found['cells']:.1f}%"
    axes.axhline(found["cells"], color="black", linewidth=0.9, linestyle=":", label=text)


def _count(found: Results) -> str:
    return f"{found['events']:,} pions, firmware bits"


def draw_integers(results: Results) -> Any:
    """Integer bits of everything, of all but the sum, of the sum alone."""
    found = results["scanned"]
    figure, axes = style.panels(1, 1, size=(7.4, 5.2))
    one = axes[0, 0]
    names = {
        "all": "all formats",
        "others": "all but the sum; sum at <32,14>",
        "points": "only results before the sum",
        "sum": "only the sum",
        "energies": "only results behind the sum",
    }
    for number, (name, text) in enumerate(names.items()):
        scan = found["integer"][name]
        _curve(one, [_integer(kind) for kind in scan["formats"]], scan["error"], number, text)
    _lines(one, found)
    bits = results["explained"]["integer_bits_of_it"]
    one.axvline(bits, color="black", linewidth=1.2, linestyle="--", label=f"largest sum needs {bits} bits")
    one.set(yscale="log", ylim=(min(found["keras"], found["golden"]) * 0.7, None))
    style.decorate(one, "integer bits, with the sign (10 fraction bits)", _ERROR, legend="upper right", size=9)
    style.label(one, _count(found))
    return figure


def draw_bits(results: Results) -> Any:
    """Fraction bits: of everything, of the sum; of weights and biases alone."""
    found = results["scanned"]
    figure, axes = style.panels(1, 2, size=(6.2, 5.0))
    left, right = axes[0]
    names = {"all": "all formats", "others": "all but the sum; sum at <32,14>", "sum": "only the sum"}
    for number, (name, text) in enumerate(names.items()):
        scan = found["total"][name]
        _curve(left, [_total(kind) for kind in scan["formats"]], scan["error"], number, text)
    for number, name in enumerate(("weights", "biases")):
        scan = found["parameters"][name]
        _curve(right, [_total(kind) for kind in scan["formats"]], scan["error"], number, f"only {name}")
    for axes_, text in (
        (left, "total bits (14 integer bits)"),
        (right, "total bits (4 integer bits); rest at <32,14>"),
    ):
        _lines(axes_, found)
        axes_.set(yscale="log")
        style.decorate(axes_, text, _ERROR, legend="upper right", size=9)
        style.label(axes_, _count(found))
    return figure


def draw_layers(results: Results) -> Any:
    """Differences to Keras, layer by layer."""
    found = results["compared"]
    figure, axes = style.panels(1, 1, size=(8.2, 4.8))
    one = axes[0, 0]
    texts = {
        "golden": "golden configuration, sum at <32,14>",
        "narrow": f"sum at {found['narrow'].removeprefix('ap_fixed')}",
    }
    for number, (name, text) in enumerate(texts.items()):
        layers = found["layers"][name]
        places = np.arange(len(layers))
        _curve(one, places, [layer["relative"] for layer in layers], number, text)
    one.set_xticks(places, [layer["layer"] for layer in layers], rotation=40, ha="right")
    one.tick_params(axis="x", which="minor", bottom=False, top=False)
    one.set(yscale="log")
    style.decorate(one, "", "rms(firmware - Keras) / rms(Keras)", legend="upper left")
    style.label(one, _count(results["scanned"]))
    return figure
