"""Inputs that make an accumulator or a result overflow, found from the bounds."""
