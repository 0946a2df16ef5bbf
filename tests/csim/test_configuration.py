"""hls4ml's configuration file: what it holds is data, whatever its tags say."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobit.frontends.project import read_yaml

pytest.importorskip("yaml", reason="PyYAML comes with hls4ml")


def test_python_objects_are_read_as_data_and_nothing_is_called(tmp_path: Path) -> None:
    path, witness = tmp_path / "hls4ml_config.yml", tmp_path / "called"
    path.write_text(
        f"Backend: Vitis\nKerasModel: !!python/object/apply:os.mkdir\n- {witness}\nPath: !keras_model x.keras\n"
    )
    document = read_yaml(path)
    assert document["Backend"] == "Vitis" and document["Path"] == "x.keras"
    assert document["KerasModel"] == [str(witness)]
    assert not witness.exists()
