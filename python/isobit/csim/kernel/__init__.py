"""C-simulation of one HLS function (a kernel) of the user's: called from Python on many events, in a worker process."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isobit.csim.build import Built, build
from isobit.csim.cache import touch
from isobit.csim.compiling import base_flags, bridge_files, preprocessed
from isobit.csim.flags import read_flags
from isobit.csim.kernel.arguments import Argument, In, InOut, Out, declared, shape_of
from isobit.csim.kernel.fields import columns, fields_of, joined, separated
from isobit.csim.kernel.members import names_header, without_markers
from isobit.csim.kernel.source import LEAVES, NAMES, main_source
from isobit.csim.words import split
from isobit.csim.worker import worker
from isobit.errors import FormatError, TypeMismatchError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.headers import HEADER_SETS, isobit_include_folders, vendor_include_folder
from isobit.ports import Port

__all__ = ["Argument", "CSimKernel", "In", "InOut", "Out", "csim_kernel"]

#: Words of input and output that the worker gets at a time; bounds the memory.
_WORDS = 1 << 21


class CSimKernel:
    """A compiled HLS function; call it with events. Make one with :func:`csim_kernel`.

    Attributes
    ----------
    inputs, outputs
        Name, shape and format of each input and output (a result first); structs are given field by field: ``arg0.et``.
    state
        Variables of the kernel that keep their value from event to event.
    printed
        What the kernel printed in the last call, at most 64 KiB.
    """

    def __init__(
        self, top: str, built: Built, arguments: Sequence[Argument], folder: Path, timeout: float | None
    ) -> None:
        shapes = {a.name: shape_of(a) for a in arguments}
        self.top = top
        self._in, self._out = fields_of(built.inputs, shapes), fields_of(built.outputs, shapes)
        self.inputs = tuple(field.port for field in self._in)
        self.outputs = tuple(field.port for field in self._out)
        self.state = built.state
        self.printed = ""
        self._program = built.folder / "program"
        self._folder = folder
        self._timeout = timeout

    def __repr__(self) -> str:
        def text(ports: Sequence[Port]) -> str:
            return ", ".join(f"{p.name}: {p.type or 'floating point'}{list(p.shape) or ''}" for p in ports)

        return f"CSimKernel {self.top}({text(self.inputs)}) -> ({text(self.outputs)})"

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Run the kernel on one event or on many.

        Parameters
        ----------
        values, named
            One value for each ``In`` and ``InOut`` argument, in their order or by name: a :class:`FixedArray` (a format
            other than the argument's is cast, as in an assignment), or real numbers, which are quantised as by the
            type's constructor. For structs, a dictionary of such arrays by the names of the fields, or a
            structured NumPy array. Either all have the arguments' shapes, for one event, or all have an axis of
            events in front.

        Returns
        -------
        :class:`FixedArray` of each output, float64 where its type is C++ floating point, for structs a dictionary of
        these by the names of the fields. The result comes first, then the ``Out`` and ``InOut`` arguments in their
        order; several are a tuple.

        Raises
        ------
        ShapeError, TypeMismatchError, RangeError
            For values that do not fit the arguments.
        CSimError
            If the kernel aborts, exits, crashes (with the signal's name) or takes longer than the timeout: in which
            event, and what it printed.
        """
        parts, events, single = self._columns(values, named)
        words = np.concatenate(parts, axis=1) if parts else np.zeros((events, 0), dtype=np.uint64)
        width = sum(port.size * port.limbs for port in self.outputs)
        block = max(1, _WORDS // (words.shape[1] + width + 1))
        tables, said = [np.empty((0, width), dtype=np.uint64)], ""
        self.printed = ""
        if events:
            with worker(self._program, self._folder, fresh=bool(self.state)) as process:
                for start in range(0, events, block):
                    touch(self._program.parent)
                    part = words[start : start + block]
                    _, flat, more = process.run(part, raw=True, trace=False, timeout=self._timeout, first=start)
                    tables.append(flat.reshape(len(part), width))
                    said = (said + more)[-(1 << 16) :]
        self.printed = said
        table = np.concatenate(tables)
        arrays = [
            array.reshape(events, *port.shape)
            for array, port in zip(split(table, self.outputs), self.outputs, strict=True)
        ]
        results = tuple(joined(self._out, [array[0] if single else array for array in arrays]))
        return results[0] if len(results) == 1 else results

    def _columns(self, values: Sequence[Any], named: dict[str, Any]) -> tuple[list[Any], int, bool]:
        """Words of each input's fields, the number of events, and whether it is a single one without its axis."""
        names = list(dict.fromkeys(field.argument for field in self._in))
        given = dict(zip(names, values, strict=False))
        unknown = [name for name in named if name not in names[len(values) :]]
        if len(values) > len(names) or unknown or len(given) + len(named) != len(names):
            raise TypeMismatchError(
                f"{self.top} takes {len(names)} inputs ({', '.join(names)}), got {len(values)} and {list(named)}"
            )
        given |= named
        return columns(self._in, separated(self._in, {name: given[name] for name in names}))


def csim_kernel(
    source: str | os.PathLike[str],
    top: str,
    args: Sequence[Argument],
    *,
    returns: str | FixedType | None = None,
    headers: str = "isobit",
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Sequence[str] = (),
    flags: Sequence[str] = (),
    sources: Sequence[str | os.PathLike[str]] = (),
    optimisation: str = "0",
    timeout: float | None = 60.0,
) -> CSimKernel:
    """Compile one HLS function, to call it from Python.

    Parameters
    ----------
    source
        The C++ file that defines the function; it is included, never changed.
    top
        Name of the function, with its namespace or template arguments if it has any: ``ns::kernel<16>``.
    args
        Its arguments in order, as :class:`In`, :class:`Out` and :class:`InOut`.
    returns
        Type of the numbers that it returns; None for a void function.
    headers
        ``isobit``: isobit's own headers. ``vendor``: AMD's open simulation headers from the installed hls4ml, compiled
        with -DNDEBUG, without which they abort on legal casts (docs/semantics.md, B1); so ``assert`` is also off in
        the kernel.
    include_dirs, defines, flags
        More for the compiler: folders for -I, ``NAME`` or ``NAME=VALUE`` for -D, and anything else. Relative paths in
        ``flags`` (-I, -L, libraries) begin at the folder of ``source``. Libraries count by their content; with a shared
        one, the kernel is taken to keep state.
    sources
        Further C++ files that the function needs, compiled along.
    optimisation
        The compiler's -O level; no bit depends on it.
    timeout
        Seconds without an event's end after which a call is ended; None for no limit.

    Returns
    -------
    CSimKernel
        Compiled once for each content: the cache's key is the preprocessed source, so a change in any included header
        counts. Each call runs in one worker process in the folder of ``source``, event by event in their order; a
        kernel with static variables starts afresh at each call (see :attr:`CSimKernel.state`).

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails: with what it said, and first what differs between the declared arguments
        and the function's.
    FormatError, ShapeError, UnsupportedError
        For declarations that make no sense.

    Examples
    --------
    >>> import isobit as ib, pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> kernel = pathlib.Path(folder.name, "axpy.cpp")
    >>> _ = kernel.write_text('''
    ... #include "ap_fixed.h"
    ... typedef ap_fixed<16, 6> data_t;
    ... void axpy(data_t a, data_t x[4], ap_fixed<18, 8, AP_RND, AP_SAT> y[4]) {
    ...     for (int i = 0; i < 4; i++) y[i] += a * x[i];
    ... }
    ... ''')
    >>> y_t = ib.FixedType.parse("ap_fixed<18,8,RND,SAT>")
    >>> args = [ib.In("data_t"), ib.In("data_t", shape=4), ib.InOut(y_t, shape=4)]
    >>> k = ib.csim_kernel(kernel, top="axpy", args=args)
    >>> k(0.5, [1, 2, 3, 255], [0.25, 0.25, 0.25, 127]).to_float().tolist()
    [0.75, 1.25, 1.75, 126.5]
    >>> folder.cleanup()
    """
    if headers not in HEADER_SETS:
        raise UnsupportedError(f"headers={headers!r} is not supported; supported: {', '.join(HEADER_SETS)}")
    if not re.fullmatch(r"[A-Za-z_]\w*(::\w+)*(<[\w:<>, -]*>)?", top):
        raise FormatError(f"top={top!r} does not name a function; expected 'kernel', 'ns::kernel' or 'kernel<16>'")
    files = [_file(path, top) for path in (source, *sources)]
    arguments = declared(args)
    include = [vendor_include_folder()] if headers == "vendor" else isobit_include_folders()
    options = [flag for flag in base_flags(optimisation, headers) if headers == "vendor" or flag != "-DNDEBUG"]
    # Only what the function reaches is linked: another's variables are no state of this one.
    options += ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]
    options += [f"-I{folder}" for folder in include]
    header_flags = [*options, "-I."]
    options += [f"-I{Path(folder).resolve()}" for folder in include_dirs]
    more = read_flags(flags, files[0].parent)
    options += [*(f"-D{define}" for define in defines), *more.compile]
    texts = {**bridge_files(), "main.cpp": main_source(files[0], top, arguments, returns).encode()}
    others = [str(path) for path in files[1:]]
    what = f"the kernel {top} of {files[0]}"
    seen = preprocessed(
        {**texts, NAMES: b"typedef int isobit_names;"}, options, ["main.cpp", *others], what, marked=True
    )
    texts[NAMES] = names_header(seen, include)
    identity = without_markers(seen) + texts[NAMES] + more.identity
    built = build(
        texts,
        options,
        identity,
        sources=others,
        what=what,
        header_flags=header_flags,
        filled=[LEAVES],
        link=more.link,
        unseen=more.shared,
    )
    return CSimKernel(top, built, arguments, files[0].parent, timeout)


def _file(path: str | os.PathLike[str], top: str) -> Path:
    try:
        file = Path(path).expanduser().resolve()
    except OSError as error:  # a relative path, where the working folder is gone
        raise UnsupportedError(f"{path} cannot be found: {error}") from None
    if file.is_dir():
        raise UnsupportedError(f"{file} is a folder; csim_kernel needs the C++ file that defines {top!r}")
    if not file.is_file():
        raise UnsupportedError(f"{file} does not exist; csim_kernel needs the C++ file that defines {top!r}")
    return file
