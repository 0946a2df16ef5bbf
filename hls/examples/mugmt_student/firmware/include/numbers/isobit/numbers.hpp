// The number types of an exported project, from isobit under AMD's names: for a host, without any vendor header.
#ifndef ISOBIT_PROJECT_NUMBERS_HPP
#define ISOBIT_PROJECT_NUMBERS_HPP

#include <vendor_names/isobit_names.h>

#include <isobit/kernels/isobit_numbers.hpp>

#endif
