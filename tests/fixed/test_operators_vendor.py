"""Every operator of FixedArray against AMD's headers: result types and bits; known defects are listed, nothing else."""

from __future__ import annotations

import itertools
import operator
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vendor
from operators_oracle import Case, Result, run

from isobit import FixedArray, FixedType

pytestmark = pytest.mark.csim

ARITHMETIC = ("+", "-", "*", "/", "&", "|", "^")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "%=": operator.imod,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
    "neg": lambda a, b: -a,
    "~": lambda a, b: ~a,
}
#: Native C++ types, and the NumPy dtype of the same size.
NATIVE = {
    "bool": np.bool_,
    "char": np.int8,
    "signed char": np.int8,
    "unsigned char": np.uint8,
    "short": np.int16,
    "unsigned short": np.uint16,
    "int": np.int32,
    "unsigned int": np.uint32,
    "long": np.int64,
    "unsigned long": np.uint64,
    "long long": np.int64,
}


def every(kind: FixedType) -> tuple[int, ...]:
    return tuple(range(kind.raw_min, kind.raw_max + 1))


def chosen(kind: FixedType, rng: random.Random, count: int = 10) -> tuple[int, ...]:
    """Extremes, values near zero, single bits and random ones."""
    low, high = kind.raw_min, kind.raw_max
    bits = [1 << rng.randrange(kind.width) for _ in range(3)]
    wanted = [low, low + 1, high, high - 1, 0, 1, -1, 2, -2, *bits, *(-b for b in bits)]
    wanted += [rng.randint(low, high) >> rng.randrange(kind.width) for _ in range(count)]
    return tuple(dict.fromkeys(v for v in wanted if low <= v <= high))


def operand(kind: FixedType | str, values: Sequence[Any]) -> Any:
    if isinstance(kind, FixedType):
        return FixedArray.from_raw(list(values), kind)
    return np.array(values, dtype=np.float64 if kind == "double" else NATIVE[kind])


def found(case: Case, symbol: str) -> tuple[Any, list[int]]:
    """What FixedArray gives, and the columns (values of b) that it was asked for."""
    columns = [i for i, b in enumerate(case.b_values) if b or symbol not in ("/", "%", "/=", "%=")]
    a = operand(case.a, case.a_values).reshape(-1, 1)
    b = operand(case.b, [case.b_values[i] for i in columns])
    if symbol in ("neg", "~") or (symbol.endswith("=") and symbol not in COMPARISONS):
        # The result keeps a's shape: spread a over the columns first.
        a = FixedArray.stack([a.reshape(-1)] * len(columns), axis=1)
    return OPERATORS[symbol](a, b), columns


Quirk = Callable[[Case, str, Any, Any], bool]


def none(case: Case, symbol: str, a: Any, b: Any) -> bool:
    return False


def b6(case: Case, symbol: str, a: Any, b: Any) -> bool:
    """The least number / -1 LSB, at full width of the dividend, loses its sign."""
    assert isinstance(case.a, FixedType)
    assert isinstance(case.b, FixedType)
    return (
        symbol == "/"
        and not (case.a.is_int and case.b.is_int)
        and (case.a.signed and case.b.signed)
        and (a, b) == (case.a.raw_min, -1)
        and case.a.width + max(0, case.b.fraction) >= case.b.width
    )


def b7(case: Case, symbol: str, a: Any, b: Any) -> bool:
    """A negative ap_int and an ap_uint, divided: the unsigned one decides."""
    assert isinstance(case.a, FixedType)
    assert isinstance(case.b, FixedType)
    integers = case.a.is_int and case.b.is_int
    return symbol in ("/", "%") and integers and case.a.signed != case.b.signed and (a < 0 or b < 0)


def b5(case: Case, symbol: str, a: Any, b: Any) -> bool:
    """Mixed signs, compared as the machine integers of 32 bits or more that hold them."""
    assert isinstance(case.a, FixedType)
    assert isinstance(case.b, FixedType)
    fraction = max(case.a.fraction, case.b.fraction)
    stored = max(k.width + fraction - k.fraction for k in (case.a, case.b))
    return symbol in COMPARISONS and case.a.signed != case.b.signed and (a < 0 or b < 0) and stored > 31


def b8(case: Case, symbol: str, a: Any, b: Any) -> bool:
    """Long division of more than 64 bits goes wrong at rare patterns of ones."""
    assert isinstance(case.a, FixedType)
    assert isinstance(case.b, FixedType)
    return symbol in ("/", "%") and max(case.a.width + max(0, case.b.fraction), case.b.width) >= 64


def differences(cases: Sequence[Case], results: Sequence[dict[str, Result]], quirks: Sequence[Quirk] = ()) -> Any:
    """(wrong, how often each quirk showed, comparisons made)."""
    wrong: list[str] = []
    shown = dict.fromkeys(quirks, 0)
    count = 0
    for case, result in zip(cases, results, strict=True):
        for symbol, expected in result.items():
            got, columns = found(case, symbol)
            where = f"{case.a} {symbol} {case.b}"
            if expected.type is not None and got.type != expected.type:
                wrong.append(f"{where} is {expected.type}, found {got.type}")
                continue
            raw = got if expected.type is None else got.raw
            count += raw.size
            for row, column in np.argwhere(raw != expected.raw[:, columns]):
                a, b = case.a_values[row], case.b_values[columns[column]]
                for quirk in quirks:
                    if quirk(case, symbol, a, b):
                        shown[quirk] += 1
                        break
                else:
                    value = expected.raw[row, columns[column]]
                    wrong.append(f"{where}: raw {a}, {b} give {value}, found {raw[row, column]}")
    return wrong, shown, count


def check(cases: Sequence[Case], quirks: Sequence[Quirk] = (), per_unit: int = 40) -> int:
    wrong, shown, count = differences(cases, run(cases, per_unit), quirks)
    assert not wrong, f"{len(wrong)} of {count} differ; the first five: {wrong[:5]}"
    assert all(shown.values()), f"a listed defect did not show: {shown}"
    return count


def small_format(rng: random.Random, width: int, signed: bool, is_int: bool) -> FixedType:
    if is_int:
        return FixedType.int_type(width, signed=signed)
    return FixedType(width, rng.randint(-3, width + 3), signed)


def small_pairs(count: int, seed: int, widest: int = 4) -> list[Case]:
    """Pairs of formats of up to ``widest`` bits: any sign, fixed and integer, I < 0 and I > W; every pair of values."""
    rng = random.Random(seed)
    kinds = itertools.cycle(itertools.product((True, False), repeat=4))
    cases = []
    for sign_a, sign_b, int_a, int_b in itertools.islice(kinds, count):
        a = small_format(rng, rng.randint(1, widest), sign_a, int_a)
        b = small_format(rng, rng.randint(1, widest), sign_b, int_b)
        symbols = (*ARITHMETIC, *(("%",) if int_a and int_b else ()), *rng.sample(COMPARISONS, 2))
        cases.append(Case(a, b, every(a), every(b), symbols))
    return cases


@pytest.mark.turn(3)
def test_every_pair_of_small_values() -> None:
    assert check(small_pairs(16, 1), (b6, b7)) > 4_000


def test_unary() -> None:
    rng = random.Random(2)
    kinds = [small_format(rng, w, s, i) for w in (1, 3, 4) for s in (True, False) for i in (True, False)]
    kinds += [FixedType.parse(t) for t in ("ap_fixed<4,2,AP_RND,AP_SAT>", "ap_ufixed<64,3>", "ap_int<64>")]
    check([Case(k, "bool", every(k) if k.width < 9 else chosen(k, rng), (0,), ("neg", "~")) for k in kinds])


def shifted(kind: FixedType) -> list[Case]:
    values = every(kind) if kind.width <= 4 else chosen(kind, random.Random(3))
    amounts: list[tuple[FixedType | str, tuple[int, ...]]] = [
        ("int", (-70, *range(-6, 7), 31, 32, 33, 63, 64, 65, 200))
    ]
    amounts += [(t, every(t)) for t in (FixedType.int_type(3), FixedType.int_type(3, signed=False))]
    return [Case(kind, t, values, a, ("<<", ">>")) for t, a in amounts]


@pytest.mark.parametrize(
    "kind",
    ["ap_fixed<4,1,AP_RND,AP_SAT>", "ap_ufixed<4,6>", "ap_int<4>", "ap_uint<3>", "ap_fixed<64,20>", "ap_fixed<90,20>"],
)
def test_shifts_keep_the_format(kind: str) -> None:
    """By amounts from -70 to 200: ``<<`` by the width and more gives 0, ``>>`` 0 or the sign; negative ones reverse."""
    check(shifted(FixedType.parse(kind)))


@pytest.mark.turn(3)
def test_native_integers() -> None:
    """Each C++ integer type counts as the ap_int of its size, on either side."""
    rng = random.Random(4)
    cases = []
    for number, (native, dtype) in enumerate(NATIVE.items()):
        info = np.iinfo(dtype) if native != "bool" else None
        values = (0, 1) if info is None else (int(info.min), int(info.max), 0, 1, 2, 5)
        kind = small_format(rng, 4, number % 2 == 0, number % 3 == 0)
        if native == "bool":  # ap_int beside bool, divided, is B7
            kind = FixedType(4, 2)
        mine = chosen(kind, rng, 4)
        safe = kind.signed != (info is not None and info.min == 0)  # else mixed signs: B7
        symbols = ("+", "-", "*", "&", "^", "<") + (("/",) if safe or not kind.is_int else ())
        cases.append(Case(kind, native, mine, values, symbols))
        cases.append(Case(native, kind, values, mine, ("+", "-", "*")))
    # B6 with native numbers: only their own minimum / -1 shows it
    check(cases)


def test_compound_assignment_is_a_cast_back() -> None:
    symbols = ("+=", "-=", "*=", "/=", "&=", "|=", "^=")
    pairs = [
        ("ap_fixed<4,2,AP_RND,AP_SAT>", "ap_fixed<3,1>"),
        ("ap_ufixed<4,1,AP_RND_CONV,AP_WRAP,2>", "ap_fixed<3,2>"),
        ("ap_fixed<3,5,AP_TRN_ZERO,AP_SAT_SYM>", "ap_uint<3>"),
        ("ap_int<4>", "ap_fixed<4,3>"),
        ("ap_int<4>", "ap_int<3>"),
    ]
    cases = []
    for first, second in pairs:
        a, b = FixedType.parse(first), FixedType.parse(second)
        own = tuple(s for s in symbols if s != "/=" or not b.is_int) + (("%=",) if a.is_int and b.is_int else ())
        divided = tuple(v for v in every(b) if abs(v * b.lsb) >= 1) if a.is_int and not b.is_int else every(b)
        cases.append(Case(a, b, every(a), divided, own))
    check(cases, (compound_b6,))


def compound_b6(case: Case, symbol: str, a: Any, b: Any) -> bool:
    return symbol == "/=" and b6(case, "/", a, b)


def test_doubles_are_compared_after_rounding_to_double() -> None:
    rng = random.Random(6)
    kinds = [FixedType(4, 2), FixedType(4, -1, False), FixedType(64, 2), FixedType(80, 40), FixedType(70, -20, False)]
    doubles = (0.0, -0.0, 1.0, -1.0, 0.5, 1.75, -2.0, 5e-324, 1e300, -1e300, float("inf"), float("nan"), 2.0**39)
    cases = []
    for kind in kinds:
        values = chosen(kind, rng)
        if kind.width == 64:
            values = (*values, 2**62 - 1, 2**62, 2**62 - 300)
        cases.append(Case(kind, "double", values, doubles, COMPARISONS))
    check(cases)


def wide_pairs(count: int, seed: int, low: int, high: int) -> list[Case]:
    rng = random.Random(seed)
    cases = []
    for _ in range(count):
        kinds = []
        for _ in range(2):
            width = rng.randint(low, high)
            integer = rng.choice((rng.randint(-50, 0), rng.randint(1, width), width + rng.randint(1, 40)))
            kinds.append(FixedType(width, integer, rng.random() < 0.6))
        if rng.random() < 0.25:
            kinds = [FixedType.int_type(k.width, signed=k.signed) for k in kinds]
        a, b = kinds
        symbols = (*ARITHMETIC, *(("%",) if a.is_int else ()), *rng.sample(COMPARISONS, 2))
        cases.append(Case(a, b, chosen(a, rng), chosen(b, rng), symbols))
    return cases


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("bits", [64, 200])
def test_wide_formats(bits: int) -> None:
    if bits == 64:
        assert check(wide_pairs(8, 11, 20, 70), (b5, b6, b7)) > 10_000
        return
    cases = wide_pairs(8, 12, 64, 200)
    wrong, shown, count = differences(cases, run(cases), (b5, b6, b7, b8))
    assert not wrong, f"{len(wrong)} of {count} differ; the first five: {wrong[:5]}"
    assert 0 < shown[b8] < 0.02 * count, "rare, but there"
    assert count > 10_000


#: Defects put into a copy of the headers: (file, what stands there, what is put there).
MUTATIONS = {
    "sum without its carry bit": (
        "ap_fixed_base.h",
        "          1 + AP_MAX(_AP_F, F2),",
        "          AP_MAX(_AP_F, F2),",
    ),
    "quotient without its sign bit": ("ap_fixed_base.h", "div_w = _AP_S2 + _AP_W", "div_w = _AP_W"),
    "dividend not moved up": ("ap_fixed_base.h", "tmp1.V <<= AP_MAX(F2,0)", "tmp1.V <<= 0"),
    "unsigned difference": ("ap_fixed_base.h", "minus_s = true", "minus_s = _AP_S || _AP_S2"),
    "remainder signed as the divisor": ("ap_int_base.h", "mod_s = _AP_S,", "mod_s = _AP_S2,"),
    "comparison at unequal LSBs": ("ap_fixed_base.h", "if (_AP_F == F2)", "if (true)"),
}


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_defect_in_the_headers_would_be_noticed(name: str, tmp_path: Path) -> None:
    file, old, new = MUTATIONS[name]
    folder = tmp_path / "headers"
    shutil.copytree(vendor.headers(), folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    signed, unsigned = FixedType(4, 2), FixedType(3, 1, False)
    pairs = [(signed, unsigned), (unsigned, FixedType(2, 2, False)), (signed, FixedType(3, 4))]
    if file == "ap_int_base.h":
        pairs = [(FixedType.int_type(4), FixedType.int_type(3, signed=False))]
    cases = []
    for a, b in pairs:
        symbols = ("+", "-", "/", "<") if not a.is_int else ("%",)
        cases.append(Case(a, b, every(a), every(b), symbols))
    wrong, _, _ = differences(cases, run(cases, headers=folder), (b6, b7))
    assert wrong
