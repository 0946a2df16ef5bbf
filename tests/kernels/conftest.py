"""Let the tests import their neighbours; networks that they share are converted and compiled once."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
