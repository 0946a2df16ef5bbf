"""The table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from emulator.targets import LHC_RATE, targets

#: Columns where the output is no terminal.
WIDTH = 160


def printer() -> Console:
    """A console as wide as its terminal, or wide enough."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def ratio(value: float | None) -> str:
    """Three digits, or nothing."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rate(value: float) -> str:
    """Events per second, readable."""
    return f"{value / 1e6:,.2f} M" if value >= 1e5 else f"{value:,.0f}"


def show(report: dict[str, Any], console: Console) -> None:
    """Print everything that was measured."""
    machine = report["machine"]
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), style="dim")
    console.print(
        "one core's peak, G MAC/s (best of many, loops checked in the disassembly): "
        + ", ".join(f"{kind} {value / 1e9:.1f}" for kind, value in report["peak"].items())
    )
    console.print(
        f"best of {report['rounds']} rounds by {report['clock']} time, two threads by wall time; "
        f"isobit is given {report['input']}"
    )
    table = Table(pad_edge=False)
    for name in ("network", "road"):
        table.add_column(name)
    for name in ("threads", "events", "events/s", "median", "x predict", "x C loop", "x onnx", "x 1 thread", "% peak"):
        table.add_column(name, justify="right")
    for network, result in report["networks"].items():
        first = network
        for threads in ("one thread", "two threads"):
            for road, figures in result[threads].items():
                table.add_row(
                    first,
                    figures["name"],
                    str(figures["threads"]),
                    f"{figures['events']:,}",
                    rate(figures["events_per_s"]),
                    rate(figures["median_events_per_s"]),
                    *(ratio(figures.get(key)) for key in ("x_predict", "x_loop", "x_onnx", "x_one_thread")),
                    f"{100 * figures['peak']:.1f}" if "peak" in figures else "",
                    style="bold" if road == "isobit" else "",
                )
                first = ""
        table.add_section()
    console.print(table)
    for network, result in report["networks"].items():
        lanes = ", ".join(f"{layer} {lane}" for layer, lane in result["lanes"].items())
        console.print(f"{network}: lanes {lanes or 'unknown: the share of the peak assumes int64'}", style="dim")
        if result["first predict"]:
            times = ", ".join(
                f"{state} {one['first_predict_s']:.2f} s" for state, one in result["first predict"].items()
            )
            console.print(f"{network}: first predict after load, caches {times}")
        console.print(f"{network}: a profile takes {result['ratios']['profile']:.3g} x predict")
        if "saturations" in result:
            console.print(
                f"{network}: accumulators saturate in {result['saturations']:,} of {result['profiled']:,} events at "
                "least, so that the order of the sum decides bits"
            )
    student = report["networks"].get("mugmt_student")
    if student is not None:
        found = student["two threads"]["isobit"]["events_per_s"]
        console.print(f"LHC rate: {rate(found)} student events/s on two threads, {found / LHC_RATE:.2f} x 40 M")
    console.print("the outputs of all timed runs are equal, bit for bit")


def show_targets(report: dict[str, Any], console: Console) -> bool:
    """Print every target that is missed; gives whether none is, aims aside."""
    missed = [target for target in targets(report["networks"]) if not target.met]
    for target in missed:
        console.print(f"missed: {target}", style="dim" if target.aim else "red")
    met = all(target.aim for target in missed)
    console.print("every target is met" if met else "targets are missed")
    return met
