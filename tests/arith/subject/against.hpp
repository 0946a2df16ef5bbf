// A second opinion in the same program: numbers of the headers under test beside those of another library.
//
// Prints one line per operation: T <tab> operation <tab> compared <tab> differing, and up to five rows of each that
// differ: M <tab> operation <tab> types <tab> operands <tab> ours <tab> theirs.
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "raw.hpp"
#include "values.hpp"

class Tally {
public:
    ~Tally() {
        for (const auto& one : totals_)
            std::printf("T\t%s\t%ld\t%ld\n", one.first.c_str(), one.second.compared, one.second.differing);
    }

    void types(const std::string& names) { names_ = names; }
    void operands(const Raw& a, const Raw& b) {
        a_ = &a;
        b_ = &b;
    }

    void compare(const char* operation, const std::string& type, const Raw& ours, const std::string& other,
                 const Raw& theirs) {
        Total& total = totals_[operation];
        ++total.compared;
        bool equal = type == other && ours.words == theirs.words;
        for (int i = 0; equal && i < ours.words; ++i) equal = ours.w[i] == theirs.w[i];
        if (equal) return;
        if (++total.differing > 5) return;
        std::printf("M\t%s\t%s\t", operation, names_.c_str());
        hex(*a_);
        std::printf(" ");
        hex(*b_);
        std::printf("\t%s ", type.c_str());
        hex(ours);
        std::printf("\t%s ", other.c_str());
        hex(theirs);
        std::printf("\n");
    }

private:
    struct Total {
        long compared = 0, differing = 0;
    };

    static void hex(const Raw& raw) {
        std::printf("%llx", static_cast<unsigned long long>(raw.w[raw.words - 1]));
        for (int i = raw.words - 2; i >= 0; --i) std::printf("%016llx", static_cast<unsigned long long>(raw.w[i]));
    }

    std::string names_;
    const Raw *a_ = nullptr, *b_ = nullptr;
    std::map<std::string, Total> totals_;
};
