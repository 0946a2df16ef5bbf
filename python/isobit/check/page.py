"""The report as one self-contained page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from isobit.check.text import HEADER, row, speeds

if TYPE_CHECKING:
    from isobit.check.report import Report

__all__ = ["report_page"]


def report_page(report: Report) -> str:
    """The page's HTML."""
    color = "#1a7f37" if report.ok else "#cf222e"
    tables = []
    for road in report.roads:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADER)
        body = "".join(
            f"<tr class={'bad' if layer.differ else 'good'}>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in row(layer))
            + "</tr>"
            for layer in road.layers
        )
        tables.append(
            f"<h2>{escape(report.base.name)} against {escape(road.name)}: {road.events:,} events, "
            f"{road.rate:,.0f} events/s</h2>"
            f"<table><tr>{head}</tr>{body}</table>"
        )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>isobit check: {escape(report.model)}</title><style>"
        "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1f2328}"
        f"h1{{color:{color};font-size:1.3em}}h2{{font-size:1.05em;margin-top:2em}}"
        "table{border-collapse:collapse}td,th{padding:.25em .8em;border-bottom:1px solid #d0d7de;text-align:left;"
        "font-variant-numeric:tabular-nums}tr.bad td{background:#ffebe9}"
        "pre{background:#f6f8fa;padding:1em;overflow:auto}"
        f"</style><h1>{escape(report.verdict())}</h1>{''.join(tables)}"
        "<h2>Throughput, reuse factors, overflows, notes</h2>"
        f"<pre>{escape(speeds(report).strip())}</pre></html>\n"
    )
