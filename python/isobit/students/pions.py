"""A toy of charged pions in a calorimeter of six layers: clusters as sets of cells, and the energy to be measured.

A shower begins somewhere in depth, spends a fluctuating part of its energy on photons, and answers with less than its
energy for the rest; what goes through the last layer is lost. So the sum of the cells is a poor measure, and the cells'
depths and shares say how to mend it. Cells are what the zoo's `pion_deepsets` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError

__all__ = ["CELLS", "ENERGIES", "PionSample", "simulate"]

Floats = NDArray[np.float64]

#: Cells of an event; the hardest of a cluster.
CELLS: Final = 24
#: GeV: the pions' energies, flat in their logarithm.
ENERGIES: Final = (5.0, 300.0)
_LAYERS: Final = 6
_HADRONIC: Final = 0.68  # answer to what is no photon, relative
_SAMPLING: Final = 0.35  # of the square root of the energy in GeV
_NOISE: Final = 0.03  # GeV a cell
_THRESHOLD: Final = 0.1  # GeV a cell
_STEP: Final = 8  # of an energy, a GeV


@dataclass(frozen=True)
class PionSample:
    """Simulated pions.

    Attributes
    ----------
    features
        float64 (n, 24, 4): cells by falling energy: energy / 8 GeV in steps of 1/64, eta and phi from the centre in
        units of 0.1, number of the layer / 4; missing ones are zero. Exact in ap_fixed<16,6> except for the angles.
    energy
        float64 (n,): true energy in GeV.
    """

    features: Floats
    energy: Floats

    def __len__(self) -> int:
        return len(self.energy)

    @property
    def targets(self) -> Floats:
        """float64 (n, 1): the energy in GeV."""
        return self.energy[:, None]


def simulate(n: int, seed: int) -> PionSample:
    """Simulate `n` pions. The same `n` and `seed` give the same sample.

    Raises
    ------
    RangeError
        If `n` or `seed` is negative.
    """
    for name, value in (("number of pions", n), ("seed", seed)):
        if value < 0:
            raise RangeError(f"{name} is {value}, expected 0 or more")
    random = np.random.default_rng([seed, 6])
    energy = np.exp(random.uniform(float(np.log(ENERGIES[0])), float(np.log(ENERGIES[1])), n))
    # the photons' share grows with the energy; each cell is a piece of one of both parts, at some depth
    mean = 1.0 - (energy / 1.0) ** -0.18
    photons = random.beta(4.0 * mean, 4.0 * (1.0 - mean))
    start = random.exponential(1.2, n)
    electromagnetic = random.random((n, CELLS)) < 0.4
    depth = start[:, None] + np.where(
        electromagnetic, random.exponential(0.5, (n, CELLS)), random.gamma(2.0, 0.9, (n, CELLS))
    )
    layer = np.floor(depth)
    share = random.gamma(0.6, 1.0, (n, CELLS)) + 1e-9
    parts = []
    for part, weight in ((electromagnetic, photons), (~electromagnetic, _HADRONIC * (1.0 - photons))):
        of_part = np.where(part, share, 0.0)
        parts.append(weight[:, None] * of_part / np.maximum(of_part.sum(axis=1, keepdims=True), 1e-9))
    deposit = energy[:, None] * (parts[0] + parts[1])
    deposit = np.where(layer < _LAYERS, deposit, 0.0)
    seen = deposit + _SAMPLING * np.sqrt(deposit) * random.standard_normal(deposit.shape)
    seen = np.rint((seen + _NOISE * random.standard_normal(seen.shape)) * _STEP) / _STEP
    width = (0.4 + 0.3 * np.minimum(layer, _LAYERS))[..., None] * np.where(electromagnetic, 0.5, 1.0)[..., None]
    place = np.clip(width * random.standard_normal((n, CELLS, 2)), -8.0, 8.0)
    there = (seen > _THRESHOLD) & (layer < _LAYERS)
    energies = np.minimum(seen, 240.0)[..., None] / 8.0
    cells = np.where(there[..., None], np.concatenate((energies, place, layer[..., None] / 4.0), axis=2), 0.0)
    order = np.argsort(-cells[..., 0], axis=1, kind="stable")
    return PionSample(np.take_along_axis(cells, order[..., None], 1), energy)
