"""Roads from input integers to output integers: reference, Numba, C++, and the hls4ml project itself."""
