// The number family: fixed<W,I,S,Q,O,N> and integer<W,S>, which are AMD's ap_[u]fixed and ap_[u]int on a host.
//
//   numbers.hpp   classes, arithmetic, bits, casts
//   text.hpp      strings and streams
#ifndef ISOBIT_FIXED_HPP
#define ISOBIT_FIXED_HPP

#include "numbers.hpp"
#include "text.hpp"

#endif
