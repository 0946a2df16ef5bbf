"""The reports of the tool: parsed from files in its format, and the command without and with a tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hls_networks import tensor

import isobit as ib
from isobit.commands import run
from isobit.errors import DataFileError
from isobit.headers import vendor_include_folder
from isobit.hls.reports import read_reports
from isobit.model import Activation, Graph

#: By their paths: the tests of the command see an empty PATH.
CP, TOUCH = shutil.which("cp"), shutil.which("touch")
Exported = Callable[[str], ib.HlsProject]

CSYNTH = """<?xml version="1.0" encoding="UTF-8"?>
<profile>
<section name = "Vitis HLS Report for 'wide'" level="0"></section>
<ReportVersion><Version>2022.1</Version></ReportVersion>
<UserAssignments><unit>ns</unit><ProductFamily>virtexuplus</ProductFamily><Part>xcvu9p-flga2104-2L-e</Part>
<TopModelName>wide</TopModelName><TargetClockPeriod>5.00</TargetClockPeriod><ClockUncertainty>1.35</ClockUncertainty>
<FlowTarget>vivado</FlowTarget></UserAssignments>
<PerformanceEstimates>
<PipelineType>yes</PipelineType>
<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>3.620</EstimatedClockPeriod></SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><unit>clock cycles</unit><Best-caseLatency>23</Best-caseLatency>
<Average-caseLatency>23</Average-caseLatency><Worst-caseLatency>24</Worst-caseLatency>
<Best-caseRealTimeLatency>0.115 us</Best-caseRealTimeLatency><PipelineInitiationInterval>4</PipelineInitiationInterval>
<PipelineDepth>24</PipelineDepth><Interval-min>4</Interval-min><Interval-max>4</Interval-max></SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>1</BRAM_18K><DSP>72</DSP><FF>5677</FF><LUT>11300</LUT><URAM>0</URAM></Resources>
<AvailableResources><BRAM_18K>4320</BRAM_18K><DSP>6840</DSP><FF>2364480</FF><LUT>1182240</LUT><URAM>960</URAM>
</AvailableResources>
</AreaEstimates>
</profile>
"""
COSIM = """
==== C/RTL co-simulation report ====
+----------+----------+-----------------------------------------------+-----------------------------------------------+
|          |          |               Latency(Clock Cycles)           |             Interval(Clock Cycles)            |
+   RTL    +  Status  +-----------------------------------------------+-----------------------------------------------+
|          |          |      min      |      avg      |      max      |      min      |      avg      |      max      |
+----------+----------+-----------------------------------------------+-----------------------------------------------+
|      VHDL|        NA|             NA|             NA|             NA|             NA|             NA|             NA|
|   Verilog|      Pass|             22|             22|             25|              4|              4|              5|
+----------+----------+-----------------------------------------------+-----------------------------------------------+
"""
IMPL = """<profile>
<RunData><RUN_TYPE>impl</RUN_TYPE><VIVADO_VERSION>v.2022.1</VIVADO_VERSION></RunData>
<TimingReport><TargetClockPeriod>5.000</TargetClockPeriod><AchievedClockPeriod>4.123</AchievedClockPeriod>
<CP_FINAL>4.123</CP_FINAL><CP_TARGET>5.000</CP_TARGET></TimingReport>
<AreaReport><Resources><BRAM>0</BRAM><CLB>900</CLB><DSP>70</DSP><FF>5100</FF><LATCH>0</LATCH><LUT>7000</LUT>
<SRL>12</SRL><URAM>0</URAM></Resources>
<AvailableResources><BRAM>4320</BRAM><DSP>6840</DSP><FF>2364480</FF><LUT>1182240</LUT><URAM>960</URAM>
</AvailableResources></AreaReport>
</profile>
"""
FILES = {
    "syn/report/csynth.xml": CSYNTH,
    "sim/report/wide_cosim.rpt": COSIM,
    "impl/report/verilog/export_impl.xml": IMPL,
}


def _write(folder: Path, **changes: str) -> Path:
    for path, text in FILES.items():
        target = folder / "build/solution1" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(changes.get(Path(path).stem, text))
    return folder


def test_every_figure(tmp_path: Path) -> None:
    report = read_reports(_write(tmp_path), "wide")
    synthesis, cosimulation, implementation = report.synthesis, report.cosimulation, report.implementation
    assert synthesis is not None
    assert cosimulation is not None
    assert implementation is not None
    assert (synthesis.version, synthesis.target_ns, synthesis.estimated_ns) == ("2022.1", 5.0, 3.62)
    assert (synthesis.latency_min, synthesis.latency_max) == (23, 24)
    assert (synthesis.interval_min, synthesis.interval_max) == (4, 4)
    assert synthesis.used == {"DSP": 72, "LUT": 11300, "FF": 5677, "BRAM": 1, "URAM": 0}
    assert synthesis.available == {"DSP": 6840, "LUT": 1182240, "FF": 2364480, "BRAM": 4320, "URAM": 960}
    assert (cosimulation.language, cosimulation.status, cosimulation.ok) == ("Verilog", "Pass", True)
    assert (cosimulation.latency_min, cosimulation.latency_max) == (22, 25)
    assert (cosimulation.interval_min, cosimulation.interval_max) == (4, 5)
    assert (implementation.target_ns, implementation.achieved_ns) == (5.0, 4.123)
    assert implementation.used == {"DSP": 70, "LUT": 7000, "FF": 5100, "BRAM": 0, "URAM": 0}


def test_older_names_and_unknown_latency(tmp_path: Path) -> None:
    """Vivado HLS says DSP48E, names the file after the top function, and writes undef for an unknown latency."""
    old = CSYNTH.replace("DSP>", "DSP48E>").replace(">23<", ">undef<").replace(">24<", ">undef<")
    _write(tmp_path, csynth=old)
    solution = tmp_path / "build/solution1"
    (solution / "syn/report/csynth.xml").rename(solution / "syn/report/wide_csynth.xml")
    (solution / "impl/report/verilog/export_impl.xml").rename(solution / "impl/report/verilog/wide_export.xml")
    report = read_reports(tmp_path, "wide")
    assert report.synthesis is not None
    assert report.synthesis.used["DSP"] == 72
    assert (report.synthesis.latency_min, report.synthesis.latency_max, report.synthesis.interval_min) == (
        None,
        None,
        4,
    )
    assert report.implementation is not None


def test_steps_that_left_no_report(tmp_path: Path) -> None:
    report = read_reports(tmp_path, "wide")
    assert report.empty
    assert report.to_dict() == {"synthesis": None, "cosimulation": None, "implementation": None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"csynth": CSYNTH[:300]}, "not a readable XML report"),
        ({"csynth": "<profile/>"}, "not a report of C synthesis"),
        ({"csynth": CSYNTH.replace(">72<", ">many<")}, "expected a whole number, got 'many'"),
        ({"csynth": CSYNTH.replace(">3.620<", ">fast<")}, "is 'fast', expected a number"),
        ({"wide_cosim": COSIM.replace("   Verilog", "   Nothing")}, "has no row of Verilog or VHDL"),
        (
            {"wide_cosim": COSIM.replace("              4|              4|              5|\n", "\n")},
            "cells, expected 7",
        ),
        ({"export_impl": "<profile/>"}, "not a report of an implementation"),
    ],
)
def test_damaged_reports(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    with pytest.raises(DataFileError, match=told):
        read_reports(_write(tmp_path, **changes), "wide")


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_tool(exported: Exported, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder as the whole PATH, from when the export is compiled."""
    exported("wide")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_without_the_tool_it_says_what_it_would_run(
    exported: Exported, no_tool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported("wide").folder
    assert run(["hls", str(folder), "--steps", "cosim,csynth"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "neither vitis_hls nor vitis-run is on the PATH" in captured.err
    assert "ISOBIT_HLS_STEPS='csynth cosim' vitis_hls -f run_hls.tcl" in captured.err
    assert str(folder) in captured.err
    assert run(["hls", str(folder), "--report"]) == 2
    assert "holds no report" in capsys.readouterr().err
    assert run(["hls", str(folder), "--steps", "place"]) == 2
    assert "step 'place' does not exist; steps: csim, csynth, cosim, export" in capsys.readouterr().err
    assert run(["hls", str(no_tool)]) == 2
    assert "not a folder that isobit exported" in capsys.readouterr().err


def _tool(folder: Path, name: str, lines: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("name", ["vitis_hls", "vitis-run"])
def test_the_tool_runs_in_the_folder_and_its_reports_become_a_table(
    copied: Exported, no_tool: Path, name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, made = copied("wide").folder, _write(tmp_path / "made")
    lines = f'echo "{name} $* in $PWD: $ISOBIT_HLS_STEPS"; {CP} -R {made}/build .'
    _tool(no_tool, name, lines)
    assert run(["hls", str(folder), "--steps", "csim,csynth"]) == 0
    captured = capfd.readouterr()
    arguments = {"vitis_hls": "-f run_hls.tcl", "vitis-run": "--mode hls --tcl run_hls.tcl"}[name]
    assert f"{name} {arguments} in {folder.resolve()}: csim csynth" in captured.err
    for text in ("C synthesis", "23 to 24", "72", "co-simulation: Pass", "implementation", "4.123"):
        assert text in captured.out
    assert run(["hls", str(folder), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["synthesis"]["used"]["DSP"] == 72
    assert document["steps"] == ["csim", "csynth", "cosim", "export"]
    assert run(["hls", str(folder), "--report", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["cosimulation"]["status"] == "Pass"


def test_the_exit_status(copied: Exported, no_tool: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """1: bits differ, which a bench has said. 2: the tool failed, with the very message of a bench that fails."""
    folder = copied("wide").folder
    failed = "echo 'ERROR: [SIM 211-100] csim_design failed: compilation error(s).'; exit 1"
    _tool(no_tool, "vitis_hls", "echo 'wide: 60 results compared, 3 differ'; " + failed)
    assert run(["hls", str(folder)]) == 1
    _tool(no_tool, "vitis_hls", "echo 'wide: 2 events without results'; " + failed)
    assert run(["hls", str(folder)]) == 1
    _tool(no_tool, "vitis_hls", "echo 'wide: 60 results compared, 0 differ'; " + failed)
    assert run(["hls", str(folder)]) == 2
    assert capfd.readouterr().out == "no report was left\n" * 3
    made = _write(tmp_path / "made", wide_cosim=COSIM.replace("Pass", "Fail"))
    _tool(no_tool, "vitis_hls", f"{CP} -R {made}/build .")
    assert run(["hls", str(folder), "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["cosimulation"]["status"] == "Fail"


def test_an_earlier_runs_reports_are_not_this_ones(
    copied: Exported, no_tool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = _write(copied("wide").folder, wide_cosim=COSIM.replace("Pass", "Fail"))
    _tool(no_tool, "vitis_hls", "echo 'ERROR: no licence'; exit 1")
    assert run(["hls", str(folder), "--steps", "csynth"]) == 2
    assert capfd.readouterr().out == "no report was left\n"
    _tool(no_tool, "vitis_hls", f"{TOUCH} build/solution1/syn/report/csynth.xml")
    assert run(["hls", str(folder), "--steps", "csynth", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["synthesis"]["used"]["DSP"] == 72
    assert document["cosimulation"] is None
    assert document["implementation"] is None


def test_the_script_is_the_readmes(exported: Exported) -> None:
    """The Tcl names files that exist, and the steps that the command knows."""
    folder = exported("wide").folder
    script = (folder / "run_hls.tcl").read_text()
    assert "set top wide" in script
    assert "set part xcvu9p-flga2104-2L-e" in script
    assert "set clock_ns 5.000" in script
    for path in ("firmware/wide.cpp", "tb/wide_test.cpp", "firmware/include/numbers/amd/numbers.hpp"):
        assert (folder / path).is_file()
    assert script.count("{") == script.count("}")
    assert "create_clock -period 5.000" in (folder / "constraints.xdc").read_text()
    assert os.access(folder / "README.md", os.R_OK)


#: Stand-ins of the tool's commands: each writes itself and its arguments down, a line each.
STAND_INS = """
proc exit {args} {}
foreach command {open_project set_top add_files open_solution set_part create_clock
                 csim_design csynth_design cosim_design export_design} {
    proc $command {args} [format {puts "%s $args"} $command]
}
source run_hls.tcl
"""


def _script_says(folder: Path, steps: str | None) -> subprocess.CompletedProcess[str]:
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        pytest.skip("tclsh is not installed")
    environment = {**os.environ, **({} if steps is None else {"ISOBIT_HLS_STEPS": steps})}
    return subprocess.run(
        [tclsh], input=STAND_INS, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("steps", "project", "designs"),
    [
        (None, "build", ["csim_design", "csynth_design"]),
        ("csim", "build_csim", ["csim_design"]),
        ("cosim", "build", ["csynth_design", "cosim_design -rtl verilog"]),
        ("csim csynth cosim export", "build", ["csim_design", "csynth_design", "cosim_design -rtl verilog", "export"]),
    ],
)
def test_what_the_script_asks_of_the_tool(
    exported: Exported, steps: str | None, project: str, designs: list[str]
) -> None:
    folder = exported("wide").folder
    said = _script_says(folder, steps)
    assert said.stderr == ""
    lines = said.stdout.splitlines()
    assert lines[:2] == [f"open_project -reset {project}", "set_top wide"]
    assert [line.split()[0] for line in lines[2:4]] == ["add_files", "add_files"]
    assert lines[4:7] == [
        "open_solution -reset solution1 -flow_target vivado",
        "set_part xcvu9p-flga2104-2L-e",
        "create_clock -period 5.000 -name default",
    ]
    assert len(lines[7:]) == len(designs)
    assert all(line.startswith(design) for line, design in zip(lines[7:], designs, strict=True))


@pytest.mark.turn(3)
def test_the_scripts_flags_compile_the_bench(tmp_path: Path) -> None:
    """On a cast that rounds away more bits than its source has, where AMD's open headers abort without NDEBUG."""
    result = tensor("rounded", 2, "ap_fixed<6,4,AP_RND>")
    op = Activation("linear", ("x",), result, "linear")
    graph = Graph("rounds", (tensor("x", 2, "ap_fixed<3,-8>"),), (op,), ("rounded",))
    folder = ib.export_hls(ib.Model(graph), tmp_path / "rounds", oracle="reference").folder
    lines = [line for line in _script_says(folder, "csim").stdout.splitlines() if line.startswith("add_files")]
    sources = [re.sub(r"^add_files (-tb )?", "", line).split(" -cflags ") for line in lines]
    (flags,) = {part[1].strip("{}") for part in sources}

    def bench(*taken: str) -> subprocess.CompletedProcess[str]:
        command = ["g++", *taken, "-isystem", str(vendor_include_folder()), "-w"]
        program = tmp_path / "bench"
        subprocess.run([*command, *(part[0] for part in sources), "-o", str(program)], check=True)
        return subprocess.run([str(program)], capture_output=True, text=True, check=False)

    done = bench(*flags.split())
    assert re.search(r"^rounds: \d+ results compared, 0 differ\n$", done.stdout)
    assert done.returncode == 0
    assert "Assertion" in bench(*(flag for flag in flags.split() if flag != "-DNDEBUG")).stderr


def test_the_script_refuses(exported: Exported, tmp_path: Path) -> None:
    assert "unknown step 'place' in ISOBIT_HLS_STEPS" in _script_says(exported("wide").folder, "place").stderr
    shutil.copytree(exported("wide").folder, tmp_path / "sp ace")
    assert "has a space, which compiler flags cannot carry" in _script_says(tmp_path / "sp ace", None).stderr
