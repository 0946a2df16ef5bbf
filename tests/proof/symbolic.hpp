// A symbolic integer on which isobit/law.hpp is instantiated: its operators write SMT-LIB2 terms instead of computing.
//
// A comparison gives a condition; where the law turns one into a bool, the run takes one way, and explore() runs the
// law again and again until every way has been taken. What C++ leaves undefined (a signed result that does not fit, a
// shift by too much) is written down as an obligation of the way it stands on. The result is one term: the tree of
// conditions with the law's results as its leaves.
#ifndef ISOBIT_TESTS_PROOF_SYMBOLIC_HPP
#define ISOBIT_TESTS_PROOF_SYMBOLIC_HPP

#include <isobit/wide.hpp>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace proof {

// Every term once, numbered in the order of its making: `name` of an operation is a define-fun over earlier ones.
class terms {
public:
    int make(const std::string& sort, const std::string& expression) {
        const auto found = numbers_.find(expression);
        if (found != numbers_.end()) return found->second;
        const int number = static_cast<int>(numbers_.size());
        numbers_.emplace(expression, number);
        text_ += "(define-fun " + name(number) + " () " + sort + " " + expression + ")\n";
        return number;
    }
    static std::string name(int number) { return "t" + std::to_string(number); }
    const std::string& text() const { return text_; }

private:
    std::map<std::string, int> numbers_;
    std::string text_;
};

// The way that the current run takes, and what holds on it.
class path {
public:
    struct step {
        int condition;
        bool taken;
    };

    // Follows the steps of the run before, then takes `true` first. A condition met again is not asked again.
    bool decide(int condition) {
        for (std::size_t i = 0; i < at_; ++i)
            if (steps_[i].condition == condition) return steps_[i].taken;
        if (at_ == steps_.size()) steps_.push_back({condition, true});
        return steps_[at_++].taken;
    }
    void oblige(const std::string& condition) { obligations_.insert(condition); }

    void restart() {
        at_ = 0;
        obligations_.clear();
    }
    // Turns to the next way; false when all have been taken.
    bool advance() {
        while (!steps_.empty() && !steps_.back().taken) steps_.pop_back();
        if (steps_.empty()) return false;
        steps_.back().taken = false;
        return true;
    }
    const std::vector<step>& steps() const { return steps_; }
    const std::set<std::string>& obligations() const { return obligations_; }

private:
    std::vector<step> steps_;
    std::size_t at_ = 0;
    std::set<std::string> obligations_;
};

struct context {
    terms known;
    path way;
};

inline context*& current() {
    static context* instance = nullptr;
    return instance;
}

inline std::string vector_sort(int bits) { return "(_ BitVec " + std::to_string(bits) + ")"; }

inline std::string literal(isobit::uint128 value, int bits) {
    std::string digits(static_cast<std::size_t>(bits), '0');
    for (int i = 0; i < bits && i < 128; ++i)
        if ((value >> i & 1) != 0) digits[static_cast<std::size_t>(bits - 1 - i)] = '1';
    return "#b" + digits;
}

// A condition: a bool on each way.
class condition {
public:
    explicit condition(const std::string& expression) : number_(current()->known.make("Bool", expression)) {}
    operator bool() const { return current()->way.decide(number_); }

private:
    int number_;
};

template <class T>
constexpr bool is_native =
    std::is_integral<T>::value || std::is_same<T, isobit::int128>::value || std::is_same<T, isobit::uint128>::value;

template <int Bits, bool Signed>
class integer {
public:
    template <class Native, std::enable_if_t<is_native<Native>, int> = 0>
    integer(Native value) : integer(written{}, literal(static_cast<isobit::uint128>(value), Bits)) {
        static_assert(Bits <= 128, "literals have at most 128 bits");
    }
    template <int Other, bool OtherSigned, std::enable_if_t<Other != Bits || OtherSigned != Signed, int> = 0>
    explicit integer(const integer<Other, OtherSigned>& other) : integer(written{}, resized(other)) {}

    static integer unknown(const std::string& symbol) { return integer(written{}, symbol); }
    std::string name() const { return terms::name(number_); }
    explicit operator bool() const { return *this != integer(0); }

    friend integer operator+(const integer& a, const integer& b) { return a.overflowing("bvadd", "bvsaddo", b); }
    friend integer operator-(const integer& a, const integer& b) { return a.overflowing("bvsub", "bvssubo", b); }
    friend integer operator*(const integer& a, const integer& b) { return a.overflowing("bvmul", "bvsmulo", b); }
    friend integer operator&(const integer& a, const integer& b) { return a.by("bvand", b); }
    friend integer operator|(const integer& a, const integer& b) { return a.by("bvor", b); }
    friend integer operator^(const integer& a, const integer& b) { return a.by("bvxor", b); }
    integer operator~() const { return integer(written{}, "(bvnot " + name() + ")"); }
    integer operator+() const { return *this; }
    integer operator-() const {
        if (Signed) current()->way.oblige("(not (bvnego " + name() + "))");
        return integer(written{}, "(bvneg " + name() + ")");
    }
    // A shift by the width or more is undefined; so is, until C++20, one to the left of a signed number that changes
    // it.
    integer operator<<(int amount) const {
        const integer result = shifted("bvshl", amount);
        if (Signed) {
            current()->way.oblige("(bvsge " + name() + " " + integer(0).name() + ")");
            current()->way.oblige("(= (bvashr " + result.name() + " " + integer(amount).name() + ") " + name() + ")");
        }
        return result;
    }
    integer operator>>(int amount) const { return shifted(Signed ? "bvashr" : "bvlshr", amount); }

    friend condition operator<(const integer& a, const integer& b) { return a.compared(Signed ? "bvslt" : "bvult", b); }
    friend condition operator>(const integer& a, const integer& b) { return b < a; }
    friend condition operator<=(const integer& a, const integer& b) {
        return a.compared(Signed ? "bvsle" : "bvule", b);
    }
    friend condition operator>=(const integer& a, const integer& b) { return b <= a; }
    friend condition operator==(const integer& a, const integer& b) { return a.compared("=", b); }
    friend condition operator!=(const integer& a, const integer& b) { return a.compared("distinct", b); }

    integer& operator+=(const integer& b) { return *this = *this + b; }
    integer& operator-=(const integer& b) { return *this = *this - b; }
    integer& operator*=(const integer& b) { return *this = *this * b; }
    integer& operator&=(const integer& b) { return *this = *this & b; }
    integer& operator|=(const integer& b) { return *this = *this | b; }
    integer& operator^=(const integer& b) { return *this = *this ^ b; }
    integer& operator<<=(int amount) { return *this = *this << amount; }
    integer& operator>>=(int amount) { return *this = *this >> amount; }
    integer& operator++() { return *this += 1; }
    integer& operator--() { return *this -= 1; }

private:
    struct written {};
    integer(written, const std::string& expression) : number_(current()->known.make(vector_sort(Bits), expression)) {}

    template <int Other, bool OtherSigned>
    static std::string resized(const integer<Other, OtherSigned>& other) {
        if (Other == Bits) return other.name();
        if (Other > Bits) return "((_ extract " + std::to_string(Bits - 1) + " 0) " + other.name() + ")";
        return std::string(OtherSigned ? "((_ sign_extend " : "((_ zero_extend ") + std::to_string(Bits - Other) +
               ") " + other.name() + ")";
    }
    integer by(const std::string& operation, const integer& other) const {
        return integer(written{}, "(" + operation + " " + name() + " " + other.name() + ")");
    }
    integer overflowing(const std::string& operation, const std::string& overflows, const integer& other) const {
        if (Signed) current()->way.oblige("(not (" + overflows + " " + name() + " " + other.name() + "))");
        return by(operation, other);
    }
    integer shifted(const std::string& operation, int amount) const {
        if (amount < 0 || amount >= Bits) current()->way.oblige("false");
        return by(operation, integer(amount));
    }
    condition compared(const std::string& operation, const integer& other) const {
        return condition("(" + operation + " " + name() + " " + other.name() + ")");
    }

    int number_;
};

// One way through the law.
struct leaf {
    std::vector<path::step> steps;
    std::string result;
    std::string obligation;
};

// The tree of the leaves begin .. end - 1, which agree on their first `depth` steps, as nested conditions; a condition
// that decides nothing is left out.
inline std::string tree(const std::vector<leaf>& leaves, std::size_t begin, std::size_t end, std::size_t depth,
                        std::string leaf::* what) {
    if (end - begin == 1) return leaves[begin].*what;
    std::size_t middle = begin;
    while (middle < end && leaves[middle].steps[depth].taken) ++middle;
    const std::string yes = tree(leaves, begin, middle, depth + 1, what);
    const std::string no = tree(leaves, middle, end, depth + 1, what);
    return yes == no ? yes : "(ite " + terms::name(leaves[begin].steps[depth].condition) + " " + yes + " " + no + ")";
}

// Everything that a function of one symbolic integer can do: `result` (its value) and `defined` (true where the C++
// standard defines it), both in terms of the unknown `v`.
template <int Bits, class Function>
std::string explore(Function function) {
    context here;
    current() = &here;
    std::vector<leaf> leaves;
    do {
        here.way.restart();
        const integer<Bits, true> result = function(integer<Bits, true>::unknown("v"));
        std::string obligations;
        for (const std::string& one : here.way.obligations()) obligations += " " + one;
        leaves.push_back({here.way.steps(), result.name(), "(and true true" + obligations + ")"});
    } while (here.way.advance());
    current() = nullptr;
    return "(set-logic QF_BV)\n(declare-const v " + vector_sort(Bits) + ")\n" + here.known.text() +
           "(define-fun result () " + vector_sort(Bits) + " " + tree(leaves, 0, leaves.size(), 0, &leaf::result) +
           ")\n(define-fun defined () Bool " + tree(leaves, 0, leaves.size(), 0, &leaf::obligation) + ")\n; " +
           std::to_string(leaves.size()) + " paths\n";
}

}  // namespace proof

namespace isobit {

template <int Bits, bool Signed>
struct integer_traits<proof::integer<Bits, Signed>> {
    using unsigned_type = proof::integer<Bits, false>;
    static constexpr int bits = Bits;
};

}  // namespace isobit

#endif
