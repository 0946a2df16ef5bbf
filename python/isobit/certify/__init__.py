"""``isobit.certify``: a certificate of a menu of networks in firmware, and its verification."""

from isobit.certify.certifying import certify
from isobit.certify.report import Certification, Compared, Fault, Libraries, NetworkResult
from isobit.certify.verifying import Verification, verify_certificate

__all__ = [
    "Certification",
    "Compared",
    "Fault",
    "Libraries",
    "NetworkResult",
    "Verification",
    "certify",
    "verify_certificate",
]
