"""A toy of jets at high transverse momentum: five kinds, told apart by their prongs, their masses and their radiation.

A jet begins as a gluon, as a light quark, or as a W, a Z or a top quark whose products fly so close together that one
jet holds them: W, Z -> q q and t -> b W -> b q q, isotropic, at the masses of the Particle Data Group. Each parton then
radiates gluons, and they do: in the soft and collinear limit, emissions fill the plane of (ln 1/angle, ln momentum
share) evenly, with a density proportional to the coupling at the emission's transverse momentum and to the parton's
colour charge, 3 for gluons and 4/3 for quarks (F. A. Dreyer, G. P. Salam, G. Soyez, arXiv:1807.04758). Angles fall from
one emission to the next. They begin at the jet's radius for gluons and light quarks, at the opening angle for the
products of a decay: a W has no colour, so that its quarks do not radiate beyond each other. In the end each parton
breaks into hadrons, more of them the larger its momentum, with small momenta across it. So gluons have the most
constituents, W and Z two prongs, and top quarks three.

The hadrons are measured, and the hardest are what the zoo's networks of constituents read. What is left out: gluons do
not become pairs of quarks, hadrons do not decay, and there is no pile-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError
from isobit.students.kinematics import decay, with_rapidity

__all__ = ["ANGLE", "CONSTITUENTS", "KINDS", "MOMENTUM", "JetSample", "simulate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Random = np.random.Generator

#: Constituents of a jet that networks see, unless told otherwise.
CONSTITUENTS: Final = 8
#: GeV: unit of the constituents' transverse momenta.
MOMENTUM: Final = 64.0
#: Unit of eta and phi (rad) from the axis: 32 steps of pi / 720.
ANGLE: Final = 32.0 * np.pi / 720.0
_PT_STEPS: Final = 256  # of the unit: 1/4 GeV
_PT_LARGEST: Final = 8191  # steps
_ANGLE_STEPS: Final = 32  # of the unit

_PT: Final = (800.0, 150.0)  # GeV: where the spectrum begins, and how it falls
_RAPIDITY: Final = 2.0
_RADIUS: Final = 0.8
_GLUON, _QUARK = 3.0, 4.0 / 3.0  # colour charges
_W: Final = (80.38, 2.09)  # GeV, mass and width
_Z: Final = (91.19, 2.50)
_TOP: Final = 172.5  # GeV
_BOTTOM: Final = 4.8
_CUTOFF: Final = 1.0  # GeV: softer emissions, in momentum across the emitter, are not seen
_SLOPE: Final = 23.0 / (12.0 * np.pi)  # of 1 / coupling in ln k^2, with five flavours
_LAMBDA: Final = 0.2  # GeV
_ACROSS: Final = 0.35  # GeV, each component of a hadron's momentum across its parton
_PT_RESOLUTION: Final = 0.1  # relative
_ANGLE_RESOLUTION: Final = 0.004  # rad
_THRESHOLD: Final = 1.0  # GeV


@dataclass(frozen=True)
class JetSample:
    """Simulated jets.

    Attributes
    ----------
    features
        float64 (n, constituents, 3): by falling pT, pT / 64 GeV in steps of 1/256, eta and phi from the jet's axis in
        units of 0.14 rad, in steps of 1/32; missing ones are zero. Exact in ap_fixed<16,6>.
    kind
        int64 (n,): number in `KINDS`.
    """

    features: Floats
    kind: Ints

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def targets(self) -> Floats:
        """float64 (n, 5): 1 for the jet's kind, 0 for the others."""
        return np.eye(len(KINDS))[self.kind]


@dataclass(frozen=True)
class _Partons:
    """Partons of many jets in one row: number of the jet, pT (GeV), eta, phi, largest angle of radiation, colour."""

    jet: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    angle: Floats
    colour: Floats

    def __len__(self) -> int:
        return len(self.jet)

    def taken(self, chosen: NDArray[Any]) -> _Partons:
        return _Partons(**{name: values[chosen] for name, values in vars(self).items()})


def _joined(parts: list[_Partons]) -> _Partons:
    names = [field.name for field in fields(_Partons)]
    return _Partons(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _from_momenta(jet: Ints, momenta: Floats, angle: Floats) -> _Partons:
    """Quarks of four-momenta (n, 4)."""
    pt = np.hypot(momenta[:, 1], momenta[:, 2])
    eta = np.arcsinh(momenta[:, 3] / np.maximum(pt, 1e-9))
    return _Partons(jet, pt, eta, np.arctan2(momenta[:, 2], momenta[:, 1]), angle, np.full(len(jet), _QUARK))


def _between(one: Floats, other: Floats) -> Floats:
    """Distance (n,) in eta and phi of two four-momenta (n, 4), at most the jet's radius."""
    none = np.zeros(len(one), np.int64)
    a, b = (_from_momenta(none, momenta, np.zeros(len(one))) for momenta in (one, other))
    turn = (a.phi - b.phi + np.pi) % (2.0 * np.pi) - np.pi
    return np.minimum(np.hypot(a.eta - b.eta, turn), _RADIUS)


def _moving(random: Random, mass: Floats) -> Floats:
    """Four-momenta (n, 4) of what jets begin as; they fly along phi = 0, as features only know differences."""
    n = len(mass)
    transverse = _PT[0] + random.exponential(_PT[1], n)
    return with_rapidity(mass, transverse, np.zeros(n), random.uniform(-_RAPIDITY, _RAPIDITY, n))


def _one(colour: float) -> Callable[[Random, Ints], list[_Partons]]:
    """A single parton of this colour charge."""

    def draw(random: Random, jet: Ints) -> list[_Partons]:
        begun = _from_momenta(jet, _moving(random, np.zeros(len(jet))), np.full(len(jet), _RADIUS))
        return [_Partons(**{**vars(begun), "colour": np.full(len(jet), colour)})]

    return draw


def _pair(random: Random, jet: Ints, parent: Floats) -> list[_Partons]:
    """Both quarks of a W or Z."""
    both = decay(random, parent, 0.0, 0.0)
    angle = _between(*both)
    return [_from_momenta(jet, quark, angle) for quark in both]


def _line(random: Random, n: int, mass: float, width: float) -> Floats:
    """Masses (n,) in GeV of a Breit-Wigner line, cut at five widths."""
    return mass + 0.5 * width * np.clip(random.standard_cauchy(n), -10.0, 10.0)


def _boson(mass: float, width: float) -> Callable[[Random, Ints], list[_Partons]]:
    def draw(random: Random, jet: Ints) -> list[_Partons]:
        return _pair(random, jet, _moving(random, _line(random, len(jet), mass, width)))

    return draw


def _top(random: Random, jet: Ints) -> list[_Partons]:
    top = _moving(random, np.full(len(jet), _TOP))
    w, bottom = decay(random, top, _line(random, len(jet), *_W), _BOTTOM)
    return [_from_momenta(jet, bottom, _between(w, bottom)), *_pair(random, jet, w)]


_BEGINNINGS: Final[dict[str, Callable[[Random, Ints], list[_Partons]]]] = {
    "g": _one(_GLUON),
    "q": _one(_QUARK),
    "W": _boson(*_W),
    "Z": _boson(*_Z),
    "t": _top,
}
#: Names of the kinds of jets, in the order of the targets.
KINDS: Final = tuple(_BEGINNINGS)


def simulate(n: int, seed: int, constituents: int = CONSTITUENTS) -> JetSample:
    """Simulate `n` jets of kinds drawn evenly. The same arguments give the same sample.

    Parameters
    ----------
    n, seed
        Jets, and the seed of all random numbers.
    constituents
        How many of the hardest are kept of each jet, 1 or more; the jets themselves do not depend on it.

    Raises
    ------
    RangeError
        If `n` or `seed` is negative, or `constituents` less than 1.

    Examples
    --------
    >>> sample = simulate(1000, 1, constituents=16)
    >>> sample.features.shape, sample.targets.shape
    ((1000, 16, 3), (1000, 5))
    """
    for name, value, least in (("number of jets", n, 0), ("seed", seed, 0), ("constituents", constituents, 1)):
        if value < least:
            raise RangeError(f"{name} is {value}, expected {least} or more")
    random = np.random.default_rng([seed, 7])
    kind = random.integers(0, len(KINDS), n)
    begun: list[_Partons] = []
    for number, draw in enumerate(_BEGINNINGS.values()):
        begun += draw(random, np.flatnonzero(kind == number))
    hadrons = _broken(random, _showered(random, _joined(begun)))
    return JetSample(_features(_measured(random, hadrons), n, constituents), kind)


def _showered(random: Random, active: _Partons) -> _Partons:
    """Partons after all emissions, in steps of one proposed emission for each parton that can still radiate.

    Proposals are even in ln(1 / angle) and ln(share) at the coupling of the cutoff. Those that are too soft are
    dropped; others are taken with the ratio of their coupling to that one, and with what is left of the soft limit's
    probability at a larger share, (1 + (1 - share)^2) / 2. The parton goes on below the angle that was proposed.
    """
    done = []
    strongest = _coupling(np.array(_CUTOFF))
    while len(active):
        widest = 0.5 * active.pt * active.angle / _CUTOFF
        room = np.log(np.maximum(widest, 0.5))  # of ln(share), from the cutoff to a half
        done.append(active.taken(room <= 0.0))
        active, room = active.taken(room > 0.0), room[room > 0.0]
        n = len(active)
        rate = 2.0 * strongest * active.colour / np.pi * room
        angle = active.angle * np.exp(-random.exponential(1.0, n) / rate)
        share = 0.5 * np.exp(-random.random(n) * room)
        across = share * angle * active.pt
        likely = _coupling(np.maximum(across, _CUTOFF)) / strongest * 0.5 * (1.0 + (1.0 - share) ** 2)
        emits = (across > _CUTOFF) & (random.random(n) < likely)
        turn = random.uniform(0.0, 2.0 * np.pi, n)
        active = _Partons(**{**vars(active), "angle": angle})
        active = _joined([active.taken(~emits), *_split(active.taken(emits), share[emits], turn[emits])])
    return _joined(done) if done else active


def _split(emitter: _Partons, share: Floats, turn: Floats) -> tuple[_Partons, _Partons]:
    """Emitter and gluon, whose pT and whose centre in eta and phi are those of the emitter before."""
    found = []
    for part, far in ((1.0 - share, -share), (share, 1.0 - share)):
        moved = {
            "pt": part * emitter.pt,
            "eta": emitter.eta + far * emitter.angle * np.cos(turn),
            "phi": emitter.phi + far * emitter.angle * np.sin(turn),
        }
        found.append(_Partons(**{**vars(emitter), **moved}))
    left, gluon = found
    return left, _Partons(**{**vars(gluon), "colour": np.full(len(gluon), _GLUON)})


def _coupling(across: Floats) -> Floats:
    """The strong coupling at a transverse momentum in GeV, at one loop."""
    found: Floats = 1.0 / (_SLOPE * 2.0 * np.log(across / _LAMBDA))
    return found


def _broken(random: Random, partons: _Partons) -> _Partons:
    """Hadrons: of each parton one and on average ln(1 + pT / GeV) more, which share its momentum at random."""
    counts = 1 + random.poisson(np.log1p(partons.pt))
    parent = np.repeat(np.arange(len(partons)), counts)
    share = random.exponential(1.0, len(parent))
    share /= np.bincount(parent, share, len(partons))[parent]
    hadrons = partons.taken(parent)
    pt = share * hadrons.pt
    eta, phi = (
        angle + np.clip(_ACROSS * random.standard_normal(len(parent)) / pt, -_RADIUS, _RADIUS)
        for angle in (hadrons.eta, hadrons.phi)
    )
    return _Partons(**{**vars(hadrons), "pt": pt, "eta": eta, "phi": phi})


def _measured(random: Random, partons: _Partons) -> _Partons:
    n = len(partons)
    seen = {
        "pt": partons.pt * np.exp(_PT_RESOLUTION * random.standard_normal(n)),
        "eta": partons.eta + _ANGLE_RESOLUTION * random.standard_normal(n),
        "phi": partons.phi + _ANGLE_RESOLUTION * random.standard_normal(n),
    }
    return _Partons(**{**vars(partons), **seen})


def _features(partons: _Partons, n: int, constituents: int) -> Floats:
    """The hardest constituents about the axis, which is the centre of all, weighed by pT."""
    whole = np.maximum(np.bincount(partons.jet, partons.pt, n), 1e-9)
    eta, phi = (
        angle - (np.bincount(partons.jet, partons.pt * angle, n) / whole)[partons.jet]
        for angle in (partons.eta, partons.phi)
    )
    seen = (partons.pt > _THRESHOLD) & (np.hypot(eta, phi) < _RADIUS)
    jet, pt, eta, phi = (values[seen] for values in (partons.jet, partons.pt, eta, phi))
    order = np.lexsort((-pt, jet))
    first = np.searchsorted(jet[order], np.arange(n))
    rank = np.arange(len(order)) - first[jet[order]]
    kept = rank < constituents
    chosen = order[kept]
    momentum = np.minimum(np.rint(pt[chosen] / MOMENTUM * _PT_STEPS), _PT_LARGEST) / _PT_STEPS
    angles = [np.rint(angle[chosen] / ANGLE * _ANGLE_STEPS) / _ANGLE_STEPS for angle in (eta, phi)]
    features = np.zeros((n, constituents, 3))
    features[jet[chosen], rank[kept]] = np.stack((momentum, *angles), axis=1)
    return features
