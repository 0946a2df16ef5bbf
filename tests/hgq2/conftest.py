"""Let the tests import their neighbours, and the comparison of tests/differential."""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for folder in (Path(__file__).parent, Path(__file__).parents[1] / "differential"):
    sys.path.insert(0, str(folder))
