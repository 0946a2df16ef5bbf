"""Parts of bench_emulator.py: the networks, the rivals, the machine's peak, isobit's own runs, the table."""
