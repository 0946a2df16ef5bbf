"""The C++ that calls a kernel: one event in, one event out, for the bridge in ``csim/cpp``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isobit.csim.kernel.arguments import Argument, In, Out, cpp_type, size_of
from isobit.errors import RangeError
from isobit.fixed.types import FixedType

__all__ = ["LEAVES", "NAMES", "main_source"]

#: The header with names that members may have.
NAMES = "isobit_names.hpp"
#: The bridge's variable with the fields of structs, filled once.
LEAVES = "isobit_csim::leaves_of::leaves"

_MAIN = """// Written by isobit: calls one function.
#include "isobit_csim/kernel.hpp"
{includes}
#include "isobit_names.hpp"
namespace {{
typedef isobit_csim::Signature<decltype(&{top})> isobit_signature;
static_assert(isobit_signature::arity == {count},
              "isobit: {top} takes another number of arguments than the {count} that are declared");
static_assert(std::is_void<isobit_signature::result>::value == {void},
              "isobit: {result_message}");
}}  // namespace

static void isobit_event(isobit_csim::Channel &channel) {{
    using namespace isobit_csim;
{storage}
    if (channel.running()) {{
{call}
{checks}
    }}
{results}
}}

int main(int argc, char **argv) {{ return isobit_csim::work(argc, argv, isobit_event); }}
"""

_STORAGE = """    typedef isobit_signature::at<{k}>::type P{k};
    typedef Argument<P{k}, {type}, {size}> A{k};
    static_assert(declared_and_kernels<{type}, Spoken<{type}, A{k}::element>::type>::same,
                  "isobit: argument {k}, {name}, holds numbers of another type than the declared {type}");
    static A{k} a{k};
    clear<isobit_names>(a{k});"""


def main_source(kernel: Path, top: str, arguments: Sequence[Argument], returns: str | FixedType | None) -> str:
    """Text of the main.cpp."""
    if any(character in str(kernel) for character in '"\n\\'):
        raise RangeError(f"the path {str(kernel)!r} has characters that an #include cannot name")
    storage, results, checks = [], [], []
    for k, argument in enumerate(arguments):
        names = {"k": k, "size": size_of(argument), "type": argument.type, "name": argument.name}
        storage.append(_STORAGE.format(**names))
        if not isinstance(argument, Out):
            storage.append(f'    input<isobit_names>(channel, a{k}, "{argument.name}");')
        if isinstance(argument, In):
            checks.append(f'        check_read(a{k}, "{argument.name}");')
        if not isinstance(argument, In):
            results.append(f'    output<isobit_names>(channel, a{k}, "{argument.name}");')
    call = f"{top}({', '.join(f'a{k}.pass()' for k in range(len(arguments)))});"
    if returns is not None:
        kind = cpp_type(returns)
        storage.append(
            f"    typedef std::remove_cv<std::remove_reference<isobit_signature::result>::type>::type R;\n"
            f"    static_assert(declared_and_kernels<{kind}, R>::same,\n"
            f'                  "isobit: {top} returns numbers of another type than the declared {kind}");\n'
            f"    static Argument<R&, R, 1> result;\n"
            f"    clear<isobit_names>(result);"
        )
        call = f"result.pass() = {call}"
        results.insert(0, '    output<isobit_names>(channel, result, "result");')
    message = f"{top} returns a value; say its type with returns=" if returns is None else f"{top} returns nothing"
    return _MAIN.format(
        # A file may have a test bench of its own.
        includes=f'#define main isobit_users_main\n#include "{kernel}"\n#undef main',
        top=top,
        count=len(arguments),
        void=str(returns is None).lower(),
        result_message=message,
        storage="\n".join(storage),
        call=f"        {call}",
        checks="\n".join(checks),
        results="\n".join(results),
    )
