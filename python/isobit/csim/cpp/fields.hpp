// Structs, field by field. C++ cannot list a struct's members: their names are guessed from the source (every
// identifier that could be one), and the compiler says which of them are members, of which type and where.
#ifndef ISOBIT_CSIM_FIELDS_HPP
#define ISOBIT_CSIM_FIELDS_HPP

#include <algorithm>
#include <memory>

#include "channel.hpp"

namespace isobit_csim {

// A name X that might be a member's: X.of<T>() is &T::X, X.read(t) is t.X.
#define ISOBIT_CSIM_NAME(name)                             \
    struct isobit_name_##name {                            \
        static const char* text() { return #name; }        \
        template <class T>                                 \
        static constexpr auto of() -> decltype(&T::name) { \
            return &T::name;                               \
        }                                                  \
        template <class T>                                 \
        static auto read(T& t) -> decltype((t.name));      \
    };
template <class...>
struct Names {};

// One number of a struct: where, and how it becomes words and back.
struct Leaf {
    struct Step {
        std::size_t count, stride;
    };
    std::string path;  // ".jets[2].pt": with the extents of arrays on the way
    std::string kind;
    std::size_t offset;
    std::vector<Step> steps;  // of those arrays
    std::size_t words;
    void (*get)(char*, const word*);
    void (*put)(const char*, word*);

    std::size_t numbers() const {
        std::size_t product = 1;
        for (const Step& step : steps) product *= step.count;
        return product;
    }
    template <class Function>
    void each(char* base, Function function) const {
        for (std::size_t i = 0; i < numbers(); i++) {
            std::size_t rest = i, place = offset;
            for (std::size_t k = steps.size(); k-- > 0; rest /= steps[k].count)
                place += rest % steps[k].count * steps[k].stride;
            function(base + place);
        }
    }
};
typedef std::vector<Leaf> Leaves;

// A type on the way down: adds its numbers to the leaves.
struct Place {
    std::string path;
    std::size_t offset;
    std::vector<Leaf::Step> steps;

    Place inside(const std::string& name, std::size_t by) const { return {path + name, offset + by, steps}; }
    Place repeated(std::size_t count, std::size_t stride) const {
        Place next = inside("[" + std::to_string(count) + "]", 0);
        next.steps.push_back({count, stride});
        return next;
    }
};

template <class N, class T, class = void>
struct Fields;  // add(leaves, place)

template <class N, class T>
struct Fields<N, T, typename std::enable_if<is_number<T>::value>::type> {
    typedef Number<T> Form;
    static void get(char* to, const word* from) { Form::get_raw(*reinterpret_cast<T*>(to), from); }
    static void put(const char* from, word* to) { Form::put(*reinterpret_cast<const T*>(from), to); }
    static void add(Leaves& all, const Place& place) {
        all.push_back({place.path, Form::name(), place.offset, place.steps, Form::words, get, put});
    }
};
template <class N, class T, std::size_t Count>
struct Fields<N, T[Count], void> {
    static void add(Leaves& all, const Place& place) { Fields<N, T>::add(all, place.repeated(Count, sizeof(T))); }
};
template <class N, class T>
struct Fields<N, T, typename std::enable_if<Element<T>::is_pack>::type> {
    typedef typename Element<T>::item Item;
    static void add(Leaves& all, const Place& place) {  // its items are all that it holds, one after the other
        static_assert(sizeof(T) == Element<T>::items * sizeof(Item), "isobit: this pack holds more than its elements");
        Fields<N, Item>::add(all, place.repeated(Element<T>::items, sizeof(Item)));
    }
};

// A member, if N names one of T.
template <class Name, class T>
struct Member {
    template <class U>
    static auto find(int) -> decltype(Name::template of<U>());
    template <class U>
    static void find(...);
    template <class U>
    static auto look(int) -> std::is_lvalue_reference<decltype(Name::read(std::declval<U&>()))>;
    template <class U>
    static std::false_type look(...);
    typedef decltype(find<T>(0)) pointer;
    static const bool exists = std::is_member_object_pointer<pointer>::value;
    static const bool without_address = std::is_void<pointer>::value && decltype(look<T>(0))::value;
};

template <class... Name, class T>
struct Fields<Names<Name...>, T,
              typename std::enable_if<std::is_class<T>::value && !is_number<T>::value && !Element<T>::is_pack>::type> {
    typedef Names<Name...> N;
    struct Found {
        const char* name;
        std::size_t offset, size, align;
        void (*add)(Leaves&, const Place&);
    };
    typedef std::vector<Found> All;

    template <class One>
    static void look(All& all, std::true_type) {
        typename std::aligned_storage<sizeof(T), alignof(T)>::type memory;  // only for the addresses
        T& object = reinterpret_cast<T&>(memory);
        auto& member = object.*(One::template of<T>());
        typedef typename std::remove_reference<decltype(member)>::type M;
        const std::size_t offset = static_cast<std::size_t>(reinterpret_cast<char*>(std::addressof(member)) -
                                                            reinterpret_cast<char*>(&memory));
        all.push_back({One::text(), offset, sizeof(M), alignof(M), &Fields<N, M>::add});
    }
    template <class One>
    static void look(All&, std::false_type) {
        static_assert(
            !Member<One, T>::without_address,
            "isobit: a struct with a bit-field or a reference cannot be an argument; wrap the function in one "
            "that takes arrays");
    }
    static void add(Leaves& all, const Place& place) {
        All found;
        const int each[] = {0, (look<Name>(found, std::integral_constant<bool, Member<Name, T>::exists>()), 0)...};
        static_cast<void>(each);
        std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.offset < b.offset; });
        std::size_t end = 0;
        for (const Found& one : found) {
            if (one.offset < end || one.offset - end >= one.align) incomplete(place);
            end = one.offset + one.size;
        }
        if (sizeof(T) - end >= alignof(T) && !std::is_empty<T>::value) incomplete(place);
        for (const Found& one : found)
            one.add(all, place.inside("." + std::string(one.name) + marked(one.name), one.offset));
    }
    // Side channels of a packet may be left out by the caller: what they are then.
    static std::string marked(const std::string& name) {
        if (!is_packet<T>::value || name == "data") return "";
        return name == "last" ? "~last" : name == "keep" || name == "strb" ? "~ones" : "~zero";
    }
    [[noreturn]] static void incomplete(const Place& place) {
        give_up("the struct of " + (place.path.empty() ? "the argument" : "the field '" + place.path.substr(1) + "'") +
                " has members that overlap or that cannot be reached by name (private, or of a class that the source "
                "does not define): wrap the function in one that takes arrays");
    }
};
template <class N, class T>
struct Fields<
    N, T, typename std::enable_if<!std::is_class<T>::value && !std::is_array<T>::value && !is_number<T>::value>::type> {
    static void add(Leaves&, const Place&) {
        static_assert(never<T>::value,
                      "isobit: a field is no number, array or struct (a pointer, an enumeration, a union); wrap the "
                      "function in one that takes arrays");
    }
};

template <class N, class T>
const Leaves& leaves_of() {
    static const Leaves leaves = [] {
        Leaves all;
        Fields<N, T>::add(all, Place());
        if (all.empty()) give_up("a struct without a number cannot be an argument");
        return all;
    }();
    return leaves;
}

// Bits of one argument: units of type T, which unit(i) finds, a field after the other.
template <class N, class T, class Unit>
void fields_in(Channel& channel, std::size_t units, Unit unit, const std::string& name) {
    for (const Leaf& leaf : leaves_of<N, T>()) {
        if (channel.describing) {
            channel.describe("in", leaf.kind, units * leaf.numbers(), name + leaf.path);
            continue;
        }
        for (std::size_t i = 0; i < units; i++)
            leaf.each(reinterpret_cast<char*>(std::addressof(unit(i))),
                      [&](char* number) { leaf.get(number, channel.take(leaf.words)); });
    }
}
template <class N, class T, class Unit>
void fields_out(Channel& channel, std::size_t units, Unit unit, const std::string& name) {
    for (const Leaf& leaf : leaves_of<N, T>()) {
        if (channel.describing) {
            channel.describe("out", leaf.kind, units * leaf.numbers(), name + leaf.path);
            continue;
        }
        for (std::size_t i = 0; i < units; i++)
            leaf.each(reinterpret_cast<char*>(std::addressof(unit(i))),
                      [&](char* number) { leaf.put(number, channel.give(leaf.words)); });
    }
}
template <class N, class T>
void clear_fields(T& object, const word* zero) {
    for (const Leaf& leaf : leaves_of<N, T>())
        leaf.each(reinterpret_cast<char*>(std::addressof(object)), [&](char* number) { leaf.get(number, zero); });
}

}  // namespace isobit_csim

#endif
