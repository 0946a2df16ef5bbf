"""A toy of what the global trigger sees: everyday collisions, and four signals that an anomaly trigger should notice.

Everyday collisions are multijets, W -> l nu, Z -> l l and pairs of top quarks at rough shares after a loose selection.
The signals are those that studies of anomaly triggers use most: a light boson A -> 4 l, a leptoquark -> b tau, a scalar
h0 -> tau tau, and a charged one h+ -> tau nu. Masses are as there (50, 80, 60 and 60 GeV); spectra, rates and the
detector are rough: two-body decays, taus that decay along their flight, smeared momenta, thresholds, extra soft jets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError, UnsupportedError
from isobit.students.kinematics import decay, with_rapidity
from isobit.students.zoo.events import COUNTS, in_hardware_units
from isobit.suggest import did_you_mean

__all__ = ["BACKGROUND", "SHARES", "SIGNALS", "AnomalySample", "simulate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Random = np.random.Generator

_MUON, _ELECTRON, _JET, _NONE = 0, 1, 2, 3
_THRESHOLD: Final = (3.0, 5.0, 15.0)  # GeV
_ACCEPTANCE: Final = (2.4, 2.5, 4.0)  # |eta|
_RESOLUTION: Final = (0.05, 0.05, 0.15)  # of pT, relative
_EFFICIENCY: Final = (0.95, 0.9, 0.98)
_TAU_TO_LEPTON: Final = 0.352
_EXTRA_JETS: Final = 2.0  # mean number, of pile-up and radiation
_MET_NOISE: Final = 10.0  # GeV, each component


@dataclass(frozen=True)
class _Products:
    """What flies out of a collision: kinds (n, k), and momenta (n, k, 3) in GeV; what is not there is `_NONE`."""

    kinds: Ints
    momenta: Floats

    def beside(self, other: _Products) -> _Products:
        return _Products(
            np.concatenate((self.kinds, other.kinds), axis=1), np.concatenate((self.momenta, other.momenta), axis=1)
        )


def _moving(random: Random, n: int, mass: Floats, recoil: float, spread: float = 1.3) -> Floats:
    """Four-momenta (n, 4), energy first, of particles with an exponential transverse momentum."""
    transverse, turn = random.exponential(recoil, n), random.uniform(0.0, 2.0 * np.pi, n)
    return with_rapidity(mass, transverse, turn, random.normal(0.0, spread, n))


def _seen(*particles: tuple[Ints, Floats]) -> _Products:
    """Products of (kinds, four-momenta)."""
    return _Products(
        np.stack([kind for kind, _ in particles], axis=1), np.stack([momentum[:, 1:] for _, momentum in particles], 1)
    )


def _leptons(random: Random, n: int) -> Ints:
    """Muons or electrons."""
    return random.integers(_MUON, _ELECTRON + 1, n)


def _taus(random: Random, *taus: Floats) -> _Products:
    """The visible parts of taus: a lepton or a narrow jet with a share of the momentum."""
    found = []
    for tau in taus:
        n = len(tau)
        leptonic = random.random(n) < _TAU_TO_LEPTON
        share = np.where(leptonic, random.beta(1.3, 2.0, n), random.beta(2.5, 1.5, n))
        found.append((np.where(leptonic, _leptons(random, n), _JET), share[:, None] * tau))
    return _seen(*found)


def _same(kind: int, n: int) -> Ints:
    return np.full(n, kind, np.int64)


def _multijets(random: Random, n: int) -> _Products:
    energy = 2.0 * 18.0 * (1.0 + random.pareto(3.5, n))
    first, second = decay(random, _moving(random, n, energy, 8.0), 0.0, 0.0)
    fake = np.where(random.random(n) < 0.04, _leptons(random, n), _NONE)
    return _seen((_same(_JET, n), first), (_same(_JET, n), second), (fake, 0.4 * first))


def _w(random: Random, n: int) -> _Products:
    lepton, _ = decay(random, _moving(random, n, random.normal(80.4, 2.1, n), 18.0), 0.0, 0.0)
    return _seen((_leptons(random, n), lepton))


def _z(random: Random, n: int) -> _Products:
    first, second = decay(random, _moving(random, n, random.normal(91.2, 2.5, n), 18.0), 0.0, 0.0)
    kind = _leptons(random, n)
    return _seen((kind, first), (kind, second))


def _tops(random: Random, n: int) -> _Products:
    pair = _moving(random, n, 350.0 + random.exponential(90.0, n), 40.0, 0.8)
    products = []
    for top in decay(random, pair, 172.5, 172.5):
        w, bottom = decay(random, top, 80.4, 5.0)
        first, second = decay(random, w, 0.0, 0.0)
        leptonic = random.random(n) < 0.25
        kind = np.where(leptonic, _leptons(random, n), _JET)
        products += [(_same(_JET, n), bottom), (kind, first), (np.where(leptonic, _NONE, _JET), second)]
    return _seen(*products)


def _four_leptons(random: Random, n: int) -> _Products:
    masses = random.uniform(4.0, 24.0, (2, n))
    pairs = decay(random, _moving(random, n, np.full(n, 50.0), 25.0), masses[0], masses[1])
    products = []
    for pair in pairs:
        kind = _leptons(random, n)
        products += [(kind, lepton) for lepton in decay(random, pair, 0.0, 0.0)]
    return _seen(*products)


def _leptoquark(random: Random, n: int) -> _Products:
    bottom, tau = decay(random, _moving(random, n, np.full(n, 80.0), 25.0), 5.0, 0.0)
    return _seen((_same(_JET, n), bottom)).beside(_taus(random, tau))


def _neutral(random: Random, n: int) -> _Products:
    return _taus(random, *decay(random, _moving(random, n, np.full(n, 60.0), 25.0), 0.0, 0.0))


def _charged(random: Random, n: int) -> _Products:
    tau, _ = decay(random, _moving(random, n, np.full(n, 60.0), 25.0), 0.0, 0.0)
    return _taus(random, tau)


Process = Callable[[Random, int], _Products]
#: Everyday collisions, and their shares.
SHARES: Final[Mapping[str, float]] = {"multijets": 0.60, "W": 0.30, "Z": 0.07, "top quarks": 0.03}
_EVERYDAY: Final[tuple[Process, ...]] = (_multijets, _w, _z, _tops)
#: Name of their mixture.
BACKGROUND: Final = "background"
_SIGNALS: Final[Mapping[str, Process]] = {
    "A to 4 l": _four_leptons,
    "LQ to b tau": _leptoquark,
    "h0 to tau tau": _neutral,
    "h+ to tau nu": _charged,
}
#: Names of the signals.
SIGNALS: Final = tuple(_SIGNALS)


@dataclass(frozen=True)
class AnomalySample:
    """Simulated events.

    Attributes
    ----------
    features
        float64 (n, 19, 3): 4 muons, 4 electrons, 10 jets by falling pT, missing transverse momentum; pT / 32 GeV, eta
        and phi in units of 1.4, from hardware integers, exact in ap_fixed<16,6>; missing objects are zero.
    """

    features: Floats

    def __len__(self) -> int:
        return len(self.features)

    @property
    def targets(self) -> Floats:
        """float64 (n, 57): what an autoencoder should give, the objects themselves."""
        return self.features.reshape(len(self), -1)


def simulate(n: int, seed: int, process: str = BACKGROUND) -> AnomalySample:
    """Simulate `n` events of a process: `BACKGROUND` or one of `SIGNALS`. The same arguments give the same sample.

    Raises
    ------
    RangeError
        If `n` or `seed` is negative.
    UnsupportedError
        For an unknown process.
    """
    for name, value in (("number of events", n), ("seed", seed)):
        if value < 0:
            raise RangeError(f"{name} is {value}, expected 0 or more")
    known = (BACKGROUND, *SIGNALS)
    if process not in known:
        raise UnsupportedError(f"no process {process!r}{did_you_mean(process, known)}; known: {', '.join(known)}")
    random = np.random.default_rng([seed, 5, known.index(process)])
    if process != BACKGROUND:
        return AnomalySample(_objects(random, _SIGNALS[process](random, n)))
    which = random.choice(len(_EVERYDAY), size=n, p=list(SHARES.values()))
    features = np.empty((n, sum(COUNTS) + 1, 3))
    for number, everyday in enumerate(_EVERYDAY):
        chosen = np.flatnonzero(which == number)
        features[chosen] = _objects(random, everyday(random, len(chosen)))
    return AnomalySample(features)


def _extra(random: Random, n: int) -> _Products:
    """Soft jets of pile-up and radiation, and now and then a lepton of a heavy quark."""
    count = 8
    there = np.arange(count) < random.poisson(_EXTRA_JETS, n)[:, None]
    pt = 12.0 * (1.0 + random.pareto(3.0, (n, count)))
    eta, phi = random.normal(0.0, 2.0, (n, count)), random.uniform(0.0, 2.0 * np.pi, (n, count))
    kinds = np.where(there, _JET, _NONE)
    kinds[:, -1] = np.where(random.random(n) < 0.05, _leptons(random, n), _NONE)
    pt[:, -1] *= 0.4
    return _Products(kinds, np.stack((pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)), axis=2))


def _objects(random: Random, products: _Products) -> Floats:
    """What the trigger sees of them, (n, 19, 3)."""
    n = len(products.kinds)
    products = products.beside(_extra(random, n))
    kinds, momenta = products.kinds, products.momenta
    table = [np.append(values, last) for values, last in ((_RESOLUTION, 0.0), (_ACCEPTANCE, 0.0), (_THRESHOLD, np.inf))]
    resolution, acceptance, threshold = (values[kinds] for values in table)
    true = np.hypot(momenta[..., 0], momenta[..., 1])
    eta = np.arcsinh(momenta[..., 2] / np.maximum(true, 1e-9))
    pt = true * np.exp(resolution * random.standard_normal(true.shape))
    efficiency = np.append(_EFFICIENCY, 0.0)[kinds]
    there = (pt > threshold) & (np.abs(eta) < acceptance) & (random.random(true.shape) < efficiency)
    phi = np.arctan2(momenta[..., 1], momenta[..., 0]) % (2.0 * np.pi)
    whole = np.where(there, pt, 0.0)
    x = -(whole * np.cos(phi)).sum(axis=1) + random.normal(0.0, _MET_NOISE, n)
    y = -(whole * np.sin(phi)).sum(axis=1) + random.normal(0.0, _MET_NOISE, n)
    rows = []
    for kind, count in enumerate(COUNTS):
        strength = np.where(there & (kinds == kind), pt, 0.0)
        strength = np.pad(strength, ((0, 0), (0, max(0, count - strength.shape[1]))))
        order = np.argsort(-strength, axis=1, kind="stable")[:, :count]
        ranked = np.take_along_axis(strength, order, 1)
        place = np.minimum(order, eta.shape[1] - 1)
        angles = [np.where(ranked > 0.0, np.take_along_axis(angle, place, 1), 0.0) for angle in (eta, phi)]
        rows.append(np.stack((ranked, *angles), axis=2))
    rows.append(np.stack((np.hypot(x, y), np.zeros(n), np.arctan2(y, x) % (2.0 * np.pi)), axis=1)[:, None])
    return in_hardware_units(np.concatenate(rows, axis=1))
