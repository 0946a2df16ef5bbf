"""Pictures of the study of hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.studies import style
from isobit.studies.frame import Results

__all__ = ["PICTURES", "damages"]

_LABEL: Final = "estimates, xcvu9p"


def damages(results: Results) -> dict[str, NDArray[np.float64]]:
    """Damage (numbers, bits) by ``layer.slot``."""
    return {key: np.array(values) for key, values in results["flips"]["damage"].items()}


def _reuse(results: Results) -> Any:
    """DSPs, interval and latency against the reuse factor; points: published."""
    figure, axes = style.panels(1, 3, size=(5.0, 4.6))
    titles = {"dsp": "DSP48E2", "interval": "interval [clock cycles]", "latency": "latency [clock cycles]"}
    factors = np.arange(1, 65)
    for one, (what, title) in zip(axes[0], titles.items(), strict=True):
        for number, (name, found) in enumerate(results["reuse"].items()):
            colour = style.COLOURS[number]
            one.plot(factors, found["scan"]["latency"][what], color=colour, label=name if what == "dsp" else None)
            one.plot(factors, found["scan"]["resource"][what], color=colour, linestyle=":", linewidth=1.3)
            if what == "dsp" and found["published_dsp"]:
                one.plot(4, found["published_dsp"], "o", color=colour, markeredgecolor="black", zorder=5)
        one.set(xscale="log", yscale="log", xlim=(0.9, 70))
        one.set_xticks([1, 2, 4, 8, 16, 32, 64], labels=["1", "2", "4", "8", "16", "32", "64"])
        style.decorate(one, "reuse factor", title, legend="upper right" if what == "dsp" else None, size=9)
        style.label(one, _LABEL, left="")
    axes[0, 1].plot([], [], color="black", label="latency strategy")
    axes[0, 1].plot([], [], color="black", linestyle=":", label="resource strategy, closest legal factors")
    axes[0, 1].plot([], [], "o", color="white", markeredgecolor="black", label="published at reuse factor 4 (left)")
    axes[0, 1].legend(loc="upper left", frameon=False, fontsize=9)
    return figure


def _bops(results: Results) -> Any:
    figure, axes = style.panels(1, 1, size=(6.6, 4.2))
    one, names = axes[0, 0], list(results["reuse"])
    sums = [sum(results["reuse"][name]["bops"].values()) for name in names]
    place = np.arange(len(names))
    one.bar(place - 0.2, sums, 0.4, color=style.COLOURS[0], label="BOPs")
    effective = [results["reuse"][name]["ebops"] for name in names]
    one.bar(place + 0.2, effective, 0.4, color=style.COLOURS[1], label="effective BOPs (bits that are set)")
    one.set(yscale="log", ylim=(0.5 * min(effective), 8 * max(sums)))
    one.set_xticks(place, labels=names, fontsize=9)
    one.minorticks_off()
    style.decorate(one, "", "bit operations of one event", legend="upper left")
    style.label(one, "golden configurations", left="")
    return figure


def _sensitivity(results: Results) -> Any:
    """Median damage by bit for each tensor of weights; ranked damage; what remains when the worst are protected."""
    found, flips = damages(results), results["flips"]
    figure, axes = style.panels(1, 2, size=(6.6, 5.2))
    bits = max(values.shape[1] for values in found.values())
    table = np.full((len(found), bits), np.nan)
    for row, values in enumerate(found.values()):
        table[row, : values.shape[1]] = np.sqrt((values**2).mean(axis=0))
    left, right = axes[0]
    from matplotlib.colors import LogNorm

    shown = left.imshow(np.maximum(table, 1e-4), aspect="auto", norm=LogNorm(1e-4, 30), cmap="magma", origin="upper")
    integer = next(iter(flips["integer"].values()))
    left.set_xticks(range(0, bits, 3), labels=[str(bit - (bits - integer)) for bit in range(0, bits, 3)])
    left.set_yticks(range(len(found)), labels=list(found), fontsize=9)
    left.minorticks_off()
    figure.colorbar(shown, ax=left, label="root mean square of the damage [FWHM]")
    style.decorate(left, "bit k, worth 2$^k$ (last: sign)", "", legend=None)
    style.label(left, "", left="")
    everything = np.sort(np.concatenate([values.ravel() for values in found.values()]))[::-1]
    share = 100 * np.arange(1, len(everything) + 1) / len(everything)
    right.plot(share, np.maximum(everything, 1e-5), color=style.COLOURS[0], label="damage of a flip, ranked")
    rest = np.sqrt(np.append(np.cumsum((everything**2)[::-1])[::-1][1:], 0.0) / len(everything))
    text = "root mean square of a random flip's\ndamage, the share to the left protected"
    right.plot(share, np.maximum(rest, 1e-5), color=style.COLOURS[2], linestyle="--", label=text)
    right.axhline(0.1, color="grey", linewidth=0.8)
    right.set(yscale="log", xlim=(0, 100), ylim=(1e-5, 1e4))
    style.decorate(right, "share of all weight bits [%]", "damage [FWHM of the worst quantity]", legend="upper right")
    style.label(right, f"{flips['bits']:,} bits, {flips['events']:,} muons, seed {results['seed']}")
    return figure


def _widths(results: Results) -> Any:
    """Error and width of the pT residual against bits and EBOPs."""
    found = results["widths"]
    figure, axes = style.panels(1, 2, size=(5.8, 4.8), sharey=True)
    for one, (cost, title) in zip(
        axes[0],
        {"bits": "bits of weights and results", "ebops": "effective bit operations of one event"}.items(),
        strict=True,
    ):
        for number, (kind, text) in enumerate((("uniform", "one width W for all, <W,6>"), ("tuned", "isobit tune"))):
            one.plot(
                [point[cost] for point in found[kind]],
                [np.sqrt(point["error"]) for point in found[kind]],
                marker=style.MARKERS[number],
                linestyle=style.STYLES[number],
                color=style.COLOURS[2 * number],
                label=text,
            )
        for point in found["uniform"]:
            place = (point[cost], np.sqrt(point["error"]))
            one.annotate(str(point["width"]), place, xytext=(4, 4), textcoords="offset points", fontsize=9)
        one.set(yscale="log")
        style.decorate(one, title, "root mean square error against float", legend="upper right")
        style.label(one, f"{found['events']:,} muons")
    return figure


PICTURES: Final[Mapping[str, Callable[[Results], Any]]] = {
    "reuse": _reuse,
    "bops": _bops,
    "flips": _sensitivity,
    "widths": _widths,
}
