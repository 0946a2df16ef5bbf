"""The studies behind the students, one command each: train, compute figures from firmware bits, draw.

A :class:`Study` is a list of steps. Each step is a function of the :class:`Context` that returns what JSON can hold; it
is kept when it is done, so that a study that was killed goes on with the next one. At the end the results are written,
with the claims that they bear out or do not, and the pictures are drawn from the results alone. To add one, write a
file in this room with a constant of class `Study`, and list it in `STUDIES`; networks are trained by a `Training` of
:mod:`isobit.students.trainings`, which `Context.trained` gives; :mod:`isobit.studies.firmware` makes firmware of them,
and :mod:`isobit.studies.style` has the style of the pictures.

The committed runs are in docs/studies/, one folder each: `results.json`, pictures and a page.
"""

from __future__ import annotations

from typing import Final

from isobit.studies.anomaly import ANOMALY
from isobit.studies.autoencoders import AUTOENCODER_SCANS
from isobit.studies.dimuons import DIMUONS
from isobit.studies.frame import Context, Results, Study, draw, read_results, run
from isobit.studies.hardware import HARDWARE
from isobit.studies.muons import MUONS
from isobit.studies.pions import PIONS

__all__ = ["STUDIES", "Context", "Results", "Study", "draw", "read_results", "run"]

STUDIES: Final[dict[str, Study]] = {
    one.name: one for one in (MUONS, DIMUONS, ANOMALY, AUTOENCODER_SCANS, PIONS, HARDWARE)
}
