"""Decays of moving particles, as the toys of collisions use them. Four-momenta are (n, 4), energy first, in GeV."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["decay", "with_rapidity"]

Floats = NDArray[np.float64]
Random = np.random.Generator


def with_rapidity(mass: Floats, transverse: Floats, turn: Floats, rapidity: Floats) -> Floats:
    """Four-momenta (n, 4) in GeV from masses and transverse momenta (GeV), azimuths (rad) and rapidities, (n,) each."""
    size = np.hypot(mass, transverse)
    parts = (size * np.cosh(rapidity), transverse * np.cos(turn), transverse * np.sin(turn), size * np.sinh(rapidity))
    return np.stack(parts, axis=1)


def decay(random: Random, parent: Floats, first: Floats | float, second: Floats | float) -> tuple[Floats, Floats]:
    """Decay into two particles of these masses (GeV), isotropic in the parent's rest frame.

    Parameters
    ----------
    random
        Draws the directions.
    parent
        Four-momenta (n, 4) in GeV; masses must not be below the sum of the products'.
    first, second
        Masses of the products in GeV, one for all or (n,).

    Returns
    -------
    tuple
        Four-momenta (n, 4) of both, whose sum is the parent's.
    """
    n = len(parent)
    mass = np.sqrt(np.maximum(parent[:, 0] ** 2 - (parent[:, 1:] ** 2).sum(axis=1), 1e-6))
    cosine, turn = random.uniform(-1.0, 1.0, n), random.uniform(0.0, 2.0 * np.pi, n)
    energy = (mass**2 + np.square(first) - np.square(second)) / (2.0 * mass)
    size = np.sqrt(np.maximum(energy**2 - np.square(first), 0.0))
    sine = np.sqrt(1.0 - cosine**2)
    inner = size[:, None] * np.stack((sine * np.cos(turn), sine * np.sin(turn), cosine), axis=1)
    along = np.einsum("ni,ni->n", parent[:, 1:], inner) / (parent[:, 0] + mass)
    found = inner + ((along + energy) / mass)[:, None] * parent[:, 1:]
    one = np.concatenate((np.sqrt((found**2).sum(axis=1) + np.square(first))[:, None], found), axis=1)
    return one, parent - one
