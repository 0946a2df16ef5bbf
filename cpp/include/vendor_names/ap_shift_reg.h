// ap_shift_reg under AMD's header name: isobit/host/shift_register.hpp.
#ifndef ISOBIT_VENDOR_NAMES_AP_SHIFT_REG_H
#define ISOBIT_VENDOR_NAMES_AP_SHIFT_REG_H

#include <isobit/host/shift_register.hpp>

template <class T, unsigned Depth = 32>
using ap_shift_reg = isobit::host::shift_register<T, Depth>;

#endif
