"""The committed runs of tools/certify_menu.py: the menu is certified, and every sabotage was found and named."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("menu.json").read_text())


def test_the_menu_was_certified_in_time_and_twice_the_same() -> None:
    menu = RECORD["menu"]
    assert menu["certified"] and menu["same_certificate"]
    assert menu["cores"] == 2 and menu["seconds"]["empty cache"] < 600
    assert len(menu["networks"]) == 8 == len(menu["libraries"]["names"])
    assert menu["libraries"]["runs"] == 32 and not menu["libraries"]["faults"]
    for name, one in menu["networks"].items():
        assert one["certified"] and one["differ"] == 0 < one["values"] and not one["faults"], name
        assert one["library"]["differ"] == 0 < one["library"]["values"], name
        assert {"random", "extreme", "given"} <= one["events"].keys(), name


def test_each_sabotage_was_found_and_named() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    from menu.networks import MENU
    from menu.sabotage import SABOTAGES

    assert {one.network for one in SABOTAGES} == {network.name for network in MENU}
    for one in SABOTAGES:
        found = RECORD["sabotages"][one.network]
        assert found["found"] and found["what"] == one.what, one.network
        assert any(fault.startswith(one.kinds) and one.named in fault for fault in found["faults"]), found["faults"]
