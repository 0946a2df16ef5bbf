"""What a network costs on the FPGA, layer by layer, as text and as plain Python objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Cost", "Estimate", "LayerCost"]


@dataclass(frozen=True)
class Estimate:
    """A number that is estimated, with the range in which the published figures lie.

    Attributes
    ----------
    low, value, high
        Lower end, estimate, upper end.
    """

    low: int
    value: int
    high: int

    def __str__(self) -> str:
        return f"{self.low:,} .. {self.high:,}"


@dataclass(frozen=True)
class LayerCost:
    """One layer.

    Attributes
    ----------
    layer
        Layer name.
    multipliers, dsp
        Products that are built, and the DSP48E2 slices that they take.
    interval, latency
        Clock cycles between two events, and until the result is there.
    bops, ebops
        Bit operations; and those that the nonzero bits of the weights need.
    weight_bits, bram
        Bits of weights and tables, and block RAMs of 36 Kbit.
    lut_bits, register_bits
        Bits of adders, multiplexers and products in LUTs, and of registers: what LUT and FF are estimated from.
    adder_bits
        Bits of the adders in trees of distributed arithmetic, nearly a LUT each; not among ``lut_bits``.
    """

    layer: str
    multipliers: int = 0
    dsp: int = 0
    interval: int = 1
    latency: int = 0
    bops: float = 0.0
    ebops: int = 0
    weight_bits: int = 0
    bram: float = 0.0
    lut_bits: float = 0.0
    register_bits: float = 0.0
    adder_bits: float = 0.0

    def plus(self, other: LayerCost) -> LayerCost:
        """Both one after the other, as one layer."""
        return LayerCost(
            self.layer,
            self.multipliers + other.multipliers,
            self.dsp + other.dsp,
            max(self.interval, other.interval),
            self.latency + other.latency,
            self.bops + other.bops,
            self.ebops + other.ebops,
            self.weight_bits + other.weight_bits,
            self.bram + other.bram,
            self.lut_bits + other.lut_bits,
            self.register_bits + other.register_bits,
            self.adder_bits + other.adder_bits,
        )


@dataclass(frozen=True)
class Cost:
    """The whole network.

    Attributes
    ----------
    network
        Its name.
    layers
        Every layer, in order.
    lut, ff
        Estimates for the whole network.
    latency
        Clock cycles from inputs to outputs, along the slowest branch.
    clock_ns
        Clock period in ns, None if the network does not say.
    notes
        What was assumed.
    """

    network: str
    layers: tuple[LayerCost, ...]
    lut: Estimate
    ff: Estimate
    latency: int
    clock_ns: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def multipliers(self) -> int:
        """Products that are built."""
        return sum(layer.multipliers for layer in self.layers)

    @property
    def dsp(self) -> int:
        """DSP48E2 slices."""
        return sum(layer.dsp for layer in self.layers)

    @property
    def bram(self) -> float:
        """Block RAMs of 36 Kbit, in halves."""
        return sum(layer.bram for layer in self.layers)

    @property
    def interval(self) -> int:
        """Clock cycles between two events."""
        return max((layer.interval for layer in self.layers), default=1)

    @property
    def bops(self) -> float:
        """Bit operations of one event."""
        return sum(layer.bops for layer in self.layers)

    @property
    def ebops(self) -> int:
        """Effective bit operations of one event."""
        return sum(layer.ebops for layer in self.layers)

    @property
    def weight_bits(self) -> int:
        """Bits of all weights and tables."""
        return sum(layer.weight_bits for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        totals = {
            name: getattr(self, name)
            for name in (
                "multipliers",
                "dsp",
                "bram",
                "interval",
                "bops",
                "ebops",
                "weight_bits",
                "latency",
                "clock_ns",
            )
        }
        return {
            "network": self.network,
            **totals,
            "lut": asdict(self.lut),
            "ff": asdict(self.ff),
            "layers": [asdict(layer) for layer in self.layers],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        head = ("layer", "multipliers", "DSP", "interval", "latency", "BOPs", "EBOPs", "weight bits")
        rows = [
            (
                layer.layer,
                f"{layer.multipliers:,}",
                f"{layer.dsp:,}",
                str(layer.interval),
                str(layer.latency),
                f"{layer.bops:,.0f}",
                f"{layer.ebops:,}",
                f"{layer.weight_bits:,}",
            )
            for layer in self.layers
        ]
        total = (
            "all",
            f"{self.multipliers:,}",
            f"{self.dsp:,}",
            str(self.interval),
            str(self.latency),
            f"{self.bops:,.0f}",
            f"{self.ebops:,}",
            f"{self.weight_bits:,}",
        )
        lines = _aligned([head, *rows, total])
        cycles = f"interval {self.interval}, latency about {self.latency} clock cycles"
        if self.clock_ns:
            cycles += (
                f" ({self.interval * self.clock_ns:g} ns, {self.latency * self.clock_ns:g} ns at {self.clock_ns:g} ns)"
            )
        return "\n".join(
            [
                f"cost of {self.network}",
                *(f"  {line}" for line in lines),
                f"DSP {self.dsp:,}, BRAM {self.bram:g}, LUT {self.lut}, FF {self.ff} (estimates, docs/cost.md)",
                cycles,
                *self.notes,
            ]
        )


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
