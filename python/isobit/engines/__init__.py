"""Engines, from input integers to output integers: reference, exact, strict, and the planned ones, C++ and Numba."""
