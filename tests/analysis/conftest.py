"""Let the tests import their neighbours, and those of tests/differential."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "differential"))
