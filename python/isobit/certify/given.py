"""Events and answers that belong to a folder: given by the user, or those of hls4ml's test bench in ``tb_data``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isobit.answers import AnswerReport, compare_answers
from isobit.api import Model
from isobit.certify.events import Events, given_events
from isobit.certify.hashes import file_hash
from isobit.certify.report import Compared, Fault
from isobit.errors import IsobitError
from isobit.vectors import read_vectors

__all__ = ["Given", "compare_answers_given", "given_of", "told"]

#: Where hls4ml's test bench reads its inputs, and writes what the C-simulation or the RTL gave.
_INPUTS = "tb_data/tb_input_features.dat"
_ANSWERS = ("tb_data/csim_results.log", "tb_data/rtl_cosim_results.log")


@dataclass(frozen=True)
class Given:
    """What is given for a network.

    Attributes
    ----------
    inputs
        A file of events, or arrays; None for none.
    outputs
        Files of answers to these events.
    packing
        For pattern files: where numbers lie.
    events
        The events as they were read.
    files
        Hashes of the files, by name.
    """

    inputs: Any = None
    outputs: tuple[Path, ...] = ()
    packing: Path | None = None
    events: Events | None = None
    files: Mapping[str, str] = field(default_factory=dict)


def given_of(folder: Path, given: Given, model: Model) -> Given:
    """What was given for a network, or what is in its folder, read.

    Parameters
    ----------
    folder
        The project.
    given
        What the user gives; where no inputs are given, those of ``tb_data`` are taken, with its answers.
    model
        The network.

    Raises
    ------
    DataFileError, ModelFileError
        For files that cannot be read.
    RangeError
        For numbers outside of an input's range, such as an index beyond the vocabulary of an embedding.
    """
    inputs, outputs = given.inputs, given.outputs
    if inputs is None and (folder / _INPUTS).is_file() and (folder / _INPUTS).stat().st_size:
        inputs = folder / _INPUTS
        outputs = outputs or tuple(path for name in _ANSWERS if (path := folder / name).is_file())
    if inputs is None:
        return given
    files: dict[str, str] = {}
    if isinstance(inputs, (str, Path)):
        path = Path(inputs)
        read = [one.values.reshape(one.events, *one.tensor.shape) for one in _read(path, given, model)]
        source = path.name
        files = {one.name: file_hash(one) for one in (path, given.packing, *outputs) if one is not None}
    else:
        read, source = inputs, "arrays"
    return Given(inputs, tuple(outputs), given.packing, given_events(model.graph, read, source), files)


def _read(path: Path, given: Given, model: Model) -> Any:
    return read_vectors(path, model.graph.inputs, packing=given.packing)


def compare_answers_given(model: Model, given: Given) -> tuple[list[Compared], list[Fault]]:
    """Compare the answers in files with the network's; a difference is explained as ``isobit check --outputs`` does."""
    compared, faults = [], []
    for path in given.outputs if given.events is not None else ():
        try:
            report = compare_answers(model, given.inputs, path, packing=given.packing)
        except IsobitError as error:
            faults.append(Fault("answers", path.name, str(error).replace(str(path), path.name)))
            continue
        values = sum(one.values for one in report.outputs)
        differ = sum(one.differ for one in report.outputs)
        compared.append(Compared("answers", "given", report.events, values, differ))
        if not report.ok:
            message = f"{report.differ:,} of {report.events:,} events have other answers; {told(report)}"
            faults.append(Fault("answers", path.name, message))
    return compared, faults


def told(report: AnswerReport) -> str:
    """What a report says below its first line, in one."""
    lines = [line.strip() for line in str(report).splitlines()[1:]]
    return "; ".join(lines).replace("explained by; ", "explained by: ").replace(":; ", ": ")
