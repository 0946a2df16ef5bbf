"""docs/hgq2.md: its code runs, in one program, and prints what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hgq2.md"
MARK = "-- end of block --"


@pytest.mark.hls4ml
@pytest.mark.csim
def test_the_page_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    code = f"\nprint({MARK!r})\n".join(block for language, block in blocks if language == "python")
    (tmp_path / "page.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = [block for language, block in blocks if language == "text"]
    assert done.stdout.split(f"{MARK}\n") == wanted
