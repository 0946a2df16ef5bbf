"""Let the tests import their neighbours, and the comparison of all roads."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "differential"):
    sys.path.insert(0, str(folder))
