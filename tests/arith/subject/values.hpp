// Values to try: all of a narrow type; the telling ones and random ones of a wide type. All from seeds.
#pragma once

#include <utility>
#include <vector>

#include "raw.hpp"

class Random {
public:
    explicit Random(word seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull) {
        if (!state_) state_ = 1;
        for (int i = 0; i < 4; ++i) next();
    }
    word next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ * 0x2545F4914F6CDD1Dull;
    }
    int below(int bound) { return static_cast<int>((next() >> 33) % static_cast<word>(bound)); }

private:
    word state_;
};

inline void cut(Raw& raw, int width) {
    raw.words = words_of(width);
    raw.w[raw.words - 1] &= mask_of((width - 1) % 64 + 1);
    for (int i = raw.words; i < Raw::capacity; ++i) raw.w[i] = 0;
}

inline void add_at(Raw& raw, int bit, bool subtract) {
    for (int i = bit / 64; i < Raw::capacity; ++i) {
        const word step = i == bit / 64 ? word(1) << bit % 64 : 1, before = raw.w[i];
        raw.w[i] = subtract ? before - step : before + step;
        if (subtract ? raw.w[i] <= before : raw.w[i] >= before) break;
    }
}

// Of all magnitudes; powers of two and their neighbours; long runs of ones and zeros; a few set bits.
inline Raw random_raw(Random& random, int width) {
    Raw raw;
    const int pattern = random.below(8), bits = 1 + random.below(width);
    if (pattern < 4) {
        for (int i = 0; i < words_of(bits); ++i) raw.w[i] = random.next();
        cut(raw, bits);
    } else {
        add_at(raw, random.below(width), false);
        if (pattern > 5) add_at(raw, random.below(width), pattern == 7);
        const int near = random.below(3);
        if (near) add_at(raw, 0, near == 2);
    }
    if (random.below(2))  // the negative
        for (int i = 0; i < Raw::capacity; ++i) raw.w[i] = ~raw.w[i];
    cut(raw, width);
    return raw;
}

inline std::vector<Raw> all_raw(int width) {
    std::vector<Raw> every(std::size_t(1) << width);
    for (std::size_t i = 0; i < every.size(); ++i) every[i].w[0] = i;
    return every;
}

// 0, 1, -1, 2, 3, extremes, alternating bits, and some random ones.
inline std::vector<Raw> telling_raw(int width, word seed, int count) {
    std::vector<Raw> some;
    Random random(seed);
    const word few[] = {0, 1, 2, 3, 5, 7, 12, 100};
    for (word value : few)
        for (int negative = 0; negative < 2; ++negative) {
            Raw raw;
            raw.w[0] = negative ? ~value + 1 : value;
            for (int i = 1; i < Raw::capacity; ++i) raw.w[i] = negative && value ? ~word(0) : 0;
            cut(raw, width);
            some.push_back(raw);
        }
    Raw top;
    add_at(top, width - 1, false);
    top.words = words_of(width);
    some.push_back(top);
    add_at(top, 0, true);
    some.push_back(top);
    add_at(top, 0, true);
    some.push_back(top);
    for (int i = 0; i < count; ++i) some.push_back(random_raw(random, width));
    return some;
}

const int all_up_to = 5;

inline std::vector<Raw> values_of(int width, word seed, int count) {
    return width <= all_up_to ? all_raw(width) : telling_raw(width, seed, count);
}

typedef std::vector<std::pair<Raw, Raw>> Pairs;

// Every pair of two lists of values; of two long lists, `limit` random pairs of theirs.
inline Pairs pairs_of(int width_a, int width_b, word seed, int limit) {
    const std::vector<Raw> a = values_of(width_a, seed, 40), b = values_of(width_b, seed + 1, 40);
    Pairs pairs;
    if (limit == 0 || static_cast<long>(a.size() * b.size()) <= limit) {
        for (const Raw& x : a)
            for (const Raw& y : b) pairs.emplace_back(x, y);
        return pairs;
    }
    Random random(seed + 2);
    for (int i = 0; i < limit; ++i) {
        const Raw x = random.below(3) ? random_raw(random, width_a) : a[random.below(static_cast<int>(a.size()))];
        const Raw y = random.below(3) ? random_raw(random, width_b) : b[random.below(static_cast<int>(b.size()))];
        pairs.emplace_back(x, y);
        if (i % 8 == 0 && width_a <= width_b) pairs.back().second = x;  // equal bits, so that == meets its case
    }
    return pairs;
}
