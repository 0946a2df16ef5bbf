"""HDF5 files from strangers, read in a separate process.

One changed byte can send libhdf5 into an endless loop, take all memory, or crash it, and nothing in the same process
can stop that. So a child process opens the file and answers with plain numbers; it has a limit of processor time and
memory.
"""

from isobit.hdf5.client import Dataset, Hdf5File

__all__ = ["Dataset", "Hdf5File"]
