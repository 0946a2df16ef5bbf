"""What isobit computes, was compared with, and refuses: docs/coverage.md, from the code and the committed runs.

python tools/make_coverage.py            # writes the page, and docs/hls4ml_suite.md
python tools/make_coverage.py --check    # 1 if a committed page is another
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import hls4ml_suite_page

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "coverage.md"

HEAD = """\
# Coverage

Written by `python tools/make_coverage.py` from the registered layers and the committed runs; a test compares them.

## Layers

Every engine (`numba`, `cpp`, `cpp-strict`, `reference`) computes every layer of this table, and so do `check`, `plan`,
`profile`, `trace` and model files. *Primitives* are what a layer is lowered to ([layers.md](layers.md)). *Export*:
"core" is a kernel of its own in `cpp/include/isobit/kernels/`; "primitives" means that the primitives are written.

"""

COMPARED = """
## Networks compared with hls4ml's C-simulation

Raw integers of every traced layer, on every engine; events that reach the ends of every input's format.

"""

ZOO = """
## The zoo compared with hls4ml's C-simulation

Every traced layer of the [zoo](zoo.md)'s networks, on every engine (`tools/zoo_run.py`, `tests/zoo/runs/`): events, and
thousands of values compared. *Overflowing*: the golden configuration, with bits cut so that most layers overflow.

"""

REFUSED = """
## What is refused

A network with one of these layers of hls4ml {version} is refused by name when it is loaded:

{layers}.

Layers that a front end or a pass of hls4ml replaces by those of the table, such as separable convolutions, `Quant` or
`MatMul`, need no support of their own. Attributes that hls4ml ignores, or for which its firmware does not compile or
reads beyond an array, are refused by name as well, with the layer and what to write instead
([semantics.md](semantics.md)).

## hls4ml's own tests

[hls4ml_suite.md](hls4ml_suite.md) lists every architecture of hls4ml's own test suite, with a verdict: equal, or
refused by name.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * lines[0].count(" | ") + "---|")
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def given(handler: Any) -> list[Any]:
    """The classes of layers that a handler makes, as its annotation says; none if it refuses every one."""
    from isobit.model.ops import OPS

    classes = {op.__name__: op for op in OPS.values()}
    if handler.__annotations__["return"] == "NoReturn":
        return []
    names = [name.strip() for name in str(handler.__annotations__["return"]).split("|")]
    if unknown := [name for name in names if name not in classes]:
        raise SystemExit(f"{handler.__qualname__} is annotated with {unknown}; expected classes of layers")
    return [classes[name] for name in names]


#: Layers that their reference alone computes.
NOT_LOWERED = {"foreign", "garnet"}


def exported(layer: Any) -> str:
    """How a layer is exported."""
    from isobit.hls.emitters import EMITTERS

    return "core" if layer in EMITTERS else "refused" if layer.tag in NOT_LOWERED else "primitives"


def layers() -> Iterator[tuple[str, ...]]:
    """A row for every class of hls4ml that is read."""
    import isobit.frontends.hls4ml.graph
    from isobit.frontends.registry import HANDLERS
    from isobit.frontends.streams import STREAMED

    assert isobit.frontends.hls4ml.graph  # registers the handlers
    for name in sorted(HANDLERS.keys() - {"Foreign"}):  # of a folder, no class of hls4ml's
        if not (made := given(HANDLERS[name])):
            continue
        yield (
            name,
            ", ".join(f"`{layer.tag}`" for layer in made),
            "yes",
            "yes" if name in STREAMED else "refused",
            ", ".join(sorted({exported(layer) for layer in made})),
        )


def runs() -> Iterator[tuple[str, ...]]:
    """A row for every committed run."""
    found = {
        "Dense networks of all quantisers (tools/differential_run.py)": "tests/differential/large_run.json",
        "sets and images (tools/sets_run.py)": "tests/sets/sets_run.json",
        "tables (tools/tables_run.py)": "tests/tables/tables_run.json",
    }
    found |= {
        f"family {path.stem} (tools/families_run.py)": str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests" / "families" / "runs").glob("*.json"))
    }
    found |= {
        f"HGQ2 and Keras 3, {path.stem} (tools/hgq2_run.py)": str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests" / "hgq2" / "runs").glob("*.json"))
    }
    for what, place in found.items():
        report = json.loads((ROOT / place).read_text())
        differing = len(report["networks_with_differences"])
        yield what, str(report["networks"]), f"{report['values_compared']:,}", str(differing), f"`{place}`"


def zoo_runs() -> Iterator[tuple[str, ...]]:
    """A row for every network of the zoo."""
    from isobit.students.zoo import ZOO

    for name in ZOO:
        kinds = product(("io_parallel", "io_stream"), ("golden", "auto", "overflowing"))
        paths = [ROOT / "tests" / "zoo" / "runs" / f"{name}.{config}.{io_type}.json" for io_type, config in kinds]
        found = [json.loads(path.read_text()) if path.exists() else {} for path in paths]
        cells = [
            f"{one['values'] // 1000:,}" if "values" in one else f"{one['refused_by']} refuses" if one else "not run"
            for one in found
        ]
        events = max(one.get("events", 0) for one in found)
        yield f"`{name}`", f"{events:,}", *cells, str(sum(one.get("differing", 0) for one in found))


def unread() -> list[str]:
    """Layers of hls4ml that isobit does not read."""
    from hls4ml.model.layers import layer_map

    from isobit.frontends.registry import HANDLERS

    # Passes replace them, or they are in no network for these back ends.
    others = {"Input", "Constant", "LayerGroup", "BiasAdd", "SymbolicExpression", "BatchNormOnnx", "BipolarQuant"}
    others |= {"Conv", "MatMul", "Quant", "SeparableConv1D", "SeparableConv2D", "DACombinational"}
    read = {name for name, handler in HANDLERS.items() if given(handler)}
    return sorted({layer.__name__ for layer in layer_map.values()} - read - others)


def page() -> str:
    """The page."""
    import hls4ml

    text = HEAD + table(("hls4ml's class", "layer", "io_parallel", "io_stream", "export"), layers())
    text += COMPARED + table(("networks", "compared", "values", "that differ", "record"), runs())
    heads = [
        f"{io_type}: {config}" for io_type in ("parallel", "stream") for config in ("golden", "auto", "overflowing")
    ]
    text += ZOO + table(("network", "events", *heads, "differ"), zoo_runs())
    return text + REFUSED.format(version=hls4ml.__version__, layers=", ".join(f"`{name}`" for name in unread()))


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    pages = {PAGE: page(), hls4ml_suite_page.PAGE: hls4ml_suite_page.page()}
    if not options.check:
        for path, text in pages.items():
            path.write_text(text)
        return 0
    other = [path.name for path, text in pages.items() if path.read_text() != text]
    for name in other:
        print(f"docs/{name} is not what the code and the runs say: python tools/make_coverage.py", file=sys.stderr)
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
