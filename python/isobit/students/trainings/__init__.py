"""The trainings behind ``isobit train NAME``: teachers, students and what they are compared with.

A :class:`Training` is a list of :class:`Run`, networks that are trained one after the other on the same simulated
events: usually a teacher, a student taught by it, and a control without a teacher. :func:`train` runs it into a folder,
resumable. To add one, write a file in this room with a constant of class `Training`, and list it in `TRAININGS`:

* `simulate(n, seed)` gives a sample, which has `features` and `targets`;
* each run names a network (an entry of the zoo, or a `ZooEntry` of your own that need not be listed there), a
  `distill.Recipe`, and the earlier run that teaches it, if any; its `data(sample, taught)` says what is learnt, where
  that is not simply the targets (a student of an autoencoder's loss; weights; a part of the events);
* `figures(sample, predictions)` gives what the record says about the test sample.

TensorFlow is imported when something is trained or loaded, not before.
"""

from __future__ import annotations

from typing import Final

from isobit.errors import UnsupportedError
from isobit.students.trainings.anomalies import ANOMALIES
from isobit.students.trainings.dimuons import DIMUONS
from isobit.students.trainings.frame import Run, Sizes, Trained, Training, predict, samples, shipped, train
from isobit.students.trainings.jets import JETS
from isobit.students.trainings.muons import HIGH_PT, RECALIBRATION
from isobit.students.trainings.pions import PIONS
from isobit.suggest import did_you_mean

__all__ = ["TRAININGS", "Run", "Sizes", "Trained", "Training", "predict", "samples", "shipped", "train", "training"]

TRAININGS: Final[dict[str, Training]] = {
    one.name: one for one in (RECALIBRATION, HIGH_PT, DIMUONS, ANOMALIES, JETS, PIONS)
}


def training(name: str) -> Training:
    """The training called `name`.

    Raises
    ------
    UnsupportedError
        If there is none; the message lists those that exist.
    """
    if name not in TRAININGS:
        near = did_you_mean(name, TRAININGS)
        raise UnsupportedError(f"no training {name!r}{near}; available: {', '.join(TRAININGS)}")
    return TRAININGS[name]
