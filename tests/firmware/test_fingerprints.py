"""The table of known functions is that of the packages: checked with the one that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobit.frontends.firmware.fingerprints import Library, chunks_of, known_functions


def test_every_function_of_the_installed_hls4ml_is_known() -> None:
    import hls4ml

    templates = Path(hls4ml.__file__).parent / "templates"
    for backend in ("vivado", "vitis"):
        count = 0
        for path in (templates / backend / "nnet_utils").glob("*.h"):
            for chunk in chunks_of(path.name, path.read_text()):
                assert f"{hls4ml.__version__} {backend}" in known_functions()[chunk.key][chunk.digest]
                count += 1
        assert count > {"vivado": 300, "vitis": 40}[backend]


def test_a_definition_ends_where_it_ends() -> None:
    text = """
        #include "a.h"
        #define TWICE(x) (2 * (x))
        namespace nnet { namespace product {
        // of numbers
        template <class T, int N = (3 > 2)> class Sum : public Base<T> { static int f() { return 1; } };
        enum class Op { one, two };
        struct config { static const unsigned n = 3; };
        template <class T> typename std::enable_if<(!std::is_same<T, int>::value), T>::type cast(T x) {
            if (x) { return x; } return g(x); }
        inline int g(int a) { return config::n + a; }
        template <class T> T cast(T x, int y) { return x; }
        typedef struct { int a; } pair;
        } } // namespace
    """
    found = {chunk.name: chunk for chunk in chunks_of("nnet_x.h", text)}
    assert set(found) >= {"#", "Sum", "Op", "config", "cast", "g"}
    assert "g" in found["cast"].words
    for old, new in (("return x; } return", "return y; } return"), ("n + a", "n - a"), ("2 * (x)", "3 * (x)")):
        other = {chunk.name: chunk.digest for chunk in chunks_of("nnet_x.h", text.replace(old, new, 1))}
        assert [name for name in found if found[name].digest != other[name]] in (["cast"], ["g"], ["#"])


@pytest.mark.parametrize("place", ["nnet_utils/nnet_more.h", "more.h"])
def test_definitions_that_a_project_adds_are_seen(place: str) -> None:
    files = {
        "firmware/parameters.h": f'#include "{place}"\n'.encode(),
        f"firmware/{place}": b"namespace nnet { template <> void relu(int *a) { a[0] = 1; } }",
    }
    library = Library(files, ["firmware/parameters.h"])
    assert library.unknown(["relu"]) == [f"{place.rpartition('/')[2]}:relu"]
    assert library.unknown(["dense"]) == []
