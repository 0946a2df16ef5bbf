"""docs/studies/hardware.md: its tables are those of the committed runs."""

from __future__ import annotations

import json
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies"
PAGE = (DOCS / "hardware.md").read_text(encoding="utf-8")
RESULTS = json.loads((DOCS / "hardware" / "results.json").read_text(encoding="utf-8"))


def test_reuse_factors() -> None:
    for name, found in RESULTS["reuse"].items():
        if found["published_dsp"]:
            golden, bops = found["golden"], sum(found["bops"].values())
            row = f"| `{name}` | {found['published_dsp']} | {golden['dsp']} | {golden['interval']} | {bops:,} | "
            assert f"{row}{found['ebops']:,} |" in PAGE


def test_widths() -> None:
    uniform = {one["width"]: one for one in RESULTS["widths"]["uniform"]}
    for one in RESULTS["widths"]["tuned"]:
        other = uniform[one["as"]]
        pairs = [f"{other[key]:,.0f} | {one[key]:,.0f}" for key in ("bits", "ebops")]
        assert f"| W = {one['as']} | {' | '.join(pairs)} | {other['fwhm'][2]:.3f} | {one['fwhm'][2]:.3f} |" in PAGE


def test_hgq2() -> None:
    for one in json.loads((DOCS / "hardware" / "hgq2.json").read_text(encoding="utf-8"))["networks"]:
        widths = " | ".join(f"{width:.4f}" for width in one["fwhm"])
        row = f"| {one['penalty']:g} | {one['bits']:,.0f} | {one['ebops']:,.0f} | {widths} | "
        assert f"{row}{one['events_that_differ_from_hgq2']} |" in PAGE


def test_flips() -> None:
    damage = [value for numbers in RESULTS["flips"]["damage"].values() for bits in numbers for value in bits]
    assert len(damage) == RESULTS["flips"]["bits"]
    shares = [f"{100 * sum(value > limit for value in damage) / len(damage):.0f}%" for limit in (0.1, 1.0)]
    assert f"{shares[0]} of the flips do a damage of more than 0.1 FWHM, {shares[1]} of more than 1" in PAGE
    assert f"student's {len(damage):,} weight bits" in PAGE
