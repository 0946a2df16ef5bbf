"""isobit: know before synthesis that a neural network in firmware computes exactly the bits it should.

>>> import isobit as ib
>>> t = ib.FixedType.parse("ap_fixed<8,4,AP_RND,AP_SAT>")
>>> ib.FixedArray.from_float([0.03125, 100.0], t).raw.tolist()
[1, 127]
"""

from isobit._version import __version__
from isobit.answers import AnswerReport, check_wrapper, compare_answers
from isobit.api import CSim, Model, csim, load
from isobit.certify import Certification, certify, verify_certificate
from isobit.check import Report, check
from isobit.cost import Cost, cost
from isobit.csim.kernel import CSimKernel, In, InOut, Out, csim_kernel
from isobit.errors import IsobitError
from isobit.explain import Explanation, explain
from isobit.fixed import FixedArray, FixedType, Overflow, Rounding
from isobit.headers import get_cmake_dir, get_include, get_pkgconfig_dir
from isobit.hls.export import export_hls
from isobit.hls.folder import HlsProject
from isobit.lint import Finding, LintReport, lint, lint_libraries
from isobit.profile.counts import LayerProfile, OverflowCount, Profile
from isobit.sweep import Axis, Sweep, sweep
from isobit.tune import Tuned, tune

__all__ = [
    "AnswerReport",
    "Axis",
    "CSim",
    "CSimKernel",
    "Certification",
    "Cost",
    "Explanation",
    "Finding",
    "FixedArray",
    "FixedType",
    "HlsProject",
    "In",
    "InOut",
    "IsobitError",
    "LayerProfile",
    "LintReport",
    "Model",
    "Out",
    "Overflow",
    "OverflowCount",
    "Profile",
    "Report",
    "Rounding",
    "Sweep",
    "Tuned",
    "__version__",
    "certify",
    "check",
    "check_wrapper",
    "compare_answers",
    "cost",
    "csim",
    "csim_kernel",
    "explain",
    "export_hls",
    "get_cmake_dir",
    "get_include",
    "get_pkgconfig_dir",
    "lint",
    "lint_libraries",
    "load",
    "sweep",
    "tune",
    "verify_certificate",
]
