"""Toys of what the other triggers see: seeded, scaled as the golden configs expect, within their input types.

They stand in for data that cannot be shipped: the distributions are simple, but hardware integers are integers, objects
are sorted and missing ones are zero, features are correlated and have tails.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from isobit.students.zoo.entry import Floats

# Global-trigger objects: 4 muons, 4 electrons, 10 jets, missing transverse energy.
COUNTS: Final = (4, 4, 10)
_MEAN_COUNTS: Final = (0.7, 1.5, 4.0)
_SOFT_PT: Final = (4.0, 8.0, 20.0)  # GeV, scale of the falling spectra
_PT_STEP: Final = 0.5  # GeV
_PT_SATURATED: Final = 1023  # steps
_ANGLE_STEP: Final = 2.0 * np.pi / 144  # of eta and phi
_PT_FEATURE: Final = 64  # features are steps / these
_ANGLE_FEATURE: Final = 32

# PUPPI candidates: kinds of particles (hadrons, electrons, photons, muons, ...), and charges -1, 0, 1 and missing.
PARTICLE_KINDS: Final = 8
CHARGES: Final = 4

# Tracker: four layers of seven hits. Each hit of the first is joined with two of the second, the others with three.
_LAYERS: Final = 4
_EACH: Final = 7
HITS: Final = _LAYERS * _EACH
SEGMENTS: Final = tuple(
    (_EACH * layer + hit, _EACH * (layer + 1) + (hit + step) % _EACH)
    for layer in range(_LAYERS - 1)
    for hit in range(_EACH)
    for step in ((0, 1) if layer == 0 else (-1, 0, 1))
)

_LIMIT: Final = 31.0  # standardised features are clipped where ap_fixed<16,6> ends
_CLASSES: Final = 5


def global_trigger_objects(n: int, seed: int) -> Floats:
    """(n, 19, 3): pT / 32 GeV, eta and phi in units of 1.4, from hardware integers; rows 0-3 muons, ..., row 18 MET.

    Each kind is sorted by pT, missing objects are zero. Within +-16: exact in ap_fixed<16,6>.
    """
    random = np.random.default_rng(seed)
    objects = []
    for count, mean, scale in zip(COUNTS, _MEAN_COUNTS, _SOFT_PT, strict=True):
        present = np.arange(count) < np.minimum(random.poisson(mean, n), count)[:, None]
        pt = scale * (0.2 + random.pareto(2.5, (n, count)))
        eta = np.clip(random.normal(0.0, 1.6, (n, count)), -3.0, 3.0)
        phi = random.uniform(0.0, 2.0 * np.pi, (n, count))
        pt = -np.sort(-np.where(present, pt, 0.0), axis=1)
        objects.append(np.stack((pt, np.where(present, eta, 0.0), np.where(present, phi, 0.0)), axis=2))
    seen = np.concatenate(objects, axis=1)
    x = -(seen[:, :, 0] * np.cos(seen[:, :, 2])).sum(1) + random.normal(0.0, 12.0, n)
    y = -(seen[:, :, 0] * np.sin(seen[:, :, 2])).sum(1) + random.normal(0.0, 12.0, n)
    met = np.stack((np.hypot(x, y), np.zeros(n), np.arctan2(y, x) % (2.0 * np.pi)), axis=1)
    return in_hardware_units(np.concatenate((seen, met[:, None, :]), axis=1))


def in_hardware_units(seen: Floats) -> Floats:
    """Objects (n, objects, 3) of pT (GeV), eta and phi (rad, [0, 2 pi)) as `global_trigger_objects` gives them."""
    pt = np.minimum(np.rint(seen[:, :, 0] / _PT_STEP), _PT_SATURATED) / _PT_FEATURE
    angles = np.rint(seen[:, :, 1:] / _ANGLE_STEP) / _ANGLE_FEATURE
    return np.concatenate((pt[:, :, None], angles), axis=2)


def padded_objects(n: int, seed: int) -> Floats:
    """(n, 20, 3, 1): `global_trigger_objects` as an image, with a row of zeros below."""
    image = np.zeros((n, 20, 3, 1))
    image[:, :19, :, 0] = global_trigger_objects(n, seed)
    return image


def flat_objects(n: int, seed: int) -> Floats:
    """(n, 57): `global_trigger_objects`, object by object."""
    return global_trigger_objects(n, seed).reshape(n, 57)


def standardised(n: int, seed: int, features: int) -> Floats:
    """(n, features): correlated, of five classes, with tails; mean about 0 and variance about 1, clipped to +-31."""
    fixed = np.random.default_rng(features)  # the classes are the same whatever the seed
    centres = fixed.normal(0.0, 0.7, (_CLASSES, features))
    mixing = fixed.normal(0.0, 0.7 / np.sqrt(features), (features, features))
    random = np.random.default_rng(seed)
    draw = random.standard_t(5, (n, features))
    # einsum, not @: BLAS rounds differently from machine to machine, and events must not
    values = centres[random.integers(0, _CLASSES, n)] + 0.5 * draw + np.einsum("ni,ij->nj", draw, mixing)
    clipped: Floats = np.clip(values, -_LIMIT, _LIMIT)
    return clipped


def particles(n: int, seed: int, count: int, features: int) -> Floats:
    """(n, count, features): constituents of jets by falling pT, as standardised features; missing ones are zero."""
    random = np.random.default_rng([seed, 1])
    values = standardised(n * count, seed, features).reshape(n, count, features)
    fraction = -np.sort(-random.exponential(1.0, (n, count)), axis=1)
    values[:, :, 0] = np.clip(np.log(fraction + 1e-3), -_LIMIT, _LIMIT)  # pT
    present = np.arange(count) < np.maximum(random.poisson(0.7 * count, n), 1)[:, None]
    return np.where(present[:, :, None], values, 0.0)


def sensor_images(n: int, seed: int) -> Floats:
    """(n, 4, 4, 3): the trigger cells of a module as shares of its sum, in steps of 2^-7, each below 2 (8 bits)."""
    random = np.random.default_rng(seed)
    place = np.arange(4.0)
    centre = random.uniform(-0.5, 3.5, (n, 3, 2))
    width = random.uniform(0.3, 1.5, (n, 3, 1))
    rows = np.exp(-(((place - centre[:, :, :1]) / width) ** 2))
    columns = np.exp(-(((place - centre[:, :, 1:]) / width) ** 2))
    charge = random.exponential(1.0, (n, 3))[:, :, None, None] * rows[:, :, :, None] * columns[:, :, None, :]
    charge = charge + random.exponential(0.02, charge.shape)
    share = charge / charge.sum(axis=(1, 2, 3), keepdims=True)
    return np.ascontiguousarray(np.clip(np.rint(share * 256), 0, 255).transpose(0, 2, 3, 1)) / 128


def beam_readings(n: int, seed: int) -> Floats:
    """(n, 5): standardised readings of an accelerator's regulators that follow each other in time."""
    random = np.random.default_rng(seed)
    time = np.arange(n)[:, None] + random.uniform(0.0, 1000.0)
    periods = np.array([37.0, 61.0, 113.0, 211.0, 401.0])
    readings: Floats = np.sin(2.0 * np.pi * time / periods) + 0.5 * random.standard_normal((n, 5))
    return readings


def region_energies(n: int, seed: int) -> Floats:
    """(n, 18, 14, 1): transverse energies of the calorimeter's regions in phi and eta, in units of 16 GeV, below 64.

    Pile-up everywhere, and a few deposits that spread over their neighbours (around in phi), from whole GeV.
    """
    random = np.random.default_rng(seed)
    energy = random.gamma(1.0, 2.5, (n, 18, 14)) * random.gamma(4.0, 0.25, (n, 1, 1))
    for _ in range(4):
        phi, eta = random.uniform(0.0, 18.0, (n, 1)), random.uniform(-0.5, 13.5, (n, 1))
        far = np.abs(np.arange(18.0) - phi)
        rows = np.exp(-2.0 * np.minimum(far, 18.0 - far) ** 2)
        columns = np.exp(-2.0 * (np.arange(14.0) - eta) ** 2)
        deposit = 40.0 * random.pareto(2.2, (n, 1, 1))
        energy += deposit * rows[:, :, None] * columns[:, None, :]
    return np.minimum(np.rint(energy), 1023)[..., None] / 16


def tower_clusters(n: int, seed: int) -> Floats:
    """(n, 5, 9, 2): energies around a cluster's centre in two calorimeters, in units of 32 GeV, from half GeV."""
    random = np.random.default_rng(seed)
    width = np.where(random.random((n, 1)) < 0.5, random.uniform(0.4, 0.8, (n, 1)), random.uniform(0.8, 2.5, (n, 1)))
    total = 60.0 + 60.0 * random.pareto(3.0, (n, 1, 1, 1))
    share = random.beta(2.0, 2.0, (n, 1, 1, 1))
    rows = np.exp(-(((np.arange(5.0) - 2.0 - random.normal(0.0, 0.3, (n, 1))) / width) ** 2))
    columns = np.exp(-(((np.arange(9.0) - 4.0 - random.normal(0.0, 0.3, (n, 1))) / width) ** 2))
    shape = rows[:, :, None] * columns[:, None, :] * random.gamma(2.0, 0.5, (n, 5, 9))
    part = (total * np.concatenate((share, 1.0 - share), axis=3)) * shape[..., None]
    seen: Floats = np.minimum(np.rint(part + random.exponential(2.0, part.shape)), 1023) / 64
    return seen


def puppi_candidates(n: int, seed: int, count: int) -> list[Floats]:
    """Candidates by falling pT: features (n, count, 6), px and py (n, count, 2), kind and charge (n, count).

    Features are pT / 16 GeV, eta, phi, PUPPI weight, and two of the vertex, in steps of 1/64; momenta are in units of
    16 GeV. Missing candidates are zero.
    """
    random = np.random.default_rng([seed, 2])
    present = np.arange(count) < random.poisson(0.6 * count, n)[:, None]
    pt = np.where(present, -np.sort(-2.0 * (0.25 + random.pareto(2.0, (n, count))), axis=1), 0.0)
    pt = np.minimum(pt, 1000.0) / 16.0
    phi = random.uniform(-np.pi, np.pi, (n, count))
    others = [random.normal(0.0, 1.6, (n, count)), phi, random.beta(0.5, 0.5, (n, count))]
    others += [random.normal(0.0, 1.0, (n, count)) for _ in range(2)]
    features = np.stack([pt, *(np.where(present, column, 0.0) for column in others)], axis=2)
    momenta = np.stack([pt * np.cos(phi), pt * np.sin(phi)], axis=2)
    kind = np.where(present, random.integers(1, PARTICLE_KINDS, (n, count)), 0)
    charge = np.where(present, random.integers(1, CHARGES, (n, count)), 0)
    steps = [np.rint(array * 64) / 64 for array in (features, momenta)]
    return [*steps, kind.astype(np.float64), charge.astype(np.float64)]


def cluster_cells(n: int, seed: int, count: int) -> Floats:
    """(n, count, 4): the hardest cells of a cluster, by falling energy; missing ones are zero.

    Energy / 8 GeV in steps of 1/64, eta and phi from the centre in units of 0.1, and the number of the layer / 4.
    """
    random = np.random.default_rng([seed, 3])
    total = 5.0 * (1.0 + random.pareto(1.5, (n, 1)))
    share = random.exponential(1.0, (n, count)) ** 2
    energy = -np.sort(-np.minimum(total * share / share.sum(axis=1, keepdims=True), 200.0), axis=1)
    seen = (np.arange(count) < np.maximum(random.poisson(0.6 * count, (n, 1)), 1)) & (energy > 0.02)
    depth = random.integers(0, 6, (n, count)) / 4
    places = random.normal(0.0, 0.6, (n, count, 2)) * (0.5 + depth)[..., None]
    cells = np.concatenate((np.rint(energy * 8)[..., None] / 64, np.clip(places, -8.0, 8.0), depth[..., None]), axis=2)
    return np.where(seen[..., None], cells, 0.0)


def hit_graphs(n: int, seed: int) -> list[Floats]:
    """Hits (n, 28, 3), and the segments between them (n, 56, 4).

    Of hits r and z in units of 10 cm and phi / pi; of segments the differences of these along `SEGMENTS`, and the
    distance in phi and z. Hits of a layer are sorted by phi: seven straight tracks, and noise in place of some hits.
    """
    random = np.random.default_rng([seed, 4])
    radius = np.array([0.3, 0.7, 1.1, 1.7]).repeat(_EACH).reshape(_LAYERS, _EACH)
    phi = random.uniform(-1.0, 1.0, (n, 1, _EACH)) + 0.1 * radius * random.normal(0.0, 1.0, (n, 1, _EACH))
    z = random.normal(0.0, 0.5, (n, 1, 1)) + radius * random.normal(0.0, 1.5, (n, 1, _EACH))
    noise = random.random((n, _LAYERS, _EACH)) < 0.15
    phi = np.where(noise, random.uniform(-1.0, 1.0, noise.shape), (phi + 1.0) % 2.0 - 1.0)
    z = np.clip(np.where(noise, random.normal(0.0, 2.0, noise.shape), z), -8.0, 8.0)
    order = np.argsort(phi, axis=2)
    phi, z = np.take_along_axis(phi, order, 2), np.take_along_axis(z, order, 2)
    hits = np.stack((np.broadcast_to(radius, phi.shape), phi, z), axis=3).reshape(n, HITS, 3)
    begin, end = np.array(SEGMENTS).T
    step = np.ascontiguousarray(hits[:, end] - hits[:, begin])
    step[..., 1] = (step[..., 1] + 1.0) % 2.0 - 1.0
    return [hits, np.concatenate((step, np.hypot(step[..., 1:2], step[..., 2:3])), axis=2)]
