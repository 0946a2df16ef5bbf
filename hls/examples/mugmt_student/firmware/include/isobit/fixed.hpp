// The number family: fixed<W,I,S,Q,O,N> and integer<W,S>, which are AMD's ap_[u]fixed and ap_[u]int on a host.
//
//   fixed_class.hpp, integer_class.hpp   the classes: conversion in and out
//   operators.hpp, comparison.hpp        exact arithmetic, in the result types of growth.hpp
//   bits.hpp, references.hpp             bits, ranges, concatenation
//   text.hpp                             strings and streams
//   cast.hpp, law.hpp                    what an assignment rounds and how it overflows
#ifndef ISOBIT_FIXED_HPP
#define ISOBIT_FIXED_HPP

#include "comparison.hpp"
#include "fixed_class.hpp"
#include "integer_class.hpp"
#include "operators.hpp"
#include "references.hpp"
#include "text.hpp"

#endif
