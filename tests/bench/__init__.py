"""Benchmarks: ``python -m tests.bench``. Never run as tests: a timing is a ratio in one run."""
