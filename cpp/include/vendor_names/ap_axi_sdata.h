// AXI4-Stream packets under AMD's header name: hls::axis, ap_axis and ap_axiu as UG1399 documents them.
//
// Which signals the hardware has (the last two parameters of hls::axis) makes no difference to a simulation: data,
// keep, strb and last are always there, user, id and dest where their width is not zero.
#ifndef ISOBIT_VENDOR_NAMES_AP_AXI_SDATA_H
#define ISOBIT_VENDOR_NAMES_AP_AXI_SDATA_H

#include <isobit/standard.hpp>

#include <cstddef>
#include <cstdint>

#include "ap_fixed.h"
#include "ap_int.h"

#define AXIS_ENABLE_DATA 0b00000001
#define AXIS_ENABLE_DEST 0b00000010
#define AXIS_ENABLE_ID 0b00000100
#define AXIS_ENABLE_KEEP 0b00001000
#define AXIS_ENABLE_LAST 0b00010000
#define AXIS_ENABLE_STRB 0b00100000
#define AXIS_ENABLE_USER 0b01000000
#define AXIS_ENABLE_ALL 0b01111111

namespace hls {
namespace isobit_axis {

// A signal of no width: there is nothing to read or write.
struct absent {};
template <std::size_t Width>
struct signal {
    using type = ap_uint<static_cast<int>(Width)>;
};
template <>
struct signal<0> {
    using type = absent;
};

// Bytes on the bus: of the width for AMD's types, of the object for others.
template <class T>
constexpr auto bytes(int) -> decltype(T::width) {
    return (T::width + 7) / 8;
}
template <class T>
constexpr int bytes(...) {
    return static_cast<int>(sizeof(T));
}

}  // namespace isobit_axis

template <class T, std::size_t UserWidth = 0, std::size_t IdWidth = 0, std::size_t DestWidth = 0,
          std::uint8_t EnableSignals = (AXIS_ENABLE_KEEP | AXIS_ENABLE_LAST | AXIS_ENABLE_STRB),
          bool StrictEnablement = false>
struct axis {
    using byte_mask = ap_uint<isobit_axis::bytes<T>(0)>;
    using user_type = typename isobit_axis::signal<UserWidth>::type;
    using id_type = typename isobit_axis::signal<IdWidth>::type;
    using dest_type = typename isobit_axis::signal<DestWidth>::type;

    T data;
    byte_mask keep;
    byte_mask strb;
    user_type user;
    ap_uint<1> last;
    id_type id;
    dest_type dest;

    T get_data() const { return data; }
    byte_mask get_keep() const { return keep; }
    byte_mask get_strb() const { return strb; }
    user_type get_user() const { return user; }
    ap_uint<1> get_last() const { return last; }
    id_type get_id() const { return id; }
    dest_type get_dest() const { return dest; }
    void set_data(const T& value) { data = value; }
    void set_keep(const byte_mask& value) { keep = value; }
    void set_strb(const byte_mask& value) { strb = value; }
    void set_user(const user_type& value) { user = value; }
    void set_last(const ap_uint<1>& value) { last = value; }
    void set_id(const id_type& value) { id = value; }
    void set_dest(const dest_type& value) { dest = value; }
    void keep_all() {
        keep = byte_mask(-1);
        strb = byte_mask(-1);
    }
};

}  // namespace hls

template <std::size_t DataWidth, std::size_t UserWidth = 0, std::size_t IdWidth = 0, std::size_t DestWidth = 0>
using ap_axis = hls::axis<ap_int<static_cast<int>(DataWidth)>, UserWidth, IdWidth, DestWidth>;
template <std::size_t DataWidth, std::size_t UserWidth = 0, std::size_t IdWidth = 0, std::size_t DestWidth = 0>
using ap_axiu = hls::axis<ap_uint<static_cast<int>(DataWidth)>, UserWidth, IdWidth, DestWidth>;

#endif
