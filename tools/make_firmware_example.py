"""Write what hls4ml generates of examples/firmware/tagger: sources, weights, and the answers of its test bench.

    python tools/make_firmware_example.py             # needs the extra hls4ml and g++; half a minute
    python tools/make_firmware_example.py --check     # writes nothing; exit status 1 if a file differs

hls4ml's own headers are left out: ``examples/firmware/get_headers.py`` copies them. The class around the network, its
description and the Makefile are written by hand.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "firmware" / "tagger"
NAME, EVENTS, SEED = "tagger", 24, 5
#: Of a project, what is hls4ml's own and the same for everybody.
HEADERS = ("nnet_utils", "ap_types")


def converted(folder: Path) -> Any:
    """Six numbers of a jet to three scores, with drawn weights."""
    import hls4ml
    import keras
    import numpy as np

    rng = np.random.default_rng(SEED)
    layers = keras.layers
    network = keras.Sequential(
        [
            layers.Input((6,), name="jet"),
            layers.Dense(8, name="fc1"),
            layers.Activation("relu", name="relu1"),
            layers.Dense(3, name="fc2"),
            layers.Activation("softmax", name="scores"),
        ]
    )
    for weight in network.weights:
        weight.assign(np.round(rng.normal(0, 0.5, weight.shape) * 32) / 32)
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_keras_model(
            network, granularity="name", backend="Vitis", default_precision="ap_fixed<14,6>"
        )
        for name in ("fc1", "fc2"):
            config["LayerName"][name]["Precision"] |= {"weight": "ap_fixed<8,3>", "bias": "ap_fixed<8,3>"}
        for name in ("fc2", "fc2_linear"):  # the exponentials are addressed by its ten bits
            config["LayerName"][name]["Precision"]["result"] = "ap_fixed<10,5>"
        model = hls4ml.converters.convert_from_keras_model(
            network,
            hls_config=config,
            backend="Vitis",
            io_type="io_parallel",
            output_dir=str(folder),
            project_name=NAME,
        )
        model.write()
    return model


def features() -> Any:
    """Events of the network's input, numbers of ap_fixed<14,6>."""
    import numpy as np

    return np.round(np.random.default_rng(SEED + 1).normal(0, 2, (EVENTS, 6)) * 256) / 256


def make(folder: Path) -> None:
    """Write the project, run its test bench, and leave out what is not its own."""
    import yaml

    converted(folder)
    data = folder / "tb_data"
    data.mkdir(exist_ok=True)
    lines = (" ".join(f"{number:.8f}".rstrip("0").rstrip(".") for number in event) for event in features())
    (data / "tb_input_features.dat").write_text("\n".join(lines) + "\n")
    (data / "tb_output_predictions.dat").write_text("\n".join(["0 0 0"] * EVENTS) + "\n")
    firmware = folder / "firmware"
    sources = [f"{NAME}_test.cpp", f"firmware/{NAME}.cpp"]
    options = ["-std=c++17", "-O1", "-w", "-Ifirmware", "-Ifirmware/ap_types", '-DWEIGHTS_DIR="firmware/weights"']
    command = ["g++", *options, *sources, "-o", "test"]
    subprocess.run(command, cwd=folder, check=True)
    subprocess.run(["./test"], cwd=folder, check=True, capture_output=True)
    for name in HEADERS:
        shutil.rmtree(firmware / name)
    asked = yaml.load((folder / "hls4ml_config.yml").read_text(), _plain(yaml))
    for key in ("KerasModel", "OutputDir", "Stamp", "InputData", "OutputPredictions"):
        asked.pop(key, None)
    for path in folder.iterdir():
        if path.name not in ("firmware", "tb_data"):
            path.unlink()
    (data / "tb_output_predictions.dat").unlink()
    (folder / "hls4ml_config.yml").write_text(yaml.safe_dump(asked))


def _plain(yaml: Any) -> Any:
    """A loader to which hls4ml's tags are text."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: loader.construct_scalar(node))
    return Loader


def differences(made: Path, kept: Path) -> list[str]:
    """Generated files that the example does not have so, and those of it that were not generated."""
    every = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    every |= {p.relative_to(kept).as_posix() for p in (kept / "firmware").glob("*.*")}
    every |= {p.relative_to(kept).as_posix() for p in (kept / "firmware" / "weights").glob("*")}

    def content(path: Path) -> bytes | None:
        return path.read_bytes() if path.is_file() else None

    return sorted(path for path in every if content(made / path) != content(kept / path))


def main() -> int:
    """Write the generated files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / NAME
        make(made)
        if check:
            for path in (found := differences(made, EXAMPLE)):
                print(f"{path} differs")
            return 1 if found else 0
        shutil.copytree(made, EXAMPLE, dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
