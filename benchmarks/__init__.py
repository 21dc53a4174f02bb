"""Benchmarks: `python3 dev.py bench`, or each by itself as `python -m benchmarks.NAME --help`."""
