// The number family without its texts: everything that synthesisable code needs, and no exception.
//
//   fixed_class.hpp, integer_class.hpp   the classes: conversion in and out
//   operators.hpp, comparison.hpp        exact arithmetic, in the result types of growth.hpp
//   bits.hpp, references.hpp             bits, ranges, concatenation
//   cast.hpp, law.hpp                    what an assignment rounds and how it overflows
#ifndef ISOBIT_NUMBERS_HPP
#define ISOBIT_NUMBERS_HPP

#include "comparison.hpp"
#include "fixed_class.hpp"
#include "integer_class.hpp"
#include "operators.hpp"
#include "references.hpp"

#endif
