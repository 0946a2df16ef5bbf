"""HDF5 files of strangers, read by a process of its own.

One changed byte can send libhdf5 round a loop for ever, take all memory, or crash it, and nothing in the same process
can stop that. So a child opens the file and answers with plain numbers; it has a limit of processor time and memory.
"""

from isobit.hdf5.client import Dataset, Hdf5File

__all__ = ["Dataset", "Hdf5File"]
