"""What a log says for a number: two ways of printing six significant digits."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["STREAM_DIGITS", "printed"]

#: Digits that a C++ stream prints unless it is told otherwise, as ``nnet::print_result`` is not.
STREAM_DIGITS = 6


def printed(number: float) -> set[float]:
    """The numbers that a log has for a number, read back.

    A C++ stream prints a double with the digits nearest to it, the even ones where two are as near. AMD's operator for
    ``ap_fixed`` (``reduceToPrecision`` in ap_fixed_base.h), which hls4ml's test bench calls, goes by the first digit
    that is left out, from 5 on upwards in magnitude. Of whole parts with more than six digits in front of a fraction it
    looks one place further on, which is the point for seven digits, and carries into the digit before it. Formats with
    more integer bits than bits it prints wrong.
    """
    return {float(f"{number:.{STREAM_DIGITS}g}"), _by_vendor(number)}


def _by_vendor(number: float) -> float:
    sign, digits, exponent = Decimal(number).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    if len(text) <= STREAM_DIGITS:
        return number
    whole = len(digits) + exponent  # digits in front of the point
    look = STREAM_DIGITS
    if len(text) > whole > STREAM_DIGITS:  # a fraction behind many digits
        look = STREAM_DIGITS + 1 if whole > STREAM_DIGITS + 1 else len(text)
    kept = int(text[:look]) + (look < len(text) and text[look] > "4")
    kept //= 10 ** (look - STREAM_DIGITS) if look < len(text) else 10 ** (len(text) - STREAM_DIGITS)
    return float(Decimal(kept).scaleb(whole - STREAM_DIGITS)) * (-1 if sign else 1)
