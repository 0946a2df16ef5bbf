"""``isobit csim``."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isobit.api import csim
from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.exported import simulate_exported
from isobit.commands.keras_options import KerasOptions, is_keras_file, keras_options
from isobit.commands.options import layer_arrays, project_option, save_arrays
from isobit.files import atomic_path, check_target
from isobit.fixed.array import FixedArray
from isobit.headers import HEADER_SETS
from isobit.hls.folder import is_exported
from isobit.model.requested import summary
from isobit.ports import Port


@click.command(
    "csim",
    epilog=examples(
        "isobit csim my_hls4ml_prj --data events.npy --out y.npy --trace layers.npz",
        "isobit csim student.isobit --data events.npy --out y.npy",
        "isobit csim student_hls",
    ),
)
@click.argument("source", type=click.Path(path_type=Path))
@data_options(what="Events; not needed to run an exported folder's test bench")
@keras_options(without=("input_range", "wrapper"))
@project_option()
@click.option("--headers", type=click.Choice(HEADER_SETS), default="vendor", show_default=True, help="Header set.")
@click.option("--optimisation", default="3", show_default=True, help="The compiler's -O level; no bit depends on it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where the outputs go, as float64: .npy for one, or .npz by their names.",
)
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    help="Where every layer goes: .npz of raw integers and types. A folder must have been written with traces.",
)
@click.option("--threads", type=click.IntRange(1), default=None, help="Worker processes.  [default: all cores]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace existing --out and --trace files.")
def command(
    source: Path,
    data: DataOptions,
    keras: KerasOptions,
    project: Path | None,
    headers: str,
    optimisation: str,
    out: Path | None,
    trace: Path | None,
    threads: int | None,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Compile firmware and simulate the events in DATA with it.

    SOURCE is a folder that hls4ml wrote, which is only read; a .keras or .h5 file, which hls4ml converts; a model file
    that isobit convert wrote, with its project beside it; or a folder that isobit export wrote, whose test bench runs
    if no data are given. Exit status: 0 done, 1 the test bench found bits that differ, 2 bad input.
    """
    _check_targets(out, trace, overwrite, [source, keras.config, *data.paths])
    if is_exported(source):
        _only_exported_options()
        return simulate_exported(source, data, headers, out, threads, as_json, overwrite)
    if not data:
        raise click.UsageError("--data is needed: events to simulate")
    options: dict[str, Any] = {}
    if is_keras_file(source):
        options = {"allow_lambda": keras.allow_lambda, **keras.conversion()}
    else:
        keras.refuse(source)
    if project is not None:
        if is_keras_file(source) or source.is_dir():
            raise click.UsageError(f"--project is for a model file, got {source}")
        options["project"] = project
    began = time.perf_counter()
    simulation = csim(source, headers, optimisation=optimisation, **options)
    compiled = time.perf_counter()
    outputs = simulation.program.outputs
    if out is not None and len(outputs) > 1 and out.suffix != ".npz":
        raise click.UsageError(f"{source} has {len(outputs)} outputs; --out must end in .npz, got {out}")
    if trace is not None:
        simulation.program.require_trace()
    x = data.read(simulation.program.inputs)
    results, traced = simulation.simulate(x, trace=trace is not None, threads=threads)
    done = time.perf_counter()
    values = {name: value.to_float() if isinstance(value, FixedArray) else value for name, value in results.items()}
    layers = layer_arrays(traced)
    with contextlib.ExitStack() as stack:  # both files take their names when both are written
        if out is not None:
            arrays = values if out.suffix == ".npz" else next(iter(values.values()))
            save_arrays(stack.enter_context(atomic_path(out, overwrite=overwrite)), arrays)
        if trace is not None:
            save_arrays(stack.enter_context(atomic_path(trace, overwrite=overwrite)), layers)
    facts = {
        "events": len(next(iter(values.values()))),
        "headers": headers,
        "inputs": _types(simulation.program.inputs),
        "outputs": _types(outputs),
        "state": list(simulation.state),
        "layers": len(layers) // 2,
        "reuse_factors": [{**asdict(factor), "replaced": factor.replaced} for factor in simulation.reuse_factors],
        "out": None if out is None else str(out),
        "trace": None if trace is None else str(trace),
        "seconds": {"compile": compiled - began, "simulate": done - compiled},
    }
    if as_json:
        click.echo(json.dumps(facts))
        return EQUAL_OR_DONE
    click.echo(f"{facts['events']} events simulated with {headers} headers in {done - compiled:.3g} s")
    for name, kind in _types(outputs).items():
        click.echo(f"  {name}: {kind}")
    for line in summary(simulation.reuse_factors):
        click.echo(line)
    if simulation.state:
        click.echo(f"one worker process, in order: the firmware keeps {', '.join(simulation.state)}")
    for path, what in ((out, "outputs"), (trace, f"{len(layers) // 2} layers")):
        if path is not None:
            click.echo(f"{what} written to {path}")
    return EQUAL_OR_DONE


def _types(ports: tuple[Port, ...]) -> dict[str, str]:
    return {port.name: "floating point" if port.type is None else str(port.type) for port in ports}


def _only_exported_options() -> None:
    """Refuse options that have no meaning for an exported folder."""
    taken = {"source", "files", "columns", "dataset", "tree", "headers", "out", "threads", "as_json", "overwrite"}
    context = click.get_current_context()
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) not in (None, click.core.ParameterSource.DEFAULT)
        if given and name not in taken:
            raise click.UsageError(f"an exported folder takes no --{name.replace('_', '-')}")


def _check_targets(out: Path | None, trace: Path | None, overwrite: bool, inputs: list[Path | None]) -> None:
    """Refuse files that cannot be written before anything is computed."""
    if out is not None and out.suffix not in (".npy", ".npz"):
        raise click.UsageError(f"--out must end in .npy or .npz, got {out}")
    if trace is not None and trace.suffix != ".npz":
        raise click.UsageError(f"--trace must end in .npz, got {trace}")
    if out is not None and trace is not None and out.resolve() == trace.resolve():
        raise click.UsageError(f"--out and --trace name the same file, {out}")
    for path in (out, trace):
        if path is not None:
            check_target(path, overwrite, inputs=inputs)
