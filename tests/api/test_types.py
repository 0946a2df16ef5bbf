"""FixedType: what it reads, what it writes, what it refuses by name."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isobit import FixedType, IsobitError, Overflow, Rounding
from isobit.errors import FormatError

MODES = [
    pytest.param(rounding, overflow, signed, id=f"{'' if signed else 'u'}{rounding.name}-{overflow.name}")
    for rounding, overflow, signed in product(Rounding, Overflow, (True, False))
    if signed or overflow is not Overflow.WRAP_SM
]
WRAPS = (Overflow.WRAP, Overflow.WRAP_SM)


@st.composite
def formats(draw: st.DrawFn) -> FixedType:
    width = draw(st.integers(1, 200))
    signed = draw(st.booleans())
    overflow = draw(st.sampled_from([mode for mode in Overflow if signed or mode is not Overflow.WRAP_SM]))
    bits = draw(st.integers(0, width)) if overflow in WRAPS else 0
    rounding = draw(st.sampled_from(Rounding))
    return FixedType(width, draw(st.integers(-300, 300)), signed, rounding, overflow, bits)


@given(formats())
def test_text_round_trip(kind: FixedType) -> None:
    assert FixedType.parse(str(kind)) == kind
    assert eval(repr(kind), {"FixedType": FixedType}) == kind
    assert hash(FixedType.parse(str(kind))) == hash(kind)


@pytest.mark.parametrize("rounding, overflow, signed", MODES)
def test_every_notation_of_every_mode(rounding: Rounding, overflow: Overflow, signed: bool) -> None:
    u, n = "" if signed else "u", 3 if overflow in WRAPS else 0
    expected = FixedType(18, 6, signed, rounding, overflow, n)
    q, o = rounding.name, overflow.name
    for text in (
        f"ap_{u}fixed<18,6,AP_{q},AP_{o},{n}>",  # AMD's
        f"{u}fixed<18,6,{q},{o},{n}>",  # hls4ml's
        f"  ap_{u}fixed < 18 , 6 , {q} , AP_{o} , {n} > ",
        f"ac_{u}fixed<18,6,{q.lower()},ap_{o.lower()},{n}>",
    ):
        assert FixedType.parse(text) == expected, text
    assert FixedType.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("fixed<18,6>", "ap_fixed<18,6>"),
        ("ap_fixed<18,6,AP_TRN,AP_WRAP,0>", "ap_fixed<18,6>"),
        ("fixed<18,6,RND_CONV,SAT,0>", "ap_fixed<18,6,AP_RND_CONV,AP_SAT>"),
        ("ufixed<8,-2,TRN,SAT>", "ap_ufixed<8,-2,AP_TRN,AP_SAT>"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,2>", "ap_fixed<8,4,AP_TRN,AP_WRAP,2>"),
        ("ap_fixed<8,4,AP_TRN,AP_SAT,2>", "ap_fixed<8,4,AP_TRN,AP_SAT>"),  # SAT ignores N
        ("ap_fixed<15,12,AP_RND,AP_SAT,AP_SAT>", "ap_fixed<15,12,AP_RND,AP_SAT>"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,AP_WRAP>", "ap_fixed<8,4,AP_TRN,AP_WRAP,3>"),
        ("int<8>", "ap_int<8>"),
        ("uint<1>", "ap_uint<1>"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(FixedType.parse(text)) == canonical


def test_what_a_format_says() -> None:
    kind = FixedType.parse("ap_fixed<18,6,AP_RND_CONV,AP_SAT>")
    assert (kind.width, kind.integer, kind.fraction, kind.signed) == (18, 6, 12, True)
    assert (kind.rounding, kind.overflow, kind.saturation_bits) == (Rounding.RND_CONV, Overflow.SAT, 0)
    assert (kind.lsb, kind.min, kind.max) == (Fraction(1, 4096), -32, 32 - Fraction(1, 4096))
    wide = FixedType.parse("ap_ufixed<4,8>")
    assert (wide.fraction, wide.lsb, wide.min, wide.max) == (-4, 16, 0, 240)
    assert FixedType.parse("ap_fixed<8,8,AP_TRN,AP_SAT_SYM>").min == -127
    assert FixedType.parse("ap_fixed<1,1,AP_TRN,AP_SAT_SYM>").min == -1
    assert FixedType(64, 1).fits_int64
    assert not FixedType(64, 1, signed=False).fits_int64
    assert FixedType(63, 1, signed=False).fits_int64


@given(st.integers(1, 100), st.integers(-100, 100), st.booleans())
def test_from_bits_counts_fraction_bits(width: int, fraction: int, signed: bool) -> None:
    kind = FixedType.from_bits(width, fraction=fraction, signed=signed, rounding="RND", overflow="AP_SAT")
    assert (kind.width, kind.fraction, kind.integer) == (width, fraction, width - fraction)
    assert (kind.rounding, kind.overflow) == (Rounding.RND, Overflow.SAT)
    assert kind.lsb == Fraction(2) ** -fraction


def test_papers_that_give_fraction_bits_second() -> None:
    assert str(FixedType.from_bits(18, fraction=6)) == "ap_fixed<18,12>"


@pytest.mark.parametrize(
    "text, told",
    [
        ("ap_fixed<18>", "ap_fixed<18>"),
        ("ap_fixed<18,6,AP_ROUND>", "AP_ROUND.*RND_CONV"),
        ("ap_fixed<18,6,AP_RND,AP_CLIP>", "AP_CLIP.*SAT_SYM"),
        ("ap_fixed<0,6>", "width 0.*1..4096"),
        ("ap_fixed<4097,6>", "4097"),
        ("ap_fixed<8,9000>", "9000"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,9>", "N = 9.*0..8"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,-1>", "N = -1"),
        ("ap_ufixed<8,4,AP_TRN,AP_WRAP_SM>", "WRAP_SM"),
        ("ap_fixed<8,4,,>", "unknown rounding mode ''"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,0,0>", "cannot read"),
        ("ap_fixed<8.0,4>", "8.0"),
        ("float", "float"),
        ("double", "double"),
        ("ap_float<32,8>", "ap_float"),
        ("ap_int<8,4>", "ap_int<8,4>"),
        ("ap_int<0>", "width 0"),
        ("", "''"),
        ("ap_fixed<18,6> ap_fixed<18,6>", "cannot read"),
        (None, "None"),
        (18, "18"),
        (b"ap_fixed<8,4>", "ap_fixed<8,4>"),
    ],
)
def test_refused_by_name(text: object, told: str) -> None:
    with pytest.raises(FormatError, match=f"(?s).*{told}") as caught:
        FixedType.parse(text)  # type: ignore[arg-type]
    assert isinstance(caught.value, IsobitError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "arguments, told",
    [
        ((8.0, 4), "width must be an integer, got 8.0"),
        ((True, 4), "True"),
        ((8, "4"), "'4'"),
        ((8, 4, True, 7), "unknown rounding mode 7"),
        ((8, 4, True, -1), "-1"),
        ((8, 4, True, Overflow.WRAP_SM), "unknown rounding mode"),  # an enumerator of the other list
        ((8, 4, True, "TRN", 5), "unknown overflow mode 5"),
        ((8, 4, True, "TRN", None), "None"),
        ((8, 4, True, "TRN", "WRAP", 0, True), "ap_int"),
    ],
)
def test_constructor_refuses(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(FormatError, match=told):
        FixedType(*arguments)  # type: ignore[arg-type]


def test_formats_are_frozen_values() -> None:
    kind = FixedType.parse("ap_fixed<8,4>")
    with pytest.raises(AttributeError):
        kind.width = 9  # type: ignore[misc]
    assert {kind: 1}[FixedType(8, 4)] == 1
    assert kind != FixedType.parse("ap_fixed<8,4,AP_RND>")
    assert FixedType.int_type(8) != FixedType(8, 8)  # ap_int converts by other rules
