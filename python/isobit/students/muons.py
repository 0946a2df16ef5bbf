"""A toy of the Level-1 muon trigger: what the hardware reports for a muon, and what the muon was.

The uGMT reports eta and phi where the track crosses the muon stations, in integer steps, and a pT from coarse
patterns. The student recalibrates: from (eta, phi, pT, charge, quality) it predicts the values of the
reconstructed muon at the vertex. Three effects can be learnt:

* phi bends by about charge * K(eta) / pT between vertex and station: the largest effect,
* eta is pushed outwards at the solenoid's ends by about 1 / pT,
* pT is overestimated (thresholds are quoted at 90% efficiency) by a factor that depends on the region, and on a falling
  spectrum a large measured pT is more often a mismeasured small one.

The rest is resolution: curvature (1/pT) smearing with tails, position smearing, wrong charges.

Targets are corrections to the hardware values, not absolute values: 8 neurons a layer would spend themselves on
copying three inputs to better than a per cent, phi would have a jump in it, and pT would span two decades. As
corrections all three are of order one, phi has no wrap-around, and firmware adds or multiplies once at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError, ShapeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Hardware scales of the Level-1 muon objects (CMS uGMT).
ETA_STEP: Final = 0.010875  # pseudorapidity per step (0.087 / 8)
PHI_STEPS: Final = 576  # steps per turn
PHI_STEP: Final = 2.0 * np.pi / PHI_STEPS  # rad per step
PT_STEP: Final = 0.5  # GeV per step
ETA_MAX: Final = 225  # steps, |eta| < 2.45
PT_MAX: Final = 511  # steps, 9 bits: 255.5 GeV is 'this or more'
QUALITIES: Final = (4, 8, 12)

# Features: hardware integer / scale. Powers of two, so that every feature is exact in ap_fixed<18,6>.
ETA_FEATURE: Final = 256  # -> within +-0.88
PHI_FEATURE: Final = 256  # of phi counted from -288 to 287 -> within +-1.13
PT_FEATURE: Final = 64  # -> 0..8, 1.0 is 32 GeV
QUALITY_FEATURE: Final = 8  # -> 0.5, 1.0, 1.5
FEATURES: Final = ("eta", "phi", "pt", "charge", "quality")

# Targets: physical correction * scale, so that what remains to be resolved is about equally wide in all three.
ETA_TARGET: Final = 16.0  # (eta - eta_hw) * 16
PHI_TARGET: Final = 8.0  # wrap(phi - phi_hw) * 8, per rad
PT_TARGET: Final = 2.0  # pT / pT_hw * 2
PT_TARGET_MAX: Final = 6.0  # target of the pT ratio is cut here (a ratio of 3): beyond lie only mismeasured muons
TARGETS: Final = ("eta", "phi", "pt")

# Geometry and field of CMS, rounded (JINST 3 S08004).
_FIELD: Final = 3.8  # T
_CURVATURE: Final = 0.299792458  # GeV / (T m)
_SOLENOID_RADIUS: Final = 2.95  # m
_SOLENOID_HALF_LENGTH: Final = 6.5  # m
_STATION_RADIUS: Final = 4.9  # m, second barrel station
_STATION_Z: Final = 8.3  # m, second endcap station

_ETA_BARREL: Final = 0.83  # BMTF / OMTF border
_ETA_ENDCAP: Final = 1.24  # OMTF / EMTF border
ETA_ACCEPTANCE: Final = 2.4

# Spectrum: soft power law plus muons of W and Z decays.
PT_MIN: Final = 3.0  # GeV, below it a muon does not reach the stations
_PT_CUT: Final = 1000.0  # GeV
_PT_POWER: Final = 2.6  # dN/dpT ~ pT^-2.6
_PROMPT_FRACTION: Final = 0.05
_PROMPT_PT: Final = (36.0, 12.0)  # GeV, mean and width

# Response. Rows: barrel, overlap, endcap; columns: quality 4, 8, 12 where two-dimensional.
_QUALITY_SHARE: Final = (0.08, 0.22, 0.70)
_PT_SCALE: Final = np.array([1.15, 1.25, 1.30])  # overestimate, 90%-efficiency convention
_CURVATURE_SMEAR: Final = np.array([[0.30, 0.20, 0.15], [0.38, 0.26, 0.20], [0.42, 0.29, 0.22]])
_CURVATURE_LOSS: Final = 250.0  # GeV: relative smearing grows by pT / 250 GeV, where sagittas become steps
_TAIL_SHARE: Final = 0.06
_TAIL_WIDTH: Final = 3.0  # tails are this much wider than the core
_ETA_SMEAR: Final = np.array([[0.050, 0.035, 0.022], [0.045, 0.033, 0.024], [0.022, 0.016, 0.012]])
_ETA_PUSH: Final = 0.30  # GeV: outward shift of 0.30 / pT at the solenoid's ends
_PHI_SMEAR: Final = np.array([[0.014, 0.010, 0.006], [0.018, 0.013, 0.008], [0.018, 0.013, 0.009]])  # rad
_PHI_SCATTER: Final = 0.12  # GeV rad: multiple scattering ~ 0.12 / pT
_CHARGE_FLIP: Final = np.array([0.04, 0.015, 0.005])  # at small pT
_CHARGE_FLIP_PT: Final = 400.0  # GeV: pT / 400 GeV is added


@dataclass(frozen=True)
class MuonSample:
    """Simulated muons, one row an event.

    Attributes
    ----------
    eta, phi, pt, charge, quality
        int64 (n,): hardware integers. eta in 0.010875, within +-225; phi in 2 pi / 576, 0..575, at the station; pt in
        0.5 GeV, 1..511; charge -1 or 1; quality 4, 8 or 12.
    true_eta, true_phi, true_pt, true_charge
        float64 (n,): the reconstructed muon at the vertex; phi in rad within [-pi, pi), pT in GeV. (Its own resolution
        of about 1% is small beside the trigger's and left out.)
    """

    eta: Integers
    phi: Integers
    pt: Integers
    charge: Integers
    quality: Integers
    true_eta: Floats
    true_phi: Floats
    true_pt: Floats
    true_charge: Integers

    def __len__(self) -> int:
        return len(self.eta)

    @property
    def features(self) -> Floats:
        """float64 (n, 5): eta, phi, pT, charge, quality, of order one and exact in ap_fixed<18,6>."""
        centred = (self.phi + PHI_STEPS // 2) % PHI_STEPS - PHI_STEPS // 2
        columns = (
            self.eta / ETA_FEATURE,
            centred / PHI_FEATURE,
            self.pt / PT_FEATURE,
            self.charge.astype(np.float64),
            self.quality / QUALITY_FEATURE,
        )
        return np.stack(columns, axis=1)

    @property
    def hardware(self) -> Floats:
        """float64 (n, 3): the uncalibrated eta, phi (rad, [-pi, pi)) and pT (GeV) that the trigger would use."""
        return np.stack((self.eta * ETA_STEP, wrap_phi(self.phi * PHI_STEP), self.pt * PT_STEP), axis=1)

    @property
    def extrapolated(self) -> Floats:
        """float64 (n, 3): as `hardware`, with phi extrapolated from the station to the vertex.

        As the uGMT does it, from what the hardware knows: eta, charge and a pT that is overestimated by a known factor.
        """
        eta, phi, pt = self.hardware.T
        region = np.digitize(np.abs(eta), (_ETA_BARREL, _ETA_ENDCAP))
        vertex = wrap_phi(phi + self.charge * bending(eta) * _PT_SCALE[region] / pt)
        return np.stack((eta, vertex, pt), axis=1)

    @property
    def truth(self) -> Floats:
        """float64 (n, 3): reconstructed eta, phi (rad) and pT (GeV)."""
        return np.stack((self.true_eta, self.true_phi, self.true_pt), axis=1)

    @property
    def targets(self) -> Floats:
        """float64 (n, 3): what a network learns to predict, see `calibrate` for the way back."""
        hardware = self.hardware
        ratio = self.true_pt / hardware[:, 2] * PT_TARGET
        columns = (
            (self.true_eta - hardware[:, 0]) * ETA_TARGET,
            wrap_phi(self.true_phi - hardware[:, 1]) * PHI_TARGET,
            np.minimum(ratio, PT_TARGET_MAX),
        )
        return np.stack(columns, axis=1)

    def calibrate(self, predictions: NDArray[np.floating[Any]]) -> Floats:
        """Apply a network's predictions, (n, 3) in units of `targets`, to the hardware values.

        Returns float64 (n, 3): calibrated eta, phi (rad, [-pi, pi)) and pT (GeV).
        """
        values = np.asarray(predictions, dtype=np.float64)
        if values.shape != (len(self), 3):
            raise ShapeError(f"predictions have shape {values.shape}, expected ({len(self)}, 3)")
        hardware = self.hardware
        columns = (
            hardware[:, 0] + values[:, 0] / ETA_TARGET,
            wrap_phi(hardware[:, 1] + values[:, 1] / PHI_TARGET),
            hardware[:, 2] * values[:, 2] / PT_TARGET,
        )
        return np.stack(columns, axis=1)

    def residuals(self, values: NDArray[np.floating[Any]]) -> Floats:
        """Measured minus true, of values (n, 3) as in `truth`.

        Returns float64 (n, 3): eta; phi in rad within [-pi, pi); pT relative to the true pT, for an absolute
        difference in GeV would only describe the softest muons.
        """
        difference = np.asarray(values, dtype=np.float64) - self.truth
        return np.stack((difference[:, 0], wrap_phi(difference[:, 1]), difference[:, 2] / self.true_pt), axis=1)


def wrap_phi(phi: Floats) -> Floats:
    """Angle in rad brought into [-pi, pi)."""
    wrapped: Floats = np.mod(phi + np.pi, 2.0 * np.pi) - np.pi
    return np.where(wrapped >= np.pi, -np.pi, wrapped)  # mod of a tiny negative angle rounds up to a full turn


def bending(eta: Floats) -> Floats:
    """K(eta) in rad GeV: a muon of charge q is found at phi_vertex - q K / pT, to first order in 1 / pT.

    Inside the solenoid, out to radius r, the azimuth turns by a = 0.15 B r / pT and the direction by 2 a; from there it
    goes straight to the station at radius R, which gives a (2 - r / R). Forward muons leave the field through its end,
    at a smaller r.
    """
    slope = np.sinh(np.maximum(np.abs(eta), 1e-6))
    leave = np.minimum(_SOLENOID_RADIUS, _SOLENOID_HALF_LENGTH / slope)
    station = np.minimum(_STATION_RADIUS, _STATION_Z / slope)
    result: Floats = 0.5 * _CURVATURE * _FIELD * leave * (2.0 - leave / station)
    return result


def simulate(n: int, seed: int) -> MuonSample:
    """Simulate `n` muons. The same `n` and `seed` give the same sample.

    Raises
    ------
    RangeError
        If `n` or `seed` is negative.
    """
    if n < 0:
        raise RangeError(f"number of muons is {n}, expected 0 or more")
    if seed < 0:
        raise RangeError(f"seed is {seed}, expected 0 or more")
    random = np.random.default_rng(seed)
    true_pt = spectrum(random, n)
    true_eta = random.uniform(-ETA_ACCEPTANCE, ETA_ACCEPTANCE, n)
    true_phi = random.uniform(-np.pi, np.pi, n)
    true_charge = random.integers(0, 2, n) * 2 - 1
    return measure(random, true_eta, true_phi, true_pt, true_charge.astype(np.int64))


def measure(random: np.random.Generator, eta: Floats, phi: Floats, pt: Floats, charge: Integers) -> MuonSample:
    """What the hardware reports for muons.

    Parameters
    ----------
    random
        Draws quality and resolution.
    eta, phi, pt, charge
        (n,): of the muons at the vertex; phi in rad within [-pi, pi), pT in GeV, charge -1 or 1.
    """
    n = len(pt)
    region = np.digitize(np.abs(eta), (_ETA_BARREL, _ETA_ENDCAP))
    grade = random.choice(len(QUALITIES), size=n, p=_QUALITY_SHARE)

    smear = _CURVATURE_SMEAR[region, grade] + pt / _CURVATURE_LOSS
    smear = np.where(random.random(n) < _TAIL_SHARE, _TAIL_WIDTH * smear, smear)
    curvature = 1.0 + smear * random.standard_normal(n)
    seen_pt = _PT_SCALE[region] * pt / np.maximum(np.abs(curvature), 1e-3)

    flip = np.minimum(_CHARGE_FLIP[grade] + pt / _CHARGE_FLIP_PT, 0.5)
    seen_charge = np.where(random.random(n) < flip, -charge, charge)

    edge = np.clip((np.abs(eta) - _ETA_BARREL) / (_ETA_ENDCAP - _ETA_BARREL), 0.0, 1.0)
    seen_eta = eta + np.sign(eta) * edge * _ETA_PUSH / pt
    seen_eta += _ETA_SMEAR[region, grade] * random.standard_normal(n)

    seen_phi = phi - charge * bending(eta) / pt
    seen_phi += np.hypot(_PHI_SMEAR[region, grade], _PHI_SCATTER / pt) * random.standard_normal(n)

    return MuonSample(
        eta=np.clip(np.rint(seen_eta / ETA_STEP), -ETA_MAX, ETA_MAX).astype(np.int64),
        phi=np.rint(seen_phi / PHI_STEP).astype(np.int64) % PHI_STEPS,
        pt=np.clip(np.rint(seen_pt / PT_STEP), 1, PT_MAX).astype(np.int64),
        charge=seen_charge.astype(np.int64),
        quality=np.asarray(QUALITIES, dtype=np.int64)[grade],
        true_eta=eta,
        true_phi=phi,
        true_pt=pt,
        true_charge=charge,
    )


def spectrum(random: np.random.Generator, n: int) -> Floats:
    """True pT in GeV: a power law between its limits, by inversion, plus prompt muons."""
    power = 1.0 - _PT_POWER
    low, high = PT_MIN**power, _PT_CUT**power
    soft = (low + random.random(n) * (high - low)) ** (1.0 / power)
    prompt = np.maximum(random.normal(*_PROMPT_PT, n), PT_MIN)
    return np.where(random.random(n) < _PROMPT_FRACTION, prompt, soft)
