"""Parts of tools/golden_records.py."""
