"""Run a library through hls4mlEmulator's interface, in a worker process, on raw integers.

Semantics: hls4mlEmulatorExtras' ``include/hls4ml/emulator.h``: an abstract class whose virtual functions are, in this
order, ``prepare_input(std::any)``, ``predict()``, ``read_result(std::any)`` and the destructor, made and ended by the
C functions ``create_model`` and ``destroy_model``; its loader opens a library with RTLD_LAZY | RTLD_LOCAL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isobit.csim.kernel import Argument, CSimKernel, In, Out, csim_kernel
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.libraries.interface import Interface, Part

__all__ = ["WAYS", "EmulatorProgram"]

#: Ways to load: one alone, or all in the given or the reverse order, with one flag or the other.
WAYS = ("alone", "all, RTLD_LOCAL", "all in reverse, RTLD_LOCAL", "all, RTLD_GLOBAL", "all in reverse, RTLD_GLOBAL")

_SOURCE = """#include <any>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <dlfcn.h>
#include "ap_fixed.h"
#include "ap_int.h"

namespace hls4mlEmulator {{
class Model {{
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
}};
}}  // namespace hls4mlEmulator

namespace isobit_emulator {{
typedef hls4mlEmulator::Model* create_t();

static hls4mlEmulator::Model* opened(const char* file, int flag) {{
    void* library = dlopen(file, RTLD_LAZY | flag);
    create_t* create = library ? reinterpret_cast<create_t*>(dlsym(library, "create_model")) : nullptr;
    if (!create) {{
        std::fprintf(stderr, "%s\\n", dlerror());
        std::exit(3);
    }}
    return create();
}}
{runners}
static const char* files[] = {{{files}}};
static hls4mlEmulator::Model* models[{count}];

// The libraries that the plan wants: one, or all in some order with some flag.
static bool planned(int way, int which) {{
    const int count = {count};
    if (way == 0) {{
        models[which] = opened(files[which], RTLD_LOCAL);
        return true;
    }}
    for (int k = 0; k < count; k++) {{
        const int place = way % 2 ? k : count - 1 - k;
        models[place] = opened(files[place], way < 3 ? RTLD_LOCAL : RTLD_GLOBAL);
    }}
    return true;
}}
}}  // namespace isobit_emulator

void isobit_run(ap_uint<4> way, ap_uint<16> which, {arguments}) {{
    using namespace isobit_emulator;
    static const bool ready = planned(way.to_int(), which.to_int());
    (void)ready;
    for (int k = 0; k < {count}; k++) {{
        const int place = way.to_int() % 2 ? k : {count} - 1 - k;
        if (!models[place]) continue;
{calls}
    }}
}}
"""

_RUNNER = """
static void run{k}(hls4mlEmulator::Model* model, {arguments}) {{
{before}
    model->prepare_input(std::any({given}));
    model->predict();
    {result} result{{}};
    model->read_result(std::any(&{address}));
{after}
}}"""


class EmulatorProgram:
    """A program that loads one or all of some libraries, and runs those that it loaded.

    Parameters
    ----------
    interfaces
        The libraries.
    timeout
        Seconds without an event's end after which the process is ended; None for no limit.

    Raises
    ------
    UnsupportedError
        If the libraries are of different header sets.
    CompilerError
        If there is no compiler, or it refuses the program.
    """

    def __init__(self, interfaces: Sequence[Interface], *, timeout: float | None = 60.0) -> None:
        headers = sorted({one.headers for one in interfaces})
        if len(headers) > 1:
            raise UnsupportedError(f"libraries of different headers ({', '.join(headers)}) are not loaded together")
        self.interfaces = tuple(interfaces)
        self._folder = tempfile.TemporaryDirectory(prefix="isobit-emulator-")
        source = Path(self._folder.name) / "emulator.cpp"
        source.write_text(_text(self.interfaces))
        arguments: list[Argument] = [In("ap_uint<4>", name="way"), In("ap_uint<16>", name="which")]
        for k, interface in enumerate(self.interfaces):
            for name, part in _parts(k, interface):
                made = In if name.startswith("x") else Out
                arguments.append(made(str(part.type), shape=part.size, name=name))
        self._kernel: CSimKernel = csim_kernel(
            source, "isobit_run", arguments, headers=headers[0], flags=["-ldl"], timeout=timeout
        )

    def run(self, inputs: Sequence[Sequence[FixedArray]], way: int = 0, which: int = 0) -> list[list[FixedArray]]:
        """Results of some events.

        Parameters
        ----------
        inputs
            For each library each input in its own format, shape (events, size).
        way
            How the libraries are loaded: an index into :data:`WAYS`.
        which
            Which one is loaded alone; the results of the others are zero then.

        Returns
        -------
        For each library each result, shape (events, size).

        Raises
        ------
        CSimError
            If the process ends: how, in which event, and what it said.
        """
        events = len(inputs[0][0].raw)
        plan = [
            FixedArray.from_raw(np.full(events, value), FixedType.int_type(width, signed=False))
            for value, width in ((way, 4), (which, 16))
        ]
        found: Any = self._kernel(*plan, *(array for group in inputs for array in group))
        flat = iter(found if isinstance(found, tuple) else (found,))
        return [[next(flat) for _ in interface.results] for interface in self.interfaces]


def _text(interfaces: Sequence[Interface]) -> str:
    quoted = ", ".join('"' + _escaped(str(one.library.resolve())) + '"' for one in interfaces)
    calls = [f"        if (place == {k}) run{k}(models[{k}], {_names(k, one)});" for k, one in enumerate(interfaces)]
    return _SOURCE.format(
        runners="".join(_runner(k, one) for k, one in enumerate(interfaces)),
        files=quoted,
        count=len(interfaces),
        arguments=", ".join(_arguments(k, one) for k, one in enumerate(interfaces)),
        calls="\n".join(calls),
    )


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c in "/._-+ " else "".join(f"\\{b:03o}" for b in c.encode()) for c in text)


def _parts(k: int, interface: Interface) -> list[tuple[str, Part]]:
    """Names of one library's arguments, inputs before results."""
    inputs = [(f"x{k}_{place}", part) for place, part in enumerate(interface.inputs)]
    return inputs + [(f"y{k}_{place}", part) for place, part in enumerate(interface.results)]


def _arguments(k: int, interface: Interface) -> str:
    return ", ".join(f"{part.type} {name}[{part.size}]" for name, part in _parts(k, interface))


def _names(k: int, interface: Interface) -> str:
    return ", ".join(name for name, _ in _parts(k, interface))


def _runner(k: int, interface: Interface) -> str:
    """The function that runs one library's model."""
    before, given, after = [], [], []
    for place, part in enumerate(interface.inputs):
        given.append(f"x{k}_{place}" if part.form == "pointer" else f"a{place}")
        if part.form == "array":
            before.append(f"    {part.cpp_type} a{place}{{}};")
            before.append(f"    for (int i = 0; i < {part.size}; i++) a{place}[i] = x{k}_{place}[i];")
    types = [part.cpp_type for part in interface.inputs]
    handed = f"std::pair<{', '.join(types)}>({', '.join(given)})"
    if len(given) == 1:
        handed = f"static_cast<{types[0]}>({given[0]})"
    parts = interface.results
    # A pointer is to the first number: of a std::array of them.
    kinds = [f"std::array<{p.type}, {p.size}>" if p.form == "pointer" else p.cpp_type for p in parts]
    pair = len(parts) == 2
    for place, part in enumerate(parts):
        value = f"result.{('first', 'second')[place]}" if pair else "result"
        element = value if part.form == "value" else f"{value}[i]"
        after.append(f"    for (int i = 0; i < {part.size}; i++) y{k}_{place}[i] = {element};")
    return _RUNNER.format(
        k=k,
        arguments=_arguments(k, interface),
        before="\n".join(before),
        given=handed,
        result=f"std::pair<{', '.join(kinds)}>" if pair else kinds[0],
        address="result[0]" if not pair and parts[0].form == "pointer" else "result",
        after="\n".join(after),
    )
