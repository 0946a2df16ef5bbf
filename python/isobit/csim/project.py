"""The program of an hls4ml project: the main.cpp that drives its top function, and its compilation."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from isobit.csim.build import Built, build
from isobit.csim.compiling import base_flags, bridge_files, header_identity
from isobit.csim.state import filled_once
from isobit.frontends.sources import Parameter, Project
from isobit.headers import isobit_include_folders

__all__ = ["build_project", "main_source"]

_MAIN = """// Written by isobit: drives the project's top function.
#include "isobit_csim/project.hpp"
#include "firmware/{name}.cpp"
{weights}
static void isobit_event(isobit_csim::Channel &isobit_channel) {{
    isobit_csim::current = &isobit_channel;
{using}{inputs}
{outputs}
    if (isobit_channel.running()) {name}({arguments});
{results}
}}

int main(int argc, char **argv) {{ return isobit_csim::work(argc, argv, isobit_event); }}
"""


def main_source(project: Project) -> str:
    """Text of the main.cpp."""
    inputs, outputs = [], []
    for p in project.directed("in"):
        declared = f'hls::stream<{p.type}> {p.name}("{p.name}")' if p.stream else f"{p.type} {p.name}[{p.size}]"
        inputs.append(f'    {declared};\n    isobit_channel.in({p.name}, {_elements(p)}, "{p.name}");')
        # What the firmware's own type made of the input is compared as well.
        inputs.append(f'    isobit_channel.tap({p.name}, {p.size}, "{p.name}");')
    for p in project.directed("out"):
        declared = f'hls::stream<{p.type}> {p.name}("{p.name}")' if p.stream else f"{p.type} {p.name}[{p.size}]"
        outputs.append(f"    {declared};")
    outputs += [f"    {p.type} {p.name} = 0;" for p in project.directed("size")]
    return _MAIN.format(
        name=project.name,
        weights="".join(f'#include "firmware/weights/{p.name}.h"\n' for p in project.directed("weight")),
        using=f"    using namespace {project.namespace};\n" if project.namespace else "",
        inputs="\n".join(inputs),
        outputs="\n".join(outputs),
        arguments=", ".join(p.name for p in project.parameters),
        results="\n".join(
            f'    isobit_channel.out({p.name}, {_elements(p)}, "{p.name}");' for p in project.directed("out")
        ),
    )


def _elements(p: Parameter) -> str:
    """How many elements of its type an argument has; a stream's elements are packs of numbers."""
    return f"{p.size} / isobit_csim::Element<{p.type}>::count"


def build_project(project: Project, headers: str, optimisation: str) -> Built:
    """Compile a project with one of the header sets.

    ``vendor`` takes the folder's own ``firmware/ap_types``. ``isobit`` leaves that out of the private copy and puts
    isobit's drop-in names in its place on the include path; everything else stays the same.
    """
    files = {**project.files, **bridge_files(), "main.cpp": main_source(project).encode()}
    if headers == "isobit":
        files = {path: content for path, content in files.items() if not path.startswith("firmware/ap_types/")}
        folders = [str(folder) for folder in isobit_include_folders()]
    else:
        folders = ["firmware/ap_types"]
    header_flags = [*base_flags(optimisation, headers), *(f"-I{folder}" for folder in folders), "-I."]
    flags = [*header_flags, "-Ifirmware", '-DWEIGHTS_DIR="firmware/weights"']
    parts = [header_identity(headers)]
    for path in sorted(files):
        parts += [path.encode(), len(files[path]).to_bytes(8, "little"), files[path]]
    filled = filled_once(project.namespace, project.name, _constants(project))
    return build(files, flags, b"\0".join(parts), what="the project", header_flags=header_flags, filled=filled)


def _constants(project: Project) -> list[str]:
    """Weights, by their files, and the masks of convolutions, which are constant members of the layers' structs."""
    weights = [PurePosixPath(path).stem for path in project.files if path.startswith("firmware/weights/")]
    text = project.files.get("firmware/parameters.h", b"").decode(errors="replace")
    return [*weights, *(f"{name}::pixels" for name in re.findall(r"^struct (config\w+)", text, flags=re.MULTILINE))]
