// What a number tells of itself: bits and ranges read and written, reductions, rotations, conversions to native types.
#pragma once

#include "sink.hpp"
#include "values.hpp"

// The second operand of a row: which bit, or which range.
inline Raw place(int i, int j) {
    Raw raw;
    raw.w[0] = static_cast<word>(i) << 16 | static_cast<word>(j);
    return raw;
}

// Conversions that both families offer.
template <class A>
void natives(Sink& sink, int slot, A& a) {
    sink.put(slot, "bool", static_cast<bool>(a));
    sink.put(slot + 1, "char", static_cast<char>(a));
    sink.put(slot + 2, "signed char", static_cast<signed char>(a));
    sink.put(slot + 3, "unsigned char", static_cast<unsigned char>(a));
    sink.put(slot + 4, "short", static_cast<short>(a));
    sink.put(slot + 5, "unsigned short", static_cast<unsigned short>(a));
    sink.put(slot + 6, "int", static_cast<int>(a));
    sink.put(slot + 7, "unsigned", static_cast<unsigned>(a));
    sink.put(slot + 8, "long", static_cast<long>(a));
    sink.put(slot + 9, "unsigned long", static_cast<unsigned long>(a));
    sink.put(slot + 10, "long long", static_cast<long long>(a));
    sink.put(slot + 11, "unsigned long long", static_cast<unsigned long long>(a));
    sink.put(slot + 12, "float", static_cast<float>(a));
    sink.put(slot + 13, "double", static_cast<double>(a));
    sink.put(slot + 14, "to_char", a.to_char());
    sink.put(slot + 15, "to_int", a.to_int());
    sink.put(slot + 16, "to_uint", a.to_uint());
    sink.put(slot + 17, "to_int64", a.to_int64());
    sink.put(slot + 18, "to_uint64", a.to_uint64());
    sink.put(slot + 19, "to_float", a.to_float());
    sink.put(slot + 20, "to_double", a.to_double());
    sink.put(slot + 21, "length", a.length());
    sink.put(slot + 22, "is_zero", a.is_zero());
    sink.put(slot + 23, "countLeadingZeros", a.countLeadingZeros());
}

template <class A>
void int_members(Sink& sink, word seed = 0, int count = 60) {
    if (!sink.begin("members " + name<A>())) return;
    for (const Raw& raw : values_of(About<A>::width, seed, count)) {
        A a = make<A>(raw);
        const A fixed_a = a;
        sink.operands(raw);
        natives(sink, 0, a);
        sink.put(30, "and_reduce", fixed_a.and_reduce());
        sink.put(31, "nand_reduce", fixed_a.nand_reduce());
        sink.put(32, "or_reduce", fixed_a.or_reduce());
        sink.put(33, "nor_reduce", fixed_a.nor_reduce());
        sink.put(34, "xor_reduce", fixed_a.xor_reduce());
        sink.put(35, "xnor_reduce", fixed_a.xnor_reduce());
        sink.put(36, "sign", fixed_a.sign());
        sink.put(37, "iszero", fixed_a.iszero());
        sink.put(38, "to_bool", fixed_a.to_bool());
        sink.put(39, "to_schar", fixed_a.to_schar());
        sink.put(40, "to_uchar", fixed_a.to_uchar());
        sink.put(41, "to_short", fixed_a.to_short());
        sink.put(42, "to_ushort", fixed_a.to_ushort());
        sink.put(43, "to_long", fixed_a.to_long());
        sink.put(44, "to_ulong", fixed_a.to_ulong());
        A t = a;
        sink.put(45, "reverse", t.reverse());
        t = a;
        t.b_not();
        sink.put(46, "b_not", t);
        for (int i = 0; i < A::width; ++i) {
            const Raw at = place(i, 0);
            sink.operands(raw, at);
            t = a;
            sink.put(50, "lrotate", t.lrotate(i));
            t = a;
            sink.put(51, "rrotate", t.rrotate(i));
            t = a;
            t.set(i);
            sink.put(52, "set", t);
            t.clear(i);
            sink.put(53, "clear", t);
            t.invert(i);
            sink.put(54, "invert", t);
            sink.put(55, "test", fixed_a.test(i));
            sink.put(56, "get_bit", fixed_a.get_bit(i));
            t = a;
            t.set(i, !fixed_a.test(i));
            sink.put(57, "set to", t);
            t = a;
            t.set_bit(i, fixed_a.test(A::width - 1 - i));
            sink.put(58, "set_bit", t);
        }
    }
}

template <class A>
void fixed_members(Sink& sink, word seed = 0, int count = 60) {
    if (!sink.begin("members " + name<A>())) return;
    for (const Raw& raw : values_of(About<A>::width, seed, count)) {
        A a = make<A>(raw);
        sink.operands(raw);
        natives(sink, 0, a);
        sink.put(30, "is_neg", a.is_neg());
        sink.put(31, "getNeg", a.getNeg());
        sink.put(32, "lshift<3>", a.template lshift<3>());
        sink.put(33, "rshift<2>", a.template rshift<2>());
        sink.put(34, "to_ap_int_base", a.to_ap_int_base());
        sink.put(35, "to_ap_int_base(false)", a.to_ap_int_base(false));
        sink.put(36, "ap_int<9>", ap_int<9>(a));
        sink.put(37, "ap_uint<7>", ap_uint<7>(a));
        sink.put(38, "ap_int<90>", ap_int<90>(a));
        sink.put(39, "long double", static_cast<long double>(a));
        sink.put(40, "wl", a.wl());
        sink.put(41, "iwl", a.iwl());
        sink.put(42, "q_mode", static_cast<int>(a.q_mode()));
        sink.put(43, "o_mode", static_cast<int>(a.o_mode()));
        sink.put(44, "n_bits", a.n_bits());
        A t = A(0);
        t.setBits(raw.w[0]);
        sink.put(45, "setBits", t);
        sink.put(46, "bits_to_uint64", a.bits_to_uint64());
    }
}

// Bits and ranges, both families: every bit and every hi, lo of a narrow type; some of a wide one.
template <class A>
void ranges(Sink& sink, word seed = 0, int count = 20) {
    if (!sink.begin("ranges " + name<A>())) return;
    const int width = A::width, step = width <= 6 ? 1 : width / 5;
    Random random(seed + 77);
    for (const Raw& raw : values_of(width, seed, count)) {
        A a = make<A>(raw);
        const A held = a;
        sink.operands(raw);
        sink.put(0, "range()", ap_uint<A::width>(a.range()));
        for (int i = 0; i < width; i += step) {
            const Raw bit = place(i, 0);
            sink.operands(raw, bit);
            sink.put(1, "a[i]", bool(a[i]));
            sink.put(2, "const a[i]", bool(held[i]));
            sink.put(3, "a.bit(i)", bool(a.bit(i)));
            sink.put(4, "~a[i]", ~a[i]);
            A t = a;
            t[i] = !bool(a[i]);
            sink.put(5, "t[i]=b", t);
            t = a;
            t[i] = a[width - 1 - i];
            sink.put(6, "t[i]=a[j]", t);
            for (int j = 0; j < width; j += step) {
                const Raw from_to = place(i, j);
                sink.operands(raw, from_to);
                sink.put(7, "a.range(i,j)", ap_uint<A::width>(a.range(i, j)));
                sink.put(8, "a(i,j)", ap_uint<A::width>(a(i, j)));
                sink.put(9, "const a(i,j)", ap_uint<A::width>(held(i, j)));
                sink.put(10, "length", a.range(i, j).length());
                sink.put(11, "to_int", a.range(i, j).to_int());
                sink.put(12, "to_uint64", a.range(i, j).to_uint64());
                sink.put(13, "range+1", ap_int<A::width + 3>(ap_uint<A::width>(a.range(i, j)) + 1));
                const word value = random.next();
                t = a;
                t.range(i, j) = ap_uint<64>(value);
                sink.put(14, "t.range(i,j)=ap_uint", t);
                t = a;
                t(i, j) = static_cast<int>(value);
                sink.put(15, "t(i,j)=int", t);
                t = a;
                t.range(i, j) = a.range(j, i);
                sink.put(16, "t.range(i,j)=a.range(j,i)", t);
                sink.put(17, "range==", a.range(i, j) == held.range(i, j));
                sink.put(18, "range<", a.range(i, j) < a.range(width - 1, 0));
            }
        }
    }
}

// Ranges of integers offer more than those of fixed-point numbers.
template <class A>
void int_ranges(Sink& sink, word seed = 0, int count = 20) {
    if (!sink.begin("integer ranges " + name<A>())) return;
    const int width = A::width, step = width <= 6 ? 1 : width / 5;
    for (const Raw& raw : values_of(width, seed, count)) {
        A a = make<A>(raw);
        sink.operands(raw);
        for (int i = 0; i < width; i += step)
            for (int j = 0; j <= i; j += step) {
                const Raw from_to = place(i, j);
                sink.operands(raw, from_to);
                sink.put(0, "range and_reduce", a.range(i, j).and_reduce());
                sink.put(1, "range or_reduce", a.range(i, j).or_reduce());
                sink.put(2, "range xor_reduce", a.range(i, j).xor_reduce());
                sink.put(3, "range+a", a.range(i, j) + a);
                sink.put(4, "a-range", a - a.range(i, j));
                sink.put(5, "a<range", a < a.range(i, j));
                sink.put(6, "range+range", a.range(i, j) + a.range(width - 1, 0));
                A t = a;
                t.range(i, j) |= ap_uint<A::width>(5);
                sink.put(8, "range|=5", t);
                t = a;
                t.range(i, j) ^= ap_uint<A::width>(a);
                sink.put(9, "range^=a", t);
                t = a;
                t += a.range(i, j);
                sink.put(10, "a+=range", t);
                t = a;
                t <<= a.range(i % 3, 0);
                sink.put(11, "a<<=range", t);
                sink.put(12, "bit+a", a[i] + a);
                sink.put(13, "a&bit", a & a[j]);
                sink.put(14, "bit==bit", a[i] == a[j]);
                sink.put(15, "bit<a", a[i] < a);
            }
    }
}
