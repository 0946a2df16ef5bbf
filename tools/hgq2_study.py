"""Train the muon student with HGQ2, which learns the bits of every number, and measure firmware bits: once.

python tools/hgq2_study.py [--out docs/studies/hardware/hgq2.json]

For each weight of the penalty on EBOPs, a 5-8-8-8-8-3 network is trained on the simulated muons without a teacher, its
firmware is read by isobit, and FWHMs, EBOPs and bits are written with the seed, as is the number of muons for which the
firmware differs from HGQ2's own numbers. Needs the extra hgq2 (docs/hgq2.md).
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

PENALTIES = (1e-8, 1e-7)
SEED, TRAINING, TEST = 1, 40_000, 4000


def network(penalty: float) -> Any:
    import keras
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QDense

    with (
        QuantizerConfigScope(default_q_type="kbi", place="weight", overflow_mode="SAT_SYM", b0=8, i0=1),
        QuantizerConfigScope(default_q_type="kif", place="datalane", i0=4, f0=8, overflow_mode="WRAP"),
        LayerConfigScope(enable_ebops=True, beta0=penalty),
    ):
        hidden = [QDense(8, activation="relu", name=f"fc{number}") for number in range(1, 5)]
        return keras.Sequential([keras.layers.Input((5,)), *hidden, QDense(3, name="output")])


def measured(penalty: float, epochs: int) -> dict[str, Any]:
    import keras
    import numpy as np
    from hgq.utils import trace_minmax
    from hgq.utils.sugar import FreeEBOPs

    import isobit as ib
    from isobit.cost.estimate import graph_cost
    from isobit.students.muons import simulate
    from isobit.students.resolution import fwhm
    from isobit.sweep.evaluation import COSTS

    keras.utils.set_random_seed(SEED)
    learnt, sample = simulate(TRAINING, 1000 * SEED + 1), simulate(TEST, 1000 * SEED + 6)
    model = network(penalty)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, epochs * (TRAINING // 512))
    model.compile(keras.optimizers.Adam(rate), keras.losses.LogCosh())
    model.fit(learnt.features, learnt.targets, batch_size=512, epochs=epochs, verbose=0, callbacks=[FreeEBOPs()])
    trace_minmax(model, np.concatenate([learnt.features, sample.features]), verbose=False)
    firmware = ib.load(model)
    x = sample.features.astype("float32")
    outputs = firmware.predict(x)
    residuals = sample.residuals(sample.calibrate(outputs))
    differ = int((outputs != model.predict(x, verbose=0)).any(axis=1).sum())
    return {
        "penalty": penalty,
        "epochs": epochs,
        "fwhm": [fwhm(residuals[:, column]) for column in range(3)],
        "ebops": float(graph_cost(firmware.graph).ebops),
        "bits": float(COSTS["bits"](firmware.graph)),
        "events": TEST,
        "events_that_differ_from_hgq2": differ,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/studies/hardware/hgq2.json"))
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--penalties", type=float, nargs="+", default=PENALTIES)
    chosen = parser.parse_args()
    rows = []
    for penalty in chosen.penalties:
        rows.append(measured(penalty, chosen.epochs))
        print(rows[-1], flush=True)
        chosen.out.write_text(json.dumps({"seed": SEED, "training": TRAINING, "networks": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
