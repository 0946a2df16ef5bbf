"""Lint of built libraries: what their files say, and damaged files refused in one sentence."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from library_networks import FIRST, HIDDEN, SECOND

import isobit as ib
from isobit.commands import cli
from isobit.errors import ModelFileError, UnsupportedError
from isobit.libraries import read_library
from isobit.libraries.names import borne_types, identifiers, is_of_project, readable
from isobit.lint import LintReport

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("libraries")]
Make = Callable[..., Path]


def symbols(report: LintReport, rule: str, severity: str) -> set[str]:
    found = [one for one in report.of(rule) if one.severity == severity]
    return {readable(name) for one in found for name in one.evidence["symbols"]}


def test_two_networks_that_clash(clashing: list[Path]) -> None:
    report = ib.lint_libraries(clashing)
    assert symbols(report, "symbol-clash", "error") == {"w2", "b2", "myproject", "nnet::table<...>"}
    assert symbols(report, "symbol-clash", "warning") >= {"nnet::dense<...>"}
    static = "nnet::table<...>"
    assert symbols(report, "shared-static", "error") == {f"entries in {static}", f"initialized in {static}"} | {
        name for name in symbols(report, "shared-static", "error") if name.startswith("guard of")
    }
    weights = report.of("external-weights")
    assert [(one.layer, sorted(one.evidence["symbols"]), one.evidence["bytes"]) for one in weights] == [
        ("first.so", ["b2", "w2"], 10),
        ("second.so", ["b2", "w2"], 10),
    ]
    assert [one.evidence["types"] for one in report.of("types-across-border")] == [["isobit::fixed"]] * 2
    assert all(one.evidence["functions"] > 20 for one in report.of("no-visibility"))
    assert not report.of("no-interface") and not report.of("run-path") and not report.of("unsafe-link")


def test_hidden_symbols_leave_nothing_to_find(hidden: list[Path]) -> None:
    report = ib.lint_libraries(hidden)
    assert not report.at_least("warning"), str(report)
    names = {symbol.name for symbol in read_library(hidden[0]).symbols}
    assert {"create_model", "destroy_model"} <= names and "w2" not in names


def test_namespaces_of_their_own(make: Make, clashing: list[Path]) -> None:
    second = make("second_space", f"{SECOND} -DNET_SPACE=hls4ml_second")
    report = ib.lint_libraries([clashing[0], second])
    assert not report.of("symbol-clash") and not symbols(report, "shared-static", "error")
    assert len(report.of("external-weights")) == 2


def test_bsymbolic_keeps_its_own(make: Make) -> None:
    pair = [make("first_own", f"{FIRST} -Wl,-Bsymbolic"), make("second_own", f"{SECOND} -Wl,-Bsymbolic")]
    assert read_library(pair[0]).symbolic
    found = ib.lint_libraries(pair).of("symbol-clash")
    assert {one.severity for one in found} == {"note"}
    assert ib.lint_libraries(pair).of("shared-static")[0].severity == "error"  # that is beyond -Bsymbolic's reach


def test_a_definition_that_another_library_has(make: Make, clashing: list[Path]) -> None:
    lacking = make("lacking", f"{SECOND} -DNET_ELSEWHERE")
    (found,) = ib.lint_libraries([clashing[0], lacking]).of("borrowed-symbol")
    assert (found.layer, found.evidence["from"]) == ("lacking.so", "first.so")
    assert "myproject" in found.message
    assert not ib.lint_libraries(clashing).of("borrowed-symbol")


def test_no_interface(make: Make) -> None:
    found = ib.lint_libraries([make("bare", f"{FIRST} -DNET_BARE")]).of("no-interface")
    assert found[0].evidence["missing"] == ["create_model", "destroy_model"]
    assert "create_model is a C++ function" in found[0].message


def test_paths_stack_and_text(tmp_path: Path) -> None:
    source = tmp_path / "one.s"
    source.write_text(".globl one\n.type one,@function\none: ret\n.size one,.-one\n")  # no .note.GNU-stack
    flags = ["-shared", "-nostdlib", "-Wl,--disable-new-dtags,-rpath,/tmp/build:$ORIGIN", "-Wl,-z,execstack"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(tmp_path / "old.so")], check=True)
    new = ["-shared", "-nostdlib", "-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib:lib", "-Wl,-z,noexecstack"]
    subprocess.run(["gcc", *new, str(source), "-o", str(tmp_path / "new.so")], check=True)
    report = ib.lint_libraries([tmp_path / "old.so", tmp_path / "new.so"], ignore=["no-interface"])
    old, fresh = report.of("run-path")
    assert old.message == "old.so: RPATH '/tmp/build', RPATH '$ORIGIN'"
    assert fresh.message == "new.so: RUNPATH 'lib'"
    assert [(one.layer, one.evidence["found"]) for one in report.of("unsafe-link")] == [
        ("old.so", ["an executable stack"])
    ]
    assert symbols(report, "symbol-clash", "note") == {"one"}


def test_code_that_is_changed_while_it_is_loaded(tmp_path: Path) -> None:
    source = tmp_path / "two.s"
    source.write_text(".globl two\n.type two,@function\ntwo: movabs $there, %rax\nret\n.size two,.-two\n"
                      ".section .note.GNU-stack\n")  # fmt: skip
    flags = ["-shared", "-nostdlib", "-Wl,-z,notext"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(tmp_path / "two.so")], check=True)
    (found,) = ib.lint_libraries([tmp_path / "two.so"]).of("unsafe-link")
    assert found.evidence["found"] == ["relocations in its code"]


def test_damaged_and_foreign_files(hidden: list[Path], tmp_path: Path) -> None:
    blob = hidden[0].read_bytes()
    path = tmp_path / "damaged.so"
    for length in (5, 63, 64, 300, len(blob) // 2, len(blob) - 1):
        path.write_bytes(blob[:length])
        with pytest.raises(ModelFileError, match=r"damaged\.so is a (damaged or )?truncated ELF file|dynamic symbols"):
            read_library(path)
    for text, words in ((b"", "no ELF file"), (b"PK\3\4", "no ELF file")):
        path.write_bytes(text)
        with pytest.raises(ModelFileError, match=words):
            read_library(path)
    with pytest.raises(ModelFileError, match="does not exist"):
        read_library(tmp_path / "none.so")
    with pytest.raises(ModelFileError, match="is a folder"):
        read_library(tmp_path)
    source = tmp_path / "one.s"
    source.write_text(".globl one\none: ret\n")
    subprocess.run(["gcc", "-c", str(source), "-o", str(path)], check=True)
    with pytest.raises(ModelFileError, match="an object file"):
        read_library(path)


def test_changed_bytes_are_read_or_refused(hidden: list[Path], tmp_path: Path) -> None:
    """Whatever the bytes are: tables, or one error that names the file."""
    blob, path, rng, refused = hidden[0].read_bytes(), tmp_path / "changed.so", random.Random(1), 0
    for _ in range(150):
        changed = bytearray(blob)
        for _ in range(rng.choice([1, 4, 64])):
            changed[rng.randrange(rng.choice([64, 4096, len(changed)]))] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        path.write_bytes(changed)
        try:
            read_library(path)
        except ModelFileError as error:
            refused += 1
            assert "changed.so" in str(error)
    assert refused > 20


def test_names() -> None:
    table = "_ZZN4nnet5tableI8ap_fixedILi16ELi6EL9ap_q_mode5EL9ap_o_mode3ELi0EES4_7config2EEvPT_PT0_E7entries"
    assert identifiers(table) == ["nnet", "table", "ap_fixed", "ap_q_mode", "ap_o_mode", "config2", "entries"]
    assert readable(table) == "entries in nnet::table<...>"
    assert is_of_project(table) and not is_of_project(table.replace("7config2", "7other_t"))
    assert is_of_project("w2") and is_of_project("_ZN8Emulator7predictEv")
    assert not is_of_project("_ZNSt6vectorIiSaIiEE4sizeEv")
    top = "_Z9myprojectP8ap_fixedILi16ELi6EL9ap_q_mode5EL9ap_o_mode3ELi0EEPN4nnet5arrayI7ap_uintILi8EELj3EEE"
    assert borne_types(top) == ("ap_fixed", "ap_uint", "nnet::array")
    assert readable(top) == "myproject" and readable("_ZTVN4hls48EmulatorE") == "vtable of hls4::Emulator"


def test_usage(clashing: list[Path]) -> None:
    with pytest.raises(UnsupportedError, match="given twice"):
        ib.lint_libraries([clashing[0], clashing[0]])
    with pytest.raises(UnsupportedError, match="no library"):
        ib.lint_libraries([])
    with pytest.raises(UnsupportedError, match="IB101 accumulator-overflow is about network"):
        ib.lint_libraries(clashing, select=["IB101"])
    (only,) = ib.lint_libraries(clashing, select=["symbol-clash"], ignore=["shared-static"]).at_least("error")
    assert only.rule == "IB601"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["lint", *arguments], standalone_mode=False)


def test_command(clashing: list[Path], hidden: list[Path], tmp_path: Path) -> None:
    log = tmp_path / "lint.sarif"
    found = run(*map(str, clashing), "--sarif", str(log))
    assert found.return_value == 1
    assert "error IB601 first.so: first.so and second.so both define" in found.output
    result = json.loads(log.read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == clashing[0].as_posix()
    assert run(*map(str, hidden)).return_value == 0
    document = json.loads(run(*map(str, clashing), "--json", "--fail-on", "never").output)
    assert {"IB601", "IB602", "IB604", "IB605", "IB606"} == {one["rule"] for one in document["findings"]}
    assert "RTLD_LOCAL" in run("--explain", "shared-static").output
    model = tmp_path / "net.isobit"
    model.touch()
    for wrong in ([str(clashing[0]), str(model)], [str(model), "--load", "x.yml"], [str(clashing[0]), "--witnesses"]):
        assert "Usage" in type(run(*wrong).exception).__name__
    assert HIDDEN.split()[0] in found.output


def test_a_symbol_outside_of_its_section_is_refused_by_file(hidden: list[Path], tmp_path: Path) -> None:
    from elftools.elf.elffile import ELFFile

    with hidden[0].open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".dynsym")
        sizes = [
            table["sh_offset"] + number * table["sh_entsize"] + 16
            for number, symbol in enumerate(table.iter_symbols())
            if symbol.name == "create_model"
        ]
    content = bytearray(hidden[0].read_bytes())
    content[sizes[0] : sizes[0] + 8] = (1 << 40).to_bytes(8, "little")  # st_size
    path = tmp_path / "damaged.so"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"damaged\.so is a damaged ELF file: symbol 'create_model' lies outside"):
        ib.lint_libraries([path])
