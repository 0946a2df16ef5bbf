"""What a plain run leaves out is written down, and named tests are never left out."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMED = "test_it.py::test"
#: Another number in CI: a number, or that of all cases.
CI = r"(?:, ci=(\d+|len\(\w+\)))?"
#: Collects once for each seed and arguments (JSON) in one process; the tests' names go to stderr.
COLLECT = """
import json, os, sys
import pytest

class Names:
    def pytest_collection_finish(self, session):
        print(json.dumps([item.nodeid for item in session.items]), file=sys.stderr)

for seed, *arguments in json.loads(sys.argv[1]):
    os.environ.pop("ISOBIT_TEST_FULL", None)
    os.environ["ISOBIT_TEST_CI"] = str(int(arguments[0] == "ci"))
    os.environ["ISOBIT_FRESH_SEED"] = seed
    options = ["--co", "-q", "-p", "no:cacheprovider", "-p", "no:capture", "-c", "/dev/null"]
    pytest.main([*options, *(one for one in arguments if one != "ci")], plugins=[Names()])
"""


def _in_ci(number: str | None) -> str:
    """What `.ci/run` takes, where that is more."""
    if number is None:
        return ""
    return f"; in CI {number}" if number.isdigit() and number != "1" else "; in CI all"


def _tier(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """What a plain run takes of a test: "n drawn", "nothing", "part of it"; None for all."""
    for decorator in node.decorator_list:
        text = ast.unparse(decorator)
        if text == "pytest.mark.full":
            return "nothing"
        if drawn := re.fullmatch(rf"pytest\.mark\.oracle\(sample=(\d+){CI}\)", text):
            return f"{drawn[1]} drawn" + _in_ci(drawn[2])
        if turn := re.fullmatch(rf"pytest\.mark\.turn\((\d+){CI}\)", text):
            return f"in one run of {turn[1]}" + _in_ci(turn[2])
    partly = any("pytest.mark.full" in ast.unparse(decorator) for decorator in node.decorator_list)
    calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return "part of it" if partly or any(ast.unparse(f) in ("examples", "drawn") for f in calls) else None


def tiers() -> dict[str, str]:
    """Every test of which a plain run does not take all."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (tier := _tier(node)):
                found[f"{path.relative_to(ROOT / 'tests')}::{node.name}"] = tier
    return found


def test_contributing_says_what_a_plain_run_leaves_out() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    written = dict(re.findall(r"^\| `(\S+::\w+)` \| ([^|]+?) \|$", text, flags=re.MULTILINE))
    lines = "\n".join(f"| `{name}` | {tier} |" for name, tier in tiers().items())
    assert written == tiers(), f"the table of CONTRIBUTING.md should be\n{lines}"


def test_groups_stay_together(tmp_path: Path) -> None:
    """They share what is slow to make; the plugin and pytest have to agree on how a test says its group."""
    (tmp_path / "test_it.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.mark.xdist_group('one')\n@pytest.mark.parametrize('n', range(8))\n"
        "def test_group(n):\n    pathlib.Path(os.environ['PYTEST_XDIST_WORKER']).touch()\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "-n2"]
    subprocess.run([*command, "--dist", "loadgroup", "."], cwd=tmp_path, check=True, capture_output=True)
    assert len(list(tmp_path.glob("gw*"))) == 1, "install pytest as pyproject.toml says"


def test_draws_are_the_seeds_and_named_tests_are_all_taken(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.oracle(sample=3, ci=5)\n@pytest.mark.parametrize('n', range(50))\ndef test_drawn(n): pass\n"
        "@pytest.mark.full\ndef test_expensive(): pass\n"
        "@pytest.mark.turn(2, ci=1)\n@pytest.mark.parametrize('n', range(2))\ndef test_in_turn(n): pass\n"
    )
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\nimport tiers\n"
        "def pytest_configure(config):\n"
        "    for line in ('full: x', 'oracle(sample): x', 'turn(n): x'): config.addinivalue_line('markers', line)\n"
        "    tiers.choose_tier(config)\n"
        "def pytest_collection_modifyitems(config, items): tiers.select(config, items)\n"
    )

    wanted = [(seed, ".") for seed in "1234561"]
    wanted += [
        ("1", *more)
        for more in (("ci", "."), ("-m", "full", "."), (f"{NAMED}_in_turn",), (f"{NAMED}_drawn",), ("-k", "expensive"))
    ]
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, json.dumps(wanted)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    *runs, again, in_ci, everything, in_turn, of_one, by_keyword = map(json.loads, done.stderr.splitlines())
    drawn = [[line for line in run if "test_drawn" in line] for run in runs]
    assert [len(run) for run in drawn] == [3] * 6
    assert runs[0] == again and drawn[0] != drawn[1]
    assert {len(run) - 3 for run in runs} == {0, 2}  # its turn, with all of its cases, or not
    assert [sum("test_drawn" in line for line in in_ci), len(in_ci)] == [5, 7]  # and its turn is every run's
    assert [len(run) for run in (everything, in_turn, of_one, by_keyword)] == [53, 2, 50, 1]
