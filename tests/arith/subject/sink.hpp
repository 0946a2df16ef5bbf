// Where results go: one line per case (an operation on operands of given types), or every row of chosen groups.
//
//   program            per case: group <tab> operation <tab> result type <tab> count <tab> hash
//   program rows 3 7   rows of groups 3 and 7: R <tab> operation <tab> result type <tab> operands... <tab> result
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "raw.hpp"

// The hash is written down here and in worker.py: fold a word in, scatter, fold the high half down.
inline word fold(word hash, word value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 32);
}

class Sink {
public:
    Sink(int argc, char** argv) : rows_(argc > 1) {
        for (int i = 2; i < argc; ++i) chosen_.push_back(std::atoi(argv[i]));
    }
    ~Sink() { flush(); }

    // Begin a group; false: the caller skips it.
    bool begin(const std::string& title) {
        flush();
        ++group_;
        title_ = title;
        if (!rows_) return true;
        for (int wanted : chosen_)
            if (wanted == group_) {
                std::printf("G\t%d\t%s\n", group_, title.c_str());
                return true;
            }
        return false;
    }

    void operands(const Raw& a) {
        count_ = 1;
        operand_[0] = &a;
    }
    void operands(const Raw& a, const Raw& b) {
        count_ = 2;
        operand_[0] = &a;
        operand_[1] = &b;
    }

    // Report one result; `slot` numbers the operation within its group.
    template <class T>
    void put(int slot, const char* operation, const T& result) {
        read(result, bits_);
        Case& one = at(slot, operation);
        if (one.type.empty()) one.type = name<T>();
        add(one);
    }

    void text(int slot, const char* operation, const std::string& result) {
        Case& one = at(slot, operation);
        one.type = "text";
        if (rows_) {
            row_head(one);
            std::printf("\t%s\n", result.c_str());
            return;
        }
        ++one.count;
        for (char c : result) one.hash = fold(one.hash, static_cast<unsigned char>(c));
        one.hash = fold(one.hash, 256);
    }

private:
    struct Case {
        std::string operation, type;
        long count = 0;
        word hash = 0xCBF29CE484222325ull;
    };

    Case& at(int slot, const char* operation) {
        if (slot >= static_cast<int>(cases_.size())) cases_.resize(slot + 1);
        Case& one = cases_[slot];
        if (one.operation.empty()) one.operation = operation;
        return one;
    }

    void row_head(const Case& one) const {
        std::printf("R\t%s\t%s", one.operation.c_str(), one.type.c_str());
        for (int i = 0; i < count_; ++i) {
            std::printf("\t");
            hex(*operand_[i]);
        }
    }

    void add(Case& one) {
        if (rows_) {
            row_head(one);
            std::printf("\t");
            hex(bits_);
            std::printf("\n");
            return;
        }
        ++one.count;
        for (int i = 0; i < bits_.words; ++i) one.hash = fold(one.hash, bits_.w[i]);
    }

    static void hex(const Raw& raw) {
        std::printf("%llx", static_cast<unsigned long long>(raw.w[raw.words - 1]));
        for (int i = raw.words - 2; i >= 0; --i) std::printf("%016llx", static_cast<unsigned long long>(raw.w[i]));
    }

    void flush() {
        for (const Case& one : cases_)
            if (!rows_ && one.count)
                std::printf("%s\t%s\t%s\t%ld\t%016llx\n", title_.c_str(), one.operation.c_str(), one.type.c_str(),
                            one.count, static_cast<unsigned long long>(one.hash));
        cases_.clear();
        std::fflush(stdout);
    }

    bool rows_;
    std::vector<int> chosen_;
    int group_ = -1, count_ = 0;
    const Raw* operand_[2] = {nullptr, nullptr};
    std::string title_;
    std::vector<Case> cases_;
    Raw bits_;
};
