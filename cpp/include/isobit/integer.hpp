// integer<W,S>. Its operators mix with fixed<>, so both come together.
#ifndef ISOBIT_INTEGER_HPP
#define ISOBIT_INTEGER_HPP

#include "fixed.hpp"

#endif
