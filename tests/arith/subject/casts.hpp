// Random casts by the million: one hash a pair of formats, with values drawn to ties, bounds and wrap points.
#pragma once

#include "sink.hpp"
#include "values.hpp"

// A raw value of `width` bits. `shift` bits will be dropped (negative: gained) on the way to `target` bits.
inline void draw(Random& random, Raw& raw, int width, int shift, int target) {
    const word choice = random.next();
    const int words = words_of(width);
    for (int i = 0; i < words; ++i) raw.w[i] = random.next();
    switch (choice & 7) {
        case 0:
        case 1: {  // of any magnitude
            const int keep = 1 + static_cast<int>((choice >> 8) % static_cast<word>(width));
            const bool negative = choice >> 3 & 1;
            for (int i = 0; i < words; ++i) {
                const int here = keep - 64 * i;
                const word mask = here <= 0 ? 0 : mask_of(here);
                raw.w[i] = negative ? raw.w[i] | ~mask : raw.w[i] & mask;
            }
            break;
        }
        case 2:
        case 3: {  // a tie, or one beside it
            if (shift < 1 || shift > width) break;
            for (int i = 0; i < words; ++i) {
                const int here = shift - 64 * i;
                if (here > 0) raw.w[i] &= ~mask_of(here);
            }
            add_at(raw, shift - 1, false);
            if (choice >> 3 & 3) {
                for (int i = words; i < Raw::capacity; ++i) raw.w[i] = 0;
                add_at(raw, 0, choice >> 3 & 1);
            }
            break;
        }
        case 4:
        case 5: {  // beside a bound or a wrap point of the target: k * 2^(shift + target - 1) + a little
            const int bit = shift + target - 1 - static_cast<int>(choice >> 6 & 3) + static_cast<int>(choice >> 8 & 1);
            if (bit < 0 || bit >= width) break;
            const word sign = choice >> 3 & 1 ? ~word(0) : 0;
            for (int i = 0; i < words; ++i) raw.w[i] = sign;
            for (int i = words; i < Raw::capacity; ++i) raw.w[i] = 0;
            add_at(raw, bit, sign != 0);
            const int low = shift > 0 && shift <= width ? shift - 1 : 0;
            if (choice >> 4 & 1) add_at(raw, low, choice >> 9 & 1);
            if (choice >> 5 & 1) add_at(raw, 0, choice >> 10 & 1);
            break;
        }
        case 6: {  // an extreme, or next to it
            for (int i = 0; i < words; ++i) raw.w[i] = choice >> 3 & 1 ? ~word(0) : 0;
            const int bit = choice >> 4 & 1 ? width - 1 : 0;
            raw.w[bit / 64] ^= word(1) << bit % 64;
            if (choice >> 5 & 1) raw.w[0] ^= 1;
            break;
        }
        default: break;  // all bits random
    }
    raw.w[words - 1] &= mask_of((width - 1) % 64 + 1);
}

template <class S, class T>
void casts(Sink& sink, int shift, word seed, long count) {
    const std::string title = "cast " + name<S>() + " . " + name<T>();
    if (!sink.begin(title)) return;
    Random random(seed);
    Raw raw;
    raw.words = words_of(About<S>::width);
    S s = S(0);
    T t = T(0);
    for (long i = 0; i < count; ++i) {
        draw(random, raw, About<S>::width, shift, About<T>::width);
        write(s, raw);
        t = s;
        sink.operands(raw);
        sink.put(0, "=", t);
    }
}
