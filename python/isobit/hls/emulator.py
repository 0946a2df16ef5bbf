"""The library for CMS's Level-1 emulation that an exported folder can build: its border, interface and Makefile."""

from __future__ import annotations

from collections.abc import Sequence

from isobit._version import __version__
from isobit.hls.core import Core, Port
from isobit.hls.templates import fill, indented, template_text
from isobit.hls.texts import word_count

__all__ = ["emulator_files"]


def emulator_files(core: Core) -> dict[str, str]:
    """The library for CMS's Level-1 emulation: border, interface, Makefile."""
    prepare: list[str] = []
    read: list[str] = []
    for lines, ports, holder, constant in (
        (prepare, core.inputs, "input_", "const "),
        (read, core.outputs, "result_", ""),
    ):
        types = [f"{core.namespace}::{p.type}" for p in ports]
        if len(ports) > 1:
            held = ", ".join(f"{kind}*" for kind in types)
            lines.append(f"const auto all_ = std::any_cast<std::tuple<{held}>>({holder});")
        word = 0
        for k, (p, kind) in enumerate(zip(ports, types, strict=True)):
            size = p.tensor.size
            if len(ports) > 1:
                lines.append(f"{kind}* const {p.name} = std::get<{k}>(all_);")
            elif constant:  # hosts hand over either
                lines += [
                    f"const {kind}* const* constant_ = std::any_cast<const {kind}*>(&{holder});",
                    f"const {kind}* const {p.name} = constant_ ? *constant_ : std::any_cast<{kind}*>({holder});",
                ]
            else:
                lines.append(f"{kind}* const {p.name} = std::any_cast<{kind}*>({holder});")
            if constant:
                signed = str(p.tensor.type.signed).lower()
                lines.append(f"isobit::host::write_words<{signed}>({p.name}, {size}, in_ + {word});")
            else:
                lines.append(f"isobit::host::read_words(out_ + {word}, {size}, {p.name});")
            word += size * word_count(p.tensor.type)
    source = fill(
        "emulator.cpp",
        version=__version__,
        top=core.top,
        namespace=core.namespace,
        upper=core.top.upper(),
        input_form=_held(core.inputs),
        output_form=_held(core.outputs),
        prepare=indented(prepare, 8),
        read=indented(read, 8),
    )
    return {
        f"emulator/{core.top}_emulator.cpp": source,
        "emulator/emulator.h": template_text("emulator.h"),
        "emulator/exports.map": template_text("exports.map"),
        "emulator/Makefile": fill("emulator.make", version=__version__, top=core.top),
    }


def _held(ports: Sequence[Port]) -> str:
    """What a std::any holds, in words."""
    if len(ports) == 1:
        return f"a pointer to {ports[0].tensor.size} numbers, {ports[0].tensor.type}*"
    return f"a std::tuple<{', '.join(f'{p.tensor.type}*' for p in ports)}>"
