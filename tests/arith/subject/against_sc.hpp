// Casts beside SystemC's sc_fix and sc_ufix, whose modes are AMD's one to one, N and WRAP_SM included.
#pragma once

#define SC_INCLUDE_FX
#include <systemc>

#include "against.hpp"

// From the source's number to the target's; formats at run time, so that one function serves every pair.
inline void sc_cast(const Raw& source, int width, int integer, bool is_signed, Raw& out, int to, int to_integer,
                    bool to_signed, sc_dt::sc_q_mode q, sc_dt::sc_o_mode o, int n) {
    using namespace sc_dt;
    const sc_fxtype_params params(to, to_integer, q, o, n);
    auto bits = [&source](int i) { return bool(source.w[i / 64] >> i % 64 & 1); };
    auto store = [&out, to](auto& target) {
        out.words = words_of(to);
        for (int i = 0; i < out.words; ++i) out.w[i] = 0;
        for (int i = 0; i < to; ++i) out.w[i / 64] |= ::word(bool(target[i])) << i % 64;
    };
    auto convert = [&](auto& from) {
        for (int i = 0; i < width; ++i) from[i] = bits(i);
        if (to_signed) {
            sc_fix target(params);
            target = from;
            store(target);
        } else {
            sc_ufix target(params);
            target = from;
            store(target);
        }
    };
    if (is_signed) {
        sc_fix from(width, integer);
        convert(from);
    } else {
        sc_ufix from(width, integer);
        convert(from);
    }
}

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct Parameters {
    static const int width = W, integer = I, n = N;
    static const bool is_signed = S;
    static const ap_q_mode q = Q;
    static const ap_o_mode o = O;
};
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
Parameters<W, I, S, Q, O, N> parameters(const ap_fixed_base<W, I, S, Q, O, N>*);

inline sc_dt::sc_q_mode sc_mode(ap_q_mode mode) {
    using namespace sc_dt;
    switch (mode) {
        case AP_RND: return SC_RND;
        case AP_RND_ZERO: return SC_RND_ZERO;
        case AP_RND_MIN_INF: return SC_RND_MIN_INF;
        case AP_RND_INF: return SC_RND_INF;
        case AP_RND_CONV: return SC_RND_CONV;
        case AP_TRN_ZERO: return SC_TRN_ZERO;
        default: return SC_TRN;
    }
}
inline sc_dt::sc_o_mode sc_mode(ap_o_mode mode) {
    using namespace sc_dt;
    switch (mode) {
        case AP_SAT: return SC_SAT;
        case AP_SAT_ZERO: return SC_SAT_ZERO;
        case AP_SAT_SYM: return SC_SAT_SYM;
        case AP_WRAP_SM: return SC_WRAP_SM;
        default: return SC_WRAP;
    }
}

template <class S, class T>
void cast_sc(Tally& tally, const char* label, word seed = 0, int count = 60) {
    typedef decltype(parameters(static_cast<S*>(nullptr))) From;
    typedef decltype(parameters(static_cast<T*>(nullptr))) To;
    tally.types(name<S>() + " -> " + name<T>());
    Raw none;
    for (const Raw& raw : values_of(S::width, seed, count)) {
        tally.operands(raw, none);
        const T t = make<S>(raw);
        Raw ours, theirs;
        read(t, ours);
        sc_cast(raw, From::width, From::integer, From::is_signed, theirs, To::width, To::integer, To::is_signed,
                sc_mode(To::q), sc_mode(To::o), To::n);
        tally.compare(label, "", ours, "", theirs);
    }
}
