"""Fit the factors of LUT and FF to half of the published designs, and write their errors on the others.

python tools/fit_cost.py        # writes python/isobit/cost/fabric.json; needs the extra hls4ml

The published figures are those of the muon students at reuse factor 4 on a VU9P, 18 bits. One design of another kind
is published with its LUTs, a deep set on 8 constituents: its reuse factor and zeros are not, so it is compared (every
position side by side, reuse factor 1, drawn weights), and neither fitted to nor part of the ranges.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

#: LUT, FF after synthesis for a VU9P, and whether the factors are fitted to the design.
PUBLISHED: dict[str, tuple[float, float, bool]] = {
    "mugmt_student": (11_300, 5_677, True),
    "mugmt_baseline": (33_200, 11_600, False),
    "dimuon_student": (12_200, 6_110, False),
}
#: LUT of a design of another kind, and the positions that are computed side by side.
OTHERS: dict[str, tuple[float, int]] = {"jet_deepsets": (386_000, 8)}


def bits(name: str, parallel: int | None = None) -> tuple[float, float]:
    """Bits of logic and registers of a network of the zoo with its golden configuration."""
    from hls4ml.converters import convert_from_keras_model

    import isobit as ib
    from isobit.students import zoo

    with tempfile.TemporaryDirectory() as folder:
        arguments = zoo.golden_config(name)
        for layer in arguments["hls_config"]["LayerName"].values():
            if parallel is not None and "ParallelizationFactor" in layer:
                layer["ParallelizationFactor"] = parallel
        source = convert_from_keras_model(zoo.network(name), output_dir=folder, **arguments)
        found = ib.cost(ib.load(source))
    return sum(layer.lut_bits for layer in found.layers), sum(layer.register_bits for layer in found.layers)


def main() -> None:
    """Fit and write."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    found = {name: bits(name) for name in PUBLISHED}
    document: dict[str, Any] = {}
    for place, kind in enumerate(("lut", "ff")):
        ratios = {name: PUBLISHED[name][place] / found[name][place] for name in PUBLISHED}
        fitted = [name for name, facts in PUBLISHED.items() if facts[2]]
        factor = sum(ratios[name] for name in fitted) / len(fitted)
        checked = {name: round(factor / ratios[name] - 1, 4) for name in PUBLISHED if name not in fitted}
        document[kind] = {
            "factor": round(factor, 5),
            "error": max(abs(error) for error in checked.values()),
            "fitted_to": fitted,
            "checked_on": checked,
        }
    others = {name: bits(name, parallel)[0] / lut for name, (lut, parallel) in OTHERS.items()}
    document["lut"]["others"] = {
        name: round(document["lut"]["factor"] * ratio - 1, 4) for name, ratio in others.items()
    }
    path = ROOT / "python" / "isobit" / "cost" / "fabric.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    json.dump(document, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
