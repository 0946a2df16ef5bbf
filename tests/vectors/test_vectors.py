"""Readers of vectors: what was written is read, and whatever is wrong is refused with file and line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vector_files import PACKING, apx, emp, network, packed

import isobit as ib
from isobit.compiler import compiler
from isobit.errors import DataFileError, ModelFileError, UnsupportedError
from isobit.headers import vendor_include_folder
from isobit.testing import write_tb_data
from isobit.vectors import read_vectors
from isobit.vectors.printed import printed

MODEL = network()
RNG = np.random.default_rng(5)
X = ib.FixedArray.from_raw(RNG.integers(-(1 << 15), 1 << 15, (20, 3)), MODEL.graph.inputs[0].type)
Y = MODEL.predict_raw(X)


def files(folder: Path, kind: str) -> tuple[Path, Path, Path]:
    """Inputs, outputs and packing, as pattern files of a kind."""
    words_in, valid_in, words_out, valid_out = packed(X.raw, Y.raw)
    write: dict[str, Any] = {
        "emp": emp,
        "emp, strobe": lambda w, v: emp(w, v, strobe=True),
        "emp 2": lambda w, v: emp(w, v, 2),
        "emp 2, strobe": lambda w, v: emp(w, v, 2, strobe=True),
        "apx": apx,
    }
    paths = folder / "rx.txt", folder / "tx.txt", folder / "packing.yml"
    paths[0].write_text("# a comment\n" * kind.startswith("emp") + write[kind](words_in, valid_in))
    paths[1].write_text(write[kind](words_out, valid_out))
    paths[2].write_text(PACKING)
    return paths


@pytest.mark.parametrize("kind", ["emp", "emp, strobe", "emp 2", "emp 2, strobe", "apx"])
def test_pattern_files(kind: str, tmp_path: Path) -> None:
    rx, tx, packing = files(tmp_path, kind)
    (x,) = read_vectors(rx, MODEL.graph.inputs, packing=packing)
    (y,) = read_vectors(tx, MODEL.graph.output_tensors, part="outputs", packing=packing)
    assert np.array_equal(x.values.raw, X.raw) and np.array_equal(y.values.raw, Y.raw)
    assert ib.compare_answers(MODEL, rx, tx, packing=packing).ok


def test_apx_without_sideband(tmp_path: Path) -> None:
    words, valid, _, _ = packed(X.raw, Y.raw)
    path, packing = tmp_path / "rx.txt", tmp_path / "packing.yml"
    path.write_text(apx(words[2:-7], valid[2:-7], sideband=False))
    packing.write_text(PACKING.replace("start: valid", "start: 0"))
    (x,) = read_vectors(path, MODEL.graph.inputs, packing=packing)
    assert np.array_equal(x.values.raw, X.raw)


def test_words_of_32_bits(tmp_path: Path) -> None:
    path, packing = tmp_path / "mp7.txt", tmp_path / "packing.yml"
    path.write_text("Board MP7\n Quad/Chan : q00c0\n Link : 00\nFrame 0000 : 1v0000ffff\nFrame 0001 : 1v00017fff\n")
    field = "{tensor: x, count: 1, link: 0, frame: %d, first: %d, low: %d}"
    fields = "\n".join(f"    - {field % each}" for each in ((0, 0, 0), (1, 1, 0), (1, 2, 16)))
    packing.write_text(f"inputs:\n  frames_per_event: 2\n  fields:\n{fields}\n")
    (x,) = read_vectors(path, MODEL.graph.inputs, packing=packing)
    assert x.values.raw.tolist() == [[-1, 0x7FFF, 1]]
    packing.write_text(packing.read_text().replace("low: 16", "low: 17"))
    with pytest.raises(DataFileError, match="words of 32 bits"):
        read_vectors(path, MODEL.graph.inputs, packing=packing)


def test_test_bench_data(tmp_path: Path) -> None:
    write_tb_data(tmp_path, [X.to_float()], [Y.to_float()])
    (y,) = read_vectors(tmp_path / "tb_output_predictions.dat", MODEL.graph.output_tensors, part="outputs")
    assert not y.differs(Y).any()
    other = Y.raw.copy()
    other[3, 1] += 1
    assert np.argwhere(y.differs(ib.FixedArray.from_raw(other, Y.type))).tolist() == [[3, 1]]


def test_a_log_of_a_stream_has_six_digits(tmp_path: Path) -> None:
    """csim_results.log: as C++ prints by default. Numbers that print so are equal, others are not."""
    kind = ib.FixedType.parse("ap_fixed<40,6>")
    tensor = MODEL.graph.output_tensors[0].__class__("y", (2,), kind)
    raw = RNG.integers(-(1 << 39), 1 << 39, (30, 2))
    values = ib.FixedArray.from_raw(raw, kind)
    path = tmp_path / "csim_results.log"
    path.write_text("".join(" ".join(f"{v:.6g}" for v in row) + " \n" for row in values.to_float().tolist()))
    (given,) = read_vectors(path, (tensor,))
    assert given.digits == 6 and not given.differs(values).any()
    assert given.differs(ib.FixedArray.from_raw(raw + (1 << 25), kind)).all()


#: What AMD's headers print for an ap_fixed, and the number.
VENDORS = """
0.0820313 0.08203125
-0.0820313 -0.08203125
0.664063 0.6640625
0.00390625 0.00390625
1 0.999999761581421
-1.00002 -1.0000152587890625
1.52588e-05 0.0000152587890625
1.19209e-07 0.00000011920928955078125
123457 123456.8125
1e+06 999999.5
1.23456e+06 1234567.5
1.23456e+06 1234569.75
1.23456e+07 12345678.25
1.23457e+07 12345698.5
9.99999e+07 99999988.25
2.09715e+06 2097152
1.23457e+07 12345678
1234560 1234560
"""


def test_a_log_rounds_as_the_vendors_headers_do(tmp_path: Path) -> None:
    """Ties go up in magnitude, not to the even digit; large numbers with a fraction by another digit."""
    texts, numbers = zip(*(line.split() for line in VENDORS.split("\n") if line), strict=True)
    kind = ib.FixedType.parse("ap_fixed<60,30>")
    values = ib.FixedArray.from_float(np.array([[float(number)] for number in numbers]), kind)
    tensor = MODEL.graph.output_tensors[0].__class__("y", (1,), kind)
    path = tmp_path / "csim_results.log"
    path.write_text("\n".join(texts))
    (given,) = read_vectors(path, (tensor,))
    assert given.digits == 6
    assert not given.differs(values).any()
    path.write_text("\n".join(f"{float(number):.6g}" for number in numbers))  # and as a double is printed
    assert not read_vectors(path, (tensor,))[0].differs(values).any()
    path.write_text(path.read_text().replace("0.0820312", "0.0820311"))
    assert read_vectors(path, (tensor,))[0].differs(values)[:, 0].tolist() == [True, True] + [False] * 16


@pytest.mark.csim
@pytest.mark.hls4ml
@pytest.mark.turn(5)
def test_the_vendors_headers_print_so(tmp_path: Path) -> None:
    formats = ((14, 6), (26, 13), (40, 26), (34, 30), (52, 28), (30, 2), (30, -4), (48, 20), (50, 44))
    runs = "".join(f"    run<{width}, {integer}>();\n" for width, integer in formats)
    (tmp_path / "print.cpp").write_text(
        "#include <iomanip>\n#include <iostream>\n#include <random>\n#include <sstream>\n#include <ap_fixed.h>\n"
        "template <int W, int I> void run() {\n    std::mt19937_64 next(W * 100 + I);\n"
        "    for (int k = 0; k < 2000; k++) {\n        ap_int<W> raw = (long long)next();\n"
        "        if (k % 3 == 0) raw >>= int(next() % W);\n"
        "        ap_fixed<W, I> x;\n        x.range() = raw.range();\n"
        '        std::cout << x << " " << std::setprecision(25) << double(x) << std::setprecision(6) << "\\n";\n'
        f"    }}\n}}\nint main() {{\n{runs}}}\n"
    )
    command = [*compiler(), "-std=c++17", "-w", f"-I{vendor_include_folder()}", "print.cpp", "-o", "print"]
    subprocess.run(command, cwd=tmp_path, check=True)
    lines = subprocess.run([tmp_path / "print"], capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = [line for line in lines if float(line.split()[0]) not in printed(float(line.split()[1]))]
    assert len(lines) == 2000 * len(formats) and not wrong, f"{len(wrong)}: {wrong[:5]}"


def test_outputs_have_digits_of_their_own(tmp_path: Path) -> None:
    """An ap_int is printed in full."""
    kinds = {"score": ib.FixedType.parse("ap_fixed<24,4>"), "energy": ib.FixedType.parse("ap_uint<30>")}
    tensors = tuple(MODEL.graph.output_tensors[0].__class__(name, (1,), kind) for name, kind in kinds.items())
    path = tmp_path / "csim_results.log"
    path.write_text("0.123457 1073741823\n0.5 1073741820\n")
    score, energy = read_vectors(path, tensors)
    assert (score.digits, energy.digits) == (6, None)
    values = ib.FixedArray.from_raw(np.array([[129454], [1 << 19]]), kinds["score"])
    assert not score.differs(values).any()
    whole = ib.FixedArray.from_raw(np.array([[1073741823], [1073741821]]), kinds["energy"])
    assert energy.differs(whole).tolist() == [[False], [True]]


def test_outputs_on_lines_of_their_own(tmp_path: Path) -> None:
    tensors = tuple(MODEL.graph.output_tensors[0].__class__(n, (s,), Y.type) for n, s in (("a", 2), ("b", 1)))
    path = tmp_path / "rtl_cosim_results.log"
    path.write_text("1 2\n3\n4 5\n6\n")
    a, b = read_vectors(path, tensors)
    assert a.values.tolist() == [[1, 2], [4, 5]] and b.values.tolist() == [[3], [6]]
    path.write_text("1 2\n3\n4 5\n")
    with pytest.raises(DataFileError, match=r"rtl_cosim_results\.log:3: the last event is not complete"):
        read_vectors(path, tensors)


def test_arrays_and_float32(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", Y.to_float().astype(np.float32))
    (y,) = read_vectors(tmp_path / "y.npy", MODEL.graph.output_tensors)
    assert y.single and not y.differs(Y).any()
    np.save(tmp_path / "y.npy", np.full((2, 2), np.nan))
    with pytest.raises(DataFileError, match=r"event 0, y\[0\] is nan"):
        read_vectors(tmp_path / "y.npy", MODEL.graph.output_tensors)


def test_a_dump_in_parquet_and_root(tmp_path: Path) -> None:
    pa, pq, uproot = (pytest.importorskip(name) for name in ("pyarrow", "pyarrow.parquet", "uproot"))
    x, y = X.to_float(), Y.to_float()
    table = {"pt": x[:, 0], "eta": x[:, 1], "phi": x[:, 2], "score": y[:, 0], "other": y[:, 1]}
    pq.write_table(pa.table(table), tmp_path / "dqm.parquet")
    with uproot.recreate(tmp_path / "dqm.root") as file:
        file["Events"] = table
    columns = {"x": ["pt", "eta", "phi"], "y": ["score", "other"]}
    for name in ("dqm.parquet", "dqm.root"):
        assert ib.compare_answers(MODEL, tmp_path / name, tmp_path / name, columns=columns).ok


RX = emp(*packed(X.raw, Y.raw)[:2])
APX = apx(*packed(X.raw, Y.raw)[:2])
WRONG = {
    "no number": ("1 2 3\n1 two 3\n", r"wrong\.txt:2: 'two' is no finite number"),
    "nan": ("1 2 nan\n", r"wrong\.txt:1: 'nan'"),
    "count": ("1 2 3\n1 2\n", r"wrong\.txt:2: 2 numbers; expected 3"),
    "huge": ("1 2 1e999\n", r"wrong\.txt:1: a number is beyond"),
    "empty": ("\n# nothing\n", "holds no numbers"),
    "no text": ("1 2 \xe9\n", r"wrong\.txt is no text"),
    "word": (RX.replace("1v", "1x", 1), r"wrong\.txt:\d+: .* is no word"),
    "frame": (RX.replace("Frame 0003", "Frame 0004"), r"wrong\.txt:7: frame 0004; expected 3"),
    "links": (RX.replace("Link : 04 05", "Link : 04 04"), r"wrong\.txt:3: 3 links, 2 different"),
    "link": (RX.replace("Link : 04", "Link : 06"), "has no link 4"),
    "two boards": (RX + "Board b\n", "a second board"),
    "no frame": ("Board b\n Quad/Chan : q00c0\n Link : 04\n", "ends without a frame"),
    "metadata": ("ID: a\nMetadata: none\n", r"wrong\.txt:2: metadata are 'none'"),
    "flags": (emp(*packed(X.raw, Y.raw)[:2], 2).replace("0000 00", "00x0 00", 1), r"wrong\.txt:\d+: '00x0"),
    "sideband": ("#Sideband MAYBE\n", r"wrong\.txt:1: the sideband is 'MAYBE'"),
    "label": ("#LinkLabel LINK_4 CHAN_5\n", r"wrong\.txt:1: the label 'CHAN_5'"),
    "row": (APX.replace("0x0002 ", "0x0003 "), r"wrong\.txt:6: row 0x3; expected 0x2"),
    "hex": (APX.replace("0x00 0x", "0x00 x", 1), r"wrong\.txt:\d+: .* is no hexadecimal"),
    "fields": (APX.replace("0x0000  0x00 ", "0x0000  "), r"wrong\.txt:4: 6 numbers; expected 7"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files(name: str, tmp_path: Path) -> None:
    text, words = WRONG[name]
    path, packing = tmp_path / "wrong.txt", tmp_path / "packing.yml"
    path.write_text(text, encoding="latin-1")
    packing.write_text(PACKING)
    pattern = text.startswith(("Board", "ID", "#Side", "#Link"))
    with pytest.raises(DataFileError, match=words):
        read_vectors(path, MODEL.graph.inputs, packing=packing if pattern else None)


def test_events_that_are_cut_off(tmp_path: Path) -> None:
    rx, tx, packing = files(tmp_path, "emp")
    text = tx.read_text()
    tx.write_text(text[: text.index("Frame 0084")])  # the outputs' last event begins at frame 82
    (y,) = read_vectors(tx, MODEL.graph.output_tensors, part="outputs", packing=packing)
    assert len(y.values.raw) == 20
    lines = rx.read_text().splitlines()
    cut = next(k for k, line in enumerate(lines) if line.startswith("Frame 0003"))
    lines[cut] = re.sub(r"1v(?=[0-9a-f]{16}  0v)", "0v", lines[cut])
    rx.write_text("\n".join(lines))
    with pytest.raises(
        DataFileError, match=r"rx\.txt:\d+: the event of frame 2 on link 5 has 1 valid words; expected 2"
    ):
        read_vectors(rx, MODEL.graph.inputs, packing=packing)


PACKINGS = {
    "unknown tensor": ("tensor: x, first: 2", "tensor: z, first: 2", r"inputs\.fields\[1\]: tensor is 'z'"),
    "twice": ("first: 2, link", "first: 1, link", r"fields\[1\]: x\[1\] has a place already"),
    "missing": ("count: 2, link: 4", "count: 1, link: 4", r"inputs: x\[1\] has no place"),
    "beyond": ("low: 48", "low: 49", r"fields\[1\]: its numbers end at bit 65"),
    "unknown entry": ("low: 48", "bit: 48", r"unknown entry 'bit'"),
    "frame": ("frame: 1", "frame: 4", r"frame is 4; expected a whole number from 0 to 3"),
    "text": ("frames_per_event: 4", "frames_per_event: four", r"frames_per_event is 'four'"),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_wrong_packings(name: str, tmp_path: Path) -> None:
    rx, _, packing = files(tmp_path, "emp")
    old, new, words = PACKINGS[name]
    packing.write_text(PACKING.replace(old, new, 1))
    with pytest.raises(ModelFileError, match=words) as caught:
        read_vectors(rx, MODEL.graph.inputs, packing=packing)
    assert "packing.yml" in str(caught.value)


def test_numbers_that_the_format_does_not_hold(tmp_path: Path) -> None:
    rx, _, packing = files(tmp_path, "emp")
    packing.write_text(
        PACKING.replace(
            "count: 2, link: 4, frame: 0, low: 3, step: 20", "count: 2, link: 4, low: 2, width: 18, step: 20"
        )
    )
    with pytest.raises(
        DataFileError, match=r"rx\.txt:\d+: x\[0\] is the raw integer -?\d+, which ap_fixed<16,6> does not"
    ):
        read_vectors(rx, MODEL.graph.inputs, packing=packing)


def test_packings_belong_to_pattern_files(tmp_path: Path) -> None:
    rx, _, packing = files(tmp_path, "apx")
    with pytest.raises(UnsupportedError, match="say with packing="):
        read_vectors(rx, MODEL.graph.inputs)
    (tmp_path / "x.dat").write_text("1 2 3\n")
    with pytest.raises(UnsupportedError, match="no pattern file"):
        read_vectors(tmp_path / "x.dat", MODEL.graph.inputs, packing=packing)
    with pytest.raises(DataFileError, match="does not exist"):
        read_vectors(tmp_path / "none.dat", MODEL.graph.inputs)
