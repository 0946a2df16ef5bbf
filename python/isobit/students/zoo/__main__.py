"""Write the golden configs into a folder: `python -m isobit.students.zoo FOLDER`."""

import json
import sys
from pathlib import Path

from isobit.students.zoo import ZOO, write_out

if len(sys.argv) != 2:
    sys.exit(f"{__doc__}\nexpected one folder, got {sys.argv[1:]}")
for entry in ZOO.values():
    text = json.dumps(write_out(entry), indent=2) + "\n"
    (Path(sys.argv[1]) / f"{entry.name}.golden.json").write_text(text, encoding="utf-8")
