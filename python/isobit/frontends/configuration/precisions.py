"""Precisions that were asked for, against those that the graph has."""

from __future__ import annotations

from typing import Any

__all__ = ["is_format", "precision_of", "same", "same_precision", "same_text", "unread"]


def is_format(asked: Any, node: Any) -> bool:
    """Whether a precision is a type: ``auto`` leaves the type to hls4ml."""
    return _parsed(asked, node) is not None


def same(asked: Any, node: Any, slot: str) -> bool:
    """Whether a layer's type is the one that was asked for."""
    return same_precision(_parsed(asked, node), precision_of(node, slot))


def same_text(asked: Any, other: Any, node: Any) -> bool:
    """Whether two precisions of a configuration are the same numbers."""
    return same_precision(_parsed(asked, node), _parsed(other, node))


def same_precision(asked: Any, found: Any) -> bool:
    """Whether two precisions are the same numbers, whatever they are called (``ap_fixed<4,4>`` is ``ap_int<4>``)."""
    return asked is not None and found is not None and _facts(asked) == _facts(found)


def precision_of(node: Any, slot: str) -> Any:
    """A layer's precision, of a weight or of a type; None if it does not have it."""
    if slot in list(
        node.weights
    ):  # hls4ml's mapping "contains" attributes of any kind, and iterates over weights alone
        return node.weights[slot].type.precision
    kind = node.types.get(f"{slot}_t")
    if kind is None and slot == "result":
        kind = node.get_output_variable().type
    return getattr(kind, "precision", None)


def unread(node: Any, slot: str) -> str:
    """Who decided on a type instead, as the beginning of a sentence that ends with it."""
    names = {"result": "activation_quantizer"}
    quantiser = node.get_attr(names.get(slot, f"{slot}_quantizer"))
    if quantiser is None:
        attributes = {attribute.name: attribute for attribute in type(node).expected_attributes}
        if getattr(attributes.get(f"{slot}_t"), "default", None) is not None:
            # Types with a default are set from it (Layer._validate_attributes); get_precision is never asked.
            return f"hls4ml reads this type only as {slot}_t beside Precision, and took"
        return "hls4ml took"
    inner = getattr(quantiser, "quantizer_fn", None)
    kind = getattr(inner, "__name__", None) or type(inner if inner is not None else quantiser).__name__
    return f"QKeras' quantiser ({kind}) decides, so that hls4ml took"


def _parsed(asked: Any, node: Any) -> Any:
    """hls4ml's object for a precision; None for 'auto' and what it cannot read (then the conversion failed)."""
    if asked is None or str(asked).lower() == "auto":
        return None
    try:
        found = node.model.config.backend.convert_precision_string(asked)
    except Exception:  # hls4ml raises what it likes
        return None
    return None if type(found).__name__ == "UnspecifiedPrecisionType" else found


def _facts(precision: Any) -> tuple[Any, ...]:
    integer = getattr(precision, "integer", None)
    width = getattr(precision, "width", None)
    if width is None or "Float" in type(precision).__name__:
        return (str(precision),)
    modes = (str(getattr(precision, "rounding_mode", None)), str(getattr(precision, "saturation_mode", None)))
    if integer is None or integer == width:  # an integer; hls4ml's have no modes
        integer, modes = width, ("", "") if integer is None or modes in _PLAIN else modes
    return width, integer, bool(precision.signed), *modes, getattr(precision, "saturation_bits", None) or 0


_PLAIN = (("None", "None"), ("TRN", "WRAP"))
