"""Layers and primitives on whole columns of events, on int64 or on Python integers of any width."""
