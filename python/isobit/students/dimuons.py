"""A toy of pairs of Level-1 muons: those of one decay (resonances, Drell-Yan), and those that met by chance.

Masses and widths are the Particle Data Group's, spectra and shares are rough. A decay is isotropic in the rest frame of
its parent, so that pairs of one decay have the angles and momenta that make its mass; pairs by chance are two muons
of the trigger's inclusive spectrum, a part of them of neighbouring heavy quarks. Each muon is then measured as in
:mod:`isobit.students.muons`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError
from isobit.students.muons import ETA_ACCEPTANCE, PT_MIN, Floats, MuonSample, measure, spectrum, wrap_phi

__all__ = ["CHANCE", "SOURCES", "DimuonSample", "simulate"]

_MUON_MASS: Final = 0.10566  # GeV
_SIGNAL_SHARE: Final = 0.5

# Pairs by chance: a share of them comes from a heavy quark and its partner, whose directions are opposed.
_HEAVY_SHARE: Final = 0.4
_HEAVY_WIDTH: Final = 0.6  # rad

Random = np.random.Generator


class Source(NamedTuple):
    """Where pairs of one decay come from."""

    name: str
    share: float  # of signal
    mass: Callable[[Random, int], Floats]  # GeV
    recoil: float  # GeV: mean transverse momentum of the parent, beyond a third of its mass


def _line(mass: float, width: float) -> Callable[[Random, int], Floats]:
    """A Breit-Wigner line, cut at 20 widths and above the threshold of two muons."""

    def draw(random: Random, n: int) -> Floats:
        far = np.clip(random.standard_cauchy(n), -40.0, 40.0)
        return np.maximum(mass + 0.5 * width * far, 2.1 * _MUON_MASS)

    return draw


def _continuum(random: Random, n: int) -> Floats:
    """Drell-Yan: dN/dm ~ 1 / m^3 from 11 to 400 GeV, above the upsilons."""
    low, high = 11.0**-2.0, 400.0**-2.0
    masses: Floats = (low + random.random(n) * (high - low)) ** -0.5
    return masses


#: Sources of signal.
SOURCES: Final = (
    Source("J/psi", 0.25, _line(3.0969, 0.0), 9.0),
    Source("psi(2S)", 0.03, _line(3.6861, 0.0), 9.0),
    Source("Y(1S)", 0.15, _line(9.4603, 0.0), 6.0),
    Source("Y(2S)", 0.05, _line(10.0233, 0.0), 6.0),
    Source("Y(3S)", 0.02, _line(10.3552, 0.0), 6.0),
    Source("Z", 0.30, _line(91.188, 2.495), 8.0),
    Source("Drell-Yan", 0.20, _continuum, 6.0),
)
#: Name of what is no signal.
CHANCE: Final = "by chance"


@dataclass(frozen=True)
class DimuonSample:
    """Simulated pairs, one row an event; in each the muon with the larger measured pT is the first.

    Attributes
    ----------
    first, second
        The muons, as measured.
    source
        int64 (n,): number in `SOURCES`, or their count for pairs by chance.
    mass
        float64 (n,): true invariant mass in GeV.
    """

    first: MuonSample
    second: MuonSample
    source: NDArray[np.int64]
    mass: Floats

    def __len__(self) -> int:
        return len(self.source)

    @property
    def features(self) -> Floats:
        """float64 (n, 10): eta, phi, pT, charge, quality of both muons, exact in ap_fixed<18,6>."""
        return np.concatenate((self.first.features, self.second.features), axis=1)

    @property
    def signal(self) -> NDArray[np.bool_]:
        """Whether both muons are of one decay, bool (n,)."""
        return self.source < len(SOURCES)

    @property
    def targets(self) -> Floats:
        """float64 (n, 1): 1 for signal, 0 for pairs by chance."""
        return self.signal.astype(np.float64)[:, None]


def simulate(n: int, seed: int) -> DimuonSample:
    """Simulate `n` pairs, half of them signal on average. The same `n` and `seed` give the same sample.

    Raises
    ------
    RangeError
        If `n` or `seed` is negative.
    """
    for name, value in (("number of pairs", n), ("seed", seed)):
        if value < 0:
            raise RangeError(f"{name} is {value}, expected 0 or more")
    random = np.random.default_rng([seed, 2])
    shares = [_SIGNAL_SHARE * source.share for source in SOURCES]
    source = random.choice(len(SOURCES) + 1, size=n, p=[*shares, 1.0 - sum(shares)]).astype(np.int64)
    momenta = np.empty((n, 2, 3))
    for number in range(len(SOURCES) + 1):
        chosen = np.flatnonzero(source == number)
        draw = _by_chance if number == len(SOURCES) else _decays(SOURCES[number])
        momenta[chosen] = _accepted(draw, random, len(chosen))
    charge = random.integers(0, 2, n) * 2 - 1
    opposite = np.where(source == len(SOURCES), random.random(n) < 0.55, True)
    charges = np.stack((charge, np.where(opposite, -charge, charge)), axis=1)

    pt, eta, phi = _cylindrical(momenta.reshape(-1, 3))
    seen = measure(random, eta, phi, pt, charges.reshape(-1).astype(np.int64))
    order = np.argsort(-seen.pt.reshape(n, 2), axis=1, kind="stable") + 2 * np.arange(n)[:, None]
    first, second = (_taken(seen, order[:, place]) for place in (0, 1))
    return DimuonSample(first, second, source, _masses(momenta))


def _taken(sample: MuonSample, events: NDArray[np.intp]) -> MuonSample:
    return MuonSample(**{name: values[events] for name, values in vars(sample).items()})


def _accepted(draw: Callable[[Random, int], Floats], random: Random, n: int) -> Floats:
    """Momenta (n, 2, 3) in GeV of pairs whose muons both reach the stations."""
    found = np.empty((0, 2, 3))
    while len(found) < n:
        pairs = draw(random, 2 * (n - len(found)) + 64)
        pt, eta, _ = _cylindrical(pairs)
        found = np.concatenate((found, pairs[((pt > PT_MIN) & (np.abs(eta) < ETA_ACCEPTANCE)).all(axis=1)]))
    return found[:n]


def _decays(source: Source) -> Callable[[Random, int], Floats]:
    """Decays of a parent with an exponential transverse momentum and a flat rapidity."""

    def draw(random: Random, n: int) -> Floats:
        mass = source.mass(random, n)
        transverse = random.exponential(source.recoil + mass / 3.0)
        rapidity, turn = random.uniform(-2.4, 2.4, n), random.uniform(-np.pi, np.pi, n)
        energy = np.hypot(mass, transverse)
        parent = np.stack((transverse * np.cos(turn), transverse * np.sin(turn), energy * np.sinh(rapidity)), axis=1)
        cosine, angle = random.uniform(-1.0, 1.0, n), random.uniform(-np.pi, np.pi, n)
        momentum = np.sqrt(np.maximum(0.25 * mass**2 - _MUON_MASS**2, 0.0))
        sine = np.sqrt(1.0 - cosine**2)
        one = momentum[:, None] * np.stack((sine * np.cos(angle), sine * np.sin(angle), cosine), axis=1)
        total = energy * np.cosh(rapidity)
        # A boost adds along the parent's momentum p: (p.q / (E + m) + e) p / m, with the muon's energy e = m / 2.
        inner = np.einsum("ni,ni->n", parent, one)
        along = inner / (total + mass)
        both = [sign * one + ((sign * along + 0.5 * mass) / mass)[:, None] * parent for sign in (1.0, -1.0)]
        return np.stack(both, axis=1)

    return draw


def _by_chance(random: Random, n: int) -> Floats:
    """Two muons of the inclusive spectrum; of heavy quarks, back to back more or less."""
    pt = np.stack((spectrum(random, n), spectrum(random, n)), axis=1)
    eta = random.uniform(-ETA_ACCEPTANCE, ETA_ACCEPTANCE, (n, 2))
    phi = random.uniform(-np.pi, np.pi, (n, 2))
    heavy = random.random(n) < _HEAVY_SHARE
    phi[:, 1] = np.where(heavy, phi[:, 0] + np.pi + random.normal(0.0, _HEAVY_WIDTH, n), phi[:, 1])
    return np.stack((pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)), axis=2)


def _cylindrical(momenta: Floats) -> tuple[Floats, Floats, Floats]:
    """Transverse momentum (GeV), pseudorapidity and azimuth (rad, [-pi, pi)) of momenta (..., 3)."""
    pt = np.hypot(momenta[..., 0], momenta[..., 1])
    return (
        pt,
        np.arcsinh(momenta[..., 2] / np.maximum(pt, 1e-9)),
        wrap_phi(np.arctan2(momenta[..., 1], momenta[..., 0])),
    )


def _masses(momenta: Floats) -> Floats:
    """Invariant masses (n,) in GeV of pairs of muons (n, 2, 3)."""
    energy = np.sqrt((momenta**2).sum(axis=2) + _MUON_MASS**2).sum(axis=1)
    squared = energy**2 - (momenta.sum(axis=1) ** 2).sum(axis=1)
    masses: Floats = np.sqrt(np.maximum(squared, 0.0))
    return masses
