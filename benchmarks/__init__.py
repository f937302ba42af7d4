"""One script a promise, on real data and beside the rivals: ``python -m benchmarks.NAME``."""
