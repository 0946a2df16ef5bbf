"""Write an hls4ml project into a private folder, without touching the user's, and our bridge beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isobit.frontends.quiet import quiet

__all__ = ["write_project"]

_MAIN = """// Written by isobit: drives the project's top function.
#include "bridge.hpp"
#include "firmware/{project}.cpp"

static void event(std::FILE *file, bool raw) {{
{using}{inputs}
{outputs}
    {project}({arguments});
{results}
}}

int main(int argc, char **argv) {{ return isobit_csim::run(argc, argv, event); }}
"""


@contextlib.contextmanager
def _redirected(model: Any, folder: Path) -> Iterator[None]:
    """Point an hls4ml graph at another output folder, with every layer traced; put everything back afterwards."""
    config = model.config
    writer = config.get_writer_config()
    kept = dict(config.config)
    kept_tar = writer.get("WriteTar")
    kept_trace = config.trace_output
    kept_layers = {node.name: node.get_attr("trace") for node in model.get_layers()}
    try:
        config.config["OutputDir"] = str(folder)
        writer["WriteTar"] = False
        config.trace_output = True
        for node in model.get_layers():
            node.set_attr("trace", True)
        yield
    finally:
        config.config.clear()
        config.config.update(kept)
        writer["WriteTar"] = kept_tar
        config.trace_output = kept_trace
        for node in model.get_layers():
            node.set_attr("trace", kept_layers[node.name])


def write_project(model: Any, folder: Path) -> None:
    """Write the firmware of an hls4ml ``ModelGraph`` and the bridge into ``folder``.

    The graph's configuration and its own output folder stay as they are. hls4ml's messages are swallowed.
    """
    with quiet(), _redirected(model, folder):
        model.write()
    namespace = model.config.get_writer_config().get("Namespace")
    inputs, outputs = model.get_input_variables(), model.get_output_variables()
    read = [
        f"    {v.definition_cpp()};\n    isobit_csim::get_all(file, raw, {v.name}, {v.size_cpp()});\n"
        f'    isobit_csim::tap({v.name}, "{name}", {v.size_cpp()});'
        for name, v in zip(model.inputs, inputs, strict=True)
    ]
    text = _MAIN.format(
        project=model.config.get_project_name(),
        using=f"    using namespace {namespace};\n" if namespace else "",
        inputs="\n".join(read),
        outputs="\n".join(f"    {v.definition_cpp()};" for v in outputs),
        arguments=", ".join(v.name for v in [*inputs, *outputs]),
        results="\n".join(
            f'    isobit_csim::put_all({v.name}, "{name}", {v.size_cpp()});'
            for name, v in zip(model.outputs, outputs, strict=True)
        ),
    )
    (folder / "main.cpp").write_text(text)
    (folder / "bridge.hpp").write_bytes(Path(__file__).with_name("bridge.hpp").read_bytes())
