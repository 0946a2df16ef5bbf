"""Pictures of layers and neurons as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

import numpy as np

from isobit.profile.counts import LayerProfile, OverflowCount

__all__ = ["COLOURS", "layer_chart", "neuron_bits", "neuron_gaps"]

#: What the colours of neurons mean.
COLOURS = {
    "within its format": "#4c78a8",
    "clips, as it is made to": "#72b7b2",
    "saturates": "#f2a900",
    "overflows": "#cf222e",
    "the same in every event": "#b0b8c1",
}
_WIDTH, _HEIGHT = 320, 56
#: Bars of a picture at most; more neurons share bars, the worst is shown.
_BARS = 160


@dataclass(frozen=True)
class _Bar:
    """One neuron, or the worst of some: height in units of the full one, colour and what it stands for."""

    height: float
    colour: str
    title: str


def neuron_bits(layer: LayerProfile, counts: Sequence[OverflowCount]) -> str:
    """Bits that each neuron of a layer needs; the line is the format's width.

    Parameters
    ----------
    layer
        The layer.
    counts
        The overflows of its formats.
    """
    bits, width, lsb = layer.bits, layer.type.width, float(layer.type.lsb)
    order = list(COLOURS)
    bars = []
    for neuron in range(len(bits)):
        state, said = "within its format", ""
        if layer.low[neuron] == layer.high[neuron]:
            state = "the same in every event"
        for count in counts:
            if neuron < len(count.events) and count.events[neuron]:
                kind = "clips, as it is made to" if count.clips else "saturates" if count.saturates else "overflows"
                said += f"; {count.slot} {kind} in {int(count.events[neuron]):,} events"
                if order.index(kind) > order.index(state) or state == "the same in every event":
                    state = kind
        low, high = int(layer.low[neuron]) * lsb, int(layer.high[neuron]) * lsb
        title = f"neuron {neuron}: {low:g} to {high:g}, {int(bits[neuron])} of {width} bits{said}"
        bars.append(_Bar(float(bits[neuron]), COLOURS[state], title))
    top = max(width, *(bar.height for bar in bars)) * 1.08
    label = f"bits in use by each of {len(bits)} neurons of {layer.layer}; the line is at {width} bits"
    return _bars([_Bar(bar.height / top, bar.colour, bar.title) for bar in bars], width / top, label)


def neuron_gaps(values: Sequence[float], spread: float, label: str) -> str:
    """Difference to Keras of each neuron, in units of the layer's spread; the line is at one spread if reached."""
    unit = spread or 1.0
    top = max([1e-30, *(value / unit for value in values)]) * 1.08
    bars = [
        _Bar(value / unit / top, COLOURS["within its format"], f"neuron {i}: rms {value:.4g}, {value / unit:.2%}")
        for i, value in enumerate(values)
    ]
    return _bars(bars, 1 / top if top >= 1 else None, label)


def _bars(bars: Sequence[_Bar], line: float | None, label: str) -> str:
    groups = np.array_split(np.arange(len(bars)), min(len(bars), _BARS))
    shown = [
        max((bars[i] for i in group), key=lambda bar: (bar.colour == COLOURS["overflows"], bar.height))
        for group in groups
    ]
    step = _WIDTH / len(shown)
    gap = 1 if step > 4 else 0
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#f6f8fa"/>'
    ]
    for i, bar in enumerate(shown):
        height = max(1.0, bar.height * _HEIGHT)
        parts.append(
            f'<rect x="{i * step:.2f}" y="{_HEIGHT - height:.2f}" width="{max(0.5, step - gap):.2f}" '
            f'height="{height:.2f}" fill="{bar.colour}"><title>{escape(bar.title)}</title></rect>'
        )
    if line is not None:
        y = _HEIGHT * (1 - line)
        parts.append(f'<line x1="0" x2="{_WIDTH}" y1="{y:.2f}" y2="{y:.2f}" stroke="#1f2328" stroke-dasharray="3 3"/>')
    return "".join(parts) + "</svg>"


def layer_chart(names: Sequence[str], series: Sequence[tuple[str, str, Sequence[float]]], label: str) -> str:
    """Values of every layer on a logarithmic axis, one row for each layer: names at the left are never cut.

    Parameters
    ----------
    names
        Of the layers.
    series
        Legend, colour and values of each series; zero is drawn as nothing.
    label
        What is drawn.
    """
    positive = [value for _, _, values in series for value in values if value > 0]
    if not positive:
        return ""
    low, high = int(np.floor(log10(min(positive)))), int(np.ceil(log10(max(positive))))
    high = max(high, low + 1)
    left, row, width = 12 + 7 * max(len(name) for name in names), 10 * len(series) + 12, 460
    height = row * len(names) + 46
    scale = width / (high - low)
    parts = [
        f'<svg viewBox="0 0 {left + width + 30} {height}" width="{left + width + 30}" height="{height}" role="img" '
        f'aria-label="{escape(label)}" font-family="system-ui,sans-serif" font-size="12"><title>{escape(label)}</title>'
    ]
    every = max(1, (high - low) // 8)
    for power in range(low, high + 1, every):
        x = left + (power - low) * scale
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{row * len(names)}" stroke="#d0d7de"/>'
            f'<text x="{x:.1f}" y="{row * len(names) + 16}" text-anchor="middle">1e{power}</text>'
        )
    for i, name in enumerate(names):
        parts.append(f'<text x="{left - 8}" y="{i * row + row / 2 + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        for j, (legend, colour, values) in enumerate(series):
            if values[i] > 0:
                length = max(1.0, (log10(values[i]) - low) * scale)
                parts.append(
                    f'<rect x="{left}" y="{i * row + 5 + 10 * j}" width="{length:.1f}" height="9" fill="{colour}">'
                    f"<title>{escape(name)}: {escape(legend)} {values[i]:.4g}</title></rect>"
                )
    for j, (legend, colour, _) in enumerate(series):
        x = left + j * width / len(series)
        y = row * len(names) + 26
        parts.append(
            f'<rect x="{x:.1f}" y="{y}" width="10" height="10" fill="{colour}"/>'
            f'<text x="{x + 15:.1f}" y="{y + 9}">{escape(legend)}</text>'
        )
    return "".join(parts) + "</svg>"
