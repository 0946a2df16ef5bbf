"""Vectors: events and answers in the files of test benches, test stands and data-quality dumps."""

from isobit.vectors.reading import Given, read_vectors

__all__ = ["Given", "read_vectors"]
