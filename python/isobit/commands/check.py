"""``isobit check``."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobit.answers import check_wrapper
from isobit.check import check
from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.choices import RoadList
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.options import progress_bar, project_option, random_events
from isobit.commands.pages import PageOptions, page_options
from isobit.commands.reports import print_report
from isobit.errors import ConfigurationWarning
from isobit.network import Network

if TYPE_CHECKING:
    from isobit.answers import AnswerReport

#: Most random events that a compiled wrapper computes.
_WRAPPED = 1000


@click.command(
    "check",
    epilog=examples(
        "isobit check student.h5 --config hls4ml_config.yml --data events.npy",
        "isobit check project --events 1000",
        "isobit check student.isobit --data events.npy --against csim,reference --html report.html",
        "isobit check project --wrapper wrapper.yml",
        "isobit check student.isobit --inputs rx.txt --outputs tx.txt --packing packing.yml",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@data_options(what="Events, instead of random ones")
@click.option("--inputs", type=click.Path(path_type=Path), metavar="FILE", help="Inputs, of a test bench or stand.")
@click.option("--outputs", type=click.Path(path_type=Path), metavar="FILE", help="Their answers, to compare with.")
@click.option("--packing", type=click.Path(path_type=Path), metavar="YAML", help="Where numbers lie in pattern files.")
@keras_options()
@project_option()
@click.option("--against", type=RoadList(), default=None, help="Roads to compare.  [default: csim,cpp,reference]")
@click.option(
    "--events", type=click.IntRange(1), default=10_000, show_default=True, help="How many random events without --data."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the random events.")
@click.option(
    "--reference-events",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="At most this many events for the slow reference.",
)
@click.option(
    "--reference-seconds",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Time for the slow reference, which computes at least 10 events; inf for no limit.",
)
@click.option(
    "--threads", type=click.IntRange(1), default=None, help="Threads and worker processes.  [default: all cores]"
)
@click.option(
    "--run-code", is_flag=True, help="Compile and run a folder's own code for layers whose functions are not hls4ml's."
)
@click.option(
    "--explain/--no-explain", default=None,
    help="Say which formats make the outputs differ from Keras', and what mends it.  "
    "[default: if they do more than round, and it is a matter of seconds]",
)  # fmt: skip
@page_options()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace existing files of --html and --plots.")
def command(
    model: Path,
    data: DataOptions,
    inputs: Path | None,
    outputs: Path | None,
    packing: Path | None,
    keras: KerasOptions,
    project: Path | None,
    against: list[str] | None,
    events: int,
    seed: int,
    reference_events: int,
    reference_seconds: float,
    threads: int | None,
    run_code: bool,
    explain: bool | None,
    pages: PageOptions,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Compare MODEL's bits on every road (way to compute them), layer by layer.

    MODEL is a .keras or .h5 file, which hls4ml converts, a model file that isobit convert wrote (csim then takes the
    hls4ml project beside it), or the folder of an hls4ml project, which csim compiles and runs. Exit status: 0 equal, 1
    bits differ, 2 bad input. Warnings (outputs that never change, constants that their format changed, a function that
    is not Keras') leave the status 0: the bits are equal.

    With a wrapper (--wrapper), its steps are layers; csim computes the network, and the compiled wrapper
    that the description names is run as well.

    With --inputs and --outputs, the answers in a file are compared instead: test bench data (.dat, .txt, .log), pattern
    files (EMP, APx), .npy, Parquet or ROOT (with --columns INPUT=A,B and OUTPUT=C). The first event and output that
    differ are named, the cast that gives it, and the single change that would explain all differences.
    """
    extra: dict[str, Any] = {"run_code": True} if run_code else {}
    if inputs is not None or outputs is not None or packing is not None:
        if inputs is None or outputs is None:
            raise click.UsageError("--inputs and --outputs belong together")
        if data or against is not None:
            raise click.UsageError("--data and --against are not for --inputs and --outputs")
        files = {"model": model, "config": keras.config, "inputs": inputs, "outputs": outputs, "packing": packing}
        pages.check(overwrite, inputs=files.values())
        found = _answers(keras.load(model, project=project, **extra)[0], inputs, outputs, packing, data)
        click.echo(json.dumps(found.to_dict()) if as_json else str(found))
        pages.write(found, overwrite, **files)
        return EQUAL_OR_DONE if found.ok else BITS_DIFFER
    pages.check(overwrite, inputs=[model, keras.config, *data.paths])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)  # the report says it
        subject, keras_model = keras.load(model, project=project, **extra)
    given = data.by_input(subject.graph.inputs) if data else {"data": random_events(subject, events, seed)}
    notes = [] if data else [f"{events} random events, seed {seed}"]
    roads = against or ["csim", "cpp", "reference"]
    if against is None and (missing := subject.csim_refusal()) is not None:
        roads.remove("csim")
        notes.append(f"csim NOT compared: {missing}")
    if subject.project is not None and "csim" in roads and subject.project.changed():
        notes.append(f"{subject.project.folder} is not the project that {model} was converted with")
    with progress_bar() as progress:
        report = check(
            subject,
            given.pop("data"),
            roads,
            keras_model,
            **given,
            reference_events=reference_events,
            reference_seconds=reference_seconds,
            threads=threads,
            progress=progress,
            explain=explain,
        )
    compiled = None
    if subject.wrapper is not None:
        notes.append(f"with the wrapper that {subject.wrapper.path} describes")
        if subject.wrapper.library is None:
            notes.append(f"no compiled wrapper compared: {subject.wrapper.path} names no library")
        elif "csim" not in roads:
            notes.append(f"{subject.wrapper.library.name} NOT compared: it is where csim is among the roads")
        else:
            compiled = check_wrapper(subject, events=min(events, _WRAPPED), seed=seed)
    report = report.with_notes(notes).with_files(model=model, config=keras.config, seed=None if data else seed)
    equal = report.ok and (compiled is None or compiled.ok)
    if as_json:
        more = {} if compiled is None else {"ok": equal, "wrapper": compiled.to_dict()}
        click.echo(json.dumps(report.to_dict() | more))
    else:
        print_report(report)
        if compiled is not None:
            click.echo(f"the compiled wrapper: {compiled}")
    pages.write(report, overwrite)
    return EQUAL_OR_DONE if equal else BITS_DIFFER


def _answers(model: Network, inputs: Path, outputs: Path, packing: Path | None, data: DataOptions) -> AnswerReport:
    """Compare with the answers in a file."""
    from isobit.answers import compare_answers

    columns = data.columns_of([*model.graph.inputs, *model.graph.output_tensors])
    return compare_answers(model, inputs, outputs, packing=packing, columns=columns)
