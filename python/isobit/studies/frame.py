"""What a study is, and how it is run: step by step into a folder, each kept; pictures drawn from the results alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final

from isobit._version import __version__
from isobit.errors import ModelFileError, ResumeError
from isobit.files import atomic_path, check_place, refuse_overwrite
from isobit.students.trainings import shipped, train, training
from isobit.students.trainings.frame import RECORD as TRAINED
from isobit.students.zoo import load_weights

__all__ = ["RESULTS", "Context", "Progress", "Results", "Study", "draw", "read_results", "run"]

Results = dict[str, Any]
"""What a step gives, and a whole study: what JSON can hold."""

Progress = Callable[[str, int, int], None]
"""Told of (what is done, steps done, steps in all)."""

RESULTS: Final = "results.json"
_UNFINISHED: Final = "unfinished"


@dataclass
class Context:
    """What a step of a study has at hand.

    Attributes
    ----------
    folder
        Of the study; `unfinished` and `trained` in it are for parts that can be resumed.
    quick, seed
        As given to :func:`run`.
    retrain
        Whether networks are trained anew though isobit ships their weights.
    progress
        To be told of what is done.
    results
        Those of the steps before, by their names.
    """

    folder: Path
    quick: bool
    seed: int
    retrain: bool
    progress: Progress
    results: dict[str, Results] = field(default_factory=dict)

    def pick(self, full: Any, quick: Any) -> Any:
        """The first in a full study, the second in a quick trial."""
        return quick if self.quick else full

    def trained(self, name: str) -> dict[str, Any]:
        """Keras models of a training by their runs: those that isobit ships; the others are trained here, resumable.

        A quick trial, another seed than 1 and `retrain` train all of them.
        """
        wanted = training(name).at(self.quick)
        given = {} if self.quick or self.retrain or self.seed != 1 else shipped(wanted)
        if len(given) == len(wanted.runs):
            return given
        place = self.folder / "trained" / name
        if not (place / TRAINED).exists():
            return train(wanted, place, seed=self.seed, given=given, progress=self.progress).models
        return {run.name: load_weights(run.entry, place / f"{run.name}.npz") for run in wanted.runs}

    def scratch(self, name: str) -> Path:
        """A path for what a step keeps while it is under way, and that is deleted when the study is complete."""
        return self.folder / _UNFINISHED / name


@dataclass(frozen=True)
class Study:
    """A question, answered in steps.

    Attributes
    ----------
    name, title
        What ``isobit study`` calls it, and a line for its help.
    steps
        By name, in order. Each is kept when it is done, so that a study that was killed goes on with the next; one that
        takes long should keep its own parts in `Context.scratch`.
    holds
        From the results of all steps, by name, to what is claimed and whether it holds.
    pictures
        By file name without suffix: from the whole results to a matplotlib figure (of `isobit.studies.style`).
    """

    name: str
    title: str
    steps: Mapping[str, Callable[[Context], Results]]
    holds: Callable[[dict[str, Results]], dict[str, bool]]
    pictures: Mapping[str, Callable[[Results], Any]]


def run(
    study: Study,
    folder: str | PathLike[str],
    *,
    quick: bool = False,
    seed: int = 1,
    retrain: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a study into a folder, or go on where an earlier call was stopped, to the same results.

    The folder gets `results.json`, a picture (SVG) for each of `Study.pictures`, and in `trained` the networks that
    were trained here.

    Raises
    ------
    OverwriteError
        If a complete study lies there and `overwrite` is not given.
    ResumeError
        If an unfinished one lies there that had other options.
    """
    place = Path(folder)
    pictures = [place / f"{name}.svg" for name in study.pictures]
    unfinished = place / _UNFINISHED
    for path in [place / RESULTS, *pictures] if not unfinished.is_dir() or (place / RESULTS).exists() else ():
        refuse_overwrite(path, overwrite)
    check_place(place, place)
    if (place / RESULTS).exists():  # complete, and to be replaced
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(place / "trained", ignore_errors=True)
        (place / RESULTS).unlink()
    facts = {"study": study.name, "seed": seed, "quick": quick, "retrain": retrain, "isobit": __version__}
    _begin(unfinished, facts)
    context = Context(place, quick, seed, retrain, progress or (lambda what, done, total: None))
    for number, (name, compute) in enumerate(study.steps.items()):
        context.progress("steps", number, len(study.steps))
        kept = unfinished / f"{name}.step.json"
        if not kept.exists():
            found = compute(context)
            with atomic_path(kept) as temporary:
                temporary.write_text(json.dumps(found), encoding="utf-8")
        context.results[name] = json.loads(kept.read_text(encoding="utf-8"))
    context.progress("steps", len(study.steps), len(study.steps))
    results = {**facts, "holds": study.holds(context.results), **context.results}
    for name, path in zip(study.pictures, pictures, strict=True):
        draw(study, name, results, path, overwrite=True)
    with atomic_path(place / RESULTS) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(unfinished)
    return results


def draw(study: Study, name: str, results: Results, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Draw one picture of a study into a file, .svg, .png or .pdf by its suffix."""
    from matplotlib import rc_context

    figure = study.pictures[name](results)
    kind = Path(path).suffix.removeprefix(".")
    facts: dict[str, Any] = {"metadata": {"Date": None}} if kind == "svg" else {}
    with rc_context({"svg.hashsalt": study.name}), atomic_path(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format=kind, dpi=150, **facts)


def read_results(path: str | PathLike[str]) -> Results:
    """The results of a study from its file.

    Raises
    ------
    ModelFileError
        If it holds something else.
    """
    try:
        found: Results = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(found["holds"], dict) or found["study"] == "":
            raise ValueError("no claims")
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} does not hold the results of a study: {error}") from error
    return found


def _begin(unfinished: Path, facts: Results) -> None:
    """Write what the study is, or compare it with what lies there."""
    known = unfinished / "study.json"
    if not known.exists():
        with atomic_path(known) as temporary:
            temporary.write_text(json.dumps(facts), encoding="utf-8")
        return
    earlier = json.loads(known.read_text(encoding="utf-8"))
    if differ := [name for name in facts if earlier.get(name) != facts[name]]:
        name = differ[0]
        raise ResumeError(
            f"{unfinished} is of a study with {name} {earlier.get(name)!r}, not {facts[name]!r}; delete it to begin "
            "anew, or choose another folder"
        )
