// Numbers from doubles, floats, native integers and each other.
#pragma once

#include "sink.hpp"
#include "values.hpp"

// Every exponent with telling mantissas, both signs; ties, halves and quarters of the target's LSB and their
// neighbours.
inline std::vector<Raw> telling_doubles(int fraction, word seed) {
    std::vector<Raw> every;
    const word top = word(1) << 51, all = (word(1) << 52) - 1;
    Random random(seed);
    auto push = [&every](word bits) {
        Raw raw;
        raw.w[0] = bits;
        every.push_back(raw);
        raw.w[0] = bits | word(1) << 63;
        every.push_back(raw);
    };
    for (word exponent = 0; exponent < 2048; ++exponent) {
        const word mantissas[] = {0, 1, top, top + 1, all, random.next() & all};
        const bool near = exponent + 70 > word(1023 - fraction) && exponent < word(1023 - fraction) + 90;
        for (int i = 0; i < (near ? 6 : exponent % 8 && exponent < 2046 && exponent > 1 ? 1 : 6); ++i)
            push(exponent << 52 | mantissas[i]);
    }
    for (int quarters = 1; quarters <= 80; ++quarters)
        for (int step = -1; step <= 1; ++step) {
            double value = quarters;
            for (int i = 0; i < fraction + 2; ++i) value /= 2;
            for (int i = 0; i < -fraction - 2; ++i) value *= 2;
            word bits;
            std::memcpy(&bits, &value, sizeof bits);
            push(bits + step);
        }
    return every;
}

template <class T>
void from_double(Sink& sink, int fraction, word seed = 0) {
    if (!sink.begin("from double " + name<T>())) return;
    for (const Raw& raw : telling_doubles(fraction, seed)) {
        const double value = make<double>(raw);
        sink.operands(raw);
        sink.put(0, "T(double)", T(value));
        T t = T(0);
        t = value;
        sink.put(1, "t=double", t);
    }
}

template <class T>
void from_float(Sink& sink, word seed = 0) {
    if (!sink.begin("from float " + name<T>())) return;
    Random random(seed);
    for (word exponent = 0; exponent < 256; ++exponent)
        for (int i = 0; i < 12; ++i) {
            const word mantissas[] = {0, 1, 0x400000, 0x400001, 0x7fffff, random.next() & 0x7fffff};
            Raw raw;
            raw.w[0] = word(i % 2) << 31 | exponent << 23 | mantissas[i / 2];
            const float value = make<float>(raw);
            sink.operands(raw);
            sink.put(0, "T(float)", T(value));
            T t = T(0);
            t = value;
            sink.put(1, "t=float", t);
        }
}

template <class T, class C>
void native_values(Sink& sink, int slot, const char* operation, word seed) {
    for (const Raw& raw : telling_raw(Native<C>::width, seed, 24)) {
        const C value = make<C>(raw);
        sink.operands(raw);
        sink.put(slot, operation, T(value));
        T t = T(0);
        t = value;
        sink.put(slot, operation, t);
    }
}

template <class T>
void from_natives(Sink& sink, word seed = 0) {
    if (!sink.begin("from natives " + name<T>())) return;
    native_values<T, bool>(sink, 0, "bool", seed);
    native_values<T, char>(sink, 1, "char", seed);
    native_values<T, signed char>(sink, 2, "signed char", seed);
    native_values<T, unsigned char>(sink, 3, "unsigned char", seed);
    native_values<T, short>(sink, 4, "short", seed);
    native_values<T, unsigned short>(sink, 5, "unsigned short", seed);
    native_values<T, int>(sink, 6, "int", seed);
    native_values<T, unsigned>(sink, 7, "unsigned", seed);
    native_values<T, long>(sink, 8, "long", seed);
    native_values<T, unsigned long>(sink, 9, "unsigned long", seed);
    native_values<T, long long>(sink, 10, "long long", seed);
    native_values<T, unsigned long long>(sink, 11, "unsigned long long", seed);
}

// One type to another by every road a user has: construction, assignment, explicit conversion.
template <class S, class T>
void convert(Sink& sink, word seed = 0, int count = 100) {
    if (!sink.begin("convert " + name<S>() + " . " + name<T>())) return;
    for (const Raw& raw : values_of(About<S>::width, seed, count)) {
        const S s = make<S>(raw);
        sink.operands(raw);
        sink.put(0, "T t(s)", T(s));
        T t = T(0);
        t = s;
        sink.put(1, "t = s", t);
        const T u = static_cast<T>(s);
        sink.put(2, "static_cast", u);
        T v = s;
        v = t;
        sink.put(3, "copy", v);
    }
}
