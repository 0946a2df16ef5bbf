// hls::print under AMD's header name: printf of a text and at most one int or double, as UG1399 documents it.
#ifndef ISOBIT_VENDOR_NAMES_HLS_PRINT_H
#define ISOBIT_VENDOR_NAMES_HLS_PRINT_H

#include <isobit/standard.hpp>

#include <cstdio>

namespace hls {

inline void print(const char* text) { std::fputs(text, stdout); }

// The format is the caller's, as with printf.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#endif
inline void print(const char* format, int value) { std::printf(format, value); }
inline void print(const char* format, double value) { std::printf(format, value); }
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

}  // namespace hls

#endif
