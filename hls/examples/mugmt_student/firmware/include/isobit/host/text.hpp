// Numbers to text and back, on words: format_text.hpp and parse_text.hpp.
#ifndef ISOBIT_HOST_TEXT_HPP
#define ISOBIT_HOST_TEXT_HPP

#include "format_text.hpp"
#include "parse_text.hpp"

#endif
