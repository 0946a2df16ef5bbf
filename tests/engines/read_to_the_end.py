"""Run networks on arrays that end where their memory ends: the page behind them cannot be read.

``python read_to_the_end.py [CASE]`` runs every case, or those whose name begins so, and prints each one's name before
it. A read beyond the caller's numbers ends the process by a signal.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from lane_networks import dense_chain

from isobit._core import BATCH_BLOCK, instruction_sets
from isobit.engines.cpp import CppEngine

#: Formats of the input, weights, accumulator and result: inputs that enter as they are and as pairs of int16, rounded
#: down, otherwise, and folded; and one that only the exact door takes.
FORMATS = {
    "numbers": ("ap_fixed<17,6>", "ap_fixed<2,1>", "ap_fixed<22,10>", "ap_fixed<22,10>"),
    "pairs": ("ap_fixed<16,6>", "ap_fixed<8,2>", "ap_fixed<30,12>", "ap_fixed<30,12>"),
    "unsigned": ("ap_ufixed<15,5>", "ap_fixed<8,2>", "ap_fixed<30,12>", "ap_fixed<30,12>"),
    "rounded": ("ap_fixed<12,5,AP_RND_CONV,AP_SAT>", "ap_fixed<8,2>", "ap_fixed<30,12>", "ap_fixed<30,12>"),
    "wide": ("ap_fixed<34,10>", "ap_fixed<22,4>", "ap_fixed<60,16>", "ap_fixed<60,16>"),
}
#: Of the last one a vector of events is more than is cached at once, of the one before it a part of a block.
FEATURES = (1, 2, 7, 8, 9, 16, 34, 130, 1026)
PAGE = mmap.PAGESIZE


@contextmanager
def ending_with_its_page(values: Any) -> Iterator[Any]:
    """A copy of an array whose last byte is the last one of a page, and the next page must not be touched."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    size = -(-max(1, values.nbytes) // PAGE) * PAGE
    memory = mmap.mmap(-1, size + 2 * PAGE)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (begin, begin + PAGE + size):  # before and behind
        if library.mprotect(page, PAGE, 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    place = PAGE + size - values.nbytes
    copy = np.frombuffer(memory, values.dtype, values.size, place).reshape(values.shape)
    copy[...] = values
    yield copy
    for page in (begin, begin + PAGE + size):
        library.mprotect(page, PAGE, mmap.PROT_READ | mmap.PROT_WRITE)


def cases() -> Iterator[tuple[str, Any, Any]]:
    """Name, program and inputs: floats of both kinds, and raw integers."""
    rng = np.random.default_rng(1)
    engines = {name: CppEngine(name) for name in instruction_sets()}
    for kind, formats in FORMATS.items():
        for features in FEATURES:
            graph = dense_chain(*formats, sizes=(features, 2), magnitude=1).graph
            type = graph.inputs[0].type
            for count in (1, 3, BATCH_BLOCK - 1, BATCH_BLOCK, BATCH_BLOCK + 1):
                raw = rng.integers(type.raw_min, type.raw_max + 1, (count, features))
                x = raw * float(type.lsb)
                for name, engine in engines.items():
                    (program,) = engine.prepare(graph, every=False).segments
                    for values in (x.astype(np.float32), x, raw):
                        yield f"{kind} {features} x {count} {name} {values.dtype}", program, values


def results(program: Any, values: Any) -> Any:
    """Raw results of one thread."""
    found = [np.zeros((len(values), tensor.size), dtype=np.int64) for tensor in program.outputs]
    if not program.run([values], found, 1):
        raise SystemExit("floats that the kernels did not take")
    return found[0]


def main() -> None:
    """Run them."""
    chosen, count = " ".join(sys.argv[1:]), 0
    for name, program, values in cases():
        if not name.startswith(chosen):
            continue
        print(name, flush=True)
        wanted = results(program, values)
        with ending_with_its_page(values) as copy:
            found = results(program, copy)
        if not np.array_equal(found, wanted):
            raise SystemExit(f"{name}: other bits")
        count += 1
    print(f"{count} cases", flush=True)


if __name__ == "__main__":
    main()
