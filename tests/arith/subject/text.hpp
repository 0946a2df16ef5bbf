// Numbers as text, both ways. What AMD's headers print and read is compared row by row: see test_text.py.
#pragma once

#include <sstream>

#include "sink.hpp"
#include "values.hpp"

template <class A>
void prints(Sink& sink, word seed = 0, int count = 40) {
    if (!sink.begin("prints " + name<A>())) return;
    for (const Raw& raw : values_of(About<A>::width, seed, count)) {
        const A a = make<A>(raw);
        sink.operands(raw);
        sink.text(0, "to_string()", a.to_string());
        sink.text(1, "to_string(2)", a.to_string(2));
        sink.text(2, "to_string(8)", a.to_string(8));
        sink.text(3, "to_string(10)", a.to_string(10));
        sink.text(4, "to_string(16)", a.to_string(16));
        sink.text(5, "to_string(2,true)", a.to_string(2, true));
        sink.text(6, "to_string(8,true)", a.to_string(8, true));
        sink.text(7, "to_string(8,false)", a.to_string(8, false));
        sink.text(8, "to_string(10,false)", a.to_string(10, false));
        sink.text(9, "to_string(16,true)", a.to_string(16, true));
        sink.text(10, "to_string(16,false)", a.to_string(16, false));
        std::ostringstream plain;
        plain << a;
        sink.text(11, "<<", plain.str());
    }
}

template <class A>
void reads(Sink& sink, const char* const* texts, int count) {
    if (!sink.begin("reads " + name<A>())) return;
    for (int i = 0; i < count; ++i) {
        Raw number;
        number.w[0] = static_cast<word>(i);
        sink.operands(number);
        sink.put(0, "A(text)", A(texts[i]));
    }
}

template <class A>
void reads_radix(Sink& sink, const char* const* texts, int count, int radix) {
    if (!sink.begin("reads radix " + std::to_string(radix) + " " + name<A>())) return;
    for (int i = 0; i < count; ++i) {
        Raw number;
        number.w[0] = static_cast<word>(i);
        sink.operands(number);
        sink.put(0, "A(text,radix)", A(texts[i], static_cast<signed char>(radix)));
    }
}

template <class A>
void streams(Sink& sink, const char* const* texts, int count) {
    if (!sink.begin("streams " + name<A>())) return;
    for (int i = 0; i < count; ++i) {
        Raw number;
        number.w[0] = static_cast<word>(i);
        sink.operands(number);
        A a = A(0);
        std::istringstream in(texts[i]);
        in >> a;
        sink.put(0, ">>", a);
    }
}
