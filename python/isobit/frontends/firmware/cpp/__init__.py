"""C++ as hls4ml writes it: tokens, constant expressions, what headers declare, and the top function."""
