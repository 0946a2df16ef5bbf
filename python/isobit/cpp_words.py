"""Words of C++ that cannot be names: those of the language, and macros of C libraries and of AMD's headers."""

from __future__ import annotations

import re

__all__ = ["LANGUAGE", "MACROS", "is_cpp_word", "is_of_a_family", "looks_like_a_macro"]

_LANGUAGE = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await
co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires restrict
return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try
typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq
"""

#: Macros of C libraries and of AMD's headers that belong to no family below.
_MACROS = """
BIAS BIG_ENDIAN BUFSIZ BYTE_ORDER CSIGNAL I INFINITY INLINE LITTLE_ENDIAN MAXFLOAT MAX_CANON MAX_INPUT MAX_MODE NAN
NDEBUG NFDBITS NL_ARGMAX NL_LANGMAX NL_MSGMAX NL_NMAX NL_SETMAX NL_TEXTMAX NULL NZERO PDP_ENDIAN PIPE_BUF SLICE
TIMER_ABSTIME TIME_UTC BIT_WIDTH_UPPER_LIMIT CONCAT_SHIFT_WITH_INT L_ctermid L_cuserid L_tmpnam P_tmpdir
alloca assert assert_perror complex errno i386 imaginary issubnormal linux major makedev math_errhandling minor offsetof
pthread_cleanup_pop pthread_cleanup_pop_restore_np pthread_cleanup_push pthread_cleanup_push_defer_np sched_priority
setjmp stderr stdin stdout strdupa strndupa unix va_arg va_copy va_end va_list va_start
"""
#: Families of macros: errno.h's E..., limits.h's ..._MAX, math.h's M_PI, ap_int.h's AP_..., and so on.
_FAMILIES = re.compile(
    r"E[0-9A-Z]\w*|(?:PRI|SCN)\w+|SNAN\w*|HUGE_VAL\w*|SIG[A-Z]+|W[A-Z]+|U?INT\w*_C|(?:be|le)\d+toh|hto[bl]e\d+"
    r"|(?:\w+_)?(?:MAX|MIN|WIDTH|BIT|SIZE|SETSIZE|SUCCESS|FAILURE)"
    r"|(?:ADJ|AF|AIO|ALL|AP|APFX|BC|CLOCKS|CLOCK|CLONE|CPU|DOUBLE|FD|FE|FLOAT|FP|HALF|HLS|ISOBIT|LC|LLVM|MATH|MB|M|MOD|OP"
    r"|PTHREAD|REF|RENAME|SC|SCHED|SEEK|SIG|SSDM|STA|ap|ssdm)_\w+"
)

#: Words that C++14 to C++20 and C keep for themselves.
LANGUAGE = frozenset(_LANGUAGE.split())
#: 'restrict' is a word of C alone.
_WORDS = LANGUAGE - {"restrict"}
#: Macros by their names.
MACROS = frozenset(_MACROS.split())


def is_cpp_word(name: str) -> bool:
    """Whether C++ keeps a word for itself."""
    return name in _WORDS


def is_of_a_family(name: str) -> bool:
    """Whether a name looks like one of the families of macros."""
    return _FAMILIES.fullmatch(name) is not None


def looks_like_a_macro(name: str) -> bool:
    """Whether a name may be a macro of C libraries and AMD's headers: some are, of others only their families."""
    return name in MACROS or name.isupper() or is_of_a_family(name)
