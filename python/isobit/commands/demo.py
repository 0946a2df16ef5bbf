"""``isobit demo``: check the student that comes with isobit on simulated muons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from isobit._version import __version__
from isobit.api import load
from isobit.check import Report, check
from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.options import progress_bar
from isobit.files import check_target
from isobit.students.resolution import fwhm

#: Not one of the seeds that the shipped student was trained, validated or tested with (1001 to 1003).
SEED = 2026

#: The picture's curves.
_LABELS = {
    "hardware": r"hardware, $\varphi$ extrapolated to the vertex",
    "teacher": "teacher (float, 4 x 256)",
    "student": "student (Keras)",
    "firmware": "student (firmware bits)",
}


@click.command("demo", epilog=examples("isobit demo", "isobit demo --events 20000 --out resolution.pdf"))
@click.option("--events", type=click.IntRange(100), default=100_000, show_default=True, help="Muons to simulate.")
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Seed of the simulation.")
@click.option(
    "--reference-events", type=click.IntRange(1), default=1000, show_default=True, help="Events for the slow reference."
)
@click.option(
    "--threads", type=click.IntRange(1), default=None, help="Threads and worker processes.  [default: all cores]"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("isobit-demo.png"),
    show_default=True,
    help="Where the picture goes: .png, .pdf or .svg.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing picture.")
@click.option("--train", "training", is_flag=True, help="First train teacher and student again (about 10 minutes).")
@click.option(
    "--students",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("isobit-demo-student"),
    show_default=True,
    help="Where --train keeps them; one that was stopped goes on from there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    events: int,
    seed: int,
    reference_events: int,
    threads: int | None,
    out: Path,
    overwrite: bool,
    training: bool,
    students: Path,
    as_json: bool,
) -> int:
    """Simulate L1 muons and check a trained student, bit for bit, on every road (way to compute it).

    The student (5-8-8-8-8-3, QKeras, 18 bits, distilled from a 4 x 256 teacher) recalibrates eta, phi and pT of
    hardware muons. hls4ml converts it for the VU9P at reuse factor 4; isobit compares the raw integers of every layer
    on its own engines and on hls4ml's C-simulation, and draws resolutions. The muons are those of a toy simulation:
    what they say about bits is exact, what they say about physics is not.
    """
    from isobit.students import muons, zoo
    from isobit.students.picture import check_format, plot_resolution
    from isobit.students.trainings import TRAININGS, predict, train

    check_format(out)
    check_target(out, overwrite)
    say = (lambda text: None) if as_json else click.echo
    if training:
        with progress_bar() as progress:
            recipe = TRAININGS["mugmt_student"]
            trained = train(recipe, students, runs=("teacher", "student"), overwrite=overwrite, progress=progress)
        keras_model, teacher = trained.models["student"], trained.models["teacher"]
        say(f"trained teacher and student; they are kept in {students}")
    else:
        say("loading the shipped mugmt_student")
        keras_model, teacher = zoo.load_student("mugmt_student"), zoo.load_teacher()
    sample = muons.simulate(events, seed)
    say(f"simulated {events:,} L1 muons (toy simulation, seed {seed})")
    model = load(keras_model, **_load_options(zoo.golden_config("mugmt_student")))
    say("converted with hls4ml for " + zoo.PART + f", reuse factor {zoo.REUSE_FACTOR}; compiling its C-simulation")

    x = sample.features
    with progress_bar() as progress:
        report = check(
            model,
            x,
            ("cpp", "cpp-strict", "csim", "reference"),
            keras_model,
            reference_events=reference_events,
            threads=threads,
            progress=progress,
        )
    report = replace(report, provenance=replace(report.provenance, seed=seed))
    values = {
        "hardware": sample.extrapolated,
        "teacher": sample.calibrate(predict(teacher, x)),
        "student": sample.calibrate(predict(keras_model, x)),
        "firmware": sample.calibrate(model.predict(x, threads=threads)),
    }
    residuals = {name: sample.residuals(value) for name, value in values.items()}
    plot_resolution(
        out,
        {_LABELS[name]: value for name, value in residuals.items()},
        sample.true_pt,
        title=f"Toy simulation: {events:,} Level-1 muons",
        note=f"toy simulation, no detector data; isobit {__version__}, seed {seed}, {model.output_types[0]}",
        overwrite=overwrite,
    )
    widths = {name: [fwhm(column) for column in value.T] for name, value in residuals.items()}
    if as_json:
        facts: dict[str, Any] = {
            **report.to_dict(),
            "fwhm": widths,
            "fwhm_units": ["1", "rad", "relative"],
            "picture": str(out),
        }
        click.echo(json.dumps(facts))
    else:
        click.echo(f"\n{report}\n")
        click.echo(_table(widths))
        click.echo(f"\npicture: {out}\n{_verdict(report)}")
    return EQUAL_OR_DONE if report.ok else BITS_DIFFER


def _table(widths: dict[str, list[float]]) -> str:
    """FWHM by quantity and curve, and what it is of."""
    lines = ["resolution in the toy simulation (FWHM of measured minus true; hardware phi extrapolated to the vertex):"]
    lines.append(" " * 16 + "".join(f"{name:>10}" for name in widths))
    for index, quantity in enumerate(("eta", "phi [rad]", "pT [relative]")):
        lines.append(f"  {quantity:14}" + "".join(f"{width[index]:10.4f}" for width in widths.values()))
    return "\n".join(lines)


def _load_options(golden: dict[str, Any]) -> dict[str, Any]:
    """The zoo's arguments of ``convert_from_keras_model``, as :func:`isobit.load` names them."""
    options = dict(golden)
    options["clock_ns"] = float(options.pop("clock_period"))
    options["project_name"] = "mugmt_student"
    return options


def _verdict(report: Report) -> str:
    """The last line: how many events agree on which roads."""
    whole = [road for road in report.roads if road.events == report.events]
    unequal = max(road.events_differ for road in whole)
    names = ", ".join([report.base.name, *(road.name for road in whole)])
    line = f"{report.events - unequal:,} of {report.events:,} events equal on {names}"
    for road in report.roads:
        if road.events != report.events:
            line += f"; {road.events - road.events_differ:,} of {road.events:,} on {road.name}"
    return line
