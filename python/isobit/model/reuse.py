"""Reuse factors and strategies of Dense layers: which are legal for hls4ml's kernels, and which are refused by name."""

from __future__ import annotations

from isobit.errors import UnsupportedError
from isobit.model.weights import Encoding, Weight

__all__ = [
    "STRATEGIES",
    "check_reuse_factor",
    "check_zeros",
    "is_legal_reuse_factor",
    "kernel_of",
    "legal_reuse_factors",
]

#: Strategies of a Dense layer. hls4ml's fifth, ``distributed_arithmetic``, makes a layer of its own of it.
STRATEGIES = ("latency", "resource", "resource_unrolled", "compressed")

#: Largest number of weights and reuse factor together: kernels count the turns of both in an int.
_TURNS = (1 << 31) - 1
#: Legal factors that an error lists, at most.
_LISTED = 12


def kernel_of(strategy: str, reuse_factor: int, n_in: int) -> str:
    """The kernel that computes a layer of ``n_in`` inputs (``DenseConfigTemplate`` in core_templates.py)."""
    if strategy != "resource":
        return strategy
    return "resource_rf_leq_nin" if reuse_factor <= n_in else "resource_rf_gt_nin_rem0"


def is_legal_reuse_factor(n_in: int, n_out: int, factor: int) -> bool:
    """Whether a reuse factor is legal for hls4ml's resource kernels; ``kernels/reuse_factor.hpp`` has the same rule.

    The rule is ``FPGABackend._validate_reuse_factor`` (backends/fpga/fpga_backend.py): each multiplier serves an equal
    part of one neuron's weights, or the same number of whole neurons.
    """
    if factor < 1:
        return False
    if factor <= n_in:
        return n_in % factor == 0
    return factor % n_in == 0 and n_out % (factor // n_in) == 0


def legal_reuse_factors(n_in: int, n_out: int, strategy: str = "resource") -> list[int]:
    """Reuse factors that hls4ml does not replace, in ascending order.

    Parameters
    ----------
    n_in, n_out
        Shape of the layer's weights.
    strategy
        ``resource`` and ``compressed``: ``FPGABackend.get_valid_reuse_factors``. ``resource_unrolled``: without the
        largest, as in ``VivadoBackend.init_dense``, and without 1, for which hls4ml writes no unrolled code. The
        ``latency`` kernel takes any factor: there it is the initiation interval and changes no bit.
    """
    divisors = [d for d in range(1, n_in + 1) if n_in % d == 0]
    legal = divisors + [n_in * d for d in range(2, n_out + 1) if n_out % d == 0]
    return legal[1:-1] if strategy == "resource_unrolled" else legal


def check_reuse_factor(layer: str, n_in: int, n_out: int, strategy: str, factor: int) -> None:
    """Refuse an unknown strategy, and a reuse factor that is not legal for the strategy's kernel.

    Raises
    ------
    UnsupportedError
        With the legal factors, or those around the one that was asked for where there are many.
    """
    if strategy not in STRATEGIES:
        raise UnsupportedError(
            f"strategy {strategy!r} of layer {layer!r} is not supported; supported: {', '.join(STRATEGIES)}"
        )
    if strategy == "latency":
        if not 1 <= factor <= _TURNS - n_in * n_out:
            raise UnsupportedError(
                f"reuse factor {factor} of layer {layer!r} is not legal; legal: 1 to {_TURNS - n_in * n_out}"
            )
        return
    legal = legal_reuse_factors(n_in, n_out, strategy)
    if factor in legal:
        return
    listed = ", ".join(map(str, legal)) or "none"
    if len(legal) > _LISTED:
        around = sorted(sorted(legal, key=lambda other: abs(other - factor))[:_LISTED])
        listed = f"{', '.join(map(str, around))} (the closest of {len(legal)})"
    raise UnsupportedError(
        f"reuse factor {factor} of layer {layer!r} ({n_in} x {n_out}) is not legal for the {strategy} strategy; "
        f"legal: {listed}"
    )


def check_zeros(layer: str, strategy: str, weight: Weight) -> None:
    """Refuse weights that hls4ml's code leaves out although they are not zero, and layers of zeros alone.

    ``resource_unrolled`` and ``compressed`` leave out weights whose *coded* value is zero, which stands for minus one
    in binary (xnor) weights and has no meaning in powers of two.

    Raises
    ------
    UnsupportedError
    """
    if strategy not in ("resource_unrolled", "compressed"):
        return
    zero = weight.written == 0
    if strategy == "compressed" and weight.encoding is not Encoding.PLAIN:
        raise UnsupportedError(
            f"{weight.encoding.value} weights of layer {layer!r} are not supported with the strategy 'compressed': its "
            "coding holds plain numbers; use 'resource'"
        )
    if weight.encoding is Encoding.XNOR or (weight.encoding is Encoding.EXPONENT and zero.any()):
        raise UnsupportedError(
            f"{weight.encoding.value} weights of layer {layer!r} are not supported with the strategy {strategy!r}: "
            "hls4ml leaves out those coded as zero, which are not zero; use 'resource'"
        )
    if weight.encoding is not Encoding.EXPONENT and (weight.raw[zero] != 0).any():
        raise UnsupportedError(
            f"weights of layer {layer!r} are not zero where the values that hls4ml writes are, and the strategy "
            f"{strategy!r} leaves those out; use 'resource'"
        )
    if strategy == "compressed" and zero.all():
        raise UnsupportedError(
            f"layer {layer!r} has no weight but zeros: 'compressed' would store none; use 'latency' or 'resource'"
        )
